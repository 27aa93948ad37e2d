import { latch } from '../integration/support/latch';
import { deletes, expect, test } from './support/stage';

test('a filter shows what fits while it is typed, and is cleared by its icon', async ({ person }) => {
  await person.signInAndSee('prod-bot');
  await person.run('Omi: Filter API Keys');
  await person.input.pressSequentially('stale');
  await expect(person.row('old-laptop')).toBeVisible();
  await expect(person.rows('prod-bot')).toHaveCount(0);
  await expect(person.view).toContainText('Filter: stale · 3 of 15');
  await person.press('Enter');
  await expect(person.row('Developer Keys')).toContainText('2 of 12');
  await person.page.getByRole('button', { name: 'Clear Filter' }).first().click();
  await expect(person.row('prod-bot')).toBeVisible();
});

test('Escape brings back what was shown, and a click on a row does not end the typing', async ({
  person,
}) => {
  await person.signInAndSee('prod-bot');
  await person.run('Omi: Filter API Keys');
  await person.input.pressSequentially('old');
  await expect(person.rows('prod-bot')).toHaveCount(0);
  await person.row('old-laptop').click();
  await expect(person.quickInput).toBeVisible();
  await person.input.press('Escape');
  await expect(person.row('prod-bot')).toBeVisible();
  await expect(person.view).not.toContainText('Filter:');

  await person.run('Omi: Filter API Keys');
  await person.input.pressSequentially('nowhere');
  const row = person.row('No key fits "nowhere"');
  await expect(row).toContainText('Clear Filter');
  await person.press('Enter');
  await row.click();
  await expect(person.row('prod-bot')).toBeVisible();
});

test('what is selected stays selected when the list is read and sorted anew', async ({ person, sandbox }) => {
  await person.signInAndSee('prod-bot');
  await person.row('old-laptop').click();
  sandbox.addKey('ada', { name: 'made elsewhere' });
  await person.run('Omi: Refresh API Keys');
  await expect(person.row('made elsewhere')).toBeVisible();
  await expect(person.row('old-laptop')).toHaveAttribute('aria-selected', 'true');
  await person.run('Omi: Sort API Keys');
  await person.pick('Newest First');
  const first = person.page.locator('.sidebar .monaco-list-row[aria-level="2"]').first();
  await expect(first).toContainText('made elsewhere');
  await expect(person.row('old-laptop')).toHaveAttribute('aria-selected', 'true');
  await person.run('Omi: Sort API Keys');
  await person.pick('Last Used First');
  await expect(first).toContainText('prod-bot');
});

test('the Delete key never means a row that the filter hides', async ({ person, sandbox }) => {
  await person.signInAndSee('prod-bot');
  await person.select(person.row('old-laptop'), person.row('prod-bot'));
  await person.run('Omi: Filter API Keys');
  await person.input.pressSequentially('old');
  await expect(person.rows('prod-bot')).toHaveCount(0);
  await person.press('Enter');
  await person.run('Focus on API Keys View');
  await person.press('Delete');
  await expect(person.modal).toContainText('Revoke "old-laptop"?');
  await person.pressModal('Cancel');
  expect(deletes(sandbox).length).toBe(0);
  await person.run('Omi: Clear Filter');
  await expect(person.row('prod-bot')).toBeVisible();
});

test('a row tells more while the mouse rests on it', async ({ person }) => {
  const row = await person.signInAndSee('old-laptop');
  const hover = person.page.locator('.monaco-hover', { hasText: 'Scopes' });
  // A row that is drawn anew under the mouse forgets that it rests there.
  await expect(async () => {
    await person.page.mouse.move(800, 400);
    await row.hover();
    await expect(hover).toContainText('Scopes: Read only', { timeout: 5000 });
  }).toPass();
  await expect(hover).toContainText('not used for 90 days');
  await person.page.mouse.move(800, 400);
});

test('sorts by name at a choice', async ({ person }) => {
  await person.signInAndSee('prod-bot');
  await person.run('Omi: Sort API Keys');
  await person.pick('By Name');
  const names = person.page.locator('.sidebar .monaco-list-row[aria-level="2"] .label-name');
  await expect(async () => {
    const latin = (await names.allInnerTexts())
      .filter((name) => /^[a-z]/i.test(name))
      .map((name) => name.toLowerCase());
    const developer = latin.slice(0, latin.indexOf('prod-bot') + 1);
    expect(developer.length).toBeGreaterThan(4);
    expect(developer).toEqual(developer.toSorted());
  }).toPass();
  await person.run('Omi: Sort API Keys');
  await person.pick('Last Used First');
});

test('Revoke Unused API Keys: nothing is ticked at first, one question names all', async ({
  person,
  sandbox,
}) => {
  await person.signInAndSee('prod-bot');
  await expect(person.page.locator('.activitybar .badge', { hasText: /^\d+$/ }).first()).toBeVisible();
  await person.run('Omi: Revoke Unused API Keys');
  await expect(person.input).toHaveAttribute('placeholder', /not for 90 days/);
  await expect(person.quickInput.getByRole('checkbox', { checked: true })).toHaveCount(0);
  await person.tick('never-used', 'old-laptop');
  await person.press('Enter');
  await expect(person.modal).toContainText('Revoke 2 API keys?');
  await expect(person.modal).toContainText('old-laptop');
  expect(deletes(sandbox).length).toBe(0);
  await person.pressModal('Revoke');
  await expect(person.toast('Revoked 2 keys')).toBeVisible();
  await expect(person.rows('old-laptop')).toHaveCount(0);
  expect(deletes(sandbox).length).toBe(2);
});

test('while many keys are revoked, the view says how far it has come', async ({ person, sandbox }) => {
  for (let index = 0; index < 120; index += 1) sandbox.addKey('ada', { name: `many ${String(index)}` });
  await person.signInAndSee('prod-bot');
  const middle = latch();
  sandbox.fault({ method: 'DELETE', skip: 60, times: Infinity, effect: { hold: middle.opened } });
  await person.run('Omi: Revoke API Key');
  await expect(person.quickInput.locator('.monaco-list-row').first()).toBeVisible();
  await person.input.fill('many');
  await person.quickInput.getByRole('checkbox', { name: 'Toggle all checkboxes' }).click();
  await person.press('Enter');
  await expect(person.modal).toContainText('Revoke 120 API keys?');
  await person.pressModal('Revoke');
  await expect(person.view).toContainText('Revoking 60 of 120 …');
  expect(sandbox.keys('ada').filter(({ name }) => name.startsWith('many'))).toHaveLength(60);
  middle.open();
  await expect(person.toast('Revoked 120 keys')).toBeVisible();
  expect(deletes(sandbox).length).toBe(120);
});
