import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { setMaxListeners } from 'node:events';
import { IncomingMessage, Server, ServerResponse } from 'node:http';
import { accountOfUid, accounts, type AccountName, type SandboxAccount } from './accounts';
import { rawKeyPattern, type Family, type SandboxKey } from './apiKeys';
import { FaultBoard, type FaultHandle, type FaultRule } from './faults';
import { gate, type RouteBindings } from './gate';
import { IdTokens, type TokenOptions } from './idTokens';
import { problem } from './problems';
import { RequestLog, type RecordedRequest, type RequestMatch } from './requestLog';
import { authorizeRoutes } from './routes/authorize';
import { controlRoutes } from './routes/control';
import { developerRoutes } from './routes/developer';
import { firebaseRoutes } from './routes/firebase';
import { keyRoutes } from './routes/keys';
import { SignInDesk, type AccountStanding, type SandboxSession } from './signInDesk';
import { KeyStore, type NewKey } from './state';

export type { AccountName, SandboxAccount } from './accounts';
export type { Family, SandboxKey, TimeForm } from './apiKeys';
export type { FaultEffect, FaultHandle, FaultRule } from './faults';
export type { TokenOptions } from './idTokens';
export type { RecordedRequest, RequestMatch } from './requestLog';
export type { AccountStanding, SandboxSession } from './signInDesk';
export type { NewKey } from './state';
export { googleErrorBody } from './googleErrors';
export { blockedClientKey } from './routes/firebase';
export { sandboxProject } from './idTokens';

export interface SandboxOptions {
  /** 0, or left out, takes a free port. */
  port?: number;
  /** Every answer waits so long. */
  latencyMs?: number;
  /** `standard` when left out: keys of every kind for ada, two for grace, none for linus. */
  seed?: 'standard' | 'empty';
  /** The clock, in milliseconds. Delays and latency run on real time all the same. */
  now?: () => number;
  /** Life of the ID tokens that a sign-in or a refresh gives, in seconds; 3600 when left out. */
  idTokenSeconds?: number;
  /** How long a replaced refresh token still works, in milliseconds; 0 when left out. */
  refreshGraceMs?: number;
}

/** A local Omi on loopback. */
export interface Sandbox {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly accounts: Readonly<Record<AccountName, SandboxAccount>>;
  /** An ID token of the account, as Firebase would sign it. */
  token(account: AccountName, options?: TokenOptions): string;
  /** The keys that really exist now, newest first; developer keys when no family is named. */
  keys(account: AccountName, family?: Family): SandboxKey[];
  /** The newest key of this name. Throws when there is none. */
  key(account: AccountName, name: string, family?: Family): SandboxKey;
  /** Adds a key as another client would. */
  addKey(account: AccountName, key?: NewKey): SandboxKey & { raw: string };
  /** Deletes a key as another client would. Unknown ids change nothing. */
  deleteKey(account: AccountName, id: string): void;
  /** Life of the ID tokens that a sign-in or a refresh gives from now on, in seconds. A reset restores the option. */
  idTokenSeconds: number;
  /** How long a replaced refresh token still works, in milliseconds. A reset restores the option. */
  refreshGraceMs: number;
  /** A session of the account without the browser. */
  openSession(account: AccountName): SandboxSession;
  /** The refresh tokens that work now, oldest first. */
  refreshTokens(account: AccountName): string[];
  /** Ends all sessions: refresh tokens answer TOKEN_EXPIRED, ID tokens live on until they expire. */
  revokeSessions(account: AccountName): void;
  /** A disabled account answers USER_DISABLED on refresh, a deleted one USER_NOT_FOUND. */
  setStanding(account: AccountName, standing: AccountStanding): void;
  /** Puts a fault in force. */
  fault(rule: FaultRule): FaultHandle;
  clearFaults(): void;
  /** Every request since the start, the last reset or the last clear, in the order of arrival. */
  readonly requests: readonly RecordedRequest[];
  /** The same as `METHOD path`, without what they carry: for checks that show what they were given when they fail. */
  readonly requestLines: readonly string[];
  clearRequests(): void;
  /** The first recorded request that matches, or the next one to arrive, answered or not. Rejects after 5 s or `timeoutMs`. */
  waitForRequest(match: RequestMatch, timeoutMs?: number): Promise<RecordedRequest>;
  /** Keys re-seeded, sessions, faults and requests cleared; requests still held, delayed or hanging are dropped and never act. */
  reset(): void;
  /** Ends all sockets and leaves nothing running. */
  close(): Promise<void>;
}

/** Starts a sandbox on 127.0.0.1. Rejects when the port is taken. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const now = options.now ?? Date.now;
  const store = new KeyStore(options.seed ?? 'standard', now);
  const tokens = new IdTokens(now);
  const desk = new SignInDesk(tokens, now, {
    idTokenSeconds: options.idTokenSeconds ?? 3600,
    refreshGraceMs: options.refreshGraceMs ?? 0,
  });
  const faults = new FaultBoard();
  const log = new RequestLog();
  let ending = newEnding();

  const reset = () => {
    ending.abort();
    ending = newEnding();
    store.reset();
    desk.reset();
    faults.clear();
    log.clear();
  };

  const app = new Hono<{ Bindings: RouteBindings }>({
    getPath: (request, opts) => opts?.env?.rawPath ?? new URL(request.url).pathname,
  });
  app.route('/', keyRoutes('dev', store, tokens));
  app.route('/', keyRoutes('mcp', store, tokens));
  app.route('/', developerRoutes(store));
  app.route('/', authorizeRoutes(desk, tokens));
  app.route('/', firebaseRoutes(desk));
  app.route('/', controlRoutes(faults, log, reset));
  app.notFound(() => problem(404, 'Not Found'));

  const accountOf = (bearer: string | null, body: string) => {
    if (bearer === null)
      return desk.accountOfRefreshToken(new URLSearchParams(body).get('refresh_token') ?? '');
    if (rawKeyPattern.test(bearer)) return store.loginOf(bearer)?.account ?? null;
    return accountOfUid(tokens.decode(bearer)?.['sub']);
  };

  const door = gate({
    answer: (request, bindings) => app.fetch(request, bindings),
    faults,
    log,
    accountOf,
    ending: () => ending.signal,
    latencyMs: options.latencyMs ?? 0,
    now,
  });
  const server = createAdaptorServer({
    overrideGlobalObjects: false,
    fetch: (request, { incoming, outgoing }) => {
      if (!(incoming instanceof IncomingMessage) || !(outgoing instanceof ServerResponse)) {
        throw new Error('the sandbox speaks HTTP/1.1 only');
      }
      return door(request, incoming, outgoing);
    },
  });
  if (!(server instanceof Server)) throw new Error('the sandbox speaks HTTP/1.1 only');
  const port = await listen(server, options.port ?? 0);

  return {
    url: `http://127.0.0.1:${String(port)}`,
    port,
    accounts,
    token: (account, tokenOptions) => tokens.sign(account, tokenOptions),
    keys: (account, family = 'dev') => store.keys(account, family),
    key: (account, name, family = 'dev') => {
      const found = store.keys(account, family).find((key) => key.name === name);
      if (!found) throw new Error(`${account} has no ${family} key "${name}"`);
      return found;
    },
    addKey: (account, key = {}) => store.add(account, key),
    deleteKey: (account, id) => {
      store.remove(account, 'dev', id);
      store.remove(account, 'mcp', id);
    },
    get idTokenSeconds() {
      return desk.idTokenSeconds;
    },
    set idTokenSeconds(seconds: number) {
      desk.idTokenSeconds = seconds;
    },
    get refreshGraceMs() {
      return desk.refreshGraceMs;
    },
    set refreshGraceMs(milliseconds: number) {
      desk.refreshGraceMs = milliseconds;
    },
    openSession: (account) => desk.openSession(account),
    refreshTokens: (account) => desk.refreshTokens(account),
    revokeSessions: (account) => desk.revokeSessions(account),
    setStanding: (account, standing) => desk.setStanding(account, standing),
    fault: (rule) => faults.add(rule),
    clearFaults: () => faults.clear(),
    get requestLines() {
      return log.lines;
    },
    get requests() {
      return log.all;
    },
    clearRequests: () => log.clear(),
    waitForRequest: (match, timeoutMs = 5000) => log.waitFor(match, timeoutMs),
    reset,
    close: () => {
      ending.abort();
      return shut(server);
    },
  };
}

/** Many requests may wait on one of these at a time. */
function newEnding(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
