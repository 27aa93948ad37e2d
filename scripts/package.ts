// Makes the .vsix and refuses one that holds anything but what belongs in it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createVSIX, listFiles, PackageManager } from '@vscode/vsce';

const root = join(__dirname, '..');
export const vsixPath = join(root, 'out', 'omi-api-keys.vsix');

/** What activation loads may have so many bytes, minified. */
const mostAtActivation = 150 * 1024;
/** And all code together, so many. */
const mostCode = 350 * 1024;
const belongs: readonly RegExp[] = [
  /^package(\.nls(\.[a-z-]+)?)?\.json$/,
  /^dist\/(extension|sieveWorker|part-\w+)\.js$/,
  /^media\/(icon\.png|omi\.svg|walkthrough\/\w+\.png)$/,
  /^l10n\/bundle\.l10n(\.[a-z-]+)?\.json$/,
  /^(readme|changelog)\.md$/i,
  /^license(\.txt)?$/i,
];

/** Builds and packages the extension into out/omi-api-keys.vsix; prints what is in it. Rejects what does not belong. */
export async function makePackage(): Promise<string> {
  execFileSync(process.execPath, ['esbuild.mjs'], { cwd: root, stdio: 'inherit' });
  const files = await listFiles({ cwd: root, packageManager: PackageManager.None });
  console.log(`In the package:\n${files.map((file) => `  ${file}`).join('\n')}`);
  const strangers = files.filter((file) => !belongs.some((pattern) => pattern.test(file)));
  if (strangers.length > 0) throw new Error(`These do not belong in the package: ${strangers.join(', ')}`);
  const dist = join(root, 'dist');
  const atActivation = JSON.parse(readFileSync(join(dist, 'activation.json'), 'utf8')) as readonly string[];
  const all = readdirSync(dist).filter((name) => name.endsWith('.js'));
  holdAgainst('Loaded at activation', atActivation, mostAtActivation);
  holdAgainst('All code', all, mostCode);
  mkdirSync(join(root, 'out'), { recursive: true });
  await createVSIX({ cwd: root, packagePath: vsixPath, dependencies: false, skipLicense: false });
  return vsixPath;
}

/** Prints the size of some parts of the code; throws when it is over the budget. */
function holdAgainst(what: string, parts: readonly string[], most: number): void {
  const sizes = parts.map((name) => statSync(join(root, 'dist', name)).size);
  const size = sizes.reduce((sum, one) => sum + one, 0);
  console.log(`${what}: ${(size / 1024).toFixed(1)} KB of ${String(most / 1024)} KB`);
  if (size > most) throw new Error(`${what}: over the budget.`);
}

if (require.main === module) {
  makePackage().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
