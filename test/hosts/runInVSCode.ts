// The one entrance for suites that run in the extension host of a real VS Code.
import { rmSync } from 'node:fs';
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { prepareBrowser, prepareHost, vscodeVersions, type HostName } from './prepare';
import { temporaryDirectory, type Settings } from './server';

/** What to run and where. Paths are absolute; `extensionTestsPath` is a CommonJS file that exports `run(): Promise<void>`. */
export interface SuiteOptions {
  readonly version: HostName;
  readonly extensionDevelopmentPath: string;
  readonly extensionTestsPath: string;
  /** The folder or `.code-workspace` file to open. */
  readonly workspace: string;
  readonly userSettings?: Settings;
  /** The folder of a further extension, which is installed as it is. */
  readonly beside?: string;
  /** Reaches the extension host, and so the suite. */
  readonly env?: Readonly<Record<string, string>>;
}

const downloadLimitMs = 5 * 60_000;
const root = join(__dirname, '..', '..');
let downloadFailed = false;

/**
 * Runs a suite in VS Code and resolves when it passed; rejects when it failed or could not run.
 * A desktop VS Code is downloaded and used where that works and there is a display; elsewhere the npm-distributed one
 * runs the same suite. `OMI_TEST_HOST=npm` or `OMI_TEST_HOST=desktop` forces one of them.
 */
export async function runInVSCode(options: SuiteOptions): Promise<void> {
  const directory = await temporaryDirectory();
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  // After a Ctrl-C `runTests` leaves the process without coming back here.
  process.once('exit', remove);
  try {
    const desktop = await desktopExecutable(options.version);
    const executable = desktop ?? (await npmExecutable(options.version, directory));
    console.log(
      `VS Code ${vscodeVersions[options.version]} (${options.version}), ` +
        (desktop ? 'desktop' : 'from npm, in a headless browser'),
    );
    const userData = join(directory, 'user');
    await mkdir(join(userData, 'User'), { recursive: true });
    await writeFile(join(userData, 'User', 'settings.json'), JSON.stringify(options.userSettings ?? {}));
    const extensions = join(directory, 'extensions');
    if (options.beside !== undefined) {
      await cp(options.beside, join(extensions, 'beside'), { recursive: true });
    }
    await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: options.extensionDevelopmentPath,
      extensionTestsPath: options.extensionTestsPath,
      extensionTestsEnv: { ...options.env, OMI_TEST_VSCODE: options.version },
      launchArgs: [options.workspace, `--user-data-dir=${userData}`, `--extensions-dir=${extensions}`],
    });
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** The desktop VS Code's executable, or nothing where it cannot be had. A failed download is not tried again. */
async function desktopExecutable(version: HostName): Promise<string | undefined> {
  const forced = process.env['OMI_TEST_HOST'];
  if (forced === 'npm') return undefined;
  const hasDisplay =
    process.platform !== 'linux' ||
    process.env['DISPLAY'] !== undefined ||
    process.env['WAYLAND_DISPLAY'] !== undefined;
  if (forced !== 'desktop' && (!hasDisplay || downloadFailed)) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The download took too long.')), downloadLimitMs);
  });
  try {
    const download = downloadAndUnzipVSCode({
      version: vscodeVersions[version],
      cachePath: join(root, '.cache', 'vscode-desktop'),
    });
    return await Promise.race([download, limit]);
  } catch (error) {
    if (forced === 'desktop') throw error;
    downloadFailed = true;
    console.log('No desktop VS Code can be downloaded here.');
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** A file that can be spawned as if it were VS Code's executable, and starts the launcher. */
async function npmExecutable(version: HostName, directory: string): Promise<string> {
  // Prepared here, so that the suite's own time limit starts with everything in place.
  await prepareHost(version);
  await prepareBrowser();
  const command = [process.execPath, '--require', require.resolve('tsx/cjs'), join(__dirname, 'launcher.ts')];
  const isWindows = process.platform === 'win32';
  const file = join(directory, isWindows ? 'code.cmd' : 'code');
  const quoted = command
    .map((part) => (isWindows ? `"${part}"` : `'${part.replaceAll("'", `'\\''`)}'`))
    .join(' ');
  await writeFile(file, isWindows ? `@${quoted} %*\r\n` : `#!/bin/sh\nexec ${quoted} "$@"\n`);
  await chmod(file, 0o755);
  return file;
}
