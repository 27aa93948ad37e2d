import { keyRef, type KeyTarget } from '../keys/key';
import { doubtAbout } from '../keys/revokeKeys';
import type { OmiFailure } from '../omi/errors';
import type { Pulse, PulseRoute } from '../omi/pulseApi';
import type { KeyList } from '../omi/schemas';
import type { Result } from '../omi/result';
import { isPassing } from '../omi/retry';
import { unlessAborted, wait, type LeakParts } from './leakParts';

/** What one route of Omi says of a raw key; `untellable` also where the server has no such route. */
export type RouteAnswer = Pulse['kind'] | OmiFailure;

/** What Omi says of a key from three sides, all asked at the same time. Holds no raw key. */
export interface DeathProof {
  /** The list of the key's account, read anew. */
  readonly list: 'gone' | 'listed' | OmiFailure;
  /** `GET /v1/dev/key`. */
  readonly keyRoute: RouteAnswer;
  /** A read of one memory. */
  readonly dataRoute: RouteAnswer;
}

export interface DeathCheck {
  readonly proof: DeathProof;
  readonly isProven: boolean;
  /** Set when the raw key is alive as another key than the one that was to be dead: that key's id. */
  readonly otherKey: string | undefined;
}

/** Omi gets so long to agree with itself, in milliseconds. */
export const longestProof = 10_000;

/** Pauses before Omi is asked again; milliseconds, together less than {@link longestProof}. */
const pauses: readonly number[] = [250, 500, 1000, 2000, 3000, 3000];

/** Where the key stood before it was revoked; see {@link proveDead}. */
type Known = KeyList | undefined;

/**
 * Whether this proves that a key is dead: its account's list is without it, no route accepts the raw key, none left the
 * question open, and one at least refused it. A route that the server does not have is no objection.
 */
export function isProof({ list, keyRoute, dataRoute }: DeathProof): boolean {
  const answers = [keyRoute, dataRoute];
  return (
    list === 'gone' &&
    answers.includes('dead') &&
    answers.every((answer) => answer === 'dead' || answer === 'untellable')
  );
}

/**
 * Asks until everything agrees that a key is dead, until asking again is of no use, or for {@link longestProof}. Gives
 * the answers of the last complete round. An MCP key is looked up in the list alone: no route can tell of it.
 *
 * @param known the list from before the revocation, against which a suddenly empty or unreadable one is held.
 */
export async function proveDead(
  raw: string,
  target: KeyTarget,
  parts: LeakParts,
  signal: AbortSignal,
  known: Known = lastKnown(target, parts),
): Promise<DeathCheck> {
  const startedAt = parts.now();
  const timeUp = new AbortController();
  const timer = parts.after(longestProof, () => timeUp.abort());
  const end = AbortSignal.any([signal, timeUp.signal]);
  const isOver = (ms: number): boolean => end.aborted || parts.now() - startedAt + ms > longestProof;
  let check = await checkDeath(raw, target, parts, end, known);
  for (const ms of pauses) {
    if (isOver(ms) || !isWorthAsking(check)) break;
    await wait(ms, parts.after, end);
    const next = await checkDeath(raw, target, parts, end, known);
    // A round that was cut off says less than the one before it.
    if (!isOver(0) || next.isProven) check = next;
  }
  timer.dispose();
  return timeUp.signal.aborted && !signal.aborted ? inTime(check, parts) : check;
}

/** One round of {@link proveDead}: the list and both routes at the same time. */
export async function checkDeath(
  raw: string,
  target: KeyTarget,
  parts: LeakParts,
  signal: AbortSignal,
  known: Known = lastKnown(target, parts),
): Promise<DeathCheck> {
  const base = parts.base();
  const ask = (route: PulseRoute): Promise<Result<Pulse>> =>
    base.ok ? parts.pulse(raw, base.value, signal, route) : Promise.resolve(base);
  const [list, key, data] = await Promise.all([
    unlessAborted(parts.byAccount(target.accountId).readList(target.key.family), signal),
    ask('keyRoute'),
    ask('dataRoute'),
  ]);
  const proof: DeathProof = {
    list: list.ok ? standingIn(list.value, target, known) : list.failure,
    keyRoute: key.ok ? key.value.kind : key.failure,
    dataRoute: data.ok ? data.value.kind : data.failure,
  };
  const id = key.ok && key.value.kind === 'alive' ? key.value.id : undefined;
  return { proof, isProven: isProof(proof), otherKey: id === target.key.id ? undefined : id };
}

function lastKnown({ accountId, key }: KeyTarget, parts: LeakParts): Known {
  return parts.byAccount(accountId).revocation.lastFilledList(key.family);
}

function standingIn(list: KeyList, { key }: KeyTarget, known: Known): DeathProof['list'] {
  if (list.keys.some((one) => keyRef(one) === keyRef(key))) return 'listed';
  return doubtAbout(list, { before: known, known }, [key]) ?? 'gone';
}

/** Whether another round may say something else: a list may lag, a cached login end, a failure pass. */
function isWorthAsking({ proof, isProven, otherKey }: DeathCheck): boolean {
  if (isProven || otherKey !== undefined) return false;
  return Object.values(proof).some((answer: DeathProof[keyof DeathProof]) =>
    typeof answer === 'string' ? answer === 'listed' || answer === 'alive' : isPassing(answer),
  );
}

/** What was cut off because its time was up, not because anybody cancelled, timed out. */
function inTime(check: DeathCheck, parts: LeakParts): DeathCheck {
  const base = parts.base();
  const host = base.ok ? new URL(base.value.origin).host : '';
  const settle = <T extends string>(answer: T | OmiFailure): T | OmiFailure =>
    typeof answer !== 'string' && answer.kind === 'cancelled'
      ? { kind: 'network', cause: 'timeout', host }
      : answer;
  const { list, keyRoute, dataRoute } = check.proof;
  return {
    ...check,
    proof: { list: settle(list), keyRoute: settle(keyRoute), dataRoute: settle(dataRoute) },
  };
}
