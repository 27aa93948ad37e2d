import {
  Disposable,
  l10n,
  languages,
  LanguageStatusSeverity,
  window,
  type LanguageStatusItem,
  type TextDocument,
} from 'vscode';
import { commandIds } from '../ids';

/**
 * Says of a text that it was not looked into, because it is too large: as a language status, which is there while the
 * text is in use, and asks for nothing.
 */
export class LargeTexts {
  readonly #addresses = new Set<string>();
  readonly #watch = window.onDidChangeActiveTextEditor(() => this.#show());
  #item: LanguageStatusItem | undefined;

  /** Notes whether a text is too large. */
  set({ uri }: TextDocument, isLarge: boolean): void {
    if (isLarge) this.#addresses.add(uri.toString());
    else if (!this.#addresses.delete(uri.toString())) return;
    this.#show();
  }

  /** Says nothing any more. */
  clear(): void {
    this.#addresses.clear();
    this.#show();
  }

  dispose(): void {
    Disposable.from(this.#watch, this.#item ?? new Disposable(() => undefined)).dispose();
  }

  #show(): void {
    this.#item?.dispose();
    this.#item = undefined;
    const document = window.activeTextEditor?.document;
    if (!document || !this.#addresses.has(document.uri.toString())) return;
    const { languageId: language, uri } = document;
    const item = languages.createLanguageStatusItem('omi.largeText', { language, scheme: uri.scheme });
    item.name = l10n.t('Omi API Keys');
    item.severity = LanguageStatusSeverity.Warning;
    item.text = l10n.t('Not looked into for Omi API keys');
    item.detail = l10n.t('The text is above 1 MB.');
    item.command = { command: commandIds.scanWorkspace, title: l10n.t('Scan Workspace') };
    item.accessibilityInformation = { label: `${item.text}. ${item.detail}` };
    this.#item = item;
  }
}
