import { afterAll, beforeAll, beforeEach } from 'vitest';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../../sandbox/server';

/** The sandbox of the test file that called {@link withSandbox}. */
export let sandbox: Sandbox;

/**
 * Starts a sandbox for the tests of a file; each finds it as after a start. A hook that sets the sandbox's clock for each
 * test comes before this call.
 */
export function withSandbox(options?: SandboxOptions): void {
  beforeAll(async () => {
    sandbox = await startSandbox(options);
  });
  beforeEach(() => sandbox.reset());
  afterAll(() => sandbox.close());
}
