// Signing in through the browser, as a person does it: VS Code opens Omi's page, the person allows, the browser leads back.
import { createHash } from 'node:crypto';
import type { RecordedRequest, Sandbox } from '../../sandbox/server';
import {
  beginInBrowser,
  consentAfter,
  expectSignedIn,
  isListening,
  signInThroughBrowser,
} from './support/consent';
import { expect, test } from './support/stage';
import { filesBelow } from './support/secretWatch';

const exchangePath = '/v1/auth/token';

test('Google, Allow, back: one exchange with PKCE, the list, and whose it is', async ({
  person,
  sandbox,
}) => {
  const consent = await beginInBrowser(person);
  await expect(person.view).toContainText('Signing in …');
  expect(consent.query.get('provider')).toBe('google');
  expect(consent.query.get('code_challenge_method')).toBe('S256');
  // The page closes itself; here it is kept, to be read.
  await consent.page.addInitScript({ content: 'window.close = () => undefined' });
  const { port } = consent;
  const state = consent.query.get('state') ?? '';
  const challenge = consent.query.get('code_challenge') ?? '';
  await consent.allow('ada');
  await expect(consent.page.getByRole('heading', { name: 'Back to VS Code' })).toBeVisible();
  await expect(consent.page.locator('body')).toContainText('VS Code says whether you are signed in.');
  await expect(consent.page, 'the code leaves the address').toHaveURL(/\/callback$/);
  await consent.page.close();

  await expectSignedIn(person);
  await expect(person.row('prod-bot')).toBeVisible();
  const [exchange, ...more] = exchanges(sandbox);
  expect(more).toEqual([]);
  const sent = new URLSearchParams(exchange?.body);
  const verifier = sent.get('code_verifier') ?? '';
  expect(createHash('sha256').update(verifier).digest('base64url') === challenge, 'the verifier fits').toBe(
    true,
  );
  expect(state.length).toBeGreaterThanOrEqual(43);
  expect(exchange?.body.includes(state), 'the state stays between VS Code and the browser').toBe(false);
  await expect.poll(() => isListening(port)).toBe(false);
});

test('the page that leads back closes itself', async ({ person }) => {
  const consent = await beginInBrowser(person);
  const closed = consent.page.waitForEvent('close');
  await consent.allow();
  await closed;
  await expectSignedIn(person);
});

test('Apple is asked for where Apple was chosen', async ({ person }) => {
  const consent = await beginInBrowser(person, 'Apple');
  expect(consent.query.get('provider')).toBe('apple');
  await consent.allow();
  await expectSignedIn(person);
});

test('Decline, then Escape: signed out, nothing was exchanged, nobody listens any more', async ({
  person,
  sandbox,
}) => {
  const consent = await beginInBrowser(person);
  const { port } = consent;
  await consent.decline();
  await consent.page.close();
  await person.page.bringToFront();
  await expect(person.view).toContainText('Signing in …');
  expect(await isListening(port)).toBe(true);
  await person.press('Escape');
  await expect(person.quickInput).toBeHidden();
  await expect(person.welcomeButton('Sign In')).toBeVisible();
  await expect.poll(() => isListening(port)).toBe(false);
  expect(sandbox.requests.map(({ rawPath }) => rawPath)).toEqual(['/v1/auth/authorize', '/v1/auth/consent']);
});

test('a callback with a wrong state is turned away, and the right one still works', async ({
  person,
  sandbox,
}) => {
  const consent = await beginInBrowser(person);
  const { port } = consent;
  const call = (path: string) => fetch(`http://127.0.0.1:${String(port)}${path}`);
  expect((await call('/callback?code=stolen&state=wrong')).status).toBe(400);
  expect((await call('/callback?code=stolen')).status).toBe(400);
  expect((await call('/')).status).toBe(404);
  expect(exchanges(sandbox)).toEqual([]);
  await consent.allow();
  await expectSignedIn(person);
  expect(exchanges(sandbox)).toHaveLength(1);
});

test('the same callback once more, after success, does nothing', async ({ person, sandbox }) => {
  const consent = await beginInBrowser(person);
  const { port } = consent;
  const back = await consent.allowAndFollow();
  await expectSignedIn(person);
  await expect.poll(() => isListening(port)).toBe(false);
  expect((await fetch(back)).status, 'the host says that nobody is there').toBe(502);
  expect(exchanges(sandbox)).toHaveLength(1);
  await expect(person.row('prod-bot')).toBeVisible();
});

test('a second sign-in supersedes the first', async ({ person, sandbox }) => {
  const first = await beginInBrowser(person);
  const { port } = first;
  const allowFirst = await first.leave('grace');
  await person.page.bringToFront();
  await person.run('Omi: Sign In');
  const second = await consentAfter(person, () => person.pick('Continue with Google'));
  await expect.poll(() => isListening(port)).toBe(false);
  const late = await allowFirst();
  expect(late.status, 'the host says that nobody is there').toBe(502);
  await second.allow('ada');
  await expectSignedIn(person, 'ada');
  expect(exchanges(sandbox)).toHaveLength(1);
});

test('without a way back: the address of the last page is pasted; anything else is said in the box', async ({
  person,
  sandbox,
}) => {
  const before = await beginInBrowser(person);
  const { port } = before;
  await person.page.bringToFront();
  const consent = await consentAfter(person, () =>
    person.boxButton('Use Another Way Back From the Browser').click(),
  );
  await expect.poll(() => isListening(port)).toBe(false);
  expect(consent.redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:9\/callback$/);
  const address = await consent.allowAndFollow();
  await consent.page.close();
  await person.page.bringToFront();

  const answers: readonly (readonly [string, string])[] = [
    ['hello', 'This is not the address of the last page. That one has "code=" and "state=" in it.'],
    [sandbox.url, 'This is not the address of the last page. That one has "code=" and "state=" in it.'],
    [`${consent.redirectUri}?code=1&state=2`, 'This address is of another sign-in.'],
  ];
  for (const [typed, answer] of answers) {
    await person.input.fill(typed);
    await person.press('Enter');
    await expect(person.inputAnswer).toContainText(answer);
  }
  expect(exchanges(sandbox)).toEqual([]);
  await person.typeSecret(`  ${address}\n`);
  await person.press('Enter');
  await expectSignedIn(person);
  expect(exchanges(sandbox)).toHaveLength(1);
});

test('after pasting, another way back begins anew: the box stays, and the page leads back', async ({
  person,
}) => {
  const otherWay = () =>
    consentAfter(person, () => person.boxButton('Use Another Way Back From the Browser').click());
  await beginInBrowser(person);
  await person.page.bringToFront();
  const paste = await otherWay();
  expect(paste.redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:9\/callback$/);
  await person.page.bringToFront();
  const consent = await otherWay();
  await expect(person.quickInput).toBeVisible();
  expect(await isListening(consent.port)).toBe(true);
  await consent.allow();
  await expectSignedIn(person);
});

test('the browser can be opened again', async ({ person }) => {
  const lost = await beginInBrowser(person);
  await lost.page.close();
  await person.page.bringToFront();
  const consent = await consentAfter(person, () => person.boxButton('Open the Browser Again').click());
  await consent.allow();
  await expectSignedIn(person);
});

test('the exchange fails: said in a sentence, and Try Again begins anew', async ({ person, sandbox }) => {
  sandbox.fault({ path: exchangePath, effect: { status: 502 } });
  const consent = await beginInBrowser(person);
  const { port } = consent;
  await consent.allow();
  await person.page.bringToFront();
  const toast = person.toast('Omi knows you, but could not make the token for the sign-in.');
  await expect(toast).toBeVisible();
  await expect(person.quickInput).toBeHidden();
  await expect(person.welcomeButton('Sign In'), 'the attempt is over').toBeVisible();
  await expect.poll(() => isListening(port)).toBe(false);
  const again = await consentAfter(person, () => person.pressToast(toast, 'Try Again'));
  await again.allow();
  await expectSignedIn(person);
  expect(exchanges(sandbox).map(({ status }) => status)).toEqual([502, 200]);
});

test('a Firebase key that Google blocks is named as the setting to change', async ({ open, studio }) => {
  await studio.server.updateSettings({ 'omi.firebase.apiKey': 'blocked' });
  try {
    const person = await open();
    const consent = await beginInBrowser(person);
    await consent.allow();
    await person.page.bringToFront();
    const toast = person.toast('Google does not accept this Firebase key.');
    await expect(toast).toContainText('omi.firebase.apiKey');
    await expect(toast.getByRole('button', { name: 'Open Settings' })).toBeVisible();
    await expect(person.welcomeButton('Sign In')).toBeVisible();
  } finally {
    await studio.server.updateSettings({ 'omi.firebase.apiKey': undefined });
  }
});

test('a second account: its keys, its name in the question, and back to the first', async ({ open }) => {
  const person = await open();
  await signInThroughBrowser(person, 'ada');
  await expect(person.row('old-laptop')).toBeVisible();
  await person.run('Omi: Switch Account');
  await person.pick('Sign In with Another Account');
  const consent = await consentAfter(person, () => person.pick('Continue with Google'));
  await consent.allow('grace');
  await expectSignedIn(person, 'grace');
  await expect(person.row('Developer Keys')).toContainText('2');
  await expect(person.rows('old-laptop')).toHaveCount(0);

  await person.contextMenu(person.row('compiler'), 'Revoke API Key');
  await expect(person.modal).toContainText('Account: grace@example.com');
  await person.press('Escape');

  await person.run('Omi: Switch Account');
  await person.pick('ada@example.com');
  await expect(person.row('old-laptop')).toBeVisible();
  await expect(person.view).toContainText('ada@example.com');
  await expect(person.rows('compiler')).toHaveCount(0);
});

test('the Accounts menu lists the account, and signs it out', async ({ person, sandbox }) => {
  await signInThroughBrowser(person);
  await expect(person.row('prod-bot')).toBeVisible();
  sandbox.clearRequests();
  await person.page
    .locator('.activitybar')
    .getByRole('button', { name: /^Accounts/ })
    .click();
  const item = (name: string) => person.page.getByRole('menuitem', { name, exact: true });
  await item('ada@example.com (Omi)').hover();
  await expect(item('Sign Out')).toBeVisible();
  await expect(async () => {
    if (await item('Sign Out').isVisible()) await item('Sign Out').click({ timeout: 1000 });
    await expect(person.modal).toBeVisible({ timeout: 1000 });
  }).toPass();
  await expect(person.modal).toContainText('ada@example.com');
  await person.pressModal('Sign Out');
  await expect(person.welcomeButton('Sign In')).toBeVisible();
  await expect(person.rows('')).toHaveCount(0);
  expect(sandbox.requestLines, 'the menu renews and sends nothing').toEqual([]);
});

test('a session outlives a reload, and renews itself without a word', async ({ open, sandbox }) => {
  sandbox.idTokenSeconds = 8;
  const person = await open({ lastingVault: true });
  await signInThroughBrowser(person);
  await expect(person.row('prod-bot')).toBeVisible();
  const [used] = lists(sandbox);
  await person.page.reload();
  await person.openView();
  await expect(person.row('prod-bot')).toBeVisible();
  await expect(person.view).toContainText('ada@example.com');
  await expect
    .poll(async () => {
      await person.run('Omi: Refresh API Keys');
      return renewals(sandbox).filter(({ status }) => status === 200).length;
    })
    .toBeGreaterThan(0);
  await expect.poll(() => lists(sandbox).at(-1)?.bearer !== used?.bearer).toBe(true);
  await expect(person.row('prod-bot')).toBeVisible();
  await expect(person.toast('')).toHaveCount(0);
  expect(lists(sandbox).filter(({ status }) => status !== 200)).toEqual([]);
});

test('a session that was ended elsewhere is said once; Sign In brings it back', async ({ open, sandbox }) => {
  sandbox.idTokenSeconds = 4;
  const person = await open();
  await signInThroughBrowser(person);
  await expect(person.row('prod-bot')).toBeVisible();
  await person.clearToasts();
  sandbox.revokeSessions('ada');
  const toast = person.toast('Your Omi session for ada@example.com was ended');
  await expect
    .poll(async () => {
      await person.run('Omi: Refresh API Keys');
      return renewals(sandbox).length;
    })
    .toBe(1);
  await expect(toast).toBeVisible();
  await expect(person.view).toContainText('Your Omi session has ended.');
  sandbox.idTokenSeconds = 3600;
  await person.pressToast(toast, 'Sign In');
  const consent = await consentAfter(person, () => person.pick('Continue with Google'));
  await consent.allow();
  await person.page.bringToFront();
  await expect(person.row('prod-bot')).toBeVisible();
});

test('no code, verifier, state or token is left in the log, in state or on the screen', async ({
  open,
  sandbox,
  studio,
}) => {
  sandbox.idTokenSeconds = 6;
  sandbox.fault({ path: exchangePath, effect: { status: 400, body: { detail: 'Invalid or expired code' } } });
  const person = await open();
  const refused = await beginInBrowser(person);
  const secrets = [refused.query.get('state') ?? ''];
  await refused.allow();
  await person.page.bringToFront();
  const toast = person.toast('Omi did not accept the sign-in code');
  const consent = await consentAfter(person, () => person.pressToast(toast, 'Try Again'));
  secrets.push(consent.query.get('state') ?? '');
  await consent.allow();
  await expectSignedIn(person);
  await expect(person.row('prod-bot')).toBeVisible();
  secrets.push(...sandbox.refreshTokens('ada'));
  await expect
    .poll(async () => {
      await person.run('Omi: Refresh API Keys');
      return renewals(sandbox).length;
    })
    .toBeGreaterThan(0);
  secrets.push(...sandbox.refreshTokens('ada'));
  for (const { body } of exchanges(sandbox)) {
    const sent = new URLSearchParams(body);
    secrets.push(sent.get('code') ?? '', sent.get('code_verifier') ?? '');
  }
  for (const { bearer } of lists(sandbox)) secrets.push(bearer ?? '');
  expect(secrets.every((secret) => secret.length >= 32)).toBe(true);
  await person.run('Omi: Show Log');
  await expect(person.page.locator('.panel .view-lines')).toContainText('/v1/');

  await expect
    .poll(async () => {
      const files = await filesBelow(studio.server.dataDir);
      return files.filter(({ text }) => text.includes('Sign-in: codeRefused')).length;
    }, 'the log is among the files')
    .toBeGreaterThan(0);
  const holdsSecret = (text: string) => secrets.some((secret) => text.includes(secret));
  const files = await filesBelow(studio.server.dataDir);
  expect(files.filter(({ text }) => holdsSecret(text)).map(({ path }) => path)).toEqual([]);
  expect(holdsSecret(await person.page.content()), 'the window holds a secret').toBe(false);
});

/** The codes that were traded in, as arrived. */
function exchanges(sandbox: Sandbox): readonly RecordedRequest[] {
  return sandbox.requests.filter(({ method, rawPath }) => method === 'POST' && rawPath === exchangePath);
}

function renewals(sandbox: Sandbox): readonly RecordedRequest[] {
  return sandbox.requests.filter(({ rawPath }) => rawPath.includes('securetoken.googleapis.com'));
}

function lists(sandbox: Sandbox): readonly RecordedRequest[] {
  return sandbox.requests.filter(({ rawPath }) => /^\/v1\/(dev|mcp)\/keys$/.test(rawPath));
}
