import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KeyRing, type KeyRingState } from '../../../src/keys/keyRing';
import { succeed, type Result } from '../../../src/omi/result';
import type { KeyList } from '../../../src/omi/schemas';
import { sandbox, withSandbox } from '../support/sandbox';
import { gate, memoryVault, openChain, type Chain } from './chain';

let chain: Chain;
let ring: KeyRing;
let clock: number;
/** What listeners were told, in order. */
let told: KeyRingState[];

withSandbox();
beforeEach(async () => {
  clock = 1_000;
  chain = openChain(sandbox, { now: () => clock });
  ring = chain.keys.rings.dev;
  await chain.signIn('ada');
  told = [];
  ring.onDidChange((state) => told.push(state));
});
afterEach(() => chain.dispose());

const listPath = '/v1/dev/keys';
const idsOf = (list: KeyList | undefined): string[] | undefined => list?.keys.map(({ id }) => id);
const idsIn = (account: 'ada' | 'grace'): string[] => sandbox.keys(account).map(({ id }) => id);

describe('one value', () => {
  test('loading, then ready with the list and the time it was read', async () => {
    expect(ring.state).toEqual({ kind: 'loading' });
    expect(ring.list).toBeUndefined();
    const result = await ring.refresh();
    expect(result.ok && idsOf(result.value)).toEqual(idsIn('ada'));
    expect(ring.state).toMatchObject({ kind: 'ready', readAt: 1_000 });
    expect(idsOf(ring.list)).toEqual(idsIn('ada'));
    expect(told.map(({ kind }) => kind)).toEqual(['ready']);
  });

  test('a failure keeps the last good list and the time it was read', async () => {
    await ring.refresh();
    const before = ring.list;
    clock = 2_000;
    sandbox.fault({ path: listPath, times: Infinity, effect: { status: 500 } });
    expect(await ring.refresh()).toMatchObject({ ok: false, failure: { kind: 'server', status: 500 } });
    expect(ring.state).toMatchObject({ kind: 'stale', readAt: 1_000, failure: { kind: 'server' } });
    expect(ring.list).toBe(before);
    clock = 3_000;
    await ring.refresh();
    expect(ring.state).toMatchObject({ kind: 'stale', readAt: 1_000 });
    expect(ring.list).toBe(before);
  });

  test('a failure without a good list is a failure, never an empty list', async () => {
    sandbox.fault({ path: listPath, times: Infinity, effect: { html: true, status: 502 } });
    await ring.refresh();
    expect(ring.state).toMatchObject({ kind: 'failed', failure: { kind: 'server', status: 502 } });
    expect(ring.list).toBeUndefined();
    await ring.refresh();
    expect(ring.state.kind).toBe('failed');
  });

  test('recovers from failed and from stale', async () => {
    const fault = sandbox.fault({ path: listPath, times: Infinity, effect: { status: 200, body: {} } });
    await ring.refresh();
    expect(ring.state).toMatchObject({ kind: 'failed', failure: { kind: 'protocol' } });
    fault.clear();
    await ring.refresh();
    expect(ring.state.kind).toBe('ready');
    const again = sandbox.fault({ path: listPath, times: Infinity, effect: { status: 200, body: 'null' } });
    await ring.refresh();
    expect(ring.state.kind).toBe('stale');
    again.clear();
    clock = 9_000;
    await ring.refresh();
    expect(ring.state).toMatchObject({ kind: 'ready', readAt: 9_000 });
    expect(told.map(({ kind }) => kind)).toEqual(['failed', 'ready', 'stale', 'ready']);
  });

  test('a passing failure is not seen at all', async () => {
    sandbox.fault({ path: listPath, times: 2, effect: { status: 503 } });
    await ring.refresh();
    expect(told.map(({ kind }) => kind)).toEqual(['ready']);
  });

  test('an ended session is a failure like others, and nothing is sent', async () => {
    await ring.refresh();
    const bearer = await chain.sessions.bearer();
    if (bearer.ok) chain.sessions.refuse(bearer.value);
    sandbox.clearRequests();
    expect(await ring.refresh()).toEqual({ ok: false, failure: { kind: 'unauthenticated' } });
    expect(ring.state.kind).toBe('stale');
    expect(sandbox.requestLines).toEqual([]);
  });

  test('an account without keys is ready with none', async () => {
    await chain.signIn('linus');
    await ring.refresh();
    expect(ring.state).toMatchObject({ kind: 'ready', list: { keys: [], unreadable: [] } });
  });

  test('both families are read apart', async () => {
    await Promise.all([ring.refresh(), chain.keys.rings.mcp.refresh()]);
    expect(idsOf(chain.keys.rings.mcp.list)).toEqual(sandbox.keys('ada', 'mcp').map(({ id }) => id));
    expect(chain.keys.rings.mcp.list?.keys.every(({ family }) => family === 'mcp')).toBe(true);
    expect(sandbox.requestLines.toSorted()).toEqual(['GET /v1/dev/keys', 'GET /v1/mcp/keys']);
  });
});

describe('a list that is partly junk', () => {
  const good = {
    id: 'good',
    name: 'good',
    key_prefix: 'omi_dev_1a2b...9f0e',
    created_at: '2026-01-02T03:04:05Z',
    last_used_at: null,
    scopes: null,
  };

  test('shows the good keys and names the junk', async () => {
    const body = [null, good, { ...good, id: 7 }, 'junk', { ...good, id: 'late', created_at: 'yesterday' }];
    sandbox.fault({ path: listPath, effect: { status: 200, body } });
    await ring.refresh();
    expect(ring.state).toMatchObject({
      kind: 'ready',
      list: {
        keys: [{ id: 'good' }],
        unreadable: [
          { position: 1 },
          { position: 3, field: 'id' },
          { position: 4 },
          { position: 5, field: 'created_at' },
        ],
      },
    });
  });

  test('of junk alone is a failure that names the field', async () => {
    sandbox.fault({ path: listPath, effect: { status: 200, body: [{ ...good, key_prefix: null }] } });
    await ring.refresh();
    expect(ring.state).toMatchObject({ kind: 'failed', failure: { kind: 'protocol' } });
    expect(JSON.stringify(ring.state)).toContain('key_prefix');
  });
});

describe('one request at a time, newest wins', () => {
  test('the answer to an older read is dropped, and who waited for it gets the newest', async () => {
    const held = gate();
    sandbox.fault({ path: listPath, effect: { hold: held.closed } });
    const first = ring.refresh();
    await sandbox.waitForRequest({ path: listPath });
    const added = sandbox.addKey('ada', { name: 'made meanwhile' });
    const second = ring.refresh();
    const [one, two] = await Promise.all([first, second]);
    expect(one).toEqual(two);
    expect(two.ok && idsOf(two.value)).toContain(added.id);
    expect(told).toHaveLength(1);
    const state = ring.state;
    sandbox.deleteKey('ada', added.id);
    held.open();
    await ring.refresh();
    expect(told).toHaveLength(2);
    expect(ring.state).not.toBe(state);
    expect(idsOf(ring.list)).toEqual(idsIn('ada'));
  });

  test('many refreshes at once end in one change and one result', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => ring.refresh()));
    expect(results.every((result) => result.ok && idsOf(result.value)?.length === idsIn('ada').length)).toBe(
      true,
    );
    expect(told.map(({ kind }) => kind)).toEqual(['ready']);
  });

  test('a failure of an older read does not spoil the newest', async () => {
    const held = gate();
    sandbox.fault({ path: listPath, effect: { hold: held.closed } });
    const first = ring.refresh();
    await sandbox.waitForRequest({ path: listPath });
    const second = ring.refresh();
    sandbox.reset();
    expect((await second).ok).toBe(true);
    expect((await first).ok).toBe(true);
    expect(told.map(({ kind }) => kind)).toEqual(['ready']);
    held.open();
  });

  test('an older read that cannot be stopped and ends last changes nothing, and gives the newest result', async () => {
    const lists: KeyList[] = [1, 2].map((count) => ({
      keys: [],
      unreadable: Array.from({ length: count }, () => ({ position: 1, field: 'id' })),
    }));
    const waiting: ((result: Result<KeyList>) => void)[] = [];
    const slow = new KeyRing({ read: () => new Promise((resolve) => waiting.push(resolve)), now: () => 1 });
    const [older, newer] = lists;
    if (!older || !newer) throw new Error('two lists are needed');
    const first = slow.refresh();
    const second = slow.refresh();
    waiting[1]?.(succeed(newer));
    expect(await second).toEqual(succeed(newer));
    waiting[0]?.(succeed(older));
    const late = await first;
    expect(slow.list).toBe(newer);
    expect(late).toEqual(succeed(newer));
  });
});

describe('another account, or none', () => {
  test('a sign-out while a list is under way leaves loading, and the answer is dropped', async () => {
    await ring.refresh();
    const held = gate();
    const fault = sandbox.fault({ path: listPath, effect: { hold: held.closed } });
    const reading = ring.refresh();
    await expect.poll(() => fault.hits).toBe(1);
    await chain.sessions.signOut();
    expect(await reading).toEqual({ ok: false, failure: { kind: 'cancelled' } });
    held.open();
    expect(ring.state).toEqual({ kind: 'loading' });
    expect(ring.list).toBeUndefined();
    expect(told.map(({ kind }) => kind)).toEqual(['ready', 'loading']);
  });

  test('a late list of the account before never shows as the list of the one after', async () => {
    const held = gate();
    sandbox.fault({ path: listPath, account: 'ada', effect: { hold: held.closed } });
    const adas = ring.refresh();
    await sandbox.waitForRequest({ path: listPath, account: 'ada' });
    await chain.signIn('grace');
    const graces = ring.refresh();
    held.open();
    const result = await graces;
    expect(result.ok && idsOf(result.value)).toEqual(idsIn('grace'));
    await adas;
    expect(idsOf(ring.list)).toEqual(idsIn('grace'));
    expect(told.map(({ kind }) => kind)).toEqual(['loading', 'ready']);
  });

  test('a read that was cancelled leaves the state alone', async () => {
    const cancelled = new KeyRing({
      read: () => Promise.resolve({ ok: false, failure: { kind: 'cancelled' } }),
      now: () => 1,
    });
    const { state } = cancelled;
    expect(await cancelled.refresh()).toEqual({ ok: false, failure: { kind: 'cancelled' } });
    expect(cancelled.state).toBe(state);
  });

  test('a change of account drops the list and the read under way, of both families', async () => {
    await Promise.all([ring.refresh(), chain.keys.rings.mcp.refresh()]);
    const held = gate();
    const fault = sandbox.fault({ path: listPath, effect: { hold: held.closed } });
    const reading = ring.refresh();
    await expect.poll(() => fault.hits).toBe(1);
    await chain.signIn('grace');
    held.open();
    expect(await reading).toEqual({ ok: false, failure: { kind: 'cancelled' } });
    expect(ring.state).toEqual({ kind: 'loading' });
    expect(chain.keys.rings.mcp.state).toEqual({ kind: 'loading' });
    expect(told.map(({ kind }) => kind)).toEqual(['ready', 'loading']);
  });

  test('going back to an account that is still signed in drops the list, too', async () => {
    await chain.signIn('grace');
    await ring.refresh();
    expect(idsOf(ring.list)).toEqual(idsIn('grace'));
    await chain.sessions.use(sandbox.accounts.ada.uid);
    expect(ring.state).toEqual({ kind: 'loading' });
    await ring.refresh();
    expect(idsOf(ring.list)).toEqual(idsIn('ada'));
  });

  test('a new token of the same account keeps the list', async () => {
    await ring.refresh();
    const { state } = ring;
    await chain.signIn('ada');
    expect(ring.state).toBe(state);
  });

  test('a sign-out in another window drops the answer, too', async () => {
    const vault = memoryVault();
    const [here, there] = [openChain(sandbox, { vault }), openChain(sandbox, { vault })];
    await there.signIn('ada');
    await expect.poll(() => here.sessions.state.kind).toBe('signedIn');
    const held = gate();
    const fault = sandbox.fault({ path: listPath, effect: { hold: held.closed } });
    const reading = here.keys.rings.dev.refresh();
    await expect.poll(() => fault.hits).toBe(1);
    await there.sessions.signOut();
    await expect.poll(() => here.sessions.state.kind).toBe('signedOut');
    held.open();
    expect(await reading).toEqual({ ok: false, failure: { kind: 'cancelled' } });
    expect(here.keys.rings.dev.state).toEqual({ kind: 'loading' });
    here.dispose();
    there.dispose();
  });

  test('the end of the ring ends a read under way', async () => {
    sandbox.fault({ path: listPath, effect: { hang: true } });
    const reading = ring.refresh();
    await sandbox.waitForRequest({ path: listPath });
    ring.dispose();
    expect(await reading).toEqual({ ok: false, failure: { kind: 'cancelled' } });
    expect(told).toEqual([]);
    await expect.poll(() => sandbox.requests[0]?.status).toBe('dropped');
  });
});
