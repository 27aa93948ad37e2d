import type { Reference, Spot } from './reference';
import { shellPlaceAt } from './shellSource';

/** Flags whose next word gives a variable to another program. */
const handingOver = new Set(['-e', '--env', '--build-arg']);
/** Shells that read variables and quotes in another way. */
const otherShell = /\.(?:csh|tcsh|fish|ps1)$|^\.(?:t?cshrc|login)$/;

/** A bare key becomes `"${X}"`; within double quotes `${X}`; single quotes are changed or left and entered again. */
export function shellReference({ text, start, end, name, variable }: Spot): Reference | undefined {
  const isOther = otherShell.test(name) || (text.startsWith('#!') && !/^#!.*\b(?:ba|da|k|z)?sh\b/.test(text));
  return isOther ? undefined : shellReferenceIn(text, 0, text.length, start, end, variable);
}

/**
 * The same for a piece of a text that is a script of its own.
 *
 * @param from @param to where the script begins and ends in the text.
 */
export function shellReferenceIn(
  text: string,
  from: number,
  to: number,
  start: number,
  end: number,
  variable: string,
): Reference | undefined {
  const place = shellPlaceAt(text.slice(from, to), start - from);
  if (!place || place.kind === 'other') return undefined;
  // A variable cannot take its value from itself.
  if (place.word.startsWith(`${variable}=`) && !handingOver.has(place.lead)) return undefined;
  const reads = `\${${variable}}`;
  if (place.kind === 'word') {
    // A key before an equals sign is a name.
    if (text[end] === '=' || text[start - 1] === '$') return undefined;
    return { changes: [{ start, end, text: `"${reads}"` }], reads };
  }
  if (place.kind === 'double') {
    // A dollar or a backslash before it would make something else of the reference.
    if (text[start - 1] === '$' || text[start - 1] === '\\') return undefined;
    return { changes: [{ start, end, text: reads }], reads };
  }
  const [first, last] = [from + place.from, from + place.to];
  const [head, tail] = [text.slice(first, start), text.slice(end, last)];
  if (!/["$`\\!]/.test(head + tail))
    return { changes: [{ start: first - 1, end: last + 1, text: `"${head}${reads}${tail}"` }], reads };
  return { changes: [{ start, end, text: `'"${reads}"'` }], reads };
}
