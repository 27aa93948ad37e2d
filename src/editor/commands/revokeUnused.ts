import type { Parts } from '../parts';

/** "Omi: Revoke Unused API Keys". */
export async function revokeUnused(parts: Parts): Promise<void> {
  await parts.loaded;
}
