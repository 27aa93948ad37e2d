import { EventEmitter, l10n, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { TreeDataProvider } from 'vscode';
import type { Sessions } from '../../account/sessions';
import type { KeyTarget } from '../../keys/key';
import type { KeyRings } from '../../keys/keyAccess';
import type { PendingKey } from '../../keys/pendingSecrets';
import type { Rotation } from '../../keys/rotation';
import type { OmiFailure } from '../../omi/errors';
import { keyFamilies, type KeyFamily } from '../../omi/rawKey';
import type { UnreadableEntry } from '../../omi/schemas';
import { combinedKind } from '../contextKeys';
import type { KeyLeak } from '../leaks/keyLeaks';
import { keyItem, keyTooltip, rotationItem, waitingItem } from './keyItem';
import type { KeysInWork } from './keysInWork';
import { leakItem, leakTooltip, type Onlooker } from './leakItems';
import { fittingStrangers, leakRef, placeNodes, strangerNode, strangerRef, type LeakNode } from './leakRows';
import { spokenCount } from '../words';
import type { ShownKeys } from './shownKeys';
import { noMatchItem, troubleInWords, troubleItem, unreadableItem } from './stateItems';

/** A row of the view. */
export type KeysNode =
  | { readonly kind: 'group'; readonly family: KeyFamily }
  | LeakNode
  | { readonly kind: 'key'; readonly target: KeyTarget }
  /** A new key whose secret nobody has put anywhere yet. */
  | { readonly kind: 'waiting'; readonly pending: PendingKey }
  /** A rotation that is not over. */
  | { readonly kind: 'rotation'; readonly rotation: Rotation }
  | { readonly kind: 'unreadable'; readonly family: KeyFamily; readonly entries: readonly UnreadableEntry[] }
  /** No key of either family fits the filter. */
  | { readonly kind: 'noMatch' }
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
  readonly shown: ShownKeys;
}

/** Draws the key rings: two groups with their keys. Holds no list of its own. */
export class KeysTree implements TreeDataProvider<KeysNode> {
  readonly #parts: KeysTreeParts;
  readonly #shown: ShownKeys;
  readonly #changes = new EventEmitter<KeysNode | undefined>();
  readonly onDidChangeTreeData = this.#changes.event;

  constructor(parts: KeysTreeParts) {
    this.#parts = parts;
    this.#shown = parts.shown;
  }

  /** Draws all rows anew, from what is so now. */
  redraw(): void {
    this.#shown.reset();
    this.#changes.fire(undefined);
  }

  getChildren(parent?: KeysNode): KeysNode[] {
    if (parent) return this.#rowsBelow(parent);
    const { dev } = this.#parts.rings;
    // One row for both families; a welcome text with buttons would give way to the message that says why.
    if (this.#isFailed() && dev.state.kind === 'failed') {
      const trouble: KeysNode = { kind: 'trouble', family: 'dev', failure: dev.state.failure };
      return [...this.#unfinished(), trouble, ...this.#strangers()];
    }
    if (!this.#hasRows()) return [...this.#unfinished(), ...this.#strangers()];
    const groups = keyFamilies.map((family): KeysNode => ({ kind: 'group', family }));
    const { all, shown } = this.#shown.counts;
    return [
      ...this.#unfinished(),
      ...(all > 0 && shown === 0 ? [{ kind: 'noMatch' } as const] : []),
      ...groups,
      ...this.#strangers(),
    ];
  }

  /** The row above one that {@link rowOf} gives. */
  getParent(node: KeysNode): KeysNode | undefined {
    return node.kind === 'key' ? { kind: 'group', family: node.target.key.family } : undefined;
  }

  /** The row at which a found key is to be seen: its own; or the group that it is in, where the account lacks it. */
  rowOf({ judgement: { owners } }: KeyLeak): KeysNode | undefined {
    const accountId = this.#parts.sessions.account?.id;
    const target = owners.find((owner) => owner.accountId === accountId);
    if (!target) return this.#strangers()[0];
    const isShown = this.#shown.of(target.key.family).some(({ id }) => id === target.key.id);
    return isShown ? { kind: 'key', target } : undefined;
  }

  #rowsBelow(parent: KeysNode): KeysNode[] {
    switch (parent.kind) {
      case 'group':
        return this.#childrenOf(parent.family);
      case 'key': {
        const ref = leakRef(parent.target);
        return [...placeNodes(ref, this.#shown.scene.leaks.ofKeys.get(ref) ?? [])];
      }
      case 'strangers':
        return parent.leaks.map(strangerNode);
      case 'stranger':
        return [...placeNodes(strangerRef(parent.leak), [parent.leak])];
      default:
        return [];
    }
  }

  /**
   * The group of keys that are not in the account in use. There is none before the lists were read, when every key would
   * look so, nor while nobody is signed in: a row would take the place of the welcome text with its Sign In.
   */
  #strangers(): KeysNode[] {
    const { sessions, rings } = this.#parts;
    if (sessions.state.kind !== 'signedIn' || combinedKind(rings) === 'loading') return [];
    const { strangers, areListsRead } = this.#shown.scene.leaks;
    const leaks = fittingStrangers(strangers, this.#shown.filter);
    return leaks.length === 0 ? [] : [{ kind: 'strangers', isSure: areListsRead, leaks }];
  }

  getTreeItem(node: KeysNode): TreeItem {
    switch (node.kind) {
      case 'group':
        return this.#groupItem(node.family);
      case 'key': {
        const { key } = node.target;
        const scene = this.#shown.scene;
        const role = scene.roles.get(key.id);
        const leaks = scene.leaks.ofKeys.get(leakRef(node.target)) ?? [];
        const isInWork = this.#parts.inWork.has(key);
        return keyItem(node.target, { context: scene, isInWork, role, leaks });
      }
      case 'waiting':
        return waitingItem(node, node.pending);
      case 'rotation':
        return rotationItem(node, node.rotation, this.#parts.inWork.has(node.rotation.old));
      case 'unreadable':
        return unreadableItem(node.family, node.entries);
      case 'noMatch':
        return noMatchItem(this.#shown.filter);
      case 'trouble':
        return troubleItem(node.family, troubleInWords(node.failure, node.readAt, this.#shown.scene.now));
      default:
        return leakItem(node, this.#onlooker(), {
          all: this.#shown.scene.leaks.strangers.length,
          shown: node.kind === 'strangers' ? node.leaks.length : 0,
        });
    }
  }

  #onlooker(): Onlooker {
    const { accounts, account } = this.#parts.sessions;
    return { accounts, inUse: account?.id };
  }

  /** Tooltips are written when they are looked at: thousands at a time would hold up the rows. */
  resolveTreeItem(item: TreeItem, node: KeysNode): TreeItem {
    if (node.kind === 'key') item.tooltip = keyTooltip(node.target.key, this.#shown.scene);
    else if ('under' in node || node.kind === 'stranger') item.tooltip = leakTooltip(node);
    return item;
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
    const { sessions, rings } = this.#parts;
    if (sessions.state.kind !== 'signedIn') return false;
    return keyFamilies.some((family) => {
      const { state } = rings[family];
      if (state.kind === 'ready') return state.list.keys.length + state.list.unreadable.length > 0;
      return state.kind !== 'loading';
    });
  }

  /** What was begun for the account in use and is not over. */
  #unfinished(): KeysNode[] {
    if (this.#parts.sessions.state.kind !== 'signedIn') return [];
    const { waiting, rotations } = this.#shown.scene;
    return [
      ...waiting.map((pending): KeysNode => ({ kind: 'waiting', pending })),
      ...rotations.map((rotation): KeysNode => ({ kind: 'rotation', rotation })),
    ];
  }

  #childrenOf(family: KeyFamily): KeysNode[] {
    const { state } = this.#parts.rings[family];
    const accountId = this.#parts.sessions.account?.id;
    if (accountId === undefined || state.kind === 'loading') return [];
    if (state.kind === 'failed') return [{ kind: 'trouble', family, failure: state.failure }];
    const { unreadable } = state.list;
    const rows = this.#shown.of(family).map((key): KeysNode => ({ kind: 'key', target: { accountId, key } }));
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
    if (count !== undefined) {
      item.description = this.#shown.filter
        ? l10n.t('{0} of {1}', this.#shown.of(family).length, count)
        : String(count);
    }
    item.accessibilityInformation = {
      label:
        count === undefined
          ? familyTitle(family)
          : spokenCount(familyTitle(family), String(item.description), count),
    };
    return item;
  }
}

/** The name of a family as the view and the pick show it. */
export function familyTitle(family: KeyFamily): string {
  return family === 'dev' ? l10n.t('Developer Keys') : l10n.t('MCP Keys');
}
