import type { Parts } from '../parts';

/** "Omi: Sort API Keys". */
export async function sortKeys(parts: Parts): Promise<void> {
  await parts.loaded;
}

/** "Omi: Filter API Keys". */
export async function filterKeys(parts: Parts): Promise<void> {
  await parts.loaded;
}

/** "Omi: Clear Filter". */
export async function clearFilter(parts: Parts): Promise<void> {
  await parts.loaded;
}
