import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { accountOfUid, accounts, type AccountName } from './accounts';
import { sandboxProject, type IdTokens } from './idTokens';

export type Provider = 'google' | 'apple';

/** What the authorize route keeps of a sign-in until the person decides. */
export interface Attempt {
  readonly provider: Provider;
  readonly redirectUri: string;
  readonly state: string | null;
  readonly codeChallenge: string;
}

/** What the token route is given beside the code. */
export interface Redemption {
  readonly redirectUri: string;
  readonly codeVerifier: string | null;
}

/** A Firebase session, as the client holds it. */
export interface SandboxSession {
  readonly idToken: string;
  readonly refreshToken: string;
}

/** What Firebase thinks of an account. */
export type AccountStanding = 'active' | 'disabled' | 'deleted';

export type RefreshFailure = 'INVALID_REFRESH_TOKEN' | 'TOKEN_EXPIRED' | 'USER_DISABLED' | 'USER_NOT_FOUND';

interface Pending<T> {
  readonly value: T;
  readonly until: number;
}

interface RefreshToken {
  readonly account: AccountName;
  revoked: boolean;
  /** The moment from which it is refused because a newer one took its place. */
  replacedFrom: number;
}

const attemptLifeMs = 300_000;
const codeLifeMs = 300_000;
const customTokenSeconds = 3600;
const customTokenAudience =
  'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit';

/** Everything that a sign-in leaves behind on the server: attempts, codes, refresh tokens. */
export class SignInDesk {
  /** How long ID tokens of a sign-in or refresh live, in seconds. */
  idTokenSeconds: number;
  /** How long a refresh token still works after a newer one took its place, in milliseconds. */
  refreshGraceMs: number;
  /** How many custom tokens became sessions. */
  firebaseSignIns = 0;

  private attempts = new Map<string, Pending<Attempt>>();
  private codes = new Map<string, Pending<{ account: AccountName; attempt: Attempt }>>();
  private refreshTokensKnown = new Map<string, RefreshToken>();
  private standing = new Map<AccountName, AccountStanding>();

  constructor(
    private readonly tokens: IdTokens,
    private readonly now: () => number,
    private readonly initial: { idTokenSeconds: number; refreshGraceMs: number },
  ) {
    this.idTokenSeconds = initial.idTokenSeconds;
    this.refreshGraceMs = initial.refreshGraceMs;
  }

  reset(): void {
    this.attempts.clear();
    this.codes.clear();
    this.refreshTokensKnown.clear();
    this.standing.clear();
    this.firebaseSignIns = 0;
    this.idTokenSeconds = this.initial.idTokenSeconds;
    this.refreshGraceMs = this.initial.refreshGraceMs;
  }

  /** Keeps an attempt for 300 s and gives its id. */
  begin(attempt: Attempt): string {
    const id = randomUUID();
    this.attempts.set(id, { value: attempt, until: this.now() + attemptLifeMs });
    return id;
  }

  /** The attempt, once: null when it is unknown, decided or expired. */
  decide(id: string): Attempt | null {
    return this.takeFrom(this.attempts, id);
  }

  /** A code that the token route takes once within 300 s. */
  issueCode(account: AccountName, attempt: Attempt): string {
    const code = randomUUID();
    this.codes.set(code, { value: { account, attempt }, until: this.now() + codeLifeMs });
    return code;
  }

  /** Takes a code, which is burnt by it whatever comes out. Gives who signs in, or the reason of the refusal. */
  redeem(code: string, { redirectUri, codeVerifier }: Redemption) {
    const found = this.takeFrom(this.codes, code);
    if (!found) return 'Invalid or expired code';
    if (found.attempt.redirectUri !== redirectUri) return 'redirect_uri does not match';
    if (codeVerifier === null) return 'code_verifier is required';
    if (!/^[A-Za-z0-9\-._~]{43,128}$/.test(codeVerifier)) return 'Invalid code_verifier';
    const challenge = createHash('sha256').update(codeVerifier).digest('base64url');
    return challenge === found.attempt.codeChallenge
      ? { account: found.account, provider: found.attempt.provider }
      : 'Invalid code_verifier';
  }

  /** A token that Firebase changes into a session. */
  customToken(account: AccountName): string {
    const seconds = Math.floor(this.now() / 1000);
    const issuer = `firebase-adminsdk@${sandboxProject}.iam.gserviceaccount.com`;
    return this.tokens.encode({
      iss: issuer,
      sub: issuer,
      aud: customTokenAudience,
      uid: accounts[account].uid,
      iat: seconds,
      exp: seconds + customTokenSeconds,
    });
  }

  /** Whom a custom token speaks for, or null: forged, expired, or no custom token at all. */
  accountOfCustomToken(token: string): AccountName | null {
    const claims = this.tokens.decode(token);
    if (claims?.['aud'] !== customTokenAudience) return null;
    if (typeof claims['exp'] !== 'number' || claims['exp'] * 1000 <= this.now()) return null;
    return accountOfUid(claims['uid']);
  }

  /** A new session of the account, beside those it has. */
  openSession(account: AccountName): SandboxSession {
    const refreshToken = randomBytes(48).toString('base64url');
    this.refreshTokensKnown.set(refreshToken, { account, revoked: false, replacedFrom: Infinity });
    return { idToken: this.tokens.sign(account, { lifetimeSeconds: this.idTokenSeconds }), refreshToken };
  }

  /** Changes a refresh token into a new session; the old token is refused once the grace is over. */
  refresh(refreshToken: string): { account: AccountName; session: SandboxSession } | RefreshFailure {
    const known = this.refreshTokensKnown.get(refreshToken);
    if (!known) return 'INVALID_REFRESH_TOKEN';
    const standing = this.standingOf(known.account);
    if (standing === 'deleted') return 'USER_NOT_FOUND';
    if (standing === 'disabled') return 'USER_DISABLED';
    if (known.revoked) return 'TOKEN_EXPIRED';
    if (known.replacedFrom <= this.now()) return 'INVALID_REFRESH_TOKEN';
    known.replacedFrom = Math.min(known.replacedFrom, this.now() + this.refreshGraceMs);
    return { account: known.account, session: this.openSession(known.account) };
  }

  /** The refresh tokens of the account that work now, oldest first. */
  refreshTokens(account: AccountName): string[] {
    const now = this.now();
    return [...this.refreshTokensKnown]
      .filter(([, known]) => known.account === account && !known.revoked && known.replacedFrom > now)
      .map(([token]) => token);
  }

  /** Whom a refresh token belongs to, working or not. */
  accountOfRefreshToken(refreshToken: string): AccountName | null {
    return this.refreshTokensKnown.get(refreshToken)?.account ?? null;
  }

  /** Ends every session of the account: its refresh tokens answer TOKEN_EXPIRED. ID tokens live on until they expire. */
  revokeSessions(account: AccountName): void {
    for (const known of this.refreshTokensKnown.values()) if (known.account === account) known.revoked = true;
  }

  standingOf(account: AccountName): AccountStanding {
    return this.standing.get(account) ?? 'active';
  }

  setStanding(account: AccountName, standing: AccountStanding): void {
    this.standing.set(account, standing);
  }

  private takeFrom<T>(shelf: Map<string, Pending<T>>, id: string): T | null {
    const found = shelf.get(id);
    shelf.delete(id);
    return found && found.until > this.now() ? found.value : null;
  }
}
