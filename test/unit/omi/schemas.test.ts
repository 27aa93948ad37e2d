import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { decodeKey, decodeKeyList, parseTime } from '../../../src/omi/schemas';
import { failureOf, valueOf } from '../support/omiClient';

const row = {
  id: '5b0c9f0e-2b1a-4c3d-8e7f-001122334455',
  name: 'prod-bot',
  key_prefix: 'omi_dev_1a2b...9f0e',
  created_at: '2026-10-14T08:30:05.123456Z',
  last_used_at: '2026-11-22T10:00:00Z',
  scopes: ['memories:read'],
};
const key = {
  family: 'dev',
  id: row.id,
  name: 'prod-bot',
  prefix: 'omi_dev_1a2b...9f0e',
  createdAt: Date.UTC(2026, 9, 14, 8, 30, 5, 123),
  lastUsedAt: Date.UTC(2026, 10, 22, 10),
  scopes: ['memories:read'],
  appId: null,
};

describe('times', () => {
  // Far from UTC, so that a time without a zone which was read as local time is seen.
  beforeAll(() => {
    vi.stubEnv('TZ', 'America/St_Johns');
    expect(new Date().getTimezoneOffset()).not.toBe(0);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
  });

  const second = Date.UTC(2026, 10, 23, 9, 8, 7);
  test.each([
    ['no digits, Z', '2026-11-23T09:08:07Z', 0],
    ['1 digit', '2026-11-23T09:08:07.5Z', 500],
    ['2 digits', '2026-11-23T09:08:07.25Z', 250],
    ['3 digits', '2026-11-23T09:08:07.125Z', 125],
    ['4 digits', '2026-11-23T09:08:07.1259Z', 125],
    ['5 digits', '2026-11-23T09:08:07.00199Z', 1],
    ['6 digits', '2026-11-23T09:08:07.999999Z', 999],
    ['a small z', '2026-11-23T09:08:07z', 0],
    ['an offset of nothing', '2026-11-23T09:08:07.125000+00:00', 125],
    ['an offset ahead', '2026-11-23T11:08:07.5+02:00', 500],
    ['an offset behind, over midnight', '2026-11-22T23:38:07-09:30', 0],
    ['an offset without a colon', '2026-11-23T11:08:07+0200', 0],
    ['no zone, no digits', '2026-11-23T09:08:07', 0],
    ['no zone, 3 digits', '2026-11-23T09:08:07.250', 250],
    ['no zone, 6 digits', '2026-11-23T09:08:07.731042', 731],
    ['a blank for the T', '2026-11-23 09:08:07.5', 500],
    ['blanks around', ' 2026-11-23T09:08:07Z ', 0],
  ])('%s', (_, text, milliseconds) => {
    expect(parseTime(text)).toBe(second + milliseconds);
  });

  test.each([
    '',
    'yesterday',
    '2026-11-23',
    '1763888887',
    '2026-13-01T00:00:00Z',
    '2026-11-23T25:00:00Z',
    'Z',
  ])('%j is no time', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
});

describe('one key', () => {
  test('every field', () => {
    expect(valueOf(decodeKey('dev', row))).toEqual(key);
  });

  test('unknown fields are ignored', () => {
    expect(
      valueOf(decodeKey('dev', { ...row, environment: 'prod', rate_limit: { per_minute: 60 } })),
    ).toEqual(key);
  });

  test('null scopes, and scopes left out, are the default', () => {
    expect(valueOf(decodeKey('dev', { ...row, scopes: null })).scopes).toBeNull();
    expect(valueOf(decodeKey('dev', { ...row, scopes: undefined })).scopes).toBeNull();
  });

  test('no scopes at all are no default', () => {
    expect(valueOf(decodeKey('dev', { ...row, scopes: [] })).scopes).toEqual([]);
  });

  test('scopes of a kind yet unknown are kept', () => {
    expect(valueOf(decodeKey('mcp', { ...row, scopes: ['memories.read', 'new.one'] })).scopes).toEqual([
      'memories.read',
      'new.one',
    ]);
  });

  test('never used: null or left out', () => {
    expect(valueOf(decodeKey('dev', { ...row, last_used_at: null })).lastUsedAt).toBeNull();
    expect(valueOf(decodeKey('dev', { ...row, last_used_at: undefined })).lastUsedAt).toBeNull();
  });

  test.each(['omi_dev_legacy', 'omi_mcp_legacy', 'omi_dev_abc123', ''])(
    'the prefix %j is shown as it came',
    (prefix) => {
      expect(valueOf(decodeKey('dev', { ...row, key_prefix: prefix })).prefix).toBe(prefix);
    },
  );

  test('an MCP key with its app, with none, and without the field', () => {
    expect(valueOf(decodeKey('mcp', { ...row, app_id: 'mcp-claude' }))).toEqual({
      ...key,
      family: 'mcp',
      appId: 'mcp-claude',
    });
    expect(valueOf(decodeKey('mcp', { ...row, app_id: null })).appId).toBeNull();
    expect(valueOf(decodeKey('mcp', row)).appId).toBeNull();
  });

  test.each([
    ['id', { id: undefined }],
    ['id', { id: '' }],
    ['id', { id: 7 }],
    ['name', { name: null }],
    ['key_prefix', { key_prefix: undefined }],
    ['created_at', { created_at: 'soon' }],
    ['created_at', { created_at: null }],
    ['created_at', { created_at: 1763888887 }],
    ['last_used_at', { last_used_at: 'once' }],
    ['scopes', { scopes: 'memories:read' }],
    ['scopes.1', { scopes: ['memories:read', 1] }],
    ['app_id', { app_id: 4 }],
  ])('a wrong %s is named (%j)', (field, change) => {
    expect(failureOf(decodeKey('dev', { ...row, ...change }))).toEqual({ field });
  });

  test.each([null, undefined, 'text', 7, true])('%j is no key', (body) => {
    expect(failureOf(decodeKey('dev', body))).toEqual({ field: 'entry' });
  });
});

describe('a list of keys', () => {
  test('empty', () => {
    expect(valueOf(decodeKeyList('dev', []))).toEqual({ keys: [], unreadable: [] });
  });

  test('one good key in junk is given; the junk is counted with position and field', () => {
    const withoutId = { ...row, id: undefined };
    const junk = [null, 'text', withoutId, row, { ...row, created_at: 'soon' }, [], 7];
    expect(valueOf(decodeKeyList('dev', junk))).toEqual({
      keys: [key],
      unreadable: [
        { position: 1, field: 'entry' },
        { position: 2, field: 'entry' },
        { position: 3, field: 'id' },
        { position: 5, field: 'created_at' },
        { position: 6, field: 'id' },
        { position: 7, field: 'entry' },
      ],
    });
  });

  test('junk alone is no list, and the first field at fault is named', () => {
    expect(failureOf(decodeKeyList('dev', [{ ...row, name: 7 }, null]))).toEqual({
      kind: 'protocol',
      problem: expect.stringMatching(/\b1\b.*name/) as string,
    });
  });

  test.each([{}, null, undefined, 'text', 7, { keys: [row] }])('%j is no list', (body) => {
    expect(failureOf(decodeKeyList('dev', body))).toMatchObject({ kind: 'protocol' });
  });

  test('the order of the server is kept, and a key that comes twice is there once', () => {
    const other = { ...row, id: 'other' };
    expect(valueOf(decodeKeyList('dev', [other, row, other])).keys.map(({ id }) => id)).toEqual([
      'other',
      row.id,
    ]);
  });
});
