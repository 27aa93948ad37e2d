import { Uri } from 'vscode';
import type { LeakBook, LookedInto } from '../../leaks/leakBook';
import type { Log } from '../log';
import type { FileFacts } from './fileFacts';
import { fileOfDocument, usedText } from './watchedText';

export interface HistoryOfFindsParts {
  readonly book: LeakBook;
  readonly facts: FileFacts;
  readonly log: Log;
}

/** Git is run a dozen times for each folder, one after the other; that is some ten seconds in the background. */
const mostFolders = 100;

/**
 * Has the history read of each file in which keys were found, by whatever look: into a document, a file, or all folders.
 * So it is known of them, too, when they are published already.
 */
export class HistoryOfFinds {
  readonly #parts: HistoryOfFindsParts;
  readonly #watch: { dispose(): void };
  /** Each look makes a new value; what else is told of a text is no reason to ask Git. */
  readonly #seen = new WeakSet<LookedInto>();
  /** The folders whose files are followed, beside those of texts that somebody has before them. */
  #folders = new Set<string>();
  #hasTold = false;

  constructor(parts: HistoryOfFindsParts) {
    this.#parts = parts;
    const { book } = parts;
    this.#watch = book.onDidChange((addresses) => this.#follow(addresses));
    this.#follow(new Set(book.addresses));
  }

  /** Reads the history of files anew; those whose branches are as they were are passed over. */
  read(addresses: Iterable<string>): void {
    const { book, facts } = this.#parts;
    for (const address of addresses) {
      const standing = book.textAt(address)?.standing ?? 'outside';
      const file = fileOfDocument({ uri: Uri.parse(address, true) });
      if (file && standing !== 'outside' && this.#isMeant(address)) facts.readHistory(file);
    }
  }

  dispose(): void {
    this.#watch.dispose();
  }

  #follow(addresses: ReadonlySet<string>): void {
    const { book } = this.#parts;
    const fresh = [...addresses].filter((address) => {
      const text = book.textAt(address);
      if (!text || this.#seen.has(text)) return false;
      this.#seen.add(text);
      return true;
    });
    if (fresh.length === 0) return;
    if (this.#folders.size === mostFolders) this.#makeRoom();
    this.read(fresh);
  }

  /** Follows no folder any more in which no key is left. */
  #makeRoom(): void {
    const folders = new Set(this.#parts.book.addresses.map(folderOf));
    this.#folders = new Set([...this.#folders].filter((folder) => folders.has(folder)));
  }

  #isMeant(address: string): boolean {
    const folder = folderOf(address);
    if (this.#folders.has(folder) || usedText(address)) return true;
    if (this.#folders.size < mostFolders) {
      this.#folders.add(folder);
      return true;
    }
    if (!this.#hasTold) {
      this.#hasTold = true;
      const count = String(mostFolders);
      this.#parts.log.info(`Keys are in more than ${count} folders: the history of the others is not read.`);
    }
    return false;
  }
}

function folderOf(address: string): string {
  return address.slice(0, address.lastIndexOf('/'));
}
