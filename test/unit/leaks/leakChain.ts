import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { AccountName, Sandbox, SandboxKey } from '../../../sandbox/server';
import type { LeakParts } from '../../../src/leaks/leakParts';
import { parseBaseUrl } from '../../../src/omi/baseUrl';
import { createPulse } from '../../../src/omi/pulseApi';
import { createRepeat } from '../../../src/omi/retry';
import { openChain, type Chain } from '../keys/chain';
import { shortRetry } from '../support/omiClient';
import { httpOf } from '../support/signIn';

export const keyRoute = '/v1/dev/key';
export const dataRoute = '/v1/dev/user/memories';
export const listPath = '/v1/dev/keys';

interface Timer {
  readonly due: number;
  readonly act: () => void;
}

/** A clock that stands still until a test moves it, or skips the timers that the test says. */
export class TestClock {
  time = Date.now();
  readonly #timers = new Set<Timer>();
  /** How long each timer was to wait that was skipped, in milliseconds. */
  readonly skipped: number[] = [];

  /** @param skips which timers are not waited for, by their milliseconds. */
  constructor(public skips: (ms: number) => boolean = () => false) {}

  readonly now = (): number => this.time;

  readonly after: LeakParts['after'] = (ms, act) => {
    const timer = { due: this.time + ms, act };
    this.#timers.add(timer);
    if (this.skips(ms)) {
      setImmediate(() => {
        if (!this.#timers.has(timer)) return;
        this.skipped.push(ms);
        this.advance(timer.due - this.time);
      });
    }
    return { dispose: () => this.#timers.delete(timer) };
  };

  /** How long each timer still waits, in milliseconds. */
  get waiting(): readonly number[] {
    return [...this.#timers].map(({ due }) => due - this.time);
  }

  /** Lets so many milliseconds pass; what falls due acts in its order. */
  advance(ms: number): void {
    const end = this.time + Math.max(0, ms);
    for (;;) {
      const [next] = [...this.#timers].filter(({ due }) => due <= end).toSorted((a, b) => a.due - b.due);
      if (!next) break;
      this.#timers.delete(next);
      this.time = Math.max(this.time, next.due);
      next.act();
    }
    this.time = end;
  }
}

/** The rooms below the editor with what a response to a leak needs. */
export interface LeakChain extends Chain {
  readonly parts: LeakParts;
}

export interface LeakOptions {
  /** Where the raw key is asked about, if not at the sandbox. */
  readonly url?: string;
  /** Time limit of one request, in milliseconds. */
  readonly timeoutMs?: number;
}

export function openLeaks(
  sandbox: Sandbox,
  clock: TestClock,
  { url = sandbox.url, timeoutMs = 5000 }: LeakOptions = {},
): LeakChain {
  const chain = openChain(sandbox, { timeoutMs });
  const parts: LeakParts = {
    accounts: () => chain.sessions.accounts,
    byAccount: chain.keys.byAccount,
    pulse: createPulse({ http: httpOf(timeoutMs), repeat: createRepeat(shortRetry), now: Date.now }),
    base: () => {
      const base = parseBaseUrl(url);
      return base.ok
        ? base
        : { ok: false, failure: { kind: 'misconfigured', setting: 'omi.apiBaseUrl', problem: base.failure } };
    },
    now: clock.now,
    after: clock.after,
  };
  return { ...chain, parts };
}

/** A key that exists, with its raw secret. */
export type RawKey = SandboxKey & { readonly raw: string };

/** Another key with the same first and last four digits. */
export function addTwin(sandbox: Sandbox, of: RawKey, account: AccountName): RawKey {
  const middle = randomBytes(12).toString('hex');
  return sandbox.addKey(account, { raw: `${of.raw.slice(0, 12)}${middle}${of.raw.slice(-4)}` });
}

/** Expects that nothing of a raw key is in a value beyond the eight digits that may be shown. */
export function expectNoSecret(value: unknown, ...raws: readonly string[]): void {
  const text = JSON.stringify(value);
  expect(raws.some((raw) => text.includes(raw.slice(12, -4)))).toBe(false);
}

/** An older server: it has no such route. */
export function withoutRoute(sandbox: Sandbox, path: string): void {
  sandbox.fault({ path, times: Infinity, effect: { status: 404, body: { detail: 'Not Found' } } });
}

/** What was asked for, sorted. */
export function asked(sandbox: Sandbox): string[] {
  return sandbox.requests
    .map(({ method, rawPath, account }) => `${String(account)}: ${method} ${rawPath}`)
    .toSorted();
}
