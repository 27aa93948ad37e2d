import { l10n } from 'vscode';
import type { KeyTarget } from '../../keys/key';
import type { FileStanding } from '../../leaks/git';
import type { Judgement, Life } from '../../leaks/judgement';
import { maskedKey, type SeenKey } from '../../leaks/seenKey';
import { asPlainText, keyName } from '../words';

/** A found key in a sentence: `omi_dev_1a2b…9f0e ("prod-bot")`; without its name where nobody knows it. */
export function namedFind(key: SeenKey, owner: KeyTarget | undefined): string {
  return owner ? `${maskedKey(key)} ("${asPlainText(keyName(owner.key))}")` : maskedKey(key);
}

/** How far a key has got out and whether it works, as sentences that begin with the key. */
export function findInWords(key: SeenKey, standing: FileStanding, judgement: Judgement): string {
  const name = namedFind(key, judgement.owner);
  return `${exposureInWords(name, standing, judgement)} ${lifeInWords(judgement.life)}`;
}

/** How far a key has got out. */
function exposureInWords(name: string, standing: FileStanding, { exposure }: Judgement): string {
  switch (exposure) {
    case 'published':
      return l10n.t('Omi API key {0} is in a pushed commit.', name);
    case 'committed':
      return l10n.t('Omi API key {0} is in a commit that is not pushed yet.', name);
    case 'tracked':
      return standing === 'tracked'
        ? l10n.t('Omi API key {0} is in a file that Git tracks.', name)
        : l10n.t('Omi API key {0} is in a file that Git does not ignore.', name);
    case 'ignored':
      return l10n.t('Omi API key {0} is in a file that Git ignores.', name);
    case 'outside':
      return l10n.t('Omi API key {0} is in this text.', name);
  }
}

/** Whether a key works, as far as it is known. */
export function lifeInWords(life: Life): string {
  switch (life) {
    case 'alive':
      return l10n.t('It still works.');
    case 'dead':
      return l10n.t('It does not work any more.');
    case 'otherAccount':
      return l10n.t('It still works, and belongs to no account that is signed in here.');
    case 'unknown':
      return l10n.t('It is not known whether it still works.');
  }
}
