import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, inject, vi } from 'vitest';
import { scanFolder, type TreeScan, type TreeScanWishes } from '../../../src/leaks/scanTree';

/** A raw key that nobody has. */
export function newKey(family: 'dev' | 'mcp' = 'dev'): string {
  return `omi_${family}_${randomBytes(16).toString('hex')}`;
}

/** The person's own Git, without their configuration. */
export function git(folder: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false'];
  const local = ['-c', 'protocol.file.allow=always'];
  return execFileSync('git', [...identity, ...local, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

/** Writes a file below a folder, and returns its path. */
export function write(folder: string, path: string, text: string | Uint8Array): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** Makes a repository at a folder, with some files committed. */
export function makeRepository(folder: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  git(folder, 'init', '--quiet');
  for (const [path, text] of Object.entries(files)) write(folder, path, text);
  git(folder, 'add', '--force', '.');
  git(folder, 'commit', '--quiet', '--allow-empty', '-m', 'first');
  return folder;
}

/** A folder for each test, away from the person's own settings, and a program that leaves a mark when it is run. */
export function useFolder(): {
  readonly root: () => string;
  readonly trap: (folder: string, path: string) => string;
  readonly hasRun: () => boolean;
} {
  let root = '';
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'omi-scan-')));
    mkdirSync(join(root, 'home'));
    vi.stubEnv('HOME', join(root, 'home'));
    vi.stubEnv('GIT_CONFIG_NOSYSTEM', '1');
    vi.stubEnv('GIT_CEILING_DIRECTORIES', root);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(root, { recursive: true, force: true });
  });
  const marker = (): string => join(root, 'it-ran');
  return {
    root: () => root,
    trap: (folder, path) => {
      const program = write(folder, path, `#!/bin/sh\n: > '${marker()}'\nexit 0\n`);
      chmodSync(program, 0o755);
      return program;
    },
    hasRun: () => existsSync(marker()),
  };
}

/** Scans a folder with Git, unless it is told otherwise. */
export function scan(
  folder: string,
  { isGit = true, ...wishes }: Partial<TreeScanWishes> & { readonly isGit?: boolean } = {},
): Promise<TreeScan> {
  return scanFolder(folder, isGit, {
    signal: AbortSignal.timeout(15_000),
    exclude: [],
    sieveScript: inject('sieveScript'),
    ...wishes,
  });
}

/** Where keys were found, and how Git sees each file. */
export function standings({ files }: TreeScan): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map(({ path, standing }) => [path, standing]));
}
