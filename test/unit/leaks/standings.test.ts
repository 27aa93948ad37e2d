import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { FileStanding } from '../../../src/leaks/git';
import { standingsOf } from '../../../src/leaks/standings';
import { git, makeRepository, useFolder, write } from './repositories';

const { root, trap, hasRun } = useFolder();

/** How Git sees files below the test's folder. */
async function seen(...names: string[]): Promise<(FileStanding | undefined)[]> {
  const paths = names.map((name) => join(root(), name));
  const standings = await standingsOf(paths, AbortSignal.timeout(15_000));
  return paths.map((path) => standings.get(path));
}

/** Where the person's own Git lies. */
function realGit(): string {
  const places = (process.env['PATH'] ?? '').split(delimiter).map((place) => join(place, 'git'));
  return places.find((place) => existsSync(place)) ?? '';
}

describe('How Git sees many files', () => {
  test('tracked, untracked, ignored, in subfolders, and outside of any repository', async () => {
    const repo = makeRepository(join(root(), 'repo'), {
      '.gitignore': '.env\nbuild/\n',
      'a.txt': 'x',
      'sub/dé b.txt': 'x',
    });
    write(repo, 'new.txt', 'x');
    write(repo, 'sub/.env', 'x');
    write(repo, 'build/out.txt', 'x');
    write(root(), 'loose.txt', 'x');
    const names = ['a.txt', 'sub/dé b.txt', 'new.txt', 'sub/.env', 'build/out.txt'].map(
      (name) => `repo/${name}`,
    );
    expect(await seen(...names, 'loose.txt', 'gone/file.txt')).toEqual([
      ...['tracked', 'tracked', 'untracked', 'ignored', 'ignored'],
      ...['outside', 'outside'],
    ]);
  });

  test('each by the repository that it lies in: nested ones, and by way of links', async () => {
    const outer = makeRepository(join(root(), 'outer'), { 'a.txt': 'x' });
    makeRepository(join(outer, 'nested'), { 'b.txt': 'x' });
    mkdirSync(join(outer, 'linked'));
    symlinkSync(join(outer, 'nested'), join(outer, 'linked', 'way'));
    expect(await seen('outer/a.txt', 'outer/nested/b.txt', 'outer/linked/way/b.txt')).toEqual([
      ...['tracked', 'tracked', 'tracked'],
    ]);
  });

  test('names that look like patterns are names', async () => {
    const repo = makeRepository(join(root(), 'repo'), { '.gitignore': '*.log\n', ':a.txt': 'x' });
    write(repo, '*.txt', 'x');
    write(repo, ':b.log', 'x');
    expect(await seen('repo/*.txt', 'repo/:a.txt', 'repo/:b.log')).toEqual([
      'untracked',
      'tracked',
      'ignored',
    ]);
  });

  test('a repository that Git cannot work with, or no Git: outside', async () => {
    const repo = makeRepository(join(root(), 'repo'), { 'a.txt': 'x' });
    write(repo, '.git/config', 'no [configuration\n');
    expect(await seen('repo/a.txt')).toEqual(['outside']);
    makeRepository(join(root(), 'other'), { 'a.txt': 'x' });
    vi.stubEnv('PATH', '');
    expect(await seen('other/a.txt')).toEqual(['outside']);
  });

  test('what was not asked in time is left open', async () => {
    makeRepository(join(root(), 'repo'), { 'a.txt': 'x' });
    const standings = await standingsOf([join(root(), 'repo/a.txt')], AbortSignal.abort());
    expect(standings.size).toBe(0);
  });

  test('a thousand files in a hundred folders: two processes, and none of the repository', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `d${String(index % 100)}/f${String(index)}.txt`);
    const repo = makeRepository(join(root(), 'repo'), {});
    for (const name of names) write(repo, name, 'x');
    git(repo, 'add', 'd1', 'd2');
    git(repo, 'config', 'core.fsmonitor', trap(root(), 'monitor.sh'));
    const runs = join(root(), 'runs');
    const counting = write(root(), 'bin/git', `#!/bin/sh\necho run >> '${runs}'\nexec '${realGit()}' "$@"\n`);
    chmodSync(counting, 0o755);
    vi.stubEnv('PATH', [join(root(), 'bin'), process.env['PATH']].join(delimiter));
    const standings = await seen(...names.map((name) => `repo/${name}`));
    expect(readFileSync(runs, 'utf8')).toBe('run\nrun\n');
    expect(standings.filter((one) => one === 'tracked')).toHaveLength(20);
    expect(standings.filter((one) => one === 'untracked')).toHaveLength(980);
    expect(hasRun()).toBe(false);
  });
});
