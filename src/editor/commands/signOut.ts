import { l10n } from 'vscode';
import { notify } from '../notify';
import type { Parts } from '../parts';
import { asPlainText } from '../words';
import { pickAccount } from './pickAccount';

/** "Omi: Sign Out": forgets a session in every window; asks which when there are several. */
export async function signOut({ sessions, log, loaded }: Parts): Promise<void> {
  await loaded;
  const [first, ...others] = sessions.accounts;
  if (!first) {
    await notify({ level: 'info', message: l10n.t('Nobody is signed in to Omi.'), actions: [] });
    return;
  }
  const account = others.length === 0 ? first : await pickAccount(sessions, l10n.t('Sign Out of Omi'));
  if (!account) return;
  const done = await sessions.signOut(account.id);
  if (done.ok) {
    await notify({
      level: 'info',
      message: l10n.t('Signed out {0}.', asPlainText(account.label)),
      actions: [],
    });
    return;
  }
  log.error('The session could not be deleted from the secret storage.');
  await notify({
    level: 'error',
    message: l10n.t(
      'Signed out {0} in this window, but VS Code could not delete the session from its secret storage.',
      asPlainText(account.label),
    ),
    actions: ['showLog'],
  });
}
