import {
  EventEmitter,
  l10n,
  MarkdownString,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
} from 'vscode';
import type { TreeDataProvider } from 'vscode';
import type { Sessions } from '../../account/sessions';
import { displayPrefix, keyRef, type KeyTarget } from '../../keys/key';
import type { KeyRings } from '../../keys/keyAccess';
import type { PendingKey, PendingSecrets } from '../../keys/pendingSecrets';
import type { Rotation, Rotations } from '../../keys/rotation';
import type { OmiFailure } from '../../omi/errors';
import { keyFamilies, type KeyFamily } from '../../omi/rawKey';
import type { UnreadableEntry } from '../../omi/schemas';
import { combinedKind } from '../contextKeys';
import { wordsForFailure } from '../failures';
import {
  busyContextValue,
  commandIds,
  keyContextValue,
  rotationContextValue,
  waitingContextValue,
} from '../ids';
import { clockTime, fullTime, keyName, usage } from '../words';
import type { KeysInWork } from './keysInWork';

/** A row of the view. */
export type KeysNode =
  | { readonly kind: 'group'; readonly family: KeyFamily }
  | { readonly kind: 'key'; readonly target: KeyTarget }
  /** A new key whose secret nobody has put anywhere yet. */
  | { readonly kind: 'waiting'; readonly pending: PendingKey }
  /** A rotation that is not over. */
  | { readonly kind: 'rotation'; readonly rotation: Rotation }
  | { readonly kind: 'unreadable'; readonly family: KeyFamily; readonly entries: readonly UnreadableEntry[] }
  /** The list could not be read (again); `readAt` is the time of the last good one, if any. */
  | {
      readonly kind: 'trouble';
      readonly family: KeyFamily;
      readonly failure: OmiFailure;
      readonly readAt?: number;
    };

export interface KeysTreeParts {
  readonly rings: KeyRings;
  readonly sessions: Sessions;
  readonly inWork: KeysInWork;
  readonly pending: PendingSecrets;
  readonly rotations: Rotations;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Draws the key rings: two groups with their keys. Holds no list of its own. */
export class KeysTree implements TreeDataProvider<KeysNode> {
  readonly #parts: KeysTreeParts;
  readonly #changes = new EventEmitter<KeysNode | undefined>();
  readonly onDidChangeTreeData = this.#changes.event;

  constructor(parts: KeysTreeParts) {
    this.#parts = parts;
  }

  redraw(): void {
    this.#changes.fire(undefined);
  }

  getChildren(parent?: KeysNode): KeysNode[] {
    if (parent) return parent.kind === 'group' ? this.#childrenOf(parent.family) : [];
    const { dev } = this.#parts.rings;
    // One row for both families; a welcome text with buttons would give way to the message that says why.
    if (this.#isFailed() && dev.state.kind === 'failed') {
      return [{ kind: 'trouble', family: 'dev', failure: dev.state.failure }];
    }
    return this.#hasRows() ? keyFamilies.map((family) => ({ kind: 'group', family })) : [];
  }

  getTreeItem(node: KeysNode): TreeItem {
    switch (node.kind) {
      case 'group':
        return this.#groupItem(node.family);
      case 'key':
        return this.#keyItem(node.target);
      case 'waiting':
        return waitingItem(node.pending);
      case 'rotation':
        return rotationItem(node.rotation);
      case 'unreadable':
        return unreadableItem(node.family, node.entries);
      case 'trouble':
        return troubleItem(node.family, node.failure, node.readAt);
    }
  }

  dispose(): void {
    this.#changes.dispose();
  }

  /** Whether nothing could be read of any family. */
  #isFailed(): boolean {
    const { sessions, rings } = this.#parts;
    return sessions.state.kind === 'signedIn' && combinedKind(rings) === 'failed';
  }

  /** Without rows the view shows a welcome text instead: signed out, loading, or no keys. */
  #hasRows(): boolean {
    if (this.#parts.sessions.state.kind !== 'signedIn') return false;
    const isEmpty = keyFamilies.every((family) => this.#childrenOf(family).length === 0);
    return !isEmpty;
  }

  #childrenOf(family: KeyFamily): KeysNode[] {
    const { state } = this.#parts.rings[family];
    const accountId = this.#parts.sessions.account?.id;
    if (accountId === undefined || state.kind === 'loading') return [];
    if (state.kind === 'failed') return [{ kind: 'trouble', family, failure: state.failure }];
    const { keys, unreadable } = state.list;
    const rows: KeysNode[] = keys.map((key) => ({ kind: 'key', target: { accountId, key } }));
    if (unreadable.length > 0) rows.push({ kind: 'unreadable', family, entries: unreadable });
    if (state.kind === 'stale') {
      rows.unshift({ kind: 'trouble', family, failure: state.failure, readAt: state.readAt });
    }
    return rows;
  }

  #groupItem(family: KeyFamily): TreeItem {
    const item = new TreeItem(familyTitle(family), TreeItemCollapsibleState.Expanded);
    const count = this.#parts.rings[family].list?.keys.length;
    item.id = `group:${family}`;
    item.contextValue = 'omi.group';
    if (count !== undefined) item.description = String(count);
    item.accessibilityInformation = {
      label: count === undefined ? familyTitle(family) : l10n.t('{0}, {1} keys', familyTitle(family), count),
    };
    return item;
  }

  #keyItem(target: KeyTarget): TreeItem {
    const { key } = target;
    const now = this.#parts.now();
    const isRevoking = this.#parts.inWork.has(key);
    const state = isRevoking ? l10n.t('revoking') : usage(key, now);
    const item = new TreeItem(keyName(key), TreeItemCollapsibleState.None);
    item.id = `${target.accountId}:${keyRef(key)}`;
    item.description = `${displayPrefix(key)} · ${state}`;
    item.iconPath = new ThemeIcon(isRevoking ? 'loading~spin' : 'key');
    item.contextValue = isRevoking ? busyContextValue : keyContextValue(key.family);
    item.tooltip = tooltip(target);
    item.accessibilityInformation = { label: `${keyName(key)}, ${displayPrefix(key)}, ${state}` };
    return item;
  }
}

/** The name of a family as the view and the pick show it. */
export function familyTitle(family: KeyFamily): string {
  return family === 'dev' ? l10n.t('Developer Keys') : l10n.t('MCP Keys');
}

function tooltip({ key }: KeyTarget): MarkdownString {
  const scopes =
    key.scopes === null
      ? l10n.t('default (read only)')
      : key.scopes.length === 0
        ? l10n.t('none: this key can do nothing')
        : key.scopes.join(', ');
  const lastUsed =
    key.lastUsedAt === null
      ? l10n.t('never, as far as Omi knows')
      : l10n.t('{0} (within an hour)', fullTime(key.lastUsedAt));
  const facts = [
    [l10n.t('Prefix'), displayPrefix(key)],
    [l10n.t('ID'), key.id],
    [l10n.t('Created'), fullTime(key.createdAt)],
    [l10n.t('Last used'), lastUsed],
    [l10n.t('Scopes'), scopes],
  ] as const;
  // Names, ids and scopes are the words of others: appendText keeps them from being read as Markdown.
  const text = new MarkdownString().appendMarkdown('**').appendText(keyName(key)).appendMarkdown('**\n\n');
  for (const [label, value] of facts) {
    text.appendMarkdown('- ').appendText(`${label}: ${value}`).appendMarkdown('\n');
  }
  return text;
}

function waitingItem({ key }: PendingKey): TreeItem {
  const item = new TreeItem(l10n.t('A new key is waiting'));
  item.id = `waiting:${key.id}`;
  item.contextValue = waitingContextValue;
  return item;
}

function rotationItem({ old }: Rotation): TreeItem {
  const item = new TreeItem(l10n.t('A rotation is not over'));
  item.id = `rotation:${old.id}`;
  item.contextValue = rotationContextValue;
  return item;
}

function unreadableItem(family: KeyFamily, entries: readonly UnreadableEntry[]): TreeItem {
  const item = new TreeItem(
    entries.length === 1
      ? l10n.t('1 entry could not be read')
      : l10n.t('{0} entries could not be read', entries.length),
  );
  item.id = `unreadable:${family}`;
  item.iconPath = new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
  item.description = entries
    .map(({ position, field }) => l10n.t('entry {0}: {1}', position, field))
    .join(', ');
  item.tooltip = l10n.t('Omi sent entries that are no API keys. All others are shown.');
  return item;
}

function troubleItem(family: KeyFamily, failure: OmiFailure, readAt: number | undefined): TreeItem {
  const item = new TreeItem(l10n.t('Try Again'));
  const sentence = wordsForFailure(failure)?.sentence ?? '';
  item.id = `trouble:${family}`;
  item.iconPath = new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
  item.description =
    readAt === undefined ? sentence : `${l10n.t('as of {0}', clockTime(readAt))} · ${sentence}`;
  item.tooltip = item.description;
  item.accessibilityInformation = { label: `${item.description} ${l10n.t('Try Again')}`, role: 'button' };
  item.command = { command: commandIds.refreshKeys, title: l10n.t('Try Again') };
  return item;
}
