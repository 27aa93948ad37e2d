import type { Journal } from '../../../src/keys/journal';

/** A journal as VS Code keeps it: what was written is read at once, as the JSON that a later start finds. */
export class MemoryJournal<T> implements Journal<T> {
  /** What is on the disk. */
  text = '[]';
  /** Every text that was ever on the disk, oldest first. */
  readonly texts: string[] = [];
  /** From now on writes are refused. */
  refuses = false;

  read(): readonly T[] {
    return JSON.parse(this.text) as readonly T[];
  }

  write(entries: readonly T[]): Promise<void> {
    if (this.refuses) return Promise.reject(new Error('the disk is full'));
    this.text = JSON.stringify(entries);
    this.texts.push(this.text);
    return Promise.resolve();
  }
}
