/** The two families of Omi API keys: developer keys and MCP keys (docs/omi-api.md, "Keys"). */
export type KeyFamily = 'dev' | 'mcp';

export const keyFamilies: readonly KeyFamily[] = ['dev', 'mcp'];

/** A raw key: `omi_dev_` or `omi_mcp_` and 32 lowercase hexadecimal digits, not part of a longer word. */
const rawKeyPattern = /(?<![A-Za-z0-9_])omi_(dev|mcp)_([0-9a-f]{32})(?![A-Za-z0-9_])/g;

/** Anything that begins like a raw key, well formed or not: what a message must never show. */
const keyLikePattern = /omi_(dev|mcp)_([0-9A-Za-z]{16,})/g;

/** The family of a raw key, or undefined when the text is not exactly one raw key. */
export function familyOfRawKey(text: string): KeyFamily | undefined {
  const match = /^omi_(dev|mcp)_[0-9a-f]{32}$/.exec(text);
  return match ? (match[1] as KeyFamily) : undefined;
}

/** Every raw key in a text, each with its offset in UTF-16 units. */
export function findRawKeys(text: string): { readonly offset: number; readonly raw: string }[] {
  return Array.from(text.matchAll(rawKeyPattern), (match) => ({ offset: match.index, raw: match[0] }));
}

/** Whether a raw key stands anywhere in a text, also inside a longer word: Omi refuses such names. */
export function holdsRawKey(text: string): boolean {
  return /omi_(?:dev|mcp)_[0-9a-f]{32}/.test(text);
}

/** A raw key as a person may see it: `omi_dev_1a2b…9f0e`. Text that is no raw key loses all but its ends, too. */
export function maskRawKey(raw: string): string {
  return raw.replace(keyLikePattern, (_, family: string, digits: string) => {
    return `omi_${family}_${digits.slice(0, 4)}…${digits.slice(-4)}`;
  });
}

/**
 * The `key_prefix` under which Omi lists a raw key: `omi_dev_` + first 4 + `...` + last 4 hexadecimal digits
 * (docs/omi-api.md, "Keys").
 */
export function prefixOfRawKey(raw: string): string {
  return raw.replace(keyLikePattern, (_, family: string, digits: string) => {
    return `omi_${family}_${digits.slice(0, 4)}...${digits.slice(-4)}`;
  });
}

/** Whether a listed `key_prefix` has the exact form that can be tied to a raw key; legacy rows have not. */
export function isExactPrefix(prefix: string): boolean {
  return /^omi_(dev|mcp)_[0-9a-f]{4}\.\.\.[0-9a-f]{4}$/.test(prefix);
}
