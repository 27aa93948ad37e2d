import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { KeysNode } from '../../src/editor/views/keysTree';
import { withoutGitExtension } from './support/editorSettings';
import { hidden } from './support/hidden';
import { hostWatch } from './support/hostWatch';
import { problems, problemSaying } from './support/leaks';
import { MemoryFiles } from './support/memoryFiles';
import type { ShownMessage } from './support/person';
import { forgetLeaks, Repository, strangeKey } from './support/repository';
import { discardEditors, labelOf, useStage } from './support/stage';
import { until } from './support/until';

const folderOf = (name: string): string =>
  vscode.workspace.workspaceFolders?.find((folder) => folder.name === name)?.uri.fsPath ?? '';
const cloud = (name: string): vscode.Uri => vscode.Uri.from({ scheme: 'memfs', path: `/cloud/${name}` });

describe('Write to .env, in a workspace of two folders and a virtual one', () => {
  const files = new MemoryFiles();
  const registered = vscode.workspace.registerFileSystemProvider('memfs', files);
  const stage = useStage();
  after(() => {
    registered.dispose();
  });
  withoutGitExtension();
  before(async () => {
    const uri = vscode.Uri.from({ scheme: 'memfs', path: '/cloud' });
    vscode.workspace.updateWorkspaceFolders(2, 0, { uri, name: 'cloud' });
    await until('the virtual folder', () => vscode.workspace.workspaceFolders?.length === 3);
  });
  beforeEach(() => stage.signIn());
  afterEach(async () => {
    await discardEditors();
    for (const name of ['one', 'two']) {
      for (const entry of await readdir(folderOf(name))) {
        await rm(join(folderOf(name), entry), { recursive: true, force: true });
      }
    }
    files.clear();
    await stage.reset();
  });

  /** Places a new key in a file of one of the folders; gives its secret and what is said then. */
  const writeInto = async (
    folder: string,
    name = '.env',
  ): Promise<{ raw: string; said: ShownMessage; done: Promise<unknown> }> => {
    const { pending, raw } = await stage.waitingKey('ada', { name: 'new-bot' });
    const { done } = stage.run('omi.key.place', { kind: 'waiting', pending });
    await stage.person.take('Write to .env');
    await stage.person.takeOf(name, folder);
    await stage.person.write('OMI_API_KEY');
    return { raw, done, said: await stage.person.nextMessage() };
  };
  const held = async (): Promise<string[]> => {
    const pending = await stage.pendingSecrets();
    pending.dispose();
    return pending.keys.map(({ key }) => key.name);
  };

  it('has the folders that this suite needs', () => {
    const folders = vscode.workspace.workspaceFolders?.map(({ name, uri }) => [name, uri.scheme]);
    assert.deepEqual(folders, [
      ['one', 'file'],
      ['two', 'file'],
      ['cloud', 'memfs'],
    ]);
  });

  it('writes into the folder that is chosen, and names it', async () => {
    const { raw, said, done } = await writeInto('two');
    said.press(undefined);
    await done;
    assert.match(said.text, /: two\/\.env \(OMI_API_KEY\)\.$/);
    assert.equal(
      hidden(await readFile(join(folderOf('two'), '.env'), 'utf8')),
      hidden(`OMI_API_KEY=${raw}\n`),
    );
    assert.deepEqual(await readdir(folderOf('one')), []);
  });

  it('asks the Git of that folder', async () => {
    execFileSync('git', ['init', '--quiet', '--initial-branch=main'], { cwd: folderOf('one') });
    const first = await writeInto('two');
    first.said.press(undefined);
    await first.done;
    assert.deepEqual(first.said.buttons, []);
    const second = await writeInto('one');
    second.said.press('Add to .gitignore');
    assert.equal((await stage.person.close()).text, 'Git ignores one/.env now.');
    await second.done;
    assert.equal(await readFile(join(folderOf('one'), '.gitignore'), 'utf8'), '/.env\n');
  });

  it('makes a file in a virtual folder, where Git is not asked', async () => {
    const { raw, said, done } = await writeInto('cloud');
    said.press(undefined);
    await done;
    assert.equal(hidden(files.text('.env') ?? ''), hidden(`OMI_API_KEY=${raw}\n`));
    assert.deepEqual([said.level, said.buttons], ['info', []]);
    assert.deepEqual(await held(), []);
  });

  it('changes a file in a virtual folder, undoable', async () => {
    files.put('.env.local', 'A=1\r\n');
    const { raw, said, done } = await writeInto('cloud', '.env.local');
    said.press(undefined);
    await done;
    assert.equal(hidden(files.text('.env.local') ?? ''), hidden(`A=1\r\nOMI_API_KEY=${raw}\r\n`));
    const { document } = await vscode.window.showTextDocument(cloud('.env.local'));
    await vscode.commands.executeCommand('undo');
    await until('the old text', () => document.getText() === 'A=1\r\n');
  });

  it('a save that is refused: the change is taken back, the secret waits on', async () => {
    files.put('.env.locked', 'A=1\n');
    files.refusesWrites = true;
    const { raw, said, done } = await writeInto('cloud', '.env.locked');
    said.press(undefined);
    await done;
    assert.equal(said.level, 'error');
    assert.match(
      said.text,
      /^cloud\/\.env\.locked could not be written\. VS Code could not save it\. The secret/,
    );
    assert.equal(files.text('.env.locked'), 'A=1\n');
    const document = await vscode.workspace.openTextDocument(cloud('.env.locked'));
    assert.ok(!document.getText().includes(raw));
    assert.deepEqual(await held(), ['new-bot']);
  });

  it('a file that cannot be made: says so, the secret waits on', async () => {
    files.refusesWrites = true;
    const { said, done } = await writeInto('cloud');
    said.press(undefined);
    await done;
    assert.match(said.text, /^cloud\/\.env could not be written\. VS Code could not save it\./);
    assert.equal(files.text('.env'), undefined);
    assert.deepEqual(await held(), ['new-bot']);
  });

  it('a read-only file is left alone', async () => {
    files.put('.env.fixed', 'A=1\n');
    files.isReadOnly = true;
    const { said, done } = await writeInto('cloud', '.env.fixed');
    said.press(undefined);
    await done;
    assert.match(said.text, /^cloud\/\.env\.fixed could not be written\. It is read-only\./);
    assert.equal(files.text('.env.fixed'), 'A=1\n');
    assert.deepEqual(await held(), ['new-bot']);
  });

  describe('a scan', () => {
    afterEach(async () => {
      for (const name of ['one', 'two']) new Repository(folderOf(name)).clear();
      files.clear();
      await forgetLeaks(stage);
    });
    const scan = async (command: string): Promise<ShownMessage> => {
      const { done } = stage.run(command);
      const said = await stage.person.close();
      await done;
      return said;
    };
    /** The places of keys that are in no account. */
    const places = async (count: number): Promise<string[]> => {
      const provider = hostWatch().keysView?.provider;
      const nodes = await until(`${String(count)} places`, async () => {
        const group = (await stage.groups()).find(({ kind }) => kind === 'strangers');
        const keys = group ? await provider?.getChildren(group) : [];
        const all: KeysNode[] = [];
        for (const key of keys ?? []) all.push(...((await provider?.getChildren(key)) ?? []));
        return all.length === count ? all : undefined;
      });
      return Promise.all(nodes.map(async (node) => labelOf(await stage.item(node))));
    };

    /** Acts while a folder is not in the workspace. */
    const without = async (name: string, act: () => Promise<void>): Promise<void> => {
      const all = vscode.workspace.workspaceFolders ?? [];
      const folder = all.find((one) => one.name === name) ?? assert.fail(name);
      assert.ok(vscode.workspace.updateWorkspaceFolders(folder.index, 1));
      try {
        await act();
      } finally {
        const { index, uri } = folder;
        vscode.workspace.updateWorkspaceFolders(index, 0, { uri, name });
        await until('the folder', () => vscode.workspace.workspaceFolders?.length === all.length);
      }
    };

    it('looks into all folders, the virtual one, too, and names the folder of each place', async () => {
      new Repository(folderOf('one')).put('bot.py', `key = "${strangeKey()}"\n`);
      new Repository(folderOf('two')).put('bot.py', `key = "${strangeKey()}"\n`);
      files.put('bot.py', `\nkey = "${strangeKey()}"\n`);
      files.put('fine.py', 'nothing');
      const said = await scan('omi.leak.scanWorkspace');
      assert.match(said.text, /^Found 3 API keys at 3 places; 4 files searched\./);
      assert.deepEqual((await places(3)).toSorted(), ['cloud/bot.py:2', 'one/bot.py:1', 'two/bot.py:1']);
    });

    it('names what cannot be read, and keeps what was found there before', async () => {
      files.put('bot.py', `key = "${strangeKey()}"\n`);
      await scan('omi.leak.scanWorkspace');
      await places(1);
      files.unreadable = 'bot.py';
      const said = await scan('omi.leak.scanWorkspace');
      assert.match(said.text, /Not looked into, since it could not be read: cloud\/bot\.py\./);
      assert.equal(said.level, 'warn');
      assert.deepEqual(await places(1), ['cloud/bot.py:1']);
    });

    it('of a folder that is removed nothing is kept but what is open', async () => {
      files.put('bot.py', `key = "${strangeKey()}"\n`);
      files.put('open.py', `key = "${strangeKey()}"\n`);
      const kept = new Repository(folderOf('one')).put('bot.py', `key = "${strangeKey()}"\n`);
      await vscode.window.showTextDocument(cloud('open.py'));
      await scan('omi.leak.scanWorkspace');
      await problems(cloud('bot.py'));
      await without('cloud', async () => {
        await problems(cloud('bot.py'), 0);
        await problems(cloud('open.py'));
        await problems(kept);
      });
    });

    it('of a folder that is removed no commit is kept, and they are read anew once it is back', async () => {
      const kept = new Repository(folderOf('one'));
      kept.init();
      kept.put('bot.py', `key = "${strangeKey()}"\n`);
      kept.commit();
      const removed = new Repository(folderOf('two'));
      removed.init();
      const told = removed.put('bot.py', `key = "${strangeKey()}"\n`);
      removed.put('old.py', `key = "${strangeKey()}"\n`);
      removed.commit();
      removed.put('old.py', 'import os\n');
      removed.commit();
      await scan('omi.leak.scanWorkspace');
      await problemSaying(told, /is in a commit/);
      await scan('omi.leak.scanHistory');
      await places(3);
      await without('two', async () => {
        assert.deepEqual(await places(1), ['one/bot.py:1']);
      });
      await scan('omi.leak.scanWorkspace');
      await problemSaying(told, /is in a commit/);
    });

    it('of a folder that is removed those commits are kept that another folder or an open text shares', async () => {
      const one = new Repository(folderOf('one'));
      one.init();
      one.put('old.py', `key = "${strangeKey()}"\n`);
      const shared = one.commit();
      one.put('old.py', 'import os\n');
      one.commit();
      const two = new Repository(folderOf('two'));
      one.git('worktree', 'add', '--quiet', '-b', 'side', '--force', two.folder);
      const nested = ['closed', 'open'].map((name) => {
        const uri = two.put(`${name}/bot.py`, `key = "${strangeKey()}"\n`);
        const repository = new Repository(join(two.folder, name));
        repository.init();
        repository.commit();
        return uri;
      });
      const open = nested[1] ?? assert.fail();
      await vscode.window.showTextDocument(open);
      await scan('omi.leak.scanWorkspace');
      for (const uri of nested) await problemSaying(uri, /is in a commit/);
      await scan('omi.leak.scanHistory');
      await places(3);
      await without('two', async () => {
        const left = await places(2);
        assert.ok(left.some((label) => label.startsWith(shared.slice(0, 7))));
        await problemSaying(open, /is in a commit/);
      });
    });

    it('searches the history of the folders on disk, each repository once', async () => {
      const one = new Repository(folderOf('one'));
      one.init();
      one.put('bot.py', `key = "${strangeKey()}"\n`);
      one.commit();
      const two = new Repository(folderOf('two'));
      one.git('worktree', 'add', '--quiet', '-b', 'side', '--force', two.folder);
      const said = await scan('omi.leak.scanHistory');
      assert.match(said.text, /^Found 1 API key; 1 commit searched\. omi_dev_/);
      assert.doesNotMatch(said.text, /In no Git repository/);
    });

    it('adds a guard to the repository that is chosen', async () => {
      const two = new Repository(folderOf('two'));
      two.init();
      two.put('.gitleaks.toml', '[[rules]]\nid = "omi-api-key"\n');
      two.put('.pre-commit-config.yaml', 'repos: []\n');
      const { done } = stage.run('omi.leak.addGuard');
      await stage.person.take('two');
      const said = await stage.person.close();
      await done;
      assert.match(
        said.text,
        /^\.gitleaks\.toml has a guard for Omi keys already\. \.pre-commit-config\.yaml was left/,
      );
    });
  });

  it('shows and logs no secret', () => {
    const { shown, logged, secrets } = hostWatch();
    const texts = [...shown, ...logged];
    assert.ok(texts.length > 50 && secrets.size > 10, 'nothing was watched');
    assert.ok(!texts.some((text) => [...secrets].some((secret) => text.includes(secret))));
  });
});
