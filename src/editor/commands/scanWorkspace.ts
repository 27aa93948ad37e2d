import type { Parts } from '../parts';

/** "Omi: Scan Workspace for API Keys". */
export async function scanWorkspace(_parts: Parts, _clicked: unknown): Promise<void> {
  return Promise.resolve();
}
