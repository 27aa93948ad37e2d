import { matchAt } from './textLines';

/**
 * What a place in a shell script is. `word`: `from` is where its word begins, `lead` the word before it in the same
 * command. `double` and `single`: within quotes, `from` and `to` being the places right inside them.
 */
export type ShellPlace =
  | {
      readonly kind: 'word' | 'double' | 'single';
      readonly word: string;
      readonly lead: string;
      readonly from: number;
      readonly to: number;
    }
  /** Comments, here-documents, parameters and the rest: nothing is replaced there. */
  | { readonly kind: 'other' };

/** What is open: a command list, double quotes, a parameter; `closer` ends it. */
interface Level {
  readonly mode: 'list' | 'double' | 'parameter';
  readonly closer: string;
  /** Where the content begins. */
  readonly from: number;
  wordStart: number | undefined;
  lead: string;
}

const comment = /#[^\r\n]*/y;
const single = /'[^']*'/y;
const ansi = /\$'(?:[^'\\]|\\[^])*'/y;
const arithmetic = /\$?\(\([^()]*(?:\([^()]*\)[^()]*)*\)\)/y;
const hereDocument = /<<(-?)[^\S\r\n]*(["']?)\\?([A-Za-z_][\w-]*)\2/y;

/**
 * Reads a whole script and says what a place in it is. Undefined when quotes or brackets do not match, or a form stands
 * there that this reader does not know.
 */
export function shellPlaceAt(text: string, offset: number): ShellPlace | undefined {
  const levels: Level[] = [{ mode: 'list', closer: '', from: 0, wordStart: undefined, lead: '' }];
  const documents: { readonly end: string; readonly isIndented: boolean }[] = [];
  let at = 0;
  let found: ShellPlace | undefined;

  const push = (mode: Level['mode'], closer: string, length: number): void => {
    at += length;
    levels.push({ mode, closer, from: at, wordStart: undefined, lead: '' });
  };
  /** Passes over a part whole. */
  const pass = (length: number, kind: 'other' | 'single', list?: Level): void => {
    const isHere = at <= offset && offset < at + length;
    if (isHere && kind === 'other') found = { kind };
    else if (isHere && list) found = placed('single', list, at + 1, at + length - 1);
    at += length;
  };
  const placed = (kind: 'word' | 'double' | 'single', list: Level, from: number, to: number): ShellPlace => {
    const word = text.slice(list.wordStart ?? from, offset);
    return { kind, word, lead: list.lead, from, to };
  };
  /** The list whose word the place belongs to: quotes are part of a word of what is around them. */
  const listAround = (): Level | undefined => levels.findLast(({ mode }) => mode === 'list');

  const endWord = (level: Level, isCommandEnd: boolean): void => {
    if (level.wordStart !== undefined) level.lead = text.slice(level.wordStart, at);
    level.wordStart = undefined;
    if (isCommandEnd) level.lead = '';
  };
  /** Here-documents begin on the line after their mark. */
  const passDocuments = (): boolean => {
    for (const { end, isIndented } of documents.splice(0)) {
      const pattern = new RegExp(`^${isIndented ? '\\t*' : ''}${end}\\r?$`, 'm');
      const close = pattern.exec(text.slice(at));
      if (!close) return false;
      pass(close.index + close[0].length, 'other');
    }
    return true;
  };
  const readList = (level: Level, char: string): boolean => {
    if (char === level.closer) {
      levels.pop();
      at += 1;
      return true;
    }
    if (char === '\n') {
      endWord(level, true);
      at += 1;
      return passDocuments();
    }
    if (/[\s;&|()<>]/.test(char)) return readBetween(level, char);
    if (char === '#' && level.wordStart === undefined) {
      pass(matchAt(comment, text, at)?.length ?? 1, 'other');
      return true;
    }
    level.wordStart ??= at;
    if (char === '\\') at += text.startsWith('\r\n', at + 1) ? 3 : 2;
    else if (char === "'") {
      const part = matchAt(single, text, at);
      if (part === undefined) return false;
      pass(part.length, 'single', level);
    } else if (char === '"') push('double', '"', 1);
    else if (text.startsWith("$'", at)) {
      const part = matchAt(ansi, text, at);
      if (part === undefined) return false;
      pass(part.length, 'other');
    } else return readExpansion(level, char);
    return true;
  };
  const readBetween = (level: Level, char: string): boolean => {
    const sum = char === '(' ? matchAt(arithmetic, text, at) : undefined;
    if (sum !== undefined) {
      pass(sum.length, 'other');
      return true;
    }
    endWord(level, /[;&|()]/.test(char));
    if (char === '(') push('list', ')', 1);
    else if (char === ')') {
      // The pattern of a `case` closes what was never opened.
      if (level.closer !== '') return false;
      at += 1;
    } else if (char === '<' && text.startsWith('<<', at) && !text.startsWith('<<<', at)) {
      const mark = matchAt(hereDocument, text, at);
      const parts = mark === undefined ? null : new RegExp(hereDocument.source).exec(mark);
      if (!parts || mark === undefined) return false;
      documents.push({ end: parts[3] ?? '', isIndented: parts[1] === '-' });
      at += mark.length;
    } else at += text.startsWith('<<<', at) ? 3 : 1;
    return true;
  };
  const readExpansion = (level: Level, char: string): boolean => {
    const sum = char === '$' ? matchAt(arithmetic, text, at) : undefined;
    if (sum !== undefined) pass(sum.length, 'other');
    else if (text.startsWith('$(', at)) push('list', ')', 2);
    else if (text.startsWith('${', at)) push('parameter', '}', 2);
    else if (char === '`') push('list', '`', 1);
    else {
      const list = listAround();
      if (at === offset && level.mode === 'list') found = placed('word', level, offset, offset);
      else if (at === offset && level.mode === 'double' && list)
        found = placed('double', list, level.from, offset);
      else if (at === offset) found = { kind: 'other' };
      at += 1;
    }
    return true;
  };
  const readQuoted = (level: Level, char: string): boolean => {
    if (char === level.closer) {
      levels.pop();
      at += 1;
    } else if (char === '\\') at += 2;
    else if (level.mode === 'parameter' && /["']/.test(char)) return false;
    else return readExpansion(level, char);
    return true;
  };

  while (at < text.length) {
    const level = levels.at(-1);
    const char = text[at] ?? '';
    if (!level) return undefined;
    if (!(level.mode === 'list' ? readList(level, char) : readQuoted(level, char))) return undefined;
  }
  return levels.length === 1 && documents.length === 0 ? found : undefined;
}
