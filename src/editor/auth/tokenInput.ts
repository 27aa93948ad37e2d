import { Disposable, InputBoxValidationSeverity, l10n, window } from 'vscode';
import {
  omiProject,
  readPastedToken,
  type PastedToken,
  type TokenProblem,
  type Trimmed,
} from '../../account/idToken';
import { sessionOfToken, type Session } from '../../account/session';
import type { KeysApi } from '../../omi/keysApi';
import { wordsForFailure } from '../failures';
import { readBaseUrl, isProjectKnown } from '../settings';
import { asPlainText, relativeTime } from '../words';

export interface TokenInputParts {
  readonly api: KeysApi;
  /** Keeps the session; says what went wrong as a sentence, or nothing. */
  readonly keep: (session: Session) => Promise<string | undefined>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Asks for a Firebase ID token in a password box, tries it with a list request and has it kept. Everything that is
 * wrong with it is said in the box, which stays open until the token is good or the person gives up.
 *
 * @returns the session in use, or undefined when the person gave up.
 */
export function askForToken({ api, keep, now }: TokenInputParts): Promise<Session | undefined> {
  const box = window.createInputBox();
  const closed = new AbortController();
  box.title = l10n.t('Sign In to Omi with a Firebase ID Token');
  box.prompt = l10n.t("The token is kept in VS Code's secret storage and sent to Omi only.");
  box.placeholder = l10n.t('Paste the token');
  box.password = true;
  // The token is copied from somewhere else; looking there must not close the box.
  box.ignoreFocusOut = true;

  const read = (): ReturnType<typeof readPastedToken> =>
    readPastedToken(box.value, { now: now(), project: isProjectKnown() ? omiProject : undefined });

  const showError = (message: string): void => {
    box.validationMessage = { message, severity: InputBoxValidationSeverity.Error };
  };

  const attempt = async (): Promise<Session | undefined> => {
    const pasted = read();
    if (!pasted.ok) {
      showError(wordsForProblem(pasted.failure, now()));
      return undefined;
    }
    const base = readBaseUrl();
    if (!base.ok) {
      showError(wordsForFailure(base.failure)?.sentence ?? '');
      return undefined;
    }
    const { token, claims } = pasted.value;
    const trial = await api.listKeys('dev', { base: base.value, bearer: token, signal: closed.signal });
    if (!trial.ok) {
      const isRefused = trial.failure.kind === 'unauthenticated';
      const sentence = isRefused
        ? l10n.t('Omi does not accept this token.')
        : wordsForFailure(trial.failure)?.sentence;
      if (sentence !== undefined) showError(sentence);
      return undefined;
    }
    const session = sessionOfToken(token, claims, now());
    const trouble = await keep(session);
    if (trouble !== undefined) {
      showError(trouble);
      return undefined;
    }
    return session;
  };

  return new Promise((resolve) => {
    let signedIn: Session | undefined;
    const listeners = Disposable.from(
      box.onDidChangeValue(() => {
        const pasted = box.value === '' ? undefined : read();
        if (pasted === undefined) box.validationMessage = undefined;
        else if (!pasted.ok) showError(wordsForProblem(pasted.failure, now()));
        else
          box.validationMessage = {
            message: wordsForGood(pasted.value, now()),
            severity: InputBoxValidationSeverity.Info,
          };
      }),
      box.onDidAccept(async () => {
        if (box.busy) return;
        box.busy = true;
        box.enabled = false;
        signedIn = await attempt();
        box.busy = false;
        box.enabled = true;
        if (signedIn) box.hide();
      }),
      box.onDidHide(() => {
        closed.abort();
        listeners.dispose();
        box.dispose();
        resolve(signedIn);
      }),
    );
    box.show();
  });
}

function wordsForProblem(problem: TokenProblem, now: number): string {
  switch (problem.kind) {
    case 'empty':
      return l10n.t('Paste a Firebase ID token.');
    case 'tooLong':
      return l10n.t('This is too long for a token. A Firebase ID token has about 1,000 characters.');
    case 'unprintable':
      return l10n.t('This holds characters that no token has. Copy the token again, as text.');
    case 'apiKey':
      return l10n.t(
        'This is an Omi API key ({0}), which cannot manage keys. Paste a Firebase ID token; it begins with eyJ.',
        problem.masked,
      );
    case 'notAToken':
      return l10n.t(
        'This is not a Firebase ID token: those have three parts with dots between and begin with eyJ.',
      );
    case 'notFirebase':
      return l10n.t('This is a token, but not a Firebase ID token.');
    case 'otherProject':
      return l10n.t(
        'This token is for the project {0}, not for Omi ({1}).',
        asPlainText(problem.project),
        problem.expected,
      );
    case 'expired':
      return l10n.t(
        'This token expired {0}. Firebase ID tokens last one hour; get a new one.',
        relativeTime(problem.at, now),
      );
  }
}

function wordsForGood({ claims, trimmed }: PastedToken, now: number): string {
  const account = asPlainText(claims.email ?? claims.name ?? claims.accountId);
  const good = l10n.t('Token of {0}, expires {1}.', account, relativeTime(claims.expiresAt, now));
  return trimmed.length === 0
    ? good
    : `${good} ${l10n.t('Left out: {0}.', trimmed.map(wordsForTrimmed).join(', '))}`;
}

function wordsForTrimmed(part: Trimmed): string {
  switch (part) {
    case 'quotes':
      return l10n.t('surrounding quotes');
    case 'bearer':
      return l10n.t('the word "Bearer"');
    case 'lineBreaks':
      return l10n.t('line breaks');
  }
}
