import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { useFiles } from './support/files';
import type { Person } from './support/person';
import { watchArguments } from './support/processes';
import { deletes, expect, keyPath, rawOf, test } from './support/stage';

const put = useFiles();

/** Opens a program that holds a key, with the caret in the key. */
async function showLeak(person: Person, folder: string, raw: string, name: string): Promise<void> {
  await put(join(folder, name), `# asks Omi\nkey = "${raw}"\n`);
  const line = person.page.locator('.editor-instance .view-line', { hasText: 'key = ' });
  await expect(async () => {
    await person.press('Escape');
    await person.press('ControlOrMeta+P');
    await person.input.fill(name, { timeout: 2000 });
    await expect(person.quickInput.locator('.monaco-list-row.focused')).toContainText(name, {
      timeout: 2000,
    });
    await person.press('Enter');
    await expect(line).toBeVisible({ timeout: 5000 });
  }).toPass();
  await line.click();
  await person.press('End');
  await person.press('ArrowLeft');
  // The mouse is taken away, so that nothing is explained where it rests.
  await person.page.mouse.move(0, 0);
}

/** Leaves no text with a key on the screen. */
async function closeEditors(person: Person): Promise<void> {
  await person.run('View: Close All Editors');
  await expect(person.page.locator('.editor-instance .view-line', { hasText: 'key = ' })).toHaveCount(0);
}

/** Notes what is done in the window from now on: each key but those that are held for another, and each press of a button. */
async function noteGestures(page: Page): Promise<readonly string[]> {
  const done: string[] = [];
  await page.exposeFunction('omiGesture', (what: string) => {
    done.push(what);
  });
  await page.evaluate(`
    addEventListener('pointerdown', () => omiGesture('press'), true);
    addEventListener('keydown', ({ key }) => {
      if (!['Control', 'Shift', 'Alt', 'Meta'].includes(key)) omiGesture(key);
    }, true);
  `);
  return done;
}

/** An entry of the list of quick fixes. */
const fix = (person: Person, title: string): Locator =>
  person.page.locator('.action-widget .monaco-list-row', { hasText: title });

test('the promise: a leaked key on the screen, light bulb, Revoke Now, proven dead', async ({
  person,
  sandbox,
  studio,
}) => {
  const key = sandbox.key('ada', 'prod-bot');
  const row = await person.signInAndSee('prod-bot');
  await person.clearToasts();
  await showLeak(person, studio.folder, rawOf(key), 'leak.py');
  const bulb = person.page.locator('.editor-instance').locator('[class*="lightbulb"], .lightBulbWidget');
  await expect(bulb.first()).toBeVisible();
  // Whose it is is known: no problem is drawn anew, which would close the list of fixes.
  await expect(row).toHaveAttribute('aria-expanded', 'false');
  sandbox.clearRequests();
  sandbox.fault({ times: Infinity, effect: { delayMs: 150 } });

  const gestures = await noteGestures(person.page);
  const startedAt = Date.now();
  const toast = person.toast(/Proven dead: "prod-bot" \(omi_dev_[0-9a-f]{4}…[0-9a-f]{4}\)\./);
  let seconds = 0;
  const watched = await watchArguments([rawOf(key)], async () => {
    await person.press('ControlOrMeta+.');
    await fix(person, 'Respond to Leaked API Key').click();
    await expect(person.modal).toContainText('Revoke the leaked API key "prod-bot"?');
    await expect(person.modal).toContainText('leak.py:2');
    expect(deletes(sandbox).length, 'nothing is sent before the answer').toBe(0);
    await person.pressModal('Revoke Now');
    await expect(toast).toBeVisible();
    seconds = (Date.now() - startedAt) / 1000;
  });
  process.stdout.write(
    `From the leaked string to "proven dead": ${String(gestures.length)} interactions, ${seconds.toFixed(2)} s ` +
      '(each answer of Omi 150 ms late; the robot that clicks included)\n',
  );
  expect(gestures, 'the light bulb, the fix, Revoke Now').toEqual(['.', 'press', 'press']);
  expect(watched.looks).toBeGreaterThan(5);
  expect(watched.found, 'processes with the key among their arguments').toBe(0);
  await expect(toast).toContainText('Omi no longer lists it, and refuses it');
  await expect(row).toBeHidden();
  expect(deletes(sandbox).map(({ rawPath, account }) => [rawPath, account])).toEqual([[keyPath(key), 'ada']]);
  await closeEditors(person);
});

test('after the death: references in the files, then the incident note', async ({
  person,
  sandbox,
  studio,
}) => {
  const key = sandbox.key('ada', 'never-used');
  await person.signInAndSee('never-used');
  await person.clearToasts();
  await showLeak(person, studio.folder, rawOf(key), 'leak2.py');
  await person.run('Omi: Respond to Leaked API Key');
  await person.pressModal('Revoke Now');
  await person.pressToast(person.toast('Proven dead: "never-used"'), 'Replace in Files');
  const place = person.quickInput.locator('.monaco-list-row', { hasText: 'leak2.py:2' });
  await expect(place).toContainText('os.environ');
  await expect(place.getByRole('checkbox')).toHaveAttribute('aria-checked', 'true');
  await person.press('Enter');
  const toast = person.toast('The key is read from the variable OMI_API_KEY now.');
  await expect(toast).toBeVisible();
  await expect(person.page.locator('.editor-instance .view-lines')).toContainText(/os\.environ/);
  await person.pressToast(toast, 'Open Incident Note');
  const note = person.page.locator('.editor-instance .view-lines');
  await expect(note).toContainText(/Leaked.Omi.API.key/);
  await expect(note).toContainText(/Proof:.list.of.API.keys/);
  await person.run('View: Revert and Close Editor');
  await closeEditors(person);
});

test('of another account: stops, says whose was searched, revokes nothing', async ({
  person,
  sandbox,
  studio,
}) => {
  const key = sandbox.key('grace', 'compiler');
  await person.signInAndSee('prod-bot');
  await person.clearToasts();
  await showLeak(person, studio.folder, rawOf(key), 'stray.py');
  await person.run('Omi: Respond to Leaked API Key');
  const toast = person.toast(
    /is alive, but belongs to no account that is signed in here\. Nothing was revoked\./,
  );
  await expect(toast).toContainText('Searched: ada@example.com.');
  await expect(toast.getByRole('button', { name: 'Sign In with Another Account' })).toBeVisible();
  await expect(person.modal).toHaveCount(0);
  expect(deletes(sandbox).length).toBe(0);
  expect(sandbox.keys('grace').map(({ id }) => id)).toContain(key.id);
  await closeEditors(person);
});

test('checked with nobody signed in, pasted unseen', async ({ person, sandbox }) => {
  const key = sandbox.key('ada', 'ci');
  await person.run('Omi: Check Whether an API Key Is Alive');
  await expect(person.input).toHaveAttribute('type', 'password');
  await expect(person.inputAnswer).toContainText('counts as a use');
  await person.input.fill('omi_dev_nonsense');
  await expect(person.inputAnswer).toContainText('This is no Omi API key');
  await person.typeSecret(rawOf(key));
  await person.press('Enter');
  await expect(person.toast(/omi_dev_.* is ALIVE\. Whose it is cannot be told/)).toBeVisible();
  expect(deletes(sandbox).length).toBe(0);
});
