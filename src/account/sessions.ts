import { EventEmitter, type Event } from 'cockatiel';
import * as v from 'valibot';
import type { OmiFailure } from '../omi/errors';
import { redact } from '../omi/redact';
import { fail, succeed, type Result } from '../omi/result';
import { decodeSession, encodeSession, type Account, type Session } from './session';
import type { Vault } from './vault';

/** Who is signed in, as one value. */
export type SessionState =
  | { readonly kind: 'signedOut' }
  | { readonly kind: 'signingIn' }
  | { readonly kind: 'signedIn'; readonly account: Account; readonly expiresAt: number }
  /** `lapsed`: its time is over; `refused`: Omi does not accept it any more. */
  | { readonly kind: 'expired'; readonly account: Account; readonly reason: 'lapsed' | 'refused' };

/** What a request is sent with. */
export interface Bearer {
  readonly token: string;
  readonly account: Account;
}

/** Something about the vault that the person should know. Never holds what the vault held. */
export type VaultTrouble =
  | { readonly kind: 'damaged'; readonly entry: string; readonly field: string }
  | { readonly kind: 'unavailable'; readonly during: 'read' | 'store' | 'delete'; readonly message: string };

const accountsEntry = 'omi.accounts';
const sessionEntry = (accountId: string): string => `omi.session.${accountId}`;

const storedAccounts = v.object({ version: v.literal(1), ids: v.array(v.string()) });

/**
 * The signed-in account and its secret: one owner, kept in the vault, the same in every window. The newest account
 * signed in is the one in use.
 */
export class Sessions {
  readonly #vault: Vault;
  readonly #now: () => number;
  readonly #changes = new EventEmitter<SessionState>();
  readonly #troubles = new EventEmitter<VaultTrouble>();
  readonly #watch: { dispose(): void };
  #session: Session | undefined;
  /** A token that Omi refused twice; it is not sent again. */
  #refusedToken: string | undefined;
  /** How many sign-in attempts are under way. */
  #attempts = 0;
  /** A session signed out here that the vault did not let go. */
  #leftBehind: Session | undefined;
  #told = '';
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ vault, now }: { readonly vault: Vault; readonly now: () => number }) {
    this.#vault = vault;
    this.#now = now;
    this.#watch = vault.onDidChange((name) => {
      if (name.startsWith('omi.')) void this.load();
    });
  }

  /** Tells of every change of {@link state}, whichever window made it. */
  readonly onDidChange: Event<SessionState> = this.#changes.addListener;
  /** Tells of a vault that is damaged or refuses. */
  readonly onDidMeetTrouble: Event<VaultTrouble> = this.#troubles.addListener;

  get state(): SessionState {
    return this.#attempts > 0 ? { kind: 'signingIn' } : this.#settled;
  }

  get #settled(): SessionState {
    const session = this.#session;
    if (!session) return { kind: 'signedOut' };
    const { account, expiresAt } = session;
    if (expiresAt <= this.#now()) return { kind: 'expired', account, reason: 'lapsed' };
    if (session.idToken === this.#refusedToken) return { kind: 'expired', account, reason: 'refused' };
    return { kind: 'signedIn', account, expiresAt };
  }

  /** The account in use, also when its session has expired. */
  get account(): Account | undefined {
    return this.#session?.account;
  }

  /** Reads the vault and takes over what it holds. Never rejects: a damaged entry means signed out, and is told. */
  load(): Promise<void> {
    return this.#inTurn(async () => {
      const kept = await this.#readSession();
      this.#session = kept?.idToken === this.#leftBehind?.idToken ? undefined : kept;
      this.#tell();
    });
  }

  /** Runs a sign-in attempt; {@link state} is `signingIn` for as long as it lasts. */
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

  /** Keeps a session and puts it into use. Fails when the vault cannot store; then nothing has changed. */
  signIn(session: Session): Promise<Result<void, VaultTrouble>> {
    return this.#inTurn(async () => {
      const current = this.#session;
      const previous = current ?? this.#leftBehind;
      const entry = sessionEntry(session.account.id);
      try {
        await this.#vault.store(entry, encodeSession(session));
        await this.#vault.store(accountsEntry, JSON.stringify({ version: 1, ids: [session.account.id] }));
      } catch (error) {
        const back =
          current?.account.id === session.account.id
            ? this.#vault.store(entry, encodeSession(current))
            : this.#vault.delete(entry);
        await back.catch(() => undefined);
        return fail(this.#unavailable('store', error));
      }
      this.#session = session;
      this.#refusedToken = undefined;
      this.#leftBehind = undefined;
      this.#tell();
      if (previous && previous.account.id !== session.account.id) {
        // Only the account in use has its secret kept. A refusal is told, and the sign-in stands.
        try {
          await this.#vault.delete(sessionEntry(previous.account.id));
        } catch (error) {
          this.#unavailable('delete', error);
        }
      }
      return succeed(undefined);
    });
  }

  /**
   * Forgets the session, here and in the vault. The session is out of use even when the vault refuses; the next
   * sign-out then tries again.
   */
  signOut(): Promise<Result<void, VaultTrouble>> {
    return this.#inTurn(async () => {
      const session = this.#session ?? this.#leftBehind;
      this.#session = undefined;
      this.#leftBehind = session;
      this.#tell();
      if (!session) return succeed(undefined);
      try {
        // The secret first: whatever fails after it, the token is gone.
        await this.#vault.delete(sessionEntry(session.account.id));
        await this.#vault.delete(accountsEntry);
        this.#leftBehind = undefined;
        return succeed(undefined);
      } catch (error) {
        return fail(this.#unavailable('delete', error));
      }
    });
  }

  /** What to send a request with, or `unauthenticated` when nobody is signed in or the session has ended. */
  bearer(): Result<Bearer> {
    const session = this.#session;
    if (!session || this.#settled.kind !== 'signedIn') return fail({ kind: 'unauthenticated' });
    return succeed({ token: session.idToken, account: session.account });
  }

  /** Whether the account of a bearer is still the one in use: what came for another is to be dropped. */
  isCurrent(bearer: Bearer): boolean {
    return this.#session?.account.id === bearer.account.id;
  }

  /** Notes that Omi refused a bearer for good, which ends its session for this window. */
  refuse(bearer: Bearer): void {
    if (this.#session?.idToken !== bearer.token) return;
    this.#refusedToken = bearer.token;
    this.#tell();
  }

  dispose(): void {
    this.#watch.dispose();
  }

  async #readSession(): Promise<Session | undefined> {
    try {
      const index = await this.#vault.get(accountsEntry);
      if (index === undefined) return undefined;
      const accounts = v.safeParse(v.pipe(v.string(), v.parseJson(), storedAccounts), index);
      if (!accounts.success) {
        this.#tellTrouble({ kind: 'damaged', entry: accountsEntry, field: 'entry' });
        return undefined;
      }
      const id = accounts.output.ids[0];
      const text = id === undefined ? undefined : await this.#vault.get(sessionEntry(id));
      if (text === undefined) return undefined;
      const session = decodeSession(text);
      if (session.ok) return session.value;
      this.#tellTrouble({ kind: 'damaged', entry: 'omi.session', field: session.failure.field });
      return undefined;
    } catch (error) {
      this.#unavailable('read', error);
      return undefined;
    }
  }

  #unavailable(during: 'read' | 'store' | 'delete', error: unknown): VaultTrouble {
    const message = error instanceof Error ? error.message : String(error);
    return this.#tellTrouble({ kind: 'unavailable', during, message: redact(message) });
  }

  #tellTrouble(trouble: VaultTrouble): VaultTrouble {
    this.#troubles.emit(trouble);
    return trouble;
  }

  #tell(): void {
    const { state } = this;
    const told = JSON.stringify([state, this.#session?.idToken]);
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

/**
 * Makes one call in the name of the account in use. A 401 is met with one more try, because Omi answers so also for a
 * passing hiccup; a second one ends the session. A result that comes after a sign-out or a change of account is
 * dropped as `cancelled`.
 */
export async function callAuthorized<T>(
  sessions: Sessions,
  call: (bearer: Bearer) => Promise<Result<T>>,
): Promise<Result<T>> {
  const bearer = sessions.bearer();
  if (!bearer.ok) return bearer;
  let result = await call(bearer.value);
  const again = sessions.bearer();
  if (isRefusal(result) && again.ok && sessions.isCurrent(bearer.value)) {
    result = await call(again.value);
    if (isRefusal(result)) sessions.refuse(again.value);
  }
  if (!sessions.isCurrent(bearer.value)) return fail<OmiFailure>({ kind: 'cancelled' });
  return result;
}

function isRefusal(result: Result<unknown>): boolean {
  return !result.ok && result.failure.kind === 'unauthenticated';
}
