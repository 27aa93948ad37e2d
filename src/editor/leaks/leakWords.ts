import { l10n } from 'vscode';
import type { Account } from '../../account/session';
import type { Exposure, Judgement, Life } from '../../leaks/judgement';
import type { FileStanding } from '../../leaks/git';
import type { HistoryFind } from '../../leaks/scanHistory';
import { asPlainText } from '../words';

/** How far a key has got out, for a row; a file's standing tells two ways apart in which Git would take it. */
export function exposureInWords(exposure: Exposure, standing?: FileStanding): string {
  switch (exposure) {
    case 'published':
      return l10n.t('in a pushed commit');
    case 'committed':
      return l10n.t('in a commit that is not pushed');
    case 'tracked':
      return standing === 'untracked' ? l10n.t('would be added by Git') : l10n.t('in a file that Git tracks');
    case 'ignored':
      return l10n.t('kept out by .gitignore');
    case 'outside':
      return l10n.t('not seen by Git');
  }
}

/** Whether a key works, for a row: its account is named where it is another one than the one in use. */
export function lifeInWords(
  { life, owner }: Judgement,
  accounts: readonly Account[],
  inUse: string | undefined,
): string {
  const account = owner && accounts.find(({ id }) => id === owner.accountId);
  if (life === 'alive' && account && account.id !== inUse) {
    return l10n.t('alive, in the account {0}', asPlainText(account.label));
  }
  return lifeWord(life);
}

/** Whether a key works, in a word or two. */
export function lifeWord(life: Life): string {
  switch (life) {
    case 'alive':
      return l10n.t('alive');
    case 'dead':
      return l10n.t('dead');
    case 'otherAccount':
      return l10n.t('alive, in no signed-in account');
    case 'unknown':
      return l10n.t('may be alive');
  }
}

/** A commit's short id. */
export function shortId({ commit }: HistoryFind): string {
  return commit.slice(0, 7);
}

/** The file that a commit brought a key into, safe for a sentence. */
export function fileOfCommit({ path }: HistoryFind): string {
  return path === '' ? l10n.t('the commit message') : asPlainText(path);
}
