import { l10n, StatusBarAlignment, ThemeColor, window, type Disposable } from 'vscode';
import { maskedKey } from '../../leaks/seenKey';
import { commandIds, viewIds } from '../ids';
import { isInCommit, type KeyLeak } from './keyLeaks';
import { exposureInWords } from './leakWords';

/** The mark at the bottom of the window: there only while a key that works is in a commit. */
export class ExposedKeysItem implements Disposable {
  readonly #item = window.createStatusBarItem('omi.exposedKeys', StatusBarAlignment.Left, 10);

  constructor() {
    this.#item.name = l10n.t('Exposed Omi API Keys');
    this.#item.backgroundColor = new ThemeColor('statusBarItem.warningBackground');
  }

  /** Follows what was found; the worst first. */
  show(leaks: readonly KeyLeak[]): void {
    const exposed = leaks.filter(isInCommit);
    const [worst] = exposed;
    if (!worst) {
      this.#item.hide();
      return;
    }
    const text =
      exposed.length === 1 ? l10n.t('Omi: 1 exposed key') : l10n.t('Omi: {0} exposed keys', exposed.length);
    this.#item.text = `$(warning) ${text}`;
    this.#item.tooltip = exposed.slice(0, mostLines).map(lineOf).join('\n');
    this.#item.command = commandFor(exposed);
    this.#item.accessibilityInformation = { label: `${text}, ${this.#item.tooltip}`, role: 'button' };
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }
}

/** The tooltip names so many keys. */
const mostLines = 5;

function lineOf({ key, judgement }: KeyLeak): string {
  return l10n.t('{0} is alive and {1}.', maskedKey(key), exposureInWords(judgement.exposure));
}

/** One key is dealt with at once, where it can be read from its place; several are shown. */
function commandFor(exposed: readonly KeyLeak[]): NonNullable<ReturnType<typeof itemCommand>> {
  const [only, another] = exposed;
  const place = another ? undefined : only?.places[0];
  return itemCommand(place && { address: place.address, find: place.find });
}

function itemCommand(found: { readonly address: string; readonly find: unknown } | undefined): {
  title: string;
  command: string;
  arguments: unknown[];
} {
  return found
    ? { title: l10n.t('Respond'), command: commandIds.respondToLeak, arguments: [{ found }] }
    : { title: l10n.t('Show'), command: `${viewIds.keys}.focus`, arguments: [] };
}
