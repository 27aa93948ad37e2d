import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { ActivityEntry } from '../../src/keys/activity';
import { hostWatch, replace } from './support/hostWatch';
import { useStage } from './support/stage';
import { until } from './support/until';

const rawKey = `omi_dev_${'0123456789abcdef'.repeat(2)}`;
const head = '| Time (UTC) | Account | Action | API Key | Result | Proof |';

// The first suite that revokes anything: what is here at its start, nobody has done.
describe('Activity', () => {
  after(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));
  const stage = useStage();
  beforeEach(() => stage.signIn());
  afterEach(() => stage.reset());

  /** Shows the activity and gives the document, once a condition holds for its text. */
  const show = async (fits: (text: string) => boolean = () => true): Promise<vscode.TextDocument> => {
    await stage.run('omi.showActivity').done;
    const document = vscode.window.activeTextEditor?.document;
    assert.ok(document);
    assert.deepEqual([document.uri.scheme, document.languageId], ['omi-activity', 'markdown']);
    await until('the document to be as wished', () => fits(document.getText()));
    hostWatch().shown.push(document.getText());
    return document;
  };

  /** The rows of the table, newest first. */
  const rows = (text: string): string[] => text.split('\n').filter((row) => /^\| \d{4}-/.test(row));

  const revoke = async (name: string, then?: string): Promise<void> => {
    const command = stage.run('omi.key.revoke', await stage.row(name));
    await stage.person.answer('Revoke');
    (await stage.person.nextMessage()).press(then);
    if (then === undefined) await command.done;
  };

  const state = (): vscode.Memento => {
    const { context } = hostWatch();
    assert.ok(context);
    return context.globalState;
  };

  describe('as a document', () => {
    it('says so when nothing was done', async () => {
      const text = (await show()).getText();
      assert.match(text, /^# Omi Activity\n\n.* newest first\..*\n\nNothing yet\.\n$/);
    });

    it('shows what was done to which key of whom, how it ended and how that was proven', async () => {
      const { prefix } = stage.sandbox.key('ada', 'prod-bot');
      const started = new Date().toISOString().slice(0, 10);
      await revoke('prod-bot');
      const text = (await show((now) => rows(now).length === 1)).getText();
      const [row = ''] = rows(text);
      assert.ok(text.includes(`\n${head}\n| --- |`));
      assert.match(row, /^\| \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \| /);
      assert.ok(row.slice(2, 12) >= started);
      assert.equal(
        row.slice(24),
        `ada@example.com | Revoke | prod-bot (${prefix.replace('...', '…')}) | revoked | list read again |`,
      );
    });

    it('is up to date when it is shown again, newest first', async () => {
      const count = rows((await show()).getText()).length;
      await revoke('old-laptop');
      await revoke('never-used');
      const shown = rows((await show((now) => rows(now).length === count + 2)).getText());
      assert.match(shown[0] ?? '', /never-used/);
      assert.match(shown[1] ?? '', /old-laptop/);
    });

    it('claims no proof where there is none', async () => {
      stage.sandbox.fault({ method: 'DELETE', times: Infinity, effect: { status: 403 } });
      await revoke('prod-bot');
      const [row] = rows((await show((now) => rows(now)[0]?.includes('STILL LIVE') === true)).getText());
      assert.match(row ?? '', / \| STILL LIVE \| {2}\|$/);
    });

    it('tells each try of a key', async () => {
      const count = rows((await show()).getText()).length;
      stage.sandbox.fault({ method: 'GET', path: '/v1/dev/keys', skip: 1, effect: { status: 403 } });
      await revoke('prod-bot', 'Check Again');
      await stage.person.close();
      const shown = rows((await show((now) => rows(now).length === count + 2)).getText());
      assert.match(shown[0] ?? '', / \| revoked \| list read again \|$/);
      assert.match(shown[1] ?? '', / \| not confirmed \| {2}\|$/);
    });

    it('cannot be written', async () => {
      const type = (): Thenable<unknown> => vscode.commands.executeCommand('type', { text: 'x' });
      const document = await show();
      const before = document.getText();
      await type();
      const other = await vscode.workspace.openTextDocument({ content: '' });
      await vscode.window.showTextDocument(other);
      await type();
      await until('the letter in the other document', () => other.getText() === 'x');
      assert.deepEqual([document.getText(), document.isDirty], [before, false]);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    });
  });

  describe('with words of others', () => {
    const hostile = [
      'a|b',
      '[click](command:workbench.action.quit)',
      '![p](https://pictures.example.org/p.png)',
      '<img src=x onerror=alert(1)>',
      '`code` *strong* __strong__ ~~gone~~ &lt; \\| $x$',
      'two\r\nlines',
    ].join(' ');

    it('shows names as they are, and nothing comes out of them', async () => {
      stage.addKey('ada', { name: hostile });
      await stage.refresh();
      const items = await stage.nodes();
      const node = items.find((one) => one.kind === 'key' && one.target.key.name.startsWith('a|b'));
      const command = stage.run('omi.key.revoke', node);
      await stage.person.answer('Revoke');
      await stage.person.close();
      await command.done;
      const text = (await show((now) => rows(now)[0]?.includes('click') === true)).getText();
      const html = await vscode.commands.executeCommand<string>('markdown.api.render', text);
      const row = /<tbody[^>]*>\s*<tr[^>]*>([\s\S]*?)<\/tr>/.exec(html)?.[1] ?? '';
      // VS Code makes a link of a bare address, which then says where it leads.
      const plain = row.replace(/<a href="(?:mailto:)?([^"]+)"[^>]*>\1<\/a>/g, '$1');
      const tags = Array.from(plain.matchAll(/<(\/?[a-z]+)/g), ([, tag]) => tag);
      assert.deepEqual(tags, Array.from({ length: 6 }, () => ['td', '/td']).flat(), row);
      assert.match(row, /a\|b \[click\]\(command:/);
      assert.match(row, /`code` \*strong\* __strong__ ~~gone~~ &amp;lt; \\\| \$x\$ two lines \(omi_dev_/);
    });

    it('holds no raw key that somebody gave as a name', async () => {
      stage.addKey('ada', { name: `key ${rawKey}` });
      await stage.refresh();
      const items = await stage.nodes();
      const node = items.find((one) => one.kind === 'key' && one.target.key.name.startsWith('key omi_dev_'));
      const command = stage.run('omi.key.revoke', node);
      await stage.person.answer('Revoke');
      await stage.person.close();
      await command.done;
      const text = (await show((now) => rows(now)[0]?.includes('key omi_dev_') === true)).getText();
      assert.match(text, /key omi_dev_0123…cdef/);
      const kept = JSON.stringify(state().get('omi.activity'));
      assert.ok(!text.includes(rawKey) && !kept.includes(rawKey));
    });
  });

  describe('exported', () => {
    let folder: string;
    let restore: () => void;
    let asked: vscode.SaveDialogOptions | undefined;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'omi-activity-'));
    });
    after(() => rm(folder, { recursive: true, force: true }));
    afterEach(() => restore());

    /** In a test run VS Code shows no dialogs, so the answer is given in its place. */
    const saveAs = (...files: (string | undefined)[]): void => {
      restore = replace(vscode.window, 'showSaveDialog', (options: vscode.SaveDialogOptions) => {
        asked = options;
        const file = files.shift();
        return Promise.resolve(file === undefined ? undefined : vscode.Uri.file(file));
      });
    };

    it('into the file that was chosen, beside the files of the workspace unless said otherwise', async () => {
      const file = join(folder, 'omi-activity.md');
      saveAs(file);
      const command = stage.run('omi.exportActivity');
      assert.equal((await stage.person.close()).text, `Exported the activity to ${file}.`);
      await command.done;
      const first = vscode.workspace.workspaceFolders?.[0]?.uri.path;
      assert.equal(asked?.defaultUri?.path, `${first ?? ''}/omi-activity.md`);
      assert.equal(await readFile(file, 'utf8'), (await show()).getText());
    });

    it('nowhere when the dialog is closed', async () => {
      saveAs(undefined);
      await stage.run('omi.exportActivity').done;
      assert.equal(stage.person.messages.length, 0);
    });

    it('not where the file cannot be written: that is told, and can be tried again', async () => {
      const file = join(folder, 'second.md');
      saveAs(folder, file);
      const command = stage.run('omi.exportActivity');
      const message = await stage.person.nextMessage();
      assert.match(message.text, /^The activity was not exported\. .+/);
      assert.deepEqual([message.level, message.buttons], ['error', ['Try Again', 'Show Log']]);
      message.press('Try Again');
      await stage.person.close();
      await command.done;
      assert.match(await readFile(file, 'utf8'), /^# Omi Activity/);
    });
  });

  describe('over the years', () => {
    it('keeps a thousand entries; the oldest leave', async () => {
      const old = Array.from({ length: 1000 }, (_, at): ActivityEntry => ({
        ...{ at, account: 'old@example.com', action: 'create', keyName: `old-${String(at)}` },
        ...{ masked: 'omi_dev_0000…0000', keyId: String(at), end: 'created', proof: '' },
      }));
      await state().update('omi.activity', old);
      await revoke('prod-bot');
      const shown = rows((await show((now) => rows(now)[0]?.includes('prod-bot') === true)).getText());
      assert.equal(shown.length, 1000);
      assert.match(shown.at(-1) ?? '', / \| Create \| old-\d+ /);
      assert.ok(!shown.some((row) => row.includes(' old-0 ')));
      assert.equal(state().get<unknown[]>('omi.activity')?.length, 1000);
      await state().update('omi.activity', []);
    });
  });
});
