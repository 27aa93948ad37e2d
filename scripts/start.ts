// Opens the extension in a VS Code against a sandbox of Omi on this machine, and says what to click.
// Option: --port N, the port of the address to open (any free one without it).
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSandbox, type Sandbox } from '../sandbox/server';
import { startServer, temporaryDirectory, type Settings } from '../test/hosts/server';

/** A VS Code that shows the extension. `closed` resolves when the person has closed it. */
interface Editor {
  readonly address: string;
  readonly opening: string;
  readonly closed: Promise<void>;
  stop(): Promise<void>;
}

const root = join(__dirname, '..');
const tokenLifetimeSeconds = 12 * 60 * 60;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: 'string' } } });
  const port = readPort(values.port);
  const stopped = stopSignal();
  const directory = await temporaryDirectory();
  const closing: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  try {
    execFileSync(process.execPath, ['esbuild.mjs'], { cwd: root, stdio: 'inherit' });
    const sandbox = await startSandbox();
    closing.push(() => sandbox.close());
    const folder = await demoFolder(directory, sandbox);
    const settings = {
      'omi.apiBaseUrl': sandbox.url,
      'omi.firebase.authEmulatorHost': `127.0.0.1:${String(sandbox.port)}`,
    };
    const code = port === undefined ? desktopCode() : undefined;
    const editor = code
      ? await openDesktop(code, directory, folder, settings)
      : await openServer(directory, folder, settings, port);
    closing.push(() => editor.stop());
    explain(editor, sandbox);
    await Promise.race([stopped, editor.closed]);
    // Nobody may be left to read this.
    process.stdout.on('error', () => undefined);
    console.log('\nStopping …');
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function explain(editor: Editor, sandbox: Sandbox): void {
  const token = sandbox.token('ada', { lifetimeSeconds: tokenLifetimeSeconds });
  console.log(`
Omi API Keys, against a sandbox of Omi at ${sandbox.url}. Nothing leaves this machine.

  1. ${editor.opening}
  2. Click the Omi icon in the activity bar, on the left.
  3. Click "Sign In", then "Continue with Google". A page opens in the browser: press "Allow".
  4. Right-click a key, choose "Revoke API Key", press "Revoke".
  5. Open bot.ts in the Explorer: somebody left the key "${leakedName}" in it. Right-click the key, choose
     "Respond to Leaked API Key", press "Revoke Now".

Or, in step 3, click "Sign In with Firebase Token" and paste this token of ${sandbox.accounts.ada.name} (works only in this sandbox):

${token}

Ctrl-C stops everything.
Ready: ${editor.address}`);
}

/** The npm-distributed VS Code, opened in the person's own browser. */
async function openServer(
  directory: string,
  folder: string,
  settings: Settings,
  port: number | undefined,
): Promise<Editor> {
  const extensionsDir = join(directory, 'extensions');
  await installUnpacked(extensionsDir);
  const server = await startServer({
    host: 'newest',
    extensionsDir,
    userSettings: settings,
    ...(port === undefined ? {} : { port }),
  });
  // Named in the address: in a default folder of the server, VS Code draws no problems into the texts.
  const address = `${server.url}/?folder=${encodeURIComponent(folder)}`;
  return {
    address,
    opening: `Open ${address} in a browser: it is VS Code ${server.host.version}.`,
    closed: new Promise(() => undefined),
    stop: () => server.stop(),
  };
}

/** Copies what the package would hold to where VS Code looks for installed extensions. */
async function installUnpacked(extensionsDir: string): Promise<void> {
  const { publisher, name, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    publisher: string;
    name: string;
    version: string;
  };
  const target = join(extensionsDir, `${publisher}.${name}-${version}`);
  await mkdir(target, { recursive: true });
  for (const part of ['package.json', 'package.nls.json', 'dist', 'l10n', 'media']) {
    await cp(join(root, part), join(target, part), { recursive: true });
  }
}

/** A desktop VS Code in a window and a profile of its own. */
async function openDesktop(
  code: string,
  directory: string,
  folder: string,
  settings: Settings,
): Promise<Editor> {
  const userData = join(directory, 'user');
  await mkdir(join(userData, 'User'), { recursive: true });
  await writeFile(
    join(userData, 'User', 'settings.json'),
    JSON.stringify({ 'telemetry.telemetryLevel': 'off', 'workbench.startupEditor': 'none', ...settings }),
  );
  const args = [
    '--wait',
    '--new-window',
    '--disable-workspace-trust',
    `--user-data-dir=${userData}`,
    `--extensions-dir=${join(directory, 'extensions')}`,
    `--extensionDevelopmentPath=${root}`,
    folder,
  ];
  const isWindows = process.platform === 'win32';
  const quote = (text: string) => (isWindows ? `"${text}"` : text);
  const child = spawn(quote(code), args.map(quote), { stdio: 'ignore', shell: isWindows });
  const closed = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => {
      if (status === 0 || status === null) resolve();
      else reject(new Error(`${code} failed (${String(status)}).`));
    });
  });
  closed.catch(() => undefined);
  return {
    address: 'a VS Code window has opened',
    opening: 'Go to the VS Code window that has just opened.',
    closed,
    async stop() {
      // The window belongs to another process than `code`; VS Code notes its id in its own profile.
      const pid = Number(await readFile(join(userData, 'code.lock'), 'utf8').catch(() => ''));
      if (child.exitCode === null && pid > 0) endProcess(pid);
      if (child.exitCode === null) child.kill();
      await closed.catch(() => undefined);
    },
  };
}

/** The `code` command, where there is one and a display to show its window on. */
function desktopCode(): string | undefined {
  if (process.env['OMI_TEST_HOST'] === 'npm') return undefined;
  const { DISPLAY: x11, WAYLAND_DISPLAY: wayland } = process.env;
  if (process.platform === 'linux' && x11 === undefined && wayland === undefined) return undefined;
  const name = process.platform === 'win32' ? 'code.cmd' : 'code';
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((place) => join(place, name))
    .find((path) => existsSync(path));
}

/** The key of the sandbox that lies in a file of the demo. */
const leakedName = 'old-laptop';

async function demoFolder(directory: string, sandbox: Sandbox): Promise<string> {
  const folder = join(directory, 'omi-demo');
  await mkdir(folder);
  const leaked = sandbox.keys('ada', 'dev').find(({ name }) => name === leakedName);
  if (!leaked?.raw) throw new Error(`The sandbox has no key ${leakedName}.`);
  await writeFile(
    join(folder, 'bot.ts'),
    `// Tells what the day was about.\nexport const headers = {\n  Authorization: 'Bearer ${leaked.raw}',\n};\n`,
  );
  await writeFile(
    join(folder, 'README.md'),
    '# Demo\n\nA folder to try Omi API Keys in. It is deleted when `npm start` ends.\n',
  );
  await writeFile(join(folder, '.env.example'), 'OMI_API_KEY=omi_dev_your_key_here\n');
  return folder;
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new Error(`--port must be 0 to 65535, not "${text}".`);
  return port;
}

/** Resolves on Ctrl-C, when whoever started this asks for the end, and when whoever started this is gone. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
    // npm passes a signal to its shell alone, which ends without passing it on.
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid !== parent) resolve();
    }, 250);
    watch.unref();
  });
}

function endProcess(pid: number): void {
  try {
    process.kill(pid);
  } catch {
    // It has ended by itself meanwhile.
  }
}

main().catch((error: unknown) => {
  console.error(`Could not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
