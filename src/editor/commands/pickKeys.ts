import { Disposable, env, l10n, QuickPickItemKind, window, type QuickPickItem } from 'vscode';
import type { KeyTarget } from '../../keys/key';
import { displayPrefix, keyRef } from '../../keys/key';
import { sortKeys } from '../../keys/keyTraits';
import type { OmiFailure } from '../../omi/errors';
import { keyFamilies } from '../../omi/rawKey';
import { notify, notifyFailure } from '../notify';
import type { Parts } from '../parts';
import type { ListedKey } from '../../omi/schemas';
import { keyOrder } from '../settings';
import { familyTitle } from '../views/keysTree';
import { troubleInWords } from '../views/stateItems';
import { keyName, usage, withoutIcons } from '../words';
import { ensureSignedIn } from './signIn';

interface KeyPickItem extends QuickPickItem {
  readonly target?: KeyTarget;
}

/** Says of a list that it could not be read (again); to choose it is to have it read once more. */
interface TroubleItem extends KeyPickItem {
  readonly sentence: string;
  readonly failure: OmiFailure;
}

/** What keys are picked for. */
export interface PickQuestion {
  readonly title: string;
  /** Whether several can be ticked; nothing is ticked at first. */
  readonly many: boolean;
  /** Which keys are offered; all when left out. */
  readonly only?: (key: ListedKey) => boolean;
  /** What to know before choosing, in place of the usual words. */
  readonly hint?: string;
  /** What to say when there is no key to offer. */
  readonly none?: string;
}

/**
 * Lets the person choose keys from the newest lists. One that could not be read (again) is named beside the keys.
 *
 * @returns the keys chosen; empty when the person gave up or nothing could be offered, which has then been told.
 */
export async function pickKeys(parts: Parts, question: PickQuestion): Promise<readonly KeyTarget[]> {
  const { title, many, only, hint, none } = question;
  const pick = window.createQuickPick<KeyPickItem>();
  pick.title = title;
  pick.placeholder = l10n.t('Reading your API keys …');
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.canSelectMany = many;
  pick.busy = true;
  const chosen = new Promise<readonly KeyPickItem[]>((resolve) => {
    let items: readonly KeyPickItem[] = [];
    const listeners = Disposable.from(
      pick.onDidAccept(() => {
        if (pick.busy) return;
        items = pick.selectedItems;
        pick.hide();
      }),
      pick.onDidHide(() => {
        listeners.dispose();
        pick.dispose();
        resolve(items);
      }),
    );
  });
  const closed = new AbortController();
  void chosen.then(() => closed.abort());
  pick.show();
  await parts.view.refresh();
  const items = parts.sessions.state.kind === 'signedIn' ? itemsOf(parts, only) : [];
  if (!closed.signal.aborted && items.length === 0) {
    pick.hide();
    return (await isMended(parts, none)) ? pickKeys(parts, question) : [];
  }
  if (!closed.signal.aborted) {
    const troubles = troubleItems(parts);
    pick.items = [...items, ...troubles];
    const usual = hint ?? (many ? l10n.t('Tick the keys, then press Enter') : l10n.t('Choose a key'));
    pick.placeholder = [...troubles.map(({ sentence }) => sentence), usual].join(' ');
    pick.busy = false;
  }
  const picked = await chosen;
  const targets = picked.flatMap(({ target }) => target ?? []);
  return targets.length === 0 && picked.length > 0 ? pickKeys(parts, question) : targets;
}

function itemsOf(parts: Parts, only: (key: ListedKey) => boolean = () => true): KeyPickItem[] {
  const accountId = parts.sessions.account?.id;
  if (accountId === undefined) return [];
  return keyFamilies.flatMap((family) => {
    const keys = parts.keys.rings[family].list?.keys ?? [];
    const free = keys.filter((key) => only(key) && !parts.view.inWork.has(key));
    if (free.length === 0) return [];
    const separator: KeyPickItem = { label: familyTitle(family), kind: QuickPickItemKind.Separator };
    const rows = sortKeys(free, keyOrder(), env.language).map((key): KeyPickItem => ({
      label: withoutIcons(keyName(key)),
      description: `${withoutIcons(displayPrefix(key))} · ${usage(key, parts.now())}`,
      target: { accountId, key },
    }));
    return [separator, ...rows];
  });
}

/** A row for each family whose list could not be read (again). */
function troubleItems({ keys: { rings }, now }: Parts): TroubleItem[] {
  return keyFamilies.flatMap((family) => {
    const { state, readAt } = rings[family];
    if (!('failure' in state)) return [];
    const sentence = l10n.t('{0} could not be read.', familyTitle(family));
    return {
      label: `$(warning) ${sentence}`,
      description: withoutIcons(troubleInWords(state.failure, readAt, now())),
      detail: l10n.t('Try Again'),
      alwaysShow: true,
      sentence,
      failure: state.failure,
    };
  });
}

/** Tells why there is nothing to choose; gives whether the person has done something about it. */
async function isMended(parts: Parts, none?: string): Promise<boolean> {
  if (parts.sessions.state.kind !== 'signedIn') return ensureSignedIn(parts);
  const failed = troubleItems(parts);
  const [trouble] = failed;
  if (trouble) {
    const meaning = failed.length < keyFamilies.length ? trouble.sentence : '';
    return (await notifyFailure(trouble.failure, parts.log, ['tryAgain'], meaning)) === 'tryAgain';
  }
  // Lists that nobody has were given up: another account or server is in use.
  if (keyFamilies.every((family) => parts.keys.rings[family].list)) {
    await notify({ level: 'info', message: none ?? l10n.t('This account has no API keys.'), actions: [] });
  }
  return false;
}

/**
 * Settles once which keys a command is about: the clicked row; the selection only when the click was on it, or when
 * the order came from the keyboard inside the view; otherwise what the person picks.
 *
 * @param clicked what VS Code hands to a command: a row, the word `selection` from the key binding, or nothing.
 * @param selected the whole selection, when the click was inside it.
 */
export async function settleTargets(
  parts: Parts,
  clicked: unknown,
  selected: unknown,
  question: PickQuestion,
): Promise<readonly KeyTarget[]> {
  const isFree = ({ key }: KeyTarget): boolean => !parts.view.inWork.has(key);
  if (clicked === 'selection') {
    const targets = parts.view.selection.filter(isFree);
    return targets.length > 0 ? targets : pickKeys(parts, question);
  }
  const own = targetOf(clicked);
  if (!own) return pickKeys(parts, question);
  const all = Array.isArray(selected) ? selected.map(targetOf).filter((target) => target !== undefined) : [];
  const clickWasOnSelection = all.some((target) => keyRef(target.key) === keyRef(own.key));
  return (clickWasOnSelection ? all : [own]).filter(isFree);
}

function targetOf(node: unknown): KeyTarget | undefined {
  if (typeof node !== 'object' || node === null || !('kind' in node) || node.kind !== 'key') return undefined;
  return 'target' in node ? (node.target as KeyTarget) : undefined;
}
