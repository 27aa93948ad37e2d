import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { FileEntry, FileTree } from '../../../src/leaks/fileTree';
import { scanFileTree, type ScanProgress } from '../../../src/leaks/scanTree';
import { seenKeyOf } from '../../../src/leaks/seenKey';
import { git, makeRepository, newKey, scan, standings, useFolder, write } from './repositories';

const { root } = useFolder();
const repo = (files: Readonly<Record<string, string>> = { 'clean.txt': 'nothing\n' }): string =>
  makeRepository(join(root(), 'repo'), files);
const line = (): string => `KEY=${newKey()}\n`;

describe('a work tree, by Git', () => {
  test('tracked, untracked and ignored files, each told apart', async () => {
    const folder = repo({
      '.gitignore': '.env\nbuild/\n*.log\n',
      'a.ts': line(),
      'forced.log': line(),
      'clean.ts': 'x\n',
    });
    write(folder, 'new.ts', line());
    write(folder, '.env', line());
    write(folder, 'build/deep/out.js', line());
    const found = await scan(folder);
    expect(standings(found)).toEqual({
      '.env': 'ignored',
      'a.ts': 'tracked',
      'build/deep/out.js': 'ignored',
      'forced.log': 'tracked',
      'new.ts': 'untracked',
    });
    expect(found).toMatchObject({ by: 'git', isWhole: true, unseen: [], looked: 7 });
  });

  test('what is in the work tree counts, not what was committed or staged', async () => {
    const folder = repo({ 'removed.ts': line(), 'gone.ts': line(), 'later.ts': 'x\n', 'trusted.ts': 'x\n' });
    write(folder, 'removed.ts', 'x\n');
    rmSync(join(folder, 'gone.ts'));
    git(folder, 'update-index', '--assume-unchanged', 'trusted.ts');
    write(folder, 'later.ts', line());
    write(folder, 'trusted.ts', line());
    const found = await scan(folder);
    expect(standings(found)).toEqual({ 'later.ts': 'tracked', 'trusted.ts': 'tracked' });
    expect(found.unseen).toEqual([]);
  });

  test('a tracked file whose place a directory has taken', async () => {
    const folder = repo({ place: 'x\n' });
    rmSync(join(folder, 'place'));
    write(folder, 'place/a.ts', line());
    const found = await scan(folder);
    expect(found.files.map(({ path, standing }) => [path, standing])).toEqual([['place/a.ts', 'untracked']]);
    expect(found.by).toBe('git');
  });

  test('place and fingerprint of every key in a file', async () => {
    const [one, two] = [newKey('dev'), newKey('mcp')];
    const folder = repo({ 'a.ts': `\nx = "${one}", y = "${two}"\r\n${one}` });
    const { files } = await scan(folder);
    expect(files[0]?.finds).toEqual([
      { key: seenKeyOf(one), line: 1, start: 5, end: 45 },
      { key: seenKeyOf(two), line: 1, start: 53, end: 93 },
      { key: seenKeyOf(one), line: 2, start: 0, end: 40 },
    ]);
  });

  test.each([
    ['UTF-16, with plain bytes behind', (one: Buffer, two: Buffer) => [utf16(`\uFEFF${String(one)}`), two]],
    ['plain bytes, with UTF-16 behind', (one: Buffer, two: Buffer) => [one, utf16(String(two))]],
    ['the same at an odd place', (one: Buffer, two: Buffer) => [one, Buffer.from('\n'), utf16(String(two))]],
  ])('a file that mixes encodings is named where a key does not show: %s', async (_, mixed) => {
    const folder = repo();
    const [first, hidden] = [Buffer.from(`KEY=${newKey()}\n `), Buffer.from(`KEY=${newKey()}\n`)];
    write(folder, 'mixed.env', Buffer.concat(mixed(first, hidden)));
    write(folder, 'same.env', Buffer.concat(mixed(first, first)));
    for (const isGit of [true, false]) {
      const found = await scan(folder, { isGit });
      expect(found.files.map(({ path, finds }) => [path, finds.length])).toEqual([
        ['mixed.env', 1],
        ['same.env', 1],
      ]);
      expect(found.unseen).toEqual([{ why: 'mixedEncodings', count: 1, paths: ['mixed.env'] }]);
    }
  });

  test('a key that is not to be told of is not told of in a mixed file either', async () => {
    const folder = repo();
    write(folder, 'mixed.env', Buffer.concat([utf16(`\uFEFFx\n`), Buffer.from(line())]));
    const found = await scan(folder, { findsIn: () => [] });
    expect(found).toMatchObject({ files: [], unseen: [] });
  });

  test('UTF-16, UTF-8 with its mark, Latin-1, and binary files', async () => {
    const folder = repo();
    const text = `été\n  KEY=${newKey()}\n`;
    const le = Buffer.from(text, 'utf16le');
    const be = Buffer.from(le).swap16();
    write(folder, 'le.txt', Buffer.concat([Buffer.from([0xff, 0xfe]), le]));
    write(folder, 'be.txt', Buffer.concat([Buffer.from([0xfe, 0xff]), be]));
    write(folder, 'le-bare.txt', le);
    write(folder, 'be-bare.txt', be);
    write(folder, 'mark.txt', Buffer.from(`\uFEFF${text}`));
    write(folder, 'latin.txt', Buffer.from(text, 'latin1'));
    write(folder, 'program.bin', Buffer.concat([Buffer.alloc(9), Buffer.from(`\n${text}`), Buffer.alloc(9)]));
    for (const isGit of [true, false]) {
      const { files } = await scan(folder, { isGit });
      const places = files.map(({ path, finds }) => [path, finds.map((one) => [one.line, one.start])]);
      expect(Object.fromEntries(places)).toEqual({
        'be-bare.txt': [[1, 6]],
        'be.txt': [[1, 6]],
        'latin.txt': [[1, 6]],
        'le-bare.txt': [[1, 6]],
        'le.txt': [[1, 6]],
        'mark.txt': [[1, 6]],
        'program.bin': [[2, 6]],
      });
    }
  });

  test('names that mean something elsewhere', async () => {
    const folder = repo({ '.gitignore': '*.secret\n' });
    const names = [
      '-n',
      ':(glob)**',
      '*.env',
      'key 🚀 é.env',
      'two\nlines.ts',
      '"quoted"',
      '!not',
      ':x.secret',
    ];
    for (const name of names) write(folder, name, line());
    const found = standings(await scan(folder));
    expect(Object.keys(found).toSorted()).toEqual(names.toSorted());
    expect(found).toMatchObject({ '-n': 'untracked', ':(glob)**': 'untracked', ':x.secret': 'ignored' });
  });

  test('a folder deeper in the repository', async () => {
    const folder = repo({ '.gitignore': 'b.ts\n', 'above.ts': line(), 'sub/deep/a.ts': line() });
    write(folder, 'sub/b.ts', line());
    const found = await scan(join(folder, 'sub'), { exclude: ['**/none'] });
    expect(standings(found)).toEqual({ 'b.ts': 'ignored', 'deep/a.ts': 'tracked' });
    expect(found.by).toBe('git');
  });

  test('settings of the person and the repository that change what Git prints', async () => {
    const folder = repo({ 'sub/a.ts': line(), 'sub/b.ts': 'x\n' });
    const settings = ['grep.fullName=true', 'color.ui=always', 'color.grep=always', 'grep.column=true'];
    const more = [
      'grep.lineNumber=true',
      'grep.patternType=fixed',
      'grep.threads=1',
      'submodule.recurse=true',
    ];
    for (const setting of [...settings, ...more]) {
      const [name = '', value = ''] = setting.split('=');
      git(folder, 'config', name, value);
    }
    const found = await scan(join(folder, 'sub'));
    expect(standings(found)).toEqual({ 'a.ts': 'tracked' });
    expect(found).toMatchObject({ by: 'git', looked: 2, unseen: [] });
  });

  test('a Git without Perl’s expressions finds the same', async () => {
    const folder = repo({ 'a.ts': line(), 'clean.ts': 'x\n' });
    write(folder, 'wide.txt', Buffer.from(`\uFEFF${line()}`, 'utf16le'));
    withGitThat('for one in "$@"; do [ "$one" = -P ] && exit 128; done');
    const found = await scan(folder);
    expect(standings(found)).toEqual({ 'a.ts': 'tracked', 'wide.txt': 'untracked' });
    expect(found).toMatchObject({ by: 'git', looked: 3, unseen: [] });
  });

  test('files of a sparse checkout that are not there are not counted', async () => {
    const folder = repo({ 'here/a.ts': line(), 'there/b.ts': line() });
    git(folder, 'sparse-checkout', 'set', 'here');
    const found = await scan(folder);
    expect(standings(found)).toEqual({ 'here/a.ts': 'tracked' });
    expect(found).toMatchObject({ by: 'git', looked: 1, unseen: [] });
  });

  test('what Git cannot read is told, by its path in the folder; what is left out is not', async () => {
    const folder = repo({ 'sub/a.ts': line(), 'sub/b.ts': 'x\n', 'sub/c.ts': 'x\n', 'sub/out/d.ts': 'x\n' });
    complaining(
      "error: failed to stat 'sub/b.ts': Permission denied",
      "error: 'sub/it's\n2 lines.ts': Permission denied",
      "warning: could not open directory 'sub/locked/': Permission denied",
      "warning: could not open directory 'elsewhere/': Permission denied",
      "error: 'sub/out/d.ts': Permission denied",
      "warning: unable to access 'config': Permission denied",
    );
    const found = await scan(join(folder, 'sub'), { exclude: ['out'] });
    expect(standings(found)).toEqual({ 'a.ts': 'tracked' });
    const paths = ['b.ts', "it's\n2 lines.ts", 'locked'];
    expect(found).toMatchObject({ by: 'git', unseen: [{ why: 'unreadable', count: 3, paths }] });
  });

  test('an error of Git’s about anything else: it says so, and the own walk looks', async () => {
    const folder = repo({ 'a.ts': line() });
    complaining('error: something is wrong');
    const found = await scan(folder);
    expect(standings(found)).toEqual({ 'a.ts': 'outside' });
    expect(found).toMatchObject({ by: 'walk', unseen: [{ why: 'gitFailed', count: 1, paths: ['.'] }] });
  });
});

describe('several repositories', () => {
  test('nested ones, also where the outer one ignores them, each by its own rules', async () => {
    const folder = repo({ '.gitignore': 'ignored/\n', 'a.ts': line() });
    makeRepository(join(folder, 'nested'), { '.gitignore': '.env\n', 'b.ts': line() });
    write(folder, 'nested/.env', line());
    makeRepository(join(folder, 'ignored/inner'), { 'c.ts': line() });
    makeRepository(join(folder, 'nested/deeper'), { 'd.ts': line() });
    git(makeFolder('repo/unborn'), 'init', '--quiet');
    write(folder, 'unborn/e.ts', line());
    const found = await scan(folder);
    expect(standings(found)).toEqual({
      'a.ts': 'tracked',
      'ignored/inner/c.ts': 'tracked',
      'nested/.env': 'ignored',
      'nested/b.ts': 'tracked',
      'nested/deeper/d.ts': 'tracked',
      'unborn/e.ts': 'untracked',
    });
    expect(found).toMatchObject({ by: 'git', unseen: [] });
  });

  test('submodules, one that was not fetched among them, and linked work trees', async () => {
    const library = makeRepository(join(root(), 'library'), { 'lib.ts': line() });
    const folder = repo({ 'a.ts': line() });
    git(folder, 'submodule', '--quiet', 'add', library, 'vendor/lib');
    git(folder, 'submodule', '--quiet', 'add', library, 'vendor/none');
    git(folder, 'commit', '--quiet', '-m', 'submodules');
    git(folder, 'submodule', '--quiet', 'deinit', 'vendor/none');
    write(folder, 'vendor/lib/new.ts', line());
    git(folder, 'worktree', 'add', '--quiet', '-b', 'other', 'trees/other');
    const found = await scan(folder);
    expect(standings(found)).toEqual({
      'a.ts': 'tracked',
      'trees/other/a.ts': 'tracked',
      'vendor/lib/lib.ts': 'tracked',
      'vendor/lib/new.ts': 'untracked',
    });
    expect(found).toMatchObject({ by: 'git', unseen: [] });
    expect(standings(await scan(join(folder, 'vendor/lib')))).toMatchObject({ 'lib.ts': 'tracked' });
    expect(standings(await scan(join(folder, 'trees/other')))).toEqual({ 'a.ts': 'tracked' });
  });

  test('one among files that the outer one tracks, which Git passes over', async () => {
    const folder = repo({ 'vendor/x/a.ts': line(), 'vendor/x/deep/b.ts': line(), 'c.ts': line() });
    git(join(folder, 'vendor/x'), 'init', '--quiet');
    git(join(folder, 'vendor/x/deep'), 'init', '--quiet');
    const found = await scan(folder);
    expect(standings(found)).toEqual({
      'c.ts': 'tracked',
      'vendor/x/a.ts': 'untracked',
      'vendor/x/deep/b.ts': 'untracked',
    });
    expect(found).toMatchObject({ by: 'git', unseen: [] });
    expect(found.files).toHaveLength(3);
  });

  test('a file called .git among tracked files is no repository', async () => {
    const folder = repo({ 'vendor/a.ts': line() });
    write(folder, 'vendor/.git', 'nothing');
    const found = await scan(folder);
    expect(standings(found)).toEqual({ 'vendor/a.ts': 'tracked' });
    expect(found).toMatchObject({ by: 'git', unseen: [] });
  });

  test('a plain folder in the place of a submodule: its files are outside, all others as ever', async () => {
    const library = makeRepository(join(root(), 'library'), { 'lib.ts': 'x\n' });
    const folder = repo({ '.gitignore': '.env\n' });
    git(folder, 'submodule', '--quiet', 'add', library, 'sub');
    git(folder, 'submodule', '--quiet', 'deinit', '--force', 'sub');
    write(folder, 'sub/a.ts', line());
    write(folder, '.env', line());
    const found = await scan(folder);
    expect(standings(found)).toEqual({ '.env': 'ignored', 'sub/a.ts': 'outside' });
    expect(found.files).toHaveLength(2);
  });

  test('a folder of repositories that is none itself', async () => {
    const folder = makeFolder('projects');
    makeRepository(join(folder, 'one'), { 'a.ts': line() });
    makeRepository(join(folder, 'two'), { 'b.ts': line() });
    write(folder, 'loose.ts', line());
    const found = await scan(folder);
    expect(standings(found)).toEqual({ 'loose.ts': 'outside', 'one/a.ts': 'tracked', 'two/b.ts': 'tracked' });
    expect(found).toMatchObject({ by: 'both', looked: 3 });
  });
});

describe('where Git cannot help, the own walk does', () => {
  test('no repository, an empty folder, one that is not there', async () => {
    const folder = makeFolder('plain');
    expect(await scan(folder)).toMatchObject({ files: [], by: 'walk', looked: 0, unseen: [] });
    write(folder, 'deep/er/.env', line());
    const found = await scan(folder);
    expect(standings(found)).toEqual({ 'deep/er/.env': 'outside' });
    expect(found).toMatchObject({ by: 'walk', unseen: [] });
    const nowhere = await scan(join(root(), 'nowhere'));
    expect(nowhere.unseen).toEqual([{ why: 'unreadable', count: 1, paths: ['.'] }]);
  });

  test('a bare repository', async () => {
    const folder = makeFolder('bare.git');
    git(folder, 'init', '--quiet', '--bare');
    write(folder, 'description', line());
    const found = await scan(folder);
    expect(standings(found)).toEqual({ description: 'outside' });
    expect(found).toMatchObject({ by: 'walk', unseen: [] });
  });

  test('Git is not wanted, or there is none', async () => {
    const folder = repo({ 'a.ts': line(), '.gitignore': 'ignored/\n' });
    makeRepository(join(folder, 'ignored'), { 'b.ts': line() });
    const expected = { 'a.ts': 'outside', 'ignored/b.ts': 'outside' };
    const unwanted = await scan(folder, { isGit: false });
    expect(standings(unwanted)).toEqual(expected);
    expect(unwanted).toMatchObject({ by: 'walk', unseen: [], looked: 3 });
    vi.stubEnv('PATH', '');
    const missing = await scan(folder);
    expect(standings(missing)).toEqual(expected);
    expect(missing).toMatchObject({ by: 'walk', unseen: [] });
  });

  test('a repository that is broken: it says so, and looks all the same', async () => {
    const folder = repo({ 'a.ts': line() });
    writeFileSync(join(folder, '.git/index'), 'no index');
    const found = await scan(folder);
    expect(standings(found)).toEqual({ 'a.ts': 'outside' });
    expect(found).toMatchObject({ by: 'walk', looked: 1, isWhole: true });
    expect(found.unseen).toEqual([{ why: 'gitFailed', count: 1, paths: ['.'] }]);
  });

  test('a nested one that is broken, in one that is not', async () => {
    const folder = repo({ 'a.ts': line() });
    const nested = makeRepository(join(folder, 'nested'), { 'b.ts': line() });
    writeFileSync(join(nested, '.git/index'), 'no index');
    const found = await scan(folder);
    expect(standings(found)).toEqual({ 'a.ts': 'tracked', 'nested/b.ts': 'outside' });
    expect(found.by).toBe('both');
    expect(found.unseen).toEqual([{ why: 'gitFailed', count: 1, paths: ['nested'] }]);
  });

  test('a repository that claims a work tree elsewhere is not believed', async () => {
    const folder = repo({ 'a.ts': line() });
    const elsewhere = makeFolder('elsewhere');
    write(elsewhere, 'a.ts', 'x\n');
    git(folder, 'config', 'core.worktree', elsewhere);
    const found = await scan(folder);
    expect(standings(found)).toEqual({ 'a.ts': 'outside' });
    expect(found.unseen).toEqual([{ why: 'gitFailed', count: 1, paths: ['.'] }]);
  });
});

describe('what is passed over', () => {
  test.each([true, false])('links, and what they lead to; Git: %s', async (isGit) => {
    const folder = repo({ 'd/f.ts': line() });
    const elsewhere = makeFolder('elsewhere');
    write(elsewhere, 'f.ts', line());
    symlinkSync(join(elsewhere, 'f.ts'), join(folder, 'file-link.ts'));
    symlinkSync(elsewhere, join(folder, 'folder-link'));
    symlinkSync('.', join(folder, 'circle'));
    renameSync(join(folder, 'd'), join(folder, 'e'));
    symlinkSync('e', join(folder, 'd'));
    const found = await scan(folder, { isGit });
    expect(standings(found)).toEqual({ 'e/f.ts': isGit ? 'untracked' : 'outside' });
    expect(found.unseen).toEqual([]);
  });

  test.each([true, false])('what is excluded, in nested repositories, too; Git: %s', async (isGit) => {
    const folder = repo();
    const kept = ['src/a.ts', 'src/out/b.ts', 'x/top.log', 'lib.minor.js'];
    const left = ['node_modules/p/a.js', 'src/node_modules/b.js', 'a.min.js', 'src/c.min.js'];
    const more = ['out/.hidden/a.ts', 'one/a.ts', 'two/b/c.ts', 'top.log', 'src/gen/deep/a.ts'];
    for (const path of [...kept, ...left, ...more]) write(folder, path, line());
    makeRepository(join(folder, 'nested'), { 'a.ts': line(), 'node_modules/x.js': line() });
    makeRepository(join(folder, 'node_modules/q'), { 'a.ts': line() });
    const exclude = [
      '**/node_modules',
      '**/*.min.js',
      '{one,two}',
      'out/**',
      '*.log',
      '**/src/gen/**',
      '',
      ' ',
    ];
    const found = await scan(folder, { isGit, exclude });
    expect(Object.keys(standings(found))).toEqual([...kept, 'nested/a.ts'].toSorted());
  });

  test.each(['**/../repo/**', '**//a.ts', '../**', '/**', ':(top)**', '[', '!a.ts', '-x'])(
    'a glob that Git would take otherwise: %s',
    async (glob) => {
      const folder = repo({ 'a.ts': line() });
      const [byGit, byWalk] = [
        await scan(folder, { exclude: [glob] }),
        await scan(folder, { exclude: [glob], isGit: false }),
      ];
      expect(byGit.by).toBe('git');
      expect(Object.keys(standings(byGit))).toEqual(Object.keys(standings(byWalk)));
    },
  );

  test('a file of more than 10 MiB, which says so; Git alone may clear it', async () => {
    const folder = makeFolder('plain');
    const size = 10 * 1024 * 1024;
    write(folder, 'most.txt', line().padEnd(size, '\n'));
    write(folder, 'more.txt', line().padEnd(size + 1, '\n'));
    write(folder, 'clean.txt', ''.padEnd(size + 1, '\n'));
    const byWalk = await scan(folder);
    expect(Object.keys(standings(byWalk))).toEqual(['most.txt']);
    expect(byWalk.unseen.map(({ why, count, paths }) => [why, count, paths.toSorted()])).toEqual([
      ['tooLarge', 2, ['clean.txt', 'more.txt']],
    ]);
    git(folder, 'init', '--quiet');
    const byGit = await scan(folder);
    expect(Object.keys(standings(byGit))).toEqual(['most.txt']);
    expect(byGit.unseen).toEqual([{ why: 'tooLarge', count: 1, paths: ['more.txt'] }]);
  });

  test.each([true, false])(
    'a name that cannot be asked for is told as unreadable; Git: %s',
    async (isGit) => {
      const folder = repo();
      writeFileSync(Buffer.concat([Buffer.from(join(folder, 'caf')), Buffer.from([0xe9])]), line());
      const found = await scan(folder, { isGit });
      expect(found.files).toEqual([]);
      expect(found.unseen).toEqual([{ why: 'unreadable', count: 1, paths: ['caf\uFFFD'] }]);
    },
  );

  test('long files are read whole', async () => {
    const folder = makeFolder('plain');
    for (const size of [65_535, 65_536, 65_537, 200_000])
      write(folder, `${String(size)}.txt`, 'x'.repeat(size - 41) + ` ${newKey()}`);
    expect((await scan(folder)).files.map(({ finds }) => finds.length)).toEqual([1, 1, 1, 1]);
  });
});

describe('any tree of files', () => {
  test('what cannot be listed, read or decoded is told, twenty paths at most', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `f${String(index)}`);
    const tree = treeOf(
      { ok: line(), bad: line(), ...Object.fromEntries(names.map((name) => [name, undefined])) },
      ['locked'],
    );
    const decode = (bytes: Uint8Array, path: string): Promise<string> =>
      path === 'bad'
        ? Promise.reject(new Error('no such encoding'))
        : Promise.resolve(Buffer.from(bytes).toString());
    const found = await scanFileTree(tree, { signal: AbortSignal.timeout(15_000), exclude: [], decode });
    expect(standings(found)).toEqual({ ok: 'outside' });
    const [unseen] = found.unseen;
    expect(unseen).toMatchObject({ why: 'unreadable', count: 27 });
    expect(unseen?.paths).toHaveLength(20);
  });

  test('only bytes that may hold a key are decoded', async () => {
    const decoded: string[] = [];
    const decode = (bytes: Uint8Array, path: string): Promise<string> => {
      decoded.push(path);
      return Promise.resolve(Buffer.from(bytes).toString());
    };
    const tree = treeOf({ with: line(), without: 'x\n', like: 'omi_x\n' });
    await scanFileTree(tree, { signal: AbortSignal.timeout(15_000), exclude: [], decode });
    expect(decoded.toSorted()).toEqual(['like', 'with']);
  });

  test('a cancel ends with what was found so far', async () => {
    const stop = new AbortController();
    const files = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`f${String(index)}`, line()]),
    );
    let read = 0;
    const tree = treeOf(files, [], () => (read += 1) === 50 && stop.abort());
    const found = await scanFileTree(tree, { signal: stop.signal, exclude: [] });
    expect(found.isWhole).toBe(false);
    expect(found.files.length).toBeGreaterThanOrEqual(50);
    expect(found.files.length).toBeLessThan(100);
  });

  test('few files are open at a time', async () => {
    let [open, most] = [0, 0];
    const tree = treeOf(
      Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${String(index)}`, 'x'])),
    );
    const counting: FileTree = {
      ...tree,
      read: async (path, limit) => {
        open += 1;
        most = Math.max(most, open);
        await new Promise(setImmediate);
        open -= 1;
        return tree.read(path, limit);
      },
    };
    const found = await scanFileTree(counting, { signal: AbortSignal.timeout(15_000), exclude: [] });
    expect(found.looked).toBe(300);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
  });
});

describe('the threads of the own walk', () => {
  const withThreads = { isGit: false };
  const withoutThreads = { isGit: false, sieveScript: undefined };

  test('clear files of any size, and find a key wherever it lies in one', async () => {
    const folder = makeFolder('plain');
    const key = newKey();
    // Around the places at which a thread reads on.
    const starts = [256, 512, 768].flatMap((kb) => [-40, -36, -8, -4, -1, 0, 1].map((by) => kb * 1024 + by));
    for (const start of starts) {
      write(folder, `narrow/${String(start)}`, ' '.repeat(start) + key);
      write(folder, `wide/${String(start)}`, Buffer.from(`${' '.repeat(start / 2)}${key}\n`, 'utf16le'));
      write(folder, `clear/${String(start)}`, `${' '.repeat(start)}omi-${key.slice(4)}`);
    }
    for (const way of [withThreads, withoutThreads]) {
      const found = await scan(folder, way);
      expect(found.files.map(({ path }) => path)).toEqual(
        ['narrow', 'wide'].flatMap((kind) => starts.map((start) => `${kind}/${String(start)}`)).toSorted(),
      );
      expect(found).toMatchObject({ looked: 3 * starts.length, unseen: [], by: 'walk' });
    }
  });

  test('an empty file, one at the limit and one above it', async () => {
    const folder = makeFolder('plain');
    const limit = 10 * 1024 * 1024;
    write(folder, 'empty', '');
    write(folder, 'at', Buffer.alloc(limit));
    write(folder, 'above', Buffer.alloc(limit + 1));
    for (const way of [withThreads, withoutThreads]) {
      const found = await scan(folder, way);
      expect(found).toMatchObject({ looked: 2, unseen: [{ why: 'tooLarge', count: 1, paths: ['above'] }] });
    }
  });

  test.each([
    ['cannot be started', undefined],
    ['end at once', 'process.exit(1);'],
    [
      'fail at the first file',
      "require('node:worker_threads').parentPort.on('message', () => { throw 1; });",
    ],
  ])('that %s: all files are looked at without them', async (_, script) => {
    const folder = makeFolder('plain');
    const sieveScript = join(root(), 'script.js');
    if (script !== undefined) writeFileSync(sieveScript, script);
    for (let file = 0; file < 600; file += 1) write(folder, `part${String(file % 7)}/${String(file)}`, 'x\n');
    write(folder, 'part3/key', line());
    const found = await scan(folder, { isGit: false, sieveScript });
    expect(found).toMatchObject({ looked: 601, unseen: [], isWhole: true });
    expect(standings(found)).toEqual({ 'part3/key': 'outside' });
  });
});

describe('cancel and progress, on disk', () => {
  test.each([true, false])('before it began; Git: %s', async (isGit) => {
    const found = await scan(repo({ 'a.ts': line() }), { isGit, signal: AbortSignal.abort() });
    expect(found).toMatchObject({ files: [], isWhole: false, unseen: [], looked: 0 });
  });

  test.each([true, false])('in the middle, told by progress; Git: %s', async (isGit) => {
    const files = Object.fromEntries(
      Array.from({ length: 1200 }, (_, index) => [`f${String(index)}.txt`, 'x\n']),
    );
    const folder = repo(files);
    const stop = new AbortController();
    const told: ScanProgress[] = [];
    const onProgress = (progress: ScanProgress): void => {
      told.push(progress);
      stop.abort();
    };
    const found = await scan(folder, { isGit, onProgress, signal: stop.signal });
    expect(found.isWhole).toBe(false);
    expect(told.length).toBeGreaterThan(0);
    expect(found.unseen).toEqual([]);
    const whole: ScanProgress[] = [];
    await scan(folder, { isGit, onProgress: (progress) => void whole.push(progress) });
    // Git tells what it is about to do, then that it is done; the walk what it has done, portion by portion.
    expect(whole.map(({ underWay }) => underWay)).toEqual(isGit ? [1200, 0] : [0, 0]);
    const looked = whole.map((progress) => progress.looked);
    if (isGit) expect(looked).toEqual([0, 1200]);
    else expect(looked[0]).toBeOneOf([500, 700]);
    expect(looked[1]).toBeOneOf([1000, 1200]);
  });
});

/** Puts a Git on the search path that does something before it does what it is asked. */
function withGitThat(does: string): void {
  const real = git(root(), '--exec-path').trim();
  chmodSync(write(root(), 'own/git', `#!/bin/sh\n${does}\nexec '${real}/git' "$@"\n`), 0o755);
  vi.stubEnv('PATH', [join(root(), 'own'), process.env['PATH']].join(delimiter));
}

/** Puts a Git on the search path that complains while it searches. Tests may run as root, who can read everything. */
function complaining(...complaints: readonly string[]): void {
  const file = write(root(), 'complaints', complaints.map((one) => `${one}\n`).join(''));
  withGitThat(`for one in "$@"; do [ "$one" = grep ] && cat '${file}' >&2; done`);
}

/** Makes a folder below the test's own. */
function makeFolder(path: string): string {
  const folder = join(root(), path);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A flat tree in memory; files without text cannot be read, nor can some directories be listed. */
function treeOf(
  files: Readonly<Record<string, string | undefined>>,
  locked: readonly string[] = [],
  onRead: () => unknown = () => undefined,
): FileTree {
  const entries: readonly FileEntry[] = [
    ...Object.keys(files).map((name) => ({ name, kind: 'file' as const })),
    ...locked.map((name) => ({ name, kind: 'directory' as const })),
  ];
  return {
    list: (directory) => (directory === '' ? Promise.resolve(entries) : Promise.reject(new Error('locked'))),
    read: (path) => {
      onRead();
      const text = files[path];
      return text === undefined
        ? Promise.reject(new Error('unreadable'))
        : Promise.resolve(Buffer.from(text));
    },
  };
}

function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le');
}
