import type { TextChange } from '../keys/envFile';

/**
 * What it takes to make a `.gitignore` name one file of its own folder; nothing when it does already. Line ends stay
 * as they are.
 *
 * @param text the `.gitignore`; empty when there is none.
 * @param name the file's name without folders.
 */
export function gitignoreChange(text: string, name: string): readonly TextChange[] {
  const line = ignoreLineFor(name);
  if (
    line === undefined ||
    text
      .replace(/^\ufeff/, '')
      .split(/\r?\n/)
      .includes(line)
  )
    return [];
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const gap = text === '' || text === '\ufeff' || text.endsWith('\n') ? '' : lineEnd;
  return [{ start: text.length, end: text.length, text: `${gap}${line}${lineEnd}` }];
}

/**
 * The line of a `.gitignore` that means exactly this file beside it. The slash in front ties it to the folder, and
 * takes `#` and `!` their meaning. A name with a line break cannot be written.
 */
function ignoreLineFor(name: string): string | undefined {
  if (name === '' || /[\r\n/]/.test(name)) return undefined;
  const literal = name.replace(/[\\*?[\]]/g, '\\$&');
  // Git drops blanks at the end of a line, unless the last of them is escaped.
  return `/${literal.replace(/[ \t]+$/, (blanks) => blanks.replace(/./g, '\\$&'))}`;
}
