import type { Parts } from '../parts';

/** "Omi: Show Activity". */
export async function showActivity(parts: Parts): Promise<void> {
  await parts.loaded;
}

/** "Omi: Export Activity". */
export async function exportActivity(parts: Parts): Promise<void> {
  await parts.loaded;
}
