import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultEffect } from '../../../sandbox/server';
import {
  createKey,
  mayHaveActed,
  newKeysOfName,
  problemOfName,
  type CreateOutcome,
} from '../../../src/keys/createKey';
import type { NewKey } from '../../../src/omi/keysApi';
import type { ListedKey } from '../../../src/omi/schemas';
import { sandbox, withSandbox } from '../support/sandbox';
import { rawDevKey, rawDigits, rawMcpKey } from '../support/secrets';
import { gate, openChain, targetOf, type Chain } from './chain';

let chain: Chain;

withSandbox();
beforeEach(async () => {
  chain = openChain(sandbox);
  await chain.signIn('ada');
});
afterEach(() => chain.dispose());

const listPath = '/v1/dev/keys';
const robot: NewKey = { family: 'dev', name: 'robot', scopes: undefined };

const create = (key: Partial<NewKey> = {}, signal = new AbortController().signal): Promise<CreateOutcome> =>
  createKey({ ...robot, ...key }, chain.keys.creation, signal);
const post = (effect: FaultEffect) => sandbox.fault({ method: 'POST', times: Infinity, effect });
const posts = () => sandbox.requests.filter(({ method }) => method === 'POST');
const lists = (skip: number, effect: FaultEffect, times = Infinity) =>
  sandbox.fault({ method: 'GET', path: listPath, skip, times, effect });
const robots = () => sandbox.keys('ada').filter(({ name }) => name === 'robot');

async function hastyChain(): Promise<void> {
  chain.dispose();
  chain = openChain(sandbox, { timeoutMs: 1000 });
  await chain.signIn('ada');
}

/** The only key of a lost secret; anything else fails the test. */
function lostKey(outcome: CreateOutcome): ListedKey {
  if (outcome.kind !== 'secretLost') expect.fail(`secretLost was expected, not ${outcome.kind}`);
  const [key, ...others] = outcome.keys;
  expect(others).toEqual([]);
  return key ?? expect.fail('no key');
}

describe('another account that comes into use meanwhile', () => {
  test('before the request: nothing is made in either', async () => {
    await chain.signIn('grace');
    await chain.sessions.use(sandbox.accounts.ada.uid);
    const { closed, open } = gate();
    sandbox.fault({ path: listPath, account: 'ada', effect: { hold: closed } });
    const outcome = create();
    await expect.poll(() => sandbox.requests.map(({ account }) => account)).toEqual(['ada']);
    await chain.sessions.use(sandbox.accounts.grace.uid);
    // As the view does that shows the account in use.
    await chain.keys.rings.dev.refresh();
    open();
    expect(await outcome).toEqual({ kind: 'notMade', failure: { kind: 'cancelled' } });
    expect(posts()).toEqual([]);
  });

  test('while the request is under way: the key is made in the first', async () => {
    await chain.signIn('grace');
    await chain.sessions.use(sandbox.accounts.ada.uid);
    const { closed, open } = gate();
    post({ hold: closed });
    const outcome = create();
    await expect.poll(() => posts().length).toBe(1);
    await chain.sessions.use(sandbox.accounts.grace.uid);
    open();
    expect(await outcome).toMatchObject({ kind: 'created' });
    expect(posts().map(({ account }) => account)).toEqual(['ada']);
    expect(robots()).toHaveLength(1);
  });
});

describe('a key that is made', () => {
  test('list, POST, list; the new key is in the ring, its secret only in the outcome', async () => {
    const outcome = await create({ scopes: ['goals:read'] });
    const [made] = robots();
    if (outcome.kind !== 'created') expect.fail(`created was expected, not ${outcome.kind}`);
    expect(outcome.key).toMatchObject({ id: made?.id, scopes: ['goals:read'] });
    expect(outcome.secret === made?.raw).toBe(true);
    expect(sandbox.requestLines).toEqual([`GET ${listPath}`, `POST ${listPath}`, `GET ${listPath}`]);
    expect(chain.keys.rings.dev.list?.keys.map(({ id }) => id)).toContain(made?.id);
    expect(JSON.stringify(chain.keys.rings.dev.state).includes(outcome.secret)).toBe(false);
  });

  test('an MCP key', async () => {
    expect(await create({ family: 'mcp' })).toMatchObject({ kind: 'created', key: { family: 'mcp' } });
    expect(posts().map(({ rawPath }) => rawPath)).toEqual(['/v1/mcp/keys']);
  });

  test('a list that cannot be read afterwards does not undo it', async () => {
    lists(1, { status: 503 });
    expect((await create()).kind).toBe('created');
  });
});

describe('a lost answer', () => {
  test.each<[string, FaultEffect]>([
    ['dropped after the deed', { drop: 'after' }],
    ['half a body', { halfBody: true }],
    ['500 after the deed', { status: 500, act: true }],
    ['a page after the deed', { status: 200, body: '<html></html>', act: true }],
    ['a secret of the wrong form', { status: 200, body: { key: 'omi_dev_x' }, act: true }],
  ])('%s: made, the secret is lost', async (_, effect) => {
    sandbox.addKey('ada', { name: 'robot', id: 'older', createdAt: Date.now() - 1000 });
    post(effect);
    const outcome = await create();
    const made = robots().filter(({ id }) => id !== 'older');
    expect(lostKey(outcome).id).toBe(made[0]?.id);
    expect(made).toHaveLength(1);
    expect(posts()).toHaveLength(1);
  });

  test('a server that trims the name is understood', async () => {
    post({ drop: 'after' });
    expect(lostKey(await create({ name: '  robot ' })).name).toBe('robot');
  });

  test('a list that lags behind is read again', async () => {
    sandbox.fault({ method: 'POST', effect: { lagReads: 2 } });
    post({ drop: 'after' });
    expect(lostKey(await create()).id).toBe(robots()[0]?.id);
    expect(chain.pauses).toEqual([250, 750]);
    expect(posts()).toHaveLength(1);
  });

  test.each<[string, FaultEffect, object]>([
    ['dropped before the deed', { drop: 'before' }, { kind: 'network', cause: 'interrupted' }],
    ['500', { status: 500 }, { kind: 'server', status: 500 }],
    ['502 of a gateway', { html: true }, { kind: 'server', status: 502 }],
    ['503', { status: 503, headers: { 'retry-after': '0' } }, { kind: 'server', status: 503 }],
  ])('%s: not made', async (_, effect, failure) => {
    sandbox.addKey('ada', { name: 'robot', id: 'older' });
    post(effect);
    expect(await create()).toMatchObject({ kind: 'notMade', failure });
    expect(robots().map(({ id }) => id)).toEqual(['older']);
    expect(posts()).toHaveLength(1);
    expect(chain.pauses).toEqual([250, 750, 1500]);
  });

  test('after a time limit Omi may still act: unknown, unless the list has it', async () => {
    await hastyChain();
    const { closed, open } = gate();
    post({ hold: closed });
    expect(await create()).toMatchObject({ kind: 'unknown', failure: { cause: 'timeout' } });
    expect(posts()).toHaveLength(1);
    open();
  });

  test('a cancel likewise', async () => {
    const { closed, open } = gate();
    post({ hold: closed });
    const stop = new AbortController();
    const creating = create({}, stop.signal);
    await sandbox.waitForRequest({ method: 'POST' });
    stop.abort();
    expect(await creating).toEqual({ kind: 'unknown', failure: { kind: 'cancelled' } });
    expect(posts()).toHaveLength(1);
    open();
  });

  test('a cancel before the request: nothing was sent', async () => {
    expect(await create({}, AbortSignal.abort())).toEqual({
      kind: 'notMade',
      failure: { kind: 'cancelled' },
    });
    expect(posts()).toEqual([]);
  });

  test.each<[string, FaultEffect]>([
    ['cannot be read', { status: 503 }],
    ['is no list', { status: 200, body: { keys: [] } }],
    ['is suddenly empty', { status: 200, body: [] }],
  ])('and a list that %s: unknown', async (_, effect) => {
    post({ drop: 'after' });
    lists(1, effect);
    expect(await create()).toMatchObject({ kind: 'unknown', failure: { kind: 'network' } });
    expect(posts()).toHaveLength(1);
  });

  test('and an entry that became unreadable: unknown', async () => {
    post({ drop: 'before' });
    const shown = sandbox.keys('ada').map(({ id, name, prefix }) => ({
      id,
      name,
      key_prefix: prefix,
      created_at: '2026-11-01T00:00:00Z',
    }));
    lists(1, { status: 200, body: [...shown, { id: 'new', name: 'robot' }] });
    expect((await create()).kind).toBe('unknown');
  });
});

describe('keys of old that only seem new', () => {
  beforeEach(() => {
    sandbox.addKey('ada', { name: 'robot', id: 'in-production' });
    post({ drop: 'before' });
  });

  test('because the list before was emptied by a fault', async () => {
    await chain.keys.rings.dev.refresh();
    lists(0, { status: 200, body: [] }, 1);
    expect((await create()).kind).toBe('unknown');
  });

  test('the same in a window that has read no list yet', async () => {
    lists(0, { status: 200, body: [] }, 1);
    expect((await create()).kind).toBe('unknown');
  });

  test('the same where it is the account’s only key', async () => {
    sandbox.clearFaults();
    sandbox.addKey('linus', { name: 'robot' });
    await chain.signIn('linus');
    await chain.keys.rings.dev.refresh();
    post({ drop: 'before' });
    lists(0, { status: 200, body: [] }, 1);
    expect((await create()).kind).toBe('unknown');
  });

  test('because the list before had an entry that could not be read', async () => {
    const others = sandbox.keys('ada').filter(({ id }) => id !== 'in-production');
    const body = others.map(({ id, name, prefix }) => ({
      id,
      name,
      key_prefix: prefix,
      created_at: '2026-11-01T00:00:00Z',
    }));
    lists(0, { status: 200, body: [...body, { name: 'robot' }] }, 1);
    expect((await create()).kind).toBe('unknown');
  });

  test('because they are of the account that came into use meanwhile', async () => {
    const { closed, open } = gate();
    lists(1, { hold: closed });
    const creating = create({ name: 'compiler' });
    await expect.poll(() => sandbox.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET']);
    await chain.signIn('grace');
    open();
    expect((await creating).kind).toBe('unknown');
    expect(posts()).toHaveLength(1);
  });
});

describe('refused', () => {
  test.each<[string, FaultEffect, object]>([
    [
      '422',
      { status: 422, body: { detail: 'API key limit reached' } },
      { kind: 'invalid', detail: 'API key limit reached' },
    ],
    [
      '400',
      { status: 400, body: { detail: 'Invalid scopes: x' } },
      { kind: 'invalid', detail: 'Invalid scopes: x' },
    ],
    [
      '422 as an array',
      { status: 422, body: { detail: [{ loc: ['body', 'name'], msg: 'too long' }] } },
      { kind: 'invalid', detail: 'name: too long' },
    ],
    ['403', { status: 403 }, { kind: 'forbidden' }],
    ['429', { status: 429, headers: { 'retry-after': '30' } }, { kind: 'rateLimited', retryAfter: 30_000 }],
  ])('%s: not made, sent once, no need to look', async (_, effect, failure) => {
    post(effect);
    expect(await create()).toMatchObject({ kind: 'notMade', failure });
    expect(sandbox.requestLines).toEqual([`GET ${listPath}`, `POST ${listPath}`]);
  });

  test('401: only what Omi refused for its bearer, and so did not do, is sent again', async () => {
    post({ status: 401 });
    expect(await create()).toMatchObject({ kind: 'notMade', failure: { kind: 'unauthenticated' } });
    expect(posts().map(({ status }) => status)).toEqual([401, 401]);
    expect(robots()).toEqual([]);
  });

  test('a list that cannot be read beforehand: nothing is sent', async () => {
    lists(0, { status: 503 });
    expect(await create()).toMatchObject({ kind: 'notMade', failure: { kind: 'server' } });
    expect(posts()).toEqual([]);
  });

  test('signed out: nothing is sent', async () => {
    chain.dispose();
    chain = openChain(sandbox);
    expect(await create()).toEqual({ kind: 'notMade', failure: { kind: 'unauthenticated' } });
    expect(sandbox.requestLines).toEqual([]);
  });
});

describe('names', () => {
  test.each([
    ['', 'blank'],
    [' \t\n\u00a0', 'blank'],
    ['x', undefined],
    ['x'.repeat(100), undefined],
    [`  ${'x'.repeat(100)}  `, undefined],
    ['x'.repeat(101), 'tooLong'],
    ['🚀'.repeat(100), undefined],
    ['🚀'.repeat(101), 'tooLong'],
    [rawDevKey, 'holdsRawKey'],
    [`key ${rawMcpKey} of ada`, 'holdsRawKey'],
    [`(${rawDevKey})`, 'holdsRawKey'],
    ['omi_dev_legacy', undefined],
    ['omi_dev_0123...cdef', undefined],
  ] as const)('%j: %s', (name, problem) => {
    expect(problemOfName(name)).toBe(problem);
  });

  test.each([`x${rawDevKey}`, `${rawDevKey}0`, `_${rawDevKey}_`])(
    'a raw key in the middle of a word is refused here as it is by Omi',
    async (name) => {
      expect(await create({ name })).toMatchObject({ kind: 'notMade', failure: { kind: 'invalid' } });
      expect(problemOfName(name)).toBe('holdsRawKey');
    },
  );
});

test('only new keys of exactly that name count', () => {
  const key = (id: string, name: string) => targetOf(sandbox, { ...sandbox.key('ada', 'ci'), id, name }).key;
  const before = { keys: [key('1', 'ci')], unreadable: [] };
  const after = { keys: [key('1', 'ci'), key('2', 'ci '), key('3', 'CI'), key('4', 'ci-2')], unreadable: [] };
  expect(newKeysOfName(' ci', before, after).map(({ id }) => id)).toEqual(['2']);
});

test('only failures that leave it open may have acted', () => {
  const server = { kind: 'server', status: 500, detail: '' } as const;
  expect([server, { kind: 'cancelled' } as const].every(mayHaveActed)).toBe(true);
  expect(mayHaveActed({ kind: 'invalid', detail: rawDigits })).toBe(false);
  expect(mayHaveActed({ kind: 'rateLimited' })).toBe(false);
  expect(mayHaveActed({ kind: 'unauthenticated' })).toBe(false);
});
