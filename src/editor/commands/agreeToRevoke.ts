import { l10n } from 'vscode';
import type { KeyTarget } from '../../keys/key';
import { keyRef } from '../../keys/key';
import { factsLastMs } from '../../keys/listWatch';
import { keyFamilies } from '../../omi/rawKey';
import { confirmRevocation } from '../ask';
import { settingNames, settingsSection } from '../ids';
import { notify } from '../notify';
import type { Parts } from '../parts';
import { readBaseUrl } from '../settings';
import { pause } from '../timers';

/** A list that takes longer is not waited for before the question; milliseconds. */
const longestWaitMs = 3000;

/** Keys for whose question lists are being read; a second order for one of them meanwhile would ask twice. */
const awaited = new Set<string>();

/**
 * Asks once, for all, before keys of one account are revoked, with what is so now: old lists are read first. What could
 * not be read in time is shown as of when it was.
 *
 * @returns whether the person agreed.
 */
export async function agreeToRevoke(parts: Parts, targets: readonly KeyTarget[]): Promise<boolean> {
  const [first] = targets;
  const refs = targets.map(({ key }) => keyRef(key));
  if (!first || refs.some((ref) => awaited.has(ref))) return false;
  const { keys, sessions, view, now } = parts;
  const isSame = sameServer();
  const account = keys.byAccount(first.accountId);
  const families = keyFamilies.filter((family) => targets.some(({ key }) => key.family === family));
  const ages = (): number[] => families.map((family) => account.readAt(family) ?? -Infinity);
  const isOld = (readAt: number): boolean => now() - readAt > factsLastMs;
  if (ages().some(isOld)) {
    refs.forEach((ref) => awaited.add(ref));
    const reads = view.withProgress(() => Promise.all(families.map(account.readList)));
    await Promise.race([reads, pause(longestWaitMs)]);
    refs.forEach((ref) => awaited.delete(ref));
  }
  const listed = new Map(
    families.flatMap((family) => account.list(family)?.keys ?? []).map((key) => [keyRef(key), key]),
  );
  const newest = targets.map((target) => ({ ...target, key: listed.get(keyRef(target.key)) ?? target.key }));
  // Of a key that is in no list that could be read, what was said when it was made is shown.
  const asOf = Math.max(Math.min(...ages()), first.key.createdAt);
  const age = isOld(asOf) ? asOf : undefined;
  return (await confirmRevocation(newest, sessions.accounts, now(), age)) && isSame();
}

/** Gives what says whether the server is still the same; where it is not, the person is told that nothing was sent. */
export function sameServer(): () => Promise<boolean> {
  const server = (): string => JSON.stringify(readBaseUrl());
  const before = server();
  return async () => {
    if (server() === before) return true;
    const setting = `${settingsSection}.${settingNames.apiBaseUrl}`;
    const message = l10n.t('Nothing was sent: the setting {0} has changed meanwhile.', setting);
    await notify({ level: 'warn', message, actions: [] });
    return false;
  };
}
