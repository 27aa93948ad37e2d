import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { hidden } from './support/hidden';
import { latch } from './support/latch';
import { useStage, type Running } from './support/stage';
import { until } from './support/until';

const read = ['conversations:read', 'memories:read', 'action_items:read', 'goals:read'];
const all = read.flatMap((scope) => [scope, scope.replace('read', 'write')]);
const title = 'Where does the secret go?';

describe('Create API Key', () => {
  const stage = useStage();
  beforeEach(async () => {
    await stage.signIn();
    await vscode.env.clipboard.writeText('mine');
  });
  afterEach(() => stage.reset());

  const create = (): Running => stage.run('omi.key.create');
  const posts = (): { name: string; scopes?: string[] }[] =>
    stage.sandbox.requests
      .filter(({ method, rawPath }) => method === 'POST' && rawPath.endsWith('/keys'))
      .map(({ body }) => JSON.parse(body) as { name: string; scopes?: string[] });
  const rawOf = (name: string, family: 'dev' | 'mcp' = 'dev'): string =>
    stage.sandbox.key('ada', name, family).raw ?? '';

  /** What the clipboard holds. */
  const copied = async (): Promise<string> => hidden(await vscode.env.clipboard.readText());

  /** Answers all questions about a developer key. */
  const order = async (name: string, access = 'Read Only'): Promise<void> => {
    await stage.person.choose('Developer Key');
    await stage.person.write(name);
    await stage.person.choose(access);
  };
  /** Whether the secret works. */
  const isAlive = async (raw: string): Promise<boolean> => {
    const headers = { authorization: `Bearer ${raw}` };
    return (await fetch(`${stage.sandbox.url}/v1/dev/key`, { headers })).status === 200;
  };
  const held = async (): Promise<string[]> => {
    const pending = await stage.pendingSecrets();
    pending.dispose();
    return pending.keys.map(({ key }) => key.name);
  };

  it('makes a developer key that can read, and puts its secret on the clipboard', async () => {
    const command = create();
    await order('  night-bot ');
    await stage.person.take('Copy');
    const said = await stage.person.close();
    await command.done;
    assert.deepEqual(posts(), [{ name: 'night-bot', scopes: read }]);
    assert.equal(await copied(), hidden(rawOf('night-bot')));
    assert.ok(await isAlive(rawOf('night-bot')));
    assert.match(
      said.text,
      /^Placed the secret of "night-bot" \(omi_dev_[0-9a-f]{4}…[0-9a-f]{4}\): the clipboard\. It is cleared in 60 seconds, while this window stays open\.$/,
    );
    assert.equal(said.level, 'info');
    await stage.row('night-bot');
    assert.deepEqual(await held(), []);
    assert.deepEqual(
      stage.activity.slice(-2).map(({ action, keyName, end, proof }) => [action, keyName, end, proof]),
      [
        ['create', 'night-bot', 'created', 'list'],
        ['deliver', 'night-bot', 'placed', ''],
      ],
    );
  });

  it('makes an MCP key, which takes a name alone', async () => {
    const command = create();
    await stage.person.choose('MCP Key');
    const box = await stage.person.inputBox();
    assert.deepEqual([box.step, box.totalSteps], [2, 2]);
    await stage.person.write('desk');
    await stage.person.take('Copy');
    await stage.person.close();
    await command.done;
    assert.deepEqual(posts(), [{ name: 'desk' }]);
    assert.equal(await copied(), hidden(rawOf('desk', 'mcp')));
  });

  it('makes a key of full access', async () => {
    const command = create();
    await order('all-bot', 'Full Access');
    await stage.person.take('Copy');
    await stage.person.close();
    await command.done;
    assert.deepEqual(posts()[0]?.scopes?.toSorted(), all.toSorted());
  });

  it('makes a key of chosen rights; with none ticked it says so and sends nothing', async () => {
    const command = create();
    await order('some-bot', 'Per Resource …');
    const pick = await stage.person.quickPick();
    assert.deepEqual([pick.step, pick.totalSteps, pick.selectedItems.length], [4, 4, 0]);
    await stage.person.enter();
    await until(
      'to be told',
      () => pick.placeholder === 'Tick at least one: a key without rights can do nothing',
    );
    assert.ok(stage.person.hasPick);
    await stage.person.tick('Read memories', 'Write action items');
    await stage.person.take('Copy');
    await stage.person.close();
    await command.done;
    assert.deepEqual(posts(), [{ name: 'some-bot', scopes: ['memories:read', 'action_items:write'] }]);
  });

  it('goes back and keeps what was answered', async () => {
    const { person } = stage;
    const command = create();
    assert.equal((await person.quickPick()).buttons.length, 0, 'the first step has no way back');
    await person.choose('Developer Key');
    (await person.inputBox()).value = 'half a na';
    await person.back();
    await until(
      'the family',
      async () => (await person.quickPick()).activeItems[0]?.label === 'Developer Key',
    );
    await person.enter();
    const box = await person.inputBox();
    assert.equal(box.value, 'half a na');
    await person.write('whole-name');
    await person.choose('Per Resource …');
    await person.quickPick();
    await person.back();
    await until(
      'the access',
      async () => (await person.quickPick()).activeItems[0]?.label === 'Per Resource …',
    );
    await person.back();
    assert.equal((await person.inputBox()).value, 'whole-name');
    await person.enter();
    await person.choose('Read Only');
    await person.take('Copy');
    await person.close();
    await command.done;
    assert.deepEqual(posts(), [{ name: 'whole-name', scopes: read }]);
  });

  it('checks the name as Omi would, in the box', async () => {
    const { person } = stage;
    const command = create();
    await person.choose('MCP Key');
    const raw = `omi_dev_${'0123456789abcdef'.repeat(2)}`;
    const cases = [
      ['', 'A key needs a name.'],
      ['   ', 'A key needs a name.'],
      ['é'.repeat(101), 'Omi takes at most 100 characters.'],
      [`bot ${raw}`, 'This holds an API key. A name is no secret, so it must not.'],
    ] as const;
    for (const [name, message] of cases) {
      const said = await person.tryOut(name);
      assert.deepEqual(said, { message, severity: vscode.InputBoxValidationSeverity.Error });
    }
    await person.write('é'.repeat(100));
    await person.take('Copy');
    await person.close();
    await command.done;
    assert.deepEqual(posts(), [{ name: 'é'.repeat(100) }]);
  });

  it('warns about a name that another key has, and allows it', async () => {
    const { person } = stage;
    const command = create();
    await person.choose('Developer Key');
    const { message, severity } = await person.tryOut('prod-bot ');
    assert.match(message, /^omi_dev_[0-9a-f]{4}…[0-9a-f]{4} has this name already\. Enter makes another key/);
    assert.equal(severity, vscode.InputBoxValidationSeverity.Warning);
    await person.enter();
    await person.choose('Read Only');
    await person.take('Copy');
    await person.close();
    await command.done;
    assert.equal(stage.sandbox.keys('ada').filter(({ name }) => name === 'prod-bot').length, 2);
  });

  it('makes nothing when a step is closed', async () => {
    const command = create();
    await stage.person.choose('Developer Key');
    await stage.person.inputBox();
    await stage.person.escape();
    await command.done;
    assert.deepEqual(posts(), []);
    assert.equal(stage.person.unseen, 0);
  });

  it('not made: says so, and Try Again sends it once more', async () => {
    stage.sandbox.fault({ method: 'POST', path: '/v1/dev/keys', effect: { status: 429 } });
    const command = create();
    await order('late-bot');
    const said = await stage.person.nextMessage();
    assert.equal(said.text, '"late-bot" was not made. Omi is receiving too many requests.');
    assert.deepEqual(said.buttons, ['Try Again', 'Show Log']);
    assert.deepEqual(await held(), []);
    said.press('Try Again');
    await stage.person.take('Copy');
    await stage.person.close();
    await command.done;
    assert.equal(posts().length, 2);
    assert.equal(stage.sandbox.keys('ada').filter(({ name }) => name === 'late-bot').length, 1);
  });

  it('refused for good: says why, without Try Again', async () => {
    const detail = { detail: 'Too many keys' };
    stage.sandbox.fault({ method: 'POST', path: '/v1/dev/keys', effect: { status: 400, body: detail } });
    const command = create();
    await order('one-too-many');
    const said = await stage.person.close();
    await command.done;
    assert.equal(said.text, '"one-too-many" was not made. Omi refused the request. It says: Too many keys.');
    assert.deepEqual(said.buttons, ['Show Log']);
    assert.equal(posts().length, 1);
  });

  it('the session ends meanwhile: says so once, and goes on after a sign-in', async () => {
    stage.sandbox.fault({ method: 'POST', path: '/v1/dev/keys', times: 2, effect: { status: 401 } });
    const command = create();
    await order('patient-bot');
    const said = await stage.person.nextMessage();
    assert.equal(said.text, '"patient-bot" was not made. Your Omi session has ended.');
    assert.deepEqual(said.buttons, ['Sign In']);
    assert.equal(stage.person.unseen, 0);
    stage.sandbox.clearFaults();
    said.press('Sign In');
    await stage.person.take('Paste a Firebase ID Token');
    assert.equal(await stage.person.submit(stage.sandbox.token('ada')), undefined);
    await stage.person.take('Copy');
    await stage.person.close();
    await command.done;
    assert.equal(await copied(), hidden(rawOf('patient-bot')));
  });

  it('another account comes into use while it is asked: makes nothing there, and says so', async () => {
    const { ada, grace } = stage.sandbox.accounts;
    await stage.signIn('grace');
    const other = await stage.otherWindow();
    const use = async (accountId: string): Promise<void> => {
      assert.ok((await other.use(accountId)).ok);
      await until(
        'the account',
        async () => (await stage.rows()).includes('compiler') === (accountId === grace.uid),
      );
      await stage.listRead();
    };
    await use(ada.uid);
    const command = create();
    const box = await stage.person.quickPick();
    assert.equal(box.title, 'Create API Key · ada@example.com');
    await stage.person.choose('Developer Key');
    await stage.person.write('stray-bot');
    await use(grace.uid);
    await stage.person.choose('Read Only');
    const said = await stage.person.close();
    await command.done;
    assert.equal(said.text, '"stray-bot" was not made. Another account has come into use.');
    assert.deepEqual(posts(), []);
  });

  it('a lost answer: the key is named, and revoked when the person wants', async () => {
    stage.sandbox.fault({ method: 'POST', path: '/v1/dev/keys', effect: { drop: 'after' } });
    const command = create();
    await order('lost-bot');
    const said = await stage.person.nextMessage();
    assert.match(
      said.text,
      /^Made "lost-bot" \(omi_dev_[0-9a-f]{4}…[0-9a-f]{4}\), but its secret was lost with the answer, so nobody can use it\. The connection to 127\.0\.0\.1:\d+ broke off\.$/,
    );
    const { id } = stage.sandbox.key('ada', 'lost-bot');
    assert.equal(posts().length, 1, 'it is sent once');
    assert.deepEqual(stage.deletes(), []);
    said.press('Revoke It');
    const question = await stage.person.answer('Revoke');
    assert.equal(question.text, 'Revoke "lost-bot"?');
    assert.match((await stage.person.close()).text, /^Revoked "lost-bot"/);
    await command.done;
    assert.deepEqual(stage.deletes(), [`/v1/dev/keys/${id}`]);
    const ends = stage.activity.filter(({ keyId, action }) => keyId === id && action === 'create');
    assert.deepEqual(
      ends.map(({ end, proof }) => [end, proof]),
      [['secretLost', 'list']],
    );
  });

  it('a lost answer and no list: nobody knows, and Check Again reads the list', async () => {
    stage.sandbox.fault({ method: 'POST', path: '/v1/dev/keys', effect: { drop: 'after' } });
    const noList = stage.sandbox.fault({
      method: 'GET',
      path: '/v1/dev/keys',
      skip: 1,
      times: Infinity,
      effect: { status: 503 },
    });
    const command = create();
    await order('maybe-bot');
    const said = await stage.person.nextMessage();
    assert.match(
      said.text,
      /^Nobody knows whether "maybe-bot" was made\. If the list shows it, its secret is lost\. The connection/,
    );
    assert.deepEqual(said.buttons, ['Check Again', 'Show Log']);
    noList.clear();
    said.press('Check Again');
    await command.done;
    await stage.row('maybe-bot');
    assert.equal(posts().length, 1);
  });

  it('cancelled while Omi is at work: says that nobody knows', async () => {
    const hold = latch();
    stage.sandbox.fault({ method: 'POST', path: '/v1/dev/keys', effect: { hold: hold.opened } });
    const command = create();
    await order('slow-bot');
    await stage.sandbox.waitForRequest({ method: 'POST', path: '/v1/dev/keys' });
    assert.equal(stage.contextKey('omi.working'), true);
    await stage.run('omi.keys.cancel').done;
    const said = await stage.person.close();
    await command.done;
    hold.open();
    assert.equal(
      said.text,
      'Nobody knows whether "slow-bot" was made. If the list shows it, its secret is lost.',
    );
    assert.equal(stage.contextKey('omi.working'), false);
  });

  it('cancelled before anything was sent: silent, nothing is made', async () => {
    const hold = latch();
    stage.sandbox.fault({ method: 'GET', path: '/v1/dev/keys', effect: { hold: hold.opened } });
    const command = create();
    await order('no-bot');
    await until('the work', () => stage.contextKey('omi.working') === true);
    await stage.run('omi.keys.cancel').done;
    hold.open();
    await command.done;
    assert.deepEqual(posts(), []);
    assert.equal(stage.person.unseen, 0);
  });

  it('signed out: offers to sign in, then goes on', async () => {
    await stage.reset();
    const command = create();
    (await stage.person.nextMessage()).press('Sign In');
    await stage.person.take('Paste a Firebase ID Token');
    assert.equal(await stage.person.submit(stage.sandbox.token('ada')), undefined);
    await order('first-bot');
    await stage.person.take('Copy');
    await stage.person.close();
    await command.done;
    assert.equal(await copied(), hidden(rawOf('first-bot')));
  });

  it('holds the secret before anything is asked, so that another start of VS Code has it', async () => {
    const command = create();
    await order('crash-bot');
    await stage.person.choices();
    const later = await stage.pendingSecrets();
    const pending = later.keys.at(0);
    assert.ok(pending);
    assert.equal(pending.key.name, 'crash-bot');
    assert.equal(pending.accountId, stage.sandbox.accounts.ada.uid);
    assert.equal(hidden((await later.read(pending.key.id)) ?? 'none'), hidden(rawOf('crash-bot')));
    later.dispose();

    await stage.person.escape();
    const said = await stage.person.nextMessage();
    assert.match(
      said.text,
      /^The secret of "crash-bot" \(omi_dev_.{9}\) is held in VS Code's vault until it is placed\.$/,
    );
    assert.deepEqual([said.level, said.isModal], ['info', false]);
    assert.deepEqual(await held(), ['crash-bot']);
    said.press('Place It');
    await stage.person.take('Copy');
    await stage.person.close();
    await command.done;
    assert.equal(await copied(), hidden(rawOf('crash-bot')));
    assert.deepEqual(await held(), []);
  });

  it('given up: Revoke It ends the key and its wait', async () => {
    const command = create();
    await order('regret-bot');
    await stage.person.choices();
    await stage.person.escape();
    (await stage.person.nextMessage()).press('Revoke It');
    await stage.person.answer('Revoke');
    assert.match((await stage.person.close()).text, /^Revoked "regret-bot"/);
    await command.done;
    assert.deepEqual(await held(), []);
  });

  it('a vault that refuses: says so, goes on, and does not let the secret go unnoticed', async () => {
    const restore = stage.refuse('store');
    try {
      const command = create();
      await order('bare-bot');
      const warning = await stage.person.close();
      assert.match(
        warning.text,
        /^VS Code's vault did not take the secret of "bare-bot" \(omi_dev_.{9}\), so it must be placed now\. It says: The keyring is locked$/,
      );
      const ways = await stage.person.choices();
      assert.ok(!ways.some(({ label }) => label.startsWith('Keep')));
      await stage.person.escape();
      const question = await stage.person.nextMessage();
      assert.match(question.text, /is held nowhere: unless it is placed now, it is lost\.$/);
      assert.deepEqual([question.isModal, question.buttons], [true, ['Place It', 'Revoke It']]);
      question.press('Place It');
      await stage.person.take('Copy');
      await stage.person.close();
      await command.done;
      assert.equal(await copied(), hidden(rawOf('bare-bot')));
    } finally {
      restore();
    }
  });

  it('asks where to, and never shows the secret', async () => {
    const command = create();
    await order('quiet-bot');
    const ways = await stage.person.choices();
    assert.deepEqual(
      ways.map(({ label }) => label),
      ['Copy', 'Write to .env', "Keep in VS Code's Vault"],
      title,
    );
    await stage.person.escape();
    await stage.person.close();
    await command.done;
  });
});
