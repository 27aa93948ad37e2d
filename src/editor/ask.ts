import { l10n, window } from 'vscode';
import type { Account } from '../account/session';
import { displayPrefix, type KeyTarget } from '../keys/key';
import { asPlainText, keyName, namedKey, relativeTime } from './words';

/** A dialog that names more keys than this would not fit a screen. */
const mostNamed = 20;

/**
 * Asks once, for all, before keys are revoked. There is no way around it: it takes nothing but what it shows.
 *
 * @param accounts all that are signed in; the one the keys belong to is named when there are several.
 * @param now milliseconds since the epoch.
 */
export async function confirmRevocation(
  targets: readonly KeyTarget[],
  accounts: readonly Account[],
  now: number,
): Promise<boolean> {
  const [first, ...others] = targets;
  if (!first) return false;
  const revoke = l10n.t('Revoke');
  const { message, detail } = others.length === 0 ? wordsForOne(first, now) : wordsForMany(targets);
  const owner = accounts.length > 1 ? accounts.find(({ id }) => id === first.accountId) : undefined;
  const whose = owner ? `${l10n.t('Account: {0}', asPlainText(owner.label))}\n\n` : '';
  const chosen = await window.showWarningMessage(message, { modal: true, detail: whose + detail }, revoke);
  return chosen === revoke;
}

function wordsForOne({ key }: KeyTarget, now: number): { message: string; detail: string } {
  const lastUse =
    key.lastUsedAt === null
      ? l10n.t('Never used, as far as Omi knows.')
      : now - key.lastUsedAt < 3_600_000
        ? l10n.t('Last used within the last hour.')
        : l10n.t('Last used {0}.', relativeTime(key.lastUsedAt, now));
  return {
    message: l10n.t('Revoke "{0}"?', asPlainText(keyName(key))),
    detail: l10n.t(
      'Apps that use {0} stop working at once. {1} This cannot be undone.',
      asPlainText(displayPrefix(key)),
      lastUse,
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
