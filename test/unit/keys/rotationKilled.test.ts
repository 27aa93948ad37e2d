// Real processes, killed in the middle of a rotation; a second one finds what they left.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox, type SandboxKey } from '../../../sandbox/server';
import { gate, targetOf } from './chain';
import type { RotationOrder, Stop } from './rotationProcess';

let place: string;
let program: string;
let directory: string;
let sandbox: Sandbox;
let old: SandboxKey;
let running: Set<ChildProcess>;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'omi-killed-'));
  program = join(place, 'program.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'rotationProcess.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  sandbox = await startSandbox();
});
beforeEach(async () => {
  running = new Set();
  directory = await mkdtemp(join(place, 'state-'));
  sandbox.reset();
  old = sandbox.addKey('ada', { name: 'robot', id: 'old', scopes: ['goals:read'], createdAt: 5 });
});
afterEach(() => running.forEach((child) => child.kill('SIGKILL')));
afterAll(async () => {
  await sandbox.close();
  await rm(place, { recursive: true, force: true });
});

/** A process at work. */
interface Worker {
  /** What it has said, a line each. */
  readonly lines: () => readonly string[];
  /** Ends it as a crash would, and waits until it is gone. */
  kill(): Promise<void>;
  readonly ended: Promise<NodeJS.Signals | number | null>;
}

function start(act: RotationOrder['act'], stop?: Stop): Worker {
  const order: RotationOrder = {
    url: sandbox.url,
    token: sandbox.token('ada'),
    target: targetOf(sandbox, old),
    ...{ directory, act, stop },
  };
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  running.add(child);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.end(JSON.stringify(order));
  const ended = new Promise<NodeJS.Signals | number | null>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  return {
    lines: () => said.split('\n').filter(Boolean),
    kill: async () => {
      child.kill('SIGKILL');
      expect(await ended).toBe('SIGKILL');
    },
    ended,
  };
}

/** Lets a second process go on or go back, to its end. */
async function finishWith(act: 'resume' | 'undo'): Promise<readonly string[]> {
  const worker = start(act);
  expect(await worker.ended, worker.lines().join('; ')).toBe(0);
  return worker.lines();
}

/** A process takes its time to start. */
const until = (what: string, holds: () => boolean): Promise<void> =>
  expect.poll(holds, { message: what, timeout: 15_000, interval: 5 }).toBe(true);

function alive(): ('old' | 'new')[] {
  const keys = sandbox.keys('ada').filter(({ name }) => name === 'robot');
  return keys.map(({ id }): 'old' | 'new' => (id === 'old' ? 'old' : 'new')).toSorted();
}
const count = (method: string): number => sandbox.requests.filter((one) => one.method === method).length;
const keyRoute = /^\/v1\/dev\/key$/;
const list = /^\/v1\/dev\/keys$/;
const stoppedAt = (worker: Worker, stop: Stop): Promise<void> =>
  until(`the process at ${stop}`, () => worker.lines().includes(`stopped at ${stop}`));

/** Where a process is killed; gives what is to be done after its death. */
interface Death {
  readonly name: string;
  readonly reach: () => Promise<Worker>;
  /** What the next process finds, and the keys that exist then. */
  readonly found: string;
  readonly exist: readonly ('old' | 'new')[];
  readonly afterwards?: () => void | Promise<void>;
  /** Whether the old key's end is a fact, so that undo must spare the new one. */
  readonly isOldGone?: true;
}

/** Kills at a request that Omi does not answer. */
const atRequest =
  (method: string, path: RegExp, skip = 0) =>
  async (): Promise<Worker> => {
    const held = sandbox.fault({ method, path, skip, times: Infinity, effect: { hang: true } });
    const worker = start('rotate');
    await until('the request', () => held.hits > 0);
    return worker;
  };
/** Kills right before something is written. */
const beforeWrite = (stop: Stop) => async (): Promise<Worker> => {
  const worker = start('rotate', stop);
  await stoppedAt(worker, stop);
  return worker;
};

let answer: ReturnType<typeof gate>;
const held = (method: string) => async (): Promise<Worker> => {
  answer = gate();
  const fault = sandbox.fault({ method, effect: { hold: answer.closed } });
  const worker = start('rotate');
  await until('the request', () => fault.hits > 0);
  return worker;
};

const deaths: readonly Death[] = [
  {
    name: 'making, before the request for the new key',
    reach: atRequest('GET', list),
    ...{ found: 'making', exist: ['old'] },
  },
  {
    name: 'making, with a request that Omi never takes up',
    reach: atRequest('POST', list),
    ...{ found: 'making', exist: ['old'] },
  },
  {
    name: 'making, with a request that Omi takes up afterwards',
    reach: held('POST'),
    afterwards: async () => {
      answer.open();
      await until('Omi has made the key', () => alive().length === 2);
    },
    ...{ found: 'making', exist: ['new', 'old'] },
  },
  {
    name: 'making, with the answer in hand but not held',
    reach: beforeWrite('holdSecret'),
    ...{ found: 'making', exist: ['new', 'old'] },
  },
  {
    name: 'making, with the secret held but not written down',
    reach: beforeWrite('writeMade'),
    ...{ found: 'made', exist: ['new', 'old'] },
  },
  { name: 'made', reach: atRequest('GET', keyRoute), found: 'made', exist: ['new', 'old'] },
  { name: 'proven', reach: beforeWrite('writePlaced'), found: 'proven', exist: ['new', 'old'] },
  { name: 'placed', reach: beforeWrite('writeRevoking'), found: 'placed', exist: ['new', 'old'] },
  {
    name: 'revoking, before the DELETE took effect',
    reach: atRequest('DELETE', /old$/),
    ...{ found: 'revoking', exist: ['new', 'old'] },
  },
  {
    name: 'revoking, with a DELETE that takes effect afterwards',
    reach: held('DELETE'),
    afterwards: async () => {
      answer.open();
      await until('the old key is gone', () => alive().length === 1);
    },
    ...{ found: 'revoking', exist: ['new'], isOldGone: true },
  },
  {
    name: 'revoking, after the DELETE took effect',
    // Read before: to make, after making, for the new key, to revoke.
    reach: atRequest('GET', list, 4),
    ...{ found: 'revoking', exist: ['new'], isOldGone: true },
  },
  {
    name: 'revoking, with all done but not written down',
    reach: beforeWrite('writeOver'),
    ...{ found: 'revoking', exist: ['new'], isOldGone: true },
  },
];

async function left(): Promise<{ journal: string; vault: string[] }> {
  const files = await readdir(join(directory, 'vault'));
  return {
    journal: await readFile(join(directory, 'journal.json'), 'utf8'),
    vault: files.filter((name) => name.startsWith('omi.secret.')),
  };
}

describe.each(deaths)('killed: $name', ({ reach, found, exist, afterwards, isOldGone }) => {
  async function die(): Promise<void> {
    const worker = await reach();
    await worker.kill();
    await afterwards?.();
    sandbox.clearFaults();
    expect(alive()).toEqual(exist);
  }

  test('resumed, the new key alone is left', async () => {
    await die();
    const lines = await finishWith('resume');
    expect(lines[0]).toBe(`found ${found}`);
    expect(lines.at(-1)).toBe('end ok');
    expect(alive()).toEqual(['new']);
    expect(await left()).toEqual({ journal: '[]', vault: [] });
  });

  test(`undone, the ${isOldGone ? 'new' : 'old'} key alone is left`, async () => {
    await die();
    const posts = count('POST');
    const lines = await finishWith('undo');
    expect(lines[0]).toBe(`found ${found}`);
    expect(lines.at(-1)).toBe(isOldGone ? 'end oldKeyGone' : 'end ok');
    expect(alive()).toEqual([isOldGone ? 'new' : 'old']);
    expect(count('POST')).toBe(posts);
    if (isOldGone) expect((await finishWith('resume')).at(-1)).toBe('end ok');
    expect(await left()).toEqual({ journal: '[]', vault: [] });
  });
});

test('undisturbed, one process does it all', async () => {
  const worker = start('rotate');
  expect(await worker.ended).toBe(0);
  expect(worker.lines()).toEqual(['found nothing', 'end ok']);
  expect(alive()).toEqual(['new']);
  expect(await left()).toEqual({ journal: '[]', vault: [] });
});
