import { callAuthorized, type Sessions } from '../account/sessions';
import type { BaseUrl } from '../omi/baseUrl';
import type { KeysApi } from '../omi/keysApi';
import { keyFamilies, type KeyFamily } from '../omi/rawKey';
import { fail, type Result } from '../omi/result';
import type { OmiFailure } from '../omi/errors';
import type { CreationParts } from './createKey';
import { KeyRing } from './keyRing';
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

/** The signed-in account's keys: what is known of them, and the way to revoke them. */
export interface KeyAccess {
  readonly rings: KeyRings;
  readonly revocation: RevocationParts;
  readonly creation: CreationParts;
  dispose(): void;
}

/** Ties Omi's calls to the session in use; the lists are dropped when another account comes into use. */
export function createKeyAccess({ api, sessions, base, now, pause }: KeyAccessParts): KeyAccess {
  const call = async <T>(
    signal: AbortSignal,
    send: (context: { base: BaseUrl; bearer: string; signal: AbortSignal }) => Promise<Result<T>>,
  ): Promise<Result<T>> => {
    const server = base();
    if (!server.ok) return fail<OmiFailure>(server.failure);
    return callAuthorized(sessions, (bearer) => send({ base: server.value, bearer: bearer.token, signal }));
  };
  const ringOf = (family: KeyFamily): KeyRing =>
    new KeyRing({ read: (signal) => call(signal, (context) => api.listKeys(family, context)), now });
  const rings: KeyRings = { dev: ringOf('dev'), mcp: ringOf('mcp') };
  let accountId = sessions.account?.id;
  const watch = sessions.onDidChange(() => {
    if (sessions.account?.id === accountId) return;
    accountId = sessions.account?.id;
    keyFamilies.forEach((family) => rings[family].reset());
  });
  return {
    rings,
    dispose: () => {
      watch.dispose();
      keyFamilies.forEach((family) => rings[family].dispose());
    },
    creation: {
      create: (key, signal) => call(signal, (context) => api.createKey(key, context)),
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
  };
}
