import { Uri, window, workspace, type Disposable } from 'vscode';

const scheme = 'omi-guard';
const address = Uri.from({ scheme, path: '/Omi keys in GitHub secret scanning.md' });

/** Lets VS Code open the text about GitHub's secret scanning, which nobody has to save. */
export function registerGithubPattern(): Disposable {
  return workspace.registerTextDocumentContentProvider(scheme, {
    provideTextDocumentContent: async () => (await import('./githubText')).githubText(),
  });
}

/** Opens, to be copied from, what GitHub's secret scanning takes to find Omi keys. */
export async function showGithubPattern(): Promise<void> {
  await window.showTextDocument(await workspace.openTextDocument(address));
}
