import { familyOfRawKey, isExactPrefix, prefixOfRawKey } from '../omi/rawKey';
import type { ListedKey } from '../omi/schemas';

/** Names one key of one account: all that is needed to revoke it, and to say which it was. */
export interface KeyTarget {
  readonly accountId: string;
  readonly key: ListedKey;
}

/** A listed prefix as a person reads it: `omi_dev_1a2b…9f0e`. Forms that Omi's list does not promise stay as they are. */
export function displayPrefix(key: ListedKey): string {
  return key.prefix.replace('...', '…');
}

/**
 * Whether a raw key may be this listed key: same family, first and last four digits. No request is made; two keys can
 * share a prefix, so it is a match, not a proof. Legacy prefixes match nothing.
 */
export function matchesRawKey(key: ListedKey, raw: string): boolean {
  return (
    familyOfRawKey(raw) === key.family && isExactPrefix(key.prefix) && key.prefix === prefixOfRawKey(raw)
  );
}

/** Tells keys of both families apart in one table. */
export function keyRef({ family, id }: ListedKey): string {
  return `${family}:${id}`;
}
