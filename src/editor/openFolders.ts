import { workspace } from 'vscode';

/** Where the open folders lie that are on disk: no program in them is run. */
export function openFolders(): readonly string[] {
  const folders = workspace.workspaceFolders ?? [];
  return folders.filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath);
}
