import assert from 'node:assert/strict';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import * as vscode from 'vscode';
import { withoutGitExtension } from './support/editorSettings';
import { hostWatch, replace } from './support/hostWatch';
import { latch } from './support/latch';
import {
  clearWorkspace,
  fixesAt,
  folder,
  git,
  makeRepository,
  masked,
  newKey,
  openFile,
  pathOf,
  problems,
  problemSaying,
  problemsOf,
  put,
  uriOf,
} from './support/leaks';
import { configure, useStage } from './support/stage';
import { until } from './support/until';

const { Error: error, Warning: warning, Information: information } = vscode.DiagnosticSeverity;

describe('Keys in documents', () => {
  const stage = useStage();
  withoutGitExtension();
  afterEach(async () => {
    await clearWorkspace();
    await stage.reset();
  });

  /** Puts a text in the place of all that an editor has. */
  const retype = (editor: vscode.TextEditor, text: string): Thenable<boolean> =>
    editor.edit((edit) => edit.replace(new vscode.Range(0, 0, editor.document.lineCount, 0), text));

  /** Scans the workspace and closes what is said then. */
  const scan = async (): Promise<void> => {
    const { done } = stage.run('omi.leak.scanWorkspace');
    await stage.person.close();
    await done;
  };

  describe('what is looked into', () => {
    it('an opened file: one problem at the key, with masked text alone', async () => {
      const raw = newKey();
      const { document } = await openFile('open.ts', `// first\nconst key = '${raw}';\n`);
      const [problem] = await problems(document.uri);
      assert.deepEqual(
        [problem?.message, problem?.source, problem?.code, problem?.severity],
        [
          `Omi API key ${masked(raw)} is in this text. It is not known whether it still works.`,
          ...['Omi API Keys', 'outside', warning],
        ],
      );
      assert.ok(problem?.range.isEqual(new vscode.Range(1, 13, 1, 13 + raw.length)));
      assert.equal(stage.sandbox.requests.length, 0);
      assert.equal(stage.person.unseen, 0);
    });

    it('text that is typed and not saved, as it is now', async () => {
      const editor = await openFile('typed.txt', 'nothing yet\n');
      await retype(editor, `\n\nkey ${newKey()}\nand ${newKey('mcp')}\n`);
      const [first, second] = await problems(editor.document.uri, 2);
      assert.deepEqual([first?.range.start.line, second?.range.start.line], [2, 3]);
      await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '\n'));
      await until('the problem to move', () => problemsOf(editor.document.uri)[0]?.range.start.line === 3);
      await retype(editor, 'no key\n');
      await problems(editor.document.uri, 0);
    });

    it('a text only when nobody has typed for 300 milliseconds, not at each key', async () => {
      const editor = await openFile('quick.txt', `key ${newKey()}\n`);
      const { uri } = editor.document;
      await problems(uri);
      const drawnBefore = hostWatch().problemsDrawn.length;
      const start = performance.now();
      for (let count = 0; count < 20; count += 1) {
        await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '\n'));
      }
      await until('the problem to move', () => problemsOf(uri)[0]?.range.start.line === 20);
      // However slow the machine is: before each look the text has rested.
      const mostLooks = Math.floor((performance.now() - start) / 300);
      const drawn = hostWatch().problemsDrawn.slice(drawnBefore);
      // Each edit moves the key to a line of its own, which tells the looks apart.
      const linesSeen = new Set(
        drawn.flatMap(({ address, lines }) => (address === uri.toString() ? lines : [])),
      );
      linesSeen.delete(0);
      assert.ok(linesSeen.has(20));
      assert.ok(linesSeen.size <= mostLooks, `${String(linesSeen.size)} looks, ${String(mostLooks)} at most`);
    });

    it('an untitled text, until it is closed', async () => {
      const document = await vscode.workspace.openTextDocument({ content: `x ${newKey()} y` });
      await vscode.window.showTextDocument(document);
      await problems(document.uri);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      await problems(document.uri, 0);
    });

    it('the cells of a notebook', async () => {
      const raw = newKey();
      const cell = new vscode.NotebookCellData(
        vscode.NotebookCellKind.Code,
        `import omi\nkey = "${raw}"`,
        'python',
      );
      const notebook = await vscode.workspace.openNotebookDocument(
        'jupyter-notebook',
        new vscode.NotebookData([cell]),
      );
      await vscode.window.showNotebookDocument(notebook);
      const uri = notebook.cellAt(0).document.uri;
      const [problem] = await problems(uri);
      assert.equal(problem?.range.start.line, 1);
      const titles = (await fixesAt(uri, problem.range)).map(({ title }) => title);
      assert.ok(titles.includes('Replace with an Environment Reference'));
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      await problems(uri, 0);
    });

    it('a notebook that is closed: its file counts, and an opened one is told of once', async () => {
      const cell = { cell_type: 'code', source: [`key = '${newKey()}'`], metadata: {}, outputs: [] };
      const text = JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 });
      const uri = await put('notes.ipynb', text);
      // A notebook that is opened by an extension would stay open for a while after its editor.
      await vscode.commands.executeCommand('vscode.openWith', uri, 'jupyter-notebook');
      const cellUri = await until(
        'the cell',
        () => vscode.window.activeNotebookEditor?.notebook.cellAt(0).document.uri,
      );
      await problems(cellUri);
      assert.deepEqual(problemsOf(uri), []);
      await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
      await problems(uri);
      await problems(cellUri, 0);
    });

    for (const [name, encode] of [
      ['UTF-16, little end first', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
      ['UTF-16, big end first', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
      ['UTF-8 with a mark', (text: string) => Buffer.from(`\ufeff${text}`)],
    ] as const) {
      it(`${name}, open and closed again`, async () => {
        const { document } = await openFile('encoded.txt', encode(`é\r\nkey ${newKey()}\r\n`));
        const [problem] = await problems(document.uri);
        assert.deepEqual([problem?.range.start.line, problem?.range.start.character], [1, 4]);
        const editor = vscode.window.activeTextEditor;
        assert.ok(editor && (await retype(editor, 'gone')));
        await problems(document.uri, 0);
        await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
        await problems(document.uri);
      });
    }

    it('not a view that nobody can write, such as an earlier version', async () => {
      const provider = { provideTextDocumentContent: () => `old ${newKey()}` };
      const registered = vscode.workspace.registerTextDocumentContentProvider('earlier', provider);
      const old = await vscode.workspace.openTextDocument(vscode.Uri.parse('earlier:/bot.ts'));
      await vscode.window.showTextDocument(old);
      const { document } = await openFile('now.txt', `now ${newKey()}`);
      await problems(document.uri);
      assert.deepEqual(problemsOf(old.uri), []);
      registered.dispose();
    });

    it('not what is excluded, also once the setting has changed', async () => {
      const dependency = await openFile('node_modules/one/index.js', `'${newKey()}'`);
      const fixture = await openFile('fixtures/one.txt', newKey());
      await problems(fixture.document.uri);
      assert.deepEqual(problemsOf(dependency.document.uri), []);
      await configure('leaks.exclude', ['fixtures']);
      await problems(dependency.document.uri);
      await problems(fixture.document.uri, 0);
    });

    it('not lines that carry the mark, while they carry it', async () => {
      const [one, other] = [newKey(), newKey()];
      const editor = await openFile('marked.ts', `a('${one}'); // omi:ignore\nb('${other}');\n`);
      const [problem] = await problems(editor.document.uri);
      assert.equal(problem?.range.start.line, 1);
      await retype(editor, `a('${one}');\nb('${other}');\n`);
      await problems(editor.document.uri, 2);
    });

    it('texts above 1 MB are left out, and that is said where one is in use', async () => {
      const items: { text: string; isThere: boolean }[] = [];
      const restore = replace(vscode.languages, 'createLanguageStatusItem', () => {
        const item = { text: '', detail: '', isThere: true, dispose: () => (item.isThere = false) };
        items.push(item);
        return item;
      });
      const told = (): boolean =>
        items.some(({ text, isThere }) => isThere && text === 'Not looked into for Omi API keys');
      try {
        const large = await openFile('large.txt', `${newKey()}\n${'x'.repeat(1024 * 1024)}\n`);
        await until('to be told', told);
        assert.deepEqual(problemsOf(large.document.uri), []);
        const small = await openFile('small.txt', newKey());
        await problems(small.document.uri);
        assert.equal(told(), false);
        const again = await vscode.window.showTextDocument(large.document);
        await until('to be told again', told);
        await again.edit((edit) => edit.delete(new vscode.Range(1, 0, 2, 0)));
        await problems(large.document.uri);
        assert.equal(told(), false);
        assert.equal(stage.person.unseen, 0);
      } finally {
        restore();
      }
    });

    it('a text above 1 MB in which a scan has found a key: it stays known, and is followed when it is saved', async () => {
      const items: string[] = [];
      const restore = replace(vscode.languages, 'createLanguageStatusItem', () => {
        items.push('told');
        return { dispose: () => undefined };
      });
      try {
        const uri = await put('largeAndKnown.txt', `${newKey()}\n${'x'.repeat(1024 * 1024)}\n`);
        await scan();
        await problems(uri);
        const editor = await vscode.window.showTextDocument(uri);
        await until('to be told', () => items.length > 0);
        assert.equal(problemsOf(uri).length, 1);
        await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'one\ntwo\n'));
        await editor.document.save();
        await until('the problem to move', () => problemsOf(uri)[0]?.range.start.line === 2);
        await editor.edit((edit) => edit.delete(new vscode.Range(2, 0, 3, 0)));
        await editor.document.save();
        await problems(uri, 0);
      } finally {
        restore();
      }
    });

    it('a file above 2 MiB in which a scan has found a key: it is followed as far as scans read', async () => {
      const raw = newKey();
      const uri = await put('dump.sql', `${raw}\n${'x'.repeat(3 * 1024 * 1024)}\n`);
      const other = await put('other.txt', `${newKey()}\n`);
      await scan();
      await problems(uri);
      await writeFile(uri.fsPath, `\n\n${raw}\n${'x'.repeat(3 * 1024 * 1024)}\n`);
      await until('the problem to move', () => problemsOf(uri)[0]?.range.start.line === 2);
      await appendFile(uri.fsPath, 'x'.repeat(8 * 1024 * 1024));
      await writeFile(other.fsPath, 'no key\n');
      await problems(other, 0);
      assert.equal(problemsOf(uri).length, 1);
    });

    it('a large notebook in which a scan has found keys: what is not in its cells stays told at its file', async () => {
      const output = { output_type: 'stream', name: 'stdout', text: [newKey(), 'x'.repeat(3 * 1024 * 1024)] };
      const source = [`key = '${newKey()}'`];
      const cell = { cell_type: 'code', source, metadata: {}, outputs: [output], execution_count: 1 };
      const text = JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 });
      const uri = await put('large.ipynb', text);
      await scan();
      await problems(uri, 2);
      await vscode.commands.executeCommand('vscode.openWith', uri, 'jupyter-notebook');
      const cellUri = await until(
        'the cell',
        () => vscode.window.activeNotebookEditor?.notebook.cellAt(0).document.uri,
      );
      await problems(cellUri);
      await problems(uri, 1);
    });

    it('5,000 keys in one text: all are found, and an edit is followed', async () => {
      const text = Array.from({ length: 5000 }, () => newKey()).join('\n');
      const editor = await openFile('many.txt', text);
      await problems(editor.document.uri, 5000);
      await editor.edit((edit) => edit.delete(new vscode.Range(0, 0, 1, 0)));
      await problems(editor.document.uri, 4999);
      const last = new vscode.Range(4998, 3, 4998, 3);
      assert.ok((await fixesAt(editor.document.uri, last)).length > 0);
    });
  });

  describe('what becomes of a text', () => {
    it('closed without saving: what the file holds counts', async () => {
      const kept = newKey();
      const editor = await openFile('closed.txt', `${kept}\n`);
      await problems(editor.document.uri);
      await retype(editor, `${kept}\n${newKey()}\n`);
      await problems(editor.document.uri, 2);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      const [problem] = await problems(editor.document.uri);
      assert.ok(problem?.message.includes(masked(kept)));
    });

    it('closed while Git is still asked: its file is looked into', async () => {
      const disk = createRequire(__filename)('node:fs/promises') as typeof import('node:fs/promises');
      const real = disk.realpath.bind(disk);
      const gate = latch();
      let isAsked = false;
      const restore = replace(disk, 'realpath', async (path: string) => {
        isAsked ||= path === pathOf('slow');
        await gate.opened;
        return real(path);
      });
      try {
        const uri = await put('slow/closed.txt', newKey());
        // A text that is opened by an extension would stay open for a while after its editor.
        await vscode.commands.executeCommand('vscode.open', uri, { preview: false });
        await until('Git to be asked', () => isAsked);
        await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
        const address = uri.toString();
        await until('the text to be closed', () =>
          vscode.workspace.textDocuments.every((one) => one.uri.toString() !== address),
        );
        gate.open();
        await problems(uri);
      } finally {
        gate.open();
        restore();
      }
    });

    it('changed by others while it is closed', async () => {
      const { document } = await openFile('changed.txt', newKey());
      await problems(document.uri);
      await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
      await writeFile(pathOf('changed.txt'), 'no key\n');
      await problems(document.uri, 0);
      await writeFile(pathOf('changed.txt'), `${newKey()}\n`);
      await problems(document.uri);
    });

    it('deleted, or a folder around it', async () => {
      const { document } = await openFile('sub/deeper/gone.txt', newKey());
      await problems(document.uri);
      await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
      const edit = new vscode.WorkspaceEdit();
      edit.deleteFile(uriOf('sub'), { recursive: true });
      assert.ok(await vscode.workspace.applyEdit(edit));
      await problems(document.uri, 0);
    });

    it('deleted by others', async () => {
      const { document } = await openFile('removed.txt', newKey());
      await problems(document.uri);
      await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
      await rm(pathOf('removed.txt'));
      await problems(document.uri, 0);
    });

    it('moved, open or closed', async () => {
      const { document } = await openFile('place/open.txt', newKey());
      await problems(document.uri);
      const closed = await openFile('place/closed.txt', newKey());
      await problems(closed.document.uri);
      await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
      const edit = new vscode.WorkspaceEdit();
      edit.renameFile(uriOf('place'), uriOf('moved'));
      assert.ok(await vscode.workspace.applyEdit(edit));
      await problems(uriOf('moved/open.txt'));
      await problems(uriOf('moved/closed.txt'));
      await problems(uriOf('place/open.txt'), 0);
      await problems(uriOf('place/closed.txt'), 0);
    });

    it('watching is switched off and on again', async () => {
      const { document } = await openFile('off.txt', newKey());
      await problems(document.uri);
      await configure('leaks.watch', false);
      await problems(document.uri, 0);
      const other = await openFile('other.txt', newKey());
      await configure('leaks.watch', true);
      await problems(document.uri);
      await problems(other.document.uri);
    });

    describe('not watched, and found by a scan', () => {
      beforeEach(() => configure('leaks.watch', false));

      it('edited: what is gone is not told any more, and the rest where it is now', async () => {
        const [one, other] = [newKey(), newKey()];
        const editor = await openFile('edited.txt', `${one}\n${other}\n`);
        const { uri } = editor.document;
        const unknown = await openFile('unknown.txt', 'nothing yet\n');
        await scan();
        await problems(uri, 2);
        const again = await vscode.window.showTextDocument(uri);
        await retype(again, `\n\n${other}\n`);
        const [problem] = await problems(uri);
        assert.equal(problem?.range.start.line, 2);
        // What no scan has found is not looked into.
        const text = await vscode.window.showTextDocument(unknown.document);
        await retype(text, newKey());
        await retype(await vscode.window.showTextDocument(uri), 'no key\n');
        await problems(uri, 0);
        assert.deepEqual(problemsOf(unknown.document.uri), []);
      });

      it('replaced by a quick fix', async () => {
        const { document } = await openFile('bot.ts', `const key = '${newKey()}';\n`);
        await scan();
        const [problem] = await problems(document.uri);
        assert.ok(problem);
        const fixes = await fixesAt(document.uri, problem.range);
        const fix = fixes.find(({ title }) => title === 'Replace with an Environment Reference')?.command;
        const { done } = stage.run(fix?.command ?? '', ...((fix?.arguments ?? []) as unknown[]));
        await problems(document.uri, 0);
        await stage.person.close();
        await done;
      });

      it('moved, when the end at its old place is told before the move', async () => {
        const old = uriOf('place/closed.txt');
        await put('place/closed.txt', newKey());
        await scan();
        await problems(old);
        const elsewhere = await mkdtemp(join(tmpdir(), 'omi-elsewhere-'));
        const end = async (): Promise<void> => {
          await rename(pathOf('place'), join(elsewhere, 'place'));
          await problems(old, 0);
          await rename(join(elsewhere, 'place'), pathOf('place'));
        };
        const listener = vscode.workspace.onWillRenameFiles((event) => event.waitUntil(end()));
        const edit = new vscode.WorkspaceEdit();
        edit.renameFile(uriOf('place'), uriOf('moved'));
        assert.ok(await vscode.workspace.applyEdit(edit));
        listener.dispose();
        await rm(elsewhere, { recursive: true });
        await problems(uriOf('moved/closed.txt'));
      });

      it('changed by others, moved and closed without saving', async () => {
        const raw = newKey();
        const uri = await put('changed.txt', `${raw}\n`);
        await scan();
        await problems(uri);
        await writeFile(uri.fsPath, `\n${raw}\n`);
        await until('the problem to follow the file', () => problemsOf(uri)[0]?.range.start.line === 1);
        const moved = uriOf('moved.txt');
        const edit = new vscode.WorkspaceEdit();
        edit.renameFile(uri, moved);
        assert.ok(await vscode.workspace.applyEdit(edit));
        await problems(moved);
        await problems(uri, 0);
        const editor = await vscode.window.showTextDocument(moved);
        await editor.edit((change) => change.insert(new vscode.Position(0, 0), '\n'));
        await until('the problem to move', () => problemsOf(moved)[0]?.range.start.line === 2);
        await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
        await until('the problem to move back', () => problemsOf(moved)[0]?.range.start.line === 1);
      });
    });
  });

  describe('how far a key has got out', () => {
    /** What Git writes in a new repository, the machine may not tell of: a saved .gitignore is always heard of. */
    const signsOf = async (place: string): Promise<(line?: string) => Promise<void>> => {
      const editor = await openFile(`${place}/.gitignore`, '');
      return async (line = '#') => {
        await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), `${line}\n`));
        await editor.document.save();
      };
    };

    it('kept out by .gitignore: information; and so with the file that names it', async () => {
      await makeRepository('repo');
      const { document } = await openFile('repo/.env', `OMI_API_KEY=${newKey()}\n`);
      const loose = await problemSaying(document.uri, /is in a file that Git does not ignore\./);
      assert.deepEqual([loose.severity, loose.code], [warning, 'tracked']);
      const editor = await openFile('repo/.gitignore', '');
      await retype(editor, '.env\n');
      await editor.document.save();
      const ignored = await problemSaying(document.uri, /is in a file that Git ignores\./);
      assert.deepEqual([ignored.severity, ignored.code], [information, 'ignored']);
    });

    it('tracked, committed, pushed; also when the key is not in the file any more', async () => {
      await makeRepository('repo');
      const raw = newKey();
      const editor = await openFile('repo/bot.py', `key = "${raw}"\n`);
      const { document } = editor;
      await problemSaying(document.uri, /does not ignore/);
      /** Saves, as a person does between two commands in the terminal. */
      const save = async (): Promise<void> => {
        await editor.edit((edit) => edit.insert(new vscode.Position(document.lineCount - 1, 0), '# x\n'));
        await document.save();
      };
      git('repo', 'add', 'bot.py');
      await save();
      const tracked = await problemSaying(document.uri, /is in a file that Git tracks\./);
      assert.deepEqual([tracked.severity, tracked.code], [warning, 'tracked']);
      git('repo', 'commit', '--quiet', '-m', 'bot');
      await save();
      const committed = await problemSaying(document.uri, /is in a commit that is not pushed yet\./);
      assert.deepEqual([committed.severity, committed.code], [warning, 'committed']);
      git('repo', 'push', '--quiet', 'origin', 'main');
      await save();
      const published = await problemSaying(document.uri, /is in a pushed commit\./);
      assert.deepEqual([published.severity, published.code], [error, 'published']);
      // The same key elsewhere is as public.
      const { document: other } = await openFile('elsewhere.txt', raw);
      await problemSaying(other.uri, /is in a pushed commit\./);
    });

    it('pushed from many folders, a nested repository and one behind a link: each is read once', async () => {
      const place = await mkdtemp(join(tmpdir(), 'omi-'));
      const path = process.env['PATH'];
      try {
        const heard = join(place, 'heard');
        const own = join(place, 'own', 'git');
        await mkdir(dirname(own));
        const real = join(git('.', '--exec-path'), 'git');
        await writeFile(own, `#!/bin/sh\necho "$@" >> '${heard}'\nexec '${real}' "$@"\n`, { mode: 0o755 });
        const outside = relative(folder, join(await realpath(place), 'outside'));
        const raws = Array.from({ length: 122 }, () => newKey());
        const names = raws.map((raw, index) => `repo/${String(index)}/${index < 2 ? raw : 'bot'}.py`);
        names.splice(-2, 2, 'repo/nested/bot.py', `${outside}/sub/bot.py`);
        for (const [index, name] of names.entries()) await put(name, `key = "${raws[index] ?? ''}"\n`);
        for (const repository of ['repo/nested', 'repo', outside]) {
          await makeRepository(repository);
          git(repository, 'add', '.', ':!nested');
          git(repository, 'commit', '--quiet', '-m', 'bots');
          git(repository, 'push', '--quiet', 'origin', 'main');
        }
        await symlink(pathOf(`${outside}/sub`), pathOf('way'));
        process.env['PATH'] = [dirname(own), path].join(delimiter);
        await scan();
        await vscode.window.showTextDocument(uriOf('way/bot.py'));
        for (const name of [...names.slice(0, -1), 'way/bot.py'])
          await problemSaying(uriOf(name), /is in a pushed commit\./);
        const asked = await readFile(heard, 'utf8');
        assert.equal(asked.split('rev-list --all').length - 1, 3);
        assert.ok(!raws.some((raw) => asked.includes(raw)));
      } finally {
        process.env['PATH'] = path;
        await rm(place, { recursive: true, force: true });
      }
    });

    for (const isWatched of [true, false]) {
      it(`in a closed file that a scan has found, ${isWatched ? 'watched' : 'not watched'}: Git is asked anew`, async () => {
        await configure('leaks.watch', isWatched ? undefined : false);
        await makeRepository('repo');
        const uri = await put('repo/sub/bot.py', `key = "${newKey()}"\n`);
        await scan();
        await problemSaying(uri, /does not ignore/);
        const giveSign = await signsOf('repo');
        await giveSign('sub');
        await problemSaying(uri, /is in a file that Git ignores\./);
        git('repo', 'add', '--force', 'sub');
        await giveSign();
        await problemSaying(uri, /is in a file that Git tracks\./);
        git('repo', 'commit', '--quiet', '-m', 'bot');
        await giveSign();
        await problemSaying(uri, /is in a commit that is not pushed yet\./);
        git('repo', 'push', '--quiet', 'origin', 'main');
        await giveSign();
        await problemSaying(uri, /is in a pushed commit\./);
      });
    }

    it('in a commit that was undone, or pushed when no file has its key any more', async () => {
      await makeRepository('repo');
      git('repo', 'commit', '--quiet', '--allow-empty', '-m', 'first');
      const raw = newKey();
      const uri = await put('repo/sub/bot.py', `key = "${raw}"\n`);
      const elsewhere = await put('elsewhere.txt', raw);
      const giveSign = await signsOf('repo');
      const commit = async (): Promise<void> => {
        git('repo', 'add', 'sub');
        git('repo', 'commit', '--quiet', '-m', 'bot');
        await giveSign();
        await problemSaying(elsewhere, /is in a commit that is not pushed yet\./);
      };
      await scan();
      await commit();
      git('repo', 'reset', '--quiet', '--soft', 'HEAD~1');
      await giveSign();
      await problemSaying(uri, /is in a file that Git tracks\./);
      await problemSaying(elsewhere, /is in this text\./);
      await commit();
      git('repo', 'reset', '--quiet', '--hard', 'HEAD~1');
      await problems(uri, 0);
      await giveSign();
      await problemSaying(elsewhere, /is in this text\./);
      await put('repo/sub/bot.py', `key = "${raw}"\n`);
      await scan();
      await commit();
      git('repo', 'rm', '--quiet', 'sub/bot.py');
      git('repo', 'commit', '--quiet', '-m', 'no bot');
      await problems(uri, 0);
      git('repo', 'push', '--quiet', 'origin', 'main');
      await giveSign();
      await problemSaying(elsewhere, /is in a pushed commit\./);
    });

    it('in a linked work tree whose repository is in no open folder: Git’s files are followed', async () => {
      const place = await mkdtemp(join(tmpdir(), 'omi-'));
      try {
        const outside = relative(folder, join(await realpath(place), 'outside'));
        await makeRepository(outside);
        git(outside, 'commit', '--quiet', '--allow-empty', '-m', 'first');
        git(outside, 'worktree', 'add', '--quiet', '-b', 'side', pathOf('tree'));
        const { document } = await openFile('tree/bot.py', `key = "${newKey()}"\n`);
        await problemSaying(document.uri, /does not ignore/);
        git('tree', 'add', 'bot.py');
        await until('Git to be heard of', async () => {
          // What happens before a watch has begun is not told.
          git('tree', 'update-index', '--force-write-index');
          await new Promise((go) => setTimeout(go, 1500));
          return problemsOf(document.uri).some(({ message }) =>
            message.includes('in a file that Git tracks.'),
          );
        });
        git('tree', 'commit', '--quiet', '-m', 'bot');
        await problemSaying(document.uri, /is in a commit that is not pushed yet\./);
        git('tree', 'push', '--quiet', 'origin', 'side');
        await problemSaying(document.uri, /is in a pushed commit\./);
      } finally {
        await rm(place, { recursive: true, force: true });
      }
    });

    it('in Restricted Mode Git is not asked', async () => {
      await makeRepository('repo');
      const restore = replace(vscode.workspace, 'isTrusted', false);
      try {
        const { document } = await openFile('repo/bot.py', `key = "${newKey()}"\n`);
        const [problem] = await problems(document.uri);
        assert.equal(problem?.code, 'outside');
      } finally {
        restore();
      }
    });
  });

  describe('whose a key is', () => {
    it('listed: named, and it works; nobody signed in any more: unknown again', async () => {
      const raw = stage.sandbox.key('ada', 'prod-bot').raw ?? '';
      const { document } = await openFile('bot.ts', `const key = '${raw}';`);
      await problemSaying(document.uri, /not known whether/);
      await stage.signIn('ada');
      await problemSaying(document.uri, /\("prod-bot"\) .*\. It still works\.$/);
      const other = await stage.otherWindow();
      await other.signOut(stage.sandbox.accounts.ada.uid);
      await problemSaying(document.uri, /not known whether/);
    });

    it('alive, as Omi says, then revoked in the view: dead, and nobody else’s', async () => {
      const { raw } = stage.addKey('ada', { name: 'short-lived' });
      await stage.signIn('ada');
      const editor = await openFile('revoked.ts', `const key = '${raw}';`);
      const { document } = editor;
      await problemSaying(document.uri, /\("short-lived"\) .*\. It still works\.$/);
      editor.selection = new vscode.Selection(0, 20, 0, 20);
      const check = stage.run('omi.leak.check');
      await stage.person.close();
      await check.done;
      const revoke = stage.run('omi.key.revoke', await stage.row('short-lived'));
      await stage.person.answer('Revoke');
      await stage.person.close();
      await revoke.done;
      const dead = await problemSaying(document.uri, /is in this text\. It does not work any more\.$/);
      assert.equal(dead.severity, vscode.DiagnosticSeverity.Hint);
    });

    it('dead, as Omi says: a hint, faded out, and nothing to answer', async () => {
      const key = stage.addKey('grace', { name: 'gone' });
      stage.sandbox.deleteKey('grace', key.id);
      const { document } = await openFile('dead.ts', `const key = '${key.raw}';`);
      const [problem] = await problems(document.uri);
      assert.ok(problem);
      const find = (await fixesAt(document.uri, problem.range)).find(
        ({ command }) => command?.command === 'omi.leak.check',
      );
      const check = stage.run('omi.leak.check', ...((find?.command?.arguments ?? []) as unknown[]));
      const dead = await problemSaying(document.uri, /is in this text\. It does not work any more\.$/);
      await stage.person.close();
      await check.done;
      assert.deepEqual(
        [dead.severity, dead.tags],
        [vscode.DiagnosticSeverity.Hint, [vscode.DiagnosticTag.Unnecessary]],
      );
      const titles = (await fixesAt(document.uri, dead.range)).map(({ title }) => title);
      assert.deepEqual(titles, ['Replace with an Environment Reference', 'Ignore This Line']);
    });

    it('lists that nobody has read are read once, for finds alone, and in silence', async () => {
      await vscode.commands.executeCommand('workbench.view.explorer');
      await until('the view to be hidden', () => !stage.view.visible);
      const token = stage.sandbox.token('grace');
      hostWatch().secrets.add(token);
      await stage.keep('grace', { idToken: token, expiresAt: Date.now() + 3_000_000, renewal: undefined });
      const raw = stage.sandbox.key('grace', 'compiler').raw ?? '';
      const { document } = await openFile('bot.ts', `const key = '${raw}';`);
      await problemSaying(document.uri, /\("compiler"\) is in this text\. It still works\.$/);
      const paths = stage.sandbox.requests.map(({ rawPath }) => rawPath).toSorted();
      assert.deepEqual(paths, ['/v1/dev/keys', '/v1/mcp/keys']);
      assert.equal(stage.person.unseen, 0);
      await vscode.commands.executeCommand('omi.keys.focus');
    });

    it('listed in another account: named once its list is read, too', async () => {
      await stage.signIn('grace');
      await stage.signIn('ada');
      const { document } = await openFile('bot.ts', `'${stage.sandbox.key('grace', 'compiler').raw ?? ''}'`);
      await problemSaying(document.uri, /not known whether/);
      // Nothing of the account in use changes after the list of the other one has come.
      stage.sandbox.fault({ account: 'grace', times: Infinity, effect: { delayMs: 500 } });
      await scan();
      await problemSaying(document.uri, /\("compiler"\) .*It still works\.$/);
    });
  });

  it('a hover shows the facts, the other places, the commits, and links that hold no key', async () => {
    await makeRepository('repo');
    const raw = stage.sandbox.key('ada', 'prod-bot').raw ?? '';
    await stage.signIn('ada');
    await put('repo/other.txt', `\n\n${raw}\n`);
    await put('repo/bot.ts', `const key = '${raw}';\n`);
    git('repo', 'add', '.');
    git('repo', 'commit', '--quiet', '-m', 'bot');
    git('repo', 'push', '--quiet', 'origin', 'main');
    await vscode.window.showTextDocument(uriOf('repo/other.txt'));
    await problemSaying(uriOf('repo/other.txt'), /is in a pushed commit/);
    const { document } = await vscode.window.showTextDocument(uriOf('repo/bot.ts'));
    await problemSaying(document.uri, /is in a pushed commit\. It still works\.$/);
    const hover = async (): Promise<string> => {
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        new vscode.Position(0, 20),
      );
      return hovers
        .flatMap(({ contents }) => contents)
        .map((content) => (content instanceof vscode.MarkdownString ? content.value : ''))
        .join('\n');
    };
    const text = await until('the commits of both files', async () => {
      const shown = await hover();
      return shown.split('published').length > 2 ? shown : undefined;
    });
    hostWatch().shown.push(text, decodeURIComponent(text.replace(/%(?![0-9A-F]{2})/g, '')));
    const plain = text.replaceAll('&nbsp;', ' ').replaceAll('\\', '');
    const commit = git('repo', 'rev-parse', '--short=7', 'HEAD');
    for (const part of [
      '**prod-bot**',
      `Prefix: ${masked(raw)}`,
      'Last used: ',
      'Scopes: ',
      `${commit}, `,
      'repo/other.txt:3',
      'command:omi.leak.respond?',
      'command:omi.leak.check?',
    ]) {
      assert.ok(plain.includes(part), `${part} is in the hover`);
    }
    assert.ok(plain.includes('bot.ts, published on origin/main'));
    assert.equal(decodeURIComponent(text).includes(raw), false);
  });

  it('the context key follows the caret', async () => {
    const raw = newKey();
    const editor = await openFile('caret.txt', `before ${raw} after\nnext\n`);
    const isTold = (): boolean => stage.contextKey('omi.keyAtCaret') === true;
    const select = (line: number, from: number, to = from): void => {
      editor.selection = new vscode.Selection(line, from, line, to);
    };
    select(0, 10);
    await until('a key at the caret', isTold);
    select(0, 2);
    await until('no key at the caret', () => !isTold());
    select(0, 2, 9);
    await until('a key in the selection', isTold);
    select(1, 0);
    await until('no key at the caret', () => !isTold());
  });
});
