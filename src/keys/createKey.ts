import type { OmiFailure } from '../omi/errors';
import type { NewKey } from '../omi/keysApi';
import { holdsRawKey, type KeyFamily } from '../omi/rawKey';
import type { Result } from '../omi/result';
import type { CreatedKey, KeyList, ListedKey } from '../omi/schemas';

/** Why a name cannot be given to a key; Omi would refuse it (docs/omi-api.md, "Keys"). */
export type NameProblem = 'blank' | 'tooLong' | 'holdsRawKey';

const longestName = 100;

/** Checks a name as Omi would, after trimming; undefined when it is fine. */
export function problemOfName(name: string): NameProblem | undefined {
  const trimmed = name.trim();
  if (trimmed === '') return 'blank';
  if (Array.from(trimmed).length > longestName) return 'tooLong';
  return holdsRawKey(trimmed) ? 'holdsRawKey' : undefined;
}

/** What came of making a key. */
export type CreateOutcome =
  | ({ readonly kind: 'created' } & CreatedKey)
  /** The answer was lost, and the list has new keys of that name: made, but nobody has the secret. */
  | { readonly kind: 'secretLost'; readonly keys: readonly ListedKey[]; readonly failure: OmiFailure }
  /** No key was made. */
  | { readonly kind: 'notMade'; readonly failure: OmiFailure }
  /** The answer was lost and the list cannot be read or tells nothing: nobody knows. */
  | { readonly kind: 'unknown'; readonly failure: OmiFailure };

export interface CreationParts {
  /** The account in whose name keys are made, or undefined when nobody is signed in. */
  accountId(): string | undefined;
  /** Makes a key in the name of an account, also when another one has come into use. */
  create(key: NewKey, accountId: string, signal: AbortSignal): Promise<Result<CreatedKey>>;
  /** Reads the list anew. */
  readList(family: KeyFamily): Promise<Result<KeyList>>;
  /** The last list that was read and had keys in it, however old; undefined when there is none. */
  lastFilledList(family: KeyFamily): KeyList | undefined;
  /** Waits; milliseconds. */
  pause(ms: number): Promise<void>;
}

/** Pauses before the list is read again while it does not show what a lost answer may have made; milliseconds. */
const lagPauses: readonly number[] = [250, 750, 1500];

/**
 * Makes a key. The request is sent once; when its answer is lost, the list is read and compared with what it was
 * before, because a repeat could make a second key. Never rejects for an expected failure.
 */
export async function createKey(
  key: NewKey,
  parts: CreationParts,
  signal: AbortSignal,
): Promise<CreateOutcome> {
  const accountId = parts.accountId();
  if (accountId === undefined) return { kind: 'notMade', failure: { kind: 'unauthenticated' } };
  const earlier = parts.lastFilledList(key.family);
  const before = await parts.readList(key.family);
  if (!before.ok) return { kind: 'notMade', failure: before.failure };
  // Another account may have come into use: then its list was read.
  if (signal.aborted || parts.accountId() !== accountId)
    return { kind: 'notMade', failure: { kind: 'cancelled' } };
  const created = await parts.create(key, accountId, signal);
  if (created.ok) {
    // The new key belongs in the list at once; a failure of this read is the list's own affair.
    await parts.readList(key.family);
    return { kind: 'created', ...created.value };
  }
  const { failure } = created;
  if (!mayHaveActed(failure)) return { kind: 'notMade', failure };
  return settle(key, failure, { accountId, before: before.value, earlier }, parts);
}

/** What was so before the request. */
interface EarlierState {
  readonly accountId: string | undefined;
  readonly before: KeyList;
  readonly earlier: KeyList | undefined;
}

/** Finds out from the list what a request did whose answer was lost. */
async function settle(
  key: NewKey,
  failure: OmiFailure,
  { accountId, before, earlier }: EarlierState,
  parts: CreationParts,
): Promise<CreateOutcome> {
  const unknown = { kind: 'unknown', failure } as const;
  const pauses = [...lagPauses];
  for (;;) {
    const after = await parts.readList(key.family);
    // A list of another account says nothing about this one's keys.
    if (!after.ok || parts.accountId() !== accountId) return unknown;
    const isLess = isEmptied(after.value, before) || hasMoreUnreadable(after.value, before);
    if (isLess) return unknown;
    const keys = newKeysOfName(key.name, before, after.value);
    if (keys.length > 0) {
      // Else a key that only seems new, because it was not shown before, would be offered for revocation.
      const wasLess =
        isEmptied(before, earlier) ||
        hasMoreUnreadable(before, after.value) ||
        (before.keys.length === 0 && after.value.keys.length > 1);
      return wasLess ? unknown : { kind: 'secretLost', keys, failure };
    }
    const ms = pauses.shift();
    if (ms === undefined) return mayActLater(failure) ? unknown : { kind: 'notMade', failure };
    await parts.pause(ms);
  }
}

/** Whether Omi may still be at work on the request: nothing but this client's patience ended. */
function mayActLater(failure: OmiFailure): boolean {
  return failure.kind === 'cancelled' || (failure.kind === 'network' && failure.cause === 'timeout');
}

/** Omi may answer with an empty list when it has a fault. */
function isEmptied(list: KeyList, other: KeyList | undefined): boolean {
  return list.keys.length === 0 && (other?.keys.length ?? 0) > 0;
}

/** An entry that cannot be read may be any key. */
function hasMoreUnreadable(list: KeyList, other: KeyList): boolean {
  return list.unreadable.length > other.unreadable.length;
}

/** The keys of a name that a later list has and an earlier one has not. */
export function newKeysOfName(name: string, before: KeyList, after: KeyList): readonly ListedKey[] {
  const known = new Set(before.keys.map(({ id }) => id));
  return after.keys.filter((key) => key.name.trim() === name.trim() && !known.has(key.id));
}

/** Whether a failure leaves open if Omi did what it was asked. */
export function mayHaveActed(failure: OmiFailure): boolean {
  return ['network', 'server', 'protocol', 'cancelled'].includes(failure.kind);
}
