import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { KeyTarget } from '../../../src/keys/key';
import {
  exposureOf,
  judge,
  ownersIn,
  ownersOf,
  severityOf,
  type Evidence,
  type Exposure,
  type Life,
  type Severity,
} from '../../../src/leaks/judgement';
import type { ToldLife } from '../../../src/leaks/leakBook';
import { seenKeyOf } from '../../../src/leaks/seenKey';
import type { ListedKey } from '../../../src/omi/schemas';

const seen = seenKeyOf(`omi_dev_${randomBytes(16).toString('hex')}`);
const listed = (changes: Partial<ListedKey> = {}): ListedKey => ({
  family: 'dev',
  id: 'id-1',
  name: 'prod-bot',
  prefix: seen.prefix,
  createdAt: 0,
  lastUsedAt: null,
  scopes: null,
  appId: null,
  ...changes,
});
const owner: KeyTarget = { accountId: 'ada', key: listed() };
const other: KeyTarget = { accountId: 'bob', key: listed({ id: 'id-2' }) };

const lives: readonly Life[] = ['alive', 'otherAccount', 'unknown', 'dead'];
const table: readonly (readonly [Exposure, readonly Severity[]])[] = [
  ['published', ['error', 'error', 'error', 'hint']],
  ['committed', ['error', 'error', 'warning', 'hint']],
  ['tracked', ['warning', 'warning', 'warning', 'hint']],
  ['outside', ['warning', 'warning', 'warning', 'hint']],
  ['ignored', ['information', 'information', 'information', 'hint']],
];

describe('severity', () => {
  test.each(table)('%s', (exposure, severities) => {
    expect(lives.map((life) => severityOf(exposure, life))).toEqual(severities);
  });
});

describe('exposure', () => {
  const local = { isPublished: false };
  const pushed = { isPublished: true };
  test.each([
    ['tracked', [], 'tracked'],
    ['untracked', [], 'tracked'],
    ['ignored', [], 'ignored'],
    ['outside', [], 'outside'],
    ['tracked', [local], 'committed'],
    ['ignored', [local, local], 'committed'],
    ['ignored', [local, pushed], 'published'],
    ['outside', [pushed], 'published'],
  ] as const)('a file that is %s, with the history %o: %s', (standing, history, exposure) => {
    expect(exposureOf(standing, history)).toBe(exposure);
  });
});

describe('owners', () => {
  test('are matched by prefix and family, in all lists', () => {
    const lists = [
      { accountId: 'ada', keys: [listed(), listed({ id: 'no', prefix: 'omi_dev_legacy' })] },
      { accountId: 'bob', keys: [listed({ id: 'id-2' }), listed({ id: 'no', family: 'mcp' })] },
      { accountId: 'eve', keys: [] },
    ];
    expect(ownersOf(seen, lists)).toEqual([owner, other]);
    expect(ownersIn(lists)(seen)).toEqual([owner, other]);
  });
});

describe('judgement', () => {
  const alive = (accountId?: string): ToldLife => ({ kind: 'alive', accountId });
  const elsewhere = (...searched: string[]): ToldLife => ({ kind: 'elsewhere', searched });
  type Case = readonly [string, Partial<Evidence>, Life, KeyTarget | undefined];
  const cases: readonly Case[] = [
    ['nothing known', {}, 'unknown', undefined],
    ['nothing known, lists read', { listsRead: true }, 'unknown', undefined],
    ['listed', { owners: [owner] }, 'alive', owner],
    ['listed twice: whose is not sure', { owners: [owner, other] }, 'alive', undefined],
    ['answered, lists not read', { told: alive() }, 'alive', undefined],
    ['answered, in no list', { told: alive(), listsRead: true }, 'otherAccount', undefined],
    ['answered, listed', { told: alive(), listsRead: true, owners: [owner] }, 'alive', owner],
    [
      'answered and listed then, not listed now',
      { told: alive('ada'), listsRead: true },
      'unknown',
      undefined,
    ],
    [
      'answered and listed then, its account is out',
      { told: alive('eve'), listsRead: true },
      'otherAccount',
      undefined,
    ],
    ['dead, still listed', { told: { kind: 'dead' }, owners: [owner] }, 'dead', owner],
    ['revoked, still let in', { told: { kind: 'dying' }, listsRead: true }, 'alive', undefined],
    [
      'of another account, only the prefix fits',
      { told: elsewhere('ada', 'bob'), owners: [owner] },
      'otherAccount',
      undefined,
    ],
    [
      'of another account, which is signed in now',
      { told: elsewhere('ada'), owners: [other] },
      'alive',
      other,
    ],
    [
      'of another account than the new one, too',
      { told: elsewhere('ada'), listsRead: true },
      'otherAccount',
      undefined,
    ],
    ['of another account, the new one not read', { told: elsewhere('ada') }, 'alive', undefined],
  ];
  test.each(cases)('%s', (_, evidence, life, whose) => {
    const base: Evidence = {
      standing: 'tracked',
      history: [],
      owners: [],
      told: undefined,
      accounts: ['ada', 'bob'],
      listsRead: false,
    };
    const said = judge({ ...base, ...evidence });
    expect([said.life, said.owner]).toEqual([life, whose]);
    expect(said.severity).toBe(severityOf('tracked', life));
  });

  test('names all owners, and rates by the history', () => {
    const said = judge({
      standing: 'ignored',
      history: [{ isPublished: true }],
      owners: [owner, other],
      told: undefined,
      accounts: ['ada', 'bob'],
      listsRead: true,
    });
    expect(said).toEqual({
      exposure: 'published',
      life: 'alive',
      severity: 'error',
      owner: undefined,
      owners: [owner, other],
    });
  });
});
