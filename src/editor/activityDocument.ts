import {
  EventEmitter,
  l10n,
  Uri,
  window,
  workspace,
  type Disposable,
  type TextDocumentContentProvider,
} from 'vscode';
import type { Activity, ActivityAction, ActivityEntry } from '../keys/activity';
import { markdownRow, plainInMarkdown } from '../leaks/markdown';

const scheme = 'omi-activity';
const address = Uri.from({ scheme, path: 'Omi Activity.md' });

/** The activity as a document that can be read and not written. */
export class ActivityDocument implements TextDocumentContentProvider {
  readonly #activity: Activity;
  readonly #changes = new EventEmitter<Uri>();
  readonly #registration: Disposable;
  readonly onDidChange = this.#changes.event;

  constructor(activity: Activity) {
    this.#activity = activity;
    this.#registration = workspace.registerTextDocumentContentProvider(scheme, this);
  }

  /** The whole document, as it is now. */
  provideTextDocumentContent(): string {
    return activityMarkdown(this.#activity.entries);
  }

  /** Opens it, brought up to date where it is open already. Rejects when VS Code cannot open it. */
  async show(): Promise<void> {
    this.#changes.fire(address);
    const document = await workspace.openTextDocument(address);
    await window.showTextDocument(document);
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changes.dispose();
  }
}

/** A table in Markdown, newest first. Times are UTC, so that a copy means the same everywhere. */
function activityMarkdown(entries: readonly ActivityEntry[]): string {
  const intro = l10n.t('What was done with Omi API Keys on this machine, newest first. It holds no secrets.');
  const head = [
    l10n.t('Time (UTC)'),
    l10n.t('Account'),
    l10n.t('Action'),
    l10n.t('API Key'),
    l10n.t('Result'),
    l10n.t('Proof'),
  ];
  const rows = entries.toReversed().map(rowOf);
  const table =
    rows.length === 0 ? [l10n.t('Nothing yet.')] : [head, head.map(() => '---'), ...rows].map(markdownRow);
  return [`# ${l10n.t('Omi Activity')}`, '', intro, '', ...table, ''].join('\n');
}

function rowOf({ at, account, action, keyName, masked, end, proof }: ActivityEntry): readonly string[] {
  const time = new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  const key =
    keyName === masked ? plainInMarkdown(masked) : `${plainInMarkdown(keyName)} (${plainInMarkdown(masked)})`;
  return [
    time,
    plainInMarkdown(account),
    actionInWords(action),
    key,
    plainInMarkdown(endInWords(end)),
    plainInMarkdown(proofInWords(proof)),
  ];
}

function actionInWords(action: ActivityAction): string {
  switch (action) {
    case 'create':
      return l10n.t('Create');
    case 'revoke':
      return l10n.t('Revoke');
    case 'rotate':
      return l10n.t('Rotate');
    case 'undoRotation':
      return l10n.t('Undo Rotation');
    case 'deliver':
      return l10n.t('Place');
    case 'respond':
      return l10n.t('Respond to Leak');
  }
}

/** The end states by their names; one that this version does not know, as it is. */
function endInWords(end: string): string {
  const words: Readonly<Record<string, string>> = {
    created: l10n.t('created'),
    made: l10n.t('created'),
    alive: l10n.t('key answered'),
    untellable: l10n.t('Omi offers no proof'),
    secretLost: l10n.t('created, secret lost'),
    notMade: l10n.t('not created'),
    unknown: l10n.t('unknown'),
    revoked: l10n.t('revoked'),
    alreadyGone: l10n.t('already gone'),
    notConfirmed: l10n.t('not confirmed'),
    stillLive: l10n.t('STILL LIVE'),
    notInThisAccount: l10n.t('not in this account'),
    untried: l10n.t('not tried'),
    provenDead: l10n.t('proven dead'),
    alreadyDead: l10n.t('already dead'),
    revokedNotProvable: l10n.t('revoked, not provable'),
    revokedStillAnswering: l10n.t('revoked, still answering through a cached login'),
    notYourAccount: l10n.t('not in this account'),
  };
  return words[end] ?? end;
}

function proofInWords(proof: string): string {
  const words: Readonly<Record<string, string>> = {
    list: l10n.t('list read again'),
    keyRoute: l10n.t('asked about the key'),
    dataRoute: l10n.t('asked for data'),
  };
  return proof
    .split(', ')
    .map((one) => words[one] ?? one)
    .join(', ');
}
