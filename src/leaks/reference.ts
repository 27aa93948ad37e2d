import type { TextChange } from '../keys/envFile';

/** How a key in a text becomes a reference to the environment. */
export interface Reference {
  /** Do not overlap. */
  readonly changes: readonly TextChange[];
  /** What reads the key from now on, for showing: `process.env.OMI_API_KEY`. */
  readonly reads: string;
}

/** A key in a text, and what is known of that text: what the planner of a language starts from. */
export interface Spot {
  readonly text: string;
  /** Of the key, in UTF-16 units from the start of the text. */
  readonly start: number;
  readonly end: number;
  readonly languageId: string;
  /** The file's folders and name with `/`; the name alone in lower case. */
  readonly path: string;
  readonly name: string;
  /** The variable that is to hold the key. */
  readonly variable: string;
}
