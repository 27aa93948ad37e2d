import { EventEmitter, type Event } from 'cockatiel';
import type { KeyTarget } from '../keys/key';
import type { BaseUrl } from '../omi/baseUrl';
import type { PulseRoute } from '../omi/pulseApi';
import type { LeakParts } from './leakParts';
import type { DeathProof, RouteAnswer } from './proveDead';
import { seenKeyOf, type SeenKey } from './seenKey';

/** A key that was revoked and still answers, as it may be shown. */
export interface DyingKey {
  readonly key: SeenKey;
  readonly target: KeyTarget;
}

/** How the watch over a key ended: it is dead, or the time of a cached login is over and it still is not known to be. */
export interface DeathWatchEnd extends DyingKey {
  readonly end: 'dead' | 'gaveUp';
  /** What each route said the last time; the list is not read here. */
  readonly answers: RouteAnswers;
  /** The address of the server that was asked; undefined when none could be. */
  readonly server: string | undefined;
}

type RouteAnswers = Pick<DeathProof, PulseRoute>;

/** Omi's servers cache a login for no longer than this, in milliseconds. */
const longestWatch = 3_600_000;
const firstPause = 5000;
const longestPause = 300_000;

interface Watch extends DyingKey {
  readonly raw: string;
  /** The server that was asked to revoke it: another one would not know the key and so seem to refuse it. */
  base: BaseUrl | undefined;
  readonly until: number;
  readonly stop: AbortController;
  timer: { dispose(): void } | undefined;
}

/**
 * Keeps asking whether a revoked key has stopped to work, with growing pauses of 5 s to 5 min, for an hour. Needs no
 * session: the question goes out in the name of the raw key, which is held in memory only and let go at the end. A
 * question that fails is asked again like one that says "alive".
 */
export class DeathWatch {
  readonly #parts: Pick<LeakParts, 'pulse' | 'base' | 'now' | 'after'>;
  readonly #ends = new EventEmitter<DeathWatchEnd>();
  /** By fingerprint. */
  readonly #watches = new Map<string, Watch>();

  constructor(parts: Pick<LeakParts, 'pulse' | 'base' | 'now' | 'after'>) {
    this.#parts = parts;
  }

  /** Tells once of each key that was watched, unless the watch was stopped. */
  readonly onDidEnd: Event<DeathWatchEnd> = this.#ends.addListener;

  /** The keys that are watched now. */
  get watched(): readonly DyingKey[] {
    return [...this.#watches.values()].map(({ key, target }) => ({ key, target }));
  }

  /** Starts to watch a key. One that is watched already goes on as it was; an MCP key is not, for nothing can be asked. */
  watch(raw: string, target: KeyTarget): void {
    const key = seenKeyOf(raw);
    if (key.family !== 'dev' || this.#watches.has(key.fingerprint)) return;
    const base = this.#parts.base();
    const watch: Watch = {
      ...{ key, target, raw },
      base: base.ok ? base.value : undefined,
      until: this.#parts.now() + longestWatch,
      stop: new AbortController(),
      timer: undefined,
    };
    this.#watches.set(key.fingerprint, watch);
    this.#checkAfter(firstPause, watch);
  }

  /** Ends the watch over a key without a word. */
  stop({ fingerprint }: SeenKey): void {
    const watch = this.#watches.get(fingerprint);
    this.#watches.delete(fingerprint);
    watch?.timer?.dispose();
    watch?.stop.abort();
  }

  dispose(): void {
    for (const { key } of this.watched) this.stop(key);
  }

  #checkAfter(ms: number, watch: Watch): void {
    const left = Math.max(0, watch.until - this.#parts.now());
    const next = Math.min(ms * 2, longestPause);
    watch.timer = this.#parts.after(Math.min(ms, left), () => void this.#check(watch, next));
  }

  async #check(watch: Watch, nextPause: number): Promise<void> {
    const answers = await this.#ask(watch);
    const isDead = areProof(answers);
    if (watch.stop.signal.aborted) return;
    if (!isDead && this.#parts.now() < watch.until) {
      this.#checkAfter(nextPause, watch);
      return;
    }
    const { key, target, base } = watch;
    this.stop(key);
    this.#ends.emit({ key, target, end: isDead ? 'dead' : 'gaveUp', answers, server: base?.prefix });
  }

  /** What both routes say of a key now. */
  async #ask(watch: Watch): Promise<RouteAnswers> {
    const { raw, stop } = watch;
    if (!watch.base) {
      const base = this.#parts.base();
      if (!base.ok) return { keyRoute: base.failure, dataRoute: base.failure };
      watch.base = base.value;
    }
    const { base } = watch;
    const ask = async (route: PulseRoute): Promise<RouteAnswer> => {
      const pulse = await this.#parts.pulse(raw, base, stop.signal, route);
      return pulse.ok ? pulse.value.kind : pulse.failure;
    };
    const [keyRoute, dataRoute] = await Promise.all([ask('keyRoute'), ask('dataRoute')]);
    return { keyRoute, dataRoute };
  }
}

/** Whether no route lets the key in, none left the question open, and one at least refused it. */
function areProof({ keyRoute, dataRoute }: RouteAnswers): boolean {
  const answers = [keyRoute, dataRoute];
  return answers.includes('dead') && answers.every((answer) => answer === 'dead' || answer === 'untellable');
}
