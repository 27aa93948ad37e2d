import { EventEmitter } from 'vscode';
import { keyRef } from '../../keys/key';
import type { ListedKey } from '../../omi/schemas';

/** Which keys are being worked on just now, so that their rows can spin and refuse a second order. */
export class KeysInWork {
  readonly #refs = new Set<string>();
  readonly #changes = new EventEmitter<void>();
  readonly onDidChange = this.#changes.event;

  has(key: ListedKey): boolean {
    return this.#refs.has(keyRef(key));
  }

  get size(): number {
    return this.#refs.size;
  }

  add(keys: readonly ListedKey[]): void {
    keys.forEach((key) => this.#refs.add(keyRef(key)));
    this.#changes.fire();
  }

  remove(keys: readonly ListedKey[]): void {
    keys.forEach((key) => this.#refs.delete(keyRef(key)));
    this.#changes.fire();
  }

  dispose(): void {
    this.#changes.dispose();
  }
}
