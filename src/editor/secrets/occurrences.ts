import {
  FileType,
  Range,
  TabInputText,
  Uri,
  window,
  workspace,
  WorkspaceEdit,
  type TextDocument,
} from 'vscode';
import { findRawKeys } from '../../omi/rawKey';
import { redact } from '../../omi/redact';
import type { Log } from '../log';

/** A raw key in a text of the workspace. */
export interface Occurrence {
  readonly uri: Uri;
  /** In UTF-16 units. */
  readonly offset: number;
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
  /** Ends the search with what was found so far. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

const largestFile = 1024 * 1024;
const filesAtATime = 32;
const longestLine = 100;
const passedOver = new Set(['node_modules', '.git']);

/**
 * Finds raw keys in open documents, unsaved text included, and in the files of folders; files over 1 MiB and those
 * below `node_modules` and `.git` are passed over. What cannot be read is logged.
 */
export async function findOccurrences(search: Search): Promise<readonly Occurrence[]> {
  const open = workspace.textDocuments.filter(isOpen);
  const found = new Map(open.map((document) => [document.uri.toString(), occurrencesIn(document, search)]));
  const files = new Map<string, Uri>();
  for (const folder of search.folders) await collectFiles(folder, search, files);
  const closed = [...files].filter(([name]) => !found.has(name));
  for (let at = 0; at < closed.length && !search.signal.aborted; at += filesAtATime) {
    const some = closed.slice(at, at + filesAtATime);
    const read = await Promise.all(some.map(async ([, uri]) => occurrencesInFile(uri, search)));
    some.forEach(([name], index) => found.set(name, read[index] ?? []));
  }
  return [...found.values()].flat().sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
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

async function collectFiles(folder: Uri, search: Search, files: Map<string, Uri>): Promise<void> {
  if (search.signal.aborted) return;
  const entries = await attempt(folder, search, () => workspace.fs.readDirectory(folder));
  for (const [name, type] of entries ?? []) {
    const uri = Uri.joinPath(folder, name);
    // A linked folder may lead back here.
    if (type === FileType.Directory && !passedOver.has(name)) await collectFiles(uri, search, files);
    else if (type & FileType.File) files.set(uri.toString(), uri);
  }
}

async function occurrencesInFile(uri: Uri, search: Search): Promise<readonly Occurrence[]> {
  const found = await attempt(uri, search, async () => {
    const { size } = await workspace.fs.stat(uri);
    if (size > largestFile) return [];
    const bytes = Buffer.from(await workspace.fs.readFile(uri));
    if (!search.beginnings.some((beginning) => holds(bytes, beginning))) return [];
    // VS Code knows the file's encoding.
    return occurrencesIn(await workspace.openTextDocument(uri), search);
  });
  return found ?? [];
}

function holds(bytes: Buffer, beginning: string): boolean {
  // Without its last byte, UTF-16 is the same in both byte orders.
  return bytes.includes(beginning) || bytes.includes(Buffer.from(beginning, 'utf16le').subarray(0, -1));
}

async function attempt<T>(uri: Uri, { log }: Search, act: () => PromiseLike<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    log.warn(`Not searched for keys: ${workspace.asRelativePath(uri)}. ${String(error)}`);
    return undefined;
  }
}

function occurrencesIn(document: TextDocument, { isWanted }: Search): readonly Occurrence[] {
  const { uri, isDirty: isUnsaved } = document;
  return findRawKeys(document.getText())
    .filter(({ raw }) => isWanted(raw))
    .map(({ raw, offset }) => {
      const { line } = document.positionAt(offset);
      const label = redact(`${workspace.asRelativePath(uri)}:${String(line + 1)}`);
      const text = redact(document.lineAt(line).text).trim();
      return { uri, offset, label, line: text.slice(0, longestLine), isUnsaved, raw };
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
): Promise<readonly Occurrence[]> {
  const edit = new WorkspaceEdit();
  const places = await Promise.all(
    occurrences.map(async (occurrence) => {
      const document = await workspace.openTextDocument(occurrence.uri);
      const end = occurrence.offset + occurrence.raw.length;
      const range = new Range(document.positionAt(occurrence.offset), document.positionAt(end));
      // The text may have changed since it was searched.
      if (document.getText(range) === occurrence.raw) edit.replace(occurrence.uri, range, secret);
      return { occurrence, document, range, wasDirty: document.isDirty };
    }),
  );
  await workspace.applyEdit(edit);
  const failed = new Set(places.filter(({ document, range }) => document.getText(range) !== secret));
  for (const place of places) {
    if (failed.has(place) || place.wasDirty) continue;
    const isSaved = !place.document.isDirty || (await place.document.save());
    if (!isSaved || !place.document.getText().includes(secret)) failed.add(place);
  }
  return [...failed].map(({ occurrence }) => occurrence);
}
