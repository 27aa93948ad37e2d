import * as v from 'valibot';
import type { FirebaseTokens } from '../omi/firebase';
import { fail, succeed, type Result } from '../omi/result';
import { clockTolerance, type IdTokenClaims } from './idToken';

/** Who is signed in, as shown to the person. */
export interface Account {
  /** Firebase's user id. */
  readonly id: string;
  /** Email address, else name, else the id. */
  readonly label: string;
}

/** One account's session, as kept in the vault. Times are milliseconds since the epoch, by this machine's clock. */
export interface Session {
  readonly account: Account;
  readonly idToken: string;
  readonly expiresAt: number;
  /** What a new ID token is got with, and from when on; undefined for a pasted ID token, which just ends. */
  readonly renewal: { readonly refreshToken: string; readonly dueAt: number } | undefined;
}

/** An ID token is renewed when less than this is left of it; one that lives shorter, at half its life. Milliseconds. */
const renewalMargin = 5 * 60_000;

const storedSession = v.object({
  version: v.literal(1),
  account: v.object({ id: v.pipe(v.string(), v.nonEmpty()), label: v.string() }),
  idToken: v.pipe(v.string(), v.nonEmpty()),
  expiresAt: v.number(),
  renewal: v.optional(v.object({ refreshToken: v.pipe(v.string(), v.nonEmpty()), dueAt: v.number() })),
});

/**
 * A session of a pasted ID token that Omi has accepted. When it looks expired all the same, this machine's clock is
 * ahead: it is given the time by which the clock may be off.
 */
export function sessionOfToken(token: string, claims: IdTokenClaims, now: number): Session {
  const expiresAt = claims.expiresAt > now ? claims.expiresAt : now + clockTolerance;
  return { account: accountOf(claims), idToken: token, expiresAt, renewal: undefined };
}

/** A session that can be renewed. Its end is counted from now, so that a wrong clock does no harm. */
export function sessionOfTokens(tokens: FirebaseTokens, claims: IdTokenClaims, now: number): Session {
  return { account: accountOf(claims), ...renewableUntil(tokens, now) };
}

/** The same account's session with new tokens. */
export function renewed(session: Session, tokens: FirebaseTokens, now: number): Session {
  return { account: session.account, ...renewableUntil(tokens, now) };
}

function renewableUntil(
  { idToken, refreshToken, lifetime }: FirebaseTokens,
  now: number,
): Omit<Session, 'account'> {
  const dueAt = now + Math.max(lifetime - renewalMargin, lifetime / 2);
  return { idToken, expiresAt: now + lifetime, renewal: { refreshToken, dueAt } };
}

function accountOf({ accountId, email, name }: IdTokenClaims): Account {
  return { id: accountId, label: email ?? name ?? accountId };
}

/** The text that the vault keeps. */
export function encodeSession(session: Session): string {
  return JSON.stringify({ version: 1, ...session });
}

/** Reads what the vault kept. A damaged entry fails with the field at fault, never with its content. */
export function decodeSession(text: string): Result<Session, { field: string }> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return fail({ field: 'JSON' });
  }
  const parsed = v.safeParse(storedSession, body);
  if (!parsed.success) return fail({ field: v.getDotPath(parsed.issues[0]) ?? 'entry' });
  const { account, idToken, expiresAt, renewal } = parsed.output;
  return succeed({ account, idToken, expiresAt, renewal });
}
