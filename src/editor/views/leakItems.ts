import {
  l10n,
  MarkdownString,
  Range,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  Uri,
} from 'vscode';
import type { Account } from '../../account/session';
import type { Exposure } from '../../leaks/judgement';
import type { HistoryFind } from '../../leaks/scanHistory';
import { maskedKey } from '../../leaks/seenKey';
import { redact } from '../../omi/redact';
import { placeContextValue, strangerContextValue } from '../ids';
import { isExposed, type KeyLeak, type LeakPlace } from '../leaks/keyLeaks';
import { exposureInWords, fileOfCommit, lifeInWords, shortId } from '../leaks/leakWords';
import { placeOf } from '../leaks/places';
import { fullTime, spokenCount } from '../words';
import { strangerRef, type LeakNode } from './leakRows';

/** Who is signed in, for telling whose a key is. */
export interface Onlooker {
  readonly accounts: readonly Account[];
  readonly inUse: string | undefined;
}

const exposureIcons: Readonly<Record<Exposure, string>> = {
  published: 'cloud-upload',
  committed: 'git-commit',
  tracked: 'source-control',
  ignored: 'eye-closed',
  outside: 'file',
};

/** The icon of whatever is exposed; beside it always stand words. */
export const exposedIcon = (): ThemeIcon =>
  new ThemeIcon('warning', new ThemeColor('list.warningForeground'));

/** Draws a row about found keys. Tooltips come later, from {@link leakTooltip}. */
export function leakItem(node: LeakNode, onlooker: Onlooker, counts: StrangerCounts): TreeItem {
  switch (node.kind) {
    case 'strangers':
      return strangersItem(node.isSure, counts);
    case 'stranger':
      return strangerItem(node.leak, onlooker);
    case 'place':
      return placeItem(node.under, node.found);
    case 'commit':
      return commitItem(node.under, node.find);
    case 'more':
      return moreItem(node.under, node.count);
  }
}

/** How many strangers there are, and how many fit the filter. */
export interface StrangerCounts {
  readonly all: number;
  readonly shown: number;
}

function strangersItem(isSure: boolean, { all, shown }: StrangerCounts): TreeItem {
  const label = isSure
    ? l10n.t('Found in Workspace, Not in This Account')
    : l10n.t('Found in Workspace, Account Not Known');
  const item = new TreeItem(label, TreeItemCollapsibleState.Expanded);
  item.id = 'group:strangers';
  item.contextValue = 'omi.group';
  item.description = shown < all ? l10n.t('{0} of {1}', shown, all) : String(all);
  item.accessibilityInformation = { label: spokenCount(label, item.description, all) };
  return item;
}

function strangerItem(leak: KeyLeak, { accounts, inUse }: Onlooker): TreeItem {
  const { key, judgement, places } = leak;
  const state = below(leak);
  const item = new TreeItem(maskedKey(key), state);
  const words = [
    isExposed(leak) ? l10n.t('exposed') : '',
    lifeInWords(judgement, accounts, inUse),
    exposureInWords(judgement.exposure, places[0]?.standing),
  ].filter(Boolean);
  item.id = strangerRef(leak);
  item.description = words.join(' · ');
  item.iconPath = isExposed(leak)
    ? exposedIcon()
    : new ThemeIcon(judgement.life === 'dead' ? 'circle-slash' : 'question');
  // Commands read the key from its place; one that is in history alone has none to hand over.
  item.contextValue = places.length > 0 ? strangerContextValue : 'omi.historic';
  item.accessibilityInformation = { label: [maskedKey(key), ...words].join(', ') };
  return item;
}

function placeItem(under: string, found: LeakPlace): TreeItem {
  const { address, find, nth, exposure, standing } = found;
  const label = placeOf(found);
  const item = new TreeItem(label);
  const uri = Uri.parse(address, true);
  item.id = `${under}@${address}#${String(nth)}`;
  item.description = exposureInWords(exposure, standing);
  item.iconPath = new ThemeIcon(exposureIcons[exposure]);
  item.contextValue = placeContextValue;
  item.command = {
    command: 'vscode.open',
    title: l10n.t('Open'),
    arguments: [uri, { selection: new Range(find.line, find.start, find.line, find.end) }],
  };
  item.accessibilityInformation = {
    label: `${label}, ${item.description}, ${l10n.t('Open')}`,
    role: 'button',
  };
  return item;
}

function commitItem(under: string, find: HistoryFind): TreeItem {
  const exposure = find.isPublished ? 'published' : 'committed';
  const item = new TreeItem(`${shortId(find)} · ${fileOfCommit(find)}`);
  item.id = `${under}@${find.commit}:${find.path}`;
  item.description = exposureInWords(exposure);
  item.iconPath = new ThemeIcon(exposureIcons[exposure]);
  item.contextValue = 'omi.commit';
  item.accessibilityInformation = {
    label: l10n.t('Commit {0}, {1}, {2}', shortId(find), fileOfCommit(find), item.description),
  };
  return item;
}

function moreItem(under: string, count: number): TreeItem {
  const item = new TreeItem(count === 1 ? l10n.t('1 more place') : l10n.t('{0} more places', count));
  item.id = `${under}@more`;
  item.iconPath = new ThemeIcon('ellipsis');
  return item;
}

/** Whether there is anything to unfold below a key. */
export function below({ places, history }: Pick<KeyLeak, 'places' | 'history'>): TreeItemCollapsibleState {
  return places.length + history.length > 0
    ? TreeItemCollapsibleState.Collapsed
    : TreeItemCollapsibleState.None;
}

/** All that is known of what a row shows; undefined where the row says it all. */
export function leakTooltip(node: LeakNode): MarkdownString | undefined {
  if (node.kind === 'commit') return commitTooltip([node.find]);
  if (node.kind === 'stranger' && node.leak.history.length > 0) return commitTooltip(node.leak.history);
  return undefined;
}

/** A tooltip has room for so many commits. */
const mostCommits = 5;

/** Which commits brought a key in: the words of others, which must not be read as Markdown. */
function commitTooltip(finds: readonly HistoryFind[]): MarkdownString {
  const text = new MarkdownString();
  for (const find of finds.slice(0, mostCommits)) {
    const { author, authoredAt, branches } = find;
    const on = branches.length > 0 ? branches.join(', ') : l10n.t('on no remote branch');
    const facts = [shortId(find), fileOfCommit(find), redact(author), fullTime(authoredAt), redact(on)];
    text.appendMarkdown('- ').appendText(facts.join(' · ')).appendMarkdown('\n');
  }
  return text;
}
