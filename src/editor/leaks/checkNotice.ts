import { l10n } from 'vscode';
import type { LeakIdentity } from '../../leaks/identifyLeak';
import { maskedKey, type SeenKey } from '../../leaks/seenKey';
import type { OmiFailure } from '../../omi/errors';
import { wordsForFailure } from '../failures';
import type { Account } from '../../account/session';
import { asPlainText, namedKey } from '../words';
import {
  accountsInWords,
  refusalInWords,
  wordsForContradiction,
  wordsForUnread,
  wordsForUntellable,
} from './identityNotice';
import type { LeakAction, LeakNotice } from './leakNotice';

type Unknown = Extract<LeakIdentity, { readonly kind: 'unknown' }>;
type Mine = Extract<LeakIdentity, { readonly kind: 'mine' }>;

/** What was found out about a key by asking alone. */
export interface KeyCheck {
  readonly key: SeenKey;
  readonly identity: LeakIdentity;
  /** Why Omi did not answer about the raw key; undefined when it did. */
  readonly failure: OmiFailure | undefined;
  readonly accounts: readonly Account[];
}

/** What a person must know before a key is asked about. */
export function useHint(): string {
  return l10n.t('Asking Omi about a developer key counts as a use: its "last used" becomes now.');
}

/** Says whether a key is alive, and whose; undefined for a cancel, which is silent. */
export function noticeOfCheck(check: KeyCheck): LeakNotice | undefined {
  const { key, identity } = check;
  const masked = maskedKey(key);
  switch (identity.kind) {
    case 'dead': {
      const { by, listed } = identity;
      return listed
        ? { level: 'warn', message: wordsForContradiction(key, by, listed), actions: ['respond', 'tryAgain'] }
        : {
            level: 'info',
            message: `${l10n.t('{0} is dead.', masked)} ${refusalInWords(by)}`,
            actions: [],
          };
    }
    case 'elsewhere':
      return alive(
        identity.searched.length === 0
          ? l10n.t('{0} is ALIVE. Whose it is cannot be told: nobody is signed in here.', masked)
          : l10n.t(
              '{0} is ALIVE, but belongs to no account that is signed in here. Searched: {1}.',
              masked,
              accountsInWords(identity.searched),
            ),
      );
    case 'mine':
      return noticeOfMine(check, identity);
    case 'unknown':
      return noticeOfUnknown(key, identity);
  }
}

function alive(sentence: string): LeakNotice {
  return {
    level: 'warn',
    message: `${sentence} ${l10n.t('Asking counted as a use.')}`,
    actions: ['respond'],
  };
}

function noticeOfMine({ key, failure, accounts }: KeyCheck, { target, pulse, by }: Mine): LeakNotice {
  const owner = accounts.find(({ id }) => id === target.accountId)?.label ?? target.accountId;
  const [named, account] = [namedKey(target.key), asPlainText(owner)];
  if (pulse?.kind === 'alive') {
    return alive(
      by === 'keyRoute'
        ? l10n.t('ALIVE: it is {0} of {1}.', named, account)
        : l10n.t('ALIVE: by its first and last digits it is {0} of {1}.', named, account),
    );
  }
  const listed = l10n.t(
    'By its first and last digits it is {0} of {1}, which Omi lists: it was not revoked.',
    named,
    account,
  );
  if (pulse) {
    const [why] = wordsForUntellable(key, {
      kind: 'unknown',
      searched: [],
      unread: [],
      why: 'untellable',
      pulse,
    });
    return { level: 'warn', message: `${why ?? ''} ${listed}`.trim(), actions: ['respond'] };
  }
  const reason = (failure && wordsForFailure(failure)?.sentence) ?? l10n.t('Omi did not answer in time.');
  const unclear = l10n.t('Whether {0} still works could not be asked.', maskedKey(key));
  return {
    level: 'warn',
    message: `${unclear} ${reason} ${listed}`,
    actions: ['tryAgain', 'respond', 'showLog'],
  };
}

function noticeOfUnknown(key: SeenKey, identity: Unknown): LeakNotice | undefined {
  const { why, pulse } = identity;
  const isAlive = pulse?.kind === 'alive';
  const masked = maskedKey(key);
  switch (why) {
    case 'untellable': {
      const actions: readonly LeakAction[] = identity.searched.length === 0 ? ['signIn'] : [];
      return { level: 'warn', message: wordsForUntellable(key, identity).join(' '), actions };
    }
    case 'unreadLists': {
      const unread = wordsForUnread(key, identity.unread).join(' ');
      if (isAlive) {
        const notice = alive(`${l10n.t('{0} is ALIVE.', masked)} ${unread}`);
        return { ...notice, actions: ['respond', 'tryAgain', 'showLog'] };
      }
      return { level: 'warn', message: unread, actions: ['tryAgain', 'showLog'] };
    }
    case 'ambiguous': {
      const several = l10n.t('Several of your keys begin and end like it.');
      if (isAlive) return alive(`${l10n.t('{0} is ALIVE.', masked)} ${several}`);
      const unclear = l10n.t('Whether {0} still works could not be asked.', masked);
      return { level: 'warn', message: `${unclear} ${several}`, actions: ['tryAgain'] };
    }
    default: {
      const words = wordsForFailure(why);
      if (!words) return undefined;
      const unclear = l10n.t('Whether {0} is alive could not be asked.', masked);
      return {
        level: words.level,
        message: `${unclear} ${words.sentence}`,
        actions: [...new Set<LeakAction>(['tryAgain', ...words.actions])],
      };
    }
  }
}
