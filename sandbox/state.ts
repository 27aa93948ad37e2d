import { randomUUID } from 'node:crypto';
import { accountNames, type AccountName } from './accounts';
import { digestOf, newRawKey, prefixOf, type Family, type SandboxKey } from './apiKeys';
import { seededKeys } from './seeds';

/** What a faulty server does with one create or delete. */
export interface Quirks {
  /** Answer as if it were done, and do nothing. */
  noEffect?: true;
  /** The list shows the old state for so many milliseconds. */
  lagMs?: number;
  /** The list shows the old state for so many reads. */
  lagReads?: number;
  /** The revoked raw key still opens data routes for so many milliseconds. */
  cachedLoginMs?: number;
}

/** Fields of a key to be added; whatever is left out gets a sensible value. */
export type NewKey = Partial<SandboxKey>;

/** A key found by its raw secret, with its owner. */
export interface KeyLogin {
  readonly account: AccountName;
  readonly key: SandboxKey;
}

interface StoredKey {
  readonly account: AccountName;
  readonly digest: string | null;
  key: SandboxKey;
}

interface Lag {
  readonly change: 'created' | 'deleted';
  readonly stored: StoredKey;
  readonly until: number;
  readsLeft: number;
}

interface CachedLogin {
  readonly stored: StoredKey;
  readonly until: number;
}

/** All keys of all accounts, in memory. Times come from `now` (milliseconds). */
export class KeyStore {
  private stored: StoredKey[] = [];
  private lags: Lag[] = [];
  private cachedLogins: CachedLogin[] = [];

  constructor(
    private readonly seed: 'standard' | 'empty',
    private readonly now: () => number,
  ) {
    this.reset();
  }

  /** Back to the seeded keys. */
  reset(): void {
    this.lags = [];
    this.cachedLogins = [];
    this.stored = [];
    if (this.seed === 'empty') return;
    const now = this.now();
    for (const account of accountNames) {
      for (const family of ['dev', 'mcp'] as const) {
        for (const key of seededKeys(account, family, now)) this.stored.push(stored(account, key));
      }
    }
  }

  /** The keys that really exist, newest first. */
  keys(account: AccountName, family: Family): SandboxKey[] {
    return newestFirst(this.stored.filter((one) => one.account === account && one.key.family === family));
  }

  /** The keys that a list request shows: the real ones, unless a lag hides the latest change. Uses up one lagging read. */
  shownKeys(account: AccountName, family: Family): SandboxKey[] {
    const now = this.now();
    let shown = this.stored.filter((one) => one.account === account && one.key.family === family);
    // Newest change first: undoing them in that order leads back to the oldest state that is still shown.
    for (const lag of this.lags.toReversed()) {
      if (lag.stored.account !== account || lag.stored.key.family !== family) continue;
      if (lag.readsLeft <= 0 && lag.until <= now) continue;
      lag.readsLeft -= 1;
      if (lag.change === 'created') shown = shown.filter((one) => one.key.id !== lag.stored.key.id);
      else if (!shown.includes(lag.stored)) shown = [...shown, lag.stored];
    }
    return newestFirst(shown);
  }

  /** Adds a key and gives it back with its raw secret. */
  add(account: AccountName, given: NewKey, quirks: Quirks = {}): SandboxKey & { raw: string } {
    const family = given.family ?? (given.raw?.startsWith('omi_mcp_') === true ? 'mcp' : 'dev');
    const raw = given.raw ?? newRawKey(family);
    const key = {
      id: given.id ?? randomUUID(),
      family,
      name: given.name ?? `key ${String(this.stored.length + 1)}`,
      prefix: given.prefix ?? prefixOf(raw),
      raw,
      createdAt: given.createdAt ?? this.now(),
      lastUsedAt: given.lastUsedAt ?? null,
      scopes: given.scopes ?? null,
      appId: given.appId ?? null,
      timeForm: given.timeForm ?? 'z6',
      extra: given.extra ?? {},
    };
    const entry = stored(account, key);
    if (quirks.noEffect !== true) {
      this.stored.push(entry);
      this.lag('created', entry, quirks);
    }
    return key;
  }

  /** Deletes a key of this account. Unknown ids and ids of others change nothing and give false. */
  remove(account: AccountName, family: Family, id: string, quirks: Quirks = {}): boolean {
    const entry = this.stored.find(
      (one) => one.account === account && one.key.family === family && one.key.id === id,
    );
    if (!entry || quirks.noEffect === true) return false;
    this.stored = this.stored.filter((one) => one !== entry);
    this.lag('deleted', entry, quirks);
    if (quirks.cachedLoginMs !== undefined) {
      this.cachedLogins.push({ stored: entry, until: this.now() + quirks.cachedLoginMs });
    }
    return true;
  }

  /** Who a raw key belongs to, or null when it is dead or unknown. */
  loginOf(raw: string): KeyLogin | null {
    return this.entryOf(raw) ?? null;
  }

  /**
   * Notes that the raw key was used now, and gives its owner, or null. A cached login of a key that is gone counts
   * only where told.
   */
  use(raw: string, logins: 'cachedToo' | 'storedOnly'): KeyLogin | null {
    const entry = logins === 'cachedToo' ? this.entryOf(raw) : this.storedOf(raw);
    if (!entry) return null;
    entry.key = { ...entry.key, lastUsedAt: this.now() };
    return entry;
  }

  private storedOf(raw: string): StoredKey | undefined {
    const digest = digestOf(raw);
    return this.stored.find((one) => one.digest === digest);
  }

  private entryOf(raw: string): StoredKey | undefined {
    const digest = digestOf(raw);
    const now = this.now();
    return (
      this.storedOf(raw) ??
      this.cachedLogins.find((login) => login.stored.digest === digest && login.until > now)?.stored
    );
  }

  private lag(change: Lag['change'], entry: StoredKey, quirks: Quirks): void {
    if (quirks.lagMs === undefined && quirks.lagReads === undefined) return;
    this.lags.push({
      change,
      stored: entry,
      until: this.now() + (quirks.lagMs ?? 0),
      readsLeft: quirks.lagReads ?? 0,
    });
  }
}

function stored(account: AccountName, key: SandboxKey): StoredKey {
  return { account, key, digest: key.raw === null ? null : digestOf(key.raw) };
}

function newestFirst(entries: readonly StoredKey[]): SandboxKey[] {
  return entries.map((one) => ({ ...one.key })).sort((a, b) => b.createdAt - a.createdAt);
}
