import { Disposable, Uri, workspace, type TextDocument } from 'vscode';
import { excludesOf } from '../../leaks/excludes';
import { settingNames, settingsSection } from '../ids';
import { gitStandings } from '../secrets/gitStanding';
import { isWatchingForLeaks, leakExcludes } from '../settings';
import { isWithin, onFileSigns } from './fileSigns';
import { onGitSigns } from './gitSigns';
import { TextLooks, type TextLooksParts } from './textLooks';
import { fileOfDocument, isExcluded, isOpen, usedText } from './watchedText';

/** A text is looked into when nobody has typed for so many milliseconds. */
const restMs = 300;

/**
 * Has documents looked into for keys when they are opened and edited, and their files when they are closed, deleted,
 * moved, or changed by others. Where that is switched off, what a scan has found is followed all the same.
 */
export class DocumentWatch {
  readonly #parts: TextLooksParts;
  readonly #looks: TextLooks;
  /** What was known at places that files are just moved from. */
  readonly #leaving = new Map<string, readonly string[]>();
  readonly #disposables: Disposable;
  #isOver = false;

  constructor(parts: TextLooksParts) {
    this.#parts = parts;
    const looks = new TextLooks(parts);
    this.#looks = looks;
    this.#disposables = Disposable.from(
      looks,
      workspace.onDidOpenTextDocument((document) => looks.plan(document, 0)),
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) looks.plan(document, restMs);
      }),
      workspace.onDidSaveTextDocument((document) => this.#followSave(document)),
      workspace.onDidCloseTextDocument((document) => this.#followClose(document)),
      workspace.onDidOpenNotebookDocument(({ uri }) => void looks.lookAtFile(uri)),
      workspace.onDidSaveNotebookDocument(({ uri }) => void looks.lookAtFile(uri)),
      workspace.onDidCloseNotebookDocument(({ uri }) => void looks.lookAtFile(uri)),
      workspace.onDidChangeWorkspaceFolders(({ removed }) =>
        this.#followRemoval(removed.map(({ uri }) => uri)),
      ),
      workspace.onDidChangeConfiguration((change) => {
        const names = [settingNames.leaksWatch, settingNames.leaksExclude];
        if (names.some((name) => change.affectsConfiguration(`${settingsSection}.${name}`)))
          this.#followSettings();
      }),
      onGitSigns(() => this.#askGitAnew(), parts.history.onDidChangeGit),
      onFileSigns({
        gone: (uris) => this.#followEnd(uris),
        changed: (uri) => this.#followChange(uri),
        leaving: (uri) => void this.#leaving.set(uri.toString(), this.#knownWithin(uri)),
        moved: (from, to) => this.#followMove(from, to),
      }),
    );
    this.#followSettings();
  }

  dispose(): void {
    this.#isOver = true;
    this.#disposables.dispose();
  }

  #followSettings(): void {
    const looks = this.#looks;
    looks.stop();
    const isLeftOut = leftOut();
    looks.leaveOut(isLeftOut);
    // A scan leaves out the same.
    looks.forget((address) => isLeftOut(Uri.parse(address, true)));
    if (isWatchingForLeaks()) looks.start();
    else looks.forgetMine();
  }

  #followSave(document: TextDocument): void {
    const file = fileOfDocument(document);
    if (file) this.#parts.facts.forget(file);
    this.#looks.plan(document, 0);
  }

  #followClose(document: TextDocument): void {
    const { uri } = document;
    const address = uri.toString();
    const isDue = this.#looks.isDue(address);
    this.#looks.drop(document);
    const isKept = uri.scheme !== 'untitled' && fileOfDocument(document) === uri;
    if (!isKept) this.#looks.forget((one) => one === address);
    else if (isDue || this.#looks.isKnown(address)) void this.#looks.lookAtFile(uri);
  }

  #followChange(uri: Uri): void {
    const address = uri.toString();
    if (this.#looks.isKnown(address) && !usedText(address)) void this.#looks.lookAtFile(uri);
  }

  #followEnd(uris: readonly Uri[]): void {
    const forgotten = this.#looks.forget(
      (address) =>
        uris.some((uri) => isWithin(address, uri)) &&
        // Text that was not saved outlives its file.
        usedText(address)?.isDirty !== true,
    );
    // Another file may come in its place.
    if (forgotten.length > 0) this.#parts.facts.forget();
    forgotten.forEach((address) => void this.#lookIfThere(Uri.parse(address, true)));
  }

  /** A file that is written anew is told as deleted, too, and sometimes only when it is there again. */
  async #lookIfThere(uri: Uri): Promise<void> {
    const isThere = await workspace.fs.stat(fileAt(uri)).then(
      () => true,
      () => false,
    );
    if (isThere && !this.#isOver) await this.#looks.lookAgain(uri);
  }

  /** What lies in no folder any more is not told of, unless a person has it before them. */
  #followRemoval(folders: readonly Uri[]): void {
    this.#looks.forget(
      (address) =>
        folders.some((folder) => isWithin(address, folder)) &&
        !workspace.getWorkspaceFolder(Uri.parse(address, true)) &&
        !isOpen(address),
    );
    if (folders.length > 0) void this.#parts.history.forgetStray();
  }

  #followMove(from: Uri, to: Uri): void {
    const isLeftOut = leftOut();
    const moved = new Set([...(this.#leaving.get(from.toString()) ?? []), ...this.#knownWithin(from)]);
    this.#leaving.delete(from.toString());
    this.#followEnd([from]);
    for (const address of moved) {
      const uri = Uri.parse(address, true);
      const target = uri.with({ path: to.path + uri.path.slice(from.path.length) });
      if (uri.scheme === to.scheme && !isLeftOut(target))
        void this.#looks.lookAtFile(target, { isKnown: true });
    }
  }

  #knownWithin(place: Uri): readonly string[] {
    return this.#parts.book.addresses.filter((address) => isWithin(address, place));
  }

  /** Asks Git anew about every file in which keys are known, whoever has found them. */
  async #askGitAnew(): Promise<void> {
    const { book, facts, history } = this.#parts;
    facts.forget();
    // Commits whose keys are in no file any more are looked at, too.
    history.read([]);
    const uris = book.addresses.map((address) => Uri.parse(address, true));
    const standings = await gitStandings(uris.map(fileAt));
    for (const uri of uris) {
      if (this.#isOver) return;
      const standing = standings.get(fileAt(uri).toString());
      if (this.#looks.isKnown(uri.toString())) await this.#looks.lookAnew(uri, standing);
    }
  }
}

/** What the settings leave out now. */
function leftOut(): (uri: Uri) => boolean {
  const excludes = excludesOf(leakExcludes());
  return (uri) => isExcluded(fileAt(uri), excludes);
}

/** The file that a text is kept in, or the text itself. */
function fileAt(uri: Uri): Uri {
  return fileOfDocument({ uri }) ?? uri;
}
