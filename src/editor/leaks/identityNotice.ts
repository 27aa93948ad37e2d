import { l10n } from 'vscode';
import type { Account } from '../../account/session';
import type { KeyTarget } from '../../keys/key';
import type { LeakIdentity, UnreadAccount } from '../../leaks/identifyLeak';
import type { OmiFailure } from '../../omi/errors';
import type { PulseRoute } from '../../omi/pulseApi';
import { maskedKey, type SeenKey } from '../../leaks/seenKey';
import { wordsForFailure } from '../failures';
import { asPlainText, namedKey } from '../words';
import type { LeakAction, LeakNotice } from './leakNotice';

type Unknown = Extract<LeakIdentity, { readonly kind: 'unknown' }>;
type Dead = Extract<LeakIdentity, { readonly kind: 'dead' }>;
type NotMine = Exclude<LeakIdentity, { readonly kind: 'mine' }>;

/** Says why there is nothing to revoke, or why it cannot be told; undefined for a cancel, which is silent. */
export function noticeOfIdentity(key: SeenKey, identity: NotMine): LeakNotice | undefined {
  switch (identity.kind) {
    case 'dead':
      return noticeOfDead(key, identity);
    case 'elsewhere':
      return { level: 'warn', ...wordsForElsewhere(key, identity.searched) };
    case 'unknown':
      return noticeOfUnknown(key, identity);
  }
}

/** How Omi was asked about a raw key that it refused, as the end of a sentence. */
export function refusalInWords(by: PulseRoute): string {
  return by === 'keyRoute'
    ? l10n.t('Omi refuses it when asked about the key itself.')
    : l10n.t('Omi refuses it when it asks for data.');
}

/** Accounts in one line. */
export function accountsInWords(accounts: readonly Account[]): string {
  return accounts.map(({ label }) => asPlainText(label)).join(', ');
}

function noticeOfDead(key: SeenKey, { by, listed }: Dead): LeakNotice {
  const masked = maskedKey(key);
  const nothing = l10n.t('Nothing was revoked.');
  if (listed) {
    return {
      level: 'warn',
      message: `${wordsForContradiction(key, by, listed)} ${nothing}`,
      actions: ['respondToListed', 'tryAgain'],
    };
  }
  return {
    level: 'info',
    message: `${l10n.t('Already dead: {0}.', masked)} ${refusalInWords(by)} ${nothing}`,
    actions: ['replaceInFiles', 'incidentNote'],
  };
}

/** Says that Omi refuses a raw key and lists one that looks like it: they may be one, or not. */
export function wordsForContradiction(key: SeenKey, by: PulseRoute, { key: listed }: KeyTarget): string {
  return [
    l10n.t('It is not certain that {0} is dead.', maskedKey(key)),
    refusalInWords(by),
    l10n.t('But it still lists {0}, which begins and ends like it.', namedKey(listed)),
  ].join(' ');
}

function wordsForElsewhere(
  key: SeenKey,
  searched: readonly Account[],
): Pick<LeakNotice, 'message' | 'actions'> {
  const masked = maskedKey(key);
  if (searched.length === 0) {
    return {
      message: l10n.t(
        '{0} is alive. Only the account that owns it can revoke it: sign in to that account. Nothing was revoked.',
        masked,
      ),
      actions: ['signIn'],
    };
  }
  return {
    message: l10n.t(
      '{0} is alive, but belongs to no account that is signed in here. Nothing was revoked. Searched: {1}.',
      masked,
      accountsInWords(searched),
    ),
    actions: ['signInElsewhere'],
  };
}

function noticeOfUnknown(key: SeenKey, identity: Unknown): LeakNotice | undefined {
  const { why } = identity;
  const nothing = l10n.t('Nothing was revoked.');
  const said = (sentences: readonly string[], actions: readonly LeakAction[]): LeakNotice => ({
    level: 'warn',
    message: [...sentences, nothing].join(' '),
    actions,
  });
  switch (why) {
    case 'untellable':
      return said(wordsForUntellable(key, identity), [
        identity.searched.length === 0 ? 'signIn' : 'signInElsewhere',
      ]);
    case 'unreadLists':
      return said(wordsForUnread(key, identity.unread), [
        ...(identity.unread.some(({ failure }) => failure.kind === 'unauthenticated')
          ? (['signIn'] as const)
          : []),
        'tryAgain',
        'showLog',
      ]);
    case 'ambiguous':
      return said(
        [
          l10n.t(
            'Several of your keys begin and end like {0}, and Omi did not tell which of them it is.',
            maskedKey(key),
          ),
        ],
        ['tryAgain', 'pickKey'],
      );
    default:
      return noticeOfFailure(key, why, nothing);
  }
}

function noticeOfFailure(key: SeenKey, failure: OmiFailure, nothing: string): LeakNotice | undefined {
  const words = wordsForFailure(failure);
  if (!words) return undefined;
  const unclear = l10n.t('Whether {0} is alive, and whose it is, could not be found out.', maskedKey(key));
  return {
    level: words.level,
    message: `${unclear} ${words.sentence} ${nothing}`,
    actions: [...new Set<LeakAction>(['tryAgain', ...words.actions])],
  };
}

/** Why Omi could not be asked about a key, and that no list has it. */
export function wordsForUntellable(key: SeenKey, { searched }: Unknown): readonly string[] {
  const masked = maskedKey(key);
  return [
    key.family === 'mcp'
      ? l10n.t('Whether {0} is alive cannot be told: Omi offers no way to ask about an MCP key.', masked)
      : l10n.t('Whether {0} is alive cannot be told: this server offers no way to ask about a key.', masked),
    searched.length === 0
      ? l10n.t('Only the account that owns it lists it: sign in to that account.')
      : l10n.t('No key of {0} begins and ends like it.', accountsInWords(searched)),
  ];
}

/** Which lists could not be read, and why. */
export function wordsForUnread(key: SeenKey, unread: readonly UnreadAccount[]): readonly string[] {
  return [
    l10n.t('Whose key {0} is could not be found out.', maskedKey(key)),
    ...unread.map(({ account, failure }) =>
      l10n.t(
        'The list of {0} could not be read: {1}',
        asPlainText(account.label),
        wordsForFailure(failure)?.sentence ?? l10n.t('it was cancelled.'),
      ),
    ),
  ];
}
