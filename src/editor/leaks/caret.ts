import { Disposable, window, workspace, type TextEditor } from 'vscode';
import { findRawKeys } from '../../omi/rawKey';
import { ContextKeys } from '../contextKeys';

/** So many characters on each side of the caret hold any key that it touches, and the characters around that key. */
const reach = 64;
/** A selection is looked into for so many characters. */
const mostCharacters = 100_000;

/** Tells `when` clauses whether a key is at the caret or in the selection of the editor in use. */
export function watchCaret(): Disposable {
  const contextKeys = new ContextKeys();
  const tell = (editor: TextEditor | undefined): void =>
    contextKeys.setKeyAtCaret(editor !== undefined && touchesKey(editor));
  tell(window.activeTextEditor);
  return Disposable.from(
    window.onDidChangeActiveTextEditor(tell),
    window.onDidChangeTextEditorSelection(({ textEditor }) => {
      if (textEditor === window.activeTextEditor) tell(textEditor);
    }),
    workspace.onDidChangeTextDocument(({ document }) => {
      if (document === window.activeTextEditor?.document) tell(window.activeTextEditor);
    }),
    new Disposable(() => tell(undefined)),
  );
}

/** Whether a key is selected or touched by the caret; looks at nothing but what is around them. */
function touchesKey({ document, selection: { start, end } }: TextEditor): boolean {
  let left = mostCharacters;
  for (let line = start.line; line <= end.line && left > 0; line += 1) {
    const { text } = document.lineAt(line);
    const first = line === start.line ? start.character : 0;
    const last = line === end.line ? end.character : text.length;
    const from = Math.max(0, first - reach);
    const part = text.slice(from, Math.min(last + reach, from + left));
    left -= part.length + 1;
    const touches = findRawKeys(part).some(
      ({ offset, raw }) => from + offset <= last && from + offset + raw.length >= first,
    );
    if (touches) return true;
  }
  return false;
}
