import * as vscode from 'vscode';

/** Keeps VS Code's own Git extension out of a suite: it would stumble over repositories that are gone again. */
export function withoutGitExtension(): void {
  setForSuite('git', 'enabled', false);
}

/** Lets a suite save by itself alone: in a browser VS Code saves, too. */
export function withoutAutoSave(): void {
  setForSuite('files', 'autoSave', 'off');
}

function setForSuite(section: string, name: string, value: unknown): void {
  const set = (to: unknown): Thenable<void> =>
    vscode.workspace.getConfiguration(section).update(name, to, vscode.ConfigurationTarget.Global);
  before(() => set(value));
  after(() => set(undefined));
}
