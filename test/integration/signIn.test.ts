import assert from 'node:assert/strict';
import { sandboxProject, startSandbox } from '../../sandbox/server';
import { latch } from './support/latch';
import { configure, useStage } from './support/stage';
import { until } from './support/until';

describe('Sign In with Firebase Token', () => {
  const stage = useStage();
  afterEach(() => stage.reset());

  const token = (): string => stage.sandbox.token('ada');

  /** Opens the box, submits a text that is wrong, closes the box; gives what the box said. */
  const refused = async (text: string): Promise<string | undefined> => {
    const command = stage.run('omi.signInWithToken');
    const said = await stage.person.submit(text);
    assert.equal(stage.person.hasInputBox, true, 'the box has closed');
    await stage.person.escape();
    await command.done;
    return said;
  };

  const assertNothingKept = async (): Promise<void> => {
    assert.equal(stage.contextKey('omi.session'), 'signedOut');
    assert.deepEqual(await stage.keptSecrets(), []);
    assert.equal(stage.person.messages.length, 0);
  };

  describe('answers in the box, sends nothing and keeps nothing', () => {
    const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const bad: readonly { what: string; text: () => string; answer: RegExp }[] = [
      { what: 'nothing', text: () => '', answer: /^Paste a Firebase ID token\.$/ },
      { what: 'blanks', text: () => ' \t ', answer: /^Paste a Firebase ID token\.$/ },
      { what: 'a megabyte', text: () => 'e'.repeat(1024 * 1024), answer: /^This is too long for a token\./ },
      {
        what: 'bytes',
        text: () => 'eyJ\u0000\u0007\u00ff\u{1f511}.',
        answer: /characters that no token has/,
      },
      { what: 'words', text: () => 'correct horse battery', answer: /characters that no token has/ },
      { what: 'two parts', text: () => 'eyJhbGciOi.eyJzdWIiOi', answer: /three parts with dots between/ },
      {
        what: 'a developer key',
        text: () => stage.sandbox.key('ada', 'prod-bot').raw ?? '',
        answer: /^This is an Omi API key \(omi_dev_[0-9a-f]{4}…[0-9a-f]{4}\), which cannot manage keys\./,
      },
      {
        what: 'an MCP key in quotes',
        text: () => `"${stage.sandbox.key('ada', 'cursor', 'mcp').raw ?? ''}"`,
        answer: /^This is an Omi API key \(omi_mcp_[0-9a-f]{4}…[0-9a-f]{4}\)/,
      },
      {
        what: 'a token of another issuer',
        text: () => stage.sandbox.token('ada', { claims: { iss: 'https://accounts.google.com' } }),
        answer: /^This is a token, but not a Firebase ID token\.$/,
      },
      {
        what: 'a token without claims',
        text: () => `${encoded({ alg: 'none' })}.${encoded({})}.x`,
        answer: /^This is a token, but not a Firebase ID token\.$/,
      },
      {
        what: 'an expired token',
        text: () => stage.sandbox.token('ada', { lifetimeSeconds: -600 }),
        answer: /^This token expired 10 minutes ago\./,
      },
    ];
    for (const { what, text, answer } of bad) {
      it(what, async () => {
        assert.match((await refused(text())) ?? '', answer);
        assert.deepEqual(stage.sandbox.requestLines, []);
        await assertNothingKept();
      });
    }

    it('a token of another project, while Omi itself is the server', async () => {
      await configure('apiBaseUrl', undefined);
      await configure('firebase.authEmulatorHost', undefined);
      assert.equal(
        await refused(token()),
        `This token is for the project ${sandboxProject}, not for Omi (based-hardware).`,
      );
      assert.deepEqual(stage.sandbox.requestLines, []);
      await assertNothingKept();
    });
  });

  describe('makes the best of', () => {
    const wrapped: readonly { what: string; wrap: (token: string) => string }[] = [
      { what: 'quotes', wrap: (good) => `"${good}"` },
      { what: 'blanks around', wrap: (good) => `  ${good}  ` },
      { what: '“Bearer ” in front', wrap: (good) => `Bearer ${good}` },
      { what: 'a whole header', wrap: (good) => `Authorization: Bearer ${good}` },
      { what: 'line breaks', wrap: (good) => `${good.slice(0, 60)}\r\n${good.slice(60)}\n` },
    ];
    for (const { what, wrap } of wrapped) {
      it(what, async () => {
        const good = token();
        const command = stage.run('omi.signInWithToken');
        assert.equal(await stage.person.submit(wrap(good)), undefined);
        await stage.person.close();
        await command.done;
        assert.ok(stage.sandbox.requests[0]?.bearer === good, 'another bearer was sent');
      });
    }
  });

  it('says in the box that the server refuses the token, and takes a good one there', async () => {
    const command = stage.run('omi.signInWithToken');
    const said = await stage.person.submit(stage.sandbox.token('ada', { project: 'someone-else' }));
    assert.equal(said, 'Omi does not accept this token.');
    assert.deepEqual(
      stage.sandbox.requests.map(({ status }) => status),
      [401],
    );
    assert.deepEqual(await stage.keptSecrets(), []);
    assert.equal(await stage.person.submit(token()), undefined);
    await stage.person.close();
    await command.done;
    assert.equal(stage.contextKey('omi.session'), 'signedIn');
  });

  it('says in the box that the server cannot be reached, and goes on when it is back', async () => {
    const gone = await startSandbox();
    await gone.close();
    await configure('apiBaseUrl', gone.url);
    const command = stage.run('omi.signInWithToken');
    assert.equal(await stage.person.submit(token()), `127.0.0.1:${String(gone.port)} cannot be reached.`);
    assert.deepEqual(await stage.keptSecrets(), []);
    await configure('apiBaseUrl', stage.sandbox.url);
    assert.equal(await stage.person.submit(token()), undefined);
    await stage.person.close();
    await command.done;
  });

  it("says the server's own words in the box", async () => {
    stage.sandbox.fault({ effect: { status: 403, body: { detail: { code: 'migration_maintenance' } } } });
    assert.equal(await refused(token()), 'Omi does not allow this. It says: migration_maintenance.');
    await assertNothingKept();
  });

  it('signs in with a good token: says who and until when, and reads both lists', async () => {
    const command = stage.run('omi.signInWithToken');
    await stage.person.inputBox();
    assert.equal(stage.contextKey('omi.session'), 'signingIn');
    await stage.person.submit(token());
    const message = await stage.person.close();
    await command.done;
    assert.equal(message.level, 'info');
    assert.match(message.text, /^Signed in to Omi as ada@example\.com\. This token expires in 59 minutes\.$/);
    assert.equal(stage.person.messages.length, 1);
    await stage.listRead();
    assert.equal(stage.contextKey('omi.session'), 'signedIn');
    assert.equal((await stage.rows('dev')).length, stage.sandbox.keys('ada', 'dev').length);
    assert.equal((await stage.rows('mcp')).length, stage.sandbox.keys('ada', 'mcp').length);
  });

  it('hides what is pasted', async () => {
    const command = stage.run('omi.signInWithToken');
    const box = await stage.person.inputBox();
    assert.equal(box.password, true);
    assert.equal(box.ignoreFocusOut, true);
    await stage.person.escape();
    await command.done;
  });

  it('keeps the session where another window finds it', async () => {
    await stage.signIn();
    const other = await stage.otherWindow();
    assert.equal(other.state.kind, 'signedIn');
    assert.equal(other.account?.label, 'ada@example.com');
  });

  it('stays signed out after Escape', async () => {
    const command = stage.run('omi.signInWithToken');
    await stage.person.inputBox();
    await stage.person.escape();
    await command.done;
    await assertNothingKept();
    assert.deepEqual(stage.sandbox.requestLines, []);
  });

  it('stays signed out after Escape while the token is being tried', async () => {
    const answer = latch();
    const held = stage.sandbox.fault({ effect: { hold: answer.opened } });
    const command = stage.run('omi.signInWithToken');
    await stage.person.paste(token());
    await until('the request', () => held.hits === 1);
    await stage.person.escape();
    answer.open();
    await command.done;
    // A whole exchange later, the answer that nobody waits for any more has come.
    const other = stage.sandbox.token('ada', { project: 'someone-else' });
    assert.equal(await refused(other), 'Omi does not accept this token.');
    await assertNothingKept();
  });

  it('replaces the list when another account signs in', async () => {
    await stage.signIn('ada');
    await stage.signIn('grace');
    assert.match(stage.view.message ?? '', /^grace@example\.com, /);
    assert.deepEqual(await stage.rows(), ['prod-bot', 'compiler']);
  });

  it('keeps the session and the list when a second sign-in is given up', async () => {
    await stage.signIn();
    const command = stage.run('omi.signInWithToken');
    await stage.person.submit('');
    await stage.person.escape();
    await command.done;
    assert.equal(stage.contextKey('omi.session'), 'signedIn');
    assert.ok((await stage.rows()).includes('prod-bot'));
  });

  it('follows another window that signs in as somebody else', async () => {
    await stage.signIn('ada');
    const expiresAt = Date.now() + 3_600_000;
    await stage.keep('grace', { idToken: stage.sandbox.token('grace'), expiresAt, renewal: undefined });
    await until('the list of the other account', async () => (await stage.rows()).includes('compiler'));
    assert.match(stage.view.message ?? '', /^grace@example\.com, /);
    assert.equal(stage.person.messages.length, 0);
  });
});

describe('Sign Out', () => {
  const stage = useStage();
  afterEach(() => stage.reset());

  const signOut = async (): Promise<string> => {
    const command = stage.run('omi.signOut');
    const { text } = await stage.person.close();
    await command.done;
    return text;
  };

  it('forgets the session, here and in the secret storage', async () => {
    await stage.signIn();
    const other = await stage.otherWindow();
    assert.equal(await signOut(), 'Signed out ada@example.com.');
    assert.equal(stage.contextKey('omi.session'), 'signedOut');
    assert.deepEqual(await stage.groups(), []);
    assert.deepEqual(await stage.keptSecrets(), []);
    await until('the other window to follow', () => other.state.kind === 'signedOut');
  });

  it('asks which when several are signed in, and leaves no token of it', async () => {
    await stage.signIn('ada');
    await stage.signIn('grace');
    const command = stage.run('omi.signOut');
    assert.deepEqual(
      (await stage.person.choices()).map(({ label, description }) => [label, description]),
      [
        ['grace@example.com', 'shown now'],
        ['ada@example.com', undefined],
      ],
    );
    await stage.person.take('ada@example.com');
    assert.equal((await stage.person.close()).text, 'Signed out ada@example.com.');
    await command.done;
    assert.deepEqual(await stage.keptSecrets(), [`omi.session.${stage.sandbox.accounts.grace.uid}`]);
    assert.deepEqual(await stage.rows(), ['prod-bot', 'compiler']);
    assert.equal(await signOut(), 'Signed out grace@example.com.');
    assert.deepEqual(await stage.keptSecrets(), []);
  });

  it('forgets nobody when the person does not say which', async () => {
    await stage.signIn('ada');
    await stage.signIn('grace');
    const command = stage.run('omi.signOut');
    await stage.person.choices();
    await stage.person.escape();
    await command.done;
    assert.equal((await stage.keptSecrets()).length, 2);
    assert.equal(stage.person.messages.length, 0);
  });

  it('says that nobody is signed in', async () => {
    assert.equal(await signOut(), 'Nobody is signed in to Omi.');
  });

  it('follows another window that signs out', async () => {
    await stage.signIn();
    const other = await stage.otherWindow();
    await other.signOut();
    await until('to be signed out', () => stage.contextKey('omi.session') === 'signedOut');
    assert.deepEqual(await stage.groups(), []);
    assert.equal(stage.person.messages.length, 0);
  });

  it('drops a list that comes later', async () => {
    await stage.signIn();
    const answer = latch();
    const held = stage.sandbox.fault({ method: 'GET', times: 2, effect: { hold: answer.opened } });
    const refresh = stage.run('omi.keys.refresh');
    await until('both requests', () => held.hits === 2);
    await signOut();
    answer.open();
    await refresh.done;
    assert.equal(stage.contextKey('omi.session'), 'signedOut');
    assert.deepEqual(await stage.groups(), []);
    assert.equal(stage.person.unseen, 0);
  });
});
