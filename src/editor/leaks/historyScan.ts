import type { Uri } from 'vscode';
import { gitIn } from '../../leaks/git';
import { historyPlace } from '../../leaks/repositories';
import { scanHistory, type HistoryFind, type HistoryLimit } from '../../leaks/scanHistory';
import { openFolders } from '../openFolders';

/** A folder on disk, and what a person calls it. */
export interface NamedFolder {
  readonly name: string;
  readonly uri: Uri;
}

/** What a look into the history of all folders has come to. */
export interface HistorySurvey {
  /** Newest first. */
  readonly finds: readonly HistoryFind[];
  readonly commits: number;
  /** Repositories that were searched. */
  readonly repositories: number;
  /** Where their histories lie. */
  readonly searched: ReadonlySet<string>;
  readonly limits: ReadonlySet<HistoryLimit>;
  /** Folders that are in no repository. */
  readonly without: readonly string[];
  /** Folders for which there was no Git. */
  readonly noGit: readonly string[];
}

const gitLimitMs = 10_000;

/**
 * Searches the history of each repository that a folder lies in; one that several folders share is searched once.
 *
 * @param say is told how many commits the work done so far amounts to.
 */
export async function scanHistories(
  folders: readonly NamedFolder[],
  signal: AbortSignal,
  say: (commits: number) => void,
): Promise<HistorySurvey> {
  const begun = new Set<string>();
  const searched = new Set<string>();
  const limits = new Set<HistoryLimit>();
  const [finds, without, noGit]: [HistoryFind[], string[], string[]] = [[], [], []];
  let [commits, repositories] = [0, 0];
  for (const { name, uri } of folders) {
    const limit = AbortSignal.timeout(gitLimitMs);
    // Where Git says nothing, the search will say why.
    const repository = (await historyPlace(gitIn(uri.fsPath, limit, openFolders()))) ?? uri.fsPath;
    if (begun.has(repository)) continue;
    begun.add(repository);
    const before = commits;
    const scan = await scanHistory(uri.fsPath, {
      signal,
      onProgress: (done) => say(before + done),
      untrusted: openFolders(),
    });
    if (scan.kind === 'noGit') noGit.push(name);
    else if (scan.kind === 'noRepository') without.push(name);
    else {
      repositories += 1;
      commits += scan.commits;
      finds.push(...scan.finds);
      if (scan.repository !== undefined) searched.add(scan.repository);
      scan.limits.forEach((limit) => limits.add(limit));
    }
  }
  finds.sort((a, b) => b.authoredAt - a.authoredAt);
  return { finds, commits, repositories, searched, limits, without, noGit };
}

/** Whether everything that is here was searched: then what was not found is not there. */
export function isWhole({ limits, noGit }: HistorySurvey): boolean {
  const cuts: readonly HistoryLimit[] = ['cancelled', 'gitFailed', 'unreadableObjects'];
  return noGit.length === 0 && !cuts.some((limit) => limits.has(limit));
}
