import { Disposable, l10n } from 'vscode';
import type { EndReason } from '../../account/sessions';
import type { VaultTrouble } from '../../account/sessionStore';
import { signIn } from '../commands/signIn';
import { notify } from '../notify';
import type { Parts } from '../parts';
import { asPlainText } from '../words';

/**
 * Tells the person, once each, what nobody asked for: a session that ended for good, and a vault that is damaged,
 * cannot be read or has forgotten. Everything is logged.
 */
export function watchSessions(parts: Parts): Disposable {
  const { sessions, log, view } = parts;
  const signInAgain = (): Promise<unknown> => signIn(parts);
  const told = new Set<VaultTrouble['kind']>();
  const onTrouble = sessions.onDidMeetTrouble((trouble) => {
    log.error(`Secret storage: ${factsOf(trouble)}`);
    const isForCaller = trouble.kind === 'unavailable' && trouble.during !== 'read';
    if (told.has(trouble.kind) || isForCaller) return;
    told.add(trouble.kind);
    void tellTrouble(trouble, signInAgain);
  });
  const onEnd = sessions.onDidEnd(({ account, reason }) => {
    log.warn(`Session ended: ${reason}`);
    const message = wordsForEnd(reason, asPlainText(account.label));
    // An act of the person that is under way says itself how it ends.
    if (message === undefined || view.isWorking || view.inWork.size > 0) return;
    void notify({ level: 'warn', message, actions: ['signIn'] }).then(async (action) => {
      if (action === 'signIn') await signInAgain();
    });
  });
  return new Disposable(() => {
    onTrouble.dispose();
    onEnd.dispose();
  });
}

async function tellTrouble(trouble: VaultTrouble, signIn: () => Promise<unknown>): Promise<void> {
  if (trouble.kind === 'forgot') {
    const message = l10n.t(
      "VS Code's secret storage has lost your Omi session. It lasts between starts only where the system has a keyring, such as GNOME Keyring or KWallet.",
    );
    if ((await notify({ level: 'warn', message, actions: ['signIn', 'showLog'] })) === 'signIn')
      await signIn();
    return;
  }
  const message =
    trouble.kind === 'damaged'
      ? l10n.t('Your stored Omi session is damaged and was left aside. Sign in again.')
      : l10n.t("VS Code's secret storage could not give back your Omi session, so you are signed out.");
  await notify({ level: 'warn', message, actions: ['showLog'] });
}

/** A trouble as a log line; no secrets, because a trouble holds none. */
export function factsOf(trouble: VaultTrouble): string {
  switch (trouble.kind) {
    case 'damaged':
      return `damaged ${trouble.entry} (${trouble.field})`;
    case 'unavailable':
      return `${trouble.during} failed: ${trouble.message}`;
    case 'forgot':
      return 'a session that was kept is gone';
  }
}

/** Undefined where the view says it and no word is needed: nobody waits for the answer. */
function wordsForEnd(reason: EndReason, account: string): string | undefined {
  switch (reason) {
    case 'lapsed':
    case 'refused':
      return undefined;
    case 'TOKEN_EXPIRED':
      return l10n.t(
        'Your Omi session for {0} was ended, for example by a change of password. Sign in again.',
        account,
      );
    case 'INVALID_REFRESH_TOKEN':
      return l10n.t('Your Omi session for {0} is no longer valid. Sign in again.', account);
    case 'USER_DISABLED':
      return l10n.t('The Omi account {0} is disabled.', account);
    case 'USER_NOT_FOUND':
      return l10n.t('The Omi account {0} does not exist any more.', account);
  }
}
