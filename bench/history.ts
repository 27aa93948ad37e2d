// A history searched as the extension does it, and by `git log -G` with the same pattern.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { scanHistory } from '../src/leaks/scanHistory';
import { expectAtMost, printComparisons, type Comparison } from './table';

const run = promisify(execFile);
const fileCount = 3000;
const keyCount = 5;
const pattern = 'omi_(dev|mcp)_[0-9a-f]{32}';

/** Prints how long both take in a small and in a large history, and where there is nothing to be found. */
export async function history(): Promise<void> {
  const rows = [
    await compare({ commits: 5000, keys: keyCount, rounds: 3 }),
    await compare({ commits: 5000, keys: 0, rounds: 3 }),
    await compare({ commits: 10_000, keys: keyCount, rounds: 3 }),
  ];
  printComparisons(`history: every commit of ${String(fileCount)} files, all refs`, 'git log -G', rows);
  expectAtMost(2, rows);
}

interface Size {
  readonly commits: number;
  readonly keys: number;
  readonly rounds: number;
}

/** Rounds in which both take turns; the first of each warms up and is not counted. */
async function compare({ commits, keys, rounds }: Size): Promise<Comparison> {
  const folder = await mkdtemp(join(tmpdir(), 'omi-bench-'));
  try {
    await makeRepository(folder, commits, keys);
    const ours: number[] = [];
    const base: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      // Who begins changes from round to round.
      const turns = [
        async () => ours.push(await timed(keys, () => searchByExtension(folder))),
        async () => base.push(await timed(keys, () => searchByGit(folder))),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
    }
    const what = `${String(commits)} commits, ${String(keys)} keys`;
    return { what, ours: ours.slice(1), base: base.slice(1) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds that a search takes. Throws when it does not give as many commits as there are keys. */
async function timed(keys: number, search: () => Promise<number>): Promise<number> {
  const start = performance.now();
  const found = await search();
  const took = performance.now() - start;
  if (found !== keys) throw new Error(`${String(found)} commits were found instead of ${String(keys)}.`);
  return took;
}

/** How many commits bring a key into a file, as the extension finds it. */
export async function searchByExtension(folder: string): Promise<number> {
  const scan = await scanHistory(folder, { signal: new AbortController().signal });
  return scan.kind === 'scanned' ? scan.finds.length : NaN;
}

/** How many commits change a line with a key, as Git finds it. */
export async function searchByGit(folder: string): Promise<number> {
  const args = ['log', '--all', '--extended-regexp', `-G${pattern}`, '--format=%H'];
  const { stdout } = await run('git', args, { cwd: folder, maxBuffer: 1 << 26 });
  return stdout.split('\n').filter((line) => line !== '').length;
}

/** A bare repository whose commits each change two of its files by a line or two; the first commit makes all of them. */
async function makeRepository(folder: string, commits: number, keys: number): Promise<void> {
  await run('git', ['init', '--quiet', '--bare', folder]);
  const importer = spawn('git', ['fast-import', '--quiet', '--done'], {
    cwd: folder,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => importer.once('close', resolve));
  for (const part of commitStream(commits, keys)) {
    if (!importer.stdin.write(part)) await once(importer.stdin, 'drain');
  }
  importer.stdin.end();
  if ((await ended) !== 0) throw new Error('The repository could not be made.');
}

function* commitStream(commits: number, keys: number): Generator<string> {
  const below = lottery();
  const words = 'the value of a function returns config model open window service data import'.split(' ');
  const word = (): string => `${words[below(words.length)] ?? ''}${String(below(1000))}`;
  const line = (): string => Array.from({ length: 8 }, word).join(' ');
  const files = Array.from({ length: fileCount }, () => Array.from({ length: 60 + below(120) }, line));
  const every = Math.floor(commits / (keys + 1));
  yield 'feature done\n';
  for (let commit = 1; commit <= commits; commit += 1) {
    yield `commit refs/heads/main\nmark :${String(commit)}\n`;
    yield `committer Ada <ada@example.com> ${String(1_600_000_000 + commit * 60)} +0000\ndata 6\nchange\n`;
    if (commit > 1) yield `from :${String(commit - 1)}\n`;
    const first = below(fileCount);
    const two = [first, (first + 1 + below(fileCount - 1)) % fileCount];
    const changed = commit === 1 ? [...files.keys()] : two;
    for (const index of changed) {
      const lines = files[index] ?? [];
      if (commit > 1) lines.splice(keyCount + below(lines.length - keyCount), 1, line(), line());
      const isKeyed = keys > 0 && commit % every === 0 && commit / every <= keys && changed[0] === index;
      // Above what is changed: the other search would report a removal, too.
      if (isKeyed) lines.unshift(`key = omi_dev_${randomBytes(16).toString('hex')}`);
      const text = `${lines.join('\n')}\n`;
      const path = `src/part${String(index % 40)}/module${String(index % 200)}/file${String(index)}.ts`;
      yield `M 100644 inline ${path}\ndata ${String(text.length)}\n${text}\n`;
    }
  }
  yield 'done\n';
}

/** Numbers below a limit that look random, and are the same every time. */
function lottery(): (limit: number) => number {
  let state = 1;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % limit;
  };
}
