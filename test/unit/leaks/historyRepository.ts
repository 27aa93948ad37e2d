import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import { scanHistory, type HistoryFind, type HistoryScan } from '../../../src/leaks/scanHistory';
import { seenKeyOf } from '../../../src/leaks/seenKey';

/** A folder for each test, with a repository in it. The environment has no configuration of the person's. */
export const place = { root: '', repo: '' };

export function withRepositories(): void {
  beforeEach(() => {
    place.root = realpathSync(mkdtempSync(join(tmpdir(), 'omi-history-')));
    place.repo = join(place.root, 'repo');
    mkdirSync(join(place.root, 'home'));
    vi.stubEnv('HOME', join(place.root, 'home'));
    vi.stubEnv('GIT_CONFIG_NOSYSTEM', '1');
    vi.stubEnv('GIT_CEILING_DIRECTORIES', place.root);
    git(place.root, 'init', '--quiet', '--initial-branch=main', 'repo');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(place.root, { recursive: true, force: true });
  });
}

let minute = 0;

/** The person's own Git; every call is a minute later than the one before. Gives its output. */
export function git(folder: string, ...args: string[]): string {
  const date = `${String(1_700_000_000 + 60 * minute++)} +0100`;
  const env = { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false'];
  const allowed = ['-c', 'protocol.file.allow=always', '-c', 'advice.graftFileDeprecated=false'];
  const options = { cwd: folder, encoding: 'utf8', stdio: 'pipe', env } as const;
  return execFileSync('git', [...identity, ...allowed, ...args], options).trimEnd();
}

export function write(path: string, content: string | Buffer): void {
  const full = join(place.repo, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
}

/** Commits everything that is in the repository's folder; gives the commit's id. */
export function commit(message = 'change', folder = place.repo): string {
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '--allow-empty', '-m', message);
  return git(folder, 'rev-parse', 'HEAD');
}

/** Writes a file and commits it. */
export function commitFile(path: string, content: string | Buffer): string {
  write(path, content);
  return commit(`change of a file`);
}

/** A raw key that has never been one. */
export function newKey(family: 'dev' | 'mcp' = 'dev'): string {
  return `omi_${family}_${randomBytes(16).toString('hex')}`;
}

export function prefixOf(raw: string): string {
  return seenKeyOf(raw).prefix;
}

/** A program that leaves a mark at `it-ran` when it is run. */
export function trap(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n: > '${join(place.root, 'it-ran')}'\nexit 0\n`);
  chmodSync(path, 0o755);
  return path;
}

type Wishes = Partial<Parameters<typeof scanHistory>[1]>;

export function scan(folder = place.repo, wishes: Wishes = {}): Promise<HistoryScan> {
  return scanHistory(folder, { signal: AbortSignal.timeout(15_000), ...wishes });
}

/** A scan that has to be one. */
export async function scanned(
  folder = place.repo,
  wishes: Wishes = {},
): Promise<Extract<HistoryScan, { kind: 'scanned' }>> {
  const result = await scan(folder, wishes);
  if (result.kind !== 'scanned') throw new Error(result.kind);
  return result;
}

/** Finds as short rows, in an order of their own: which key, by which commit, in which file. */
export function rows(finds: readonly HistoryFind[]): readonly string[] {
  return finds.map(({ key, commit: id, path }) => row(key.prefix, id, path)).sort();
}

export function row(prefix: string, id: string, path: string): string {
  return `${prefix} ${id} ${path}`;
}

/** The rows that are expected: raw key, commit, path. */
export function expected(...finds: readonly (readonly [string, string, string])[]): readonly string[] {
  return finds.map(([raw, id, path]) => row(prefixOf(raw), id, path)).sort();
}
