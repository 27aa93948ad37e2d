import { matchAt } from './textLines';

/**
 * A piece of JavaScript or TypeScript. `chunk` = literal text of a template, `attribute` = a quoted JSX attribute,
 * `jsxText` = text between tags. A string is a value when an expression may stand in its place.
 */
export interface JsPiece {
  readonly kind: 'word' | 'sign' | 'string' | 'attribute' | 'chunk' | 'jsxText' | 'comment';
  readonly start: number;
  /** Behind its closing quote, if it has one. */
  readonly end: number;
  readonly isValue: boolean;
}

/** What the innermost open bracket is. */
interface Level {
  mode: 'code' | 'template' | 'tag' | 'children';
  readonly closer: string;
  /**
   * `types` = the body of a type, an interface or an enumeration: no expression stands there. `expression` = one alone,
   * as in braces of JSX and in holes of templates.
   */
  readonly holds: 'object' | 'types' | 'expression' | 'other';
  /** Question marks that wait for their colon. */
  questions: number;
  /** Inside `type X = …`. */
  inType: boolean;
}

/** The last pieces of code, which tell what may follow. */
interface Before {
  readonly text: string;
  readonly kind: 'word' | 'sign' | 'value' | 'none';
}

/** What the last colon stands behind: the name of a member, a question, or a name that gets a type. */
type Colon = 'member' | 'ternary' | 'other';

const word = /[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*/uy;
const digits = /\d[\w.]*/y;
const sign = /=>|\?\.(?!\d)|\?\?=?|&&=?|\|\|=?|[=!]==?|\.\.\.|\+\+|--|[-+*/%&|^<>]=|[^\s\w]/uy;
const quoted = /"(?:[^"\\\r\n]|\\(?:\r\n|[^]))*"|'(?:[^'\\\r\n]|\\(?:\r\n|[^]))*'/y;
const pattern = /\/(?![*/])(?:[^\\/[\r\n]|\\[^\r\n]|\[(?:[^\]\\\r\n]|\\[^\r\n])*\])+\/\w*/y;
const comment = /\/\/[^\r\n]*|\/\*[^]*?\*\//y;
const templateText = /(?:[^\\`$]|\\[^]|\$(?!\{))*/y;
const tagText = /[\p{ID_Continue}$.:=-]+|\s+/uy;
const tagQuoted = /"[^"]*"|'[^']*'/y;
const closingTag = /<\/[^<>{}]*>/y;
const genericArrow = /<\s*(?:const\s+)?[\w$]+\s*(?:,|extends\b)/y;

const openers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
/** Words that an expression follows. */
const leading = new Set(
  'return throw yield await typeof case in of default delete void new else do instanceof'.split(' '),
);
/** Words and signs that a value may follow for sure. */
const valueWords = new Set('return throw yield await typeof case in of default'.split(' '));
const valueSigns = new Set('( , = [ ? : + && || ?? == === != !== => ... += ??= ||= &&='.split(' '));
/** What a brace follows that opens an object. */
const objectSigns = new Set('( , = [ ? && || ?? ...'.split(' '));
/** Words that begin another statement than a type. */
const statements = new Set('const let var function class export import return if for while async'.split(' '));
/** What may follow a string that is a value. */
const follows = /\s*(?:$|[),;\].}+]|&&|\|\||\?|[!=]=|\/[/*])|[^\S\r\n]*[\r\n]\s*[^\s([`:=]/y;

/**
 * Reads a whole text. Undefined when it cannot be read for sure: brackets or quotes that do not match, or a form that
 * this reader does not know.
 */
export function readJavaScript(text: string, hasJsx: boolean): readonly JsPiece[] | undefined {
  const pieces: JsPiece[] = [];
  const bottom: Level = { mode: 'code', closer: '', holds: 'other', questions: 0, inType: false };
  const levels: Level[] = [bottom];
  let at = /^(?:\ufeff)?(?:#![^\r\n]*)?/.exec(text)?.[0].length ?? 0;
  let before: readonly [Before, Before, Before] = [none, none, none];
  let colon: Colon = 'other';
  let opensTypes = false;

  const add = (kind: JsPiece['kind'], end: number, isValue = false): void => {
    pieces.push({ kind, start: at, end, isValue });
    at = end;
  };
  const saw = (kind: Before['kind'], seen: string): void => {
    before = [{ kind, text: seen }, before[0], before[1]];
  };
  const push = (mode: Level['mode'], closer: string, holds: Level['holds'] = 'other'): void => {
    levels.push({ mode, closer, holds, questions: 0, inType: false });
  };
  const expects = (): boolean => {
    const { kind, text: seen } = before[0];
    if (kind === 'none') return true;
    if (kind === 'word') return leading.has(seen);
    return kind === 'sign' && ![')', ']', '}', '++', '--'].includes(seen);
  };
  const holdsOf = (level: Level): Level['holds'] => {
    if (isInTypes(level) || opensTypes || isBareComma(level, before[0])) return 'types';
    const { kind, text: seen } = before[0];
    if (kind === 'word')
      return valueWords.has(seen) ? 'object' : before[1].text === 'enum' ? 'types' : 'other';
    if (seen === ':') return colon === 'other' ? 'types' : 'object';
    if (seen === '{') return level.holds === 'expression' ? 'object' : 'other';
    return objectSigns.has(seen) ? 'object' : 'other';
  };
  /** No value is sure where a list may be one of types: behind a name (`A['b']`), and outside of brackets. */
  const isOfTypes = (opener: string, level: Level): boolean =>
    isInTypes(level) ||
    (opener === '[' ? !expects() || before[0].text === '>' : ['import', 'require'].includes(before[0].text));
  const isValue = (level: Level, end: number): boolean => {
    if (!mayValueStand(level, before[0], colon)) return false;
    const { text: seen } = before[0];
    if (/^\s*:/.test(text.slice(end, end + 200))) return seen === '?' || seen === 'case';
    return matchAt(follows, text, end) !== undefined;
  };

  /** Code up to the next sign of interest; false = not understood. */
  const readCode = (level: Level): boolean => {
    const char = text[at] ?? '';
    if (/\s/.test(char)) {
      at += 1;
      return true;
    }
    const remark = matchAt(comment, text, at);
    if (remark !== undefined) {
      add('comment', at + remark.length);
      return true;
    }
    if (text.startsWith('/*', at)) return false;
    if (char === '"' || char === "'") {
      const string = matchAt(quoted, text, at);
      if (string === undefined) return false;
      add('string', at + string.length, isValue(level, at + string.length));
      saw('value', char);
      return true;
    }
    if (char === '`') {
      at += 1;
      push('template', '`');
      return true;
    }
    if (char === '/' && expects()) {
      const regex = matchAt(pattern, text, at);
      if (regex === undefined) return false;
      at += regex.length;
      saw('value', '/');
      return true;
    }
    const isTag = hasJsx && char === '<' && expects() && /[\p{ID_Start}$_>]/u.test(text[at + 1] ?? '');
    if (isTag && matchAt(genericArrow, text, at) === undefined) {
      at += 1;
      push('tag', '>');
      return true;
    }
    const name = matchAt(word, text, at);
    if (name !== undefined) {
      readWord(name, level);
      return true;
    }
    const number = matchAt(digits, text, at);
    if (number !== undefined) {
      at += number.length;
      saw('value', number);
      return true;
    }
    return readSign(matchAt(sign, text, at) ?? char, level);
  };
  const readWord = (name: string, level: Level): void => {
    const isMember = before[0].text === '.' || before[0].text === '?.';
    if (!isMember && statements.has(name)) level.inType = false;
    if (name === 'interface' && !isMember) opensTypes = true;
    // `type` begins a type only before a name and an equals sign or an angle bracket.
    if (name === 'type' && /^\s+[\w$]+\s*[=<]/.test(text.slice(at + 4, at + 200))) level.inType = true;
    add('word', at + name.length);
    saw(isMember ? 'value' : 'word', name);
  };
  const readSign = (seen: string, level: Level): boolean => {
    const closer = openers[seen];
    if (closer !== undefined) {
      push('code', closer, seen === '{' ? holdsOf(level) : isOfTypes(seen, level) ? 'types' : 'other');
      if (seen === '{') opensTypes = false;
    } else if (seen === level.closer) {
      levels.pop();
    } else if ([')', ']', '}'].includes(seen)) {
      return false;
    }
    if (seen === ';') [level.inType, level.questions] = [false, 0];
    if (seen === '?' && !/^\s*[:),]/.test(text.slice(at + 1, at + 40))) level.questions += 1;
    if (seen === ':') colon = colonOf(level);
    add('sign', at + seen.length);
    const isPostfix = seen === '!' && !expects();
    const isBack = closer === undefined && seen === level.closer && level.holds === 'expression';
    if (!isPostfix && !isBack) saw('sign', seen);
    return true;
  };
  const colonOf = (level: Level): Colon => {
    if (level.questions > 0) {
      level.questions -= 1;
      return 'ternary';
    }
    return level.holds === 'object' && before[0].text !== ')' ? 'member' : 'other';
  };

  const readTemplate = (): boolean => {
    add('chunk', at + (matchAt(templateText, text, at)?.length ?? 0));
    if (text.startsWith('${', at)) {
      at += 2;
      push('code', '}', 'expression');
      saw('sign', '(');
      return true;
    }
    if (text[at] !== '`') return false;
    at += 1;
    levels.pop();
    saw('value', '`');
    return true;
  };
  const readTag = (level: Level): boolean => {
    const plain = matchAt(tagText, text, at);
    const value = matchAt(tagQuoted, text, at);
    const remark = matchAt(comment, text, at);
    if (plain !== undefined) at += plain.length;
    else if (value !== undefined) add('attribute', at + value.length, text[at - 1] === '=');
    else if (text.startsWith('/>', at)) {
      at += 2;
      levels.pop();
      saw('value', '>');
    } else if (remark !== undefined) add('comment', at + remark.length);
    else if (text[at] === '>') {
      at += 1;
      level.mode = 'children';
    } else return openJsx();
    return true;
  };
  const openJsx = (): boolean => {
    if (text[at] !== '{') return false;
    at += 1;
    push('code', '}', 'expression');
    saw('sign', '{');
    return true;
  };
  const readChildren = (): boolean => {
    const next = /[<{]/.exec(text.slice(at));
    if (!next) return false;
    add('jsxText', at + next.index);
    if (text[at] === '{') return openJsx();
    const closing = matchAt(closingTag, text, at);
    at += closing?.length ?? 1;
    if (closing === undefined) push('tag', '>');
    else {
      levels.pop();
      saw('value', '>');
    }
    return true;
  };

  while (at < text.length) {
    const level = levels.at(-1);
    if (!level) return undefined;
    const isRead =
      level.mode === 'code'
        ? readCode(level)
        : level.mode === 'template'
          ? readTemplate()
          : level.mode === 'tag'
            ? readTag(level)
            : readChildren();
    if (!isRead) return undefined;
  }
  return levels.length === 1 ? pieces : undefined;
}

const none: Before = { kind: 'none', text: '' };

function isInTypes(level: Level): boolean {
  return level.holds === 'types' || level.inType;
}

/** A comma that may stand between types as well as between values. */
function isBareComma(level: Level, last: Before): boolean {
  return last.text === ',' && level.holds !== 'object' && (level.closer === '}' || level.closer === '');
}

/** Whether a value may stand for sure behind the last piece. */
function mayValueStand(level: Level, last: Before, colon: Colon): boolean {
  if (isInTypes(level) || isBareComma(level, last)) return false;
  if (last.kind === 'word') return valueWords.has(last.text);
  if (last.text === ':') return colon !== 'other';
  return last.text === '{' ? level.holds === 'expression' : valueSigns.has(last.text);
}

/** Whether a text may hold JSX, by its language. Files called `.js` may. */
export function mayHoldJsx(languageId: string): boolean {
  return languageId !== 'typescript';
}

/** The piece that an offset lies in. */
export function pieceAt(pieces: readonly JsPiece[], offset: number): JsPiece | undefined {
  return pieces.find(({ start, end }) => start <= offset && offset < end);
}
