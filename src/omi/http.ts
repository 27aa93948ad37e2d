import nodeFetch, { AbortError, FetchError } from 'node-fetch';
import type { NetworkCause, OmiFailure } from './errors';
import { fail, succeed, type Result } from './result';

/** One request. `bearer` is sent only when `url` is of `origin`. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly bearer?: { readonly token: string; readonly origin: string };
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
}

/** An answer of any status but a redirect, read to its end. */
export interface HttpReply {
  readonly status: number;
  /** The parsed JSON body; the text itself when it is not JSON; undefined when empty. */
  readonly body: unknown;
  readonly isJson: boolean;
  readonly retryAfter: string | undefined;
}

/** Sends one request, once. Fails with `network`, `protocol` or `cancelled` only; a status is for the caller to judge. */
export type Http = (request: HttpRequest, signal: AbortSignal) => Promise<Result<HttpReply>>;

export interface HttpOptions {
  /** Name and version of this client, for the server's log. */
  readonly userAgent: string;
  /** Time limit of one request from first byte sent to last byte read, in milliseconds; asked for each request. */
  readonly timeoutMs: () => number;
  readonly fetch?: typeof nodeFetch;
}

/** An answer larger than this is refused: the longest honest list is far below. */
const largestBody = 1024 * 1024;

/**
 * HTTP as VS Code users configured it: node-fetch rides on Node's `http` and `https`, which VS Code patches for its
 * proxy settings. Redirects are refused, so that no bearer follows one.
 */
export function createHttp(options: HttpOptions): Http {
  const fetch = options.fetch ?? nodeFetch;
  return async (request, signal) => {
    if (request.bearer && request.bearer.origin !== request.url.origin) {
      return fail({ kind: 'protocol', problem: 'bearer for another origin' });
    }
    const timeout = AbortSignal.timeout(Math.ceil(options.timeoutMs()));
    const end = AbortSignal.any([signal, timeout]);
    // node-fetch would destroy a body that nobody listens to yet, which throws where nothing can catch it.
    if (end.aborted) return fail({ kind: 'cancelled' });
    try {
      const response = await fetch(request.url.href, {
        method: request.method,
        headers: headersOf(request, options.userAgent),
        ...bodyOf(request),
        redirect: 'manual',
        size: largestBody,
        signal: end,
      });
      if (response.status >= 300 && response.status < 400) {
        // Without this the socket would stay open until the body nobody reads has come.
        response.body?.resume();
        return fail({ kind: 'protocol', problem: 'redirect refused' });
      }
      const text = await response.text();
      return succeed({
        status: response.status,
        ...parseBody(text),
        retryAfter: response.headers.get('retry-after') ?? undefined,
      });
    } catch (error) {
      if (signal.aborted) return fail({ kind: 'cancelled' });
      if (timeout.aborted) return fail({ kind: 'network', cause: 'timeout', host: request.url.host });
      return fail(failureOfError(error, request.url.host));
    }
  };
}

function headersOf(request: HttpRequest, userAgent: string): Record<string, string> {
  return {
    accept: 'application/json',
    'user-agent': userAgent,
    ...(request.bearer ? { authorization: `Bearer ${request.bearer.token}` } : {}),
    ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
  };
}

function bodyOf(request: HttpRequest): { body?: string | URLSearchParams } {
  if (request.json !== undefined) return { body: JSON.stringify(request.json) };
  return request.form ? { body: new URLSearchParams(request.form) } : {};
}

function parseBody(text: string): { body: unknown; isJson: boolean } {
  if (text.trim() === '') return { body: undefined, isJson: false };
  try {
    return { body: JSON.parse(text) as unknown, isJson: true };
  } catch {
    return { body: text, isJson: false };
  }
}

function failureOfError(error: unknown, host: string): OmiFailure {
  if (error instanceof FetchError && error.type === 'max-size') {
    return { kind: 'protocol', problem: 'body over 1 MB' };
  }
  if (error instanceof AbortError) return { kind: 'cancelled' };
  return { kind: 'network', cause: networkCause(error), host };
}

function networkCause(error: unknown): NetworkCause {
  const code = codeOf(error);
  if (/^(ENOTFOUND|EAI_)/.test(code)) return 'dns';
  if (/^(ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ENETDOWN|EADDRNOTAVAIL|EACCES|EPERM)$/.test(code))
    return 'offline';
  if (code === 'ETIMEDOUT' || code === 'ESOCKETTIMEDOUT') return 'timeout';
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|EPROTO/.test(code)) return 'tls';
  if (/proxy/i.test(error instanceof Error ? error.message : '')) return 'proxy';
  return 'interrupted';
}

function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code: unknown = 'code' in at ? at.code : undefined;
    if (typeof code === 'string') return code;
  }
  return '';
}
