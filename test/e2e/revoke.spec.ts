import { deletes, expect, expectOneDeleteEach, test } from './support/stage';

test('from the palette: pick, question, toast', async ({ person, sandbox }) => {
  const key = sandbox.key('ada', 'prod-bot');
  const row = await person.signInAndSee('prod-bot');
  await person.run('Omi: Revoke API Key');
  await person.tick('prod-bot');
  await person.press('Enter');
  await expect(person.modal).toContainText('Revoke "prod-bot"?');
  await expect(person.modal).toContainText(
    /Apps that use omi_dev_[0-9a-f]{4}…[0-9a-f]{4} stop working at once\. Last used 2 hours ago\. This cannot be undone\./,
  );
  expect(deletes(sandbox).length, 'nothing is sent before the answer').toBe(0);
  await person.pressModal('Revoke');
  await expect(
    person.toast(/Revoked "prod-bot" \(omi_dev_[0-9a-f]{4}…[0-9a-f]{4}\)\. Omi no longer lists it\./),
  ).toBeVisible();
  await expect(row).toBeHidden();
  await expect(person.row('Developer Keys')).toContainText('11');
  expectOneDeleteEach(sandbox, key);
});

test('from the palette while signed out: offers to sign in, then goes on', async ({ person, sandbox }) => {
  const key = sandbox.key('ada', 'cursor', 'mcp');
  await person.run('Omi: Revoke API Key');
  const offer = person.toast('Sign in to Omi first.');
  await person.pressToast(offer, 'Sign In');
  await person.pick('Paste a Firebase ID Token');
  await person.typeSecret(sandbox.token('ada'));
  await person.press('Enter');
  await expect(person.input).toHaveAttribute('type', 'text');
  await person.tick('cursor');
  await person.press('Enter');
  await person.pressModal('Revoke');
  await expect(person.toast('Revoked "cursor"')).toBeVisible();
  expectOneDeleteEach(sandbox, key);
});

test('from the context menu', async ({ person, sandbox }) => {
  const key = sandbox.key('ada', 'never-used');
  const row = await person.signInAndSee('never-used');
  await person.contextMenu(row, 'Revoke API Key');
  await expect(person.modal).toContainText('Revoke "never-used"?');
  await expect(person.modal).toContainText('Never used, as far as Omi knows.');
  await person.pressModal('Revoke');
  await expect(person.toast('Revoked "never-used"')).toBeVisible();
  await expect(row).toBeHidden();
  expectOneDeleteEach(sandbox, key);
});

test('by the trash icon: the clicked key alone, though others are selected; its row spins', async ({
  person,
  sandbox,
}) => {
  const key = sandbox.key('ada', 'old-laptop');
  const row = await person.signInAndSee('old-laptop');
  await person.select(person.row('prod-bot'), person.row('never-used'));
  let release = (): void => undefined;
  const hold = new Promise<void>((resolve) => (release = resolve));
  sandbox.fault({ method: 'DELETE', effect: { hold } });
  await person.clickTrash(row);
  await expect(person.modal).toContainText('Revoke "old-laptop"?');
  await person.pressModal('Revoke');
  await expect(row).toContainText('revoking');
  await expect(row.getByRole('button', { name: 'Revoke API Key' })).toHaveCount(0);
  release();
  await expect(person.toast('Revoked "old-laptop"')).toBeVisible();
  await expect(row).toBeHidden();
  expectOneDeleteEach(sandbox, key);
});

test('three at once: a click on the selection means all of it', async ({ person, sandbox }) => {
  const names = ['never-used', 'prod-bot', 'old-laptop'];
  const keys = names.map((name) => sandbox.key('ada', name));
  await person.signInAndSee('prod-bot');
  const rows = names.map((name) => person.row(name));
  await person.select(...rows);
  await person.contextMenu(person.row('prod-bot'), 'Revoke API Key');
  await expect(person.modal).toContainText('Revoke 3 API keys?');
  for (const name of names) await expect(person.modal).toContainText(`"${name}" (omi_dev_`);
  await person.pressModal('Revoke');
  const toast = person.toast('Revoked 3 keys:');
  await expect(toast).toContainText('Omi no longer lists them.');
  for (const name of names) await expect(toast).toContainText(`"${name}"`);
  for (const row of rows) await expect(row).toBeHidden();
  expectOneDeleteEach(sandbox, ...keys);
});

test('a click elsewhere than the selection means the clicked key alone', async ({ person, sandbox }) => {
  const key = sandbox.key('ada', 'claude-desktop', 'mcp');
  const row = await person.signInAndSee('claude-desktop');
  await person.select(person.row('prod-bot'), person.row('never-used'));
  await person.contextMenu(row, 'Revoke API Key');
  await expect(person.modal).toContainText('Revoke "claude-desktop"?');
  await person.pressModal('Revoke');
  await expect(person.toast('Revoked "claude-desktop"')).toBeVisible();
  await expect(person.row('prod-bot')).toBeVisible();
  expectOneDeleteEach(sandbox, key);
});

test('by the Delete key; Cancel and Escape send nothing', async ({ person, sandbox }) => {
  const keys = [sandbox.key('ada', 'prod-bot'), sandbox.key('ada', 'never-used')];
  await person.signInAndSee('prod-bot');
  await person.select(person.row('prod-bot'), person.row('never-used'));

  await person.press('Delete');
  await expect(person.modal).toContainText('Revoke 2 API keys?');
  await person.pressModal('Cancel');
  await person.press('Delete');
  await expect(person.modal).toContainText('Revoke 2 API keys?');
  await person.press('Escape');
  await expect(person.modal).toHaveCount(0);

  await person.press('Delete');
  await expect(person.modal).toContainText('Revoke 2 API keys?');
  expect(deletes(sandbox).length).toBe(0);
  await person.pressModal('Revoke');
  await expect(person.toast('Revoked 2 keys:')).toBeVisible();
  expectOneDeleteEach(sandbox, ...keys);
});

test('without a mouse', async ({ person, sandbox }) => {
  const key = sandbox.key('ada', 'ci');
  const choose = async (title: string): Promise<void> => {
    await expect(async () => {
      await person.press('F1');
      await person.input.fill(`>${title}`, { timeout: 2000 });
      await expect(person.quickInput.locator('.monaco-list-row.focused')).toContainText(title, {
        timeout: 2000,
      });
    }).toPass();
    await person.press('Enter');
  };
  await choose('Omi: Sign In with Firebase Token');
  await expect(person.input).toHaveAttribute('type', 'password');
  await person.page.keyboard.insertText(sandbox.token('ada'));
  await person.press('Enter');
  await expect(person.toast('Signed in to Omi as')).toBeVisible();
  await expect(person.row('prod-bot')).toBeVisible();
  await choose('Focus on API Keys View');

  const focused = person.page.locator('.sidebar .monaco-list-row.focused');
  await expect(async () => {
    await person.press('ArrowDown');
    await expect(focused).toContainText('used 1 day ago', { timeout: 250 });
  }).toPass({ intervals: [0] });
  await person.press('Enter');
  await expect(focused).toHaveAttribute('aria-selected', 'true');
  await person.press('Delete');
  await expect(person.modal).toContainText('Revoke "ci"?');
  await person.press('Tab');
  await expect(person.modal.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await person.press('Enter');
  await expect(person.modal).toHaveCount(0);
  expect(deletes(sandbox).length).toBe(0);

  await person.press('Delete');
  await expect(person.modal.getByRole('button', { name: 'Revoke' })).toBeFocused();
  await person.press('Enter');
  await expect(person.toast('Revoked "ci"')).toBeVisible();
  expectOneDeleteEach(sandbox, key);
});
