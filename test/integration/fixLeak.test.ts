import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { withoutGitExtension } from './support/editorSettings';
import { hostWatch } from './support/hostWatch';
import {
  clearWorkspace,
  fixesAt,
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
} from './support/leaks';
import type { ShownMessage } from './support/person';
import { withoutGit } from './support/repository';
import { useStage } from './support/stage';
import { until } from './support/until';

const respond = 'Respond to Leaked API Key';
const reference = 'Replace with an Environment Reference';
const ignoreFile = 'Add File to .gitignore';
const check = 'Check Whether It Is Alive';
const ignoreLine = 'Ignore This Line';

describe('Fixing a leak', () => {
  const stage = useStage();
  withoutGitExtension();
  afterEach(async () => {
    await clearWorkspace();
    await stage.reset();
  });

  const text = (name: string): Promise<string> => readFile(pathOf(name), 'utf8');
  const titles = async (uri: vscode.Uri, range: vscode.Range): Promise<string[]> =>
    (await fixesAt(uri, range)).map(({ title }) => title);

  /** The quick fix of a title on the first problem of a text. */
  const fixOf = async (uri: vscode.Uri, title: string): Promise<vscode.Command> => {
    const found = await until(`the quick fix ${title}`, async () => {
      const [problem] = problemsOf(uri);
      const fixes = problem ? await fixesAt(uri, problem.range) : [];
      return fixes.find((one) => one.title === title)?.command;
    });
    return found;
  };
  const take = ({ command, arguments: args = [] }: vscode.Command): Promise<unknown> =>
    stage.run(command, ...(args as unknown[])).done;

  /** Takes a quick fix and closes what is said then. */
  const fix = async (uri: vscode.Uri, title: string): Promise<ShownMessage> => {
    const done = take(await fixOf(uri, title));
    const said = await stage.person.close();
    await done;
    return said;
  };
  /** Puts the caret there and runs a command of the palette. */
  const atCaret = async (editor: vscode.TextEditor, at: number, command: string): Promise<ShownMessage> => {
    const place = editor.document.positionAt(at);
    editor.selection = new vscode.Selection(place, place);
    const { done } = stage.run(command);
    const said = await stage.person.close();
    await done;
    return said;
  };

  describe('what is offered', () => {
    it('outside of Git: no .gitignore; the answer is the preferred fix', async () => {
      const { document } = await openFile('bot.ts', `const key = '${newKey()}';\n`);
      const [problem] = await problems(document.uri);
      assert.ok(problem);
      const fixes = await fixesAt(document.uri, problem.range);
      assert.deepEqual(
        fixes.map(({ title, isPreferred }) => [title, isPreferred === true]),
        [
          [respond, true],
          [reference, false],
          [check, false],
          [ignoreLine, false],
        ],
      );
      const handed = JSON.stringify(fixes.map(({ command }) => command));
      assert.equal(/omi_dev_[0-9a-f]{32}/.test(handed), false);
      assert.deepEqual(await titles(document.uri, new vscode.Range(1, 0, 1, 0)), []);
    });

    it('where no reference is known there is none; where Git ignores the file nothing is urgent', async () => {
      await makeRepository('repo');
      await put('repo/.gitignore', '.env\n');
      const env = await openFile('repo/.env', `OMI_API_KEY=${newKey()}\n`);
      const ignored = await problemSaying(env.document.uri, /Git ignores/);
      assert.deepEqual(await titles(env.document.uri, ignored.range), [respond, check, ignoreLine]);
      assert.ok((await fixesAt(env.document.uri, ignored.range)).every((one) => one.isPreferred !== true));
      const notes = await openFile('repo/notes.txt', newKey());
      const loose = await problemSaying(notes.document.uri, /does not ignore/);
      const offered = await titles(notes.document.uri, loose.range);
      assert.deepEqual(offered, [respond, ignoreFile, check, ignoreLine]);
      git('repo', 'add', 'notes.txt');
      await notes.edit((edit) => edit.insert(new vscode.Position(0, 0), '\n'));
      await notes.document.save();
      const tracked = await problemSaying(notes.document.uri, /Git tracks/);
      assert.ok(!(await titles(notes.document.uri, tracked.range)).includes(ignoreFile));
    });

    it('no reference in a text that is no UTF-8: saved, it would lose characters', async () => {
      const latin = Buffer.from(`// caf\xe9\nuse('${newKey()}');\n`, 'latin1');
      const { document } = await openFile('latin.js', latin);
      const [problem] = await problems(document.uri);
      assert.ok(problem);
      assert.deepEqual(await titles(document.uri, problem.range), [respond, check, ignoreLine]);
    });

    it('not for a key that has changed since', async () => {
      const editor = await openFile('bot.ts', `const key = '${newKey()}';\n`);
      const [problem] = await problems(editor.document.uri);
      assert.ok(problem);
      await editor.edit((edit) => edit.replace(problem.range, 'x'.repeat(40)));
      assert.deepEqual(await titles(editor.document.uri, problem.range), []);
    });
  });

  describe('Replace with an Environment Reference', () => {
    const languages = [
      { name: 'bot.ts', before: "const key = '$';\n", after: 'const key = process.env.OMI_API_KEY;\n' },
      {
        name: 'bot.py',
        before: 'key = "$"\n',
        after: 'import os\nkey = os.environ["OMI_API_KEY"]\n',
      },
      {
        name: 'run.sh',
        before: 'curl -H "Authorization: Bearer $" https://api.omi.me\n',
        after: 'curl -H "Authorization: Bearer ${OMI_API_KEY}" https://api.omi.me\n',
      },
      {
        name: '.vscode/mcp.json',
        family: 'mcp',
        before:
          '{\n  "servers": {\n    "omi": { "url": "https://api.omi.me/v1/mcp/sse", "headers": { "Authorization": "Bearer $" } }\n  }\n}\n',
        after: /"Authorization": "Bearer \$\{input:omi-mcp-api-key\}"/,
      },
      {
        name: 'compose.yaml',
        before: 'services:\n  bot:\n    image: bot\n    environment:\n      OMI_API_KEY: $\n',
        after: /OMI_API_KEY: .*\$\{OMI_API_KEY/,
      },
    ] as const;
    for (const { name, before, after, ...more } of languages) {
      it(`${name}: the value goes to .env, one Undo brings the text back`, async () => {
        const family = 'family' in more ? more.family : 'dev';
        const raw = newKey(family);
        const original = before.replaceAll('$', raw);
        const { document } = await openFile(name, original);
        const said = await fix(document.uri, reference);
        assert.equal(said.level, 'info', said.text);
        const now = document.getText();
        assert.equal(now.includes(raw), false, 'the key is gone from the text');
        if (after instanceof RegExp) assert.match(now, after);
        else assert.equal(now.replaceAll('\n\n', '\n'), after);
        const variable = family === 'dev' ? 'OMI_API_KEY' : 'OMI_MCP_API_KEY';
        assert.ok((await text('.env')) === `${variable}=${raw}\n`, 'the value is in .env');
        assert.ok(said.text.includes(`The key is in .env (${variable}).`), said.text);
        await problems(document.uri, 0);
        await vscode.window.showTextDocument(document);
        await vscode.commands.executeCommand('undo');
        await until('the text of before', () => document.getText() === original);
        await until('the problem of before', () => problemsOf(document.uri).length > 0);
      });
    }

    it('every place of the key in the text; another key stays', async () => {
      const [raw, other] = [newKey(), newKey()];
      const original = `use('${raw}');\nuse('${other}');\nuse('${raw}');\n// ${raw}\n`;
      const { document } = await openFile('bot.js', original);
      await problems(document.uri, 4);
      const said = await fix(document.uri, reference);
      assert.match(said.text, /at 2 places\. It still stands there where no reference is known: 1\./);
      const reads = 'use(process.env.OMI_API_KEY);';
      const lines = document.getText().split('\n');
      assert.ok(lines[0] === reads && lines[2] === reads);
      assert.ok(lines[1] === `use('${other}');`);
      await vscode.window.showTextDocument(document);
      await vscode.commands.executeCommand('undo');
      await until('the text of before', () => document.getText() === original);
    });

    it('another value under the name: the next name; a value that is there already: nothing is written', async () => {
      const [mine, raw] = [newKey(), newKey()];
      await put('.env', `OMI_API_KEY=${mine}\nB=2`);
      const first = await openFile('one.ts', `a('${raw}');\n`);
      const said = await fix(first.document.uri, reference);
      assert.match(said.text, /The key is in \.env \(OMI_API_KEY_2\)\.$/);
      assert.equal(first.document.getText(), 'a(process.env.OMI_API_KEY_2);\n');
      const written = `OMI_API_KEY=${mine}\nB=2\nOMI_API_KEY_2=${raw}\n`;
      assert.ok((await text('.env')) === written);
      const second = await openFile('two.ts', `b('${raw}');\n`);
      await fix(second.document.uri, reference);
      assert.equal(second.document.getText(), 'b(process.env.OMI_API_KEY_2);\n');
      assert.ok((await text('.env')) === written);
    });

    it('a file that is in no open folder: its key goes to the .env beside it', async () => {
      const outside = await mkdtemp(join(tmpdir(), 'omi-outside-'));
      const raw = newKey();
      const uri = vscode.Uri.file(join(outside, 'bot.ts'));
      await writeFile(uri.fsPath, `a('${raw}');\n`);
      const editor = await vscode.window.showTextDocument(uri);
      const said = await atCaret(editor, 8, 'omi.leak.useReference');
      assert.equal(said.level, 'info', said.text);
      assert.ok((await readFile(join(outside, '.env'), 'utf8')) === `OMI_API_KEY=${raw}\n`);
      await assert.rejects(text('.env'), 'nothing goes into the open folder');
      await editor.document.save();
      await rm(outside, { recursive: true });
    });

    it('from the palette, at the caret', async () => {
      const raw = newKey();
      const editor = await openFile('bot.ts', `const key = '${raw}';\n`);
      const said = await atCaret(editor, 20, 'omi.leak.useReference');
      assert.match(said.text, /^bot\.ts reads the key from process\.env\.OMI_API_KEY now\./);
      assert.equal(editor.document.getText(), 'const key = process.env.OMI_API_KEY;\n');
    });

    it('no key at the caret, or no reference for the place: says so and changes nothing', async () => {
      const editor = await openFile('notes.txt', `${newKey()}\nnothing\n`);
      const before = editor.document.getText();
      const nothing = await atCaret(editor, before.length - 2, 'omi.leak.useReference');
      assert.match(nothing.text, /^There is no Omi API key at the cursor\./);
      const unknown = await atCaret(editor, 3, 'omi.leak.useReference');
      assert.match(unknown.text, /^For notes\.txt:1 no reference .* Nothing was changed\.$/);
      assert.ok(editor.document.getText() === before && !editor.document.isDirty);
    });

    it('the key has gone between find and fix: says so and changes nothing', async () => {
      const editor = await openFile('bot.ts', `const key = '${newKey()}';\n`);
      const command = await fixOf(editor.document.uri, reference);
      const range = new vscode.Range(0, 13, 0, 53);
      await editor.edit((edit) => edit.replace(range, newKey()));
      const before = editor.document.getText();
      const done = take(command);
      assert.equal((await stage.person.close()).text, 'The API key is not at bot.ts:1 any more.');
      await done;
      assert.ok(editor.document.getText() === before);
      await assert.rejects(text('.env'), /ENOENT/);
    });

    it('the key has moved between find and fix: it is replaced where it is', async () => {
      const editor = await openFile('bot.ts', `const key = '${newKey()}';\n`);
      const command = await fixOf(editor.document.uri, reference);
      await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '// first\n'));
      const done = take(command);
      await stage.person.close();
      await done;
      assert.equal(editor.document.getText(), '// first\nconst key = process.env.OMI_API_KEY;\n');
    });

    it('.env cannot be written: says so and changes nothing', async () => {
      const env = await put('.env', Buffer.from('A=1 # caf\xe9\n', 'latin1'));
      await until('the file to be seen', async () =>
        (await vscode.workspace.openTextDocument(env)).getText().includes('\ufffd'),
      );
      const editor = await openFile('bot.ts', `const key = '${newKey()}';\n`);
      const before = editor.document.getText();
      const said = await fix(editor.document.uri, reference);
      assert.match(said.text, /^\.env could not be written\. It is not UTF-8 text\. Nothing was changed\.$/);
      assert.ok(editor.document.getText() === before);
    });

    describe('Git would publish .env', () => {
      const begin = async (
        name = 'bot.ts',
      ): Promise<{
        editor: vscode.TextEditor;
        raw: string;
        done: Promise<unknown>;
        question: ShownMessage;
      }> => {
        const raw = newKey();
        const editor = await openFile(name, `const key = '${raw}';\n`);
        const done = take(await fixOf(editor.document.uri, reference));
        const question = await stage.person.nextMessage();
        assert.equal(question.isModal, true);
        assert.equal(question.text, `Write ${masked(raw)} into .env?`);
        return { editor, raw, done, question };
      };
      beforeEach(() => {
        git('.', 'init', '--quiet', '--initial-branch=main');
      });

      it('asks once: given up, nothing is changed', async () => {
        const { editor, raw, done, question } = await begin();
        assert.deepEqual(question.buttons, ['Ignore It and Write', 'Write Anyway', 'Copy Instead']);
        question.press(undefined);
        await done;
        assert.ok(editor.document.getText().includes(raw));
        await assert.rejects(text('.env'), /ENOENT/);
      });

      it('ignored first', async () => {
        const { editor, raw, done, question } = await begin();
        question.press('Ignore It and Write');
        const said = await stage.person.close();
        await done;
        assert.match(said.text, /The key is in \.env \(OMI_API_KEY\)\.$/);
        assert.equal(await text('.gitignore'), '/.env\n');
        assert.ok((await text('.env')) === `OMI_API_KEY=${raw}\n`);
        assert.equal(editor.document.getText(), 'const key = process.env.OMI_API_KEY;\n');
      });

      it('tracked: it can be copied instead; the text may change meanwhile', async () => {
        await put('.env', 'A=1\n');
        git('.', 'add', '.env');
        const { editor, raw, done, question } = await begin();
        assert.deepEqual(question.buttons, ['Write Anyway', 'Copy Instead']);
        question.press('Copy Instead');
        const said = await stage.person.close();
        await done;
        assert.match(said.text, /The key is in the clipboard\./);
        assert.ok((await vscode.env.clipboard.readText()) === raw);
        assert.equal(await text('.env'), 'A=1\n');
        assert.equal(editor.document.getText(), 'const key = process.env.OMI_API_KEY;\n');

        const again = await begin('later.ts');
        await again.editor.edit((edit) => edit.replace(new vscode.Range(0, 13, 0, 53), 'else'));
        again.question.press('Write Anyway');
        const left = await stage.person.close();
        await again.done;
        assert.match(
          left.text,
          /^later\.ts has changed meanwhile and was left as it is\. The key is in \.env/,
        );
        assert.equal(again.editor.document.getText(), "const key = 'else';\n");
      });
    });
  });

  describe('Add File to .gitignore', () => {
    it('adds the file and says whether Git ignores it; the problem follows', async () => {
      await makeRepository('repo');
      const { document } = await openFile('repo/keys.txt', newKey());
      await problemSaying(document.uri, /does not ignore/);
      assert.equal((await fix(document.uri, ignoreFile)).text, 'Git ignores repo/keys.txt now.');
      assert.equal(await text('repo/.gitignore'), '/keys.txt\n');
      await problemSaying(document.uri, /Git ignores/);
    });

    it('from the palette: says why there is nothing to do', async () => {
      const loose = await openFile('keys.txt', newKey());
      assert.match((await atCaret(loose, 3, 'omi.leak.ignoreFile')).text, /is in no Git repository\.$/);
      const unasked = await withoutGit(() => atCaret(loose, 3, 'omi.leak.ignoreFile'));
      assert.deepEqual(
        [unasked.level, unasked.text],
        ['warn', 'Git could not be asked about keys.txt, so it is not known whether it would publish it.'],
      );
      await makeRepository('repo');
      await put('repo/.gitignore', '*.env\n');
      const ignored = await openFile('repo/a.env', newKey());
      const said = await atCaret(ignored, 3, 'omi.leak.ignoreFile');
      assert.equal(said.text, 'Git ignores repo/a.env already.');
      const tracked = await openFile('repo/b.txt', newKey());
      git('repo', 'add', 'b.txt');
      const warned = await atCaret(tracked, 3, 'omi.leak.ignoreFile');
      assert.deepEqual([warned.level, warned.text.startsWith('Git tracks repo/b.txt')], ['warn', true]);
    });
  });

  describe('Ignore This Line', () => {
    for (const [name, before, mark] of [
      ['bot.ts', "const key = '$';", ' // omi:ignore'],
      ['bot.py', 'key = "$"', ' # omi:ignore'],
      ['notes.md', 'the key $', ' <!-- omi:ignore -->'],
    ] as const) {
      it(`${name}: a comment, which Undo takes back`, async () => {
        const original = `${before.replace('$', newKey())}\n`;
        const { document } = await openFile(name, original);
        await problems(document.uri);
        await take(await fixOf(document.uri, ignoreLine));
        assert.ok(document.getText() === original.replace('\n', `${mark}\n`));
        await problems(document.uri, 0);
        await vscode.window.showTextDocument(document);
        await vscode.commands.executeCommand('undo');
        await problems(document.uri);
        assert.equal(stage.person.unseen, 0);
      });
    }

    it('no comments in the language: remembered, and told of again when unticked', async () => {
      const [raw, other] = [newKey(), newKey()];
      const first = await openFile('one.json', `{"a":"${raw}"}\n`);
      const before = first.document.getText();
      const said = await fix(first.document.uri, ignoreLine);
      assert.ok(said.text.includes(`${masked(raw)} is ignored in one.json`), said.text);
      assert.ok(first.document.getText() === before);
      await problems(first.document.uri, 0);
      const second = await openFile('two.json', `{"a":"${raw}","b":"${other}"}\n`);
      await problems(second.document.uri, 2);
      await atCaret(second, 60, 'omi.leak.ignoreLine');
      const [left] = await problems(second.document.uri);
      assert.ok(left?.message.includes(masked(raw)));

      const stored = JSON.stringify(hostWatch().context?.workspaceState.get('omi.ignoredKeys'));
      assert.equal(/omi_dev_[0-9a-f]{32}/.test(stored), false);

      const command = stage.run('omi.leak.stopIgnoring');
      const rows = await stage.person.rows();
      assert.deepEqual(
        rows.map(({ label, description, picked }) => [label, description, picked]),
        [
          [masked(raw), 'one.json', true],
          [masked(other), 'two.json', true],
        ],
      );
      // The first row is the active one.
      await vscode.commands.executeCommand('workbench.action.quickPickManyToggle');
      await stage.person.acceptRows();
      assert.equal((await stage.person.close()).text, '1 API key is told of again.');
      await command.done;
      await problems(first.document.uri);
      await problems(second.document.uri);

      const rest = stage.run('omi.leak.stopIgnoring');
      await stage.person.rows();
      await vscode.commands.executeCommand('workbench.action.quickPickManyToggle');
      await stage.person.acceptRows();
      await stage.person.close();
      await rest.done;
      await problems(second.document.uri, 2);
      const none = stage.run('omi.leak.stopIgnoring');
      assert.equal(
        (await stage.person.close()).text,
        'No ignored API keys are remembered. Comments with omi:ignore are removed by hand.',
      );
      await none.done;
    });
  });

  it('nothing of this was sent to anybody', async () => {
    const { document } = await openFile('bot.ts', `const key = '${newKey()}';\n`);
    await fix(document.uri, reference);
    assert.deepEqual(stage.sandbox.requestLines, []);
  });
});
