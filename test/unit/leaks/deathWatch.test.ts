import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSandbox, type FaultEffect } from '../../../sandbox/server';
import type { KeyTarget } from '../../../src/keys/key';
import { DeathWatch, type DeathWatchEnd } from '../../../src/leaks/deathWatch';
import { seenKeyOf } from '../../../src/leaks/seenKey';
import { fail } from '../../../src/omi/result';
import { targetOf, until } from '../keys/chain';
import { valueOf } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';
import {
  dataRoute,
  expectNoSecret,
  keyRoute,
  openLeaks,
  TestClock,
  withoutRoute,
  type LeakChain,
  type RawKey,
} from './leakChain';

let clock = new TestClock();
let chain: LeakChain;
let watch: DeathWatch;
let told: DeathWatchEnd[];

beforeEach(() => {
  clock = new TestClock();
});
withSandbox({ now: () => clock.time });
beforeEach(async () => {
  chain = openLeaks(sandbox, clock);
  await chain.signIn('ada');
  watch = new DeathWatch(chain.parts);
  told = [];
  watch.onDidEnd((end) => void told.push(end));
});
afterEach(() => {
  watch.dispose();
  chain.dispose();
  expect([clock.waiting, watch.watched]).toEqual([[], []]);
});

interface Dying {
  readonly raw: string;
  readonly target: KeyTarget;
}

/** A key of Ada's that was revoked, but works for so long because of a cached login. */
async function dyingFor(cachedLoginMs: number): Promise<Dying> {
  const key: RawKey = sandbox.addKey('ada');
  sandbox.fault({ method: 'DELETE', effect: { cachedLoginMs } });
  const target = targetOf(sandbox, key);
  valueOf(await chain.parts.byAccount(target.accountId).revocation.revoke('dev', key.id));
  sandbox.clearRequests();
  return { raw: key.raw, target };
}

const minute = 60_000;
const hour = 60 * minute;
const befalls = (path: string, effect: FaultEffect, times = Infinity) =>
  sandbox.fault({ path, times, effect });

/** Lets the pause before the next check pass and the check end; gives the pause in milliseconds. */
async function nextCheck(): Promise<number> {
  const [ms = NaN] = clock.waiting;
  clock.advance(ms);
  await until('the next pause or the end', () => clock.waiting.length > 0 || watch.watched.length === 0);
  return ms;
}

/** Checks until the watch ends; gives the pauses in seconds. */
async function checkToTheEnd(): Promise<number[]> {
  const pauses: number[] = [];
  while (watch.watched.length > 0) pauses.push((await nextCheck()) / 1000);
  return pauses;
}

describe('a key that still answers', () => {
  test('is told once it is dead, and let go', async () => {
    const { raw, target } = await dyingFor(minute);
    watch.watch(raw, target);
    expect(watch.watched).toEqual([{ key: seenKeyOf(raw), target }]);
    expectNoSecret(watch.watched, raw);
    expect(await checkToTheEnd()).toEqual([5, 10, 20, 40]);
    const answers = { keyRoute: 'dead', dataRoute: 'dead' };
    expect(told).toEqual([{ key: seenKeyOf(raw), target, end: 'dead', answers, server: sandbox.url }]);
    expectNoSecret(told, raw);
  });

  test('is given up after an hour, asked a last time at its end', async () => {
    const { raw, target } = await dyingFor(2 * hour);
    const startedAt = clock.time;
    watch.watch(raw, target);
    const pauses = await checkToTheEnd();
    expect(pauses.slice(0, 8)).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
    expect(Math.max(...pauses)).toBe(300);
    expect(clock.time - startedAt).toBe(hour);
    const answers = { keyRoute: 'dead', dataRoute: 'alive' };
    expect(told).toEqual([{ key: seenKeyOf(raw), target, end: 'gaveUp', answers, server: sandbox.url }]);
  });

  test('that dies in the last minutes is told as dead', async () => {
    const { raw, target } = await dyingFor(hour - 1);
    watch.watch(raw, target);
    await checkToTheEnd();
    expect(told.map(({ end }) => end)).toEqual(['dead']);
  });

  test('is asked about once more when the machine slept through the hour', async () => {
    const { raw, target } = await dyingFor(minute);
    watch.watch(raw, target);
    clock.time += 5 * hour;
    await nextCheck();
    expect(told.map(({ end }) => end)).toEqual(['dead']);
  });

  test('is watched once', async () => {
    const { raw, target } = await dyingFor(minute);
    watch.watch(raw, target);
    watch.watch(raw, target);
    expect(clock.waiting).toEqual([5000]);
    await checkToTheEnd();
    expect(told).toHaveLength(1);
  });

  test('is watched beside another', async () => {
    const [one, two] = [await dyingFor(minute), await dyingFor(10 * minute)];
    watch.watch(one.raw, one.target);
    watch.watch(two.raw, two.target);
    clock.skips = () => true;
    clock.advance(5000);
    await until('both ends', () => told.length === 2);
    expect(told.map(({ key }) => key)).toEqual([seenKeyOf(one.raw), seenKeyOf(two.raw)]);
  });

  test('is watched on after a sign-out: the question needs no session', async () => {
    const { raw, target } = await dyingFor(minute);
    watch.watch(raw, target);
    valueOf(await chain.sessions.signOut());
    await checkToTheEnd();
    expect(told.map(({ end }) => end)).toEqual(['dead']);
    expect(sandbox.requests.every(({ bearer }) => bearer === raw)).toBe(true);
  });
});

describe('a check that says nothing', () => {
  test.each([
    ['a dropped connection', { drop: 'before' }],
    ['a failing server', { status: 503 }],
    ['a gateway’s page', { html: true, status: 200 }],
  ] satisfies [string, FaultEffect][])('%s: asked again', async (_, effect) => {
    const { raw, target } = await dyingFor(0);
    const fault = befalls(dataRoute, effect);
    watch.watch(raw, target);
    await nextCheck();
    expect([told, watch.watched.length, clock.waiting]).toEqual([[], 1, [10_000]]);
    fault.clear();
    await nextCheck();
    expect(told.map(({ end }) => end)).toEqual(['dead']);
  });

  test('no route any more: asked again', async () => {
    const { raw, target } = await dyingFor(0);
    [keyRoute, dataRoute].forEach((path) => withoutRoute(sandbox, path));
    watch.watch(raw, target);
    await nextCheck();
    expect([told, clock.waiting]).toEqual([[], [10_000]]);
  });

  test('an older server: the data route is enough', async () => {
    const { raw, target } = await dyingFor(0);
    withoutRoute(sandbox, keyRoute);
    watch.watch(raw, target);
    await nextCheck();
    expect(told).toMatchObject([{ end: 'dead', answers: { keyRoute: 'untellable', dataRoute: 'dead' } }]);
  });

  test('a wrong address in the settings is waited out', async () => {
    const { raw, target } = await dyingFor(0);
    let isWrong = true;
    const wrong = fail({ kind: 'misconfigured', setting: 'omi.apiBaseUrl', problem: 'scheme' } as const);
    watch.dispose();
    watch = new DeathWatch({ ...chain.parts, base: () => (isWrong ? wrong : chain.parts.base()) });
    watch.onDidEnd((end) => void told.push(end));
    watch.watch(raw, target);
    await nextCheck();
    expect([told, clock.waiting]).toEqual([[], [10_000]]);
    isWrong = false;
    await nextCheck();
    expect(told.map(({ end }) => end)).toEqual(['dead']);
  });
});

test('another server in the settings is not asked: it would refuse every key', async () => {
  const { raw, target } = await dyingFor(minute);
  const other = await startSandbox();
  const elsewhere = openLeaks(other, clock);
  let isMoved = false;
  watch.dispose();
  watch = new DeathWatch({
    ...chain.parts,
    base: () => (isMoved ? elsewhere : chain).parts.base(),
  });
  watch.watch(raw, target);
  isMoved = true;
  await nextCheck();
  expect([other.requests, sandbox.requests.length, watch.watched.length]).toEqual([[], 2, 1]);
  elsewhere.dispose();
  await other.close();
});

test('an MCP key is not watched: nobody can be asked', () => {
  const key = sandbox.addKey('ada', { family: 'mcp' });
  watch.watch(key.raw, targetOf(sandbox, key));
  expect([watch.watched, clock.waiting]).toEqual([[], []]);
});

describe('the end of the watch itself', () => {
  test.each([
    ['stopped', (raw: string) => watch.stop(seenKeyOf(raw))],
    ['disposed', () => watch.dispose()],
  ])('%s between checks: nothing more is asked or told', async (_, end) => {
    const { raw, target } = await dyingFor(minute);
    watch.watch(raw, target);
    await nextCheck();
    sandbox.clearRequests();
    end(raw);
    clock.advance(hour);
    expect([clock.waiting, watch.watched, sandbox.requests, told]).toEqual([[], [], [], []]);
  });

  test('in the middle of a check: what is under way is given up, and nothing told', async () => {
    const { raw, target } = await dyingFor(0);
    befalls(dataRoute, { hang: true });
    watch.watch(raw, target);
    clock.advance(5000);
    const hanging = await sandbox.waitForRequest({ path: dataRoute });
    watch.dispose();
    await expect.poll(() => hanging.status).toBe('dropped');
    expect([clock.waiting, watch.watched, told]).toEqual([[], [], []]);
  });

  test('one that was stopped can be watched anew', async () => {
    const { raw, target } = await dyingFor(minute);
    watch.watch(raw, target);
    watch.stop(seenKeyOf(raw));
    watch.watch(raw, target);
    expect(await checkToTheEnd()).toEqual([5, 10, 20, 40]);
    expect(told).toHaveLength(1);
  });
});
