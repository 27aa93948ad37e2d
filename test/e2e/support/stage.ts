import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test as base, expect, type Browser, type BrowserContext, type TestInfo } from '@playwright/test';
import { startSandbox, type RecordedRequest, type Sandbox, type SandboxKey } from '../../../sandbox/server';
import { startServer, temporaryDirectory, type Server, type Settings } from '../../hosts/server';
import { launchBrowser, openWindow } from '../../hosts/window';
import { Person } from './person';
import { filesBelow, filesWithSecrets, secretsOnScreen, watchScreens } from './secretWatch';

export { expect } from '@playwright/test';

/** What all tests share: a local Omi, a VS Code with the packaged extension, a browser, and a folder to open. */
export interface Studio {
  readonly sandbox: Sandbox;
  readonly server: Server;
  readonly browser: Browser;
  readonly folder: string;
}

export interface WindowWishes {
  /** Opens a further window in the same context, for the same person. */
  readonly beside?: Person;
  readonly theme?: 'light' | 'dark';
  /** Pixels of a picture to one of the window. */
  readonly scale?: number;
  /** Lets the editor's vault outlast the window; without, each window forgets its secrets when it is closed. */
  readonly lastingVault?: boolean;
  /** Opened in place of the folder that tests share. */
  readonly folder?: string;
}

/** Something to have open in the editor. */
const program = `// Tells what the day was about.
const authorization = \`Bearer \${process.env.OMI_API_KEY}\`;
const address = 'https://api.omi.me/v1/dev/user/memories';
const answer = await fetch(address, { headers: { authorization } });
if (!answer.ok) throw new Error(\`Omi says \${answer.status}\`);

for (const { content } of await answer.json()) {
  console.log('-', content);
}
`;

export type OpenWindow = (wishes?: WindowWishes) => Promise<Person>;

/** Windows that belong together, looked at for secrets all the time. */
interface Windows {
  readonly open: OpenWindow;
  /** What was found on the screens since they were opened. */
  secrets(): Promise<readonly string[]>;
  /** Takes a picture of each window after a test that failed, with the keys in editors and terminals covered. */
  picturesOf(test: TestInfo): Promise<void>;
  close(): Promise<void>;
}

interface TestFixtures {
  readonly sandbox: Sandbox;
  /** Opens a window for this test alone. */
  readonly open: OpenWindow;
  /** The person at the one window that tests share: signed out, view open. */
  readonly person: Person;
  /** Looks for secrets in all files of the editor, after each test. */
  readonly fileCheck: null;
}

interface WorkerFixtures {
  /** The packaged extension. */
  readonly vsix: string;
  /** Whether folders are opened in Restricted Mode until they are trusted. */
  readonly workspaceTrust: boolean;
  /** User settings beside the usual ones. */
  readonly userSettings: Settings;
  readonly studio: Studio;
  readonly sharedWindows: Windows;
  readonly sharedPerson: Person;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  vsix: [process.env['OMI_VSIX'] ?? '', { scope: 'worker', option: true }],
  workspaceTrust: [false, { scope: 'worker', option: true }],
  userSettings: [{}, { scope: 'worker', option: true }],

  studio: [
    async ({ vsix, workspaceTrust, userSettings: more }, use) => {
      const place = await temporaryDirectory();
      const folder = join(place, 'weather-bot');
      await mkdir(folder);
      await writeFile(join(folder, 'bot.ts'), program);
      const sandbox = await startSandbox();
      const userSettings = {
        // VS Code keeps a copy of every file that it saves, and the person's own files hold keys here.
        'workbench.localHistory.enabled': false,
        'omi.apiBaseUrl': sandbox.url,
        'omi.firebase.authEmulatorHost': `127.0.0.1:${String(sandbox.port)}`,
        // Longer than a test holds an answer back.
        'omi.requestTimeoutSeconds': 15,
        ...more,
      };
      const server = await startServer({ host: 'newest', vsix, userSettings, workspaceTrust });
      const browser = await launchBrowser();
      await use({ sandbox, server, browser, folder });
      await browser.close();
      await server.stop();
      await sandbox.close();
      await rm(place, { recursive: true, force: true });
    },
    { scope: 'worker', timeout: 180_000 },
  ],

  sharedWindows: [
    async ({ studio }, use) => {
      const windows = newWindows(studio);
      await use(windows);
      await windows.close();
    },
    { scope: 'worker' },
  ],

  sharedPerson: [
    async ({ sharedWindows }, use) => {
      const person = await sharedWindows.open();
      await person.openView();
      await use(person);
    },
    { scope: 'worker', timeout: 90_000 },
  ],

  sandbox: async ({ studio: { sandbox } }, use) => {
    sandbox.reset();
    await use(sandbox);
    sandbox.reset();
  },

  fileCheck: [
    async ({ studio }, use) => {
      await use(null);
      const found = filesWithSecrets(await filesBelow(studio.server.dataDir));
      expect(found, 'files with secrets').toEqual([]);
    },
    { auto: true },
  ],

  open: async ({ studio, sandbox }, use, testInfo) => {
    sandbox.clearRequests();
    const windows = newWindows(studio);
    await use(windows.open);
    const found = await windows.secrets();
    await windows.picturesOf(testInfo);
    await windows.close();
    expect(found, 'secrets on the screen').toEqual([]);
  },

  // A window takes seconds to open. After a test that failed, the next one gets a new worker and thereby a new window.
  person: async ({ sharedPerson, sharedWindows, sandbox }, use, testInfo) => {
    await sharedPerson.page.bringToFront();
    await use(sharedPerson);
    const found = await sharedWindows.secrets();
    await sharedWindows.picturesOf(testInfo);
    expect(found, 'secrets on the screen').toEqual([]);
    sandbox.clearFaults();
    if (testInfo.status === testInfo.expectedStatus) await sharedPerson.signOutAndClear();
  },
});

let pictures = 0;

function newWindows({ browser, server, folder: shared, sandbox }: Studio): Windows {
  const people: Person[] = [];
  const contexts: BrowserContext[] = [];
  const watches: (() => readonly string[])[] = [];
  const newContext = async (wishes: WindowWishes) => {
    const { theme = 'dark', scale = 1, lastingVault = false } = wishes;
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      colorScheme: theme,
      deviceScaleFactor: scale,
      locale: 'en-US',
    });
    contexts.push(context);
    watches.push(await watchScreens(context));
    if (lastingVault) await keepSecrets(context);
    return context;
  };
  const openPages = () => people.map(({ page }) => page).filter((page) => !page.isClosed());
  return {
    open: async (wishes = {}) => {
      const { beside, folder = shared, theme = 'dark' } = wishes;
      const context = beside?.context ?? (await newContext(wishes));
      const window = await openWindow({ context, server, folder, theme });
      const person = new Person(window, (account) => sandbox.token(account));
      people.push(person);
      return person;
    },
    secrets: async () => {
      const now = await Promise.all(openPages().map(secretsOnScreen));
      return [...now.flat(), ...watches.flatMap((seen) => seen())];
    },
    picturesOf: async (test) => {
      if (test.status === test.expectedStatus) return;
      for (const page of openPages()) {
        await page.evaluate('omiHideSecrets()');
        await page.screenshot({ path: test.outputPath(`window-${String((pictures += 1))}.png`) });
      }
    },
    close: async () => {
      for (const person of people) await person.close();
      for (const context of contexts) await context.close();
    },
  };
}

/**
 * The editor in a browser encrypts its vault with a key that half comes from its server. This server has none to give,
 * and then the vault lives and dies with the window; with such a half it is kept in the browser.
 */
async function keepSecrets(context: BrowserContext): Promise<void> {
  const half = Buffer.alloc(32, 7);
  await context.route('**/mint-key', (route) =>
    route.fulfill({ body: half, contentType: 'application/octet-stream' }),
  );
}

/** The DELETE requests so far, as arrived. */
export function deletes(sandbox: Sandbox): readonly RecordedRequest[] {
  return sandbox.requests.filter(({ method }) => method === 'DELETE');
}

/** Holds that just these keys were asked to be deleted, each once, in the name of the account. */
export function expectOneDeleteEach(sandbox: Sandbox, ...keys: readonly SandboxKey[]): void {
  const sent = deletes(sandbox);
  expect(sent.map(({ rawPath }) => rawPath).sort()).toEqual(keys.map(keyPath).sort());
  const listing = sandbox.requests.find(({ method, status }) => method === 'GET' && status === 200);
  for (const { bearer, account } of sent) {
    expect(account).toBe('ada');
    expect(bearer === listing?.bearer, 'the DELETE has the bearer of the list').toBe(true);
  }
}

/** The secret of a key. */
export function rawOf({ raw, name }: SandboxKey): string {
  if (raw === null) throw new Error(`Nobody knows the raw key of "${name}".`);
  return raw;
}

/** The address of a key below Omi's base address. */
export function keyPath({ family, id }: SandboxKey): string {
  return `/v1/${family}/keys/${id}`;
}
