// The view with 2,000 keys and the start of the extension, in a real VS Code, beside an extension that does nothing.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleForHost, sleepingExtension } from '../scripts/buildSuite';
import { runInVSCode } from '../test/hosts/runInVSCode';
import { startOmi, type OmiPlace } from './sandbox';
import { printComparisons } from './table';

/** What the suite in the extension host is told, in a file: a token belongs in no argument. */
export interface HostOrder extends OmiPlace {
  readonly keyCount: number;
  /** Whether the extension is measured before what it is compared with. */
  readonly isFirst: boolean;
}

/** Milliseconds by what was measured. */
export type HostTimes = Readonly<Record<string, { readonly ours: number[]; readonly base: number[] }>>;

const root = join(__dirname, '..');
const keyCount = 2000;
const starts = 5;

/** Starts VS Code several times, measures in each, and prints it all. */
export async function tree(): Promise<void> {
  execFileSync(process.execPath, ['esbuild.mjs'], { cwd: root, stdio: 'inherit' });
  const extension = sleepingExtension('bench');
  const suite = join(extension, 'suite');
  await bundleForHost([join(__dirname, 'inHost.ts')], suite);
  const omi = await startOmi();
  const directory = await mkdtemp(join(tmpdir(), 'omi-bench-'));
  const all: Record<string, { ours: number[]; base: number[] }> = {};
  try {
    await omi.seed(keyCount);
    const { url, account, token } = omi;
    for (let start = 0; start < starts; start += 1) {
      const order: HostOrder = { url, account, token, keyCount, isFirst: start % 2 === 0 };
      await writeFile(join(directory, 'order.json'), JSON.stringify(order), { mode: 0o600 });
      await runInVSCode({
        version: 'newest',
        extensionDevelopmentPath: extension,
        beside: join(__dirname, 'empty'),
        extensionTestsPath: join(suite, 'inHost.js'),
        workspace: directory,
        userSettings: { 'omi.apiBaseUrl': url },
        env: { OMI_BENCH: directory },
      });
      const times = JSON.parse(await readFile(join(directory, 'times.json'), 'utf8')) as HostTimes;
      for (const [what, { ours, base }] of Object.entries(times)) {
        const row = (all[what] ??= { ours: [], base: [] });
        row.ours.push(...ours);
        row.base.push(...base);
      }
    }
  } finally {
    await omi.stop();
    await rm(directory, { recursive: true, force: true });
  }
  const rows = Object.entries(all).map(([what, times]) => ({ what, ...times }));
  const title = `tree: ${String(keyCount)} keys, and activation; ${String(starts)} starts of VS Code`;
  printComparisons(title, 'empty extension', rows);
}
