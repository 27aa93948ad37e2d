// `npm start`, as its own words tell a person to use it.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { launchBrowser } from '../hosts/window';
import { signInThroughBrowser } from './support/consent';
import { marks, openInExplorer } from './support/editing';
import { Person } from './support/person';

const root = join(__dirname, '..', '..');

test.skip(process.platform === 'win32', 'There is no Ctrl-C to send to another console.');

test('npm start: sign in by clicking as it says, revoke one key, Ctrl-C leaves nothing behind', async () => {
  test.setTimeout(150_000);
  const start = run('npm', ['start', '--', '--port', '0']);
  const browser = await launchBrowser();
  try {
    const address = await start.said(/^Ready: (http:\S+)$/m, 90_000);
    const token = await start.said(/^(eyJ\S+)$/m, 1000);
    await start.said(/(Click "Sign In", then "Continue with Google")/, 1000);
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(address);
    const window = { page, context: page.context(), close: () => page.close() };
    const person = new Person(window, () => token);
    await signInThroughBrowser(person);
    await expect(person.row('prod-bot')).toBeVisible();
    await person.contextMenu(person.row('prod-bot'), 'Revoke API Key');
    await person.pressModal('Revoke');
    await expect(person.toast('Revoked "prod-bot"')).toBeVisible();
    await expect(person.rows('prod-bot')).toHaveCount(0);
    await openInExplorer(person, 'bot.ts');
    await expect(marks(person), 'the key that somebody left').toHaveCount(1);

    // A terminal interrupts npm's own shell as well, which npm passes on as its end.
    start.signalAll('SIGINT');
    expect([0, 130, 'SIGINT']).toContain(await start.ended);
    await start.said(/^(Stopping …)$/m, 1000);
    await start.expectNothingLeft(address);
  } finally {
    await browser.close();
    await start.kill();
  }
});

test('the program behind npm start ends with exit code 0', async () => {
  const start = run(process.execPath, ['--import', 'tsx', 'scripts/start.ts', '--port', '0']);
  try {
    const address = await start.said(/^Ready: (http:\S+)$/m, 50_000);
    start.signalAll('SIGINT');
    expect(await start.ended).toBe(0);
    await start.expectNothingLeft(address);
  } finally {
    await start.kill();
  }
});

interface Started {
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** The first group of a pattern in what was printed; fails, with the end of it, when the command or the time ends. */
  said(pattern: RegExp, limitMs: number): Promise<string>;
  /** To the command and its children alike, as a terminal does. */
  signalAll(name: NodeJS.Signals): void;
  /** Holds that nobody answers at the address, and (on Linux) that every process that it started is gone. */
  expectNothingLeft(address: string): Promise<void>;
  kill(): Promise<void>;
}

function run(command: string, args: readonly string[]): Started {
  const mark = randomUUID();
  const child: ChildProcess = spawn(command, args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, OMI_TEST_MARK: mark },
  });
  let output = '';
  let hasEnded = false;
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  }).finally(() => (hasEnded = true));
  const signalAll = (name: NodeJS.Signals): void => {
    if (child.pid !== undefined && !hasEnded) process.kill(-child.pid, name);
  };
  return {
    ended,
    signalAll,
    said: async (pattern, limitMs) => {
      await expect
        .poll(() => hasEnded || pattern.test(output), { timeout: limitMs, message: pattern.source })
        .toBe(true);
      const found = pattern.exec(output)?.[1];
      if (found === undefined) throw new Error(`It ended early:\n${withoutTokens(output).slice(-2000)}`);
      return found;
    },
    expectNothingLeft: async (address) => {
      await expect.poll(() => fetch(address).then(String, () => 'refused')).toBe('refused');
      if (process.platform === 'linux') await expect.poll(() => processesMarked(mark)).toEqual([]);
    },
    kill: async () => {
      signalAll('SIGKILL');
      await ended;
    },
  };
}

function withoutTokens(text: string): string {
  return text.replace(/eyJ[\w.-]+/g, 'eyJ…');
}

/** The processes that inherited a mark in their environment (Linux). */
async function processesMarked(mark: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    ids.map(async (id) => ({ id, text: await readFile(`/proc/${id}/environ`, 'latin1').catch(() => '') })),
  );
  return environments.filter(({ text }) => text.includes(mark)).map(({ id }) => id);
}
