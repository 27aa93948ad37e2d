import { l10n, Range, Uri, window, workspace, WorkspaceEdit, type TextDocument } from 'vscode';
import { applyChanges } from '../../keys/envFile';
import type { IncidentPlace } from '../../leaks/incidentNote';
import { referenceFor, variableFor } from '../../leaks/references';
import { findsIn, maskedKey, type Find, type SeenKey } from '../../leaks/seenKey';
import type { Log } from '../log';
import { notify } from '../notify';
import type { Parts } from '../parts';
import { placesInWords } from '../rotationReport';
import { leftOutInWords, mayHide, wordsForNowhere } from '../secrets/leftOutWords';
import { findOccurrences, grouped, type Found, type LeftOut, type Occurrence } from '../secrets/occurrences';
import { withoutIcons } from '../words';
import { changeBetween } from './environmentReference';
import { pathOf } from './incident';
import type { KeyInQuestion } from './keyInQuestion';
import { working } from './working';

/** A place of a leaked key in a text. */
interface LeakPlace {
  readonly occurrence: Occurrence;
  readonly at: IncidentPlace;
  /** What would read the key from now on; undefined where no reference is known to be right. */
  readonly reads: string | undefined;
}

/** Where a leaked key was replaced, and where it was left. */
export interface Replacement {
  readonly replaced: readonly IncidentPlace[];
  readonly all: readonly IncidentPlace[];
  /** Whether everything was looked into. */
  readonly isWhole: boolean;
  /** Whether places were left, because no reference is known to be right there. */
  readonly needsHand: boolean;
  /** What to tell. */
  readonly level: 'info' | 'warn';
  readonly message: string;
}

/**
 * Puts references to the environment in the places of a leaked key, as one edit that can be undone: finds them in the
 * workspace, lets the person review them, and changes those that are ticked. Places where no reference is known to be
 * right are left, and named.
 *
 * @returns undefined when the person gave up, or when nothing was found, which has been told.
 */
export async function replaceLeak(
  parts: Parts,
  { raw, seen, at }: KeyInQuestion,
): Promise<Replacement | undefined> {
  const search = l10n.t('Looking for the leaked key in this workspace …');
  const found = await working(parts, search, (signal) =>
    findOccurrences({
      folders: (workspace.workspaceFolders ?? []).map(({ uri }) => uri),
      beginnings: [raw.slice(0, 'omi_dev_1a2b'.length)],
      isWanted: (one) => one === raw,
      also: placesKnown(parts, seen, at?.address),
      ...{ signal, log: parts.log },
    }),
  );
  const { occurrences, leftOut } = found;
  if (!found.isWhole || occurrences.length === 0) {
    await notify({ ...wordsForNothing(found, seen), actions: [] });
    return undefined;
  }
  const places = await planPlaces(occurrences, seen, parts.log);
  const fit = places.filter(({ reads }) => reads !== undefined);
  const chosen = fit.length > 0 ? await review(fit, seen) : [];
  if (!chosen) return undefined;
  const lost = await replace(chosen, seen, parts.log);
  const replaced = chosen.filter((place) => !lost.includes(place));
  return {
    replaced: replaced.map((place) => place.at),
    all: places.map((place) => place.at),
    isWhole: (workspace.workspaceFolders ?? []).length > 0 && !mayHide(leftOut),
    needsHand: fit.length < places.length,
    ...wordsFor(seen, { replaced, lost, left: places.filter((place) => !chosen.includes(place)) }, leftOut),
  };
}

/** Where the key was seen before: that may be in a file that a search passes over. */
function placesKnown({ leaks }: Parts, { fingerprint }: SeenKey, at: string | undefined): readonly Uri[] {
  const found = leaks.book.found.filter(({ find }) => find.key.fingerprint === fingerprint);
  const addresses = new Set([...(at === undefined ? [] : [at]), ...found.map(({ address }) => address)]);
  return [...addresses].map((address) => Uri.parse(address, true));
}

/** Why there is nothing to replace: a cancel says nothing about the texts, nor does a search about what it left out. */
function wordsForNothing({ isWhole, leftOut }: Found, seen: SeenKey): Pick<Replacement, 'level' | 'message'> {
  if (!isWhole) return { level: 'info', message: l10n.t('Cancelled. No file was changed.') };
  const words = wordsForNowhere(maskedKey(seen), leftOut);
  if (words) return { level: 'warn', message: words };
  const nowhere =
    leftOut.length > 0
      ? l10n.t('{0} was found in no text that was looked into.', maskedKey(seen))
      : l10n.t('{0} stands in no text of this workspace any more.', maskedKey(seen));
  return {
    level: mayHide(leftOut) ? 'warn' : 'info',
    message: [nowhere, leftOutInWords(leftOut)].filter(Boolean).join(' '),
  };
}

/** Says of each place what would read the key from now on, every one of its text being replaced. */
async function planPlaces(
  found: readonly Occurrence[],
  seen: SeenKey,
  log: Log,
): Promise<readonly LeakPlace[]> {
  const groups = grouped(found, ({ uri }) => uri.toString());
  const planned = await Promise.all(
    [...groups].map(async ([address, group]) => {
      const document = await openText(address, log);
      const finds = document ? findsOf(document.getText(), seen) : [];
      const plan = document && planText(document, seen, new Set(group.map(({ nth }) => nth)));
      return group.map((occurrence) => ({
        occurrence,
        at: { path: pathOf(address), line: finds[occurrence.nth]?.line ?? 0 },
        reads: plan?.reads.get(occurrence.nth),
      }));
    }),
  );
  return planned.flat();
}

/** More places of one text are left: each is planned on the text that the last one left, which takes its time. */
const mostPlanned = 100;

interface TextPlan {
  /** The whole text afterwards. */
  readonly text: string;
  /** What reads the key from now on, by the number of the place. */
  readonly reads: ReadonlyMap<number, string>;
}

/**
 * Replaces the places of these numbers one after the other, each planned on the text that the last one left. A reference
 * after which the key still stands as often is none.
 */
function planText(document: TextDocument, seen: SeenKey, wanted: ReadonlySet<number>): TextPlan {
  const { languageId, uri } = document;
  let text = document.getText();
  const reads = new Map<number, string>();
  let rest = findsOf(text, seen);
  for (const nth of [...wanted].sort((a, b) => a - b).slice(0, mostPlanned)) {
    const find = rest[nth - reads.size];
    if (!find) continue;
    const reference = referenceFor(text, find, languageId, uri.path, variableFor(seen.family));
    if (!reference) continue;
    const after = applyChanges(text, reference.changes);
    const left = findsOf(after, seen);
    if (left.length !== rest.length - 1) continue;
    [text, rest] = [after, left];
    reads.set(nth, reference.reads);
  }
  return { text, reads };
}

function findsOf(text: string, seen: SeenKey): readonly Find[] {
  return findsIn(text).filter(({ key }) => key.fingerprint === seen.fingerprint);
}

/** Shows all places before they are changed, all ticked. VS Code's own preview would show the key. */
async function review(
  places: readonly LeakPlace[],
  seen: SeenKey,
): Promise<readonly LeakPlace[] | undefined> {
  const items = places.map((place) => ({
    label: withoutIcons(nameOf(place)),
    description: withoutIcons(place.occurrence.line),
    detail: withoutIcons(`→ ${place.reads ?? ''}`),
    picked: true,
    place,
  }));
  const chosen = await window.showQuickPick(items, {
    title: l10n.t('Replace {0} with an Environment Reference', maskedKey(seen)),
    placeHolder: l10n.t('Tick the places, then press Enter'),
    canPickMany: true,
    ignoreFocusOut: true,
  });
  return chosen?.map(({ place }) => place);
}

/**
 * Changes the texts as one edit, and saves those that held no unsaved text. A text in which the key stands at fewer or
 * more places than were reviewed has changed, and is left.
 *
 * @returns the places that still hold the key, or whose file does.
 */
async function replace(chosen: readonly LeakPlace[], seen: SeenKey, log: Log): Promise<readonly LeakPlace[]> {
  const edit = new WorkspaceEdit();
  const groups = grouped(chosen, ({ occurrence }) => occurrence.uri.toString());
  const texts = await Promise.all(
    [...groups].map(async ([address, group]) => {
      const document = await openText(address, log);
      const plan =
        document && planText(document, seen, new Set(group.map(({ occurrence }) => occurrence.nth)));
      const finds = document ? findsOf(document.getText(), seen) : [];
      const isSame = group.every(
        ({ at, reads, occurrence: { nth } }) =>
          finds[nth]?.line === at.line && plan?.reads.get(nth) === reads,
      );
      if (!document || !plan || !isSame) return { group, document: undefined, text: '', wasDirty: false };
      const { start, end, text } = changeBetween(document.getText(), plan.text);
      edit.replace(document.uri, new Range(document.positionAt(start), document.positionAt(end)), text);
      return { group, document, text: plan.text, wasDirty: document.isDirty };
    }),
  );
  await workspace.applyEdit(edit);
  const lost: LeakPlace[] = [];
  for (const { group, document, text, wasDirty } of texts) {
    const isDone = document?.getText() === text && (wasDirty || (await isSaved(document)));
    if (!isDone) lost.push(...group);
  }
  return lost;
}

async function isSaved(document: TextDocument): Promise<boolean> {
  try {
    return !document.isDirty || (await document.save());
  } catch {
    return false;
  }
}

async function openText(address: string, log: Log): Promise<TextDocument | undefined> {
  try {
    return await workspace.openTextDocument(Uri.parse(address, true));
  } catch (error) {
    log.warn(`A text with a key could not be opened: ${String(error)}`);
    return undefined;
  }
}

function wordsFor(
  seen: SeenKey,
  { replaced, lost, left }: Readonly<Record<'replaced' | 'lost' | 'left', readonly LeakPlace[]>>,
  leftOut: readonly LeftOut[],
): Pick<Replacement, 'level' | 'message'> {
  const list = (places: readonly LeakPlace[]): string => placesInWords(places.map(nameOf));
  const sentences = [
    replaced.length > 0
      ? l10n.t(
          'Replaced {0} in {1}. The key is read from the variable {2} now.',
          maskedKey(seen),
          list(replaced),
          variableFor(seen.family),
        )
      : l10n.t('{0} was replaced nowhere.', maskedKey(seen)),
    lost.length > 0 ? l10n.t('Changed meanwhile or not saved, so left as it is: {0}.', list(lost)) : '',
    left.length > 0 ? l10n.t('To be taken out by hand: {0}.', list(left)) : '',
    leftOutInWords(leftOut),
  ];
  return {
    level: lost.length + left.length > 0 || mayHide(leftOut) ? 'warn' : 'info',
    message: sentences.filter(Boolean).join(' '),
  };
}

function nameOf({ occurrence: { label, isUnsaved } }: LeakPlace): string {
  return isUnsaved ? l10n.t('{0} (not saved)', label) : label;
}
