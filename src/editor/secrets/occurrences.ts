import {
  FileSystemError,
  FileType,
  Range,
  TabInputText,
  Uri,
  window,
  workspace,
  WorkspaceEdit,
  type TextDocument,
} from 'vscode';
import { decodeText } from '../../leaks/decodeText';
import { undecoded } from '../../leaks/textLines';
import { findRawKeys } from '../../omi/rawKey';
import { redact } from '../../omi/redact';
import type { Log } from '../log';

/** A raw key in a text of the workspace. */
export interface Occurrence {
  readonly uri: Uri;
  /** Which one of the places where the same key stands in the text; from 0. */
  readonly nth: number;
  /** `src/bot.ts:3`, with the folder's name where several are open. */
  readonly label: string;
  /** The line around it, without any secret. */
  readonly line: string;
  /** Whether the text differs from the file. */
  readonly isUnsaved: boolean;
  /** Secret. */
  readonly raw: string;
}

/** Where and what to search. */
export interface Search {
  readonly folders: readonly Uri[];
  /** What the wanted keys begin with; a file without any of them is passed over. */
  readonly beginnings: readonly string[];
  readonly isWanted: (raw: string) => boolean;
  /** Files that are looked into wherever they lie: keys were seen there before. */
  readonly also?: readonly Uri[];
  /** Ends the search; it is not whole then. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** What a search did not look into, or cannot change; labels as a person reads them. */
export interface LeftOut {
  /**
   * `noText`: a wanted key stands in a file that is none. `noUtf8`: in a text that would lose characters when it is
   * saved. `notebook`: in a cell that is not saved.
   */
  readonly why: 'tooLarge' | 'unreadable' | 'noText' | 'noUtf8' | 'notebook' | 'passedOver';
  readonly label: string;
}

/** What a search has come to. */
export interface Found {
  readonly occurrences: readonly Occurrence[];
  readonly leftOut: readonly LeftOut[];
  /** False after a cancel: then nothing is to be concluded from it. */
  readonly isWhole: boolean;
}

/** As much as a scan of the workspace reads, so that what it shows is found here, too; in bytes. */
const largestFile = 10 * 1024 * 1024;
const filesAtATime = 16;
const longestLine = 100;
const passedOver = new Set(['node_modules', '.git']);

/**
 * Finds raw keys in open documents, unsaved text included, and in the files of folders. What is not looked into, as too
 * large, unreadable or below `node_modules`, is told; `.git` holds no texts of a person.
 */
export async function findOccurrences(search: Search): Promise<Found> {
  const open = workspace.textDocuments.filter(isOpen);
  const leftOut = keysInUnsavedCells(search);
  const found = new Map(
    open.map((document) => [
      document.uri.toString(),
      occurrencesIn(document.getText(), document, search, leftOut),
    ]),
  );
  const files = new Map(search.also?.filter(isFile).map((uri) => [uri.toString(), uri]));
  for (const folder of search.folders) await collectFiles(folder, search, files, leftOut);
  const closed = [...files].filter(([name]) => !found.has(name));
  for (let at = 0; at < closed.length && !search.signal.aborted; at += filesAtATime) {
    const some = closed.slice(at, at + filesAtATime);
    const read = await Promise.all(some.map(async ([, uri]) => occurrencesInFile(uri, search, leftOut)));
    some.forEach(([name], index) => found.set(name, read[index] ?? []));
  }
  const { compare } = new Intl.Collator('en', { numeric: true });
  return {
    occurrences: [...found.values()].flat().sort((a, b) => compare(a.label, b.label)),
    leftOut,
    isWhole: !search.signal.aborted,
  };
}

/** Whether an address is of a file that can be read; texts without one are looked into as documents. */
function isFile({ scheme }: Uri): boolean {
  return workspace.fs.isWritableFileSystem(scheme) !== undefined;
}

/** Unsaved cells are in no file, and editing them would take a notebook's own ways. */
function keysInUnsavedCells({ isWanted }: Search): LeftOut[] {
  return workspace.notebookDocuments
    .filter(({ isDirty, isClosed }) => isDirty && !isClosed)
    .filter((notebook) =>
      notebook
        .getCells()
        .some(({ document }) => findRawKeys(document.getText()).some(({ raw }) => isWanted(raw))),
    )
    .map(({ uri }) => ({ why: 'notebook', label: labelOf(uri) }));
}

/**
 * Whether a person has a document open and can change it. VS Code keeps others in memory for a while; output, earlier
 * versions from Git and the like are shown as documents too.
 */
function isOpen({ uri, isDirty }: TextDocument): boolean {
  const isShown = window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .some(({ input }) => input instanceof TabInputText && input.uri.toString() === uri.toString());
  return (
    (isDirty || isShown) &&
    (uri.scheme === 'untitled' || workspace.fs.isWritableFileSystem(uri.scheme) === true)
  );
}

async function collectFiles(
  folder: Uri,
  search: Search,
  files: Map<string, Uri>,
  leftOut: LeftOut[],
): Promise<void> {
  if (search.signal.aborted) return;
  const entries = await read(folder, search, leftOut, () => workspace.fs.readDirectory(folder));
  for (const [name, type] of entries ?? []) {
    const uri = Uri.joinPath(folder, name);
    // A linked folder may lead back here.
    if (type === FileType.Directory && !passedOver.has(name)) await collectFiles(uri, search, files, leftOut);
    else if (type === FileType.Directory && name !== '.git')
      leftOut.push({ why: 'passedOver', label: labelOf(uri) });
    else if (type & FileType.File) files.set(uri.toString(), uri);
  }
}

async function occurrencesInFile(
  uri: Uri,
  search: Search,
  leftOut: LeftOut[],
): Promise<readonly Occurrence[]> {
  const found = await read(uri, search, leftOut, async () => {
    const { size } = await workspace.fs.stat(uri);
    if (size > largestFile) {
      leftOut.push({ why: 'tooLarge', label: labelOf(uri) });
      return [];
    }
    const bytes = Buffer.from(await workspace.fs.readFile(uri));
    if (!search.beginnings.some((beginning) => holds(bytes, beginning))) return [];
    const text = await decode(bytes, uri);
    if (text !== undefined) return occurrencesIn(text, { uri, isDirty: false }, search, leftOut);
    // A binary can be no document.
    if (findRawKeys(decodeText(bytes)).some(({ raw }) => search.isWanted(raw)))
      leftOut.push({ why: 'noText', label: labelOf(uri) });
    return [];
  });
  return found ?? [];
}

/** The text of a file, which a document that is in memory from before may lag behind; undefined for a binary. */
async function decode(bytes: Uint8Array, uri: Uri): Promise<string | undefined> {
  try {
    const text = await workspace.decode(bytes, { uri });
    return text.includes('\0') ? undefined : text;
  } catch {
    // VS Code refuses what seems to be binary.
    return undefined;
  }
}

/** Reads something; what cannot be read is left out, unless it has gone. */
async function read<T>(
  uri: Uri,
  { log, folders }: Search,
  leftOut: LeftOut[],
  act: () => PromiseLike<T>,
): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    log.warn(`Not looked into for keys: ${workspace.asRelativePath(uri)}. ${String(error)}`);
    const hasGone = error instanceof FileSystemError && error.code === 'FileNotFound';
    if (!hasGone || folders.includes(uri)) leftOut.push({ why: 'unreadable', label: labelOf(uri) });
    return undefined;
  }
}

function labelOf(uri: Uri): string {
  return redact(workspace.asRelativePath(uri));
}

function holds(bytes: Buffer, beginning: string): boolean {
  // Without its last byte, UTF-16 is the same in both byte orders.
  return bytes.includes(beginning) || bytes.includes(Buffer.from(beginning, 'utf16le').subarray(0, -1));
}

async function attempt<T>(uri: Uri, log: Log, act: () => PromiseLike<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    log.warn(`Not looked into for keys: ${workspace.asRelativePath(uri)}. ${String(error)}`);
    return undefined;
  }
}

function occurrencesIn(
  text: string,
  { uri, isDirty: isUnsaved }: Pick<TextDocument, 'uri' | 'isDirty'>,
  { isWanted }: Search,
  leftOut: LeftOut[],
): readonly Occurrence[] {
  const wanted = findRawKeys(text).filter(({ raw }) => isWanted(raw));
  if (wanted.length === 0) return [];
  const name = labelOf(uri);
  if (text.includes(undecoded)) {
    leftOut.push({ why: 'noUtf8', label: name });
    return [];
  }
  const seen = new Map<string, number>();
  let [lines, start, end, line] = [0, 0, -1, ''];
  return wanted.map(({ raw, offset }) => {
    // A line, and a text, may hold very many keys: each is read once.
    if (offset > end) {
      for (; end < offset; lines += 1) {
        start = end + 1;
        end = text.indexOf('\n', start);
        if (end === -1) end = text.length;
      }
      line = redact(text.slice(start, end)).trim().slice(0, longestLine);
    }
    const nth = seen.get(raw) ?? 0;
    seen.set(raw, nth + 1);
    return { uri, nth, label: `${name}:${String(lines)}`, line, isUnsaved, raw };
  });
}

/**
 * Puts another raw key of the same length in the place of those found, as one edit that can be undone, and saves the
 * files that had no unsaved text. A place counts only if it holds the new key afterwards, also in its file.
 *
 * @returns the places at which that failed.
 */
export async function replaceOccurrences(
  occurrences: readonly Occurrence[],
  secret: string,
  log: Log,
): Promise<readonly Occurrence[]> {
  const edit = new WorkspaceEdit();
  const texts = await Promise.all(
    [...grouped(occurrences, ({ uri }) => uri.toString())].map(async ([address, group]) => {
      const uri = Uri.parse(address, true);
      const document = await attempt(uri, log, () => workspace.openTextDocument(uri));
      // The text may have changed since it was searched.
      const text = document?.getText() ?? '';
      const keys = grouped(text.includes(undecoded) ? [] : findRawKeys(text), ({ raw }) => raw);
      const places = group.map((occurrence) => {
        const { raw, nth } = occurrence;
        const key = document && keys.get(raw)?.[nth];
        const range =
          key && new Range(document.positionAt(key.offset), document.positionAt(key.offset + raw.length));
        if (range) edit.replace(uri, range, secret);
        return { occurrence, range };
      });
      return { places, document, wasDirty: document?.isDirty };
    }),
  );
  await workspace.applyEdit(edit);
  const failed: Occurrence[] = [];
  for (const { places, document, wasDirty } of texts) {
    const changed = new Set(places.filter(({ range }) => range && document?.getText(range) === secret));
    const isKept =
      document !== undefined && changed.size > 0 && (wasDirty === true || (await isSaved(document, secret)));
    const lost = places.filter((one) => !isKept || !changed.has(one));
    for (const { occurrence } of lost) failed.push(occurrence);
  }
  return failed;
}

/** Saves a text, if that is needed; then its file must hold the secret. */
async function isSaved(document: TextDocument, secret: string): Promise<boolean> {
  return (!document.isDirty || (await document.save())) && document.getText().includes(secret);
}

/** Groups of what has the same name, in order. */
export function grouped<T>(all: readonly T[], nameOf: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const name = nameOf(one);
    const group = groups.get(name);
    if (group) group.push(one);
    else groups.set(name, [one]);
  }
  return groups;
}
