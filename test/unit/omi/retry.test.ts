import { describe, expect, test } from 'vitest';
import type { OmiFailure } from '../../../src/omi/errors';
import { fail, succeed, type Result } from '../../../src/omi/result';
import { createRepeat, isPassing, standardRetry } from '../../../src/omi/retry';
import { failureOf, valueOf } from '../support/omiClient';

const serverFailure: OmiFailure = { kind: 'server', status: 503, detail: '' };
const { signal } = new AbortController();

/** Fails in turn with each of these, then succeeds; notes when it was asked. */
function failing(...failures: OmiFailure[]) {
  const times: number[] = [];
  const attempt = (): Promise<Result<string>> => {
    times.push(performance.now());
    const failure = failures[times.length - 1];
    return Promise.resolve(failure ? fail(failure) : succeed('done'));
  };
  const gaps = () => times.slice(1).map((time, index) => time - (times[index] ?? 0));
  return { attempt, times, gaps };
}

describe('what is repeated', () => {
  test.each<OmiFailure>([
    { kind: 'rateLimited' },
    { kind: 'server', status: 500, detail: '' },
    { kind: 'network', cause: 'offline', host: 'h' },
    { kind: 'network', cause: 'dns', host: 'h' },
    { kind: 'network', cause: 'timeout', host: 'h' },
    { kind: 'network', cause: 'interrupted', host: 'h' },
  ])('$kind $cause', async (failure) => {
    const { attempt, times } = failing(failure);
    expect(isPassing(failure)).toBe(true);
    expect(valueOf(await createRepeat({ ...standardRetry, firstPauseMs: 1 })(attempt, signal))).toBe('done');
    expect(times).toHaveLength(2);
  });

  test.each<OmiFailure>([
    { kind: 'unauthenticated' },
    { kind: 'forbidden', detail: '' },
    { kind: 'notFound', detail: '' },
    { kind: 'invalid', detail: '' },
    { kind: 'protocol', problem: '' },
    { kind: 'misconfigured', setting: '', problem: '' },
    { kind: 'cancelled' },
    { kind: 'network', cause: 'tls', host: 'h' },
    { kind: 'network', cause: 'proxy', host: 'h' },
  ])('not $kind $cause', async (failure) => {
    const { attempt, times } = failing(failure);
    expect(isPassing(failure)).toBe(false);
    expect(failureOf(await createRepeat({ ...standardRetry, firstPauseMs: 1 })(attempt, signal))).toEqual(
      failure,
    );
    expect(times).toHaveLength(1);
  });

  test('the last failure is the one reported', async () => {
    const last: OmiFailure = { kind: 'network', cause: 'offline', host: 'h' };
    const { attempt } = failing(serverFailure, serverFailure, last);
    const repeat = createRepeat({ ...standardRetry, firstPauseMs: 1, repeats: 2 });
    expect(failureOf(await repeat(attempt, signal))).toEqual(last);
  });

  test('two calls at once do not count for each other', async () => {
    const repeat = createRepeat({ ...standardRetry, firstPauseMs: 1, repeats: 2 });
    const results = await Promise.all([
      repeat(failing(serverFailure, serverFailure).attempt, signal),
      repeat(failing(serverFailure, serverFailure).attempt, signal),
    ]);
    expect(results.map((result) => result.ok)).toEqual([true, true]);
  });
});

describe('pauses', () => {
  /** Timers may be this much early, in milliseconds. */
  const early = 2;
  /** A busy machine is this much late at most, in milliseconds. */
  const late = 400;

  test.each([
    ['shortest', 0, 0.5],
    ['middle', 0.5, 0.75],
    ['longest', 0.999, 1],
  ])('%s: doubled each time, jitter within half of its length', async (_, random, factor) => {
    const { attempt, gaps } = failing(serverFailure, serverFailure, serverFailure);
    const repeat = createRepeat({ ...standardRetry, firstPauseMs: 100, random: () => random });
    valueOf(await repeat(attempt, signal));
    expect(gaps()).toHaveLength(3);
    gaps().forEach((gap, index) => {
      const pause = 100 * 2 ** index * factor;
      expect(gap).toBeGreaterThanOrEqual(pause - early);
      expect(gap).toBeLessThan(pause + late);
    });
  });

  test('the longer of the own pause and the one asked for', async () => {
    const { attempt, gaps } = failing(
      { kind: 'rateLimited', retryAfter: 150 },
      { kind: 'rateLimited', retryAfter: 1 },
    );
    valueOf(await createRepeat({ ...standardRetry, firstPauseMs: 40, random: () => 0 })(attempt, signal));
    expect(gaps()[0]).toBeGreaterThanOrEqual(150 - early);
    expect(gaps()[1]).toBeGreaterThanOrEqual(40 - early);
    expect(gaps()[1]).toBeLessThan(40 + late);
  });

  test('a cancel in a pause returns at once', async () => {
    const cancel = new AbortController();
    const { attempt, times } = failing(serverFailure);
    const work = createRepeat({ ...standardRetry, firstPauseMs: 2000 })(async () => {
      const result = await attempt();
      // After this answer the pause begins.
      setTimeout(() => cancel.abort(), 10);
      return result;
    }, cancel.signal);
    const started = performance.now();
    expect(failureOf(await work)).toEqual({ kind: 'cancelled' });
    expect(performance.now() - started).toBeLessThan(500);
    expect(times).toHaveLength(1);
  });
});
