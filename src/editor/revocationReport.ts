import { l10n } from 'vscode';
import type { KeyTarget } from '../keys/key';
import type { EndState, KeyOutcome, StillLiveReason } from '../keys/revokeKeys';
import { wordsForFailure, type FailureAction } from './failures';
import { namedKey } from './words';

/** One notification that sums up a revocation, and which keys its actions are about. */
export interface RevocationReport {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly actions: readonly FailureAction[];
  readonly stillLive: readonly KeyTarget[];
  readonly notConfirmed: readonly KeyTarget[];
  readonly waitingForSignIn: readonly KeyTarget[];
}

/** A sentence names at most this many keys; the log names all. */
const mostNamed = 3;

/** Puts the outcomes into words: failures first and by name, successes never hidden by them. */
export function reportRevocation(outcomes: readonly KeyOutcome[]): RevocationReport {
  const of = (kind: EndState['kind']): KeyOutcome[] => outcomes.filter(({ end }) => end.kind === kind);
  const stillLive = of('stillLive');
  const notConfirmed = of('notConfirmed');
  const untried = of('untried');
  const elsewhere = of('notInThisAccount');
  const needSignIn = outcomes.filter(({ end }) => end.kind === 'untried' && end.why === 'signInNeeded');
  const one = outcomes.length === 1;

  const sentences = [
    failureSentence(stillLive, one, {
      one: (name, why) => l10n.t('{0} is STILL LIVE: {1}', name, why),
      many: (count, names) => l10n.t('{0} of {1} keys are STILL LIVE: {2}', count, outcomes.length, names),
    }),
    failureSentence(notConfirmed, one, {
      one: (name, why) =>
        l10n.t(
          '{0} is not confirmed: the list of keys could not be read after the revocation. {1}',
          name,
          why,
        ),
      many: (count, names) => l10n.t('{0} not confirmed: {1}', count, names),
    }),
    needSignIn.length > 0
      ? l10n.t('Your Omi session has ended. Not revoked yet: {0}.', names(needSignIn))
      : untried.length > 0
        ? l10n.t('Cancelled. Not revoked: {0}.', names(untried))
        : '',
    elsewhere.length > 0 ? l10n.t('Not in this account, nothing revoked: {0}.', names(elsewhere)) : '',
    revokedSentence(of('revoked')),
    of('alreadyGone').length > 0 ? l10n.t('Already gone: {0}.', names(of('alreadyGone'))) : '',
  ];

  const actions: FailureAction[] = [];
  if (needSignIn.length > 0 || [...stillLive, ...notConfirmed].some(({ end }) => wantsSignIn(end)))
    actions.push('signIn');
  if (stillLive.length > 0) actions.push('tryAgain');
  if (notConfirmed.length > 0) actions.push('checkAgain');
  if (stillLive.some(({ end }) => isMisconfigured(end))) actions.push('openSettings');
  else if (stillLive.length > 0 || notConfirmed.length > 0) actions.push('showLog');

  return {
    level: stillLive.length > 0 ? 'error' : actions.length > 0 || elsewhere.length > 0 ? 'warn' : 'info',
    message: sentences.filter(Boolean).join(' '),
    actions,
    stillLive: stillLive.map(({ target }) => target),
    notConfirmed: notConfirmed.map(({ target }) => target),
    waitingForSignIn: needSignIn.map(({ target }) => target),
  };
}

/** Why a key ended as it did, as a sentence; empty when there is nothing to explain. */
export function reasonOf(end: EndState): string {
  if (end.kind === 'notConfirmed') return wordsForFailure(end.failure)?.sentence ?? '';
  if (end.kind !== 'stillLive') return '';
  return reasonOfLife(end.why);
}

/** Why a key still works, as a sentence. */
export function reasonOfLife(why: StillLiveReason): string {
  if (why.kind === 'stillListed') return l10n.t('Omi accepted the revocation, but still lists the key.');
  return wordsForFailure(why.failure)?.sentence ?? l10n.t('the revocation was cancelled.');
}

function failureSentence(
  failed: readonly KeyOutcome[],
  one: boolean,
  words: { one: (name: string, why: string) => string; many: (count: number, names: string) => string },
): string {
  const [first] = failed;
  if (!first) return '';
  if (one) return words.one(namedKey(first.target.key), reasonOf(first.end));
  const named = failed
    .slice(0, mostNamed)
    .map(({ target, end }) => `${namedKey(target.key)} – ${reasonOf(end)}`);
  return words.many(failed.length, [...named, ...andMore(failed.length)].join('; '));
}

function revokedSentence(revoked: readonly KeyOutcome[]): string {
  if (revoked.length === 0) return '';
  return revoked.length === 1
    ? l10n.t('Revoked {0}. Omi no longer lists it.', names(revoked))
    : l10n.t('Revoked {0} keys: {1}. Omi no longer lists them.', revoked.length, names(revoked));
}

function names(outcomes: readonly KeyOutcome[]): string {
  const named = outcomes.slice(0, mostNamed).map(({ target }) => namedKey(target.key));
  return [...named, ...andMore(outcomes.length)].join(', ');
}

function andMore(count: number): string[] {
  return count > mostNamed ? [l10n.t('and {0} more', count - mostNamed)] : [];
}

function wantsSignIn(end: EndState): boolean {
  const failure = end.kind === 'notConfirmed' ? end.failure : undefined;
  return failure?.kind === 'unauthenticated';
}

function isMisconfigured(end: EndState): boolean {
  return end.kind === 'stillLive' && end.why.kind === 'refused' && end.why.failure.kind === 'misconfigured';
}
