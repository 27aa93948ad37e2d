import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { secretVault } from '../../src/editor/auth/secretVault';
import { PendingSecrets } from '../../src/keys/pendingSecrets';
import type { ListedKey } from '../../src/omi/schemas';
import { hidden } from './support/hidden';
import { hostWatch, replace } from './support/hostWatch';
import { latch } from './support/latch';
import { configure, labelOf, textOf, useStage } from './support/stage';
import { until } from './support/until';

describe('Arranging and tidying keys', () => {
  const stage = useStage();
  beforeEach(() => stage.signIn('ada'));
  afterEach(async () => {
    await stage.run('omi.keys.clearFilter').done;
    await stage.reset();
  });

  const names = (): string[] => stage.sandbox.keys('ada').map(({ name }) => name);
  const drawn = async (name: string): Promise<vscode.TreeItem> => stage.item(await stage.row(name));
  const filterBy = async (text: string): Promise<void> => {
    const command = stage.run('omi.keys.filter');
    await stage.person.type(text);
    await until('the filter', () => stage.contextKey('omi.filtered') === true);
    await stage.person.enter();
    await command.done;
  };
  /** Puts a key of ada's among those that wait, as another window that has made it would. */
  const hold = async (name: string): Promise<PendingSecrets> => {
    const { context } = hostWatch();
    if (!context) throw new Error('The extension is not active');
    const waiting = new PendingSecrets(secretVault(context.secrets));
    const { family, id, prefix, createdAt, lastUsedAt, scopes, appId, raw } = stage.sandbox.key('ada', name);
    const key: ListedKey = { family, id, name, prefix, createdAt, lastUsedAt, scopes, appId };
    const accountId = stage.sandbox.accounts.ada.uid;
    const held = await waiting.hold({ accountId, key, isKept: false }, raw ?? '');
    assert.ok(held.ok);
    return waiting;
  };
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

  it('finds a key by its raw text, which does not stay on the screen', async () => {
    const { raw, prefix } = stage.addKey('ada', { name: 'pasted-bot' });
    await stage.refresh();
    const command = stage.run('omi.keys.filter');
    const box = await stage.person.inputBox();
    await stage.person.type(raw);
    await until('the filter', () => stage.contextKey('omi.filtered') === true);
    const masked = prefix.replace('...', '…');
    assert.equal(hidden(box.value), masked);
    assert.deepEqual(await stage.rows(), ['pasted-bot']);
    await until('the message', () => stage.view.message?.includes('Filter: '));
    assert.ok(hidden(stage.view.message ?? '').endsWith(`Filter: ${masked} · 1 of 16`));
    await stage.person.enter();
    await command.done;
  });

  it('finds unused and stale keys by these words', async () => {
    await filterBy('unused');
    assert.ok((await stage.rows()).includes('never-used'));
    await filterBy('stale');
    assert.deepEqual((await stage.rows()).toSorted(), ['ci', 'old-laptop']);
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

  it('says so above old rows, too, that only some are shown', async () => {
    await filterBy('prod');
    stage.sandbox.fault({ method: 'GET', times: Infinity, effect: { status: 403 } });
    await stage.refresh();
    assert.match(stage.view.message ?? '', /^As of .* · Filter: prod · 1 of 15$/);
  });

  it('does not say that no key fits while no list could be read', async () => {
    await filterBy('no such key');
    stage.sandbox.fault({ method: 'GET', path: '/v1/mcp/keys', times: Infinity, effect: { status: 403 } });
    await stage.signIn('linus');
    await filterBy('no such key');
    const kinds = (await stage.groups()).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['group', 'group']);
  });

  it('shows all keys of another account: a filter belongs to the one it was typed for', async () => {
    await filterBy('old');
    await stage.signIn('grace');
    assert.equal((await stage.rows()).length, 2);
    assert.equal(stage.contextKey('omi.filtered'), false);
  });

  it('reads the journal of rotations once for a drawing, not once for each row', async () => {
    for (let index = 0; index < 100; index += 1) stage.addKey('ada', { name: `many ${String(index)}` });
    await stage.refresh();
    await until('all rows', async () => (await stage.nodes()).length === 112);
    const state = hostWatch().context?.globalState;
    if (!state) throw new Error('The extension is not active');
    const get = state.get.bind(state);
    let reads = 0;
    const restore = replace(state, 'get', (name: string) => {
      reads += 1;
      return get(name);
    });
    const items = await stage.items();
    restore();
    assert.equal(items.length, 112);
    assert.ok(reads < 10, `${String(reads)} reads`);
  });

  it('marks stale and never used keys, in words and by an icon', async () => {
    assert.match(String((await drawn('old-laptop')).description), / · used 6 months ago · stale$/);
    assert.equal(icon(await drawn('old-laptop')), 'clock');
    assert.match(String((await drawn('never-used')).description), / · never used$/);
    assert.notEqual(icon(await drawn('never-used')), 'key');
    assert.equal(icon(await drawn('prod-bot')), 'key');
    assert.match(
      textOf(await stage.tooltip(await stage.row('old-laptop'))).replaceAll('&nbsp;', ' '),
      /not used for 90 days/,
    );
    assert.match((await drawn('old-laptop')).accessibilityInformation?.label ?? '', /stale$/);
  });

  it('follows the setting for what is stale, also in the badge', async () => {
    const before = await until('a badge', () => stage.view.badge?.value);
    await configure('keys.staleAfterDays', 3650);
    await until('the mark to go', async () => icon(await drawn('old-laptop')) === 'key');
    await until('the badge to fall', () => (stage.view.badge?.value ?? 0) < before);
  });

  it('tells at the badge what it counts', async () => {
    const { value, tooltip } = await until('a badge', () => stage.view.badge);
    assert.deepEqual([value, tooltip], [7, 'Unused or stale API keys: 7']);
    const waiting = await hold('prod-bot');
    await until('the badge to rise', () => stage.view.badge?.value === 8);
    assert.equal(stage.view.badge?.tooltip, 'Unused or stale API keys: 7, New API keys waiting: 1');
    await waiting.release(stage.sandbox.key('ada', 'prod-bot').id);
    await until('the badge to fall', () => stage.view.badge?.value === 7);
  });

  it('shows a new key that waits above the groups, until it is kept', async () => {
    const { id, prefix } = stage.sandbox.key('ada', 'prod-bot');
    const waiting = await hold('prod-bot');
    const [node] = await until('the row', async () => {
      const rows = await stage.groups();
      return rows.length === 3 ? rows : undefined;
    });
    if (node?.kind !== 'waiting') throw new Error(`The first row is ${String(node?.kind)}`);
    const item = await stage.item(node);
    assert.deepEqual(
      [labelOf(item), item.description, item.contextValue, item.command?.command, item.command?.arguments],
      ['A new key is waiting: prod-bot', prefix.replace('...', '…'), 'omi.waiting', 'omi.key.place', [node]],
    );
    await waiting.keep(id);
    await until('the row to go', async () => (await stage.groups()).length === 2);
    await waiting.release(id);
  });

  it('shows no waiting key of another account', async () => {
    const waiting = await hold('prod-bot');
    await until('the row', async () => (await stage.groups()).length === 3);
    await stage.signIn('grace');
    assert.deepEqual(
      (await stage.groups()).map(({ kind }) => kind),
      ['group', 'group'],
    );
    await waiting.release(stage.sandbox.keys('ada').find(({ name }) => name === 'prod-bot')?.id ?? '');
  });

  it('says what a key may do in plain words', async () => {
    const scopes = async (name: string): Promise<string | undefined> =>
      /Scopes: (.*)/.exec(textOf(await stage.tooltip(await stage.row(name))).replaceAll('&nbsp;', ' '))?.[1];
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
      assert.match((await stage.person.close()).text, /^No API key counts as unused/);
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

  it('draws the rows a few times while many keys are revoked, not once for each', async () => {
    for (let index = 0; index < 40; index += 1) stage.addKey('ada', { name: `many ${String(index)}` });
    await stage.refresh();
    await stage.row('many 39');
    const answer = latch();
    const { id } = stage.sandbox.key('ada', 'many 39');
    stage.sandbox.fault({ method: 'DELETE', path: `/v1/dev/keys/${id}`, effect: { hold: answer.opened } });
    let redraws = 0;
    const nodes = (await stage.nodes()).filter(
      (node) => node.kind === 'key' && node.target.key.name.startsWith('many'),
    );
    const listener = stage.onDidRedraw(() => {
      redraws += 1;
    });
    const command = stage.run('omi.key.revoke', nodes[0], nodes);
    await stage.person.answer('Revoke');
    await until('all but one', () => stage.view.message === 'Revoking 39 of 40 …');
    answer.open();
    assert.match((await stage.person.close()).text, /^Revoked 40 keys/);
    await command.done;
    listener.dispose();
    assert.deepEqual([stage.deletes().length, names().some((name) => name.startsWith('many'))], [40, false]);
    // The rows spin, the list is read before and after, and the rows come to rest.
    assert.ok(redraws > 0 && redraws <= 6, `${String(redraws)} redraws`);
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
    const ids = async (): Promise<(string | undefined)[]> => (await stage.items()).map(({ id }) => id);
    const before = await ids();
    await stage.refresh();
    assert.equal(new Set(before).size, 1997);
    assert.deepEqual(await ids(), before, 'the rows stay as they are when nothing has changed');
  });
});
