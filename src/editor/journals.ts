import type { Memento } from 'vscode';
import type { Journal } from '../keys/journal';

/** How often a write is repeated that VS Code has lost. */
const mostWrites = 10;

/**
 * VS Code's state without a flaw of it: VS Code sends every change back to the extension as the whole state, and such an
 * echo takes back what was changed since. So there is one write at a time, looked at when it has arrived, and what is on
 * its way is read from here. All who use a state must share one of these. Writing rejects when the state does not keep it.
 */
export function steadyState(state: Memento): Pick<Memento, 'get' | 'update'> {
  const onItsWay = new Map<string, unknown>();
  let turn: Promise<unknown> = Promise.resolve();
  const write = async (name: string, value: unknown): Promise<void> => {
    const text = JSON.stringify(value);
    for (let time = 0; time < mostWrites; time += 1) {
      await state.update(name, value);
      if (JSON.stringify(state.get(name)) === text) return;
    }
    throw new Error(`VS Code's state does not keep ${name}`);
  };
  return {
    get: <T>(name: string, otherwise?: T): T | undefined =>
      (onItsWay.has(name) ? (onItsWay.get(name) as T | undefined) : state.get<T>(name)) ?? otherwise,
    update: (name: string, value: unknown) => {
      onItsWay.set(name, value);
      const done = turn
        .then(() => write(name, value))
        .finally(() => {
          if (onItsWay.get(name) === value) onItsWay.delete(name);
        });
      turn = done.catch(() => undefined);
      return done;
    },
  };
}

/** A journal in VS Code's state. Nothing secret may go into it. */
export function journalIn<T>(state: Pick<Memento, 'get' | 'update'>, name: string): Journal<T> {
  return {
    read: () => state.get<readonly T[]>(name) ?? [],
    write: async (entries) => state.update(name, entries),
  };
}
