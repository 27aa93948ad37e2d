import { join } from 'node:path';
import { expect, test } from 'vitest';
import { followCommits } from '../../../src/leaks/followCommits';
import {
  commit,
  commitFile,
  git,
  newKey,
  place,
  scanned,
  withRepositories,
  write,
} from './historyRepository';

withRepositories();

const signal = (): AbortSignal => AbortSignal.timeout(15_000);

test('commits that were undone, dropped from the stash, published, or are as they were', async () => {
  const { repo, root } = place;
  commitFile('readme.md', 'hello\n');
  const pushed = commitFile('pushed.env', newKey());
  const kept = commit(`Use ${newKey()}`);
  // Stashes quote the message of the commit below.
  commit('next');
  git(repo, 'checkout', '--quiet', '--detach');
  const checkedOut = commitFile('detached.env', newKey());
  git(repo, 'checkout', '--quiet', 'main');
  write('readme.md', newKey());
  git(repo, 'stash', 'push', '--quiet');
  const stashed = git(repo, 'rev-parse', 'stash@{0}');
  write('readme.md', newKey());
  git(repo, 'stash', 'push', '--quiet');
  const older = git(repo, 'rev-parse', 'stash@{0}');
  write('readme.md', newKey());
  git(repo, 'stash', 'push', '--quiet');
  const undone = commitFile('undone.env', newKey());
  git(repo, 'checkout', '--quiet', checkedOut);
  const { finds, repository = '' } = await scanned();
  expect(finds.length).toBe(7);
  expect(await followCommits(repo, finds, { signal: signal() })).toEqual(new Map());

  git(repo, 'branch', '--quiet', '--force', 'main', 'main~1');
  git(repo, 'stash', 'drop', '--quiet', 'stash@{2}');
  git(root, 'init', '--quiet', '--bare', 'remote.git');
  git(repo, 'remote', 'add', 'origin', join(root, 'remote.git'));
  git(repo, 'push', '--quiet', 'origin', `${pushed}:refs/heads/main`);
  for (const folder of [repo, repository]) {
    const changed = await followCommits(folder, finds, { signal: signal() });
    const told = [...(changed ?? [])].map(([{ commit: id }, now]) => [id, now?.branches]);
    expect(told).toHaveLength(3);
    expect(told).toEqual(
      expect.arrayContaining([
        [undone, undefined],
        [stashed, undefined],
        [pushed, ['origin/main']],
      ]),
    );
    expect(told.flat()).not.toContain(kept);
    expect(told.flat()).not.toContain(older);
  }
});

test('where Git cannot tell, nothing is said to be gone', async () => {
  commitFile('.env', newKey());
  const { finds } = await scanned();
  expect(await followCommits(place.repo, finds, { signal: AbortSignal.abort() })).toBeUndefined();
  expect(await followCommits(join(place.root, 'nowhere'), finds, { signal: signal() })).toBeUndefined();
  write('.git/refs/heads/broken', `${'1'.repeat(40)}\n`);
  expect(await followCommits(place.repo, finds, { signal: signal() })).toBeUndefined();
  write('.git/config', '[broken');
  expect(await followCommits(place.repo, finds, { signal: signal() })).toBeUndefined();
});
