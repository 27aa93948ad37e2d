import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Person } from './support/person';
import { expect, test } from './support/stage';

/** Answers a question about the new key with the active choice. */
async function take(person: Person, label: string): Promise<void> {
  await expect(person.quickInput).toContainText(label);
  await person.pick(label);
}

test.afterEach(({ studio }) => rm(join(studio.folder, '.env'), { force: true }));

test('from the icon of the view into .env: a key that works, and nobody has seen it', async ({
  person,
  sandbox,
  studio,
}) => {
  await person.signInAndSee('prod-bot');
  await person.clearToasts();
  await person.page.locator('.sidebar').getByRole('button', { name: 'Create API Key' }).click();
  await take(person, 'Developer Key');

  await expect(person.quickInput).toContainText('Name of the key');
  await person.input.fill('prod-bot');
  await expect(person.inputAnswer).toContainText(/omi_dev_.{9} has this name already/);
  await person.input.fill('weather-bot');
  await expect(person.inputAnswer).not.toContainText('has this name already');
  await person.boxButton('Back').click();
  await take(person, 'Developer Key');
  await expect(person.input).toHaveValue('weather-bot');
  await person.press('Enter');

  await take(person, 'Per Resource');
  await expect(person.quickInput).toContainText('Read conversations');
  await person.press('Enter');
  await expect(person.input).toHaveAttribute('placeholder', /^Tick at least one/);
  await person.tick('Read memories');
  await person.press('Enter');

  await take(person, 'Write to .env');
  await expect(person.input).toHaveValue('OMI_API_KEY');
  await person.press('Enter');
  await expect(person.toast('Placed the secret of "weather-bot"')).toContainText('.env (OMI_API_KEY)');
  await expect(person.row('weather-bot')).toBeVisible();

  const written = await readFile(join(studio.folder, '.env'), 'utf8');
  const { raw, scopes } = sandbox.key('ada', 'weather-bot');
  expect(written === `OMI_API_KEY=${raw ?? ''}\n`, 'the file holds the new key').toBe(true);
  expect(scopes).toEqual(['memories:read']);
  const headers = { authorization: `Bearer ${raw ?? ''}` };
  expect((await fetch(`${sandbox.url}/v1/dev/key`, { headers })).status).toBe(200);
  expect(sandbox.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
});

test('a wrong key of the keyboard loses nothing: the secret waits for its place', async ({
  person,
  sandbox,
}) => {
  await person.signInAndSee('prod-bot');
  await person.run('Omi: Create API Key');
  await take(person, 'MCP Key');
  await expect(person.quickInput).toContainText('Name of the key');
  await person.input.fill('desk');
  await person.press('Enter');
  await expect(person.quickInput).toContainText("Keep in VS Code's Vault");
  await person.press('Escape');
  const toast = person.toast("is held in VS Code's vault until it is placed");
  await expect(toast).toContainText('"desk"');
  await person.clearToasts();

  await person.run('Omi: Place New API Key');
  await take(person, 'desk');
  await take(person, 'Copy');
  await expect(person.toast('Placed the secret of "desk"')).toContainText('the clipboard');
  const copied = await person.page.evaluate<string>('navigator.clipboard.readText()');
  expect(copied === sandbox.key('ada', 'desk', 'mcp').raw, 'the clipboard holds the new key').toBe(true);
  await person.page.evaluate("navigator.clipboard.writeText('')");
  await expect(person.row('desk')).toBeVisible();
});
