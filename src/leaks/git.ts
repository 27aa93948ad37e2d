import { spawn, type ChildProcess, type SpawnOptionsWithoutStdio } from 'node:child_process';
import { access, constants, realpath, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { holdsRawKey } from '../omi/rawKey';

/** What Git said: its exit code and output. `missing` = there is no Git that may be run. */
export type GitAnswer =
  | { readonly kind: 'answered'; readonly code: number; readonly output: string }
  | { readonly kind: 'missing' };

/**
 * Switches off whatever a repository's configuration could use to run programs or to ask questions: file-system
 * monitors, hooks, external diffs, text converters, pagers, prompts; and the locks that would disturb other tools.
 */
const harmless: readonly string[] = [
  ...['--no-optional-locks', '--no-pager'],
  ...['-c', 'core.fsmonitor=false'],
  ...['-c', 'core.hooksPath=/dev/null'],
  ...['-c', 'diff.external='],
  ...['-c', 'core.askPass='],
  ...['-c', 'credential.helper='],
  ...['-c', 'log.showSignature=false'],
  ...['-c', 'core.pager=cat'],
];

/**
 * Variables that would take Git to another repository than the folder's, as a hook hands them to the editor it opens.
 */
const leadingElsewhere: ReadonlySet<string> = new Set([
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_CONFIG',
  'GIT_DIR',
  'GIT_INDEX_FILE',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
]);

/** How a question to Git is put, beside its arguments. */
export interface GitQuestion {
  /** Folders, beside the one that Git runs in, that may bring a `git` of their own: that is never run. */
  readonly untrusted?: readonly string[] | undefined;
  /** Written to Git's standard input: the way for whatever must not stand among process arguments. */
  readonly input?: string;
  /** Takes the output piece by piece; the answer has none then, and its size is not limited. */
  readonly onOutput?: (piece: Buffer) => void;
  /** Takes what Git has to complain about, piece by piece; left out: nobody hears of it. */
  readonly onComplaint?: (piece: Buffer) => void;
}

/** Output longer than this is not taken: the answer counts as missing; in bytes. */
const largestOutput = 64 * 1024 * 1024;

/** Runs Git in a folder; never through a shell, never a `git` that lies in that folder. Never rejects. */
export async function runGit(
  folder: string,
  args: readonly string[],
  signal: AbortSignal,
  { input, onOutput, onComplaint, untrusted = [] }: GitQuestion = {},
): Promise<GitAnswer> {
  const git = await findGit([folder, ...untrusted]);
  if (git === undefined) return { kind: 'missing' };
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !leadingElsewhere.has(name))),
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    // A partial clone fetches what it lacks through a program that its configuration names.
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_NO_LAZY_FETCH: '1',
    LC_ALL: 'C',
  };
  return new Promise((settle) => {
    const child = start(git, [...harmless, ...args], { cwd: folder, env, signal, windowsHide: true });
    child?.once('error', () => settle({ kind: 'missing' }));
    // Without a file descriptor to spare it has no pipes, and tells why a moment later.
    if (!child?.stdout || !child.stderr || !child.stdin) {
      settle({ kind: 'missing' });
      return;
    }
    const pieces: Buffer[] = [];
    let length = 0;
    const take = (piece: Buffer): void => {
      length += piece.length;
      if (length <= largestOutput) pieces.push(piece);
      else child.kill();
    };
    child.stdout.on('data', onOutput ?? take);
    // Unread, it would block Git.
    if (onComplaint) child.stderr.on('data', onComplaint);
    else child.stderr.resume();
    child.once('close', (code) => {
      const output = Buffer.concat(pieces).toString('utf8');
      settle(
        code === null || length > largestOutput ? { kind: 'missing' } : { kind: 'answered', code, output },
      );
    });
    // Git may end before it has read everything.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
}

/** {@link runGit} for one folder and one signal. */
export type AskGit = (args: readonly string[], question?: GitQuestion) => Promise<GitAnswer>;

/** @param untrusted see {@link GitQuestion}. */
export function gitIn(folder: string, signal: AbortSignal, untrusted?: readonly string[]): AskGit {
  return (args, question) => runGit(folder, args, signal, { ...question, untrusted });
}

/** Undefined where it cannot even be tried, as in a folder that has become a file. */
function start(
  program: string,
  args: readonly string[],
  options: SpawnOptionsWithoutStdio,
): ChildProcess | undefined {
  try {
    return spawn(program, args, options);
  } catch {
    return undefined;
  }
}

/** How Git sees a file: `outside` any repository, or Git cannot be asked. */
export type FileStanding = 'tracked' | 'ignored' | 'untracked' | 'outside';

/**
 * Asks Git whether it would publish a file. `path` may not exist yet.
 *
 * @param untrusted see {@link GitQuestion}.
 */
export async function standingOf(
  folder: string,
  path: string,
  signal: AbortSignal,
  untrusted: readonly string[] = [],
): Promise<FileStanding> {
  const ask = gitIn(folder, signal, untrusted);
  // A name is no pattern: `*.env` is one file, and a colon at the start is a colon.
  const name = isAbsolute(path) ? path : `./${path}`;
  const isTracked = holdsRawKey(path) ? await isListed(ask, folder, path) : await isMatched(ask, name);
  if (isTracked !== false) return isTracked ? 'tracked' : 'outside';
  const ignored = await ask(['check-ignore', '--quiet', '-z', '--stdin'], { input: name });
  if (ignored.kind === 'missing' || ignored.code > 1) return 'outside';
  return ignored.code === 0 ? 'ignored' : 'untracked';
}

/** Whether Git tracks a file; undefined when it cannot tell. */
async function isMatched(ask: AskGit, name: string): Promise<boolean | undefined> {
  const tracked = await ask(['--literal-pathspecs', 'ls-files', '--error-unmatch', '--', name]);
  return tracked.kind === 'missing' || tracked.code === 128 ? undefined : tracked.code === 0;
}

/** The same for a file whose name holds a key, which must not stand among the arguments of a process. */
async function isListed(ask: AskGit, folder: string, path: string): Promise<boolean | undefined> {
  const wanted = relative(folder, resolve(folder, path)).split(sep).join('/');
  return (await trackedOf(ask, new Set([wanted])))?.has(wanted);
}

/**
 * Which of some files Git tracks; undefined when it cannot tell. All names are read, since one among the arguments could
 * hold a key.
 *
 * @param names as seen from the folder in which Git is asked, below it, with `/`.
 */
export async function trackedOf(
  ask: AskGit,
  names: ReadonlySet<string>,
): Promise<ReadonlySet<string> | undefined> {
  const tracked = new Set<string>();
  const onOutput = splitAt('\0', (name) => names.has(name) && tracked.add(name));
  const answer = await ask(['ls-files', '-z'], { onOutput });
  return answer.kind === 'answered' && answer.code === 0 ? tracked : undefined;
}

/** Cuts output into what stands before each `end`; what comes behind the last is not handed out. */
export function splitAt(end: string, take: (part: string) => void): (piece: Buffer) => void {
  let rest = '';
  const decoder = new TextDecoder();
  return (piece) => {
    const parts = (rest + decoder.decode(piece, { stream: true })).split(end);
    rest = parts.pop() ?? '';
    for (const part of parts) take(part);
  };
}

/**
 * Whether Git says that a folder is in no repository; false also where it cannot be asked or fails.
 *
 * @param untrusted see {@link GitQuestion}.
 */
export async function isInNoRepository(
  folder: string,
  signal: AbortSignal,
  untrusted: readonly string[] = [],
): Promise<boolean> {
  const complaints: Buffer[] = [];
  const onComplaint = (piece: Buffer): void => void complaints.push(piece);
  const answer = await runGit(folder, ['rev-parse', '--git-dir'], signal, { onComplaint, untrusted });
  const said = Buffer.concat(complaints).toString('utf8');
  // Git has one code for all that it cannot do; only these words say that there is nothing.
  return answer.kind === 'answered' && answer.code === 128 && /^fatal: not a git repository/m.test(said);
}

/**
 * The first Git on the search path, by absolute address; none that lies in one of the folders, also by way of a link, so
 * that a program of that name in a folder is never run.
 */
async function findGit(folders: readonly string[]): Promise<string | undefined> {
  const names = process.platform === 'win32' ? ['git.exe'] : ['git'];
  const places = (process.env['PATH'] ?? '').split(delimiter).filter((place) => isAbsolute(place));
  const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
  const isUntrusted = (path: string): boolean => [...folders, ...roots].some((root) => isInside(root, path));
  for (const place of places) {
    for (const name of names) {
      const candidate = join(place, name);
      if (isUntrusted(candidate)) continue;
      const program = await programAt(candidate);
      if (program !== undefined && !isUntrusted(program)) return candidate;
    }
  }
  return undefined;
}

/** Where an executable file really lies; undefined when there is none. */
async function programAt(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile() ? await realpath(path) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a path is that of a folder, or of something in it. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
