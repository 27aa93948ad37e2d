import * as v from 'valibot';
import { findRawKeys, maskRawKey } from '../omi/rawKey';
import { fail, succeed, type Result } from '../omi/result';

/** The Firebase project behind the public API (docs/omi-api.md, "Signing in"). */
export const omiProject = 'based-hardware';

/** What an ID token says of itself. Read for display and for early answers, never trusted: the server decides. */
export interface IdTokenClaims {
  readonly accountId: string;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly project: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Why a text cannot serve as ID token. */
export type TokenProblem =
  | { readonly kind: 'empty' }
  | { readonly kind: 'tooLong' }
  | { readonly kind: 'unprintable' }
  | { readonly kind: 'apiKey'; readonly masked: string }
  | { readonly kind: 'notAToken' }
  | { readonly kind: 'notFirebase' }
  | { readonly kind: 'otherProject'; readonly project: string; readonly expected: string }
  | { readonly kind: 'expired'; readonly at: number };

/** What was left out of a pasted text on the way to the token. */
export type Trimmed = 'quotes' | 'bearer' | 'lineBreaks';

export interface PastedToken {
  readonly token: string;
  readonly claims: IdTokenClaims;
  readonly trimmed: readonly Trimmed[];
}

/** How far this machine's clock may be off; milliseconds. */
export const clockTolerance = 5 * 60_000;

/** Firebase ID tokens are about 1 KB; a request header much longer is refused by every server. */
const longestToken = 8 * 1024;

const claimsSchema = v.object({
  iss: v.string(),
  aud: v.pipe(v.string(), v.nonEmpty()),
  exp: v.pipe(v.number(), v.finite()),
  sub: v.optional(v.string()),
  user_id: v.optional(v.string()),
  email: v.optional(v.string()),
  name: v.optional(v.string()),
});

/**
 * Makes the best of what a person pasted: surrounding quotes, `Bearer ` and line breaks are left out and named, all
 * else must be a Firebase ID token that is not expired.
 *
 * @param now milliseconds since the epoch.
 * @param project the project the token must be of, or undefined when any will do.
 */
export function readPastedToken(
  text: string,
  { now, project }: { readonly now: number; readonly project: string | undefined },
): Result<PastedToken, TokenProblem> {
  if (text.trim() === '') return fail({ kind: 'empty' });
  if (text.length > 4 * longestToken) return fail({ kind: 'tooLong' });
  const { token, trimmed } = trimPasted(text);
  if (token === '') return fail({ kind: 'empty' });
  const [key] = findRawKeys(token);
  if (key) return fail({ kind: 'apiKey', masked: maskRawKey(key.raw) });
  if (token.startsWith('omi_')) return fail({ kind: 'apiKey', masked: `${token.slice(0, 8)}…` });
  if (/[^\x21-\x7e]/.test(token)) return fail({ kind: 'unprintable' });
  if (token.length > longestToken) return fail({ kind: 'tooLong' });
  const claims = readClaims(token);
  if (!claims.ok) return claims;
  if (project !== undefined && claims.value.project !== project) {
    return fail({ kind: 'otherProject', project: claims.value.project, expected: project });
  }
  // A clock that is ahead makes a live token look expired; within its tolerance the server decides.
  if (claims.value.expiresAt + clockTolerance <= now)
    return fail({ kind: 'expired', at: claims.value.expiresAt });
  return succeed({ token, claims: claims.value, trimmed });
}

/** Reads the claims of a Firebase ID token. The signature is not checked: only the server can. */
export function readClaims(token: string): Result<IdTokenClaims, TokenProblem> {
  const parts = token.split('.');
  const payload = parts[1];
  if (parts.length !== 3 || payload === undefined || !parts.slice(0, 2).every(isBase64Url)) {
    return fail({ kind: 'notAToken' });
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return fail({ kind: 'notAToken' });
  }
  const parsed = v.safeParse(claimsSchema, body);
  if (!parsed.success) return fail({ kind: 'notFirebase' });
  const { iss, aud, exp, sub, user_id, email, name } = parsed.output;
  const accountId = user_id ?? sub;
  if (!accountId || !iss.startsWith('https://securetoken.google.com/')) return fail({ kind: 'notFirebase' });
  return succeed({ accountId, email, name, project: aud, expiresAt: exp * 1000 });
}

function isBase64Url(part: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(part);
}

function trimPasted(text: string): { token: string; trimmed: Trimmed[] } {
  const trimmed: Trimmed[] = [];
  let token = text.trim();
  if (/[\r\n]/.test(token)) {
    trimmed.push('lineBreaks');
    token = token
      .split(/[\r\n]+/)
      .map((line) => line.trim())
      .reduce((joined, line) => joined + (/bearer$/i.test(joined.slice(-6)) ? ' ' : '') + line, '');
  }
  // Quotes within quotes occur; more than a few layers of them are no one's token.
  for (let layer = 0; layer < 8; layer += 1) {
    const unquoted = /^(["'`])(.*)\1[;,]?$/s.exec(token)?.[2] ?? /^[“‘](.*)[”’]$/s.exec(token)?.[1];
    const bare = /^(?:authorization\s*:\s*)?bearer\s+(.*)$/is.exec(unquoted ?? token)?.[1];
    if (unquoted !== undefined && !trimmed.includes('quotes')) trimmed.push('quotes');
    if (bare !== undefined && !trimmed.includes('bearer')) trimmed.push('bearer');
    const next = (bare ?? unquoted ?? token).trim();
    if (next === token) break;
    token = next;
  }
  return { token, trimmed };
}
