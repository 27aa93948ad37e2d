import { Range, Uri, workspace, WorkspaceEdit, type TextDocument } from 'vscode';
import { applyChanges, planVariable, type TextChange } from '../../keys/envFile';
import { referenceFor, type Reference } from '../../leaks/references';
import { findsIn, rawKeyAt, type Find } from '../../leaks/seenKey';
import { fileOfDocument } from './watchedText';

/** Which variable of a `.env` file holds a key, or is to hold it. */
export interface EnvironmentVariable {
  readonly name: string;
  /** Whether it has this value already. */
  readonly isThere: boolean;
}

/** How a document reads a key from the environment. */
export interface ReferencePlan {
  /** The text that the plan was made for. */
  readonly version: number;
  readonly changes: readonly TextChange[];
  /** How many places are replaced, and in how many the same key is left. */
  readonly replaced: number;
  readonly left: number;
  /** What reads the key from now on: `process.env.OMI_API_KEY`. */
  readonly reads: string;
}

/** More places of one text are not looked at: each is planned on the text that the last one left. */
const mostReplaced = 100;

/**
 * The `.env` that belongs to a document: of its workspace folder, else beside it. A text that nobody has saved yet goes
 * with the first folder; undefined where none is open.
 */
export function envFileFor(document: TextDocument): Uri | undefined {
  const file = fileOfDocument(document);
  const folder = file ? workspace.getWorkspaceFolder(file) : workspace.workspaceFolders?.[0];
  if (folder) return Uri.joinPath(folder.uri, '.env');
  return file && Uri.joinPath(file, '..', '.env');
}

/** Finds the variable for a key in the text of a `.env`: one with another value is left alone, and `NAME_2` is next. */
export function variableIn(text: string, usualName: string, raw: string): EnvironmentVariable {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? usualName : `${usualName}_${String(number)}`;
    const { existing, changes } = planVariable(text, name, raw);
    const values = existing === 0 ? [] : changes.map(({ start, end }) => text.slice(start, end));
    if (values.length > 0 && values.every((value) => value === raw)) return { name, isThere: true };
    if (values.every((value) => value === '')) return { name, isThere: false };
  }
}

/**
 * Plans how a key is replaced wherever it stands in a document and a reference is known for the place.
 *
 * @returns undefined when none is known for the place that was asked about.
 */
export function planReferences(
  document: TextDocument,
  find: Find,
  variable: string,
): ReferencePlan | undefined {
  const { languageId, uri, version } = document;
  const before = document.getText();
  const planFor = (text: string, place: Find): Reference | undefined =>
    referenceFor(text, place, languageId, uri.path, variable);
  const first = rawKeyAt(before, find) === undefined ? undefined : planFor(before, find);
  if (!first) return undefined;
  const places = (text: string): readonly Find[] =>
    findsIn(text).filter((one) => one.key.fingerprint === find.key.fingerprint);
  let [text, replaced, left] = [before, 0, 0];
  for (let rest = places(text); replaced + left < mostReplaced; rest = places(text)) {
    const next = rest[left];
    if (!next) break;
    const reference = planFor(text, next);
    const after = reference && applyChanges(text, reference.changes);
    if (after !== undefined && places(after).length < rest.length) [text, replaced] = [after, replaced + 1];
    else left += 1;
  }
  const changes = replaced === 1 && applyChanges(before, first.changes) === text ? first.changes : undefined;
  return {
    ...{ version, replaced, reads: first.reads },
    left: places(text).length,
    changes: changes ?? [changeBetween(before, text)],
  };
}

/** Changes a document as one edit that can be undone, if it still is what the plan was made for. */
export async function applyPlan(
  document: TextDocument,
  { version, changes }: Pick<ReferencePlan, 'version' | 'changes'>,
): Promise<boolean> {
  if (document.isClosed || document.version !== version) return false;
  const edit = new WorkspaceEdit();
  for (const { start, end, text } of changes) {
    const range = new Range(document.positionAt(start), document.positionAt(end));
    edit.replace(document.uri, range, text);
  }
  return workspace.applyEdit(edit);
}

/** The one stretch in which two texts differ. */
export function changeBetween(before: string, after: string): TextChange {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let tail = 0;
  while (tail < shorter - start && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return { start, end: before.length - tail, text: after.slice(start, after.length - tail) };
}
