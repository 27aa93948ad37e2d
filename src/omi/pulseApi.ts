import { urlBelow, type BaseUrl } from './baseUrl';
import { failureOfStatus } from './errors';
import type { Http, HttpReply } from './http';
import { familyOfRawKey } from './rawKey';
import { fail, succeed, type Result } from './result';
import type { Repeat } from './retry';
import { decodeKey } from './schemas';

/** Whether a raw key works, and which route said so. */
export type Pulse =
  /** `id` is the key's real id, where the route names it. */
  | { readonly kind: 'alive'; readonly by: PulseRoute; readonly id: string | undefined }
  | { readonly kind: 'dead'; readonly by: PulseRoute }
  /** Omi has no route that could tell: MCP keys are refused everywhere, dead or alive. */
  | { readonly kind: 'untellable' };

/** `keyRoute` = `GET /v1/dev/key`; `dataRoute` = a read of one memory, the only probe on an older server. */
export type PulseRoute = 'keyRoute' | 'dataRoute';

/** Asks Omi about a raw key, in the name of that key. Asking touches the key's "last used". */
export type TakePulse = (
  raw: string,
  base: BaseUrl,
  signal: AbortSignal,
  route?: PulseRoute,
) => Promise<Result<Pulse>>;

/** Builds the question (docs/omi-api.md, "Proving that a leaked key is dead"). Without a route both are used as needed. */
export function createPulse(parts: {
  readonly http: Http;
  readonly repeat: Repeat;
  readonly now: () => number;
}): TakePulse {
  const ask = async (
    raw: string,
    base: BaseUrl,
    path: readonly string[],
    query: string,
    signal: AbortSignal,
  ): Promise<Result<HttpReply>> => {
    const url = urlBelow(base, path);
    if (!url.ok) return fail({ kind: 'invalid', detail: url.failure.segment });
    url.value.search = query;
    return parts.repeat(async (attempt) => {
      const bearer = { token: raw, origin: base.origin };
      const reply = await parts.http({ method: 'GET', url: url.value, bearer }, attempt);
      if (!reply.ok) return reply;
      const { status, body, retryAfter } = reply.value;
      const isAnswer = status < 300 || status === 401 || status === 403 || status === 404;
      return isAnswer ? reply : fail(failureOfStatus(status, body, retryAfter, parts.now()));
    }, signal);
  };

  const askKeyRoute = async (
    raw: string,
    base: BaseUrl,
    signal: AbortSignal,
  ): Promise<Result<Pulse | 'noRoute'>> => {
    const reply = await ask(raw, base, ['v1', 'dev', 'key'], '', signal);
    if (!reply.ok) return reply;
    const { status, body } = reply.value;
    if (status === 401) return succeed({ kind: 'dead', by: 'keyRoute' });
    if (status === 404) return succeed('noRoute');
    if (status === 403) return succeed({ kind: 'alive', by: 'keyRoute', id: undefined });
    const key = decodeKey('dev', body);
    if (!key.ok) return fail({ kind: 'protocol', problem: `${key.failure.field} of the key` });
    return succeed({ kind: 'alive', by: 'keyRoute', id: key.value.id });
  };

  const askDataRoute = async (raw: string, base: BaseUrl, signal: AbortSignal): Promise<Result<Pulse>> => {
    const reply = await ask(raw, base, ['v1', 'dev', 'user', 'memories'], 'limit=1', signal);
    if (!reply.ok) return reply;
    const { status, isJson } = reply.value;
    if (status < 300 && !isJson) return fail({ kind: 'protocol', problem: 'memories that are not JSON' });
    if (status === 404) return succeed({ kind: 'untellable' });
    // 403 means accepted, but without the scope for this route.
    return succeed(
      status === 401 ? { kind: 'dead', by: 'dataRoute' } : { kind: 'alive', by: 'dataRoute', id: undefined },
    );
  };

  return async (raw, base, signal, route) => {
    if (familyOfRawKey(raw) !== 'dev') return succeed({ kind: 'untellable' });
    if (route === 'dataRoute') return askDataRoute(raw, base, signal);
    const pulse = await askKeyRoute(raw, base, signal);
    if (!pulse.ok) return pulse;
    if (pulse.value !== 'noRoute') return succeed(pulse.value);
    return route === 'keyRoute' ? succeed({ kind: 'untellable' }) : askDataRoute(raw, base, signal);
  };
}
