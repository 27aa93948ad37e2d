import { FilePermission, FileSystemError, l10n, Range, workspace, WorkspaceEdit } from 'vscode';
import type { TextDocument, Uri } from 'vscode';
import { applyChanges, type TextChange } from '../../keys/envFile';
import { undecoded } from '../../leaks/textLines';
import { fail, succeed, type Result } from '../../omi/result';

/** Opens a text file as VS Code has it, unsaved text included; undefined when it is not there. Fails in words. */
export async function openText(uri: Uri): Promise<Result<TextDocument | undefined, string>> {
  try {
    const { permissions = 0 } = await workspace.fs.stat(uri);
    if (permissions & FilePermission.Readonly || workspace.fs.isWritableFileSystem(uri.scheme) === false)
      return fail(l10n.t('It is read-only.'));
    const document = await workspace.openTextDocument(uri);
    // Bytes that could not be decoded would be lost.
    return document.getText().includes(undecoded) ? fail(l10n.t('It is not UTF-8 text.')) : succeed(document);
  } catch (error) {
    return error instanceof FileSystemError && error.code === 'FileNotFound'
      ? succeed(undefined)
      : fail(String(error));
  }
}

/**
 * Changes a text file as one edit that can be undone, and makes it if it is not there. It is saved, unless it held
 * unsaved text, which is the person's to save. Fails in words; then the file is as it was.
 */
export async function changeText(
  uri: Uri,
  plan: (text: string) => readonly TextChange[],
): Promise<Result<'saved' | 'unsaved', string>> {
  const opened = await openText(uri);
  if (!opened.ok) return opened;
  const document = opened.value;
  const before = document?.getText() ?? '';
  const changes = plan(before);
  const wasUnsaved = document?.isDirty === true;
  if (changes.length === 0) return succeed(wasUnsaved ? 'unsaved' : 'saved');
  const edit = new WorkspaceEdit();
  if (!document) edit.createFile(uri, { contents: Buffer.from(applyChanges('', changes)) });
  else {
    changes.forEach(({ start, end, text }) =>
      edit.replace(uri, new Range(document.positionAt(start), document.positionAt(end)), text),
    );
  }
  const isApplied = await workspace.applyEdit(edit);
  if (isApplied && wasUnsaved) return succeed('unsaved');
  if (isApplied && (!document || (await isSaved(document)))) return succeed('saved');
  if (document && isApplied) await putBack(document, before);
  return fail(l10n.t('VS Code could not save it.'));
}

async function isSaved(document: TextDocument): Promise<boolean> {
  try {
    return await document.save();
  } catch {
    return false;
  }
}

async function putBack(document: TextDocument, text: string): Promise<void> {
  const edit = new WorkspaceEdit();
  edit.replace(document.uri, new Range(0, 0, document.lineCount, 0), text);
  await workspace.applyEdit(edit);
}
