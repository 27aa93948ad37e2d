import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { KeysNode } from '../../../src/editor/views/keysTree';

export const extensionId = 'omi-community.omi-api-keys';

/** What the extension shows and keeps to itself, seen while it is made: VS Code hands none of it out. */
export interface HostWatch {
  keysView:
    | { readonly provider: vscode.TreeDataProvider<KeysNode>; readonly view: vscode.TreeView<KeysNode> }
    | undefined;
  context: vscode.ExtensionContext | undefined;
  /** What the extension has put into the status bar. */
  readonly statusBar: WatchedStatusItem[];
  /** Each text whose problems were drawn, with the lines they are at, as often as that was done. */
  readonly problemsDrawn: { readonly address: string; readonly lines: readonly number[] }[];
  /** What the extension registered for VS Code's Accounts menu. */
  provider: vscode.AuthenticationProvider | undefined;
  /** What the extension makes links of in the terminal. */
  terminalLinks: vscode.TerminalLinkProvider | undefined;
  /** The context keys that `when` clauses read, as they are now. */
  readonly contextKeys: Map<string, unknown>;
  /** Every command that was run through the API, by id. */
  readonly commandsRun: string[];
  /** Every text that was on the screen since the start of the run. */
  readonly shown: string[];
  /** Every line that the extension wrote into an output channel. */
  readonly logged: string[];
  /** How far the clock that the extension reads is ahead, in milliseconds. */
  aheadMs: number;
  /** Who wants to hear that the window got the focus, or lost it. */
  readonly focusListeners: Set<(state: vscode.WindowState) => unknown>;
  /** Texts that must never be shown or logged: tokens that were pasted, raw keys that exist. */
  readonly secrets: Set<string>;
}

/** An item of the status bar, and whether it is to be seen. */
export interface WatchedStatusItem {
  readonly item: vscode.StatusBarItem;
  isShown: boolean;
}

const shelf = globalThis as Partial<Record<symbol, HostWatch>>;
const place = Symbol.for('omi.test.hostWatch');

/**
 * The one watch of this extension host. Each suite is a bundle of its own, so what they share lies on the global
 * object. The first call must come before the extension is activated.
 */
export function hostWatch(): HostWatch {
  return (shelf[place] ??= startWatch());
}

function startWatch(): HostWatch {
  const extension = vscode.extensions.getExtension(extensionId);
  if (!extension) throw new Error(`${extensionId} is not there`);
  if (extension.isActive) throw new Error('The extension was activated before anybody could watch');
  const watch: HostWatch = {
    keysView: undefined,
    context: undefined,
    provider: undefined,
    terminalLinks: undefined,
    statusBar: [],
    problemsDrawn: [],
    contextKeys: new Map(),
    commandsRun: [],
    shown: [],
    logged: [],
    aheadMs: 0,
    focusListeners: new Set(),
    secrets: new Set(),
  };

  const now = Date.now;
  replace(Date, 'now', () => now() + watch.aheadMs);

  const onDidChangeWindowState = vscode.window.onDidChangeWindowState.bind(vscode.window);
  replace(vscode.window, 'onDidChangeWindowState', (listener: (state: vscode.WindowState) => unknown) => {
    watch.focusListeners.add(listener);
    return vscode.Disposable.from(
      onDidChangeWindowState(listener),
      new vscode.Disposable(() => watch.focusListeners.delete(listener)),
    );
  });

  const createTreeView = vscode.window.createTreeView.bind(vscode.window);
  replace(vscode.window, 'createTreeView', (id: string, options: vscode.TreeViewOptions<KeysNode>) => {
    const view = createTreeView(id, options);
    if (id === 'omi.keys') watch.keysView = { provider: options.treeDataProvider, view };
    return view;
  });

  const createOutputChannel = vscode.window.createOutputChannel.bind(vscode.window);
  replace(vscode.window, 'createOutputChannel', (name: string, options: { log: true }) => {
    const channel = createOutputChannel(name, options);
    for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const) {
      const write = channel[level].bind(channel) as (line: string) => void;
      replace(channel, level, (line: string) => {
        watch.logged.push(line);
        write(line);
      });
    }
    return channel;
  });

  const createStatusBarItem = vscode.window.createStatusBarItem.bind(vscode.window) as (
    ...args: unknown[]
  ) => vscode.StatusBarItem;
  replace(vscode.window, 'createStatusBarItem', (...args: unknown[]) => {
    const item = createStatusBarItem(...args);
    const watched: WatchedStatusItem = { item, isShown: false };
    const [show, hide] = [item.show.bind(item), item.hide.bind(item)];
    replace(item, 'show', () => {
      watched.isShown = true;
      const tooltip = typeof item.tooltip === 'string' ? item.tooltip : '';
      watch.shown.push(item.text, tooltip, item.accessibilityInformation?.label ?? '');
      show();
    });
    replace(item, 'hide', () => {
      watched.isShown = false;
      hide();
    });
    watch.statusBar.push(watched);
    return item;
  });

  const createDiagnosticCollection = vscode.languages.createDiagnosticCollection.bind(vscode.languages);
  replace(vscode.languages, 'createDiagnosticCollection', (name: string) => {
    const collection = createDiagnosticCollection(name);
    const set = collection.set.bind(collection);
    replace(collection, 'set', (entries: readonly [vscode.Uri, readonly vscode.Diagnostic[]][]) => {
      for (const [uri, problems] of entries) {
        watch.problemsDrawn.push({
          address: uri.toString(),
          lines: problems.map(({ range }) => range.start.line),
        });
      }
      set(entries);
    });
    return collection;
  });

  const setStatusBarMessage = vscode.window.setStatusBarMessage.bind(vscode.window);
  replace(vscode.window, 'setStatusBarMessage', (text: string, hideAfter: number) => {
    watch.shown.push(text);
    return setStatusBarMessage(text, hideAfter);
  });

  const register = vscode.authentication.registerAuthenticationProvider.bind(vscode.authentication);
  replace(
    vscode.authentication,
    'registerAuthenticationProvider',
    (...args: Parameters<typeof vscode.authentication.registerAuthenticationProvider>) => {
      watch.provider = args[2];
      return register(...args);
    },
  );

  const makeLinks = vscode.window.registerTerminalLinkProvider.bind(vscode.window);
  replace(vscode.window, 'registerTerminalLinkProvider', (provider: vscode.TerminalLinkProvider) => {
    watch.terminalLinks = provider;
    return makeLinks(provider);
  });

  const executeCommand = vscode.commands.executeCommand.bind(vscode.commands);
  replace(vscode.commands, 'executeCommand', (id: string, ...args: unknown[]) => {
    if (id === 'setContext') watch.contextKeys.set(String(args[0]), args[1]);
    else watch.commandsRun.push(id);
    return executeCommand(id, ...args);
  });

  watchActivation(extension, watch);
  return watch;
}

/** Notes the context that VS Code hands to the extension, and with it the real secret storage. */
function watchActivation(extension: vscode.Extension<unknown>, watch: HostWatch): void {
  const load = createRequire(__filename);
  const main = load.resolve(join(extension.extensionPath, (extension.packageJSON as { main: string }).main));
  const { activate } = load(main) as { activate: (context: vscode.ExtensionContext) => unknown };
  const loaded = load.cache[main];
  if (!loaded) throw new Error('The extension was not loaded as a module');
  loaded.exports = {
    activate: (context: vscode.ExtensionContext) => {
      watch.context = context;
      return activate(context);
    },
  };
}

/** Puts another function in the place of an object's own or inherited one; returns what puts it back. */
export function replace(object: object, name: string, value: unknown): () => void {
  const original = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, writable: true, configurable: true });
  return () => {
    if (original) Object.defineProperty(object, name, original);
    else Reflect.deleteProperty(object, name);
  };
}
