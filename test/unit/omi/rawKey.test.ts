import { describe, expect, test } from 'vitest';
import {
  familyOfRawKey,
  findRawKeys,
  isExactPrefix,
  maskRawKey,
  prefixOfRawKey,
} from '../../../src/omi/rawKey';
import { rawDevKey, rawDigits, rawMcpKey } from '../support/secrets';

const nearMisses: [string, string][] = [
  ['31 digits', rawDevKey.slice(0, -1)],
  ['33 digits', `${rawDevKey}0`],
  ['upper case', `omi_dev_${rawDigits.toUpperCase()}`],
  ['one capital', `omi_dev_${rawDigits.slice(0, -1)}F`],
  ['a digit beyond hexadecimal', `omi_dev_${rawDigits.slice(0, -1)}g`],
  ['a longer word before it', `x${rawDevKey}`],
  ['an underscore before it', `_${rawDevKey}`],
  ['an underscore after it', `${rawDevKey}_old`],
  ['a letter after it', `${rawDevKey}z`],
  ['another family', `omi_app_${rawDigits}`],
  ['capitals before it', `OMI_DEV_${rawDigits}`],
  ['a placeholder', 'omi_dev_your_key_here'],
  ['another placeholder', 'omi_mcp_YOUR_KEY_HERE'],
  ['a prefix', 'omi_dev_1a2b...9f0e'],
  ['nothing', ''],
];

describe('find', () => {
  test('every key with its offset', () => {
    const text = `a="${rawDevKey}";\nb: Bearer ${rawMcpKey}, é🔑${rawDevKey}`;
    const found = findRawKeys(text);
    expect(found.map(({ raw }) => raw)).toEqual([rawDevKey, rawMcpKey, rawDevKey]);
    for (const { offset, raw } of found) expect(text.slice(offset, offset + raw.length)).toBe(raw);
  });

  test.each(['', ' ', '"', "'", '=', '/', '-', '.', ':', '\n', '('])('next to %j', (edge) => {
    expect(findRawKeys(`${edge}${rawDevKey}${edge}`)).toEqual([{ offset: edge.length, raw: rawDevKey }]);
  });

  test.each(nearMisses)('near miss: %s', (_, text) => {
    expect(findRawKeys(text)).toEqual([]);
  });

  test('searching twice gives the same', () => {
    expect(findRawKeys(rawDevKey)).toEqual(findRawKeys(rawDevKey));
  });
});

describe('family', () => {
  test('of exactly one key', () => {
    expect(familyOfRawKey(rawDevKey)).toBe('dev');
    expect(familyOfRawKey(rawMcpKey)).toBe('mcp');
  });

  test.each([...nearMisses, ['a blank after it', `${rawDevKey} `], ['a line break', `${rawDevKey}\n`]])(
    'near miss: %s',
    (_, text) => {
      expect(familyOfRawKey(text)).toBeUndefined();
    },
  );
});

describe('mask', () => {
  test('leaves family and ends', () => {
    expect(maskRawKey(rawDevKey)).toBe('omi_dev_0123…cdef');
    expect(maskRawKey(rawMcpKey)).toBe('omi_mcp_0123…cdef');
  });

  test.each(nearMisses.slice(0, 9))('near miss, hidden all the same: %s', (_, text) => {
    expect(maskRawKey(text).toLowerCase()).not.toContain('456789ab');
  });
});

describe('prefix', () => {
  test('as Omi lists it', () => {
    expect(prefixOfRawKey(rawDevKey)).toBe('omi_dev_0123...cdef');
    expect(prefixOfRawKey(rawMcpKey)).toBe('omi_mcp_0123...cdef');
    expect(isExactPrefix(prefixOfRawKey(rawDevKey))).toBe(true);
  });

  test.each([
    'omi_dev_legacy',
    'omi_mcp_legacy',
    'omi_dev_abc123',
    'omi_dev_1A2B...9F0E',
    'omi_dev_1a2b…9f0e',
    'omi_dev_1a2b...9f0',
    'omi_dev_1a2b...9f0e5',
    'omi_dev_1a2b..9f0e',
    'omi_app_1a2b...9f0e',
    ' omi_dev_1a2b...9f0e',
    'omi_dev_1a2b...9f0e\n',
    '',
  ])('%j can be tied to no raw key', (prefix) => {
    expect(isExactPrefix(prefix)).toBe(false);
  });
});
