import type { Vault } from '../../../src/account/vault';

export type VaultOperation = 'get' | 'store' | 'delete';

/** Decides whether a vault refuses an operation: an error to reject with, or undefined. */
export type Refusal = (operation: VaultOperation, name: string, value?: string) => Error | undefined;

/** The secrets of one person, shared by the windows that are open; what is told of a change is told later, as in VS Code. */
export class MemoryVault {
  readonly entries = new Map<string, string>();
  /** Every operation that reached the vault, `store omi.accounts`, in order. */
  readonly operations: string[] = [];
  #refusal: Refusal = () => undefined;
  readonly #listeners = new Set<(name: string) => void>();

  /** From now on what this function says is refused. Without one: nothing is. */
  refuse(refusal: Refusal = () => undefined): void {
    this.#refusal = refusal;
  }

  /** How many windows listen for changes. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** The vault as one more window sees it. */
  window(): Vault {
    return {
      get: async (name) => {
        await this.#reach('get', name);
        return this.entries.get(name);
      },
      store: async (name, value) => {
        await this.#reach('store', name, value);
        this.entries.set(name, value);
        this.touch(name);
      },
      delete: async (name) => {
        await this.#reach('delete', name);
        if (this.entries.delete(name)) this.touch(name);
      },
      onDidChange: (listener) => {
        this.#listeners.add(listener);
        return { dispose: () => this.#listeners.delete(listener) };
      },
    };
  }

  /** Tells every window of a change to an entry, after the work now under way. */
  touch(name: string): void {
    setImmediate(() => {
      for (const listener of this.#listeners) listener(name);
    });
  }

  async #reach(operation: VaultOperation, name: string, value?: string): Promise<void> {
    await new Promise((reached) => setImmediate(reached));
    this.operations.push(`${operation} ${name}`);
    const error = this.#refusal(operation, name, value);
    if (error) throw error;
  }
}

/** Work that the windows have under way, changes told between them included, is done after this. */
export async function settled(vault: MemoryVault): Promise<void> {
  let seen: number;
  do {
    seen = vault.operations.length;
    // An operation takes one turn, and so does the telling of a change.
    for (let turn = 0; turn < 20; turn += 1) await new Promise((next) => setImmediate(next));
  } while (seen !== vault.operations.length);
}
