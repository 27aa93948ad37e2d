import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './buildSuite';

/** Builds, for what runs the rooms from their sources, the script of the threads that the walk of a scan reads in. */
export async function buildSieveWorker(folder: string): Promise<string> {
  const outfile = join(root, 'out', folder, 'sieveWorker.js');
  await build({
    entryPoints: [join(root, 'src/leaks/sieveWorker.ts')],
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    logLevel: 'warning',
  });
  return outfile;
}
