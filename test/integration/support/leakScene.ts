import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { NewKey, SandboxKey } from '../../../sandbox/server';
import { withoutAutoSave } from './editorSettings';
import type { ShownMessage } from './person';
import { useStage, type Family, type Running, type Stage } from './stage';

export const keyRoute = '/v1/dev/key';
export const dataRoute = '/v1/dev/user/memories';

/** A key that exists, with its raw secret. */
export type RawKey = SandboxKey & { readonly raw: string };

/** Gives a suite its scene, which begins and ends with each of its tests. */
export function useLeakScene(prefix: string): LeakScene {
  withoutAutoSave();
  const scene = new LeakScene(useStage(), prefix);
  beforeEach(() => scene.begin());
  afterEach(() => scene.end());
  return scene;
}

/** A stage with a folder of its own in the workspace, in which leaked keys lie. */
export class LeakScene {
  readonly stage: Stage;
  /** Of each test its own: VS Code keeps the texts of earlier ones in memory for a while. */
  folder = '';
  #folders = 0;
  readonly #prefix: string;

  constructor(stage: Stage, prefix: string) {
    this.stage = stage;
    this.#prefix = prefix;
  }

  get #root(): string {
    return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? assert.fail('no folder is open');
  }

  /** Begins a test: an empty folder, and nothing on record. */
  begin(): void {
    this.#folders += 1;
    this.folder = `${this.#prefix}-${String(this.#folders)}`;
    this.stage.sandbox.clearRequests();
  }

  /** Ends a test. */
  async end(): Promise<void> {
    await this.stage.person.escape();
    this.stage.person.forget();
    for (const document of vscode.workspace.textDocuments) {
      if (document.isDirty && !document.isUntitled) await document.save();
    }
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await rm(join(this.#root, this.folder), { recursive: true, force: true });
    await this.stage.reset();
  }

  /** Signs in as ada, with nothing on record after it. */
  async signIn(): Promise<void> {
    await this.stage.signIn();
    this.stage.sandbox.clearRequests();
  }

  /** One of the seeded keys of ada. */
  key(name = 'prod-bot', family: Family = 'dev'): RawKey {
    const key = this.stage.sandbox.key('ada', name, family);
    return { ...key, raw: key.raw ?? assert.fail('no raw key') };
  }

  /** A new key of another account. */
  keyOf(account: 'grace' | 'linus', wanted: NewKey = {}): RawKey {
    return this.stage.addKey(account, wanted);
  }

  pathOf(name: string): string {
    return join(this.#root, this.folder, name);
  }

  async write(name: string, text: string): Promise<vscode.Uri> {
    await mkdir(dirname(this.pathOf(name)), { recursive: true });
    await writeFile(this.pathOf(name), text);
    return vscode.Uri.file(this.pathOf(name));
  }

  read(name: string): Promise<string> {
    return readFile(this.pathOf(name), 'utf8');
  }

  /** Shows a file with the caret in the key that stands in it. */
  async showAt(uri: vscode.Uri, raw: string): Promise<vscode.TextEditor> {
    const editor = await vscode.window.showTextDocument(uri);
    const caret = editor.document.positionAt(editor.document.getText().indexOf(raw) + 5);
    editor.selection = new vscode.Selection(caret, caret);
    return editor;
  }

  /** Shows a program that holds a key, with the caret in it. */
  async showLeak(raw: string, name = 'bot.ts'): Promise<vscode.TextEditor> {
    return this.showAt(await this.write(name, `const key = '${raw}';\n`), raw);
  }

  respond(...args: unknown[]): Running {
    return this.stage.run('omi.leak.respond', ...args);
  }

  check(...args: unknown[]): Running {
    return this.stage.run('omi.leak.check', ...args);
  }

  /** Looks at the question before a leaked key is revoked, and answers it. */
  async answer(button: 'Revoke Now' | 'Replace, Then Revoke' | undefined): Promise<ShownMessage> {
    const question = await this.stage.person.answer(button);
    assert.deepEqual(question.buttons, ['Revoke Now', 'Replace, Then Revoke']);
    return question;
  }

  /** Closes the next notification, which must be the last. */
  async closeLast(command: Running): Promise<ShownMessage> {
    const message = await this.stage.person.close();
    await command.done;
    assert.equal(this.stage.person.unseen, 0, 'more than one notification');
    return message;
  }

  /** Signs in with a token from the list of ways that is open. */
  async signInByToken(account: 'ada' | 'grace' | 'linus'): Promise<void> {
    await this.stage.person.take('Paste a Firebase ID Token');
    assert.equal(await this.stage.person.submit(this.stage.sandbox.token(account)), undefined);
  }

  /** What was done, oldest first: action, name, end and proof. */
  get activity(): string[] {
    return this.stage.activity.map(({ action, keyName, end, proof }) =>
      [action, keyName, end, proof].join(' ').trim(),
    );
  }

  posts(): string[] {
    return this.stage.sandbox.requests
      .filter(({ method }) => method === 'POST')
      .map(({ rawPath }) => rawPath);
  }
}

export const masked = ({ prefix }: SandboxKey): string => prefix.replace('...', '…');

/** A key as a notification names it. */
export const named = (key: SandboxKey): string => `"${key.name}" (${masked(key)})`;
