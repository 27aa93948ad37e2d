import type { Memento } from 'vscode';
import type { Journal } from '../keys/journal';

/** A journal in VS Code's state. Nothing secret may go into it. */
export function journalIn<T>(state: Memento, name: string): Journal<T> {
  return {
    read: () => state.get<readonly T[]>(name, []),
    write: async (entries) => state.update(name, entries),
  };
}
