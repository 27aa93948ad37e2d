import { expect, test } from 'vitest';
import { displayPrefix, keyRef, matchesRawKey } from '../../../src/keys/key';
import type { ListedKey } from '../../../src/omi/schemas';

const raw = (family: string): string => `omi_${family}_1a2b${'0'.repeat(24)}9f0e`;

const key = (given: Partial<ListedKey> = {}): ListedKey => ({
  family: 'dev',
  id: '4f6c',
  name: 'prod-bot',
  prefix: 'omi_dev_1a2b...9f0e',
  createdAt: 0,
  lastUsedAt: null,
  scopes: null,
  appId: null,
  ...given,
});

test('a prefix is shown with one ellipsis, every other form as it came', () => {
  expect(displayPrefix(key())).toBe('omi_dev_1a2b…9f0e');
  expect(displayPrefix(key({ prefix: 'omi_mcp_1a2b...9f0e' }))).toBe('omi_mcp_1a2b…9f0e');
  expect(displayPrefix(key({ prefix: 'omi_dev_legacy' }))).toBe('omi_dev_legacy');
  expect(displayPrefix(key({ prefix: 'omi_dev_abc123' }))).toBe('omi_dev_abc123');
  expect(displayPrefix(key({ prefix: '' }))).toBe('');
});

test('a raw key matches the key that shows its first and last four digits', () => {
  expect(matchesRawKey(key(), raw('dev'))).toBe(true);
  expect(matchesRawKey(key({ family: 'mcp', prefix: 'omi_mcp_1a2b...9f0e' }), raw('mcp'))).toBe(true);
  expect(matchesRawKey(key({ prefix: 'omi_dev_1a2b...9f0f' }), raw('dev'))).toBe(false);
  expect(matchesRawKey(key({ prefix: 'omi_dev_0a2b...9f0e' }), raw('dev'))).toBe(false);
});

test('a raw key never matches a key of the other family', () => {
  expect(matchesRawKey(key(), raw('mcp'))).toBe(false);
  expect(matchesRawKey(key({ family: 'mcp', prefix: 'omi_mcp_1a2b...9f0e' }), raw('dev'))).toBe(false);
});

test.each(['omi_dev_legacy', 'omi_mcp_legacy', 'omi_dev_abc123', 'omi_dev_1a2b…9f0e', 'omi_dev_', ''])(
  'nothing matches the prefix "%s"',
  (prefix) => {
    expect(matchesRawKey(key({ prefix }), raw('dev'))).toBe(false);
    expect(matchesRawKey(key({ prefix }), prefix)).toBe(false);
  },
);

test('what is no raw key matches nothing, a listed prefix included', () => {
  for (const text of ['', 'omi_dev_1a2b', '1a2b9f0e', 'omi_dev_1a2b...9f0e', 'omi_dev_1a2b…9f0e']) {
    expect(matchesRawKey(key(), text), text).toBe(false);
  }
});

test('the same id in both families makes two references', () => {
  expect(keyRef(key())).toBe(keyRef(key({ name: 'renamed' })));
  expect(keyRef(key())).not.toBe(keyRef(key({ family: 'mcp' })));
});
