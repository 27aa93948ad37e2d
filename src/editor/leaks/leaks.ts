import type { KeyAccess } from '../../keys/keyAccess';
import { judge, ownersOf, type AccountList, type Judgement } from '../../leaks/judgement';
import { LeakBook, type FoundKey } from '../../leaks/leakBook';
import type { SeenKey } from '../../leaks/seenKey';
import type { FileStanding } from '../../leaks/git';
import { DeathWatch } from '../../leaks/deathWatch';
import type { LeakParts } from '../../leaks/leakParts';
import { journalIn, type steadyState } from '../journals';
import type { TakePulse } from '../../omi/pulseApi';
import { keyFamilies } from '../../omi/rawKey';
import type { Sessions } from '../../account/sessions';
import { readBaseUrl } from '../settings';
import { after } from '../timers';

export interface LeaksParts {
  /** VS Code's state: of the machine for what is known of keys, of the workspace for what is not to be shown in it. */
  readonly globalState: ReturnType<typeof steadyState>;
  readonly workspaceState: ReturnType<typeof steadyState>;
  readonly keys: KeyAccess;
  readonly sessions: Sessions;
  readonly pulse: TakePulse;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What is known of keys in texts and in history, and what is to be said of them. */
export class Leaks {
  readonly book: LeakBook;
  /** What finding out about a raw key, and ending it, is done with. */
  readonly inquiry: LeakParts;
  /** Revoked keys that a cached login still lets in. */
  readonly deathWatch: DeathWatch;
  readonly #parts: LeaksParts;

  constructor(parts: LeaksParts) {
    this.#parts = parts;
    this.book = new LeakBook({
      ignored: journalIn(parts.workspaceState, 'omi.ignoredKeys'),
      deaths: journalIn(parts.globalState, 'omi.deadKeys'),
    });
    const { keys, sessions, pulse, now } = parts;
    this.inquiry = {
      accounts: () => sessions.accounts,
      byAccount: keys.byAccount,
      ...{ pulse, base: readBaseUrl, now, after },
    };
    this.deathWatch = new DeathWatch(this.inquiry);
  }

  /** What is to be said of a key at a place, by what is known now. */
  judge({ find, standing }: Pick<FoundKey, 'find' | 'standing'>): Judgement {
    return this.judgeKey(find.key, standing);
  }

  /** What is to be said of a key in a file that Git sees so. */
  judgeKey(key: SeenKey, standing: FileStanding): Judgement {
    const lists = this.#lists();
    return judge({
      standing,
      history: this.book.historyOf(key.fingerprint),
      owners: ownersOf(key, lists),
      knownLife: this.book.lifeOf(key.fingerprint),
      listsRead: lists.length === this.#parts.sessions.accounts.length,
    });
  }

  /** The lists that were read, of the account in use. */
  #lists(): readonly AccountList[] {
    const { keys, sessions } = this.#parts;
    const { account } = sessions;
    const lists = keyFamilies.flatMap((family) => keys.rings[family].list ?? []);
    if (!account || lists.length < keyFamilies.length) return [];
    return [{ accountId: account.id, keys: lists.flatMap((list) => list.keys) }];
  }
}
