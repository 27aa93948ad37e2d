import type { KeyFamily } from '../omi/rawKey';
import { dockerfileReference } from './dockerfileReference';
import { javaScriptReference } from './javaScriptReference';
import { jsonReference } from './jsonReference';
import { pythonReference } from './pythonReference';
import type { Reference, Spot } from './reference';
import { shellReference } from './shellReference';
import { lineAt, undecoded } from './textLines';
import { yamlReference } from './yamlReference';

export type { Reference } from './reference';

/** The variable that holds a key of a family. */
export function variableFor(family: KeyFamily): 'OMI_API_KEY' | 'OMI_MCP_API_KEY' {
  return family === 'dev' ? 'OMI_API_KEY' : 'OMI_MCP_API_KEY';
}

const planners: Readonly<Record<string, (spot: Spot) => Reference | undefined>> = {
  javascript: javaScriptReference,
  javascriptreact: javaScriptReference,
  typescript: javaScriptReference,
  typescriptreact: javaScriptReference,
  python: pythonReference,
  shellscript: shellReference,
  json: jsonReference,
  jsonc: jsonReference,
  yaml: yamlReference,
  dockercompose: yamlReference,
  'github-actions-workflow': yamlReference,
  dockerfile: dockerfileReference,
};

/** `.env`, `.env.local`, `prod.env`: that is where keys belong. */
const envFile = /^\.env(?:\..+)?$|\.env$/;

/**
 * Plans how the key at a place is replaced by a reference to a variable of the environment. A wrong edit is worse than
 * none: whatever is not surely right gives undefined. Several keys of one text are replaced one after the other, each
 * planned on the text that the last one left.
 *
 * @param place of the key, as a `Find` has it.
 * @param languageId as VS Code names languages.
 * @param path of the file, with `/` or `\`: its name and folders tell what reads it.
 */
export function referenceFor(
  text: string,
  place: { readonly line: number; readonly start: number; readonly end: number },
  languageId: string,
  path: string,
  variable: string,
): Reference | undefined {
  const folders = path.replaceAll('\\', '/');
  const name = folders.slice(folders.lastIndexOf('/') + 1).toLowerCase();
  const plan = Object.hasOwn(planners, languageId) ? planners[languageId] : undefined;
  // Bytes that could not be decoded would be lost when the text is saved.
  if (!plan || envFile.test(name) || text.includes(undecoded)) return undefined;
  const line = lineAt(text, place.line);
  if (!line) return undefined;
  const [start, end] = [line.start + place.start, line.start + place.end];
  return plan({ text, start, end, languageId, path: folders, name, variable });
}
