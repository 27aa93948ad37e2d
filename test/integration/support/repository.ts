import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { withoutGitExtension } from './editorSettings';
import { hostWatch, replace } from './hostWatch';
import { discardEditors, type Stage } from './stage';
import { until } from './until';

/** A raw key that no account has; what must not be shown is noted. */
export function strangeKey(family: 'dev' | 'mcp' = 'dev'): string {
  const raw = unnotedKey(family);
  hostWatch().secrets.add(raw);
  return raw;
}

/** Like {@link strangeKey}, for thousands of keys: whoever makes them looks out for them. */
export function unnotedKey(family: 'dev' | 'mcp' = 'dev'): string {
  return `omi_${family}_${randomBytes(16).toString('hex')}`;
}

/** A raw key as a person sees it. */
export function masked(raw: string): string {
  return `${raw.slice(0, 12)}…${raw.slice(-4)}`;
}

/** The folder that is open, as a place for files and a repository that a test makes. */
export class Repository {
  readonly folder: string;
  readonly #outside: string[] = [];

  constructor(folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '') {
    this.folder = folder;
  }

  git(...args: string[]): string {
    const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', [...who, ...args], { cwd: this.folder, stdio: 'pipe' })
      .toString()
      .trim();
  }

  init(): void {
    this.git('init', '--quiet', '--initial-branch=main');
  }

  put(name: string, text: string | Uint8Array): vscode.Uri {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return vscode.Uri.file(path);
  }

  /** Commits everything; gives the commit's id. */
  commit(message = 'A commit', date = '2025-03-04T05:06:07Z'): string {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', `--date=${date}`, '-m', message);
    return this.git('rev-parse', 'HEAD');
  }

  /** Pushes the branch to a bare remote outside the folder, made for that. */
  push(): string {
    const remote = this.outside('remote.git');
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', remote]);
    this.git('remote', 'add', 'origin', remote);
    this.git('push', '--quiet', '--set-upstream', 'origin', 'main');
    return remote;
  }

  /** A path that is not in the folder. */
  outside(name: string): string {
    const place = mkdtempSync(join(tmpdir(), 'omi-'));
    this.#outside.push(place);
    return join(place, name);
  }

  /** Empties the folder and takes away what was made outside. */
  clear(): void {
    for (const name of readdirSync(this.folder)) {
      rmSync(join(this.folder, name), { recursive: true, force: true });
    }
    this.#outside.splice(0).forEach((place) => rmSync(place, { recursive: true, force: true }));
  }
}

/** Gives a suite the folder that is open; after each test every editor is closed and the folder is empty. */
export function useRepository(): Repository {
  withoutGitExtension();
  const repository = new Repository();
  afterEach(async () => {
    await discardEditors();
    repository.clear();
  });
  return repository;
}

/** Lets the extension forget what a suite has shown it: it scans the emptied folder and its history that is gone. */
export async function forgetLeaks(stage: Stage): Promise<void> {
  for (const command of ['omi.leak.scanWorkspace', 'omi.leak.scanHistory']) {
    const { done } = stage.run(command);
    await stage.person.close();
    await done;
  }
  await until('no found key to be shown', async () =>
    (await stage.groups()).every(({ kind }) => kind !== 'strangers'),
  );
}

/** Runs with no Git on the search path. */
export async function withoutGit<T>(act: () => Promise<T>): Promise<T> {
  const path = process.env['PATH'];
  process.env['PATH'] = '';
  try {
    return await act();
  } finally {
    process.env['PATH'] = path;
  }
}

/** Plays the person at the Cancel button of a progress notification: pressed at the first sign of progress, or at once. */
export function cancelling(when: 'atOnce' | 'atProgress'): () => void {
  const withProgress = vscode.window.withProgress.bind(vscode.window);
  type Task = Parameters<typeof withProgress>[1];
  return replace(vscode.window, 'withProgress', (options: vscode.ProgressOptions, task: Task) => {
    if (options.location !== vscode.ProgressLocation.Notification) return withProgress(options, task);
    if (options.cancellable !== true) throw new Error('This cannot be cancelled');
    const source = new vscode.CancellationTokenSource();
    if (when === 'atOnce') source.cancel();
    return withProgress(options, (progress) =>
      task(
        {
          report: (step) => {
            source.cancel();
            progress.report(step);
          },
        },
        source.token,
      ),
    );
  });
}
