import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeText, mayHoldKey } from '../../../src/leaks/decodeText';
import { diskTree, type FileTree } from '../../../src/leaks/fileTree';
import { scanFileTree } from '../../../src/leaks/scanTree';
import { findsIn, maskedKey, rawKeyAt, seenKeyOf, type Find } from '../../../src/leaks/seenKey';
import { newKey, scan, useFolder, write } from './repositories';

/** Where ordinary people leave keys: a file, and its text around the place of the key. */
const contexts: readonly (readonly [string, string, string, string])[] = [
  ['an assignment', 'client.ts', "import { Omi } from 'omi';\nconst apiKey = '", "';\n"],
  ['.env', '.env', '# Omi\r\nOMI_API_KEY=', '\r\nDEBUG=1\r\n'],
  ['a Bearer header', 'request.http', 'GET /v1/dev/user/memories\nAuthorization: Bearer ', '\n'],
  ['JSON', 'settings.json', '{\n  "omi": { "apiKey": "', '" }\n}\n'],
  ['YAML', 'deploy.yaml', 'env:\n  - name: OMI_API_KEY\n    value: ', ' # production\n'],
  ['Markdown', 'README.md', '# Start\n\nRun it with `', '`, then wait.\n'],
  ['an argument of a call', 'main.py', 'from omi import Omi\nomi = Omi("', '", timeout=3)\n'],
  ['a URL', 'notes.txt', 'https://api.example.com/hook?x=1&key=', '&uid=7#top\n'],
  ['an option of a command', 'run.sh', '#!/bin/sh\nomi-sync --api-key=', ' --all\n'],
  [
    'the configuration of an MCP server',
    'mcp.json',
    '{ "servers": { "omi": { "headers": { "Authorization": "Bearer ',
    '" } } } }',
  ],
];

/** How a find is expected: the key's place behind a text. */
function behind(before: string, key: string): Find {
  const lines = before.split(/\r\n|\n|\r/);
  const start = lines.at(-1)?.length ?? 0;
  return { key: seenKeyOf(key), line: lines.length - 1, start, end: start + key.length };
}

describe('ten ordinary contexts', () => {
  test.each(contexts)('%s', (_, __, before, after) => {
    for (const key of [newKey('dev'), newKey('mcp')]) {
      const text = before + key + after;
      expect(findsIn(text)).toEqual([behind(before, key)]);
      expect(findsIn(text).every((find) => rawKeyAt(text, find) === key)).toBe(true);
    }
  });

  const { root } = useFolder();
  test('ten of ten in files', async () => {
    const expected = contexts.map(([, path, before, after]) => {
      const key = newKey();
      write(root(), path, before + key + after);
      return { path, standing: 'outside', finds: [behind(before, key)] };
    });
    const { files } = await scan(root(), { isGit: false });
    expect(files).toHaveLength(10);
    for (const file of files) expect(expected).toContainEqual(file);
  });
});

describe('what is no key', () => {
  const digits = (): string => newKey().slice(-32);

  test.each([
    ['dots', 'OMI_API_KEY=omi_dev_...'],
    ['words', 'OMI_API_KEY=omi_dev_your_key_here'],
    ['words of another family', 'Bearer omi_mcp_YOUR_KEY_HERE'],
    ['crosses', `omi_dev_${'x'.repeat(32)}`],
    ['stars', `omi_dev_${'*'.repeat(32)}`],
    ['a prefix as Omi lists it', 'omi_dev_1a2b...9f0e'],
    ['a prefix as it is shown', 'omi_dev_1a2b…9f0e'],
    ['a variable', 'omi_dev_${KEY}'],
  ])('a placeholder: %s', (_, text) => expect(findsIn(text)).toEqual([]));

  test.each<[string, (key: string) => string]>([
    ['31 digits', (key) => key.slice(0, -1)],
    ['33 digits', (key) => `${key}0`],
    ['upper case', (key) => `omi_dev_${key.slice(8, -1)}A`],
    ['an upper-case name', (key) => key.replace('omi', 'OMI')],
    ['another family', (key) => key.replace('dev', 'app')],
    ['no family', (key) => key.replace('dev_', '')],
    ['hyphens', (key) => key.replaceAll('_', '-')],
    ['inside a longer word', (key) => `x${key}`],
    ['behind an underscore', (key) => `_${key}`],
    ['behind a digit', (key) => `1${key}`],
    ['before a letter', (key) => `${key}z`],
    ['before an underscore', (key) => `${key}_old`],
    ['broken by a line end', (key) => `${key.slice(0, 20)}\n${key.slice(20)}`],
    ['the digits alone', () => digits()],
  ])('a near miss: %s', (_, change) => {
    expect(findsIn(change(newKey())).length).toBe(0);
    expect(findsIn(` ${change(newKey())} `).length).toBe(0);
  });

  test.each([
    '-',
    '.',
    '"',
    "'",
    '`',
    '/',
    ':',
    '=',
    ',',
    ';',
    '(',
    ')',
    '\\',
    '&',
    '#',
    '@',
    '\t',
    '\0',
    'é',
    '…',
    '🚀',
  ])('but %j beside a key takes nothing from it', (sign) => {
    const key = newKey();
    expect(findsIn(`${sign}${key}${sign}`)).toEqual([behind(sign, key)]);
  });
});

describe('places', () => {
  test.each([
    ['\\n', '\n'],
    ['\\r\\n', '\r\n'],
    ['\\r', '\r'],
  ])('lines that end with %s', (_, end) => {
    const keys = [newKey(), newKey('mcp'), newKey()];
    const text = ['', `a ${keys[0] ?? ''}`, '', '', `${keys[1] ?? ''} ${keys[2] ?? ''}`, ''].join(end);
    expect(findsIn(text).map(({ line, start, end: behindIt }) => [line, start, behindIt])).toEqual([
      [1, 2, 42],
      [4, 0, 40],
      [4, 41, 81],
    ]);
    expect(findsIn(text).map((find) => rawKeyAt(text, find))).toHaveLength(3);
    expect(findsIn(text).every((find, index) => rawKeyAt(text, find) === keys[index])).toBe(true);
  });

  test('all kinds of line ends in one text', () => {
    const key = newKey();
    expect(findsIn(`\r\n\n\r\r\n${key}`)).toEqual([behind('\r\n\n\r\r\n', key)]);
    expect(findsIn(`\r\n\n\r\r\n${key}`)[0]).toMatchObject({ line: 4, start: 0 });
  });

  test('characters count in UTF-16 units', () => {
    const key = newKey();
    expect(findsIn(`é🚀 ${key}`)[0]).toMatchObject({ line: 0, start: 4, end: 44 });
  });

  test('a text with 5,000 keys', () => {
    const keys = Array.from({ length: 5_000 }, (_, index) => newKey(index % 2 === 0 ? 'dev' : 'mcp'));
    const finds = findsIn(keys.map((key, index) => `${'.'.repeat(index % 7)}${key}`).join('\n'));
    expect(finds).toHaveLength(5_000);
    expect(finds.every(({ line, start }, index) => line === index && start === index % 7)).toBe(true);
    expect(
      finds.every(({ key }, index) => key.fingerprint === seenKeyOf(keys[index] ?? '').fingerprint),
    ).toBe(true);
  });

  test('nothing of a key but its fingerprint and its ends is kept', () => {
    const key = newKey();
    const kept = JSON.stringify(findsIn(`x = ${key}`));
    expect(kept.includes(key.slice(12, -4))).toBe(false);
    expect(findsIn(key).map((find) => maskedKey(find.key))).toEqual([`${key.slice(0, 12)}…${key.slice(-4)}`]);
  });
});

describe('encodings', () => {
  const text = (key: string): string => `// clé 🚀\r\nconst clé = "${key}";\r\n`;
  const wide = (value: string): Buffer => Buffer.from(value, 'utf16le');
  const encoders: readonly (readonly [string, (value: string) => Buffer])[] = [
    ['UTF-8', (value) => Buffer.from(value)],
    ['UTF-8 with its mark', (value) => Buffer.from(`\uFEFF${value}`)],
    ['UTF-16 LE', (value) => wide(`\uFEFF${value}`)],
    ['UTF-16 BE', (value) => wide(`\uFEFF${value}`).swap16()],
    ['UTF-16 LE without its mark', wide],
    ['UTF-16 BE without its mark', (value) => wide(value).swap16()],
    ['UTF-16 LE, cut off', (value) => Buffer.concat([wide(`\uFEFF${value}`), Buffer.from('x')])],
  ];

  test.each(encoders)('%s', (_, encode) => {
    const key = newKey();
    const bytes = encode(text(key));
    expect(mayHoldKey(bytes)).toBe(true);
    expect(decodeText(bytes) === text(key)).toBe(true);
    expect(findsIn(decodeText(bytes))).toEqual([behind('\n const clé ="', key)]);
    expect(mayHoldKey(encode('// clé\n'))).toBe(false);
  });

  test('Latin-1: columns stay right', () => {
    const key = newKey();
    const bytes = Buffer.from(`clé à là = "${key}"`, 'latin1');
    expect(findsIn(decodeText(bytes))).toEqual([behind('clé à là = "', key)]);
  });

  test('bytes that begin in the middle of something larger', () => {
    const key = newKey();
    const larger = Buffer.concat([Buffer.from('xyz'), wide(`\uFEFF${key}`)]);
    expect(findsIn(decodeText(new Uint8Array(larger).subarray(3)))).toEqual([behind('', key)]);
  });

  test('a binary file with much UTF-16 in it, whose key is none', () => {
    const key = newKey();
    const bytes = Buffer.concat([wide('resources '.repeat(500)), Buffer.from(`\n${key}\0`)]);
    expect(findsIn(decodeText(bytes))).toEqual([behind('\n', key)]);
  });

  test('nothing, and a single byte', () => {
    expect([decodeText(new Uint8Array()), decodeText(new Uint8Array([120]))]).toEqual(['', 'x']);
  });
});

test('a hundred megabytes of other people’s code hold no key', async () => {
  const tree = diskTree(realpathSync(join(import.meta.dirname, '../../../node_modules')));
  let bytes = 0;
  const counting: FileTree = {
    ...tree,
    read: async (path, most) => {
      const content = await tree.read(path, most);
      bytes += content === 'tooLarge' ? 0 : content.length;
      return content;
    },
  };
  const found = await scanFileTree(counting, { signal: AbortSignal.timeout(110_000), exclude: [] });
  expect(found).toMatchObject({ files: [], isWhole: true });
  expect(found.unseen.filter(({ why }) => why !== 'tooLarge')).toEqual([]);
  expect(bytes).toBeGreaterThan(100_000_000);
}, 120_000);
