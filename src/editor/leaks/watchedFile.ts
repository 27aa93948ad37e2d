import { FileSystemError, workspace, type Uri } from 'vscode';
import type { Find } from '../../leaks/seenKey';
import type { Log } from '../log';
import { isWatchingForLeaks } from '../settings';
import { decodeFile } from './decodeFile';
import { findsToTell, isLarge, largestText } from './watchedText';

/** UTF-16 takes two bytes for a unit. */
const largestFile = 2 * largestText;
/** A scan reads files up to this size: what it has found is followed as far. */
const largestKnownFile = 10 * 1024 * 1024;

/** A file that is looked into. */
export interface WatchedFile {
  readonly uri: Uri;
  /** Whether keys were found in it before. */
  readonly isKnown: boolean;
  readonly log: Log;
}

/** The keys in a file; undefined when it is not looked into: it is too large, or cannot be read. */
export async function findsInFile({ uri, isKnown, log }: WatchedFile): Promise<readonly Find[] | undefined> {
  try {
    if (!isKnown && workspace.fs.isWritableFileSystem(uri.scheme) !== true) return undefined;
    const { size } = await workspace.fs.stat(uri);
    if (size > (isKnown ? largestKnownFile : largestFile)) return undefined;
    const text = await decodeFile(await workspace.fs.readFile(uri), uri);
    return outsideCells(uri, findsToTell(text));
  } catch (error) {
    if (error instanceof FileSystemError && error.code === 'FileNotFound') return [];
    log.warn(`A file was not looked into for keys: ${String(error)}`);
    return undefined;
  }
}

/** What was found in a file, without what is told at the cells of the open notebook that it is. */
export function outsideCells(file: Uri, finds: readonly Find[]): readonly Find[] {
  const inCells = finds.length > 0 ? keysInCells(file) : new Set();
  return finds.filter(({ key }) => !inCells.has(key.fingerprint));
}

function keysInCells(file: Uri): ReadonlySet<string> {
  // Else nobody looks into cells.
  if (!isWatchingForLeaks()) return new Set();
  const notebook = workspace.notebookDocuments.find((one) => one.uri.toString() === file.toString());
  const cells = notebook?.isClosed === false ? notebook.getCells() : [];
  const finds = cells
    .filter(({ document }) => !isLarge(document))
    .flatMap(({ document }) => findsToTell(document.getText()));
  return new Set(finds.map(({ key }) => key.fingerprint));
}
