import { env, l10n, window } from 'vscode';
import type { KeyTarget } from '../../keys/key';
import type { Parts } from '../parts';
import { settleTargets } from './pickKeys';
import { ensureSignedIn } from './signIn';

/** "Omi: Copy Key ID". */
export const copyKeyId = (parts: Parts, clicked: unknown): Promise<void> =>
  copy(parts, clicked, l10n.t('Copy Key ID'), ({ key }) => key.id);

/** "Omi: Copy Key Prefix": the form in which Omi lists a key, which is no secret. */
export const copyKeyPrefix = (parts: Parts, clicked: unknown): Promise<void> =>
  copy(parts, clicked, l10n.t('Copy Key Prefix'), ({ key }) => key.prefix);

async function copy(
  parts: Parts,
  clicked: unknown,
  title: string,
  textOf: (target: KeyTarget) => string,
): Promise<void> {
  if (!(await ensureSignedIn(parts))) return;
  const [target] = await settleTargets(parts, clicked, undefined, { title, many: false });
  if (!target) return;
  await env.clipboard.writeText(textOf(target));
  window.setStatusBarMessage(l10n.t('Copied to the clipboard.'), 3000);
}
