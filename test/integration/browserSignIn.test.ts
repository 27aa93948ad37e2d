import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { blockedClientKey } from '../../sandbox/server';
import { answers, browse, decide, listenerOf, nobodyListens, wayBackOf } from './support/browser';
import { hostWatch, replace } from './support/hostWatch';
import { latch } from './support/latch';
import { configure, useStage, type Running } from './support/stage';
import { until } from './support/until';

/** Where a custom token is traded in, as the emulator has it. */
const firebasePath = '/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken';

describe('Sign In through the browser', () => {
  const stage = useStage();
  afterEach(() => stage.reset());

  /** Runs "Sign In" up to the moment when the browser has been sent to Omi. */
  const begin = async (
    manner: 'Google' | 'Apple' = 'Google',
  ): Promise<{ command: Running; address: string }> => {
    const command = stage.run('omi.signIn');
    await stage.person.take(`Continue with ${manner}`);
    const address = await stage.person.address();
    return { command, address };
  };

  const giveUp = async (command: Running): Promise<void> => {
    await stage.person.escape();
    await command.done;
  };

  const assertNothingKept = async (): Promise<void> => {
    assert.equal(stage.contextKey('omi.session'), 'signedOut');
    assert.deepEqual(await stage.keptSecrets(), []);
  };

  it('offers the three ways to sign in', async () => {
    const command = stage.run('omi.signIn');
    assert.deepEqual(
      (await stage.person.choices()).map(({ label }) => label),
      ['Continue with Google', 'Continue with Apple', 'Paste a Firebase ID Token'],
    );
    await giveUp(command);
    await assertNothingKept();
    assert.deepEqual(stage.sandbox.requestLines, []);
    assert.equal(stage.person.messages.length, 0);
  });

  it('signs in, shows whose keys these are, and leaves no listener', async () => {
    const { command, address } = await begin();
    assert.equal(stage.contextKey('omi.session'), 'signingIn');
    assert.equal(await answers(listenerOf(address)), true);
    const page = await browse(address, 'ada');
    assert.equal(page.status, 200);
    assert.match(await page.text(), /VS Code says whether you are signed in/);
    const message = await stage.person.close();
    await command.done;
    assert.deepEqual(
      [message.level, message.text, message.buttons],
      ['info', 'Signed in to Omi as ada@example.com.', []],
    );
    await nobodyListens(address);
    await stage.listRead();
    assert.equal((await stage.rows()).length, stage.sandbox.keys('ada').length);
    assert.equal(stage.view.message, 'ada@example.com');
    assert.equal(stage.person.hasInputBox, false);
    assert.equal(stage.person.unseen, 0);
  });

  it('asks Omi for the provider that was chosen, with a challenge and a way back to this machine', async () => {
    const { command, address } = await begin('Apple');
    const { origin, pathname, searchParams } = new URL(address);
    assert.equal(origin + pathname, `${stage.sandbox.url}/v1/auth/authorize`);
    assert.equal(searchParams.get('provider'), 'apple');
    assert.equal(searchParams.get('code_challenge_method'), 'S256');
    assert.match(wayBackOf(address).href, /^http:\/\/127\.0\.0\.1:\d+(\/\d+)?\/callback$/);
    await giveUp(command);
  });

  it('keeps tokens, code and state out of messages, log, state and the list of accounts', async () => {
    const { shown, logged, context } = hostWatch();
    const { command, address } = await begin();
    const back = await decide(address, 'ada');
    assert.ok(back);
    await fetch(back);
    await stage.person.close();
    await command.done;
    const body = stage.sandbox.requests.find(({ rawPath }) => rawPath === '/v1/auth/token')?.body;
    const sent = new URLSearchParams(body);
    const secrets = [
      ...stage.sandbox.refreshTokens('ada'),
      sent.get('code'),
      sent.get('code_verifier'),
      new URL(address).searchParams.get('state'),
    ].filter((secret) => secret !== null);
    assert.equal(secrets.length, 4);
    const state = context?.globalState;
    const kept = JSON.stringify(state?.keys().map((key) => state.get(key)));
    const accounts = await context?.secrets.get('omi.accounts');
    assert.match(kept + String(accounts), new RegExp(stage.sandbox.accounts.ada.uid));
    for (const text of [...shown, ...logged, kept, String(accounts)]) {
      assert.ok(!secrets.some((secret) => text.includes(secret)));
    }
  });

  it('Escape ends it: no listener, no session, no word', async () => {
    const { command, address } = await begin();
    await giveUp(command);
    await nobodyListens(address);
    await assertNothingKept();
    assert.equal(stage.person.messages.length, 0);
  });

  it('Escape before the browser could be opened leaves it closed', async () => {
    const wayFound = latch();
    let isAsked = false;
    const asExternalUri = vscode.env.asExternalUri.bind(vscode.env);
    const restore = replace(vscode.env, 'asExternalUri', async (local: vscode.Uri) => {
      isAsked = true;
      await wayFound.opened;
      return asExternalUri(local);
    });
    try {
      const command = stage.run('omi.signIn');
      await stage.person.take('Continue with Google');
      await until('the way back to be looked for', () => isAsked);
      await stage.person.escape();
      wayFound.open();
      await command.done;
      assert.equal(stage.person.hasAddress, false);
      await assertNothingKept();
      assert.equal(stage.person.messages.length, 0);
    } finally {
      restore();
    }
  });

  it('goes through the ways back and begins anew after the last, and the box stays', async () => {
    const { command, address } = await begin();
    const addresses = [address];
    const changeWay = async (): Promise<string> => {
      await stage.person.pressInBox('Use Another Way Back From the Browser');
      const next = await stage.person.address();
      addresses.push(next);
      return next;
    };
    await until('only pasting to be left', async () => wayBackOf(await changeWay()).port === '9');
    const again = await changeWay();
    assert.equal(new Set(addresses).size, addresses.length);
    assert.equal(await answers(listenerOf(again)), true);
    assert.equal(stage.person.hasInputBox, true);
    await browse(again, 'ada');
    assert.equal((await stage.person.close()).text, 'Signed in to Omi as ada@example.com.');
    await command.done;
  });

  it('Decline tells nobody: it waits until Escape', async () => {
    const { command, address } = await begin();
    assert.equal(await decide(address, 'decline'), null);
    assert.equal(stage.person.hasInputBox, true);
    await giveUp(command);
    await nobodyListens(address);
    await assertNothingKept();
  });

  it('says so when the identity provider declines', async () => {
    const { command, address } = await begin();
    const back = wayBackOf(address);
    const state = new URL(address).searchParams.get('state') ?? '';
    back.search = new URLSearchParams({ error: 'access_denied', state }).toString();
    const page = await (await fetch(back)).text();
    assert.match(page, /Back to VS Code/);
    assert.doesNotMatch(page, /Signed in/);
    const message = await stage.person.close();
    await command.done;
    assert.equal(message.text, 'You were not signed in: access was declined.');
    await nobodyListens(address);
    await assertNothingKept();
  });

  it('turns away a wrong state and other paths, and goes on waiting', async () => {
    const { command, address } = await begin();
    const wrong = wayBackOf(address);
    wrong.search = 'code=stolen&state=guessed';
    assert.equal((await fetch(wrong)).status, 400);
    assert.equal((await fetch(new URL('elsewhere', wrong))).status, 404);
    assert.equal((await fetch(wrong, { method: 'POST' })).status, 404);
    assert.equal(stage.person.hasInputBox, true);
    assert.deepEqual(
      stage.sandbox.requests.map(({ rawPath }) => rawPath),
      [],
    );
    assert.equal((await browse(address, 'ada')).status, 200);
    assert.equal((await stage.person.close()).text, 'Signed in to Omi as ada@example.com.');
    await command.done;
  });

  it('a second attempt ends the first', async () => {
    const first = await begin();
    const second = await begin();
    await first.command.done;
    await nobodyListens(first.address);
    await browse(second.address, 'grace');
    assert.equal((await stage.person.close()).text, 'Signed in to Omi as grace@example.com.');
    await second.command.done;
  });

  it('takes the pasted address of the last page, and no other text', async () => {
    const { command, address } = await begin();
    const back = await decide(address, 'ada');
    assert.ok(back);
    assert.equal((await stage.person.inputBox()).password, true);
    assert.match((await stage.person.submit('https://example.com/')) ?? '', /"code=" and "state="/);
    const other = new URL(back);
    other.searchParams.set('state', 'of-another-attempt');
    assert.match((await stage.person.submit(other.href)) ?? '', /of another sign-in/);
    assert.equal(await stage.person.submit(back.href), undefined);
    assert.equal((await stage.person.close()).text, 'Signed in to Omi as ada@example.com.');
    await command.done;
    await nobodyListens(address);
  });

  it('says that Omi refused the code, and begins anew at the press of a button', async () => {
    stage.sandbox.fault({
      path: '/v1/auth/token',
      effect: { status: 400, body: { detail: 'Invalid or expired code' } },
    });
    const { command, address } = await begin();
    await browse(address, 'ada');
    const message = await stage.person.nextMessage();
    assert.match(message.text, /^Omi did not accept the sign-in code: /);
    assert.deepEqual(message.buttons, ['Try Again', 'Show Log']);
    await nobodyListens(address);
    message.press('Try Again');
    const again = await stage.person.address();
    assert.notEqual(again, address);
    await browse(again, 'ada');
    assert.equal((await stage.person.close()).text, 'Signed in to Omi as ada@example.com.');
    await command.done;
  });

  const refusals: readonly {
    what: string;
    prepare: () => Promise<void> | void;
    says: RegExp;
    buttons?: readonly string[];
  }[] = [
    {
      what: 'the account is disabled',
      prepare: () => stage.sandbox.setStanding('ada', 'disabled'),
      says: /^Firebase refused the sign-in \(USER_DISABLED\)\.$/,
    },
    {
      what: 'the client key is blocked',
      prepare: () => configure('firebase.apiKey', blockedClientKey),
      says: /the setting omi\.firebase\.apiKey cannot be used\./,
      buttons: ['Open Settings'],
    },
    {
      what: 'Omi is down',
      prepare: () =>
        void stage.sandbox.fault({ path: '/v1/auth/token', times: Infinity, effect: { status: 503 } }),
      says: /^Omi has a problem \(status 503\)\./,
    },
    {
      what: 'Firebase is down',
      prepare: () => void stage.sandbox.fault({ path: firebasePath, effect: { status: 503 } }),
      says: /^Firebase has a problem \(status 503\)\./,
    },
    {
      what: 'Omi does not know who asks',
      prepare: () => void stage.sandbox.fault({ path: '/v1/auth/token', effect: { status: 401, body: '' } }),
      says: /^Omi did not accept the sign-in code: it may be too old or used before\.$/,
    },
    {
      what: 'Omi does not understand the code',
      prepare: () =>
        void stage.sandbox.fault({
          path: '/v1/auth/token',
          effect: { status: 422, body: { detail: [{ loc: ['body', 'code'], msg: 'Field required' }] } },
        }),
      says: /^Omi did not accept the sign-in code: .* It says: code: Field required\.$/,
    },
  ];
  for (const { what, prepare, says, buttons = ['Try Again', 'Show Log'] } of refusals) {
    it(`keeps nothing and says why when ${what}`, async () => {
      await prepare();
      const { command, address } = await begin();
      await browse(address, 'ada');
      const message = await stage.person.close();
      await command.done;
      assert.match(message.text, says);
      assert.deepEqual(message.buttons, buttons);
      await nobodyListens(address);
      await assertNothingKept();
    });
  }

  it('opens no browser while a setting is bad, and names it', async () => {
    await configure('firebase.authEmulatorHost', 'example.com:80');
    const command = stage.run('omi.signIn');
    await stage.person.take('Continue with Google');
    const message = await stage.person.close();
    await command.done;
    assert.match(message.text, /the setting omi\.firebase\.authEmulatorHost cannot be used\./);
    assert.equal(stage.person.hasInputBox, false);
    await until('the attempt to end', () => stage.contextKey('omi.session') === 'signedOut');
  });
});
