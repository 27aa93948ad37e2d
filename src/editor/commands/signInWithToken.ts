import { l10n, window } from 'vscode';
import type { Session } from '../../account/session';
import { askForToken } from '../auth/tokenInput';
import { notify } from '../notify';
import type { Parts } from '../parts';
import { asPlainText, relativeTime } from '../words';

/** "Omi: Sign In with Firebase Token". */
export async function signInWithToken(parts: Parts): Promise<void> {
  const session = await signIn(parts);
  if (!session) return;
  void window.showInformationMessage(
    l10n.t(
      'Signed in to Omi as {0}. This token expires {1}.',
      asPlainText(session.account.label),
      relativeTime(session.expiresAt, parts.now()),
    ),
  );
}

/** Asks for a token and signs in with it; undefined when the person gave up. */
export function signIn({ api, sessions, now }: Parts): Promise<Session | undefined> {
  return sessions.whileSigningIn(() => {
    return askForToken({
      api,
      now,
      keep: async (session) => {
        const kept = await sessions.signIn(session);
        if (kept.ok) return undefined;
        return l10n.t(
          'VS Code could not store the token, so you are not signed in. Its secret storage says: {0}',
          kept.failure.kind === 'unavailable' ? kept.failure.message : '',
        );
      },
    });
  });
}

/**
 * Makes sure that somebody is signed in before work goes on: offers to sign in when nobody is.
 *
 * @returns whether the work can go on.
 */
export async function ensureSignedIn(parts: Parts): Promise<boolean> {
  const { kind } = parts.sessions.state;
  if (kind === 'signedIn') return true;
  const message =
    kind === 'expired' ? l10n.t('Your Omi session has ended.') : l10n.t('Sign in to Omi first.');
  const action = await notify({ level: 'info', message, actions: ['signIn'] });
  if (action !== 'signIn') return false;
  return (await signIn(parts)) !== undefined;
}
