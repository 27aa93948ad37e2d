import type { Journal } from './journal';

export type ActivityAction = 'create' | 'revoke' | 'rotate' | 'undoRotation' | 'deliver';

/** One thing that was done. Nothing in it is secret. */
export interface ActivityEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The account's label. */
  readonly account: string;
  readonly action: ActivityAction;
  readonly keyName: string;
  /** As shown: `omi_dev_1a2b…9f0e`. */
  readonly masked: string;
  readonly keyId: string;
  /** The end state's name, such as `revoked` or `stillLive`. */
  readonly end: string;
  /** How the end was proven, such as `list`; empty when it was not. */
  readonly proof: string;
}

const mostEntries = 1000;

/** What was done with this extension on this machine, newest last; the oldest entries leave first. */
export class Activity {
  readonly #journal: Journal<ActivityEntry>;
  #turn: Promise<void> = Promise.resolve();

  constructor(journal: Journal<ActivityEntry>) {
    this.#journal = journal;
  }

  get entries(): readonly ActivityEntry[] {
    return this.#journal.read();
  }

  /** Adds entries. Rejects when the state cannot be written. */
  add(entries: readonly ActivityEntry[]): Promise<void> {
    const done = this.#turn.then(() =>
      this.#journal.write([...this.#journal.read(), ...entries].slice(-mostEntries)),
    );
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
