import { expect, test } from './support/stage';

test('signs in with a token: the box answers every slip, the list appears, a toast says who', async ({
  person,
  sandbox,
}) => {
  const token = sandbox.token('ada');
  const rawKey = sandbox.key('ada', 'prod-bot').raw ?? '';
  await person.openView();
  await expect(person.view).toContainText('Sign in to see the API keys of your Omi account');
  await person.welcomeButton('Sign In with Firebase Token').click();
  await expect(person.input).toHaveAttribute('type', 'password');

  const answers: readonly (readonly [string, RegExp])[] = [
    [rawKey, /This is an Omi API key \(omi_dev_[0-9a-f]{4}…[0-9a-f]{4}\), which cannot manage keys\./],
    [sandbox.token('ada', { lifetimeSeconds: -630 }), /This token expired 10 minutes ago\./],
    ['hello', /This is not a Firebase ID token/],
    ['x'.repeat(40_000), /too long for a token/],
    [token, /Token of ada@example\.com, expires in 59 minutes\.$/],
    [`"${token}"`, /Token of ada@example\.com.* Left out: surrounding quotes\.$/],
    [`Bearer ${token}`, /Token of ada@example\.com.* Left out: the word "Bearer"\.$/],
  ];
  for (const [typed, answer] of answers) {
    await person.typeSecret(typed);
    await expect(person.inputAnswer).toHaveText(answer);
    expect(sandbox.requestLines, 'nothing is sent while typing').toEqual([]);
  }

  await person.input.fill('');
  await person.press('Enter');
  await expect(person.inputAnswer).toHaveText('Paste a Firebase ID token.');
  await person.typeSecret(`${token.slice(0, -6)}AAAAAA`);
  await person.press('Enter');
  await expect(person.inputAnswer).toHaveText('Omi does not accept this token.');
  await expect(person.input).toBeEnabled();

  await person.enterToken(`"Bearer ${token}"`);
  await expect(
    person.toast(/Signed in to Omi as ada@example\.com\. This token expires in \d+ minutes\./),
  ).toBeVisible();
  await expect(person.row('Developer Keys')).toContainText('12');
  await expect(person.row('MCP Keys')).toContainText('3');
  await expect(person.row('prod-bot')).toContainText(/omi_dev_[0-9a-f]{4}…[0-9a-f]{4} · used 2 hours ago/);
});

test('gives up on Escape and stays signed out', async ({ person, sandbox }) => {
  await person.openView();
  await person.welcomeButton('Sign In with Firebase Token').click();
  await expect(person.view).toContainText('Signing in …');
  await person.press('Escape');
  await expect(person.quickInput).toBeHidden();
  await expect(person.welcomeButton('Sign In with Firebase Token')).toBeVisible();
  expect(sandbox.requestLines).toEqual([]);
});

test('says that an account has no keys, and signs out', async ({ person }) => {
  await person.signIn('linus');
  await expect(person.view).toContainText('No API keys yet.');
  await person.run('Omi: Sign Out');
  await expect(person.toast('Signed out linus@example.com.')).toBeVisible();
  await expect(person.welcomeButton('Sign In with Firebase Token')).toBeVisible();
});
