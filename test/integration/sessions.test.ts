import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { blockedClientKey, type FaultEffect } from '../../sandbox/server';
import { renewThrough } from '../../src/editor/auth/sessionPorts';
import type { FirebaseApi } from '../../src/omi/firebase';
import { fail } from '../../src/omi/result';
import { hostWatch, replace } from './support/hostWatch';
import { latch } from './support/latch';
import { configure, renewalPath, useStage } from './support/stage';
import { until } from './support/until';

describe('A session', () => {
  const stage = useStage();
  afterEach(() => stage.reset());

  /** Sessions as VS Code gets them for an extension that is about to use them. */
  const getSessions = async (): Promise<readonly vscode.AuthenticationSession[]> =>
    stage.provider.getSessions([], {});

  describe('renews itself', () => {
    // Once for a whole minute; the older VS Code sees three lives of a token.
    const seconds = process.env['OMI_TEST_VSCODE'] === 'oldest' ? 20 : 60;

    it(`for ${String(seconds)} seconds with ID tokens of 10 seconds, without a prompt or a failed list`, async () => {
      stage.sandbox.idTokenSeconds = 10;
      await stage.signInByBrowser('ada');
      const end = Date.now() + seconds * 1000;
      let next = Date.now();
      while (Date.now() < end) {
        await until('the next second', () => Date.now() >= next);
        next += 1000;
        await stage.refresh();
        assert.equal(stage.contextKey('omi.session'), 'signedIn');
        assert.equal(stage.contextKey('omi.keys'), 'ready');
      }
      assert.equal(stage.person.messages.length, 0);
      assert.equal(stage.person.hasInputBox, false);
      assert.ok(stage.renewals.length >= seconds / 10, `${String(stage.renewals.length)} renewals`);
      const lists = stage.sandbox.requests.filter(({ method }) => method === 'GET');
      assert.ok(lists.length > seconds);
      const asked = [...stage.renewals, ...lists.filter(({ bearer }) => bearer !== null)];
      assert.deepEqual(
        asked.map(({ status }) => status).filter((status) => status !== 200),
        [],
      );
    }).timeout(90_000);

    it('once for 20 requests at the same time', async () => {
      const answer = latch();
      const held = stage.sandbox.fault({ path: renewalPath, effect: { hold: answer.opened } });
      await stage.keepDue();
      await until('the renewal', () => held.hits === 1);
      const refresh = stage.run('omi.keys.refresh');
      const all = Array.from({ length: 20 }, getSessions);
      answer.open();
      const tokens = (await Promise.all(all)).map(([session]) => session?.accessToken);
      await refresh.done;
      assert.equal(tokens.length, 20);
      assert.equal(new Set(tokens).size, 1);
      assert.equal(stage.renewals.length, 1);
      assert.equal(stage.contextKey('omi.keys'), 'ready');
    });

    it('when Omi refuses a token that looked good', async () => {
      const { refreshToken } = stage.sandbox.openSession('ada');
      const idToken = stage.sandbox.token('ada', { lifetimeSeconds: -600 });
      const expiresAt = Date.now() + 3_600_000;
      await stage.keep('ada', { idToken, expiresAt, renewal: { refreshToken, dueAt: expiresAt } });
      await until('both lists', () => stage.contextKey('omi.keys') === 'ready');
      assert.equal(stage.renewals.length, 1);
      assert.equal(stage.person.messages.length, 0);
    });

    it('in two windows with refresh tokens that work once, and neither loses it', async () => {
      stage.sandbox.idTokenSeconds = 2;
      await stage.keepDue();
      const other = await stage.otherWindow();
      await until(
        'five renewals',
        async () => {
          const [here, there] = await Promise.all([getSessions(), other.bearer()]);
          assert.equal(here.length, 1);
          assert.equal(there.ok, true);
          return stage.renewals.filter(({ status }) => status === 200).length >= 5;
        },
        25_000,
      );
      assert.equal(stage.contextKey('omi.session'), 'signedIn');
      assert.equal(other.state.kind, 'signedIn');
      assert.equal(stage.person.messages.length, 0);
    });
  });

  it('stays signed out when it was signed out during a renewal', async () => {
    const { logged } = hostWatch();
    const answer = latch();
    const held = stage.sandbox.fault({ path: renewalPath, effect: { hold: answer.opened } });
    await stage.keepDue();
    await until('the renewal', () => held.hits === 1);
    const command = stage.run('omi.signOut');
    assert.equal((await stage.person.close()).text, 'Signed out ada@example.com.');
    await command.done;
    const start = logged.length;
    answer.open();
    await until('the answer', () => logged.slice(start).some((line) => line.includes(renewalPath)));
    const again = stage.run('omi.signOut');
    assert.equal((await stage.person.close()).text, 'Nobody is signed in to Omi.');
    await again.done;
    assert.equal(stage.contextKey('omi.session'), 'signedOut');
    assert.deepEqual(await stage.groups(), []);
    assert.deepEqual(await stage.keptSecrets(), []);
    assert.deepEqual(await getSessions(), []);
  });

  describe('ends once, with its reason and a way to sign in:', () => {
    const open = (): string => stage.sandbox.openSession('ada').refreshToken;
    const ends: readonly { code: string; prepare: () => string; says: string }[] = [
      {
        code: 'TOKEN_EXPIRED',
        prepare: () => {
          const token = open();
          stage.sandbox.revokeSessions('ada');
          return token;
        },
        says: 'Your Omi session for ada@example.com was ended, for example by a change of password. Sign in again.',
      },
      {
        code: 'USER_DISABLED',
        prepare: () => {
          stage.sandbox.setStanding('ada', 'disabled');
          return open();
        },
        says: 'The Omi account ada@example.com is disabled.',
      },
      {
        code: 'USER_NOT_FOUND',
        prepare: () => {
          stage.sandbox.setStanding('ada', 'deleted');
          return open();
        },
        says: 'The Omi account ada@example.com does not exist any more.',
      },
      {
        code: 'INVALID_REFRESH_TOKEN',
        prepare: () => 'a-refresh-token-of-nobody',
        says: 'Your Omi session for ada@example.com is no longer valid. Sign in again.',
      },
    ];
    for (const { code, prepare, says } of ends) {
      it(code, async () => {
        await stage.keepDue('ada', { refreshToken: prepare() });
        const message = await stage.person.nextMessage();
        assert.deepEqual(
          [message.level, message.isModal, message.text, message.buttons],
          ['warn', false, says, ['Sign In']],
        );
        assert.equal(stage.contextKey('omi.session'), 'expired');
        assert.deepEqual(await stage.groups(), []);
        assert.deepEqual(await getSessions(), []);
        assert.equal(stage.renewals.length, 1, 'it was tried again');
        assert.equal(stage.person.unseen, 0);
        message.press('Sign In');
        await stage.person.choices();
        await stage.person.escape();
      });
    }
  });

  describe('survives', () => {
    const fault = (effect: FaultEffect) => (): void => {
      stage.sandbox.fault({ path: renewalPath, times: Infinity, effect });
    };
    const passing: readonly { what: string; prepare: () => Promise<void> | void; says: RegExp }[] = [
      { what: 'a 503', prepare: fault({ status: 503 }), says: /^Firebase has a problem \(status 503\)\./ },
      {
        what: 'a connection that breaks off',
        prepare: fault({ drop: 'before' }),
        says: /^The connection to 127\.0\.0\.1:\d+ broke off\.$/,
      },
      {
        what: 'silence',
        prepare: async () => {
          await configure('requestTimeoutSeconds', 1);
          fault({ hang: true })();
        },
        says: /^127\.0\.0\.1:\d+ did not answer within 1 second\.$/,
      },
      {
        what: 'a blocked client key, which names the setting',
        prepare: () => configure('firebase.apiKey', blockedClientKey),
        says: /the setting omi\.firebase\.apiKey cannot be used\. Google does not accept this Firebase key\./,
      },
    ];
    for (const { what, prepare, says } of passing) {
      it(`${what}, and works again afterwards`, async () => {
        await prepare();
        await stage.keepDue();
        await until('the failed list', () => stage.contextKey('omi.keys') === 'failed');
        const [row] = await Promise.all((await stage.groups()).map((node) => stage.item(node)));
        assert.match(String(row?.description), says);
        assert.equal(stage.contextKey('omi.session'), 'signedIn');
        assert.equal(stage.person.messages.length, 0);
        // No sessions would mean signed out to whoever asks.
        await assert.rejects(getSessions, ({ message }: Error) => says.test(message));
        stage.sandbox.clearFaults();
        await stage.restoreSettings();
        await stage.refresh();
        assert.equal(stage.contextKey('omi.keys'), 'ready');
        assert.ok((await stage.rows()).includes('prod-bot'));
        assert.equal(stage.person.messages.length, 0);
      });
    }

    it('a failed renewal of one account, beside which the other is still given', async () => {
      await stage.signIn('ada');
      fault({ status: 503 })();
      // Not the account of the tests after: a failure is remembered for a while.
      await stage.keepDue('linus');
      await until('the failed list', () => stage.contextKey('omi.keys') === 'failed');
      const given = (await getSessions()).map(({ account }) => account.label);
      assert.deepEqual(given, ['ada@example.com']);
      const account = { id: stage.sandbox.accounts.linus.uid, label: 'linus@example.com' };
      await assert.rejects(async () => stage.provider.getSessions([], { account }), /^Error: Firebase has/);
    });

    it('a long wait: a renewal has no time limit but that of each request', async () => {
      // Whatever time limit a renewal had of its own would be over at once.
      const restore = replace(AbortSignal, 'timeout', () => AbortSignal.abort());
      try {
        const signals: AbortSignal[] = [];
        const never = (): Promise<never> => Promise.reject(new Error('not asked for'));
        const refresh: FirebaseApi['refresh'] = (_, __, signal) => {
          signals.push(signal);
          return Promise.resolve(fail({ kind: 'cancelled' }));
        };
        await renewThrough({ signIn: never, refresh })('a-refresh-token');
        assert.deepEqual(
          signals.map(({ aborted }) => aborted),
          [false],
        );
      } finally {
        restore();
      }
    });

    it('a failed renewal without anybody noticing, while its token is live', async () => {
      fault({ status: 503 })();
      // Not the account of the tests before: a failure is remembered for a while.
      const idToken = stage.sandbox.token('grace');
      await stage.keepDue('grace', { idToken, expiresAt: Date.now() + 60_000 });
      await stage.row('compiler');
      await stage.refresh();
      assert.equal(stage.contextKey('omi.keys'), 'ready');
      assert.equal(stage.renewals.length, 1, 'it was tried again at once');
      assert.equal(stage.person.messages.length, 0);
    });
  });

  it('of a pasted token ends by itself, without a request or a message', async () => {
    const command = stage.run('omi.signInWithToken');
    const token = stage.sandbox.token('ada', { lifetimeSeconds: 3 });
    assert.equal(await stage.person.submit(token), undefined);
    await stage.person.close();
    await command.done;
    await stage.listRead();
    stage.sandbox.clearRequests();
    await until('the end', () => stage.contextKey('omi.session') === 'expired');
    assert.deepEqual(stage.sandbox.requestLines, []);
    assert.deepEqual(await stage.groups(), []);
    assert.equal(stage.view.message, '');
    assert.equal(stage.person.unseen, 0);
  });
});

describe('Several accounts', () => {
  const stage = useStage();
  beforeEach(async () => {
    await stage.signIn('ada');
    await stage.signIn('grace');
  });
  afterEach(() => stage.reset());

  it("shows the other one's keys after Switch Account, in every window", async () => {
    const other = await stage.otherWindow();
    const command = stage.run('omi.account.switch');
    assert.deepEqual(
      (await stage.person.choices()).map(({ label, description }) => [label, description]),
      [
        ['grace@example.com', 'shown now'],
        ['ada@example.com', undefined],
        ['', undefined],
        ['Sign In with Another Account', undefined],
      ],
    );
    await stage.person.take('ada@example.com');
    await command.done;
    await stage.row('never-used');
    assert.match(stage.view.message ?? '', /^ada@example\.com, /);
    await until('the other window to follow', () => other.account?.label === 'ada@example.com');
    assert.equal((await stage.keptSecrets()).length, 2);
    assert.equal(stage.person.messages.length, 0);
  });

  it('offers to sign in with one more', async () => {
    const command = stage.run('omi.account.switch');
    await stage.person.take('Sign In with Another Account');
    await stage.person.take('Paste a Firebase ID Token');
    assert.equal(await stage.person.submit(stage.sandbox.token('linus')), undefined);
    assert.match((await stage.person.close()).text, /^Signed in to Omi as linus@example\.com\./);
    await command.done;
    assert.equal((await stage.keptSecrets()).length, 3);
  });

  it('changes nothing when the person gives up', async () => {
    const command = stage.run('omi.account.switch');
    await stage.person.choices();
    await stage.person.escape();
    await command.done;
    assert.deepEqual(await stage.rows(), ['prod-bot', 'compiler']);
  });

  it('names the account in the question before a revocation', async () => {
    const command = stage.run('omi.key.revoke', await stage.row('compiler'));
    const { detail } = await stage.person.answer(undefined);
    await command.done;
    assert.ok(detail?.startsWith('Account: grace@example.com\n\nApps that use '), detail);
  });
});

describe("VS Code's Accounts menu", () => {
  const stage = useStage();
  let watch: vscode.Disposable;
  let changes = 0;
  before(() => {
    watch = vscode.authentication.onDidChangeSessions(({ provider }) => {
      if (provider.id === 'omi') changes += 1;
    });
  });
  after(() => {
    watch.dispose();
  });
  beforeEach(() => {
    changes = 0;
  });
  afterEach(() => stage.reset());

  const accounts = async (): Promise<string[]> =>
    (await vscode.authentication.getAccounts('omi')).map(({ label }) => label).sort();

  it('has the accounts that are signed in, and no renewal is spent on it', async () => {
    assert.deepEqual(await accounts(), []);
    await stage.keepDue('grace', { idToken: stage.sandbox.token('grace'), expiresAt: Date.now() + 60_000 });
    await stage.listRead();
    await stage.signIn('ada');
    stage.sandbox.clearRequests();
    assert.deepEqual(await accounts(), ['ada@example.com', 'grace@example.com']);
    assert.deepEqual(stage.sandbox.requestLines, []);
  });

  it('hears of each sign-in and sign-out', async () => {
    await stage.signIn('ada');
    await until('the sign-in to be told', () => changes === 1);
    const command = stage.run('omi.signOut');
    await stage.person.close();
    await command.done;
    await until('the sign-out to be told', () => changes === 2);
    assert.deepEqual(await accounts(), []);
  });

  it('signs out for good', async () => {
    await stage.signIn('grace');
    await stage.signIn('ada');
    const { uid } = stage.sandbox.accounts.ada;
    await stage.provider.removeSession(uid);
    await until('the other account to be shown', () => stage.view.message?.startsWith('grace@example.com'));
    assert.deepEqual(await accounts(), ['grace@example.com']);
    assert.deepEqual(await stage.keptSecrets(), [`omi.session.${stage.sandbox.accounts.grace.uid}`]);
    assert.equal(stage.person.messages.length, 0);
  });

  it('signs in with the person, and says no more than VS Code does when they give up', async () => {
    const session = stage.provider.createSession([], {});
    await stage.person.take('Paste a Firebase ID Token');
    const token = stage.sandbox.token('ada');
    assert.equal(await stage.person.submit(token), undefined);
    const { account, accessToken } = await session;
    assert.equal(account.label, 'ada@example.com');
    assert.ok(accessToken === token);
    const givenUp = assert.rejects(async () => stage.provider.createSession([], {}), /cancelled/);
    await stage.person.choices();
    await stage.person.escape();
    await givenUp;
    assert.equal(stage.person.messages.length, 0);
  });

  it('gives an extension no session without consent', async () => {
    await stage.signIn('ada');
    assert.equal(await vscode.authentication.getSession('omi', [], { silent: true }), undefined);
  });
});
