/** Things that look like secrets, put together here so that no file holds one that a scanner would report. */

const digits = '0123456789abcdef';

/** A well-formed raw key that no server knows: `omi_dev_0123…cdef`. */
export const rawDevKey = `omi_dev_${digits.repeat(2)}`;
export const rawMcpKey = `omi_mcp_${digits.repeat(2)}`;

/** The 32 digits of {@link rawDevKey}, which nothing shown may hold. */
export const rawDigits = digits.repeat(2);

/** Any claims as a JWT; the signature is arbitrary, or empty as the Auth emulator has it. */
export function jwt(claims: unknown, signature = 'c2lnbmF0dXJlLW9mLWEtdGVzdA'): string {
  return `${base64Url({ alg: 'RS256', typ: 'JWT' })}.${base64Url(claims)}.${signature}`;
}

/** The claims of a Firebase ID token; `exp` in seconds. */
export function firebaseClaims(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    iss: 'https://securetoken.google.com/based-hardware',
    aud: 'based-hardware',
    sub: 'uid-of-ada',
    user_id: 'uid-of-ada',
    email: 'ada@example.com',
    name: 'Ada Lovelace',
    exp: 2_000_000_000,
    ...changes,
  };
}

/** Like the refresh tokens of Google's service. */
export const refreshToken = `AMf-${'vBxQ7_z-'.repeat(8)}`;

function base64Url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
