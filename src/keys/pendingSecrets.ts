import { EventEmitter, type Event } from 'cockatiel';
import * as v from 'valibot';
import type { VaultTrouble } from '../account/sessionStore';
import type { Vault } from '../account/vault';
import { redact } from '../omi/redact';
import { fail, succeed, type Result } from '../omi/result';
import type { ListedKey } from '../omi/schemas';

/** A new key whose secret nobody has put anywhere yet. The secret itself stays in the vault until it is asked for. */
export interface PendingKey {
  readonly accountId: string;
  readonly key: ListedKey;
  /** Whether the person chose the vault as the place for it, so that nothing waits any more. */
  readonly isKept: boolean;
  /** The id of the key that this one is to replace, when it was made by a rotation. */
  readonly replaces?: string | undefined;
}

const indexEntry = 'omi.pending';
const secretEntry = (keyId: string): string => `omi.secret.${keyId}`;

const storedKey = v.object({
  family: v.picklist(['dev', 'mcp']),
  id: v.string(),
  name: v.string(),
  prefix: v.string(),
  createdAt: v.number(),
  lastUsedAt: v.nullable(v.number()),
  scopes: v.nullable(v.array(v.string())),
  appId: v.nullable(v.string()),
});
const storedIndex = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    version: v.literal(1),
    keys: v.array(
      v.object({
        accountId: v.string(),
        key: storedKey,
        isKept: v.boolean(),
        replaces: v.optional(v.string()),
      }),
    ),
  }),
);

/**
 * Secrets of new keys, kept in the vault from the moment they arrive until they have been put somewhere, so that a
 * crash or a wrong click loses none.
 */
export class PendingSecrets {
  readonly #vault: Vault;
  readonly #changes = new EventEmitter<void>();
  readonly #troubles = new EventEmitter<VaultTrouble>();
  readonly #watch: { dispose(): void };
  #keys: readonly PendingKey[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(vault: Vault) {
    this.#vault = vault;
    this.#watch = vault.onDidChange((name) => {
      if (name === indexEntry) void this.load();
    });
  }

  readonly onDidChange: Event<void> = this.#changes.addListener;

  /** Tells of every refusal of the vault, also of those that hold nothing up. */
  readonly onDidMeetTrouble: Event<VaultTrouble> = this.#troubles.addListener;

  /** The keys that wait, newest first. */
  get keys(): readonly PendingKey[] {
    return this.#keys;
  }

  /** Reads which keys wait; never rejects. With a vault that cannot be read, what is known stays. */
  load(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        this.#keys = await this.#readIndex();
      } catch {
        return;
      }
      this.#changes.emit();
    });
  }

  /**
   * Keeps a secret. Fails, with the vault's words, when it cannot be kept; the caller still has it then, and the vault
   * has nothing of it.
   */
  hold(pending: PendingKey, secret: string): Promise<Result<void, string>> {
    return this.#inTurn(async () => {
      try {
        await this.#attempt('store', () => this.#vault.store(secretEntry(pending.key.id), secret));
        await this.#changeIndex((keys) => [pending, ...keys.filter(({ key }) => key.id !== pending.key.id)]);
        return succeed(undefined);
      } catch (error) {
        await this.#attempt('delete', () => this.#vault.delete(secretEntry(pending.key.id))).catch(
          () => undefined,
        );
        return fail(wordsOf(error));
      }
    });
  }

  /** The secret of a key that waits; undefined when the vault has it no more. Rejects when the vault refuses. */
  read(keyId: string): Promise<string | undefined> {
    return this.#attempt('read', () => this.#vault.get(secretEntry(keyId)));
  }

  /** Leaves a secret in the vault for good, as the person wants it. Rejects when the vault refuses. */
  keep(keyId: string): Promise<void> {
    return this.#inTurn(() =>
      this.#changeIndex((keys) => keys.map((one) => (one.key.id === keyId ? { ...one, isKept: true } : one))),
    );
  }

  /**
   * Lets go of a secret that has been put somewhere, or whose key is dead. Rejects when the vault refuses; the key may
   * then still be said to wait.
   */
  release(keyId: string): Promise<void> {
    return this.#inTurn(async () => {
      // The secret goes first: a stop in between must not leave it in the vault with nobody knowing of it.
      await this.#attempt('delete', () => this.#vault.delete(secretEntry(keyId)));
      await this.#changeIndex((keys) => keys.filter(({ key }) => key.id !== keyId));
    });
  }

  dispose(): void {
    this.#watch.dispose();
  }

  async #readIndex(): Promise<readonly PendingKey[]> {
    const text = await this.#attempt('read', () => this.#vault.get(indexEntry));
    const parsed = v.safeParse(storedIndex, text);
    return parsed.success ? parsed.output.keys : [];
  }

  /** Changes what the vault has now, which another window may have written since this one last read it. */
  async #changeIndex(change: (keys: readonly PendingKey[]) => readonly PendingKey[]): Promise<void> {
    const keys = change(await this.#readIndex());
    const text = JSON.stringify({ version: 1, keys });
    await this.#attempt('store', () => this.#vault.store(indexEntry, text));
    this.#keys = keys;
    this.#changes.emit();
  }

  /** Tells of a refusal before it goes on to the caller, who may have nothing to do about it. */
  async #attempt<T>(during: 'read' | 'store' | 'delete', act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      this.#troubles.emit({ kind: 'unavailable', during, message: wordsOf(error) });
      throw error;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** A vault's words may quote the entry. */
function wordsOf(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error));
}
