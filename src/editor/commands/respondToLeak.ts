import { commands, l10n } from 'vscode';
import type { KeyTarget } from '../../keys/key';
import type { LeakIdentity } from '../../leaks/identifyLeak';
import type { DeathProof } from '../../leaks/proveDead';
import { proveAgain, respondToLeak as endLeak, type LeakEnd } from '../../leaks/respondToLeak';
import { confirmLeakResponse } from '../ask';
import { commandIds } from '../ids';
import { noticeOfEnd, proofForActivity } from '../leaks/endNotice';
import { noticeOfIdentity } from '../leaks/identityNotice';
import { Incident } from '../leaks/incident';
import { openIncidentNote } from '../leaks/incidentDocument';
import { inquire } from '../leaks/inquiry';
import { settleKey, type KeyInQuestion } from '../leaks/keyInQuestion';
import { offer, type LeakAction, type LeakNotice } from '../leaks/leakNotice';
import { replaceLeak } from '../leaks/replaceLeak';
import { tellLife } from '../leaks/tellLife';
import { working } from '../leaks/working';
import { failureLine } from '../log';
import { notify } from '../notify';
import type { Parts } from '../parts';
import { newKeyInWords } from '../rotationReport';
import { namedKey } from '../words';
import { createApiKeyIn } from './createKey';
import { forgetSecretsOf } from './revokeKey';
import { rotateThen } from './rotateKey';
import { signIn } from './signIn';
import { useAccount } from './useAccount';

/** What is to be done next; undefined when the person is done. */
type Move = 'revoke' | 'prove' | 'identify' | undefined;

/** "Omi: Respond to Leaked API Key". */
export async function respondToLeak(parts: Parts, clicked: unknown): Promise<void> {
  const question = await settleKey(parts, clicked, l10n.t('Respond to Leaked API Key'));
  if (question) await respondTo(parts, question);
}

/** Finds out whose a leaked key is, asks once, ends it, proves it, and stays until nothing is left to be done. */
export function respondTo(parts: Parts, question: KeyInQuestion): Promise<void> {
  return begin(parts, new Incident(parts, question));
}

async function begin(parts: Parts, incident: Incident): Promise<void> {
  for (;;) {
    const { identity } = await inquire(parts, incident.question);
    if (identity.kind === 'mine') return decide(parts, incident, identity.target, identity.by === 'keyRoute');
    incident.end({ end: endOf(identity), proof: undefined });
    const notice = noticeOfIdentity(incident.seen, identity);
    const action = notice && (await offerAll(parts, incident, notice));
    if (action === 'respondToListed' && identity.kind === 'dead' && identity.listed) {
      return decide(parts, incident, identity.listed, false);
    }
    if (action === 'pickKey') await commands.executeCommand(commandIds.revokeKey);
    const isSignIn = action === 'signIn' || action === 'signInElsewhere';
    if (isSignIn && !(await signIn(parts))) return;
    if (!isSignIn && action !== 'tryAgain') return;
  }
}

/** What a note says while nothing was done about a key. */
function endOf(identity: Exclude<LeakIdentity, { readonly kind: 'mine' }>): LeakEnd['kind'] {
  if (identity.kind === 'elsewhere') return 'notYourAccount';
  return identity.kind === 'dead' && !identity.listed ? 'alreadyDead' : 'untried';
}

/** Asks the one question, and does what was answered. */
async function decide(
  parts: Parts,
  incident: Incident,
  target: KeyTarget,
  isCertain: boolean,
): Promise<void> {
  incident.target = target;
  if (parts.view.inWork.has(target.key)) {
    const message = l10n.t('{0} is being worked on already.', namedKey(target.key));
    await notify({ level: 'info', message, actions: [] });
    return;
  }
  const { whereabouts } = incident;
  const { accounts } = parts.sessions;
  const answer = await confirmLeakResponse({ target, whereabouts, isCertain, accounts });
  if (!answer) return;
  incident.step('confirmed');
  if (answer === 'revoke') return follow(parts, incident, target, 'revoke');
  // So that the view shows both keys.
  if (!(await useAccount(parts, target, l10n.t('Nothing was revoked.')))) return;
  await rotateThen(parts, target, (rotation) => {
    incident.step('newKeyMade');
    return follow(parts, incident, target, 'prove', newKeyInWords(rotation));
  });
}

/**
 * Ends the key, or only proves its end, and stays with the person until nothing is left that can be done.
 *
 * @param more what is to be told beside every end.
 */
async function follow(
  parts: Parts,
  incident: Incident,
  target: KeyTarget,
  first: 'revoke' | 'prove',
  more = '',
): Promise<void> {
  let move: Move = first;
  while (move === 'revoke' || move === 'prove') {
    const end = await (move === 'revoke' ? revoke : prove)(parts, incident, target);
    await settle(parts, incident, target, end);
    const notice = noticeOfEnd(target, end);
    const message = [notice.message, more].filter(Boolean).join(' ');
    move = await nextMove(parts, end, await offerAll(parts, incident, { ...notice, message }));
  }
  if (move === 'identify') await begin(parts, incident);
}

async function revoke(parts: Parts, { question }: Incident, target: KeyTarget): Promise<LeakEnd> {
  return withRow(parts, target, () =>
    working(parts, l10n.t('Revoking the leaked key …'), (signal, say) =>
      endLeak(question.raw, target, parts.leaks.inquiry, {
        signal,
        onStep: (step) => {
          if (step === 'proving') say(proving());
        },
      }),
    ),
  );
}

async function prove(parts: Parts, { question }: Incident, target: KeyTarget): Promise<LeakEnd> {
  return withRow(parts, target, () =>
    working(parts, proving(), (signal) => proveAgain(question.raw, target, parts.leaks.inquiry, signal)),
  );
}

const proving = (): string => l10n.t('Proving that the leaked key is dead …');

/** Lets the row of a key spin and refuse other orders while some work lasts. */
async function withRow<T>({ view }: Parts, { key }: KeyTarget, act: () => Promise<T>): Promise<T> {
  view.inWork.add([key]);
  try {
    return await act();
  } finally {
    view.inWork.remove([key]);
  }
}

/** Keeps how the response ended: in the log, the activity, the incident and the book of finds. */
async function settle(parts: Parts, incident: Incident, target: KeyTarget, end: LeakEnd): Promise<void> {
  const proof = 'proof' in end ? end.proof : undefined;
  const { accountId, key } = target;
  logEnd(parts, target, end);
  const held = proof ? proofForActivity(proof) : '';
  parts.record.note([{ action: 'respond', accountId, key, end: end.kind, proof: held }]);
  incident.end({ end: end.kind, proof });
  if (proof?.list === 'gone' && end.kind !== 'alreadyDead') incident.stepOnce('revoked');
  if (proof) incident.step('checked');
  if (end.kind === 'provenDead' || end.kind === 'alreadyDead') incident.step('provenDead');
  if (end.kind === 'revokedStillAnswering') {
    incident.step('stillAnswering');
    await tellLife(parts, incident.seen, { kind: 'dying' });
    parts.leaks.deathWatch.watch(incident.question.raw, target);
  }
  // What no longer is in the list counts as dead, unless something lets it in or might.
  const isUnprovable = end.kind === 'revokedNotProvable' && typeof end.why === 'string';
  if (end.kind === 'provenDead' || end.kind === 'alreadyDead' || isUnprovable) {
    parts.leaks.deathWatch.stop(incident.seen);
    await tellLife(parts, incident.seen, { kind: 'dead' });
    await forgetSecretsOf(parts, [key]);
  } else if (end.kind === 'stillLive') {
    // Omi lets it in although it is not in this account's list: that it is absent there says nothing of its life.
    const isListless = end.why.kind === 'otherKey' || end.why.kind === 'stillAnswering';
    await tellLife(parts, incident.seen, { kind: 'alive', accountId: isListless ? undefined : accountId });
  }
}

function logEnd({ log }: Parts, { key }: KeyTarget, end: LeakEnd): void {
  const level = end.kind === 'stillLive' ? 'error' : end.kind === 'notConfirmed' ? 'warn' : 'info';
  const { list, keyRoute, dataRoute }: Partial<DeathProof> = 'proof' in end ? end.proof : {};
  const answers = Object.entries({ list, keyRoute, dataRoute }).flatMap(([name, answer]) =>
    answer === undefined ? [] : [`${name} ${typeof answer === 'string' ? answer : failureLine(answer)}`],
  );
  log[level](`Leaked ${key.family} key ${namedKey(key)} ${key.id}: ${[end.kind, ...answers].join(', ')}`);
}

/** What is next after an end, by what the person chose. */
async function nextMove(parts: Parts, end: LeakEnd, action: LeakAction | undefined): Promise<Move> {
  if (action === 'checkAgain') return 'prove';
  const isOther = end.kind === 'stillLive' && end.why.kind === 'otherKey';
  const again = isOther || end.kind === 'notYourAccount' ? 'identify' : 'revoke';
  if (action === 'tryAgain') return again;
  if (action !== 'signIn' || !(await signIn(parts))) return undefined;
  return end.kind === 'notConfirmed' ? 'prove' : again;
}

/**
 * Shows a notification, and does what can be done beside it (replacing in files, a new key, the note) as often as the person wants;
 * what was done is not offered again.
 *
 * @returns the first action that is for the caller.
 */
async function offerAll(
  parts: Parts,
  incident: Incident,
  notice: LeakNotice,
): Promise<LeakAction | undefined> {
  let shown = notice;
  for (;;) {
    const action = await offer(shown);
    if (action !== 'replaceInFiles' && action !== 'incidentNote' && action !== 'createKey') return action;
    const rest = shown.actions.filter((one) => one !== action);
    if (action === 'createKey') {
      // Where no reference fits, a new key takes the place, in the account of the dead one.
      const { target } = incident;
      const isAnswered = target && (await createApiKeyIn(parts, target.accountId));
      if (isAnswered) shown = { ...shown, actions: rest };
    } else if (action === 'incidentNote') {
      await openIncidentNote(incident.facts);
      shown = { ...shown, actions: rest };
    } else {
      const replacement = await replaceLeak(parts, incident.question);
      if (replacement) {
        incident.replacedAt(replacement);
        const more: readonly LeakAction[] =
          replacement.needsHand && incident.needsNewKey ? ['createKey', ...rest] : rest;
        shown = { level: replacement.level, message: replacement.message, actions: more };
      }
    }
    if (shown.actions.length === 0) {
      if (action === 'replaceInFiles') await offer(shown);
      return undefined;
    }
  }
}
