import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  isInNoRepository,
  runGit,
  standingOf,
  type FileStanding,
  type GitAnswer,
} from '../../../src/leaks/git';

let root: string;
let repo: string;
let marker: string;

/** The person's own Git, without their configuration. */
function git(folder: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
}

const write = (path: string, text = 'x\n'): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};
const signal = (): AbortSignal => AbortSignal.timeout(15_000);
const standing = (path: string, folder = repo): Promise<FileStanding> => standingOf(folder, path, signal());
const ask = (...args: string[]): Promise<GitAnswer> => runGit(repo, args, signal());

/** A program that leaves a mark when it is run. */
function trap(path: string): string {
  write(path, `#!/bin/sh\n: > '${marker}'\nexit 0\n`);
  chmodSync(path, 0o755);
  return path;
}

let template: string;

beforeAll(() => {
  template = realpathSync(mkdtempSync(join(tmpdir(), 'omi-git-template-')));
  git(template, 'init', '--quiet');
  write(join(template, 'tracked.env'));
  write(join(template, '.gitignore'), '*.secret\nbuild/\n.env\n!kept.secret\n');
  git(template, 'add', '.');
  git(template, 'commit', '--quiet', '-m', 'first');
});
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'omi-git-')));
  repo = join(root, 'repo');
  marker = join(root, 'it-ran');
  cpSync(template, repo, { recursive: true });
  mkdirSync(join(root, 'home'));
  vi.stubEnv('HOME', join(root, 'home'));
  vi.stubEnv('GIT_CONFIG_NOSYSTEM', '1');
  vi.stubEnv('GIT_CEILING_DIRECTORIES', root);
});
afterAll(() => rmSync(template, { recursive: true, force: true }));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

describe('whether a folder is in no repository', () => {
  test('is known where Git says so', async () => {
    expect(await isInNoRepository(root, signal())).toBe(true);
    expect(await isInNoRepository(repo, signal())).toBe(false);
  });

  test('is not known where Git cannot be asked, or fails', async () => {
    expect(await isInNoRepository(root, AbortSignal.abort())).toBe(false);
    expect(await isInNoRepository(join(root, 'missing'), signal())).toBe(false);
    write(join(repo, '.git/config'), '[broken');
    expect(await isInNoRepository(repo, signal())).toBe(false);
    vi.stubEnv('PATH', '');
    expect(await isInNoRepository(root, signal())).toBe(false);
  });
});

describe('how Git sees a file', () => {
  test.each<[string, FileStanding]>([
    ['tracked.env', 'tracked'],
    ['new.env', 'untracked'],
    ['.env', 'ignored'],
    ['a.secret', 'ignored'],
    ['kept.secret', 'untracked'],
    ['build/out.env', 'ignored'],
    ['deep/er/file.env', 'untracked'],
    ['../elsewhere.env', 'outside'],
    ['-n', 'untracked'],
    ['--help', 'untracked'],
    ['*.env', 'untracked'],
    ['[t]racked.env', 'untracked'],
    [':(glob)**/*.env', 'untracked'],
    [':/tracked.env', 'untracked'],
    ['key 🚀 é.env', 'untracked'],
    ['two\nlines.secret', 'ignored'],
  ])('%j: %s, whether it is there yet or not', async (path, expected) => {
    expect(await standing(path)).toBe(expected);
    if (expected === 'untracked' || expected === 'ignored') {
      write(join(repo, path));
      expect(await standing(path)).toBe(expected);
    }
  });

  test('by absolute path', async () => {
    expect(await standing(join(repo, 'tracked.env'))).toBe('tracked');
    expect(await standing(join(repo, 'x.secret'))).toBe('ignored');
    expect(await standing(join(root, 'x.env'))).toBe('outside');
  });

  test('a tracked file that a pattern names is tracked all the same', async () => {
    write(join(repo, 'forced.secret'));
    git(repo, 'add', '--force', 'forced.secret');
    expect(await standing('forced.secret')).toBe('tracked');
  });

  test('from a folder below the repository’s', async () => {
    write(join(repo, 'sub/a.env'));
    git(repo, 'add', 'sub');
    expect(await standing('a.env', join(repo, 'sub'))).toBe('tracked');
    expect(await standing('b.secret', join(repo, 'sub'))).toBe('ignored');
  });

  test('a folder without a repository, and one that is not there', async () => {
    mkdirSync(join(root, 'plain'));
    expect(await standing('.env', join(root, 'plain'))).toBe('outside');
    expect(await standing('.env', join(root, 'nowhere'))).toBe('outside');
  });

  test('a repository to which the environment points is not asked', async () => {
    mkdirSync(join(root, 'plain'));
    vi.stubEnv('GIT_DIR', join(repo, '.git'));
    vi.stubEnv('GIT_WORK_TREE', repo);
    vi.stubEnv('GIT_INDEX_FILE', join(repo, '.git', 'index'));
    expect(await standing('tracked.env', join(root, 'plain'))).toBe('outside');
  });

  test('a folder that has become a file', async () => {
    write(join(root, 'file'));
    expect(await standing('.env', join(root, 'file'))).toBe('outside');
    expect(await standing('.env', join(root, 'file/below'))).toBe('outside');
  });

  test('a file whose name holds a key, which stands in no argument', async () => {
    const raw = `omi_dev_${randomBytes(16).toString('hex')}`;
    const heard = join(root, 'heard');
    const real = git(repo, '--exec-path').trim();
    write(join(root, 'own/git'), `#!/bin/sh\necho "$@" >> '${heard}'\nexec '${real}/git' "$@"\n`);
    chmodSync(join(root, 'own/git'), 0o755);
    for (const path of [`${raw}.txt`, `sub/${raw}.txt`, `${raw}.secret`, `${raw}/new.txt`])
      write(join(repo, path));
    git(repo, 'add', `${raw}.txt`, `sub/${raw}.txt`);
    vi.stubEnv('PATH', [join(root, 'own'), process.env['PATH']].join(delimiter));
    expect(await standing(`${raw}.txt`)).toBe('tracked');
    expect(await standing(join(repo, 'sub', `${raw}.txt`), join(repo, 'sub'))).toBe('tracked');
    expect(await standing(`${raw}.secret`)).toBe('ignored');
    expect(await standing(`${raw}/new.txt`)).toBe('untracked');
    expect(await standing('new.txt', join(repo, raw))).toBe('untracked');
    expect(readFileSync(heard, 'utf8')).toContain('ls-files');
    expect(readFileSync(heard, 'utf8')).not.toContain(raw);
  });

  test('a cancel', async () => {
    expect(await standingOf(repo, 'tracked.env', AbortSignal.abort())).toBe('outside');
  });

  test('nothing of the repository changes', async () => {
    const index = readFileSync(join(repo, '.git/index'));
    await standing('tracked.env');
    await standing('.env');
    expect(readFileSync(join(repo, '.git/index'))).toEqual(index);
    expect(readdirSync(join(repo, '.git')).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });
});

describe('answers', () => {
  test('exit code and output', async () => {
    expect(await ask('ls-files')).toEqual({ kind: 'answered', code: 0, output: '.gitignore\ntracked.env\n' });
    expect(await ask('no-such-command')).toMatchObject({ kind: 'answered', code: 1 });
    expect(await ask('cat-file', '-e', '0'.repeat(40))).toMatchObject({ kind: 'answered', code: 1 });
  });

  test('an argument is never a shell’s business', async () => {
    await ask('ls-files', '--', `$(: > ${marker})`, `;: > ${marker}`, `\`: > ${marker}\``);
    expect(existsSync(marker)).toBe(false);
  });
});

describe('a hostile repository runs nothing', () => {
  const commands: readonly (readonly string[])[] = [
    ['status', '--porcelain'],
    ['diff'],
    ['ls-files', '--others', '--exclude-standard'],
    ['log', '--oneline'],
    ['update-index', '--refresh'],
  ];

  test.each([
    ['core.fsmonitor'],
    ['diff.external'],
    ['core.pager'],
    ['pager.log'],
    ['core.askPass'],
    ['core.sshCommand'],
    ['core.editor'],
    ['alias.ls-files'],
    ['alias.check-ignore'],
    ['credential.helper'],
    ['core.gitProxy'],
    ['core.alternateRefsCommand'],
  ])('%s', async (setting) => {
    const program = trap(join(repo, 'trap.sh'));
    git(repo, 'config', setting, setting.startsWith('alias') ? `!${program}` : program);
    write(join(repo, 'tracked.env'), 'changed\n');
    expect(await standing('tracked.env')).toBe('tracked');
    expect(await standing('.env')).toBe('ignored');
    for (const command of commands) await ask(...command);
    expect(existsSync(marker)).toBe(false);
  });

  test('core.hooksPath and the hooks of the repository', async () => {
    const names = [
      'post-index-change',
      'post-checkout',
      'pre-commit',
      'fsmonitor-watchman',
      'reference-transaction',
    ];
    for (const name of names) {
      trap(join(repo, 'hooks', name));
      trap(join(repo, '.git/hooks', name));
    }
    git(repo, 'config', 'core.hooksPath', join(repo, 'hooks'));
    write(join(repo, 'tracked.env'), 'changed\n');
    expect(await standing('tracked.env')).toBe('tracked');
    for (const command of commands) await ask(...command);
    expect(existsSync(marker)).toBe(false);
  });

  test('filters, and a configuration that is included', async () => {
    const program = trap(join(repo, 'trap.sh'));
    write(
      join(repo, 'evil.config'),
      `[core]\n\tfsmonitor = ${program}\n[filter "evil"]\n\tclean = ${program}\n`,
    );
    write(join(repo, '.gitattributes'), '*.env filter=evil\n');
    git(repo, 'config', 'include.path', join(repo, 'evil.config'));
    write(join(repo, 'tracked.env'), 'changed\n');
    expect(await standing('tracked.env')).toBe('tracked');
    expect(await standing('new.env')).toBe('untracked');
    expect(existsSync(marker)).toBe(false);
  });

  test('a partial clone that would have to fetch', async () => {
    const source = join(root, 'source');
    mkdirSync(source);
    git(source, 'init', '--quiet');
    write(join(source, 'far/off/file'));
    write(join(source, 'near/file'));
    git(source, 'add', '.');
    git(source, 'commit', '--quiet', '-m', 'first');
    git(source, 'config', 'uploadpack.allowFilter', 'true');
    git(root, 'clone', '--quiet', '--sparse', '--filter=tree:0', `file://${source}`, 'partial');
    const partial = join(root, 'partial');
    git(partial, 'sparse-checkout', 'set', '--cone', '--sparse-index', 'near');
    const tree = /^040000 (\w+)/m.exec(git(partial, 'ls-files', '--sparse', '--stage'))?.[1] ?? '';
    expect(tree).not.toBe('');
    loosen(partial);
    rmSync(join(partial, '.git/objects', tree.slice(0, 2), tree.slice(2)));
    write(join(partial, '.git/objects/pack/pack-none.promisor'), '');
    git(partial, 'config', 'remote.origin.uploadpack', trap(join(partial, 'trap.sh')));
    await standing('far/off/new.env', partial);
    expect(existsSync(marker)).toBe(false);
    // Without precautions it does run: the trap is a good one.
    expect(() => git(partial, 'ls-files', '--error-unmatch', '--', 'far/off/new.env')).toThrow();
    expect(existsSync(marker)).toBe(true);
  });

  /** Unpacks all objects, so that one can be taken away. */
  function loosen(folder: string): void {
    const packs = join(folder, '.git/objects/pack');
    const aside = join(root, 'packs');
    renameSync(packs, aside);
    mkdirSync(packs);
    for (const pack of readdirSync(aside).filter((one) => one.endsWith('.pack'))) {
      execFileSync('git', ['unpack-objects', '-q'], { cwd: folder, input: readFileSync(join(aside, pack)) });
    }
  }
});

describe('which Git is run', () => {
  const path = (...places: string[]): void => {
    vi.stubEnv('PATH', [...places, process.env['PATH'] ?? ''].join(delimiter));
  };

  test.each<[string, () => string]>([
    ['a relative place', () => '.'],
    ['an empty place', () => ''],
    ['a relative place below', () => 'bin'],
    ['the folder itself', () => repo],
    ['the folder with a slash', () => `${repo}/`],
    ['a place below', () => join(repo, 'bin')],
    ['a detour', () => join(root, 'other') + '/../repo/bin'],
  ])('not the one in the folder, by %s', async (_, place) => {
    trap(join(repo, 'git'));
    trap(join(repo, 'bin/git'));
    path(place());
    expect(await standing('tracked.env')).toBe('tracked');
    expect(existsSync(marker)).toBe(false);
  });

  test('not even when it is the only one', async () => {
    trap(join(repo, 'git'));
    vi.stubEnv('PATH', ['', '.', repo].join(delimiter));
    expect(await ask('ls-files')).toEqual({ kind: 'missing' });
    expect(existsSync(marker)).toBe(false);
  });

  test('nor by way of a link: of the place, of the program, of the folder', async () => {
    trap(join(repo, 'bin/git'));
    symlinkSync(join(repo, 'bin'), join(root, 'linked-bin'));
    mkdirSync(join(root, 'bin'));
    symlinkSync(join(repo, 'bin/git'), join(root, 'bin/git'));
    path(join(root, 'linked-bin'), join(root, 'bin'));
    expect(await standing('tracked.env')).toBe('tracked');
    symlinkSync(repo, join(root, 'linked-repo'));
    vi.stubEnv('PATH', [join(repo, 'bin'), process.env['PATH'] ?? ''].join(delimiter));
    expect(await standing('tracked.env', join(root, 'linked-repo'))).toBe('tracked');
    expect(existsSync(marker)).toBe(false);
  });

  test('nor one in another folder that is open', async () => {
    trap(join(repo, 'bin/git'));
    mkdirSync(join(repo, 'src'));
    path(join(repo, 'bin'));
    const answer = await standingOf(join(repo, 'src'), '../tracked.env', signal(), [repo]);
    expect(answer).toBe('tracked');
    expect(existsSync(marker)).toBe(false);
  });

  test('one beside the folder, whose name begins alike, is the person’s own', async () => {
    trap(join(root, 'repo-tools/git'));
    path(join(root, 'repo-tools'));
    await ask('ls-files');
    expect(existsSync(marker)).toBe(true);
  });

  test('a folder called git, or a file that cannot be run, is passed over', async () => {
    mkdirSync(join(root, 'one/git'), { recursive: true });
    write(join(root, 'two/git'));
    path(join(root, 'one'), join(root, 'two'), join(root, 'three'));
    expect(await standing('tracked.env')).toBe('tracked');
  });

  test.each(['', undefined, '/nowhere'])('none with the search path %j', async (places) => {
    vi.stubEnv('PATH', places);
    expect(await ask('ls-files')).toEqual({ kind: 'missing' });
    expect(await standing('tracked.env')).toBe('outside');
  });
});
