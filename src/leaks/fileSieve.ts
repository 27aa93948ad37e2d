import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** Which files below a folder a thread is to look through. */
export interface SieveQuestion {
  readonly number: number;
  readonly folder: string;
  readonly paths: readonly string[];
  /** Larger files, in bytes, are left to the asker. */
  readonly most: number;
}

/** Those that are left: they may hold a key, are too large, or could not be read. */
export interface SieveAnswer {
  readonly number: number;
  readonly left: readonly string[];
}

/** More of them would wait for the disk, not for a processor. */
const mostThreads = 8;

/**
 * Sorts out, in threads of its own, the files on disk in which there is no key: nearly all. A thread that waits for each
 * file is through with many small ones in a quarter of the time that reading in the background takes.
 */
export class FileSieve {
  private readonly threads: SieveThread[] = [];
  private asked = 0;

  /** `script`: where `sieveWorker` has been built to; `folder`: what paths are relative to. */
  constructor(
    private readonly script: string,
    private readonly folder: string,
  ) {}

  /** The files that are left to be looked at; all of them when a thread fails, or after `dispose`. Never rejects. */
  sift(paths: readonly string[], most: number): Promise<readonly string[]> {
    const number = (this.asked += 1);
    const index = number % Math.min(availableParallelism(), mostThreads);
    const thread = (this.threads[index] ??= new SieveThread(this.script));
    return thread.ask({ number, folder: this.folder, paths, most });
  }

  dispose(): void {
    this.threads.forEach((thread) => thread.dispose());
  }
}

class SieveThread {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, (left?: readonly string[]) => void>();
  private isOver = false;

  constructor(script: string) {
    this.worker = new Worker(script, { execArgv: [], env: {} });
    this.worker.on('message', ({ number, left }: SieveAnswer) => this.waiting.get(number)?.(left));
    // Its end, which comes next, is answer enough: whoever waits looks at the files without it.
    this.worker.on('error', () => undefined);
    this.worker.on('exit', () => {
      this.isOver = true;
      this.waiting.forEach((settle) => settle());
    });
  }

  ask(question: SieveQuestion): Promise<readonly string[]> {
    if (this.isOver) return Promise.resolve(question.paths);
    return new Promise((resolve) => {
      this.waiting.set(question.number, (left = question.paths) => {
        this.waiting.delete(question.number);
        resolve(left);
      });
      this.worker.postMessage(question);
    });
  }

  dispose(): void {
    void this.worker.terminate();
  }
}
