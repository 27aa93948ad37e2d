import type { TextChange } from '../keys/envFile';
import { mayHoldJsx, readJavaScript } from './javaScriptSource';
import { readPython } from './pythonSource';
import { shellPlaceAt } from './shellSource';
import { lineAt } from './textLines';

/** What a comment on a line says so that keys there are not reported. */
export const ignoreMark = 'omi:ignore';

/** Whether a line carries the mark. */
export function isIgnoredLine(lineText: string): boolean {
  return /(?<![\w:]|\w-)omi:ignore(?![\w:]|-\w)/.test(lineText);
}

/** A line of a text: `before` is everything up to its end. */
interface LineInText {
  readonly text: string;
  readonly before: string;
  readonly line: string;
  readonly languageId: string;
}

/** Whether a line surely ends in code, so that a comment there is one and ends nothing else. */
type EndsInCode = (line: LineInText) => boolean;

const inJavaScript: EndsInCode = ({ text, before, languageId }) => {
  const pieces = readJavaScript(text, mayHoldJsx(languageId));
  const at = before.length;
  return pieces?.some(({ start, end }) => start <= at && at < end) === false;
};

const inPython: EndsInCode = ({ text, before }) => {
  const at = before.length;
  return (
    readPython(text)?.some(({ kind, start, end }) => kind === 'string' && start < at && at < end) === false
  );
};

/** What another word at the end of the line would be. */
const inShell: EndsInCode = ({ text, before }) => {
  const longer = `${before} x${text.slice(before.length)}`;
  return shellPlaceAt(longer, before.length + 1)?.kind === 'word';
};

/** For languages that no reader is here for: all quotes that may span lines are paired up to the end of the line. */
const byQuotes: EndsInCode = ({ before, line, languageId }) => {
  const bare = (part: string): string => part.replaceAll(/\\[^]/g, '');
  const isPaired = (part: string, quote: string): boolean => bare(part).split(quote).length % 2 === 1;
  const spansLines = ['"', '`', '"""', "'''"].every((quote) => isPaired(before, quote));
  const apostrophes = longApostrophes.has(languageId) ? before : line;
  return spansLines && isPaired(apostrophes, "'") && !openText.test(before);
};
const longApostrophes = new Set(['perl', 'php', 'powershell', 'r', 'ruby', 'sql', 'toml']);
/** Here-documents, long brackets and verbatim parts: where those stand before, nothing is sure. */
const openText =
  /<<[-~]?["']?[A-Za-z_]|^.*@["']\s*$|\[=*\[|\\begin\{(?:verbatim|lstlisting|minted)|^__(?:END|DATA)__/m;

const inYaml: EndsInCode = (place) => {
  const { before, line } = place;
  if (!/^\s*(?:- |["']?[\w.-]+["']?\s*:)/.test(line)) return false;
  let indent = /^\s*/.exec(line)?.[0].length ?? 0;
  for (const other of before.split(/\r\n|\n|\r/).toReversed()) {
    const own = /^\s*/.exec(other)?.[0].length ?? 0;
    if (other.trim() === '' || own >= indent) continue;
    indent = own;
    // A text in a block keeps its number signs.
    if (/[:-]\s+(?:[&!]\S+\s+)*[|>][-+\d]*\s*(?:#.*)?$/.test(other)) return false;
  }
  const isPaired = (quote: string): boolean => before.split(quote).length % 2 === 1;
  return isPaired('"') && line.split("'").length % 2 === 1;
};

const inMarkup: EndsInCode = ({ before }) => {
  const isOpen = (opening: RegExp, closing: string): boolean => {
    const last = Array.from(before.matchAll(opening)).at(-1)?.index ?? -1;
    return last > before.toLowerCase().lastIndexOf(closing);
  };
  const raw = ['script', 'style', 'pre', 'textarea', 'title'];
  return !(
    raw.some((name) => isOpen(new RegExp(`<${name}\\b`, 'gi'), `</${name}`)) ||
    isOpen(/<!--/g, '-->') ||
    isOpen(/<!\[CDATA\[/g, ']]>') ||
    isOpen(/</g, '>')
  );
};

const inMarkdown: EndsInCode = ({ before, line }) => {
  const fences = before.match(/^ {0,3}(?:```|~~~)/gm)?.length ?? 0;
  const isIndented = /^(?: {4}|\t)/.test(line);
  const isFrontMatter = /^---\s*$/m.exec(before)?.index === 0 && !/\n---\s*(?:$|\n)/.test(before);
  const hasOpenCode = line.split('`').length % 2 === 0;
  return fences % 2 === 0 && !isIndented && !isFrontMatter && !hasOpenCode && !/<[^>]*$/.test(line);
};

/** How a comment at the end of a line is written; the second sign closes it. */
interface Comments {
  readonly signs: readonly [string, string?];
  readonly languages: readonly string[];
  readonly endsInCode: EndsInCode;
}

/** Not here: JSON has none; `.env`, properties, Makefiles and Dockerfiles would take one into the value. */
const tables: readonly Comments[] = [
  {
    signs: ['//'],
    languages: ['javascript', 'javascriptreact', 'typescript', 'typescriptreact'],
    endsInCode: inJavaScript,
  },
  {
    signs: ['//'],
    languages:
      'jsonc java kotlin c cpp csharp go rust swift dart php scala groovy fsharp objective-c objective-cpp'.split(
        ' ',
      ),
    endsInCode: byQuotes,
  },
  { signs: ['#'], languages: ['python'], endsInCode: inPython },
  { signs: ['#'], languages: ['shellscript'], endsInCode: inShell },
  { signs: ['#'], languages: ['yaml', 'dockercompose', 'github-actions-workflow'], endsInCode: inYaml },
  {
    signs: ['#'],
    languages: 'toml ruby perl r julia elixir powershell coffeescript terraform nix'.split(' '),
    endsInCode: byQuotes,
  },
  { signs: ['--'], languages: ['sql', 'lua', 'haskell'], endsInCode: byQuotes },
  { signs: [';'], languages: ['clojure', 'lisp', 'commonlisp', 'scheme'], endsInCode: byQuotes },
  { signs: ['%'], languages: ['latex', 'tex', 'erlang', 'matlab', 'prolog'], endsInCode: byQuotes },
  { signs: ['<!--', '-->'], languages: ['html', 'xml'], endsInCode: inMarkup },
  { signs: ['<!--', '-->'], languages: ['markdown'], endsInCode: inMarkdown },
];

/**
 * Adds a comment with the mark at the end of a line.
 *
 * @param line counted from 0; lines end at `\n`, `\r\n` or a lone `\r`.
 * @param languageId as VS Code names languages.
 * @returns undefined where the language has no such comments, where the line has the mark already, and where it cannot
 * be told simply that the line ends in code.
 */
export function ignoreChange(text: string, line: number, languageId: string): TextChange | undefined {
  const comments = tables.find(({ languages }) => languages.includes(languageId));
  const place = lineAt(text, line);
  if (!comments || !place) return undefined;
  const lineText = text.slice(place.start, place.end);
  if (isIgnoredLine(lineText) || /\\\s*$/.test(lineText)) return undefined;
  const before = text.slice(0, place.end);
  if (!comments.endsInCode({ text, before, line: lineText, languageId })) return undefined;
  const [opening, closing] = comments.signs;
  const written = [opening, ignoreMark, ...(closing === undefined ? [] : [closing])].join(' ');
  const gap = /(?:^|\s)$/.test(lineText) ? '' : ' ';
  return { start: place.end, end: place.end, text: `${gap}${written}` };
}
