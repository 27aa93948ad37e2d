import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VaultTrouble } from '../../../src/account/sessionStore';
import { PendingSecrets, type PendingKey } from '../../../src/keys/pendingSecrets';
import type { ListedKey } from '../../../src/omi/schemas';
import { MemoryVault } from '../support/memoryVault';
import { rawDevKey, rawDigits, rawMcpKey } from '../support/secrets';
import { until } from './chain';

let vault: MemoryVault;
let opened: PendingSecrets[];
let here: PendingSecrets;

const key: ListedKey = {
  family: 'dev',
  id: 'id-1',
  name: 'robot "1"',
  prefix: 'omi_dev_0123...cdef',
  createdAt: 1_795_000_000_000,
  lastUsedAt: null,
  scopes: ['goals:read'],
  appId: null,
};
const first: PendingKey = { accountId: 'uid-of-ada', key, isKept: false };
const second: PendingKey = {
  accountId: 'uid-of-grace',
  key: { ...key, family: 'mcp', id: 'id-2', scopes: null, appId: 'app', lastUsedAt: 7 },
  isKept: false,
  replaces: 'id-0',
};
const held = { ok: true, value: undefined };

/** A window, or the next start of one. */
function open(): PendingSecrets {
  const pending = new PendingSecrets(vault.window());
  opened.push(pending);
  return pending;
}
async function openAndLoad(): Promise<PendingSecrets> {
  const pending = open();
  await pending.load();
  return pending;
}
const idsOf = (pending: PendingSecrets): string[] => pending.keys.map(({ key: { id } }) => id);
const secretsInVault = (): string[] => [...vault.entries.keys()].filter((name) => name !== 'omi.pending');

beforeEach(async () => {
  vault = new MemoryVault();
  opened = [];
  here = await openAndLoad();
});
afterEach(() => opened.forEach((pending) => pending.dispose()));

describe('the life of a secret', () => {
  test('nothing waits at first', () => {
    expect(here.keys).toEqual([]);
    expect(vault.operations.filter((one) => !one.startsWith('get'))).toEqual([]);
  });

  test('hold, read, keep, read, release', async () => {
    expect(await here.hold(first, rawDevKey)).toEqual(held);
    expect(here.keys).toEqual([first]);
    expect(await here.read('id-1')).toBe(rawDevKey);
    await here.keep('id-1');
    expect(here.keys).toEqual([{ ...first, isKept: true }]);
    expect(await here.read('id-1')).toBe(rawDevKey);
    await here.release('id-1');
    expect(here.keys).toEqual([]);
    expect(await here.read('id-1')).toBeUndefined();
    expect(secretsInVault()).toEqual([]);
  });

  test('newest first, each with its own secret', async () => {
    await here.hold(first, rawDevKey);
    await here.hold(second, rawMcpKey);
    expect(here.keys).toEqual([second, first]);
    expect(await here.read('id-1')).toBe(rawDevKey);
    expect(await here.read('id-2')).toBe(rawMcpKey);
    await here.release('id-1');
    expect(here.keys).toEqual([second]);
    expect(await here.read('id-2')).toBe(rawMcpKey);
  });

  test('held twice it is there once', async () => {
    await here.hold(first, rawMcpKey);
    await here.hold(first, rawDevKey);
    expect(here.keys).toEqual([first]);
    expect(await here.read('id-1')).toBe(rawDevKey);
  });

  test('unknown keys: nothing to read, nothing to keep or release', async () => {
    await here.hold(first, rawDevKey);
    expect(await here.read('nobody')).toBeUndefined();
    await here.keep('nobody');
    await here.release('nobody');
    expect(here.keys).toEqual([first]);
  });

  test('every change is told', async () => {
    let told = 0;
    here.onDidChange(() => (told += 1));
    await here.hold(first, rawDevKey);
    expect(told).toBeGreaterThanOrEqual(1);
    const afterHold = told;
    await here.release('id-1');
    expect(told).toBeGreaterThan(afterHold);
  });

  test('many at once: none is lost', async () => {
    const many = Array.from({ length: 20 }, (_, index) => ({
      ...first,
      key: { ...key, id: `many-${String(index)}` },
    }));
    await Promise.all(many.map((one) => here.hold(one, rawDevKey)));
    expect(new Set(idsOf(here))).toEqual(new Set(many.map(({ key: { id } }) => id)));
    await Promise.all(many.map(({ key: { id } }) => here.release(id)));
    expect(here.keys).toEqual([]);
    expect(secretsInVault()).toEqual([]);
  });
});

describe('after a restart', () => {
  test('everything is as it was', async () => {
    await here.hold(first, rawDevKey);
    await here.hold(second, rawMcpKey);
    await here.keep('id-1');
    here.dispose();
    const next = await openAndLoad();
    expect(next.keys).toEqual([second, { ...first, isKept: true }]);
    expect(await next.read('id-1')).toBe(rawDevKey);
  });

  test('a key held before the index was read leaves the others there', async () => {
    await here.hold(first, rawDevKey);
    here.dispose();
    const next = open();
    await next.hold(second, rawMcpKey);
    expect(idsOf(next)).toEqual(['id-2', 'id-1']);
    expect(idsOf(await openAndLoad())).toEqual(['id-2', 'id-1']);
  });

  test.each(['', 'no JSON', '[]', '{"version":2,"keys":[]}', '{"version":1,"keys":[{"accountId":"x"}]}'])(
    'a damaged index (%j) counts as none',
    async (text) => {
      vault.entries.set('omi.pending', text);
      const next = await openAndLoad();
      expect(next.keys).toEqual([]);
      expect(await next.hold(first, rawDevKey)).toEqual(held);
      expect(idsOf(await openAndLoad())).toEqual(['id-1']);
    },
  );
});

describe('two windows', () => {
  test('what one holds, keeps and releases, the other sees', async () => {
    const there = await openAndLoad();
    await here.hold(first, rawDevKey);
    await until('the other window sees the key', () => idsOf(there).includes('id-1'));
    expect(await there.read('id-1')).toBe(rawDevKey);
    await there.keep('id-1');
    await until('this window sees it kept', () => here.keys.at(0)?.isKept === true);
    await here.release('id-1');
    await until('the other window sees it gone', () => there.keys.length === 0);
  });

  test('right after each other, before either has heard: both stay', async () => {
    const there = await openAndLoad();
    await here.hold(first, rawDevKey);
    expect(there.keys).toEqual([]);
    await there.hold(second, rawMcpKey);
    expect(idsOf(await openAndLoad())).toEqual(['id-2', 'id-1']);
    await here.release('id-1');
    expect(idsOf(await openAndLoad())).toEqual(['id-2']);
    expect(await there.read('id-2')).toBe(rawMcpKey);
  });

  test('a closed one hears nothing more', () => {
    expect(vault.listeners).toBe(1);
    here.dispose();
    expect(vault.listeners).toBe(0);
  });
});

describe('a vault that refuses', () => {
  test.each<[string, string, string]>([
    ['the secret', 'store', 'omi.secret.id-1'],
    ['the index', 'store', 'omi.pending'],
    ['to show the index', 'get', 'omi.pending'],
  ])('%s: hold fails and nothing is half kept', async (_, operation, name) => {
    await here.hold(second, rawMcpKey);
    const before = new Map(vault.entries);
    vault.refuse((asked, entry) => (asked === operation && entry === name ? new Error('locked') : undefined));
    expect(await here.hold(first, rawDevKey)).toEqual({ ok: false, failure: 'locked' });
    expect(vault.entries).toEqual(before);
    expect(here.keys).toEqual([second]);
    vault.refuse();
    expect(await here.hold(first, rawDevKey)).toEqual(held);
    expect(idsOf(here)).toEqual(['id-1', 'id-2']);
  });

  test('everything: hold fails with its words, read rejects, load keeps what is known', async () => {
    await here.hold(first, rawDevKey);
    vault.refuse(() => new Error('the keyring is locked'));
    expect(await here.hold(second, rawMcpKey)).toEqual({ ok: false, failure: 'the keyring is locked' });
    await expect(here.read('id-1')).rejects.toThrow('locked');
    await here.load();
    expect(here.keys).toEqual([first]);
    await expect(here.keep('id-1')).rejects.toThrow('locked');
    await expect(here.release('id-1')).rejects.toThrow('locked');
    vault.refuse();
    await here.load();
    expect(here.keys).toEqual([first]);
    expect(await here.read('id-1')).toBe(rawDevKey);
  });

  test.each<[string, 'read' | 'store' | 'delete', () => Promise<unknown>]>([
    ['hold', 'store', () => here.hold(second, rawMcpKey)],
    ['clearing up after hold', 'delete', () => here.hold(second, rawMcpKey)],
    ['read', 'read', () => here.read('id-1')],
    ['load', 'read', () => here.load()],
    ['keep', 'read', () => here.keep('id-1')],
    ['release', 'delete', () => here.release('id-1')],
  ])('its refusal during %s is told, and quotes no secret', async (_, during, act) => {
    const told: VaultTrouble[] = [];
    here.onDidMeetTrouble((trouble) => told.push(trouble));
    vault.refuse(() => new Error(`no room for ${rawDevKey}`));
    await act().catch(() => undefined);
    expect(told).toContainEqual({ kind: 'unavailable', during, message: 'no room for omi_dev_0123…cdef' });
  });

  test('a release that breaks off in the middle leaves no secret that nobody knows of', async () => {
    await here.hold(first, rawDevKey);
    vault.refuse((operation) => (operation === 'store' ? new Error('full') : undefined));
    await expect(here.release('id-1')).rejects.toThrow('full');
    expect(secretsInVault()).toEqual([]);
    vault.refuse();
    await here.release('id-1');
    expect(idsOf(await openAndLoad())).toEqual([]);
  });
});

test('the index holds no secret', async () => {
  await here.hold(first, rawDevKey);
  await here.hold(second, rawMcpKey);
  await here.keep('id-2');
  expect(vault.entries.get('omi.pending')).not.toContain(rawDigits);
  expect(JSON.stringify(here.keys)).not.toContain(rawDigits);
});
