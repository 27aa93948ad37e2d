import type { TextChange } from '../keys/envFile';
import { readPython, type PythonPiece } from './pythonSource';
import type { Reference, Spot } from './reference';
import { lineEndOf, lineStartOf } from './textLines';

/** What a string follows that is surely a value. At the start of a statement it would be documentation. */
const valueSigns = new Set('= ( , [ { : + == != % += return in not and or if else yield await is'.split(' '));

/** `"KEY"` becomes `os.environ["X"]`; a key within a longer string makes an f-string of it. */
export function pythonReference({ text, start, end, variable }: Spot): Reference | undefined {
  const pieces = readPython(text);
  const index = pieces?.findIndex((piece) => piece.start <= start && end <= piece.end) ?? -1;
  const piece = pieces?.[index];
  // `os` must be the module, also where the text gives the name to something else.
  if (!pieces || piece?.kind !== 'string' || /^[^\S\r\n]*os\s*(?::[^=\n]*)?=(?!=)/m.test(text))
    return undefined;
  const statements = statementsOf(pieces);
  const own = statements.find((statement) => statement.start <= start && start < statement.end);
  if (!own || namesVariable(text.slice(own.start, own.end), variable) || isForShell(text, pieces, start))
    return undefined;
  const isFormatted = piece.prefix.includes('f');
  const value =
    isFormatted && !isLiteral(text, piece, start) ? undefined : valueFor(text, piece, start, end, variable);
  if (value === undefined) return undefined;
  const isSafe = isFormatted && !value.isWhole;
  if (!isSafe && !isValue(text, pieces, index, value.isWhole)) return undefined;
  const addition = importOfOs(text, statements, start);
  if (addition === undefined) return undefined;
  return { changes: [...addition, ...value.changes], reads: `os.environ["${variable}"]` };
}

type StringPiece = Extract<PythonPiece, { kind: 'string' }>;

/** The string with the reference in it. */
function valueFor(
  text: string,
  { start: from, end: to, prefix, quote }: StringPiece,
  start: number,
  end: number,
  variable: string,
): { readonly changes: readonly TextChange[]; readonly isWhole: boolean } | undefined {
  if (prefix.includes('b') || prefix.includes('t')) return undefined;
  const inside = { from: from + prefix.length + quote.length, to: to - quote.length };
  if (inside.from === start && inside.to === end)
    return { changes: [{ start: from, end: to, text: `os.environ["${variable}"]` }], isWhole: true };
  // Before Python 3.12 the quotes within a field must be others than those around the string.
  const inner = quote.startsWith('"') ? "'" : '"';
  const field = `{os.environ[${inner}${variable}${inner}]}`;
  if (prefix.includes('f')) return { changes: [{ start, end, text: field }], isWhole: false };
  const [head, tail] = [text.slice(inside.from, start), text.slice(end, inside.to)];
  // A named character has braces of its own.
  if (!prefix.includes('r') && (head + tail).includes('\\N{')) return undefined;
  const doubled = (part: string): string => part.replace(/[{}]/g, '$&$&');
  const written = `${prefix.includes('r') ? 'rf' : 'f'}${quote}${doubled(head)}${field}${doubled(tail)}${quote}`;
  return { changes: [{ start: from, end: to, text: written }], isWhole: false };
}

/** Whether a place in an f-string is text and not part of a field. */
function isLiteral(text: string, { start, prefix, quote }: StringPiece, at: number): boolean {
  const before = text.slice(start + prefix.length + quote.length, at).replaceAll(/\{\{|\}\}/g, '');
  return !/[{}]/.test(before.replaceAll(/\{[^{}"']*\}/g, ''));
}

function isValue(text: string, pieces: readonly PythonPiece[], index: number, isWhole: boolean): boolean {
  const code = (piece: PythonPiece): boolean => piece.kind !== 'comment';
  const [before, after] = [pieces.slice(0, index).filter(code), pieces.slice(index + 1).find(code)];
  // Strings side by side are one; that holds for an f-string, and not for an expression.
  const isBeside = before.at(-1)?.kind === 'string' || after?.kind === 'string';
  const lead = before.findLast(({ kind }) => kind !== 'string');
  // In `return'…'` nothing but the quote ends the word.
  const isGlued = /\w/.test(text[(pieces[index]?.start ?? 0) - 1] ?? '');
  if (!lead || isGlued || (isWhole && isBeside)) return false;
  return valueSigns.has(text.slice(lead.start, lead.end));
}

/** Whether a statement sets the variable, or has the key for when it is not set: read from itself, it would be missing. */
function namesVariable(statement: string, variable: string): boolean {
  const read = new RegExp(`\\bos\\.environ\\[(["'])${variable}\\1\\](?!\\s*(?::[^=\\n]*)?=(?!=))`, 'g');
  const rest = statement.replaceAll(read, '');
  const isNamed = rest.includes(`"${variable}"`) || rest.includes(`'${variable}'`);
  return isNamed || (rest.includes('environ') && rest.includes(variable));
}

/** Whether a line of a notebook is a magic command or hands something to a shell. */
function isForShell(text: string, pieces: readonly PythonPiece[], offset: number): boolean {
  const lineStart = lineStartOf(text, offset);
  const before = pieces.filter(({ start, end }) => start >= lineStart && end <= offset);
  const signs = before.map(({ start, end }) => text.slice(start, end));
  return signs[0] === '%' || signs.includes('!');
}

/**
 * What it takes to have the module: nothing, or an import before the first statement that is neither documentation
 * nor an import from `__future__`. Undefined where that statement does not begin a line.
 */
function importOfOs(
  text: string,
  statements: readonly Statement[],
  before: number,
): readonly TextChange[] | undefined {
  const isThere = statements.some(
    ({ start, end }) =>
      end <= before &&
      lineStartOf(text, start) === start &&
      /^import\s+(?:[^#;\n]*,\s*)?os(?:\.path)?\s*(?:,|$|#)/.test(text.slice(start, end)),
  );
  if (isThere) return [];
  const first = statements.find(
    ({ start, end, isText }, index) =>
      !(index === 0 && isText) && !/^from\s+__future__\b/.test(text.slice(start, end)),
  );
  const at = first?.start;
  // A magic command for a whole cell of a notebook must come first in it.
  if (/[%!]/.test(text[at ?? text.length] ?? '')) return undefined;
  const isLineStart = at !== undefined && (lineStartOf(text, at) === at || text.slice(0, at) === '\ufeff');
  return isLineStart ? [{ start: at, end: at, text: `import os${lineEndOf(text)}` }] : undefined;
}

interface Statement {
  readonly start: number;
  readonly end: number;
  /** It is nothing but strings. */
  readonly isText: boolean;
}

/** The statements of a text by lines of code. */
function statementsOf(pieces: readonly PythonPiece[]): readonly Statement[] {
  const statements: { start: number; end: number; isText: boolean }[] = [];
  let isOpen = false;
  for (const { kind, start, end } of pieces) {
    const last = statements.at(-1);
    if (kind === 'comment') continue;
    if (kind === 'break') isOpen = false;
    else if (isOpen && last) {
      last.end = end;
      last.isText &&= kind === 'string';
    } else {
      statements.push({ start, end, isText: kind === 'string' });
      isOpen = true;
    }
  }
  return statements;
}
