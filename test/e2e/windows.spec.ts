// Several windows of one person, and windows that go away. This host's vault tells no other window of a change, so each
// window learns of another's sign-in or sign-out when it starts; that they follow at once, unit tests show.
import { deletes, expect, keyPath, test } from './support/stage';

test('a session outlives its window, and a sign-out holds for windows that start later', async ({ open }) => {
  const first = await open({ lastingVault: true });
  await first.signInAndSee('prod-bot');
  const second = await open({ beside: first });
  await second.openView();
  await expect(second.row('prod-bot')).toBeVisible();

  await first.run('Omi: Sign Out');
  await expect(first.toast('Signed out ada@example.com.')).toBeVisible();
  await second.page.reload();
  await second.openView();
  await expect(second.welcomeButton('Sign In with Firebase Token')).toBeVisible();
});

test('two windows revoke the same key, at once and one after the other: both tell the truth', async ({
  person,
  open,
  sandbox,
}) => {
  const key = sandbox.key('ada', 'prod-bot');
  await person.signInAndSee('prod-bot');
  const other = await open({ beside: person });
  await other.signInAndSee('prod-bot');
  let release = (): void => undefined;
  const hold = new Promise<void>((resolve) => (release = resolve));
  sandbox.fault({ method: 'DELETE', times: 2, effect: { hold } });
  for (const one of [person, other]) {
    await one.page.bringToFront();
    await one.contextMenu(one.row('prod-bot'), 'Revoke API Key');
    await one.pressModal('Revoke');
  }
  await expect.poll(() => deletes(sandbox).length).toBe(2);
  release();
  for (const one of [person, other]) {
    await one.page.bringToFront();
    await expect(one.toast(/(Revoked|Already gone:) "prod-bot"/)).toBeVisible();
    await expect(one.toast('STILL LIVE')).toHaveCount(0);
    await expect(one.row('prod-bot')).toBeHidden();
  }
  expect(deletes(sandbox).map(({ rawPath }) => rawPath)).toEqual([keyPath(key), keyPath(key)]);

  await other.contextMenu(other.row('old-laptop'), 'Revoke API Key');
  await other.pressModal('Revoke');
  await expect(other.toast('Revoked "old-laptop"')).toBeVisible();
  await person.page.bringToFront();
  await person.contextMenu(person.row('old-laptop'), 'Revoke API Key');
  await person.pressModal('Revoke');
  await expect(person.toast('Already gone: "old-laptop"')).toBeVisible();
  await expect(person.row('old-laptop')).toBeHidden();
});

test('window closed while revoking: the next one shows what really happened', async ({ open, sandbox }) => {
  const acted = sandbox.key('ada', 'prod-bot');
  const lost = sandbox.key('ada', 'never-used');
  const first = await open();
  await first.signInAndSee('prod-bot');
  let release = (): void => undefined;
  const hold = new Promise<void>((resolve) => (release = resolve));
  sandbox.fault({ method: 'DELETE', path: keyPath(acted), effect: { hold } });
  sandbox.fault({ method: 'DELETE', path: keyPath(lost), times: Infinity, effect: { hang: true } });
  await first.select(first.row('prod-bot'), first.row('never-used'));
  await first.press('Delete');
  await first.pressModal('Revoke');
  await expect.poll(() => deletes(sandbox).length).toBe(2);
  await first.close();
  release();
  await expect.poll(() => sandbox.keys('ada').some(({ id }) => id === acted.id)).toBe(false);

  const next = await open();
  await next.signInAndSee('never-used');
  await expect(next.row('prod-bot')).toHaveCount(0);
  await expect(next.row('Developer Keys')).toContainText('11');
});
