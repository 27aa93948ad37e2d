import {
  Disposable,
  env,
  InputBoxValidationSeverity,
  l10n,
  ThemeIcon,
  Uri,
  window,
  type QuickInputButton,
} from 'vscode';
import type { BrowserSignIn, SignInAttempt, SignInFailure, SignInServers } from '../../account/browserSignIn';
import type { Session } from '../../account/session';
import { readPastedAddress, type WayBack } from '../../account/waysBack';
import { fail, type Result } from '../../omi/result';
import type { IdentityProvider } from '../../omi/signInApi';

/**
 * Lets the person sign in through the browser. A box stays open meanwhile: it shows that something is under way,
 * cancels on Escape, opens the browser again, changes the way back, and takes the address of the page where the
 * browser ended up when no way back works.
 */
export async function signInThroughBrowser(
  browserSignIn: BrowserSignIn,
  provider: IdentityProvider,
  servers: SignInServers,
): Promise<Result<Session, SignInFailure>> {
  const box = window.createInputBox();
  const cancel = new AbortController();
  const again: QuickInputButton = {
    iconPath: new ThemeIcon('globe'),
    tooltip: l10n.t('Open the Browser Again'),
  };
  const otherWay: QuickInputButton = {
    iconPath: new ThemeIcon('arrow-swap'),
    tooltip: l10n.t('Use Another Way Back From the Browser'),
  };
  box.title = l10n.t('Sign In to Omi');
  box.prompt = l10n.t(
    'Go on in your browser. If it ends on a page that it cannot open, paste the address of that page here.',
  );
  box.placeholder = l10n.t('Waiting for the browser …');
  box.password = true;
  box.busy = true;
  box.ignoreFocusOut = true;
  box.buttons = [again, otherWay];

  let attempt: SignInAttempt | undefined;
  let newest = 0;
  let ways: readonly WayBack[] = ['loopback', 'uriHandler'];
  let settle: (result: Result<Session, SignInFailure>) => void = () => undefined;
  const settled = new Promise<Result<Session, SignInFailure>>((resolve) => {
    settle = resolve;
  });

  const begin = async (): Promise<void> => {
    const number = ++newest;
    const begun = await browserSignIn.begin(provider, servers, cancel.signal, ways);
    // While the way back was opened, the person may have left or asked for another one.
    if (number !== newest || cancel.signal.aborted) return;
    attempt = begun;
    void begun.result.then((result) => {
      // An attempt that was replaced by one of this same box is not the end of the sign-in.
      if (number === newest) settle(result);
    });
    await env.openExternal(Uri.parse(begun.address, true));
  };

  const listeners = Disposable.from(
    box,
    box.onDidAccept(() => {
      const arrival = readPastedAddress(box.value);
      if (arrival && attempt?.accept(arrival)) return;
      const message = arrival
        ? l10n.t('This address is of another sign-in. Use the newest page that the browser opened.')
        : l10n.t('This is not the address of the last page. That one has "code=" and "state=" in it.');
      box.validationMessage = { message, severity: InputBoxValidationSeverity.Error };
    }),
    box.onDidChangeValue(() => {
      box.validationMessage = undefined;
    }),
    box.onDidTriggerButton((button) => {
      // Nothing can be opened again or changed before the first way back is there.
      if (!attempt) return;
      if (button === again) void env.openExternal(Uri.parse(attempt.address, true));
      if (button !== otherWay) return;
      const used = attempt.way;
      // Each change leaves out the way that was in use, until only pasting is left; then it begins anew.
      ways = used === undefined ? ['loopback', 'uriHandler'] : ways.filter((way) => way !== used);
      void begin();
    }),
    box.onDidHide(() => {
      cancel.abort();
      settle(fail({ kind: 'cancelled' }));
    }),
  );
  box.show();
  await begin();
  const result = await settled;
  listeners.dispose();
  return result;
}
