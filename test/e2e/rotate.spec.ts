import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator } from '@playwright/test';
import type { FaultRule, Sandbox, SandboxKey } from '../../sandbox/server';
import { useFiles } from './support/files';
import type { Person } from './support/person';
import { runningProcesses } from './support/processes';
import {
  deletes,
  expect,
  expectOneDeleteEach,
  keyPath,
  rawOf,
  test,
  type OpenWindow,
  type Studio,
} from './support/stage';

const put = useFiles();

test('from the context menu: the file holds the new key, the old one is gone', async ({
  person,
  sandbox,
  studio,
}) => {
  const old = sandbox.key('ada', 'prod-bot');
  const file = join(studio.folder, '.env');
  await put(file, `# weather\nOMI_API_KEY=${rawOf(old)}\n`);
  const row = await person.signInAndSee('prod-bot');
  await person.contextMenu(row, 'Rotate API Key');
  await expect(person.modal).toContainText('Rotate "prod-bot"?');
  await expect(person.modal).toContainText(/Then omi_dev_[0-9a-f]{4}…[0-9a-f]{4} is revoked/);
  await person.pressModal('Rotate');
  await person.replaceInWorkspace('.env:2');
  expect(deletes(sandbox).length, 'nothing is revoked before the key is placed').toBe(0);
  await person.acceptTicked();
  const toast = person.toast(/Rotated "prod-bot": the old key omi_dev_[0-9a-f]{4}…[0-9a-f]{4} is revoked/);
  await expect(toast).toContainText(/The new key omi_dev_[0-9a-f]{4}…[0-9a-f]{4} is in \.env:2\./);
  expectOneDeleteEach(sandbox, old);
  const fresh = sandbox.key('ada', 'prod-bot');
  expect((await readFile(file, 'utf8')) === `# weather\nOMI_API_KEY=${rawOf(fresh)}\n`).toBe(true);
  await expect(person.rows('prod-bot')).toHaveCount(1);
});

/** How far a rotation has come when its extension host is killed, and the requests that are held back to stop it there. */
const stops: readonly {
  stage: string;
  held?: Omit<FaultRule, 'effect'>;
  isAsked: boolean;
  isPlaced: boolean;
}[] = [
  { stage: 'the new key is made', held: { path: '/v1/dev/key' }, isAsked: false, isPlaced: false },
  { stage: 'its place is asked for', isAsked: true, isPlaced: false },
  { stage: 'the old key is being revoked', held: { method: 'DELETE' }, isAsked: true, isPlaced: true },
];

for (const { stage, held, isAsked, isPlaced } of stops) {
  test.describe(`the extension host is killed when ${stage}`, () => {
    /** Rotates a key up to that stage, kills the extension host there, and waits for the row in the new one. */
    const interrupt = async ({ open, sandbox, studio }: Interrupted): Promise<Scene> => {
      const old = sandbox.key('ada', 'prod-bot');
      const file = join(studio.folder, '.env');
      await put(file, rawOf(old));
      const others = extensionHosts();
      const person = await open({ lastingVault: true });
      const row = await person.signInAndSee('prod-bot');
      await person.clearToasts();
      const [host, ...more] = extensionHosts().filter((pid) => !others.includes(pid));
      if (host === undefined || more.length > 0) throw new Error('Not one extension host of this window.');
      const fault = held && sandbox.fault({ ...held, times: Infinity, effect: { hang: true } });
      await person.contextMenu(row, 'Rotate API Key');
      await person.pressModal('Rotate');
      if (isAsked) await person.replaceInWorkspace('.env:1');
      if (isPlaced) await person.acceptTicked();
      if (fault) await expect.poll(() => fault.hits).toBeGreaterThan(0);
      process.kill(host, 'SIGKILL');
      await expect.poll(() => extensionHosts().includes(host)).toBe(false);
      // A pick of the dead host stays on the screen, and would be taken for the one of its successor.
      if (isAsked && !isPlaced) await person.input.press('Escape');
      await expect(person.quickInput).toBeHidden();
      fault?.clear();
      sandbox.clearRequests();
      const fresh = sandbox.key('ada', 'prod-bot');
      expect(ofName(sandbox)).toEqual([fresh.id, old.id]);
      expect((await readFile(file, 'utf8')) === rawOf(isPlaced ? fresh : old)).toBe(true);
      return { person, row: person.row('Rotation of prod-bot'), old, fresh, file };
    };

    test('resumed, it ends with the new key alone', async ({ open, sandbox, studio }) => {
      const { person, row, old, fresh, file } = await interrupt({ open, sandbox, studio });
      await person.clickIcon(row, 'Resume Rotation');
      if (!isPlaced) {
        await person.replaceInWorkspace('.env:1');
        expect(deletes(sandbox).length).toBe(0);
        await person.acceptTicked();
      }
      await expect(person.toast('Rotated "prod-bot"')).toBeVisible();
      await expect(row).toHaveCount(0);
      expect(ofName(sandbox)).toEqual([fresh.id]);
      expect(changes(sandbox)).toEqual([`DELETE ${keyPath(old)}`]);
      expect((await readFile(file, 'utf8')) === rawOf(fresh)).toBe(true);
    });

    test('undone by its icon, it ends with the old key alone', async ({ open, sandbox, studio }) => {
      const { person, row, old, fresh } = await interrupt({ open, sandbox, studio });
      await person.clickIcon(row, 'Undo Rotation');
      await expect(person.modal).toContainText('Undo the rotation of "prod-bot"?');
      await person.pressModal('Undo Rotation');
      const toast = person.toast(/Undone: the new key omi_dev_[0-9a-f]{4}…[0-9a-f]{4} is revoked/);
      await expect(toast).toBeVisible();
      await expect(toast.filter({ hasText: 'still written in: .env:1' })).toHaveCount(isPlaced ? 1 : 0);
      await expect(row).toHaveCount(0);
      expect(ofName(sandbox)).toEqual([old.id]);
      expect(changes(sandbox)).toEqual([`DELETE ${keyPath(fresh)}`]);
    });
  });
}

/** What it takes to interrupt a rotation. */
interface Interrupted {
  readonly open: OpenWindow;
  readonly sandbox: Sandbox;
  readonly studio: Studio;
}

/** A window whose extension host was killed and has come back. */
interface Scene {
  readonly person: Person;
  /** The row of the rotation. */
  readonly row: Locator;
  readonly old: SandboxKey;
  readonly fresh: SandboxKey;
  readonly file: string;
}

/** The keys of the rotated name that exist at Omi, newest first. */
function ofName(sandbox: Sandbox): readonly string[] {
  return sandbox.keys('ada').flatMap(({ id, name }) => (name === 'prod-bot' ? [id] : []));
}

/** All requests that are no mere reads. */
function changes(sandbox: Sandbox): readonly string[] {
  return sandbox.requests
    .filter(({ method }) => method !== 'GET')
    .map(({ method, rawPath }) => `${method} ${rawPath}`);
}

/** The process ids of all extension hosts below this process. */
function extensionHosts(): readonly number[] {
  const processes = runningProcesses();
  const mine = new Set([process.pid]);
  // A child may have a smaller id than its parent: repeated until nothing new is found.
  for (let size = 0; size < mine.size;) {
    size = mine.size;
    processes.filter(({ parent }) => mine.has(parent)).forEach(({ pid }) => mine.add(pid));
  }
  return processes
    .filter(({ pid, args }) => mine.has(pid) && args.includes('--type=extensionHost'))
    .map(({ pid }) => pid);
}
