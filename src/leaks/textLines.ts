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
  return Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
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
