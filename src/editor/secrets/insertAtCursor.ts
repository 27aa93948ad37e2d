import { l10n, window, workspace, type TextEditor } from 'vscode';
import { gitStanding } from './gitStanding';
import { placeName, trackedNote, unsavedNote, type Placing } from './placing';

/** The editor whose text can be changed just now; the log and the like are shown in editors too. */
export function writableEditor(): TextEditor | undefined {
  const editor = window.activeTextEditor;
  const scheme = editor?.document.uri.scheme ?? '';
  return scheme === 'untitled' || workspace.fs.isWritableFileSystem(scheme) === true ? editor : undefined;
}

/** Where the cursor of an editor stands, such as `src/bot.ts:3`. */
export function cursorPlace({ document, selection }: TextEditor): string {
  return `${placeName(document.uri)}:${String(selection.start.line + 1)}`;
}

/** Puts a secret in the place of what is selected; asks before, if Git tracks the file. */
export async function insertSecret(editor: TextEditor, secret: string): Promise<Placing> {
  const { uri } = editor.document;
  const insert = l10n.t('Insert');
  const message = l10n.t('Insert the secret into {0}?', placeName(uri));
  const isTracked = (await gitStanding(uri)) === 'tracked';
  const options = { modal: true, detail: trackedNote(uri) };
  if (isTracked && (await window.showWarningMessage(message, options, insert)) !== insert) return undefined;
  const place = cursorPlace(editor);
  const isDone = await editor.edit((edit) => {
    editor.selections.forEach((selection) => edit.replace(selection, secret));
  });
  return isDone
    ? { kind: 'placed', place, note: unsavedNote() }
    : { kind: 'failed', message: l10n.t('{0} could not be changed.', placeName(uri)) };
}
