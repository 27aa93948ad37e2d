import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

export const root = join(__dirname, '..');

/** Bundles the extension-host suites into out/integration; returns the file that runs them. */
export async function buildSuite(): Promise<string> {
  const from = join(root, 'test', 'integration');
  const to = join(root, 'out', 'integration');
  const entryPoints = readdirSync(from)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(from, file));
  await build({
    entryPoints,
    outdir: to,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    // One copy of each shared file: the suites share the view that they watched being made.
    splitting: false,
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return join(to, 'index.js');
}
