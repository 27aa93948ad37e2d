import type { TextChange } from '../keys/envFile';
import { ignoreMark } from './ignoreLine';
import { lineEndOf } from './textLines';

/** The files, in the root of a repository, that keep Omi keys from being committed. */
export type GuardPath = '.gitleaks.toml' | '.pre-commit-config.yaml';
export const guardPaths: readonly GuardPath[] = ['.gitleaks.toml', '.pre-commit-config.yaml'];

/** Why a file is left alone. `form`: what belongs there is written in a way that nothing can be added to. */
export type GuardRefusal = 'form' | 'conflict' | 'unreadable';

/** What one file needs. `changes` only ever add; for a file that is not there they make its text out of nothing. */
export type GuardFile =
  | { readonly kind: 'changes'; readonly changes: readonly TextChange[] }
  | { readonly kind: 'present' }
  | { readonly kind: 'cannot'; readonly why: GuardRefusal };
export type GuardPlan = Readonly<Record<GuardPath, GuardFile>>;

const key = 'omi_(?:dev|mcp)_[0-9a-f]{32}';
const ruleId = 'omi-api-key';
/** Word boundaries say what `omi/rawKey.ts` says: not part of a longer word. */
const keyWord = `\\b${key}\\b`;

/**
 * The fields of a custom pattern in GitHub's secret scanning, which has no word boundaries but says what may stand
 * before and after.
 */
export const githubPattern = {
  name: 'Omi API key',
  secretFormat: key,
  beforeSecret: '\\A|[^0-9A-Za-z_]',
  afterSecret: '\\z|[^0-9A-Za-z_]',
} as const;

/**
 * Plans what keeps Omi keys out of a repository: a rule for gitleaks, and a hook for pre-commit that runs by itself and
 * downloads nothing. Lines with the ignore mark pass both.
 *
 * @param existing the texts of the files; undefined where there is none.
 */
export function guardFiles(existing: Readonly<Record<GuardPath, string | undefined>>): GuardPlan {
  return {
    '.gitleaks.toml': planFile(existing['.gitleaks.toml'], gitleaksChange),
    '.pre-commit-config.yaml': planFile(existing['.pre-commit-config.yaml'], preCommitChange),
  };
}

function planFile(
  text: string | undefined,
  plan: (text: string, isNew: boolean) => TextChange | GuardRefusal,
): GuardFile {
  const before = text ?? '';
  if (/^(?:<{7}|={7}|>{7})(?:\s|$)/m.test(before)) return { kind: 'cannot', why: 'conflict' };
  if (before.includes('\0') || before.includes('\ufffd')) return { kind: 'cannot', why: 'unreadable' };
  if (before.split(/\r?\n/).some((line) => !/^\s*#/.test(line) && isGuard(line))) return { kind: 'present' };
  const change = plan(before, text === undefined);
  return typeof change === 'string'
    ? { kind: 'cannot', why: change }
    : { kind: 'changes', changes: [change] };
}

/** Whether a line is of our guard, or of somebody's own for the same keys. */
function isGuard(line: string): boolean {
  return (
    /\bid["']?\s*[:=]\s*["']?omi-api-keys?\b/.test(line) ||
    /omi_\((?:\?:)?(?:dev\|mcp|mcp\|dev)\)_/.test(line)
  );
}

function gitleaksChange(text: string, isNew: boolean): TextChange | GuardRefusal {
  const bare = withoutTomlStrings(text);
  if (bare === undefined) return 'unreadable';
  // A list that is written out takes no more tables.
  if (/^[^\S\n]*["']?rules["']?[^\S\n]*(?:=|\.)|^[^\S\n]*\[[^\S\n]*["']?rules["']?[^\S\n]*\]/m.test(bare))
    return 'form';
  const extend = ['[extend]', 'useDefault = true', ''];
  const rule = [
    '[[rules]]',
    `id = "${ruleId}"`,
    'description = "Omi API key"',
    `regex = '''${keyWord}'''`,
    'keywords = ["omi_dev_", "omi_mcp_"]',
    '',
    '[[rules.allowlists]]',
    'regexTarget = "line"',
    `regexes = ['''${ignoreMark}''']`,
  ];
  return appended(text, isNew ? [...extend, ...rule] : rule);
}

/** A text in TOML with its strings and comments emptied; undefined when a string or a bracket does not end. */
function withoutTomlStrings(text: string): string | undefined {
  const parts =
    /"""(?:[^"\\]|\\[^]|"(?!""))*"""|'''(?:[^']|'(?!''))*'''|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*/g;
  const names = /^[^\S\n]*(?:"rules"|'rules')/gm;
  const bare = text.replaceAll(names, 'rules').replaceAll(parts, '');
  const count = (sign: string): number => bare.split(sign).length;
  const isWhole = !/["']/.test(bare) && count('[') === count(']') && count('{') === count('}');
  return isWhole ? bare : undefined;
}

function preCommitChange(text: string): TextChange | GuardRefusal {
  const lines = text.split(/\r?\n/);
  if (lines.some((line) => /^ *\t/.test(line))) return 'form';
  const isContent = (line: string): boolean => !/^\s*(?:#.*)?$/.test(line);
  // Only one document, and a list in lines: nothing can be added to `repos: [ … ]` without rewriting it.
  const first = lines.findIndex(isContent);
  if (lines.some((line, index) => index > first && /^(?:---|\.\.\.)(?:\s|$)/.test(line))) return 'form';
  if (lines.some((line) => /^[^\s#\-\w"'\ufeff]/.test(line) && isContent(line))) return 'form';
  const head = lines.findIndex((line) => /^\ufeff?["']?repos["']?\s*:/.test(line));
  if (head === -1)
    return hasOnlyNames(lines.filter(isContent)) ? appended(text, ['repos:', ...hookLines('  ', 2)]) : 'form';
  if (!/^\ufeff?["']?repos["']?\s*:\s*(?:#.*)?$/.test(lines[head] ?? '')) return 'form';
  const block = lines.slice(head + 1);
  const start = block.find(isContent) ?? '';
  const indent = /^( *)- /.exec(start)?.[1];
  if (indent === undefined) return 'form';
  const over = block.findIndex(
    (line) => isContent(line) && leadOf(line) <= indent.length && !line.startsWith(`${indent}- `),
  );
  const items = over === -1 ? block : block.slice(0, over);
  const isOwn = (line: string): boolean =>
    line.trim() !== '' && (isContent(line) || leadOf(line) > indent.length);
  const at = offsetBehind(text, head + 1 + items.findLastIndex(isOwn));
  const hooks = items.findIndex((line) => /^\s*(?:- )?hooks:\s*(?:#.*)?$/.test(line));
  const column = (items[hooks] ?? '').indexOf('hooks:');
  const hookLead = hooks === -1 ? column + 2 : leadOf(items.slice(hooks + 1).find(isContent) ?? '');
  const deeper = Math.min(Math.max(hookLead - column, 0), 4);
  const lineEnd = lineEndOf(text);
  return {
    start: at,
    end: at,
    text: hookLines(indent, deeper)
      .map((line) => lineEnd + line)
      .join(''),
  };
}

/** Whether lines are a mapping at the top: then a further name may follow. */
function hasOnlyNames(lines: readonly string[]): boolean {
  return lines.every(
    (line, index) =>
      /^\s/.test(line) ||
      /^\ufeff?[\w-]+\s*:/.test(line) ||
      (index === 0 && line === '---') ||
      (index > 0 && line.startsWith('- ')),
  );
}

/** The hook as an item of `repos`; `deeper` = how far lists are indented within a mapping here. */
function hookLines(indent: string, deeper: number): readonly string[] {
  const hook = `${indent}  ${' '.repeat(deeper)}`;
  return [
    `${indent}- repo: local`,
    `${indent}  hooks:`,
    `${hook}- id: omi-api-keys`,
    `${hook}  name: Omi API keys`,
    `${hook}  entry: '^(?!.*${ignoreMark}).*${keyWord}'`,
    `${hook}  language: pygrep`,
    `${hook}  types: [text]`,
  ];
}

function leadOf(line: string): number {
  return /^ */.exec(line)?.[0].length ?? 0;
}

/** Where a line ends, counted from 0. */
function offsetBehind(text: string, line: number): number {
  const ends = Array.from(text.matchAll(/\r?\n|$/g), ({ index }) => index);
  return ends[line] ?? text.length;
}

/** Lines at the end of a text, with an empty one before them. */
function appended(text: string, lines: readonly string[]): TextChange {
  const lineEnd = lineEndOf(text);
  const isEmpty = text === '' || text === '\ufeff';
  const gap = isEmpty ? '' : text.endsWith('\n') ? lineEnd : lineEnd + lineEnd;
  return { start: text.length, end: text.length, text: gap + lines.map((line) => line + lineEnd).join('') };
}
