import { l10n } from 'vscode';
import { placesInWords } from '../rotationReport';
import { asPlainText } from '../words';
import type { LeftOut } from './occurrences';

/** Says what a search did not look into or cannot change, one sentence a reason; empty when there is nothing. */
export function leftOutInWords(leftOut: readonly LeftOut[]): string {
  const sentences = reasons.map(([why, sentence]) => {
    const labels = leftOut.filter((one) => one.why === why).map(({ label }) => label);
    return labels.length > 0 ? sentence(placesInWords(labels)) : '';
  });
  return sentences.filter(Boolean).join(' ');
}

/** Whether a key may stand where a search did not look. Folders that are passed over always are so. */
export function mayHide(leftOut: readonly LeftOut[]): boolean {
  return leftOut.some(({ why }) => why !== 'passedOver');
}

/** Says that a key stands only where it cannot be changed; undefined when it was found at no such place. */
export function wordsForNowhere(masked: string, leftOut: readonly LeftOut[]): string | undefined {
  if (!leftOut.some(({ why }) => ['noText', 'noUtf8', 'notebook'].includes(why))) return undefined;
  return `${l10n.t('{0} was replaced nowhere.', asPlainText(masked))} ${leftOutInWords(leftOut)}`;
}

const reasons: readonly (readonly [LeftOut['why'], (list: string) => string])[] = [
  ['noText', (list) => l10n.t('It also stands in files that are no text: {0}.', list)],
  ['noUtf8', (list) => l10n.t('It also stands in files that are no UTF-8 text: {0}.', list)],
  ['notebook', (list) => l10n.t('It also stands in cells of notebooks that are not saved: {0}.', list)],
  ['unreadable', (list) => l10n.t('Could not be read, so not looked into: {0}.', list)],
  ['tooLarge', (list) => l10n.t('Too large, so not looked into: {0}.', list)],
  ['passedOver', (list) => l10n.t('Not looked into: {0}.', list)],
];
