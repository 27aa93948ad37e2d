// A key in a cell of a notebook, in the notebook type that VS Code brings along.
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openFile, openProblems } from './support/editing';
import { write } from './support/repository';
import { expect, test } from './support/stage';

test('a key in a cell of a notebook is marked and told of', async ({ open, sandbox, studio }) => {
  const folder = join(dirname(studio.folder), 'notebooks');
  const { raw } = sandbox.key('ada', 'prod-bot');
  const cell = {
    cell_type: 'code',
    execution_count: null,
    metadata: {},
    outputs: [],
    source: ['import os\n', `key = "${raw ?? ''}"`],
  };
  const notebook = { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 };
  write(folder, 'study.ipynb', JSON.stringify(notebook, null, 1));
  const person = await open({ folder });
  await person.signInAndSee('prod-bot');
  await person.clearToasts();
  await openFile(person, 'study.ipynb');
  await expect(person.page.locator('.notebook-editor .cell').first()).toBeVisible();
  const problems = await openProblems(person);
  await expect(problems.filter({ hasText: /omi_dev_\w{4}…\w{4} \("prod-bot"\) is in/ })).toHaveCount(1);
  await expect(problems.filter({ hasText: 'It still works.' })).toHaveCount(1);
  const marks = person.page.locator('.notebook-editor .view-overlays .squiggly-warning');
  await expect(marks.first()).toBeVisible();
  await rm(folder, { recursive: true, force: true });
});
