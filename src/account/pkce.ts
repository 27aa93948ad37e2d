import { createHash, randomBytes } from 'node:crypto';

/** The secrets of one sign-in attempt (RFC 7636, method S256). */
export interface AttemptSecrets {
  /** 43 characters; stays here until the code is exchanged. */
  readonly verifier: string;
  readonly challenge: string;
  /** Ties what comes back to this attempt. */
  readonly state: string;
}

/** Draws the secrets of an attempt. `random` gives so many bytes; a cryptographic source unless a test says otherwise. */
export function createSecrets(random: (size: number) => Buffer = randomBytes): AttemptSecrets {
  const verifier = random(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  return { verifier, challenge, state: random(32).toString('base64url') };
}
