import type { TextChange } from '../keys/envFile';
import type { Reference, Spot } from './reference';
import { shellReferenceIn } from './shellReference';
import { lineEndOf } from './textLines';

/** A line of a Dockerfile with its continuations. */
interface Instruction {
  readonly start: number;
  readonly end: number;
  readonly word: string;
}

/** Directives that change how the file is read, and shells that read variables in another way. */
const otherForm = /^#\s*escape\s*=|^[^\S\r\n]*SHELL\b/im;

/** A key becomes `${X}`, with an `ARG X` before it in its stage; the default value of that argument goes. */
export function dockerfileReference({ text, start, end, variable }: Spot): Reference | undefined {
  if (otherForm.test(text)) return undefined;
  const instructions = instructionsOf(text);
  const index = instructions.findIndex((one) => one.start <= start && end <= one.end);
  const instruction = instructions[index];
  if (!instruction) return undefined;
  const body = text.slice(instruction.start, instruction.end);
  if (/^[^\S\r\n]*#/m.test(body)) return undefined;
  const fromArgument = argumentReference(body, instruction, { start, end }, variable);
  if (fromArgument) return fromArgument;
  const replaced =
    instruction.word === 'RUN'
      ? runReference(text, instruction, { start, end }, variable)
      : valueReference(text, instruction, { start, end }, variable);
  if (!replaced) return undefined;
  const stage = instructions.slice(0, index);
  const own = stage.slice(stage.findLastIndex(({ word }) => word === 'FROM') + 1);
  const isThere = own.some(
    ({ word, ...place }) =>
      (word === 'ARG' || word === 'ENV') &&
      new RegExp(`^\\s*(?:ARG|ENV)\\s(?:[^]*\\s)?${variable}(?:[=\\s]|$)`, 'i').test(
        text.slice(place.start, place.end),
      ),
  );
  const { start: at } = instruction;
  const addition = { start: at, end: at, text: `ARG ${variable}${lineEndOf(text)}` };
  return { ...replaced, changes: isThere ? replaced.changes : [addition, ...replaced.changes] };
}

/** The default of the argument itself: `ARG X=KEY` becomes `ARG X`. */
function argumentReference(
  body: string,
  { start: from }: Instruction,
  { start, end }: { readonly start: number; readonly end: number },
  variable: string,
): Reference | undefined {
  const match = new RegExp(`^(\\s*ARG\\s+${variable})=(["']?)`, 'i').exec(body);
  const [head, quote] = [match?.[1], match?.[2] ?? ''];
  if (!match || head === undefined || from + match[0].length !== start) return undefined;
  if (!body.slice(end - from).startsWith(quote)) return undefined;
  const to = end + quote.length;
  if (!/^\s*$/.test(body.slice(to - from))) return undefined;
  const changes: readonly TextChange[] = [{ start: from + head.length, end: to, text: '' }];
  return { changes, reads: `ARG ${variable}` };
}

/** A value of ENV or ARG: Docker puts variables in, also between double quotes, and not between single ones. */
function valueReference(
  text: string,
  { word, start: from, end: to }: Instruction,
  { start, end }: { readonly start: number; readonly end: number },
  variable: string,
): Reference | undefined {
  if (word !== 'ENV' && word !== 'ARG') return undefined;
  const [before, after] = [text.slice(from, start), text.slice(end, to)];
  const reads = `\${${variable}}`;
  if (/[\\$]$/.test(before) || /^[=\w]/.test(after)) return undefined;
  if (before.endsWith("='") && /^'(?:\s|$)/.test(after))
    return { changes: [{ start: start - 1, end: end + 1, text: `"${reads}"` }], reads };
  if (before.includes("'") || before.lastIndexOf('${') > before.lastIndexOf('}')) return undefined;
  return { changes: [{ start, end, text: reads }], reads };
}

function runReference(
  text: string,
  { start: from, end: to }: Instruction,
  { start, end }: { readonly start: number; readonly end: number },
  variable: string,
): Reference | undefined {
  const flags = /^\s*RUN(?:\s+--\S+)*\s+/i.exec(text.slice(from, to))?.[0];
  const script = flags === undefined ? '' : text.slice(from + flags.length, to);
  // The form in brackets runs no shell.
  if (flags === undefined || start < from + flags.length || /^\[|<</.test(script)) return undefined;
  return shellReferenceIn(text, from + flags.length, to, start, end, variable);
}

function instructionsOf(text: string): readonly Instruction[] {
  const pattern =
    /^[^\S\r\n]*([A-Za-z]+)(?:[^\r\n]*\\[^\S\r\n]*\r?\n(?:[^\S\r\n]*(?:#[^\r\n]*)?\r?\n)*)*[^\r\n]*/gm;
  return Array.from(text.matchAll(pattern), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
    word: (match[1] ?? '').toUpperCase(),
  }));
}
