import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { factsLastMs, ListWatch } from '../../../src/keys/listWatch';
import { sandbox, withSandbox } from '../support/sandbox';
import { ManualTimers } from '../support/sessionParts';
import { openChain, until, type Chain } from './chain';

const minute = 60_000;

let chain: Chain;
let timers: ManualTimers;
let clock: number;
let isSeen: boolean;
let isAttended: boolean;
let reads: number;
let watch: ListWatch;

withSandbox();
beforeEach(async () => {
  [clock, isSeen, isAttended, reads] = [1_000_000, true, true, 0];
  timers = new ManualTimers();
  chain = openChain(sandbox, { now: () => clock });
  await chain.signIn('ada');
  watch = new ListWatch({
    rings: chain.keys.rings,
    isSeen: () => isSeen,
    isAttended: () => isAttended,
    read: () => {
      reads += 1;
      void readAll();
    },
    after: timers.after,
  });
});
afterEach(() => {
  watch.dispose();
  chain.dispose();
});

const readAll = (): Promise<unknown> =>
  Promise.all([chain.keys.rings.dev.refresh(), chain.keys.rings.mcp.refresh()]);

/** The lists were read so long ago; milliseconds. */
async function readBefore(ms: number): Promise<void> {
  await readAll();
  sandbox.clearRequests();
  clock += ms;
}

describe('a look at the lists', () => {
  test('reads them when nobody has yet', async () => {
    watch.look();
    await until('both lists', () => chain.keys.rings.mcp.state.kind === 'ready');
    expect(reads).toBe(1);
    expect(sandbox.requestLines.toSorted()).toEqual(['GET /v1/dev/keys', 'GET /v1/mcp/keys']);
  });

  test.each([
    [0, 0],
    [factsLastMs, 0],
    [factsLastMs + 1, 1],
    [300 * minute, 1],
  ])('which were read %i ms ago, reads %i times', async (age, times) => {
    await readBefore(age);
    watch.look();
    expect(reads).toBe(times);
  });

  test('reads again what could not be read, however young', async () => {
    sandbox.fault({ path: '/v1/mcp/keys', effect: { status: 403 } });
    await readBefore(0);
    watch.look();
    expect(reads).toBe(1);
  });

  test('asks nothing while nobody sees them', async () => {
    await readBefore(300 * minute);
    isSeen = false;
    watch.look();
    expect(reads).toBe(0);
    expect(timers.waiting).toEqual([]);
    expect(sandbox.requestLines).toEqual([]);
  });
});

describe('while somebody keeps looking', () => {
  test('they are read now and then', async () => {
    watch.look();
    await until('the first lists', () => chain.keys.rings.mcp.state.kind === 'ready');
    for (const times of [2, 3, 4]) {
      clock += factsLastMs + 1;
      expect(timers.waiting).toEqual([factsLastMs]);
      timers.goOff();
      expect(reads).toBe(times);
      await until('the lists anew', () => chain.keys.rings.dev.isFresh(0) && chain.keys.rings.mcp.isFresh(0));
    }
  });

  test('a second look starts no second timer', async () => {
    await readBefore(0);
    watch.look();
    watch.look();
    expect(timers.waiting).toHaveLength(1);
  });

  test.each(['out of sight', 'left'] as const)(
    'it ends when they are %s, and a look resumes it',
    async (how) => {
      await readBefore(0);
      watch.look();
      clock += factsLastMs + 1;
      if (how === 'left') isAttended = false;
      else isSeen = false;
      timers.goOff();
      expect([reads, timers.waiting]).toEqual([0, []]);
      isSeen = isAttended = true;
      watch.look();
      expect([reads, timers.waiting]).toEqual([1, [factsLastMs]]);
    },
  );

  test('it ends with the window', async () => {
    await readBefore(0);
    watch.look();
    watch.dispose();
    expect(timers.waiting).toEqual([]);
  });
});
