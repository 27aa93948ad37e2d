import { createHash } from 'node:crypto';
import { familyOfRawKey, findRawKeys, prefixOfRawKey, type KeyFamily } from '../omi/rawKey';

/** A raw key that was seen somewhere, as it may be kept and shown: everything but the key itself. */
export interface SeenKey {
  readonly family: KeyFamily;
  /** The SHA-256 of the raw key in hexadecimal digits: tells keys apart without holding one. */
  readonly fingerprint: string;
  /** What Omi lists it under: `omi_dev_1a2b...9f0e`. */
  readonly prefix: string;
}

/** A key at a place in a text. Lines and characters count from 0 in UTF-16 units, as VS Code counts them. */
export interface Find {
  readonly key: SeenKey;
  readonly line: number;
  readonly start: number;
  /** Right behind the key, on the same line. */
  readonly end: number;
}

/** What may be kept of a raw key. Throws for a text that is not exactly one. */
export function seenKeyOf(raw: string): SeenKey {
  const family = familyOfRawKey(raw);
  if (family === undefined) throw new TypeError('This is no raw key.');
  const fingerprint = createHash('sha256').update(raw).digest('hex');
  return { family, fingerprint, prefix: prefixOfRawKey(raw) };
}

/** A seen key as a person reads it: `omi_dev_1a2b…9f0e`. */
export function maskedKey({ prefix }: Pick<SeenKey, 'prefix'>): string {
  return prefix.replace('...', '…');
}

/**
 * Every raw key in a text, in order. What counts as one, and what does not, is decided in `omi/rawKey.ts`: the exact
 * pattern, not part of a longer word. Lines end at `\n`, `\r\n` or a lone `\r`, as in VS Code.
 */
export function findsIn(text: string): readonly Find[] {
  const raws = findRawKeys(text);
  if (raws.length === 0) return [];
  const finds: Find[] = [];
  // One key may stand in a text very often.
  const known = new Map<string, SeenKey>();
  const lineEnd = /\r\n|\n|\r/g;
  let [line, lineStart] = [0, 0];
  let next = lineEnd.exec(text);
  for (const { offset, raw } of raws) {
    while (next && next.index < offset) {
      line += 1;
      lineStart = next.index + next[0].length;
      next = lineEnd.exec(text);
    }
    const start = offset - lineStart;
    const key = known.get(raw) ?? seenKeyOf(raw);
    known.set(raw, key);
    finds.push({ key, line, start, end: start + raw.length });
  }
  return finds;
}

/** The raw key at a place of a text, if the one that was found there still is: texts change. */
export function rawKeyAt(text: string, { key, line, start, end }: Find): string | undefined {
  const raw = text.split(/\r\n|\n|\r/)[line]?.slice(start, end) ?? '';
  const isKey = familyOfRawKey(raw) !== undefined;
  return isKey && seenKeyOf(raw).fingerprint === key.fingerprint ? raw : undefined;
}
