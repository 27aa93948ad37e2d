import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { configure, labelOf, openStage, textOf, type Stage } from './support/stage';
import { until } from './support/until';

describe('Arranging and tidying keys', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());
  beforeEach(() => stage.signIn('ada'));
  afterEach(async () => {
    await stage.run('omi.keys.clearFilter').done;
    await stage.reset();
  });

  const names = (): string[] => stage.sandbox.keys('ada').map(({ name }) => name);
  const drawn = async (name: string): Promise<vscode.TreeItem> => stage.item(await stage.row(name));
  const icon = ({ iconPath }: vscode.TreeItem): string => (iconPath as vscode.ThemeIcon).id;

  it('sorts as chosen, and keeps the order as a setting', async () => {
    const command = stage.run('omi.keys.sort');
    await stage.person.take('Newest First');
    await command.done;
    await until('the newest first', async () => (await stage.rows())[0] === 'never-used');
    assert.deepEqual(await stage.rows(), names());
    assert.equal(vscode.workspace.getConfiguration('omi').get('keys.sortBy'), 'created');
    await configure('keys.sortBy', 'name');
    const byName = (await stage.rows())
      .map((name) => name.toLowerCase())
      .filter((name) => /^[a-z]/.test(name));
    assert.deepEqual(byName, byName.toSorted());
  });

  it('filters while it is typed; Escape brings back what was shown, Enter keeps it', async () => {
    const command = stage.run('omi.keys.filter');
    await stage.person.type('prod');
    await until('one row', async () => (await stage.rows()).join() === 'prod-bot');
    assert.equal((await stage.group('dev')).description, '1 of 12');
    assert.match(stage.view.message ?? '', /Filter: prod · 1 of 15$/);
    assert.equal(stage.contextKey('omi.filtered'), true);
    await stage.person.escape();
    await command.done;
    assert.equal((await stage.rows()).length, 12);
    assert.equal(stage.contextKey('omi.filtered'), false);

    const again = stage.run('omi.keys.filter');
    await stage.person.type('memories write');
    await until('fewer rows', async () => (await stage.rows()).length < 12);
    await stage.person.enter();
    await again.done;
    const kept = (await stage.nodes()).flatMap((node) => (node.kind === 'key' ? [node.target.key] : []));
    assert.ok(kept.length > 0 && kept.every(({ scopes }) => scopes?.includes('memories:write')));
    await stage.refresh();
    assert.equal((await stage.rows()).length, kept.length);
  });

  it('finds unused and stale keys by these words', async () => {
    const filter = async (text: string): Promise<string[]> => {
      const command = stage.run('omi.keys.filter');
      await stage.person.type(text);
      await until('the message', () => stage.view.message?.includes(`Filter: ${text} `));
      await stage.person.enter();
      await command.done;
      return stage.rows();
    };
    assert.ok((await filter('unused')).includes('never-used'));
    assert.deepEqual((await filter('stale')).toSorted(), ['ci', 'old-laptop']);
  });

  it('never shows nothing: a filter that fits no key says so and can be cleared', async () => {
    const command = stage.run('omi.keys.filter');
    await stage.person.type('no such key');
    await stage.person.enter();
    await command.done;
    const row = await until('the row', async () =>
      (await stage.groups()).find(({ kind }) => kind === 'noMatch'),
    );
    const item = await stage.item(row);
    assert.equal(labelOf(item), 'No key fits "no such key"');
    assert.equal(item.command?.command, 'omi.keys.clearFilter');
    await stage.run('omi.keys.clearFilter').done;
    assert.equal((await stage.rows()).length, 12);
  });

  it('marks stale and never used keys, in words and by an icon', async () => {
    assert.match(String((await drawn('old-laptop')).description), / · used 6 months ago · stale$/);
    assert.equal(icon(await drawn('old-laptop')), 'clock');
    assert.match(String((await drawn('never-used')).description), / · never used$/);
    assert.notEqual(icon(await drawn('never-used')), 'key');
    assert.equal(icon(await drawn('prod-bot')), 'key');
    assert.match(
      textOf((await drawn('old-laptop')).tooltip).replaceAll('&nbsp;', ' '),
      /not used for 90 days/,
    );
    assert.match((await drawn('old-laptop')).accessibilityInformation?.label ?? '', /stale$/);
  });

  it('follows the setting for what is stale, also in the badge', async () => {
    const before = await until('a badge', () => stage.view.badge?.value);
    await configure('keys.staleAfterDays', 3650);
    await until('the mark to go', async () => icon(await drawn('old-laptop')) === 'key');
    await until('the badge to fall', () => (stage.view.badge?.value ?? 0) < before);
    assert.match(stage.view.badge?.tooltip ?? '', /need attention$/);
  });

  it('says what a key may do in plain words', async () => {
    const scopes = async (name: string): Promise<string | undefined> =>
      /Scopes: (.*)/.exec(textOf((await drawn(name)).tooltip).replaceAll('&nbsp;', ' '))?.[1];
    assert.equal(await scopes('old-laptop'), 'Read only');
    assert.equal(await scopes('prod-bot'), 'Read only');
    assert.equal(await scopes('🚀 deploy 👩‍💻'), 'Read memories, write memories');
  });

  describe('Revoke Unused API Keys', () => {
    it('offers unused keys alone, none of them ticked', async () => {
      const command = stage.run('omi.keys.revokeUnused');
      const pick = await stage.person.quickPick();
      const labels = pick.items
        .filter(({ kind }) => kind !== vscode.QuickPickItemKind.Separator)
        .map(({ label }) => label);
      assert.ok(labels.includes('never-used') && labels.includes('old-laptop'));
      assert.ok(!labels.includes('prod-bot'));
      assert.equal(pick.selectedItems.length, 0);
      assert.match(pick.placeholder ?? '', /90 days/);
      await stage.person.escape();
      await command.done;
      assert.deepEqual(stage.deletes(), []);
    });

    it('asks once for all that were ticked, and revokes them', async () => {
      const command = stage.run('omi.keys.revokeUnused');
      await stage.person.tick('never-used', 'old-laptop');
      const question = await stage.person.answer('Revoke');
      assert.equal(question.text, 'Revoke 2 API keys?');
      assert.match(question.detail ?? '', /never-used[^]*old-laptop|old-laptop[^]*never-used/);
      assert.match((await stage.person.close()).text, /^Revoked 2 keys/);
      await command.done;
      assert.ok(!names().includes('never-used') && !names().includes('old-laptop'));
      assert.equal(stage.deletes().length, 2);
    });

    it('says when no key is unused', async () => {
      await stage.signIn('grace');
      const command = stage.run('omi.keys.revokeUnused');
      assert.match((await stage.person.close()).text, /^No key is unused/);
      await command.done;
    });

    it('offers the failures together, and tries again just those', async () => {
      const refused = ['never-used', 'old-laptop'].map((name) => stage.sandbox.key('ada', name).id);
      const faults = refused.map((id) =>
        stage.sandbox.fault({
          method: 'DELETE',
          path: `/v1/dev/keys/${id}`,
          times: Infinity,
          effect: { status: 403, body: { detail: 'Not now' } },
        }),
      );
      const command = stage.run('omi.key.revoke');
      await stage.person.tick('never-used', 'old-laptop', 'prod-bot');
      await stage.person.answer('Revoke');
      const first = await stage.person.nextMessage();
      assert.match(first.text, /^2 of 3 keys are STILL LIVE/);
      faults.forEach((fault) => fault.clear());
      stage.sandbox.clearRequests();
      first.press('Try Again');
      assert.match((await stage.person.close()).text, /^Revoked 2 keys/);
      await command.done;
      assert.deepEqual(stage.deletes().toSorted(), refused.map((id) => `/v1/dev/keys/${id}`).toSorted());
    });
  });

  it('draws 2,000 keys once for a burst of changes', async () => {
    for (let index = 0; index < 1985; index += 1)
      stage.sandbox.addKey('ada', { name: `many ${String(index)}` });
    let redraws = 0;
    const listener = stage.onDidRedraw(() => {
      redraws += 1;
    });
    await stage.refresh();
    await until('all rows', async () => (await stage.nodes()).length === 1997);
    listener.dispose();
    // Both lists arrive, and the progress comes and goes; never one redraw for a key.
    assert.ok(redraws > 0 && redraws <= 6, `${String(redraws)} redraws`);
    const [before, after] = [await stage.nodes(), await stage.nodes()];
    assert.deepEqual(before, after);
  });
});
