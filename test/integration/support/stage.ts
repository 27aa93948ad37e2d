import * as vscode from 'vscode';
import { startSandbox, type AccountName, type Sandbox } from '../../../sandbox/server';
import type { KeysNode } from '../../../src/editor/views/keysTree';
import { Person } from './person';
import { until } from './until';

const extensionId = 'omi-community.omi-api-keys';

interface SeenView {
  readonly provider: vscode.TreeDataProvider<KeysNode>;
  readonly view: vscode.TreeView<KeysNode>;
}

let seenView: SeenView | undefined;

/** One sandbox, one person and the activated extension, for one suite. */
export interface Stage {
  readonly sandbox: Sandbox;
  readonly person: Person;
  signIn(account?: AccountName): Promise<void>;
  /** Back to signed out, with fresh keys, no faults and nothing on the screen. */
  reset(): Promise<void>;
  /** The rows below a group of the view, by label. */
  rows(family?: 'dev' | 'mcp'): Promise<string[]>;
  /** The row of a key, once the view has it. */
  row(name: string, family?: 'dev' | 'mcp'): Promise<KeysNode>;
  view(): vscode.TreeView<KeysNode>;
  item(node: KeysNode): Promise<vscode.TreeItem>;
  run(command: string, ...args: unknown[]): { done: Promise<unknown> };
  close(): Promise<void>;
}

/** Starts a sandbox, points the extension at it and shows its view. */
export async function openStage(): Promise<Stage> {
  const sandbox = await startSandbox();
  await configure('apiBaseUrl', sandbox.url);
  await configure('requestTimeoutSeconds', 2);
  watchTreeViews();
  const extension = vscode.extensions.getExtension(extensionId);
  if (!extension) throw new Error(`${extensionId} is not there`);
  await extension.activate();
  const person = new Person();
  await vscode.commands.executeCommand('omi.keys.focus');
  const seen = await until('the tree view', () => seenView);

  const children = async (family: 'dev' | 'mcp'): Promise<KeysNode[]> => {
    const groups = (await seen.provider.getChildren(undefined)) ?? [];
    const group = groups.find((node) => node.kind === 'group' && node.family === family);
    return group ? ((await seen.provider.getChildren(group)) ?? []) : [];
  };
  const item = async (node: KeysNode): Promise<vscode.TreeItem> => seen.provider.getTreeItem(node);
  const labelOf = async (node: KeysNode): Promise<string> => {
    const { label } = await item(node);
    return typeof label === 'string' ? label : (label?.label ?? '');
  };

  return {
    sandbox,
    person,
    item,
    view: () => seen.view,
    signIn: async (account = 'ada') => {
      const command = vscode.commands.executeCommand('omi.signInWithToken');
      const said = await person.submit(sandbox.token(account));
      if (said !== undefined) throw new Error(said);
      const message = await person.nextMessage();
      message.press(undefined);
      await command;
      await until('the list', async () => (await children('dev')).length > 0 || account === 'linus');
    },
    reset: async () => {
      sandbox.clearFaults();
      await configure('apiBaseUrl', sandbox.url);
      await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
      person.forget();
      const command = vscode.commands.executeCommand('omi.signOut');
      (await person.nextMessage()).press(undefined);
      await command;
      sandbox.reset();
      person.forget();
    },
    rows: async (family = 'dev') => Promise.all((await children(family)).map(labelOf)),
    row: async (name, family = 'dev') =>
      until(`the row ${name}`, async () => {
        for (const node of await children(family)) if ((await labelOf(node)) === name) return node;
        return undefined;
      }),
    run: (command, ...args) => ({ done: Promise.resolve(vscode.commands.executeCommand(command, ...args)) }),
    close: async () => {
      person.leave();
      await sandbox.close();
    },
  };
}

/** Sets a setting of the extension for the user; undefined takes it back. */
export async function configure(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration('omi').update(name, value, vscode.ConfigurationTarget.Global);
}

/** The tree view keeps its rows to itself, so the suite looks on while it is made. */
function watchTreeViews(): void {
  const original = Object.getOwnPropertyDescriptor(vscode.window, 'createTreeView');
  if (!original || seenView) return;
  const create = vscode.window.createTreeView.bind(vscode.window);
  Object.defineProperty(vscode.window, 'createTreeView', {
    configurable: true,
    writable: true,
    value: (id: string, options: vscode.TreeViewOptions<KeysNode>) => {
      const view = create(id, options);
      if (id === 'omi.keys') seenView = { provider: options.treeDataProvider, view };
      return view;
    },
  });
}
