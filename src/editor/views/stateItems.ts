import { l10n, ThemeColor, ThemeIcon, TreeItem } from 'vscode';
import type { OmiFailure } from '../../omi/errors';
import type { KeyFamily } from '../../omi/rawKey';
import type { UnreadableEntry } from '../../omi/schemas';
import { wordsForFailure } from '../failures';
import { commandIds } from '../ids';
import { asPlainText, dayOrClockTime } from '../words';

/** Draws the row that stands for keys which do not fit the filter. */
export function noMatchItem(filter: string): TreeItem {
  const label = l10n.t('No key fits "{0}"', asPlainText(filter));
  const item = new TreeItem(label);
  item.id = 'noMatch';
  item.description = l10n.t('Clear Filter');
  item.iconPath = new ThemeIcon('filter');
  item.command = { command: commandIds.clearFilter, title: l10n.t('Clear Filter') };
  item.accessibilityInformation = { label: `${label}, ${item.description}`, role: 'button' };
  return item;
}

/** Draws the row of entries that are no keys. */
export function unreadableItem(family: KeyFamily, entries: readonly UnreadableEntry[]): TreeItem {
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

/** Why a list could not be read (again), after when it last could; milliseconds since the epoch. */
export function troubleInWords(failure: OmiFailure, readAt: number | undefined, now: number): string {
  const sentence = wordsForFailure(failure)?.sentence ?? '';
  return readAt === undefined
    ? sentence
    : `${l10n.t('as of {0}', dayOrClockTime(readAt, now))} · ${sentence}`;
}

/** Draws the row of a list that could not be read (again); `trouble`: why, in words. */
export function troubleItem(family: KeyFamily, trouble: string): TreeItem {
  const item = new TreeItem(l10n.t('Try Again'));
  item.id = `trouble:${family}`;
  item.iconPath = new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
  item.description = trouble;
  item.tooltip = trouble;
  item.accessibilityInformation = { label: `${trouble} ${l10n.t('Try Again')}`, role: 'button' };
  item.command = { command: commandIds.refreshKeys, title: l10n.t('Try Again') };
  return item;
}
