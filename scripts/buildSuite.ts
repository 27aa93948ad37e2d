import { readdirSync, rmSync } from 'node:fs';
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

/** Bundles extension-host suites, given by name, into a folder below out/; returns the file that runs them. */
export async function buildSuite(suites: readonly string[], folder = 'integration'): Promise<string> {
  const to = join(root, 'out', folder);
  const entryPoints = ['index.ts', ...suites.map((name) => `${name}.test.ts`)].map((file) =>
    join(from, file),
  );
  // A suite that was removed must not run from an earlier build.
  rmSync(to, { recursive: true, force: true });
  await build({
    entryPoints,
    outdir: to,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return join(to, 'index.js');
}
