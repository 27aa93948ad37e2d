import type { Parts } from '../parts';

/** "Omi: Rotate API Key". */
export async function rotateKey(parts: Parts): Promise<void> {
  await parts.loaded;
}

/** "Omi: Resume Rotation". */
export async function resumeRotation(parts: Parts): Promise<void> {
  await parts.loaded;
}

/** "Omi: Undo Rotation". */
export async function undoRotation(parts: Parts): Promise<void> {
  await parts.loaded;
}
