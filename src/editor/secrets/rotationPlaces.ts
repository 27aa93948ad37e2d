import { l10n, QuickPickItemKind, window, workspace, type QuickPickItem } from 'vscode';
import { displayPrefix, matchesRawKey } from '../../keys/key';
import type { Rotation } from '../../keys/rotation';
import { maskRawKey } from '../../omi/rawKey';
import type { Log } from '../log';
import { placesInWords } from '../rotationReport';
import { withoutIcons } from '../words';
import { leftOutInWords } from './leftOutWords';
import { findOccurrences, replaceOccurrences, type Found, type Occurrence, type Search } from './occurrences';
import type { PlaceWay } from './placeSecret';

/** Finds both keys of a rotation in the workspace: the old one by its prefix, the new one by its secret. */
export function findPlaces(
  { old, fresh }: Rotation,
  secret: string,
  { signal, log }: Pick<Search, 'signal' | 'log'>,
): Promise<Found> {
  const prefixes = [old.prefix, ...(fresh ? [fresh.prefix] : [])];
  return findOccurrences({
    folders: (workspace.workspaceFolders ?? []).map(({ uri }) => uri),
    beginnings: prefixes.map((prefix) => prefix.slice(0, 'omi_dev_1a2b'.length)),
    isWanted: (raw) => raw === secret || matchesRawKey(old, raw),
    ...{ signal, log },
  });
}

/**
 * The way into the texts that hold the old key, if there are any. Those that hold the new one already, because VS Code
 * ended right after they were changed, count as places.
 *
 * @param failed takes the places that could not be changed.
 */
export function waysInWorkspace(
  { old, fresh }: Rotation,
  { occurrences: found, leftOut }: Found,
  failed: string[],
  log: Log,
): readonly PlaceWay[] {
  const stale = found.filter(({ raw }) => matchesRawKey(old, raw));
  const done = found.filter((one) => !stale.includes(one));
  if (found.length === 0 || !fresh) return [];
  const put = async (secret: string): Promise<readonly string[] | undefined> => {
    const title = l10n.t('Replace {0} with {1}', displayPrefix(old), displayPrefix(fresh));
    const chosen = stale.length > 0 ? await reviewPlaces(stale, title) : [];
    if (!chosen || chosen.length + done.length === 0) return undefined;
    const lost = await replaceOccurrences(chosen, secret, log);
    failed.splice(0, Infinity, ...lost.map(({ label }) => label));
    return lost.length > 0 ? undefined : [...done, ...chosen].map(placeName);
  };
  return [
    {
      label:
        stale.length > 0 ? l10n.t('Replace in This Workspace') : l10n.t('Keep Where It Is in This Workspace'),
      detail: [placesInWords((stale.length > 0 ? stale : done).map(placeName)), leftOutInWords(leftOut)]
        .filter(Boolean)
        .join('. '),
      put,
    },
  ];
}

const placeName = ({ label, isUnsaved }: Occurrence): string =>
  isUnsaved ? l10n.t('{0} (not saved)', label) : label;

/**
 * Shows all places before they are changed. VS Code's own preview would show the secret. All are ticked, unless several
 * keys share the prefix: which of them is the old one, only the person can tell.
 */
async function reviewPlaces(
  places: readonly Occurrence[],
  title: string,
): Promise<readonly Occurrence[] | undefined> {
  const keys = [...new Set(places.map(({ raw }) => raw))];
  const items = keys.flatMap((raw, index): (QuickPickItem & { readonly place?: Occurrence })[] => [
    ...(keys.length > 1
      ? [
          {
            label: l10n.t('{0}, key {1} of {2}', maskRawKey(raw), index + 1, keys.length),
            kind: QuickPickItemKind.Separator,
          },
        ]
      : []),
    ...places
      .filter((one) => one.raw === raw)
      .map((one) => ({
        label: withoutIcons(placeName(one)),
        description: withoutIcons(one.line),
        picked: keys.length === 1,
        place: one,
      })),
  ]);
  const placeHolder =
    keys.length > 1
      ? l10n.t('{0} different keys have this prefix: tick the places of the old one', keys.length)
      : l10n.t('Tick the places, then press Enter');
  const chosen = await window.showQuickPick(items, {
    title,
    placeHolder,
    canPickMany: true,
    ignoreFocusOut: true,
  });
  return chosen?.flatMap((item) => (item.place ? [item.place] : []));
}
