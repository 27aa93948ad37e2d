import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { accountOfUid, accounts, type AccountName } from './accounts';

/** The Firebase project that the sandbox plays. */
export const sandboxProject = 'omi-sandbox';

export interface TokenOptions {
  /** Seconds until it expires; negative = expired already. 3600 when left out. */
  lifetimeSeconds?: number;
  /** Another Firebase project: such a token is refused. */
  project?: string;
  /** Claims to add or to overwrite. */
  claims?: Record<string, unknown>;
}

/** Makes and checks ID tokens that look like Firebase's, signed with a secret of this instance. */
export class IdTokens {
  private readonly secret = randomBytes(32);

  constructor(private readonly now: () => number) {}

  /** A signed JWT for the account. */
  sign(account: AccountName, options: TokenOptions = {}): string {
    const seconds = Math.floor(this.now() / 1000);
    const lifetime = options.lifetimeSeconds ?? 3600;
    const issuedAt = seconds + Math.min(0, lifetime - 3600);
    const project = options.project ?? sandboxProject;
    const { uid, email, name } = accounts[account];
    return this.encode({
      name,
      iss: `https://securetoken.google.com/${project}`,
      aud: project,
      auth_time: issuedAt,
      user_id: uid,
      sub: uid,
      iat: issuedAt,
      exp: seconds + lifetime,
      email,
      email_verified: true,
      firebase: {
        identities: { 'google.com': [`sandbox-${account}`], email: [email] },
        sign_in_provider: 'google.com',
      },
      ...options.claims,
    });
  }

  /** Any claims as a JWT with the signature of this instance. */
  encode(claims: Record<string, unknown>): string {
    const head = part({ alg: 'HS256', kid: 'sandbox', typ: 'JWT' });
    const body = part(claims);
    return `${head}.${body}.${this.signature(`${head}.${body}`)}`;
  }

  /** The claims of a token that this instance signed, or null. Says nothing about its expiry or audience. */
  decode(token: string): Record<string, unknown> | null {
    const [head, body, signature, ...rest] = token.split('.');
    if (head === undefined || body === undefined || signature === undefined || rest.length > 0) return null;
    const expected = Buffer.from(this.signature(`${head}.${body}`));
    const given = Buffer.from(signature);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return null;
    const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString());
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : null;
  }

  /** The account that this bearer signs in now, or null: forged, expired, of another project, of nobody. */
  accountOf(token: string): AccountName | null {
    const claims = this.decode(token);
    if (claims?.['aud'] !== sandboxProject) return null;
    if (claims['iss'] !== `https://securetoken.google.com/${sandboxProject}`) return null;
    if (typeof claims['exp'] !== 'number' || claims['exp'] * 1000 <= this.now()) return null;
    return accountOfUid(claims['sub']);
  }

  private signature(text: string): string {
    return createHmac('sha256', this.secret).update(text).digest('base64url');
  }
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
