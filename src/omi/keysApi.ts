import { urlBelow, type BaseUrl } from './baseUrl';
import { failureOfStatus, type OmiFailure } from './errors';
import type { Http, HttpReply, HttpRequest } from './http';
import type { KeyFamily } from './rawKey';
import { fail, succeed, type Result } from './result';
import type { Repeat } from './retry';
import { decodeCreatedKey, decodeKeyList, type CreatedKey, type KeyList } from './schemas';

/** Where a call goes, in whose name, and what ends it early. */
export interface CallContext {
  readonly base: BaseUrl;
  /** A Firebase ID token. */
  readonly bearer: string;
  readonly signal: AbortSignal;
}

/** What a new key is to be. `scopes` undefined leaves the choice to Omi: the four read scopes. */
export interface NewKey {
  readonly family: KeyFamily;
  readonly name: string;
  readonly scopes: readonly string[] | undefined;
}

/** Omi's calls about keys (docs/omi-api.md, "Keys"). */
export interface KeysApi {
  /** `GET /v1/{family}/keys`: all keys, newest first. Repeated after a passing failure. */
  listKeys(family: KeyFamily, context: CallContext): Promise<Result<KeyList>>;
  /**
   * `POST /v1/{family}/keys`, sent once and never repeated: after a lost answer nobody knows whether a key was made,
   * until the list is read.
   */
  createKey(key: NewKey, context: CallContext): Promise<Result<CreatedKey>>;
  /**
   * `DELETE /v1/{family}/keys/{id}`. Success says that Omi accepted the request, not that a key died: it answers the
   * same for an id that it does not know. Repeated after a passing failure, which is safe.
   */
  revokeKey(family: KeyFamily, id: string, context: CallContext): Promise<Result<void>>;
}

export interface KeysApiParts {
  readonly http: Http;
  readonly repeat: Repeat;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Builds the calls from what sends and what repeats. */
export function createKeysApi({ http, repeat, now }: KeysApiParts): KeysApi {
  const send = async (
    method: HttpRequest['method'],
    path: readonly string[],
    { base, bearer }: CallContext,
    signal: AbortSignal,
    json?: unknown,
  ): Promise<Result<HttpReply>> => {
    const url = urlBelow(base, path);
    if (!url.ok)
      return fail<OmiFailure>({ kind: 'invalid', detail: `"${url.failure.segment}" cannot be an id` });
    const request = { method, url: url.value, bearer: { token: bearer, origin: base.origin } };
    const reply = await http(json === undefined ? request : { ...request, json }, signal);
    if (!reply.ok) return reply;
    const { status, body, retryAfter } = reply.value;
    return status >= 200 && status < 300 ? reply : fail(failureOfStatus(status, body, retryAfter, now()));
  };

  return {
    listKeys: (family, context) =>
      repeat(async (signal) => {
        const reply = await send('GET', ['v1', family, 'keys'], context, signal);
        return reply.ok ? decodeKeyList(family, reply.value.body) : reply;
      }, context.signal),

    createKey: async ({ family, name, scopes }, context) => {
      // MCP keys take a name alone (docs/omi-api.md, "Keys").
      const body = family === 'dev' && scopes ? { name, scopes } : { name };
      const reply = await send('POST', ['v1', family, 'keys'], context, context.signal, body);
      return reply.ok ? decodeCreatedKey(family, reply.value.body) : reply;
    },

    revokeKey: (family, id, context) =>
      repeat(async (signal) => {
        const reply = await send('DELETE', ['v1', family, 'keys', id], context, signal);
        return reply.ok ? succeed(undefined) : reply;
      }, context.signal),
  };
}
