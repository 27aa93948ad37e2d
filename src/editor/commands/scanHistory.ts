import type { Parts } from '../parts';

/** "Omi: Scan Git History for API Keys". */
export async function scanGitHistory(_parts: Parts, _clicked: unknown): Promise<void> {
  return Promise.resolve();
}
