import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useFiles } from './support/files';
import { runningProcesses } from './support/processes';
import { deletes, expect, expectOneDeleteEach, keyPath, rawOf, test } from './support/stage';

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
  await person.press('Enter');
  const toast = person.toast(/Rotated "prod-bot": the old key omi_dev_[0-9a-f]{4}…[0-9a-f]{4} is revoked/);
  await expect(toast).toContainText(/The new key omi_dev_[0-9a-f]{4}…[0-9a-f]{4} is in \.env:2\./);
  expectOneDeleteEach(sandbox, old);
  const fresh = sandbox.key('ada', 'prod-bot');
  expect((await readFile(file, 'utf8')) === `# weather\nOMI_API_KEY=${rawOf(fresh)}\n`).toBe(true);
  await expect(person.rows('prod-bot')).toHaveCount(1);
});

test('the extension host is killed when the new key is made: the rotation is there and goes on', async ({
  open,
  sandbox,
  studio,
}) => {
  const old = sandbox.key('ada', 'prod-bot');
  const file = join(studio.folder, '.env');
  await put(file, rawOf(old));
  const others = extensionHosts();
  const person = await open({ lastingVault: true });
  const row = await person.signInAndSee('prod-bot');
  await person.clearToasts();
  const [host, ...more] = extensionHosts().filter((pid) => !others.includes(pid));
  if (host === undefined || more.length > 0) throw new Error('Not one extension host of this window.');
  const unproven = sandbox.fault({ path: '/v1/dev/key', times: Infinity, effect: { hang: true } });
  await person.contextMenu(row, 'Rotate API Key');
  await person.pressModal('Rotate');
  await expect.poll(() => unproven.hits).toBeGreaterThan(0);
  process.kill(host, 'SIGKILL');
  await expect.poll(() => extensionHosts().includes(host)).toBe(false);
  unproven.clear();

  await expect(async () => {
    await person.run('Omi: Resume Rotation');
    await person.pick('prod-bot');
  }).toPass({ timeout: 60_000 });
  await person.replaceInWorkspace('.env:1');
  expect(deletes(sandbox).length).toBe(0);
  await person.press('Enter');
  await expect(person.toast('Rotated "prod-bot"')).toBeVisible();
  expect(deletes(sandbox).map(({ rawPath }) => rawPath)).toEqual([keyPath(old)]);
  expect(sandbox.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  const fresh = sandbox.key('ada', 'prod-bot');
  expect((await readFile(file, 'utf8')) === rawOf(fresh)).toBe(true);
});

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
