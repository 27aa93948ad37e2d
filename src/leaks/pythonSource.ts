import { matchAt } from './textLines';

/** A piece of Python. A string's prefix is in lower case; its quote is one or three characters. */
export type PythonPiece =
  | { readonly kind: 'code' | 'comment'; readonly start: number; readonly end: number }
  /** The end of a statement. */
  | { readonly kind: 'break'; readonly start: number; readonly end: number }
  | {
      readonly kind: 'string';
      readonly start: number;
      readonly end: number;
      readonly prefix: string;
      readonly quote: string;
    };

const blank = /[^\S\r\n]+|\\(?:\r\n|\r|\n)|\ufeff/y;
const comment = /#[^\r\n]*/y;
const stringStart = /(?:[bu]|f|t|r|[bft]r|r[bft])?(?:"""|'''|"|')/iy;
const longRest = { '"""': /(?:[^"\\]|\\[^]|"(?!""))*"""/y, "'''": /(?:[^'\\]|\\[^]|'(?!''))*'''/y };
const shortRest = {
  '"': /(?:[^"\\\r\n]|\\(?:\r\n|[^]))*"/y,
  "'": /(?:[^'\\\r\n]|\\(?:\r\n|[^]))*'/y,
};
const code = /[\p{ID_Continue}]+|[-+*/%=!<>:@&|^~]=|->|\*\*|\/\/|[^]/uy;
const openers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Reads a whole text. Undefined when brackets or quotes do not match. */
export function readPython(text: string): readonly PythonPiece[] | undefined {
  const pieces: PythonPiece[] = [];
  const closers: string[] = [];
  let at = 0;
  while (at < text.length) {
    const skipped = matchAt(blank, text, at);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const start = at;
    const remark = matchAt(comment, text, at);
    const opening = matchAt(stringStart, text, at);
    if (remark !== undefined) {
      at += remark.length;
      pieces.push({ kind: 'comment', start, end: at });
    } else if (opening !== undefined) {
      const quote = /["']+/.exec(opening)?.[0] ?? '';
      const rest = matchAt(restOf(quote), text, at + opening.length);
      if (rest === undefined) return undefined;
      at += opening.length + rest.length;
      const prefix = opening.slice(0, opening.length - quote.length).toLowerCase();
      pieces.push({ kind: 'string', start, end: at, prefix, quote });
    } else {
      const seen = matchAt(code, text, at) ?? '';
      at += seen.length;
      const isBreak = seen === ';' || ((seen === '\n' || seen === '\r') && closers.length === 0);
      if (isBreak) pieces.push({ kind: 'break', start, end: at });
      else if (!/\s/.test(seen)) pieces.push({ kind: 'code', start, end: at });
      const closer = openers[seen];
      if (closer !== undefined) closers.push(closer);
      else if ([')', ']', '}'].includes(seen) && closers.pop() !== seen) return undefined;
    }
  }
  return closers.length === 0 ? pieces : undefined;
}

function restOf(quote: string): RegExp {
  if (quote === '"""' || quote === "'''") return longRest[quote];
  return quote === '"' ? shortRest['"'] : shortRest["'"];
}
