import { TabInputText, TabInputTextDiff, Uri, window, workspace, type TextDocument } from 'vscode';
import type { Excludes } from '../../leaks/excludes';
import { isIgnoredLine } from '../../leaks/ignoreLine';
import type { LookedInto } from '../../leaks/leakBook';
import { findsIn, type Find } from '../../leaks/seenKey';

/** Texts above this are not looked into while they are edited; in UTF-16 units. */
export const largestText = 1024 * 1024;

const cellScheme = 'vscode-notebook-cell';

/**
 * The file that a document is kept in: a notebook's for its cells; undefined for one that nobody has saved yet.
 */
export function fileOfDocument({ uri }: Pick<TextDocument, 'uri'>): Uri | undefined {
  if (uri.scheme === 'untitled') return undefined;
  if (uri.scheme !== cellScheme) return uri;
  const notebook = workspace.notebookDocuments.find((one) => one.uri.path === uri.path);
  return notebook?.isUntitled === false ? notebook.uri : undefined;
}

/** The path of the file on disk that a text is kept in; undefined where there is none. */
export function pathOfText(address: string): string | undefined {
  const file = fileOfDocument({ uri: Uri.parse(address, true) });
  return file?.scheme === 'file' ? file.fsPath : undefined;
}

/** Whether a person can write a document: output, earlier versions from Git and the like are documents too. */
export function isWritable({ uri: { scheme } }: TextDocument): boolean {
  return scheme === 'untitled' || scheme === cellScheme || workspace.fs.isWritableFileSystem(scheme) === true;
}

/** Whether a person has a text before them: as a tab, or with changes that are not saved. */
export function isInUse({ isClosed, isDirty, uri }: TextDocument): boolean {
  if (isClosed) return false;
  if (isDirty || uri.scheme === cellScheme) return true;
  const address = uri.toString();
  return window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .flatMap(({ input }) => {
      if (input instanceof TabInputText) return [input.uri];
      return input instanceof TabInputTextDiff ? [input.original, input.modified] : [];
    })
    .some((shown) => shown.toString() === address);
}

/** VS Code keeps texts in memory that no editor shows; of those, the file counts. */
export function usedText(address: string): TextDocument | undefined {
  return workspace.textDocuments.find((document) => document.uri.toString() === address && isInUse(document));
}

/** Whether a person has a text before them, or the notebook that is kept at this address. */
export function isOpen(address: string): boolean {
  const isIt = ({ uri }: { readonly uri: Uri }): boolean => uri.toString() === address;
  return usedText(address) !== undefined || workspace.notebookDocuments.some(isIt);
}

/** Whether a look at a text has come to the same as the one before. */
export function isSame(known: LookedInto | undefined, text: LookedInto): boolean {
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

/** Whether a file is left out, by globs that are relative to its workspace folder. */
export function isExcluded(file: Uri, excludes: Excludes): boolean {
  return excludes.has(workspace.asRelativePath(file, false).replace(/^\/+/, ''));
}

/** Whether a text is above {@link largestText}; does not put its lines together. */
export function isLarge(document: TextDocument): boolean {
  return document.offsetAt(document.lineAt(document.lineCount - 1).range.end) > largestText;
}

/** The keys in a text, without those on lines that carry the mark. */
export function findsToTell(text: string): readonly Find[] {
  const finds = findsIn(text);
  if (finds.length === 0) return finds;
  const lines = text.split(/\r\n|\n|\r/);
  return finds.filter(({ line }) => !isIgnoredLine(lines[line] ?? ''));
}
