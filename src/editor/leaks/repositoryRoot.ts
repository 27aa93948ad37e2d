import { Uri, workspace } from 'vscode';

/**
 * The root of the repository that a folder lies in, found by its `.git` without asking Git, so that it also works in
 * Restricted Mode. A virtual folder is taken for one: such a file system shows a repository without its `.git`.
 */
export async function repositoryRootOf(folder: Uri): Promise<Uri | undefined> {
  if (folder.scheme !== 'file') return folder;
  for (let place = folder; ; place = Uri.joinPath(place, '..')) {
    if (await isThere(Uri.joinPath(place, '.git'))) return place;
    if (place.path === Uri.joinPath(place, '..').path) return undefined;
  }
}

async function isThere(uri: Uri): Promise<boolean> {
  return workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
