import type { Parts } from '../parts';

/** "Omi: Add Leak Guard to Repository". */
export async function addLeakGuard(_parts: Parts, _clicked: unknown): Promise<void> {
  return Promise.resolve();
}
