/** A change of a text: the units from `start` to `end` (UTF-16 offsets) become `text`. */
export interface TextChange {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What it takes to give a variable of a `.env` file a value. */
export interface VariableChange {
  /** How many lines of that name there are already; they are all given the value, whichever a program reads. */
  readonly existing: number;
  readonly changes: readonly TextChange[];
}

/** Whether a text can name a variable. */
export function isVariableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/** The start of a line that gives a variable a value, up to the equals sign. */
const assignment = /^[^\S\r\n]*(?:export[^\S\r\n]+)?([A-Za-z_][A-Za-z0-9_]*)[^\S\r\n]*=/gm;

/** A value in quotes, which may run over several lines, and what may follow it on its last line. */
const quotedValue = /[^\S\r\n]*(["'`])((?:\\[^]|(?!\1)[^\\])*)\1(?=[^\S\r\n]*(?:#.*)?$)/my;
/** A number sign begins a comment only after a space. */
const comment = /(?<=\s)#/;
const restOfLine = /.*/y;

/**
 * Plans how a variable gets a value: existing lines keep their `export`, quotes and comment; a missing line is added
 * at the end, with the line ends that the file has. Everything else stays as it is; a line inside a quoted value of
 * several lines is no line of its own.
 *
 * @param value must need no quoting, as Omi's keys do not.
 */
export function planVariable(text: string, name: string, value: string): VariableChange {
  const changes: TextChange[] = [];
  const head = new RegExp(assignment);
  for (let match = head.exec(text); match; match = head.exec(text)) {
    const { start, end, next } = valueAt(text, head.lastIndex);
    if (match[1] === name) changes.push({ start, end, text: value });
    head.lastIndex = next;
  }
  if (changes.length > 0) return { existing: changes.length, changes };
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const isOpen = text !== '' && text !== '\ufeff' && !/[\r\n]$/.test(text);
  const line = `${isOpen ? lineEnd : ''}${name}=${value}${lineEnd}`;
  return { existing: 0, changes: [{ start: text.length, end: text.length, text: line }] };
}

/** Applies a plan, for a file that is not open. */
export function applyChanges(text: string, changes: readonly TextChange[]): string {
  return changes
    .toSorted((a, b) => b.start - a.start)
    .reduce((done, { start, end, text: part }) => done.slice(0, start) + part + done.slice(end), text);
}

/** Where the value stands that follows an equals sign: inside its quotes, or before a comment; and where it is over. */
function valueAt(text: string, from: number): { start: number; end: number; next: number } {
  const quoted = execAt(quotedValue, text, from);
  if (quoted) {
    const next = from + quoted[0].length;
    return { start: next - 1 - (quoted[2]?.length ?? 0), end: next - 1, next };
  }
  const [line = ''] = execAt(restOfLine, text, from) ?? [];
  const value = line.trimStart();
  const start = from + line.length - value.length;
  if (start > from && value.startsWith('#')) return { start: from, end: from, next: from };
  const sign = value.search(comment);
  const end = start + value.slice(0, sign === -1 ? undefined : sign).trimEnd().length;
  return { start, end, next: end };
}

function execAt(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  const sticky = new RegExp(pattern);
  sticky.lastIndex = from;
  return sticky.exec(text);
}
