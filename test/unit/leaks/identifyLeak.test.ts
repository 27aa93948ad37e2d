import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultEffect } from '../../../sandbox/server';
import { identifyLeak, type LeakIdentity } from '../../../src/leaks/identifyLeak';
import { closedPort } from '../support/loopback';
import { deletes, gate } from '../keys/chain';
import { sandbox, withSandbox } from '../support/sandbox';
import {
  addTwin,
  asked,
  dataRoute,
  expectNoSecret,
  keyRoute,
  listPath,
  openLeaks,
  TestClock,
  withoutRoute,
  type LeakChain,
  type RawKey,
} from './leakChain';

let clock: TestClock;
let chain: LeakChain;
let key: RawKey;

withSandbox();
beforeEach(async () => {
  clock = new TestClock();
  chain = openLeaks(sandbox, clock);
  key = sandbox.addKey('ada', { name: 'leaked' });
  await chain.signIn('grace');
  await chain.signIn('ada');
});
afterEach(() => {
  chain.dispose();
  expect(deletes(sandbox)).toHaveLength(0);
  expect(clock.waiting).toEqual([]);
});

async function identify(raw: string, signal = new AbortController().signal): Promise<LeakIdentity> {
  const identity = await identifyLeak(raw, chain.parts, signal);
  expectNoSecret(identity, raw);
  return identity;
}
const befalls = (path: string, effect: FaultEffect) => sandbox.fault({ path, times: Infinity, effect });
const accounts = (identity: LeakIdentity): string[] =>
  'searched' in identity ? identity.searched.map(({ label }) => label) : [];
const unread = (identity: LeakIdentity): string[] =>
  identity.kind === 'unknown' ? identity.unread.map(({ account }) => account.label) : [];
const [ada, grace] = ['ada@example.com', 'grace@example.com'];

describe('a living key', () => {
  test('of the account in use is mine, by its id', async () => {
    expect(await identify(key.raw)).toMatchObject({
      kind: 'mine',
      target: { accountId: sandbox.accounts.ada.uid, key: { id: key.id, name: 'leaked' } },
      by: 'keyRoute',
      pulse: { kind: 'alive', by: 'keyRoute', id: key.id },
    });
    expect(chain.keys.rings.dev.state.kind).toBe('ready');
  });

  test('of another signed-in account is mine, too, and named with it', async () => {
    const other = sandbox.addKey('grace');
    expect(await identify(other.raw)).toMatchObject({
      kind: 'mine',
      by: 'keyRoute',
      target: { accountId: sandbox.accounts.grace.uid, key: { id: other.id } },
    });
    expect(asked(sandbox)).toEqual([
      `ada: GET ${listPath}`,
      `grace: GET ${keyRoute}`,
      `grace: GET ${listPath}`,
    ]);
  });

  test('is asked about while all lists are read', async () => {
    const open = gate();
    sandbox.fault({ times: 3, effect: { hold: open.closed } });
    const identifying = identify(key.raw);
    await sandbox.waitForRequest({ path: keyRoute });
    await expect.poll(() => sandbox.requests.length).toBe(3);
    open.open();
    expect(await identifying).toMatchObject({ kind: 'mine' });
  });

  test('of an account that is not signed in is elsewhere, after all lists were searched', async () => {
    const { raw } = sandbox.addKey('linus');
    const identity = await identify(raw);
    expect(identity).toMatchObject({ kind: 'elsewhere', by: 'keyRoute' });
    expect(accounts(identity)).toEqual([ada, grace]);
  });

  test('is elsewhere when nobody is signed in, and no list was searched', async () => {
    await chain.sessions.signOut();
    await chain.sessions.signOut();
    expect(await identify(key.raw)).toEqual({ kind: 'elsewhere', by: 'keyRoute', searched: [] });
    expect(asked(sandbox)).toEqual([`ada: GET ${keyRoute}`]);
  });

  test('whose scopes are too narrow for the data route is mine', async () => {
    withoutRoute(sandbox, keyRoute);
    const { raw, id } = sandbox.addKey('ada', { scopes: ['goals:write'] });
    expect(await identify(raw)).toMatchObject({ kind: 'mine', by: 'prefix', target: { key: { id } } });
  });
});

describe('two keys with the same digits', () => {
  test('in one account: the id decides', async () => {
    const twin = addTwin(sandbox, key, 'ada');
    for (const { raw, id } of [key, twin]) {
      expect(await identify(raw)).toMatchObject({ kind: 'mine', by: 'keyRoute', target: { key: { id } } });
    }
  });

  test('in two accounts: the id decides', async () => {
    const twin = addTwin(sandbox, key, 'grace');
    expect(await identify(twin.raw)).toMatchObject({
      target: { accountId: sandbox.accounts.grace.uid, key: { id: twin.id } },
    });
  });

  test('one of them in a foreign account: elsewhere, although a list shows the digits', async () => {
    const twin = addTwin(sandbox, key, 'linus');
    expect(await identify(twin.raw)).toMatchObject({ kind: 'elsewhere' });
  });

  test('and no id: ambiguous', async () => {
    addTwin(sandbox, key, 'grace');
    withoutRoute(sandbox, keyRoute);
    expect(await identify(key.raw)).toMatchObject({
      kind: 'unknown',
      why: 'ambiguous',
      pulse: { kind: 'alive', by: 'dataRoute' },
    });
  });

  test('and no answer: ambiguous', async () => {
    addTwin(sandbox, key, 'ada');
    befalls(keyRoute, { status: 503 });
    expect(await identify(key.raw)).toMatchObject({ kind: 'unknown', why: 'ambiguous', pulse: undefined });
  });
});

describe('a dead key', () => {
  test('is dead, listed nowhere', async () => {
    sandbox.deleteKey('ada', key.id);
    expect(await identify(key.raw)).toEqual({ kind: 'dead', by: 'keyRoute', listed: undefined });
  });

  test('is dead when nobody is signed in', async () => {
    await chain.sessions.signOut();
    await chain.sessions.signOut();
    sandbox.deleteKey('ada', key.id);
    expect(await identify(key.raw)).toEqual({ kind: 'dead', by: 'keyRoute', listed: undefined });
  });

  test('that a list still shows is both', async () => {
    befalls(keyRoute, { status: 401 });
    expect(await identify(key.raw)).toMatchObject({
      kind: 'dead',
      by: 'keyRoute',
      listed: { key: { id: key.id } },
    });
  });

  test('is dead on an older server, too', async () => {
    withoutRoute(sandbox, keyRoute);
    sandbox.deleteKey('ada', key.id);
    expect(await identify(key.raw)).toEqual({ kind: 'dead', by: 'dataRoute', listed: undefined });
  });
});

describe('an older server', () => {
  beforeEach(() => withoutRoute(sandbox, keyRoute));

  test('the data route says that it lives, the digits whose it is', async () => {
    expect(await identify(key.raw)).toMatchObject({
      kind: 'mine',
      by: 'prefix',
      target: { key: { id: key.id } },
      pulse: { kind: 'alive', by: 'dataRoute', id: undefined },
    });
  });

  test('alive, and in no list: elsewhere', async () => {
    const { raw } = sandbox.addKey('linus');
    expect(await identify(raw)).toMatchObject({ kind: 'elsewhere', by: 'dataRoute' });
  });

  test('without a data route: the digits say whose it is, nothing whether it lives', async () => {
    withoutRoute(sandbox, dataRoute);
    expect(await identify(key.raw)).toMatchObject({
      kind: 'mine',
      by: 'prefix',
      pulse: { kind: 'untellable' },
    });
    const { raw } = sandbox.addKey('linus');
    expect(await identify(raw)).toMatchObject({ kind: 'unknown', why: 'untellable' });
  });
});

describe('no answer about the raw key', () => {
  test.each([
    ['503 for ever', 'server', { status: 503 }],
    ['a dropped connection', 'network', { drop: 'after' }],
    ['a gateway’s page', 'protocol', { html: true, status: 200 }],
  ] satisfies [string, string, FaultEffect][])('%s: the digits decide', async (_, failure, effect) => {
    befalls(keyRoute, effect);
    expect(await identify(key.raw)).toMatchObject({
      kind: 'mine',
      by: 'prefix',
      target: { key: { id: key.id } },
      pulse: undefined,
    });
    const { raw } = sandbox.addKey('linus');
    const identity = await identify(raw);
    expect(identity).toMatchObject({ kind: 'unknown', pulse: undefined, why: { kind: failure } });
    expect(accounts(identity)).toEqual([ada, grace]);
  });

  test('nobody listens', async () => {
    const offline = openLeaks(sandbox, clock, { url: `http://127.0.0.1:${String(await closedPort())}` });
    const parts = { ...chain.parts, base: offline.parts.base };
    const identity = await identifyLeak(key.raw, parts, new AbortController().signal);
    expect(identity).toMatchObject({ kind: 'mine', by: 'prefix', pulse: undefined });
    offline.dispose();
  });

  test('silence is not waited for once the digits are clear', async () => {
    befalls(keyRoute, { hang: true });
    const identifying = identify(key.raw);
    await expect.poll(() => clock.waiting).toEqual([3000]);
    clock.advance(3000);
    expect(await identifying).toMatchObject({ kind: 'mine', by: 'prefix', pulse: undefined });
  });

  test('a wrong address in the settings: nothing is sent', async () => {
    const wrong = openLeaks(sandbox, clock, { url: 'http://example.com' });
    const parts = { ...wrong.parts, accounts: () => [] };
    expect(await identifyLeak(key.raw, parts, new AbortController().signal)).toMatchObject({
      kind: 'unknown',
      why: { kind: 'misconfigured' },
    });
    expect(sandbox.requestLines).toEqual([]);
    wrong.dispose();
  });
});

describe('lists that cannot be read', () => {
  test('one of them: a key of the other is found', async () => {
    sandbox.fault({ path: listPath, account: 'grace', times: Infinity, effect: { status: 503 } });
    expect(await identify(key.raw)).toMatchObject({ kind: 'mine', by: 'keyRoute' });
  });

  test('one of them: a key of no other may be in it', async () => {
    sandbox.fault({ path: listPath, account: 'grace', times: Infinity, effect: { status: 503 } });
    const identity = await identify(sandbox.addKey('grace').raw);
    expect(identity).toMatchObject({ kind: 'unknown', why: 'unreadLists', pulse: { kind: 'alive' } });
    expect([accounts(identity), unread(identity)]).toEqual([[ada], [grace]]);
  });

  test('a session that ended: that account is not searched', async () => {
    sandbox.fault({ path: listPath, account: 'grace', times: Infinity, effect: { status: 401 } });
    const identity = await identify(sandbox.addKey('grace').raw);
    expect(identity).toMatchObject({
      kind: 'unknown',
      why: 'unreadLists',
      unread: [{ failure: { kind: 'unauthenticated' } }],
    });
    expect(chain.sessions.state.kind).toBe('signedIn');
  });

  test('a sign-out in the middle: that account is not searched', async () => {
    const open = gate();
    sandbox.fault({ path: listPath, account: 'grace', effect: { hold: open.closed } });
    const identifying = identify(sandbox.addKey('grace').raw);
    await sandbox.waitForRequest({ path: listPath, account: 'grace' });
    await chain.sessions.signOut(sandbox.accounts.grace.uid);
    open.open();
    expect(unread(await identifying)).toEqual([grace]);
  });

  test('a list that is suddenly empty is not believed', async () => {
    expect(await identify(key.raw)).toMatchObject({ kind: 'mine' });
    sandbox.fault({ path: listPath, account: 'ada', times: Infinity, effect: { status: 200, body: [] } });
    const identity = await identify(key.raw);
    expect(identity).toMatchObject({ kind: 'unknown', why: 'unreadLists', pulse: { kind: 'alive' } });
    expect(unread(identity)).toEqual([ada]);
  });

  test('an entry that cannot be read may be the key', async () => {
    const { raw } = sandbox.addKey('grace', { extra: { created_at: 'yesterday' } });
    befalls(keyRoute, { status: 403 });
    expect(await identify(raw)).toMatchObject({ kind: 'unknown', why: 'unreadLists' });
  });
});

describe('an MCP key', () => {
  let mcp: RawKey;
  beforeEach(() => {
    mcp = sandbox.addKey('grace', { family: 'mcp' });
  });

  test('is matched by its digits, and nobody is asked about it', async () => {
    expect(await identify(mcp.raw)).toMatchObject({
      kind: 'mine',
      by: 'prefix',
      target: { accountId: sandbox.accounts.grace.uid, key: { id: mcp.id, family: 'mcp' } },
      pulse: { kind: 'untellable' },
    });
    expect(asked(sandbox)).toEqual(['ada: GET /v1/mcp/keys', 'grace: GET /v1/mcp/keys']);
  });

  test('that no list has: dead or foreign, nobody can tell', async () => {
    sandbox.deleteKey('grace', mcp.id);
    expect(await identify(mcp.raw)).toMatchObject({ kind: 'unknown', why: 'untellable' });
  });

  test('with a twin is ambiguous', async () => {
    addTwin(sandbox, mcp, 'ada');
    expect(await identify(mcp.raw)).toMatchObject({ kind: 'unknown', why: 'ambiguous' });
  });
});

test('a cancel ends it at once', async () => {
  sandbox.fault({ times: Infinity, effect: { hang: true } });
  const stop = new AbortController();
  const identifying = identify(key.raw, stop.signal);
  await expect.poll(() => sandbox.requests.length).toBe(3);
  stop.abort();
  expect(await identifying).toMatchObject({ kind: 'unknown', why: { kind: 'cancelled' } });
});
