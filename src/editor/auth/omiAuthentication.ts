import { authentication, Disposable, EventEmitter, l10n } from 'vscode';
import type {
  AuthenticationProvider,
  AuthenticationProviderAuthenticationSessionsChangeEvent,
  AuthenticationProviderSessionOptions,
  AuthenticationSession,
} from 'vscode';
import type { Account } from '../../account/session';
import type { Sessions } from '../../account/sessions';
import { fail, succeed, type Result } from '../../omi/result';
import { wordsForFailure } from '../failures';

/** The id under which other extensions ask VS Code for an Omi session. */
export const providerId = 'omi';

export interface OmiAuthenticationParts {
  readonly sessions: Sessions;
  /** Resolves when the vault has been read for the first time. */
  readonly loaded: Promise<void>;
  /** Signs in with the person; undefined when they gave up. */
  readonly signIn: () => Promise<Account | undefined>;
}

/** Omi's accounts in VS Code's Accounts menu. Who gets a session is for VS Code and the person to decide. */
export class OmiAuthentication implements AuthenticationProvider {
  readonly #parts: OmiAuthenticationParts;
  readonly #changes = new EventEmitter<AuthenticationProviderAuthenticationSessionsChangeEvent>();
  readonly #disposables: Disposable;
  /** The accounts that VS Code has been told of. */
  #told: readonly Account[] = [];
  readonly onDidChangeSessions = this.#changes.event;

  constructor(parts: OmiAuthenticationParts) {
    this.#parts = parts;
    const watch = parts.sessions.onDidChange(() => this.#tell());
    this.#disposables = Disposable.from(
      this.#changes,
      new Disposable(() => watch.dispose()),
      authentication.registerAuthenticationProvider(providerId, 'Omi', this, {
        supportsMultipleAccounts: true,
      }),
    );
  }

  /**
   * All sessions. Without scopes VS Code only draws its menu, and no token is renewed for that; with scopes somebody
   * is about to use one. Throws when none can be given although somebody may be signed in.
   */
  async getSessions(
    scopes: readonly string[] | undefined,
    { account }: AuthenticationProviderSessionOptions,
  ): Promise<AuthenticationSession[]> {
    const { sessions, loaded } = this.#parts;
    await loaded;
    const wanted = sessions.accounts.filter(({ id }) => account === undefined || account.id === id);
    const results = await Promise.all(wanted.map((one) => this.#sessionOf(one, scopes)));
    if (account === undefined) this.#told = sessions.accounts;
    const found = results.flatMap((result) => (result.ok ? [result.value] : []));
    if (found.length === 0) results.forEach(throwIfInDoubt);
    return found;
  }

  async createSession(scopes: readonly string[]): Promise<AuthenticationSession> {
    const account = await this.#parts.signIn();
    const session = account && (await this.#sessionOf(account, scopes));
    if (session?.ok) return session.value;
    if (session) throwIfInDoubt(session);
    // VS Code takes a missing session for an error of its own; this is the word it knows for a person's cancel.
    throw new Error(l10n.t('Sign-in to Omi was cancelled.'));
  }

  async removeSession(sessionId: string): Promise<void> {
    const removed = await this.#parts.sessions.signOut(sessionId);
    if (!removed.ok) throw new Error(l10n.t('VS Code could not delete the session from its secret storage.'));
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  async #sessionOf(
    account: Account,
    scopes: readonly string[] | undefined,
  ): Promise<Result<AuthenticationSession>> {
    const { sessions } = this.#parts;
    if (scopes !== undefined) {
      const bearer = await sessions.bearer(account.id);
      return bearer.ok ? succeed({ ...describe(account), accessToken: bearer.value.token, scopes }) : bearer;
    }
    const accessToken = sessions.storedToken(account.id);
    return accessToken === undefined
      ? fail({ kind: 'unauthenticated' })
      : succeed({ ...describe(account), accessToken, scopes: [] });
  }

  #tell(): void {
    const now = this.#parts.sessions.accounts;
    const without = (accounts: readonly Account[], others: readonly Account[]): AuthenticationSession[] =>
      accounts
        .filter(({ id }) => !others.some((other) => other.id === id))
        .map((account) => ({ ...describe(account), accessToken: '', scopes: [] }));
    const added = without(now, this.#told);
    const removed = without(this.#told, now);
    this.#told = now;
    if (added.length > 0 || removed.length > 0) this.#changes.fire({ added, removed, changed: [] });
  }
}

/** "No session" means signed out to whoever asks, so what hides one for now is an error; a cancel is silent. */
function throwIfInDoubt(result: Result<AuthenticationSession>): void {
  if (result.ok || result.failure.kind === 'unauthenticated') return;
  const words = wordsForFailure(result.failure);
  if (words) throw new Error(words.sentence);
}

function describe({ id, label }: Account): Pick<AuthenticationSession, 'id' | 'account'> {
  return { id, account: { id, label } };
}
