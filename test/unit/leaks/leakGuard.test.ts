import { randomBytes } from 'node:crypto';
import { format } from 'prettier';
import { describe, expect, test } from 'vitest';
import { applyChanges } from '../../../src/keys/envFile';
import {
  githubPattern,
  guardFiles,
  guardPaths,
  type GuardFile,
  type GuardPath,
} from '../../../src/leaks/leakGuard';
import { findsIn } from '../../../src/leaks/seenKey';

const plan = (path: GuardPath, text: string | undefined): GuardFile =>
  guardFiles({ '.gitleaks.toml': undefined, '.pre-commit-config.yaml': undefined, [path]: text })[path];
/** The file afterwards, or why it stays. */
function guarded(path: GuardPath, text: string | undefined): string {
  const file = plan(path, text);
  if (file.kind === 'changes') return applyChanges(text ?? '', file.changes);
  return file.kind === 'cannot' ? file.why : file.kind;
}
const toml = (text?: string): string => guarded('.gitleaks.toml', text);
const yaml = (text?: string): string => guarded('.pre-commit-config.yaml', text);

const rule = `[[rules]]
id = "omi-api-key"
description = "Omi API key"
regex = '''\\bomi_(?:dev|mcp)_[0-9a-f]{32}\\b'''
keywords = ["omi_dev_", "omi_mcp_"]

[[rules.allowlists]]
regexTarget = "line"
regexes = ['''omi:ignore''']
`;
const entry = `entry: '^(?!.*omi:ignore).*\\bomi_(?:dev|mcp)_[0-9a-f]{32}\\b'`;
const hook = `  - repo: local
    hooks:
      - id: omi-api-keys
        name: Omi API keys
        ${entry}
        language: pygrep
        types: [text]
`;
const flatHook = `- repo: local
  hooks:
  - id: omi-api-keys
    name: Omi API keys
    ${entry}
    language: pygrep
    types: [text]
`;

describe('.gitleaks.toml', () => {
  test.each([
    ['new', undefined, `[extend]\nuseDefault = true\n\n${rule}`],
    ['empty', '', rule],
    ['with a rule', '[[rules]]\nid = "x"\n', `[[rules]]\nid = "x"\n\n${rule}`],
    ['without a last line end', 'title = "a"', `title = "a"\n\n${rule}`],
    ['with CRLF', 'title = "a"\r\n', `title = "a"\r\n\r\n${rule.replaceAll('\n', '\r\n')}`],
    ['with words of rules in texts', 'a = """\nrules = []\n"""\n', `a = """\nrules = []\n"""\n\n${rule}`],
    ['with its words in a comment', '# id = "omi-api-key"\n', `# id = "omi-api-key"\n\n${rule}`],
  ])('%s', (_, before, after) => {
    expect(toml(before)).toBe(after);
    expect(toml(after)).toBe('present');
  });
  test.each([
    ['a rule of their own', "[[rules]]\nregex = '''omi_(dev|mcp)_[0-9a-f]+'''\n", 'present'],
    ['rules as a list', 'rules = [{ id = "x" }]\n', 'form'],
    ['rules as a list, by a quoted name', '"rules" = []\n', 'form'],
    ['rules as a table', '[rules]\na = 1\n', 'form'],
    ['a text that does not end', 'a = """\nx\n', 'unreadable'],
    ['a bracket that does not end', 'a = [\n', 'unreadable'],
    ['a conflict', '<<<<<<< HEAD\na = 1\n=======\n>>>>>>> b\n', 'conflict'],
    ['bytes that are no text', 'a\0b', 'unreadable'],
  ])('stays: %s', (_, before, why) => {
    expect(toml(before)).toBe(why);
  });
});

describe('.pre-commit-config.yaml', () => {
  const other = '  - repo: https://example.com/a\n    rev: v1\n    hooks:\n      - id: a\n';
  test.each([
    ['new', undefined, `repos:\n${hook}`],
    ['with comments alone', '# a\n', `# a\n\nrepos:\n${hook}`],
    ['with a repository', `repos:\n${other}`, `repos:\n${other}${hook}`],
    [
      'with more behind',
      `repos:\n${other}\n# b\nci:\n  a: b\n`,
      `repos:\n${other}${hook}\n# b\nci:\n  a: b\n`,
    ],
    [
      'with settings before',
      `---\nfail_fast: true\nrepos:\n${other}`,
      `---\nfail_fast: true\nrepos:\n${other}${hook}`,
    ],
    ['with settings alone', 'fail_fast: true\n', `fail_fast: true\n\nrepos:\n${hook}`],
    ['without a last line end', `repos:\n${other}`.trimEnd(), `repos:\n${other}${hook}`.trimEnd()],
    [
      'with lists that are not indented',
      'repos:\n- repo: a\n  hooks:\n  - id: a\n',
      `repos:\n- repo: a\n  hooks:\n  - id: a\n${flatHook}`,
    ],
    [
      'with comments within',
      `repos: # r\n  # first\n${other}    # last\n`,
      `repos: # r\n  # first\n${other}    # last\n${hook}`,
    ],
    [
      'with CRLF',
      `repos:\n${other}`.replaceAll('\n', '\r\n'),
      `repos:\n${other}${hook}`.replaceAll('\n', '\r\n'),
    ],
  ])('%s', async (_, before, after) => {
    expect(yaml(before)).toBe(after);
    expect(yaml(after)).toBe('present');
    // Rejects for what is no YAML.
    await expect(format(after, { parser: 'yaml' })).resolves.toContain('omi-api-keys');
  });
  test.each([
    ['a list in brackets', 'repos: []\n', 'form'],
    ['a list in brackets with entries', 'repos: [{ repo: local }]\n', 'form'],
    ['no list', 'repos:\n  a: b\n', 'form'],
    ['nothing in the list', 'repos:\n', 'form'],
    ['a mapping in brackets', '{ repos: [] }\n', 'form'],
    ['two documents', `repos:\n${other}---\na: b\n`, 'form'],
    ['something else', 'just text\n', 'form'],
    ['tabs', 'repos:\n\t- repo: a\n', 'form'],
    ['a conflict', 'repos:\n<<<<<<< HEAD\n', 'conflict'],
    ['a hook of their own', `repos:\n${other}        entry: 'omi_(?:mcp|dev)_'\n`, 'present'],
  ])('stays: %s', (_, before, why) => {
    expect(yaml(before)).toBe(why);
  });
});

describe('the patterns find what the extension finds', () => {
  const digits = randomBytes(16).toString('hex');
  const raw = `omi_dev_${digits}`;
  const lines = [
    raw,
    `a="${raw}"`,
    `omi_mcp_${digits}.`,
    `${raw}-x`,
    `x-${raw}`,
    `${raw}0`,
    raw.slice(0, -1),
    `x${raw}`,
    `_${raw}`,
    `${raw}_`,
    `omi_dev_${digits.toUpperCase()}X`,
    'omi_dev_...',
  ];
  const found = lines.map((line) => findsIn(line).length > 0);
  test('in the hook', () => {
    const pattern = /entry: '(.*)'/.exec(yaml())?.[1] ?? '';
    expect(lines.map((line) => new RegExp(pattern).test(line))).toEqual(found);
    expect(new RegExp(pattern).test(`${raw} # omi:ignore`)).toBe(false);
  });
  test('in the rule', () => {
    const pattern = /regex = '''(.*)'''/.exec(toml())?.[1] ?? '';
    expect(lines.map((line) => new RegExp(pattern).test(line))).toEqual(found);
  });
  test("in GitHub's scanning", () => {
    const { beforeSecret, secretFormat, afterSecret } = githubPattern;
    const [before, after] = [beforeSecret.replace('\\A', '^'), afterSecret.replace('\\z', '$')];
    const pattern = new RegExp(`(?:${before})${secretFormat}(?:${after})`);
    expect(lines.map((line) => pattern.test(line))).toEqual(found);
  });
  test('and stand in files that hold no key themselves', () => {
    expect(guardPaths.map((path) => findsIn(guarded(path, undefined)).length)).toEqual([0, 0]);
  });
});
