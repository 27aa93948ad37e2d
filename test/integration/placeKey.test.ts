import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { withoutAutoSave, withoutGitExtension } from './support/editorSettings';
import { hidden } from './support/hidden';
import { hostWatch, replace } from './support/hostWatch';
import type { ShownMessage } from './support/person';
import { configure, discardEditors, useStage } from './support/stage';
import { until } from './support/until';

const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
const file = (name: string): string => join(folder, name);
const text = (name: string): Promise<string> => readFile(file(name), 'utf8');
const git = (...args: string[]): void => {
  execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: folder });
};

/** Writes a file, and waits until VS Code has it where an earlier test had one of that name. */
const put = async (name: string, content: string, mode = 0o644): Promise<void> => {
  await writeFile(file(name), content, { mode });
  const uri = vscode.Uri.file(file(name));
  await until(`${name} to be seen`, async () => {
    const document = await vscode.workspace.openTextDocument(uri);
    return document.getText() === content.replace('\ufeff', '');
  });
};

describe('Place New API Key', () => {
  const stage = useStage();
  withoutAutoSave();
  withoutGitExtension();
  beforeEach(async () => {
    await stage.signIn();
    await vscode.env.clipboard.writeText('mine');
  });
  afterEach(async () => {
    await discardEditors();
    for (const name of await readdir(folder)) await rm(file(name), { recursive: true, force: true });
    await stage.reset();
  });

  const clipboard = (): Thenable<string> => vscode.env.clipboard.readText();
  /** What the vault still has. */
  const held = async (): Promise<{ name: string; isKept: boolean; secret: string }[]> => {
    const pending = await stage.pendingSecrets();
    const found = pending.keys.map(async ({ key, isKept }) => ({
      name: key.name,
      isKept,
      secret: hidden((await pending.read(key.id)) ?? 'none'),
    }));
    pending.dispose();
    return Promise.all(found);
  };

  /** A new key waits; its row is clicked and a way is chosen. */
  const begin = async (way: string, name = 'new-bot'): Promise<{ raw: string; done: Promise<unknown> }> => {
    const { pending, raw } = await stage.waitingKey('ada', { name });
    const { done } = stage.run('omi.key.place', { kind: 'waiting', pending });
    await stage.person.take(way);
    return { raw, done };
  };

  /** Writes a new secret into a file beside `.env`; gives the secret and what is said then. */
  const writeInto = async (
    name: string,
    variable?: string,
  ): Promise<{ raw: string; said: ShownMessage; done: Promise<unknown> }> => {
    const { raw, done } = await begin('Write to .env');
    if (name !== '.env') await stage.person.take(name);
    const box = await stage.person.inputBox();
    assert.equal(box.value, 'OMI_API_KEY');
    await stage.person.write(variable ?? box.value);
    return { raw, done, said: await stage.person.nextMessage() };
  };

  describe('which key', () => {
    it('none waits: says so', async () => {
      const command = stage.run('omi.key.place');
      assert.equal((await stage.person.close()).text, 'No new key waits to be placed.');
      await command.done;
    });

    it('from the palette: every account, kept ones too', async () => {
      await stage.waitingKey('ada', { name: 'ada-bot' });
      const { raw } = await stage.waitingKey('grace', { name: 'grace-bot', family: 'mcp' });
      const command = stage.run('omi.key.place');
      const rows = await stage.person.choices();
      assert.deepEqual(
        rows.map(({ label, description }) => [label, description?.replace(/[0-9a-f]{4}…[0-9a-f]{4}/, '…')]),
        [
          ['grace-bot', 'omi_mcp_… · waiting · another account'],
          ['ada-bot', 'omi_dev_… · waiting'],
        ],
      );
      await stage.person.take('grace-bot');
      await stage.person.take('Copy');
      await stage.person.close();
      await command.done;
      assert.equal(hidden(await clipboard()), hidden(raw));
      assert.deepEqual(
        (await held()).map(({ name }) => name),
        ['ada-bot'],
      );
    });

    it('signed out: placing takes no session', async () => {
      const { pending, raw } = await stage.waitingKey('ada');
      const other = await stage.otherWindow();
      await other.signOut(stage.sandbox.accounts.ada.uid);
      await until('to be signed out', () => stage.contextKey('omi.session') === 'signedOut');
      const command = stage.run('omi.key.place', { kind: 'waiting', pending });
      await stage.person.take('Copy');
      await stage.person.close();
      await command.done;
      assert.equal(hidden(await clipboard()), hidden(raw));
    });

    it('a secret that the vault has no more: says so, and offers to revoke', async () => {
      const { pending } = await stage.waitingKey('ada', { name: 'gone-bot' });
      await hostWatch().context?.secrets.delete(`omi.secret.${pending.key.id}`);
      const command = stage.run('omi.key.place', { kind: 'waiting', pending });
      const said = await stage.person.nextMessage();
      assert.match(said.text, /^VS Code's vault does not have the secret of "gone-bot" \(.*\)\.$/);
      said.press('Revoke It');
      await stage.person.answer('Revoke');
      assert.match((await stage.person.close()).text, /^Revoked "gone-bot"/);
      await command.done;
      assert.deepEqual(await held(), []);
    });

    it('a secret that was placed right before VS Code ended: Forget ends the wait, and the key lives', async () => {
      const { pending } = await stage.waitingKey('ada', { name: 'placed-bot' });
      await hostWatch().context?.secrets.delete(`omi.secret.${pending.key.id}`);
      const command = stage.run('omi.key.place', { kind: 'waiting', pending });
      (await stage.person.nextMessage()).press('Forget');
      await command.done;
      assert.deepEqual([await held(), stage.deletes()], [[], []]);
    });

    it('a vault that cannot be read: says so and offers no revocation, the secret waits on', async () => {
      const { pending, raw } = await stage.waitingKey('ada', { name: 'new-bot' });
      const restore = stage.refuse('get');
      const command = stage.run('omi.key.place', { kind: 'waiting', pending });
      const said = await stage.person.close();
      await command.done;
      restore();
      assert.match(
        said.text,
        /^VS Code's vault does not give the secret of "new-bot" \(.*\)\. It says: Error: The keyring is locked$/,
      );
      assert.deepEqual(said.buttons, ['Show Log']);
      assert.deepEqual(await held(), [{ name: 'new-bot', isKept: false, secret: hidden(raw) }]);
    });

    it('a waiting key that is revoked from its row waits no more', async () => {
      const { pending } = await stage.waitingKey('ada', { name: 'short-bot' });
      await stage.refresh();
      const command = stage.run('omi.key.revoke', await stage.row('short-bot'));
      await stage.person.answer('Revoke');
      await stage.person.close();
      await command.done;
      assert.deepEqual(await held(), []);
      assert.equal(await hostWatch().context?.secrets.get(`omi.secret.${pending.key.id}`), undefined);
    });
  });

  describe('Copy', () => {
    beforeEach(() => configure('clipboard.clearAfterSeconds', 5));
    const logged = (line: string): Promise<unknown> => {
      const from = hostWatch().logged.length;
      return until(line, () => hostWatch().logged.slice(from).includes(line));
    };

    it('is cleared after the time of the setting', async () => {
      const cleared = logged('The clipboard was cleared.');
      const { raw, done } = await begin('Copy');
      const said = await stage.person.close();
      await done;
      assert.match(
        said.text,
        /: the clipboard\. It is cleared in 5 seconds, while this window stays open\.$/,
      );
      assert.equal(hidden(await clipboard()), hidden(raw));
      await cleared;
      assert.equal(await clipboard(), '');
    });

    it('is left alone when the person has copied something else meanwhile', async () => {
      const leftAlone = logged('The clipboard holds something else and was left alone.');
      const { done } = await begin('Copy');
      await stage.person.close();
      await done;
      await vscode.env.clipboard.writeText('a recipe');
      await leftAlone;
      assert.equal(await clipboard(), 'a recipe');
    });

    it('copied again it stays for the time said then', async () => {
      const { raw, done } = await begin("Keep in VS Code's Vault");
      await stage.person.close();
      await done;
      const copy = async (): Promise<void> => {
        const command = stage.run('omi.key.place');
        await stage.person.take('new-bot');
        await stage.person.take('Copy');
        await stage.person.close();
        await command.done;
      };
      // The second copy has eight seconds to come; the time of the first would end before its own.
      await configure('clipboard.clearAfterSeconds', 8);
      await copy();
      await configure('clipboard.clearAfterSeconds', 9);
      const cleared = logged('The clipboard was cleared.');
      const from = Date.now();
      await copy();
      assert.equal(hidden(await clipboard()), hidden(raw));
      await cleared;
      assert.ok(Date.now() - from >= 9000, 'cleared too early');
    });

    it('0 seconds: nothing is said about clearing', async () => {
      await configure('clipboard.clearAfterSeconds', 0);
      const { raw, done } = await begin('Copy');
      assert.match((await stage.person.close()).text, /: the clipboard\.$/);
      await done;
      assert.equal(hidden(await clipboard()), hidden(raw));
    });

    it('a clipboard that does not take it: the secret waits on', async () => {
      const restore = replace(vscode.env, 'clipboard', {
        writeText: () => Promise.resolve(),
        readText: () => Promise.resolve('mine'),
      });
      try {
        const { raw, done } = await begin('Copy');
        const said = await stage.person.close();
        await done;
        assert.equal(said.level, 'error');
        assert.match(
          said.text,
          /^It is not certain that the clipboard took the secret\. The secret of .* is held/,
        );
        assert.deepEqual(await held(), [{ name: 'new-bot', isKept: false, secret: hidden(raw) }]);
      } finally {
        restore();
      }
    });
  });

  describe("Keep in VS Code's Vault", () => {
    it('keeps it, for another place later, and keeps it then too', async () => {
      const { raw, done } = await begin("Keep in VS Code's Vault");
      assert.match((await stage.person.close()).text, /: VS Code's vault\.$/);
      await done;
      const kept = [{ name: 'new-bot', isKept: true, secret: hidden(raw) }];
      assert.deepEqual(await held(), kept);
      const again = stage.run('omi.key.place');
      await stage.person.take('new-bot');
      assert.ok(!(await stage.person.choices()).some(({ label }) => label.startsWith('Keep')));
      await stage.person.take('Copy');
      await stage.person.close();
      await again.done;
      assert.equal(hidden(await clipboard()), hidden(raw));
      assert.deepEqual(await held(), kept);
    });

    it('a vault that refuses: says so, the secret waits on', async () => {
      const { pending, raw } = await stage.waitingKey('ada', { name: 'new-bot' });
      const restore = stage.refuse('store');
      const command = stage.run('omi.key.place', { kind: 'waiting', pending });
      await stage.person.take("Keep in VS Code's Vault");
      const said = await stage.person.close();
      await command.done;
      restore();
      assert.match(said.text, /^VS Code refused\. It says: Error: The keyring is locked/);
      assert.deepEqual(await held(), [{ name: 'new-bot', isKept: false, secret: hidden(raw) }]);
    });

    it('a vault that does not let go: says so after the placing', async () => {
      const { pending } = await stage.waitingKey('ada', { name: 'new-bot' });
      const restore = stage.refuse('delete');
      const command = stage.run('omi.key.place', { kind: 'waiting', pending });
      await stage.person.take('Copy');
      const said = await stage.person.close();
      await command.done;
      restore();
      assert.equal(said.level, 'warn');
      assert.match(said.text, /the clipboard\..* VS Code's vault did not let go of the secret of "new-bot"/);
    });
  });

  describe('Write to .env', () => {
    it('makes the file; one Undo takes it away again', async () => {
      const { raw, said, done } = await writeInto('.env');
      said.press(undefined);
      await done;
      assert.equal(hidden(await text('.env')), hidden(`OMI_API_KEY=${raw}\n`));
      assert.match(said.text, /^Placed the secret of "new-bot" \(.*\): \.env \(OMI_API_KEY\)\.$/);
      assert.deepEqual(await held(), []);
      await vscode.window.showTextDocument(vscode.Uri.file(file('.env')));
      await vscode.commands.executeCommand('undo');
      await until('the file to be gone', async () => !(await readdir(folder)).includes('.env'));
    });

    const cases = [
      {
        what: 'CRLF',
        name: '.env.crlf',
        before: '# mine\r\nA=1\r\n',
        after: '# mine\r\nA=1\r\nOMI_API_KEY=$\r\n',
      },
      { what: 'no final newline', name: '.env.open', before: 'A=1', after: 'A=1\nOMI_API_KEY=$\n' },
      { what: 'an empty file', name: '.env.empty', before: '', after: 'OMI_API_KEY=$\n' },
      {
        what: 'a byte order mark',
        name: '.env.bom',
        before: '\ufeffA=1\n',
        after: '\ufeffA=1\nOMI_API_KEY=$\n',
      },
      {
        what: 'another name',
        name: '.env.name',
        variable: 'BOT_KEY',
        before: 'OMI_API_KEY=1\n',
        after: 'OMI_API_KEY=1\nBOT_KEY=$\n',
      },
    ] as const;
    for (const { what, name, before, after, ...more } of cases) {
      it(`${what}: adds a line and keeps the rest`, async () => {
        await put(name, before, 0o640);
        const { raw, said, done } = await writeInto(name, 'variable' in more ? more.variable : undefined);
        said.press(undefined);
        await done;
        assert.equal(hidden(await text(name)), hidden(after.replace('$', raw)));
        assert.equal((await stat(file(name))).mode & 0o777, 0o640);
        await vscode.window.showTextDocument(vscode.Uri.file(file(name)));
        await vscode.commands.executeCommand('undo');
        const opened = vscode.window.activeTextEditor?.document;
        await until('the old text', () => opened?.getText() === before.replace('\ufeff', ''));
      });
    }

    it('export, quotes, comment, twice: asks once, then replaces every value alone', async () => {
      const old = 'export OMI_API_KEY="old" # mine\nB=2\nOMI_API_KEY=older\n';
      await put('.env.twice', old);
      const { raw, said, done } = await writeInto('.env.twice');
      assert.deepEqual([said.isModal, said.text], [true, 'Replace OMI_API_KEY in .env.twice?']);
      assert.match(said.detail ?? '', /^It stands there 2 times\./);
      assert.equal(await text('.env.twice'), old, 'nothing is changed before the answer');
      said.press('Replace');
      await stage.person.close();
      await done;
      assert.equal(
        hidden(await text('.env.twice')),
        hidden(`export OMI_API_KEY="${raw}" # mine\nB=2\nOMI_API_KEY=${raw}\n`),
      );
    });

    it('not replaced: the file stays, the secret waits on', async () => {
      await put('.env.stays', 'OMI_API_KEY=old\n');
      const { raw, said, done } = await writeInto('.env.stays');
      said.press(undefined);
      assert.match((await stage.person.close()).text, /is held in VS Code's vault until it is placed\.$/);
      await done;
      assert.equal(await text('.env.stays'), 'OMI_API_KEY=old\n');
      assert.deepEqual(await held(), [{ name: 'new-bot', isKept: false, secret: hidden(raw) }]);
    });

    it('a name that no variable can have is refused in the box', async () => {
      const { done } = await begin('Write to .env');
      for (const bad of ['1KEY', 'MY-KEY', '']) {
        const box = await stage.person.inputBox();
        box.value = bad;
        await stage.person.enter();
        await until('to be told', () => typeof box.validationMessage === 'object');
        box.validationMessage = undefined;
      }
      await stage.person.escape();
      await stage.person.close();
      await done;
      assert.deepEqual(await readdir(folder), []);
    });

    it('unsaved text of the person is kept unsaved, and said so', async () => {
      await put('.env.dirty', 'A=1\n');
      const editor = await vscode.window.showTextDocument(vscode.Uri.file(file('.env.dirty')));
      await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '# half\n'));
      const { raw, said, done } = await writeInto('.env.dirty');
      said.press(undefined);
      await done;
      assert.match(said.text, /: \.env\.dirty \(OMI_API_KEY\)\. It is not saved yet\.$/);
      assert.equal(hidden(editor.document.getText()), hidden(`# half\nA=1\nOMI_API_KEY=${raw}\n`));
      assert.equal(await text('.env.dirty'), 'A=1\n');
      await vscode.commands.executeCommand('undo');
      await until('the text of before', () => editor.document.getText() === '# half\nA=1\n');
    });

    it('a folder in its place: says so, the secret waits on', async () => {
      await mkdir(file('.env'));
      const { raw, said, done } = await writeInto('.env');
      said.press(undefined);
      await done;
      assert.equal(said.level, 'error');
      assert.match(
        said.text,
        /^\.env could not be written\. .* is held in VS Code's vault until it is placed\.$/,
      );
      assert.deepEqual(await held(), [{ name: 'new-bot', isKept: false, secret: hidden(raw) }]);
    });

    it('text that is not UTF-8 is left alone', async () => {
      const latin1 = Buffer.from('A=1 # caf\xe9\n', 'latin1');
      await writeFile(file('.env.latin'), latin1);
      const { said, done } = await writeInto('.env.latin');
      said.press(undefined);
      await done;
      assert.match(said.text, /^\.env\.latin could not be written\. It is not UTF-8 text\./);
      assert.deepEqual(await readFile(file('.env.latin')), latin1);
    });

    it('examples are no choice', async () => {
      await put('.env.example', 'OMI_API_KEY=\n');
      const { said, done } = await writeInto('.env');
      said.press(undefined);
      await done;
      assert.equal(await text('.env.example'), 'OMI_API_KEY=\n');
    });
  });

  describe('Git', () => {
    it('does not ignore the file: offers to, once, and keeps what is there', async () => {
      git('init', '--quiet', '--initial-branch=main');
      await put('.gitignore', 'dist\r\n*.log');
      const { said, done } = await writeInto('.env');
      assert.match(said.text, /\.env \(OMI_API_KEY\)\. Git does not ignore this file\.$/);
      assert.equal(said.level, 'warn');
      said.press('Add to .gitignore');
      assert.equal((await stage.person.close()).text, 'Git ignores .env now.');
      await done;
      assert.equal(await text('.gitignore'), 'dist\r\n*.log\r\n/.env\r\n');
      git('check-ignore', '--quiet', '.env');
      await vscode.window.showTextDocument(vscode.Uri.file(file('.gitignore')));
      await vscode.commands.executeCommand('undo');
      const opened = vscode.window.activeTextEditor?.document;
      await until('the old text', () => opened?.getText() === 'dist\r\n*.log');
    });

    it('has no .gitignore: one is made', async () => {
      git('init', '--quiet', '--initial-branch=main');
      const { said, done } = await writeInto('.env');
      said.press('Add to .gitignore');
      await stage.person.close();
      await done;
      assert.equal(await text('.gitignore'), '/.env\n');
    });

    it('cannot be made to ignore it: says so, and adds no second line', async () => {
      git('init', '--quiet', '--initial-branch=main');
      await put('.gitignore', '/.env\n!/.env\n');
      const { said, done } = await writeInto('.env');
      said.press('Add to .gitignore');
      const answer = await stage.person.close();
      await done;
      assert.equal(answer.text, 'Git still does not ignore .env.');
      assert.equal(answer.level, 'warn');
      assert.equal(await text('.gitignore'), '/.env\n!/.env\n');
    });

    it('ignores the file: nothing more is said', async () => {
      git('init', '--quiet', '--initial-branch=main');
      await put('.gitignore', '.env\n');
      const { said, done } = await writeInto('.env');
      said.press(undefined);
      await done;
      assert.match(said.text, /\.env \(OMI_API_KEY\)\.$/);
      assert.deepEqual([said.level, said.buttons], ['info', []]);
    });

    it('tracks the file: a warning', async () => {
      git('init', '--quiet', '--initial-branch=main');
      await put('.env', 'A=1\n');
      git('add', '.env');
      const { said, done } = await writeInto('.env');
      said.press(undefined);
      await done;
      assert.equal(said.level, 'warn');
      assert.match(said.text, /Git tracks \.env: with the next commit the secret may be published\.$/);
    });

    it('is not asked in Restricted Mode', async () => {
      git('init', '--quiet', '--initial-branch=main');
      await put('.env', 'A=1\n');
      git('add', '.env');
      const restore = replace(vscode.workspace, 'isTrusted', false);
      try {
        const { said, done } = await writeInto('.env');
        said.press(undefined);
        await done;
        assert.match(said.text, /\.env \(OMI_API_KEY\)\.$/);
      } finally {
        restore();
      }
    });
  });

  it('shows no digits of a key in the name of a file', async () => {
    const other = `omi_dev_${'0123456789abcdef'.repeat(2)}`;
    hostWatch().secrets.add(other);
    await put(`.env.${other}`, '');
    const { raw, said, done } = await writeInto('.env.omi_dev_0123…cdef');
    assert.match(said.text, /: \.env\.omi_dev_0123…cdef \(OMI_API_KEY\)\./);
    said.press(undefined);
    await done;
    assert.equal(hidden(await text(`.env.${other}`)), hidden(`OMI_API_KEY=${raw}\n`));
  });

  describe('Insert at Cursor', () => {
    const open = async (name: string, content: string): Promise<vscode.TextEditor> => {
      await put(name, content);
      const editor = await vscode.window.showTextDocument(vscode.Uri.file(file(name)));
      editor.selection = new vscode.Selection(0, 8, 0, 12);
      return editor;
    };

    it('replaces what is selected, undoable and unsaved', async () => {
      const editor = await open('bot.py', 'key = " here"\n');
      const { raw, done } = await begin('Insert at Cursor');
      const said = await stage.person.close();
      await done;
      assert.equal(hidden(editor.document.getText()), hidden(`key = " ${raw}"\n`));
      assert.match(said.text, /: bot\.py:1\. It is not saved yet\.$/);
      assert.deepEqual(await held(), []);
      assert.equal(await text('bot.py'), 'key = " here"\n');
      await vscode.commands.executeCommand('undo');
      await until('the old text', () => editor.document.getText() === 'key = " here"\n');
    });

    it('asks before, in a file that Git tracks', async () => {
      git('init', '--quiet', '--initial-branch=main');
      const editor = await open('bot.py', 'key = " here"\n');
      git('add', 'bot.py');
      const first = await begin('Insert at Cursor');
      const question = await stage.person.answer(undefined);
      assert.equal(question.text, 'Insert the secret into bot.py?');
      assert.match(question.detail ?? '', /^Git tracks bot\.py/);
      (await stage.person.nextMessage()).press('Place It');
      await stage.person.take('Insert at Cursor');
      assert.equal(editor.document.getText(), 'key = " here"\n');
      await stage.person.answer('Insert');
      await stage.person.close();
      await first.done;
      assert.equal(hidden(editor.document.getText()), hidden(`key = " ${first.raw}"\n`));
    });

    it('is not offered without an editor that can be written', async () => {
      const { pending } = await stage.waitingKey('ada');
      const command = stage.run('omi.key.place', { kind: 'waiting', pending });
      const labels = (await stage.person.choices()).map(({ label }) => label);
      assert.deepEqual(labels, ['Copy', 'Write to .env', "Keep in VS Code's Vault"]);
      await stage.person.escape();
      await stage.person.close();
      await command.done;
    });
  });
});
