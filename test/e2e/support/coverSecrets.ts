import { rmSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestCase, TestError, TestResult } from '@playwright/test/reporter';
import { secretPattern } from './secretWatch';

const everySecret = new RegExp(`(?:${secretPattern.source})[\\w.-]*`, 'g');

/**
 * Stands before the reporter that prints, and covers the secrets in the errors of tests. What Playwright writes down of
 * the page beside an error is taken away: an editor with a key may be on it, and no setting leaves it out.
 */
export default class CoverSecrets implements Reporter {
  printsToStdio(): boolean {
    return false;
  }

  onTestEnd(_: TestCase, { errors, attachments }: TestResult): void {
    errors.forEach(cover);
    const context = attachments.findIndex(({ name }) => name === 'error-context');
    if (context === -1) return;
    const [{ path } = {}] = attachments.splice(context, 1);
    if (path !== undefined) rmSync(path, { force: true });
  }

  onError(error: TestError): void {
    cover(error);
  }
}

function cover(error: TestError): void {
  for (const part of ['message', 'stack', 'value'] as const) {
    // Colours may run through the middle of a secret.
    const text = stripVTControlCharacters(error[part] ?? '');
    const covered = text.replace(everySecret, (secret) => `${secret.slice(0, 12)}…`);
    if (covered !== text) error[part] = covered;
  }
  if (error.cause) cover(error.cause);
}
