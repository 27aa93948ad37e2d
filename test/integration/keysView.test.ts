import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { SandboxKey } from '../../sandbox/server';
import { arabicName, emojiName, hebrewName, htmlName, longName, markdownName } from '../../sandbox/seeds';
import { latch } from './support/latch';
import { configure, textOf, useStage } from './support/stage';
import { until } from './support/until';

/** What stands above the rows while all is well. */
const accountLine = /^ada@example\.com, signed in until \d\d:\d\d/;

const spokenPrefix = (prefix: string): string => prefix.replace('...', '…');

describe('The view API Keys', () => {
  const stage = useStage();
  afterEach(() => stage.reset());

  const lists = { method: 'GET', times: Infinity } as const;
  const devList = { ...lists, path: '/v1/dev/keys' } as const;
  const mcpList = { ...lists, path: '/v1/mcp/keys' } as const;

  describe('of an account with keys', () => {
    beforeEach(() => stage.signIn('ada'));

    it('names the account above the rows, and until when a pasted token lasts', () => {
      assert.match(stage.view.message ?? '', accountLine);
    });

    it('has a group with its count for each family', async () => {
      const dev = await stage.group('dev');
      const mcp = await stage.group('mcp');
      assert.deepEqual([dev.label, dev.description], ['Developer Keys', '12']);
      assert.deepEqual([mcp.label, mcp.description], ['MCP Keys', '3']);
      assert.equal(dev.accessibilityInformation?.label, 'Developer Keys, 12 keys');
    });

    it('lists the keys of both families, the last used first', async () => {
      for (const family of ['dev', 'mcp'] as const) {
        assert.deepEqual(await stage.rows(family), lastUsedFirst(stage.sandbox.keys('ada', family)));
      }
    });

    it('shows odd names as they are', async () => {
      const rows = await stage.rows();
      for (const name of [emojiName, hebrewName, arabicName, longName, htmlName, markdownName]) {
        assert.ok(rows.includes(name), name);
      }
    });

    it('describes a key by its masked prefix and its last use', async () => {
      const { prefix } = stage.sandbox.key('ada', 'prod-bot');
      const item = await stage.item(await stage.row('prod-bot'));
      assert.equal(item.description, `${spokenPrefix(prefix)} · used 2 hours ago`);
      assert.match(prefix, /^omi_dev_[0-9a-f]{4}\.\.\.[0-9a-f]{4}$/);
    });

    it("tells the last use to the hour at most, wherever it stands: Omi's record lags by as much", async () => {
      stage.addKey('ada', { name: 'busy-bot', lastUsedAt: Date.now() - 5 * 60_000 });
      await stage.refresh();
      const row = await stage.row('busy-bot');
      const item = await stage.item(row);
      assert.match(String(item.description), / · used within the last hour$/);
      assert.match(item.accessibilityInformation?.label ?? '', /, used within the last hour$/);
      const tooltip = textOf(await stage.tooltip(row))
        .replaceAll('\\', '')
        .replaceAll('&nbsp;', ' ');
      assert.match(tooltip, /^- Last used: .*\d.* \(within an hour\)$/m);
      const command = stage.run('omi.key.revoke', row);
      const question = await stage.person.answer(undefined);
      await command.done;
      assert.match(question.detail ?? '', / Last used within the last hour\. This cannot be undone\.$/);
      const pick = stage.run('omi.key.revoke');
      const { items } = await stage.person.quickPick();
      assert.match(
        items.find(({ label }) => label === 'busy-bot')?.description ?? '',
        / · used within the last hour$/,
      );
      await stage.person.escape();
      await pick.done;
    });

    it('says that a key was never used', async () => {
      const item = await stage.item(await stage.row('never-used'));
      assert.match(String(item.description), / · never used$/);
    });

    it('shows a damaged row as Omi lists it', async () => {
      const item = await stage.item(await stage.row('Legacy Developer API key'));
      assert.equal(item.description, 'omi_dev_legacy · never used');
    });

    it('speaks a row in words', async () => {
      const { prefix } = stage.sandbox.key('ada', 'prod-bot');
      const item = await stage.item(await stage.row('prod-bot'));
      assert.equal(
        item.accessibilityInformation?.label,
        `prod-bot, ${spokenPrefix(prefix)}, used 2 hours ago`,
      );
    });

    it('tells the menus the family of a key', async () => {
      assert.equal((await stage.item(await stage.row('prod-bot'))).contextValue, 'omi.key.dev');
      assert.equal((await stage.item(await stage.row('cursor', 'mcp'))).contextValue, 'omi.key.mcp');
    });

    it('gives every row an id of its own, also for keys of one name', async () => {
      const ids = (await stage.items()).map(({ id }) => id);
      assert.equal(new Set(ids).size, 12);
      assert.ok(!ids.includes(undefined));
    });

    it('has the id and the scopes in the tooltip', async () => {
      const { id } = stage.sandbox.key('ada', 'cursor', 'mcp');
      const tooltip = await stage.tooltip(await stage.row('cursor', 'mcp'));
      const plain = textOf(tooltip).replaceAll('\\', '').replaceAll('&nbsp;', ' ');
      assert.ok(plain.includes(`ID: ${id}`), plain);
      assert.ok(plain.includes('Scopes: Read memories'), plain);
    });

    it('says in the tooltip that a key without scopes can do nothing', async () => {
      const tooltip = await stage.tooltip(await stage.row(htmlName));
      assert.match(textOf(tooltip).replaceAll('&nbsp;', ' '), /Nothing: this key can do nothing/);
    });

    it('lets no name become Markdown, HTML or an icon in a tooltip', async () => {
      for (const name of [markdownName, htmlName]) {
        const tooltip = await stage.tooltip(await stage.row(name));
        assert.ok(tooltip instanceof vscode.MarkdownString);
        assert.doesNotMatch(tooltip.value, /(?<!\\)\]\(|\*\*x\*\*/);
        assert.ok(!tooltip.isTrusted && !tooltip.supportHtml && !tooltip.supportThemeIcons);
      }
    });

    it('says no more and asks nothing while all is well', () => {
      assert.match(stage.view.message ?? '', accountLine);
      assert.equal(stage.person.messages.length, 0);
      assert.equal(stage.contextKey('omi.keys'), 'ready');
    });

    it('shows on refresh what another client has changed', async () => {
      stage.addKey('ada', { name: 'made elsewhere' });
      stage.sandbox.deleteKey('ada', stage.sandbox.key('ada', 'prod-bot').id);
      await stage.refresh();
      const rows = await stage.rows();
      assert.ok(rows.includes('made elsewhere'));
      assert.ok(!rows.includes('prod-bot'));
    });
  });

  it('has no rows for an account without keys', async () => {
    await stage.signIn('linus');
    assert.deepEqual(await stage.groups(), []);
    assert.equal(stage.contextKey('omi.keys'), 'ready');
    assert.equal(stage.view.message ?? '', '');
  });

  it('has no rows while the first list is being read', async () => {
    const answer = latch();
    stage.sandbox.fault({ ...lists, skip: 1, effect: { hold: answer.opened } });
    const command = stage.run('omi.signInWithToken');
    await stage.person.submit(stage.sandbox.token('ada'));
    await stage.person.close();
    await command.done;
    assert.equal(stage.contextKey('omi.session'), 'signedIn');
    assert.equal(stage.contextKey('omi.keys'), 'loading');
    assert.deepEqual(await stage.groups(), []);
    answer.open();
    await stage.row('prod-bot');
  });

  describe('when the list cannot be read again', () => {
    beforeEach(async () => {
      await stage.signIn('ada');
      stage.sandbox.fault({ ...devList, effect: { status: 403, body: { detail: 'Under repair' } } });
      await stage.refresh();
    });

    it('keeps the last list, below a row that offers to try again', async () => {
      const [first, ...others] = await stage.rows();
      assert.equal(first, 'Try Again');
      assert.deepEqual(others, lastUsedFirst(stage.sandbox.keys('ada')));
      assert.equal(stage.contextKey('omi.keys'), 'stale');
    });

    it('says as of when and why, in the row and above the rows', async () => {
      const [row] = await stage.items();
      const why = 'Omi does not allow this. It says: Under repair.';
      assert.match(String(row?.description), new RegExp(`^as of \\d\\d:\\d\\d.* · ${why}$`));
      assert.match(String(row?.accessibilityInformation?.label), new RegExp(`${why} Try Again$`));
      assert.match(String(stage.view.message), new RegExp(`^As of \\d\\d:\\d\\d.*\\. ${why}$`));
    });

    it('opens no notification', () => {
      assert.equal(stage.person.messages.length, 0);
    });

    it('recovers when the row is chosen', async () => {
      stage.sandbox.clearFaults();
      const [row] = await stage.items();
      await vscode.commands.executeCommand(row?.command?.command ?? '');
      assert.ok(!(await stage.rows()).includes('Try Again'));
      assert.match(stage.view.message ?? '', accountLine);
      assert.equal(stage.contextKey('omi.keys'), 'ready');
    });

    it('still revokes a key of the other family', async () => {
      const command = stage.run('omi.key.revoke', await stage.row('cursor', 'mcp'));
      await stage.person.answer('Revoke');
      assert.match((await stage.person.close()).text, /^Revoked "cursor"/);
      await command.done;
    });
  });

  describe('when no list can be read', () => {
    beforeEach(async () => {
      stage.sandbox.fault({ ...lists, skip: 1, effect: { status: 403 } });
      await stage.signIn('ada');
    });

    it('has one row that offers to try again, and says why', async () => {
      const rows = await Promise.all((await stage.groups()).map((node) => stage.item(node)));
      assert.deepEqual(
        rows.map(({ label, description }) => [label, description]),
        [['Try Again', 'Omi does not allow this. It says: Forbidden.']],
      );
      assert.equal(stage.contextKey('omi.keys'), 'failed');
      assert.equal(stage.person.messages.length, 0);
    });

    it('recovers when the row is chosen', async () => {
      stage.sandbox.clearFaults();
      const [row] = await Promise.all((await stage.groups()).map((node) => stage.item(node)));
      await vscode.commands.executeCommand(row?.command?.command ?? '');
      assert.equal((await stage.rows()).length, 12);
      assert.match(stage.view.message ?? '', accountLine);
    });

    it('never calls it an account without keys', async () => {
      const command = stage.run('omi.key.revoke');
      assert.equal((await stage.person.close()).text, 'Omi does not allow this. It says: Forbidden.');
      await command.done;
    });
  });

  it('leaves one family usable when the other cannot be read', async () => {
    stage.sandbox.fault({ ...mcpList, effect: { status: 403 } });
    await stage.signIn('ada');
    assert.equal((await stage.rows('dev')).length, 12);
    const [row, ...others] = await stage.items('mcp');
    assert.deepEqual(
      [row?.label, row?.description],
      ['Try Again', 'Omi does not allow this. It says: Forbidden.'],
    );
    assert.deepEqual(others, []);
  });

  describe('when the list is nonsense', () => {
    const nonsense: readonly { body: string; says: string }[] = [
      { body: '{}', says: "Omi's answer could not be read: the list of keys is a JSON object." },
      { body: 'null', says: "Omi's answer could not be read: the list of keys is null." },
      { body: '"[]"', says: "Omi's answer could not be read: the list of keys is text that is not JSON." },
      { body: '', says: "Omi's answer could not be read: the list of keys is empty." },
      { body: '[{"id":7}]', says: "Omi's answer could not be read: entry 1 of the list of keys: id." },
    ];
    for (const { body, says } of nonsense) {
      it(`keeps the last one and says so: ${JSON.stringify(body)}`, async () => {
        await stage.signIn('ada');
        const headers = { 'content-type': 'application/json' };
        stage.sandbox.fault({ ...devList, effect: { status: 200, headers, body } });
        await stage.refresh();
        assert.ok((await stage.rows()).includes('prod-bot'));
        assert.ok(stage.view.message?.endsWith(says), stage.view.message);
      });
    }

    it('shows the good entry among junk, and counts and names the junk', async () => {
      await stage.signIn('ada');
      const good = {
        id: 'good',
        name: 'the good one',
        key_prefix: 'omi_dev_0123...cdef',
        created_at: '2026-01-02T03:04:05Z',
      };
      const body = [7, good, { ...good, id: 'bad', created_at: 'yesterday' }];
      stage.sandbox.fault({ ...devList, effect: { status: 200, body } });
      await stage.refresh();
      assert.deepEqual(await stage.rows(), ['the good one', '2 entries could not be read']);
      const [, junk] = await stage.items();
      assert.equal(junk?.description, 'entry 1: entry, entry 3: created_at');
    });
  });

  describe('when the session ends', () => {
    beforeEach(async () => {
      await stage.signIn('ada');
      stage.sandbox.fault({ ...lists, effect: { status: 401 } });
      await stage.refresh();
    });

    it('says so in the view, without a notification or a prompt', async () => {
      assert.equal(stage.contextKey('omi.session'), 'expired');
      assert.deepEqual(await stage.groups(), []);
      assert.equal(stage.person.messages.length, 0);
      assert.equal(stage.person.hasInputBox, false);
    });

    it('sends the refused token no more', async () => {
      stage.sandbox.clearFaults();
      stage.sandbox.clearRequests();
      const command = stage.run('omi.keys.refresh');
      const message = await stage.person.close();
      await command.done;
      assert.deepEqual([message.text, message.buttons], ['Your Omi session has ended.', ['Sign In']]);
      assert.deepEqual(stage.sandbox.requestLines, []);
    });

    it('goes on after signing in again', async () => {
      stage.sandbox.clearFaults();
      await stage.signIn('ada');
      await until('the list to be fresh', () => stage.contextKey('omi.keys') === 'ready');
      assert.equal((await stage.rows()).length, 12);
    });
  });

  it('survives one 401: Omi answers so also for a passing hiccup', async () => {
    await stage.signIn('ada');
    stage.sandbox.fault({ method: 'GET', path: '/v1/dev/keys', effect: { status: 401 } });
    await stage.refresh();
    assert.equal(stage.contextKey('omi.session'), 'signedIn');
    assert.equal(stage.contextKey('omi.keys'), 'ready');
  });

  it('drops a list that comes after another account has signed in', async () => {
    await stage.signIn('ada');
    const answer = latch();
    const held = stage.sandbox.fault({ ...lists, account: 'ada', effect: { hold: answer.opened } });
    const refresh = stage.run('omi.keys.refresh');
    await until('both requests', () => held.hits === 2);
    await stage.signIn('grace');
    answer.open();
    await refresh.done;
    assert.deepEqual(await stage.rows(), ['prod-bot', 'compiler']);
    assert.deepEqual(await stage.rows('mcp'), []);
  });

  describe('lists that were read a while ago', () => {
    const sixMinutes = 6 * 60_000;
    const changeElsewhere = (): void => {
      stage.addKey('ada', { name: 'made elsewhere' });
      stage.sandbox.clearRequests();
    };
    const hide = async (): Promise<void> => {
      await vscode.commands.executeCommand('workbench.view.explorer');
      await until('the view to be hidden', () => !stage.view.visible);
    };

    beforeEach(() => stage.signIn('ada'));
    afterEach(() => vscode.commands.executeCommand('omi.keys.focus'));

    it('are read anew when the view is shown again', async () => {
      await hide();
      changeElsewhere();
      stage.sleep(sixMinutes);
      await vscode.commands.executeCommand('omi.keys.focus');
      await stage.row('made elsewhere');
    });

    it('are read anew when the window gets the focus', async () => {
      changeElsewhere();
      stage.sleep(sixMinutes);
      stage.focus();
      await stage.row('made elsewhere');
    });

    it('are left alone while they are young, while the focus goes, and while nobody sees them', async () => {
      changeElsewhere();
      stage.focus();
      stage.sleep(sixMinutes);
      stage.focus(false);
      await hide();
      stage.focus();
      assert.deepEqual(stage.sandbox.requestLines, []);
    });

    it('say the day, too, where it is not today', async () => {
      const expiresAt = Date.now() + 3 * 86_400_000;
      const idToken = stage.sandbox.token('ada', { lifetimeSeconds: 3 * 86_400 });
      await stage.keep('ada', { idToken, expiresAt, renewal: undefined });
      await stage.refresh();
      stage.sandbox.fault({ ...lists, effect: { status: 403 } });
      stage.sleep(86_400_000);
      stage.focus();
      const message = await until(
        'the list to be old',
        () => /^As of .*/.exec(stage.view.message ?? '')?.[0],
      );
      assert.match(message, /^As of [A-Z][a-z]{2} \d+, \d{4}, \d+:\d\d.*\. Omi does not allow this/);
      const [row] = await stage.items();
      assert.match(String(row?.description), /^as of [A-Z][a-z]{2} \d+, \d{4}, \d+:\d\d/);
    });

    it('are not called an account without keys when the pasted token lapsed while the machine slept', async () => {
      stage.sleep(61 * 60_000);
      await configure('keys.sortBy', 'name');
      await until('the session to be over', () => stage.contextKey('omi.session') === 'expired');
      assert.deepEqual(await stage.groups(), []);
    });
  });

  it('reads nothing while it is hidden, and reads when it is seen again', async () => {
    await vscode.commands.executeCommand('workbench.view.explorer');
    await until('the view to be hidden', () => !stage.view.visible);
    const command = stage.run('omi.signInWithToken');
    await stage.person.submit(stage.sandbox.token('ada'));
    await stage.person.close();
    await command.done;
    assert.equal(stage.sandbox.requests.length, 1, 'only the trial of the token');
    await vscode.commands.executeCommand('omi.keys.focus');
    await stage.row('prod-bot');
  });
});

/** The names of keys as the view orders them unless told otherwise. */
function lastUsedFirst(keys: readonly SandboxKey[]): string[] {
  const time = (key: SandboxKey): number => key.lastUsedAt ?? 0;
  return keys.toSorted((a, b) => time(b) - time(a) || b.createdAt - a.createdAt).map(({ name }) => name);
}
