import { l10n, window, type QuickPickItem } from 'vscode';
import type { Session } from '../../account/session';
import { signInThroughBrowser } from '../auth/browserInput';
import { wordsForSignInFailure } from '../auth/signInWords';
import { askForToken } from '../auth/tokenInput';
import { notify, notifyFailure } from '../notify';
import type { Parts } from '../parts';
import { readBaseUrl, readFirebaseServer } from '../settings';
import { asPlainText, relativeTime } from '../words';
import type { IdentityProvider } from '../../omi/signInApi';

type Manner = IdentityProvider | 'token';

/** "Omi: Sign In". */
export async function signInCommand(parts: Parts): Promise<void> {
  await welcome(parts, await signIn(parts));
}

/** "Omi: Sign In with Firebase Token". */
export async function signInWithToken(parts: Parts): Promise<void> {
  await welcome(parts, await signIn(parts, 'token'));
}

/**
 * Signs in as the person likes: in the browser with Google or Apple, or with a pasted token. What goes wrong is told
 * here.
 *
 * @returns the session in use, or undefined when there is none.
 */
export async function signIn(parts: Parts, manner?: Manner): Promise<Session | undefined> {
  const chosen = manner ?? (await askManner());
  if (chosen === undefined) return undefined;
  return chosen === 'token' ? signInByToken(parts) : signInByBrowser(parts, chosen);
}

/**
 * Makes sure that somebody is signed in before work goes on: offers to sign in when nobody is.
 *
 * @returns whether the work can go on.
 */
export async function ensureSignedIn(parts: Parts): Promise<boolean> {
  await parts.loaded;
  const { kind } = parts.sessions.state;
  if (kind === 'signedIn') return true;
  const message =
    kind === 'expired' ? l10n.t('Your Omi session has ended.') : l10n.t('Sign in to Omi first.');
  const action = await notify({ level: 'info', message, actions: ['signIn'] });
  if (action !== 'signIn') return false;
  return (await signIn(parts)) !== undefined;
}

async function askManner(): Promise<Manner | undefined> {
  const items: readonly (QuickPickItem & { readonly manner: Manner })[] = [
    {
      manner: 'google',
      label: l10n.t('Continue with Google'),

      detail: l10n.t('In your browser'),
    },
    { manner: 'apple', label: l10n.t('Continue with Apple'), detail: l10n.t('In your browser') },
    {
      manner: 'token',
      label: l10n.t('Paste a Firebase ID Token'),
      detail: l10n.t('Lasts an hour at most, then it must be pasted anew'),
    },
  ];
  const picked = await window.showQuickPick(items, {
    title: l10n.t('Sign In to Omi'),
    placeHolder: l10n.t('How do you sign in to Omi?'),
  });
  return picked?.manner;
}

async function signInByBrowser(parts: Parts, provider: IdentityProvider): Promise<Session | undefined> {
  for (;;) {
    const base = readBaseUrl();
    const firebase = readFirebaseServer();
    if (!base.ok || !firebase.ok) {
      if (!base.ok) await notifyFailure(base.failure, parts.log, []);
      else if (!firebase.ok) await notifyFailure(firebase.failure, parts.log, []);
      return undefined;
    }
    const servers = { base: base.value, firebase: firebase.value };
    // What is told afterwards may stay unanswered for ever: it is no part of the attempt.
    const { result, trouble } = await parts.sessions.whileSigningIn(async () => {
      const ended = await signInThroughBrowser(parts.browserSignIn, provider, servers);
      return { result: ended, trouble: ended.ok ? await keep(parts, ended.value) : undefined };
    });
    if (result.ok) {
      if (trouble === undefined) return result.value;
      await notify({ level: 'error', message: trouble, actions: ['showLog'] });
      return undefined;
    }
    const words = wordsForSignInFailure(result.failure);
    if (!words) return undefined;
    parts.log[words.level](`Sign-in: ${result.failure.kind}`);
    const action = await notify({ level: words.level, message: words.sentence, actions: words.actions });
    if (action !== 'tryAgain') return undefined;
  }
}

function signInByToken(parts: Parts): Promise<Session | undefined> {
  return parts.sessions.whileSigningIn(() =>
    askForToken({ api: parts.api, now: parts.now, keep: (session) => keep(parts, session) }),
  );
}

/** Keeps a session; says what went wrong as a sentence, or nothing. */
async function keep({ sessions }: Parts, session: Session): Promise<string | undefined> {
  const kept = await sessions.signIn(session);
  if (kept.ok) return undefined;
  const why = kept.failure.kind === 'unavailable' ? kept.failure.message : '';
  return l10n.t(
    'VS Code could not store the session, so you are not signed in. A keyring such as GNOME Keyring or KWallet may be missing. It says: {0}',
    asPlainText(why),
  );
}

async function welcome({ now }: Parts, session: Session | undefined): Promise<void> {
  if (!session) return;
  const account = asPlainText(session.account.label);
  const message = session.renewal
    ? l10n.t('Signed in to Omi as {0}.', account)
    : l10n.t(
        'Signed in to Omi as {0}. This token expires {1}.',
        account,
        relativeTime(session.expiresAt, now()),
      );
  await notify({ level: 'info', message, actions: [] });
}
