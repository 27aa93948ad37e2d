import { gitIn, trackedOf, type FileStanding } from './git';
import { byRepository } from './repositories';
import { ignoredOf, type Place } from './workTree';

/**
 * How Git sees files, as `standingOf` tells of one, with two processes for each repository however many there are.
 *
 * @param paths absolute.
 * @param untrusted see `GitQuestion`.
 * @returns by path; without those for which Git could not be asked before the signal.
 */
export async function standingsOf(
  paths: readonly string[],
  signal: AbortSignal,
  untrusted: readonly string[] = [],
): Promise<ReadonlyMap<string, FileStanding>> {
  const standings = new Map<string, FileStanding>();
  for (const [root, places] of await byRepository(paths)) {
    const at = root === undefined ? undefined : { folder: root, untrusted, directory: '', signal };
    const told = at && (await standingsIn(at, [...places.values()]));
    if (signal.aborted) break;
    places.forEach((name, path) => standings.set(path, told?.get(name) ?? 'outside'));
  }
  return standings;
}

/** How Git sees files of one repository, by their names from its root; nothing when Git cannot work with it. */
async function standingsIn(
  place: Place,
  names: readonly string[],
): Promise<ReadonlyMap<string, FileStanding>> {
  const tracked = await trackedOf(gitIn(place.folder, place.signal, place.untrusted), new Set(names));
  if (!tracked) return new Map();
  const others = names.filter((name) => !tracked.has(name));
  const ignored = await ignoredOf(place, others);
  return new Map(
    names.map((name) => [name, tracked.has(name) ? 'tracked' : ignored.has(name) ? 'ignored' : 'untracked']),
  );
}
