import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applyChanges } from '../../../src/keys/envFile';
import { gitignoreChange } from '../../../src/leaks/gitignore';

const add = (text: string, name: string): string => applyChanges(text, gitignoreChange(text, name));

describe('the text', () => {
  test.each([
    ['of a new file', '', '.env', '/.env\n'],
    ['at the end', 'dist\n', '.env', 'dist\n/.env\n'],
    ['without a last line end', 'dist', '.env', 'dist\n/.env\n'],
    ['with CRLF', 'dist\r\n', '.env', 'dist\r\n/.env\r\n'],
    ['with CRLF, without a last line end', 'a\r\nb', '.env', 'a\r\nb\r\n/.env\r\n'],
    ['after a BOM', '\ufeff', '.env', '\ufeff/.env\n'],
    ['that names it already', 'a\n/.env\nb\n', '.env', 'a\n/.env\nb\n'],
    ['that names it already, with CRLF', '/.env\r\n', '.env', '/.env\r\n'],
    ['that names it in another folder', 'x/.env\n', '.env', 'x/.env\n/.env\n'],
    ['for a name that cannot be written', 'a\n', 'x\ny', 'a\n'],
    ['for no name', 'a\n', '', 'a\n'],
  ])('%s', (_, before, name, after) => {
    expect(add(before, name)).toBe(after);
    expect(add(after, name)).toBe(after);
  });
});

describe('Git ignores that file and no other', () => {
  let repo: string;
  beforeEach(() => {
    repo = realpathSync(mkdtempSync(join(tmpdir(), 'omi-ignore-')));
    execFileSync('git', ['init', '--quiet'], { cwd: repo });
  });
  afterEach(() => rmSync(repo, { recursive: true, force: true }));
  const isIgnored = (path: string): boolean =>
    spawnSync('git', ['check-ignore', '--quiet', '--', `./${path}`], { cwd: repo }).status === 0;

  test.each([
    ['.env', 'x.env'],
    ['#secret', 'secret'],
    ['!secret', 'secret'],
    ['[a].env', 'a.env'],
    ['*.env', 'b.env'],
    ['a?', 'ab'],
    ['trail ', 'trail'],
    ['trail  ', 'trail '],
    ['tab\t', 'tab'],
    ['a\\b', 'ab'],
    ['end\\', 'end'],
    ['end\\ ', 'end\\'],
    ['ключ', 'ключи'],
  ])('%j, not %j', (name, neighbour) => {
    writeFileSync(join(repo, '.gitignore'), add('', name));
    mkdirSync(join(repo, 'sub'));
    expect([isIgnored(name), isIgnored(neighbour), isIgnored(`sub/${name}`)]).toEqual([true, false, false]);
  });
});
