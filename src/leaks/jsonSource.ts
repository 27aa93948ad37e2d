import { matchAt } from './textLines';

/** A value in JSON with comments, and where it stands. */
export type JsonNode =
  | { readonly kind: 'string'; readonly start: number; readonly end: number; readonly value: string }
  | { readonly kind: 'literal'; readonly start: number; readonly end: number }
  | {
      readonly kind: 'array';
      readonly start: number;
      readonly end: number;
      readonly items: readonly JsonNode[];
    }
  | {
      readonly kind: 'object';
      readonly start: number;
      readonly end: number;
      readonly members: readonly JsonMember[];
    };

/** A member of an object; `start` is where its name begins. */
export interface JsonMember {
  readonly start: number;
  readonly name: string;
  readonly value: JsonNode;
}

const gap = /(?:\s|\ufeff|\/\/[^\r\n]*|\/\*[^]*?\*\/)*/y;
const string = /"(?:[^"\\\r\n]|\\.)*"/y;
const literal = /true|false|null|-?\d[\d.eE+-]*/y;
/** Deeper texts are not read. */
const deepest = 100;

/** Reads JSON with comments and commas at the end. Undefined when it is none. */
export function readJson(text: string): JsonNode | undefined {
  let at = 0;
  const skip = (): void => {
    at += matchAt(gap, text, at)?.length ?? 0;
  };
  const take = (sign: string): boolean => {
    skip();
    const isThere = text[at] === sign;
    if (isThere) at += 1;
    return isThere;
  };
  const readString = (): Extract<JsonNode, { kind: 'string' }> | undefined => {
    skip();
    const [start, found] = [at, matchAt(string, text, at)];
    const value = found === undefined ? undefined : parsed(found);
    if (found === undefined || value === undefined) return undefined;
    at += found.length;
    return { kind: 'string', start, end: at, value };
  };
  const readValue = (depth: number): JsonNode | undefined => {
    skip();
    const start = at;
    if (depth > deepest) return undefined;
    if (text[at] === '"') return readString();
    if (take('{')) {
      const members = readList('}', () => readMember(depth));
      return members && { kind: 'object', start, end: at, members };
    }
    if (take('[')) {
      const items = readList(']', () => readValue(depth + 1));
      return items && { kind: 'array', start, end: at, items };
    }
    const found = matchAt(literal, text, at);
    at += found?.length ?? 0;
    return found === undefined ? undefined : { kind: 'literal', start, end: at };
  };
  const readMember = (depth: number): JsonMember | undefined => {
    const name = readString();
    if (!name || !take(':')) return undefined;
    const value = readValue(depth + 1);
    return value && { start: name.start, name: name.value, value };
  };
  const readList = <Part>(closer: string, read: () => Part | undefined): readonly Part[] | undefined => {
    const parts: Part[] = [];
    while (!take(closer)) {
      const part = read();
      if (part === undefined) return undefined;
      parts.push(part);
      if (!take(',')) return take(closer) ? parts : undefined;
    }
    return parts;
  };
  const root = readValue(0);
  skip();
  return at === text.length ? root : undefined;
}

/** The names that lead to the string value at an offset; items of arrays have their place in digits. */
export function jsonPathTo(node: JsonNode, offset: number): readonly string[] | undefined {
  if (offset < node.start || offset >= node.end) return undefined;
  if (node.kind === 'string') return [];
  if (node.kind === 'literal') return undefined;
  const parts =
    node.kind === 'object'
      ? node.members.map(({ name, value }) => [name, value] as const)
      : node.items.map((item, index) => [String(index), item] as const);
  for (const [name, value] of parts) {
    const rest = jsonPathTo(value, offset);
    if (rest) return [name, ...rest];
  }
  return undefined;
}

function parsed(quoted: string): string | undefined {
  try {
    const value: unknown = JSON.parse(quoted);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
