import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultEffect } from '../../../sandbox/server';
import type { KeyTarget } from '../../../src/keys/key';
import { longestProof, proveDead, type DeathCheck } from '../../../src/leaks/proveDead';
import { gate, targetOf } from '../keys/chain';
import { valueOf } from '../support/omiClient';
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

const newClock = (): TestClock => new TestClock((ms) => ms < longestProof);
let clock = newClock();
let startedAt: number;
let chain: LeakChain;
let key: RawKey;
let target: KeyTarget;

beforeEach(() => {
  clock = newClock();
  startedAt = clock.time;
});
// The sandbox runs on the clock of the test, which skips the pauses.
withSandbox({ now: () => clock.time });
beforeEach(async () => {
  chain = openLeaks(sandbox, clock);
  key = sandbox.addKey('ada');
  target = targetOf(sandbox, key);
  await chain.signIn('ada');
  valueOf(await chain.parts.byAccount(target.accountId).readList('dev'));
  sandbox.clearRequests();
});
afterEach(() => {
  chain.dispose();
  expect(clock.waiting).toEqual([]);
});

async function prove(signal = new AbortController().signal): Promise<DeathCheck> {
  const check = await proveDead(key.raw, target, chain.parts, signal);
  expectNoSecret(check, key.raw);
  return check;
}
const befalls = (path: string, effect: FaultEffect, times = Infinity) =>
  sandbox.fault({ path, times, effect });
const revoked = (): void => sandbox.deleteKey('ada', key.id);
/** Deletes the key so that a cached login lets it in for so long. */
async function revokedWithCache(cachedLoginMs: number): Promise<void> {
  sandbox.fault({ method: 'DELETE', effect: { cachedLoginMs } });
  valueOf(await chain.parts.byAccount(target.accountId).revocation.revoke('dev', key.id));
  sandbox.clearRequests();
}
const took = (): number => clock.time - startedAt;
const rounds = (): number => sandbox.requests.filter(({ rawPath }) => rawPath === listPath).length;

const allAgree = { list: 'gone', keyRoute: 'dead', dataRoute: 'dead' };

describe('proven', () => {
  test('when list and both routes agree, asked once, all at the same time', async () => {
    revoked();
    const { closed, open } = gate();
    sandbox.fault({ times: 3, effect: { hold: closed } });
    const proving = prove();
    await expect
      .poll(() => asked(sandbox))
      .toEqual([`ada: GET ${listPath}`, `null: GET ${keyRoute}`, `null: GET ${dataRoute}`]);
    open();
    expect(await proving).toEqual({ proof: allAgree, isProven: true, otherKey: undefined });
    expect([rounds(), clock.skipped]).toEqual([1, []]);
  });

  test('once a cached login has ended', async () => {
    await revokedWithCache(3000);
    expect(await prove()).toMatchObject({ proof: allAgree, isProven: true });
    expect(took()).toBeGreaterThanOrEqual(3000);
  });

  test('once a lagging list has caught up', async () => {
    sandbox.fault({ method: 'DELETE', effect: { lagReads: 2 } });
    valueOf(await chain.parts.byAccount(target.accountId).revocation.revoke('dev', key.id));
    sandbox.clearRequests();
    expect(await prove()).toMatchObject({ proof: allAgree, isProven: true });
    expect([rounds(), clock.skipped]).toEqual([3, [250, 500]]);
  });

  test('once a route has recovered', async () => {
    revoked();
    befalls(dataRoute, { status: 503 }, 4);
    expect(await prove()).toMatchObject({ proof: allAgree, isProven: true });
    expect(rounds()).toBe(2);
  });

  test.each([
    ['key', keyRoute, { ...allAgree, keyRoute: 'untellable' }],
    ['data', dataRoute, { ...allAgree, dataRoute: 'untellable' }],
  ])('by the other, on a server without a %s route', async (_, path, proof) => {
    revoked();
    withoutRoute(sandbox, path);
    expect(await prove()).toMatchObject({ proof, isProven: true });
    expect(rounds()).toBe(1);
  });
});

describe('not proven', () => {
  test('while a cached login lets it in, for ten seconds and no longer', async () => {
    await revokedWithCache(60_000);
    expect(await prove()).toEqual({
      proof: { list: 'gone', keyRoute: 'dead', dataRoute: 'alive' },
      isProven: false,
      otherKey: undefined,
    });
    expect([rounds(), clock.skipped]).toEqual([7, [250, 500, 1000, 2000, 3000, 3000]]);
    expect(took()).toBeLessThanOrEqual(longestProof);
  });

  test('while the key lives', async () => {
    expect(await prove()).toMatchObject({
      proof: { list: 'listed', keyRoute: 'alive', dataRoute: 'alive' },
      isProven: false,
    });
  });

  test('while the list has it, although both routes refuse it', async () => {
    befalls(keyRoute, { status: 401 });
    befalls(dataRoute, { status: 401 });
    expect(await prove()).toMatchObject({ proof: { ...allAgree, list: 'listed' }, isProven: false });
    expect(rounds()).toBe(7);
  });

  test('on a server without both routes, asked once', async () => {
    revoked();
    withoutRoute(sandbox, keyRoute);
    withoutRoute(sandbox, dataRoute);
    expect(await prove()).toMatchObject({
      proof: { list: 'gone', keyRoute: 'untellable', dataRoute: 'untellable' },
      isProven: false,
    });
    expect(rounds()).toBe(1);
  });

  test('for an MCP key, about which only the list is asked', async () => {
    key = sandbox.addKey('ada', { family: 'mcp' });
    target = targetOf(sandbox, key);
    valueOf(await chain.parts.byAccount(target.accountId).readList('mcp'));
    sandbox.clearRequests();
    revoked();
    expect(await prove()).toMatchObject({
      proof: { list: 'gone', keyRoute: 'untellable', dataRoute: 'untellable' },
      isProven: false,
    });
    expect(asked(sandbox)).toEqual(['ada: GET /v1/mcp/keys']);
  });

  test('when a route fails for ever', async () => {
    revoked();
    befalls(dataRoute, { status: 503 });
    expect(await prove()).toMatchObject({
      proof: { ...allAgree, dataRoute: { kind: 'server', status: 503 } },
      isProven: false,
    });
    expect(rounds()).toBe(7);
  });

  test('when a route gives nonsense, asked once', async () => {
    revoked();
    befalls(keyRoute, { html: true, status: 200 });
    expect(await prove()).toMatchObject({
      proof: { ...allAgree, keyRoute: { kind: 'protocol' } },
      isProven: false,
    });
    expect(rounds()).toBe(1);
  });

  test('when the session has ended, whatever the routes say', async () => {
    revoked();
    befalls(listPath, { status: 401 });
    expect(await prove()).toMatchObject({
      proof: { ...allAgree, list: { kind: 'unauthenticated' } },
      isProven: false,
    });
  });

  test('when the list is suddenly empty', async () => {
    revoked();
    befalls(listPath, { status: 200, body: [] });
    expect(await prove()).toMatchObject({
      proof: { ...allAgree, list: { kind: 'protocol' } },
      isProven: false,
    });
  });

  test('when an entry of the list can be read no more: it may be the key', async () => {
    revoked();
    sandbox.addKey('ada', { extra: { created_at: 'yesterday' } });
    expect(await prove()).toMatchObject({
      proof: { ...allAgree, list: { kind: 'protocol' } },
      isProven: false,
    });
  });

  test('by answers of different rounds', async () => {
    await revokedWithCache(60_000);
    // First the data route refuses while the key route is silent, then the other way round.
    befalls(dataRoute, { status: 401 }, 1);
    befalls(keyRoute, { status: 503 }, 4);
    expect(await prove()).toMatchObject({
      proof: { list: 'gone', keyRoute: 'dead', dataRoute: 'alive' },
      isProven: false,
    });
  });
});

test('a raw key that is alive as another key than the target is told at once', async () => {
  const twin = addTwin(sandbox, key, 'linus');
  revoked();
  key = twin;
  expect(await prove()).toMatchObject({ isProven: false, otherKey: twin.id });
  expect(rounds()).toBe(1);
});

test('the only key of an account may leave an empty list', async () => {
  await chain.signIn('linus');
  key = sandbox.addKey('linus');
  target = targetOf(sandbox, key, 'linus');
  valueOf(await chain.parts.byAccount(target.accountId).readList('dev'));
  sandbox.deleteKey('linus', key.id);
  expect(await prove()).toMatchObject({ proof: allAgree, isProven: true });
});

describe('cut off', () => {
  test('when its time is up: what is silent then has timed out', async () => {
    revoked();
    befalls(dataRoute, { hang: true });
    const proving = prove();
    await expect.poll(() => sandbox.requests.map(({ status }) => status).includes(401)).toBe(true);
    await expect.poll(() => sandbox.requests.filter(({ status }) => status !== null).length).toBe(2);
    clock.advance(longestProof);
    expect(await proving).toMatchObject({
      proof: { dataRoute: { kind: 'network', cause: 'timeout', host: new URL(sandbox.url).host } },
      isProven: false,
    });
  });

  test('by a cancel: the last complete round counts', async () => {
    await revokedWithCache(60_000);
    sandbox.fault({ path: dataRoute, skip: 1, times: Infinity, effect: { hang: true } });
    const stop = new AbortController();
    const proving = prove(stop.signal);
    await expect.poll(() => sandbox.requests.filter(({ rawPath }) => rawPath === dataRoute).length).toBe(2);
    stop.abort();
    expect(await proving).toMatchObject({
      proof: { list: 'gone', keyRoute: 'dead', dataRoute: 'alive' },
      isProven: false,
    });
  });

  test('by a cancel before anything was answered', async () => {
    const stop = new AbortController();
    stop.abort();
    const cancelled = { kind: 'cancelled' };
    expect(await prove(stop.signal)).toEqual({
      proof: { list: cancelled, keyRoute: cancelled, dataRoute: cancelled },
      isProven: false,
      otherKey: undefined,
    });
  });
});
