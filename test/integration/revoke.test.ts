import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { SandboxKey } from '../../sandbox/server';
import { markdownName } from '../../sandbox/seeds';
import { hostWatch } from './support/hostWatch';
import { latch } from './support/latch';
import type { ShownMessage } from './support/person';
import { configure, useStage, type Family, type Running } from './support/stage';
import { until } from './support/until';

describe('Revoke API Key', () => {
  const stage = useStage();
  beforeEach(() => stage.signIn());
  afterEach(() => stage.reset());

  const key = (name: string, family: Family = 'dev'): SandboxKey => stage.sandbox.key('ada', name, family);
  const pathOf = ({ family, id }: SandboxKey): string => `/v1/${family}/keys/${id}`;
  /** A key as sentences name it. */
  const named = ({ name, prefix }: SandboxKey): string => `"${name}" (${prefix.replace('...', '…')})`;
  const exists = ({ family, id }: SandboxKey): boolean =>
    stage.sandbox.keys('ada', family).some((one) => one.id === id);

  /** Orders the revocation of a row and confirms it; the first notification is still to come. */
  const revoke = async (name: string, family: Family = 'dev'): Promise<Running> => {
    const command = stage.run('omi.key.revoke', await stage.row(name, family));
    await stage.person.answer('Revoke');
    return command;
  };

  /** The same for several rows, the first of which is clicked. */
  const revokeTogether = async (...names: string[]): Promise<Running> => {
    const rows = await Promise.all(names.map((name) => stage.row(name)));
    const command = stage.run('omi.key.revoke', rows[0], rows);
    await stage.person.answer('Revoke');
    return command;
  };

  /** Closes the one notification that ends an act. */
  const closeLast = async (command: Running): Promise<ShownMessage> => {
    const message = await stage.person.close();
    await command.done;
    assert.equal(stage.person.unseen, 0, 'more than one notification');
    assert.equal(message.isModal, false);
    return message;
  };

  const someKeys = (count: number): SandboxKey[] =>
    Array.from({ length: count }, (_, index) => stage.addKey('ada', { name: `spare-${String(index + 1)}` }));

  describe('settles which keys are meant', () => {
    it('the clicked row', async () => {
      const { id } = key('prod-bot');
      const command = await revoke('prod-bot');
      const message = await closeLast(command);
      assert.match(message.text, /^Revoked "prod-bot"/);
      assert.deepEqual(stage.deletes(), [`/v1/dev/keys/${id}`]);
      assert.ok(!(await stage.rows()).includes('prod-bot'));
    });

    it('a key of the other family', async () => {
      const { id } = key('cursor', 'mcp');
      await closeLast(await revoke('cursor', 'mcp'));
      assert.deepEqual(stage.deletes(), [`/v1/mcp/keys/${id}`]);
    });

    it('the whole selection, when the click was on it', async () => {
      const keys = [key('prod-bot'), key('never-used'), key('old-laptop')];
      const message = await closeLast(await revokeTogether('prod-bot', 'never-used', 'old-laptop'));
      assert.match(message.text, /^Revoked 3 keys: /);
      assert.deepEqual(stage.deletes().sort(), keys.map(pathOf).sort());
    });

    it('the clicked row alone, when the click was elsewhere than the selection', async () => {
      const clicked = key('prod-bot');
      const selected = [await stage.row('never-used'), await stage.row('old-laptop')];
      const command = stage.run('omi.key.revoke', await stage.row('prod-bot'), selected);
      assert.equal((await stage.person.answer('Revoke')).text, 'Revoke "prod-bot"?');
      await closeLast(command);
      assert.deepEqual(stage.deletes(), [pathOf(clicked)]);
    });

    it('what is ticked in the pick', async () => {
      const keys = [key('prod-bot'), key('old-laptop'), key('cursor', 'mcp')];
      const command = stage.run('omi.key.revoke');
      await stage.person.tick('prod-bot', 'old-laptop', 'cursor');
      await stage.person.answer('Revoke');
      await closeLast(command);
      assert.deepEqual(stage.deletes().sort(), keys.map(pathOf).sort());
    });

    it('what is selected in the view, when the order comes from its key binding', async () => {
      await until('a selection in the real tree', async () => {
        const keys = ['omi.keys.focus', 'list.focusFirst', 'list.focusDown'];
        for (const id of [...keys, 'list.expandSelectionDown', 'list.expandSelectionDown']) {
          await vscode.commands.executeCommand(id);
        }
        return stage.view.selection.length > 1;
      });
      const selected = stage.view.selection.flatMap((node) =>
        node.kind === 'key' ? [node.target.key.id] : [],
      );
      const command = stage.run('omi.key.revoke', 'selection');
      await stage.person.answer('Revoke');
      await closeLast(command);
      assert.deepEqual(stage.deletes().sort(), selected.map((id) => `/v1/dev/keys/${id}`).sort());
    });

    it('nothing, when the pick is closed or nothing is ticked', async () => {
      const closed = stage.run('omi.key.revoke');
      await stage.person.quickPick();
      await stage.person.escape();
      await closed.done;
      const empty = stage.run('omi.key.revoke');
      await stage.person.tick();
      await empty.done;
      assert.equal(stage.person.messages.length, 0);
      assert.deepEqual(stage.deletes(), []);
    });
  });

  describe('offers in the pick', () => {
    it('the newest list', async () => {
      stage.addKey('ada', { name: 'made a moment ago' });
      const command = stage.run('omi.key.revoke');
      const { items } = await stage.person.quickPick();
      assert.ok(items.some(({ label }) => label === 'made a moment ago'));
      await stage.person.escape();
      await command.done;
    });

    it('keys with their masked prefix and last use, below the name of their family', async () => {
      const command = stage.run('omi.key.revoke');
      const { items } = await stage.person.quickPick();
      const item = items.find(({ label }) => label === 'prod-bot');
      assert.equal(item?.description, `${key('prod-bot').prefix.replace('...', '…')} · used 2 hours ago`);
      const separators = items.filter(({ kind }) => kind === vscode.QuickPickItemKind.Separator);
      assert.deepEqual(
        separators.map(({ label }) => label),
        ['Developer Keys', 'MCP Keys'],
      );
      await stage.person.escape();
      await command.done;
    });

    it('odd names without reading icons in them', async () => {
      const command = stage.run('omi.key.revoke');
      const { items } = await stage.person.quickPick();
      const odd = items.find(({ label }) => label.startsWith('[click]'));
      assert.equal(odd?.label, markdownName.replace('$(', '\\$('));
      await stage.person.escape();
      await command.done;
    });

    it('what is known, and says of which family that is old or nothing', async () => {
      const lists = { method: 'GET', times: Infinity } as const;
      stage.sandbox.fault({ ...lists, path: '/v1/mcp/keys', effect: { status: 403 } });
      const command = stage.run('omi.key.revoke');
      const pick = await stage.person.quickPick();
      const trouble = pick.items.find(({ label }) => label.endsWith('MCP Keys could not be read.'));
      const why = 'Omi does not allow this. It says: Forbidden.';
      assert.match(trouble?.description ?? '', new RegExp(`^as of \\d\\d:\\d\\d.* · ${why}$`));
      assert.equal(trouble?.alwaysShow, true);
      assert.equal(pick.placeholder, 'MCP Keys could not be read. Tick the keys, then press Enter');
      assert.ok(pick.items.some(({ label }) => label === 'cursor'));
      await stage.person.escape();
      await command.done;
    });

    it('to read what could not be read again', async () => {
      stage.sandbox.fault({ method: 'GET', path: '/v1/mcp/keys', effect: { status: 403 } });
      const command = stage.run('omi.key.revoke');
      stage.addKey('ada', { family: 'mcp', name: 'seen at last' });
      const { items } = await stage.person.quickPick();
      const trouble = items.find(({ label }) => label.endsWith('MCP Keys could not be read.'));
      await stage.person.tick(trouble?.label ?? '');
      const again = await stage.person.quickPick();
      assert.ok(again.items.some(({ label }) => label === 'seen at last'));
      assert.ok(!again.items.some(({ label }) => label.endsWith('could not be read.')));
      await stage.person.escape();
      await command.done;
      assert.equal(stage.person.messages.length, 0);
    });

    it('nothing where no list can be read, and tries again when the person wants so', async () => {
      stage.sandbox.fault({ method: 'GET', times: Infinity, skip: 1, effect: { status: 200, body: '{}' } });
      await stage.signIn('grace');
      const command = stage.run('omi.key.revoke');
      const message = await stage.person.nextMessage();
      assert.deepEqual(message.buttons, ['Try Again', 'Show Log']);
      stage.sandbox.clearFaults();
      message.press('Try Again');
      const { items } = await stage.person.quickPick();
      assert.ok(items.some(({ label }) => label === 'compiler'));
      await stage.person.escape();
      await command.done;
    });

    it('nothing once the session has ended, and signs in when the person wants so', async () => {
      await stage.signIn('grace');
      const refused = stage.sandbox.fault({ method: 'GET', times: Infinity, effect: { status: 401 } });
      stage.sleep(6 * 60_000);
      const command = stage.run('omi.key.rotate');
      const message = await stage.person.nextMessage();
      assert.deepEqual([message.text, message.buttons], ['Your Omi session has ended.', ['Sign In']]);
      refused.clear();
      message.press('Sign In');
      await stage.person.take('Paste a Firebase ID Token');
      await stage.person.submit(stage.sandbox.token('grace'));
      const { items } = await stage.person.quickPick();
      assert.ok(items.some(({ label }) => label === 'compiler'));
      await stage.person.escape();
      await command.done;
    });

    it('nothing of an account without keys, and says so', async () => {
      await stage.signIn('linus');
      const command = stage.run('omi.key.revoke');
      assert.equal((await closeLast(command)).text, 'This account has no API keys.');
      await until('the pick to close', () => !stage.person.hasPick);
    });
  });

  describe('asks once', () => {
    /** Orders a revocation and says no. */
    const ask = async (...names: string[]): Promise<ShownMessage> => {
      const rows = await Promise.all(names.map((name) => stage.row(name)));
      const command = stage.run('omi.key.revoke', rows[0], rows);
      const question = await stage.person.answer(undefined);
      await command.done;
      return question;
    };

    it('naming the one key that dies, its last use, and that there is no way back', async () => {
      const question = await ask('prod-bot');
      assert.deepEqual(
        [question.level, question.text, question.buttons],
        ['warn', 'Revoke "prod-bot"?', ['Revoke']],
      );
      const masked = key('prod-bot').prefix.replace('...', '…');
      assert.equal(
        question.detail,
        `Apps that use ${masked} stop working at once. Last used 2 hours ago. This cannot be undone.`,
      );
    });

    it('saying when a key was never used', async () => {
      const { detail } = await ask('never-used');
      assert.match(detail ?? '', /Never used, as far as Omi knows\./);
    });

    it('naming every key of several', async () => {
      const question = await ask('prod-bot', 'never-used', 'old-laptop');
      assert.equal(question.text, 'Revoke 3 API keys?');
      assert.deepEqual((question.detail ?? '').split('\n'), [
        named(key('prod-bot')),
        named(key('never-used')),
        named(key('old-laptop')),
        '',
        'Apps that use them stop working at once. This cannot be undone.',
      ]);
    });

    describe('with what is so now, where the row is old', () => {
      const devList = { method: 'GET', path: '/v1/dev/keys', times: Infinity } as const;
      const masked = (): string => key('prod-bot').prefix.replace('...', '…');
      const markedDetail = (): RegExp =>
        new RegExp(
          `^Apps that use ${masked()} stop working at once\\. Last used 2 hours ago\\. ` +
            'That is as of \\d\\d:\\d\\d.*\\. This cannot be undone\\.$',
        );

      it('reading the list first', async () => {
        const { id, prefix } = key('prod-bot');
        stage.sandbox.deleteKey('ada', id);
        stage.addKey('ada', { id, prefix, name: 'prod-bot', lastUsedAt: Date.now() });
        stage.sleep(6 * 60_000);
        const { detail } = await ask('prod-bot');
        assert.match(detail ?? '', /Last used within the last hour\. This cannot be undone\.$/);
      });

      it('or saying as of when, where that fails', async () => {
        const row = await stage.row('prod-bot');
        stage.sandbox.fault({ ...devList, effect: { status: 403 } });
        stage.sleep(6 * 60_000);
        const command = stage.run('omi.key.revoke', row);
        const { detail } = await stage.person.answer(undefined);
        assert.match(detail ?? '', markedDetail());
        await command.done;
      });

      it('or does not come soon', async () => {
        await configure('requestTimeoutSeconds', 20);
        const row = await stage.row('prod-bot');
        const answer = latch();
        stage.sandbox.fault({ ...devList, effect: { hold: answer.opened } });
        stage.sleep(6 * 60_000);
        const start = Date.now();
        const command = stage.run('omi.key.revoke', row);
        const { detail } = await stage.person.answer(undefined);
        assert.ok(Date.now() - start < 10_000);
        assert.match(detail ?? '', markedDetail());
        await command.done;
        answer.open();
      });

      it('in one question, however often it is ordered meanwhile', async () => {
        const row = await stage.row('prod-bot');
        const answer = latch();
        const held = stage.sandbox.fault({ ...devList, effect: { hold: answer.opened } });
        stage.sleep(6 * 60_000);
        const command = stage.run('omi.key.revoke', row);
        await until('the list to be asked for', () => held.hits === 1);
        await stage.run('omi.key.revoke', row).done;
        answer.open();
        await stage.person.answer(undefined);
        await command.done;
        assert.equal(stage.person.messages.length, 1);
      });
    });

    it('and sends nothing when the answer is no', async () => {
      await ask('prod-bot');
      assert.deepEqual(stage.deletes(), []);
      assert.equal(stage.person.messages.length, 1);
      assert.equal((await stage.item(await stage.row('prod-bot'))).contextValue, 'omi.key.dev');
    });

    it('with no link in it that a name could have brought', async () => {
      const { text, detail } = await ask(markdownName);
      assert.doesNotMatch(text + (detail ?? ''), /\]\(/);
    });
  });

  describe('tells the truth:', () => {
    it('revoked', async () => {
      const target = key('prod-bot');
      const message = await closeLast(await revoke('prod-bot'));
      assert.deepEqual(
        [message.level, message.text, message.buttons],
        ['info', `Revoked ${named(target)}. Omi no longer lists it.`, []],
      );
      assert.equal(exists(target), false);
    });

    it('revoked, with a name that could have been a link', async () => {
      const message = await closeLast(await revoke(markdownName));
      assert.match(message.text, /^Revoked "\[click\]/);
      assert.doesNotMatch(message.text, /\]\(/);
    });

    it('revoked, though the answer was lost', async () => {
      stage.sandbox.fault({ method: 'DELETE', effect: { drop: 'after' } });
      const message = await closeLast(await revoke('prod-bot'));
      assert.match(message.text, /^Revoked "prod-bot"/);
    });

    it('revoked, though the list lags behind', async () => {
      stage.sandbox.fault({ method: 'DELETE', effect: { lagReads: 1 } });
      const message = await closeLast(await revoke('prod-bot'));
      assert.match(message.text, /^Revoked "prod-bot"/);
    });

    it('revoked at the third try', async () => {
      stage.sandbox.fault({ method: 'DELETE', times: 2, effect: { status: 503 } });
      const message = await closeLast(await revoke('prod-bot'));
      assert.match(message.text, /^Revoked "prod-bot"/);
      assert.equal(stage.deletes().length, 3);
    });

    it('already gone, when somebody else was faster', async () => {
      const target = key('prod-bot');
      const row = await stage.row('prod-bot');
      stage.sandbox.deleteKey('ada', target.id);
      const command = stage.run('omi.key.revoke', row);
      await stage.person.answer('Revoke');
      const message = await closeLast(command);
      assert.deepEqual([message.level, message.text], ['info', `Already gone: ${named(target)}.`]);
    });

    it('already gone, when Omi does not know the key', async () => {
      stage.sandbox.fault({ method: 'DELETE', effect: { status: 404, act: true } });
      const message = await closeLast(await revoke('prod-bot'));
      assert.match(message.text, /^Already gone: "prod-bot"/);
    });

    it('not confirmed, when the list cannot be read; checked again without another DELETE', async () => {
      const target = key('prod-bot');
      stage.sandbox.fault({ method: 'GET', path: '/v1/dev/keys', skip: 1, effect: { status: 403 } });
      const command = await revoke('prod-bot');
      const message = await stage.person.nextMessage();
      assert.ok(message.text.startsWith(`${named(target)} is not confirmed: `), message.text);
      assert.match(message.text, /could not be read.* Omi does not allow this\. It says: Forbidden\.$/);
      assert.deepEqual([message.level, message.buttons], ['warn', ['Check Again', 'Show Log']]);
      message.press('Check Again');
      assert.match((await closeLast(command)).text, /^Revoked "prod-bot"/);
      assert.deepEqual(stage.deletes(), [pathOf(target)]);
    });

    it('nothing about keys of a server that is configured no more', async () => {
      stage.sandbox.fault({ method: 'DELETE', effect: { noEffect: true } });
      stage.sandbox.fault({ method: 'GET', path: '/v1/dev/keys', skip: 1, effect: { status: 403 } });
      const command = await revoke('prod-bot');
      const message = await stage.person.nextMessage();
      await configure('apiBaseUrl', `${stage.sandbox.url}/`.replace('127.0.0.1', 'localhost'));
      message.press('Check Again');
      assert.equal(
        (await closeLast(command)).text,
        'Nothing was sent: the setting omi.apiBaseUrl has changed meanwhile.',
      );
    });

    it('not confirmed, when the list is suddenly empty', async () => {
      stage.sandbox.fault({
        method: 'GET',
        path: '/v1/dev/keys',
        skip: 1,
        effect: { status: 200, body: [] },
      });
      const message = await closeLast(await revoke('prod-bot'));
      assert.match(message.text, /^"prod-bot" .* is not confirmed: .*suddenly empty/);
    });

    it('STILL LIVE, when Omi refuses; tried again at the press of a button', async () => {
      const target = key('prod-bot');
      const refusal = stage.sandbox.fault({ method: 'DELETE', times: Infinity, effect: { status: 503 } });
      const command = await revoke('prod-bot');
      const message = await stage.person.nextMessage();
      assert.equal(
        message.text,
        `${named(target)} is STILL LIVE: Omi has a problem (status 503). ` +
          'It says: API key revocation temporarily unavailable.',
      );
      assert.deepEqual([message.level, message.buttons], ['error', ['Try Again', 'Show Log']]);
      assert.equal(exists(target), true);
      refusal.clear();
      message.press('Try Again');
      assert.match((await closeLast(command)).text, /^Revoked "prod-bot"/);
      assert.equal(stage.deletes(204).length, 1);
    });

    it('STILL LIVE, when Omi accepts but lists the key all the same', async () => {
      stage.sandbox.fault({ method: 'DELETE', effect: { noEffect: true } });
      const message = await closeLast(await revoke('prod-bot'));
      assert.match(message.text, /is STILL LIVE: Omi accepted the revocation, but still lists the key\.$/);
    });

    it('STILL LIVE, when the server stays silent past the time limit', async () => {
      await configure('requestTimeoutSeconds', 1);
      stage.sandbox.fault({ method: 'DELETE', times: Infinity, effect: { hang: true } });
      const message = await closeLast(await revoke('prod-bot'));
      assert.match(message.text, /is STILL LIVE: 127\.0\.0\.1:\d+ did not answer within 1 second\.$/);
    });

    it("STILL LIVE, with the server's words in either form", async () => {
      const words = [
        { detail: 'No such thing', says: 'It says: No such thing.' },
        {
          detail: [{ loc: ['path', 'key_id'], msg: 'not a uuid', type: 'x' }],
          says: 'It says: path.key_id: not a uuid.',
        },
      ];
      for (const { detail, says } of words) {
        stage.sandbox.fault({ method: 'DELETE', effect: { status: 422, body: { detail } } });
        const { text } = await closeLast(await revoke('prod-bot'));
        assert.ok(text.endsWith(`is STILL LIVE: Omi refused the request. ${says}`), text);
        stage.person.forget();
      }
    });

    it('nothing revoked, when the key is of another account', async () => {
      const target = key('prod-bot');
      const row = await stage.row('prod-bot');
      await stage.signIn('grace');
      const command = stage.run('omi.key.revoke', row);
      await stage.person.answer('Revoke');
      const message = await closeLast(command);
      assert.deepEqual(
        [message.level, message.text],
        ['warn', `Not in this account, nothing revoked: ${named(target)}.`],
      );
      assert.deepEqual(stage.deletes(), []);
    });

    it('one failure of three is named with its reason, and hides no success', async () => {
      const [refused, gone, done] = [key('prod-bot'), key('never-used'), key('old-laptop')];
      const rows = [
        await stage.row('prod-bot'),
        await stage.row('never-used'),
        await stage.row('old-laptop'),
      ];
      stage.sandbox.deleteKey('ada', gone.id);
      stage.sandbox.fault({ method: 'DELETE', path: pathOf(refused), effect: { status: 403 } });
      const command = stage.run('omi.key.revoke', rows[0], rows);
      await stage.person.answer('Revoke');
      const message = await closeLast(command);
      assert.equal(message.level, 'error');
      assert.equal(
        message.text,
        `1 of 3 keys are STILL LIVE: ${named(refused)} – Omi does not allow this. It says: Forbidden. ` +
          `Revoked ${named(done)}. Omi no longer lists it. Already gone: ${named(gone)}.`,
      );
    });

    it('in the log, too, with the reason', async () => {
      const { id } = key('prod-bot');
      const { logged } = hostWatch();
      const start = logged.length;
      stage.sandbox.fault({ method: 'DELETE', effect: { status: 403 } });
      await closeLast(await revoke('prod-bot'));
      const line = logged.slice(start).find((one) => one.includes(`${id}: stillLive`));
      assert.match(line ?? '', /Omi does not allow this\. It says: Forbidden\.$/);
    });
  });

  describe('while it works', () => {
    it('lets the row spin and refuses a second order for it', async () => {
      const answer = latch();
      const held = stage.sandbox.fault({ method: 'DELETE', effect: { hold: answer.opened } });
      const row = await stage.row('prod-bot');
      const command = await revoke('prod-bot');
      await until('the request', () => held.hits === 1);

      const item = await stage.item(row);
      assert.equal(item.contextValue, 'omi.busy');
      assert.equal((item.iconPath as vscode.ThemeIcon).id, 'loading~spin');
      assert.match(String(item.description), / · revoking$/);
      assert.match(item.accessibilityInformation?.label ?? '', /revoking$/);
      assert.equal(stage.contextKey('omi.working'), true);
      await stage.run('omi.key.revoke', row).done;
      assert.equal(stage.person.unseen, 0);

      answer.open();
      await closeLast(command);
      assert.equal(stage.deletes().length, 1);
      assert.equal(stage.contextKey('omi.working'), false);
    });

    it('does not offer the key in a pick', async () => {
      const answer = latch();
      const held = stage.sandbox.fault({ method: 'DELETE', effect: { hold: answer.opened } });
      const command = await revoke('prod-bot');
      await until('the request', () => held.hits === 1);
      const other = stage.run('omi.key.revoke');
      const { items } = await stage.person.quickPick();
      assert.ok(!items.some(({ label }) => label === 'prod-bot'));
      await stage.person.escape();
      await other.done;
      answer.open();
      await closeLast(command);
    });

    it('says in the view how far it has come', async () => {
      const answer = latch();
      stage.sandbox.fault({ method: 'DELETE', skip: 2, effect: { hold: answer.opened } });
      const command = await revokeTogether('prod-bot', 'never-used', 'old-laptop');
      await until('the progress', () => stage.view.message === 'Revoking 2 of 3 …');
      answer.open();
      await closeLast(command);
      assert.match(stage.view.message ?? '', /^ada@example\.com, signed in until /);
    });

    it('lets two orders run side by side, and cancels both', async () => {
      const keys = someKeys(5);
      await stage.refresh();
      const [slow, quick] = [latch(), latch()];
      const held = stage.sandbox.fault({ method: 'DELETE', times: 4, effect: { hold: slow.opened } });
      const slowCommand = await revokeTogether(...keys.map(({ name }) => name));
      await until('four requests', () => held.hits === 4);
      const last = stage.sandbox.fault({ method: 'DELETE', effect: { hold: quick.opened } });
      const quickCommand = await revoke('prod-bot');
      await until('the request of the second order', () => last.hits === 1);
      quick.open();
      assert.match((await stage.person.close()).text, /^Revoked "prod-bot"/);
      await quickCommand.done;
      assert.equal(stage.contextKey('omi.working'), true, 'one order is still under way');

      await stage.run('omi.keys.cancel').done;
      slow.open();
      const { text } = await closeLast(slowCommand);
      assert.match(text, /^Cancelled\. Not revoked: "spare-5" /);
      assert.equal(stage.contextKey('omi.working'), false);
    });

    it('can be cancelled between keys: what was not sent is not revoked, and is named', async () => {
      const keys = someKeys(8);
      await stage.refresh();
      const answer = latch();
      const held = stage.sandbox.fault({
        method: 'DELETE',
        skip: 2,
        times: Infinity,
        effect: { hold: answer.opened },
      });
      const command = await revokeTogether(...keys.map(({ name }) => name));
      await until('four requests to be held', () => held.hits === 4);
      await stage.run('omi.keys.cancel').done;
      answer.open();
      const { text } = await closeLast(command);
      assert.match(
        text,
        /^Cancelled\. Not revoked: "spare-7" \([^)]*\), "spare-8" \([^)]*\)\. Revoked 6 keys: /,
      );
      assert.equal(stage.deletes().length, 6);
      assert.deepEqual(
        keys
          .filter(exists)
          .map(({ name }) => name)
          .sort(),
        ['spare-7', 'spare-8'],
      );
    });

    it('never counts a key as revoked that was under way when the person signed out', async () => {
      const answer = latch();
      const held = stage.sandbox.fault({ method: 'DELETE', effect: { hold: answer.opened } });
      const command = await revoke('prod-bot');
      await until('the request', () => held.hits === 1);
      const signOut = stage.run('omi.signOut');
      assert.match((await stage.person.close()).text, /^Signed out/);
      await signOut.done;
      answer.open();
      const message = await closeLast(command);
      assert.doesNotMatch(message.text, /Revoked|Already gone/);
      assert.match(message.text, /"prod-bot"/);
      assert.equal(stage.contextKey('omi.session'), 'signedOut');
    });
  });

  describe('when the session ends in the middle of five', () => {
    /** Two of five get through before every answer is 401; gives the keys and the command, at its notification. */
    const interrupted = async (): Promise<{
      keys: SandboxKey[];
      command: Running;
      message: ShownMessage;
    }> => {
      const keys = someKeys(5);
      await stage.refresh();
      stage.sandbox.fault({ method: 'DELETE', skip: 2, times: Infinity, effect: { status: 401 } });
      const command = await revokeTogether(...keys.map(({ name }) => name));
      const message = await stage.person.nextMessage();
      stage.sandbox.clearFaults();
      return { keys, command, message };
    };

    it('says what was not revoked and offers to sign in', async () => {
      const { command, message } = await interrupted();
      assert.match(message.text, /Your Omi session has ended\. Not revoked yet: /);
      assert.equal(message.buttons[0], 'Sign In');
      assert.doesNotMatch(message.text, /STILL LIVE/);
      message.press(undefined);
      await command.done;
      assert.equal(stage.contextKey('omi.session'), 'expired');
    });

    it('does the rest after signing in, and no key twice', async () => {
      const { keys, command, message } = await interrupted();
      message.press('Sign In');
      await stage.person.take('Paste a Firebase ID Token');
      assert.equal(await stage.person.submit(stage.sandbox.token('ada')), undefined);
      const result = await closeLast(command);
      assert.match(result.text, /^Revoked 5 keys: .* and 2 more/);
      assert.deepEqual(stage.deletes(204).sort(), keys.map(pathOf).sort());
      assert.deepEqual(keys.map(exists), [false, false, false, false, false]);
    });

    it('leaves the rest alone when the sign-in is given up', async () => {
      const { keys, command, message } = await interrupted();
      message.press('Sign In');
      await stage.person.take('Paste a Firebase ID Token');
      await stage.person.inputBox();
      await stage.person.escape();
      await command.done;
      assert.equal(stage.person.unseen, 0);
      assert.equal(keys.filter(exists).length, 3);
    });

    it('touches nothing of another account that signs in instead', async () => {
      const { keys, command, message } = await interrupted();
      message.press('Sign In');
      await stage.person.take('Paste a Firebase ID Token');
      await stage.person.submit(stage.sandbox.token('grace'));
      const result = await closeLast(command);
      assert.match(result.text, /Not in this account, nothing revoked: /);
      assert.equal(stage.deletes(204).length, 2);
      assert.equal(keys.filter(exists).length, 3);
    });
  });

  it('is not disturbed by one 401 in the middle', async () => {
    stage.sandbox.fault({ method: 'DELETE', skip: 1, effect: { status: 401 } });
    const message = await closeLast(await revokeTogether('prod-bot', 'never-used', 'old-laptop'));
    assert.match(message.text, /^Revoked 3 keys: /);
    assert.equal(stage.contextKey('omi.session'), 'signedIn');
  });

  it('carries an odd id to Omi in one piece', async () => {
    const odd = stage.addKey('ada', { name: 'odd', id: 'a/b?c#d%25 🔑..' });
    await stage.refresh();
    const message = await closeLast(await revoke('odd'));
    assert.match(message.text, /^Revoked "odd"/);
    assert.deepEqual(stage.deletes(), [`/v1/dev/keys/${encodeURIComponent(odd.id)}`]);
  });
});

describe('Revoke API Key, signed out', () => {
  const stage = useStage();
  afterEach(() => stage.reset());

  it('offers to sign in and then goes on', async () => {
    const command = stage.run('omi.key.revoke');
    const offer = await stage.person.nextMessage();
    assert.deepEqual([offer.text, offer.buttons], ['Sign in to Omi first.', ['Sign In']]);
    offer.press('Sign In');
    await stage.person.take('Paste a Firebase ID Token');
    assert.equal(await stage.person.submit(stage.sandbox.token('ada')), undefined);
    await stage.person.tick('prod-bot');
    await stage.person.answer('Revoke');
    assert.match((await stage.person.close()).text, /^Revoked "prod-bot"/);
    await command.done;
    assert.equal(stage.person.messages.length, 3);
  });

  it('ends in silence when the person does not want to', async () => {
    const command = stage.run('omi.key.revoke');
    await stage.person.close();
    await command.done;
    assert.equal(stage.person.messages.length, 1);
    assert.equal(stage.person.hasInputBox, false);
    assert.deepEqual(stage.sandbox.requestLines, []);
  });
});
