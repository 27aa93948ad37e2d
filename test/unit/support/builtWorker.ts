import type { TestProject } from 'vitest/node';
import { buildSieveWorker } from '../../../scripts/buildWorker';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the script of the threads is that read in a scan. */
    sieveScript: string;
  }
}

/** Builds what runs in threads, once for all tests. */
export default async function setup({ provide }: TestProject): Promise<void> {
  provide('sieveScript', await buildSieveWorker('unit'));
}
