// A repository that tries to have programs run, in Restricted Mode and after it was trusted.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startSandbox } from '../../sandbox/server';
import { hoverKey, marks, openFile, openProblems } from './support/editing';
import { commit, makeHostile, makeRepository, newKey, push, write } from './support/repository';
import { expect, test } from './support/stage';

test.use({
  workspaceTrust: true,
  userSettings: {
    'security.workspace.trust.startupPrompt': 'never',
    // VS Code's own Git would run what a trusted repository names; here a mark can come from us alone.
    'git.enabled': false,
  },
});

test('a hostile repository runs nothing and leads nothing astray, untrusted and trusted', async ({
  open,
  sandbox,
  studio,
}) => {
  const folder = join(dirname(studio.folder), 'hostile');
  const mark = join(dirname(studio.folder), 'it-ran');
  const elsewhere = await startSandbox();
  makeRepository(folder);
  const pushed = commit(folder, 'first', { 'old.ts': `const key = '${newKey()}';\n` });
  push(folder);
  rmSync(join(folder, 'old.ts'));
  commit(folder, 'second', { 'bot.ts': `const key = '${newKey()}';\n`, '.gitignore': '.env\n' });
  write(folder, '.env', `OMI_API_KEY=${newKey()}\n`);
  makeHostile(folder, mark);
  rmSync(mark, { force: true });
  write(
    folder,
    '.vscode/settings.json',
    JSON.stringify({
      'omi.apiBaseUrl': elsewhere.url,
      'omi.firebase.authEmulatorHost': `127.0.0.1:${String(elsewhere.port)}`,
      'omi.requestTimeoutSeconds': 1,
    }),
  );

  const person = await open({ folder });
  await expect(person.page.locator('#status\\.workspaceTrust')).toContainText('Restricted Mode');
  await test.step('Restricted Mode: keys in documents are shown', async () => {
    await openFile(person, 'bot.ts');
    await expect(marks(person)).toHaveCount(1);
    const problems = await openProblems(person);
    await expect(problems.filter({ hasText: 'is in this text' })).toHaveCount(1);
    await expect(await hoverKey(person)).toContainText('It is not known whether it still works.');
    await person.press('Escape');
  });

  await test.step('Restricted Mode: the user’s own server is asked', async () => {
    await person.signInAndSee('prod-bot');
    expect(sandbox.requests.length).toBeGreaterThan(0);
    await person.clearToasts();
  });

  await test.step('Restricted Mode: a scan of the workspace goes without Git and says so', async () => {
    await person.run('Omi: Scan Workspace for API Keys');
    const toast = person.toast('Found 2 API keys at 2 places');
    await expect(toast).toBeVisible();
    await expect(toast).toContainText('Git is not run in Restricted Mode');
    await person.clearToasts();
  });

  await test.step('Restricted Mode: a scan of the history says why there is none', async () => {
    await person.run('Omi: Scan Git History for API Keys');
    await expect(person.toast('in Restricted Mode Git is not run')).toBeVisible();
    expect(existsSync(mark), 'a program of the repository was run').toBe(false);
  });

  await test.step('trusted: scans ask Git, and still nothing of the repository runs', async () => {
    await person.pressToast(person.toast('in Restricted Mode Git is not run'), 'Manage Workspace Trust');
    await person.page
      .locator('.workspace-trust-editor')
      .getByRole('button', { name: 'Trust', exact: true })
      .click();
    await expect(person.page.locator('#status\\.workspaceTrust')).toHaveCount(0);
    const dialog = person.page.locator('.monaco-modal-editor-block');
    await dialog
      .getByRole('button', { name: /^Close/ })
      .first()
      .click();
    await expect(dialog).toBeHidden();
    const problems = await openProblems(person);
    await expect(problems.filter({ hasText: 'in a commit that is not pushed yet' })).toHaveCount(1);

    await person.run('Omi: Scan Workspace for API Keys');
    const found = person.toast('Found 2 API keys at 2 places');
    await expect(found).toBeVisible();
    await expect(found).not.toContainText('Restricted Mode');
    await person.clearToasts();

    await person.run('Omi: Scan Git History for API Keys');
    await expect(person.toast(`commit ${pushed}`)).toContainText('published on origin/main');
    expect(existsSync(mark), 'a program of the repository was run').toBe(false);
    await person.clearToasts();
  });

  expect(elsewhere.requestLines, 'requests to the server of the repository').toEqual([]);
  await elsewhere.close();

  // Without precautions it does run: the trap is a good one.
  spawnSync('git', ['status'], { cwd: folder });
  expect(existsSync(mark)).toBe(true);
});
