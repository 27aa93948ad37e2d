import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

export const root = join(__dirname, '..');

const from = join(root, 'test', 'integration');

/** The names of all extension-host suites, such as `revoke`. */
export function suiteNames(): readonly string[] {
  return readdirSync(from)
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => file.replace('.test.ts', ''));
}

/** A copy of the built extension, and the suites inside it, so that both have the same `vscode` in hand. */
export interface BuiltSuite {
  readonly extension: string;
  /** The file that runs the suites. */
  readonly entry: string;
}

/** Copies the built extension to a folder below out/ and bundles extension-host suites, given by name, into it. */
export async function buildSuite(suites: readonly string[], folder = 'integration'): Promise<BuiltSuite> {
  const extension = sleepingExtension(folder);
  const entryPoints = ['index.ts', ...suites.map((name) => `${name}.test.ts`)].map((file) =>
    join(from, file),
  );
  const to = join(extension, 'suite');
  await bundleForHost(entryPoints, to);
  return { extension, entry: join(to, 'index.js') };
}

/** Bundles what runs in the extension host. */
export async function bundleForHost(entryPoints: readonly string[], to: string): Promise<void> {
  await build({
    entryPoints: [...entryPoints],
    outdir: to,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
}

/**
 * Copies the built extension to a folder below out/, in place of what is there, and takes from it that it wakes up by
 * itself: who watches must begin before it is awake. Returns the folder.
 */
export function sleepingExtension(folder: string): string {
  const to = join(root, 'out', folder);
  rmSync(to, { recursive: true, force: true });
  for (const part of ['dist', 'media', 'l10n', 'package.json', 'package.nls.json']) {
    cpSync(join(root, part), join(to, part), { recursive: true });
  }
  const path = join(to, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { activationEvents: string[] };
  const activationEvents = manifest.activationEvents.filter((event) => event !== 'onStartupFinished');
  writeFileSync(path, JSON.stringify({ ...manifest, activationEvents }));
  return to;
}
