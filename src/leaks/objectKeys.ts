import { findRawKeys } from '../omi/rawKey';
import { seenKeyOf, type SeenKey } from './seenKey';

/** An object of a repository that holds keys. */
export interface KeyedObject {
  readonly id: string;
  readonly kind: 'blob' | 'commit';
  readonly keys: readonly SeenKey[];
}

/** What every key begins with. Of UTF-16 both orders are met: only what stands around these bytes differs. */
const beginning = Buffer.from('omi_');
const wideBeginning = Buffer.from('omi_', 'utf16le').subarray(0, -1);
/** Bytes around a beginning that decide: what stands before it, the key, what stands behind; also in UTF-16. */
const [before, behind] = [3, 83];
const overlap = 90;

/**
 * Looks for raw keys in the output of `git cat-file --batch`, piece by piece and as bytes, so that neither an object
 * nor the output is ever held whole. Sees keys in every encoding that leaves ASCII alone, and in UTF-16.
 */
export class ObjectReader {
  /** Objects that were read to their end, or are not there. */
  done = 0;
  /** Objects that Git does not have. */
  lost = 0;
  private header = '';
  private object: { readonly id: string; readonly kind: string; left: number } | undefined;
  private seen = new Map<string, SeenKey>();
  private tail: Buffer | undefined;
  /** Whether the object has bytes before the tail. */
  private isCut = false;

  constructor(private readonly onKeyed: (object: KeyedObject) => void) {}

  take(piece: Buffer): void {
    let at = 0;
    while (at < piece.length) at = this.object ? this.takeBody(piece, at) : this.takeHeader(piece, at);
  }

  private takeHeader(piece: Buffer, at: number): number {
    const end = piece.indexOf('\n', at);
    this.header += piece.toString('latin1', at, end < 0 ? piece.length : end);
    if (end < 0) return piece.length;
    const [id = '', kind = '', size] = this.header.split(' ');
    this.header = '';
    if (size === undefined) {
      this.done += 1;
      this.lost += 1;
    } else {
      // The line end that Git writes behind an object is taken for a part of it: no key goes on there.
      this.object = { id, kind, left: Number(size) + 1 };
    }
    return end + 1;
  }

  private takeBody(piece: Buffer, at: number): number {
    if (!this.object) return at;
    const part = piece.subarray(at, at + this.object.left);
    this.object.left -= part.length;
    const isLast = this.object.left === 0;
    const text = this.tail ? Buffer.concat([this.tail, part]) : part;
    collectKeys(text, { isFirst: !this.isCut, isLast }, this.seen);
    this.tail = isLast ? undefined : Buffer.from(text.subarray(-overlap));
    this.isCut = !isLast && (this.isCut || text.length > overlap);
    if (isLast) this.end(this.object);
    return at + part.length;
  }

  private end({ id, kind }: { readonly id: string; readonly kind: string }): void {
    if (this.seen.size > 0) {
      this.onKeyed({ id, kind: kind === 'commit' ? 'commit' : 'blob', keys: [...this.seen.values()] });
      this.seen = new Map();
    }
    this.object = undefined;
    this.done += 1;
  }
}

interface Ends {
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Keys that begin too near to an end that is not the object's own are left to the text that overlaps this one. */
function collectKeys(text: Buffer, ends: Ends, into: Map<string, SeenKey>): void {
  const take = (raw: string | undefined): void => {
    if (raw === undefined) return;
    const key = seenKeyOf(raw);
    into.set(key.fingerprint, key);
  };
  for (const at of placesOf(beginning, text, ends)) {
    take(keyAt(text.toString('latin1', Math.max(0, at - 1), at + 41), Math.min(1, at)));
  }
  // Text without a zero byte is no UTF-16; looking for one costs next to nothing.
  if (!text.includes(0)) return;
  for (const at of placesOf(wideBeginning, text, ends)) {
    take(keyAt(text.toString('utf16le', Math.max(0, at - 2), at + 82), at < 2 ? 0 : 1));
    if (at > 0) take(keyAt(bigEndian(text.subarray(Math.max(0, at - 3), at + 81)), at < 3 ? 0 : 1));
  }
}

function* placesOf(start: Buffer, text: Buffer, { isFirst, isLast }: Ends): Generator<number> {
  for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, at + 1)) {
    if ((isFirst || at >= before) && (isLast || at + behind <= text.length)) yield at;
  }
}

/** The raw key that begins at an offset of a short text, in which what stands right before and behind it is seen. */
function keyAt(text: string, offset: number): string | undefined {
  return findRawKeys(text).find((key) => key.offset === offset)?.raw;
}

function bigEndian(bytes: Buffer): string {
  return Buffer.from(bytes.subarray(0, bytes.length & ~1))
    .swap16()
    .toString('utf16le');
}
