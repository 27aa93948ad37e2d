import { commands, l10n, window } from 'vscode';
import { displayPrefix, type KeyTarget } from '../../keys/key';
import type { PendingKey } from '../../keys/pendingSecrets';
import { commandIds } from '../ids';
import { notify, showNotice } from '../notify';
import type { Parts } from '../parts';
import { tellPlacing, tryToPlace } from '../secrets/placeSecret';
import { releaseSecret } from '../secrets/releaseSecret';
import { asPlainText, keyName, namedKey, withoutIcons } from '../words';
import { agreeToRevoke } from './agreeToRevoke';
import { forgetSecretsOf, revokeAndReport } from './revokeKey';

/** "Omi: Place New API Key": puts a secret that the vault holds somewhere; the clicked row's, else what is picked. */
export async function placeNewKey(parts: Parts, clicked: unknown): Promise<void> {
  await parts.loaded;
  // Another window may just have made or placed one.
  await parts.pending.load();
  const one = pendingOf(clicked) ?? (await pickPending(parts));
  if (!one) return;
  const rotation = parts.rotations.of(one.key.id);
  // A rotation places its new key itself, and must know of it before the old one ends.
  if (rotation) await commands.executeCommand(commandIds.resumeRotation, { kind: 'rotation', rotation });
  else await placeHeld(parts, one);
}

function pendingOf(node: unknown): PendingKey | undefined {
  return typeof node === 'object' && node !== null && 'pending' in node
    ? (node.pending as PendingKey)
    : undefined;
}

/** Lets the person choose among all that the vault holds, of every account: placing takes no session. */
async function pickPending({ pending, sessions }: Parts): Promise<PendingKey | undefined> {
  const ownerOf = (id: string): string =>
    id === sessions.account?.id
      ? ''
      : (sessions.accounts.find((account) => account.id === id)?.label ?? l10n.t('another account'));
  const items = pending.keys.map((one) => {
    const facts = [
      displayPrefix(one.key),
      one.isKept ? l10n.t('kept in the vault') : l10n.t('waiting'),
      ownerOf(one.accountId),
    ];
    const description = facts.filter(Boolean).map(withoutIcons).join(' · ');
    return { label: withoutIcons(keyName(one.key)), description, one };
  });
  const placeHolder = l10n.t('Choose a key');
  if (items.length > 0)
    return (await window.showQuickPick(items, { title: l10n.t('Place New API Key'), placeHolder }))?.one;
  await notify({ level: 'info', message: l10n.t('No new key waits to be placed.'), actions: [] });
  return undefined;
}

/** Puts a secret that the vault holds somewhere. */
async function placeHeld(parts: Parts, held: PendingKey): Promise<void> {
  const { key } = held;
  let secret: string | undefined;
  try {
    secret = await parts.pending.read(key.id);
  } catch (error) {
    const why = asPlainText(String(error));
    const message = l10n.t(
      "VS Code's vault does not give the secret of {0}. It says: {1}",
      namedKey(key),
      why,
    );
    await notify({ level: 'warn', message, actions: ['showLog'] });
    return;
  }
  if (secret !== undefined) return deliver(parts, held, secret);
  const message = l10n.t("VS Code's vault does not have the secret of {0}.", namedKey(key));
  // It may have been placed, and VS Code ended before that was noted: then the key is in use.
  const [revoke, forget] = [l10n.t('Revoke It'), l10n.t('Forget')];
  const chosen = await showNotice('warn', message, [revoke, forget]);
  if (chosen === revoke) await confirmAndRevoke(parts, [held]);
  if (chosen === forget) await forgetSecretsOf(parts, [key]);
}

/**
 * Lets the person put a secret somewhere, lets go of it then, and tells what came of it. Until then it stays held; one
 * that the vault refused is not given up without a word.
 */
export async function deliver(parts: Parts, target: KeyTarget, secret: string): Promise<void> {
  const { key, accountId } = target;
  const find = (): PendingKey | undefined => parts.pending.keys.find((one) => one.key.id === key.id);
  const wasKept = find()?.isKept;
  const placing = await tryToPlace(parts, key, secret, l10n.t('Place "{0}"', keyName(key)));
  const held = find();
  if (placing?.kind === 'placed') {
    const end = held?.isKept && !wasKept ? 'kept' : 'placed';
    parts.record.note([{ action: 'deliver', accountId, key, end, proof: '' }]);
    const trouble = held && !held.isKept ? await releaseSecret(parts, key) : '';
    return tellPlacing(key, placing, trouble);
  }
  const where = held
    ? l10n.t("The secret of {0} is held in VS Code's vault until it is placed.", namedKey(key))
    : l10n.t('The secret of {0} is held nowhere: unless it is placed now, it is lost.', namedKey(key));
  const place = l10n.t('Place It');
  const revoke = l10n.t('Revoke It');
  const message = [placing?.message, where].filter(Boolean).join(' ');
  const level = placing ? 'error' : held ? 'info' : 'warn';
  const chosen = await showNotice(level, message, [place, revoke], !held);
  if (chosen === place) return held ? placeHeld(parts, held) : deliver(parts, target, secret);
  if (chosen !== revoke) return;
  const isAgreed = await confirmAndRevoke(parts, [target]);
  if (!isAgreed && !held) await deliver(parts, target, secret);
}

/** Says that keys have no secret any more, and offers to revoke them. */
export async function offerToRevoke(
  parts: Parts,
  message: string,
  targets: readonly KeyTarget[],
): Promise<void> {
  const revoke = targets.length === 1 ? l10n.t('Revoke It') : l10n.t('Revoke Them');
  if ((await showNotice('warn', message, [revoke])) === revoke) await confirmAndRevoke(parts, targets);
}

/** @returns whether the person agreed. */
async function confirmAndRevoke(parts: Parts, targets: readonly KeyTarget[]): Promise<boolean> {
  const isAgreed = await agreeToRevoke(parts, targets);
  if (isAgreed) await revokeAndReport(parts, targets);
  return isAgreed;
}
