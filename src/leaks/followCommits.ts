import { gitIn, type AskGit } from './git';
import { remoteBranches } from './remoteBranches';
import { RepositoryHistory } from './repositoryHistory';
import type { HistoryFind, HistoryWishes } from './scanHistory';

/**
 * What has become of commits that were not published: those that are by now, and as undefined those that nothing leads
 * to any more, so that a scan would not find them. Undefined where Git cannot tell.
 *
 * @param folder of the repository that all of them are in.
 */
export async function followCommits(
  folder: string,
  finds: readonly HistoryFind[],
  { signal, untrusted }: Pick<HistoryWishes, 'signal' | 'untrusted'>,
): Promise<ReadonlyMap<HistoryFind, HistoryFind | undefined> | undefined> {
  const git = gitIn(folder, signal, untrusted);
  // As a scan does.
  const ask: AskGit = (args, question) => git(['--no-replace-objects', ...args], question);
  const history = new RepositoryHistory(ask);
  const there = new Set(await history.commits());
  const published = await remoteBranches(ask, new Set(finds.map(({ commit }) => commit)));
  if (signal.aborted || !history.isWhole || published === 'failed') return undefined;
  const changed = new Map<HistoryFind, HistoryFind | undefined>();
  for (const find of finds) {
    const branches = published === 'noRemote' ? undefined : published.get(find.commit);
    if (branches) changed.set(find, { ...find, branches, isPublished: true });
    else if (!there.has(find.commit)) changed.set(find, undefined);
  }
  return changed;
}
