import type { Parts } from '../parts';

/** "Omi: Respond to Leaked API Key". */
export async function respondToLeak(_parts: Parts, _clicked: unknown): Promise<void> {
  return Promise.resolve();
}
