// The steps behind the pictures in the documents. The pictures are written with OMI_PICTURES=1 alone.
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Locator } from '@playwright/test';
import type { Sandbox } from '../../sandbox/server';
import { consentAfter, signInThroughBrowser } from './support/consent';
import { clickKey, hoverKey, openFile } from './support/editing';
import type { Person } from './support/person';
import { commit, makeRepository, push, write } from './support/repository';
import { expect, test } from './support/stage';

const media = join(__dirname, '..', '..', 'media');
const directory = join(media, 'screens');
const hour = 3_600_000;

for (const theme of ['light', 'dark'] as const) {
  test(`the way of a key, ${theme}`, async ({ open, sandbox }) => {
    giveOrdinaryKeys(sandbox);
    const person = await open({ theme });
    const picture = (name: string): Promise<void> => takePicture(person, name, theme);
    await openFile(person, 'bot.ts');
    await person.openView();
    await widenSideBar(person, 420);
    await expect(person.welcomeButton('Sign In with Firebase Token')).toBeVisible();
    await picture('signed-out');
    await person.welcomeButton('Sign In').click();
    await expect(person.quickInput).toContainText('Continue with Apple');
    await picture('sign-in');
    const consent = await consentAfter(person, () => person.pick('Continue with Google'));
    await consent.page.close();
    await person.page.bringToFront();
    await expect(person.input).toHaveAttribute('placeholder', 'Waiting for the browser …');
    await picture('signing-in');
    await person.press('Escape');
    await expect(person.welcomeButton('Sign In')).toBeVisible();

    await signInThroughBrowser(person, 'grace');
    await expect(person.row('prod-bot')).toBeVisible();
    await person.clearToasts();
    await person.row('prod-bot').click();
    await picture('list');

    await person.page.locator('.sidebar').getByRole('button', { name: 'Create API Key' }).click();
    await person.pick('Developer Key');
    await expect(person.quickInput).toContainText('Name of the key');
    await person.input.fill('weather-bot');
    await person.press('Enter');
    await person.pick('Per Resource');
    await person.tick('Read memories', 'Write action items');
    await picture('create');
    await person.press('Escape');

    await person.run('Omi: Revoke Unused API Keys');
    await person.tick('old-laptop');
    await picture('unused');
    await person.press('Escape');
    await expect(person.quickInput).toBeHidden();

    await person.contextMenu(person.row('old-laptop'), 'Revoke API Key');
    await expect(person.modal).toContainText('Revoke "old-laptop"?');
    await picture('confirm');

    await person.pressModal('Revoke');
    await expect(person.toast('Revoked "old-laptop"')).toBeVisible();
    await expect(person.row('old-laptop')).toHaveCount(0);
    await expand(person.toast('Revoked "old-laptop"'));
    await picture('result');
    await person.clearToasts();

    sandbox.fault({ method: 'DELETE', times: Infinity, effect: { status: 503 } });
    await person.contextMenu(person.row('prod-bot'), 'Revoke API Key');
    await person.pressModal('Revoke');
    await expect(person.toast('is STILL LIVE')).toBeVisible();
    await expect(person.row('prod-bot')).not.toContainText('revoking');
    await picture('failure');
    await person.clearToasts();

    sandbox.fault({ method: 'GET', times: Infinity, effect: { status: 503 } });
    await person.run('Omi: Refresh API Keys');
    await expect(person.view).toContainText('As of');
    await expect(person.rows('Try Again')).toHaveCount(2);
    await expect(person.page.locator('.sidebar .monaco-progress-container.active')).toHaveCount(0);
    await picture('stale');
  });

  test(`a key rotated, ${theme}`, async ({ open, sandbox, studio }) => {
    giveOrdinaryKeys(sandbox);
    const { raw } = sandbox.key('grace', 'notes-to-calendar');
    const texts = {
      '.env': `OMI_API_KEY=${raw ?? ''}\n`,
      'deploy.yaml': `env:\n  OMI_API_KEY: ${raw ?? ''}\n`,
    };
    for (const [name, text] of Object.entries(texts)) await writeFile(join(studio.folder, name), text);
    try {
      const person = await open({ theme });
      await openFile(person, 'bot.ts');
      await person.signInAndSee('notes-to-calendar', 'grace');
      await widenSideBar(person, 420);
      await person.clearToasts();
      await person.contextMenu(person.row('notes-to-calendar'), 'Rotate API Key');
      await person.pressModal('Rotate');
      await person.replaceInWorkspace('deploy.yaml:2');
      await takePicture(person, 'rotate', theme);
      await person.acceptTicked();
      await expect(person.toast('Rotated "notes-to-calendar"')).toBeVisible();
    } finally {
      for (const name of Object.keys(texts)) await rm(join(studio.folder, name), { force: true });
    }
  });

  test(`a leaked key, ${theme}`, async ({ open, sandbox, studio }) => {
    giveOrdinaryKeys(sandbox);
    const folder = join(dirname(studio.folder), theme, 'weather-bot');
    makeLeakyFolder(folder, sandbox.key('grace', 'notes-to-calendar').raw ?? '');
    const person = await open({ theme, folder });
    const { page } = person;
    const picture = (name: string, mouse?: 'stays'): Promise<void> =>
      takePicture(person, `leak-${name}`, theme, mouse);
    await person.signInAndSee('notes-to-calendar', 'grace');
    await widenSideBar(person, 420);
    await person.clearToasts();
    await openFile(person, 'bot.ts');

    await person.run('Omi: Scan Git History for API Keys');
    await expect(person.toast('published on origin/main')).toBeVisible();
    await expect(person.toast('Searching')).toHaveCount(0);
    await picture('history');
    await person.clearToasts();
    await person.run('Omi: Scan Workspace for API Keys');
    await expect(person.toast('Found 2 API keys at 3 places')).toBeVisible();
    await expect(person.toast('Scanning')).toHaveCount(0);
    await picture('scan');
    await person.clearToasts();

    await person.row('notes-to-calendar').click();
    await person.press('ArrowRight');
    await expect(person.row('bot.ts:')).toBeVisible();
    const stranger = person.rows(/^omi_dev_/).first();
    await stranger.click();
    await person.press('ArrowRight');
    await expect(person.row('notes.md:')).toBeVisible();
    await picture('places');

    await openFile(person, 'bot.ts');
    await clickKey(person);
    await hoverKey(person);
    await picture('hover', 'stays');
    await person.press('Escape');

    await person.run('Omi: Respond to Leaked API Key');
    await expect(person.modal).toContainText('Revoke the leaked API key "notes-to-calendar"?');
    await picture('respond');
    await person.pressModal('Revoke Now');
    const proven = person.toast('Proven dead');
    await expect(proven).toBeVisible();
    await expect(person.row('notes-to-calendar')).toHaveCount(0);
    await picture('dead');
    await person.pressToast(proven, 'Open Incident Note');
    await expect(page.locator('.editor-instance .view-lines').last()).toContainText(/yes.\(origin.main\)/);
    await person.clearToasts();
    await picture('note');
  });
}

/** A program with a key in a pushed commit, the key where it belongs, and one of somebody else in a note. */
function makeLeakyFolder(folder: string, raw: string): void {
  const foreign = `omi_dev_${createHash('md5').update('of somebody else').digest('hex')}`;
  const bot = [
    '// Tells what the day was about.',
    `const authorization = 'Bearer ${raw}';`,
    "const address = 'https://api.omi.me/v1/dev/user/memories';",
    'const answer = await fetch(address, { headers: { authorization } });',
    'if (!answer.ok) throw new Error(`Omi says ${answer.status}`);',
    '',
    'for (const { content } of await answer.json()) {',
    "  console.log('-', content);",
    '}',
    '',
  ];
  makeRepository(folder);
  commit(folder, 'Tell what the day was about', { 'bot.ts': bot.join('\n'), '.gitignore': '.env\n' });
  push(folder);
  write(folder, '.env', `OMI_API_KEY=${raw}\n`);
  write(folder, 'notes.md', `# Notes\n\nThe old bot ran with ${foreign}, ask around.\n`);
}

/** @param mouse moves out of the way, unless what is to be seen hangs on it. */
async function takePicture(
  { page }: Person,
  name: string,
  theme: string,
  mouse: 'leaves' | 'stays' = 'leaves',
): Promise<void> {
  if (process.env['OMI_PICTURES'] !== '1') return;
  await mkdir(directory, { recursive: true });
  if (mouse === 'leaves') await page.mouse.move(25, 550);
  // The files hold keys, and pictures go to documents.
  await page.evaluate('omiHideSecrets()');
  const path = join(directory, `${name}-${theme}.png`);
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
}

test('the steps of the walkthrough', async ({ open, sandbox }) => {
  giveOrdinaryKeys(sandbox);
  // VS Code shows pictures of walkthroughs at two thirds of their size.
  const person = await open({ scale: 1.35 });
  const { page, quickInput } = person;
  const picture = async (name: string, part: Locator, height = Infinity) => {
    if (process.env['OMI_PICTURES'] !== '1') return;
    await mkdir(join(media, 'walkthrough'), { recursive: true });
    const box = await part.boundingBox();
    if (!box) throw new Error(`Nothing to see for ${name}.`);
    const clip = { ...box, height: Math.min(box.height, height) };
    const path = join(media, 'walkthrough', `${name}.png`);
    await page.screenshot({ path, clip, animations: 'disabled', caret: 'hide' });
  };
  await person.openView();
  await widenSideBar(person, 420);
  await person.welcomeButton('Sign In').click();
  await expect(quickInput).toContainText('Continue with Apple');
  await picture('signIn', quickInput);
  await person.press('Escape');

  await signInThroughBrowser(person, 'grace');
  await expect(person.row('prod-bot')).toBeVisible();
  await person.clearToasts();
  await picture('seeKeys', page.locator('.part.sidebar'), 290);

  await person.press('F1');
  await person.input.fill('>Omi: Create');
  await expect(quickInput.locator('.monaco-list-row').first()).toContainText('Create API Key');
  await picture('createKey', quickInput);
  await person.press('Escape');

  await person.contextMenu(person.row('old-laptop'), 'Revoke API Key');
  await expect(person.modal).toContainText('Revoke "old-laptop"?');
  await picture('revokeKey', person.modal);
  await person.press('Escape');
});

/** Keys as somebody has them who uses Omi every day. The same in every run. */
function giveOrdinaryKeys(sandbox: Sandbox): void {
  const now = Date.now();
  const keys = [
    { family: 'dev', name: 'staging-bot', days: 21, usedHoursAgo: 3 },
    { family: 'dev', name: 'notes-to-calendar', days: 64, usedHoursAgo: 26 },
    { family: 'dev', name: 'first try', days: 190, usedHoursAgo: null },
    { family: 'dev', name: 'old-laptop', days: 420, usedHoursAgo: 200 * 24 },
    { family: 'mcp', name: 'claude-desktop', days: 30, usedHoursAgo: 5 },
    { family: 'mcp', name: 'cursor', days: 75, usedHoursAgo: 9 * 24 },
  ] as const;
  for (const { family, name, days, usedHoursAgo } of keys) {
    sandbox.addKey('grace', {
      family,
      name,
      raw: `omi_${family}_${createHash('md5').update(name).digest('hex')}`,
      createdAt: now - days * 24 * hour,
      lastUsedAt: usedHoursAgo === null ? null : now - usedHoursAgo * hour,
    });
  }
}

/** Shows all of a notification; VS Code shows one line of those without buttons. */
async function expand(toast: Locator): Promise<void> {
  await toast.hover();
  await toast.getByRole('button', { name: /^Expand Notification/ }).click();
}

/** Drags the edge of the side bar, so that whole rows can be read. */
async function widenSideBar({ page }: Person, width: number): Promise<void> {
  const sideBar = page.locator('.part.sidebar');
  const box = await sideBar.boundingBox();
  if (!box) throw new Error('There is no side bar.');
  const y = box.y + box.height / 2;
  await expect(async () => {
    const { x, width: now } = (await sideBar.boundingBox()) ?? box;
    await page.mouse.move(x + now + 1, y);
    await page.mouse.down();
    await page.mouse.move(x + width + 1, y, { steps: 4 });
    await page.mouse.up();
    expect((await sideBar.boundingBox())?.width ?? 0).toBeGreaterThan(width - 20);
  }).toPass();
}
