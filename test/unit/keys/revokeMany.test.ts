import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type FaultEffect, type Sandbox } from '../../../sandbox/server';
import type { KeyTarget } from '../../../src/keys/key';
import { revokeKeys, type EndState } from '../../../src/keys/revokeKeys';
import type { ListedKey } from '../../../src/omi/schemas';
import { addTargets, deletes, endKinds, lives, openChain, pathOf, type Chain } from './chain';

const keyCount = 500;

/** One key in twenty meets one of these; what must come of it, seen by the person. */
const troubles: readonly {
  readonly effect: FaultEffect;
  readonly times: number;
  readonly end: EndState['kind'];
}[] = [
  { effect: { status: 503 }, times: 1, end: 'revoked' },
  { effect: { status: 503 }, times: Infinity, end: 'stillLive' },
  { effect: { drop: 'before' }, times: 1, end: 'revoked' },
  { effect: { drop: 'after' }, times: 1, end: 'revoked' },
  { effect: { noEffect: true }, times: Infinity, end: 'stillLive' },
  { effect: { status: 403 }, times: Infinity, end: 'stillLive' },
  { effect: { status: 404, act: true }, times: 1, end: 'alreadyGone' },
];

let sandbox: Sandbox;
let chain: Chain;

beforeAll(async () => {
  sandbox = await startSandbox({ latencyMs: 2 });
  chain = openChain(sandbox);
  await chain.signIn('ada');
});
afterAll(async () => {
  chain.dispose();
  await sandbox.close();
});

/** Counts, whenever a DELETE arrives, how many are unanswered. */
function watchOpenDeletes(): { most: number; total: number } {
  const seen = { most: 0, total: 0 };
  // The condition never holds: it is asked about each request as it arrives.
  const arrival = sandbox.waitForRequest((request) => {
    if (request.method !== 'DELETE') return false;
    seen.total += 1;
    seen.most = Math.max(seen.most, deletes(sandbox).filter(({ status }) => status === null).length);
    return false;
  }, 60_000);
  arrival.catch(() => undefined);
  return seen;
}

describe('500 keys, one in twenty in trouble', () => {
  test('end in one true state each, four requests at a time, the list read once before and once after', async () => {
    const targets = addTargets(sandbox, keyCount);
    const expected = new Map<KeyTarget, EndState['kind']>(targets.map((target) => [target, 'revoked']));
    targets.forEach((target, index) => {
      const trouble = index % 20 === 0 ? troubles[(index / 20) % troubles.length] : undefined;
      if (!trouble) return;
      const { effect, times, end } = trouble;
      sandbox.fault({ method: 'DELETE', path: pathOf(target), times, effect });
      expected.set(target, end);
    });
    sandbox.clearRequests();
    const seen = watchOpenDeletes();

    const outcomes = await chain.revoke(targets);

    expect(outcomes.map(({ target }) => target)).toEqual(targets);
    expect(endKinds(outcomes)).toEqual(targets.map((target) => expected.get(target)));
    for (const { target, end } of outcomes) {
      expect(lives(sandbox, target), `${target.key.name}: ${end.kind}`).toBe(end.kind === 'stillLive');
    }
    expect(seen.total).toBeGreaterThanOrEqual(keyCount);
    expect(seen.most).toBe(4);
    const reads = sandbox.requestLines.flatMap((line, index) => (line === 'GET /v1/dev/keys' ? [index] : []));
    const firstDelete = sandbox.requestLines.findIndex((line) => line.startsWith('DELETE'));
    expect(reads.filter((index) => index < firstDelete)).toHaveLength(1);
    // Once after, and once more for each pause in which Omi may still drop the keys that it claims to have deleted.
    expect(reads.filter((index) => index > firstDelete)).toHaveLength(1 + chain.pauses.length);
  });

  test('a cancel in the middle leaves each key either settled or untouched', async () => {
    sandbox.clearFaults();
    const targets = addTargets(sandbox, 60);
    const cancel = new AbortController();
    sandbox.clearRequests();
    const twenty = sandbox.waitForRequest(() => deletes(sandbox).length === 20);
    void twenty.then(() => cancel.abort());
    const outcomes = await chain.revoke(targets, cancel.signal);
    const kinds = new Set(endKinds(outcomes));
    expect([...kinds].toSorted()).toEqual(['revoked', 'untried']);
    for (const { target, end } of outcomes) expect(lives(sandbox, target)).toBe(end.kind === 'untried');
    expect(deletes(sandbox).length).toBe(outcomes.filter(({ end }) => end.kind === 'revoked').length);
  });
});

test('the work of settling grows with the number of keys, not with its square', async () => {
  const looksFor = async (count: number): Promise<number> => {
    let looks = 0;
    const key = (index: number): ListedKey => ({
      family: 'dev',
      get id() {
        looks += 1;
        return `id ${String(index)}`;
      },
      name: 'one of many',
      prefix: 'omi_dev_0123...cdef',
      createdAt: 0,
      lastUsedAt: null,
      scopes: null,
      appId: null,
    });
    const before = { keys: Array.from({ length: count }, (_, index) => key(index)), unreadable: [] };
    // Every tenth key stays, for as long as the list is read.
    const after = { ...before, keys: before.keys.filter((_, index) => index % 10 === 0) };
    let reads = 0;
    const outcomes = await revokeKeys(
      before.keys.map((one) => ({ accountId: 'ada', key: one })),
      {
        accountId: () => 'ada',
        readList: () => {
          reads += 1;
          return Promise.resolve({ ok: true, value: reads === 1 ? before : after });
        },
        lastFilledList: () => before,
        revoke: () => Promise.resolve({ ok: true, value: undefined }),
        pause: () => Promise.resolve(),
      },
      { signal: new AbortController().signal },
    );
    expect(endKinds(outcomes).filter((kind) => kind === 'stillLive')).toHaveLength(count / 10);
    return looks;
  };
  const [few, many] = [await looksFor(100), await looksFor(400)];
  expect(many / few).toBeLessThan(5);
});
