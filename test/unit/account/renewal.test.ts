import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  blockedClientKey,
  googleErrorBody,
  type AccountName,
  type FaultEffect,
} from '../../../sandbox/server';
import { readClaims } from '../../../src/account/idToken';
import { sessionOfToken, sessionOfTokens, type Session } from '../../../src/account/session';
import {
  callAuthorized,
  Sessions,
  type EndReason,
  type SessionState,
  type SessionsParts,
} from '../../../src/account/sessions';
import type { VaultTrouble } from '../../../src/account/sessionStore';
import type { Vault } from '../../../src/account/vault';
import { endingCodes } from '../../../src/omi/firebase';
import { MemoryVault, settled } from '../support/memoryVault';
import { failureOf, omiClient, valueOf } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';
import { MemoryMarker, sessionsParts } from '../support/sessionParts';
import { refreshPath, renewAt } from '../support/signIn';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

let vault: MemoryVault;
let marker: MemoryMarker;
/** The time of server and windows alike, unless a window's clock is wrong. */
let clock: number;
const opened: Sessions[] = [];

beforeEach(() => {
  clock = Date.UTC(2026, 10, 23, 12);
  vault = new MemoryVault();
  marker = new MemoryMarker();
});
withSandbox({ now: () => clock });
afterEach(() => {
  for (const sessions of opened.splice(0)) sessions.dispose();
});

interface Given {
  readonly port?: Vault;
  readonly apiKey?: string;
  readonly timeoutMs?: number;
  /** By how much this window's clock is ahead, in milliseconds. */
  readonly ahead?: () => number;
  readonly pause?: SessionsParts['pause'];
}

/** One more window, and a record of all it told. */
function openWindow({ port, apiKey, timeoutMs, ahead = () => 0, pause }: Given = {}) {
  const now = () => clock + ahead();
  const pauses: number[] = [];
  const sessions = new Sessions(
    sessionsParts({
      vault: port ?? vault.window(),
      marker,
      now,
      renew: renewAt(sandbox, {
        now,
        ...(apiKey === undefined ? {} : { apiKey }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      }),
      pause:
        pause ??
        ((ms) => {
          pauses.push(ms);
          return new Promise((go) => setTimeout(go, ms / 20));
        }),
    }),
  );
  opened.push(sessions);
  const states: SessionState[] = [];
  const ends: EndReason[] = [];
  const troubles: VaultTrouble[] = [];
  sessions.onDidChange((state) => void states.push(state));
  sessions.onDidEnd(({ reason }) => void ends.push(reason));
  sessions.onDidMeetTrouble((trouble) => void troubles.push(trouble));
  return { sessions, states, ends, troubles, pauses, now };
}

type Window = ReturnType<typeof openWindow>;

/** A session as the browser sign-in gives it. */
function sessionOf(account: AccountName, at = clock): Session {
  const tokens = { ...sandbox.openSession(account), lifetime: sandbox.idTokenSeconds * second };
  return sessionOfTokens(tokens, valueOf(readClaims(tokens.idToken)), at);
}

async function signedIn(given: Given = {}, account: AccountName = 'ada') {
  const window = openWindow(given);
  const session = sessionOf(account, window.now());
  valueOf(await window.sessions.signIn(session));
  return { ...window, session };
}

const refreshes = () => sandbox.requests.filter(({ rawPath }) => rawPath === refreshPath);
const token = async ({ sessions }: Window, accountId?: string) =>
  valueOf(await sessions.bearer(accountId)).token;
const list = ({ sessions }: Window) =>
  callAuthorized(sessions, (bearer) => omiClient({ url: sandbox.url, bearer: bearer.token }).list());
const textOfVault = () => JSON.stringify([...vault.entries]);
const storedToken = (account: AccountName = 'ada') =>
  (JSON.parse(vault.entries.get(`omi.session.${sandbox.accounts[account].uid}`) ?? '{}') as Partial<Session>)
    .idToken;

/** Holds so many refreshes until released. */
function holdRefreshes(times = 1): () => void {
  let release = (): void => undefined;
  const hold = new Promise<void>((go) => (release = go));
  sandbox.fault({ path: refreshPath, times, effect: { hold } });
  return () => release();
}

describe('when a token is renewed', () => {
  test.each([
    ['an hour: when five minutes are left', 3600, 55 * minute],
    ['eleven minutes: when five are left', 660, 6 * minute],
    ['ten minutes: at half', 600, 5 * minute],
    ['four minutes: at half', 240, 2 * minute],
    ['ten seconds: at half', 10, 5 * second],
  ])('one that lives %s', async (_, life, due) => {
    sandbox.idTokenSeconds = life;
    const window = await signedIn();
    clock += due - 1;
    expect(await token(window)).toBe(window.session.idToken);
    expect(refreshes()).toHaveLength(0);
    clock += 1;
    const renewed = await token(window);
    expect(renewed).not.toBe(window.session.idToken);
    expect(refreshes()).toHaveLength(1);
    expect(storedToken()).toBe(renewed);
    expect(await token(window)).toBe(renewed);
    expect(refreshes()).toHaveLength(1);
    expect(window.sessions.state).toEqual({
      kind: 'signedIn',
      account: window.session.account,
      until: undefined,
    });
  });

  test('a session that lapsed while VS Code was closed is renewed when it is first used', async () => {
    await signedIn();
    clock += 30 * 24 * hour;
    const later = openWindow();
    await later.sessions.load();
    expect(later.sessions.state.kind).toBe('signedIn');
    expect(refreshes()).toHaveLength(0);
    valueOf(await list(later));
    expect(refreshes()).toHaveLength(1);
  });

  test('a token of ten seconds serves for a minute without anybody being asked', async () => {
    sandbox.idTokenSeconds = 10;
    const window = await signedIn();
    for (let at = 0; at < 60; at += 1) {
      valueOf(await list(window));
      clock += second;
    }
    expect(sandbox.requests.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
    expect(refreshes().length).toBeGreaterThanOrEqual(6);
    expect(refreshes().length).toBeLessThanOrEqual(12);
    expect(window.ends).toEqual([]);
    expect(window.states).toHaveLength(1);
  });

  test('20 at once after expiry: one request, and all get the new token', async () => {
    const window = await signedIn();
    clock += 2 * hour;
    const lists = await Promise.all(Array.from({ length: 20 }, () => list(window)));
    expect(lists.map(({ ok }) => ok)).toEqual(Array.from({ length: 20 }, () => true));
    expect(refreshes()).toHaveLength(1);
    const bearers = sandbox.requests.filter(({ method }) => method === 'GET').map(({ bearer }) => bearer);
    expect(bearers).toHaveLength(20);
    expect(new Set(bearers).size).toBe(1);
    expect(bearers[0]).toBe(storedToken());
  });

  test('another account is renewed apart, and in its own name', async () => {
    const window = await signedIn();
    valueOf(await window.sessions.signIn(sessionOf('grace')));
    clock += 2 * hour;
    const [ada, grace] = [sandbox.accounts.ada.uid, sandbox.accounts.grace.uid];
    const tokens = await Promise.all([token(window, ada), token(window, grace), token(window)]);
    expect(tokens[0]).toBe(storedToken('ada'));
    expect(tokens[1]).toBe(storedToken('grace'));
    expect(tokens[2]).toBe(tokens[1]);
    expect(
      refreshes()
        .map(({ account }) => account)
        .sort(),
    ).toEqual(['ada', 'grace']);
    expect(window.sessions.account?.id).toBe(grace);
  });
});

describe('401', () => {
  test('is met with a renewed token, and the call succeeds', async () => {
    const window = await signedIn();
    clock += minute;
    sandbox.fault({ method: 'GET', effect: { status: 401 } });
    valueOf(await list(window));
    expect(sandbox.requests.map(({ rawPath, status }) => `${rawPath} ${String(status)}`)).toEqual([
      '/v1/dev/keys 401',
      `${refreshPath} 200`,
      '/v1/dev/keys 200',
    ]);
    expect(sandbox.requests[2]?.bearer).toBe(storedToken());
    expect(sandbox.requests[2]?.bearer).not.toBe(window.session.idToken);
    expect(window.ends).toEqual([]);
  });

  test('for ten calls at once: one renewal, each call once more', async () => {
    const window = await signedIn();
    sandbox.fault({ method: 'GET', times: 10, effect: { status: 401 } });
    const lists = await Promise.all(Array.from({ length: 10 }, () => list(window)));
    expect(lists.every(({ ok }) => ok)).toBe(true);
    expect(refreshes()).toHaveLength(1);
    expect(sandbox.requestLines).toHaveLength(21);
  });

  test('again with the renewed token: ended as refused, told once', async () => {
    const window = await signedIn();
    sandbox.fault({ method: 'GET', times: Infinity, effect: { status: 401 } });
    expect(failureOf(await list(window)).kind).toBe('unauthenticated');
    expect(failureOf(await list(window)).kind).toBe('unauthenticated');
    expect(sandbox.requestLines).toHaveLength(3);
    expect(window.ends).toEqual(['refused']);
    expect(window.sessions.state).toMatchObject({ kind: 'expired', reason: 'refused' });
  });

  test('for good, for ten calls at once: ended once', async () => {
    const window = await signedIn();
    sandbox.fault({ method: 'GET', times: Infinity, effect: { status: 401 } });
    await Promise.all(Array.from({ length: 10 }, async () => failureOf(await list(window))));
    expect(window.ends).toEqual(['refused']);
  });

  test('and no renewal to be had now: that failure, and the session goes on', async () => {
    const window = await signedIn();
    sandbox.fault({ method: 'GET', effect: { status: 401 } });
    sandbox.fault({ path: refreshPath, effect: { status: 503 } });
    expect(failureOf(await list(window))).toMatchObject({ kind: 'server', status: 503 });
    expect(window.ends).toEqual([]);
    valueOf(await list(window));
  });

  test('and the session over: ended once, for that reason', async () => {
    const window = await signedIn();
    sandbox.revokeSessions('ada');
    sandbox.fault({ method: 'GET', effect: { status: 401 } });
    expect(failureOf(await list(window)).kind).toBe('unauthenticated');
    expect(window.ends).toEqual(['TOKEN_EXPIRED']);
  });
});

describe('a renewal that fails', () => {
  test.each(endingCodes)('with %s ends the session, once, in words for the person', async (code) => {
    const window = await signedIn();
    clock += 2 * hour;
    sandbox.fault({
      path: refreshPath,
      times: Infinity,
      effect: { status: 400, body: googleErrorBody(400, code) },
    });
    const results = await Promise.all(Array.from({ length: 5 }, () => window.sessions.bearer()));
    expect(results.map(failureOf)).toEqual(Array.from({ length: 5 }, () => ({ kind: 'unauthenticated' })));
    expect(refreshes()).toHaveLength(1);
    expect(failureOf(await window.sessions.bearer())).toEqual({ kind: 'unauthenticated' });
    await window.sessions.load();
    expect(refreshes()).toHaveLength(1);
    expect(window.ends).toEqual([code]);
    expect(window.sessions.state).toEqual({
      kind: 'expired',
      account: window.session.account,
      reason: code,
    });
    // Until the person signs in again.
    sandbox.clearFaults();
    valueOf(await window.sessions.signIn(sessionOf('ada')));
    valueOf(await list(window));
    expect(window.ends).toEqual([code]);
  });

  const google = (status: number, message: string): FaultEffect => ({
    status,
    body: googleErrorBody(status, message),
  });

  test.each([
    ['500', google(500, 'INTERNAL'), 'server'],
    ['503', google(503, 'UNAVAILABLE'), 'server'],
    ['429', google(429, 'QUOTA_EXCEEDED'), 'rateLimited'],
    ['a page', { html: true }, 'server'],
    ['a page that says 200', { html: true, status: 200 }, 'protocol'],
    ['a portal', { redirectTo: 'http://127.0.0.1:9/' }, 'protocol'],
    ['a cut line', { drop: 'before' }, 'network'],
    ['silence', { hang: true }, 'network'],
    ['401', google(401, 'UNAUTHENTICATED'), 'invalid'],
    ['an unknown word', google(400, 'SOMETHING_NEW'), 'invalid'],
    ['a key refused', google(403, 'Requests are blocked.'), 'misconfigured'],
  ] as [string, FaultEffect, string][])(
    'in a passing way keeps the live token: %s',
    async (_, effect, kind) => {
      const window = await signedIn({ timeoutMs: 1000 });
      clock += 56 * minute;
      const fault = sandbox.fault({ path: refreshPath, times: Infinity, effect });
      expect(await token(window)).toBe(window.session.idToken);
      valueOf(await list(window));
      expect(refreshes()).toHaveLength(1);
      clock += 30 * second;
      expect(await token(window)).toBe(window.session.idToken);
      expect(refreshes()).toHaveLength(2);

      clock += 10 * minute;
      expect(failureOf(await list(window)).kind).toBe(kind);
      expect(window.sessions.state.kind).toBe('signedIn');
      expect(window.ends).toEqual([]);

      fault.clear();
      valueOf(await list(window));
      expect(window.states).toHaveLength(1);
    },
  );

  test('because the client key is blocked is not the end', async () => {
    const window = await signedIn({ apiKey: blockedClientKey });
    clock += 2 * hour;
    expect(failureOf(await list(window))).toMatchObject({
      kind: 'misconfigured',
      setting: 'omi.firebase.apiKey',
    });
    expect(window.ends).toEqual([]);
    expect(window.sessions.state.kind).toBe('signedIn');
    expect(storedToken()).toBe(window.session.idToken);
  });

  test('keeps the live token also when the vault was read again meanwhile', async () => {
    const window = await signedIn();
    clock += 56 * minute;
    let release = (): void => undefined;
    const hold = new Promise<void>((go) => (release = go));
    sandbox.fault({ path: refreshPath, effect: { hold } });
    const asked = window.sessions.bearer();
    await sandbox.waitForRequest({ path: refreshPath });
    await window.sessions.load();
    sandbox.reset();
    release();
    // The reset cut the line.
    expect(valueOf(await asked).token).toBe(window.session.idToken);
    expect(window.ends).toEqual([]);
  });
});

describe('two windows and a refresh token that works once', () => {
  async function twoWindows() {
    const one = await signedIn();
    const other = openWindow();
    await other.sessions.load();
    await settled(vault);
    return [one, other] as const;
  }

  test('at the same time: neither loses the session, over many renewals', async () => {
    const [one, other] = await twoWindows();
    for (let round = 0; round < 5; round += 1) {
      clock += hour;
      sandbox.clearRequests();
      const release = holdRefreshes(2);
      const both = Promise.all([token(one), token(other)]);
      await expect.poll(() => refreshes().length).toBe(2);
      release();
      const tokens = await both;
      expect(tokens[0]).toBe(tokens[1]);
      expect(tokens[0]).toBe(storedToken());
      expect(
        refreshes()
          .map(({ status }) => status)
          .sort(),
      ).toEqual([200, 400]);
      expect(sandbox.refreshTokens('ada')).toHaveLength(1);
      await settled(vault);
    }
    for (const window of [one, other]) {
      expect(window.ends).toEqual([]);
      expect(window.states).toHaveLength(1);
      valueOf(await list(window));
    }
  });

  test('one after the other: the second takes over what the first got, without a request', async () => {
    const [one, other] = await twoWindows();
    clock += hour;
    const renewed = await token(one);
    await settled(vault);
    expect(await token(other)).toBe(renewed);
    expect(refreshes()).toHaveLength(1);
  });

  test('also when it has not heard of it yet', async () => {
    const one = await signedIn();
    const port = vault.window();
    const deaf = openWindow({ port: { ...port, onDidChange: () => ({ dispose: () => undefined }) } });
    await deaf.sessions.load();
    clock += hour;
    const renewed = await token(one);
    expect(deaf.sessions.storedToken(one.session.account.id)).toBe(one.session.idToken);
    expect(await token(deaf)).toBe(renewed);
    expect(refreshes()).toHaveLength(1);
  });

  test('a 401 in the second is met with what the first has, without a request', async () => {
    const one = await signedIn();
    const port = vault.window();
    const deaf = openWindow({ port: { ...port, onDidChange: () => ({ dispose: () => undefined }) } });
    await deaf.sessions.load();
    clock += 56 * minute;
    const renewed = await token(one);
    clock -= 20 * minute;
    sandbox.fault({ method: 'GET', effect: { status: 401 } });
    valueOf(await list(deaf));
    expect(sandbox.requests.at(-1)?.bearer).toBe(renewed);
    expect(refreshes()).toHaveLength(1);
  });

  test('a token that the person pasted in the other window is taken over, too', async () => {
    const one = await signedIn();
    const port = vault.window();
    const deaf = openWindow({ port: { ...port, onDidChange: () => ({ dispose: () => undefined }) } });
    await deaf.sessions.load();
    clock += 2 * hour;
    const pasted = sandbox.token('ada');
    valueOf(await one.sessions.signIn(sessionOfToken(pasted, valueOf(readClaims(pasted)), clock)));
    expect(await token(deaf)).toBe(pasted);
    expect(refreshes()).toHaveLength(0);
  });

  test('the first dies before it stores: the second ends, after waiting for it', async () => {
    const [one, other] = await twoWindows();
    clock += hour;
    vault.refuse((operation) => (operation === 'store' ? new Error('the disk is full') : undefined));
    await token(one);
    one.sessions.dispose();
    expect(failureOf(await other.sessions.bearer())).toEqual({ kind: 'unauthenticated' });
    expect(other.pauses.length).toBeGreaterThan(1);
    expect(other.ends).toEqual(['INVALID_REFRESH_TOKEN']);
  });

  test('the account is ended in both, once each', async () => {
    const [one, other] = await twoWindows();
    clock += hour;
    sandbox.setStanding('ada', 'disabled');
    await Promise.all([one, other].map(async ({ sessions }) => failureOf(await sessions.bearer())));
    await settled(vault);
    expect([one.ends, other.ends]).toEqual([['USER_DISABLED'], ['USER_DISABLED']]);
  });
});

describe('signing out during a refresh', () => {
  test('in this window: signed out for good, nothing stored, nothing sent', async () => {
    const window = await signedIn();
    clock += 2 * hour;
    const release = holdRefreshes();
    const call = list(window);
    await sandbox.waitForRequest({ path: refreshPath });
    valueOf(await window.sessions.signOut());
    release();
    expect(failureOf(await call)).toEqual({ kind: 'cancelled' });
    await settled(vault);
    expect(window.sessions.state).toEqual({ kind: 'signedOut' });
    expect(textOfVault()).not.toMatch(/eyJ|refreshToken/);
    expect(sandbox.requests.map(({ rawPath }) => rawPath)).toEqual([refreshPath]);
    expect(window.ends).toEqual([]);
    expect(marker.ids).toEqual([]);
  });

  test('in this window, while the answer is being stored', async () => {
    const window = await signedIn();
    clock += 2 * hour;
    const call = window.sessions.bearer();
    const name = `omi.session.${window.session.account.id}`;
    const stores = () => vault.operations.filter((operation) => operation === `store ${name}`).length;
    await expect.poll(() => stores(), { interval: 1 }).toBe(2);
    valueOf(await window.sessions.signOut());
    await call;
    await settled(vault);
    expect(window.sessions.state).toEqual({ kind: 'signedOut' });
    expect(textOfVault()).not.toMatch(/eyJ|refreshToken/);
  });

  test('in another window: likewise', async () => {
    const window = await signedIn();
    const other = openWindow();
    await other.sessions.load();
    clock += 2 * hour;
    const release = holdRefreshes();
    const call = list(window);
    await sandbox.waitForRequest({ path: refreshPath });
    valueOf(await other.sessions.signOut());
    release();
    expect(failureOf(await call)).toEqual({ kind: 'cancelled' });
    await settled(vault);
    expect(window.sessions.state).toEqual({ kind: 'signedOut' });
    expect(textOfVault()).not.toMatch(/eyJ|refreshToken/);
    expect([window.ends, other.ends]).toEqual([[], []]);
  });

  test.each(['before', 'after'])(
    'in another window, which gets in between %s the last look at the vault and the store',
    async (place) => {
      const port = vault.window();
      let reached = (): void => undefined;
      let goOn = (): void => undefined;
      const isReached = new Promise<void>((go) => (reached = go));
      const mayGoOn = new Promise<void>((go) => (goOn = go));
      let stores = 0;
      const slow: Vault = {
        ...port,
        store: async (name, value) => {
          if (!name.startsWith('omi.session.')) return port.store(name, value);
          stores += 1;
          if (stores < 2) return port.store(name, value);
          if (place === 'after') await port.store(name, value);
          reached();
          await mayGoOn;
          return place === 'before' ? port.store(name, value) : undefined;
        },
      };
      const window = await signedIn({ port: slow });
      const other = openWindow();
      await other.sessions.load();
      clock += 2 * hour;
      const call = window.sessions.bearer();
      await isReached;
      valueOf(await other.sessions.signOut());
      goOn();
      await call;
      await settled(vault);
      expect(window.sessions.state).toEqual({ kind: 'signedOut' });
      expect(other.sessions.state).toEqual({ kind: 'signedOut' });
      expect(textOfVault()).not.toMatch(/eyJ|refreshToken/);
    },
  );

  test('in another window, where this one stores between the two steps of the sign-out', async () => {
    let reached = (): void => undefined;
    let goOn = (): void => undefined;
    const isReached = new Promise<void>((go) => (reached = go));
    const mayGoOn = new Promise<void>((go) => (goOn = go));
    const port = vault.window();
    let isHeld = false;
    const window = await signedIn({
      port: {
        ...port,
        store: async (name, value) => {
          if (isHeld) {
            reached();
            await mayGoOn;
          }
          return port.store(name, value);
        },
      },
    });
    let stored: Promise<unknown> = Promise.resolve();
    const other = openWindow({
      port: {
        ...vault.window(),
        store: async (name, value) => {
          goOn();
          await stored;
          return port.store(name, value);
        },
      },
    });
    await other.sessions.load();
    clock += 2 * hour;
    isHeld = true;
    stored = window.sessions.bearer();
    await isReached;
    valueOf(await other.sessions.signOut());
    await settled(vault);
    expect(window.sessions.state).toEqual({ kind: 'signedOut' });
    expect(textOfVault()).not.toMatch(/eyJ|refreshToken/);
  });

  test('and signing in again as the same: the new session stays, the late answer is dropped', async () => {
    const window = await signedIn();
    clock += 2 * hour;
    const release = holdRefreshes();
    const call = window.sessions.bearer();
    await sandbox.waitForRequest({ path: refreshPath });
    valueOf(await window.sessions.signOut());
    const anew = sessionOf('ada');
    valueOf(await window.sessions.signIn(anew));
    clock += minute;
    release();
    await call;
    await settled(vault);
    expect(await token(window)).toBe(anew.idToken);
    expect(storedToken()).toBe(anew.idToken);
  });

  test('of one account leaves the refresh of another alone', async () => {
    const window = await signedIn();
    valueOf(await window.sessions.signIn(sessionOf('grace')));
    clock += 2 * hour;
    const release = holdRefreshes();
    const call = window.sessions.bearer(sandbox.accounts.ada.uid);
    await sandbox.waitForRequest({ path: refreshPath });
    valueOf(await window.sessions.signOut());
    release();
    expect(valueOf(await call).token).toBe(storedToken('ada'));
    expect(window.sessions.accounts.map(({ id }) => id)).toEqual([sandbox.accounts.ada.uid]);
  });
});

describe('a clock that is wrong', () => {
  test.each([
    ['five minutes ahead', 5 * minute],
    ['five minutes behind', -5 * minute],
    ['an hour ahead', hour],
    ['an hour behind', -hour],
  ])('%s: nobody is asked, for a working day', async (_, ahead) => {
    const window = await signedIn({ ahead: () => ahead });
    for (let at = 0; at < 8 * hour; at += 4 * minute) {
      valueOf(await list(window));
      clock += 4 * minute;
    }
    expect(sandbox.requests.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
    expect(refreshes().length).toBeLessThanOrEqual(9);
    expect(window.ends).toEqual([]);
  });

  test.each([
    ['forward', 5 * minute],
    ['back', -5 * minute],
  ])('put %s by five minutes in the middle', async (_, jump) => {
    let ahead = 0;
    const window = await signedIn({ ahead: () => ahead });
    clock += 10 * minute;
    ahead = jump;
    for (let at = 0; at < 3 * hour; at += minute) {
      valueOf(await list(window));
      clock += minute;
    }
    expect(window.ends).toEqual([]);
  });
});

describe('a vault that cannot store what was renewed', () => {
  const refuse = () =>
    vault.refuse((operation) => (operation === 'store' ? new Error('the keyring is locked') : undefined));

  test('is told, and the session goes on in this window, over many renewals', async () => {
    const window = await signedIn();
    refuse();
    for (let round = 1; round <= 3; round += 1) {
      clock += hour;
      valueOf(await list(window));
      expect(refreshes()).toHaveLength(round);
      expect(window.troubles).toHaveLength(round);
    }
    expect(window.troubles[0]).toEqual({
      kind: 'unavailable',
      during: 'store',
      message: 'the keyring is locked',
    });
    expect(storedToken()).toBe(window.session.idToken);
    expect(window.ends).toEqual([]);
    expect(window.states).toHaveLength(1);
  });

  test('and what it still has does not take the place of what is in hand', async () => {
    const window = await signedIn();
    refuse();
    clock += hour;
    const renewed = await token(window);
    await window.sessions.load();
    vault.touch('omi.accounts');
    await settled(vault);
    expect(await token(window)).toBe(renewed);
    expect(refreshes()).toHaveLength(1);
  });

  test('and can again later: stored with the next renewal', async () => {
    const window = await signedIn();
    refuse();
    clock += hour;
    await token(window);
    vault.refuse();
    clock += hour;
    const renewed = await token(window);
    expect(storedToken()).toBe(renewed);
    expect(window.troubles).toHaveLength(1);
    await window.sessions.load();
    expect(await token(window)).toBe(renewed);
  });

  test('and is signed out of all the same', async () => {
    const window = await signedIn();
    refuse();
    clock += hour;
    await token(window);
    vault.refuse();
    valueOf(await window.sessions.signOut());
    await settled(vault);
    expect(window.sessions.state).toEqual({ kind: 'signedOut' });
    expect(textOfVault()).not.toMatch(/eyJ|refreshToken/);
  });

  test('nor be read: the renewal goes on with what is in hand', async () => {
    const window = await signedIn();
    vault.refuse(() => new Error('the keyring is locked'));
    clock += hour;
    valueOf(await list(window));
    expect(refreshes()).toHaveLength(1);
    expect(window.sessions.state.kind).toBe('signedIn');
  });
});

describe('secrets', () => {
  test('lie in the entries of sessions alone', async () => {
    const window = await signedIn();
    const given = [window.session, sessionOf('grace')];
    valueOf(await window.sessions.signIn(given[1] ?? window.session));
    clock += 2 * hour;
    for (const account of ['ada', 'grace'] as const)
      given.push({ ...window.session, idToken: await token(window, sandbox.accounts[account].uid) });
    const secrets = [
      ...given.flatMap(({ idToken, renewal }) => [idToken, renewal?.refreshToken ?? idToken]),
      ...sandbox.refreshTokens('ada'),
      ...sandbox.refreshTokens('grace'),
    ];
    const elsewhere = JSON.stringify([
      [...vault.entries].filter(([name]) => !name.startsWith('omi.session.')),
      [...vault.entries.keys()],
      marker.ids,
      window.states,
      window.troubles,
      window.sessions.accounts,
    ]);
    for (const secret of secrets) expect(elsewhere).not.toContain(secret);
    expect(elsewhere).not.toMatch(/eyJ/);
    expect(JSON.parse(vault.entries.get('omi.accounts') ?? '')).toEqual({
      version: 1,
      ids: [sandbox.accounts.grace.uid, sandbox.accounts.ada.uid],
    });
  });
});
