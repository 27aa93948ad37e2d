// One window in which all is done that can be done about leaked keys, and a look for them wherever they must never be.
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import {
  clickKey,
  hoverKey,
  keyMenu,
  marks,
  openFile,
  openInExplorer,
  openProblems,
  quickFixes,
} from './support/editing';
import { runningProcesses, watchArguments } from './support/processes';
import { commit, makeRepository, newKey, push, write } from './support/repository';
import {
  filesBelow,
  keptInBrowser,
  secretPattern,
  secretsOnScreen,
  watchScreens,
  type WrittenFile,
} from './support/secretWatch';
import { expect, test } from './support/stage';
import { clickPrinted, print } from './support/terminal';

// Lines that a graphics card draws are no text that a test could read.
test.use({
  userSettings: {
    'terminal.integrated.gpuAcceleration': 'off',
    'terminal.integrated.suggest.enabled': false,
  },
});

test('the look at command lines finds a key, and says where without saying which', async () => {
  const raw = newKey();
  const child = execFile(process.execPath, ['-e', 'process.stdin.resume()', raw]);
  const { looks, programs } = await watchArguments([raw], async () => {
    await expect.poll(() => runningProcesses().some(({ args }) => args.includes(raw))).toBe(true);
  });
  child.kill();
  expect(looks).toBeGreaterThan(0);
  expect(programs).toEqual([process.execPath]);
});

test('the look at windows passes over what editors and terminals show, and nothing else', async ({
  studio,
}) => {
  const context = await studio.browser.newContext();
  const found = await watchScreens(context);
  const page = await context.newPage();
  await page.goto('about:blank');
  await page.setContent(
    '<div id="file" class="monaco-editor" data-uri="vscode-remote://here/bot.ts"></div>' +
      '<div id="note" class="monaco-editor" data-uri="untitled:Note"></div>' +
      '<div class="terminal-wrapper"><div id="printed" class="xterm-rows"></div><div id="hint"></div></div>',
  );
  const show = (id: string): Promise<unknown> => {
    const lines = `<div class="view-lines of-${id}"><p>${newKey()}</p></div>`;
    return page.evaluate(`document.getElementById('${id}').innerHTML = ${JSON.stringify(lines)}`);
  };
  await show('file');
  await show('printed');
  expect(String(await page.evaluate('omiTextOnScreen()'))).not.toMatch(secretPattern);
  await show('note');
  await expect.poll(() => found().join()).toContain('of-note');
  await show('hint');
  await expect.poll(() => found().join()).toContain('of-hint');
  expect(found().join()).not.toMatch(/of-file|of-printed/);
  expect(await secretsOnScreen(page)).toHaveLength(1);
  await context.close();
});

test('no key leaves the file it stands in, whatever is done about it', async ({ open, sandbox, studio }) => {
  test.setTimeout(300_000);
  const folder = join(dirname(studio.folder), 'leaky');
  const keys = Array.from({ length: 7 }, () => newKey());
  const [leaked = '', checked = '', foreign = '', pasted = '', printed = '', moved = '', local = ''] = keys;
  const { id } = sandbox.addKey('ada', { name: 'leaked-bot', raw: leaked });
  sandbox.addKey('ada', { name: 'checked-bot', raw: checked });
  sandbox.addKey('grace', { name: 'of-grace', raw: pasted });
  const ofTerminal = sandbox.addKey('ada', { name: 'printed-bot', raw: printed });
  makeRepository(folder);
  const pushed = commit(folder, `first, with ${leaked}`, {
    'bot.ts': `export const key = '${leaked}';\n`,
    'deploy.py': `key = "${leaked}"\n`,
    'notes.md': `The other one is ${foreign}.\n`,
    '.gitignore': '.env\n',
  });
  push(folder);
  write(folder, '.env', `OMI_API_KEY=${checked}\n`);
  const person = await open({ folder });
  const watched = await watchArguments(keys, async () => {
    await test.step('watch, problems, hover and quick fixes, signed out', async () => {
      await openFile(person, 'bot.ts');
      await expect(marks(person)).toHaveCount(1);
      const problems = await openProblems(person);
      await expect(problems.filter({ hasText: 'is in a pushed commit' })).toHaveCount(1);
      await expect(await hoverKey(person)).toContainText(pushed);
      await expect(await quickFixes(person)).toContainText('Respond to Leaked API Key');
      await person.press('Escape');
    });

    await test.step('ignore in a file that has no comments', async () => {
      await openInExplorer(person, '.env');
      await clickKey(person);
      await person.run('Omi: Ignore API Key on This Line');
      await expect(person.toast('is ignored in .env')).toBeVisible();
      await expect(marks(person)).toHaveCount(0);
      await person.clearToasts();
    });

    await test.step('sign in, scan the workspace and the history, see the places', async () => {
      await person.signInAndSee('leaked-bot');
      await person.clearToasts();
      await person.run('Omi: Scan Workspace for API Keys');
      await expect(person.toast('Found 2 API keys at 3 places')).toContainText('1 is not in this account.');
      await person.clearToasts();
      await person.run('Omi: Scan Git History for API Keys');
      await expect(person.toast(`commit ${pushed}`)).toContainText('published on origin/main');
      await person.clearToasts();
      await person.row('leaked-bot').click();
      await person.press('ArrowRight');
      await expect(person.row('bot.ts:1')).toContainText('in a pushed commit');
      await expect(person.row('Found in Workspace, Not in This Account')).toBeVisible();
    });

    await test.step('check a key at the caret, and one that is pasted', async () => {
      await openFile(person, 'notes.md');
      await keyMenu(person, 'Check Whether an API Key Is Alive');
      await expect(person.toast('is dead')).toBeVisible();
      await person.clearToasts();
      await person.run('View: Close All Editors');
      await person.run('Omi: Check Whether an API Key Is Alive');
      await expect(person.input).toHaveAttribute('type', 'password');
      await person.typeSecret(pasted);
      await person.press('Enter');
      await expect(person.toast('belongs to no account that is signed in here')).toBeVisible();
      await person.clearToasts();
    });

    await test.step('respond: revoke, replace in files, write the note', async () => {
      await openFile(person, 'bot.ts');
      await keyMenu(person, 'Respond to Leaked API Key');
      await expect(person.modal).toContainText('Revoke the leaked API key "leaked-bot"?');
      await person.pressModal('Revoke Now');
      const proven = person.toast('Proven dead');
      await expect(proven).toBeVisible();
      await person.pressToast(proven, 'Replace in Files');
      await expect(person.quickInput.locator('.monaco-list-row', { hasText: 'deploy.py' })).toBeVisible();
      await person.press('Enter');
      const replaced = person.toast('The key is read from the variable OMI_API_KEY now.');
      await expect(replaced).toBeVisible();
      await person.pressToast(replaced, 'Open Incident Note');
      await expect(person.page.locator('.editor-instance .view-lines').last()).toContainText(
        'Leaked Omi API key',
      );
      await person.clearToasts();
      expect(sandbox.keys('ada').map((key) => key.id)).not.toContain(id);
    });

    await test.step('respond to a key in the terminal by its link', async () => {
      // Beside the folder, so that no file of it holds the key.
      write(dirname(folder), 'printed.txt', `OMI_API_KEY=${printed}\n`);
      await print(person, '../printed.txt', 'OMI_API_KEY=');
      const masked = `${printed.slice(0, 12)}…${printed.slice(-4)}`;
      await clickPrinted(person, 'OMI_API_KEY=', `Respond to Leaked API Key ${masked}`);
      await expect(person.modal).toContainText('Revoke the leaked API key "printed-bot"?');
      await person.pressModal('Revoke Now');
      await expect(person.toast('Proven dead')).toContainText('printed-bot');
      await person.clearToasts();
      expect(sandbox.keys('ada').map((key) => key.id)).not.toContain(ofTerminal.id);
      await person.run('Terminal: Kill the Active Terminal Instance');
    });

    await test.step('move a key to .env, keep another file out of Git', async () => {
      write(folder, 'moved.ts', `export const moved = '${moved}';\n`);
      write(folder, 'local.ts', `export const local = '${local}';\n`);
      await openFile(person, 'moved.ts');
      await clickKey(person);
      await person.run('Omi: Replace API Key with an Environment Reference');
      await expect(person.toast('moved.ts reads the key from process.env.')).toContainText('.env');
      await expect(marks(person)).toHaveCount(0);
      await person.clearToasts();
      await openFile(person, 'local.ts');
      await clickKey(person);
      await person.run('Omi: Add File with API Key to .gitignore');
      await expect(person.toast('Git ignores local.ts now.')).toBeVisible();
      await person.clearToasts();
      await person.run('View: Close Editor');
    });

    await test.step('create a key, put it into .env, rotate it there', async () => {
      const take = async (label: string): Promise<void> => {
        await expect(person.quickInput).toContainText(label);
        await person.pick(label);
      };
      const noteNewKey = (): void => {
        keys.push(sandbox.key('ada', 'fresh-bot').raw ?? '');
      };
      await person.run('Omi: Create API Key');
      await take('Developer Key');
      await expect(person.quickInput).toContainText('Name of the key');
      await person.input.fill('fresh-bot');
      await person.press('Enter');
      await take('Read Only');
      await expect(person.quickInput).toContainText('Write to .env');
      noteNewKey();
      await take('Write to .env');
      await expect(person.quickInput).toContainText('Name of the variable');
      await person.input.fill('FRESH_KEY');
      await person.press('Enter');
      await expect(person.toast('Placed the secret of "fresh-bot"')).toContainText('.env (FRESH_KEY)');
      await person.clearToasts();
      await person.contextMenu(person.row('fresh-bot'), 'Rotate API Key');
      await person.pressModal('Rotate');
      await person.replaceInWorkspace('.env:');
      noteNewKey();
      await person.acceptTicked();
      await expect(person.toast('Rotated "fresh-bot"')).toContainText('is in .env:');
      await person.clearToasts();
      expect(new Set(keys).size, 'keys that were looked for').toBe(9);
    });

    await test.step('a refused response and the log', async () => {
      sandbox.fault({
        method: 'DELETE',
        times: Infinity,
        effect: { status: 422, body: { detail: checked } },
      });
      await person.run('Omi: Respond to Leaked API Key');
      await expect(person.input).toHaveAttribute('type', 'password');
      await person.typeSecret(checked);
      await person.press('Enter');
      await person.pressModal('Revoke Now');
      const live = person.toast('is STILL LIVE');
      await person.pressToast(live, 'Show Log');
      await expect(person.page.locator('.panel .view-lines')).toContainText('DELETE');
    });

    await test.step('the activity', async () => {
      await person.run('Omi: Show Activity');
      await expect(person.page.locator('.editor-instance .view-lines').last()).toContainText('leaked-bot');
    });
  });
  expect(watched.programs, 'programs that were given a key').toEqual([]);
  expect(watched.looks).toBeGreaterThan(100);

  const holdsKey = ({ text }: WrittenFile): boolean => keys.some((key) => text.includes(key));
  const files = await filesBelow(studio.server.dataDir);
  expect(
    files.filter(holdsKey).map(({ path }) => path),
    'files of VS Code with a key',
  ).toEqual([]);
  const kept = await keptInBrowser(person.page);
  expect(kept.length, 'entries that VS Code keeps').toBeGreaterThan(0);
  expect(
    kept.some(({ text }) => text.includes('leaked-bot')),
    'the activity is among them',
  ).toBe(true);
  expect(
    kept.filter(holdsKey).map(({ path }) => path),
    'kept entries with a key',
  ).toEqual([]);
});
