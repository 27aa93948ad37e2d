import { access, lstat, realpath } from 'node:fs/promises';
import { dirname, join, relative, isAbsolute, sep } from 'node:path';
import { runGit, type GitAnswer } from './git';

/** A work tree after Git has looked through it. Paths are relative to the directory that was asked about. */
export interface SearchedWorkTree {
  readonly kind: 'searched';
  /** How many files Git has read and found nothing in. */
  readonly cleared: number;
  /** Files that Git did not clear: it found something, or could not read them; and whether they are tracked. */
  readonly doubtful: ReadonlyMap<string, 'tracked' | 'other'>;
  /** Where other repositories lie: nested ones, submodules, linked work trees. */
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
const plainAnswers = ['-c', 'grep.fullName=false', '-c', 'grep.threads=0'];

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
  const listed = new Map<string, 'tracked' | 'other'>();
  const nested: string[] = [];
  const takeOther = (name: string): void => {
    if (name.endsWith('/')) nested.push(name.slice(0, -1));
    else listed.set(name, 'other');
  };
  const takeTracked = (line: string): void => {
    const name = line.slice(line.indexOf('\t') + 1);
    // A submodule's mode.
    if (line.startsWith('160000 ')) nested.push(name);
    else listed.set(name, 'tracked');
  };
  const [hasTracked, hasOthers, cleared] = await Promise.all([
    names(question, ['ls-files', '-z', '--stage'], takeTracked),
    names(question, ['ls-files', '-z', '--others'], takeOther),
    search(question),
  ]);
  if (!hasTracked || !hasOthers || cleared === undefined) return { kind: 'failed' };
  for (const name of cleared) listed.delete(name);
  return { kind: 'searched', cleared: cleared.length, doubtful: listed, nested: [...new Set(nested)] };
}

/** The files without a match; undefined when Git fails with either pattern. */
async function search(question: WorkTreeQuestion): Promise<readonly string[] | undefined> {
  for (const pattern of patterns) {
    const cleared: string[] = [];
    const take = (name: string): void => question.onCleared(cleared.push(name));
    if (await names(question, [...grep, ...pattern], take)) return cleared;
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

/** Whether the path is a file that lies where it seems to: no link, nor reached by way of one. */
export async function isPlainFile(folder: string, path: string): Promise<boolean> {
  const stats = await lstat(join(folder, path));
  if (!stats.isFile()) return false;
  for (let above = dirname(path); above !== '.'; above = dirname(above)) {
    if ((await lstat(join(folder, above))).isSymbolicLink()) return false;
  }
  return true;
}

/** Git starts in the opened folder, so that it is chosen from outside that folder, and goes to the directory itself. */
function inside(directory: string, args: readonly string[]): readonly string[] {
  return [...plainAnswers, ...(directory === '' ? [] : ['-C', `./${directory}`]), ...args];
}

/** Streams names that end in zeros. False when Git did not do it. */
async function names(
  { folder, directory, pathspecs, signal }: WorkTreeQuestion,
  args: readonly string[],
  take: (name: string) => void,
): Promise<boolean> {
  let rest: Buffer = Buffer.alloc(0);
  const onOutput = (piece: Buffer): void => {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const end = bytes.lastIndexOf(0);
    rest = Buffer.from(bytes.subarray(end + 1));
    if (end > 0) bytes.toString('utf8', 0, end).split('\0').forEach(take);
  };
  const answer = await runGit(folder, inside(directory, [...args, '--', '.', ...pathspecs]), signal, {
    onOutput,
  });
  return hasWorked(answer);
}

/** 1 is `git grep` without anything to name. */
function hasWorked(answer: GitAnswer): boolean {
  return answer.kind === 'answered' && answer.code <= 1;
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
