/** What stands in a text for bytes that could not be decoded. */
export const undecoded = '\ufffd';

/** Where a line of a text begins and ends (without its line end), in UTF-16 units; undefined when there is no such line. */
export function lineAt(
  text: string,
  line: number,
): { readonly start: number; readonly end: number } | undefined {
  const lineEnd = /\r\n|\n|\r/g;
  let start = 0;
  for (let passed = 0; passed < line; passed += 1) {
    const match = lineEnd.exec(text);
    if (!match) return undefined;
    start = match.index + match[0].length;
  }
  lineEnd.lastIndex = start;
  return { start, end: lineEnd.exec(text)?.index ?? text.length };
}

/** Where the line begins that an offset is on. */
export function lineStartOf(text: string, offset: number): number {
  let start = offset;
  while (start > 0 && text[start - 1] !== '\n' && text[start - 1] !== '\r') start -= 1;
  return start;
}

/** The line end that a text uses. */
export function lineEndOf(text: string): '\r\n' | '\n' {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** What a pattern with the `y` flag finds right at an offset. */
export function matchAt(pattern: RegExp, text: string, offset: number): string | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0];
}
