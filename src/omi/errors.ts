import { redact } from './redact';

/** Why a request did not reach Omi or brought no answer. */
export type NetworkCause = 'offline' | 'dns' | 'timeout' | 'tls' | 'proxy' | 'interrupted';

/** Everything that can be expected to go wrong between this extension and Omi, or Firebase. */
export type OmiFailure = Mishap & {
  /** Whose failure it is; undefined = Omi's. */
  readonly by?: 'Firebase';
};

type Mishap =
  | { readonly kind: 'unauthenticated'; readonly detail?: string }
  | { readonly kind: 'forbidden'; readonly detail: string }
  | { readonly kind: 'notFound'; readonly detail: string }
  | { readonly kind: 'invalid'; readonly detail: string }
  /** `retryAfter` in milliseconds from the time of the answer. */
  | { readonly kind: 'rateLimited'; readonly retryAfter?: number }
  | { readonly kind: 'network'; readonly cause: NetworkCause; readonly host: string }
  | {
      readonly kind: 'server';
      readonly status: number;
      readonly detail: string;
      readonly retryAfter?: number;
    }
  /** The answer is not what the contract says; `problem` names the field or form. */
  | { readonly kind: 'protocol'; readonly problem: string }
  /** A setting makes the request impossible; nothing was sent, unless the server had to be asked to know. */
  | {
      readonly kind: 'misconfigured';
      readonly setting: string;
      readonly problem: string;
      readonly wasSent?: true;
    }
  | { readonly kind: 'cancelled' };

/** The longest part of a server's words that is worth showing. */
const longestDetail = 300;

/**
 * Turns an answer that is not a success into a failure (docs/omi-api.md, "Errors").
 *
 * @param status HTTP status.
 * @param body the parsed JSON body, or the text when it was not JSON.
 * @param retryAfter the `Retry-After` header, if any.
 * @param now milliseconds since the epoch, for a `Retry-After` that is a date.
 */
export function failureOfStatus(
  status: number,
  body: unknown,
  retryAfter: string | undefined,
  now: number,
): OmiFailure {
  const detail = readableDetail(body);
  const wait = readRetryAfter(retryAfter, now);
  const waiting = wait === undefined ? {} : { retryAfter: wait };
  if (status === 401) return { kind: 'unauthenticated', ...(detail ? { detail } : {}) };
  if (status === 403 || status === 426) return { kind: 'forbidden', detail };
  if (status === 404) return { kind: 'notFound', detail };
  if (status === 407) return { kind: 'network', cause: 'proxy', host: '' };
  if (status === 429) return { kind: 'rateLimited', ...waiting };
  if (status >= 500) return { kind: 'server', status, detail, ...waiting };
  if (status >= 300 && status < 400) return { kind: 'protocol', problem: `redirect (${String(status)})` };
  if (status >= 400) return { kind: 'invalid', detail };
  return { kind: 'protocol', problem: `status ${String(status)}` };
}

/**
 * `Retry-After` as milliseconds to wait: seconds or an HTTP date. Undefined when absent or unreadable; a date that
 * has passed gives 0.
 */
export function readRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * The server's own words in one line, without secrets: `detail` as a string, an object with a code, or FastAPI's
 * array of `loc` and `msg`. Empty when there is nothing readable, as with a gateway's HTML page.
 */
export function readableDetail(body: unknown): string {
  const line = redact(detailText(body)).replace(/\s+/g, ' ').trim();
  return line.length > longestDetail ? `${line.slice(0, longestDetail - 1)}…` : line;
}

function detailText(body: unknown): string {
  if (typeof body === 'string') return looksLikeMarkup(body) ? '' : body;
  if (!isRecord(body)) return '';
  const detail = body['detail'];
  if (typeof detail === 'string') return detail;
  if (Array.isArray(detail)) return detail.map(validationText).filter(Boolean).join('; ');
  if (isRecord(detail)) {
    const words = [detail['message'], detail['msg'], detail['code'], detail['reason']];
    const found = words.filter((word) => typeof word === 'string' && word !== '');
    return found.length > 0 ? found.join(': ') : JSON.stringify(detail);
  }
  return '';
}

function validationText(item: unknown): string {
  if (typeof item === 'string') return item;
  if (!isRecord(item)) return '';
  const loc = Array.isArray(item['loc']) ? item['loc'].filter((part) => part !== 'body').join('.') : '';
  const message = typeof item['msg'] === 'string' ? item['msg'] : '';
  return [loc, message].filter(Boolean).join(': ');
}

function looksLikeMarkup(text: string): boolean {
  return /^\s*<[a-z!?]/i.test(text);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
