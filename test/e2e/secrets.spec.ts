// Every window test ends with a look for secrets (support/stage.ts). These show that the look finds what is there, on a
// run that has as many occasions to let one slip as possible.
import { expect, test } from './support/stage';
import { covered } from './support/coverSecrets';
import { filesBelow, filesWithSecrets, watchScreens } from './support/secretWatch';

test('the look at screens and files finds a secret', async ({ studio, sandbox }) => {
  const context = await studio.browser.newContext();
  const found = await watchScreens(context);
  const page = await context.newPage();
  await page.goto('about:blank');
  const raw = sandbox.key('ada', 'prod-bot').raw ?? '';
  await page.setContent(`<p>${raw}</p><i title="${sandbox.token('ada')}"></i>`);
  await expect.poll(() => found().length).toBeGreaterThanOrEqual(2);
  await context.close();
  expect(found().join().includes(raw)).toBe(false);
  expect(filesWithSecrets([{ path: 'a', text: `x ${sandbox.token('ada')}` }])).toHaveLength(1);
  expect(filesWithSecrets([{ path: 'a', text: `x ${raw}` }])).toHaveLength(1);
});

test('errors of tests are printed without their secrets, whatever colours run through them', ({
  sandbox,
}) => {
  const raw = sandbox.key('ada', 'prod-bot').raw ?? '';
  const red = '\u001b[31m';
  const printed = covered(`${red}${raw.slice(0, 20)}${red}${raw.slice(20)} ${sandbox.token('ada')}.`);
  expect(printed).toBe(`${raw.slice(0, 12)}… eyJhbGciOiJI…`);
  expect(covered(`${red}nothing`)).toBe(`${red}nothing`);
});

test('no secret is left in the log, in state or on the screen after a stormy session', async ({
  open,
  sandbox,
  studio,
}) => {
  const person = await open();
  const token = sandbox.token('ada');
  const key = sandbox.key('ada', 'prod-bot');
  const raw = key.raw ?? '';
  const row = await person.signInAndSee('prod-bot');
  // A server that repeats in its answer what it was sent.
  const echo = { detail: `bad token ${token}, key ${raw}` };
  sandbox.fault({ method: 'DELETE', times: Infinity, effect: { status: 422, body: echo } });
  await person.contextMenu(row, 'Revoke API Key');
  await person.pressModal('Revoke');
  const toast = person.toast('is STILL LIVE: Omi refused the request.');
  await expect(toast).toBeVisible();
  await person.pressToast(toast, 'Show Log');
  await expect(person.page.locator('.panel .view-lines')).toContainText('/v1/dev/keys/');

  await expect
    .poll(async () => {
      const files = await filesBelow(studio.server.dataDir);
      return files.filter(({ text }) => text.includes(`DELETE /v1/dev/keys/${key.id}`)).length;
    }, 'the log is among the files')
    .toBeGreaterThan(0);
  const files = await filesBelow(studio.server.dataDir);
  const withSecret = files.filter(({ text }) => text.includes(token) || text.includes(raw));
  expect(withSecret.map(({ path }) => path)).toEqual([]);
  const page = await person.page.content();
  expect([page.includes(token), page.includes(raw)]).toEqual([false, false]);
});
