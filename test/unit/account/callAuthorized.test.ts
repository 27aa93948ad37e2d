import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccountName, TokenOptions } from '../../../sandbox/server';
import { readPastedToken } from '../../../src/account/idToken';
import { sessionOfToken } from '../../../src/account/session';
import { callAuthorized, Sessions } from '../../../src/account/sessions';
import { MemoryVault } from '../support/memoryVault';
import { failureOf, omiClient, valueOf } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';
import { sessionsParts } from '../support/sessionParts';

let sessions: Sessions;
let vault: MemoryVault;

withSandbox();
beforeEach(() => {
  vault = new MemoryVault();
  sessions = new Sessions(sessionsParts({ vault: vault.window(), now: Date.now }));
});
afterEach(() => sessions.dispose());

/** Signs in as a person does who pastes a token. */
async function signInAs(account: AccountName, options?: TokenOptions): Promise<void> {
  const pasted = readPastedToken(sandbox.token(account, options), { now: Date.now(), project: undefined });
  const { token, claims } = valueOf(pasted);
  valueOf(await sessions.signIn(sessionOfToken(token, claims, Date.now())));
}

const list = () =>
  callAuthorized(sessions, ({ token }) => omiClient({ url: sandbox.url, bearer: token }).list());
const revoke = (id: string) =>
  callAuthorized(sessions, ({ token }) => omiClient({ url: sandbox.url, bearer: token }).revoke(id));

/** Holds the next request until released. */
function hold(method: string): () => void {
  let release = (): void => undefined;
  sandbox.fault({ method, effect: { hold: new Promise<void>((go) => (release = go)) } });
  return () => release();
}

describe('a call in the name of the account', () => {
  test('is sent with its bearer', async () => {
    await signInAs('grace');
    expect(valueOf(await list()).keys).toHaveLength(sandbox.keys('grace').length);
    expect(sandbox.requests.map(({ account }) => account)).toEqual(['grace']);
  });

  test('when signed out: unauthenticated, and nothing is sent', async () => {
    expect(failureOf(await list())).toEqual({ kind: 'unauthenticated' });
    expect(sandbox.requestLines).toHaveLength(0);
  });

  test('when the session has lapsed: unauthenticated, and nothing is sent', async () => {
    let now = Date.now();
    sessions.dispose();
    sessions = new Sessions(sessionsParts({ vault: vault.window(), now: () => now }));
    await signInAs('ada');
    now += 2 * 3_600_000;
    expect(failureOf(await list())).toEqual({ kind: 'unauthenticated' });
    expect(sandbox.requestLines).toHaveLength(0);
  });

  test('other failures are passed on and end nothing', async () => {
    await signInAs('ada');
    sandbox.fault({ effect: { status: 403, body: { detail: 'no' } } });
    expect(failureOf(await list())).toEqual({ kind: 'forbidden', detail: 'no' });
    expect(sandbox.requestLines).toHaveLength(1);
    expect(sessions.state.kind).toBe('signedIn');
  });
});

describe('401', () => {
  test('once, then fine: the result comes, the session stays', async () => {
    await signInAs('ada');
    sandbox.fault({ effect: { status: 401 } });
    const told: string[] = [];
    sessions.onDidChange(({ kind }) => void told.push(kind));
    expect(valueOf(await list()).keys.length).toBeGreaterThan(0);
    expect(sandbox.requests.map(({ status }) => status)).toEqual([401, 200]);
    expect(sessions.state.kind).toBe('signedIn');
    expect(told).toEqual([]);
  });

  test('once on a revocation: the key dies, once', async () => {
    await signInAs('ada');
    const { id } = sandbox.key('ada', 'prod-bot');
    sandbox.fault({ method: 'DELETE', effect: { status: 401 } });
    valueOf(await revoke(id));
    expect(sandbox.requests.map(({ status }) => status)).toEqual([401, 204]);
    expect(sandbox.keys('ada').some((key) => key.id === id)).toBe(false);
  });

  test('twice: expired, and the token is not sent again', async () => {
    await signInAs('ada');
    sandbox.fault({ times: Infinity, effect: { status: 401 } });
    expect(failureOf(await list())).toMatchObject({ kind: 'unauthenticated' });
    expect(sandbox.requestLines).toHaveLength(2);
    expect(sessions.state).toMatchObject({ kind: 'expired', reason: 'refused' });
    expect(failureOf(await list())).toEqual({ kind: 'unauthenticated' });
    expect(sandbox.requestLines).toHaveLength(2);
  });

  test('twice leaves the vault alone: another window may know better', async () => {
    await signInAs('ada');
    const before = [...vault.entries];
    sandbox.fault({ times: Infinity, effect: { status: 401 } });
    failureOf(await list());
    expect([...vault.entries]).toEqual(before);
  });

  test('then a failure of the network: that failure, and the session stays', async () => {
    await signInAs('ada');
    sandbox.fault({ effect: { status: 401 } });
    sandbox.fault({ times: Infinity, effect: { drop: 'before' } });
    expect(failureOf(await list())).toMatchObject({ kind: 'network' });
    expect(sessions.state.kind).toBe('signedIn');
  });

  test('for two calls at once: each tries once more', async () => {
    await signInAs('ada');
    sandbox.fault({ times: 2, effect: { status: 401 } });
    const results = await Promise.all([list(), list()]);
    expect(results.map((result) => result.ok)).toEqual([true, true]);
    expect(sessions.state.kind).toBe('signedIn');
  });

  test('after a new sign-in, the old refusal does not end the new session', async () => {
    await signInAs('ada');
    const release = hold('GET');
    sandbox.fault({ times: Infinity, account: 'ada', effect: { status: 401 } });
    const call = list();
    await sandbox.waitForRequest({ method: 'GET' });
    await signInAs('grace');
    release();
    expect(failureOf(await call)).toEqual({ kind: 'cancelled' });
    expect(sessions.state).toMatchObject({ kind: 'signedIn', account: { label: 'grace@example.com' } });
  });
});

describe('what comes too late is dropped', () => {
  test('a list that comes after sign-out', async () => {
    await signInAs('ada');
    const release = hold('GET');
    const call = list();
    await sandbox.waitForRequest({ method: 'GET' });
    valueOf(await sessions.signOut());
    release();
    expect(failureOf(await call)).toEqual({ kind: 'cancelled' });
    expect(sessions.state).toEqual({ kind: 'signedOut' });
  });

  test('a list that comes after a sign-in as another account', async () => {
    await signInAs('ada');
    const release = hold('GET');
    const call = list();
    await sandbox.waitForRequest({ method: 'GET' });
    await signInAs('grace');
    release();
    expect(failureOf(await call)).toEqual({ kind: 'cancelled' });
    expect(valueOf(await list()).keys).toHaveLength(sandbox.keys('grace').length);
  });

  test('a list that comes after sign-out in another window', async () => {
    await signInAs('ada');
    const other = new Sessions(sessionsParts({ vault: vault.window(), now: Date.now }));
    await other.load();
    const release = hold('GET');
    const call = list();
    await sandbox.waitForRequest({ method: 'GET' });
    const signedOut = new Promise<void>((heard) => sessions.onDidChange(() => heard()));
    valueOf(await other.signOut());
    await signedOut;
    release();
    other.dispose();
    expect(failureOf(await call)).toEqual({ kind: 'cancelled' });
  });

  test('a failure that comes after sign-out, which is not met with another try', async () => {
    await signInAs('ada');
    const release = hold('GET');
    const call = callAuthorized(sessions, async ({ token }) => {
      const result = await omiClient({ url: sandbox.url, bearer: token }).list();
      return result.ok ? { ok: false, failure: { kind: 'unauthenticated' } } : result;
    });
    await sandbox.waitForRequest({ method: 'GET' });
    valueOf(await sessions.signOut());
    release();
    expect(failureOf(await call)).toEqual({ kind: 'cancelled' });
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('but what comes after a new token of the same account is kept', async () => {
    await signInAs('ada', { lifetimeSeconds: 600 });
    const { id } = sandbox.key('ada', 'prod-bot');
    const release = hold('DELETE');
    const call = revoke(id);
    await sandbox.waitForRequest({ method: 'DELETE' });
    await signInAs('ada', { lifetimeSeconds: 3600 });
    release();
    valueOf(await call);
  });
});

describe('a call in the name of an account that is not in use', () => {
  const listOf = (account: AccountName) =>
    callAuthorized(
      sessions,
      ({ token }) => omiClient({ url: sandbox.url, bearer: token }).list(),
      sandbox.accounts[account].uid,
    );
  const idOf = (account: AccountName): string => sandbox.accounts[account].uid;

  beforeEach(async () => {
    await signInAs('grace');
    await signInAs('ada');
  });

  test('is sent with its own bearer', async () => {
    expect(valueOf(await listOf('grace')).keys).toHaveLength(sandbox.keys('grace').length);
    expect(sandbox.requests.map(({ account }) => account)).toEqual(['grace']);
    expect(sessions.account?.id).toBe(idOf('ada'));
  });

  test('of one that is not signed in: unauthenticated, and nothing is sent', async () => {
    expect(failureOf(await listOf('linus'))).toEqual({ kind: 'unauthenticated' });
    expect(sandbox.requestLines).toHaveLength(0);
  });

  test('is dropped when it comes after its sign-out', async () => {
    const release = hold('GET');
    const call = listOf('grace');
    await sandbox.waitForRequest({ method: 'GET' });
    valueOf(await sessions.signOut(idOf('grace')));
    release();
    expect(failureOf(await call)).toEqual({ kind: 'cancelled' });
  });

  test('is kept when another account was signed out or put into use meanwhile', async () => {
    const release = hold('GET');
    const call = listOf('grace');
    await sandbox.waitForRequest({ method: 'GET' });
    await signInAs('linus');
    valueOf(await sessions.signOut(idOf('ada')));
    valueOf(await sessions.use(idOf('grace')));
    release();
    expect(valueOf(await call).keys).toHaveLength(sandbox.keys('grace').length);
  });

  test('is tried once more after a 401', async () => {
    sandbox.fault({ account: 'grace', effect: { status: 401 } });
    valueOf(await listOf('grace'));
    expect(sandbox.requests.map(({ account, status }) => `${String(account)} ${String(status)}`)).toEqual([
      'grace 401',
      'grace 200',
    ]);
  });

  test('refused twice ends its session alone', async () => {
    const ended: string[] = [];
    sessions.onDidEnd(({ account, reason }) => void ended.push(`${account.label} ${reason}`));
    sandbox.fault({ account: 'grace', times: Infinity, effect: { status: 401 } });
    expect(failureOf(await listOf('grace'))).toMatchObject({ kind: 'unauthenticated' });
    expect(failureOf(await listOf('grace'))).toEqual({ kind: 'unauthenticated' });
    expect(sandbox.requestLines).toHaveLength(2);
    expect(ended).toEqual(['grace@example.com refused']);
    expect(sessions.state).toMatchObject({ kind: 'signedIn', account: { id: idOf('ada') } });
    valueOf(await list());
  });
});
