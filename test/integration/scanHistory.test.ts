import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { AccountName } from '../../sandbox/server';
import type { KeysNode } from '../../src/editor/views/keysTree';
import { hostWatch, replace } from './support/hostWatch';
import type { ShownMessage } from './support/person';
import {
  cancelling,
  forgetLeaks,
  masked,
  Repository,
  strangeKey,
  useRepository,
  withoutGit,
} from './support/repository';
import { labelOf, textOf, useStage, type Running } from './support/stage';
import { until } from './support/until';

describe('Scan Git History for API Keys', () => {
  const stage = useStage();
  const repository = useRepository();
  afterEach(async () => {
    await forgetLeaks(stage);
    await stage.reset();
  });

  const scan = async (button?: string): Promise<ShownMessage> => {
    const { done } = stage.run('omi.leak.scanHistory');
    const said = await stage.person.nextMessage();
    said.press(button);
    await done;
    return said;
  };
  const rawOf = (name: string): string => stage.sandbox.key('ada', name).raw ?? '';
  const below = async (node: KeysNode): Promise<KeysNode[]> =>
    (await hostWatch().keysView?.provider.getChildren(node)) ?? [];
  const strangers = (): Promise<KeysNode> =>
    until('the strangers', async () => (await stage.groups()).find(({ kind }) => kind === 'strangers'));
  /** Commits a key in bot.py and takes it out again; gives the short id of the commit that brought it in. */
  const leak = (raw: string, message?: string): string => {
    repository.put('bot.py', `key = "${raw}"\n`);
    const id = repository.commit(message);
    repository.put('bot.py', 'import os\n');
    repository.commit('Without the key', '2025-03-05T05:06:07Z');
    return id.slice(0, 7);
  };

  it('names the commit of a key that was taken out again, and that it is published', async () => {
    await stage.signIn();
    repository.init();
    const id = leak(rawOf('prod-bot'));
    repository.push();
    const said = await scan();
    const date = new Intl.DateTimeFormat(vscode.env.language, { dateStyle: 'medium', timeStyle: 'short' });
    assert.equal(
      said.text,
      `Found 1 API key; 2 commits searched. ${masked(rawOf('prod-bot'))} (alive): commit ${id} of ` +
        `${date.format(Date.parse('2025-03-04T05:06:07Z'))}, bot.py, published on origin/main.`,
    );
    assert.deepEqual([said.level, said.buttons], ['error', ['Show', 'Revoke']]);
  });

  it('shows the commit under its key, which is exposed, and a mark in the status bar', async () => {
    await stage.signIn();
    repository.init();
    const id = leak(rawOf('prod-bot'));
    repository.push();
    await scan();
    const row = await stage.row('prod-bot');
    await until('the row to change', async () =>
      String((await stage.item(row)).description).includes('exposed'),
    );
    const item = await stage.item(row);
    assert.equal((item.iconPath as vscode.ThemeIcon).id, 'warning');
    const [commit, ...others] = await below(row);
    assert.ok(commit && others.length === 0);
    const drawn = await stage.item(commit);
    assert.deepEqual([labelOf(drawn), drawn.description], [`${id} · bot.py`, 'in a pushed commit']);
    const [mark] = hostWatch().statusBar;
    assert.ok(mark);
    await until('the mark', () => mark.isShown);
    assert.equal(mark.item.text, '$(warning) Omi: 1 exposed key');
    assert.match(textOf(mark.item.tooltip), /^omi_dev_.{4}….{4} is alive and in a pushed commit\.$/);
  });

  it('revokes a key that is in history alone, with the one question', async () => {
    await stage.signIn();
    repository.init();
    // What was revoked counts as dead in this window, also when the sandbox has it again.
    leak(stage.addKey('ada', { name: 'spare' }).raw);
    repository.push();
    const { done } = stage.run('omi.leak.scanHistory');
    (await stage.person.nextMessage()).press('Revoke');
    await stage.person.answer('Revoke');
    assert.match((await stage.person.close()).text, /^Revoked "spare"/);
    await done;
  });

  describe('a key of another signed-in account than the one in use', () => {
    /** Scans, and presses Revoke for the one key, which is Grace's; Ada's account is in use. */
    const orderEnd = async (): Promise<Running> => {
      await stage.signIn('grace');
      await stage.signIn('ada');
      repository.init();
      leak(stage.addKey('grace', { name: 'aside' }).raw);
      repository.push();
      const command = stage.run('omi.leak.scanHistory');
      (await stage.person.nextMessage()).press('Revoke');
      return command;
    };
    /** The account in use, as it is kept for all windows. */
    const inUse = async (): Promise<string | undefined> => (await stage.otherWindow()).account?.label;
    const sentBy = (): (AccountName | null)[] =>
      stage.sandbox.requests.filter(({ method }) => method === 'DELETE').map(({ account }) => account);

    it('is revoked in the name of that account; the view stays with the one in use', async () => {
      const { done } = await orderEnd();
      const question = await stage.person.answer('Revoke');
      assert.equal(question.text, 'Revoke "aside"?');
      assert.match(question.detail ?? '', /^Account: grace@example\.com\n/);
      assert.match((await stage.person.close()).text, /^Revoked "aside"/);
      await done;
      assert.deepEqual(sentBy(), ['grace']);
      assert.equal(await inUse(), 'ada@example.com');
      await until('the view of the account in use', () => stage.view.message?.startsWith('ada@example.com'));
      await until('the found key to be shown as dead', async () => {
        const [row] = await below(await strangers());
        return row && String((await stage.item(row)).description).startsWith('dead');
      });
    });

    it('is left alone after a no, and so is the account in use, from the question on', async () => {
      const { done } = await orderEnd();
      const question = await stage.person.nextMessage();
      assert.ok(question.isModal);
      assert.equal(await inUse(), 'ada@example.com');
      question.press(undefined);
      await done;
      assert.equal(await inUse(), 'ada@example.com');
      assert.deepEqual([sentBy(), stage.person.unseen], [[], 0]);
    });

    it('is tried and checked again in the name of that account', async () => {
      const { done } = await orderEnd();
      stage.sandbox.fault({ method: 'DELETE', effect: { status: 422 } });
      await stage.person.answer('Revoke');
      const refused = await stage.person.nextMessage();
      assert.match(refused.text, /^"aside" .* is STILL LIVE: /);
      // The list answers once, before the DELETE, and not after it.
      stage.sandbox.fault({ method: 'GET', skip: 1, times: Infinity, effect: { status: 403 } });
      refused.press('Try Again');
      const unsure = await stage.person.nextMessage();
      assert.match(unsure.text, /^"aside" .* is not confirmed: /);
      stage.sandbox.clearFaults();
      unsure.press('Check Again');
      assert.match((await stage.person.close()).text, /^Revoked "aside"/);
      await done;
      assert.deepEqual(sentBy(), ['grace', 'grace']);
      assert.equal(await inUse(), 'ada@example.com');
    });
  });

  describe('more keys than a notification names', () => {
    const leakMany = (count: number): void => {
      repository.init();
      repository.put('bot.py', Array.from({ length: count }, () => strangeKey()).join('\n'));
      repository.commit();
      repository.put('bot.py', 'import os\n');
      repository.commit('Without the keys');
    };

    it('signed in: they are in the view', async () => {
      await stage.signIn();
      leakMany(4);
      const said = await scan();
      assert.match(said.text, / 1 more is in the view API Keys and in the log\. /);
      assert.deepEqual(said.buttons, ['Show']);
    });

    for (const [count, words] of [
      [4, / 1 more is in the log\. /],
      [5, / 2 more are in the log\. /],
    ] as const) {
      it(`signed out: ${String(count - 3)} in the log, which is offered, for the view has no rows then`, async () => {
        leakMany(count);
        hostWatch().commandsRun.length = 0;
        const said = await scan('Show Log');
        assert.match(said.text, words);
        assert.deepEqual(said.buttons, ['Show Log']);
        assert.ok(hostWatch().commandsRun.includes('omi.showLog'));
        // What the panel shows counts as an editor.
        await vscode.commands.executeCommand('workbench.action.closePanel');
      });
    }
  });

  it('hands a key that still stands in a file to Respond', async () => {
    await stage.signIn();
    repository.init();
    repository.put('bot.py', `key = "${rawOf('prod-bot')}"\n`);
    repository.commit();
    const scanned = stage.run('omi.leak.scanWorkspace');
    await stage.person.close();
    await scanned.done;
    const { done } = stage.run('omi.leak.scanHistory');
    const said = await stage.person.nextMessage();
    assert.deepEqual(said.buttons, ['Show', 'Respond']);
    said.press('Respond');
    const question = await stage.person.answer(undefined);
    await done;
    assert.match(question.text, /prod-bot/);
    assert.deepEqual(question.buttons, ['Revoke Now', 'Replace, Then Revoke']);
  });

  it('tells a commit that is not pushed from one that is', async () => {
    await stage.signIn();
    repository.init();
    repository.commit('Before');
    repository.push();
    const id = leak(rawOf('prod-bot'));
    const said = await scan();
    assert.match(said.text, new RegExp(`commit ${id} of .*, bot\\.py, on no remote branch\\.$`));
    assert.equal(said.level, 'error');
  });

  it('without a remote, does not say that a key is not published', async () => {
    repository.init();
    leak(strangeKey());
    const said = await scan();
    assert.match(said.text, /not known whether it is published/);
    assert.match(said.text, /Nobody is signed in, so whose they are is not known/);
    assert.match(said.text, /There is no remote branch to tell by whether a commit is published\.$/);
    assert.deepEqual(stage.sandbox.requestLines, []);
  });

  it('finds a key in the message of a commit', async () => {
    repository.init();
    const raw = strangeKey();
    repository.commit(`Use ${raw}`);
    const said = await scan();
    assert.match(said.text, /the commit message/);
    assert.ok(!said.text.includes(raw));
  });

  it('says what a shallow clone does not have', async () => {
    const origin = new Repository(repository.outside(''));
    origin.init();
    origin.put('bot.py', `key = "${strangeKey()}"\n`);
    origin.commit();
    origin.put('bot.py', 'import os\n');
    origin.commit('Without the key');
    repository.git('clone', '--quiet', '--depth=1', vscode.Uri.file(origin.folder).toString(), '.');
    const said = await scan();
    assert.match(said.text, /^No API key was found in 1 commit\. This is a shallow clone: older commits/);
    assert.equal(said.level, 'warn');
  });

  it('forgets what a rewritten history does not have any more', async () => {
    await stage.signIn();
    repository.init();
    repository.commit('Before');
    leak(rawOf('prod-bot'));
    await scan();
    const row = await stage.row('prod-bot');
    await until('the commit', async () => (await below(row)).length === 1);
    repository.git('reset', '--quiet', '--hard', 'HEAD~2');
    repository.git('reflog', 'expire', '--expire=now', '--all');
    assert.match((await scan()).text, /^No API key was found/);
    await until('no commit', async () => (await below(row)).length === 0);
  });

  it('can be cancelled, and says so', async () => {
    repository.init();
    leak(strangeKey());
    const restore = cancelling('atOnce');
    const said = await scan();
    restore();
    assert.match(said.text, /^Cancelled\. No API key was found in the history so far\./);
    assert.equal(said.level, 'warn');
  });

  it('says when the folder is in no repository', async () => {
    const said = await scan();
    assert.match(said.text, /^In no Git repository: /);
    assert.equal(said.level, 'warn');
  });

  it('says when Git refuses to look, which is not to be in no repository', async () => {
    repository.init();
    leak(strangeKey());
    repository.put('.git/config', '[broken');
    const said = await scan();
    assert.equal(said.text, 'No API key was found in 0 commits. Git failed, so this is incomplete.');
    assert.equal(said.level, 'warn');
  });

  describe('a key that is ignored in a file', () => {
    let raw: string;
    /** The file cannot take a comment: it is remembered that the key is ignored there. */
    beforeEach(async () => {
      raw = strangeKey();
      repository.init();
      const editor = await vscode.window.showTextDocument(
        repository.put('local.json', `{"key": "${raw}"}\n`),
      );
      repository.commit();
      editor.selection = new vscode.Selection(0, 12, 0, 12);
      const { done } = stage.run('omi.leak.ignoreLine');
      await stage.person.close();
      await done;
    });
    afterEach(async () => {
      const { done } = stage.run('omi.leak.stopIgnoring');
      await stage.person.rows();
      await vscode.commands.executeCommand('workbench.action.quickPickManyToggle');
      await stage.person.acceptRows();
      await stage.person.close();
      await done;
    });

    it('is named once another file was committed with it', async () => {
      assert.match((await scan()).text, /^No API key was found in 1 commit\./);
      leak(raw);
      assert.match((await scan()).text, /^Found 1 API key; 3 commits searched\./);
    });

    it('is named for the message of a commit', async () => {
      repository.commit(`Use ${raw}`);
      assert.match((await scan()).text, /^Found 1 API key; 2 commits searched\./);
    });
  });

  it('says when there is no Git', async () => {
    repository.init();
    leak(strangeKey());
    const said = await withoutGit(() => scan());
    assert.match(said.text, /^Git was not found, so no history was searched: /);
    assert.equal(said.level, 'warn');
  });

  it('says when no folder is open', async () => {
    const restore = replace(vscode.workspace, 'workspaceFolders', undefined);
    const said = await scan();
    restore();
    assert.equal(said.text, 'No folder is open, so there is no history to search.');
  });

  it('shows and logs no key, and logs each commit', () => {
    const { shown, logged, secrets } = hostWatch();
    assert.ok(logged.some((line) => /omi_dev_.{4}….{4} \(alive\): commit [0-9a-f]{7} of /.test(line)));
    const texts = [...shown, ...logged];
    assert.ok(texts.length > 50 && secrets.size > 10, 'nothing was watched');
    assert.ok(!texts.some((text) => [...secrets].some((secret) => text.includes(secret))));
  });
});
