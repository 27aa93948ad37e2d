import type { Parts } from '../parts';

/** "Omi: Place New API Key". */
export async function placeNewKey(parts: Parts): Promise<void> {
  await parts.loaded;
}
