import { l10n } from 'vscode';
import { githubPattern } from '../../leaks/leakGuard';

/** What GitHub's secret scanning takes to find Omi keys, as a document in Markdown. */
export function githubText(): string {
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
