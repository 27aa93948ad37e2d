import { l10n } from 'vscode';
import { useOf } from '../../keys/keyTraits';
import type { Parts } from '../parts';
import { staleAfterDays } from '../settings';
import { agreeToRevoke } from './agreeToRevoke';
import { pickKeys } from './pickKeys';
import { revokeAndReport } from './revokeKey';
import { ensureSignedIn } from './signIn';

/** "Omi: Revoke Unused API Keys": lets the person tick keys without use, asks once for all, and revokes. */
export async function revokeUnused(parts: Parts): Promise<void> {
  if (!(await ensureSignedIn(parts))) return;
  const context = { now: parts.now(), staleAfterDays: staleAfterDays() };
  const targets = await pickKeys(parts, {
    title: l10n.t('Revoke Unused API Keys'),
    many: true,
    only: (key) => useOf(key, context) !== 'inUse',
    hint: l10n.t(
      "Never used, or not for {0} days. Omi's record lags by an hour, and a rarely used key may still be needed.",
      context.staleAfterDays,
    ),
    none: l10n.t('No API key counts as unused. The limit is {0} days.', context.staleAfterDays),
  });
  if (targets.length === 0) return;
  if (await agreeToRevoke(parts, targets)) {
    await revokeAndReport(parts, targets);
  }
}
