// A scan of 100,000 files beside ripgrep, one of their history beside Git, and what looking at an edited document costs.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { buildSieveWorker } from '../scripts/buildWorker';
import { scanFolder } from '../src/leaks/scanTree';
import { findsIn } from '../src/leaks/seenKey';
import { searchByExtension, searchByGit } from './history';
import { expectAtMost, printComparisons, type Comparison } from './table';

const run = promisify(execFile);
const directories = 1_000;
const filesEach = 100;
/** One file of so many holds a key. */
const filesPerKey = 5_000;
/** The files are committed in so many portions. */
const commits = 20;
const rounds = 5;

/** Prints how long the scan of a folder takes with Git and without it, and how long the search of one document. */
export async function scan(): Promise<void> {
  await scanOfFolder();
  costOfAnEdit();
}

async function scanOfFolder(): Promise<void> {
  const ripgrep = await findRipgrep();
  const title = `scan: ${String(directories * filesEach)} files, ${String(keyCount)} keys`;
  if (ripgrep === undefined)
    throw new Error('There is no rg on the search path, nor a VS Code that tests have fetched.');
  const folder = await mkdtemp(join(tmpdir(), 'omi-bench-'));
  try {
    await makeTree(folder);
    const sieveScript = await buildSieveWorker('bench');
    const searched = (git: boolean, what: string): Promise<Comparison> =>
      compare(
        what,
        () => byExtension(folder, git, sieveScript),
        () => byRipgrep(ripgrep, folder),
      );
    const searches = [await searched(true, 'with Git'), await searched(false, 'without Git')];
    printComparisons(title, 'rg', searches);
    const history = await compare(
      `${String(commits)} commits`,
      async () => expectKeys(await searchByExtension(folder), keyCount),
      // One of the keys is in each commit.
      async () => expectKeys(await searchByGit(folder), commits),
    );
    printComparisons('history: the same files', 'git log -G', [history]);
    expectAtMost(2, [...searches, history]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const keyCount = (directories * filesEach) / filesPerKey;

function expectKeys(found: number, expected: number): void {
  if (found !== expected) throw new Error(`${String(found)} were found instead of ${String(expected)}.`);
}

/** Rounds in which both take turns; the first of each warms up and is not counted. */
async function compare(
  what: string,
  us: () => Promise<void>,
  them: () => Promise<void>,
): Promise<Comparison> {
  const ours: number[] = [];
  const base: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    // Who begins changes from round to round.
    const turns = [async () => ours.push(await timed(us)), async () => base.push(await timed(them))];
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
  }
  return { what, ours: ours.slice(1), base: base.slice(1) };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function byExtension(folder: string, git: boolean, sieveScript: string): Promise<void> {
  const found = await scanFolder(folder, git, {
    signal: new AbortController().signal,
    exclude: [],
    sieveScript,
  });
  const isRight = found.files.length === keyCount && found.looked === directories * filesEach;
  if (!isRight || found.by !== (git ? 'git' : 'walk'))
    throw new Error('The scan did not find what is there.');
}

/** Reads what the scan reads: ignored, hidden and binary files, too. */
async function byRipgrep(ripgrep: string, folder: string): Promise<void> {
  const options = ['-uuu', '--files-with-matches', '--glob', '!.git'];
  const { stdout } = await run(ripgrep, [...options, 'omi_(dev|mcp)_[0-9a-f]{32}', folder]);
  if (stdout.trim().split('\n').length !== keyCount) throw new Error('rg did not find what is there.');
}

/** The one on the search path, else that of a VS Code which tests have fetched. */
async function findRipgrep(): Promise<string | undefined> {
  const places = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  for (const place of places) {
    if (await isThere(join(place, 'rg'))) return join(place, 'rg');
  }
  const hosts = join(import.meta.dirname, '../.cache/hosts');
  const files = await readdir(hosts, { recursive: true }).catch(() => []);
  // VS Code brings one, or one for each system and processor.
  const own = `${process.platform}-${process.arch}`;
  const found = files.find((file) => file.endsWith('ripgrep/bin/rg') || file.endsWith(`bin/${own}/rg`));
  return found === undefined ? undefined : join(hosts, found);
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** A repository with files of a few hundred bytes to a few thousand, all committed. */
async function makeTree(folder: string): Promise<void> {
  for (let directory = 0; directory < directories; directory += 1) {
    const part = Math.floor((directory * commits) / directories);
    const place = join(folder, `part${String(part)}`, `of${String(directory)}`);
    await mkdir(place, { recursive: true });
    const numbers = Array.from({ length: filesEach }, (_, file) => directory * filesEach + file);
    await Promise.all(
      numbers.map((number) => writeFile(join(place, `file${String(number)}.ts`), fileText(number))),
    );
  }
  const settings = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false'];
  const git = (...args: readonly string[]): Promise<unknown> =>
    run('git', [...settings, ...args], { cwd: folder });
  await git('init');
  for (let part = 0; part < commits; part += 1) {
    await git('add', `part${String(part)}`);
    await git('commit', '--quiet', '-m', `Part ${String(part)}`);
  }
}

function fileText(number: number): string {
  const body = codeOf(300 + ((number * 37) % 3_500));
  return number % filesPerKey === 0 ? `${body}const key = '${newKey()}';\n` : body;
}

/** Code-like text of about so many characters. */
function codeOf(length: number): string {
  const line = "export const omission = await promise.then((value) => value ?? 'none');\n";
  return line.repeat(Math.ceil(length / line.length));
}

function newKey(): string {
  return `omi_dev_${randomBytes(16).toString('hex')}`;
}

/** Enough documents that the clock can tell; a new text each time, as after an edit. */
const edits = 200;

/** Looks through documents of 100 KB, which VS Code keeps in lines, beside a plain search for how keys begin. */
function costOfAnEdit(): void {
  const plain = Array.from({ length: edits }, (_, edit) => `${codeOf(100_000)}${String(edit)}`);
  const withKeys = plain.map((text) => text + Array.from({ length: 10 }, () => `${newKey()}\n`).join(''));
  const rows = [costOf('without keys', plain), costOf('with 10 keys', withKeys)];
  printComparisons('edit: a look at a document of 100 KB', 'indexOf', rows);
}

function costOf(what: string, texts: readonly string[]): Comparison {
  const documents = texts.map((text) => text.split('\n'));
  const ours: number[] = [];
  const base: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    ours.push(timeOf(() => documents.forEach((lines) => findsIn(lines.join('\n')))));
    base.push(timeOf(() => documents.forEach((lines) => lines.join('\n').indexOf('omi_'))));
  }
  return { what, ours: ours.slice(1), base: base.slice(1) };
}

/** Milliseconds for one document. */
function timeOf(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / edits;
}
