import { l10n } from 'vscode';
import { identifyLeak, type LeakIdentity } from '../../leaks/identifyLeak';
import type { ToldLife } from '../../leaks/leakBook';
import { maskedKey } from '../../leaks/seenKey';
import type { OmiFailure } from '../../omi/errors';
import { failureLine } from '../log';
import type { Parts } from '../parts';
import type { KeyInQuestion } from './keyInQuestion';
import { tellLife } from './tellLife';
import { working } from './working';

export interface Finding {
  readonly identity: LeakIdentity;
  /** Why Omi did not answer about the raw key; undefined when it did. */
  readonly failure: OmiFailure | undefined;
}

/** Finds out whose a key is and whether it is alive, with progress, and lets the book of finds know. Works signed out. */
export async function inquire(parts: Parts, { raw, seen }: KeyInQuestion): Promise<Finding> {
  await parts.loaded;
  const { inquiry, book } = parts.leaks;
  const { server } = book;
  let failure: OmiFailure | undefined;
  const asking = l10n.t('Asking Omi about {0}, which counts as a use of it …', maskedKey(seen));
  const searching = l10n.t('Looking for {0} in your accounts …', maskedKey(seen));
  const identity = await working(parts, seen.family === 'dev' ? asking : searching, (signal) =>
    identifyLeak(
      raw,
      {
        ...inquiry,
        pulse: async (...asked) => {
          const pulse = await inquiry.pulse(...asked);
          failure = pulse.ok || pulse.failure.kind === 'cancelled' ? undefined : pulse.failure;
          return pulse;
        },
      },
      signal,
    ),
  );
  parts.log.info(
    `Leaked key ${maskedKey(seen)}: ${factsOf(identity)}${failure ? `. ${failureLine(failure)}` : ''}`,
  );
  const life = lifeOf(identity);
  if (life) await tellLife(parts, seen, life, server);
  return { identity, failure };
}

function lifeOf(identity: LeakIdentity): ToldLife | undefined {
  // Where a list shows a key that looks like it all the same, it is not certain.
  if (identity.kind === 'dead') return identity.listed ? undefined : { kind: 'dead' };
  // The book judges anew once another account is signed in.
  if (identity.kind === 'elsewhere')
    return { kind: 'elsewhere', searched: identity.searched.map(({ id }) => id) };
  if (identity.pulse?.kind !== 'alive') return undefined;
  return { kind: 'alive', accountId: identity.kind === 'mine' ? identity.target.accountId : undefined };
}

function factsOf(identity: LeakIdentity): string {
  switch (identity.kind) {
    case 'mine':
      return `mine by ${identity.by}, ${identity.target.key.id}`;
    case 'dead':
      return `dead by ${identity.by}`;
    case 'elsewhere':
      return `elsewhere, ${String(identity.searched.length)} accounts searched`;
    case 'unknown':
      return `unknown, ${typeof identity.why === 'string' ? identity.why : identity.why.kind}`;
  }
}
