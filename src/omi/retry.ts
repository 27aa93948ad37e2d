import { DelegateBackoff, handleWhenResult, retry, type IRetryBackoffContext } from 'cockatiel';
import type { OmiFailure } from './errors';
import type { Result } from './result';

export interface RetryOptions {
  /** How often a request is repeated after its first failure. */
  readonly repeats: number;
  /** The pause before the first repeat, in milliseconds; doubled each time, with jitter of half its length. */
  readonly firstPauseMs: number;
  /** A server that asks to wait longer than this is reported, not waited for; milliseconds. */
  readonly longestPauseMs: number;
  /** A number in [0, 1). */
  readonly random: () => number;
}

export const standardRetry: RetryOptions = {
  repeats: 3,
  firstPauseMs: 300,
  longestPauseMs: 10_000,
  random: Math.random,
};

/** Repeats what may be repeated: a read or a DELETE that failed in a passing way. Never hand it a POST. */
export type Repeat = <T>(
  attempt: (signal: AbortSignal) => Promise<Result<T>>,
  signal: AbortSignal,
) => Promise<Result<T>>;

/** Builds a {@link Repeat}. A cancel ends it at once, also in the middle of a pause. */
export function createRepeat(options: RetryOptions = standardRetry): Repeat {
  return async <T>(attempt: (signal: AbortSignal) => Promise<Result<T>>, signal: AbortSignal) => {
    let timeouts = 0;
    const worthRepeating = (result: unknown): boolean => {
      const failure = failureOf(result);
      if (!failure || signal.aborted) return false;
      if (failure.kind === 'network' && failure.cause === 'timeout') timeouts += 1;
      // A server that stays silent twice would make the person wait for nothing a third time.
      return timeouts < 2 && isPassing(failure) && askedPause(failure) <= options.longestPauseMs;
    };
    const pause = ({ attempt: repeat, result }: IRetryBackoffContext<unknown>): number => {
      const asked = askedPause(failureOf('value' in result ? result.value : undefined));
      const own = options.firstPauseMs * 2 ** (repeat - 1) * (0.5 + options.random() / 2);
      return Math.max(asked, own);
    };
    const policy = retry(handleWhenResult(worthRepeating), {
      maxAttempts: options.repeats,
      backoff: new DelegateBackoff(pause),
    });
    const work = policy.execute(() => {
      const cancelled: Result<T> = { ok: false, failure: { kind: 'cancelled' } };
      return signal.aborted ? cancelled : attempt(signal);
    }, signal);
    return Promise.race([work, cancellation<T>(signal, work)]);
  };
}

/** Whether the same request may succeed a moment later. */
export function isPassing(failure: OmiFailure): boolean {
  switch (failure.kind) {
    case 'rateLimited':
    case 'server':
      return true;
    case 'network':
      return failure.cause !== 'tls' && failure.cause !== 'proxy';
    default:
      return false;
  }
}

function askedPause(failure: OmiFailure | undefined): number {
  return failure?.kind === 'rateLimited' || failure?.kind === 'server' ? (failure.retryAfter ?? 0) : 0;
}

function failureOf(result: unknown): OmiFailure | undefined {
  const settled = result as Result<unknown> | undefined;
  return settled && !settled.ok ? settled.failure : undefined;
}

function cancellation<T>(signal: AbortSignal, until: Promise<unknown>): Promise<Result<T>> {
  return new Promise((resolve) => {
    const cancel = (): void => {
      resolve({ ok: false, failure: { kind: 'cancelled' } });
    };
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    const forget = (): void => {
      signal.removeEventListener('abort', cancel);
    };
    until.then(forget, forget);
  });
}
