// A workspace with thousands of keys stays in hand: problems, rows, filter and scrolling.
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Person } from './support/person';
import { openFile, marks, openProblems } from './support/editing';
import { newKey, write } from './support/repository';
import { expect, test } from './support/stage';

const files = 40;
const strangersInFile = 100;
const placesOfOwn = 1000;

test('5,000 finds: scan, expand, filter, scroll', async ({ open, sandbox, studio }) => {
  test.setTimeout(300_000);
  const folder = join(dirname(studio.folder), 'many');
  const own = sandbox.addKey('ada', { name: 'everywhere', raw: newKey() });
  for (let file = 0; file < files; file += 1) {
    const lines = Array.from({ length: strangersInFile }, () => `KEY=${newKey()}`);
    const repeated = Array.from({ length: placesOfOwn / files }, () => `OWN=${own.raw}`);
    write(folder, `file${String(file)}.txt`, [...lines, ...repeated, ''].join('\n'));
  }
  const person = await open({ folder });
  await person.signInAndSee('everywhere');
  await person.clearToasts();
  const took = await seconds(async () => {
    await person.run('Omi: Scan Workspace for API Keys');
    await expect(person.toast('Found 4,001 API keys at 5,000 places; 40 files searched.')).toBeVisible();
  });

  const all: Record<string, number> = { scan: took };
  all['problems'] = await seconds(async () => {
    const rows = await openProblems(person);
    await expect(
      person.page.locator('.panel .composite-bar .badge', { hasText: /\d/ }).first(),
    ).toBeVisible();
    await expect(rows.first()).toContainText('file');
    await expect(person.page.locator('#status\\.problems')).toContainText('5K');
    await rows.first().click();
    await person.press('End');
    await expect(rows.last()).toContainText(/Omi API key|file\d/);
  });
  await person.run('View: Toggle Panel Visibility');
  await person.clearToasts();

  all['places'] = await seconds(async () => {
    await person.row('everywhere').click();
    await person.press('ArrowRight');
    await expect(person.row('file0.txt:101')).toBeVisible();
  });
  all['scroll'] = await seconds(async () => {
    await person.press('End');
    const strangers = person.rows(/^omi_dev_[0-9a-f]{4}…[0-9a-f]{4}/);
    await expect(strangers.last()).toBeVisible();
    await person.press('Home');
    await expect(person.row('Developer Keys')).toBeVisible();
  });
  all['filter'] = await seconds(async () => {
    await filter(person, 'file39');
    await expect(person.row('Found in Workspace')).toContainText('100 of 4000');
    await filter(person, '');
    await expect(person.row('Found in Workspace')).not.toContainText('of');
  });
  all['open'] = await seconds(async () => {
    await openFile(person, 'file7.txt');
    await expect(marks(person).first()).toBeVisible();
  });
  const told = Object.entries(all).map(([what, time]) => `${what} ${time.toFixed(1)} s`);
  process.stdout.write(`5,000 finds in a window: ${told.join(', ')} (the robot that clicks included)\n`);
  await rm(folder, { recursive: true, force: true });
});

async function seconds(act: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await act();
  return (performance.now() - start) / 1000;
}

/** Sets the filter of the view; empty takes it away. */
async function filter(person: Person, words: string): Promise<void> {
  await person.run('Omi: Filter API Keys');
  await person.input.fill(words);
  await person.press('Enter');
  await expect(person.quickInput).toBeHidden();
}
