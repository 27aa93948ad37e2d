// Makes the .vsix and refuses one that holds anything but what belongs in it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createVSIX, listFiles, PackageManager } from '@vscode/vsce';

const root = join(__dirname, '..');
export const vsixPath = join(root, 'out', 'omi-api-keys.vsix');

/** The bundle, minified, may have so many bytes. */
const largestBundle = 150 * 1024;
const belongs: readonly RegExp[] = [
  /^package(\.nls(\.[a-z-]+)?)?\.json$/,
  /^dist\/extension\.js$/,
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
  const size = statSync(join(root, 'dist', 'extension.js')).size;
  console.log(`Bundle: ${(size / 1024).toFixed(1)} KB of ${String(largestBundle / 1024)} KB`);
  if (size > largestBundle) throw new Error('The bundle is over its budget.');
  mkdirSync(join(root, 'out'), { recursive: true });
  await createVSIX({ cwd: root, packagePath: vsixPath, dependencies: false, skipLicense: false });
  return vsixPath;
}

if (require.main === module) {
  makePackage().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
