import { describe, expect, test } from 'vitest';
import { keyOrders, matchesFilter, sortKeys, useOf, type KeyOrder } from '../../../src/keys/keyTraits';
import type { ListedKey } from '../../../src/omi/schemas';

const now = Date.UTC(2026, 10, 23, 12);
const day = 86_400_000;
const context = { now, staleAfterDays: 90 };

function key(changes: Partial<ListedKey> = {}): ListedKey {
  return {
    family: 'dev',
    id: 'a1b2-c3d4',
    name: 'Nightly Export',
    prefix: 'omi_dev_1a2b...9f0e',
    createdAt: now - 100 * day,
    lastUsedAt: now - 3 * day,
    scopes: ['memories:read', 'goals:write'],
    appId: null,
    ...changes,
  };
}

describe('use', () => {
  test.each([
    ['used now', { lastUsedAt: now }, 'inUse'],
    ['used in the future of a wrong clock', { lastUsedAt: now + day }, 'inUse'],
    ['used exactly 90 days ago', { lastUsedAt: now - 90 * day }, 'inUse'],
    ['used a millisecond longer ago', { lastUsedAt: now - 90 * day - 1 }, 'stale'],
    ['never used, made now', { lastUsedAt: null, createdAt: now }, 'inUse'],
    ['never used, made exactly a day ago', { lastUsedAt: null, createdAt: now - day }, 'inUse'],
    [
      'never used, made a millisecond longer ago',
      { lastUsedAt: null, createdAt: now - day - 1 },
      'neverUsed',
    ],
    ['never used for years', { lastUsedAt: null, createdAt: 0 }, 'neverUsed'],
  ] as const)('%s: %s', (_, changes, use) => {
    expect(useOf(key(changes), context)).toBe(use);
  });

  test('the limit is a setting', () => {
    expect(useOf(key(), { now, staleAfterDays: 2 })).toBe('stale');
    expect(useOf(key(), { now, staleAfterDays: 4 })).toBe('inUse');
  });
});

describe('order', () => {
  const ids = (keys: readonly ListedKey[], order: KeyOrder, language = 'en') =>
    sortKeys(keys, order, language).map(({ id }) => id);

  test('last used: the latest first, never used last, those by age', () => {
    const keys = [
      key({ id: 'never-old', lastUsedAt: null, createdAt: 1 }),
      key({ id: 'long-ago', lastUsedAt: 5 }),
      key({ id: 'never-new', lastUsedAt: null, createdAt: 2 }),
      key({ id: 'lately', lastUsedAt: 9 }),
      key({ id: 'at-the-epoch', lastUsedAt: 0 }),
    ];
    expect(ids(keys, 'lastUsed')).toEqual(['lately', 'long-ago', 'at-the-epoch', 'never-new', 'never-old']);
  });

  test('created: the newest first', () => {
    const keys = [
      key({ id: 'old', createdAt: 1 }),
      key({ id: 'new', createdAt: 3 }),
      key({ id: 'mid', createdAt: 2 }),
    ];
    expect(ids(keys, 'created')).toEqual(['new', 'mid', 'old']);
  });

  test('name: as people sort, numbers by value, case and accents aside', () => {
    const keys = ['key 10', 'Zebra', 'key 9', 'élan', 'apple', 'Elan'].map((name) => key({ id: name, name }));
    expect(ids(keys, 'name')).toEqual(['apple', 'élan', 'Elan', 'key 9', 'key 10', 'Zebra']);
  });

  test('name: the language counts', () => {
    const keys = ['z', 'ä'].map((name) => key({ id: name, name }));
    expect(ids(keys, 'name', 'de')).toEqual(['ä', 'z']);
    expect(ids(keys, 'name', 'sv')).toEqual(['z', 'ä']);
  });

  test.each(keyOrders)('%s: equal keys keep their order and the list given stays as it is', (order) => {
    const keys = Array.from({ length: 50 }, (_, index) => key({ id: String(index), lastUsedAt: null }));
    const before = [...keys];
    expect(ids(keys, order)).toEqual(keys.map(({ id }) => id));
    expect(keys).toEqual(before);
    expect(sortKeys([], order, 'en')).toEqual([]);
  });
});

describe('filter', () => {
  test.each([
    ['', true],
    ['   ', true],
    ['nightly', true],
    ['NIGHT', true],
    ['nightly export', true],
    ['export nightly', true],
    [' export   nightly ', true],
    ['nightly missing', false],
    ['omi_dev_1a2b…9f0e', true],
    ['omi_dev_1a2b...9f0e', true],
    ['1A2B', true],
    ['9f0e', true],
    ['a1b2-c3', true],
    ['memories:read', true],
    ['goals', true],
    ['conversations', false],
    ['unused', false],
    ['stale', false],
    ['exportomi', false],
    ['.*', false],
  ])('%j: %s', (filter, fits) => {
    expect(matchesFilter(key(), filter, context)).toBe(fits);
  });

  const stale = key({ lastUsedAt: now - 91 * day });
  const never = key({ lastUsedAt: null });
  const fresh = key({ lastUsedAt: null, createdAt: now });
  test.each([
    ['stale', [true, false, false]],
    ['unused', [true, true, false]],
    ['Unused export', [true, true, false]],
    ['unused import', [false, false, false]],
  ] as const)('%j of a stale, a never used and a new key', (filter, fits) => {
    expect([stale, never, fresh].map((one) => matchesFilter(one, filter, context))).toEqual(fits);
  });

  test('a key without scopes has those that Omi gives by default: the reads, of a developer key', () => {
    expect(matchesFilter(key({ scopes: null }), 'memories:read', context)).toBe(true);
    expect(matchesFilter(key({ scopes: null }), 'memories:write', context)).toBe(false);
    expect(matchesFilter(key({ scopes: null, family: 'mcp' }), 'memories', context)).toBe(false);
    expect(matchesFilter(key({ scopes: [] }), 'memories', context)).toBe(false);
  });

  test('a key called "stale", and one that was found', () => {
    expect(matchesFilter(key({ name: 'stale bread' }), 'stale', context)).toBe(true);
    expect(matchesFilter(key(), 'bot.py', context)).toBe(false);
    expect(matchesFilter(key(), 'bot.py exposed', context, ['exposed', 'src/Bot.py'])).toBe(true);
  });
});

test('2,000 keys, sorted and filtered, agree with a naive check', () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const names = ['alpha', 'beta', 'gamma', 'delta'];
  const keys = Array.from({ length: 2000 }, (_, index) =>
    key({
      id: `id-${String(index)}`,
      name: `${names[random(4)] ?? ''} ${String(random(30))}`,
      createdAt: now - random(300) * day,
      lastUsedAt: random(4) === 0 ? null : now - random(300) * day,
      scopes: random(3) === 0 ? null : [`${names[random(4)] ?? ''}:read`],
    }),
  );
  const started = performance.now();
  for (const order of keyOrders) {
    const sorted = sortKeys(keys, order, 'en');
    expect(new Set(sorted)).toEqual(new Set(keys));
    sorted.forEach((one, index) => {
      const next = sorted[index + 1];
      if (!next) return;
      if (order === 'created') expect(one.createdAt >= next.createdAt).toBe(true);
      if (order === 'name') {
        const [a = '', b = ''] = one.name.split(' ');
        const [c = '', d = ''] = next.name.split(' ');
        expect(a < c || (a === c && Number(b) <= Number(d))).toBe(true);
      }
      if (order === 'lastUsed') {
        const isRight =
          next.lastUsedAt === null
            ? one.lastUsedAt !== null || one.createdAt >= next.createdAt
            : one.lastUsedAt !== null && one.lastUsedAt >= next.lastUsedAt;
        expect(isRight).toBe(true);
      }
    });
  }
  const isStale = (one: ListedKey) => one.lastUsedAt !== null && now - one.lastUsedAt > 90 * day;
  const isNever = (one: ListedKey) => one.lastUsedAt === null && now - one.createdAt > day;
  const checks: [string, (one: ListedKey) => boolean][] = [
    ['alpha', (one) => one.name.startsWith('alpha') || (one.scopes ?? []).includes('alpha:read')],
    ['stale', isStale],
    ['unused', (one) => isStale(one) || isNever(one)],
    ['gamma:read stale', (one) => (one.scopes ?? []).includes('gamma:read') && isStale(one)],
    ['id-1999', (one) => one.id === 'id-1999'],
  ];
  for (const [filter, naive] of checks) {
    const found = keys.filter((one) => matchesFilter(one, filter, context));
    expect(found.map(({ id }) => id)).toEqual(keys.filter(naive).map(({ id }) => id));
    expect(found.length).toBeGreaterThan(0);
  }
  expect(performance.now() - started).toBeLessThan(5000);
});
