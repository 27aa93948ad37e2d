import { commands, Disposable, l10n, window, workspace, type TreeView, type ViewBadge } from 'vscode';
import type { Sessions } from '../../account/sessions';
import type { KeyTarget } from '../../keys/key';
import type { KeyRings } from '../../keys/keyAccess';
import { ListWatch } from '../../keys/listWatch';
import { keyFamilies } from '../../omi/rawKey';
import { combinedKind, ContextKeys } from '../contextKeys';
import { wordsForFailure } from '../failures';
import { settingNames, settingsSection, viewIds } from '../ids';
import type { KeyLeak } from '../leaks/keyLeaks';
import { after } from '../timers';
import { asPlainText, clockTime, dayOrClockTime } from '../words';
import { KeysInWork } from './keysInWork';
import { KeysTree, type KeysNode } from './keysTree';
import { ShownKeys, type ShownKeysParts } from './shownKeys';

/** VS Code holds back a view's changes for as long as they come faster than every 200 milliseconds. */
const messagePaceMs = 250;

/** An address that is being typed comes in pieces, none of which is to get a session; milliseconds. */
const addressPaceMs = 2000;

export interface KeysViewParts extends ShownKeysParts {
  /** Forgets all lists: they are of another server than the one that is configured now. */
  readonly dropLists: () => void;
}

/** The view "API Keys": follows the session and the key rings, and reads the list while somebody can see it. */
export class KeysView {
  readonly inWork = new KeysInWork();
  readonly #rings: KeyRings;
  readonly #sessions: Sessions;
  readonly #now: () => number;
  readonly #shown: ShownKeys;
  readonly #tree: KeysTree;
  readonly #view: TreeView<KeysNode>;
  readonly #contextKeys = new ContextKeys();
  readonly #watch: ListWatch;
  readonly #disposables: Disposable;
  #progress = '';
  #pace: { dispose(): void } | undefined;
  #addressPace: { dispose(): void } | undefined;
  #isWorking = false;
  #isDrawing = false;
  #accountId: string | undefined;

  constructor(parts: KeysViewParts) {
    this.#rings = parts.rings;
    this.#sessions = parts.sessions;
    this.#now = parts.now;
    this.#shown = new ShownKeys(parts);
    this.#tree = new KeysTree({ ...parts, inWork: this.inWork, shown: this.#shown });
    this.#view = window.createTreeView(viewIds.keys, {
      treeDataProvider: this.#tree,
      canSelectMany: true,
      showCollapseAll: false,
    });
    this.#watch = new ListWatch({
      rings: parts.rings,
      isSeen: () => this.#view.visible && this.#sessions.state.kind === 'signedIn',
      isAttended: () => window.state.focused,
      read: () => void this.refresh(),
      after,
    });
    this.#disposables = Disposable.from(
      this.#view,
      this.#tree,
      this.inWork,
      this.#watch,
      { dispose: () => [this.#pace, this.#addressPace].forEach((pace) => pace?.dispose()) },
      this.#view.onDidChangeVisibility(() => this.#followVisibility()),
      window.onDidChangeWindowState(({ focused }) => {
        if (focused) this.#watch.look();
      }),
      this.inWork.onDidChange(() => this.#draw()),
      parts.pending.onDidChange(() => this.#draw()),
      parts.rotations.onDidChange(() => this.#draw()),
      workspace.onDidChangeConfiguration((change) => {
        const names = [settingNames.sortBy, settingNames.staleAfterDays];
        const affects = (name: string): boolean => change.affectsConfiguration(`${settingsSection}.${name}`);
        if (names.some(affects)) this.#draw();
        if (!affects(settingNames.apiBaseUrl)) return;
        parts.dropLists();
        this.#addressPace?.dispose();
        this.#addressPace = after(addressPaceMs, () => this.#watch.look());
      }),
      parts.sessions.onDidChange(() => this.#followSession()),
      ...keyFamilies.map((family) => parts.rings[family].onDidChange(() => this.#draw())),
    );
    this.#followSession();
  }

  /** The keys that are selected in the view. */
  get selection(): readonly KeyTarget[] {
    return this.#view.selection.flatMap((node) => (node.kind === 'key' ? [node.target] : []));
  }

  /** What a person typed to see some keys alone; empty shows all. */
  get filter(): string {
    return this.#shown.filter;
  }

  set filter(text: string) {
    this.#shown.filter = text.trim();
    this.#contextKeys.setFiltered(this.#shown.filter !== '');
    this.#draw();
  }

  /** Reads both lists anew, with progress shown in the view. */
  async refresh(): Promise<void> {
    await this.withProgress(() => Promise.all(keyFamilies.map((family) => this.#rings[family].refresh())));
  }

  /** Shows the view's own progress bar while some work lasts. */
  async withProgress<T>(work: () => Promise<T>): Promise<T> {
    return window.withProgress({ location: { viewId: viewIds.keys } }, work);
  }

  /** Says how far a longer work has come, as often as VS Code can show it; an empty text when it is over. */
  showProgress(text: string): void {
    this.#progress = text;
    if (text !== '' && this.#pace) return;
    this.#showMessage();
    this.#pace ??= after(messagePaceMs, () => {
      this.#pace = undefined;
      this.#showMessage();
    });
  }

  /** Draws the rows anew, after something has changed that the view does not follow by itself. */
  redraw(): void {
    this.#draw();
  }

  /** Shows the view, and in it where a found key stands; just the view while the filter hides that. */
  async showLeak(leak: KeyLeak): Promise<void> {
    // A view that just comes into sight is drawn anew, which would take the selection away again.
    await commands.executeCommand(`${viewIds.keys}.focus`);
    const row = this.#tree.rowOf(leak);
    if (row) await this.#view.reveal(row, { focus: true, select: true, expand: true });
  }

  /** Whether some work is under way that can be cancelled. */
  get isWorking(): boolean {
    return this.#isWorking;
  }

  setWorking(isWorking: boolean): void {
    this.#isWorking = isWorking;
    this.#contextKeys.setWorking(isWorking);
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #followSession(): void {
    const { state, account } = this.#sessions;
    this.#contextKeys.setSession(state.kind);
    if (account?.id !== this.#accountId) this.filter = '';
    this.#accountId = account?.id;
    this.#watch.look();
    this.#draw();
  }

  /** Whoever looks again after hours must not read "used 2 hours ago" of then. */
  #followVisibility(): void {
    this.#watch.look();
    this.#draw();
  }

  /** Draws once for a burst of changes: a list of thousands is drawn in one go. */
  #draw(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    queueMicrotask(() => {
      this.#isDrawing = false;
      // A session that has lapsed while the machine slept is told late, and must not look like one without keys.
      this.#contextKeys.setSession(this.#sessions.state.kind);
      this.#contextKeys.setKeys(combinedKind(this.#rings));
      // The rows first: what comes second within 200 milliseconds, VS Code shows later.
      this.#tree.redraw();
      this.#showMessage();
      this.#view.badge = this.#badge();
    });
  }

  #showMessage(): void {
    const message = this.#message() ?? '';
    if (this.#view.message !== message) this.#view.message = message;
  }

  /** How many entries ask something of the person, and what they are. */
  #badge(): ViewBadge | undefined {
    const { unused, waiting, rotations, exposed } = this.#shown.attention;
    const parts = [
      exposed > 0 ? l10n.t('Exposed API keys: {0}', exposed) : '',
      unused > 0 ? l10n.t('Unused or stale API keys: {0}', unused) : '',
      waiting > 0 ? l10n.t('New API keys waiting: {0}', waiting) : '',
      rotations > 0 ? l10n.t('Open rotations: {0}', rotations) : '',
    ].filter(Boolean);
    return parts.length === 0
      ? undefined
      : { value: unused + waiting + rotations + exposed, tooltip: parts.join(', ') };
  }

  /** What a person must know beside the rows: progress, or that the list is old and why. */
  #message(): string | undefined {
    if (this.#progress !== '') return this.#progress;
    if (this.#sessions.state.kind !== 'signedIn') return undefined;
    const stale = keyFamilies
      .map((family) => this.#rings[family].state)
      .find((state) => state.kind === 'stale');
    if (stale?.kind === 'stale') {
      const why = wordsForFailure(stale.failure)?.sentence ?? '';
      return this.#withFilter(l10n.t('As of {0}. {1}', dayOrClockTime(stale.readAt, this.#now()), why));
    }
    // VS Code draws no welcome text beside a message, and no description beside a merged title: the account stands
    // here, and only above rows.
    return this.#tree.getChildren().length > 0 ? this.#withFilter(this.#accountLine()) : undefined;
  }

  /** A text, and how many keys the filter lets through, while there is one. */
  #withFilter(text: string): string {
    if (this.filter === '') return text;
    const { all, shown } = this.#shown.counts;
    return `${text} · ${l10n.t('Filter: {0} · {1} of {2}', asPlainText(this.filter), shown, all)}`;
  }

  /** Whose keys these are, and until when a pasted token lasts. */
  #accountLine(): string {
    const { state } = this.#sessions;
    if (state.kind !== 'signedIn') return '';
    const label = asPlainText(state.account.label);
    return state.until === undefined
      ? label
      : l10n.t('{0}, signed in until {1}', label, clockTime(state.until));
  }
}
