import { workspace } from 'vscode';
import type { SearchedAt } from '../../leaks/incidentNote';
import type { HistoryLimit } from '../../leaks/scanHistory';
import type { HistorySurvey } from './historyScan';
import type { WorkspaceScan } from './workspaceScan';

/** A search that left nothing out. */
interface WholeSearch {
  readonly at: number;
  /** The folders that were searched, as addresses. */
  readonly folders: readonly string[];
}

/** When the files and the history of all open folders were last searched as a whole. In memory alone. */
export class Searches {
  readonly #now: () => number;
  readonly #last: Partial<Record<keyof SearchedAt, WholeSearch>> = {};

  /** `now`: milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes a search of all files. One that was cancelled, or could not read something, counts for nothing. */
  noteFiles({ isWhole, unseen }: Pick<WorkspaceScan, 'isWhole' | 'unseen'>): void {
    // Where Git failed, the files were looked at all the same.
    this.#note('places', isWhole && unseen.every(({ why }) => why === 'gitFailed'));
  }

  /** Takes a search of all histories. Commits that a clone does not have were not searched. */
  noteHistory({ limits, noGit, repositories }: HistorySurvey): void {
    const harmless: readonly HistoryLimit[] = ['noRemote'];
    const isWhole = repositories > 0 && noGit.length === 0;
    this.#note('commits', isWhole && [...limits].every((limit) => harmless.includes(limit)));
  }

  /** When each was done last; undefined where it was not, or where a folder was opened since. */
  get at(): SearchedAt {
    return { places: this.#of('places'), commits: this.#of('commits') };
  }

  #note(what: keyof SearchedAt, isWhole: boolean): void {
    if (isWhole) this.#last[what] = { at: this.#now(), folders: addressesOfFolders(what) };
  }

  #of(what: keyof SearchedAt): number | undefined {
    const last = this.#last[what];
    return last && addressesOfFolders('places').every((folder) => last.folders.includes(folder))
      ? last.at
      : undefined;
  }
}

/** The folders that are open; only those on disk have a history that can be searched. */
function addressesOfFolders(what: keyof SearchedAt): readonly string[] {
  return (workspace.workspaceFolders ?? [])
    .filter(({ uri }) => what === 'places' || uri.scheme === 'file')
    .map(({ uri }) => uri.toString());
}
