import { keyRef, type KeyTarget } from '../keys/key';
import { revokeKeys, type EndState, type StillLiveReason } from '../keys/revokeKeys';
import type { OmiFailure } from '../omi/errors';
import type { KeyFamily } from '../omi/rawKey';
import type { LeakParts } from './leakParts';
import { checkDeath, isProof, proveDead, type DeathCheck, type DeathProof } from './proveDead';

/** How the response to a leaked key ends. Holds no raw key. */
export type LeakEnd =
  /** Revoked, and everything agrees that it is dead. */
  | { readonly kind: 'provenDead'; readonly proof: DeathProof }
  /** It was dead before anything was sent, or ended meanwhile by somebody else; everything agrees. */
  | { readonly kind: 'alreadyDead'; readonly proof: DeathProof }
  /** The list is without it, and Omi cannot be asked (`mcp`, `noRoute`) or did not answer whether it still works. */
  | {
      readonly kind: 'revokedNotProvable';
      readonly why: 'mcp' | 'noRoute' | OmiFailure;
      readonly proof: DeathProof;
    }
  /** It is revoked, but a cached login still lets it in on data routes: a case for the death watch. */
  | { readonly kind: 'revokedStillAnswering'; readonly proof: DeathProof }
  /** Omi accepted, or its answer was lost, and the list cannot be read: nobody knows. `failure` is of the list. */
  | { readonly kind: 'notConfirmed'; readonly failure: OmiFailure; readonly proof: DeathProof }
  | { readonly kind: 'stillLive'; readonly why: LeakLiveReason; readonly proof: DeathProof }
  /** The account never listed the key, and it lives: it is another account's, and nothing was revoked. */
  | { readonly kind: 'notYourAccount' }
  | { readonly kind: 'untried'; readonly why: 'cancelled' | 'signInNeeded' };

export type LeakLiveReason =
  | StillLiveReason
  /** Omi lets it in, and not because of a cached login: the route that knows no such logins does, or nobody can tell. */
  | { readonly kind: 'stillAnswering' }
  /** The raw key is alive as another key, with this id, than the one that was revoked; both show the same digits. */
  | { readonly kind: 'otherKey'; readonly id: string };

export type LeakStep = 'revoking' | 'proving';

export interface ResponseOptions {
  /** Ends the work before the revocation or during the proof; a revocation that was sent is still settled. */
  readonly signal: AbortSignal;
  readonly onStep?: (step: LeakStep) => void;
}

/**
 * Ends a leaked key in the account it belongs to, and proves it. Whoever calls has asked the person. Never rejects for
 * an expected failure.
 *
 * @param target what {@link identifyLeak} found the raw key to be.
 */
export async function respondToLeak(
  raw: string,
  target: KeyTarget,
  parts: LeakParts,
  { signal, onStep }: ResponseOptions,
): Promise<LeakEnd> {
  const { revocation } = parts.byAccount(target.accountId);
  const known = revocation.lastFilledList(target.key.family);
  onStep?.('revoking');
  const [outcome] = await revokeKeys([target], revocation, { signal });
  const end = outcome?.end ?? { kind: 'untried', why: 'cancelled' };
  if (end.kind === 'untried') return end;
  if (end.kind === 'notInThisAccount') return { kind: 'notYourAccount' };

  onStep?.('proving');
  // A revocation that was refused is not waited for; one look tells whether it was obeyed all the same.
  const isRefused = end.kind === 'stillLive' && end.why.kind === 'refused';
  const check = await (isRefused ? checkDeath : proveDead)(raw, target, parts, signal, known);
  const wasListed = known?.keys.some((key) => keyRef(key) === keyRef(target.key)) === true;
  return judged(end, withListOf(end, check), { family: target.key.family, wasListed });
}

/**
 * Looks once more at a key whose revocation Omi has accepted, or whose end was ordered by other means. Nothing is
 * revoked. Never rejects for an expected failure.
 */
export async function proveAgain(
  raw: string,
  target: KeyTarget,
  parts: LeakParts,
  signal: AbortSignal,
): Promise<LeakEnd> {
  const check = await proveDead(raw, target, parts, signal);
  return judged({ kind: 'revoked' }, check, { family: target.key.family, wasListed: true });
}

type Tried = Exclude<EndState, { readonly kind: 'untried' | 'notInThisAccount' }>;

/** A list that was read after the revocation and was without the key counts where it could not be read once more. */
function withListOf(end: Tried, check: DeathCheck): DeathCheck {
  if (end.kind !== 'revoked' || typeof check.proof.list === 'string') return check;
  const proof: DeathProof = { ...check.proof, list: 'gone' };
  return { ...check, proof, isProven: isProof(proof) };
}

function judged(
  end: Tried,
  { proof, isProven, otherKey }: DeathCheck,
  { family, wasListed }: { readonly family: KeyFamily; readonly wasListed: boolean },
): LeakEnd {
  const alive = (why: LeakLiveReason): LeakEnd => ({ kind: 'stillLive', why, proof });
  const { list, keyRoute, dataRoute } = proof;
  if (isProven) return { kind: end.kind === 'alreadyGone' ? 'alreadyDead' : 'provenDead', proof };
  if (otherKey !== undefined) return alive({ kind: 'otherKey', id: otherKey });
  if (end.kind === 'stillLive') return alive(end.why);
  if (list === 'listed') return alive({ kind: 'stillListed' });
  if (keyRoute === 'alive' || dataRoute === 'alive') {
    if (end.kind === 'alreadyGone' && list === 'gone' && !wasListed) return { kind: 'notYourAccount' };
    // The route of the key knows no cached logins; where it says nothing, our own revocation must explain one.
    const isRevoked = keyRoute === 'dead' || (keyRoute !== 'alive' && end.kind === 'revoked');
    return isRevoked && list === 'gone'
      ? { kind: 'revokedStillAnswering', proof }
      : alive({ kind: 'stillAnswering' });
  }
  if (list !== 'gone') return { kind: 'notConfirmed', failure: list, proof };
  const failure = [keyRoute, dataRoute].find((answer) => typeof answer !== 'string');
  return { kind: 'revokedNotProvable', why: failure ?? (family === 'mcp' ? 'mcp' : 'noRoute'), proof };
}
