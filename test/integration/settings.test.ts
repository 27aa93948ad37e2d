import assert from 'node:assert/strict';
import { hostWatch } from './support/hostWatch';
import { configure, useStage } from './support/stage';
import { until } from './support/until';

describe('Settings', () => {
  const stage = useStage();
  afterEach(() => stage.reset());

  const { commandsRun } = hostWatch();
  const bad: readonly { address: string; why: string }[] = [
    {
      address: 'http://example.com',
      why: 'Plain http is allowed for this machine only (127.0.0.1, localhost); use https.',
    },
    { address: 'javascript:alert(1)', why: 'It must begin with https://.' },
    { address: 'https://ada:lovelace@example.com', why: 'It must not hold a user name or password.' },
    { address: 'https://example.com/?a=b', why: 'It must not hold a query (?) or fragment (#).' },
    { address: 'example', why: 'It is not a web address.' },
    { address: '', why: 'It is not a web address.' },
  ];

  /** Submits a good token; gives what the box says. */
  const signInFails = async (): Promise<string | undefined> => {
    const command = stage.run('omi.signInWithToken');
    const said = await stage.person.submit(stage.sandbox.token('ada'));
    await stage.person.escape();
    await command.done;
    return said;
  };

  /** Signs in as another window does, which needs no request. */
  const signInElsewhere = async (): Promise<void> => {
    const expiresAt = Date.now() + 3_600_000;
    await stage.keep('ada', { idToken: stage.sandbox.token('ada'), expiresAt, renewal: undefined });
    await stage.listRead();
  };

  for (const { address, why } of bad) {
    const sentence = `Nothing was sent: the setting omi.apiBaseUrl cannot be used. ${why}`;
    describe(`omi.apiBaseUrl = ${JSON.stringify(address)}`, () => {
      beforeEach(() => configure('apiBaseUrl', address));

      it('is named in the box of a sign-in', async () => {
        assert.equal(await signInFails(), sentence);
      });

      it('is named in the view', async () => {
        await signInElsewhere();
        const rows = await Promise.all((await stage.groups()).map((node) => stage.item(node)));
        assert.deepEqual(
          rows.map(({ label, description }) => [label, description]),
          [['Try Again', sentence]],
        );
        assert.equal(stage.contextKey('omi.keys'), 'failed');
      });

      it('is named by a command, which offers the settings', async () => {
        await signInElsewhere();
        const command = stage.run('omi.key.revoke');
        const message = await stage.person.close();
        await command.done;
        assert.equal(message.text, sentence);
        assert.deepEqual(message.buttons, ['Open Settings']);
      });
    });
  }

  it('opens the settings when the person wants so', async () => {
    await configure('apiBaseUrl', 'http://example.com');
    await signInElsewhere();
    const command = stage.run('omi.key.revoke');
    const message = await stage.person.nextMessage();
    commandsRun.length = 0;
    message.press('Open Settings');
    await command.done;
    assert.deepEqual(commandsRun, ['workbench.action.openSettings']);
    await stage.run('workbench.action.closeAllEditors').done;
  });

  it('sends nothing while the address is bad, and reads by itself when it is good again', async () => {
    await stage.signIn();
    stage.sandbox.clearRequests();
    await configure('apiBaseUrl', 'http://example.com');
    await until('the view to say so', () => stage.contextKey('omi.keys') === 'failed');
    assert.deepEqual(stage.sandbox.requestLines, []);
    await configure('apiBaseUrl', stage.sandbox.url);
    await until('the lists', () => stage.contextKey('omi.keys') === 'ready');
    assert.equal((await stage.rows()).length, 12);
  });

  it('keeps a path prefix, and says when nothing answers there', async () => {
    await configure('apiBaseUrl', `${stage.sandbox.url}/omi/`);
    assert.equal(await signInFails(), 'Omi does not know this address. It says: Not Found.');
    assert.deepEqual(
      stage.sandbox.requests.map(({ rawPath }) => rawPath),
      ['/omi/v1/dev/keys'],
    );
  });

  it('waits for an answer as long as omi.requestTimeoutSeconds says', async () => {
    await configure('requestTimeoutSeconds', 1);
    stage.sandbox.fault({ times: Infinity, effect: { hang: true } });
    const start = Date.now();
    assert.equal(
      await signInFails(),
      `127.0.0.1:${String(stage.sandbox.port)} did not answer within 1 second.`,
    );
    assert.ok(Date.now() - start >= 1000);
  });

  it('forgets the keys of the former address, and asks the new one', async () => {
    await stage.signIn();
    stage.sandbox.clearRequests();
    await configure('apiBaseUrl', `${stage.sandbox.url}/elsewhere`);
    await until('the keys to be forgotten', () => stage.contextKey('omi.keys') === 'loading');
    assert.deepEqual(await stage.groups(), []);
    await until('the answer', () => stage.contextKey('omi.keys') === 'failed');
    assert.deepEqual(stage.sandbox.requests.map(({ rawPath }) => rawPath).sort(), [
      '/elsewhere/v1/dev/keys',
      '/elsewhere/v1/mcp/keys',
    ]);
  });

  it('sends nothing to an address that is still being typed', async () => {
    await stage.signIn();
    stage.sandbox.clearRequests();
    for (const path of ['/el', '/else', '/elsewhere'])
      await configure('apiBaseUrl', `${stage.sandbox.url}${path}`);
    await until('the answer', () => stage.contextKey('omi.keys') === 'failed');
    assert.deepEqual(stage.sandbox.requests.map(({ rawPath }) => rawPath).sort(), [
      '/elsewhere/v1/dev/keys',
      '/elsewhere/v1/mcp/keys',
    ]);
  });
});
