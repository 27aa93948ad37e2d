import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { AskGit } from '../../../src/leaks/git';
import { remoteBranches } from '../../../src/leaks/remoteBranches';
import { seenKeyOf } from '../../../src/leaks/seenKey';
import {
  commit,
  commitFile,
  expected,
  git,
  newKey,
  place,
  prefixOf,
  rows,
  scan,
  scanned,
  withRepositories,
  write,
} from './historyRepository';

withRepositories();

/** Makes a bare repository beside the first, and pushes to it. */
function publish(...refs: string[]): string {
  const remote = join(place.root, 'remote.git');
  git(place.root, 'init', '--quiet', '--bare', '--initial-branch=main', 'remote.git');
  git(place.repo, 'remote', 'add', 'origin', remote);
  git(place.repo, 'push', '--quiet', 'origin', ...refs);
  return remote;
}

describe('where a key has got to', () => {
  test('pushed and removed, not pushed, stashed, on a tag, on a dropped branch', async () => {
    const { repo } = place;
    const [pushed, kept, stashed, olderStash, tagged, dropped] = Array.from({ length: 6 }, () => newKey());
    if (!pushed || !kept || !stashed || !olderStash || !tagged || !dropped) throw new Error();
    commitFile('readme.md', 'hello\n');
    const bringing = commitFile('src/config.ts', `const key = '${pushed}';\n`);
    const date = Number(git(repo, 'log', '-1', '--format=%at')) * 1000;
    commitFile('src/config.ts', `const key = process.env.OMI_KEY;\n`);
    publish('main');
    const own = commitFile('.env', `OMI_KEY=${kept}\n`);
    write('notes.txt', olderStash);
    git(repo, 'stash', 'push', '--quiet', '--include-untracked');
    const olderFiles = git(repo, 'rev-parse', 'stash@{0}^3');
    write('.env', `OMI_KEY=${stashed}\n`);
    git(repo, 'stash', 'push', '--quiet');
    const stash = git(repo, 'rev-parse', 'stash@{0}');
    git(repo, 'checkout', '--quiet', '--detach');
    const release = commitFile('release.env', tagged);
    git(repo, 'tag', '-a', 'v1', '-m', 'release');
    git(repo, 'checkout', '--quiet', '-b', 'gone', 'main');
    commitFile('gone.env', dropped);
    git(repo, 'checkout', '--quiet', 'main');
    git(repo, 'branch', '--quiet', '-D', 'gone');

    const { finds, limits, root, commits } = await scanned();
    expect(rows(finds)).toEqual(
      expected(
        [pushed, bringing, 'src/config.ts'],
        [kept, own, '.env'],
        [olderStash, olderFiles, 'notes.txt'],
        [stashed, stash, '.env'],
        [tagged, release, 'release.env'],
      ),
    );
    expect(finds.filter(({ isPublished }) => isPublished)).toEqual([
      {
        key: seenKeyOf(pushed),
        commit: bringing,
        repository: join(repo, '.git'),
        author: 'Ada',
        authoredAt: date,
        path: 'src/config.ts',
        isPublished: true,
        branches: ['origin/main'],
      },
    ]);
    expect(finds.map(({ authoredAt }) => authoredAt)).toEqual(
      finds.map(({ authoredAt }) => authoredAt).toSorted((one, other) => other - one),
    );
    expect({ limits, root }).toEqual({ limits: [], root: repo });
    // Three on the remote branch, one behind it, two and three for the stashes, one for the tag.
    expect(commits).toBe(10);
  });

  test('branches of several remotes, the main one first, at most five', async () => {
    const [everywhere, side] = [newKey(), newKey()];
    const first = commitFile('a.env', everywhere);
    git(place.repo, 'checkout', '--quiet', '-b', 'side');
    const second = commitFile('b.env', side);
    git(place.repo, 'branch', 'alpha', 'main');
    publish('main', 'alpha', 'side');
    git(place.repo, 'remote', 'set-head', 'origin', 'main');
    const branches = async (id: string): Promise<readonly string[] | undefined> =>
      (await scanned()).finds.find((find) => find.commit === id)?.branches;
    expect(await branches(first)).toEqual(['origin/main', 'origin/alpha', 'origin/side']);
    expect(await branches(second)).toEqual(['origin/side']);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
      git(place.repo, 'push', '--quiet', 'origin', `side:${name}`);
    expect(await branches(first)).toEqual([
      'origin/main',
      'origin/a',
      'origin/alpha',
      'origin/b',
      'origin/c',
    ]);
    expect(await branches(second)).toEqual(['origin/a', 'origin/b', 'origin/c', 'origin/d', 'origin/e']);
  });

  test('very many branches at one commit', async () => {
    const id = 'a'.repeat(40);
    const names = Array.from({ length: 100_000 }, (_, index) => `refs/remotes/origin/b${String(index)}`);
    const refs = [...names, 'refs/remotes/origin/main'].map((name) => `${id} ${name} `);
    const output = [...refs, `${id} refs/remotes/origin/HEAD refs/remotes/origin/main`].join('\n');
    const ask: AskGit = (args, question) => {
      if (args[0] === 'rev-list') question?.onOutput?.(Buffer.from(`${id}\n`));
      return Promise.resolve({ kind: 'answered', code: args[0] === 'config' ? 1 : 0, output });
    };
    expect(await remoteBranches(ask, new Set([id]))).toEqual(
      new Map([[id, ['origin/main', 'origin/b0', 'origin/b1', 'origin/b2', 'origin/b3']]]),
    );
  });

  test('a very long name of a place where fetches put refs', async () => {
    const asked: string[] = [];
    const ask: AskGit = (args) => {
      asked.push(args.join(' '));
      const output = `remote.x.fetch\n+refs/heads/*${':refs/a'.repeat(100_000)}*\0remote.y.fetch\n+a/*:refs/y/*\0`;
      return Promise.resolve({ kind: 'answered', code: 0, output: args[0] === 'config' ? output : '' });
    };
    await remoteBranches(ask, new Set(['a'.repeat(40)]));
    expect(asked.some((words) => words.includes('refs/y'))).toBe(true);
  });

  test('a commit below merges, of which one side alone is pushed', async () => {
    const [below, aside] = [newKey(), newKey()];
    const base = commitFile('base.env', below);
    git(place.repo, 'checkout', '--quiet', '-b', 'side');
    const other = commitFile('side.env', aside);
    git(place.repo, 'checkout', '--quiet', 'main');
    commitFile('main.txt', 'x');
    publish('main');
    git(place.repo, 'merge', '--quiet', '--no-edit', 'side');
    const { finds } = await scanned();
    expect(rows(finds.filter(({ isPublished }) => isPublished))).toEqual(expected([below, base, 'base.env']));
    expect(rows(finds.filter(({ isPublished }) => !isPublished))).toEqual(
      expected([aside, other, 'side.env']),
    );
  });

  test('without remote branches it cannot be told', async () => {
    commitFile('.env', newKey());
    const { finds, limits } = await scanned();
    expect(finds.map(({ isPublished }) => isPublished)).toEqual([false]);
    expect(limits).toEqual(['noRemote']);
  });

  test('a mirror’s branches are those of the remote; a bare clone’s are not', async () => {
    const key = newKey();
    const id = commitFile('.env', key);
    const remote = publish('main');
    git(place.root, 'clone', '--quiet', '--mirror', remote, 'mirror.git');
    git(place.root, 'clone', '--quiet', '--bare', remote, 'bare.git');
    const mirror = await scanned(join(place.root, 'mirror.git'));
    expect(rows(mirror.finds)).toEqual(expected([key, id, '.env']));
    expect(mirror.finds[0]).toMatchObject({ isPublished: true, branches: ['main'] });
    expect(mirror).toMatchObject({ limits: [], root: join(place.root, 'mirror.git') });
    const bare = await scanned(join(place.root, 'bare.git'));
    expect(rows(bare.finds)).toEqual(expected([key, id, '.env']));
    expect(bare).toMatchObject({ limits: ['noRemote'], root: join(place.root, 'bare.git') });
  });
});

describe('which commits bring a key', () => {
  test('the first commit, a second file, a second key, one that came back; not what stays or goes', async () => {
    const [one, two] = [newKey(), newKey('mcp')];
    const first = commitFile('a', `${one}\n`);
    commitFile('a', `${one}\nmore\n`);
    const second = commitFile('b', `x ${one}\n`);
    const third = commitFile('a', `${one}\n${two}\n`);
    commitFile('a', 'gone\n');
    git(place.repo, 'update-index', '--chmod=+x', 'b');
    git(place.repo, 'commit', '--quiet', '-m', 'mode');
    const fourth = commitFile('a', `${one}\n`);
    expect(rows((await scanned()).finds)).toEqual(
      expected([one, first, 'a'], [one, second, 'b'], [two, third, 'a'], [one, fourth, 'a']),
    );
  });

  test('a rename brings it to the new name', async () => {
    const key = newKey();
    const first = commitFile('old.env', `${key}\n`);
    renameSync(join(place.repo, 'old.env'), join(place.repo, 'new.env'));
    const second = commit();
    const finds = expected([key, first, 'old.env'], [key, second, 'new.env']);
    expect(rows((await scanned()).finds)).toEqual(finds);
    git(place.repo, 'config', 'diff.renames', 'copies');
    expect(rows((await scanned()).finds)).toEqual(finds);
  });

  test('a merge that adds one itself, not one that takes over what its sides had', async () => {
    const [side, own] = [newKey(), newKey()];
    commitFile('shared', 'x\n');
    git(place.repo, 'checkout', '--quiet', '-b', 'side');
    const first = commitFile('shared', `${side}\nx\n`);
    git(place.repo, 'checkout', '--quiet', 'main');
    commitFile('shared', 'x\ny\n');
    git(place.repo, 'merge', '--quiet', '--no-commit', 'side');
    write('shared', `${side}\nx\ny\n${own}\n`);
    write('brought', own);
    const merge = commit();
    expect(rows((await scanned()).finds)).toEqual(
      expected([side, first, 'shared'], [own, merge, 'shared'], [own, merge, 'brought']),
    );
  });

  test('a message, a name in a commit; neither shows the key', async () => {
    const [inMessage, inName, inPath] = [newKey(), newKey(), newKey()];
    write('a', 'x');
    const first = commit(`Use ${inMessage} for now`);
    git(
      place.repo,
      'commit',
      '--quiet',
      '--allow-empty',
      '-m',
      'x',
      '--author',
      `Eve ${inName} <e@example.com>`,
    );
    const second = git(place.repo, 'rev-parse', 'HEAD');
    commitFile(`keys/${inPath}.txt`, inPath);
    git(place.repo, 'branch', `feature/${inPath}`);
    publish('main', `feature/${inPath}`);
    const { finds } = await scanned();
    expect(rows(finds.filter(({ path }) => path === ''))).toEqual(
      expected([inMessage, first, ''], [inName, second, '']),
    );
    expect(finds.find(({ commit: id }) => id === second)?.author).toBe(
      `Eve ${prefixOf(inName).replace('...', '…')}`,
    );
    expect(finds.map(({ path }) => path)).toContain(`keys/${prefixOf(inPath).replace('...', '…')}.txt`);
    const text = JSON.stringify(finds);
    expect([inMessage, inName, inPath].some((raw) => text.includes(raw))).toBe(false);
  });

  test.each([
    [
      'binary',
      (raw: string) => Buffer.concat([Buffer.from([0, 255, 1]), Buffer.from(raw), Buffer.from([0, 254])]),
    ],
    ['UTF-16 LE', (raw: string) => Buffer.from(`\ufeffkey=${raw}`, 'utf16le')],
    ['UTF-16 LE between other scripts', (raw: string) => Buffer.from(`\ufeff鍵${raw}鍵\n`, 'utf16le')],
    ['UTF-16 BE', (raw: string) => Buffer.from(`\ufeffkey = ${raw}`, 'utf16le').swap16()],
    [
      'UTF-16 BE between other scripts',
      (raw: string) => Buffer.from(`\ufeff鍵${raw}鍵\n`, 'utf16le').swap16(),
    ],
    ['UTF-16 BE, all of it', (raw: string) => Buffer.from(raw, 'utf16le').swap16()],
    ['Latin-1', (raw: string) => Buffer.from(`clé ${raw}é\n`, 'latin1')],
    ['all of it', (raw: string) => Buffer.from(raw)],
    [
      'one long line',
      (raw: string) => Buffer.from(`${'x '.repeat(3_000_000)}${raw} ${'y '.repeat(3_000_000)}`),
    ],
  ])('in a file: %s', async (_, content) => {
    const raw = newKey();
    const id = commitFile('file', content(raw));
    expect(rows((await scanned()).finds)).toEqual(expected([raw, id, 'file']));
  });

  test('wherever the output of Git is cut', async () => {
    const raws = Array.from({ length: 3000 }, () => newKey());
    const id = commitFile('many', raws.map((raw, index) => `${'x'.repeat(index % 97)} ${raw}\n`).join(''));
    expect(rows((await scanned()).finds)).toEqual(expected(...raws.map((raw) => [raw, id, 'many'] as const)));
  });

  test('nothing that is no key, wherever the output is cut', async () => {
    const words = Array.from({ length: 3000 }, (_, index) => `${newKey()}${index % 2 ? '0' : '_'}`);
    words.push(...Array.from({ length: 3000 }, () => `x${newKey()}`));
    commitFile('many', words.join(' '));
    commitFile('wide', Buffer.from(words.join(' '), 'utf16le'));
    commitFile('near', `omi_dev_${'A'.repeat(32)} omi_dev_${'0'.repeat(31)} omi_abc_${'0'.repeat(32)}`);
    expect((await scanned()).finds.length).toBe(0);
  });

  test.each([
    'with space',
    'quo"te',
    'two\nlines',
    'tab\tbed',
    'key 🚀 é.env',
    '-n',
    ':(glob)*',
    'back\\slash',
    '* [a]',
  ])('a file called %j, in the whole history and alone', async (name) => {
    const raw = newKey();
    commitFile('other.env', newKey());
    const id = commitFile(`sub/${name}`, raw);
    const all = (await scanned()).finds.filter(({ path }) => path !== 'other.env');
    expect(rows(all)).toEqual(expected([raw, id, `sub/${name}`]));
    expect(rows((await scanned(place.repo, { paths: [`sub/${name}`] })).finds)).toEqual(rows(all));
  });

  test('a file whose name is no UTF-8', async () => {
    const raw = newKey();
    const name = Buffer.concat([Buffer.from(`${place.repo}/caf`), Buffer.from([0xe9])]);
    writeFileSync(name, raw);
    const id = commit();
    expect(rows((await scanned()).finds)).toEqual(expected([raw, id, 'caf\ufffd']));
  });
});

describe('certain files alone', () => {
  test('by their names, from a folder below; no other, no message, not before a rename', async () => {
    const [one, two] = [newKey(), newKey()];
    commitFile('sub/old.env', one);
    renameSync(join(place.repo, 'sub/old.env'), join(place.repo, 'sub/new.env'));
    const moved = commit(`moved ${two}`);
    commitFile('sub/other.env', two);
    commitFile('new.env', two);
    git(place.repo, 'config', 'log.follow', 'true');
    const { finds, commits } = await scanned(join(place.repo, 'sub'), { paths: ['new.env'] });
    expect(rows(finds)).toEqual(expected([one, moved, 'sub/new.env']));
    expect(commits).toBe(1);
    expect((await scanned(place.repo, { paths: [] })).finds).toEqual([]);
    expect((await scanned(place.repo, { paths: ['*.env', 'sub'] })).finds).toEqual([]);
    const both = await scanned(place.repo, { paths: ['sub/new.env', './sub/../sub/other.env'] });
    expect(both.finds.map(({ path }) => path).sort()).toEqual(['sub/new.env', 'sub/other.env']);
  });

  test('many: no other, no message, not before a rename, and names that look like patterns are names', async () => {
    const raws = Array.from({ length: 30 }, () => newKey());
    const names = raws.map((_, index) => `${String(index % 7)}/bot${String(index)}`);
    for (const [index, name] of names.entries()) write(name, raws[index] ?? '');
    write('old', newKey());
    const first = commit(`A message with ${newKey()}`);
    renameSync(join(place.repo, 'old'), join(place.repo, ':(glob)*'));
    write('other', newKey());
    const second = commit();
    const wanted = [...names, ':(glob)*', '*', '1', 'gone'];
    const { finds } = await scanned(place.repo, { paths: wanted });
    const commits = finds.map(({ path, commit: id }) => `${id} ${path}`).sort();
    expect(commits).toEqual([...names.map((name) => `${first} ${name}`), `${second} :(glob)*`].sort());
    const narrow = await scanned(place.repo, { paths: wanted.slice(-4) });
    expect(narrow.finds).toEqual(finds.filter(({ commit: id }) => id === second));
  });

  test('also a key that came and went on a side branch', async () => {
    const key = newKey();
    commitFile('a', 'x\n');
    git(place.repo, 'checkout', '--quiet', '-b', 'side');
    const id = commitFile('a', `${key}\n`);
    commitFile('a', 'x\n');
    git(place.repo, 'checkout', '--quiet', 'main');
    commitFile('b', 'x\n');
    git(place.repo, 'merge', '--quiet', '--no-edit', 'side');
    git(place.repo, 'branch', '-D', 'side');
    expect(rows((await scanned(place.repo, { paths: ['a'] })).finds)).toEqual(expected([key, id, 'a']));
  });
});

describe('kinds of repositories', () => {
  test('a worktree sees all of it, and its own root; a folder below has the same', async () => {
    const [one, two] = [newKey(), newKey()];
    const first = commitFile('sub/a', one);
    const tree = join(place.root, 'tree');
    git(place.repo, 'worktree', 'add', '--quiet', '--detach', tree);
    writeFileSync(join(tree, 'b'), two);
    const second = commit('in the worktree', tree);
    const finds = expected([one, first, 'sub/a'], [two, second, 'b']);
    expect(rows((await scanned()).finds)).toEqual(finds);
    const inTree = await scanned(join(tree, 'sub'));
    expect(rows(inTree.finds)).toEqual(finds);
    expect(inTree.root).toBe(tree);
    expect(rows((await scanned(join(place.repo, '.git'))).finds)).toEqual(finds);
  });

  test('a submodule is a repository of its own', async () => {
    const [inner, outer] = [newKey(), newKey()];
    const innerId = commitFile('inner.env', inner);
    const above = join(place.root, 'above');
    git(place.root, 'init', '--quiet', 'above');
    git(above, 'submodule', '--quiet', 'add', place.repo, 'part');
    writeFileSync(join(above, 'outer.env'), outer);
    const outerId = commit('x', above);
    expect(rows((await scanned(above)).finds)).toEqual(expected([outer, outerId, 'outer.env']));
    const part = await scanned(join(above, 'part'));
    expect(rows(part.finds)).toEqual(expected([inner, innerId, 'inner.env']));
    expect(part).toMatchObject({ root: join(above, 'part'), finds: [{ isPublished: true }] });
  });

  test('a shallow clone: the oldest commit that is there brings what it has', async () => {
    const key = newKey();
    commitFile('.env', key);
    const last = commitFile('other', 'x');
    git(place.root, 'clone', '--quiet', '--depth=1', `file://${place.repo}`, 'shallow');
    const { finds, limits, commits } = await scanned(join(place.root, 'shallow'));
    expect(rows(finds)).toEqual(expected([key, last, '.env']));
    expect({ limits, commits }).toEqual({ limits: ['shallow'], commits: 1 });
  });

  test('grafts cut it off; replaced commits are seen as they are', async () => {
    const key = newKey();
    const first = commitFile('.env', key);
    const second = commitFile('.env', 'x\n');
    write('.env', 'clean\n');
    git(place.repo, 'checkout', '--quiet', '--orphan', 'clean');
    const clean = commit();
    git(place.repo, 'checkout', '--quiet', 'main');
    git(place.repo, 'replace', first, clean);
    expect(rows((await scanned()).finds)).toEqual(expected([key, first, '.env']));
    git(place.repo, 'replace', '-d', first);
    writeFileSync(join(place.repo, '.git/info/grafts'), `${second}\n`);
    const { finds, limits } = await scanned();
    expect(finds).toEqual([]);
    expect(limits).toEqual(['shallow']);
  });

  test('SHA-256 for ids', async () => {
    rmSync(place.repo, { recursive: true });
    git(place.root, 'init', '--quiet', '--object-format=sha256', 'repo');
    const key = newKey();
    const id = commitFile('.env', key);
    expect(id).toHaveLength(64);
    expect(rows((await scanned()).finds)).toEqual(expected([key, id, '.env']));
    expect(rows((await scanned(place.repo, { paths: ['.env'] })).finds)).toEqual(expected([key, id, '.env']));
  });

  test('an empty one, a folder without one, none at all, no Git', async () => {
    const repository = join(place.repo, '.git');
    const nothing = { kind: 'scanned', repository, finds: [], commits: 0, limits: [] };
    expect(await scanned()).toEqual({ ...nothing, root: place.repo });
    mkdirSync(join(place.root, 'plain'));
    expect(await scan(join(place.root, 'plain'))).toEqual({ kind: 'noRepository' });
    expect(await scan(join(place.root, 'nowhere'))).toEqual({ kind: 'noRepository' });
    vi.stubEnv('PATH', '');
    expect(await scan()).toEqual({ kind: 'noGit' });
  });
});

test('a repository that Git refuses to look into is not none', async () => {
  commitFile('.env', newKey());
  write('.git/config', '[broken');
  const { repo: root } = place;
  const refused = {
    kind: 'scanned',
    root,
    repository: undefined,
    finds: [],
    commits: 0,
    limits: ['gitFailed'],
  };
  expect(await scan()).toEqual(refused);
  expect(await scan(root, { paths: ['.env'] })).toEqual(refused);
});

describe('progress and cancel', () => {
  test('progress never goes back, and ends with all commits', async () => {
    for (let index = 0; index < 12; index += 1) commitFile('file', `${'x\n'.repeat(20_000)}${String(index)}`);
    const told: number[] = [];
    await scanned(place.repo, { onProgress: (commits) => told.push(commits) });
    expect(told).toEqual(told.toSorted((one, other) => one - other));
    expect(told.at(-1)).toBe(12);
    expect(told.length).toBeGreaterThan(1);
  });

  test('before it begins', async () => {
    commitFile('.env', newKey());
    const result = await scan(place.repo, { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ kind: 'scanned', finds: [], limits: ['cancelled'] });
  });

  test('in the middle: it ends, and says no more than that', async () => {
    for (let index = 0; index < 12; index += 1) commitFile('file', `${newKey()}\n${'x\n'.repeat(20_000)}`);
    const stop = new AbortController();
    const { limits, finds } = await scanned(place.repo, {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    expect(limits).toContain('cancelled');
    expect(limits.filter((limit) => limit === 'gitFailed' || limit === 'unreadableObjects')).toEqual([]);
    expect(finds).toEqual([]);
  });

  test('before it is known where the commits have got to: they are not called unpublished', async () => {
    commitFile('.env', newKey());
    const started = join(place.root, 'started');
    const hangs = `#!/bin/sh\nfor one in "$@"; do [ "$one" = for-each-ref ] && : > '${started}' && exec sleep 60; done\n`;
    const real = git(place.repo, '--exec-path').trim();
    mkdirSync(join(place.root, 'own'));
    writeFileSync(join(place.root, 'own', 'git'), `${hangs}exec '${real}/git' "$@"\n`, { mode: 0o755 });
    vi.stubEnv('PATH', [join(place.root, 'own'), process.env['PATH']].join(delimiter));
    const stop = new AbortController();
    const result = scanned(place.repo, { signal: stop.signal });
    await expect.poll(() => existsSync(started)).toBe(true);
    stop.abort();
    expect(await result).toMatchObject({ finds: [], limits: ['cancelled'] });
  });
});
