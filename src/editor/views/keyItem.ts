import { l10n, MarkdownString, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import { displayPrefix, type KeyTarget } from '../../keys/key';
import { useOf, type TraitContext } from '../../keys/keyTraits';
import type { PendingKey } from '../../keys/pendingSecrets';
import type { Rotation, RotationStage } from '../../keys/rotation';
import type { ListedKey } from '../../omi/schemas';
import {
  busyContextValue,
  commandIds,
  keyContextValue,
  rotationContextValue,
  waitingContextValue,
} from '../ids';
import { fullTime, keyName, scopesInWords, usage } from '../words';
import { isExposed, type KeyLeak } from '../leaks/keyLeaks';
import { below, exposedIcon } from './leakItems';
import { leakRef } from './leakRows';
import type { KeysNode } from './keysTree';

/** What a key is in an open rotation: the one that goes, or the one that takes its place. */
export type RotationRole = 'old' | 'fresh';

/** What is to be said of a key beside its own facts. */
export interface KeySurroundings {
  readonly context: TraitContext;
  readonly isInWork: boolean;
  readonly role: RotationRole | undefined;
  /** What was found of it: several keys that show the same digits, at worst. */
  readonly leaks: readonly KeyLeak[];
}

/**
 * Draws the row of a key: name, prefix, use, and a mark when it needs attention; never by colour alone. The tooltip
 * comes later, from {@link keyTooltip}.
 */
export function keyItem(target: KeyTarget, { context, isInWork, role, leaks }: KeySurroundings): TreeItem {
  const { key } = target;
  const use = useOf(key, context);
  const isLeaked = leaks.some(isExposed);
  const words = [
    displayPrefix(key),
    isLeaked ? l10n.t('exposed') : '',
    isInWork && !role ? l10n.t('revoking') : usage(key, context.now),
    !isInWork && use === 'stale' ? l10n.t('stale') : '',
    role === 'old' ? l10n.t('being rotated') : role ? l10n.t('new key of a rotation') : '',
  ].filter(Boolean);
  const icons = { inUse: 'key', stale: 'clock', neverUsed: 'circle-slash' };
  const item = new TreeItem(keyName(key), leaks[0] ? below(leaks[0]) : TreeItemCollapsibleState.None);
  item.id = leakRef(target);
  item.description = words.join(' · ');
  item.iconPath =
    isLeaked && !isInWork ? exposedIcon() : new ThemeIcon(isInWork ? 'loading~spin' : icons[use]);
  item.contextValue = isInWork ? busyContextValue : keyContextValue(key.family);
  item.accessibilityInformation = { label: [keyName(key), ...words].join(', ') };
  return item;
}

/** Draws the row of a new key whose secret is nowhere yet. */
export function waitingItem(node: KeysNode, { key }: PendingKey): TreeItem {
  const label = l10n.t('A new key is waiting: {0}', keyName(key));
  const item = new TreeItem(label);
  item.id = `waiting:${key.id}`;
  item.description = displayPrefix(key);
  item.tooltip = l10n.t('Its secret is kept in VS Code until you put it where it is used.');
  return actionItem(item, `${label}, ${item.description}`, waitingContextValue, 'gift', {
    command: commandIds.placeKey,
    title: l10n.t('Place New API Key'),
    arguments: [node],
  });
}

/** Draws the row of a rotation that is not over; one that is being worked on offers nothing. */
export function rotationItem(node: KeysNode, { old, stage, proof }: Rotation, isInWork: boolean): TreeItem {
  const label = l10n.t('Rotation of {0}', keyName(old));
  const item = new TreeItem(label);
  item.id = `rotation:${old.id}`;
  item.description = stageInWords(stage, proof);
  const spoken = `${label}, ${item.description}`;
  if (isInWork) {
    item.contextValue = busyContextValue;
    item.iconPath = new ThemeIcon('loading~spin');
    item.accessibilityInformation = { label: spoken };
    return item;
  }
  item.tooltip = l10n.t('This rotation was interrupted. Resume it, or undo it.');
  return actionItem(item, spoken, rotationContextValue, 'sync', {
    command: commandIds.resumeRotation,
    title: l10n.t('Resume Rotation'),
    arguments: [node],
  });
}

function actionItem(
  item: TreeItem,
  label: string,
  contextValue: string,
  icon: string,
  command: NonNullable<TreeItem['command']>,
): TreeItem {
  item.contextValue = contextValue;
  item.iconPath = new ThemeIcon(icon, new ThemeColor('list.warningForeground'));
  item.command = command;
  item.accessibilityInformation = { label: `${label}, ${command.title}`, role: 'button' };
  return item;
}

/** How far a rotation has come: what exists now. */
function stageInWords(stage: RotationStage, proof: Rotation['proof']): string {
  switch (stage) {
    case 'making':
      return l10n.t('the new key may have been made');
    case 'made':
      return l10n.t('new key made, not proven yet');
    case 'proven':
      // Omi offers no way to see an MCP key work.
      return proof === 'alive'
        ? l10n.t('new key works, not placed yet')
        : l10n.t('new key made, not placed yet');
    case 'placed':
      return l10n.t('new key placed, old key still live');
    case 'revoking':
      return l10n.t('end of the old key not confirmed');
  }
}

/** All that is known of a key. */
export function keyTooltip(key: ListedKey, context: TraitContext): MarkdownString {
  const use = useOf(key, context);
  const lastUsed =
    key.lastUsedAt === null
      ? l10n.t('never, as far as Omi knows')
      : l10n.t('{0} (within an hour)', fullTime(key.lastUsedAt));
  const facts = [
    [l10n.t('Prefix'), displayPrefix(key)],
    [l10n.t('ID'), key.id],
    [l10n.t('Created'), fullTime(key.createdAt)],
    [l10n.t('Last used'), lastUsed],
    [l10n.t('Scopes'), scopesInWords(key)],
  ] as const;
  // Names, ids and scopes are the words of others: appendText keeps them from being read as Markdown.
  const text = new MarkdownString().appendMarkdown('**').appendText(keyName(key)).appendMarkdown('**\n\n');
  for (const [label, value] of facts) {
    text.appendMarkdown('- ').appendText(`${label}: ${value}`).appendMarkdown('\n');
  }
  if (use !== 'inUse') {
    const mark =
      use === 'stale'
        ? l10n.t('Stale: not used for {0} days, as far as Omi knows.', context.staleAfterDays)
        : l10n.t('Never used, as far as Omi knows.');
    text.appendMarkdown('\n').appendText(mark);
  }
  return text;
}
