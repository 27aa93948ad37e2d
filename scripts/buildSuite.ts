import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

export const root = join(__dirname, '..');

/**
 * Bundles the extension-host suites into out/integration; returns the file that runs them.
 *
 * @param only names of suites, such as `revoke`; all when left out.
 */
export async function buildSuite(only?: readonly string[]): Promise<string> {
  const from = join(root, 'test', 'integration');
  const to = join(root, 'out', 'integration');
  const entryPoints = readdirSync(from)
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => !only || !file.endsWith('.test.ts') || only.includes(file.replace('.test.ts', '')))
    .map((file) => join(from, file));
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
