// Runs in threads of its own (see fileSieve.ts), for what it does would hold up everybody else: it waits for each file.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { mayHoldKey } from './decodeText';
import type { SieveAnswer, SieveQuestion } from './fileSieve';
import { readOnly } from './fileTree';

/** Most files fit. What is read of a longer one begins with the end of what was read before: a key may lie across. */
const room = Buffer.allocUnsafeSlow(256 * 1024);
const overlap = 8;

parentPort?.on('message', ({ number, folder, paths, most }: SieveQuestion) => {
  const left = paths.filter((path) => !isClear(join(folder, path), most));
  parentPort?.postMessage({ number, left } satisfies SieveAnswer);
});

/** Whether a file can be read, is no larger than `most`, and holds nothing that may be a key. */
function isClear(path: string, most: number): boolean {
  try {
    const file = openSync(path, readOnly);
    try {
      const length = readSync(file, room, 0, room.length, 0);
      if (mayHoldKey(room.subarray(0, length))) return false;
      return length < room.length || (fstatSync(file).size <= most && isClearFrom(file, length));
    } finally {
      closeSync(file);
    }
  } catch {
    // What is wrong with it is found out, and told, by who looks at it next.
    return false;
  }
}

/** Reads on in a file of which the room holds what comes before. */
function isClearFrom(file: number, start: number): boolean {
  for (let place = start; ;) {
    room.copyWithin(0, room.length - overlap);
    const length = readSync(file, room, overlap, room.length - overlap, place);
    if (mayHoldKey(room.subarray(0, overlap + length))) return false;
    if (length < room.length - overlap) return true;
    place += length;
  }
}
