import type { ToldLife } from '../../leaks/leakBook';
import type { SeenKey } from '../../leaks/seenKey';
import type { Parts } from '../parts';

/** Lets the book of finds know whether a key lives, so that its places are drawn anew. */
export async function tellLife(
  { leaks, log }: Parts,
  { fingerprint }: SeenKey,
  life: ToldLife,
): Promise<void> {
  try {
    await leaks.book.tellLife(fingerprint, life);
  } catch (error) {
    log.warn(`What became of a key is not kept beyond this window: ${String(error)}`);
  }
}
