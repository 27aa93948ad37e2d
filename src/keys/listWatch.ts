import { keyFamilies } from '../omi/rawKey';
import type { KeyRings } from './keyAccess';

/** For so long what a list says passes for what is so now; milliseconds. */
export const factsLastMs = 5 * 60_000;

export interface ListWatchParts {
  readonly rings: KeyRings;
  /** Whether the lists are on the screen of somebody who may read them. */
  readonly isSeen: () => boolean;
  /** Whether the person is at work in this window. */
  readonly isAttended: () => boolean;
  /** Reads both lists anew. */
  readonly read: () => void;
  /** Acts after so many milliseconds, unless disposed before. */
  readonly after: (ms: number, act: () => void) => { dispose(): void };
}

/** Keeps the lists young while somebody sees them, and asks nothing while nobody does. */
export class ListWatch {
  readonly #parts: ListWatchParts;
  #timer: { dispose(): void } | undefined;

  constructor(parts: ListWatchParts) {
    this.#parts = parts;
  }

  /** Somebody may have begun to look: reads the lists if one is old or could not be read, and stays at it. */
  look(): void {
    const { rings, isSeen, isAttended, read, after } = this.#parts;
    this.dispose();
    if (!isSeen()) return;
    if (!keyFamilies.every((family) => rings[family].isFresh(factsLastMs))) read();
    this.#timer = after(factsLastMs, () => {
      this.#timer = undefined;
      if (isAttended()) this.look();
    });
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }
}
