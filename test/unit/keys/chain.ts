import { expect } from 'vitest';
import type { AccountName, Family, RecordedRequest, Sandbox, SandboxKey } from '../../../sandbox/server';
import { readClaims } from '../../../src/account/idToken';
import { sessionOfToken } from '../../../src/account/session';
import { Sessions, type SessionsParts } from '../../../src/account/sessions';
import type { Vault } from '../../../src/account/vault';
import type { KeyTarget } from '../../../src/keys/key';
import { createKeyAccess, type KeyAccess } from '../../../src/keys/keyAccess';
import { revokeKeys, type EndState, type KeyOutcome } from '../../../src/keys/revokeKeys';
import { parseBaseUrl } from '../../../src/omi/baseUrl';
import { createHttp } from '../../../src/omi/http';
import { createKeysApi } from '../../../src/omi/keysApi';
import type { ListedKey } from '../../../src/omi/schemas';
import { createRepeat } from '../../../src/omi/retry';

/** A vault in memory; every window that shares it hears of every change. */
export function memoryVault(): Vault {
  const entries = new Map<string, string>();
  const listeners = new Set<(name: string) => void>();
  const tell = (name: string): Promise<void> => {
    listeners.forEach((listener) => listener(name));
    return Promise.resolve();
  };
  return {
    get: (name) => Promise.resolve(entries.get(name)),
    store: (name, value) => {
      entries.set(name, value);
      return tell(name);
    },
    delete: (name) => {
      entries.delete(name);
      return tell(name);
    },
    onDidChange: (listener) => {
      listeners.add(listener);
      return { dispose: () => listeners.delete(listener) };
    },
  };
}

export interface ChainOptions {
  readonly vault?: Vault;
  /** The clock of the key rings, in milliseconds; sessions run on real time. */
  readonly now?: () => number;
  /** Time limit of one request, in milliseconds. */
  readonly timeoutMs?: number;
}

/** The parts of one window below the editor, put together as the extension does, with short pauses. */
export interface Chain {
  readonly sessions: Sessions;
  readonly keys: KeyAccess;
  /** The pauses that the revocation asked for, in milliseconds; they are not really waited. */
  readonly pauses: readonly number[];
  /** Signs in; a token of its own each time. Gives the token. */
  signIn(account: AccountName): Promise<string>;
  /** Revokes without a way to cancel, unless there is a signal. */
  revoke(targets: readonly KeyTarget[], signal?: AbortSignal): Promise<readonly KeyOutcome[]>;
  dispose(): void;
}

let tokensGiven = 0;

/** Sessions of pasted tokens: nothing is renewed, no timer runs, and no start is remembered. */
const idleParts: Omit<SessionsParts, 'vault'> = {
  marker: { read: () => [], write: () => undefined },
  renew: () => Promise.reject(new Error('a pasted token is not renewed')),
  now: Date.now,
  pause: () => Promise.resolve(),
  after: () => ({ dispose: () => undefined }),
};

export function openChain(sandbox: Sandbox, options: ChainOptions = {}): Chain {
  const pauses: number[] = [];
  const http = createHttp({ userAgent: 'omi-api-keys/test', timeoutMs: () => options.timeoutMs ?? 5000 });
  const repeat = createRepeat({ repeats: 3, firstPauseMs: 2, longestPauseMs: 5000, random: Math.random });
  const sessions = new Sessions({ ...idleParts, vault: options.vault ?? memoryVault() });
  const keys = createKeyAccess({
    api: createKeysApi({ http, repeat, now: Date.now }),
    sessions,
    base: () => {
      const base = parseBaseUrl(sandbox.url);
      return base.ok
        ? base
        : { ok: false, failure: { kind: 'misconfigured', setting: 'omi.apiBaseUrl', problem: base.failure } };
    },
    now: options.now ?? Date.now,
    pause: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
  });
  return {
    sessions,
    keys,
    pauses,
    signIn: async (account) => {
      tokensGiven += 1;
      const token = sandbox.token(account, { claims: { jti: String(tokensGiven) } });
      const claims = readClaims(token);
      if (!claims.ok) throw new Error('the sandbox gave no readable token');
      expect(await sessions.signIn(sessionOfToken(token, claims.value, Date.now()))).toEqual({
        ok: true,
        value: undefined,
      });
      return token;
    },
    revoke: (targets, signal = new AbortController().signal) =>
      revokeKeys(targets, keys.revocation, { signal }),
    dispose: () => {
      sessions.dispose();
      keys.dispose();
    },
  };
}

/** A key of the sandbox as a target, as a view that listed it would name it. */
export function targetOf(sandbox: Sandbox, key: SandboxKey, account: AccountName = 'ada'): KeyTarget {
  const { family, id, name, prefix, createdAt, lastUsedAt, scopes, appId } = key;
  const listed: ListedKey = { family, id, name, prefix, createdAt, lastUsedAt, scopes, appId };
  return { accountId: sandbox.accounts[account].uid, key: listed };
}

/** Adds so many developer keys to ada and gives them as targets. */
export function addTargets(sandbox: Sandbox, count: number, family: Family = 'dev'): KeyTarget[] {
  return Array.from({ length: count }, (_, index) =>
    targetOf(sandbox, sandbox.addKey('ada', { family, name: `${family} ${String(index + 1)}` })),
  );
}

/** Where a DELETE for this target goes. */
export function pathOf({ key }: KeyTarget): string {
  return `/v1/${key.family}/keys/${encodeURIComponent(key.id)}`;
}

/** Whether the key really exists, whatever any list says. */
export function lives(sandbox: Sandbox, { key }: KeyTarget): boolean {
  return (['ada', 'grace', 'linus'] as const).some((account) =>
    sandbox.keys(account, key.family).some(({ id }) => id === key.id),
  );
}

export function deletes(sandbox: Sandbox, target?: KeyTarget): RecordedRequest[] {
  return sandbox.requests.filter(
    ({ method, rawPath }) => method === 'DELETE' && (target === undefined || rawPath === pathOf(target)),
  );
}

export function ends(outcomes: readonly KeyOutcome[]): EndState[] {
  return outcomes.map(({ end }) => end);
}

export function endKinds(outcomes: readonly KeyOutcome[]): EndState['kind'][] {
  return outcomes.map(({ end }) => end.kind);
}

/** Something to hold requests with. */
export function gate(): { readonly closed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { closed, open: () => open() };
}

/** Resolves once the condition holds; rejects after ten seconds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
