import { l10n } from 'vscode';
import type { SignInFailure } from '../../account/browserSignIn';
import type { OmiFailure } from '../../omi/errors';
import { withDetail, wordsForFailure, type FailureWords } from '../failures';
import { clientKeyProblem } from '../settings';

/** Why a sign-in came to nothing, in words; undefined where the person ended it and knows. */
export function wordsForSignInFailure(failure: SignInFailure): FailureWords | undefined {
  switch (failure.kind) {
    case 'superseded':
      return undefined;
    case 'declined':
      return tryAgain(l10n.t('You were not signed in: access was declined.'));
    case 'tooLate':
      return tryAgain(l10n.t('The sign-in was not finished within {0} minutes.', failure.limit / 60_000));
    case 'codeRefused':
      return tryAgain(
        withDetail(
          l10n.t('Omi did not accept the sign-in code: it may be too old or used before.'),
          failure.detail,
        ),
      );
    case 'redirectRefused':
      return tryAgain(withDetail(l10n.t('Omi refused the way back to VS Code.'), failure.detail));
    case 'noCustomToken':
      return tryAgain(l10n.t('Omi knows you, but could not make the token for the sign-in.'));
    case 'sessionOver':
      return tryAgain(l10n.t('Firebase refused the sign-in ({0}).', failure.code));
    case 'clientKeyBlocked':
      return wordsForFailure(clientKeyProblem());
    case 'invalid':
      return tryAgain(withDetail(l10n.t('Firebase refused the sign-in.'), failure.detail));
    default:
      return wordsForFailure(failure satisfies OmiFailure);
  }
}

function tryAgain(sentence: string): FailureWords {
  return { sentence, actions: ['tryAgain', 'showLog'], level: 'warn' };
}
