/** Enough of a file to tell how it is encoded; in bytes. */
const beginning = 4096;

/** The zeros on one side must outnumber those on the other so many times: elsewhere it is a binary file. */
const clearly = 8;

/**
 * A file's text, where nobody knows its encoding: UTF-16 of either order by its mark or by where its zeros are, else
 * UTF-8. A byte that is no UTF-8 becomes one replacement character, so columns stay right in Latin-1, too. Binary files
 * are read as UTF-8: a key in one is as public as any.
 */
export function decodeText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const encoding = encodingOf(buffer);
  if (encoding === 'utf8') return new TextDecoder().decode(buffer);
  const pairs = buffer.subarray(0, buffer.length - (buffer.length % 2));
  const text = (encoding === 'utf16le' ? pairs : Buffer.from(pairs).swap16()).toString('utf16le');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

type Encoding = 'utf8' | 'utf16le' | 'utf16be';

function encodingOf(bytes: Buffer): Encoding {
  const mark = bytes.toString('hex', 0, 2);
  if (mark === 'fffe') return 'utf16le';
  if (mark === 'feff') return 'utf16be';
  const [even, odd] = [0, 1].map((side) => zerosAt(bytes.subarray(0, beginning), side));
  if (even === undefined || odd === undefined) return 'utf8';
  if (odd > even * clearly) return 'utf16le';
  return even > odd * clearly ? 'utf16be' : 'utf8';
}

/** How many bytes at even (0) or odd (1) places are zero: those of Latin letters are, on one side. */
function zerosAt(bytes: Uint8Array, side: number): number {
  return bytes.filter((byte, place) => byte === 0 && place % 2 === side).length;
}

/** How every raw key begins, as UTF-8 and, without the outer zeros, as UTF-16 of either order. */
const narrow = Buffer.from('omi_');
const wide = Buffer.from('omi_', 'utf16le').subarray(0, -1);

/** Whether a raw key may be in a file's bytes; far cheaper than decoding them. */
export function mayHoldKey(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.includes(narrow) || (buffer.includes(0) && buffer.includes(wide));
}
