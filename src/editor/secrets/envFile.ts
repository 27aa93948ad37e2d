import { FileType, l10n, Uri, window, workspace, type WorkspaceFolder } from 'vscode';
import { isVariableName, planVariable } from '../../keys/envFile';
import type { FileStanding } from '../../leaks/git';
import type { Log } from '../log';
import { askText, type TextRemark } from '../steps';
import { asPlainText, withoutIcons } from '../words';
import { gitStanding, offerToIgnore } from './gitStanding';
import { placeName, trackedNote, unsavedNote, type Placed, type Placing } from './placing';
import { changeText, openText } from './textFile';

const usualName = 'OMI_API_KEY';

/** Gives a variable of a `.env` file a secret as its value: asks which file and which name, and before it replaces. */
export async function writeToEnv(secret: string, title: string, log: Log): Promise<Placing> {
  const uri = await pickFile(title, log);
  const answer =
    uri && (await askText({ title }, { prompt: l10n.t('Name of the variable'), value: usualName, remark }));
  if (!answer) return undefined;
  const name = answer.value.trim();
  const opened = await openText(uri);
  if (!opened.ok) return failed(uri, opened.failure);
  const { existing } = planVariable(opened.value?.getText() ?? '', name, secret);
  if (existing > 0 && !(await confirmReplacing(uri, name, existing))) return undefined;
  const changed = await changeText(uri, (text) => planVariable(text, name, secret).changes);
  if (!changed.ok) return failed(uri, changed.failure);
  const place = `${placeName(uri)} (${name})`;
  const unsaved = changed.value === 'unsaved' ? unsavedNote() : '';
  return { kind: 'placed', place, ...wordsFor(await gitStanding(uri), uri, unsaved) };
}

function wordsFor(standing: FileStanding, uri: Uri, unsaved: string): Omit<Placed, 'kind' | 'place'> {
  const note = (danger: string): string => [unsaved, danger].filter(Boolean).join(' ');
  if (standing === 'tracked') return { note: note(trackedNote(uri)), isRisky: true };
  if (standing !== 'untracked') return { note: unsaved };
  const danger = l10n.t('Git does not ignore this file.');
  return { note: note(danger), isRisky: true, offer: offerToIgnore(uri) };
}

function failed(uri: Uri, why: string): Placing {
  return {
    kind: 'failed',
    message: l10n.t('{0} could not be written. {1}', placeName(uri), asPlainText(why)),
  };
}

function remark(text: string): TextRemark | undefined {
  return isVariableName(text.trim())
    ? undefined
    : {
        severity: 'error',
        message: l10n.t('A name has letters, digits and _ alone, and does not begin with a digit.'),
      };
}

async function confirmReplacing(uri: Uri, name: string, count: number): Promise<boolean> {
  const replace = l10n.t('Replace');
  const message = l10n.t('Replace {0} in {1}?', name, placeName(uri));
  const detail =
    count === 1
      ? l10n.t('It has a value already, which Undo brings back.')
      : l10n.t('It stands there {0} times. All get the new value; Undo brings the old ones back.', count);
  return (await window.showWarningMessage(message, { modal: true, detail }, replace)) === replace;
}

/** Asks which file, when there is a choice: `.env` at the root of each folder, and what else is there of that kind. */
async function pickFile(title: string, log: Log): Promise<Uri | undefined> {
  const folders = workspace.workspaceFolders ?? [];
  const names = await Promise.all(folders.map((folder) => envNames(folder, log)));
  const items = folders.flatMap(({ uri, name }, index) =>
    (names[index] ?? []).map((file) => ({
      label: withoutIcons(file),
      description: folders.length > 1 ? withoutIcons(name) : '',
      uri: Uri.joinPath(uri, file),
    })),
  );
  if (items.length < 2) return items[0]?.uri;
  const placeHolder = l10n.t('Choose a file');
  return (await window.showQuickPick(items, { title, placeHolder, ignoreFocusOut: true }))?.uri;
}

async function envNames({ uri }: WorkspaceFolder, log: Log): Promise<readonly string[]> {
  try {
    const entries = await workspace.fs.readDirectory(uri);
    // Files of examples are meant to be published.
    const others = entries.filter(
      ([name, type]) =>
        type & FileType.File && /^\.env\../.test(name) && !/\.(example|sample|template|dist)$/.test(name),
    );
    return ['.env', ...others.map(([name]) => name).sort()];
  } catch (error) {
    log.warn(`The folder could not be read: ${String(error)}`);
    return ['.env'];
  }
}
