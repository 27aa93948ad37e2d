import { close, constants, fstat, open, read, type Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FileSieve } from './fileSieve';

/** What a folder holds. A link is only ever passed over: what it points to is in the tree itself, or not part of it. */
export interface FileEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link';
}

/** Files as a scan sees them. Paths are relative to the root, with `/`; the root itself is `''`. */
export interface FileTree {
  /** What a directory holds; pipes, sockets and devices are left out. Rejects when it cannot be read. */
  list(directory: string): Promise<readonly FileEntry[]>;
  /** A file's bytes, or `tooLarge` when it has more than `most`. Rejects when it cannot be read. */
  read(path: string, most: number): Promise<Uint8Array | 'tooLarge'>;
  /** Where that is quicker than to read each: those files that may hold a key, are larger than `most`, or fail. */
  sift?(paths: readonly string[], most: number): Promise<readonly string[]>;
}

/** A folder on disk; links are never followed. */
export function diskTree(folder: string, sieve?: FileSieve): FileTree {
  return {
    ...(sieve && { sift: (paths, most) => sieve.sift(paths, most) }),
    list: async (directory) => {
      const entries = await readdir(join(folder, directory), { withFileTypes: true });
      return entries.flatMap((entry) => {
        const kind = kindOf(entry);
        return kind === undefined ? [] : [{ name: entry.name, kind }];
      });
    },
    read: (path, most) => readBytes(join(folder, path), most),
  };
}

function kindOf(entry: Dirent): FileEntry['kind'] | undefined {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'link' : undefined;
}

/** Room for the beginning of a file, used again and again: most files fit, and nobody waits for a size. */
const spare: Buffer[] = [];
const spareSize = 64 * 1024;

/** What lies at the path may have become a link or a pipe since it was listed. */
export const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** With plain callbacks, which take a third of the time that the promises of `fs` take for many small files. */
function readBytes(path: string, most: number): Promise<Uint8Array | 'tooLarge'> {
  return new Promise((resolve, reject) => {
    open(path, readOnly, (failure, file) => {
      if (failure) {
        reject(failure);
        return;
      }
      const end = (error: unknown, bytes: Buffer): void => {
        const settle = (): void => {
          if (error instanceof Error) reject(error);
          else resolve(bytes.length > most ? 'tooLarge' : bytes);
        };
        close(file, settle);
      };
      const room = spare.pop() ?? Buffer.allocUnsafeSlow(spareSize);
      read(file, room, 0, spareSize, 0, (unread, length) => {
        const start = Buffer.from(room.subarray(0, unread ? 0 : length));
        spare.push(room);
        if (unread || length < spareSize) end(unread, start);
        else
          readOn(file, start, most).then(
            (bytes) => end(undefined, bytes),
            (error: unknown) => end(error, start),
          );
      });
    });
  });
}

/** Reads what comes after a beginning that filled its room; one byte more than `most` is enough to know. */
async function readOn(file: number, start: Buffer, most: number): Promise<Buffer> {
  const { size } = await promisify(fstat)(file);
  const bytes = Buffer.allocUnsafe(Math.max(Math.min(size, most + 1), start.length));
  let length = start.copy(bytes);
  while (length < bytes.length) {
    const { bytesRead } = await promisify(read)(file, bytes, length, bytes.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}
