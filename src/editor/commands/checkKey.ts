import type { Parts } from '../parts';

/** "Omi: Check Whether an API Key Is Alive". */
export async function checkKey(_parts: Parts, _clicked: unknown): Promise<void> {
  return Promise.resolve();
}
