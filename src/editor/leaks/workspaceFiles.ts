import { FileType, Uri, workspace } from 'vscode';
import type { FileEntry, FileTree } from '../../leaks/fileTree';

/** A folder as VS Code's file systems have it: the way to virtual folders. Links are told as such, never followed. */
export function workspaceFiles(folder: Uri): FileTree {
  const at = (path: string): Uri => (path === '' ? folder : Uri.joinPath(folder, path));
  return {
    list: async (directory) => {
      const entries = await workspace.fs.readDirectory(at(directory));
      return entries.flatMap(([name, type]) => {
        const kind = kindOf(type);
        return kind === undefined ? [] : [{ name, kind }];
      });
    },
    read: async (path, most) => {
      const uri = at(path);
      const { size } = await workspace.fs.stat(uri);
      return size > most ? 'tooLarge' : workspace.fs.readFile(uri);
    },
  };
}

function kindOf(type: FileType): FileEntry['kind'] | undefined {
  if (type & FileType.SymbolicLink) return 'link';
  if (type & FileType.Directory) return 'directory';
  return type & FileType.File ? 'file' : undefined;
}
