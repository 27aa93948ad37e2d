import { l10n, window } from 'vscode';
import type { Account } from '../account/session';
import { displayPrefix, type KeyTarget } from '../keys/key';
import type { Rotation, RotationProblem } from '../keys/rotation';
import type { ListedKey } from '../omi/schemas';
import { wordsForFailure } from './failures';
import { reportRevocation } from './revocationReport';
import { asPlainText, keyName } from './words';

/** What ends a run of steps before the rotation is over. */
export type Halt =
  | RotationProblem
  /** The person gave up, or the places in `failed` do not hold the new key. */
  | { readonly kind: 'notPlaced'; readonly failed: readonly string[] };

const mostNamed = 3;
const named = (key: ListedKey): string => asPlainText(keyName(key));
const masked = (key: ListedKey): string => asPlainText(displayPrefix(key));

/** Places in one line; the journal and the view have all of them. */
export function placesInWords(places: readonly string[]): string {
  const more = places.length - mostNamed;
  const words = places.slice(0, mostNamed).map(asPlainText);
  return [...words, ...(more > 0 ? [l10n.t('and {0} more', more)] : [])].join(', ');
}

/** Asks once before a rotation: names what dies at its end. */
export function confirmRotation(target: KeyTarget, accounts: readonly Account[]): Promise<boolean> {
  const { key } = target;
  const steps =
    key.family === 'dev'
      ? l10n.t('A new key of the same name and scopes is made, proven to work, and put where you choose.')
      : l10n.t(
          'A new key of the same name is made and put where you choose. Omi offers no way to prove that an MCP key works.',
        );
  const end = l10n.t('Then {0} is revoked: apps that still use it stop working.', masked(key));
  return ask(
    { question: l10n.t('Rotate "{0}"?', named(key)), detail: `${steps} ${end}`, button: l10n.t('Rotate') },
    target.accountId,
    accounts,
  );
}

/** Asks once before the new key of a rotation is revoked. */
export function confirmUndo(rotation: Rotation, accounts: readonly Account[]): Promise<boolean> {
  const { old, fresh, places, stage } = rotation;
  const sentences = [
    l10n.t('The new key {0} is revoked: apps that use it stop working at once.', masked(fresh ?? old)),
    places.length > 0 ? l10n.t('It stays written in: {0}.', placesInWords(places)) : '',
    stage === 'revoking'
      ? l10n.t(
          'The old key {0} is kept if Omi still lists it. Omi was asked to revoke it: should it do so late, neither key works.',
          masked(old),
        )
      : l10n.t('The old key {0} is kept.', masked(old)),
  ];
  return ask(
    {
      question: l10n.t('Undo the rotation of "{0}"?', named(old)),
      detail: sentences.filter(Boolean).join(' '),
      button: l10n.t('Undo Rotation'),
    },
    rotation.accountId,
    accounts,
  );
}

async function ask(
  { question, detail, button }: Readonly<Record<'question' | 'detail' | 'button', string>>,
  accountId: string,
  accounts: readonly Account[],
): Promise<boolean> {
  const owner = accounts.length > 1 ? accounts.find(({ id }) => id === accountId) : undefined;
  const whose = owner ? `${l10n.t('Account: {0}', asPlainText(owner.label))}\n\n` : '';
  const options = { modal: true, detail: whose + detail };
  return (await window.showWarningMessage(question, options, button)) === button;
}

/** Says that a rotation is over, and what is where. */
export function wordsForRotated({ old, fresh, proof, places }: Rotation): string {
  return [
    l10n.t(
      'Rotated "{0}": the old key {1} is revoked, Omi no longer lists it. The new key {2} is in {3}.',
      named(old),
      masked(old),
      masked(fresh ?? old),
      placesInWords(places),
    ),
    proof === 'untellable' ? l10n.t('Omi offers no way to prove that it works.') : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/** Says where the new key of a rotation is. */
export function newKeyInWords({ old, fresh, proof, places }: Rotation): string {
  return [
    l10n.t('The new key {0} is in {1}.', masked(fresh ?? old), placesInWords(places)),
    proof === 'untellable' ? l10n.t('Omi offers no way to prove that it works.') : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/** Says that a rotation was undone, and what is where. */
export function wordsForUndone({ old, fresh, places }: Rotation): string {
  return [
    l10n.t(
      'Undone: the new key {0} is revoked, Omi no longer lists it. The old key {1} works as before.',
      masked(fresh ?? old),
      masked(old),
    ),
    places.length > 0 ? l10n.t('The new key is still written in: {0}.', placesInWords(places)) : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/**
 * Says why a rotation did not go on and what exists now on both sides; undefined when the person cancelled and
 * nothing was made.
 *
 * @param rotation as it stands now; undefined when it is over because no new key was made.
 */
export function wordsForHalt(old: ListedKey, rotation: Rotation | undefined, halt: Halt): string | undefined {
  const why = reasonOfHalt(old, rotation, halt);
  if (why === undefined && !rotation) return undefined;
  const sides = rotation
    ? bothSides(rotation, halt)
    : l10n.t('No new key was made. The old key {0} works as before.', masked(old));
  return [l10n.t('"{0}" is not rotated.', named(old)), why, sides].filter(Boolean).join(' ');
}

/** The same of an undo that failed. */
export function wordsForUndoHalt(rotation: Rotation, halt: RotationProblem): string {
  const { old, fresh } = rotation;
  const why = reasonOfHalt(fresh ?? old, rotation, halt);
  const sides = halt.kind === 'oldKeyGone' ? '' : bothSides(rotation, halt);
  return [l10n.t('The rotation of "{0}" is not undone.', named(old)), why, sides].filter(Boolean).join(' ');
}

/** @param ending the key whose end was ordered. */
function reasonOfHalt(ending: ListedKey, rotation: Rotation | undefined, halt: Halt): string | undefined {
  switch (halt.kind) {
    case 'failed':
      return wordsForFailure(halt.failure)?.sentence;
    case 'vaultRefused':
      return l10n.t(
        "VS Code's secret storage did not take the new key's secret. It says: {0}",
        asPlainText(halt.message),
      );
    case 'newKeyDead':
      return l10n.t('Omi refuses the new key.');
    case 'newKeyGone':
      return l10n.t('Omi does not list the new key, so the old one is kept.');
    case 'oldKeyGone':
      return l10n.t('Omi no longer lists the old key, so the new one is kept.');
    case 'notRevoked':
      return reportRevocation([
        { target: { accountId: rotation?.accountId ?? '', key: ending }, end: halt.end },
      ]).message;
    case 'notPlaced':
      return halt.failed.length > 0
        ? l10n.t('It could not be replaced and saved in: {0}.', placesInWords(halt.failed))
        : l10n.t('The new key waits to be put somewhere.');
    case 'secretGone':
    case 'secretLost':
      return undefined;
  }
}

function bothSides({ old, fresh, stage, places }: Rotation, halt: Halt): string {
  if (!fresh) {
    return l10n.t('Whether a new key was made is not known. The old key {0} works as before.', masked(old));
  }
  const key = masked(fresh);
  const place =
    places.length > 0
      ? l10n.t('The new key {0} is in {1}.', key, placesInWords(places))
      : halt.kind === 'secretGone'
        ? l10n.t("The new key {0} exists, but VS Code's secret storage does not give its secret.", key)
        : halt.kind === 'vaultRefused'
          ? l10n.t('The new key {0} exists; its secret is lost when this window closes.', key)
          : l10n.t("The new key {0} exists; VS Code's secret storage holds its secret.", key);
  const isOrdered = stage === 'revoking';
  return isOrdered ? place : `${place} ${l10n.t('The old key {0} works as before.', masked(old))}`;
}
