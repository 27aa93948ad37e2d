import * as v from 'valibot';
import type { BaseUrl } from './baseUrl';
import { failureOfStatus, readableDetail, type OmiFailure } from './errors';
import type { Http } from './http';
import { fail, succeed, type Result } from './result';

/** Who vouches for the person at Omi. */
export type IdentityProvider = 'google' | 'apple';

/** One attempt to sign in through the browser, as Omi is told of it. */
export interface AuthorizeRequest {
  readonly provider: IdentityProvider;
  /** Plain http on loopback, or a custom scheme; https is refused (docs/omi-api.md, "Signing in"). */
  readonly redirectUri: string;
  readonly state: string;
  readonly challenge: string;
}

export interface CodeExchange {
  readonly code: string;
  /** The same as in the attempt, byte for byte. */
  readonly redirectUri: string;
  readonly verifier: string;
}

export type ExchangeFailure =
  /** The code was wrong, too old, used, or not understood. A failed exchange burns it: the person must begin anew. */
  | { readonly kind: 'codeRefused'; readonly detail: string }
  | { readonly kind: 'redirectRefused'; readonly detail: string }
  /** Omi knows the person but could not make the token that Firebase wants. */
  | { readonly kind: 'noCustomToken' }
  | OmiFailure;

const answer = v.object({ custom_token: v.nullish(v.string(), null) });

/** The address that the browser is sent to. It holds no secret but the state, and is never logged. */
export function authorizeUrl(base: BaseUrl, request: AuthorizeRequest): string {
  const query = new URLSearchParams({
    provider: request.provider,
    redirect_uri: request.redirectUri,
    state: request.state,
    code_challenge: request.challenge,
    code_challenge_method: 'S256',
  });
  return `${base.prefix}/v1/auth/authorize?${query.toString()}`;
}

/** Trades the browser's code for a Firebase custom token. Sent once: a code works once. */
export async function exchangeCode(
  { http, now }: { readonly http: Http; readonly now: () => number },
  base: BaseUrl,
  { code, redirectUri, verifier }: CodeExchange,
  signal: AbortSignal,
): Promise<Result<string, ExchangeFailure>> {
  const form = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    use_custom_token: 'true',
    code_verifier: verifier,
  };
  const reply = await http({ method: 'POST', url: new URL(`${base.prefix}/v1/auth/token`), form }, signal);
  if (!reply.ok) return reply;
  const { status, body, retryAfter } = reply.value;
  if (status === 502) return fail({ kind: 'noCustomToken' });
  if (status === 400) {
    const detail = readableDetail(body);
    return fail({ kind: /redirect/i.test(detail) ? 'redirectRefused' : 'codeRefused', detail });
  }
  if (status < 200 || status >= 300) {
    const failure = failureOfStatus(status, body, retryAfter, now());
    // Nobody has a session yet that could have ended: it is the code that was not taken.
    return failure.kind === 'invalid' || failure.kind === 'unauthenticated'
      ? fail({ kind: 'codeRefused', detail: failure.detail ?? '' })
      : fail(failure);
  }
  const parsed = v.safeParse(answer, body);
  if (!parsed.success) return fail({ kind: 'protocol', problem: 'the answer to the sign-in code' });
  const { custom_token: token } = parsed.output;
  return token === null || token === '' ? fail({ kind: 'noCustomToken' }) : succeed(token);
}
