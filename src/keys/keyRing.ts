import { EventEmitter, type Event } from 'cockatiel';
import type { OmiFailure } from '../omi/errors';
import { fail, type Result } from '../omi/result';
import type { KeyList } from '../omi/schemas';

/** The list of one family of keys, as one value. `readAt` is in milliseconds since the epoch. */
export type KeyRingState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly list: KeyList; readonly readAt: number }
  /** The last good list, and why it could not be read again. */
  | { readonly kind: 'stale'; readonly list: KeyList; readonly readAt: number; readonly failure: OmiFailure }
  | { readonly kind: 'failed'; readonly failure: OmiFailure };

/** The one holder of the list of keys of one family. Everybody else asks it. */
export class KeyRing {
  readonly #read: (signal: AbortSignal) => Promise<Result<KeyList>>;
  readonly #now: () => number;
  readonly #changes = new EventEmitter<KeyRingState>();
  #state: KeyRingState = { kind: 'loading' };
  #reading: AbortController | undefined;
  /** The result of the newest read, for those who waited for an older one. */
  #newest: Promise<Result<KeyList>> | undefined;

  #lastFilled: KeyList | undefined;

  constructor(parts: {
    readonly read: (signal: AbortSignal) => Promise<Result<KeyList>>;
    readonly now: () => number;
  }) {
    this.#read = parts.read;
    this.#now = parts.now;
  }

  /** Tells of every change of {@link state}. */
  readonly onDidChange: Event<KeyRingState> = this.#changes.addListener;

  get state(): KeyRingState {
    return this.#state;
  }

  /** The last good list, if there is one. */
  get list(): KeyList | undefined {
    return 'list' in this.#state ? this.#state.list : undefined;
  }

  /** When that was read; milliseconds since the epoch. */
  get readAt(): number | undefined {
    return 'readAt' in this.#state ? this.#state.readAt : undefined;
  }

  /** Whether the newest read went well, and is not longer ago than so many milliseconds. */
  isFresh(ms: number): boolean {
    return this.#state.kind === 'ready' && this.#now() - this.#state.readAt <= ms;
  }

  /** The last list that had keys in it: what an empty one is held against, which may hide a fault of the server. */
  get lastFilled(): KeyList | undefined {
    return this.#lastFilled;
  }

  /**
   * Reads the list. A read that is under way is given up for the new one, which alone is sure to see what happened
   * meanwhile; who waited for the old one gets the new one's result.
   */
  refresh(): Promise<Result<KeyList>> {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    this.#newest = this.#settle(reading.signal);
    return this.#newest;
  }

  /** Drops the list and any read under way: another account is in use, or none. */
  reset(): void {
    this.#giveUp();
    this.#lastFilled = undefined;
    this.#set({ kind: 'loading' });
  }

  dispose(): void {
    this.#giveUp();
  }

  #giveUp(): void {
    this.#reading?.abort();
    this.#reading = undefined;
    this.#newest = undefined;
  }

  async #settle(signal: AbortSignal): Promise<Result<KeyList>> {
    const result = await this.#read(signal);
    if (signal.aborted) return this.#newest ?? fail({ kind: 'cancelled' });
    this.#reading = undefined;
    const { list } = this;
    if (result.ok) {
      if (result.value.keys.length > 0) this.#lastFilled = result.value;
      this.#set({ kind: 'ready', list: result.value, readAt: this.#now() });
    } else if (result.failure.kind !== 'cancelled') {
      const { failure } = result;
      const readAt = this.readAt ?? this.#now();
      this.#set(list ? { kind: 'stale', list, readAt, failure } : { kind: 'failed', failure });
    }
    return result;
  }

  #set(state: KeyRingState): void {
    this.#state = state;
    this.#changes.emit(state);
  }
}
