import type { TextChange } from '../keys/envFile';
import { jsonPathTo, readJson, type JsonNode } from './jsonSource';
import type { Reference, Spot } from './reference';
import { lineEndOf, lineStartOf } from './textLines';

/** Who reads a file, and so which references it knows. */
type Reader = 'codeMcp' | 'cursorMcp' | 'codeRun' | 'codeSettings' | 'workspace';

/**
 * The readers that surely put in what a reference names, by the end of the path. VS Code does so in all of launch.json,
 * tasks.json and mcp.json, and in few settings. Claude Desktop, for one, does not.
 */
const readers: readonly (readonly [RegExp, Reader])[] = [
  [/(?:^|\/)\.vscode\/mcp\.json$/, 'codeMcp'],
  [/(?:^|\/)\.cursor\/mcp\.json$/, 'cursorMcp'],
  [/(?:^|\/)\.vscode\/(?:launch|tasks)\.json$/, 'codeRun'],
  [/(?:^|\/)(?:\.vscode|User)\/settings\.json$/, 'codeSettings'],
  [/\.code-workspace$/, 'workspace'],
];
const readSettings = /^(?:terminal\.integrated\.(?:env\.|profiles\.)\w+|mcp)$/;
const mcpEnv = ['command', 'args', 'env', 'url', 'headers'];

/** A key becomes `${env:X}`, or in VS Code's mcp.json `${input:x}`, which asks for it once and keeps it. */
export function jsonReference({ text, start, end, path, variable }: Spot): Reference | undefined {
  const reader = readers.find(([pattern]) => pattern.test(path))?.[1];
  if (reader === undefined) return undefined;
  const root = readJson(text);
  const way = root && jsonPathTo(root, start);
  if (!way) return undefined;
  const fromEnv = `\${env:${variable}}`;
  const replaced: Reference = { changes: [{ start, end, text: fromEnv }], reads: fromEnv };
  switch (reader) {
    case 'codeMcp':
      return way.includes('env') ? replaced : inputReference(text, root, way, { start, end }, variable);
    case 'cursorMcp':
      return way[0] === 'mcpServers' && mcpEnv.includes(way[2] ?? '') ? replaced : undefined;
    case 'codeRun':
      return way[0] === 'inputs' ? undefined : replaced;
    case 'codeSettings':
      return readSettings.test(way[0] ?? '') && !way.includes('inputs') ? replaced : undefined;
    case 'workspace':
      return isReadInWorkspace(way) ? replaced : undefined;
  }
}

function isReadInWorkspace([part, setting, ...rest]: readonly string[]): boolean {
  if (part === 'settings') return readSettings.test(setting ?? '') && !rest.includes('inputs');
  return (part === 'launch' || part === 'tasks') && setting !== 'inputs';
}

/** `${input:omi-api-key}`, and the input itself where it is missing. */
function inputReference(
  text: string,
  root: JsonNode,
  way: readonly string[],
  { start, end }: { readonly start: number; readonly end: number },
  variable: string,
): Reference | undefined {
  if (way[0] !== 'servers' || root.kind !== 'object') return undefined;
  const id = variable.toLowerCase().replaceAll('_', '-');
  const reads = `\${input:${id}}`;
  const addition = inputAddition(text, root, id);
  return addition && { changes: [...addition, { start, end, text: reads }], reads };
}

function inputAddition(
  text: string,
  root: Extract<JsonNode, { kind: 'object' }>,
  id: string,
): readonly TextChange[] | undefined {
  const inputs = root.members.find(({ name }) => name === 'inputs')?.value;
  if (inputs && inputs.kind !== 'array') return undefined;
  if (inputs?.items.some((item) => idOf(item) === id) === true) return [];
  const first = root.members[0];
  const lead = first && text.slice(lineStartOf(text, first.start), first.start);
  const indent = lead !== undefined && /^[ \t]+$/.test(lead) ? lead : '  ';
  const description = id.includes('mcp') ? 'Omi MCP API Key' : 'Omi API Key';
  const entry = JSON.stringify({ type: 'promptString', id, description, password: true }, undefined, indent);
  const lineEnd = lineEndOf(text);
  const deeper = (by: string): string => entry.replaceAll(/^/gm, by).replaceAll('\n', lineEnd);
  const last = inputs?.items.at(-1);
  if (last) return [{ start: last.end, end: last.end, text: `,${lineEnd}${deeper(indent.repeat(2))}` }];
  const list = `[${lineEnd}${deeper(indent.repeat(2))}${lineEnd}${indent}]`;
  if (inputs) {
    // A comment in the empty list would be lost.
    if (!/^\[\s*\]$/.test(text.slice(inputs.start, inputs.end))) return undefined;
    return [{ start: inputs.start, end: inputs.end, text: list }];
  }
  const at = root.start + 1;
  return [{ start: at, end: at, text: `${lineEnd}${indent}"inputs": ${list},` }];
}

function idOf(node: JsonNode): string | undefined {
  const id = node.kind === 'object' ? node.members.find(({ name }) => name === 'id')?.value : undefined;
  return id?.kind === 'string' ? id.value : undefined;
}
