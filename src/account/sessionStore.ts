import { EventEmitter, type Event } from 'cockatiel';
import * as v from 'valibot';
import { redact } from '../omi/redact';
import { fail, succeed, type Result } from '../omi/result';
import { decodeSession, encodeSession, type Session } from './session';
import type { Vault } from './vault';

/** Something about the vault that the person should know. Never holds what the vault held. */
export type VaultTrouble =
  | { readonly kind: 'damaged'; readonly entry: string; readonly field: string }
  | { readonly kind: 'unavailable'; readonly during: 'read' | 'store' | 'delete'; readonly message: string }
  /** Somebody was signed in when VS Code closed, and the vault has nothing of it any more. */
  | { readonly kind: 'forgot' };

/** What the vault holds: all sessions, the account in use first. */
export type StoredSessions = readonly Session[];

const accountsEntry = 'omi.accounts';
const sessionPrefix = 'omi.session.';
const storedIds = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ version: v.literal(1), ids: v.array(v.string()) }),
);

/** Sessions in the vault: one secret an account, and the order of the accounts, which is no secret. */
export class SessionStore {
  readonly #vault: Vault;
  readonly #troubles = new EventEmitter<VaultTrouble>();
  /** Damaged entries, which are told once and not at every reading. */
  readonly #damaged = new Set<string>();

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Tells of a vault that is damaged or refuses. */
  readonly onDidMeetTrouble: Event<VaultTrouble> = this.#troubles.addListener;

  /** Tells when an entry of ours changed, whichever window changed it. */
  onDidChange(listener: () => void): { dispose(): void } {
    return this.#vault.onDidChange((name) => {
      if (name === accountsEntry || name.startsWith(sessionPrefix)) listener();
    });
  }

  tell(trouble: VaultTrouble): VaultTrouble {
    this.#troubles.emit(trouble);
    return trouble;
  }

  /** All sessions. Damaged entries are left out and told; fails when the vault refuses. */
  async readAll(): Promise<Result<StoredSessions, VaultTrouble>> {
    const ids = await this.#readIds();
    if (!ids.ok) return ids;
    const sessions: Session[] = [];
    for (const id of ids.value) {
      const session = await this.read(id);
      if (!session.ok) return session;
      if (session.value) sessions.push(session.value);
    }
    return succeed(sessions);
  }

  /** One account's session; undefined when there is none, or a damaged one, which is told. */
  async read(accountId: string): Promise<Result<Session | undefined, VaultTrouble>> {
    const text = await this.#attempt('read', () => this.#vault.get(sessionPrefix + accountId));
    if (!text.ok) return text;
    if (text.value === undefined) return succeed(undefined);
    const session = decodeSession(text.value);
    this.#noteDamage(
      sessionPrefix + accountId,
      'omi.session',
      session.ok ? undefined : session.failure.field,
    );
    return succeed(session.ok ? session.value : undefined);
  }

  /** Keeps a session and reads it back, because a vault without a keyring may take it and lose it. */
  async write(session: Session): Promise<Result<void, VaultTrouble>> {
    const name = sessionPrefix + session.account.id;
    const text = encodeSession(session);
    const kept = await this.#attempt('store', async () => {
      await this.#vault.store(name, text);
      return (await this.#vault.get(name)) === text;
    });
    if (!kept.ok) return kept;
    return kept.value ? succeed(undefined) : fail(this.tell(notKept));
  }

  /** Keeps the order of the accounts, the one in use first. */
  async writeOrder(ids: readonly string[]): Promise<Result<void, VaultTrouble>> {
    return this.#attempt('store', () =>
      this.#vault.store(accountsEntry, JSON.stringify({ version: 1, ids })),
    );
  }

  /** Deletes one account's session. */
  async delete(accountId: string): Promise<Result<void, VaultTrouble>> {
    return this.#attempt('delete', () => this.#vault.delete(sessionPrefix + accountId));
  }

  /**
   * Deletes the session of an account that the list of accounts does not name any more. Gives whether that was so;
   * false also when the list cannot be read.
   */
  async deleteUnlisted(accountId: string): Promise<boolean> {
    const text = await this.#vault.get(accountsEntry).catch(() => undefined);
    const parsed = v.safeParse(storedIds, text);
    if (!parsed.success || parsed.output.ids.includes(accountId)) return false;
    await this.delete(accountId);
    return true;
  }

  /** Whether an account's session may have been lost to damage, which has been told already. */
  isDamaged(accountId: string): boolean {
    return this.#damaged.has(accountsEntry) || this.#damaged.has(sessionPrefix + accountId);
  }

  /** @param field the field at fault; undefined when there is no damage. */
  #noteDamage(name: string, entry: string, field: string | undefined): void {
    if (field === undefined) this.#damaged.delete(name);
    else if (!this.#damaged.has(name)) {
      this.#damaged.add(name);
      this.tell({ kind: 'damaged', entry, field });
    }
  }

  async #readIds(): Promise<Result<readonly string[], VaultTrouble>> {
    const text = await this.#attempt('read', () => this.#vault.get(accountsEntry));
    if (!text.ok) return text;
    if (text.value === undefined) return succeed([]);
    const parsed = v.safeParse(storedIds, text.value);
    const field = parsed.success ? undefined : (v.getDotPath(parsed.issues[0]) ?? 'entry');
    this.#noteDamage(accountsEntry, accountsEntry, field);
    return succeed(parsed.success ? parsed.output.ids : []);
  }

  async #attempt<T>(
    during: 'read' | 'store' | 'delete',
    act: () => Promise<T>,
  ): Promise<Result<T, VaultTrouble>> {
    try {
      return succeed(await act());
    } catch (error) {
      // A vault's words may quote the entry.
      const message = redact(error instanceof Error ? error.message : String(error));
      return fail(this.tell({ kind: 'unavailable', during, message }));
    }
  }
}

const notKept: VaultTrouble = {
  kind: 'unavailable',
  during: 'store',
  message: 'the entry could not be read back',
};
