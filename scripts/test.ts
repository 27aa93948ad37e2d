// Runs all tests, or the steps that are named: check, unit, package, integration, e2e.
// While working: `integration --only=revoke,copy --host=newest` runs some suites in one VS Code.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runInVSCode } from '../test/hosts/runInVSCode';
import { temporaryDirectory } from '../test/hosts/server';
import { buildSuite, root, suiteNames, type BuiltSuite } from './buildSuite';
import { makePackage } from './package';

type Step = 'check' | 'unit' | 'package' | 'integration' | 'e2e';
const allSteps: readonly Step[] = ['check', 'unit', 'package', 'integration', 'e2e'];

const steps: Record<Step, () => Promise<void> | void> = {
  check: () => {
    run('tsc', ['--noEmit']);
    run('eslint', ['.', '--max-warnings', '0']);
    run('prettier', ['--check', '--log-level', 'warn', '.']);
  },
  unit: () => run('vitest', ['run']),
  package: async () => {
    await makePackage();
  },
  integration: async () => {
    run('node', ['esbuild.mjs']);
    const names = option('only')?.split(',') ?? suiteNames();
    const together = names.filter((name) => !alone.includes(name) && name !== severalRoots);
    if (together.length > 0) {
      // Keys that these suites write into files would stand in the view of the suites after them.
      await runSuites(await buildSuite(together), (place) => place, { OMI_TEST_WATCH: 'off' });
    }
    for (const name of alone.filter((one) => names.includes(one))) {
      await runSuites(await buildSuite([name, secretsSuite], 'integration-alone'), (place) => place);
    }
    if (names.includes(severalRoots)) {
      await runSuites(await buildSuite([severalRoots], 'integration-roots'), makeSeveralRoots);
    }
  },
  e2e: () => run('playwright', ['test']),
};

/**
 * Suites after which it is known which keys are dead, were found or were published. That lasts as long as a window, and
 * all sandboxes have the same keys: each has a VS Code of its own.
 */
const alone: readonly string[] = [
  'checkKey',
  'fixLeak',
  'leakGuard',
  'leakTree',
  'leakWatch',
  'respondToLeak',
  'scanHistory',
  'scanWorkspace',
];

/** Looks back on all that was shown and logged. */
const secretsSuite = 'secrets';

/** The suite that needs a workspace of several folders. */
const severalRoots = 'severalRoots';

/**
 * Runs suites in each VS Code that was asked for.
 *
 * @param open makes what is opened in an empty directory, and gives its path.
 * @param env reaches the suites.
 */
async function runSuites(
  { extension, entry }: BuiltSuite,
  open: (place: string) => string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const host = option('host');
  const place = await temporaryDirectory();
  try {
    const workspace = open(place);
    for (const version of ['newest', 'oldest'] as const) {
      if (host !== undefined && host !== version) continue;
      await runInVSCode({
        version,
        extensionDevelopmentPath: extension,
        extensionTestsPath: entry,
        workspace,
        env,
      });
    }
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

function makeSeveralRoots(place: string): string {
  const workspace = join(place, 'bots.code-workspace');
  ['one', 'two'].forEach((name) => mkdirSync(join(place, name)));
  writeFileSync(workspace, JSON.stringify({ folders: [{ path: 'one' }, { path: 'two' }] }));
  return workspace;
}

/** Runs a tool of node_modules and stops everything when it fails. */
function run(tool: string, args: readonly string[]): void {
  const bin = join(root, 'node_modules', '.bin');
  const path = `${bin}${process.platform === 'win32' ? ';' : ':'}${process.env['PATH'] ?? ''}`;
  const { status, error } = spawnSync(tool, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: { ...process.env, PATH: path },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${tool} failed`);
}

/** What `--name=value` says on the command line. */
function option(name: string): string | undefined {
  const start = `--${name}=`;
  return process.argv.find((word) => word.startsWith(start))?.slice(start.length);
}

async function main(): Promise<void> {
  const named = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const unknown = named.filter((name) => !allSteps.includes(name as Step));
  if (unknown.length > 0)
    throw new Error(`Unknown: ${unknown.join(', ')}. There are ${allSteps.join(', ')}.`);
  for (const step of allSteps) {
    if (named.length > 0 && !named.includes(step)) continue;
    const start = Date.now();
    console.log(`\n== ${step}`);
    await steps[step]();
    console.log(`== ${step}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
