import { Disposable, FileSystemError, Uri, workspace } from 'vscode';
import { drain } from '../../leaks/drain';
import type { LeakBook } from '../../leaks/leakBook';
import { keyFamilies } from '../../omi/rawKey';
import type { Parts } from '../parts';
import { after } from '../timers';
import { registerGithubPattern } from './githubPattern';
import { keyLeaks } from './keyLeaks';
import { ExposedKeysItem } from './statusBar';

/** Changes of what is known come in bursts: an edit, a scan, a list. Milliseconds. */
const calmMs = 100;

/**
 * Keeps what is shown of found keys up to date: the mark in the status bar and the rows of the view; and forgets the
 * places in files that are deleted. Sends nothing.
 */
export function registerLeakSurvey(parts: Parts): Disposable {
  const { keys, leaks, sessions, view } = parts;
  const item = new ExposedKeysItem();
  // The view follows sessions and lists by itself.
  const mark = calmly(() => item.show(keyLeaks(leaks)));
  const rows = calmly(() => view.redraw());
  const all = (): void => {
    mark.soon();
    rows.soon();
  };
  const deleted = new DeletedFiles(leaks.book);
  return Disposable.from(
    item,
    mark,
    rows,
    registerGithubPattern(),
    deleted,
    leaks.book.onDidChange(all),
    leaks.onDidReadLists(all),
    sessions.onDidChange(mark.soon),
    ...keyFamilies.map((family) => keys.rings[family].onDidChange(mark.soon)),
  );
}

interface Calm {
  readonly soon: () => void;
  dispose(): void;
}

/** Acts once for a burst of calls. */
function calmly(act: () => void): Calm {
  let timer: { dispose(): void } | undefined;
  const soon = (): void => {
    timer ??= after(calmMs, () => {
      timer = undefined;
      act();
    });
  };
  return { soon, dispose: () => timer?.dispose() };
}

/** Of a file that is made and deleted at once, VS Code tells nothing: so what was found is looked for once more. Milliseconds. */
const settledMs = 2000;

/** Forgets the places in files that are gone. */
class DeletedFiles implements Disposable {
  readonly #book: LeakBook;
  readonly #gone = new Set<string>();
  readonly #rests = new Set<{ dispose(): void }>();
  readonly #check: Calm;
  readonly #disposables: Disposable;

  constructor(book: LeakBook) {
    this.#book = book;
    this.#check = calmly(() => this.#followEnds());
    const watcher = workspace.createFileSystemWatcher('**/*', true, true, false);
    const note = (uri: Uri): void => {
      this.#gone.add(uri.toString());
      this.#check.soon();
    };
    const found = book.onDidChange((addresses) => this.#lookAgainLater(addresses));
    this.#disposables = Disposable.from(watcher, watcher.onDidDelete(note), this.#check, found);
  }

  dispose(): void {
    this.#disposables.dispose();
    this.#rests.forEach((rest) => rest.dispose());
  }

  #lookAgainLater(addresses: ReadonlySet<string>): void {
    const rest = after(settledMs, () => {
      this.#rests.delete(rest);
      void this.#forgetMissing(this.#book.addresses.filter((address) => addresses.has(address)));
    });
    this.#rests.add(rest);
  }

  #followEnds(): void {
    const gone = new Set(this.#gone);
    this.#gone.clear();
    void this.#forgetMissing(this.#book.addresses.filter((address) => isAtOrBelowOne(address, gone)));
  }

  /** A file that is written anew is told as deleted, too, so it counts only when it is not there. */
  async #forgetMissing(doubtful: readonly string[]): Promise<void> {
    const missing = new Set<string>();
    await drain(doubtful, never, async (address) => {
      if (!isUnsaved(address) && (await isGone(address))) missing.add(address);
    });
    if (missing.size > 0) this.#book.forget((address) => missing.has(address));
  }
}

const never = new AbortController().signal;

/** Whether an address, or a folder that it lies in, is among those. */
function isAtOrBelowOne(address: string, places: ReadonlySet<string>): boolean {
  for (let end = address.length; end > 0; end = address.lastIndexOf('/', end - 1)) {
    if (places.has(address.slice(0, end))) return true;
  }
  return false;
}

/** A document that was not saved is still on the screen when its file is gone. */
function isUnsaved(address: string): boolean {
  return workspace.textDocuments.some(({ uri, isDirty }) => isDirty && uri.toString() === address);
}

/** What cannot be asked for, such as a text that never was a file, is not gone. */
async function isGone(address: string): Promise<boolean> {
  return workspace.fs.stat(Uri.parse(address, true)).then(
    () => false,
    (error: unknown) => error instanceof FileSystemError && error.code === 'FileNotFound',
  );
}
