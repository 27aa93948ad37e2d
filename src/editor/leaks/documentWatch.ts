import { Disposable, FileSystemError, Uri, workspace, type TextDocument } from 'vscode';
import { excludesOf, type Excludes } from '../../leaks/excludes';
import type { LeakBook, LookedInto } from '../../leaks/leakBook';
import type { Find } from '../../leaks/seenKey';
import { settingNames, settingsSection } from '../ids';
import type { Log } from '../log';
import { isWatchingForLeaks, leakExcludes } from '../settings';
import { after, pause } from '../timers';
import type { FileFacts } from './fileFacts';
import { isWithin, onFileSigns } from './fileSigns';
import { onGitSigns } from './gitSigns';
import { LargeTexts } from './largeTexts';
import {
  fileOfDocument,
  findsToTell,
  isExcluded,
  isInUse,
  isLarge,
  isWritable,
  largestText,
} from './watchedText';

export interface DocumentWatchParts {
  readonly book: LeakBook;
  readonly facts: FileFacts;
  readonly log: Log;
}

/** A text is looked into when nobody has typed for so many milliseconds. */
const restMs = 300;
/** UTF-16 takes two bytes for a unit. */
const largestFile = 2 * largestText;

/** Looks into documents for keys when they are opened and edited, and into their files when they are closed. */
export class DocumentWatch {
  readonly #parts: DocumentWatchParts;
  readonly #large = new LargeTexts();
  readonly #disposables: Disposable;
  /** Texts that are to be looked into once they rest. */
  readonly #resting = new Map<string, { dispose(): void }>();
  /** What was looked into last of each text; an answer that comes later than a newer look is dropped. */
  readonly #looks = new Map<string, symbol>();
  /** The addresses of the finds that come from here. */
  readonly #mine = new Set<string>();
  #excludes: Excludes = excludesOf([]);
  #isOn = false;

  constructor(parts: DocumentWatchParts) {
    this.#parts = parts;
    this.#disposables = Disposable.from(
      this.#large,
      workspace.onDidOpenTextDocument((document) => this.#plan(document, 0)),
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#plan(document, restMs);
      }),
      workspace.onDidSaveTextDocument((document) => this.#followSave(document)),
      workspace.onDidCloseTextDocument((document) => this.#followClose(document)),
      workspace.onDidOpenNotebookDocument(({ uri }) => void this.#lookAtFile(uri)),
      workspace.onDidSaveNotebookDocument(({ uri }) => void this.#lookAtFile(uri)),
      workspace.onDidCloseNotebookDocument(({ uri }) => void this.#lookAtFile(uri)),
      workspace.onDidChangeConfiguration((change) => {
        const names = [settingNames.leaksWatch, settingNames.leaksExclude];
        if (names.some((name) => change.affectsConfiguration(`${settingsSection}.${name}`)))
          this.#followSettings();
      }),
      onGitSigns(() => void this.#askGitAnew()),
      onFileSigns({
        gone: (uris) => this.#followEnd(uris),
        changed: (uri) => this.#followChange(uri),
        moved: (from, to) => this.#followMove(from, to),
      }),
    );
    this.#followSettings();
  }

  dispose(): void {
    this.#stop();
    this.#disposables.dispose();
  }

  #followSettings(): void {
    this.#stop();
    this.#isOn = isWatchingForLeaks();
    this.#excludes = excludesOf(leakExcludes());
    const left = (address: string): boolean =>
      !this.#isOn || isExcluded(Uri.parse(address, true), this.#excludes);
    this.#parts.book.forget((address) => this.#mine.has(address) && left(address));
    if (this.#isOn) void this.#lookAtAll();
  }

  #stop(): void {
    this.#isOn = false;
    this.#looks.clear();
    this.#large.clear();
    this.#resting.forEach((rest) => rest.dispose());
    this.#resting.clear();
  }

  /** Looks into what is open, one text after the other, so that nobody waits for it. */
  async #lookAtAll(): Promise<void> {
    for (const document of workspace.textDocuments) {
      await pause(0);
      if (!this.#isOn) return;
      await this.#lookAnew(document.uri);
    }
  }

  /** Looks into the text that a person has before them, else into the file. */
  async #lookAnew(uri: Uri): Promise<void> {
    const document = usedText(uri.toString());
    await (document ? this.#look(document) : this.#lookAtFile(uri));
  }

  #plan(document: TextDocument, ms: number): void {
    const address = document.uri.toString();
    if (!this.#isOn || !this.#isWatched(document)) return;
    this.#resting.get(address)?.dispose();
    const rest = after(ms, () => {
      this.#resting.delete(address);
      // After an edit its editor may be closed, and its file deleted, while VS Code still holds the text.
      void (ms > 0 ? this.#lookAnew(document.uri) : this.#look(document));
    });
    this.#resting.set(address, rest);
  }

  #isWatched(document: TextDocument): boolean {
    const file = fileOfDocument(document);
    return isWritable(document) && !(file && isExcluded(file, this.#excludes));
  }

  async #look(document: TextDocument): Promise<void> {
    if (document.isClosed || !this.#isWatched(document)) return;
    const isTooLarge = isLarge(document);
    this.#large.set(document, isTooLarge);
    const finds = isTooLarge ? [] : findsToTell(document.getText());
    await this.#note(document.uri, finds, fileOfDocument(document));
  }

  /** Notes what a text holds, once Git has said how it sees its file. */
  async #note(uri: Uri, finds: readonly Find[], file: Uri | undefined): Promise<void> {
    const { book, facts } = this.#parts;
    const address = uri.toString();
    const look = Symbol(address);
    this.#looks.set(address, look);
    if (finds.length === 0 && !book.textAt(address)) return;
    const isAsked = finds.length > 0 && file !== undefined;
    const standing = isAsked ? await facts.standingOf(file) : 'outside';
    if (this.#looks.get(address) !== look) return;
    this.#mine.add(address);
    const text: LookedInto = { address, finds, standing };
    if (!isSame(book.textAt(address), text)) book.look([text]);
    if (isAsked && standing !== 'outside') facts.readHistory(file);
  }

  /** Looks into a file that no editor shows as text: what it holds is what counts. */
  async #lookAtFile(uri: Uri): Promise<void> {
    const address = uri.toString();
    if (!this.#isOn || isExcluded(uri, this.#excludes)) return;
    const look = Symbol(address);
    this.#looks.set(address, look);
    const finds = await this.#findsInFile(uri);
    const isNew = this.#looks.get(address) === look && usedText(address) === undefined;
    if (finds && isNew) await this.#note(uri, finds, uri);
  }

  /** The keys in a file; those in the cells of an open notebook stand there. Undefined when it cannot be read. */
  async #findsInFile(uri: Uri): Promise<readonly Find[] | undefined> {
    try {
      if (workspace.fs.isWritableFileSystem(uri.scheme) !== true) return [];
      const { size } = await workspace.fs.stat(uri);
      if (size > largestFile) return [];
      const text = await workspace.decode(await workspace.fs.readFile(uri), { uri });
      const finds = findsToTell(text);
      const inCells = finds.length > 0 ? keysInCells(uri) : new Set();
      return finds.filter(({ key }) => !inCells.has(key.fingerprint));
    } catch (error) {
      if (error instanceof FileSystemError && error.code === 'FileNotFound') return [];
      this.#parts.log.warn(`A file was not looked into for keys: ${String(error)}`);
      return undefined;
    }
  }

  #followSave(document: TextDocument): void {
    const file = fileOfDocument(document);
    if (file) this.#parts.facts.forget(file);
    this.#plan(document, 0);
  }

  #followClose(document: TextDocument): void {
    const { uri } = document;
    const address = uri.toString();
    const wasResting = this.#resting.has(address);
    this.#drop(address);
    this.#large.set(document, false);
    const isKept = uri.scheme !== 'untitled' && fileOfDocument(document) === uri;
    if (!isKept) this.#parts.book.forget((one) => one === address);
    else if (wasResting || this.#parts.book.textAt(address)) void this.#lookAtFile(uri);
  }

  #followChange(uri: Uri): void {
    const address = uri.toString();
    if (this.#parts.book.textAt(address) && !usedText(address)) void this.#lookAtFile(uri);
  }

  #followEnd(uris: readonly Uri[]): void {
    const isGone = (address: string): boolean =>
      uris.some((uri) => isWithin(address, uri)) &&
      // Text that was not saved outlives its file.
      usedText(address)?.isDirty !== true;
    [...this.#resting.keys(), ...this.#looks.keys()].filter(isGone).forEach((one) => this.#drop(one));
    const gone = [...this.#mine].filter(isGone);
    gone.forEach((address) => this.#mine.delete(address));
    // Another file may come in its place.
    if (gone.length > 0) this.#parts.facts.forget();
    this.#parts.book.forget(isGone);
  }

  /** Gives up a look that is planned or under way. */
  #drop(address: string): void {
    this.#resting.get(address)?.dispose();
    this.#resting.delete(address);
    this.#looks.delete(address);
  }

  #followMove(from: Uri, to: Uri): void {
    const moved = this.#parts.book.found
      .map(({ address }) => address)
      .filter((address) => isWithin(address, from));
    this.#followEnd([from]);
    for (const address of new Set(moved)) {
      const uri = Uri.parse(address, true);
      if (uri.scheme === to.scheme)
        void this.#lookAtFile(uri.with({ path: to.path + uri.path.slice(from.path.length) }));
    }
  }

  /** Asks Git anew about every text from here that holds keys, one after the other. */
  async #askGitAnew(): Promise<void> {
    const { book, facts } = this.#parts;
    facts.forget();
    for (const address of this.#mine) {
      if (!this.#isOn || !book.textAt(address)) continue;
      await this.#lookAnew(Uri.parse(address, true));
    }
  }
}

/** VS Code keeps texts in memory that no editor shows; of those, the file counts. */
function usedText(address: string): TextDocument | undefined {
  return workspace.textDocuments.find((document) => document.uri.toString() === address && isInUse(document));
}

function keysInCells(uri: Uri): ReadonlySet<string> {
  const notebook = workspace.notebookDocuments.find((one) => one.uri.toString() === uri.toString());
  const cells = notebook?.isClosed === false ? notebook.getCells() : [];
  const finds = cells.flatMap(({ document }) => findsToTell(document.getText()));
  return new Set(finds.map(({ key }) => key.fingerprint));
}

function isSame(known: LookedInto | undefined, text: LookedInto): boolean {
  return (
    known?.standing === text.standing &&
    known.finds.length === text.finds.length &&
    known.finds.every((find, index) => {
      const other = text.finds[index];
      return (
        find.key.fingerprint === other?.key.fingerprint &&
        find.line === other.line &&
        find.start === other.start
      );
    })
  );
}
