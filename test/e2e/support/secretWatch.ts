// Canaries: looks for tokens and raw keys wherever they must never be.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { BrowserContext, Page } from '@playwright/test';

/** A raw key, the two first parts of a signed token, or what a sign-in sends about: its state, code and verifier. */
export const secretPattern =
  /omi_(?:dev|mcp)_[0-9a-f]{32}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}|\b(?:code|state|code_verifier|refresh_token)=[\w-]{32,}/;

/**
 * From now on, every text and every spoken label that any window of the context draws is looked at in the moment it is
 * drawn, also what is gone again later (toasts, dialogs, input boxes). What editors show of files and terminals of
 * programs is the person's own, and is not looked at.
 *
 * @param context must not have windows yet.
 * @returns gives what was found so far; each finding is cut short, so that a report holds no secret.
 */
export async function watchScreens(context: BrowserContext): Promise<() => readonly string[]> {
  const found: string[] = [];
  await context.exposeFunction('omiSecretSeen', (where: string) => {
    found.push(where);
  });
  const script = await readFile(join(__dirname, 'watchDrawing.js'), 'utf8');
  const pattern = `globalThis.omiSecretPattern = ${JSON.stringify(secretPattern.source)};`;
  await context.addInitScript({ content: `${pattern}\n${script}` });
  return () => found;
}

/** What a window of a watched context shows at this moment: its text and its address. */
export async function secretsOnScreen(page: Page): Promise<readonly string[]> {
  const text = String(await page.evaluate('omiTextOnScreen()'));
  return secretPattern.test(`${text}\n${page.url()}`) ? ['the window shows a secret'] : [];
}

/** A file's place below its directory, and its text. */
export interface WrittenFile {
  readonly path: string;
  readonly text: string;
}

/** Every file below a directory: VS Code's state, settings and logs. VS Code may take one away meanwhile, as its locks. */
export async function filesBelow(directory: string): Promise<readonly WrittenFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, 'latin1').catch(unlessGone);
      return text === undefined ? [] : [{ path: relative(directory, file), text }];
    }),
  );
  return read.flat();
}

function unlessGone(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

/** The files that hold a secret, each with the first characters of what was found. */
export function filesWithSecrets(files: readonly WrittenFile[]): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const match = secretPattern.exec(text);
    return match ? [`${path}: ${match[0].slice(0, 12)}…`] : [];
  });
}

/** All that VS Code keeps in a window's browser: its databases and its local storage, each entry as text. */
export async function keptInBrowser(page: Page): Promise<readonly WrittenFile[]> {
  return JSON.parse(String(await page.evaluate('omiKeptTexts()'))) as WrittenFile[];
}
