import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { replace } from './support/hostWatch';
import type { ShownMessage } from './support/person';
import { useRepository } from './support/repository';
import { useStage } from './support/stage';
import { until } from './support/until';

describe('Add Leak Guard to Repository', () => {
  const stage = useStage();
  const repository = useRepository();
  afterEach(() => stage.reset());

  const text = (name: string): Promise<string> => readFile(join(repository.folder, name), 'utf8');
  /** Writes a file, and waits until VS Code has it where an earlier test had one of that name. */
  const put = async (name: string, content: string): Promise<vscode.Uri> => {
    const uri = repository.put(name, content);
    await until(`${name} to be seen`, async () => {
      const document = await vscode.workspace.openTextDocument(uri);
      return document.getText() === content;
    });
    return uri;
  };
  const isThere = (name: string): boolean => existsSync(join(repository.folder, name));

  /** Ticks both changes in VS Code's own preview and takes them. */
  const takeAllInPreview = async (): Promise<void> => {
    const run = (id: string): Thenable<unknown> => vscode.commands.executeCommand(id);
    await until('the preview', async () => {
      await run('refactorPreview.focus');
      await run('list.focusFirst');
      // What has the focus is shown as a comparison: then the preview is there.
      await run('list.select');
      return vscode.window.tabGroups.all.some(({ tabs }) =>
        tabs.some(({ label }) => label.includes('Preview')),
      );
    });
    for (const which of ['list.focusFirst', 'list.focusLast']) {
      await run('refactorPreview.focus');
      await run(which);
      await run('refactorPreview.toggleCheckedState');
    }
    await run('refactorPreview.apply');
  };
  /** Plays the preview, which takes keys poorly: what is not ticked is left out of the edit, which is applied then. */
  const review = async (...ticked: readonly string[]): Promise<ShownMessage> => {
    const applyEdit = vscode.workspace.applyEdit.bind(vscode.workspace);
    const restore = replace(vscode.workspace, 'applyEdit', async (edit: vscode.WorkspaceEdit) => {
      const kept = new vscode.WorkspaceEdit();
      for (const [uri, changes] of edit.entries()) {
        if (!ticked.some((name) => uri.path.endsWith(`/${name}`))) continue;
        if (!existsSync(uri.fsPath)) kept.createFile(uri);
        kept.set(uri, changes);
      }
      return kept.size > 0 && applyEdit(kept);
    });
    try {
      return await add();
    } finally {
      restore();
    }
  };
  /** Runs the command where there is nothing to review. */
  const add = async (button?: string): Promise<ShownMessage> => {
    const { done } = stage.run('omi.leak.addGuard');
    const said = await stage.person.nextMessage();
    said.press(button);
    await done;
    return said;
  };

  it('adds what is ticked in the preview, and saves it', async () => {
    repository.init();
    const { done } = stage.run('omi.leak.addGuard');
    await takeAllInPreview();
    const said = await stage.person.close();
    await done;
    assert.equal(
      said.text,
      'Added a guard to .gitleaks.toml. Added a guard to .pre-commit-config.yaml. Run "pre-commit install" once, ' +
        'so that each commit is checked; pre-commit then runs whatever that file names.',
    );
    assert.equal(said.level, 'info');
    assert.match(
      await text('.gitleaks.toml'),
      /^\[extend\]\nuseDefault = true\n\n\[\[rules\]\]\nid = "omi-api-key"\n/,
    );
    assert.match(await text('.pre-commit-config.yaml'), /^repos:\n {2}- repo: local\n[^]*id: omi-api-keys\n/);
  });

  it('adds nothing that is not ticked, and says so', async () => {
    repository.init();
    const said = await review('.gitleaks.toml');
    assert.equal(said.text, 'Added a guard to .gitleaks.toml. Nothing was added to .pre-commit-config.yaml.');
    assert.equal(said.level, 'warn');
    assert.ok(isThere('.gitleaks.toml') && !isThere('.pre-commit-config.yaml'));
  });

  it('adds nothing when all is discarded', async () => {
    repository.init();
    const said = await review();
    assert.equal(
      said.text,
      'Nothing was added to .gitleaks.toml. Nothing was added to .pre-commit-config.yaml.',
    );
    assert.ok(!isThere('.gitleaks.toml') && !isThere('.pre-commit-config.yaml'));
  });

  it('overwrites nothing: it adds to what is there, also to unsaved text, which stays unsaved', async () => {
    repository.init();
    const before = 'title = "ours"\n\n[[rules]]\nid = "ours"\n';
    const uri = await put('.gitleaks.toml', before);
    await put('.pre-commit-config.yaml', 'repos: [\n');
    const editor = await vscode.window.showTextDocument(uri, { preview: false });
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '# mine\n'));
    const said = await review('.gitleaks.toml');
    assert.equal(
      said.text,
      'Added a guard to .gitleaks.toml, which is not saved yet. .pre-commit-config.yaml was left alone: its ' +
        'form allows no additions.',
    );
    assert.equal(said.level, 'warn');
    assert.ok(editor.document.getText().startsWith(`# mine\n${before}`));
    assert.match(editor.document.getText(), /id = "omi-api-key"/);
    assert.equal(await text('.gitleaks.toml'), before);
    assert.equal(await text('.pre-commit-config.yaml'), 'repos: [\n');
  });

  it('says what is there already, and what has conflicts', async () => {
    repository.init();
    await put('.gitleaks.toml', '[[rules]]\nid = "omi-api-key"\n');
    await put('.pre-commit-config.yaml', '<<<<<<< ours\nrepos:\n=======\nrepos:\n>>>>>>> theirs\n');
    assert.equal(
      (await add()).text,
      '.gitleaks.toml has a guard for Omi keys already. .pre-commit-config.yaml was left alone: it has unresolved ' +
        'merge conflicts.',
    );
  });

  it("shows the pattern for GitHub's secret scanning, which nobody has to save", async () => {
    repository.init();
    await put('.gitleaks.toml', '[[rules]]\nid = "omi-api-key"\n');
    await put('.pre-commit-config.yaml', 'repos:\n  - repo: local\n    hooks:\n      - id: omi-api-keys\n');
    const said = await add('Show Pattern for GitHub');
    assert.equal(said.level, 'info');
    const { document } = await until('the text', () => vscode.window.activeTextEditor);
    assert.equal(document.languageId, 'markdown');
    assert.ok(!document.isUntitled && !document.isDirty);
    assert.ok(document.getText().includes('- Secret format: `omi_(?:dev|mcp)_[0-9a-f]{32}`'));
  });

  it('says when the folder is in no repository, and when none is open', async () => {
    assert.match((await add()).text, / is in no Git repository, so there is nothing to guard\.$/);
    const restore = replace(vscode.workspace, 'workspaceFolders', undefined);
    const said = await add();
    restore();
    assert.equal(said.text, 'No folder is open, so there is no repository to guard.');
    assert.ok(!isThere('.gitleaks.toml'));
  });
});
