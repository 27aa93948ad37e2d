import { l10n } from 'vscode';
import { notify } from '../notify';
import type { Parts } from '../parts';
import { asPlainText } from '../words';

/** "Omi: Sign Out": forgets the session in every window. */
export async function signOut({ sessions, log }: Parts): Promise<void> {
  const { account } = sessions;
  if (!account) {
    await notify({ level: 'info', message: l10n.t('Nobody is signed in to Omi.'), actions: [] });
    return;
  }
  const done = await sessions.signOut();
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
      'Signed out {0} in this window, but VS Code could not delete the token from its secret storage.',
      asPlainText(account.label),
    ),
    actions: ['showLog'],
  });
}
