import { createHash } from 'node:crypto';
import { Uri, workspace } from 'vscode';
import { followCommits } from '../../leaks/followCommits';
import { gitIn } from '../../leaks/git';
import type { LeakBook, LookedInto } from '../../leaks/leakBook';
import { byRepository } from '../../leaks/repositories';
import { scanHistory } from '../../leaks/scanHistory';
import type { Log } from '../log';
import { openFolders } from '../openFolders';
import { GitDirectories } from './gitDirectories';
import { forgetStrayHistory } from './strayHistory';
import { pathOfText } from './watchedText';

export interface HistoryOfFindsParts {
  readonly book: LeakBook;
  readonly log: Log;
}

/** A history that takes longer than this is given up until a branch has changed, which the log says. */
const historyLimitMs = 120_000;

/**
 * Looks for the commits that brought keys into the files in which keys were found, by whatever look: into a document, a
 * file, or all folders. So it is known of them, too, when they are published already. Works in the background; a
 * repository is read once for all of its files, and not again for the same file unless a branch has changed. Commits
 * that were not published are followed for as long as they are known, also when no file has their keys any more.
 */
export class HistoryOfFinds {
  readonly #parts: HistoryOfFindsParts;
  readonly #directories = new GitDirectories();
  readonly #watch: { dispose(): void };
  /** Each look makes a new value; what else is told of a text is no reason to ask Git. */
  readonly #seen = new WeakSet<LookedInto>();
  /** Files by their paths, as below. */
  readonly #wanted = new Set<string>();
  /** What the branches of a file's repository were when its history was read. */
  readonly #readAt = new Map<string, string>();
  /** What the branches of a repository were when its commits were followed. */
  readonly #followedAt = new Map<string, string>();
  /** Folders of repositories in which Git can be asked, by where the histories lie. */
  readonly #roots = new Map<string, string>();
  readonly #over = new AbortController();
  #isDue = false;
  #isReading = false;

  /** Tells when something has changed in one of the repositories, wherever it lies. */
  readonly onDidChangeGit = this.#directories.onDidChange;

  constructor(parts: HistoryOfFindsParts) {
    this.#parts = parts;
    const { book } = parts;
    this.#watch = book.onDidChange((addresses) => this.#follow(addresses));
    this.#follow(new Set(book.addresses));
  }

  /** Reads the history of files anew, and follows the commits that are known, where the branches are not as they were. */
  read(addresses: Iterable<string>): void {
    if (!workspace.isTrusted) return;
    for (const address of addresses) {
      const standing = this.#parts.book.textAt(address)?.standing ?? 'outside';
      const path = standing === 'outside' ? undefined : pathOfText(address);
      if (path !== undefined) this.#wanted.add(path);
    }
    this.#isDue = true;
    if (!this.#isReading) void this.#readWanted();
  }

  /** Forgets the commits that are nobody's any more, once folders were removed. */
  async forgetStray(): Promise<void> {
    await forgetStrayHistory(this.#parts.book);
    // What was forgotten is read anew when its folder is back, and what was not is followed further.
    this.#readAt.clear();
    this.#directories.clear();
    this.read(this.#parts.book.addresses);
  }

  dispose(): void {
    this.#watch.dispose();
    this.#over.abort();
    this.#directories.dispose();
  }

  #follow(addresses: ReadonlySet<string>): void {
    const { book } = this.#parts;
    const fresh = [...addresses].filter((address) => {
      const text = book.textAt(address);
      if (!text || this.#seen.has(text)) return false;
      this.#seen.add(text);
      return true;
    });
    if (fresh.length > 0) this.read(fresh);
  }

  async #readWanted(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#isDue) {
        this.#isDue = false;
        const paths = [...this.#wanted];
        this.#wanted.clear();
        for (const [root, names] of await byRepository(paths)) {
          if (this.#over.signal.aborted) return;
          if (root !== undefined) await this.#readRepository(root, names);
        }
        await this.#followCommits();
      }
    } finally {
      this.#isReading = false;
    }
  }

  /** @param names of files from the root, by their paths. */
  async #readRepository(root: string, names: ReadonlyMap<string, string>): Promise<void> {
    const { book, log } = this.#parts;
    const branches = await this.#branches(root);
    const due = [...names.keys()].filter((path) => this.#readAt.get(path) !== branches);
    if (branches === undefined || due.length === 0) return;
    const scan = await scanHistory(root, {
      signal: this.#limit(),
      paths: due.flatMap((path) => names.get(path) ?? []),
      untrusted: openFolders(),
    });
    // Their folder may have been removed meanwhile.
    if (scan.kind !== 'scanned' || this.#over.signal.aborted || !this.#isToldOfOne(due)) return;
    if (scan.limits.length > 0)
      log.info(`History of files with keys (${String(due.length)}): ${scan.limits.join(', ')}`);
    due.forEach((path) => this.#readAt.set(path, branches));
    if (scan.repository !== undefined) this.#roots.set(scan.repository, root);
    book.noteHistory(scan.finds);
  }

  /** A commit may be pushed or undone when its key is in no file any more. What was pushed has got out for good. */
  async #followCommits(): Promise<void> {
    const { book } = this.#parts;
    for (const repository of book.repositories) {
      const finds = book.history.filter((find) => find.repository === repository && !find.isPublished);
      if (finds.length === 0) continue;
      const folder = this.#roots.get(repository) ?? repository;
      const branches = await this.#branches(folder);
      if (branches === undefined || this.#followedAt.get(repository) === branches) continue;
      const changed = await followCommits(folder, finds, { signal: this.#limit(), untrusted: openFolders() });
      if (changed === undefined || this.#over.signal.aborted) continue;
      this.#followedAt.set(repository, branches);
      book.followHistory(changed);
    }
  }

  #limit(): AbortSignal {
    return AbortSignal.any([this.#over.signal, AbortSignal.timeout(historyLimitMs)]);
  }

  /** Whether one of some files lies in a folder, or a key is told of in it. */
  #isToldOfOne(paths: readonly string[]): boolean {
    if (paths.some((path) => workspace.getWorkspaceFolder(Uri.file(path)))) return true;
    const told = new Set(this.#parts.book.addresses.map(pathOfText));
    return paths.some((path) => told.has(path));
  }

  /** What all branches, remote ones and tags lead to, as one mark; undefined where Git does not say. */
  async #branches(root: string): Promise<string | undefined> {
    const ask = gitIn(root, this.#over.signal, openFolders());
    await this.#directories.watch(root, ask);
    const answer = await ask(['rev-parse', '--all']);
    if (answer.kind === 'missing' || answer.code !== 0) return undefined;
    return createHash('sha256').update(answer.output).digest('hex');
  }
}
