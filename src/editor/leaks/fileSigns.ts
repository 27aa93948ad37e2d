import { Disposable, Uri, workspace } from 'vscode';

/** What is to be done about files that change while no editor shows them. */
export interface FileSigns {
  /** Files, or folders with all that is in them, that are no more. */
  readonly gone: (uris: readonly Uri[]) => void;
  readonly changed: (uri: Uri) => void;
  /** Files or folders that VS Code is about to move. The end at their old place may be told before the move. */
  readonly leaving: (uri: Uri) => void;
  readonly moved: (from: Uri, to: Uri) => void;
}

/** Tells of files that are deleted, changed or moved, by VS Code or by others. */
export function onFileSigns({ gone, changed, leaving, moved }: FileSigns): Disposable {
  const watcher = workspace.createFileSystemWatcher('**/*', true);
  return Disposable.from(
    ...[watcher, watcher.onDidDelete((uri) => gone([uri])), watcher.onDidChange(changed)],
    workspace.onDidDeleteFiles(({ files }) => gone(files)),
    workspace.onWillRenameFiles(({ files }) => files.forEach(({ oldUri }) => leaving(oldUri))),
    workspace.onDidRenameFiles(({ files }) => files.forEach(({ oldUri, newUri }) => moved(oldUri, newUri))),
  );
}

/** Whether an address is that of a file, or of something in it: below a folder, a cell of a notebook. */
export function isWithin(address: string, { scheme, path, authority }: Uri): boolean {
  const uri = Uri.parse(address, true);
  const isCell = uri.scheme === 'vscode-notebook-cell' && uri.path === path;
  if (isCell) return true;
  if (uri.scheme !== scheme || uri.authority !== authority) return false;
  return uri.path === path || uri.path.startsWith(path.endsWith('/') ? path : `${path}/`);
}
