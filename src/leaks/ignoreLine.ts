import type { TextChange } from '../keys/envFile';
import { mayHoldJsx, readJavaScript } from './javaScriptSource';
import { mayHoldOpenText } from './openText';
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

/** For languages that no reader is here for. */
const byQuotes: EndsInCode = ({ before, languageId }) => !mayHoldOpenText(before, languageId);

/** Dashes, a name with its colon, and what they stand before. */
const yamlLine = /^((\s*)(?:- +)*)(["']?[\w.-]+["']?\s*:(?=\s|$))?/;
/** A name or a dash with nothing behind it: what follows further in belongs to it, and is no text that goes on. */
const yamlParent = /^(?:[^:]|:\S)*:(?:\s+[&!]\S*)*\s*(?:\s#.*)?$|^\s*(?:- +)*-\s*$|^---\s*$/;

const inYaml: EndsInCode = ({ text, before, line }) => {
  const isSaid = (one: string): boolean => !/^\s*(?:#|$)/.test(one);
  const [, lead = '', space = '', name] = yamlLine.exec(line) ?? [];
  if (name === undefined && lead === space) return false;
  const column = name === undefined ? lead.lastIndexOf('-') : lead.length;
  const after =
    text
      .slice(before.length)
      .split(/\r\n|\n|\r/)
      .find(isSaid) ?? '';
  if ((/^\s*/.exec(after)?.[0].length ?? 0) > column) return false;
  // Up through the lines that this one belongs to.
  let [indent, isMember] = [space.length, lead === space];
  for (const other of before
    .slice(0, -line.length)
    .split(/\r\n|\n|\r/)
    .toReversed()
    .filter(isSaid)) {
    const [, otherLead = '', otherSpace = '', otherName] = yamlLine.exec(other) ?? [];
    if (otherSpace.length >= indent) continue;
    const isBeside = isMember && otherName !== undefined && otherLead.length === indent;
    if (!isBeside && !yamlParent.test(other)) return false;
    [indent, isMember] = [otherSpace.length, otherLead === otherSpace];
  }
  const isPaired = (quote: string): boolean => before.split(quote).length % 2 === 1;
  return isPaired('"') && line.split("'").length % 2 === 1;
};

/** Whether the last opening has no closing behind it. */
function isOpen(before: string, opening: RegExp, closing: string): boolean {
  const last = Array.from(before.matchAll(opening)).at(-1)?.index ?? -1;
  return last > before.toLowerCase().lastIndexOf(closing);
}

/** Whether a place is in a comment or in an element whose text knows no comments. */
function isInRawMarkup(before: string): boolean {
  const raw = 'script style pre textarea title iframe xmp noembed noframes'.split(' ');
  return (
    raw.some((name) => isOpen(before, new RegExp(`<${name}\\b`, 'gi'), `</${name}`)) ||
    isOpen(before, /<!--/g, '-->')
  );
}

const inMarkup: EndsInCode = ({ before }) => {
  const lastTag = before.slice(Math.max(0, before.search(/<[a-z][^<]*$/i)));
  // Values of attributes may hold the sign that ends a tag.
  const bare = lastTag.replaceAll(/=\s*(?:"[^"]*"|'[^']*')/g, '').replace(/=\s*["'][^]*/, '');
  return !(
    isInRawMarkup(before) ||
    isOpen(before, /<!\[CDATA\[/g, ']]>') ||
    isOpen(before, /<\?/g, '?>') ||
    isOpen(before, /<%/g, '%>') ||
    isOpen(before, /</g, '>') ||
    (bare.startsWith('<') && !bare.includes('>'))
  );
};

const inMarkdown: EndsInCode = ({ before, line }) => {
  const isIndented = /^(?: {4}|\t)/.test(line);
  const isFrontMatter = /^---\s*$/m.exec(before)?.index === 0 && !/\n---\s*(?:$|\n)/.test(before);
  // A definition of a link, a row of a table and a closed heading take in what is added to them.
  const takesMore = /^[ \t>]*\[[^\]]+\]:|[|#]\s*$/.test(line);
  const paragraph = before.split(/(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)/).at(-1) ?? '';
  const hasOpenCode = paragraph.split('`').length % 2 === 0;
  const hasOpenTag = paragraph.lastIndexOf('<') > paragraph.lastIndexOf('>');
  const isPlain = !isIndented && !isFrontMatter && !takesMore && !hasOpenCode && !hasOpenTag;
  return isPlain && !hasOpenFence(before) && !isInRawMarkup(before);
};

function hasOpenFence(before: string): boolean {
  let fence = '';
  for (const [, signs = '', rest = ''] of before.matchAll(/^(?:[ \t>*+-]|\d+[.)])*(`{3,}|~{3,})(.*)$/gm)) {
    if (fence === '') fence = signs.startsWith('`') && rest.includes('`') ? '' : signs;
    else if (signs.startsWith(fence) && rest.trim() === '') fence = '';
  }
  return fence !== '';
}

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
