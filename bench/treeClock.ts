import * as vscode from 'vscode';
import { replace } from '../test/integration/support/hostWatch';

/** Tells when VS Code has taken rows from a tree and its window has time for something else again. */
export class TreeClock<T> {
  readonly #rows = new Set<T>();
  #lastAt = 0;
  #isEnough: () => void = () => undefined;

  /** @param isRow leaves groups out. */
  constructor(provider: vscode.TreeDataProvider<T>, isRow: (node: T) => boolean) {
    const original = provider.getTreeItem.bind(provider);
    replace(provider, 'getTreeItem', (node: T) => {
      this.#lastAt = performance.now();
      if (isRow(node)) this.#rows.add(node);
      this.#isEnough();
      return original(node);
    });
  }

  /** Resolves when VS Code has asked for no row for half a second. */
  async quiet(): Promise<void> {
    this.#lastAt = performance.now();
    while (performance.now() - this.#lastAt < 500) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  /** Resolves with the time (`performance.now()`) at which so many different rows were taken and the window answers. */
  async taken(count: number): Promise<number> {
    this.#rows.clear();
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(
        () => reject(new Error(`${String(this.#rows.size)} of ${String(count)} rows`)),
        30_000,
      );
      this.#isEnough = () => {
        if (this.#rows.size < count) return;
        clearTimeout(limit);
        this.#isEnough = () => undefined;
        resolve();
      };
    });
    // The window answers in turn: when this comes back, it has worked through the rows.
    await vscode.commands.executeCommand('setContext', 'omiBench.turn', performance.now());
    return performance.now();
  }
}
