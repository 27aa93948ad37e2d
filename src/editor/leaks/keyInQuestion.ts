import {
  Disposable,
  InputBoxValidationSeverity,
  l10n,
  Uri,
  window,
  workspace,
  type TextDocument,
  type TextEditor,
} from 'vscode';
import { findsIn, rawKeyAt, seenKeyOf, type Find, type SeenKey } from '../../leaks/seenKey';
import type { FoundKey } from '../../leaks/leakBook';
import { findRawKeys } from '../../omi/rawKey';
import type { Log } from '../log';
import { notify } from '../notify';
import type { Parts } from '../parts';
import { decodeFile } from './decodeFile';
import { placeOf } from './places';

/** A raw key that a person means, and where it stands, if it stands anywhere. */
export interface KeyInQuestion {
  /** Secret: for requests and for comparing alone. */
  readonly raw: string;
  readonly seen: SeenKey;
  readonly at: { readonly address: string; readonly find: Find } | undefined;
}

/** What commands are handed that are about a place: by rows of the view, quick fixes and links. */
export interface PlaceArgument {
  readonly found: Pick<FoundKey, 'address' | 'find'>;
}

/**
 * Settles which key a command is about: the one at the place that was clicked; else the one that is selected or stands
 * at the caret; else one that the person pastes unseen, where `title` says for what.
 *
 * @param hint what to know before a key is pasted.
 * @returns undefined when the person gave up, or when the key stands there no more, which has been told.
 */
export async function settleKey(
  parts: Parts,
  clicked: unknown,
  title: string | undefined,
  hint = '',
): Promise<KeyInQuestion | undefined> {
  const place = placeArgument(clicked);
  if (place) return keyAtPlace(parts, place);
  const editor = window.activeTextEditor;
  const atCaret = editor && keyAtCaret(editor);
  if (atCaret || title === undefined) return atCaret;
  return askForKey(title, hint);
}

/** The key that is selected, or at or right beside the caret. */
export function keyAtCaret({ document, selection }: TextEditor): KeyInQuestion | undefined {
  const { start, end } = selection;
  const lines = Array.from({ length: end.line - start.line + 1 }, (_, index) => start.line + index);
  for (const line of lines.slice(0, mostLines)) {
    const { text } = document.lineAt(line);
    const find = findsIn(text).find(
      (one) =>
        (line > start.line || start.character <= one.end) && (line < end.line || end.character >= one.start),
    );
    const raw = find && rawKeyAt(text, find);
    if (find && raw) return keyOf(raw, document, { ...find, line });
  }
  return undefined;
}

/** A selection is looked into for so many lines. */
const mostLines = 1000;

function keyOf(raw: string, { uri }: TextDocument, find: Find): KeyInQuestion {
  return { raw, seen: find.key, at: { address: uri.toString(), find } };
}

/** The place that a command was handed; undefined when it was handed none. */
export function placeArgument(clicked: unknown): PlaceArgument['found'] | undefined {
  return typeof clicked === 'object' && clicked !== null && 'found' in clicked
    ? (clicked as PlaceArgument).found
    : undefined;
}

/** The key at a place, also when the text around it has moved since it was found. */
async function keyAtPlace(
  { log }: Parts,
  { address, find }: PlaceArgument['found'],
): Promise<KeyInQuestion | undefined> {
  for (const text of await textsAt(Uri.parse(address, true), log)) {
    const now = [find, ...findsIn(text)].find(
      (one) => one.key.fingerprint === find.key.fingerprint && rawKeyAt(text, one) !== undefined,
    );
    const raw = now && rawKeyAt(text, now);
    if (now && raw) return { raw, seen: now.key, at: { address, find: now } };
  }
  const message = l10n.t('The API key is not at {0} any more.', placeOf({ address, find }));
  await notify({ level: 'info', message, actions: [] });
  return undefined;
}

/**
 * A text as VS Code has it, and as its file has it: a document in memory may lag behind, and not every file is one. Text
 * that was not saved is what counts, whatever the file holds.
 */
async function textsAt(uri: Uri, log: Log): Promise<readonly string[]> {
  const read = async (): Promise<string> => decodeFile(await workspace.fs.readFile(uri), uri);
  const [document, text] = await Promise.allSettled([workspace.openTextDocument(uri), read()]);
  if (document.status === 'rejected' && text.status === 'rejected') {
    log.warn(`A text with a key could not be opened: ${String(document.reason)}`);
  }
  const isUnsaved = document.status === 'fulfilled' && document.value.isDirty;
  return [
    ...(document.status === 'fulfilled' ? [document.value.getText()] : []),
    ...(text.status === 'fulfilled' && !isUnsaved ? [text.value] : []),
  ];
}

/** Lets the person paste a key that is not shown. The box stays open until it holds one. */
function askForKey(title: string, hint: string): Promise<KeyInQuestion | undefined> {
  const box = window.createInputBox();
  box.title = title;
  box.prompt = `${l10n.t('Paste the API key. It is not shown and not kept.')} ${hint}`.trim();
  box.placeholder = l10n.t('omi_dev_… or omi_mcp_…');
  box.password = true;
  // The key is copied from somewhere else; looking there must not close the box.
  box.ignoreFocusOut = true;
  const read = (): string | undefined => findRawKeys(box.value)[0]?.raw;
  const judge = (): void => {
    const isGood = box.value.trim() === '' || read() !== undefined;
    box.validationMessage = isGood ? undefined : { message: notAKey(), severity: errorSeverity };
  };
  return new Promise((resolve) => {
    let raw: string | undefined;
    const listeners = Disposable.from(
      box.onDidChangeValue(judge),
      box.onDidAccept(() => {
        raw = read();
        if (raw === undefined) box.validationMessage = { message: notAKey(), severity: errorSeverity };
        else box.hide();
      }),
      box.onDidHide(() => {
        listeners.dispose();
        box.dispose();
        resolve(raw === undefined ? undefined : { raw, seen: seenKeyOf(raw), at: undefined });
      }),
    );
    box.show();
  });
}

const errorSeverity = InputBoxValidationSeverity.Error;

const notAKey = (): string =>
  l10n.t(
    'This is no Omi API key. A key is omi_dev_ or omi_mcp_, and 32 digits from 0 to 9 and a to f after it.',
  );
