import { access, lstat, realpath } from 'node:fs/promises';
import { dirname, join, relative, isAbsolute, sep } from 'node:path';
import { runGit } from './git';

/** A work tree after Git has looked through it. Paths are relative to the directory that was asked about. */
export interface SearchedWorkTree {
  readonly kind: 'searched';
  /** How many files Git has read and found nothing in. */
  readonly cleared: number;
  /** What Git did not clear: it found something, or could not read it, or it is a submodule; and whether it is tracked. */
  readonly doubtful: ReadonlyMap<string, 'tracked' | 'other'>;
  /** Where other repositories lie that are no submodules: nested ones, linked work trees. */
  readonly nested: readonly string[];
}

/** `none` = no repository, or no Git; `failed` = there is one, and Git cannot work with it. */
export type WorkTreeSearch = SearchedWorkTree | { readonly kind: 'none' | 'failed' };

/** Where and how Git is asked. */
export interface WorkTreeQuestion {
  /** The folder that a person has opened: no program in it is run. */
  readonly folder: string;
  /** A directory in it, with `/`; `''` = the folder itself, which may lie deeper in a work tree. */
  readonly directory: string;
  /** Beyond `.`: what need not be read. */
  readonly pathspecs: readonly string[];
  readonly signal: AbortSignal;
  /** Is told how many files Git has cleared so far. */
  readonly onCleared: (cleared: number) => void;
}

/** What a setting of the repository or the person could change about the answers. */
const plainAnswers = ['-c', 'grep.fullName=false', '-c', 'grep.threads=4'];

/**
 * `git grep` reads what lies in the work tree, tracked or not, ignored or not, and no other repository in it. It says
 * which files have no match (`-L`), not which have one: so a file that it could not read is not taken for a clean one.
 * Nothing is left out for being binary (`-a`), nothing goes through a converter.
 */
const grep = [
  ...['grep', '-z', '-L', '-a', '--no-color', '--no-textconv'],
  ...['--untracked', '--no-exclude-standard', '--no-recurse-submodules'],
];

/** How keys begin in UTF-8 and in UTF-16; the second is for a Git without PCRE, where `.` matches no zero. */
const patterns: readonly (readonly string[])[] = [
  ['-P', '-e', String.raw`omi_(dev|mcp)_|o\x00m\x00i\x00_\x00`],
  ['-G', '-e', 'omi_', '-e', 'o[^a]m[^a]i[^a]_'],
];

/** Lets Git look through a work tree for what may hold a key. Never throws; a cancel counts as failed. */
export async function searchWorkTree(question: WorkTreeQuestion): Promise<WorkTreeSearch> {
  if (!(await isWorkTree(question))) return { kind: (await hasRepository(question)) ? 'failed' : 'none' };
  const [tracked, others, clean] = await Promise.all([
    names(question, ['ls-files', '-z']),
    names(question, ['ls-files', '-z', '--others']),
    search(question),
  ]);
  if (!tracked || !others || !clean) return { kind: 'failed' };
  const cleared = new Set(clean);
  const doubtful = new Map<string, 'tracked' | 'other'>();
  const nested: string[] = [];
  for (const name of others) {
    if (name.endsWith('/')) nested.push(name.slice(0, -1));
    else if (!cleared.has(name)) doubtful.set(name, 'other');
  }
  for (const name of tracked) if (!cleared.has(name)) doubtful.set(name, 'tracked');
  return { kind: 'searched', cleared: cleared.size, doubtful, nested };
}

/** The files without a match; undefined when Git fails with either pattern. */
async function search(question: WorkTreeQuestion): Promise<readonly string[] | undefined> {
  for (const pattern of patterns) {
    const clean = await names(question, [...grep, ...pattern], question.onCleared);
    if (clean !== undefined) return clean;
  }
  return undefined;
}

/** Which of some untracked files Git would leave out by a .gitignore; none when it cannot tell. */
export async function ignoredOf(
  { folder, directory, signal }: Pick<WorkTreeQuestion, 'folder' | 'directory' | 'signal'>,
  paths: readonly string[],
): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  // With `./` before it, a colon at the start of a name is a colon.
  const input = paths.map((path) => `./${path}`).join('\0');
  const answer = await runGit(folder, inside(directory, ['check-ignore', '-z', '--stdin']), signal, {
    input,
  });
  const ignored = answer.kind === 'answered' && answer.code === 0 ? answer.output.split('\0') : [];
  return new Set(ignored.map((path) => path.slice('./'.length)));
}

/** What lies at a path: a link, and what is reached by way of one, is `other`. Rejects when there is nothing. */
export async function kindAt(folder: string, path: string): Promise<'file' | 'directory' | 'other'> {
  const stats = await lstat(join(folder, path));
  for (let above = dirname(path); above !== '.'; above = dirname(above)) {
    if ((await lstat(join(folder, above))).isSymbolicLink()) return 'other';
  }
  if (stats.isFile()) return 'file';
  return stats.isDirectory() ? 'directory' : 'other';
}

/** Git starts in the opened folder, so that it is chosen from outside that folder, and goes to the directory itself. */
function inside(directory: string, args: readonly string[]): readonly string[] {
  return [...plainAnswers, ...(directory === '' ? [] : ['-C', `./${directory}`]), ...args];
}

/** Names that Git lists, each ended by a zero. Undefined when Git did not do it. */
async function names(
  { folder, directory, pathspecs, signal }: WorkTreeQuestion,
  args: readonly string[],
  onCount: (count: number) => void = () => undefined,
): Promise<readonly string[] | undefined> {
  const pieces: Buffer[] = [];
  let count = 0;
  const onOutput = (piece: Buffer): void => {
    pieces.push(piece);
    for (const byte of piece) if (byte === 0) count += 1;
    onCount(count);
  };
  const asked = inside(directory, [...args, '--', '.', ...pathspecs]);
  const answer = await runGit(folder, asked, signal, { onOutput });
  // `git grep` says 1 when it has nothing to name.
  const isDone = answer.kind === 'answered' && answer.code <= (args[0] === 'grep' ? 1 : 0);
  return isDone ? Buffer.concat(pieces).toString('utf8').split('\0').slice(0, -1) : undefined;
}

/** Whether the directory is the top of a work tree; for the opened folder, whether it lies in one. */
async function isWorkTree({ folder, directory, signal }: WorkTreeQuestion): Promise<boolean> {
  const answer = await runGit(folder, inside(directory, ['rev-parse', '--show-toplevel']), signal);
  if (answer.kind === 'missing' || answer.code !== 0) return false;
  try {
    // A repository may claim to have its work tree anywhere.
    const top = await realpath(answer.output.replace(/\n$/, ''));
    const way = relative(top, await realpath(join(folder, directory)));
    return (
      way === '' || (directory === '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
    );
  } catch {
    return false;
  }
}

/** Whether there is something that calls itself a repository: in the directory; for the opened folder, or above it. */
async function hasRepository({ folder, directory, signal }: WorkTreeQuestion): Promise<boolean> {
  // Without Git, there is none that matters.
  if ((await runGit(folder, ['--version'], signal)).kind === 'missing') return false;
  let place = join(folder, directory);
  for (;;) {
    if (await exists(join(place, '.git'))) return true;
    const above = dirname(place);
    if (directory !== '' || above === place) return false;
    place = above;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
