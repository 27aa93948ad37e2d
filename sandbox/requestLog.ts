import type { AccountName } from './accounts';
import { pathMatches } from './faults';

/** One request as it arrived. */
export interface RecordedRequest {
  readonly method: string;
  /** The path as sent, undecoded, without the query. */
  readonly rawPath: string;
  /** The query as sent, without `?`; empty when there is none. */
  readonly query: string;
  readonly bearer: string | null;
  /** The account that the bearer (or the refresh token) belongs to, expired or not. */
  readonly account: AccountName | null;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** When it arrived, in milliseconds. */
  readonly at: number;
  /** The status sent; `dropped` when the connection ended without a whole answer; null while unanswered. */
  readonly status: number | 'dropped' | null;
}

/** Conditions on a request, all of which must hold; or a function that decides. */
export type RequestMatch =
  | { method?: string; path?: string | RegExp; account?: AccountName }
  | ((request: RecordedRequest) => boolean);

export type LogEntry = { -readonly [Field in keyof RecordedRequest]: RecordedRequest[Field] };

interface Waiter {
  readonly matches: (request: RecordedRequest) => boolean;
  readonly found: (request: RecordedRequest) => void;
}

/** Every request in the order of arrival. */
export class RequestLog {
  private entries: LogEntry[] = [];
  private readonly waiters = new Set<Waiter>();

  get all(): readonly RecordedRequest[] {
    return this.entries;
  }

  get lines(): readonly string[] {
    return this.entries.map(({ method, rawPath }) => `${method} ${rawPath}`);
  }

  add(entry: LogEntry): void {
    this.entries.push(entry);
    for (const waiter of this.waiters) if (waiter.matches(entry)) waiter.found(entry);
  }

  clear(): void {
    this.entries = [];
  }

  /**
   * The first recorded request that matches, or the next one to arrive. Rejects after `timeoutMs` with the list of
   * what came instead.
   */
  waitFor(match: RequestMatch, timeoutMs: number): Promise<RecordedRequest> {
    const matches = matcher(match);
    const known = this.entries.find(matches);
    if (known) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiters.delete(waiter);
        const came = this.lines.join(', ');
        reject(
          new Error(`no such request within ${String(timeoutMs)} ms; came: ${came === '' ? 'none' : came}`),
        );
      }, timeoutMs);
      const waiter: Waiter = {
        matches,
        found: (request) => {
          clearTimeout(timer);
          this.waiters.delete(waiter);
          resolve(request);
        },
      };
      this.waiters.add(waiter);
    });
  }
}

function matcher(match: RequestMatch): (request: RecordedRequest) => boolean {
  if (typeof match === 'function') return match;
  return (request) =>
    (match.method === undefined || match.method.toUpperCase() === request.method) &&
    (match.path === undefined || pathMatches(match.path, request.rawPath)) &&
    (match.account === undefined || match.account === request.account);
}
