import { createHash } from 'node:crypto';
import type { AccountName, Sandbox } from '../../../sandbox/server';
import type { RenewalFailure, SessionsParts } from '../../../src/account/sessions';
import { parseBaseUrl, type BaseUrl } from '../../../src/omi/baseUrl';
import { createFirebaseApi, type FirebaseServer } from '../../../src/omi/firebase';
import { createHttp, type Http } from '../../../src/omi/http';
import { fail } from '../../../src/omi/result';
import { valueOf } from './omiClient';

export const clientKey = 'client-key-of-a-test';
export const signInPath = '/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken';
export const refreshPath = '/securetoken.googleapis.com/v1/token';
export const exchangePath = '/v1/auth/token';

/** The sandbox as a Firebase Auth emulator. */
export function firebaseOf(sandbox: Sandbox, apiKey = clientKey): FirebaseServer {
  return { apiKey, emulatorHost: `127.0.0.1:${String(sandbox.port)}` };
}

export function baseOf(sandbox: Sandbox): BaseUrl {
  return valueOf(parseBaseUrl(sandbox.url));
}

export function httpOf(timeoutMs = 5000): Http {
  return createHttp({ userAgent: 'omi-api-keys/test', timeoutMs: () => timeoutMs });
}

/** Renewal at the sandbox, as the extension does it; each call is one request. */
export function renewAt(
  sandbox: Sandbox,
  options: { readonly now?: () => number; readonly timeoutMs?: number; readonly apiKey?: string } = {},
): SessionsParts['renew'] {
  const firebase = createFirebaseApi({ http: httpOf(options.timeoutMs), now: options.now ?? Date.now });
  return async (refreshToken) => {
    const server = firebaseOf(sandbox, options.apiKey);
    const tokens = await firebase.refresh(refreshToken, server, new AbortController().signal);
    if (tokens.ok) return tokens;
    const { failure } = tokens;
    return fail<RenewalFailure>(
      failure.kind === 'clientKeyBlocked'
        ? { kind: 'misconfigured', setting: 'omi.firebase.apiKey', problem: 'blocked' }
        : failure,
    );
  };
}

/**
 * The person on the consent page: picks the account, allows or declines. Gives the address that the browser is sent
 * to, which this browser does not visit; undefined when there is none.
 */
export async function decide(
  address: string,
  account: AccountName = 'ada',
  decision: 'allow' | 'decline' = 'allow',
): Promise<string | undefined> {
  const page = await fetch(address);
  const html = await page.text();
  const attempt = /name="attempt" value="([^"]+)"/.exec(html)?.[1];
  if (attempt === undefined) throw new Error(`no consent page: ${String(page.status)}`);
  const answer = await fetch(new URL('/v1/auth/consent', address), {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ attempt, account, decision }),
  });
  const link = /<a href="([^"]+)"/.exec(await answer.text())?.[1];
  // Programs with a scheme of their own are led to by a link.
  return (
    answer.headers.get('location') ?? link?.replace(/&#(\d+);/g, (_, c) => String.fromCharCode(Number(c)))
  );
}

/** An attempt of a test's own, up to the code that the exchange takes. */
export async function codeFrom(
  sandbox: Sandbox,
  { redirectUri, verifier, account }: { redirectUri: string; verifier: string; account?: AccountName },
): Promise<string> {
  const query = new URLSearchParams({
    provider: 'google',
    redirect_uri: redirectUri,
    state: 'state-of-a-test',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const landing = await decide(`${sandbox.url}/v1/auth/authorize?${query.toString()}`, account);
  return new URL(landing ?? '').searchParams.get('code') ?? '';
}
