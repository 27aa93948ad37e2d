import { EventEmitter, type Event } from 'cockatiel';
import type { OmiFailure } from '../omi/errors';
import type { EndingCode, FirebaseTokens } from '../omi/firebase';
import { fail, succeed, type Result } from '../omi/result';
import { renewed, type Account, type Session } from './session';
import { SessionStore, type VaultTrouble } from './sessionStore';
import type { Vault } from './vault';

/** Who is signed in, as one value. */
export type SessionState =
  | { readonly kind: 'signedOut' }
  | { readonly kind: 'signingIn' }
  /** `until`: when a pasted token ends, in milliseconds since the epoch; undefined for a session that renews itself. */
  | { readonly kind: 'signedIn'; readonly account: Account; readonly until: number | undefined }
  | { readonly kind: 'expired'; readonly account: Account; readonly reason: EndReason };

/** `lapsed`: a pasted token's time is over; `refused`: Omi does not accept it; else Firebase's word. */
export type EndReason = 'lapsed' | 'refused' | EndingCode;

/** What a request is sent with. */
export interface Bearer {
  readonly token: string;
  readonly account: Account;
}

export type RenewalFailure = { readonly kind: 'sessionOver'; readonly code: EndingCode } | OmiFailure;

/** Remembers, outside the vault and without any secret, which accounts the vault should still know. */
export interface SignInMarker {
  read(): readonly string[];
  write(accountIds: readonly string[]): void;
}

export interface SessionsParts {
  readonly vault: Vault;
  readonly marker: SignInMarker;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Trades a refresh token for new tokens; sent once for each call. */
  readonly renew: (refreshToken: string) => Promise<Result<FirebaseTokens, RenewalFailure>>;
  /** Waits; milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
  /** Acts after so many milliseconds, unless disposed before. */
  readonly after: (ms: number, act: () => void) => { dispose(): void };
}

/** Pauses in which another window, which used the same refresh token first, gets to store the new one; milliseconds. */
const otherWindowPauses: readonly number[] = [100, 300, 800, 2000];

/** After a renewal failed in a passing way, a token that is still live is used for so long before the next; milliseconds. */
const pauseAfterFailure = 30_000;

/** The signed-in accounts and their sessions: one owner, kept in the vault, the same in every window. */
export class Sessions {
  readonly #parts: SessionsParts;
  readonly #store: SessionStore;
  readonly #changes = new EventEmitter<SessionState>();
  readonly #ends = new EventEmitter<{ readonly account: Account; readonly reason: EndReason }>();
  readonly #watch: { dispose(): void };
  /** The account in use first. */
  #sessions: readonly Session[] = [];
  /** Sessions that have ended although the vault has them: the token that ended, and why. */
  readonly #ended = new Map<string, { readonly token: string; readonly reason: EndReason }>();
  readonly #renewals = new Map<string, Promise<Result<Session>>>();
  /** When a renewal last failed in a passing way, by account; a live token is used meanwhile. */
  readonly #failedAt = new Map<string, number>();
  /** Accounts that were signed out here and that the vault did not let go. */
  readonly #leftBehind = new Set<string>();
  /** ID tokens, by account, that the vault may still have although they were signed out or renewed here. */
  readonly #outdated = new Map<string, Set<string>>();
  #attempts = 0;
  #told = '';
  #timer: { dispose(): void } | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #isLoaded = false;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#store = new SessionStore(parts.vault);
    this.onDidMeetTrouble = this.#store.onDidMeetTrouble;
    this.#watch = this.#store.onDidChange(() => void this.load());
  }

  /** Tells of every change of {@link state} or {@link accounts}, whichever window made it. */
  readonly onDidChange: Event<SessionState> = this.#changes.addListener;
  /** Tells once when a session has ended for good and nobody asked for it. */
  readonly onDidEnd: Event<{ readonly account: Account; readonly reason: EndReason }> =
    this.#ends.addListener;
  /** Tells of a vault that is damaged, refuses or forgets. */
  readonly onDidMeetTrouble: Event<VaultTrouble>;

  get state(): SessionState {
    const session = this.#sessions[0];
    if (!session) return { kind: this.#attempts > 0 ? 'signingIn' : 'signedOut' };
    const { account } = session;
    const reason = this.#endOf(session);
    if (reason) return this.#attempts > 0 ? { kind: 'signingIn' } : { kind: 'expired', account, reason };
    return { kind: 'signedIn', account, until: session.renewal ? undefined : session.expiresAt };
  }

  /** The account in use, also when its session has expired. */
  get account(): Account | undefined {
    return this.#sessions[0]?.account;
  }

  /** All accounts that are signed in, the one in use first. */
  get accounts(): readonly Account[] {
    return this.#sessions.map(({ account }) => account);
  }

  /** Reads the vault and takes over what it holds. Never rejects: what cannot be read means signed out, and is told. */
  load(): Promise<void> {
    return this.#inTurn(async () => {
      const stored = await this.#store.readAll();
      // A vault that cannot be read now is no reason to lose the sessions in hand.
      if (stored.ok) this.#sessions = stored.value.flatMap((session) => this.#newerOf(session) ?? []);
      for (const { account, idToken } of this.#sessions) {
        if (this.#ended.get(account.id)?.token !== idToken) this.#ended.delete(account.id);
      }
      if (!this.#isLoaded && stored.ok) {
        const known = new Set(this.accounts.map(({ id }) => id));
        const isForgotten = (id: string): boolean => !known.has(id) && !this.#store.isDamaged(id);
        if (this.#parts.marker.read().some(isForgotten)) this.#store.tell({ kind: 'forgot' });
        this.#parts.marker.write([...known]);
      }
      this.#isLoaded = true;
      this.#tell();
    });
  }

  /** Runs a sign-in attempt; {@link state} is `signingIn` meanwhile, unless somebody is signed in already. */
  async whileSigningIn<T>(attempt: () => Promise<T>): Promise<T> {
    this.#attempts += 1;
    this.#tell();
    try {
      return await attempt();
    } finally {
      this.#attempts -= 1;
      this.#tell();
    }
  }

  /** Keeps a session and puts its account into use. Fails when the vault cannot store; then nothing has changed. */
  signIn(session: Session): Promise<Result<void, VaultTrouble>> {
    return this.#inTurn(async () => {
      const { id } = session.account;
      const others = this.#sessions.filter(({ account }) => account.id !== id);
      const kept = await this.#store.write(session);
      if (!kept.ok) return kept;
      const ordered = await this.#store.writeOrder([id, ...others.map(({ account }) => account.id)]);
      if (!ordered.ok) {
        const before = this.#find(id);
        await (before ? this.#store.write(before) : this.#store.delete(id));
        return ordered;
      }
      this.#leftBehind.delete(id);
      this.#outdated.delete(id);
      this.#ended.delete(id);
      this.#take([session, ...others]);
      return succeed(undefined);
    });
  }

  /** Puts another signed-in account into use, in every window. Unknown ids change nothing. */
  use(accountId: string): Promise<Result<void, VaultTrouble>> {
    return this.#inTurn(async () => {
      const chosen = this.#sessions.filter(({ account }) => account.id === accountId);
      if (chosen.length === 0) return succeed(undefined);
      const ordered = [...chosen, ...this.#sessions.filter(({ account }) => account.id !== accountId)];
      const kept = await this.#store.writeOrder(ordered.map(({ account }) => account.id));
      if (!kept.ok) return kept;
      this.#take(ordered);
      return succeed(undefined);
    });
  }

  /**
   * Forgets a session, here and in the vault. It is out of use even when the vault refuses; the next sign-out then
   * tries again.
   */
  signOut(accountId: string | undefined = this.account?.id): Promise<Result<void, VaultTrouble>> {
    // Out of use at once: a renewal under way must find itself signed out, whatever the vault is busy with.
    const leaving = this.#find(accountId);
    if (leaving) this.#outdate(leaving);
    this.#take(this.#sessions.filter((session) => session !== leaving));
    return this.#inTurn(async () => {
      this.#take(this.#sessions.filter(({ account }) => account.id !== accountId));
      if (accountId !== undefined) this.#leftBehind.add(accountId);
      const gone: string[] = [];
      let refused: Result<void, VaultTrouble> = succeed(undefined);
      for (const id of this.#leftBehind) {
        // The secret first: whatever fails after it, the token is gone.
        const deleted = await this.#store.delete(id);
        if (deleted.ok) gone.push(id);
        else refused = deleted;
        this.#ended.delete(id);
      }
      const ordered = await this.#store.writeOrder(this.accounts.map(({ id }) => id));
      for (const id of gone) {
        // Another window may have stored a renewed session before it could know.
        await this.#store.deleteUnlisted(id);
        this.#leftBehind.delete(id);
        this.#outdated.delete(id);
      }
      return refused.ok ? ordered : refused;
    });
  }

  /** The token of an account as it is, perhaps out of date; for showing that there is a session. */
  storedToken(accountId: string): string | undefined {
    return this.#find(accountId)?.idToken;
  }

  /**
   * What to send a request with: renewed when its time is near. `unauthenticated` when nobody is signed in or the
   * session has ended; the failure of a renewal only when the old token is of no use any more.
   */
  async bearer(accountId: string | undefined = this.account?.id): Promise<Result<Bearer>> {
    const session = this.#find(accountId);
    if (!session || this.#endOf(session)) return this.#tellEnded();
    if (!session.renewal || this.#parts.now() < session.renewal.dueAt) return succeed(bearerOf(session));
    const failedAt = this.#failedAt.get(session.account.id) ?? -Infinity;
    const hasJustFailed = this.#parts.now() - failedAt < pauseAfterFailure;
    if (hasJustFailed && this.#isLive(session)) return succeed(bearerOf(session));
    const fresh = await this.#renewOnce(session);
    if (fresh.ok) return succeed(bearerOf(fresh.value));
    const inHand = this.#find(accountId);
    return inHand && this.#isLive(inHand) ? succeed(bearerOf(inHand)) : fresh;
  }

  /**
   * What to try again with after Omi refused a bearer: a renewed token; the same one when it cannot be renewed, because
   * Omi refuses also for a passing hiccup.
   */
  async bearerAfterRefusal(refused: Bearer): Promise<Result<Bearer>> {
    const session = this.#find(refused.account.id);
    if (!session || this.#endOf(session)) return this.#tellEnded();
    if (session.idToken !== refused.token || !session.renewal) return succeed(bearerOf(session));
    const fresh = await this.#renewOnce(session);
    return fresh.ok ? succeed(bearerOf(fresh.value)) : fresh;
  }

  /** Whether an account is still the one in use: what came for another is to be dropped. */
  isInUse(account: Account): boolean {
    return this.account?.id === account.id;
  }

  /** Whether an account is signed in, in use or not, also when its session has expired. */
  isSignedIn(accountId: string): boolean {
    return this.#find(accountId) !== undefined;
  }

  /** Notes that Omi refused a bearer for good, which ends its session in this window. */
  refuse(bearer: Bearer): void {
    const session = this.#find(bearer.account.id);
    if (session?.idToken === bearer.token) this.#end(session, 'refused');
  }

  dispose(): void {
    this.#watch.dispose();
    this.#timer?.dispose();
  }

  #find(accountId: string | undefined): Session | undefined {
    return this.#sessions.find(({ account }) => account.id === accountId);
  }

  #endOf(session: Session): EndReason | undefined {
    const ended = this.#ended.get(session.account.id);
    if (ended?.token === session.idToken) return ended.reason;
    return !session.renewal && session.expiresAt <= this.#parts.now() ? 'lapsed' : undefined;
  }

  /** The timer that tells of a lapse is late where the machine slept. */
  #tellEnded(): Result<never> {
    this.#tell();
    return fail({ kind: 'unauthenticated' });
  }

  #isLive(session: Session): boolean {
    return this.#parts.now() < session.expiresAt && !this.#endOf(session);
  }

  #outdate({ account, idToken }: Session): void {
    this.#outdated.set(account.id, new Set(this.#outdated.get(account.id)).add(idToken));
  }

  /** What the vault has of an account, unless this window knows better: then what is in hand, if anything. */
  #newerOf(stored: Session): Session | undefined {
    const { account, idToken } = stored;
    return this.#outdated.get(account.id)?.has(idToken) ? this.#find(account.id) : stored;
  }

  /** One renewal an account at a time; who comes meanwhile gets its result. */
  #renewOnce(session: Session): Promise<Result<Session>> {
    const { id } = session.account;
    const running = this.#renewals.get(id);
    if (running) return running;
    const renewal = this.#renew(session).finally(() => this.#renewals.delete(id));
    this.#renewals.set(id, renewal);
    return renewal;
  }

  async #renew(session: Session): Promise<Result<Session>> {
    const { id } = session.account;
    const newest = await this.#readNewest(session);
    if (!newest) return fail({ kind: 'unauthenticated' });
    if (newest !== session && newest.renewal && this.#parts.now() < newest.renewal.dueAt)
      return succeed(newest);
    if (!newest.renewal) return this.#isLive(newest) ? succeed(newest) : fail({ kind: 'unauthenticated' });

    const tokens = await this.#parts.renew(newest.renewal.refreshToken);
    if (!this.#find(id)) return fail({ kind: 'cancelled' });
    if (tokens.ok) return this.#keepRenewed(newest, renewed(newest, tokens.value, this.#parts.now()));
    if (tokens.failure.kind !== 'sessionOver') {
      this.#failedAt.set(id, this.#parts.now());
      return fail(tokens.failure);
    }

    const others = await this.#awaitOtherWindow(newest);
    if (others) return succeed(others);
    if (!this.#find(id)) return fail({ kind: 'cancelled' });
    this.#end(newest, tokens.failure.code);
    return fail({ kind: 'unauthenticated' });
  }

  /** The session as the vault has it now, which another window may have renewed, or deleted. */
  #readNewest(session: Session): Promise<Session | undefined> {
    return this.#inTurn(async () => {
      const stored = await this.#store.read(session.account.id);
      const inHand = this.#find(session.account.id);
      if (!inHand) return undefined;
      // A vault that cannot be read now is no reason to lose the session that is in hand.
      if (!stored.ok) return inHand;
      if (stored.value === undefined) {
        this.#take(this.#sessions.filter(({ account }) => account.id !== session.account.id));
        return undefined;
      }
      const newest = this.#newerOf(stored.value) ?? inHand;
      if (isSame(newest, session)) return session;
      this.#replace(newest);
      return newest;
    });
  }

  #keepRenewed(before: Session, session: Session): Promise<Result<Session>> {
    return this.#inTurn(async () => {
      const { id } = session.account;
      const stored = await this.#store.read(id);
      const inHand = this.#find(id);
      const isSignedOut = !inHand || (stored.ok && stored.value === undefined);
      if (isSignedOut) return fail<OmiFailure>({ kind: 'cancelled' });
      // Somebody signed in anew meanwhile, or another window was first: that session stays.
      if (!isSame(inHand, before)) return succeed(inHand);
      this.#replace(session);
      const kept = await this.#store.write(session);
      // A vault that refuses is told by the store; the session in hand goes on for as long as this window.
      if (!kept.ok) this.#outdate(before);
      else if (await this.#store.deleteUnlisted(id)) {
        // Signed out in another window while this one was storing.
        this.#take(this.#sessions.filter(({ account }) => account.id !== id));
        return fail<OmiFailure>({ kind: 'cancelled' });
      }
      return succeed(session);
    });
  }

  /** A refresh token that was used up may just mean that another window was first and has not stored yet. */
  async #awaitOtherWindow(used: Session): Promise<Session | undefined> {
    for (const ms of otherWindowPauses) {
      await this.#parts.pause(ms);
      const newest = await this.#readNewest(used);
      if (!newest) return undefined;
      if (newest.renewal?.refreshToken !== used.renewal?.refreshToken) return newest;
    }
    return undefined;
  }

  #end(session: Session, reason: EndReason): void {
    const { account, idToken } = session;
    if (this.#ended.get(account.id)?.token === idToken) return;
    this.#ended.set(account.id, { token: idToken, reason });
    this.#ends.emit({ account, reason });
    this.#tell();
  }

  #replace(session: Session): void {
    this.#take(this.#sessions.map((one) => (one.account.id === session.account.id ? session : one)));
  }

  #take(sessions: readonly Session[]): void {
    this.#sessions = sessions;
    if (this.#isLoaded) this.#parts.marker.write(this.accounts.map(({ id }) => id));
    this.#tell();
  }

  #tell(): void {
    const { state, accounts } = this;
    this.#timer?.dispose();
    this.#timer = undefined;
    if (state.kind === 'signedIn' && state.until !== undefined) {
      const left = Math.max(0, state.until - this.#parts.now());
      this.#timer = this.#parts.after(left, () => this.#tell());
    }
    const told = JSON.stringify([state, accounts]);
    if (told === this.#told) return;
    this.#told = told;
    this.#changes.emit(state);
  }

  /** One vault operation after the other, so that a load never sees half a sign-in. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** Whether two sessions are of the same tokens; ID tokens of the same second can be the same text. */
function isSame(one: Session, other: Session): boolean {
  return one.idToken === other.idToken && one.renewal?.refreshToken === other.renewal?.refreshToken;
}

function bearerOf({ idToken, account }: Session): Bearer {
  return { token: idToken, account };
}

/**
 * Makes one call in the name of an account: the one in use, unless one is named, which may be any that is signed in. A
 * 401 is met with a renewed token, or one more try of the same; a second one ends the session. A result that comes after
 * a sign-out of the account is dropped as `cancelled`; so is, where no account was named, one that comes after a change
 * of account. Nobody is ever asked to sign in from here.
 */
export async function callAuthorized<T>(
  sessions: Sessions,
  call: (bearer: Bearer) => Promise<Result<T>>,
  accountId?: string,
): Promise<Result<T>> {
  const isStill = ({ account }: Bearer): boolean =>
    accountId === undefined ? sessions.isInUse(account) : sessions.isSignedIn(accountId);
  const bearer = await sessions.bearer(accountId);
  if (!bearer.ok) return bearer;
  if (!isStill(bearer.value)) return fail<OmiFailure>({ kind: 'cancelled' });
  let result = await call(bearer.value);
  if (isRefusal(result) && isStill(bearer.value)) {
    const again = await sessions.bearerAfterRefusal(bearer.value);
    if (!again.ok) return again;
    result = await call(again.value);
    if (isRefusal(result)) sessions.refuse(again.value);
  }
  return isStill(bearer.value) ? result : fail<OmiFailure>({ kind: 'cancelled' });
}

function isRefusal(result: Result<unknown>): boolean {
  return !result.ok && result.failure.kind === 'unauthenticated';
}
