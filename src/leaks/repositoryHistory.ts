import { CommitFileReader, type CommitFile } from './commitFiles';
import { splitAt, type AskGit, type GitAnswer } from './git';
import { ObjectReader, type KeyedObject } from './objectKeys';

/** Who wrote a commit, by the name in it, and when, in milliseconds since 1970. */
export interface Authorship {
  readonly author: string;
  readonly authoredAt: number;
}

/** To pick the commits of more files than these takes Git longer than to go through the files of all commits. */
const mostPicked = 4;

/** Git stops at an object that it cannot read; so many times it is asked for what comes behind. */
const mostResumptions = 20;

/**
 * A repository's history as lists that Git streams. What cannot be read is left out, and `isWhole` is false from then
 * on. Names and ids go by standard input: there may be many, and a name may hold a key.
 */
export class RepositoryHistory {
  isWhole = true;

  constructor(private readonly ask: AskGit) {}

  /**
   * Commits that a branch, a remote branch, a tag, any stash or a checkout leads to, newest first; with a few `paths`
   * those alone that change one of these files, also on a side branch that came to nothing. Names are relative to the
   * folder. Of a damaged repository all commits that are there.
   */
  async commits(paths: readonly string[] = []): Promise<readonly string[]> {
    // A line is a name there: one that holds a line end cannot narrow the list down.
    const names = paths.length > mostPicked || paths.some((path) => path.includes('\n')) ? [] : paths;
    const input = [...(await this.stashes()), ...(names.length > 0 ? ['--', ...names] : []), ''].join('\n');
    const lines = await this.lines(['rev-list', '--all', '--full-history', '--stdin'], input);
    // A branch that leads nowhere, or a parent that is lost, and Git lists nothing: any commit is better than none.
    return lines ?? (await this.objects(['commit']));
  }

  /** All stashes: the ref leads to the last one alone, the others are in its log. */
  private async stashes(): Promise<readonly string[]> {
    const answer = await this.ask(['rev-list', '--walk-reflogs', 'refs/stash']);
    return answer.kind === 'answered' && answer.code === 0 ? answer.output.split('\n').filter(Boolean) : [];
  }

  private async lines(args: readonly string[], input: string): Promise<readonly string[] | undefined> {
    const lines: string[] = [];
    const answer = await this.ask(args, { input, onOutput: splitAt('\n', (line) => lines.push(line)) });
    const isWhole = answer.kind === 'answered' && answer.code === 0;
    this.isWhole &&= isWhole;
    return isWhole ? lines : undefined;
  }

  /** Blobs and commits that are in the repository itself, in the order in which they are read fastest. */
  async objects(kinds: readonly string[] = ['blob', 'commit']): Promise<readonly string[]> {
    const ids: string[] = [];
    const take = (line: string): void => {
      const [kind = '', id = ''] = line.split(' ');
      // Of one that it cannot read Git says `<id> missing`.
      if (id === 'missing') this.isWhole = false;
      else if (kinds.includes(kind)) ids.push(id);
    };
    const format = '--batch-check=%(objecttype) %(objectname)';
    const args = ['cat-file', '--batch-all-objects', '--unordered', '--buffer', format];
    const answer = await this.ask(args, { onOutput: splitAt('\n', take) });
    this.isWhole &&= answer.kind === 'answered' && answer.code === 0;
    return ids;
  }

  /** Reads objects and hands out those that hold keys. `onDone` is told how many are done. */
  async keyed(
    ids: readonly string[],
    onKeyed: (object: KeyedObject) => void,
    onDone: (count: number) => void = () => undefined,
  ): Promise<void> {
    await this.eachPart(ids, async (part, skipped) => {
      const reader = new ObjectReader(onKeyed);
      const onOutput = (piece: Buffer): void => {
        reader.take(piece);
        onDone(skipped + reader.done);
      };
      const answer = await this.ask(['cat-file', '--batch', '--buffer'], { input: lined(part), onOutput });
      this.isWhole &&= reader.lost === 0;
      return { answer, done: reader.done };
    });
  }

  /** Files that commits changed, by the blobs that `isWanted`. A rename is a file that goes and one that comes. */
  async files(
    commits: readonly string[],
    isWanted: (blob: string) => boolean,
    onFile: (file: CommitFile) => void,
  ): Promise<void> {
    const shape = ['--root', '-r', '-c', '--raw', '-z', '--always', '--no-renames', '--no-ext-diff'];
    await this.eachPart(commits, async (part) => {
      const reader = new CommitFileReader(isWanted, onFile);
      const onOutput = (piece: Buffer): void => reader.take(piece);
      const answer = await this.ask(['diff-tree', '--stdin', ...shape], { input: lined(part), onOutput });
      return { answer, done: reader.done };
    });
  }

  /** All files of the commit that is checked out; for clones that cannot compare it with its parents. */
  async filesOfHead(isWanted: (blob: string) => boolean, onFile: (file: CommitFile) => void): Promise<void> {
    const head = await this.lines(['rev-parse', '--verify', 'HEAD'], '');
    const commit = head?.[0];
    if (commit === undefined) return;
    const answer = await this.ask(['ls-tree', '-r', '-z', '--full-tree', commit]);
    for (const entry of answer.kind === 'answered' ? answer.output.split('\0') : []) {
      const [, blob, path] = /^\d+ blob (\w+)\t(.*)$/s.exec(entry) ?? [];
      if (blob !== undefined && path !== undefined && isWanted(blob))
        onFile({ commit, path, blob, blobsBefore: [] });
    }
  }

  async authorship(commits: readonly string[]): Promise<ReadonlyMap<string, Authorship>> {
    const found = new Map<string, Authorship>();
    let lines: string[] = [];
    const take = (line: string): void => {
      lines.push(line);
      const [commit = '', seconds, author = ''] = lines;
      if (lines.length < 3) return;
      found.set(commit.slice('commit '.length), { author, authoredAt: 1000 * Number(seconds) });
      lines = [];
    };
    const args = ['rev-list', '--no-walk=unsorted', '--encoding=UTF-8', '--format=%at%n%an', '--stdin'];
    const answer = await this.ask(args, { input: lined(commits), onOutput: splitAt('\n', take) });
    this.isWhole &&= answer.kind === 'answered' && answer.code === 0;
    return found;
  }

  /** Asks for all, and where Git stops, again for what comes behind the one at which it did. */
  private async eachPart(
    ids: readonly string[],
    askFor: (part: readonly string[], skipped: number) => Promise<{ answer: GitAnswer; done: number }>,
  ): Promise<void> {
    let start = 0;
    for (let stops = 0; start < ids.length; stops += 1) {
      const { answer, done } = await askFor(start === 0 ? ids : ids.slice(start), start);
      start += done;
      if (answer.kind === 'answered' && answer.code === 0) return;
      this.isWhole = false;
      if (answer.kind === 'missing' || stops === mostResumptions) return;
      start += 1;
    }
  }
}

function lined(ids: readonly string[]): string {
  return ids.length > 0 ? `${ids.join('\n')}\n` : '';
}
