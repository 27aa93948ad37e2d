import { commands, l10n } from 'vscode';
import type { NetworkCause, OmiFailure } from '../omi/errors';
import { redact } from '../omi/redact';
import { commandIds } from './ids';
import { requestTimeoutMs } from './settings';
import { asPlainText } from './words';

/** What a person can do about a failure; each is one button. */
export type FailureAction = 'tryAgain' | 'checkAgain' | 'signIn' | 'showLog' | 'openSettings';

export interface FailureWords {
  /** What happened, as one sentence. */
  readonly sentence: string;
  readonly actions: readonly FailureAction[];
  readonly level: 'info' | 'warn' | 'error';
}

/** The one place that puts a failure into words. Undefined for a cancel, which is silent. */
export function wordsForFailure(failure: OmiFailure): FailureWords | undefined {
  const who = failure.by ?? 'Omi';
  switch (failure.kind) {
    case 'cancelled':
      return undefined;
    case 'unauthenticated':
      return { sentence: l10n.t('Your Omi session has ended.'), actions: ['signIn'], level: 'warn' };
    case 'forbidden':
      return {
        sentence: withDetail(l10n.t('{0} does not allow this.', who), failure.detail),
        actions: ['showLog'],
        level: 'error',
      };
    case 'notFound':
      return {
        sentence: withDetail(l10n.t('{0} does not know this address.', who), failure.detail),
        actions: ['showLog'],
        level: 'error',
      };
    case 'invalid':
      return {
        sentence: withDetail(l10n.t('{0} refused the request.', who), failure.detail),
        actions: ['showLog'],
        level: 'error',
      };
    case 'rateLimited':
      return {
        sentence: rateLimitSentence(who, failure.retryAfter),
        actions: ['tryAgain', 'showLog'],
        level: 'warn',
      };
    case 'network':
      return {
        sentence: networkSentence(failure.cause, failure.host),
        actions: ['tryAgain', 'showLog'],
        level: 'warn',
      };
    case 'server':
      return {
        sentence: withDetail(l10n.t('{0} has a problem (status {1}).', who, failure.status), failure.detail),
        actions: ['tryAgain', 'showLog'],
        level: 'warn',
      };
    case 'protocol':
      return {
        sentence: l10n.t("{0}'s answer could not be read: {1}.", who, asPlainText(redact(failure.problem))),
        actions: ['tryAgain', 'showLog'],
        level: 'error',
      };
    case 'misconfigured':
      return {
        sentence: failure.wasSent
          ? l10n.t(
              'This failed because the setting {0} cannot be used. {1}',
              failure.setting,
              failure.problem,
            )
          : l10n.t('Nothing was sent: the setting {0} cannot be used. {1}', failure.setting, failure.problem),
        actions: ['openSettings'],
        level: 'error',
      };
  }
}

/** The title of an action's button. */
export function actionTitle(action: FailureAction): string {
  switch (action) {
    case 'tryAgain':
      return l10n.t('Try Again');
    case 'checkAgain':
      return l10n.t('Check Again');
    case 'signIn':
      return l10n.t('Sign In');
    case 'showLog':
      return l10n.t('Show Log');
    case 'openSettings':
      return l10n.t('Open Settings');
  }
}

/** Runs the actions that mean the same everywhere; `tryAgain`, `checkAgain` and `signIn` are for the caller. */
export async function runCommonAction(action: FailureAction): Promise<void> {
  if (action === 'showLog') await commands.executeCommand(commandIds.showLog);
  if (action === 'openSettings') {
    await commands.executeCommand('workbench.action.openSettings', '@ext:omi-community.omi-api-keys');
  }
}

/** A server's words with a full stop, so that they can stand before another sentence. */
function asSentence(detail: string): string {
  return /[.!?…]$/.test(detail) ? detail : `${detail}.`;
}

/** A sentence, and behind it the server's own words, if it said any. */
export function withDetail(sentence: string, detail: string): string {
  return detail === '' ? sentence : `${sentence} ${l10n.t('It says: {0}', asPlainText(asSentence(detail)))}`;
}

function rateLimitSentence(who: string, retryAfterMs: number | undefined): string {
  return retryAfterMs === undefined
    ? l10n.t('{0} is receiving too many requests.', who)
    : l10n.t(
        '{0} is receiving too many requests. It asks to wait {1} seconds.',
        who,
        Math.ceil(retryAfterMs / 1000),
      );
}

function networkSentence(cause: NetworkCause, host: string): string {
  switch (cause) {
    case 'offline':
      return l10n.t('{0} cannot be reached.', host);
    case 'dns':
      return l10n.t('The name {0} cannot be resolved.', host);
    case 'timeout':
      return requestTimeoutMs() === 1000
        ? l10n.t('{0} did not answer within 1 second.', host)
        : l10n.t('{0} did not answer within {1} seconds.', host, requestTimeoutMs() / 1000);
    case 'tls':
      return l10n.t('The certificate of {0} cannot be trusted.', host);
    case 'proxy':
      return l10n.t('The proxy did not let the request through.');
    case 'interrupted':
      return l10n.t('The connection to {0} broke off.', host);
  }
}
