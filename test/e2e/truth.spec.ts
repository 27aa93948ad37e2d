// What a person is told when Omi does not simply do as asked.
import { deletes, expect, expectOneDeleteEach, keyPath, test } from './support/stage';

test('already gone: somebody else was faster', async ({ person, sandbox }) => {
  const key = sandbox.key('ada', 'prod-bot');
  const row = await person.signInAndSee('prod-bot');
  sandbox.deleteKey('ada', key.id);
  await person.contextMenu(row, 'Revoke API Key');
  await person.pressModal('Revoke');
  await expect(person.toast(/Already gone: "prod-bot" \(omi_dev_[0-9a-f]{4}…[0-9a-f]{4}\)\./)).toBeVisible();
  await expect(person.toast('Revoked')).toHaveCount(0);
  await expect(row).toBeHidden();
});

test('STILL LIVE: Omi has a problem for good; Try Again works when it is over', async ({
  person,
  sandbox,
}) => {
  const key = sandbox.key('ada', 'prod-bot');
  const row = await person.signInAndSee('prod-bot');
  const fault = sandbox.fault({ method: 'DELETE', times: Infinity, effect: { status: 503 } });
  await person.contextMenu(row, 'Revoke API Key');
  await person.pressModal('Revoke');
  const toast = person.toast(/"prod-bot" \(omi_dev_.*\) is STILL LIVE: Omi has a problem \(status 503\)\./);
  await expect(toast).toBeVisible();
  await expect(row).toBeVisible();
  expect(sandbox.keys('ada').map(({ id }) => id)).toContain(key.id);

  fault.clear();
  sandbox.clearRequests();
  await person.pressToast(toast, 'Try Again');
  await expect(person.toast('Revoked "prod-bot"')).toBeVisible();
  await expect(row).toBeHidden();
  expectOneDeleteEach(sandbox, key);
});

test('STILL LIVE: Omi says yes and does nothing', async ({ person, sandbox }) => {
  const row = await person.signInAndSee('prod-bot');
  sandbox.fault({ method: 'DELETE', times: Infinity, effect: { noEffect: true } });
  await person.contextMenu(row, 'Revoke API Key');
  await person.pressModal('Revoke');
  await expect(
    person.toast('is STILL LIVE: Omi accepted the revocation, but still lists the key.'),
  ).toBeVisible();
  await expect(row).toBeVisible();
});

test('one of three fails: it is named first, the others are not hidden', async ({ person, sandbox }) => {
  const stubborn = sandbox.key('ada', 'prod-bot');
  await person.signInAndSee('prod-bot');
  sandbox.fault({
    method: 'DELETE',
    path: keyPath(stubborn),
    times: Infinity,
    effect: { status: 403, body: { detail: 'Not allowed' } },
  });
  await person.select(person.row('never-used'), person.row('prod-bot'), person.row('old-laptop'));
  await person.press('Delete');
  await person.pressModal('Revoke');
  const toast = person.toast(/^.*1 of 3 keys are STILL LIVE: "prod-bot".*Revoked 2 keys: "never-used"/);
  await expect(toast).toContainText('Omi does not allow this. It says: Not allowed');
  await expect(toast).toContainText('"old-laptop"');
  await expect(person.row('never-used')).toHaveCount(0);
  await expect(person.row('prod-bot')).toBeVisible();
});

test('not confirmed: the list cannot be read; Check Again works when it can', async ({ person, sandbox }) => {
  const key = sandbox.key('ada', 'prod-bot');
  const row = await person.signInAndSee('prod-bot');
  const fault = sandbox.fault({
    method: 'GET',
    path: '/v1/dev/keys',
    skip: 1,
    times: Infinity,
    effect: { status: 500 },
  });
  await person.contextMenu(row, 'Revoke API Key');
  await person.pressModal('Revoke');
  const toast = person.toast(/"prod-bot" .*is not confirmed: the list of keys could not be read after/);
  await expect(toast).toContainText('Omi has a problem (status 500).');

  fault.clear();
  await person.pressToast(toast, 'Check Again');
  await expect(person.toast('Revoked "prod-bot"')).toBeVisible();
  await expect(row).toBeHidden();
  expectOneDeleteEach(sandbox, key);
});

test('stale list: the last good one stays, with its time and the reason; Try Again reads it anew', async ({
  person,
  sandbox,
}) => {
  const row = await person.signInAndSee('prod-bot');
  sandbox.fault({ method: 'GET', times: Infinity, effect: { status: 503 } });
  await person.run('Omi: Refresh API Keys');
  await expect(person.view).toContainText(/As of \d\d:\d\d( [AP]M)?\. Omi has a problem \(status 503\)\./);
  await expect(row).toBeVisible();

  sandbox.clearFaults();
  const added = sandbox.addKey('ada', { name: 'made meanwhile' });
  await person.row('Try Again').click();
  await expect(person.row(added.name)).toBeVisible();
  await expect(person.view).not.toContainText('As of');
});

test('failed list: an error is never an empty list; Try Again reads it', async ({ person, sandbox }) => {
  // The first request is the one that tries the token.
  sandbox.fault({ method: 'GET', skip: 1, times: Infinity, effect: { html: true } });
  await person.signIn();
  await expect(person.view).toContainText('Omi has a problem (status 502).');
  await expect(person.row('Try Again')).toContainText('Omi has a problem (status 502).');
  await expect(person.view).not.toContainText('No API keys yet.');
  sandbox.clearFaults();
  await person.row('Try Again').click();
  await expect(person.row('prod-bot')).toBeVisible();
  await expect(person.view).not.toContainText('Omi has a problem');
});

test('expired session: said in the view; a revocation waits for the sign-in and goes on', async ({
  person,
  sandbox,
}) => {
  const key = sandbox.key('ada', 'prod-bot');
  const row = await person.signInAndSee('prod-bot');
  const fault = sandbox.fault({ method: 'GET', times: Infinity, effect: { status: 401 } });
  await person.contextMenu(row, 'Revoke API Key');
  await person.pressModal('Revoke');
  const toast = person.toast(/Your Omi session has ended\. Not revoked yet: "prod-bot"/);
  await expect(toast).toBeVisible();
  await expect(person.view).toContainText('Your Omi session has ended. Sign in again to see your API keys.');
  expect(deletes(sandbox).length).toBe(0);

  fault.clear();
  sandbox.clearRequests();
  await person.pressToast(toast, 'Sign In');
  await person.pick('Paste a Firebase ID Token');
  await person.enterToken(sandbox.token('ada', { lifetimeSeconds: 3000 }));
  await expect(person.toast('Revoked "prod-bot"')).toBeVisible();
  await expect(person.row('Developer Keys')).toContainText('11');
  expectOneDeleteEach(sandbox, key);
});
