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

/** A text with its secrets cut short; one without secrets keeps its colours, which may run through the middle of one. */
export function covered(text: string): string {
  const plain = stripVTControlCharacters(text);
  const rest = plain.replace(everySecret, (secret) => `${secret.slice(0, 12)}…`);
  return rest === plain ? text : rest;
}

function cover(error: TestError): void {
  for (const part of ['message', 'stack', 'value'] as const) {
    const text = error[part];
    if (text !== undefined) error[part] = covered(text);
  }
  if (error.cause) cover(error.cause);
}
