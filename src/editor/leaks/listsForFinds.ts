import { Disposable } from 'vscode';
import { keyFamilies } from '../../omi/rawKey';
import { failureLine } from '../log';
import type { Parts } from '../parts';
import { after } from '../timers';

/** The view reads the lists by itself when it is shown: it goes first; in milliseconds. */
const pauseMs = 1000;

/**
 * Reads the lists of an account once, if keys were found and nobody has read them, so that finds can be tied to keys.
 * Silent; a failure is logged.
 */
export function readListsForFinds({ keys: { rings }, leaks: { book }, log, sessions }: Parts): Disposable {
  const asked = new Set<string>();
  const waiting = new Set<{ dispose(): void }>();
  const isWanted = (accountId: string): boolean =>
    sessions.state.kind === 'signedIn' &&
    sessions.account?.id === accountId &&
    keyFamilies.every((family) => rings[family].state.kind === 'loading');
  const read = async (accountId: string): Promise<void> => {
    if (!isWanted(accountId)) return;
    const results = await Promise.all(keyFamilies.map((family) => rings[family].refresh()));
    for (const result of results) {
      if (!result.ok) log.info(`Keys of finds could not be told: ${failureLine(result.failure)}`);
    }
  };
  const consider = (): void => {
    const id = sessions.account?.id;
    if (id === undefined || asked.has(id) || !isWanted(id) || book.keys.length === 0) return;
    asked.add(id);
    waiting.add(after(pauseMs, () => void read(id)));
  };
  consider();
  return Disposable.from(
    book.onDidChange(consider),
    sessions.onDidChange(consider),
    new Disposable(() => waiting.forEach((one) => one.dispose())),
  );
}
