// Brings the heavy parts of the test hosts (VS Code as npm distributes it, and a browser) onto the machine on first need.
// They live in .cache/hosts, keyed by their lockfile and the recipe below; every later call takes milliseconds.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';

/** Which VS Code: the newest that is tested, or the oldest that the extension supports. */
export type HostName = 'newest' | 'oldest';

/** The exact VS Code versions behind the two names; the desktop builds used for suites are the same. */
export const vscodeVersions: Readonly<Record<HostName, string>> = { newest: '1.139.1', oldest: '1.105.1' };

/** A VS Code server ready to be started: its version, the Node it runs on, and its entry file (absolute paths). */
export interface Host {
  readonly version: string;
  readonly node: string;
  readonly serverMain: string;
}

/** A Chromium ready to be launched by Playwright. */
export interface Browser {
  readonly executablePath: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

type Part = HostName | 'browser';

// To be raised whenever `arrangeHost`, `arrangeBrowser` or a stand-in changes.
const recipe = 3;

const root = join(__dirname, '..', '..');
const cache = join(root, '.cache', 'hosts');
const isWindows = process.platform === 'win32';

// On a Node newer than this the extension host of the oldest VS Code dies silently, hence one Node per host.
const nodeMajors: Readonly<Record<HostName, number>> = { newest: 24, oldest: 22 };

// Built-in extensions that need a TypeScript compiler, an account or a debugger; no test has a use for them.
const unusedExtensions = [
  'copilot',
  'css-language-features',
  'debug-auto-launch',
  'debug-server-ready',
  'emmet',
  'extension-editing',
  'github',
  'grunt',
  'gulp',
  'html-language-features',
  'jake',
  'mermaid-markdown-features',
  'microsoft-authentication',
  'ms-vscode.js-debug',
  'ms-vscode.js-debug-companion',
  'ms-vscode.vscode-js-profile-table',
  'npm',
  'php-language-features',
  'terminal-suggest',
  'tunnel-forwarding',
  'typescript-language-features',
];

/**
 * Makes one VS Code ready to start, installing it from npm on first need (about half a minute).
 * Safe beside other calls and after an interrupted one. Fails when npm fails or the platform has no fitting Node.
 */
export async function prepareHost(name: HostName): Promise<Host> {
  const version = vscodeVersions[name];
  const directory = await prepare(name, `VS Code ${version}`, (staging) => arrangeHost(name, staging));
  return {
    version,
    node: join(directory, isWindows ? 'node.exe' : 'node'),
    serverMain: join(directory, 'vscode', 'out', 'server-main.js'),
  };
}

/**
 * Finds or installs a Chromium: `CHROME_PATH`, an installed Chrome or Chromium, else the one that npm distributes
 * (Linux on x64 only; elsewhere an error asks for `CHROME_PATH`).
 */
export async function prepareBrowser(): Promise<Browser> {
  const installed = installedBrowser();
  if (installed !== undefined) return { executablePath: installed, args: [], env: {} };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('No Chrome or Chromium was found. Install one, or set CHROME_PATH to its executable.');
  }
  const directory = await prepare('browser', 'a headless Chromium', arrangeBrowser);
  const executablePath = join(directory, 'chromium');
  const needs: unknown = JSON.parse(await readFile(join(directory, 'ready.json'), 'utf8'));
  const env: Record<string, string> = {};
  if (hasNote(needs, 'libraries')) {
    const inherited = process.env['LD_LIBRARY_PATH'];
    env['LD_LIBRARY_PATH'] = [join(directory, 'al2023', 'lib'), ...(inherited ? [inherited] : [])].join(':');
  }
  if (!existsSync('/etc/fonts/fonts.conf')) env['FONTCONFIG_PATH'] = join(directory, 'fonts');
  return { executablePath, args: ['--use-gl=angle', '--use-angle=swiftshader'], env };
}

/** Light and dark themes differ in id between versions; gives this host's own ids. */
export function themeIds(host: Host): { light: string; dark: string } {
  const manifest = join(host.serverMain, '..', '..', 'extensions', 'theme-defaults', 'package.json');
  const ids = [...readFileSync(manifest, 'utf8').matchAll(/"id":"([^"]+)"/g)].map((match) => match[1] ?? '');
  const ending = (end: string) => ids.find((id) => id.endsWith(end)) ?? `Default ${end}`;
  return { light: ending('Light Modern'), dark: ending('Dark Modern') };
}

async function prepare(
  part: Part,
  label: string,
  arrange: (staging: string) => Promise<readonly string[]>,
): Promise<string> {
  const source = join(__dirname, part);
  const hash = createHash('sha256')
    .update(readFileSync(join(source, 'package-lock.json')))
    .update(`${String(recipe)} ${process.platform}-${process.arch}`)
    .digest('hex')
    .slice(0, 12);
  const target = join(cache, `${part}-${hash}`);
  if (existsSync(join(target, 'ready.json'))) return target;

  await removeLeftovers(part);
  console.log(`Preparing ${label} (once) …`);
  const started = Date.now();
  const staging = `${target}.tmp-${String(process.pid)}`;
  try {
    await mkdir(staging, { recursive: true });
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
      await cp(join(source, file), join(staging, file));
    }
    await npmCi(staging);
    const notes = await arrange(staging);
    await writeFile(join(staging, 'ready.json'), JSON.stringify({ notes }));
    await rename(staging, target).catch((error: unknown) => {
      // Another process was faster: its result is the same.
      if (!existsSync(join(target, 'ready.json'))) throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  await removeOlder(part, target);
  console.log(`Prepared ${label} in ${String(Math.round((Date.now() - started) / 1000))} s.`);
  return target;
}

/** Lays out a host: `node`, and `vscode` with the modules its server loads beside it. Only that is kept. */
async function arrangeHost(name: HostName, staging: string): Promise<readonly string[]> {
  const modules = join(staging, 'node_modules');
  const vscode = join(staging, 'vscode');
  await takeNode(name, modules, staging);
  await rename(join(modules, 'code-server', 'lib', 'vscode'), vscode);
  for (const entry of await readdir(modules)) {
    if (entry === 'code-server' || entry === '.bin' || /^node-(bin-)?(linux|darwin|win)-/.test(entry)) {
      await remove(join(modules, entry));
    }
  }
  await rename(modules, join(vscode, 'node_modules'));

  const { version } = JSON.parse(await readFile(join(vscode, 'package.json'), 'utf8')) as { version: string };
  if (version !== vscodeVersions[name])
    throw new Error(`Expected VS Code ${vscodeVersions[name]}, got ${version}.`);

  const standIns: readonly (readonly [string, string])[] = [
    ['spdlog.cjs', '@vscode/spdlog'],
    ['fsCopyfile.cjs', '@vscode/fs-copyfile'],
    ['nativeWatchdog.cjs', name === 'newest' ? '@vscode/native-watchdog' : 'native-watchdog'],
  ];
  for (const [standIn, module] of standIns) {
    await cp(join(__dirname, 'standIns', standIn), join(vscode, 'node_modules', module, 'index.js'));
  }

  for (const extension of unusedExtensions) await remove(join(vscode, 'extensions', extension));
  await remove(join(vscode, 'out', 'vs', 'platform', 'agentHost'));
  await remove(join(vscode, 'node_modules', 'node-pty', 'third_party'));
  const here = `${process.platform}-${process.arch}`;
  for (const binaries of ['node-pty/prebuilds', '@vscode/ripgrep/bin', '@vscode/ripgrep-universal/bin']) {
    const folder = join(vscode, 'node_modules', binaries);
    for (const platform of existsSync(folder) ? await readdir(folder) : []) {
      if (platform !== here) await remove(join(folder, platform));
    }
  }
  for (const file of await readdir(vscode, { recursive: true })) {
    if (file.endsWith('.map')) await remove(join(vscode, file));
  }
  return [];
}

async function takeNode(name: HostName, modules: string, staging: string): Promise<void> {
  const executable = isWindows ? 'node.exe' : 'node';
  const platform = `${isWindows ? 'win' : process.platform}-${process.arch}`;
  const candidates = [`node-${platform}`, `node-bin-${platform}`].map((folder) =>
    join(modules, folder, 'bin', executable),
  );
  const major = String(nodeMajors[name]);
  const own = process.versions.node.split('.')[0] === major ? [process.execPath] : [];
  const found = [...candidates, ...own].find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(`npm has no Node ${major} for ${platform}; run the tests on Node ${major}.`);
  }
  await cp(found, join(staging, executable));
  await chmod(join(staging, executable), 0o755);
}

/** Unpacks the compressed browser; notes `libraries` when the system lacks some that came with it. */
async function arrangeBrowser(staging: string): Promise<readonly string[]> {
  const packed = join(staging, 'node_modules', '@sparticuz', 'chromium', 'bin');
  const { extract } = createRequire(join(staging, 'package.json'))('tar-fs') as {
    extract: (directory: string) => NodeJS.WritableStream;
  };
  const unpack = async (file: string, target: NodeJS.WritableStream) =>
    pipeline(createReadStream(join(packed, file)), createBrotliDecompress(), target);

  const executable = join(staging, 'chromium');
  await unpack('chromium.br', createWriteStream(executable, { mode: 0o755 }));
  // The software renderer belongs beside the executable.
  await unpack('swiftshader.tar.br', extract(staging));
  await unpack('fonts.tar.br', extract(staging));
  await unpack('al2023.tar.br', extract(join(staging, 'al2023')));
  await remove(join(staging, 'node_modules'));

  const plain = await run(executable, ['--version'], staging, process.env);
  return plain.code === 0 ? [] : ['libraries'];
}

function installedBrowser(): string | undefined {
  const given = process.env['CHROME_PATH'];
  if (given) {
    if (!existsSync(given)) throw new Error(`CHROME_PATH names a file that does not exist: ${given}`);
    return given;
  }
  const programs = process.env['PROGRAMFILES'] ?? 'C:\\Program Files';
  const places: Partial<Record<NodeJS.Platform, readonly string[]>> = {
    linux: [
      '/usr/bin/google-chrome',
      '/usr/bin/google-chrome-stable',
      '/usr/bin/chromium',
      '/usr/bin/chromium-browser',
    ],
    darwin: [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ],
    win32: [
      join(programs, 'Google', 'Chrome', 'Application', 'chrome.exe'),
      'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
    ],
  };
  return places[process.platform]?.find((path) => existsSync(path));
}

async function npmCi(directory: string): Promise<void> {
  const args = [
    'ci',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--engine-strict=false',
    '--loglevel=error',
  ];
  const npm = process.env['npm_execpath'];
  // What an outer npm says about its own package must not reach the inner one.
  const env: NodeJS.ProcessEnv = { npm_config_allow_git: 'none' };
  for (const [key, value] of Object.entries(process.env)) {
    if (!/^npm_(package_|lifecycle_|command|config_local_prefix|config_omit)/i.test(key)) env[key] = value;
  }
  const { code, output } = npm?.endsWith('.js')
    ? await run(process.execPath, [npm, ...args], directory, env)
    : await run('npm', args, directory, env);
  if (code !== 0) throw new Error(`npm ci failed (${String(code)}).\n${output}`);
}

function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: isWindows && command === 'npm',
    });
    let output = '';
    const collect = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-8000));
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** Removes what interrupted runs left, but nothing of a process that is still at work. */
async function removeLeftovers(part: Part): Promise<void> {
  for (const entry of existsSync(cache) ? await readdir(cache) : []) {
    const pid = new RegExp(`^${part}-[0-9a-f]+\\.tmp-(\\d+)$`).exec(entry)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await remove(join(cache, entry));
  }
}

async function removeOlder(part: Part, target: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (new RegExp(`^${part}-[0-9a-f]+$`).test(entry) && join(cache, entry) !== target) {
      await remove(join(cache, entry));
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}

function hasNote(value: unknown, note: string): boolean {
  if (typeof value !== 'object' || value === null || !('notes' in value)) return false;
  return Array.isArray(value.notes) && value.notes.includes(note);
}
