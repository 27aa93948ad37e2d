import { access, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { AskGit } from './git';

/** Files by the root of the repository that they lie in (undefined: in none), with their names from there. */
export async function byRepository(
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

/** Where the history lies that all work trees of a repository share; undefined where Git does not say. */
export async function historyPlace(ask: AskGit): Promise<string | undefined> {
  const answer = await ask(['rev-parse', '--path-format=absolute', '--git-common-dir']);
  return answer.kind === 'answered' && answer.code === 0 ? answer.output.replace(/\r?\n$/, '') : undefined;
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
