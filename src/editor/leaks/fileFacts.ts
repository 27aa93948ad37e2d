import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { workspace, type Uri } from 'vscode';
import { runGit, type FileStanding } from '../../leaks/git';
import { scanHistory, type HistoryFind } from '../../leaks/scanHistory';
import type { Log } from '../log';
import { openFolders } from '../openFolders';
import { gitStanding } from '../secrets/gitStanding';

export interface FileFactsParts {
  readonly log: Log;
  readonly noteHistory: (finds: readonly HistoryFind[]) => void;
}

/** A history that takes longer than this is given up until a branch has changed, which the log says. */
const historyLimitMs = 120_000;

/** What Git knows of files in which keys were found; asked in the background, and not twice for the same. */
export class FileFacts {
  readonly #parts: FileFactsParts;
  readonly #standings = new Map<string, Promise<FileStanding>>();
  /** What the branches of a file's repository were when its history was read. */
  readonly #readAt = new Map<string, string>();
  readonly #wanted = new Map<string, Uri>();
  readonly #over = new AbortController();
  #isReading = false;

  constructor(parts: FileFactsParts) {
    this.#parts = parts;
  }

  /** How Git sees a file; remembered until {@link forget}. */
  standingOf(file: Uri): Promise<FileStanding> {
    const name = file.toString();
    const known = this.#standings.get(name);
    if (known) return known;
    const asked = gitStanding(file);
    this.#standings.set(name, asked);
    return asked;
  }

  /** Forgets how Git sees a file, or all files. */
  forget(file?: Uri): void {
    if (file) this.#standings.delete(file.toString());
    else this.#standings.clear();
  }

  /** Looks in the background for the commits that brought keys into a file, unless no branch has changed since. */
  readHistory(file: Uri): void {
    if (file.scheme !== 'file' || !workspace.isTrusted) return;
    this.#wanted.set(file.toString(), file);
    if (!this.#isReading) void this.#readWanted();
  }

  dispose(): void {
    this.#over.abort();
  }

  async #readWanted(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#wanted.size > 0 && !this.#over.signal.aborted) {
        const [first] = this.#wanted.values();
        if (!first) break;
        const folder = dirname(first.fsPath);
        const files = [...this.#wanted.values()].filter(({ fsPath }) => dirname(fsPath) === folder);
        files.forEach((file) => this.#wanted.delete(file.toString()));
        await this.#readFolder(folder, files);
      }
    } finally {
      this.#isReading = false;
    }
  }

  async #readFolder(folder: string, files: readonly Uri[]): Promise<void> {
    const branches = await this.#branches(folder);
    const due = files.filter((file) => this.#readAt.get(file.toString()) !== branches);
    if (branches === undefined || due.length === 0) return;
    const signal = AbortSignal.any([this.#over.signal, AbortSignal.timeout(historyLimitMs)]);
    const scan = await scanHistory(folder, {
      signal,
      paths: due.map(({ fsPath }) => basename(fsPath)),
      untrusted: openFolders(),
    });
    if (scan.kind !== 'scanned' || this.#over.signal.aborted) return;
    if (scan.limits.length > 0) this.#parts.log.info(`History of a file: ${scan.limits.join(', ')}`);
    due.forEach((file) => this.#readAt.set(file.toString(), branches));
    this.#parts.noteHistory(scan.finds);
  }

  /** What all branches, remote ones and tags lead to, as one mark; undefined where there is no repository. */
  async #branches(folder: string): Promise<string | undefined> {
    const answer = await runGit(folder, ['rev-parse', '--all'], this.#over.signal, {
      untrusted: openFolders(),
    });
    if (answer.kind === 'missing' || answer.code !== 0) return undefined;
    return createHash('sha256').update(answer.output).digest('hex');
  }
}
