import type { Account } from '../account/session';
import type { AccountKeys } from '../keys/keyAccess';
import type { BaseUrl } from '../omi/baseUrl';
import type { OmiFailure } from '../omi/errors';
import type { TakePulse } from '../omi/pulseApi';
import { fail, type Result } from '../omi/result';

/** What finding out about a leaked key, and ending it, needs from the rest of the house. */
export interface LeakParts {
  /** All signed-in accounts, the one in use first; empty when nobody is signed in. */
  readonly accounts: () => readonly Account[];
  /** The keys of one of them, whether it is in use or not. */
  readonly byAccount: (accountId: string) => AccountKeys;
  readonly pulse: TakePulse;
  /** The configured server; fails with `misconfigured`. */
  readonly base: () => Result<BaseUrl>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Acts after so many milliseconds, unless disposed before. */
  readonly after: (ms: number, act: () => void) => { dispose(): void };
}

/** The result of some work, or `cancelled` as soon as the signal says so; the work itself goes on unheard. */
export function unlessAborted<T>(work: Promise<Result<T>>, signal: AbortSignal): Promise<Result<T>> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => resolve(fail<OmiFailure>({ kind: 'cancelled' }));
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel));
  });
}

/** Waits so many milliseconds, or until the signal says so. */
export function wait(ms: number, after: LeakParts['after'], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const stop = (): void => {
      timer.dispose();
      resolve();
    };
    const timer = after(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}
