import { Uri } from 'vscode';
import type { Exposure, Judgement, Severity } from '../../leaks/judgement';
import { exposureOf } from '../../leaks/judgement';
import type { FileStanding } from '../../leaks/git';
import type { FoundKey, IgnoredKey } from '../../leaks/leakBook';
import type { HistoryFind } from '../../leaks/scanHistory';
import type { SeenKey } from '../../leaks/seenKey';
import type { Leaks } from './leaks';

/** One key that was found, with all its places and what is to be said of it at the worst of them. */
export interface KeyLeak {
  readonly key: SeenKey;
  /** In the texts of the workspace, the worst first. */
  readonly places: readonly LeakPlace[];
  /** The commits that brought it in, newest first. */
  readonly history: readonly HistoryFind[];
  readonly judgement: Judgement;
}

export interface LeakPlace extends FoundKey {
  /** Which one of the places of this key in this text; from 0. Unlike its line, that outlasts edits above. */
  readonly nth: number;
  /** Of the file alone: the key may have got further out by another one. */
  readonly exposure: Exposure;
}

/** How near a file is to being published, where no commit has the key. */
const standings: readonly FileStanding[] = ['tracked', 'untracked', 'outside', 'ignored'];
const severities: readonly Severity[] = ['error', 'warning', 'information', 'hint'];
const exposures: readonly Exposure[] = ['published', 'committed', 'tracked', 'outside', 'ignored'];

/**
 * Every key that was found and is not ignored, each once, the worst first. Goes through all finds: asked for once for a
 * drawing, not once for each row.
 */
export function keyLeaks(leaks: Leaks): readonly KeyLeak[] {
  const { book } = leaks;
  const found = new Map<string, FoundKey[]>();
  for (const place of book.found) {
    const { fingerprint } = place.find.key;
    const others = found.get(fingerprint);
    if (others) others.push(place);
    else found.set(fingerprint, [place]);
  }
  const { ignored } = book;
  return book.keys
    .filter(({ fingerprint }) => found.has(fingerprint) || !isIgnored(ignored, book.historyOf(fingerprint)))
    .map((key) => keyLeakOf(leaks, key, found.get(key.fingerprint) ?? []))
    .filter(({ places, history }) => places.length + history.length > 0)
    .sort(byLoudness);
}

/** Whether all commits brought their key into files in which it is ignored: for those it is not brought up again. */
function isIgnored(ignored: readonly IgnoredKey[], history: readonly HistoryFind[]): boolean {
  return history.every(({ key, path }) =>
    ignored.some(
      ({ fingerprint, address }) =>
        fingerprint === key.fingerprint && (address === '' || isFileOf(address, path)),
    ),
  );
}

/** Whether somebody else can read, or soon will, a key that works. */
export function isExposed({ judgement: { exposure, life } }: KeyLeak): boolean {
  return isAlive(life) && ['published', 'committed', 'tracked'].includes(exposure);
}

/** Whether a key that works is in a commit. */
export function isInCommit({ judgement: { exposure, life } }: KeyLeak): boolean {
  return isAlive(life) && (exposure === 'published' || exposure === 'committed');
}

function isAlive(life: Judgement['life']): boolean {
  return life === 'alive' || life === 'otherAccount';
}

function keyLeakOf(leaks: Leaks, key: SeenKey, found: readonly FoundKey[]): KeyLeak {
  const history = leaks.book.historyOf(key.fingerprint);
  const seen = new Map<string, number>();
  const places = found
    .map((place): LeakPlace => {
      const nth = seen.get(place.address) ?? 0;
      seen.set(place.address, nth + 1);
      const ofFile = history.filter(({ path }) => isFileOf(place.address, path));
      return { ...place, nth, exposure: exposureOf(place.standing, ofFile) };
    })
    .sort((a, b) => standings.indexOf(a.standing) - standings.indexOf(b.standing));
  return { key, places, history, judgement: leaks.judgeKey(key, places[0]?.standing ?? 'outside') };
}

/** Whether a text is the file that a commit names, by its path from the root of the repository. */
function isFileOf(address: string, path: string): boolean {
  return path !== '' && `/${Uri.parse(address, true).path}`.endsWith(`/${path}`);
}

/** The worst first; what is alike stays in the order in which it was found. */
function byLoudness({ judgement: a }: KeyLeak, { judgement: b }: KeyLeak): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    exposures.indexOf(a.exposure) - exposures.indexOf(b.exposure)
  );
}
