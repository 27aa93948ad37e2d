import { bulkhead } from 'cockatiel';
import type { OmiFailure } from '../omi/errors';
import type { KeyFamily } from '../omi/rawKey';
import type { Result } from '../omi/result';
import type { KeyList, ListedKey } from '../omi/schemas';
import { keyRef, type KeyTarget } from './key';

/** What became of one key. The first five are the end states a person meets; `untried` means no request was sent. */
export type EndState =
  /** Omi accepted the DELETE (or its answer was lost) and the list, read afterwards, no longer has the key. */
  | { readonly kind: 'revoked' }
  /** The key was not in the list before anything was sent, or Omi says it does not know it. */
  | { readonly kind: 'alreadyGone' }
  /** Omi accepted the DELETE, or its answer was lost, and the list could not be read: nobody knows yet. */
  | { readonly kind: 'notConfirmed'; readonly failure: OmiFailure }
  | { readonly kind: 'stillLive'; readonly why: StillLiveReason }
  | { readonly kind: 'notInThisAccount' }
  | { readonly kind: 'untried'; readonly why: 'cancelled' | 'signInNeeded' };

export type StillLiveReason =
  { readonly kind: 'refused'; readonly failure: OmiFailure } | { readonly kind: 'stillListed' };

export interface KeyOutcome {
  readonly target: KeyTarget;
  readonly end: EndState;
}

/** What revoking needs from the rest of the house. */
export interface RevocationParts {
  /** The account whose keys are revoked, or undefined when nobody is signed in. */
  accountId(): string | undefined;
  /** Reads the list anew; a request that starts after this call. */
  readList(family: KeyFamily): Promise<Result<KeyList>>;
  /** The last list that was read and had keys in it, however old; undefined when there is none. */
  lastFilledList(family: KeyFamily): KeyList | undefined;
  /** Orders the end of one key. A cancel does not reach it: what has been sent must be settled. */
  revoke(family: KeyFamily, id: string): Promise<Result<void>>;
  /** Waits; milliseconds. */
  pause(ms: number): Promise<void>;
}

export interface RevocationOptions {
  /** Ends the work between keys; what was sent is still settled by reading the list. */
  readonly signal: AbortSignal;
  /** Told when the request for a key has been answered, before the list confirms it. */
  readonly onAnswered?: (target: KeyTarget) => void;
}

/** Omi's servers take this many at a time without trouble. */
const requestsAtATime = 4;

/** Pauses before the list is read again while it still shows a key whose DELETE was accepted; milliseconds. */
const lagPauses: readonly number[] = [250, 750, 1500];

const signedOut: OmiFailure = { kind: 'unauthenticated' };

type Answer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'unknownToOmi'; readonly failure: OmiFailure }
  | { readonly kind: 'failed'; readonly failure: OmiFailure };

/**
 * Revokes keys and finds out what really happened: list → DELETE each → list. A DELETE alone proves nothing, because
 * Omi answers 204 also for keys it did not delete (docs/omi-api.md, "DELETE tells less than it seems").
 *
 * @returns one outcome for each target, in the order given. Never rejects for an expected failure.
 */
export async function revokeKeys(
  targets: readonly KeyTarget[],
  parts: RevocationParts,
  { signal, onAnswered }: RevocationOptions,
): Promise<readonly KeyOutcome[]> {
  const ends = new Map<KeyTarget, EndState>();
  for (const [family, group] of byFamily(targets)) {
    const isMine = group.some((target) => target.accountId === parts.accountId());
    const known = parts.lastFilledList(family);
    const before = signal.aborted || !isMine ? undefined : await parts.readList(family);
    const answers = new Map<KeyTarget, Answer>();
    let stop: 'cancelled' | 'signInNeeded' | undefined;
    if (before && !before.ok && before.failure.kind === 'unauthenticated') stop = 'signInNeeded';

    const line = bulkhead(requestsAtATime, Number.MAX_SAFE_INTEGER);
    await Promise.all(
      group.map((target) =>
        line.execute(async () => {
          stop ??= signal.aborted ? 'cancelled' : undefined;
          stop ??= parts.accountId() === undefined ? 'signInNeeded' : undefined;
          if (stop) {
            ends.set(target, { kind: 'untried', why: stop });
            return;
          }
          if (target.accountId !== parts.accountId()) {
            ends.set(target, { kind: 'notInThisAccount' });
            return;
          }
          const result = await parts.revoke(family, target.key.id);
          if (!result.ok && result.failure.kind === 'unauthenticated') {
            stop = 'signInNeeded';
            ends.set(target, { kind: 'untried', why: stop });
            return;
          }
          answers.set(target, answerOf(result));
          onAnswered?.(target);
        }),
      ),
    );

    const settled = await settle(
      family,
      answers,
      { before: before?.ok ? before.value : undefined, known },
      parts,
    );
    settled.forEach((end, target) => ends.set(target, end));
  }
  return targets.map((target) => ({
    target,
    end: ends.get(target) ?? { kind: 'untried', why: 'cancelled' },
  }));
}

/** Finds out about keys whose revocation was accepted but could not be confirmed, by reading the list alone. */
export async function checkRevoked(
  targets: readonly KeyTarget[],
  parts: RevocationParts,
): Promise<readonly KeyOutcome[]> {
  const ends = new Map<KeyTarget, EndState>();
  for (const [family, group] of byFamily(targets)) {
    const answers = new Map(group.map((target) => [target, { kind: 'accepted' } as const]));
    const known = parts.lastFilledList(family);
    const settled = await settle(family, answers, { before: undefined, known }, parts);
    settled.forEach((end, target) => ends.set(target, end));
  }
  return targets.map((target) => ({
    target,
    end: ends.get(target) ?? { kind: 'notConfirmed', failure: signedOut },
  }));
}

function byFamily(targets: readonly KeyTarget[]): Map<KeyFamily, KeyTarget[]> {
  const groups = new Map<KeyFamily, KeyTarget[]>();
  for (const target of targets) {
    const group = groups.get(target.key.family);
    if (group) group.push(target);
    else groups.set(target.key.family, [target]);
  }
  return groups;
}

function answerOf(result: Result<void>): Answer {
  if (result.ok) return { kind: 'accepted' };
  const { failure } = result;
  return failure.kind === 'notFound' ? { kind: 'unknownToOmi', failure } : { kind: 'failed', failure };
}

/** What was listed earlier: right before the requests, and the last time that one had keys in it. */
export interface EarlierLists {
  readonly before: KeyList | undefined;
  readonly known: KeyList | undefined;
}

/** Reads the list and says of every answered key what it means. */
async function settle(
  family: KeyFamily,
  answers: ReadonlyMap<KeyTarget, Answer>,
  { before, known }: EarlierLists,
  parts: RevocationParts,
): Promise<Map<KeyTarget, EndState>> {
  const ends = new Map<KeyTarget, EndState>();
  if (answers.size === 0) return ends;
  const accepted = [...answers]
    .filter(([, answer]) => answer.kind === 'accepted')
    .map(([target]) => target.key);
  const after = await readPastLag(family, accepted, parts);
  const targeted = [...answers.keys()].map((target) => target.key);
  const doubtOfList = after.ok ? doubtAbout(after.value, { before, known }, targeted) : after.failure;
  const [refsBefore, refsAfter] = [before && refsOf(before), after.ok ? refsOf(after.value) : undefined];
  for (const [target, answer] of answers) {
    // A list of another account lacks the key for another reason.
    const isOfOther = after.ok && target.accountId !== parts.accountId();
    const doubt = isOfOther ? signedOut : doubtOfList;
    const ref = keyRef(target.key);
    if (doubt) ends.set(target, endInDoubt(answer, doubt));
    else if (refsAfter?.has(ref)) ends.set(target, endWhenListed(answer));
    else ends.set(target, endWhenAbsent(answer, refsBefore?.has(ref) ?? true));
  }
  return ends;
}

function endInDoubt(answer: Answer, doubt: OmiFailure): EndState {
  if (answer.kind === 'failed' && !isAnswerLost(answer.failure)) {
    return { kind: 'stillLive', why: { kind: 'refused', failure: answer.failure } };
  }
  return { kind: 'notConfirmed', failure: doubt };
}

/** Whether the request may have been obeyed although its answer never came. */
function isAnswerLost(failure: OmiFailure): boolean {
  return failure.kind === 'cancelled' || (failure.kind === 'network' && failure.cause === 'interrupted');
}

function endWhenListed(answer: Answer): EndState {
  const why: StillLiveReason =
    answer.kind === 'accepted' ? { kind: 'stillListed' } : { kind: 'refused', failure: answer.failure };
  return { kind: 'stillLive', why };
}

function endWhenAbsent(answer: Answer, wasListed: boolean): EndState {
  if (!wasListed || answer.kind === 'unknownToOmi') return { kind: 'alreadyGone' };
  if (answer.kind === 'accepted') return { kind: 'revoked' };
  // A request whose answer was lost has acted if the key is gone; one that Omi turned down has not.
  const turnedDown = answer.failure.kind === 'forbidden' || answer.failure.kind === 'invalid';
  return turnedDown ? { kind: 'alreadyGone' } : { kind: 'revoked' };
}

/**
 * Why a list that lacks these keys proves nothing, if so: Omi may answer with an empty list when it has a fault, and an
 * entry that cannot be read may be the very key.
 */
export function doubtAbout(
  after: KeyList,
  { before, known }: EarlierLists,
  keys: readonly ListedKey[],
): OmiFailure | undefined {
  const targeted = new Set(keys.map(keyRef));
  // An earlier list that lacks a key may have it among the entries that it could not read.
  const earlier = before ?? (known && hasAll(known, targeted) ? known : undefined);
  if (after.unreadable.length > (earlier?.unreadable.length ?? 0)) {
    return { kind: 'protocol', problem: 'unreadable entries in the list of keys' };
  }
  const hadOthers = (before ?? known)?.keys.some((key) => !targeted.has(keyRef(key))) ?? true;
  return after.keys.length === 0 && hadOthers
    ? { kind: 'protocol', problem: 'the list of keys is suddenly empty' }
    : undefined;
}

async function readPastLag(
  family: KeyFamily,
  accepted: readonly ListedKey[],
  parts: RevocationParts,
): Promise<Result<KeyList>> {
  let read = await parts.readList(family);
  for (const ms of lagPauses) {
    const listed = read.ok ? refsOf(read.value) : undefined;
    if (!listed || !accepted.some((key) => listed.has(keyRef(key)))) return read;
    await parts.pause(ms);
    read = await parts.readList(family);
  }
  return read;
}

function hasAll(list: KeyList, refs: ReadonlySet<string>): boolean {
  const listed = refsOf(list);
  return [...refs].every((ref) => listed.has(ref));
}

function refsOf({ keys }: KeyList): ReadonlySet<string> {
  return new Set(keys.map(keyRef));
}
