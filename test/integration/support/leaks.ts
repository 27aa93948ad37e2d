import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { hostWatch } from './hostWatch';
import type { Family } from './stage';
import { until } from './until';

/** The folder that is open. */
export const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';

export const pathOf = (name: string): string => join(folder, name);
export const uriOf = (name: string): vscode.Uri => vscode.Uri.file(pathOf(name));

/** A raw key that nobody has. */
export function newKey(family: Family = 'dev'): string {
  const raw = `omi_${family}_${randomBytes(16).toString('hex')}`;
  hostWatch().secrets.add(raw);
  return raw;
}

/** A raw key as a person may see it. */
export const masked = (raw: string): string => `${raw.slice(0, 12)}…${raw.slice(-4)}`;

/** Runs Git in a folder below the workspace; gives what it prints. */
export function git(place: string, ...args: string[]): string {
  const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
  return execFileSync('git', [...who, ...args], { cwd: pathOf(place), encoding: 'utf8' }).trim();
}

/** Makes a repository, and beside it a bare one that it can push to. */
export async function makeRepository(place: string): Promise<void> {
  await mkdir(pathOf(place), { recursive: true });
  git('.', 'init', '--quiet', '--bare', `${place}.git`);
  git(place, 'init', '--quiet', '--initial-branch=main');
  git(place, 'remote', 'add', 'origin', pathOf(`${place}.git`));
}

export async function put(name: string, content: string | Uint8Array): Promise<vscode.Uri> {
  await mkdir(dirname(pathOf(name)), { recursive: true });
  await writeFile(pathOf(name), content);
  return uriOf(name);
}

/** Writes a file and shows it. */
export async function openFile(name: string, content: string | Uint8Array): Promise<vscode.TextEditor> {
  const uri = await put(name, content);
  const editor = await vscode.window.showTextDocument(uri, { preview: false });
  // VS Code may still have the text of an earlier file of that name.
  if (typeof content === 'string')
    await until('the text of the file', () => editor.document.getText() === content);
  return editor;
}

/** What the extension says of keys in a text; noted as shown. */
export function problemsOf(uri: vscode.Uri): readonly vscode.Diagnostic[] {
  const problems = vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'Omi API Keys');
  problems.forEach(({ message }) => hostWatch().shown.push(message));
  return problems;
}

/** Waits until a text has so many problems. */
export async function problems(uri: vscode.Uri, count = 1): Promise<readonly vscode.Diagnostic[]> {
  await until(`${String(count)} problems`, () => problemsOf(uri).length === count);
  return problemsOf(uri);
}

/** Waits until the first problem of a text says something. */
export async function problemSaying(uri: vscode.Uri, words: RegExp): Promise<vscode.Diagnostic> {
  return until(`a problem that says ${String(words)}`, () =>
    problemsOf(uri).find(({ message }) => words.test(message)),
  );
}

/** The quick fixes at a place. */
export async function fixesAt(uri: vscode.Uri, range: vscode.Range): Promise<readonly vscode.CodeAction[]> {
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    'vscode.executeCodeActionProvider',
    uri,
    range,
  );
  return actions.filter(({ command }) => command?.command.startsWith('omi.') === true);
}

/** Closes every editor without saving, and empties the workspace; what was found there is forgotten then. */
export async function clearWorkspace(): Promise<void> {
  while (vscode.window.tabGroups.all.some(({ tabs }) => tabs.length > 0)) {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
  for (const name of await readdir(folder)) {
    await rm(pathOf(name), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
  const left = (): readonly vscode.Uri[] =>
    vscode.languages.getDiagnostics().flatMap(([uri]) => (problemsOf(uri).length > 0 ? [uri] : []));
  await until('the problems to go with the files', () => left().length === 0);
}
