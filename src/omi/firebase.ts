import * as v from 'valibot';
import { isLoopback } from './baseUrl';
import { failureOfStatus, type OmiFailure } from './errors';
import type { Http, HttpReply, HttpRequest } from './http';
import { fail, succeed, type Result } from './result';

/** Where Firebase is and how this client names itself to it. */
export interface FirebaseServer {
  /** The project's client key: an identifier, no secret. */
  readonly apiKey: string;
  /** `host:port` of a Firebase Auth emulator; undefined = Google's own servers. */
  readonly emulatorHost: string | undefined;
}

/** What Firebase gives for a sign-in or a refresh. */
export interface FirebaseTokens {
  readonly idToken: string;
  readonly refreshToken: string;
  /** Milliseconds from the answer. */
  readonly lifetime: number;
}

/** The codes with which Firebase ends a session for good (docs/omi-api.md, "Signing in"); all others pass. */
export const endingCodes = [
  'TOKEN_EXPIRED',
  'USER_DISABLED',
  'USER_NOT_FOUND',
  'INVALID_REFRESH_TOKEN',
] as const;
export type EndingCode = (typeof endingCodes)[number];

export type FirebaseFailure =
  | { readonly kind: 'sessionOver'; readonly code: EndingCode }
  /** The owner of the project restricted the client key (`API_KEY_…_BLOCKED`), or it is no key at all. */
  | { readonly kind: 'clientKeyBlocked' }
  | OmiFailure;

/** Firebase's two calls. Neither is repeated: a custom token works once, and a refresh token may be replaced. */
export interface FirebaseApi {
  /** Trades a custom token for a session. */
  signIn(
    customToken: string,
    server: FirebaseServer,
    signal: AbortSignal,
  ): Promise<Result<FirebaseTokens, FirebaseFailure>>;
  /** Trades a refresh token for a new ID token; the refresh token may have been replaced. */
  refresh(
    refreshToken: string,
    server: FirebaseServer,
    signal: AbortSignal,
  ): Promise<Result<FirebaseTokens, FirebaseFailure>>;
}

const lifetime = v.pipe(
  v.union([v.string(), v.number()]),
  v.transform(Number),
  v.number(),
  v.finite(),
  v.minValue(1),
);
const filled = v.pipe(v.string(), v.nonEmpty());
const signedIn = v.object({ idToken: filled, refreshToken: filled, expiresIn: lifetime });
const refreshed = v.object({ id_token: filled, refresh_token: filled, expires_in: lifetime });
const refusal = v.object({ error: v.object({ message: v.string(), status: v.optional(v.string()) }) });

/** Checks `host:port` of an emulator: loopback only, since the calls are plain http and carry a session. */
export function parseEmulatorHost(text: string): Result<string, 'notHostAndPort' | 'notLoopback'> {
  const host = text.trim();
  const match = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+):(\d{1,5})$/i.exec(host);
  const port = Number(match?.[2]);
  if (!match || port < 1 || port > 65_535 || !URL.canParse(`http://${host}`)) return fail('notHostAndPort');
  return isLoopback(match[1] ?? '') ? succeed(host) : fail('notLoopback');
}

/** Builds Firebase's calls. */
export function createFirebaseApi({
  http,
  now,
}: {
  readonly http: Http;
  readonly now: () => number;
}): FirebaseApi {
  const send = async (
    request: Pick<HttpRequest, 'url' | 'json' | 'form'>,
    signal: AbortSignal,
  ): Promise<Result<HttpReply, FirebaseFailure>> => {
    const reply = await http({ method: 'POST', ...request }, signal);
    if (!reply.ok) return reply.failure.kind === 'cancelled' ? reply : fail(byFirebase(reply.failure));
    const { status, body, retryAfter } = reply.value;
    return status === 200 ? reply : fail(failureOfAnswer(status, body, retryAfter, now()));
  };
  return {
    signIn: async (token, server, signal) => {
      const url = urlOf(server, 'identitytoolkit.googleapis.com', 'v1/accounts:signInWithCustomToken');
      const reply = await send({ url, json: { token, returnSecureToken: true } }, signal);
      if (!reply.ok) return reply;
      const parsed = v.safeParse(signedIn, reply.value.body);
      if (!parsed.success) return unreadable(parsed.issues[0]);
      const { idToken, refreshToken, expiresIn } = parsed.output;
      return succeed({ idToken, refreshToken, lifetime: expiresIn * 1000 });
    },
    refresh: async (refreshToken, server, signal) => {
      const url = urlOf(server, 'securetoken.googleapis.com', 'v1/token');
      const reply = await send(
        { url, form: { grant_type: 'refresh_token', refresh_token: refreshToken } },
        signal,
      );
      if (!reply.ok) return reply;
      const parsed = v.safeParse(refreshed, reply.value.body);
      if (!parsed.success) return unreadable(parsed.issues[0]);
      const { id_token, refresh_token, expires_in } = parsed.output;
      return succeed({ idToken: id_token, refreshToken: refresh_token, lifetime: expires_in * 1000 });
    },
  };
}

function urlOf({ apiKey, emulatorHost }: FirebaseServer, host: string, path: string): URL {
  const origin = emulatorHost === undefined ? `https://${host}` : `http://${emulatorHost}/${host}`;
  const url = new URL(`${origin}/${path}`);
  url.searchParams.set('key', apiKey);
  return url;
}

function failureOfAnswer(
  status: number,
  body: unknown,
  retryAfter: string | undefined,
  now: number,
): FirebaseFailure {
  const parsed = v.safeParse(refusal, body);
  // Google writes `CODE : explanation`; the code is all that counts.
  const message = parsed.success ? parsed.output.error.message : '';
  const code = /^[A-Z_]+/.exec(message)?.[0] ?? '';
  const ending = endingCodes.find((known) => known === code);
  if (ending) return { kind: 'sessionOver', code: ending };
  // A 403 that is not in Google's form comes from a proxy on the way, and says nothing of the key.
  const isKeyTrouble = parsed.success && (status === 403 || /API.?key/i.test(message));
  if (isKeyTrouble && status < 500 && status !== 429) return { kind: 'clientKeyBlocked' };
  if (status === 400 || status === 401) return byFirebase({ kind: 'invalid', detail: code });
  return byFirebase(failureOfStatus(status, { detail: message }, retryAfter, now));
}

function byFirebase(failure: OmiFailure): OmiFailure {
  return { ...failure, by: 'Firebase' };
}

function unreadable(issue: v.BaseIssue<unknown>): Result<never, FirebaseFailure> {
  return fail(byFirebase({ kind: 'protocol', problem: v.getDotPath(issue) ?? 'the body' }));
}
