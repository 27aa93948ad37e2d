// Starts the npm-distributed VS Code as a server on loopback, the way a person's remote window has one.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startPortProxy } from './portProxy';
import { prepareHost, type Host, type HostName } from './prepare';

/** VS Code user settings by their full name. */
export type Settings = Readonly<Record<string, unknown>>;

/** What `startServer` needs. Everything but `host` has a default. */
export interface ServerOptions {
  /** Which VS Code; prepared on first need. */
  readonly host: HostName;
  /** Added to (and stronger than) the quiet defaults. */
  readonly userSettings?: Settings;
  /** Where extensions are installed; a fresh temporary directory when left out. */
  readonly extensionsDir?: string;
  /** A packaged extension to be installed before the start. */
  readonly vsix?: string;
  /** User data (settings, state, logs); a fresh temporary directory when left out. A given one is never deleted. */
  readonly dataDir?: string;
  /** Needed to run suites; a window shows no notification toasts with it. Off by default. */
  readonly smokeTestDriver?: boolean;
  /** Whether folders are asked about (Restricted Mode). Off by default: every folder is trusted. */
  readonly workspaceTrust?: boolean;
  /** Added to the environment of the server and thereby of the extension host. */
  readonly env?: Readonly<Record<string, string>>;
  /** A fixed port; any free one when left out. */
  readonly port?: number;
}

/** A running server. `stop` ends every process of it and removes the temporary directories; it may be called twice. */
export interface Server {
  readonly host: Host;
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly extensionsDir: string;
  readonly logsDir: string;
  /** Changes user settings while VS Code runs; open windows follow by themselves. */
  updateSettings(settings: Settings): Promise<void>;
  /** The end of the extension hosts' logs, for a failure's report. */
  logTail(characters?: number): Promise<string>;
  stop(): Promise<void>;
}

const readyLimitMs = 60_000;
const installLimitMs = 60_000;

const quietSettings: Settings = {
  'chat.commandCenter.enabled': false,
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  'remote.autoForwardPorts': false,
  'security.workspace.trust.banner': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'window.dialogStyle': 'custom',
  'workbench.enableExperiments': false,
  'workbench.reduceMotion': 'on',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
};

/**
 * Starts VS Code on 127.0.0.1 and resolves when it answers. Fails, with the server's own words, when it does not
 * within a minute. Its processes end with `stop()`, or by themselves when this process goes in whatever way: a guard
 * process watches a pipe that closes then.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const host = await prepareHost(options.host);
  const temporary = await temporaryDirectory();
  const dataDir = options.dataDir ?? join(temporary, 'data');
  const extensionsDir = options.extensionsDir ?? join(temporary, 'extensions');
  const settingsFile = join(dataDir, 'data', 'User', 'settings.json');
  let settings: Settings = { ...quietSettings, ...options.userSettings };
  const writeSettings = () => writeFile(settingsFile, JSON.stringify(settings, null, 2));
  await mkdir(dirname(settingsFile), { recursive: true });
  await mkdir(extensionsDir, { recursive: true });
  await writeSettings();

  const directories = ['--server-data-dir', dataDir, '--extensions-dir', extensionsDir];
  const ports = await startPortProxy();
  const env = hostEnvironment({ VSCODE_PROXY_URI: ports.template, ...options.env });
  if (options.vsix !== undefined) {
    const args = [host.serverMain, ...directories, '--install-extension', options.vsix, '--force'];
    const install = guarded(host.node, args, env, []);
    const code = await within(
      installLimitMs,
      install.ended,
      'VS Code did not install the extension in time.',
    );
    if (code !== 0) {
      await ports.stop();
      await rm(temporary, { recursive: true, force: true });
      throw new Error(`VS Code could not install ${options.vsix}.\n${install.output()}`);
    }
  }

  const args = [
    host.serverMain,
    ...['--host', '127.0.0.1', '--port', String(options.port ?? 0), '--without-connection-token'],
    '--accept-server-license-terms',
    ...directories,
    ...['--telemetry-level', 'off'],
    ...(options.workspaceTrust ? [] : ['--disable-workspace-trust']),
    ...(options.smokeTestDriver ? ['--enable-smoke-test-driver'] : []),
  ];
  const server = guarded(host.node, args, env, [temporary]);
  let port: number;
  try {
    port = await listening(server);
  } catch (error) {
    await ports.stop();
    await server.stop();
    throw error;
  }
  const logsDir = join(dataDir, 'data', 'logs');
  return {
    host,
    url: `http://127.0.0.1:${String(port)}`,
    port,
    dataDir,
    extensionsDir,
    logsDir,
    async updateSettings(changes) {
      settings = { ...settings, ...changes };
      await writeSettings();
    },
    logTail: (characters = 4000) => logTail(logsDir, characters),
    stop: async () => {
      await ports.stop();
      await server.stop();
    },
  };
}

/** A new temporary directory of this project, by its real path (macOS hands out a link). */
export async function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(await realpath(tmpdir()), 'omi-host-'));
}

interface Guarded {
  /** Resolves with the exit code when nothing of the command is left. */
  readonly ended: Promise<number>;
  output(): string;
  stop(): Promise<void>;
}

/** Runs a command under the guard; `remove` names directories to delete once it has ended. */
function guarded(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  remove: readonly string[],
): Guarded {
  const order = JSON.stringify({ command, args, remove });
  // Detached, so that a signal to this process's group leaves the guard alive to do its work.
  const guard: ChildProcess = spawn(process.execPath, [join(__dirname, 'guard.mjs'), order], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  let output = '';
  const collect = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000));
  guard.stdout?.on('data', collect);
  guard.stderr?.on('data', collect);
  guard.stdin?.on('error', () => undefined);
  const ended = new Promise<number>((resolve, reject) => {
    guard.once('error', reject);
    guard.once('close', (code) => resolve(code ?? 1));
  });
  ended.catch(() => undefined);
  return {
    ended,
    output: () => output,
    async stop() {
      guard.stdin?.end();
      await ended;
    },
  };
}

/** The port the server says it listens on, once it also answers there. */
async function listening(server: Guarded): Promise<number> {
  const state = { gone: false };
  const leave = () => void (state.gone = true);
  server.ended.then(leave, leave);
  const deadline = Date.now() + readyLimitMs;
  while (Date.now() < deadline && !state.gone) {
    const port = /Extension host agent listening on (\d+)/.exec(server.output())?.[1];
    if (port !== undefined && (await answers(`http://127.0.0.1:${port}/version`))) return Number(port);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(
    `VS Code ${state.gone ? 'ended while starting' : 'did not start in time'}.\n${server.output()}`,
  );
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}

async function logTail(logsDir: string, characters: number): Promise<string> {
  if (!existsSync(logsDir)) return '';
  const files = (await readdir(logsDir, { recursive: true })).filter((file) =>
    file.endsWith('remoteexthost.log'),
  );
  const texts = await Promise.all(files.sort().map((file) => readFile(join(logsDir, file), 'utf8')));
  return texts.join('\n').slice(-characters);
}

/** This process's environment without what would change how another Node or VS Code starts. */
function hostEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [key, value] of Object.entries(process.env)) {
    if (!/^(NODE_OPTIONS|ELECTRON_|VSCODE_|npm_)/i.test(key)) env[key] = value;
  }
  // No extension gallery: nothing outside this machine is asked for.
  return { ...env, EXTENSIONS_GALLERY: '{"serviceUrl":""}', ...extra };
}

async function within<T>(limitMs: number, work: Promise<T>, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), limitMs);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}
