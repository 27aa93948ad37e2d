// Stands in for the executable of a desktop VS Code: takes the same arguments, runs the same suite in the npm-distributed
// VS Code with a headless browser as its window, and exits with the suite's code. `@vscode/test-electron` starts it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from '@playwright/test';
import type { HostName } from './prepare';
import { startServer, type Server, type Settings } from './server';
import { launchBrowser } from './window';

interface Order {
  readonly developmentPaths: readonly string[];
  readonly testsPath: string;
  readonly userDataDir: string | undefined;
  readonly extensionsDir: string | undefined;
  readonly workspaceTrust: boolean;
  readonly folder: string | undefined;
}

/** Reads the desktop's command line; what has no meaning here is ignored. */
function readArguments(argv: readonly string[]): Order {
  const values = (name: string) =>
    argv.filter((arg) => arg.startsWith(`--${name}=`)).map((arg) => arg.slice(name.length + 3));
  const testsPath = values('extensionTestsPath')[0];
  if (testsPath === undefined) throw new Error('--extensionTestsPath= is missing.');
  return {
    developmentPaths: values('extensionDevelopmentPath'),
    testsPath,
    userDataDir: values('user-data-dir')[0],
    extensionsDir: values('extensions-dir')[0],
    workspaceTrust: !argv.includes('--disable-workspace-trust'),
    folder: argv.find((arg) => !arg.startsWith('-')),
  };
}

async function runSuite(order: Order, host: HostName, limitMs: number): Promise<number> {
  let server: Server | undefined;
  let browser: Browser | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    server = await startServer({
      host,
      userSettings: readSettings(order.userDataDir),
      ...(order.extensionsDir === undefined ? {} : { extensionsDir: order.extensionsDir }),
      workspaceTrust: order.workspaceTrust,
      smokeTestDriver: true,
    });
    browser = await launchBrowser();
    const page = await browser.newPage();
    const code = new Promise<number>((resolve) => {
      void page.exposeFunction('codeAutomationExit', resolve);
      page.once('crash', () => {
        console.error('The window crashed.');
        resolve(1);
      });
      // Told to end, this process closes the browser, and must not wait for the suite then.
      page.once('close', () => resolve(1));
      timer = setTimeout(() => {
        console.error(
          `The suite did not end within ${String(limitMs / 1000)} s (OMI_TEST_LIMIT_SECONDS changes this limit).`,
        );
        resolve(1);
      }, limitMs);
    });
    await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
      if (isAboutTheWindow(args)) return;
      (type === 'error' || type === 'warn' ? console.error : console.log)(...args);
    });
    await page.goto(address(server, order));
    const result = await code;
    if (result !== 0) {
      console.error(`--- end of the extension host's log ---\n${await server.logTail()}\n---`);
    }
    return result;
  } finally {
    clearTimeout(timer);
    await browser?.close();
    await server?.stop();
  }
}

/** The window logs its own start through the same door as the extension host's console. */
function isAboutTheWindow([first]: readonly unknown[]): boolean {
  return (
    typeof first === 'string' &&
    /^(Resolv(ing|ed) connection token|Creating a socket|\[(reconnection|AgentHost|AccountPolicy|Service Worker)|Updating additional builtin|ChatSessionStore|Ignoring fetching additional builtin|No search provider registered)/.test(
      first,
    )
  );
}

function address(server: Server, order: Order): string {
  const remote = (path: string) =>
    `vscode-remote://127.0.0.1:${String(server.port)}${pathToFileURL(path).pathname}`;
  const payload = [
    ...order.developmentPaths.map((path) => ['extensionDevelopmentPath', remote(path)]),
    ['extensionTestsPath', remote(order.testsPath)],
    ['skipWelcome', 'true'],
  ];
  const query = new URLSearchParams({ payload: JSON.stringify(payload) });
  if (order.folder === undefined) query.set('ew', 'true');
  else query.set(order.folder.endsWith('.code-workspace') ? 'workspace' : 'folder', order.folder);
  return `${server.url}/?${query.toString()}`;
}

/** The settings a desktop would read from its user data directory. */
function readSettings(userDataDir: string | undefined): Settings {
  const file = userDataDir === undefined ? undefined : join(userDataDir, 'User', 'settings.json');
  if (file === undefined || !existsSync(file)) return {};
  return JSON.parse(readFileSync(file, 'utf8')) as Settings;
}

async function main(): Promise<void> {
  const host = process.env['OMI_TEST_VSCODE'] === 'oldest' ? 'oldest' : 'newest';
  const limitMs = Number(process.env['OMI_TEST_LIMIT_SECONDS'] ?? 1200) * 1000;
  process.exitCode = await runSuite(readArguments(process.argv.slice(2)), host, limitMs);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
