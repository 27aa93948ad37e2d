import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keyOnTheWire } from '../../../sandbox/apiKeys';
import type { FaultEffect } from '../../../sandbox/server';
import type { KeyTarget } from '../../../src/keys/key';
import { DeathWatch, type DeathWatchEnd } from '../../../src/leaks/deathWatch';
import { identifyLeak } from '../../../src/leaks/identifyLeak';
import { longestProof } from '../../../src/leaks/proveDead';
import { proveAgain, respondToLeak, type LeakEnd, type LeakStep } from '../../../src/leaks/respondToLeak';
import { seenKeyOf } from '../../../src/leaks/seenKey';
import { deletes, gate, lives } from '../keys/chain';
import { closedPort } from '../support/loopback';
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
  type LeakOptions,
  type RawKey,
} from './leakChain';

const newClock = (): TestClock => new TestClock((ms) => ms < longestProof);
let clock = newClock();
let chain: LeakChain;
let steps: LeakStep[];
let key: RawKey;
let target: KeyTarget;

beforeEach(() => {
  clock = newClock();
});
// The sandbox runs on the clock of the test, which skips the pauses.
withSandbox({ now: () => clock.time });
beforeEach(async () => {
  steps = [];
  await open();
  await choose(sandbox.addKey('ada'));
});
afterEach(() => {
  chain.dispose();
  expect(clock.waiting).toEqual([]);
});

/** A window in which Grace is signed in, and Ada, who is in use. */
async function open(options?: LeakOptions): Promise<void> {
  chain = openLeaks(sandbox, clock, options);
  await chain.signIn('grace');
  await chain.signIn('ada');
}

/** Makes a key the leaked one, as far as the person has come: it was found to be theirs. */
async function choose(leaked: RawKey): Promise<void> {
  key = leaked;
  // Real time: no pause is to be skipped while the lists answer.
  const parts = { ...chain.parts, after: new TestClock().after };
  const identity = await identifyLeak(leaked.raw, parts, new AbortController().signal);
  if (identity.kind !== 'mine') throw new Error(`the key is ${identity.kind}`);
  target = identity.target;
  sandbox.clearRequests();
}

async function respond(signal = new AbortController().signal): Promise<LeakEnd> {
  const end = await respondToLeak(key.raw, target, chain.parts, {
    signal,
    onStep: (step) => void steps.push(step),
  });
  expectNoSecret(end, key.raw);
  return end;
}
const befalls = (path: string, effect: FaultEffect, times = Infinity) =>
  sandbox.fault({ path, times, effect });
const befallsDelete = (effect: FaultEffect, times = Infinity) =>
  sandbox.fault({ method: 'DELETE', times, effect });
/** What befalls the lists that are read after the revocation. */
const befallsListsAfter = (effect: FaultEffect) =>
  sandbox.fault({ path: listPath, skip: 1, times: Infinity, effect });

const allAgree = { list: 'gone', keyRoute: 'dead', dataRoute: 'dead' };

describe('proven dead', () => {
  test('six requests, three of them at once, and no pause', async () => {
    expect(await respond()).toEqual({ kind: 'provenDead', proof: allAgree });
    expect(lives(sandbox, target)).toBe(false);
    expect(sandbox.requests.map(({ method }) => method)).toEqual([
      'GET',
      'DELETE',
      'GET',
      'GET',
      'GET',
      'GET',
    ]);
    expect([steps, chain.pauses, clock.skipped]).toEqual([['revoking', 'proving'], [], []]);
    const list = chain.keys.rings.dev.list?.keys ?? [];
    expect(list.some(({ id }) => id === key.id)).toBe(false);
  });

  test('in an account that is not in use', async () => {
    await choose(sandbox.addKey('grace'));
    expect(await respond()).toMatchObject({ kind: 'provenDead' });
    expect(lives(sandbox, target)).toBe(false);
    expect(deletes(sandbox).map(({ account }) => account)).toEqual(['grace']);
    expect(asked(sandbox).filter((line) => line.startsWith('ada'))).toEqual([]);
  });

  test('by list and data route on an older server', async () => {
    withoutRoute(sandbox, keyRoute);
    expect(await respond()).toEqual({ kind: 'provenDead', proof: { ...allAgree, keyRoute: 'untellable' } });
  });

  test('although the answer to the revocation was lost', async () => {
    befallsDelete({ drop: 'after' });
    expect(await respond()).toMatchObject({ kind: 'provenDead' });
  });

  test('although the revocation timed out: Omi obeys late', async () => {
    chain.dispose();
    await open({ timeoutMs: 1000 });
    const [deleting, listing] = [gate(), gate()];
    befallsDelete({ hold: deleting.closed });
    sandbox.fault({ path: listPath, skip: 1, effect: { hold: listing.closed } });
    const responding = respond();
    await expect.poll(() => sandbox.requests.filter(({ rawPath }) => rawPath === listPath).length).toBe(2);
    expect(deletes(sandbox)).toHaveLength(2);
    deleting.open();
    await expect.poll(() => lives(sandbox, target)).toBe(false);
    listing.open();
    expect(await responding).toMatchObject({ kind: 'provenDead' });
  });

  test('although Omi said no and the list still had it: it had obeyed', async () => {
    befallsDelete({ status: 503, act: true });
    befallsDelete({ lagReads: 1 });
    expect(await respond()).toMatchObject({ kind: 'provenDead' });
  });

  test('although one request was refused: it is sent again', async () => {
    befallsDelete({ status: 401 }, 1);
    expect(await respond()).toMatchObject({ kind: 'provenDead' });
  });

  test('although the list could not be read right after the revocation', async () => {
    sandbox.fault({ path: listPath, skip: 1, times: 4, effect: { status: 503 } });
    expect(await respond()).toMatchObject({ kind: 'provenDead' });
  });

  test('although the list cannot be read once more: it was seen without the key', async () => {
    sandbox.fault({ path: listPath, skip: 2, times: Infinity, effect: { status: 503 } });
    expect(await respond()).toEqual({ kind: 'provenDead', proof: allAgree });
  });
});

describe('already dead', () => {
  test('revoked meanwhile by somebody else', async () => {
    sandbox.deleteKey('ada', key.id);
    expect(await respond()).toEqual({ kind: 'alreadyDead', proof: allAgree });
  });

  test('rotated meanwhile: the new key lives', async () => {
    sandbox.deleteKey('ada', key.id);
    const fresh = sandbox.addKey('ada', { name: key.name });
    expect(await respond()).toMatchObject({ kind: 'alreadyDead' });
    expect(sandbox.keys('ada').some(({ id }) => id === fresh.id)).toBe(true);
  });
});

describe('revoked, not provable', () => {
  test('an MCP key', async () => {
    await choose(sandbox.addKey('ada', { family: 'mcp' }));
    expect(await respond()).toMatchObject({
      kind: 'revokedNotProvable',
      why: 'mcp',
      proof: { list: 'gone', keyRoute: 'untellable', dataRoute: 'untellable' },
    });
    expect(lives(sandbox, target)).toBe(false);
    expect(sandbox.requests.some(({ bearer }) => bearer === key.raw)).toBe(false);
  });

  test('a server without both routes', async () => {
    withoutRoute(sandbox, keyRoute);
    withoutRoute(sandbox, dataRoute);
    expect(await respond()).toMatchObject({ kind: 'revokedNotProvable', why: 'noRoute' });
  });

  test.each([
    ['dropped', 'network', { drop: 'before' }],
    ['failing', 'server', { status: 503 }],
  ] satisfies [string, string, FaultEffect][])('a %s route', async (_, kind, effect) => {
    befalls(keyRoute, effect);
    expect(await respond()).toMatchObject({
      kind: 'revokedNotProvable',
      why: { kind },
      proof: { list: 'gone', dataRoute: 'dead' },
    });
  });

  test('nobody listens where the key is asked about', async () => {
    const { parts } = openLeaks(sandbox, clock, { url: `http://127.0.0.1:${String(await closedPort())}` });
    const offline = { ...chain.parts, base: parts.base };
    const { signal } = new AbortController();
    expect(await respondToLeak(key.raw, target, offline, { signal })).toMatchObject({
      kind: 'revokedNotProvable',
      why: { kind: 'network', cause: 'offline' },
    });
  });

  test('the proof was cancelled', async () => {
    befalls(dataRoute, { hang: true });
    const stop = new AbortController();
    const responding = respond(stop.signal);
    await sandbox.waitForRequest({ path: dataRoute });
    stop.abort();
    expect(await responding).toMatchObject({ kind: 'revokedNotProvable', why: { kind: 'cancelled' } });
    expect(lives(sandbox, target)).toBe(false);
  });

  test('a cancel while the revocation is under way does not stop it', async () => {
    const { closed, open: letGo } = gate();
    befallsDelete({ hold: closed }, 1);
    const stop = new AbortController();
    const responding = respond(stop.signal);
    await sandbox.waitForRequest({ method: 'DELETE' });
    stop.abort();
    letGo();
    expect(await responding).toMatchObject({
      kind: 'revokedNotProvable',
      why: { kind: 'cancelled' },
      proof: { list: 'gone' },
    });
  });
});

describe('a cached login', () => {
  test('of a minute: revoked and still answering, then the watch says dead', async () => {
    befallsDelete({ cachedLoginMs: 60_000 });
    const end = await respond();
    expect(end).toEqual({
      kind: 'revokedStillAnswering',
      proof: { list: 'gone', keyRoute: 'dead', dataRoute: 'alive' },
    });
    clock.skips = () => true;
    const watch = new DeathWatch(chain.parts);
    const told = new Promise<DeathWatchEnd>((tell) => watch.onDidEnd(tell));
    watch.watch(key.raw, target);
    const { key: seen, ...rest } = await told;
    expect(rest).toEqual({
      target,
      end: 'dead',
      answers: { keyRoute: 'dead', dataRoute: 'dead' },
      server: sandbox.url,
    });
    expect(seen).toEqual(seenKeyOf(key.raw));
    watch.dispose();
  });

  test('on an older server, after our own revocation', async () => {
    withoutRoute(sandbox, keyRoute);
    befallsDelete({ cachedLoginMs: 60_000 });
    expect(await respond()).toMatchObject({ kind: 'revokedStillAnswering' });
  });

  test('of a key that somebody else revoked', async () => {
    befallsDelete({ cachedLoginMs: 60_000 });
    await chain.parts.byAccount(target.accountId).revocation.revoke('dev', key.id);
    expect(await respond()).toMatchObject({ kind: 'revokedStillAnswering' });
  });
});

describe('still live', () => {
  const alive = { list: 'listed', keyRoute: 'alive', dataRoute: 'alive' };

  test.each([
    ['503 for ever', { status: 503 }, { kind: 'server', status: 503 }],
    ['403', { status: 403, body: { detail: 'locked' } }, { kind: 'forbidden', detail: 'locked' }],
  ] satisfies [string, FaultEffect, object][])('%s: refused', async (_, effect, failure) => {
    befallsDelete(effect);
    expect(await respond()).toMatchObject({
      kind: 'stillLive',
      why: { kind: 'refused', failure },
      proof: alive,
    });
    expect(lives(sandbox, target)).toBe(true);
    expect(clock.skipped).toEqual([]);
  });

  test('silence', async () => {
    chain.dispose();
    await open({ timeoutMs: 1000 });
    befallsDelete({ hang: true });
    expect(await respond()).toMatchObject({
      kind: 'stillLive',
      why: { kind: 'refused', failure: { kind: 'network', cause: 'timeout' } },
    });
  });

  test('accepted without an effect', async () => {
    befallsDelete({ noEffect: true });
    expect(await respond()).toMatchObject({
      kind: 'stillLive',
      why: { kind: 'stillListed' },
      proof: alive,
    });
  });

  test('accepted without an effect, by a server that then hides the list', async () => {
    befallsDelete({ noEffect: true });
    befallsListsAfter({ status: 200, body: [] });
    expect(await respond()).toMatchObject({
      kind: 'stillLive',
      why: { kind: 'stillAnswering' },
      proof: { list: { kind: 'protocol' }, keyRoute: 'alive' },
    });
  });

  test('although the list is without it: the route that knows no cached logins lets it in', async () => {
    const others = [keyOnTheWire(sandbox.addKey('ada'))];
    befallsDelete({ noEffect: true });
    befallsListsAfter({ status: 200, body: others });
    expect(await respond()).toMatchObject({
      kind: 'stillLive',
      why: { kind: 'stillAnswering' },
      proof: { list: 'gone', keyRoute: 'alive' },
    });
  });

  test('as far as anybody can tell, when an older server lets in a key that was gone before', async () => {
    withoutRoute(sandbox, keyRoute);
    befallsDelete({ cachedLoginMs: 60_000 });
    await chain.parts.byAccount(target.accountId).revocation.revoke('dev', key.id);
    expect(await respond()).toMatchObject({
      kind: 'stillLive',
      why: { kind: 'stillAnswering' },
      proof: { list: 'gone', keyRoute: 'untellable', dataRoute: 'alive' },
    });
  });

  test('it was another key with the same digits', async () => {
    const twin = addTwin(sandbox, key, 'linus');
    key = twin;
    expect(await respond()).toMatchObject({ kind: 'stillLive', why: { kind: 'otherKey', id: twin.id } });
  });
});

describe('not confirmed', () => {
  test.each([
    ['fails', { status: 503 }, { kind: 'server' }],
    ['is suddenly empty', { status: 200, body: [] }, { kind: 'protocol' }],
    ['is refused', { status: 401 }, { kind: 'unauthenticated' }],
  ] satisfies [string, FaultEffect, object][])(
    'when the list %s after the revocation, although the routes refuse the key',
    async (_, effect, failure) => {
      befallsListsAfter(effect);
      expect(await respond()).toMatchObject({
        kind: 'notConfirmed',
        failure,
        proof: { keyRoute: 'dead', dataRoute: 'dead' },
      });
    },
  );

  test('when the list is suddenly empty before the revocation, too', async () => {
    befalls(listPath, { status: 200, body: [] });
    expect(await respond()).toMatchObject({ kind: 'notConfirmed', failure: { kind: 'protocol' } });
    expect(lives(sandbox, target)).toBe(false);
  });

  test('when the account is signed out in the middle', async () => {
    const { closed, open: letGo } = gate();
    sandbox.fault({ path: listPath, skip: 1, effect: { hold: closed } });
    const responding = respond();
    await expect.poll(() => sandbox.requests.length).toBe(3);
    await chain.sessions.signOut(target.accountId);
    letGo();
    expect(await responding).toMatchObject({
      kind: 'notConfirmed',
      failure: { kind: 'unauthenticated' },
      proof: { keyRoute: 'dead', dataRoute: 'dead' },
    });
  });
});

describe('nothing revoked', () => {
  test('the key is not of that account: it lives on where it is', async () => {
    key = sandbox.addKey('linus');
    target = { ...target, key: { ...target.key, id: key.id, prefix: key.prefix } };
    expect(await respond()).toEqual({ kind: 'notYourAccount' });
    expect(sandbox.keys('linus').some(({ id }) => id === key.id)).toBe(true);
  });

  test('cancelled before', async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await respond(stop.signal)).toEqual({ kind: 'untried', why: 'cancelled' });
    expect(sandbox.requestLines).toEqual([]);
  });

  test('the account is not signed in', async () => {
    await chain.sessions.signOut(target.accountId);
    expect(await respond()).toEqual({ kind: 'untried', why: 'signInNeeded' });
    expect(sandbox.requestLines).toEqual([]);
  });

  test('the session ends in the middle', async () => {
    befallsDelete({ status: 401 });
    expect(await respond()).toEqual({ kind: 'untried', why: 'signInNeeded' });
    expect([lives(sandbox, target), steps]).toEqual([true, ['revoking']]);
  });
});

describe('another look at a key whose end was ordered elsewhere', () => {
  const look = async (): Promise<LeakEnd> => {
    const end = await proveAgain(key.raw, target, chain.parts, new AbortController().signal);
    expectNoSecret(end, key.raw);
    expect(deletes(sandbox)).toHaveLength(0);
    return end;
  };

  test('proves it dead, and revokes nothing', async () => {
    sandbox.deleteKey('ada', key.id);
    const proof = { list: 'gone', keyRoute: 'dead', dataRoute: 'dead' };
    expect(await look()).toEqual({ kind: 'provenDead', proof });
  });

  test('finds it alive where it is still listed', async () => {
    expect(await look()).toMatchObject({ kind: 'stillLive', why: { kind: 'stillListed' } });
  });

  test('does not call it dead while the list cannot be read', async () => {
    sandbox.deleteKey('ada', key.id);
    sandbox.fault({ path: listPath, times: Infinity, effect: { status: 403 } });
    expect(await look()).toMatchObject({ kind: 'notConfirmed', failure: { kind: 'forbidden' } });
  });
});
