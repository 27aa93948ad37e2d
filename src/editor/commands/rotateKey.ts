import { l10n, window } from 'vscode';
import { displayPrefix, type KeyTarget } from '../../keys/key';
import { revokeKeys } from '../../keys/revokeKeys';
import type { Rotation } from '../../keys/rotation';
import { fail, succeed, type Result } from '../../omi/result';
import type { ListedKey } from '../../omi/schemas';
import type { Deed } from '../activityRecord';
import { tellRevoked } from '../leaks/tellLife';
import { notify, showNotice } from '../notify';
import type { Parts } from '../parts';
import { reportRevocation } from '../revocationReport';
import {
  confirmRotation,
  confirmUndo,
  placesInWords,
  wordsForHalt,
  wordsForRotated,
  wordsForUndoHalt,
  wordsForUndone,
  type Halt,
} from '../rotationReport';
import { wordsForNowhere } from '../secrets/leftOutWords';
import { placeSecret } from '../secrets/placeSecret';
import { findPlaces, waysInWorkspace } from '../secrets/rotationPlaces';
import { asPlainText, keyName, namedKey, withoutIcons } from '../words';
import { agreeToRevoke } from './agreeToRevoke';
import { settleTargets } from './pickKeys';
import { cancellably } from './revokeKey';
import { ensureSignedIn } from './signIn';

/** "Omi: Rotate API Key": settles one key, asks once, and takes all steps. One that is open already goes on. */
export async function rotateKey(parts: Parts, clicked: unknown): Promise<void> {
  if (!(await ensureSignedIn(parts))) return;
  const question = { title: l10n.t('Rotate API Key'), many: false };
  const [chosen] = await settleTargets(parts, clicked, undefined, question);
  if (!chosen) return;
  // The new key of an open rotation stands for its old one.
  const key = parts.rotations.of(chosen.key.id)?.old ?? chosen.key;
  const target = { accountId: chosen.accountId, key };
  if (await confirmRotation(target, parts.sessions.accounts)) await begin(parts, target);
}

/** What is to follow a rotation in place of the usual words, by the old key's id, until it is over. */
const sequels = new Map<string, (rotation: Rotation) => Promise<void>>();

/**
 * Rotates a key of the account in use that the person has agreed to lose, also where the rotation stops and is resumed
 * later in this window.
 *
 * @param sequel what follows, in place of the words that the key is rotated.
 */
export async function rotateThen(
  parts: Parts,
  target: KeyTarget,
  sequel: (rotation: Rotation) => Promise<void>,
): Promise<void> {
  const { id } = target.key;
  sequels.set(id, sequel);
  await begin(parts, target);
  if (!parts.rotations.of(id)) sequels.delete(id);
}

/** "Omi: Resume Rotation". */
export async function resumeRotation(parts: Parts, clicked: unknown): Promise<void> {
  const rotation = await settleRotation(parts, clicked, l10n.t('Resume Rotation'));
  if (rotation) await resume(parts, rotation);
}

/** "Omi: Undo Rotation". */
export async function undoRotation(parts: Parts, clicked: unknown): Promise<void> {
  const rotation = await settleRotation(parts, clicked, l10n.t('Undo Rotation'));
  if (rotation) await undo(parts, rotation);
}

/** The rotation of the clicked row, else what the person picks; undefined when there is none, which is told. */
async function settleRotation(
  { loaded, rotations }: Parts,
  clicked: unknown,
  title: string,
): Promise<Rotation | undefined> {
  await loaded;
  if (typeof clicked === 'object' && clicked !== null && 'rotation' in clicked) {
    return clicked.rotation as Rotation;
  }
  const items = rotations.open.map((rotation) => ({
    label: withoutIcons(keyName(rotation.old)),
    description: [rotation.old, rotation.fresh]
      .flatMap((key) => (key ? [withoutIcons(displayPrefix(key))] : []))
      .join(' → '),
    rotation,
  }));
  if (items.length > 0) return (await window.showQuickPick(items, { title }))?.rotation;
  await notify({ level: 'info', message: l10n.t('No rotation is open.'), actions: [] });
  return undefined;
}

/** Makes the new key and goes on from there; the person has agreed to lose the old one. */
async function begin(parts: Parts, target: KeyTarget): Promise<void> {
  const known = parts.rotations.of(target.key.id);
  if (known?.stage === 'making') return resume(parts, known);
  const made = await inWork(parts, [target.key], () =>
    cancellably(parts.view, l10n.t('Making the new key …'), (signal) => parts.rotations.make(target, signal)),
  );
  const { fresh } = parts.rotations.of(target.key.id) ?? {};
  if (!known && fresh) note(parts, 'rotate', { ...target, key: fresh }, 'made');
  return made.ok ? goOn(parts, made.value) : tellHalt(parts, target, made.failure);
}

/** Goes on where a rotation stands now. */
async function resume(parts: Parts, seen: Rotation): Promise<void> {
  const rotation = await take(parts, seen);
  if (!rotation) return;
  await (rotation.stage === 'making' ? settleLost(parts, rotation, resume) : goOn(parts, rotation));
}

/**
 * Makes sure that a rotation can be worked on; else tells why.
 *
 * @returns the rotation as it stands now.
 */
async function take(
  parts: Parts,
  { accountId, old }: Pick<Rotation, 'accountId' | 'old'>,
): Promise<Rotation | undefined> {
  if (!(await ensureSignedIn(parts))) return undefined;
  const { sessions, rotations, view } = parts;
  const name = asPlainText(keyName(old));
  const owner = sessions.accounts.find(({ id }) => id === accountId)?.label ?? accountId;
  const rotation = rotations.of(old.id);
  const message =
    sessions.account?.id !== accountId
      ? l10n.t(
          'The rotation of "{0}" belongs to the account {1}. Switch to it first.',
          name,
          asPlainText(owner),
        )
      : view.inWork.has(old)
        ? l10n.t('The rotation of "{0}" is under way.', name)
        : l10n.t('The rotation of "{0}" is over.', name);
  if (rotation && sessions.account?.id === accountId && !view.inWork.has(old)) return rotation;
  await notify({ level: 'info', message, actions: [] });
  return undefined;
}

/** Takes the steps that are left after the new key was made, and tells how they ended. */
async function goOn(parts: Parts, rotation: Rotation): Promise<void> {
  const { accountId, old, fresh } = rotation;
  const target = { accountId, key: old };
  const end = await inWork(parts, [old, ...(fresh ? [fresh] : [])], () => takeSteps(parts, rotation));
  if (!end.ok) return tellHalt(parts, target, end.failure);
  note(parts, 'rotate', target, 'revoked', 'list');
  await tellRevoked(parts, [target]);
  const sequel = sequels.get(old.id);
  sequels.delete(old.id);
  if (sequel) return sequel(end.value);
  await notify({ level: 'info', message: wordsForRotated(end.value), actions: [] });
}

async function takeSteps(parts: Parts, start: Rotation): Promise<Result<Rotation, Halt>> {
  const { rotations } = parts;
  const proven = await cancellably(parts.view, l10n.t('Proving the new key …'), (signal) =>
    rotations.prove(start, signal),
  );
  if (!proven.ok) return proven;
  let rotation = proven.value;
  if (start.stage === 'made' && rotation.fresh) {
    const target = { accountId: rotation.accountId, key: rotation.fresh };
    note(parts, 'rotate', target, rotation.proof ?? '', rotation.provenBy);
  }
  if (rotation.stage === 'proven') {
    const places = await place(parts, rotation);
    if (!places.ok) return places;
    rotation = await rotations.placed(rotation, places.value);
  }
  return cancellably(parts.view, l10n.t('Revoking the old key …'), (signal) =>
    rotations.finish(rotation, signal),
  );
}

/** Lets the person put the secret somewhere; first where the old key stands. */
async function place(parts: Parts, rotation: Rotation): Promise<Result<readonly string[], Halt>> {
  const { old, fresh } = rotation;
  const secret = await parts.rotations.secret(rotation);
  if (!fresh || secret === undefined) return fail({ kind: 'secretGone' });
  const failed: string[] = [];
  const search = l10n.t('Looking for the old key in this workspace …');
  const more = await cancellably(parts.view, search, async (signal) => {
    const found = await findPlaces(rotation, secret, { signal, log: parts.log });
    if (!found.isWhole) return undefined;
    const ways = waysInWorkspace(rotation, found, failed, parts.log);
    // Where nothing can be replaced, no way names the files with the old key.
    const nowhere = wordsForNowhere(displayPrefix(old), found.leftOut);
    if (ways.length === 0 && nowhere) void showNotice('warn', nowhere, []);
    return ways;
  });
  if (!more) return fail({ kind: 'notPlaced', failed });
  const places = await placeSecret(parts, fresh, secret, {
    title: l10n.t('Rotate "{0}": Place the New Key', keyName(old)),
    more,
  });
  return places ? succeed(places) : fail({ kind: 'notPlaced', failed });
}

/** Tells why a rotation stopped and what exists now; offers to go on or to take it back. */
async function tellHalt(parts: Parts, target: KeyTarget, halt: Halt): Promise<void> {
  const rotation = parts.rotations.of(target.key.id);
  if (halt.kind === 'notRevoked') note(parts, 'rotate', target, halt.end.kind);
  if (rotation && halt.kind === 'secretLost') return tellLost(parts, rotation, halt.keys);
  // Another window has finished or undone it meanwhile: what exists is not known from here.
  if (!rotation && halt.kind === 'notRevoked') {
    await take(parts, { accountId: target.accountId, old: target.key });
    return;
  }
  const message = wordsForHalt(target.key, rotation, halt);
  if (message === undefined) return;
  logHalt(parts, target.key, halt);
  if (rotation) return offer(parts, rotation, message, halt);
  const again = l10n.t('Try Again');
  if ((await window.showWarningMessage(message, again)) === again && (await ensureSignedIn(parts))) {
    await begin(parts, target);
  }
}

async function offer(parts: Parts, rotation: Rotation, message: string, halt: Halt): Promise<void> {
  const goesOn = l10n.t('Resume');
  const goesBack = l10n.t('Undo');
  const titles = halt.kind === 'oldKeyGone' ? [goesOn] : [goesOn, goesBack];
  const chosen = await showNotice(levelOf(halt), message, titles);
  if (chosen === goesOn) await resume(parts, rotation);
  if (chosen === goesBack) await undo(parts, rotation);
}

function levelOf(halt: Halt): 'info' | 'warn' | 'error' {
  if (halt.kind === 'notRevoked') return halt.end.kind === 'stillLive' ? 'error' : 'warn';
  return halt.kind === 'notPlaced' && halt.failed.length === 0 ? 'info' : 'warn';
}

/** Revokes the new key, if it is known which it is, and tells what exists now. */
async function undo(parts: Parts, seen: Rotation): Promise<void> {
  const rotation = await take(parts, seen);
  if (!rotation) return;
  const { old, fresh, accountId } = rotation;
  if (!fresh) return settleLost(parts, rotation, undo);
  if (!(await confirmUndo(rotation, parts.sessions.accounts))) return;
  const end = await inWork(parts, [old, fresh], () =>
    cancellably(parts.view, l10n.t('Revoking the new key …'), (signal) =>
      parts.rotations.undo(rotation, signal),
    ),
  );
  const target = { accountId, key: fresh };
  if (end.ok) {
    note(parts, 'undoRotation', target, 'revoked', 'list');
    await tellRevoked(parts, [target]);
    sequels.delete(old.id);
    await notify({ level: 'info', message: wordsForUndone(rotation), actions: [] });
    return;
  }
  const { failure } = end;
  if (!parts.rotations.of(old.id)) {
    await take(parts, rotation);
    return;
  }
  if (failure.kind === 'notRevoked') note(parts, 'undoRotation', target, failure.end.kind);
  logHalt(parts, fresh, failure);
  await offer(parts, rotation, wordsForUndoHalt(rotation, failure), failure);
}

/**
 * Finds out what came of a request for a new key whose answer never came.
 *
 * @param next goes on when the new key is known after all.
 */
async function settleLost(
  parts: Parts,
  rotation: Rotation,
  next: (parts: Parts, rotation: Rotation) => Promise<void>,
): Promise<void> {
  const { old, accountId } = rotation;
  const lost = await inWork(parts, [old], () =>
    cancellably(parts.view, l10n.t('Looking for the new key …'), () => parts.rotations.findLost(rotation)),
  );
  if (lost.ok) return tellLost(parts, rotation, lost.value);
  const now = parts.rotations.of(old.id);
  return now?.fresh ? next(parts, now) : tellHalt(parts, { accountId, key: old }, lost.failure);
}

/** Says which keys were made and lost, if any, and offers to revoke them; then the rotation is over. */
async function tellLost(parts: Parts, rotation: Rotation, keys: readonly ListedKey[]): Promise<void> {
  const { old, accountId } = rotation;
  const revoke = l10n.t('Revoke');
  const startOver = l10n.t('Start Over');
  const forget = l10n.t('Forget');
  const kept = l10n.t('The old key {0} works as before.', asPlainText(displayPrefix(old)));
  const message =
    keys.length > 0
      ? l10n.t('A new key was made, but its secret was lost: {0}.', placesInWords(keys.map(namedKey)))
      : l10n.t('No new key for "{0}" was found.', asPlainText(keyName(old)));
  const first = keys.length > 0 ? revoke : startOver;
  const chosen = await window.showWarningMessage(`${message} ${kept}`, first, forget);
  if (chosen === undefined || !(await take(parts, rotation))) return;
  const targets = keys.map((key) => ({ accountId, key }));
  if (chosen !== revoke) await parts.rotations.abandon(rotation);
  if (chosen === startOver) return begin(parts, { accountId, key: old });
  if (chosen !== revoke || !(await agreeToRevoke(parts, targets))) return;

  const outcomes = await inWork(parts, [old, ...keys], () =>
    cancellably(parts.view, l10n.t('Revoking the new key …'), (signal) =>
      revokeKeys(targets, parts.keys.revocation, { signal }),
    ),
  );
  outcomes.forEach(({ target, end: { kind } }) => {
    note(parts, 'revoke', target, kind, kind === 'revoked' ? 'list' : '');
  });
  const isGone = outcomes.every(({ end }) => end.kind === 'revoked' || end.kind === 'alreadyGone');
  if (isGone) await parts.rotations.abandon(rotation);
  const report = reportRevocation(outcomes);
  const next = isGone ? startOver : l10n.t('Resume');
  if ((await window.showWarningMessage(`${report.message} ${kept}`, next)) !== next) return;
  await (isGone ? begin(parts, { accountId, key: old }) : resume(parts, rotation));
}

/** Lets rows spin and refuse other orders while some work lasts. */
async function inWork<T>({ view }: Parts, keys: readonly ListedKey[], act: () => Promise<T>): Promise<T> {
  view.inWork.add(keys);
  try {
    return await act();
  } finally {
    view.inWork.remove(keys);
  }
}

function note({ record }: Parts, action: Deed['action'], target: KeyTarget, end: string, proof = ''): void {
  record.note([{ action, ...target, end, proof }]);
}

function logHalt({ log }: Parts, key: ListedKey, halt: Halt): void {
  log.warn(`Rotation, ${key.family} key ${namedKey(key)} ${key.id}: ${factsOf(halt)}`);
}

function factsOf(halt: Halt): string {
  return JSON.stringify(halt.kind === 'secretLost' ? halt.keys.map(({ id }) => id) : halt);
}
