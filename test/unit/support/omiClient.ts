import { expect } from 'vitest';
import { parseBaseUrl, type BaseUrl } from '../../../src/omi/baseUrl';
import type { OmiFailure } from '../../../src/omi/errors';
import { createHttp } from '../../../src/omi/http';
import { createKeysApi, type CallContext, type KeysApi } from '../../../src/omi/keysApi';
import type { Result } from '../../../src/omi/result';
import { createRepeat, type RetryOptions } from '../../../src/omi/retry';

export interface ClientOptions {
  /** Where Omi is, as a person would set it. */
  readonly url: string;
  readonly bearer?: string;
  /** Of one request, in milliseconds; far beyond a test's own limit of patience when left out. */
  readonly timeoutMs?: number;
  readonly retry?: Partial<RetryOptions>;
}

/** The real API over the real HTTP client, with pauses short enough for tests. */
export interface OmiClient {
  readonly api: KeysApi;
  readonly base: BaseUrl;
  context(signal?: AbortSignal): CallContext;
  list(signal?: AbortSignal): ReturnType<KeysApi['listKeys']>;
  revoke(id: string, signal?: AbortSignal): ReturnType<KeysApi['revokeKey']>;
}

export const shortRetry: RetryOptions = {
  repeats: 3,
  firstPauseMs: 2,
  longestPauseMs: 5000,
  random: () => 0.5,
};

/** The bearer of tests whose server does not look at it. */
export const anyBearer = 'bearer-of-a-test';

export function omiClient({ url, bearer = anyBearer, timeoutMs = 15_000, retry }: ClientOptions): OmiClient {
  const http = createHttp({ userAgent: 'omi-api-keys/test', timeoutMs: () => timeoutMs });
  const repeat = createRepeat({ ...shortRetry, ...retry });
  const api = createKeysApi({ http, repeat, now: Date.now });
  const parsed = parseBaseUrl(url);
  if (!parsed.ok) throw new Error(`no base address: ${parsed.failure}`);
  const base = parsed.value;
  const context = (signal = new AbortController().signal): CallContext => ({ base, bearer, signal });
  return {
    api,
    base,
    context,
    list: (signal) => api.listKeys('dev', context(signal)),
    revoke: (id, signal) => api.revokeKey('dev', id, context(signal)),
  };
}

/** The value of a success; a failure fails the test with its content. */
export function valueOf<T>(result: Result<T, unknown>): T {
  if (!result.ok) expect.fail(`a success was expected, not ${JSON.stringify(result.failure)}`);
  return result.value;
}

/** The failure of a result; a success fails the test. */
export function failureOf<F = OmiFailure>(result: Result<unknown, F>): F {
  if (result.ok) expect.fail('a failure was expected');
  return result.failure;
}
