import type { Reference, Spot } from './reference';
import { lineStartOf } from './textLines';

const workflow = /(?:^|\/)\.github\/workflows\/[^/]+\.ya?ml$/;
const composeFile = /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/;

/** Where GitHub offers secrets to a workflow, by the names from the outside in. */
const secretPlace =
  /^(?:env|jobs\.[^.]+\.(?:env|secrets|(?:container|services\.[^.]+)\.(?:env|credentials)|steps\.(?:env|with|run)))(?:\.|$)/;

/** A key becomes `${{ secrets.X }}` in a workflow of GitHub and `${X}` in a file of Docker Compose. */
export function yamlReference(spot: Spot): Reference | undefined {
  const { text, start, end, path, name, variable } = spot;
  const isWorkflow = workflow.test(path);
  if (!isWorkflow && !composeFile.test(name)) return undefined;
  if (!isPlainValue(spot)) return undefined;
  if (isWorkflow && !isOfferedSecrets(text, start)) return undefined;
  // An unpaired dollar right before would take the new one's meaning.
  if (!isWorkflow && /(?<!\$)(?:\$\$)*\$$/.test(text.slice(lineStartOf(text, start), start)))
    return undefined;
  const reads = isWorkflow ? `\${{ secrets.${variable} }}` : `\${${variable}}`;
  return { changes: [{ start, end, text: reads }], reads };
}

function isOfferedSecrets(text: string, offset: number): boolean {
  // Indentation does not tell names apart within brackets over several lines.
  if (isInBrackets(text.slice(0, lineStartOf(text, offset)))) return false;
  return secretPlace.test(parentsOf(text, offset).toReversed().join('.'));
}

// An escaped quote begins none: each one would be looked at up to the end of the line.
const quoted = /(?<!\\)"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/g;

/** Whether a key stands in a value: in no comment, no name and no expression, and between no brackets without quotes. */
function isPlainValue({ text, start, end }: Spot): boolean {
  const lineStart = lineStartOf(text, start);
  const before = text.slice(lineStart, start);
  const after = /^[^\r\n]*/.exec(text.slice(end))?.[0] ?? '';
  if (/(?:^|\s)#/.test(before) || /^["']?\s*:(?:\s|$)/.test(after)) return false;
  if (
    before.lastIndexOf('${{') > before.lastIndexOf('}}') ||
    before.lastIndexOf('${') > before.lastIndexOf('}')
  )
    return false;
  const isQuoted = /["']/.test(before.replaceAll(quoted, ''));
  return isQuoted || !isInBrackets(text.slice(0, start));
}

function isInBrackets(before: string): boolean {
  const bare = before
    .replaceAll(/\$\{\{[^$\n]*?\}\}|\$\{[^$}\n]*\}/g, '')
    .replaceAll(/(?:^|\s)#.*/g, '')
    .replaceAll(quoted, '');
  const count = (pattern: RegExp): number => bare.match(pattern)?.length ?? 0;
  return count(/[[{]/g) !== count(/[\]}]/g);
}

/** The names of the mappings around a place, from the inside out, by their indentation. */
function parentsOf(text: string, offset: number): readonly string[] {
  const lines = text.slice(0, offset).split(/\r\n|\n|\r/);
  const parents: string[] = [];
  let indent = Infinity;
  for (const line of lines.toReversed()) {
    const match = /^([ \t]*(?:- +)*)(["']?)([\w-]+)\2[ \t]*:(?:\s|$)/.exec(line);
    const column = match?.[1]?.length ?? 0;
    const isBlank = /^\s*(?:#.*)?$/.test(line);
    if (!match || isBlank || column >= indent) {
      // Text without a name, further out than what is known, hides the mapping that it belongs to no more.
      const own = /^[ \t]*/.exec(line)?.[0].length ?? 0;
      if (!isBlank && own < indent) indent = indent === Infinity ? own : Math.min(indent, own + 1);
      continue;
    }
    parents.push(match[3] ?? '');
    indent = column;
  }
  return parents;
}
