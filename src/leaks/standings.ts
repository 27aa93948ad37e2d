import { access, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { runGit, type FileStanding } from './git';
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
  const tracked = await trackedOf(place, new Set(names));
  if (!tracked) return new Map();
  const others = names.filter((name) => !tracked.has(name));
  const ignored = await ignoredOf(place, others);
  return new Map(
    names.map((name) => [name, tracked.has(name) ? 'tracked' : ignored.has(name) ? 'ignored' : 'untracked']),
  );
}

/** Which of some files Git tracks. All names are read, since a name among the arguments could hold a key. */
async function trackedOf(
  { folder, signal, untrusted }: Place,
  names: ReadonlySet<string>,
): Promise<ReadonlySet<string> | undefined> {
  const tracked = new Set<string>();
  const decoder = new TextDecoder();
  let rest = '';
  const onOutput = (piece: Buffer): void => {
    const found = (rest + decoder.decode(piece, { stream: true })).split('\0');
    rest = found.pop() ?? '';
    found.filter((name) => names.has(name)).forEach((name) => tracked.add(name));
  };
  const answer = await runGit(folder, ['ls-files', '-z'], signal, { onOutput, untrusted });
  return answer.kind === 'answered' && answer.code === 0 ? tracked : undefined;
}

/** Files by the root of the repository that they lie in (undefined: in none), with their names from there. */
async function byRepository(
  paths: readonly string[],
): Promise<ReadonlyMap<string | undefined, ReadonlyMap<string, string>>> {
  const folders = new Map<string, string | undefined>();
  const roots = new Map<string, string | undefined>();
  const found = new Map<string | undefined, Map<string, string>>();
  for (const path of paths) {
    const folder = dirname(path);
    // By way of a link, a file may lie in another repository.
    if (!folders.has(folder)) folders.set(folder, await realpath(folder).catch(() => undefined));
    const place = folders.get(folder);
    const root = place === undefined ? undefined : await rootAbove(place, roots);
    const name =
      place === undefined || root === undefined ? path : nameFrom(root, join(place, basename(path)));
    const others = found.get(root);
    if (others) others.set(path, name);
    else found.set(root, new Map([[path, name]]));
  }
  return found;
}

/** As Git names it. */
function nameFrom(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

/** The nearest folder, upwards, with a `.git`; what was found out is remembered. */
async function rootAbove(
  folder: string,
  known: Map<string, string | undefined>,
): Promise<string | undefined> {
  if (known.has(folder)) return known.get(folder);
  const above = dirname(folder);
  const isRoot = await access(join(folder, '.git')).then(
    () => true,
    () => false,
  );
  const root = isRoot ? folder : above === folder ? undefined : await rootAbove(above, known);
  known.set(folder, root);
  return root;
}
