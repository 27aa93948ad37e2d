import type { Parts } from '../parts';

/** "Omi: Create API Key". */
export async function createApiKey(parts: Parts): Promise<void> {
  await parts.loaded;
}
