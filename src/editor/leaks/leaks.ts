import { EventEmitter, type Event } from 'cockatiel';
import type { KeyTarget } from '../../keys/key';
import type { KeyAccess } from '../../keys/keyAccess';
import { judge, ownersIn, type AccountList, type Judgement } from '../../leaks/judgement';
import { LeakBook, type FoundKey } from '../../leaks/leakBook';
import type { SeenKey } from '../../leaks/seenKey';
import type { FileStanding } from '../../leaks/git';
import { DeathWatch } from '../../leaks/deathWatch';
import type { LeakParts } from '../../leaks/leakParts';
import { journalIn, type steadyState } from '../journals';
import type { OmiFailure } from '../../omi/errors';
import type { TakePulse } from '../../omi/pulseApi';
import { keyFamilies, type KeyFamily } from '../../omi/rawKey';
import type { ListedKey } from '../../omi/schemas';
import type { Sessions } from '../../account/sessions';
import { readBaseUrl } from '../settings';
import { after } from '../timers';
import { Searches } from './searches';

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

/** The lists that were read, and whose a key is by them. */
interface Known {
  readonly lists: readonly AccountList[];
  readonly owners: (key: SeenKey) => readonly KeyTarget[];
}

/** What is known of keys in texts and in history, and what is to be said of them. */
export class Leaks {
  readonly book: LeakBook;
  /** What finding out about a raw key, and ending it, is done with. */
  readonly inquiry: LeakParts;
  /** Revoked keys that a cached login still lets in. */
  readonly deathWatch: DeathWatch;
  /** When everything was searched last. */
  readonly searches: Searches;
  readonly #parts: LeaksParts;
  readonly #readings = new EventEmitter<void>();
  #known: Known = { lists: [], owners: () => [] };

  /** Tells when the lists of all accounts were read: whose a key is may be known now. */
  readonly onDidReadLists: Event<void> = this.#readings.addListener;

  constructor(parts: LeaksParts) {
    this.#parts = parts;
    this.book = new LeakBook({
      ignored: journalIn(parts.workspaceState, 'omi.ignoredKeys'),
      deaths: journalIn(parts.globalState, 'omi.deadKeys'),
      server: () => {
        const base = readBaseUrl();
        return base.ok ? base.value.prefix : '';
      },
    });
    const { keys, sessions, pulse, now } = parts;
    this.inquiry = {
      accounts: () => sessions.accounts,
      byAccount: keys.byAccount,
      ...{ pulse, base: readBaseUrl, now, after },
    };
    this.deathWatch = new DeathWatch(this.inquiry);
    this.searches = new Searches(now);
  }

  /** What is to be said of a key at a place, by what is known now. */
  judge({ find, standing }: Pick<FoundKey, 'find' | 'standing'>): Judgement {
    return this.judgeKey(find.key, standing);
  }

  /** What is to be said of a key in a file that Git sees so. */
  judgeKey(key: SeenKey, standing: FileStanding): Judgement {
    return judge({
      standing,
      history: this.book.historyOf(key.fingerprint),
      owners: this.#ownersOf(key),
      told: this.book.lifeOf(key.fingerprint),
      accounts: this.#parts.sessions.accounts.map(({ id }) => id),
      listsRead: this.hasLists(key.family),
    });
  }

  /** Whether the lists of a family were read of all accounts that are signed in. */
  hasLists(family: KeyFamily): boolean {
    const { keys, sessions } = this.#parts;
    return sessions.accounts.every(({ id }) => keys.byAccount(id).list(family) !== undefined);
  }

  /** Whether the list of a family was read of the account in use. */
  isListRead(family: KeyFamily): boolean {
    return this.#parts.keys.rings[family].list !== undefined;
  }

  /** Reads the lists of all accounts that are signed in; gives why some could not be read. */
  async readLists(): Promise<readonly OmiFailure[]> {
    const { keys, sessions } = this.#parts;
    const reads = sessions.accounts.flatMap(({ id }) =>
      keyFamilies.map((family) => keys.byAccount(id).readList(family)),
    );
    const failures = (await Promise.all(reads)).flatMap((read) => (read.ok ? [] : [read.failure]));
    this.#readings.emit();
    return failures;
  }

  /** By the lists that were read; gone through anew only when one of them has changed. */
  #ownersOf(key: SeenKey): readonly KeyTarget[] {
    const { keys, sessions } = this.#parts;
    const lists = sessions.accounts.flatMap(({ id }) =>
      keyFamilies.map((family) => ({ accountId: id, keys: keys.byAccount(id).list(family)?.keys ?? none })),
    );
    const isSame = lists.every(({ accountId, keys: listed }, index) => {
      const before = this.#known.lists[index];
      return before?.accountId === accountId && before.keys === listed;
    });
    if (!isSame || lists.length !== this.#known.lists.length)
      this.#known = { lists, owners: ownersIn(lists) };
    return this.#known.owners(key);
  }
}

const none: readonly ListedKey[] = [];
