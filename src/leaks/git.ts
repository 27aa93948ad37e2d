import { spawn } from 'node:child_process';
import { access, constants, realpath, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, relative, sep } from 'node:path';

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
  /** Written to Git's standard input: the way for whatever must not stand among process arguments. */
  readonly input?: string;
  /** Takes the output piece by piece; the answer has none then, and its size is not limited. */
  readonly onOutput?: (piece: Buffer) => void;
  /** Takes what Git has to complain about, piece by piece; left out: nobody hears of it. */
  readonly onComplaint?: (piece: Buffer) => void;
}

/** Output longer than this is not taken: the answer counts as missing; in bytes. */
const largestOutput = 64 * 1024 * 1024;

/** Runs Git in a folder; never through a shell, never a `git` that lies in that folder. */
export async function runGit(
  folder: string,
  args: readonly string[],
  signal: AbortSignal,
  { input, onOutput, onComplaint }: GitQuestion = {},
): Promise<GitAnswer> {
  const git = await findGit(folder);
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
  return new Promise((resolve) => {
    const child = spawn(git, [...harmless, ...args], { cwd: folder, env, signal, windowsHide: true });
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
    child.once('error', () => resolve({ kind: 'missing' }));
    child.once('close', (code) => {
      const output = Buffer.concat(pieces).toString('utf8');
      resolve(
        code === null || length > largestOutput ? { kind: 'missing' } : { kind: 'answered', code, output },
      );
    });
    // Git may end before it has read everything.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
}

/** How Git sees a file: `outside` any repository, or Git cannot be asked. */
export type FileStanding = 'tracked' | 'ignored' | 'untracked' | 'outside';

/** Asks Git whether it would publish a file. `path` may not exist yet. */
export async function standingOf(folder: string, path: string, signal: AbortSignal): Promise<FileStanding> {
  // A name is no pattern: `*.env` is one file, and a colon at the start is a colon.
  const name = isAbsolute(path) ? path : `./${path}`;
  const question = ['--literal-pathspecs', 'ls-files', '--error-unmatch', '--', name];
  const tracked = await runGit(folder, question, signal);
  if (tracked.kind === 'missing' || tracked.code === 128) return 'outside';
  if (tracked.code === 0) return 'tracked';
  const ignored = await runGit(folder, ['check-ignore', '--quiet', '--', name], signal);
  if (ignored.kind === 'missing' || ignored.code > 1) return 'outside';
  return ignored.code === 0 ? 'ignored' : 'untracked';
}

/**
 * The first Git on the search path, by absolute address; none that lies in the folder, also by way of a link, so that
 * a program of that name in the folder is never run.
 */
async function findGit(folder: string): Promise<string | undefined> {
  const names = process.platform === 'win32' ? ['git.exe'] : ['git'];
  const places = (process.env['PATH'] ?? '').split(delimiter).filter((place) => isAbsolute(place));
  const root = await realpath(folder).catch(() => folder);
  for (const place of places) {
    for (const name of names) {
      const candidate = join(place, name);
      if (isInside(root, candidate) || isInside(folder, candidate)) continue;
      const program = await programAt(candidate);
      if (program !== undefined && !isInside(root, program)) return candidate;
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

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
