import { l10n, window } from 'vscode';
import type { Account } from '../account/session';
import { displayPrefix, type KeyTarget } from '../keys/key';
import { asPlainText, dayOrClockTime, keyName, namedKey, relativeTime } from './words';

/** A dialog that names more keys than this would not fit a screen. */
const mostNamed = 20;

/**
 * Asks once, for all, before keys are revoked. There is no way around it: it takes nothing but what it shows.
 *
 * @param accounts all that are signed in; the one the keys belong to is named when there are several.
 * @param now milliseconds since the epoch.
 * @param asOf when the keys were listed as they are shown, if that is too long ago to pass for now.
 */
export async function confirmRevocation(
  targets: readonly KeyTarget[],
  accounts: readonly Account[],
  now: number,
  asOf: number | undefined,
): Promise<boolean> {
  const [first, ...others] = targets;
  if (!first) return false;
  const revoke = l10n.t('Revoke');
  const { message, detail } = others.length === 0 ? wordsForOne(first, now, asOf) : wordsForMany(targets);
  const owner = accounts.length > 1 ? accounts.find(({ id }) => id === first.accountId) : undefined;
  const whose = owner ? `${l10n.t('Account: {0}', asPlainText(owner.label))}\n\n` : '';
  const chosen = await window.showWarningMessage(message, { modal: true, detail: whose + detail }, revoke);
  return chosen === revoke;
}

function wordsForOne(
  { key }: KeyTarget,
  now: number,
  asOf: number | undefined,
): { message: string; detail: string } {
  const lastUse =
    key.lastUsedAt === null
      ? l10n.t('Never used, as far as Omi knows.')
      : now - key.lastUsedAt < 3_600_000
        ? l10n.t('Last used within the last hour.')
        : l10n.t('Last used {0}.', relativeTime(key.lastUsedAt, now));
  const age = asOf === undefined ? '' : ` ${l10n.t('That is as of {0}.', dayOrClockTime(asOf, now))}`;
  return {
    message: l10n.t('Revoke "{0}"?', asPlainText(keyName(key))),
    detail: l10n.t(
      'Apps that use {0} stop working at once. {1} This cannot be undone.',
      asPlainText(displayPrefix(key)),
      lastUse + age,
    ),
  };
}

function wordsForMany(targets: readonly KeyTarget[]): { message: string; detail: string } {
  const named = targets.slice(0, mostNamed).map(({ key }) => namedKey(key));
  const more = targets.length - named.length;
  if (more > 0) named.push(l10n.t('and {0} more', more));
  return {
    message: l10n.t('Revoke {0} API keys?', targets.length),
    detail: `${named.join('\n')}\n\n${l10n.t('Apps that use them stop working at once. This cannot be undone.')}`,
  };
}

/** What a person chose to do about a leaked key. */
export type LeakAnswer = 'revoke' | 'replace';

/** What the question about a leaked key shows. */
export interface LeakQuestion {
  readonly target: KeyTarget;
  /** Where it lies, one sentence a line. */
  readonly whereabouts: string;
  /** Whether Omi named this key, or just its digits fit. */
  readonly isCertain: boolean;
  /** All that are signed in, the one in use first; the key's is named when there are several. */
  readonly accounts: readonly Account[];
}

/**
 * Asks once before a leaked key is revoked, in one of two ways. There is no way around it: it takes nothing but what it
 * shows. When the key was last used is not said, for asking Omi about it counts as a use.
 */
export async function confirmLeakResponse(question: LeakQuestion): Promise<LeakAnswer | undefined> {
  const { target, whereabouts, isCertain, accounts } = question;
  const { key, accountId } = target;
  const [revoke, replace] = [l10n.t('Revoke Now'), l10n.t('Replace, Then Revoke')];
  const owner = accounts.length > 1 ? accounts.find(({ id }) => id === accountId) : undefined;
  const switches = owner && accounts[0]?.id !== accountId;
  const lines = [
    owner ? l10n.t('Account: {0}', asPlainText(owner.label)) : '',
    `${asPlainText(displayPrefix(key))}\n${whereabouts}`,
    isCertain ? '' : l10n.t('Omi did not name the key: it is the only one of yours with these digits.'),
    l10n.t('Revoke Now: apps that use it stop working at once. This cannot be undone.'),
    [
      l10n.t(
        'Replace, Then Revoke: a new key is made and put in its place first; the leaked one works until then.',
      ),
      switches ? l10n.t('The view then shows the keys of that account.') : '',
    ]
      .filter(Boolean)
      .join(' '),
  ];
  const chosen = await window.showWarningMessage(
    l10n.t('Revoke the leaked API key "{0}"?', asPlainText(keyName(key))),
    { modal: true, detail: lines.filter(Boolean).join('\n\n') },
    revoke,
    replace,
  );
  return chosen === revoke ? 'revoke' : chosen === replace ? 'replace' : undefined;
}
