import { rm, writeFile } from 'node:fs/promises';
import { test } from './stage';

/** Gives a spec what writes a file for one test alone: it is gone after the test. */
export function useFiles(): (file: string, text: string) => Promise<void> {
  const files: string[] = [];
  test.afterEach(async () => {
    for (const file of files.splice(0)) await rm(file, { force: true });
  });
  return async (file, text) => {
    files.push(file);
    await writeFile(file, text);
  };
}
