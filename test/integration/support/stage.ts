import * as vscode from 'vscode';
import {
  startSandbox,
  type AccountName,
  type NewKey,
  type RecordedRequest,
  type Sandbox,
  type SandboxKey,
} from '../../../sandbox/server';
import type { Session } from '../../../src/account/session';
import { Sessions } from '../../../src/account/sessions';
import { secretVault } from '../../../src/editor/auth/secretVault';
import { renewThrough } from '../../../src/editor/auth/sessionPorts';
import * as timers from '../../../src/editor/timers';
import type { KeysNode } from '../../../src/editor/views/keysTree';
import type { ActivityEntry } from '../../../src/keys/activity';
import { PendingSecrets, type PendingKey } from '../../../src/keys/pendingSecrets';
import { createFirebaseApi } from '../../../src/omi/firebase';
import { createHttp } from '../../../src/omi/http';
import { browse } from './browser';
import { contextKeys, settingNames } from '../../../src/editor/ids';
import { extensionId, hostWatch, replace } from './hostWatch';
import { Person } from './person';
import { until } from './until';

/** Where ID tokens are renewed, as the emulator has it. */
export const renewalPath = '/securetoken.googleapis.com/v1/token';

export type Family = 'dev' | 'mcp';

/** A command under way. */
export interface Running {
  readonly done: Promise<unknown>;
}

/** Gives a suite its stage, which is open while its tests run. What a test did is taken back by {@link Stage.reset}. */
export function useStage(): Stage {
  const stage = new Stage();
  before(() => stage.open());
  after(() => stage.close());
  return stage;
}

/** One sandbox, one person and the activated extension, for one suite. */
export class Stage {
  readonly #watch = hostWatch();
  #sandbox: Sandbox | undefined;
  #person: Person | undefined;
  #otherWindows: Sessions[] = [];

  /** Starts a sandbox, points the extension at it, activates it and shows its view. */
  async open(): Promise<void> {
    this.#sandbox = await startSandbox();
    this.#person = new Person();
    this.#noteRawKeys();
    await this.restoreSettings();
    await vscode.extensions.getExtension(extensionId)?.activate();
    await vscode.commands.executeCommand('omi.keys.focus');
    await until('the tree view', () => this.#watch.keysView);
  }

  get sandbox(): Sandbox {
    if (!this.#sandbox) throw new Error('The stage is not open');
    return this.#sandbox;
  }

  get person(): Person {
    if (!this.#person) throw new Error('The stage is not open');
    return this.#person;
  }

  /** The names of the sessions that the real secret storage of the extension holds. */
  async keptSecrets(): Promise<string[]> {
    const names = Object.values(this.sandbox.accounts).map(({ uid }) => `omi.session.${uid}`);
    const texts = await Promise.all(names.map((name) => this.#secrets.get(name)));
    return names.filter((_, index) => texts[index] !== undefined);
  }

  /** What VS Code asks for sessions on behalf of others, past its own consent. */
  get provider(): vscode.AuthenticationProvider {
    const { provider } = this.#watch;
    if (!provider) throw new Error('There is no authentication provider');
    return provider;
  }

  get view(): vscode.TreeView<KeysNode> {
    return this.#seen.view;
  }

  /** Tells each time the rows are drawn anew. */
  onDidRedraw(listener: () => void): vscode.Disposable {
    const changes = this.#seen.provider.onDidChangeTreeData;
    if (!changes) throw new Error('The view never changes');
    return changes(listener);
  }

  /** Lets the extension believe that so many milliseconds went by while the machine slept: no timer goes off. */
  sleep(ms: number): void {
    this.#watch.aheadMs += ms;
  }

  /** The window gets the focus, or loses it. */
  focus(focused = true): void {
    this.#watch.focusListeners.forEach((listener) => listener({ focused, active: focused }));
  }

  /** A context key as `when` clauses see it. */
  contextKey(name: (typeof contextKeys)[keyof typeof contextKeys]): unknown {
    return this.#watch.contextKeys.get(name);
  }

  /** Runs a command, as the palette, a menu or a key would with these arguments. */
  run(command: string, ...args: unknown[]): Running {
    return { done: Promise.resolve(vscode.commands.executeCommand(command, ...args)) };
  }

  /** Signs in through the input box and waits for the list, good or bad. */
  async signIn(account: AccountName = 'ada'): Promise<void> {
    const command = this.run('omi.signInWithToken');
    const said = await this.person.submit(this.sandbox.token(account));
    if (said !== undefined) throw new Error(said);
    await this.person.close();
    await command.done;
    await this.listRead();
    this.person.forget();
  }

  /** Signs in through the browser, which the test plays, and waits for the list, good or bad. */
  async signInByBrowser(account: AccountName = 'ada'): Promise<void> {
    const command = this.run('omi.signIn');
    await this.person.take('Continue with Google');
    await browse(await this.person.address(), account);
    const { text } = await this.person.close();
    await command.done;
    if (!text.startsWith('Signed in')) throw new Error(text);
    await this.listRead();
    this.person.forget();
  }

  /** Keeps a session as another window does, which needs no request. */
  async keep(account: AccountName, session: Omit<Session, 'account'>): Promise<void> {
    const { uid, email } = this.sandbox.accounts[account];
    const other = await this.otherWindow();
    const kept = await other.signIn({ account: { id: uid, label: email }, ...session });
    if (!kept.ok) throw new Error('The session could not be kept');
    await until('the session to arrive', () => this.contextKey('omi.session') !== 'signedOut');
  }

  /** Keeps a session that must be renewed before its next use: its ID token is over, unless another one is given. */
  async keepDue(
    account: AccountName = 'ada',
    due: { readonly idToken?: string; readonly expiresAt?: number; readonly refreshToken?: string } = {},
  ): Promise<void> {
    const idToken = due.idToken ?? this.sandbox.token(account, { lifetimeSeconds: -600 });
    const refreshToken = due.refreshToken ?? this.sandbox.openSession(account).refreshToken;
    this.#watch.secrets.add(idToken).add(refreshToken);
    const dueAt = Date.now() - 1000;
    await this.keep(account, {
      idToken,
      expiresAt: due.expiresAt ?? dueAt,
      renewal: { refreshToken, dueAt },
    });
  }

  /** Requests for a new ID token that arrived. */
  get renewals(): RecordedRequest[] {
    return this.sandbox.requests.filter(({ rawPath }) => rawPath === renewalPath);
  }

  /** Waits until somebody is signed in and the lists were read, good or bad. */
  async listRead(): Promise<void> {
    await until(
      'the list',
      () => this.contextKey('omi.session') === 'signedIn' && this.contextKey('omi.keys') !== 'loading',
    );
  }

  /** Reads the lists anew, as the button of the view does. */
  async refresh(): Promise<void> {
    await this.run('omi.keys.refresh').done;
  }

  /** The same secret storage, seen from another window of VS Code. */
  async otherWindow(): Promise<Sessions> {
    const now = Date.now;
    const http = createHttp({ userAgent: 'another window', timeoutMs: () => 15_000 });
    let marked: readonly string[] = [];
    const sessions = new Sessions({
      vault: secretVault(this.#secrets),
      marker: {
        read: () => marked,
        write: (ids) => {
          marked = ids;
        },
      },
      renew: renewThrough(createFirebaseApi({ http, now })),
      now,
      pause: timers.pause,
      after: timers.after,
    });
    this.#otherWindows.push(sessions);
    await sessions.load();
    return sessions;
  }

  /** The secrets of new keys, as another window or a later start of VS Code finds them. */
  async pendingSecrets(): Promise<PendingSecrets> {
    const pending = new PendingSecrets(secretVault(this.#secrets));
    await pending.load();
    return pending;
  }

  /** A key whose secret is held by the vault and waits for a place. */
  async waitingKey(account: AccountName, wanted: NewKey = {}): Promise<{ pending: PendingKey; raw: string }> {
    const { raw, id, family, name, prefix, createdAt, lastUsedAt, scopes, appId } = this.addKey(
      account,
      wanted,
    );
    const key = { id, family, name, prefix, createdAt, lastUsedAt, scopes, appId };
    const pending = { accountId: this.sandbox.accounts[account].uid, key, isKept: false };
    const other = await this.pendingSecrets();
    const held = await other.hold(pending, raw);
    other.dispose();
    if (!held.ok) throw new Error(held.failure);
    return { pending, raw };
  }

  /** Lets the vault refuse something from now on; returns what ends that. */
  refuse(act: 'store' | 'delete' | 'get'): () => void {
    return replace(this.#secrets, act, () => Promise.reject(new Error('The keyring is locked')));
  }

  /** What the journal of activity has, oldest first. */
  get activity(): readonly ActivityEntry[] {
    return this.#watch.context?.globalState.get<readonly ActivityEntry[]>('omi.activity') ?? [];
  }

  /** Adds a key as another client of Omi would. */
  addKey(account: AccountName, key: NewKey): SandboxKey & { raw: string } {
    const added = this.sandbox.addKey(account, key);
    this.#watch.secrets.add(added.raw);
    return added;
  }

  /** The paths of the DELETE requests that arrived, or of those that had this status alone. */
  deletes(status?: number): string[] {
    return this.sandbox.requests
      .filter((request) => request.method === 'DELETE' && (status === undefined || request.status === status))
      .map(({ rawPath }) => rawPath);
  }

  /** Rows at the top of the view. */
  async groups(): Promise<KeysNode[]> {
    return (await this.#seen.provider.getChildren(undefined)) ?? [];
  }

  async group(family: Family): Promise<vscode.TreeItem> {
    const group = (await this.groups()).find((node) => node.kind === 'group' && node.family === family);
    if (!group) throw new Error(`No group ${family}`);
    return this.item(group);
  }

  /** Rows below a group. */
  async nodes(family: Family = 'dev'): Promise<KeysNode[]> {
    const group = (await this.groups()).find((node) => node.kind === 'group' && node.family === family);
    return group ? ((await this.#seen.provider.getChildren(group)) ?? []) : [];
  }

  /** What is drawn of the rows below a group. */
  async items(family: Family = 'dev'): Promise<vscode.TreeItem[]> {
    return Promise.all((await this.nodes(family)).map((node) => this.item(node)));
  }

  /** The labels of the rows below a group. */
  async rows(family: Family = 'dev'): Promise<string[]> {
    return (await this.items(family)).map(labelOf);
  }

  /** The row of a key, once the view has it. */
  async row(name: string, family: Family = 'dev'): Promise<KeysNode> {
    return until(`the row ${name}`, async () => {
      for (const node of await this.nodes(family)) {
        if (labelOf(await this.item(node)) === name) return node;
      }
      return undefined;
    });
  }

  /** What is drawn of a row. */
  async item(node: KeysNode): Promise<vscode.TreeItem> {
    const item = await this.#seen.provider.getTreeItem(node);
    const texts = [
      labelOf(item),
      item.description,
      item.accessibilityInformation?.label,
      textOf(item.tooltip),
    ];
    texts.forEach((text) => this.#watch.shown.push(String(text)));
    return item;
  }

  /** What is shown while the mouse rests on a row. */
  async tooltip(node: KeysNode): Promise<vscode.TreeItem['tooltip']> {
    const item = await this.item(node);
    const { token } = new vscode.CancellationTokenSource();
    await this.#seen.provider.resolveTreeItem?.(item, node, token);
    this.#watch.shown.push(textOf(item.tooltip));
    return item.tooltip;
  }

  /** Back to the settings that every test starts with. */
  async restoreSettings(): Promise<void> {
    await configure('apiBaseUrl', this.sandbox.url);
    await configure('firebase.authEmulatorHost', `127.0.0.1:${String(this.sandbox.port)}`);
    await configure('firebase.apiKey', undefined);
    // Longer than a test holds an answer back; one that waits for the limit sets its own.
    await configure('requestTimeoutSeconds', 15);
    const { sortBy, staleAfterDays, clipboardClearAfterSeconds, leaksWatch, leaksExclude } = settingNames;
    const others = [sortBy, staleAfterDays, clipboardClearAfterSeconds, leaksExclude];
    for (const name of others) await configure(name, undefined);
    await configure(leaksWatch, process.env['OMI_TEST_WATCH'] === 'off' ? false : undefined);
  }

  /** Back to signed out, with fresh keys, no faults and nothing on the screen. */
  async reset(): Promise<void> {
    this.#watch.aheadMs = 0;
    await this.restoreSettings();
    await this.person.escape();
    this.person.forget();
    const other = await this.otherWindow();
    for (const { id } of other.accounts) await other.signOut(id);
    this.#otherWindows.forEach((sessions) => sessions.dispose());
    this.#otherWindows = [];
    await until('to be signed out', () => this.contextKey('omi.session') === 'signedOut');
    // What a failed test left behind must not fail the next one.
    for (const name of await this.keptSecrets()) await this.#secrets.delete(name);
    const pending = await this.pendingSecrets();
    for (const { key } of pending.keys) await pending.release(key.id);
    pending.dispose();
    this.#noteTraffic();
    this.#noteRawKeys();
    this.sandbox.reset();
    this.#noteRawKeys();
    this.person.forget();
  }

  async close(): Promise<void> {
    this.#person?.leave();
    await this.#sandbox?.close();
  }

  get #secrets(): vscode.SecretStorage {
    const { context } = this.#watch;
    if (!context) throw new Error('The extension is not active');
    return context.secrets;
  }

  get #seen(): NonNullable<ReturnType<typeof hostWatch>['keysView']> {
    const { keysView } = this.#watch;
    if (!keysView) throw new Error('The view was not made');
    return keysView;
  }

  /** Everything that the requests carried and that nobody but Omi and Firebase may see. */
  #noteTraffic(): void {
    const names = ['state', 'code', 'code_verifier', 'code_challenge', 'refresh_token'];
    for (const { query, body, bearer } of this.sandbox.requests) {
      const sent = new URLSearchParams(body.startsWith('{') ? query : `${query}&${body}`);
      const found = [bearer, /"token":"([^"]+)"/.exec(body)?.[1], ...names.map((name) => sent.get(name))];
      found.forEach((secret) => secret && this.#watch.secrets.add(secret));
    }
    for (const account of ['ada', 'grace', 'linus'] as const) {
      this.sandbox.refreshTokens(account).forEach((token) => this.#watch.secrets.add(token));
    }
  }

  #noteRawKeys(): void {
    for (const account of ['ada', 'grace', 'linus'] as const) {
      for (const { raw } of [...this.sandbox.keys(account, 'dev'), ...this.sandbox.keys(account, 'mcp')]) {
        if (raw !== null) this.#watch.secrets.add(raw);
      }
    }
  }
}

/** Sets a setting of the extension for the user; undefined takes it back. */
export async function configure(
  name: (typeof settingNames)[keyof typeof settingNames],
  value: unknown,
): Promise<void> {
  const section = vscode.workspace.getConfiguration('omi');
  // Each change writes a file, so there are none for nothing.
  if (section.inspect(name)?.globalValue === value) return;
  await section.update(name, value, vscode.ConfigurationTarget.Global);
}

/** Closes every editor without saving. */
export async function discardEditors(): Promise<void> {
  while (vscode.window.activeTextEditor) {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
}

export function labelOf({ label }: vscode.TreeItem): string {
  return typeof label === 'string' ? label : (label?.label ?? '');
}

/** The source of a tooltip. */
export function textOf(tooltip: vscode.TreeItem['tooltip']): string {
  return typeof tooltip === 'string' ? tooltip : (tooltip?.value ?? '');
}
