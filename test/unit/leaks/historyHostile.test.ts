import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import {
  commit,
  commitFile,
  expected,
  git,
  newKey,
  place,
  rows,
  scanned,
  trap,
  withRepositories,
  write,
} from './historyRepository';

withRepositories();

const itRan = (): boolean => existsSync(join(place.root, 'it-ran'));

/** A history with a key in a message, in a file, and in one that only a merge has; and its expected finds. */
function makeHistory(): readonly string[] {
  const [inFile, inMessage, inMerge] = [newKey(), newKey(), newKey()];
  const first = commitFile('key.env', `KEY=${inFile}\n`);
  const second = commit(`with ${inMessage}`);
  git(place.repo, 'checkout', '--quiet', '-b', 'side');
  commitFile('side.txt', 'x\n');
  git(place.repo, 'checkout', '--quiet', 'main');
  commitFile('main.txt', 'x\n');
  git(place.repo, 'merge', '--quiet', '--no-commit', 'side');
  write('merge.env', inMerge);
  const merge = commit('merged');
  return expected([inFile, first, 'key.env'], [inMessage, second, ''], [inMerge, merge, 'merge.env']);
}

/** Scans all and one file, and holds what was found against what there is. */
async function scanBoth(finds: readonly string[]): Promise<void> {
  expect(rows((await scanned()).finds)).toEqual(finds);
  const one = await scanned(place.repo, { paths: ['key.env'] });
  expect(rows(one.finds)).toEqual(finds.filter((find) => find.endsWith(' key.env')));
}

describe('a hostile repository runs nothing, and hides nothing', () => {
  test.each([
    'alias.cat-file',
    'alias.config',
    'alias.diff-tree',
    'alias.for-each-ref',
    'alias.rev-list',
    'alias.rev-parse',
    'core.alternateRefsCommand',
    'core.askPass',
    'core.editor',
    'core.fsmonitor',
    'core.gitProxy',
    'core.pager',
    'core.sshCommand',
    'credential.helper',
    'diff.external',
    'gpg.program',
    'gpg.ssh.program',
    'interactive.diffFilter',
    'pager.cat-file',
    'pager.diff-tree',
    'pager.rev-list',
    'remote.origin.uploadpack',
    'trailer.x.command',
    'uploadpack.packObjectsHook',
  ])('%s', async (setting) => {
    const finds = makeHistory();
    const program = trap(join(place.repo, 'trap.sh'));
    git(place.repo, 'config', setting, setting.startsWith('alias') ? `!${program}` : program);
    await scanBoth(finds);
    expect(itRan()).toBe(false);
  });

  test('text converters, external diffs and filters by attribute', async () => {
    const program = trap(join(place.root, 'trap.sh'));
    write('.gitattributes', '* diff=evil filter=evil\n');
    const finds = makeHistory();
    for (const setting of [
      'diff.evil.textconv',
      'diff.evil.command',
      'filter.evil.clean',
      'filter.evil.smudge',
    ]) {
      git(place.repo, 'config', setting, program);
    }
    git(place.repo, 'config', 'diff.evil.cachetextconv', 'true');
    await scanBoth(finds);
    expect(itRan()).toBe(false);
    // Without precautions it does run: the trap is a good one.
    git(place.repo, 'log', '-p', '--ext-diff');
    expect(itRan()).toBe(true);
  });

  test('signed commits that Git is told to verify', async () => {
    const signer = join(place.root, 'signer.sh');
    writeFileSync(
      signer,
      '#!/bin/sh\ncat > /dev/null\necho "[GNUPG:] SIG_CREATED " >&2\necho "-----BEGIN PGP SIGNATURE-----"\n',
      {
        mode: 0o755,
      },
    );
    const key = newKey();
    write('key.env', key);
    git(place.repo, 'add', 'key.env');
    git(place.repo, '-c', `gpg.program=${signer}`, 'commit', '--quiet', '-S', '-m', 'signed');
    const id = git(place.repo, 'rev-parse', 'HEAD');
    git(place.repo, 'config', 'gpg.program', trap(join(place.repo, 'trap.sh')));
    git(place.repo, 'config', 'log.showSignature', 'true');
    await scanBoth(expected([key, id, 'key.env']));
    expect(itRan()).toBe(false);
    git(place.repo, 'log');
    expect(itRan()).toBe(true);
  });

  test('hooks, a configuration that is included, a Git in the folder', async () => {
    const finds = makeHistory();
    const names = ['post-index-change', 'fsmonitor-watchman', 'reference-transaction', 'pre-auto-gc'];
    for (const name of names) {
      trap(join(place.repo, 'hooks', name));
      trap(join(place.repo, '.git/hooks', name));
    }
    write('evil.config', `[core]\n\thooksPath = hooks\n\tfsmonitor = ${trap(join(place.repo, 'git'))}\n`);
    git(place.repo, 'config', 'include.path', join(place.repo, 'evil.config'));
    vi.stubEnv('PATH', ['.', '', place.repo, process.env['PATH'] ?? ''].join(delimiter));
    await scanBoth(finds);
    expect(itRan()).toBe(false);
  });

  test.each([
    ['color.ui', 'always'],
    ['core.abbrev', '7'],
    ['core.quotePath', 'false'],
    ['diff.context', '0'],
    ['diff.ignoreSubmodules', 'all'],
    ['diff.noprefix', 'true'],
    ['diff.orderFile', 'nowhere'],
    ['diff.relative', 'true'],
    ['diff.renames', 'copies'],
    ['format.pretty', 'evil %H'],
    ['i18n.logOutputEncoding', 'UTF-16'],
    ['log.decorate', 'full'],
    ['log.diffMerges', 'off'],
    ['log.excludeDecoration', '*'],
    ['log.showRoot', 'false'],
    ['notes.displayRef', '*'],
    ['transfer.hideRefs', 'refs'],
  ])('the setting %s=%s changes nothing', async (setting, value) => {
    const finds = makeHistory();
    git(place.repo, 'config', setting, value);
    await scanBoth(finds);
  });

  test('a mailmap and attributes that call all files binary change nothing', async () => {
    write('.mailmap', 'Nobody <nobody@example.com> Ada <ada@example.com>\n');
    write('.gitattributes', '* -diff binary\n');
    const finds = makeHistory();
    git(place.repo, 'config', 'log.mailmap', 'true');
    await scanBoth(finds);
    expect(new Set((await scanned()).finds.map(({ author }) => author))).toEqual(new Set(['Ada']));
  });

  test('nothing of the repository changes', async () => {
    makeHistory();
    const state = (): readonly unknown[] => [
      readdirSync(join(place.repo, '.git'), { recursive: true }).sort(),
      readFileSync(join(place.repo, '.git/index')),
    ];
    const before = state();
    await scanned();
    await scanned(place.repo, { paths: ['key.env'] });
    expect(state()).toEqual(before);
  });

  test('no key stands among the arguments of Git, not even as a name', async () => {
    const key = newKey();
    const id = commitFile(`${key}.env`, key);
    git(place.repo, 'config', 'remote.x.fetch', `+refs/heads/*:refs/${key}/*`);
    const log = join(place.root, 'arguments');
    const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    mkdirSync(join(place.root, 'bin'));
    const noting = `#!/bin/sh\nprintf '%s\\n' "$*" >> '${log}'\nexec '${real}' "$@"\n`;
    writeFileSync(join(place.root, 'bin/git'), noting, { mode: 0o755 });
    vi.stubEnv('PATH', [join(place.root, 'bin'), process.env['PATH'] ?? ''].join(delimiter));
    const { finds } = await scanned();
    const names = [`${key}.env`, 'a', 'b', 'c', 'd'];
    for (const paths of [names.slice(0, 1), names])
      expect((await scanned(place.repo, { paths })).finds).toEqual(finds);
    expect(finds.map((find) => find.commit)).toEqual([id]);
    const said = readFileSync(log, 'utf8');
    expect(said).toContain('diff-tree');
    expect(said.includes(key)).toBe(false);
  });
});

describe('a clone that lacks objects', () => {
  /** Clones without some objects; to fetch any would run a program. */
  function partialClone(filter: string): string {
    git(place.repo, 'config', 'uploadpack.allowFilter', 'true');
    git(place.root, 'clone', '--quiet', `--filter=${filter}`, `file://${place.repo}`, 'partial');
    const partial = join(place.root, 'partial');
    git(partial, 'config', 'remote.origin.uploadpack', trap(join(partial, '.git/trap.sh')));
    return partial;
  }

  test('without old versions of files: what is there is found, nothing is fetched', async () => {
    const [gone, there, said] = [newKey(), newKey(), newKey()];
    commitFile('a.env', gone);
    const second = commitFile('b.env', there);
    const third = commit(said);
    commitFile('a.env', 'x\n');
    const partial = partialClone('blob:none');
    const { finds, limits, commits } = await scanned(partial);
    expect(rows(finds)).toEqual(expected([there, second, 'b.env'], [said, third, '']));
    expect({ limits, commits }).toEqual({ limits: ['partial'], commits: 4 });
    expect(finds.every(({ isPublished }) => isPublished)).toBe(true);
    const one = await scanned(partial, { paths: ['a.env', 'b.env'] });
    expect(rows(one.finds)).toEqual(expected([there, second, 'b.env']));
    expect(one.limits).toEqual(['partial']);
    expect(itRan()).toBe(false);
    // Without precautions it does run: the trap is a good one.
    expect(() => git(partial, 'log', '-p')).toThrow();
    expect(itRan()).toBe(true);
  });

  test('without trees: the files of the commit that is checked out', async () => {
    const [there, said] = [newKey(), newKey()];
    commitFile('sub/b.env', there);
    const second = commit(said);
    const third = commitFile('c', 'x\n');
    const partial = partialClone('tree:0');
    const { finds, limits } = await scanned(partial);
    expect(rows(finds)).toEqual(expected([there, third, 'sub/b.env'], [said, second, '']));
    expect(limits).toEqual(['partial', 'unreadableObjects']);
    expect(itRan()).toBe(false);
  });

  function remove(id: string): void {
    rmSync(join(place.repo, '.git/objects', id.slice(0, 2), id.slice(2)), { force: true });
  }

  test('a damaged one: what can be read is found', async () => {
    const [early, middle, late] = [newKey(), newKey(), newKey()];
    const first = commitFile('a', early);
    commitFile('lost/b', middle);
    commitFile('c', 'x\n');
    const last = commitFile('d', late);
    remove(git(place.repo, 'rev-parse', `HEAD~2:lost/b`));
    const finds = expected([early, first, 'a'], [late, last, 'd']);
    expect(rows((await scanned()).finds)).toEqual(finds);
    // Its tree is not there either: the commit cannot be compared, nor the one behind it.
    remove(git(place.repo, 'rev-parse', 'HEAD~2^{tree}'));
    const { finds: found, limits } = await scanned();
    expect(rows(found)).toEqual(finds);
    expect(limits).toEqual(['noRemote', 'unreadableObjects']);
  });

  test('an object that is no longer what it was', async () => {
    const [early, late] = [newKey(), newKey()];
    const first = commitFile('a', early);
    commitFile('b', newKey());
    const last = commitFile('c', late);
    const id = git(place.repo, 'rev-parse', 'HEAD:b');
    remove(id);
    writeFileSync(join(place.repo, '.git/objects', id.slice(0, 2), id.slice(2)), 'garbage');
    const { finds, limits } = await scanned();
    expect(rows(finds)).toEqual(expected([early, first, 'a'], [late, last, 'c']));
    expect(limits).toEqual(['noRemote', 'unreadableObjects']);
  });

  test('a branch that leads nowhere, a commit without its parent', async () => {
    const [early, late] = [newKey(), newKey()];
    const first = commitFile('a', early);
    const lost = commitFile('x', 'x');
    const last = commitFile('b', late);
    git(place.repo, 'branch', 'early', first);
    writeFileSync(join(place.repo, '.git/refs/heads/broken'), `${'1'.repeat(40)}\n`);
    const broken = await scanned();
    expect(rows(broken.finds)).toEqual(expected([early, first, 'a'], [late, last, 'b']));
    expect(broken.limits).toEqual(['noRemote', 'unreadableObjects']);
    remove(lost);
    const cut = await scanned();
    expect(cut.finds.length).toBeGreaterThan(0);
    expect(cut.limits).toEqual(['noRemote', 'unreadableObjects']);
  });

  test('objects that another repository keeps', async () => {
    const key = newKey();
    const id = commitFile('a', key);
    git(place.root, 'clone', '--quiet', '--shared', place.repo, 'shared');
    expect(rows((await scanned(join(place.root, 'shared'))).finds)).toEqual(expected([key, id, 'a']));
    renameSync(join(place.repo, '.git/objects'), join(place.root, 'aside'));
    const { finds, limits } = await scanned(join(place.root, 'shared'));
    expect({ finds, limits }).toEqual({ finds: [], limits: ['unreadableObjects'] });
  });
});
