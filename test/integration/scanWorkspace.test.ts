import assert from 'node:assert/strict';
import workerThreads, { Worker } from 'node:worker_threads';
import * as vscode from 'vscode';
import { hostWatch, replace } from './support/hostWatch';
import type { ShownMessage } from './support/person';
import { problems, problemSaying } from './support/leaks';
import { cancelling, forgetLeaks, strangeKey, useRepository, withoutGit } from './support/repository';
import { configure, useStage } from './support/stage';
import { until } from './support/until';

describe('Scan Workspace for API Keys', () => {
  const stage = useStage();
  const repository = useRepository();
  afterEach(async () => {
    await forgetLeaks(stage);
    await stage.reset();
  });

  /** Runs the command, looks at what it says and presses a button, or closes it. */
  const scan = async (button?: string): Promise<ShownMessage> => {
    const { done } = stage.run('omi.leak.scanWorkspace');
    const said = await stage.person.nextMessage();
    said.press(button);
    await done;
    return said;
  };
  const rawOf = (name: string): string => stage.sandbox.key('ada', name).raw ?? '';

  it('says that nothing was found, and in how many files', async () => {
    repository.put('a.txt', 'nothing here');
    repository.put('b.txt', 'nor here');
    const said = await scan();
    assert.deepEqual([said.level, said.text, said.buttons], ['info', 'No API key was found in 2 files.', []]);
    assert.deepEqual(stage.sandbox.requestLines, []);
  });

  it('sums up: the worst first, and what is not in this account', async () => {
    await stage.signIn();
    repository.init();
    repository.put('.gitignore', '.env\n');
    repository.put('.env', `OMI_API_KEY=${rawOf('prod-bot')}\n`);
    repository.put('bot.py', `key = "${rawOf('prod-bot')}"\nother = "${strangeKey()}"\n`);
    repository.git('add', 'bot.py');
    const said = await scan();
    assert.equal(
      said.text,
      'Found 2 API keys at 3 places; 3 files searched. 1 live key is in a file that Git tracks or would add. ' +
        '1 is not in this account.',
    );
    assert.deepEqual([said.level, said.buttons], ['warn', ['Show', 'Respond']]);
  });

  it('is calm about a key that is kept out of Git', async () => {
    await stage.signIn();
    repository.init();
    repository.put('.gitignore', '.env\n');
    repository.put('.env', `OMI_API_KEY=${rawOf('prod-bot')}\n`);
    const said = await scan();
    assert.match(said.text, /1 live key is in a file that is kept out by \.gitignore\.$/);
    assert.deepEqual([said.level, said.buttons], ['info', ['Show']]);
  });

  it('counts documents as they are on the screen', async () => {
    const uri = repository.put('bot.py', 'key = ""\n');
    const saved = repository.put('old.py', `key = "${strangeKey()}"\n`);
    const editor = await vscode.window.showTextDocument(uri, { preview: false });
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 7), strangeKey()));
    const other = await vscode.window.showTextDocument(saved, { preview: false });
    await other.edit((edit) => edit.delete(new vscode.Range(0, 0, 1, 0)));
    assert.match((await scan()).text, /^Found 1 API key at 1 place; 2 files searched\./);
  });

  it('passes over lines with the mark, and what the setting leaves out', async () => {
    repository.put('bot.py', `key = "${strangeKey()}"  # omi:ignore\n`);
    repository.put('node_modules/one/index.js', `const key = "${strangeKey()}";\n`);
    repository.put('seen.py', `key = "${strangeKey()}"\n`);
    assert.match((await scan()).text, /^Found 1 API key at 1 place; 2 files searched\./);
  });

  it('asks nothing of Omi while nobody is signed in, and says what is not known then', async () => {
    repository.put('bot.py', `key = "${strangeKey()}"\n`);
    const said = await scan('Show');
    assert.match(said.text, /it is not known whether it is alive\. Nobody is signed in, so whose they are/);
    assert.deepEqual(stage.sandbox.requestLines, []);
    assert.ok(hostWatch().commandsRun.includes('workbench.actions.view.problems'));
    assert.deepEqual(await stage.groups(), [], 'the welcome text with Sign In would be gone');
  });

  it('says so when the lists cannot be read, and calls no key a stranger then', async () => {
    await stage.signIn();
    repository.put('bot.py', `key = "${strangeKey()}"\n`);
    stage.sandbox.fault({ method: 'GET', times: Infinity, effect: { status: 403 } });
    const said = await scan();
    assert.match(
      said.text,
      /Not all lists of API keys could be read, so whose they are is not sure\. Omi does not/,
    );
    assert.doesNotMatch(said.text, /not in this account/);
  });

  it('knows the keys of another signed-in account, too', async () => {
    await stage.signIn('grace');
    await stage.signIn('ada');
    repository.put('bot.py', `key = "${stage.sandbox.key('grace', 'compiler').raw ?? ''}"\n`);
    const said = await scan();
    assert.match(said.text, /1 live key is in a file that Git does not see\. 1 is not in this account\.$/);
    await until('whose it is', async () => {
      const group = (await stage.groups()).find(({ kind }) => kind === 'strangers');
      const [row] = (await hostWatch().keysView?.provider.getChildren(group)) ?? [];
      const item = row && (await stage.item(row));
      return String(item?.description).startsWith('alive, in the account grace@example.com · ');
    });
  });

  it('hands the worst key to Respond', async () => {
    repository.put('bot.py', `key = "${strangeKey()}"\n`);
    const { done } = stage.run('omi.leak.scanWorkspace');
    (await stage.person.nextMessage()).press('Respond');
    const answer = await stage.person.close();
    await done;
    assert.match(answer.text, /^Already dead: omi_dev_.{4}….{4}\./);
  });

  it('shows where the worst key is', async () => {
    await stage.signIn();
    repository.put('bot.py', `key = "${rawOf('prod-bot')}"\n`);
    await vscode.commands.executeCommand('workbench.view.explorer');
    await until('the view to be hidden', () => !stage.view.visible);
    await scan('Show');
    await until('the row to be selected', () => {
      const [row] = stage.view.selection;
      return row?.kind === 'key' && row.target.key.name === 'prod-bot';
    });
    assert.ok(stage.view.visible);
  });

  for (const isWatched of [true, false]) {
    it(`learns in the background what is published, documents ${isWatched ? 'watched' : 'not watched'}`, async () => {
      await configure('leaks.watch', isWatched ? undefined : false);
      await stage.signIn();
      const [mark] = hostWatch().statusBar;
      repository.init();
      const one = repository.put('bot.py', `key = "${rawOf('prod-bot')}"\n`);
      const other = repository.put('sub/deeper/bot.py', `key = "${strangeKey()}"\n`);
      repository.commit();
      repository.push();
      assert.ok(mark && !mark.isShown);
      await scan();
      await problemSaying(one, /is in a pushed commit\. It still works\.$/);
      await problemSaying(other, /is in a pushed commit\./);
      await until('the mark', () => mark.isShown);
    });
  }

  it('tells a key in a cell of an open notebook once, at the cell', async () => {
    await stage.signIn();
    const cell = { cell_type: 'code', source: [`key = '${strangeKey()}'`], metadata: {}, outputs: [] };
    const text = JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 });
    const uri = repository.put('notes.ipynb', text);
    await vscode.commands.executeCommand('vscode.openWith', uri, 'jupyter-notebook');
    const cellUri = await until(
      'the cell',
      () => vscode.window.activeNotebookEditor?.notebook.cellAt(0).document.uri,
    );
    await problems(cellUri);
    assert.match((await scan()).text, /^Found 1 API key at 1 place; 1 file searched\./);
    const group = await until('the strangers', async () =>
      (await stage.groups()).find(({ kind }) => kind === 'strangers'),
    );
    assert.ok(group.kind === 'strangers');
    assert.deepEqual(
      group.leaks.map(({ places }) => places.map(({ address }) => address)),
      [[cellUri.toString()]],
    );
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    await problems(uri);
    await problems(cellUri, 0);
  });

  it('without Git, looks by itself and says what is not known then', async () => {
    repository.init();
    repository.put('bot.py', `key = "${strangeKey()}"\n`);
    const said = await withoutGit(() => scan());
    assert.match(said.text, /^Found 1 API key at 1 place; 1 file searched\./);
    assert.match(said.text, /Git was not found, so it is not known whether it would publish these files\.$/);
  });

  it('names a repository that Git cannot work with', async () => {
    repository.init();
    repository.put('.git/config', 'no [configuration\n');
    repository.put('bot.py', `key = "${strangeKey()}"\n`);
    const said = await scan();
    assert.match(said.text, /^Found 1 API key/);
    assert.match(said.text, /Git failed, so it is not known whether it would publish what is in /);
    assert.equal(said.level, 'warn');
  });

  it('reads in threads of its own where Git does not search, which end with the scan', async () => {
    for (const name of ['a.txt', 'one/b.txt', 'two/c.txt']) repository.put(name, 'nothing');
    repository.put('three/bot.py', `key = "${strangeKey()}"\n`);
    const started: Worker[] = [];
    const left: string[] = [];
    class WatchedWorker extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        started.push(this);
        this.on('message', (answer: { readonly left: readonly string[] }) => left.push(...answer.left));
      }
    }
    const restore = replace(workerThreads, 'Worker', WatchedWorker);
    const said = await scan();
    restore();
    assert.match(said.text, /^Found 1 API key at 1 place; 4 files searched\./);
    assert.deepEqual(left, ['three/bot.py']);
    // A thread that has ended has no number any more.
    await until('the threads to end', () => started.every(({ threadId }) => threadId === -1));
  });

  it('finds a key in a binary file; Respond reads it there, and it is forgotten when it has gone', async () => {
    await stage.signIn();
    const raw = rawOf('prod-bot');
    const uri = repository.put('bot.bin', `\0\x01\x02${raw}\0`);
    const { done } = stage.run('omi.leak.scanWorkspace');
    const said = await stage.person.nextMessage();
    assert.match(said.text, /^Found 1 API key at 1 place; 1 file searched\./);
    said.press('Respond');
    assert.match((await stage.person.answer(undefined)).detail ?? '', /In bot\.bin:1\./);
    await done;
    await problemSaying(uri, /prod-bot/);
    repository.put('bot.bin', '\0\x01\x02');
    await problems(uri, 0);
  });

  it('names a file with a key in a part that an editor does not show', async () => {
    const wide = Buffer.from('\uFEFFA=1\r\n', 'utf16le');
    repository.put('mixed.env', Buffer.concat([wide, Buffer.from(`KEY=${strangeKey()}\r\n`)]));
    repository.put('told.env', Buffer.concat([wide, Buffer.from(`KEY=${strangeKey()} # omi:ignore\r\n`)]));
    const said = await scan();
    assert.deepEqual(
      [said.level, said.text],
      [
        'warn',
        'No API key was found in 2 files. An API key is in a part of mixed.env whose encoding is not that of the rest: an editor does not show it.',
      ],
    );
  });

  it('names what is too large to be looked into', async () => {
    repository.put('dump.sql', 'x'.repeat(11 * 1024 * 1024));
    const said = await scan();
    assert.deepEqual(
      [said.level, said.text],
      ['warn', 'No API key was found in 0 files. Not looked into, since it is too large: dump.sql.'],
    );
  });

  it('can be cancelled, and keeps and tells what was found until then', async () => {
    const known = repository.put('zz.py', `key = "${strangeKey()}"\n`);
    await scan();
    for (let index = 0; index < 1200; index += 1) repository.put(`many/${String(index)}.txt`, 'nothing');
    const restore = cancelling('atProgress');
    const said = await scan();
    restore();
    const looked = /^Cancelled\. Found so far: 1 API key at 1 place; ([\d,]+) files searched\./.exec(
      said.text,
    )?.[1];
    assert.ok(looked !== undefined && Number(looked.replace(',', '')) < 1201, said.text);
    assert.equal(said.level, 'warn');
    await vscode.workspace.fs.delete(known);
  });

  it('forgets files that are deleted, and keys that are gone', async () => {
    await stage.signIn();
    const uri = repository.put('sub/bot.py', `key = "${strangeKey()}"\n`);
    repository.put('other.py', `key = "${strangeKey()}"\n`);
    await scan();
    const strangers = async (): Promise<number> => {
      const group = (await stage.groups()).find(({ kind }) => kind === 'strangers');
      return group?.kind === 'strangers' ? group.leaks.length : 0;
    };
    await until('both', async () => (await strangers()) === 2);
    await vscode.workspace.fs.delete(vscode.Uri.joinPath(uri, '..'), { recursive: true });
    await until('one to be forgotten', async () => (await strangers()) === 1);
    repository.put('other.py', 'key = ""\n');
    assert.match((await scan()).text, /^No API key was found/);
    await until('no group', async () => (await strangers()) === 0);
  });

  it('forgets a file that was made, found and deleted in one breath', async () => {
    await stage.signIn();
    repository.put('short/lived.py', `key = "${strangeKey()}"\n`);
    await scan();
    repository.clear();
    await until('no group', async () => (await stage.groups()).every(({ kind }) => kind !== 'strangers'));
  });

  it('says so when no folder is open', async () => {
    const restore = replace(vscode.workspace, 'workspaceFolders', undefined);
    const said = await scan();
    restore();
    assert.equal(said.text, 'No folder is open, so there is nothing to scan.');
  });

  it('shows and logs no key', () => {
    const { shown, logged, secrets } = hostWatch();
    const texts = [...shown, ...logged];
    assert.ok(texts.length > 50 && secrets.size > 10, 'nothing was watched');
    assert.ok(!texts.some((text) => [...secrets].some((secret) => text.includes(secret))));
  });
});
