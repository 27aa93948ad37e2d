import { keyRef, type KeyTarget } from '../../keys/key';
import type { HistoryFind } from '../../leaks/scanHistory';
import { maskedKey } from '../../leaks/seenKey';
import { isExposed, keyLeaks, type KeyLeak, type LeakPlace } from '../leaks/keyLeaks';
import type { Leaks } from '../leaks/leaks';
import { fileOf } from '../leaks/places';

/** A row about a key that was found. */
export type LeakNode =
  /** Found keys that are not in the account in use; or may be, where its lists could not all be read. */
  | { readonly kind: 'strangers'; readonly isSure: boolean; readonly leaks: readonly KeyLeak[] }
  /** `found` is what commands take: the worst of its places; left out for one that is in history alone. */
  | { readonly kind: 'stranger'; readonly leak: KeyLeak; readonly found?: LeakPlace }
  /** `under` is the id of the row above. */
  | { readonly kind: 'place'; readonly under: string; readonly found: LeakPlace }
  | { readonly kind: 'commit'; readonly under: string; readonly find: HistoryFind }
  /** Places or commits that are not shown. */
  | { readonly kind: 'more'; readonly under: string; readonly count: number };

/** So many places or commits are shown below a key. */
const mostPlaces = 200;

/** A key's files are searched by the filter up to so many. */
const mostFiles = 20;

/** What the rows of one drawing say of keys that were found. */
export interface LeakScene {
  /** By {@link leakRef}: a listed key, with each found key that it may be. */
  readonly ofKeys: ReadonlyMap<string, readonly KeyLeak[]>;
  /** Those that are not in the account in use. */
  readonly strangers: readonly KeyLeak[];
  readonly areListsRead: boolean;
  /** How many keys are exposed. */
  readonly exposed: number;
}

/** Ties what was found to the keys of the account in use. */
export function leakSceneOf(leaks: Leaks, accountId: string | undefined): LeakScene {
  const all = keyLeaks(leaks);
  const ofKeys = new Map<string, KeyLeak[]>();
  const strangers: KeyLeak[] = [];
  for (const leak of all) {
    const own = leak.judgement.owners.filter((owner) => owner.accountId === accountId);
    if (own.length === 0) strangers.push(leak);
    for (const target of own) {
      const others = ofKeys.get(leakRef(target));
      if (others) others.push(leak);
      else ofKeys.set(leakRef(target), [leak]);
    }
  }
  const areListsRead = strangers.every(({ key }) => leaks.isListRead(key.family));
  return { ofKeys, strangers, areListsRead, exposed: all.filter(isExposed).length };
}

/** Tells the keys of all accounts apart; the id of a key's row. */
export function leakRef({ accountId, key }: KeyTarget): string {
  return `${accountId}:${keyRef(key)}`;
}

/** The id of a stranger's row. */
export function strangerRef({ key }: KeyLeak): string {
  return `stranger:${key.fingerprint}`;
}

/** The row of a stranger; with its worst place, if it has any. */
export function strangerNode(leak: KeyLeak): LeakNode {
  const [found] = leak.places;
  return { kind: 'stranger', leak, ...(found && { found }) };
}

/** The rows below a key: its places; or the commits that brought it in, where it is in history alone. */
export function placeNodes(under: string, leaks: readonly KeyLeak[]): readonly LeakNode[] {
  const places = leaks
    .flatMap(({ places }) => places)
    .map((found): LeakNode => ({ kind: 'place', under, found }));
  const commits = leaks
    .filter(({ places }) => places.length === 0)
    .flatMap(({ history }) => history)
    .map((find): LeakNode => ({ kind: 'commit', under, find }));
  const all = [...places, ...commits];
  const count = all.length - mostPlaces;
  return count > 0 ? [...all.slice(0, mostPlaces), { kind: 'more', under, count }] : all;
}

/** What the filter finds a key by, beside its own facts: its files, and whether it is exposed. */
export function filterTexts(leaks: readonly KeyLeak[]): readonly string[] {
  return leaks.flatMap((leak) => [
    ...(isExposed(leak) ? ['exposed'] : []),
    ...leak.places.slice(0, mostFiles).map(({ address }) => fileOf(address)),
    ...leak.history.slice(0, mostFiles).map(({ path }) => path),
  ]);
}

/** Strangers that fit what a person typed: every word must be in the masked key, its files, or be `exposed`. */
export function fittingStrangers(strangers: readonly KeyLeak[], filter: string): readonly KeyLeak[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return strangers;
  return strangers.filter((leak) => {
    const { key } = leak;
    const haystack = [key.prefix, maskedKey(key), ...filterTexts([leak])].join('\n').toLowerCase();
    return words.every((word) => haystack.includes(word));
  });
}
