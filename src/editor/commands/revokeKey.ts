import { l10n } from 'vscode';
import type { KeyTarget } from '../../keys/key';
import type { ListedKey } from '../../omi/schemas';
import { checkRevoked, revokeKeys, type KeyOutcome, type RevocationParts } from '../../keys/revokeKeys';
import { tellRevoked } from '../leaks/tellLife';
import { notify } from '../notify';
import type { Parts } from '../parts';
import { reasonOf, reportRevocation } from '../revocationReport';
import { releaseSecret } from '../secrets/releaseSecret';
import { namedKey } from '../words';
import { agreeToRevoke, sameServer } from './agreeToRevoke';
import { settleTargets } from './pickKeys';
import { ensureSignedIn, signIn } from './signIn';

/** Work under way; a second order may begin before the first has ended. */
const running = new Set<AbortController>();

/** "Omi: Cancel Current Operation": ends all that is under way between keys. */
export function cancelWork(): void {
  running.forEach((cancel) => cancel.abort());
}

/** "Omi: Revoke API Key": settles which keys, asks once, revokes, and says what really happened. */
export async function revokeKey(parts: Parts, clicked: unknown, selected: unknown): Promise<void> {
  if (!(await ensureSignedIn(parts))) return;
  const targets = await settleTargets(parts, clicked, selected, {
    title: l10n.t('Revoke API Key'),
    many: true,
  });
  if (await agreeToRevoke(parts, targets)) await revokeAndReport(parts, targets);
}

/**
 * Asks once, and revokes a key of any account that is signed in, in the name of that account. Which account is in use
 * does not change, whatever is answered.
 */
export async function revokeAside(parts: Parts, target: KeyTarget): Promise<void> {
  if (parts.view.inWork.has(target.key)) return;
  if (!(await agreeToRevoke(parts, [target]))) return;
  await revokeAndReport(parts, [target], parts.keys.byAccount(target.accountId).revocation);
}

/**
 * Revokes keys that the person has agreed to lose, and stays with them until nothing is left that can be done.
 *
 * @param revocation in whose name; that of the account in use when left out.
 */
export async function revokeAndReport(
  parts: Parts,
  targets: readonly KeyTarget[],
  revocation: RevocationParts = parts.keys.revocation,
): Promise<void> {
  const isSame = sameServer();
  // A list that is read between two looks may lack the keys already, and is then no measure for the next.
  const known = { dev: revocation.lastFilledList('dev'), mcp: revocation.lastFilledList('mcp') };
  let outcomes = await work(parts, targets, (signal, onAnswered) =>
    revokeKeys(targets, revocation, { signal, onAnswered }),
  );
  for (;;) {
    outcomes.forEach((outcome) => logOutcome(parts, outcome));
    recordRevocations(parts, outcomes);
    await followDeaths(parts, outcomes);
    const report = reportRevocation(outcomes);
    const action = await notify(report);
    if (action === 'signIn' && !(await signIn(parts))) return;
    const again =
      action === 'tryAgain' || action === 'signIn' ? [...report.stillLive, ...report.waitingForSignIn] : [];
    const unsure = action === 'checkAgain' || action === 'signIn' ? report.notConfirmed : [];
    if ((again.length === 0 && unsure.length === 0) || !(await isSame())) return;
    outcomes = await work(parts, [...again, ...unsure], async (signal, onAnswered) => [
      ...(await revokeKeys(again, revocation, { signal, onAnswered })),
      ...(await checkRevoked(unsure, {
        ...revocation,
        lastFilledList: (family) => known[family] ?? revocation.lastFilledList(family),
      })),
    ]);
  }
}

/** Lets the rows spin, shows progress and listens for a cancel while some work lasts. */
async function work(
  { view }: Parts,
  targets: readonly KeyTarget[],
  act: (signal: AbortSignal, onAnswered: () => void) => Promise<readonly KeyOutcome[]>,
): Promise<readonly KeyOutcome[]> {
  const keys = targets.map(({ key }) => key);
  let answered = 0;
  view.inWork.add(keys);
  const onAnswered = (): void => {
    answered += 1;
    if (keys.length > 1) view.showProgress(l10n.t('Revoking {0} of {1} …', answered, keys.length));
  };
  try {
    return await cancellably(view, '', (signal) => act(signal, onAnswered));
  } finally {
    view.inWork.remove(keys);
  }
}

/** Shows progress and listens for a cancel while some work lasts. */
export async function cancellably<T>(
  view: Parts['view'],
  text: string,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const cancel = new AbortController();
  running.add(cancel);
  view.setWorking(true);
  if (text !== '') view.showProgress(text);
  try {
    return await view.withProgress(() => act(cancel.signal));
  } finally {
    running.delete(cancel);
    view.setWorking(running.size > 0);
    view.showProgress('');
  }
}

async function followDeaths(parts: Parts, outcomes: readonly KeyOutcome[]): Promise<void> {
  const gone = outcomes
    .filter(({ end: { kind } }) => kind === 'revoked' || kind === 'alreadyGone')
    .map(({ target }) => target);
  await tellRevoked(parts, gone);
  await forgetSecretsOf(
    parts,
    gone.map(({ key }) => key),
  );
}

/** The secrets of dead keys wait for no place any more. */
export async function forgetSecretsOf(parts: Parts, keys: readonly ListedKey[]): Promise<void> {
  if (keys.length === 0) return;
  // Another window may have put one in the vault a moment ago.
  await parts.pending.load();
  const waiting = new Set(parts.pending.keys.map(({ key }) => key.id));
  for (const key of keys.filter(({ id }) => waiting.has(id))) {
    const trouble = await releaseSecret(parts, key);
    if (trouble !== '') await notify({ level: 'warn', message: trouble, actions: ['showLog'] });
  }
}

function logOutcome({ log }: Parts, { target, end }: KeyOutcome): void {
  const line = [
    `${target.key.family} key ${namedKey(target.key)} ${target.key.id}: ${end.kind}`,
    reasonOf(end),
  ];
  const level = end.kind === 'stillLive' ? 'error' : end.kind === 'notConfirmed' ? 'warn' : 'info';
  log[level](line.filter(Boolean).join('. '));
}

/** Keeps what became of the keys in the activity. */
function recordRevocations({ record }: Parts, outcomes: readonly KeyOutcome[]): void {
  record.note(
    outcomes.map(({ target: { accountId, key }, end: { kind } }) => ({
      ...{ action: 'revoke' as const, accountId, key, end: kind },
      // Only these two ends say that the list no longer has the key.
      proof: kind === 'revoked' || kind === 'alreadyGone' ? 'list' : '',
    })),
  );
}
