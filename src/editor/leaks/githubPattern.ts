import { l10n, Uri, window, workspace, type Disposable } from 'vscode';
import { githubPattern } from '../../leaks/leakGuard';

const scheme = 'omi-guard';
const address = Uri.from({ scheme, path: '/Omi keys in GitHub secret scanning.md' });

/** Lets VS Code open the text about GitHub's secret scanning, which nobody has to save. */
export function registerGithubPattern(): Disposable {
  return workspace.registerTextDocumentContentProvider(scheme, { provideTextDocumentContent: textOf });
}

/** Opens, to be copied from, what GitHub's secret scanning takes to find Omi keys. */
export async function showGithubPattern(): Promise<void> {
  await window.showTextDocument(await workspace.openTextDocument(address));
}

function textOf(): string {
  const { name, secretFormat, beforeSecret, afterSecret } = githubPattern;
  const field = (label: string, value: string): string => `- ${label}: \`${value}\``;
  return [
    `# ${l10n.t('Omi API keys in GitHub secret scanning')}`,
    '',
    l10n.t(
      'In the settings of the repository or organization, open Advanced Security, and under Secret Protection add a custom pattern with these fields:',
    ),
    '',
    // The fields are named as GitHub has them.
    field('Pattern name', name),
    field('Secret format', secretFormat),
    field('Before secret', beforeSecret),
    field('After secret', afterSecret),
    '',
    l10n.t(
      'As a test string, write omi_dev_ and behind it 32 digits from 0 to 9 and a to f. With push protection switched on for the pattern, a push with such a key is stopped.',
    ),
    '',
  ].join('\n');
}
