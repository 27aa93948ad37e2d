import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { git, makeRepository, newKey, scan, standings, useFolder, write } from './repositories';

// What a repository can bring along to have a program run, and a scan of it that runs none.

const { root, trap, hasRun } = useFolder();
const line = (): string => `KEY=${newKey()}\n`;

/** What a scan finds in `hostile()`: Git was at work, and answered. */
const everything = { '.env': 'ignored', 'a.ts': 'tracked', 'new.ts': 'untracked' };

let folder: string;
beforeEach(() => (folder = hostile(join(root(), 'repo'))));

/** A repository that has a file of each standing, one of them changed since, so that Git has to look into it. */
function hostile(path: string): string {
  makeRepository(path, { '.gitignore': '.env\n', 'a.ts': 'x\n' });
  write(path, 'a.ts', line());
  write(path, 'new.ts', line());
  write(path, '.env', line());
  return path;
}

const attributes = '* diff=evil filter=evil merge=evil\n';

/** Settings that name programs. */
const settings = [
  'core.fsmonitor',
  'core.pager',
  'pager.grep',
  'pager.ls-files',
  'pager.check-ignore',
  'core.sshCommand',
  'core.editor',
  'core.askPass',
  'core.gitProxy',
  'core.alternateRefsCommand',
  'credential.helper',
  'diff.external',
  'diff.evil.textconv',
  'diff.evil.command',
  'filter.evil.clean',
  'filter.evil.smudge',
  'filter.evil.process',
  'gpg.program',
  'interactive.diffFilter',
  'merge.evil.driver',
  'sequence.editor',
  'uploadpack.packObjectsHook',
];
const aliases = ['grep', 'ls-files', 'check-ignore', 'rev-parse', 'version'].map((name) => `alias.${name}`);
const hooks = [
  'post-index-change',
  'post-checkout',
  'pre-commit',
  'fsmonitor-watchman',
  'reference-transaction',
];

function set(at: string, setting: string, program: string): void {
  git(at, 'config', setting, setting.startsWith('alias.') ? `!${program}` : program);
}

/** Everything at once. */
function arm(at: string): void {
  const program = trap(at, 'trap.sh');
  write(at, '.gitattributes', attributes);
  for (const setting of [...settings, ...aliases]) set(at, setting, program);
  git(at, 'config', 'filter.evil.required', 'true');
  for (const hook of hooks) trap(at, `hooks/${hook}`);
  git(at, 'config', 'core.hooksPath', join(at, 'hooks'));
}

describe('one by one', () => {
  test.each([...settings, ...aliases])('%s', async (setting) => {
    write(folder, '.gitattributes', attributes);
    set(folder, setting, trap(folder, 'trap.sh'));
    const found = await scan(folder);
    expect(standings(found)).toEqual(everything);
    expect(found).toMatchObject({ by: 'git', unseen: [] });
    expect(hasRun()).toBe(false);
  });

  test('hooks, in their place and elsewhere', async () => {
    for (const hook of hooks) {
      trap(folder, `.git/hooks/${hook}`);
      trap(folder, `hooks/${hook}`);
    }
    expect(standings(await scan(folder))).toEqual(everything);
    git(folder, 'config', 'core.hooksPath', join(folder, 'hooks'));
    expect(standings(await scan(folder))).toEqual(everything);
    expect(hasRun()).toBe(false);
  });

  test('a configuration that is included, and one for work trees', async () => {
    const program = trap(folder, 'trap.sh');
    const evil = `[core]\n\tfsmonitor = ${program}\n\tpager = ${program}\n[diff "evil"]\n\ttextconv = ${program}\n`;
    write(folder, 'evil.config', evil);
    write(folder, '.gitattributes', attributes);
    write(folder, '.git/config.worktree', evil);
    git(folder, 'config', 'include.path', join(folder, 'evil.config'));
    git(folder, 'config', 'includeIf.gitdir:/.path', join(folder, 'evil.config'));
    git(folder, 'config', 'extensions.worktreeConfig', 'true');
    expect(standings(await scan(folder))).toEqual(everything);
    expect(hasRun()).toBe(false);
  });

  test('these traps do work, for whoever is less careful', () => {
    const isSprung = (setting: string, ...command: string[]): boolean => {
      const at = hostile(join(root(), setting));
      write(at, '.gitattributes', attributes);
      set(at, setting, trap(at, 'trap.sh'));
      try {
        git(at, ...command);
      } catch {
        // The trap is no good program.
      }
      const sprung = hasRun();
      rmSync(join(root(), 'it-ran'), { force: true });
      return sprung;
    };
    expect(isSprung('core.fsmonitor', 'grep', 'x')).toBe(true);
    expect(isSprung('diff.evil.textconv', 'grep', '--textconv', 'x')).toBe(true);
    expect(isSprung('diff.external', 'diff')).toBe(true);
    expect(isSprung('filter.evil.clean', 'add', 'a.ts')).toBe(true);
    expect(isSprung('filter.evil.process', 'add', 'a.ts')).toBe(true);
    expect(isSprung('alias.grep-all', 'grep-all')).toBe(true);
  });
});

describe('all at once', () => {
  test('in the folder’s own repository, also when a folder in it is opened', async () => {
    write(folder, 'sub/a.ts', line());
    arm(folder);
    expect(standings(await scan(folder))).toEqual({ ...everything, 'sub/a.ts': 'untracked' });
    expect(standings(await scan(join(folder, 'sub')))).toEqual({ 'a.ts': 'untracked' });
    expect(hasRun()).toBe(false);
  });

  test('in a nested repository, and in a folder of repositories', async () => {
    arm(hostile(join(folder, 'nested')));
    const nested = Object.fromEntries(
      Object.entries(everything).map(([path, one]) => [`nested/${path}`, one]),
    );
    const found = await scan(folder);
    expect(standings(found)).toEqual({ ...everything, ...nested });
    expect(found).toMatchObject({ by: 'git', unseen: [] });
    expect(standings(await scan(root()))).toMatchObject({ 'repo/nested/a.ts': 'tracked' });
    expect(hasRun()).toBe(false);
  });

  test('in a submodule', async () => {
    const library = makeRepository(join(root(), 'library'), { 'lib.ts': line() });
    git(folder, 'submodule', '--quiet', 'add', library, 'lib');
    arm(join(folder, 'lib'));
    git(folder, 'config', 'submodule.lib.update', `!${trap(folder, 'trap.sh')}`);
    git(folder, 'config', 'submodule.recurse', 'true');
    const found = await scan(folder);
    expect(standings(found)).toEqual({ ...everything, 'lib/lib.ts': 'tracked' });
    expect(found).toMatchObject({ by: 'git', unseen: [] });
    expect(hasRun()).toBe(false);
  });

  test('in a repository that is broken besides', async () => {
    arm(folder);
    write(folder, '.git/index', 'no index');
    expect((await scan(folder)).unseen).toEqual([{ why: 'gitFailed', count: 1, paths: ['.'] }]);
    expect(hasRun()).toBe(false);
  });
});

describe('a program of the name git', () => {
  const places: readonly [string, () => string][] = [
    ['the folder', () => folder],
    ['a place below', () => join(folder, 'bin')],
    ['the nested repository', () => join(folder, 'nested')],
    ['a place below the nested one', () => join(folder, 'nested/bin')],
    ['a relative place', () => 'bin'],
    ['an empty place', () => ''],
    ['here', () => '.'],
    ['a link from outside', () => join(root(), 'link')],
  ];

  test.each(places)('on a search path that leads into %s', async (_, place) => {
    hostile(join(folder, 'nested'));
    for (const path of ['git', 'bin/git', 'nested/git', 'nested/bin/git']) trap(folder, path);
    symlinkSync(join(folder, 'nested/bin'), join(root(), 'link'));
    vi.stubEnv('PATH', [place(), process.env['PATH'] ?? ''].join(delimiter));
    const found = await scan(folder);
    expect(standings(found)).toMatchObject({ ...everything, 'nested/a.ts': 'tracked' });
    expect(found.by).toBe('git');
    expect(hasRun()).toBe(false);
  });

  test('not even when it is the only one', async () => {
    hostile(join(folder, 'nested'));
    for (const path of ['git', 'nested/git']) trap(folder, path);
    vi.stubEnv('PATH', [folder, join(folder, 'nested'), '.'].join(delimiter));
    const found = await scan(folder);
    expect(found.by).toBe('walk');
    expect(Object.keys(standings(found))).toHaveLength(6);
    expect(hasRun()).toBe(false);
  });
});

test('Restricted Mode: nothing is run, not even the person’s own Git', async () => {
  hostile(join(folder, 'nested'));
  trap(root(), 'tools/git');
  vi.stubEnv('PATH', [join(root(), 'tools'), process.env['PATH'] ?? ''].join(delimiter));
  expect(await scan(folder, { isGit: false })).toMatchObject({ by: 'walk', unseen: [] });
  expect(hasRun()).toBe(false);
  await scan(folder);
  expect(hasRun()).toBe(true);
});

test('a partial clone that would have to fetch for its list of files', async () => {
  const source = makeRepository(join(root(), 'source'), { 'far/off/file': 'x\n', 'near/file': line() });
  git(source, 'config', 'uploadpack.allowFilter', 'true');
  git(root(), 'clone', '--quiet', '--sparse', '--filter=tree:0', `file://${source}`, 'partial');
  const partial = join(root(), 'partial');
  git(partial, 'sparse-checkout', 'set', '--cone', '--sparse-index', 'near');
  const tree = /^040000 (\w+)/m.exec(git(partial, 'ls-files', '--sparse', '--stage'))?.[1] ?? '';
  expect(tree).not.toBe('');
  loosen(partial);
  rmSync(join(partial, '.git/objects', tree.slice(0, 2), tree.slice(2)));
  write(partial, '.git/objects/pack/pack-none.promisor', '');
  git(partial, 'config', 'remote.origin.uploadpack', trap(partial, 'trap.sh'));
  write(partial, 'far/off/new.env', line());
  // Whether Git copes without the tree, or fails and leaves it to the walk, depends on its version.
  expect(Object.keys(standings(await scan(partial)))).toEqual(['far/off/new.env', 'near/file']);
  expect(hasRun()).toBe(false);
  // Without precautions it does run: the trap is a good one.
  expect(() => git(partial, 'ls-files', '--error-unmatch', '--', 'far/off/new.env')).toThrow();
  expect(hasRun()).toBe(true);
});

/** Unpacks all objects, so that one can be taken away. */
function loosen(at: string): void {
  const packs = join(at, '.git/objects/pack');
  const aside = join(root(), 'packs');
  renameSync(packs, aside);
  mkdirSync(packs);
  for (const pack of readdirSync(aside).filter((one) => one.endsWith('.pack'))) {
    execFileSync('git', ['unpack-objects', '-q'], { cwd: at, input: readFileSync(join(aside, pack)) });
  }
}

describe('an index that leads elsewhere', () => {
  test.each(['.', '..', '../outside', 'x/../../outside', '/'])('a submodule at %s', async (path) => {
    write(root(), 'outside/a.ts', line());
    writeFileSync(join(folder, '.git/index'), indexOf(path));
    const found = await scan(folder);
    expect(found.isWhole).toBe(true);
    expect(Object.keys(standings(found)).toSorted()).toEqual(Object.keys(everything));
  });

  test('control: one in the folder is looked at', async () => {
    write(folder, 'sub/b.ts', line());
    writeFileSync(join(folder, '.git/index'), indexOf('sub'));
    expect(standings(await scan(folder))).toMatchObject({ 'sub/b.ts': 'outside' });
  });
});

/** An index of one entry, a submodule, as gitformat-index describes version 2. */
function indexOf(path: string): Buffer {
  const header = Buffer.from('DIRC\0\0\0\u0002\0\0\0\u0001', 'latin1');
  const entry = Buffer.alloc(Math.ceil((62 + path.length + 1) / 8) * 8);
  entry.writeUInt32BE(0o160000, 24);
  entry.fill(1, 40, 60);
  entry.writeUInt16BE(path.length, 60);
  entry.write(path, 62, 'latin1');
  const content = Buffer.concat([header, entry]);
  return Buffer.concat([content, createHash('sha1').update(content).digest()]);
}
