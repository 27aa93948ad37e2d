import type { KeyTarget } from '../../keys/key';
import type { ToldLife } from '../../leaks/leakBook';
import type { SeenKey } from '../../leaks/seenKey';
import type { Parts } from '../parts';

/**
 * Lets the book of finds know whether a key lives, so that its places are drawn anew.
 *
 * @param server the one that said so; left out: the one in use.
 */
export async function tellLife(
  { leaks, log }: Parts,
  { fingerprint }: SeenKey,
  life: ToldLife,
  server = leaks.book.server,
): Promise<void> {
  try {
    await leaks.book.tellLife(fingerprint, life, server);
  } catch (error) {
    log.warn(`What became of a key is not kept beyond this window: ${String(error)}`);
  }
}

/** Lets the book of finds know that keys were revoked: what was found of one that no list has any more is dead. */
export async function tellRevoked(parts: Parts, targets: readonly KeyTarget[]): Promise<void> {
  const { leaks } = parts;
  const isOne = ({ family, prefix }: SeenKey): boolean =>
    targets.some(({ key }) => key.family === family && key.prefix === prefix);
  for (const seen of leaks.book.keys.filter(isOne)) {
    const isElsewhere = leaks.book.lifeOf(seen.fingerprint)?.kind === 'elsewhere';
    if (!isElsewhere && leaks.judgeKey(seen, 'outside').owners.length === 0)
      await tellLife(parts, seen, { kind: 'dead' });
  }
}
