// Repositories that window tests open.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A raw key that nobody has. */
export function newKey(family: 'dev' | 'mcp' = 'dev'): string {
  return `omi_${family}_${randomBytes(16).toString('hex')}`;
}

/** The person's own Git, under a name of the test. */
export function git(folder: string, ...args: readonly string[]): string {
  const settings = [
    ...['user.name=Ada', 'user.email=ada@example.com', 'commit.gpgsign=false'],
    ...['protocol.file.allow=always', 'init.defaultBranch=main'],
  ].flatMap((setting) => ['-c', setting]);
  return execFileSync('git', [...settings, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
}

/** Writes a file below a folder, and gives its path. */
export function write(folder: string, path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** Commits all files of a folder, some of them written before. Gives the commit's short id. */
export function commit(
  folder: string,
  message: string,
  files: Readonly<Record<string, string>> = {},
): string {
  for (const [path, text] of Object.entries(files)) write(folder, path, text);
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '--message', message);
  return git(folder, 'rev-parse', '--short=7', 'HEAD').trim();
}

/** Makes a repository at a folder, and a bare one beside it to which it can be pushed. */
export function makeRepository(folder: string): void {
  mkdirSync(folder, { recursive: true });
  git(folder, 'init', '--quiet');
  git(dirname(folder), 'init', '--quiet', '--bare', `${folder}.git`);
  git(folder, 'remote', 'add', 'origin', `${folder}.git`);
}

/** Pushes what is committed. */
export function push(folder: string): void {
  git(folder, 'push', '--quiet', '--set-upstream', 'origin', 'main');
}

/** Settings of a repository that name programs. */
const programSettings = [
  ...['core.fsmonitor', 'core.pager', 'core.sshCommand', 'core.editor', 'core.askPass'],
  ...['core.alternateRefsCommand', 'credential.helper', 'gpg.program', 'pager.grep', 'pager.log'],
  ...['diff.external', 'diff.evil.textconv', 'diff.evil.command'],
  ...['filter.evil.clean', 'filter.evil.smudge', 'filter.evil.process', 'merge.evil.driver'],
];

const hooks = [
  'post-index-change',
  'pre-commit',
  'post-checkout',
  'fsmonitor-watchman',
  'reference-transaction',
];

/**
 * Turns a repository into one that tries by every known way to have a program run, which would leave a mark.
 *
 * @param mark the file that the program makes.
 */
export function makeHostile(folder: string, mark: string): void {
  const trap = (path: string): string => {
    const program = write(folder, path, `#!/bin/sh\n: > '${mark}'\nexit 0\n`);
    chmodSync(program, 0o755);
    return program;
  };
  const program = trap('trap.sh');
  trap('git');
  write(folder, '.gitattributes', '* diff=evil filter=evil merge=evil\n');
  for (const hook of hooks) {
    trap(`.git/hooks/${hook}`);
    trap(`hooks/${hook}`);
  }
  write(folder, 'evil.config', `[core]\n\tfsmonitor = ${program}\n`);
  const settings = programSettings.map((name): [string, string] => [name, program]);
  const all = [
    ...settings,
    ['include.path', join(folder, 'evil.config')],
    ['core.hooksPath', join(folder, 'hooks')],
  ];
  const config = all.map(([name = '', value = '']) =>
    git(folder, 'config', '--file', '.git/config', name, value),
  );
  if (config.join('') !== '') throw new Error('Git did not take the settings.');
}
