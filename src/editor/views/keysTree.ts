import { env, EventEmitter, l10n, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { TreeDataProvider } from 'vscode';
import type { Sessions } from '../../account/sessions';
import type { KeyTarget } from '../../keys/key';
import type { KeyRings } from '../../keys/keyAccess';
import { matchesFilter, sortKeys, useOf, type KeyOrder, type TraitContext } from '../../keys/keyTraits';
import type { PendingKey, PendingSecrets } from '../../keys/pendingSecrets';
import type { Rotation, Rotations } from '../../keys/rotation';
import type { OmiFailure } from '../../omi/errors';
import { keyFamilies, type KeyFamily } from '../../omi/rawKey';
import type { ListedKey, UnreadableEntry } from '../../omi/schemas';
import { combinedKind } from '../contextKeys';
import type { KeyLeak } from '../leaks/keyLeaks';
import type { Leaks } from '../leaks/leaks';
import { keyOrder, staleAfterDays } from '../settings';
import { keyItem, keyTooltip, rotationItem, waitingItem, type RotationRole } from './keyItem';
import type { KeysInWork } from './keysInWork';
import { leakItem, leakTooltip, type Onlooker } from './leakItems';
import {
  filterTexts,
  fittingStrangers,
  leakRef,
  leakSceneOf,
  placeNodes,
  strangerNode,
  strangerRef,
  type LeakNode,
  type LeakScene,
} from './leakRows';
import { noMatchItem, troubleItem, unreadableItem } from './stateItems';

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
  readonly pending: PendingSecrets;
  readonly rotations: Rotations;
  readonly leaks: Leaks;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Rows of one family's keys, as they were arranged for a list; arranged anew only when something has changed. */
interface Arrangement {
  readonly keys: readonly ListedKey[];
  readonly wish: string;
  /** What was found, where the filter asks for it. */
  readonly found: LeakScene | undefined;
  readonly shown: readonly ListedKey[];
}

/** What the rows of one drawing have in common; asked for once, not for each row. */
interface Scene extends TraitContext {
  readonly order: KeyOrder;
  readonly waiting: readonly PendingKey[];
  readonly rotations: readonly Rotation[];
  /** Keys that take part in an open rotation, by id. */
  readonly roles: ReadonlyMap<string, RotationRole>;
  readonly leaks: LeakScene;
}

/** What asks something of the person, counted. */
export interface Attention {
  /** Keys that are stale or were never used. */
  readonly unused: number;
  /** New keys that are nowhere yet. */
  readonly waiting: number;
  /** Rotations that are not over. */
  readonly rotations: number;
  /** Keys that work and that others can read, or soon will. */
  readonly exposed: number;
}

/** Draws the key rings: two groups with their keys. Holds no list of its own. */
export class KeysTree implements TreeDataProvider<KeysNode> {
  readonly #parts: KeysTreeParts;
  readonly #changes = new EventEmitter<KeysNode | undefined>();
  readonly onDidChangeTreeData = this.#changes.event;
  readonly #arranged = new Map<KeyFamily, Arrangement>();
  #scene: Scene | undefined;
  /** What a person typed to see some keys alone. */
  filter = '';

  constructor(parts: KeysTreeParts) {
    this.#parts = parts;
  }

  /** Draws all rows anew, from what is so now. */
  redraw(): void {
    this.#scene = undefined;
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
    const { all, shown } = this.counts;
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
    const isShown = this.#shownOf(target.key.family).some(({ id }) => id === target.key.id);
    return isShown ? { kind: 'key', target } : undefined;
  }

  #rowsBelow(parent: KeysNode): KeysNode[] {
    switch (parent.kind) {
      case 'group':
        return this.#childrenOf(parent.family);
      case 'key': {
        const ref = leakRef(parent.target);
        return [...placeNodes(ref, this.#sceneNow().leaks.ofKeys.get(ref) ?? [])];
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
    const { strangers, areListsRead } = this.#sceneNow().leaks;
    const leaks = fittingStrangers(strangers, this.filter);
    return leaks.length === 0 ? [] : [{ kind: 'strangers', isSure: areListsRead, leaks }];
  }

  getTreeItem(node: KeysNode): TreeItem {
    switch (node.kind) {
      case 'group':
        return this.#groupItem(node.family);
      case 'key': {
        const { key } = node.target;
        const scene = this.#sceneNow();
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
        return noMatchItem(this.filter);
      case 'trouble':
        return troubleItem(node.family, node.failure, node.readAt);
      default:
        return leakItem(node, this.#onlooker(), {
          all: this.#sceneNow().leaks.strangers.length,
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
    if (node.kind === 'key') item.tooltip = keyTooltip(node.target.key, this.#sceneNow());
    else if ('under' in node || node.kind === 'stranger') item.tooltip = leakTooltip(node);
    return item;
  }

  /** How many keys there are, and how many fit the filter. */
  get counts(): { readonly all: number; readonly shown: number } {
    const of = (count: (family: KeyFamily) => number): number =>
      keyFamilies.reduce((sum, family) => sum + count(family), 0);
    return {
      all: of((family) => this.#parts.rings[family].list?.keys.length ?? 0),
      shown: of((family) => this.#shownOf(family).length),
    };
  }

  /** What the badge counts; nothing while nobody is signed in. */
  get attention(): Attention {
    if (this.#parts.sessions.state.kind !== 'signedIn')
      return { unused: 0, waiting: 0, rotations: 0, exposed: 0 };
    const scene = this.#sceneNow();
    const keys = keyFamilies.flatMap((family) => this.#parts.rings[family].list?.keys ?? []);
    return {
      unused: keys.filter((key) => useOf(key, scene) !== 'inUse').length,
      waiting: scene.waiting.length,
      rotations: scene.rotations.length,
      exposed: scene.leaks.exposed,
    };
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
    const { waiting, rotations } = this.#sceneNow();
    return [
      ...waiting.map((pending): KeysNode => ({ kind: 'waiting', pending })),
      ...rotations.map((rotation): KeysNode => ({ kind: 'rotation', rotation })),
    ];
  }

  #sceneNow(): Scene {
    return (this.#scene ??= this.#newScene());
  }

  #newScene(): Scene {
    const { sessions, pending, rotations: all, now } = this.#parts;
    const accountId = sessions.account?.id;
    const rotations = all.open.filter((rotation) => rotation.accountId === accountId);
    const roles = new Map<string, RotationRole>();
    for (const { old, fresh } of rotations) {
      roles.set(old.id, 'old');
      if (fresh) roles.set(fresh.id, 'fresh');
    }
    // The secret of a rotation's new key waits in the rotation's own row.
    const waiting = pending.keys.filter(
      (one) => one.accountId === accountId && !one.isKept && !roles.has(one.key.id),
    );
    const leaks = leakSceneOf(this.#parts.leaks, accountId);
    return {
      now: now(),
      staleAfterDays: staleAfterDays(),
      order: keyOrder(),
      waiting,
      rotations,
      roles,
      leaks,
    };
  }

  #shownOf(family: KeyFamily): readonly ListedKey[] {
    const keys = this.#parts.rings[family].list?.keys ?? [];
    const scene = this.#sceneNow();
    // "unused" and "stale" depend on the time; a key does not become stale within the minute.
    const minute = Math.floor(scene.now / 60_000);
    const wish = [scene.order, this.filter, scene.staleAfterDays, minute].join('\n');
    const before = this.#arranged.get(family);
    const found = this.filter ? scene.leaks : undefined;
    if (before?.keys === keys && before.wish === wish && before.found === found) return before.shown;
    const fitting = this.filter ? keys.filter((key) => this.#fits(key, scene)) : keys;
    const shown = sortKeys(fitting, scene.order, env.language);
    this.#arranged.set(family, { keys, wish, found, shown });
    return shown;
  }

  #fits(key: ListedKey, scene: Scene): boolean {
    const accountId = this.#parts.sessions.account?.id ?? '';
    const leaks = scene.leaks.ofKeys.get(leakRef({ accountId, key })) ?? [];
    return matchesFilter(key, this.filter, scene, filterTexts(leaks));
  }

  #childrenOf(family: KeyFamily): KeysNode[] {
    const { state } = this.#parts.rings[family];
    const accountId = this.#parts.sessions.account?.id;
    if (accountId === undefined || state.kind === 'loading') return [];
    if (state.kind === 'failed') return [{ kind: 'trouble', family, failure: state.failure }];
    const { unreadable } = state.list;
    const rows = this.#shownOf(family).map((key): KeysNode => ({ kind: 'key', target: { accountId, key } }));
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
      item.description = this.filter
        ? l10n.t('{0} of {1}', this.#shownOf(family).length, count)
        : String(count);
    }
    item.accessibilityInformation = {
      label:
        count === undefined
          ? familyTitle(family)
          : l10n.t('{0}, {1} keys', familyTitle(family), String(item.description)),
    };
    return item;
  }
}

/** The name of a family as the view and the pick show it. */
export function familyTitle(family: KeyFamily): string {
  return family === 'dev' ? l10n.t('Developer Keys') : l10n.t('MCP Keys');
}
