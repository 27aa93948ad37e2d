import { keyFamilies } from '../../omi/rawKey';
import { failureLine } from '../log';
import type { Parts } from '../parts';
import { ensureSignedIn } from './signIn';

/** "Omi: Refresh API Keys". What comes of it, the view says. */
export async function refreshKeys(parts: Parts): Promise<void> {
  if (!(await ensureSignedIn(parts))) return;
  await parts.view.refresh();
  for (const family of keyFamilies) {
    const { state } = parts.keys.rings[family];
    if ('failure' in state) parts.log.warn(`List of ${family} keys: ${failureLine(state.failure)}`);
  }
}
