import type { KeyFamily } from '../omi/rawKey';
import type { TextChange } from '../keys/envFile';

/** How a key in a text becomes a reference to the environment. */
export interface Reference {
  /** Do not overlap. */
  readonly changes: readonly TextChange[];
  /** What reads the key from now on, for showing: `process.env.OMI_API_KEY`. */
  readonly reads: string;
}

/** A place in a text, as {@link Find} has it. */
export interface Place {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** The variable that holds a key of a family. */
export function variableFor(family: KeyFamily): 'OMI_API_KEY' | 'OMI_MCP_API_KEY' {
  return family === 'dev' ? 'OMI_API_KEY' : 'OMI_MCP_API_KEY';
}

/**
 * Plans how the key at a place is replaced by a reference to a variable of the environment. A wrong edit is worse than
 * none: whatever is not surely right gives undefined. Several keys in one text are replaced one after the other, each
 * planned on the text that the last one left.
 *
 * @param languageId as VS Code names languages.
 * @param path of the file, with `/` or `\`: its name and folders tell what reads it.
 */
export function referenceFor(
  text: string,
  place: Place,
  languageId: string,
  path: string,
  variable: string,
): Reference | undefined {
  void [text, place, languageId, path, variable];
  return undefined;
}
