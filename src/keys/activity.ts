import type { Journal } from './journal';

export type ActivityAction = 'create' | 'revoke' | 'rotate' | 'undoRotation' | 'deliver' | 'respond';

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
  /** How the end was proven, such as `list` or `list, keyRoute`; empty when it was not. */
  readonly proof: string;
}

const mostEntries = 1000;

/**
 * What was done with this extension on this machine, newest last; the oldest entries leave first.
 *
 * VS Code tells a window of another one's state a moment late, and each window writes the whole of it. So a window
 * remembers its own entries and puts them back, the next time it reads or writes, where another has written over them.
 * Lost is only what two windows note within that moment when the one written over does nothing more before it closes.
 */
export class Activity {
  readonly #journal: Journal<ActivityEntry>;
  #own: readonly ActivityEntry[] = [];
  #turn: Promise<void> = Promise.resolve();

  constructor(journal: Journal<ActivityEntry>) {
    this.#journal = journal;
  }

  get entries(): readonly ActivityEntry[] {
    const kept = this.#journal.read();
    const known = new Set(kept.map((entry) => JSON.stringify(entry)));
    const missing = this.#own.filter((entry) => !known.has(JSON.stringify(entry)));
    return [...kept, ...missing].sort((a, b) => a.at - b.at).slice(-mostEntries);
  }

  /** Adds entries. Rejects when the state cannot be written; they are then written with the next ones. */
  add(entries: readonly ActivityEntry[]): Promise<void> {
    this.#own = [...this.#own, ...entries].slice(-mostEntries);
    const done = this.#turn.then(() => this.#journal.write(this.entries));
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
