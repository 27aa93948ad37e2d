import { access, lstat, realpath } from 'node:fs/promises';
import { dirname, join, relative, isAbsolute, sep } from 'node:path';
import { drain } from './drain';
import { runGit, type GitAnswer, type GitQuestion } from './git';

/** A work tree after Git has looked through it. Paths are relative to the directory that was asked about. */
export interface SearchedWorkTree {
  readonly kind: 'searched';
  /** How many files Git lists there, and found nothing in. */
  readonly cleared: number;
  /** Where Git has found what keys begin with, and whether the file is tracked. */
  readonly matches: ReadonlyMap<string, 'tracked' | 'other'>;
  /** Files and directories that Git could not read. */
  readonly unreadable: readonly string[];
  /** Places that the index keeps for submodules. */
  readonly submodules: readonly string[];
  /** Where other repositories lie that are no submodules: nested ones, linked work trees. */
  readonly nested: readonly string[];
  /** Directories of tracked files with a `.git` in them: where that is a repository, Git has passed over them. */
  readonly hidden: readonly string[];
}

/** `none` = no repository, or no Git; `failed` = there is one, and Git cannot work with it. */
export type WorkTreeSearch = SearchedWorkTree | { readonly kind: 'none' | 'failed' };

/** Where and how Git is asked. */
export interface WorkTreeQuestion {
  /** The folder that a person has opened: no program in it is run, nor in these others. */
  readonly folder: string;
  readonly untrusted: readonly string[];
  /** A directory in it, with `/`; `''` = the folder itself, which may lie deeper in a work tree. */
  readonly directory: string;
  /** Beyond `.`: what need not be read. */
  readonly pathspecs: readonly string[];
  readonly signal: AbortSignal;
  /** Is told how many files Git lists, while it still goes through them. */
  readonly onListed: (files: number) => void;
}

/** What a setting of the repository or the person could change about the answers. */
const plainAnswers = ['-c', 'grep.fullName=false', '-c', 'grep.threads=4'];

/**
 * `git grep` reads what lies in the work tree, tracked or not, ignored or not, and no other repository in it. Nothing is
 * left out for being binary (`-a`), nothing goes through a converter. It names files with a match: to name those without
 * one (`-L`) takes it half as long again, and what it could not read it complains of.
 */
const grep = [
  ...['grep', '-z', '-l', '-a', '--no-color', '--no-textconv'],
  ...['--untracked', '--no-exclude-standard', '--no-recurse-submodules'],
];

/** How keys begin in UTF-8 and in UTF-16; the second is for a Git without PCRE, where `.` matches no zero. */
const patterns: readonly (readonly string[])[] = [
  ['-P', '-e', String.raw`o\x00?m\x00?i\x00?_`],
  ['-G', '-e', 'omi_', '-e', 'o[^a]m[^a]i[^a]_'],
];

/** Lets Git look through a work tree for what may hold a key. Never throws; a cancel counts as failed. */
export async function searchWorkTree(question: WorkTreeQuestion): Promise<WorkTreeSearch> {
  const place = await placeInWorkTree(question);
  if (place === undefined) return { kind: (await hasRepository(question)) ? 'failed' : 'none' };
  const [listed, searched] = await Promise.all([list(question), search(question, place)]);
  if (!listed || !searched) return { kind: 'failed' };
  const { tracked, others, submodules, nested, hidden } = listed;
  const { unreadable } = searched;
  // What lies at the place of a submodule is its own affair.
  const names = searched.names.filter((name) => !isBelowOne(name, submodules));
  const matches = new Map(names.map((name) => [name, tracked.has(name) ? 'tracked' : 'other'] as const));
  const cleared = Math.max(tracked.size + others - matches.size - unreadable.length, 0);
  return { kind: 'searched', cleared, matches, unreadable, submodules, nested, hidden };
}

/** What Git lists. */
interface Listed {
  readonly tracked: ReadonlySet<string>;
  readonly submodules: readonly string[];
  /** How many files are not tracked. */
  readonly others: number;
  readonly nested: readonly string[];
  readonly hidden: readonly string[];
}

/** Undefined when Git fails. */
async function list(question: WorkTreeQuestion): Promise<Listed | undefined> {
  const [entries, untracked] = await Promise.all([
    answer(question, ['ls-files', '-z', '-t', '--stage']),
    answer(question, ['ls-files', '-z', '--others']),
  ]);
  if (!entries || !untracked) return undefined;
  const nested = untracked.names.filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1));
  const others = untracked.names.length - nested.length;
  const { tracked, submodules } = readIndex(entries.names);
  question.onListed(tracked.size + others);
  const hidden = await withRepositories(question, directoriesOf(tracked));
  return { tracked, submodules, others, nested, hidden };
}

/** Reads lines such as `H 100644 <id> 0<tab>path`: files that are to be in the work tree (not `S`), and submodules. */
function readIndex(entries: readonly string[]): Pick<Listed, 'tracked' | 'submodules'> {
  const tracked = new Set<string>();
  const submodules: string[] = [];
  for (const entry of entries) {
    const path = entry.slice(entry.indexOf('\t') + 1);
    if (entry.startsWith('160000', 2)) submodules.push(path);
    else if (entry.startsWith('100', 2) && !entry.startsWith('S')) tracked.add(path);
  }
  return { tracked, submodules: submodules.filter(isPlain) };
}

/** An index can be written by anybody, and lead anywhere; on Windows also by way of a backslash or a drive. */
function isPlain(path: string): boolean {
  if (sep === '\\' && /[\\:]/.test(path)) return false;
  return !path.split('/').some((part) => part === '' || part === '.' || part === '..');
}

function isBelowOne(name: string, places: readonly string[]): boolean {
  return places.some((place) => name.startsWith(`${place}/`));
}

/** The directories that paths lie in, but for the top. */
function directoriesOf(paths: Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const directory = path.slice(0, end);
      if (found.has(directory)) break;
      found.add(directory);
    }
  }
  return found;
}

/** Those of some directories that have a `.git` in them. */
async function withRepositories(
  { folder, directory, signal }: WorkTreeQuestion,
  names: ReadonlySet<string>,
): Promise<readonly string[]> {
  const found: string[] = [];
  await drain([...names].filter(isPlain), signal, async (name) => {
    if (await exists(join(folder, directory, name, '.git'))) found.push(name);
  });
  return found.sort();
}

/** The files with a match, and what Git could not read; undefined when it fails with either pattern. */
async function search(
  question: WorkTreeQuestion,
  place: string,
): Promise<{ readonly names: readonly string[]; readonly unreadable: readonly string[] } | undefined> {
  for (const pattern of patterns) {
    const found = await answer(question, [...grep, ...pattern]);
    const unreadable = found && unreadableIn(found.complaints, place);
    if (unreadable) return { names: found.names, unreadable };
  }
  return undefined;
}

/**
 * The paths in complaints such as `error: failed to stat 'a/b': Permission denied`, which are relative to the top of
 * the work tree; those below a place in it, as seen from there. Undefined when an error is about something else.
 */
function unreadableIn(complaints: string, place: string): readonly string[] | undefined {
  const all = complaints.split(/\n(?=(?:error|warning|fatal|hint): )/);
  const errors = all.filter((one) => /^(error: |fatal: |warning: could not open directory )/.test(one));
  const paths = errors.map((one) => /'([^]*?)\/?'[^']*$/.exec(one)?.[1]);
  if (!paths.every((path) => path !== undefined)) return undefined;
  const start = place === '' ? '' : `${place}/`;
  return paths.filter((path) => path.startsWith(start)).map((path) => path.slice(start.length));
}

/** Which of some untracked files Git would leave out by a .gitignore; none when it cannot tell. */
export async function ignoredOf(place: Place, paths: readonly string[]): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  // With `./` before it, a colon at the start of a name is a colon.
  const input = paths.map((path) => `./${path}`).join('\0');
  const told = await ask(place, ['check-ignore', '-z', '--stdin'], { input });
  const ignored = told.kind === 'answered' && told.code === 0 ? told.output.split('\0') : [];
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

/** Where Git is asked, and for how long. */
export type Place = Pick<WorkTreeQuestion, 'folder' | 'untrusted' | 'directory' | 'signal'>;

/** Asks Git in the directory. */
function ask(
  { folder, untrusted, directory, signal }: Place,
  args: readonly string[],
  question: GitQuestion = {},
): Promise<GitAnswer> {
  const roots = [folder, ...untrusted];
  return runGit(join(folder, directory), [...plainAnswers, ...args], signal, {
    ...question,
    untrusted: roots,
  });
}

/** Names that Git gives, each ended by a zero, and its complaints. Undefined when Git did not do it. */
async function answer(
  question: WorkTreeQuestion,
  args: readonly string[],
): Promise<{ readonly names: readonly string[]; readonly complaints: string } | undefined> {
  const pieces: Buffer[] = [];
  const complaints: Buffer[] = [];
  const told = await ask(question, [...args, '--', '.', ...question.pathspecs], {
    onOutput: (piece) => void pieces.push(piece),
    onComplaint: (piece) => void complaints.push(piece),
  });
  // `git grep` says 1 when it has nothing to name.
  if (told.kind === 'missing' || told.code > (args[0] === 'grep' ? 1 : 0)) return undefined;
  return { names: textOf(pieces).split('\0').slice(0, -1), complaints: textOf(complaints) };
}

function textOf(pieces: readonly Buffer[]): string {
  return Buffer.concat(pieces).toString('utf8');
}

/**
 * Where the directory lies in its work tree, with `/`: at the top (`''`); for the opened folder, also below. Undefined
 * when it is not in one.
 */
async function placeInWorkTree(question: WorkTreeQuestion): Promise<string | undefined> {
  const { folder, directory } = question;
  const told = await ask(question, ['rev-parse', '--show-toplevel']);
  if (told.kind === 'missing' || told.code !== 0) return undefined;
  try {
    // A repository may claim to have its work tree anywhere.
    const top = await realpath(told.output.replace(/\n$/, ''));
    const way = relative(top, await realpath(join(folder, directory)));
    const isBelow = directory === '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
    return way === '' || isBelow ? way.split(sep).join('/') : undefined;
  } catch {
    return undefined;
  }
}

/** Whether there is something that calls itself a repository: in the directory; for the opened folder, or above it. */
async function hasRepository(question: WorkTreeQuestion): Promise<boolean> {
  const { folder, directory } = question;
  // Without Git, there is none that matters.
  if ((await ask(question, ['--version'])).kind === 'missing') return false;
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
