import { l10n } from 'vscode';
import type { KeyTarget } from '../../keys/key';
import { notify } from '../notify';
import type { Parts } from '../parts';

/**
 * Puts the account of a key in use, so that the view shows it and commands work in its name. Tells when that fails.
 *
 * @param consequence what did not happen then, as a sentence.
 * @returns whether the account is in use now.
 */
export async function useAccount(
  { sessions }: Pick<Parts, 'sessions'>,
  { accountId }: Pick<KeyTarget, 'accountId'>,
  consequence: string,
): Promise<boolean> {
  if (sessions.account?.id === accountId || (await sessions.use(accountId)).ok) return true;
  const message = l10n.t("The account could not be switched: VS Code's secret storage did not take it.");
  await notify({ level: 'error', message: `${message} ${consequence}`, actions: ['showLog'] });
  return false;
}
