import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { holdsRawKey } from '../../src/omi/rawKey';
import type { KeysNode } from '../../src/editor/views/keysTree';
import { hostWatch } from './support/hostWatch';
import { forgetLeaks, masked, strangeKey, unnotedKey, useRepository } from './support/repository';
import { labelOf, useStage } from './support/stage';
import { until } from './support/until';

describe('Found keys in the view API Keys', () => {
  const stage = useStage();
  const repository = useRepository();
  beforeEach(() => stage.signIn());
  afterEach(async () => {
    await stage.run('omi.keys.clearFilter').done;
    await forgetLeaks(stage);
    await stage.reset();
  });

  const scan = async (): Promise<void> => {
    const { done } = stage.run('omi.leak.scanWorkspace');
    await stage.person.close();
    await done;
  };
  const rawOf = (name: string): string => stage.sandbox.key('ada', name).raw ?? '';
  const below = async (node: KeysNode | undefined): Promise<KeysNode[]> =>
    (node && (await hostWatch().keysView?.provider.getChildren(node))) ?? [];
  const strangers = (): Promise<KeysNode> =>
    until('the strangers', async () => (await stage.groups()).find(({ kind }) => kind === 'strangers'));
  /** Label, description and icon of rows. */
  const drawn = (nodes: readonly KeysNode[]): Promise<string[]> =>
    Promise.all(
      nodes.map(async (node) => {
        const item = await stage.item(node);
        const icon = item.iconPath instanceof vscode.ThemeIcon ? item.iconPath.id : '';
        return [labelOf(item), String(item.description ?? ''), icon].join(' | ');
      }),
    );

  it('stand under their key, the worst first, each with how far it has got out', async () => {
    repository.init();
    repository.put('.gitignore', '.env\n');
    repository.put('.env', `A=1\n\nOMI_API_KEY=${rawOf('prod-bot')}\n`);
    repository.put('bot.py', `key = "${rawOf('prod-bot')}"\n`);
    repository.put('main.ts', `const key = '${rawOf('prod-bot')}';\n`);
    repository.git('add', 'main.ts');
    await scan();
    const row = await stage.row('prod-bot');
    await until('the places', async () => (await below(row)).length === 3);
    assert.deepEqual(await drawn(await below(row)), [
      'main.ts:1 | in a file that Git tracks | source-control',
      'bot.py:1 | would be added by Git | source-control',
      '.env:3 | kept out by .gitignore | eye-closed',
    ]);
    const item = await stage.item(row);
    assert.equal(item.collapsibleState, vscode.TreeItemCollapsibleState.Collapsed);
    assert.match(String(item.description), /^omi_dev_.{4}….{4} · exposed · used 2 hours ago$/);
    assert.equal((item.iconPath as vscode.ThemeIcon).id, 'warning');
    assert.match(item.accessibilityInformation?.label ?? '', /, exposed, /);
    const other = await stage.item(await stage.row('never-used'));
    assert.equal(other.collapsibleState, vscode.TreeItemCollapsibleState.None);
  });

  it('are opened at the key by a click, and hand their place to commands', async () => {
    repository.put('.env', `A=1\n\nOMI_API_KEY=${rawOf('prod-bot')}\n`);
    await scan();
    const row = await stage.row('prod-bot');
    const [place] = await until('the place', async () => {
      const rows = await below(row);
      return rows.length === 1 ? rows : undefined;
    });
    assert.ok(place?.kind === 'place');
    const item = await stage.item(place);
    assert.deepEqual(
      [item.contextValue, item.accessibilityInformation?.label],
      ['omi.place', '.env:3, not seen by Git, Open'],
    );
    const given: readonly unknown[] = item.command?.arguments ?? [];
    await vscode.commands.executeCommand(item.command?.command ?? '', ...given);
    const editor = await until('the file', () => vscode.window.activeTextEditor);
    assert.ok(editor.document.getText(editor.selection) === rawOf('prod-bot'));
    assert.equal(place.found.find.line, 2);
    assert.equal(place.found.address, editor.document.uri.toString());
  });

  it('have an icon of their own state when they are kept out of Git', async () => {
    repository.init();
    repository.put('.gitignore', '.env\n');
    repository.put('.env', `OMI_API_KEY=${rawOf('prod-bot')}\n`);
    await scan();
    const row = await stage.row('prod-bot');
    await until('the place', async () => (await below(row)).length === 1);
    const item = await stage.item(row);
    assert.equal((item.iconPath as vscode.ThemeIcon).id, 'key');
    assert.doesNotMatch(String(item.description), /exposed/);
  });

  it('are strangers where no account has them, masked and with their places', async () => {
    repository.init();
    const raw = strangeKey();
    const other = strangeKey('mcp');
    repository.put('bot.py', `key = "${raw}"\nagain = "${raw}"\n`);
    repository.put('.gitignore', 'mcp.json\n');
    repository.put('mcp.json', `{"key": "${other}"}\n`);
    await scan();
    const group = await strangers();
    assert.deepEqual(await drawn([group]), ['Found in Workspace, Not in This Account | 2 | ']);
    const rows = await below(group);
    assert.deepEqual(await drawn(rows), [
      `${masked(raw)} | may be alive · would be added by Git | question`,
      `${masked(other)} | may be alive · kept out by .gitignore | question`,
    ]);
    assert.deepEqual(await drawn(await below(rows[0])), [
      'bot.py:1 | would be added by Git | source-control',
      'bot.py:2 | would be added by Git | source-control',
    ]);
    const [first] = rows;
    assert.ok(first?.kind === 'stranger' && first.found?.find.line === 0);
    assert.equal((await stage.item(first)).contextValue, 'omi.stranger');
  });

  it('are spoken of as one key where there is one, and as keys where there are more', async () => {
    const spokenAs = (count: string): Promise<unknown> =>
      until(`the group to be spoken of as ${count}`, async () => {
        const { accessibilityInformation } = await stage.item(await strangers());
        return accessibilityInformation?.label === `Found in Workspace, Not in This Account, ${count}`;
      });
    repository.put('one.py', `key = "${strangeKey()}"\n`);
    await scan();
    await spokenAs('1 key');
    repository.put('two.py', `key = "${strangeKey()}"\n`);
    await scan();
    await spokenAs('2 keys');
    const filter = stage.run('omi.keys.filter');
    await stage.person.type('two.py');
    await stage.person.enter();
    await filter.done;
    await spokenAs('1 of 2 keys');
  });

  it('keep the ids of their rows when lines above them change', async () => {
    repository.put('bot.py', `key = "${rawOf('prod-bot')}"\nstrange = "${strangeKey()}"\n`);
    const ids = async (): Promise<(string | undefined)[]> => {
      const group = await strangers();
      const rows = [...(await below(await stage.row('prod-bot'))), group];
      for (const stranger of await below(group)) rows.push(stranger, ...(await below(stranger)));
      return Promise.all(rows.map(async (row) => (await stage.item(row)).id));
    };
    await scan();
    const before = await ids();
    const text = await vscode.workspace.fs.readFile(vscode.Uri.file(`${repository.folder}/bot.py`));
    repository.put('bot.py', `\n\n${Buffer.from(text).toString()}`);
    await scan();
    const [place] = await below(await stage.row('prod-bot'));
    assert.ok(place?.kind === 'place');
    await until('the place to move', async () => {
      const [moved] = await below(await stage.row('prod-bot'));
      return moved?.kind === 'place' && moved.found.find.line === 2;
    });
    assert.deepEqual(await ids(), before);
    assert.equal(new Set(before).size, 4);
  });

  it('are let through by the filter by their files, and as exposed', async () => {
    repository.init();
    repository.put('bot.py', `key = "${rawOf('prod-bot')}"\n`);
    repository.put('strange.py', `key = "${strangeKey()}"\n`);
    await scan();
    await strangers();
    const filterBy = async (text: string): Promise<void> => {
      const command = stage.run('omi.keys.filter');
      await stage.person.type(text);
      await stage.person.enter();
      await command.done;
    };
    await filterBy('exposed');
    await until('one row', async () => (await stage.rows()).join() === 'prod-bot');
    assert.ok((await stage.groups()).every(({ kind }) => kind !== 'strangers'));
    await filterBy('strange.py');
    await until('no row', async () => (await stage.rows()).length === 0);
    assert.deepEqual(await drawn([await strangers()]), ['Found in Workspace, Not in This Account | 1 | ']);
    await filterBy('bot.py');
    await until('the key again', async () => (await stage.rows()).join() === 'prod-bot');
  });

  it('are counted by the badge while they are exposed', async () => {
    const before = await until('a badge', () => stage.view.badge?.value);
    repository.init();
    repository.put('bot.py', `key = "${rawOf('prod-bot')}"\n`);
    await scan();
    await until('the badge to rise', () => stage.view.badge?.value === before + 1);
    assert.match(stage.view.badge?.tooltip ?? '', /^Exposed API keys: 1, /);
    repository.put('.gitignore', 'bot.py\n');
    await scan();
    await until('the badge to fall', () => stage.view.badge?.value === before);
  });

  it('have a mark in the status bar only while one that works is in a commit', async () => {
    const [mark] = hostWatch().statusBar;
    assert.ok(mark);
    repository.init();
    repository.put('bot.py', `key = "${rawOf('prod-bot')}"\n`);
    await scan();
    await until('the row', async () => (await below(await stage.row('prod-bot'))).length === 1);
    assert.ok(!mark.isShown);
    repository.commit();
    const history = stage.run('omi.leak.scanHistory');
    await stage.person.close();
    await history.done;
    await until('the mark', () => mark.isShown);
    const { text, command, accessibilityInformation, backgroundColor } = mark.item;
    assert.equal(text, '$(warning) Omi: 1 exposed key');
    assert.match(accessibilityInformation?.label ?? '', /^Omi: 1 exposed key, omi_dev_/);
    assert.ok(backgroundColor);
    assert.ok(typeof command === 'object' && command.command === 'omi.leak.respond');
    assert.ok(!JSON.stringify(command.arguments).includes(rawOf('prod-bot')));
    const { id } = stage.sandbox.key('ada', 'prod-bot');
    stage.sandbox.deleteKey('ada', id);
    await stage.refresh();
    await until('the mark to go', () => !mark.isShown);
  });

  it('leave the welcome text its place while nobody is signed in', async () => {
    repository.put('bot.py', `key = "${strangeKey()}"\n`);
    await scan();
    await strangers();
    const command = stage.run('omi.signOut');
    const question = await stage.person.nextMessage();
    question.press(question.buttons[0]);
    await until('to be signed out', () => stage.contextKey('omi.session') === 'signedOut');
    await until('no rows', async () => (await stage.groups()).length === 0);
    stage.person.forget();
    await command.done;
  });

  it('stay fluid with 5,000 strangers, and with one key at 5,000 places', async () => {
    const keys = Array.from({ length: 5000 }, () => unnotedKey());
    repository.put('many.txt', keys.join('\n'));
    repository.put('one.txt', `${rawOf('prod-bot')}\n`.repeat(5000));
    let redraws = 0;
    const listener = stage.onDidRedraw(() => {
      redraws += 1;
    });
    await scan();
    const group = await until('all', async () => {
      const rows = await stage.groups();
      return rows.find((row) => row.kind === 'strangers' && row.leaks.length === 5000);
    });
    const places = await below(await stage.row('prod-bot'));
    assert.equal(places.length, 201);
    assert.equal((await drawn(places)).at(-1), '4800 more places |  | ellipsis');
    const items = await Promise.all((await below(group)).map((row) => stage.item(row)));
    listener.dispose();
    assert.equal(new Set(items.map(({ id }) => id)).size, 5000);
    // What was found is drawn, and then the lists that say whose it is; never one redraw for a key or a place.
    assert.ok(redraws > 0 && redraws <= 6, `${String(redraws)} redraws`);
    const { shown, logged } = hostWatch();
    assert.ok(![...shown, ...logged].some((text) => holdsRawKey(text)));
  });

  it('show and log no key', () => {
    const { shown, logged, secrets } = hostWatch();
    const all = [...shown, ...logged].join('\n');
    assert.ok(all.length > 1000 && secrets.size > 10, 'nothing was watched');
    assert.ok(![...secrets].some((secret) => all.includes(secret)));
  });
});
