import type { KeyTarget } from '../keys/key';
import type { ListedKey } from '../omi/schemas';
import type { FileStanding } from './git';
import type { ToldLife } from './leakBook';
import type { SeenKey } from './seenKey';

/**
 * How far a key has got out. `published`: in a commit that a remote branch holds. `committed`: in one that none holds.
 * `tracked`: in a file that Git tracks or would add. `ignored`: kept out by .gitignore. `outside`: no Git was asked.
 */
export type Exposure = 'published' | 'committed' | 'tracked' | 'ignored' | 'outside';

/** Whether a key works, as far as it is known. `otherAccount`: alive, in no account that is signed in here. */
export type Life = 'alive' | 'dead' | 'unknown' | 'otherAccount';

/** How loud a find is, in the editor's terms. */
export type Severity = 'error' | 'warning' | 'information' | 'hint';

/** What is said of one find. */
export interface Judgement {
  readonly exposure: Exposure;
  readonly life: Life;
  readonly severity: Severity;
  /** The one listed key it must be; undefined also when several share its prefix. */
  readonly owner: KeyTarget | undefined;
  /** All listed keys it may be. */
  readonly owners: readonly KeyTarget[];
}

/** What a find is judged by. */
export interface Evidence {
  /** How Git sees the file that it stands in. */
  readonly standing: FileStanding;
  /** The commits that brought this key in, in whatever file; none when the history was not looked into. */
  readonly history: readonly { readonly isPublished: boolean }[];
  /** The listed keys it may be: see {@link ownersOf}. */
  readonly owners: readonly KeyTarget[];
  /** What Omi said of this key, or what a revocation has shown. */
  readonly told: ToldLife | undefined;
  /** The accounts that are signed in. */
  readonly accounts: readonly string[];
  /** Whether the lists of all accounts that are signed in were read: only then a missing owner means something. */
  readonly listsRead: boolean;
}

/** The list of an account, as far as it was read. */
export interface AccountList {
  readonly accountId: string;
  readonly keys: readonly ListedKey[];
}

/** Dead keys are no danger wherever they are; ignored files are where keys belong. */
const severities: Readonly<Record<Exposure, Readonly<Record<Life, Severity>>>> = {
  published: { alive: 'error', otherAccount: 'error', unknown: 'error', dead: 'hint' },
  committed: { alive: 'error', otherAccount: 'error', unknown: 'warning', dead: 'hint' },
  tracked: { alive: 'warning', otherAccount: 'warning', unknown: 'warning', dead: 'hint' },
  outside: { alive: 'warning', otherAccount: 'warning', unknown: 'warning', dead: 'hint' },
  ignored: { alive: 'information', otherAccount: 'information', unknown: 'information', dead: 'hint' },
};

/** How loud a find is. */
export function severityOf(exposure: Exposure, life: Life): Severity {
  return severities[exposure][life];
}

/** How far a key has got out: what its history says outweighs the file that it stands in now. */
export function exposureOf(standing: FileStanding, history: Evidence['history']): Exposure {
  if (history.some(({ isPublished }) => isPublished)) return 'published';
  if (history.length > 0) return 'committed';
  return standing === 'untracked' ? 'tracked' : standing;
}

/** The listed keys that a seen key may be, by prefix. Two keys can share one: a match is no proof. */
export function ownersOf({ family, prefix }: SeenKey, lists: readonly AccountList[]): readonly KeyTarget[] {
  return lists.flatMap(({ accountId, keys }) =>
    keys
      // The prefix of a seen key has the exact form, so legacy rows match nothing.
      .filter((key) => key.family === family && key.prefix === prefix)
      .map((key) => ({ accountId, key })),
  );
}

/** As {@link ownersOf}, for many keys: the lists are gone through once. */
export function ownersIn(lists: readonly AccountList[]): (key: SeenKey) => readonly KeyTarget[] {
  const byDigits = new Map<string, KeyTarget[]>();
  for (const { accountId, keys } of lists) {
    for (const key of keys) {
      const digits = `${key.family} ${key.prefix}`;
      const others = byDigits.get(digits);
      if (others) others.push({ accountId, key });
      else byDigits.set(digits, [{ accountId, key }]);
    }
  }
  return ({ family, prefix }) => byDigits.get(`${family} ${prefix}`) ?? [];
}

/** Says of a find how far its key has got out, whether it works and whose it is. */
export function judge(evidence: Evidence): Judgement {
  const { standing, history, owners, told } = evidence;
  // A key that Omi named as another account's only shares its prefix with one of these.
  const isElsewhere = ({ accountId }: KeyTarget): boolean =>
    told?.kind === 'elsewhere' && told.searched.includes(accountId);
  const possible = owners.filter((owner) => !isElsewhere(owner));
  const life = lifeOf({ ...evidence, owners: possible });
  const exposure = exposureOf(standing, history);
  const owner = possible.length === 1 ? possible[0] : undefined;
  return { exposure, life, severity: severityOf(exposure, life), owner, owners: possible };
}

function lifeOf({ owners, told, accounts, listsRead }: Evidence): Life {
  if (told?.kind === 'dead') return 'dead';
  if (told?.kind === 'dying' || owners.length > 0) return 'alive';
  if (told === undefined) return 'unknown';
  // One of these accounts may have it, as long as its list was not read.
  const isKnownToAll = told.kind === 'elsewhere' && accounts.every((id) => told.searched.includes(id));
  if (!listsRead && !isKnownToAll) return 'alive';
  // It was in the list of this account, and is not any more: Omi was not asked since.
  const wasHere = told.kind === 'alive' && told.accountId !== undefined && accounts.includes(told.accountId);
  return wasHere ? 'unknown' : 'otherAccount';
}
