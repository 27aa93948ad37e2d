/** How every raw key begins: as UTF-8 and, without the last zero, as UTF-16 of either order. */
const narrow = Buffer.from('omi_');
const wide = Buffer.from('omi_', 'utf16le').subarray(0, -1);

/** Whether a raw key may be in a file's bytes; far cheaper than decoding them. */
export function mayHoldKey(bytes: Uint8Array): boolean {
  const buffer = bufferOf(bytes);
  return buffer.includes(narrow) || (buffer.includes(0) && buffer.includes(wide));
}

/**
 * The text of a file that may hold a key, where nobody knows its encoding: UTF-16 of either order by its mark, or by how
 * it writes what keys begin with; else UTF-8. A byte that is no UTF-8 becomes one replacement character, so that columns
 * stay right in Latin-1, too. Binary files are read alike: a key in one is as public as any.
 */
export function decodeText(bytes: Uint8Array): string {
  const buffer = bufferOf(bytes);
  const encoding = encodingOf(buffer);
  if (encoding === 'utf8') return new TextDecoder().decode(buffer);
  const pairs = buffer.subarray(0, buffer.length - (buffer.length % 2));
  const text = (encoding === 'utf16le' ? pairs : Buffer.from(pairs).swap16()).toString('utf16le');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** What the Latin letters in a file's bytes say, each in whatever encoding. Other characters come out as anything. */
export function lettersIn(bytes: Uint8Array): string {
  return bufferOf(bytes.filter((byte) => byte !== 0)).toString('latin1');
}

function encodingOf(bytes: Buffer): 'utf8' | 'utf16le' | 'utf16be' {
  const mark = bytes.toString('hex', 0, 2);
  if (mark === 'fffe') return 'utf16le';
  if (mark === 'feff') return 'utf16be';
  const place = bytes.includes(narrow) ? -1 : bytes.indexOf(wide);
  if (place === -1) return 'utf8';
  // The zero of a Latin letter comes after it, or before it.
  return place % 2 === 0 ? 'utf16le' : 'utf16be';
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
