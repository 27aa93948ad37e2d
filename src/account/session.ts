import * as v from 'valibot';
import { fail, succeed, type Result } from '../omi/result';
import type { IdTokenClaims } from './idToken';

/** Who is signed in, as shown to the person. */
export interface Account {
  /** Firebase's user id. */
  readonly id: string;
  /** Email address, else name, else the id. */
  readonly label: string;
}

/** One account's session, as kept in the vault. */
export interface Session {
  readonly account: Account;
  readonly idToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const storedSession = v.object({
  version: v.literal(1),
  account: v.object({ id: v.pipe(v.string(), v.nonEmpty()), label: v.string() }),
  idToken: v.pipe(v.string(), v.nonEmpty()),
  expiresAt: v.number(),
});

/** A session of a token that was read with `readPastedToken`. */
export function sessionOfToken(token: string, claims: IdTokenClaims): Session {
  return { account: accountOf(claims), idToken: token, expiresAt: claims.expiresAt };
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
  const { account, idToken, expiresAt } = parsed.output;
  return succeed({ account, idToken, expiresAt });
}
