import type { ListedKey } from '../omi/schemas';
import { displayPrefix } from './key';
import { readScopes } from './scopes';

/** How a key is used. `stale` = not for so many days; the record of use lags by up to an hour. */
export type KeyUse = 'inUse' | 'stale' | 'neverUsed';

export type KeyOrder = 'lastUsed' | 'created' | 'name';
export const keyOrders: readonly KeyOrder[] = ['lastUsed', 'created', 'name'];

/** What traits are judged against. */
export interface TraitContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly staleAfterDays: number;
}

const day = 86_400_000;

/** How a key is used. One that was never used counts as such once it is a day old: before, it is just new. */
export function useOf(key: ListedKey, { now, staleAfterDays }: TraitContext): KeyUse {
  if (key.lastUsedAt === null) return now - key.createdAt > day ? 'neverUsed' : 'inUse';
  return now - key.lastUsedAt > staleAfterDays * day ? 'stale' : 'inUse';
}

/** Sorts keys for showing: the latest first for times, the alphabet for names. Equal keys keep their order. */
export function sortKeys(keys: readonly ListedKey[], order: KeyOrder, language: string): ListedKey[] {
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: 'base' });
  const compare: Record<KeyOrder, (a: ListedKey, b: ListedKey) => number> = {
    lastUsed: (a, b) =>
      (b.lastUsedAt ?? -Infinity) - (a.lastUsedAt ?? -Infinity) || b.createdAt - a.createdAt,
    created: (a, b) => b.createdAt - a.createdAt,
    name: (a, b) => collator.compare(a.name, b.name),
  };
  return keys.toSorted((a, b) => {
    const difference = compare[order](a, b);
    return Number.isNaN(difference) ? 0 : difference;
  });
}

/**
 * Whether a key fits what a person typed: every word must be in its name, prefix, id or scopes, or be `unused` or
 * `stale` for a key that is so.
 *
 * @param more what else the key is found by.
 */
export function matchesFilter(
  key: ListedKey,
  filter: string,
  context: TraitContext,
  more: readonly string[] = [],
): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const use = useOf(key, context);
  const marks = use === 'neverUsed' ? ['unused'] : use === 'stale' ? ['stale', 'unused'] : [];
  const defaults = key.family === 'dev' ? readScopes : [];
  const texts = [
    key.name,
    key.prefix,
    displayPrefix(key),
    key.id,
    ...(key.scopes ?? defaults),
    ...marks,
    ...more,
  ];
  const haystack = texts.join('\n').toLowerCase();
  return words.every((word) => haystack.includes(word));
}
