import { mayHoldJsx, pieceAt, readJavaScript } from './javaScriptSource';
import type { Reference, Spot } from './reference';

/** `"KEY"` becomes `process.env.X`; a key within a longer string makes a template of it. */
export function javaScriptReference({ text, start, end, languageId, variable }: Spot): Reference | undefined {
  const pieces = readJavaScript(text, mayHoldJsx(languageId));
  const piece = pieces && pieceAt(pieces, start);
  if (!piece || piece.end < end) return undefined;
  // An unpaired backslash would escape the dollar of the new hole.
  if (/(?<!\\)(?:\\\\)*\\$/.test(text.slice(piece.start, start))) return undefined;
  if (setsVariable(text.slice(Math.max(0, piece.start - mostLookedBack), piece.start), variable))
    return undefined;
  const reads = `process.env.${variable}`;
  if (piece.kind === 'chunk') return { changes: [{ start, end, text: `\${${reads}}` }], reads };
  // In `return'…'` nothing but the quote ends the word.
  if (!piece.isValue || /[\w$]/.test(text[piece.start - 1] ?? '')) return undefined;
  const [from, to] = [piece.start + 1, piece.end - 1];
  const isAttribute = piece.kind === 'attribute';
  const parts = [text.slice(from, start), text.slice(end, to)].map((part) => templateOf(part, isAttribute));
  const [head, tail] = parts;
  if (head === undefined || tail === undefined) return undefined;
  const isWhole = from === start && to === end;
  const value = isWhole ? reads : `\`${head}\${${reads}}${tail}\``;
  return {
    changes: [{ start: piece.start, end: piece.end, text: isAttribute ? `{${value}}` : value }],
    reads,
  };
}

/** So much text is looked at for what a key is given to. */
const mostLookedBack = 2000;

/** Whether a statement sets the variable itself: read from itself, it would hold the text "undefined". */
function setsVariable(before: string, variable: string): boolean {
  // Lines that go on from one another are one.
  const joined = before.replaceAll(/([=|&?:+,([{])\s+|\s+(?=[|&?:+.])/g, '$1');
  const statement = joined.split(/[;\r\n]/).at(-1) ?? '';
  const isAssigned = new RegExp(`\\benv\\b[^,=]*[.["'\`]${variable}\\b[^\\w=.,]*=(?![=>])`);
  const isMerged = new RegExp(`\\bassign\\([^,(]*\\benv\\b.*\\b${variable}\\b`);
  return isAssigned.test(statement) || isMerged.test(statement);
}

/** A part of a string as it is written in a template; undefined when the two read it differently. */
function templateOf(part: string, isAttribute: boolean): string | undefined {
  // An attribute has character references instead of escapes.
  if (isAttribute && /[&\\\r\n]/.test(part)) return undefined;
  // Templates know no octal escapes.
  if (/(?<!\\)(?:\\\\)*\\(?:[1-9]|0\d)/.test(part)) return undefined;
  return part.replace(/\\[^]|`|\$(?=\{)/g, (found) => (found.startsWith('\\') ? found : `\\${found}`));
}
