import type { Parts } from '../parts';

/** "Omi: Replace API Key with an Environment Reference". */
export async function useReference(_parts: Parts, _clicked: unknown): Promise<void> {
  return Promise.resolve();
}

/** "Omi: Add File with API Key to .gitignore". */
export async function ignoreFile(_parts: Parts, _clicked: unknown): Promise<void> {
  return Promise.resolve();
}

/** "Omi: Ignore API Key on This Line". */
export async function ignoreLine(_parts: Parts, _clicked: unknown): Promise<void> {
  return Promise.resolve();
}

/** "Omi: Stop Ignoring API Keys". */
export async function stopIgnoring(_parts: Parts): Promise<void> {
  return Promise.resolve();
}
