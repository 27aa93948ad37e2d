import type { Account } from '../account/session';
import { matchesRawKey, type KeyTarget } from '../keys/key';
import type { OmiFailure } from '../omi/errors';
import type { Pulse, PulseRoute } from '../omi/pulseApi';
import { familyOfRawKey } from '../omi/rawKey';
import { fail, succeed, type Result } from '../omi/result';
import type { ListedKey } from '../omi/schemas';
import { unlessAborted, type LeakParts } from './leakParts';

/** Whose a raw key is, and whether it is alive. Holds no raw key. */
export type LeakIdentity =
  /**
   * `by` says how sure it is: `keyRoute` = Omi named this key's id for the raw key; `prefix` = it is the only listed key
   * with these digits. `pulse` is undefined where Omi did not answer the question.
   */
  | {
      readonly kind: 'mine';
      readonly target: KeyTarget;
      readonly by: 'keyRoute' | 'prefix';
      readonly pulse: Pulse | undefined;
    }
  /** `listed`: a list all the same shows exactly one key with these digits. */
  | { readonly kind: 'dead'; readonly by: PulseRoute; readonly listed: KeyTarget | undefined }
  /** Alive, and in none of the lists of the signed-in accounts, which were all read; none when nobody is signed in. */
  | { readonly kind: 'elsewhere'; readonly by: PulseRoute; readonly searched: readonly Account[] }
  | {
      readonly kind: 'unknown';
      /** The accounts whose lists were read. */
      readonly searched: readonly Account[];
      /** The others, and why they could not be read. */
      readonly unread: readonly UnreadAccount[];
      readonly why: UnknownReason;
      /** What Omi said of the raw key, if anything. */
      readonly pulse: Pulse | undefined;
    };

/**
 * `untellable`: Omi can say nothing of such a key (MCP, or a server without the routes), and no list has it ·
 * `unreadLists`: the key may be in a list that could not be read · `ambiguous`: several listed keys have these digits ·
 * else why the question about the raw key failed.
 */
export type UnknownReason = 'untellable' | 'unreadLists' | 'ambiguous' | OmiFailure;

export interface UnreadAccount {
  readonly account: Account;
  readonly failure: OmiFailure;
}

/** What the lists of all signed-in accounts say of a raw key. */
interface Search {
  readonly searched: readonly Account[];
  readonly unread: readonly UnreadAccount[];
  /** All listed keys of the raw key's family. */
  readonly listed: readonly KeyTarget[];
  /** Those that show the raw key's digits. */
  readonly matches: readonly KeyTarget[];
}

/** So long an answer about the raw key is waited for once the lists have named the one key it can be; milliseconds. */
const patience = 3000;

/**
 * Finds out whose a raw key is: the lists of all signed-in accounts are read anew and, at the same time, Omi is asked
 * about the raw key, which touches its "last used". Where Omi names the key's id, that alone decides, because two keys
 * can share the digits that a list shows.
 */
export async function identifyLeak(
  raw: string,
  parts: LeakParts,
  signal: AbortSignal,
): Promise<LeakIdentity> {
  const late = new AbortController();
  const asking = ask(raw, parts, AbortSignal.any([signal, late.signal]));
  const search = await searchLists(raw, parts, signal);
  const [only, another] = search.matches;
  const isClear = only !== undefined && another === undefined;
  const timer = isClear ? parts.after(patience, () => late.abort()) : undefined;
  const pulse = await asking;
  timer?.dispose();
  if (signal.aborted) return unknown(search, pulse, { kind: 'cancelled' });
  return judged(search, pulse);
}

function judged(search: Search, pulse: Result<Pulse>): LeakIdentity {
  const { listed, matches, unread } = search;
  if (!pulse.ok) return matches.length > 0 ? byPrefix(search, pulse) : unknown(search, pulse, pulse.failure);
  const life = pulse.value;
  if (life.kind === 'dead') return { kind: 'dead', by: life.by, listed: onlyOf(matches) };
  if (life.kind === 'alive') {
    const named = listed.find(({ key }) => key.id === life.id);
    if (named) return { kind: 'mine', target: named, by: 'keyRoute', pulse: life };
  }
  // An id that is of no listed key tells that those with the same digits are others.
  const isOther = life.kind === 'alive' && life.id !== undefined;
  if (matches.length > 0 && !isOther) return byPrefix(search, pulse);
  if (unread.length > 0) return unknown(search, pulse, 'unreadLists');
  return life.kind === 'alive'
    ? { kind: 'elsewhere', by: life.by, searched: search.searched }
    : unknown(search, pulse, 'untellable');
}

function byPrefix(search: Search, pulse: Result<Pulse>): LeakIdentity {
  const target = onlyOf(search.matches);
  const life = pulse.ok && pulse.value.kind !== 'dead' ? pulse.value : undefined;
  return target ? { kind: 'mine', target, by: 'prefix', pulse: life } : unknown(search, pulse, 'ambiguous');
}

function unknown({ searched, unread }: Search, pulse: Result<Pulse>, why: UnknownReason): LeakIdentity {
  return { kind: 'unknown', searched, unread, why, pulse: pulse.ok ? pulse.value : undefined };
}

function onlyOf<T>(all: readonly T[]): T | undefined {
  return all.length === 1 ? all[0] : undefined;
}

function ask(raw: string, parts: LeakParts, signal: AbortSignal): Promise<Result<Pulse>> {
  const base = parts.base();
  return base.ok ? parts.pulse(raw, base.value, signal) : Promise.resolve(base);
}

async function searchLists(raw: string, parts: LeakParts, signal: AbortSignal): Promise<Search> {
  const searched: Account[] = [];
  const unread: UnreadAccount[] = [];
  const listed: KeyTarget[] = [];
  const reads = parts.accounts().map(async (account) => ({
    account,
    list: await unlessAborted(readKeys(raw, account.id, parts), signal),
  }));
  for (const { account, list } of await Promise.all(reads)) {
    if (!list.ok) {
      unread.push({ account, failure: list.failure });
      continue;
    }
    listed.push(...list.value.keys.map((key) => ({ accountId: account.id, key })));
    if (list.value.doubt) unread.push({ account, failure: list.value.doubt });
    else searched.push(account);
  }
  return { searched, unread, listed, matches: listed.filter(({ key }) => matchesRawKey(key, raw)) };
}

interface Keys {
  readonly keys: readonly ListedKey[];
  /** Why the key may be in the list although it is not among these. */
  readonly doubt: OmiFailure | undefined;
}

async function readKeys(raw: string, accountId: string, parts: LeakParts): Promise<Result<Keys>> {
  const family = familyOfRawKey(raw);
  if (family === undefined) return fail({ kind: 'invalid', detail: 'no raw key' });
  const { readList, revocation } = parts.byAccount(accountId);
  const known = revocation.lastFilledList(family);
  const list = await readList(family);
  if (!list.ok) return list;
  const { keys, unreadable } = list.value;
  // Omi may answer with an empty list when it has a fault; so one that just had this key is not believed.
  const isLost = keys.length === 0 && known?.keys.some((key) => matchesRawKey(key, raw)) === true;
  const first = unreadable[0];
  const problem = isLost
    ? 'the list of keys is suddenly empty'
    : first && `entry ${String(first.position)} of the list of keys: ${first.field}`;
  return succeed({ keys, doubt: problem === undefined ? undefined : { kind: 'protocol', problem } });
}
