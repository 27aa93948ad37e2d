import { callAuthorized, type Sessions } from '../account/sessions';
import type { BaseUrl } from '../omi/baseUrl';
import type { KeysApi } from '../omi/keysApi';
import { keyFamilies, type KeyFamily } from '../omi/rawKey';
import { fail, type Result } from '../omi/result';
import type { OmiFailure } from '../omi/errors';
import type { CreationParts } from './createKey';
import { KeyRing } from './keyRing';
import type { KeyList } from '../omi/schemas';
import type { RevocationParts } from './revokeKeys';

/** The key rings of both families. */
export type KeyRings = Readonly<Record<KeyFamily, KeyRing>>;

export interface KeyAccessParts {
  readonly api: KeysApi;
  readonly sessions: Sessions;
  /** The configured server, checked anew for each request; fails with `misconfigured`. */
  readonly base: () => Result<BaseUrl>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Waits; milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
}

/** One signed-in account's keys, whether it is in use or not. */
export interface AccountKeys {
  /**
   * Reads the list of a family anew. For the account in use that is `KeyRing.refresh` of its ring; `unauthenticated`
   * when the account is signed in no more, `cancelled` when it was signed out meanwhile.
   */
  readonly readList: (family: KeyFamily) => Promise<Result<KeyList>>;
  /** The last good list, if it was read since the account came into use, or out of it. */
  readonly list: (family: KeyFamily) => KeyList | undefined;
  /** When that was read; milliseconds since the epoch. */
  readonly readAt: (family: KeyFamily) => number | undefined;
  readonly revocation: RevocationParts;
}

/** The signed-in accounts' keys: what is known of them, and the way to revoke them. */
export interface KeyAccess {
  /** The lists of the account in use. */
  readonly rings: KeyRings;
  /** For the account in use. */
  readonly revocation: RevocationParts;
  readonly creation: CreationParts;
  /** The keys of one account by Firebase's user id, for as long as it is signed in; it need not be in use. */
  readonly byAccount: (accountId: string) => AccountKeys;
  /** Forgets all lists, and gives up reads under way: another server is configured, whose keys are others. */
  readonly dropLists: () => void;
  dispose(): void;
}

/** Ties Omi's calls to the sessions; the lists are dropped when another account comes into use. */
export function createKeyAccess({ api, sessions, base, now, pause }: KeyAccessParts): KeyAccess {
  const call = async <T>(
    signal: AbortSignal,
    send: (context: { base: BaseUrl; bearer: string; signal: AbortSignal }) => Promise<Result<T>>,
    accountId?: string,
  ): Promise<Result<T>> => {
    const server = base();
    if (!server.ok) return fail<OmiFailure>(server.failure);
    return callAuthorized(
      sessions,
      (bearer) => send({ base: server.value, bearer: bearer.token, signal }),
      accountId,
    );
  };
  const newRings = (accountId?: string): KeyRings => {
    const ringOf = (family: KeyFamily): KeyRing =>
      new KeyRing({
        read: (signal) => call(signal, (context) => api.listKeys(family, context), accountId),
        now,
      });
    return { dev: ringOf('dev'), mcp: ringOf('mcp') };
  };
  const rings = newRings();
  /** The lists of accounts that are signed in but not in use, once somebody has asked for them. */
  const aside = new Map<string, KeyRings>();
  const inUseOrAside = (accountId: string): KeyRings | undefined =>
    sessions.account?.id === accountId ? rings : aside.get(accountId);
  const ringsOf = (accountId: string): KeyRings => {
    const known = inUseOrAside(accountId);
    if (known) return known;
    const others = newRings(accountId);
    aside.set(accountId, others);
    return others;
  };
  const allRings = (): KeyRing[] => [rings, ...aside.values()].flatMap(({ dev, mcp }) => [dev, mcp]);
  const readListOf = async (accountId: string, family: KeyFamily): Promise<Result<KeyList>> => {
    if (!sessions.isSignedIn(accountId)) return fail<OmiFailure>({ kind: 'unauthenticated' });
    const ring = ringsOf(accountId)[family];
    const list = await ring.refresh();
    if (!sessions.isSignedIn(accountId)) return fail<OmiFailure>({ kind: 'cancelled' });
    // Where the account came into use meanwhile, or out of it, that read was given up, or is of another's list.
    return ringsOf(accountId)[family] === ring ? list : readListOf(accountId, family);
  };
  let inUse = sessions.account?.id;
  const watch = sessions.onDidChange(() => {
    for (const [accountId, others] of aside) {
      if (sessions.isSignedIn(accountId) && sessions.account?.id !== accountId) continue;
      aside.delete(accountId);
      disposeOf(others);
    }
    if (sessions.account?.id === inUse) return;
    inUse = sessions.account?.id;
    keyFamilies.forEach((family) => rings[family].reset());
  });
  return {
    rings,
    dropLists: () => allRings().forEach((ring) => ring.reset()),
    dispose: () => {
      watch.dispose();
      allRings().forEach((ring) => ring.dispose());
    },
    creation: {
      create: (key, accountId, signal) => call(signal, (context) => api.createKey(key, context), accountId),
      accountId: () => sessions.account?.id,
      readList: (family) => rings[family].refresh(),
      lastFilledList: (family) => rings[family].lastFilled,
      pause,
    },
    revocation: {
      accountId: () => sessions.account?.id,
      readList: (family) => rings[family].refresh(),
      lastFilledList: (family) => rings[family].lastFilled,
      revoke: (family, id) =>
        call(new AbortController().signal, (context) => api.revokeKey(family, id, context)),
      pause,
    },
    byAccount: (accountId) => {
      const readList = (family: KeyFamily): Promise<Result<KeyList>> => readListOf(accountId, family);
      const known = (family: KeyFamily): KeyRing | undefined =>
        sessions.isSignedIn(accountId) ? inUseOrAside(accountId)?.[family] : undefined;
      return {
        readList,
        list: (family) => known(family)?.list,
        readAt: (family) => known(family)?.readAt,
        revocation: {
          accountId: () => (sessions.isSignedIn(accountId) ? accountId : undefined),
          readList,
          lastFilledList: (family) =>
            sessions.isSignedIn(accountId) ? ringsOf(accountId)[family].lastFilled : undefined,
          revoke: (family, id) =>
            call(new AbortController().signal, (context) => api.revokeKey(family, id, context), accountId),
          pause,
        },
      };
    },
  };
}

function disposeOf(rings: KeyRings): void {
  keyFamilies.forEach((family) => rings[family].dispose());
}
