import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts'],
    globalSetup: ['test/unit/support/builtWorker.ts'],
    // Real servers with real time limits: the slowest case waits for a time limit of a second or two.
    testTimeout: 20_000,
    // For what a slow machine does late; a check that holds goes on at once.
    expect: { poll: { timeout: 10_000 } },
  },
});
