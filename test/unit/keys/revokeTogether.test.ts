import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultEffect } from '../../../sandbox/server';
import type { KeyTarget } from '../../../src/keys/key';
import { checkRevoked, type KeyOutcome } from '../../../src/keys/revokeKeys';
import { sandbox, withSandbox } from '../support/sandbox';
import {
  addTargets,
  deletes,
  endKinds,
  ends,
  gate,
  lives,
  memoryVault,
  openChain,
  pathOf,
  targetOf,
  until,
  type Chain,
} from './chain';

let chain: Chain;

withSandbox();
beforeEach(async () => {
  chain = openChain(sandbox);
  await chain.signIn('ada');
});
afterEach(() => chain.dispose());

const listPath = '/v1/dev/keys';

/** Holds the DELETE of each of these targets; opens them one by one or all together. */
function hold(targets: readonly KeyTarget[]): { open(target?: KeyTarget): void } {
  const gates = new Map(
    targets.map((target) => {
      const held = gate();
      sandbox.fault({ method: 'DELETE', path: pathOf(target), effect: { hold: held.closed } });
      return [target, held] as const;
    }),
  );
  return {
    open: (target) => {
      if (target) gates.get(target)?.open();
      else gates.forEach((held) => held.open());
    },
  };
}

/** How many DELETEs the sandbox has not answered yet. */
const open = (): number => deletes(sandbox).filter(({ status }) => status === null).length;

/** No key was deleted by two requests: each got at most one 204. */
function expectOneSuccessEach(targets: readonly KeyTarget[]): void {
  for (const target of targets) {
    const done = deletes(sandbox, target).filter(({ status }) => status === 204);
    expect(done.length, target.key.name).toBeLessThanOrEqual(1);
  }
}

describe('401 in the middle of five', () => {
  test('one hiccup is survived', async () => {
    const targets = addTargets(sandbox, 5);
    const [, , third] = targets;
    if (!third) throw new Error('a target is needed');
    sandbox.fault({ method: 'DELETE', path: pathOf(third), effect: { status: 401 } });
    expect(new Set(endKinds(await chain.revoke(targets)))).toEqual(new Set(['revoked']));
    expect(deletes(sandbox, third).map(({ status }) => status)).toEqual([401, 204]);
    expect(chain.sessions.state.kind).toBe('signedIn');
    expectOneSuccessEach(targets);
  });

  test('a hiccup of the list is survived, before and after', async () => {
    sandbox.fault({ method: 'GET', path: listPath, effect: { status: 401 } });
    sandbox.fault({ method: 'GET', path: listPath, skip: 2, effect: { status: 401 } });
    expect(endKinds(await chain.revoke(addTargets(sandbox, 2)))).toEqual(['revoked', 'revoked']);
  });

  test('a refused session stops the work, tells what was done, and after a new sign-in the rest is finished', async () => {
    const targets = addTargets(sandbox, 5);
    const [first, second, third, fourth, fifth] = targets;
    if (!first || !second || !third || !fourth || !fifth) throw new Error('five targets are needed');
    const held = hold([first, second, fourth]);
    const refusal = sandbox.fault({
      method: 'DELETE',
      path: pathOf(third),
      times: Infinity,
      effect: { status: 401 },
    });
    const work = chain.revoke(targets);
    await until('the session is refused', () => chain.sessions.state.kind === 'expired');
    expect(chain.sessions.state).toMatchObject({ kind: 'expired', reason: 'refused' });
    await until('three are held', () => open() === 3);
    held.open();
    const outcomes = await work;

    const waiting = { kind: 'untried', why: 'signInNeeded' };
    const unsure = { kind: 'notConfirmed', failure: { kind: 'unauthenticated' } };
    expect(ends(outcomes)).toEqual([unsure, unsure, waiting, unsure, waiting]);
    expect(targets.map((target) => lives(sandbox, target))).toEqual([false, false, true, false, true]);
    expect(deletes(sandbox, third)).toHaveLength(2);
    expect(deletes(sandbox, fifth)).toHaveLength(0);

    refusal.clear();
    await chain.signIn('ada');
    const rest = [third, fifth];
    expect(ends(await chain.revoke(rest))).toEqual([{ kind: 'revoked' }, { kind: 'revoked' }]);
    expect(endKinds(await checkRevoked([first, second, fourth], chain.keys.revocation))).toEqual([
      'revoked',
      'revoked',
      'revoked',
    ]);
    expect(targets.some((target) => lives(sandbox, target))).toBe(false);
    expectOneSuccessEach(targets);
  });

  test('a session refused from the first list on: nothing is tried', async () => {
    sandbox.fault({ times: Infinity, effect: { status: 401 } });
    const targets = addTargets(sandbox, 5);
    const outcomes = await chain.revoke(targets);
    expect(ends(outcomes)).toEqual(targets.map(() => ({ kind: 'untried', why: 'signInNeeded' })));
    expect(deletes(sandbox)).toHaveLength(0);
  });

  test('a key that died before the session did is never called revoked twice nor alive', async () => {
    const [target] = addTargets(sandbox, 1);
    if (!target) throw new Error('a target is needed');
    sandbox.fault({ method: 'DELETE', effect: { drop: 'after' } });
    const refusal = sandbox.fault({ method: 'DELETE', times: Infinity, effect: { status: 401 } });
    const [end] = ends(await chain.revoke([target]));
    expect(end?.kind).not.toBe('stillLive');
    expect(end?.kind).not.toBe('revoked');
    refusal.clear();
    await chain.signIn('ada');
    expect(['revoked', 'alreadyGone']).toContain(endKinds(await chain.revoke([target]))[0]);
  });

  test('nobody signed in: nothing is sent', async () => {
    await chain.sessions.signOut();
    const outcomes = await chain.revoke(addTargets(sandbox, 2));
    expect(outcomes.every(({ end }) => end.kind === 'untried' || end.kind === 'notInThisAccount')).toBe(true);
    expect(sandbox.requestLines).toEqual([]);
  });
});

describe('the account changes while a DELETE is held', () => {
  async function heldTargets(): Promise<{
    targets: KeyTarget[];
    work: Promise<readonly KeyOutcome[]>;
    release: () => void;
  }> {
    const targets = addTargets(sandbox, 6);
    const held = hold(targets);
    const work = chain.revoke(targets);
    await until('four are held', () => open() === 4);
    return { targets, work, release: () => held.open() };
  }

  test('another account: its list, which lacks the keys, proves nothing', async () => {
    const { targets, work, release } = await heldTargets();
    await chain.signIn('grace');
    release();
    const outcomes = await work;
    const kinds = endKinds(outcomes);
    expect(kinds).not.toContain('revoked');
    expect(kinds).not.toContain('alreadyGone');
    expect(kinds.slice(4)).toEqual(['notInThisAccount', 'notInThisAccount']);
    expect(deletes(sandbox)).toHaveLength(4);
    expect(deletes(sandbox).every(({ account }) => account === 'ada')).toBe(true);
    expect(sandbox.keys('grace')).toHaveLength(2);
    expect(targets.slice(4).every((target) => lives(sandbox, target))).toBe(true);
  });

  test('another account that has no keys at all', async () => {
    const { work, release } = await heldTargets();
    await chain.signIn('linus');
    release();
    const kinds = endKinds(await work);
    expect(kinds).not.toContain('revoked');
    expect(kinds).not.toContain('alreadyGone');
  });

  test('signed out', async () => {
    const { work, release } = await heldTargets();
    await chain.sessions.signOut();
    release();
    const outcomes = await work;
    const kinds = endKinds(outcomes);
    expect(kinds).not.toContain('revoked');
    expect(kinds).not.toContain('alreadyGone');
    expect(ends(outcomes).slice(4)).toEqual([
      { kind: 'untried', why: 'signInNeeded' },
      { kind: 'untried', why: 'signInNeeded' },
    ]);
    expect(deletes(sandbox)).toHaveLength(4);
  });

  test('a key whose answer nobody heard is not said to live when its own list cannot be read', async () => {
    const { targets, work, release } = await heldTargets();
    await chain.sessions.signOut();
    release();
    const outcomes = await work;
    await until('all are answered', () => open() === 0);
    const wrong = outcomes.filter(({ target, end }) => end.kind === 'stillLive' && !lives(sandbox, target));
    expect(targets.slice(0, 4).some((target) => lives(sandbox, target))).toBe(false);
    expect(wrong.map(({ target }) => target.key.name)).toEqual([]);
  });

  test('the same account with a new session: the list is its own, and settles it', async () => {
    const { targets, work, release } = await heldTargets();
    await chain.signIn('ada');
    release();
    expect(new Set(endKinds(await work))).toEqual(new Set(['revoked']));
    expect(targets.some((target) => lives(sandbox, target))).toBe(false);
  });

  test('another account while the last list is under way', async () => {
    const [target] = addTargets(sandbox, 1);
    if (!target) throw new Error('a target is needed');
    const held = gate();
    const list = sandbox.fault({ method: 'GET', path: listPath, skip: 1, effect: { hold: held.closed } });
    const work = chain.revoke([target]);
    await until('the list is held', () => list.hits === 1);
    await chain.signIn('grace');
    held.open();
    expect(endKinds(await work)).toEqual(['notConfirmed']);
  });

  test('another account while the first list is under way: nothing is deleted', async () => {
    const targets = addTargets(sandbox, 3);
    const held = gate();
    const list = sandbox.fault({ method: 'GET', path: listPath, effect: { hold: held.closed } });
    const work = chain.revoke(targets);
    await until('the list is held', () => list.hits === 1);
    await chain.signIn('grace');
    held.open();
    expect(new Set(endKinds(await work))).toEqual(new Set(['notInThisAccount']));
    expect(deletes(sandbox)).toHaveLength(0);
  });
});

describe('cancelled between keys', () => {
  test('what was not sent stays untried, what was sent is settled by the list', async () => {
    const targets = addTargets(sandbox, 8);
    const held = hold(targets);
    const cancel = new AbortController();
    const work = chain.revoke(targets, cancel.signal);
    await until('four are held', () => open() === 4);
    cancel.abort();
    held.open();
    const outcomes = await work;
    expect(ends(outcomes).slice(4)).toEqual(
      targets.slice(4).map(() => ({ kind: 'untried', why: 'cancelled' })),
    );
    expect(deletes(sandbox)).toHaveLength(4);
    expect(sandbox.requestLines.at(-1)).toBe('GET /v1/dev/keys');
    for (const { target, end } of outcomes.slice(0, 4)) {
      expect(['revoked', 'stillLive', 'notConfirmed'], target.key.name).toContain(end.kind);
      expect(end.kind === 'revoked', target.key.name).toBe(!lives(sandbox, target));
    }
    expect(targets.slice(4).every((target) => lives(sandbox, target))).toBe(true);
  });

  test('what is said of a request that is under way stays true', async () => {
    const targets = addTargets(sandbox, 6);
    const held = hold(targets);
    const cancel = new AbortController();
    const work = chain.revoke(targets, cancel.signal);
    await until('four are held', () => open() === 4);
    cancel.abort();
    // Omi takes longer to answer than a hasty look at the list would.
    await Promise.race([work, new Promise((resolve) => setTimeout(resolve, 200))]);
    held.open();
    const outcomes = await work;
    await until('all are answered', () => open() === 0);
    const wrong = outcomes.filter(({ target, end }) => end.kind === 'stillLive' && !lives(sandbox, target));
    expect(wrong.map(({ target }) => target.key.name)).toEqual([]);
    expect(endKinds(outcomes).slice(4)).toEqual(['untried', 'untried']);
  });

  test('before anything was sent: nothing is', async () => {
    const targets = [...addTargets(sandbox, 2), ...addTargets(sandbox, 1, 'mcp')];
    const outcomes = await chain.revoke(targets, AbortSignal.abort());
    expect(ends(outcomes)).toEqual(targets.map(() => ({ kind: 'untried', why: 'cancelled' })));
    expect(sandbox.requestLines).toEqual([]);
  });

  test('after the first answer of a family, the other family is left alone', async () => {
    const [dev] = addTargets(sandbox, 1);
    const [mcp] = addTargets(sandbox, 1, 'mcp');
    if (!dev || !mcp) throw new Error('two targets are needed');
    const held = gate();
    const list = sandbox.fault({ method: 'GET', path: listPath, skip: 1, effect: { hold: held.closed } });
    const cancel = new AbortController();
    const work = chain.revoke([dev, mcp], cancel.signal);
    await until('the last list is held', () => list.hits === 1);
    cancel.abort();
    held.open();
    expect(ends(await work)).toEqual([{ kind: 'revoked' }, { kind: 'untried', why: 'cancelled' }]);
    expect(lives(sandbox, mcp)).toBe(true);
  });

  test('in the middle of a pause between two attempts', async () => {
    const [target] = addTargets(sandbox, 1);
    if (!target) throw new Error('a target is needed');
    sandbox.fault({ method: 'DELETE', effect: { status: 429, headers: { 'retry-after': '1' } } });
    const cancel = new AbortController();
    const work = chain.revoke([target], cancel.signal);
    await until('429 came', () => deletes(sandbox).some(({ status }) => status === 429));
    cancel.abort();
    // Giving up at once and finishing what was begun are both well, as long as it is told truly.
    expect(endKinds(await work)).toEqual([lives(sandbox, target) ? 'stillLive' : 'revoked']);
    expect(open()).toBe(0);
  });
});

describe('four at a time', () => {
  test.each(['dev', 'mcp'] as const)('never five requests under way: %s keys', async (family) => {
    const targets = addTargets(sandbox, 10, family);
    const held = hold(targets);
    const work = chain.revoke(targets);
    for (let answered = 0; answered < targets.length; answered += 1) {
      const expected = Math.min(4, targets.length - answered);
      await until('the line is full', () => open() === expected);
      // Time for a fifth to arrive, if there were one.
      for (let look = 0; look < 3; look += 1) await fetch(`${sandbox.url}/__sandbox/requests`);
      expect(open()).toBe(expected);
      expect(deletes(sandbox)).toHaveLength(Math.min(targets.length, answered + 4));
      const next = targets[answered];
      held.open(next);
      await until('one is answered', () => next !== undefined && !lives(sandbox, next));
    }
    expect(new Set(endKinds(await work))).toEqual(new Set(['revoked']));
  });

  test('never five requests under way, both families together', async () => {
    const targets = [...addTargets(sandbox, 6), ...addTargets(sandbox, 6, 'mcp')];
    const held = hold(targets);
    let most = 0;
    const work = chain.revoke(targets);
    let done = false;
    void work.then(() => (done = true));
    await until('four are held', () => open() === 4);
    await until('all are done', () => {
      most = Math.max(most, open());
      targets.filter((target) => deletes(sandbox, target).length > 0).forEach((target) => held.open(target));
      return done;
    });
    expect(most).toBe(4);
    expect(new Set(endKinds(await work))).toEqual(new Set(['revoked']));
  });
});

describe('two windows', () => {
  test('revoke the same key at once: both see it gone', async () => {
    const vault = memoryVault();
    const windows = [openChain(sandbox, { vault }), openChain(sandbox, { vault })] as const;
    await windows[0].signIn('ada');
    await until('both are signed in', () =>
      windows.every(({ sessions }) => sessions.state.kind === 'signedIn'),
    );
    for (let round = 0; round < 10; round += 1) {
      const [target] = addTargets(sandbox, 1);
      if (!target) throw new Error('a target is needed');
      const both = await Promise.all(windows.map((window) => window.revoke([target])));
      for (const outcomes of both) expect(['revoked', 'alreadyGone']).toContain(endKinds(outcomes)[0]);
      expect(both.flatMap(endKinds)).toContain('revoked');
      expect(lives(sandbox, target)).toBe(false);
    }
    windows.forEach((window) => window.dispose());
  });

  test('both have listed the key before either deletes it', async () => {
    const vault = memoryVault();
    const windows = [openChain(sandbox, { vault }), openChain(sandbox, { vault })] as const;
    await windows[0].signIn('ada');
    await until('both are signed in', () =>
      windows.every(({ sessions }) => sessions.state.kind === 'signedIn'),
    );
    const [target] = addTargets(sandbox, 1);
    if (!target) throw new Error('a target is needed');
    const held = gate();
    sandbox.fault({ method: 'DELETE', times: 2, effect: { hold: held.closed } });
    const work = Promise.all(windows.map((window) => window.revoke([target])));
    await until('both DELETEs have come', () => deletes(sandbox).length === 2);
    held.open();
    for (const kind of (await work).flatMap(endKinds)) expect(['revoked', 'alreadyGone']).toContain(kind);
    windows.forEach((window) => window.dispose());
  });

  test('revoke overlapping selections at once', async () => {
    const vault = memoryVault();
    const windows = [openChain(sandbox, { vault }), openChain(sandbox, { vault })] as const;
    await windows[0].signIn('ada');
    await until('both are signed in', () =>
      windows.every(({ sessions }) => sessions.state.kind === 'signedIn'),
    );
    const targets = addTargets(sandbox, 9);
    const [one, two] = await Promise.all([
      windows[0].revoke(targets.slice(0, 6)),
      windows[1].revoke(targets.slice(3)),
    ]);
    for (const kind of [...endKinds(one), ...endKinds(two)])
      expect(['revoked', 'alreadyGone']).toContain(kind);
    expect(targets.some((target) => lives(sandbox, target))).toBe(false);
    windows.forEach((window) => window.dispose());
  });

  test('a refresh of the view in the middle takes nothing away from the revocation', async () => {
    const [target] = addTargets(sandbox, 1);
    if (!target) throw new Error('a target is needed');
    const held = gate();
    const list = sandbox.fault({ method: 'GET', path: listPath, skip: 1, effect: { hold: held.closed } });
    const work = chain.revoke([target]);
    await until('the last list is held', () => list.hits === 1);
    const refreshed = await chain.keys.rings.dev.refresh();
    expect(refreshed.ok).toBe(true);
    expect(endKinds(await work)).toEqual(['revoked']);
    held.open();
  });
});

describe('fifty keys and five faults in a hundred requests', () => {
  const effects: readonly FaultEffect[] = [
    { status: 500 },
    { status: 503 },
    { status: 503, act: true },
    { status: 429, headers: { 'retry-after': '0' } },
    { status: 404 },
    { status: 404, act: true },
    { status: 422, body: { detail: 'no' } },
    { status: 401 },
    { html: true },
    { drop: 'before' },
    { drop: 'after' },
    { halfBody: true },
    { hang: true },
    { delayMs: 30 },
    { redirectTo: 'http://127.0.0.1:9/' },
    { noEffect: true },
    { lagReads: 1 },
  ];

  /** A small generator of numbers in [0, 1), the same for the same seed. */
  function numbers(seed: number): () => number {
    let state = seed;
    return () => {
      state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
      return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
    };
  }

  test.each([
    [1, 0.05],
    [2, 0.05],
    [3, 0.05],
    [4, 0.05],
    [5, 0.4],
  ])('seed %i, rate %d: every key ends in one state that agrees with the truth', async (seed, rate) => {
    const rushed = openChain(sandbox, { timeoutMs: 1000 });
    await rushed.signIn('ada');
    const random = numbers(seed);
    const targets = addTargets(sandbox, 50);
    for (let skip = 0; skip < 200; skip += 1) {
      if (random() >= rate) continue;
      const effect = effects[Math.floor(random() * effects.length)];
      if (effect) sandbox.fault({ method: 'DELETE', skip, effect });
    }
    const outcomes = await rushed.revoke(targets);
    expect(outcomes.map(({ target }) => target)).toEqual(targets);
    for (const { target, end } of outcomes) {
      const alive = lives(sandbox, target);
      if (alive) expect(['stillLive', 'untried', 'notConfirmed'], target.key.name).toContain(end.kind);
      else expect(['revoked', 'alreadyGone', 'notConfirmed', 'untried'], target.key.name).toContain(end.kind);
    }
    const kinds = endKinds(outcomes);
    expect(kinds).toContain('revoked');
    if (rate === 0.05) expect(kinds.filter((kind) => kind === 'revoked').length).toBeGreaterThan(30);
    rushed.dispose();
  });
});

test('a key of the batch that another client deletes in the meantime ends dead', async () => {
  const targets = addTargets(sandbox, 3);
  const [first] = targets;
  if (!first) throw new Error('a target is needed');
  const held = hold([first]);
  const work = chain.revoke(targets);
  await until('one is held', () => deletes(sandbox, first).length === 1);
  sandbox.deleteKey('ada', first.key.id);
  held.open();
  expect(endKinds(await work)).toEqual(['revoked', 'revoked', 'revoked']);
});

test('a key that lives in grace is not touched by an id that ada shares with it', async () => {
  const theirs = sandbox.key('grace', 'compiler');
  const target = targetOf(sandbox, theirs, 'ada');
  expect(endKinds(await chain.revoke([target]))).toEqual(['alreadyGone']);
  expect(sandbox.keys('grace').map(({ id }) => id)).toContain(theirs.id);
});
