/** A small list that survives a restart and holds no secrets: VS Code's state, seen from below the editor. */
export interface Journal<T> {
  read(): readonly T[];
  /** Resolves when the list is on its way to the disk. */
  write(entries: readonly T[]): Promise<void>;
}
