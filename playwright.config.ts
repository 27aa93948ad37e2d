import { defineConfig } from '@playwright/test';

// Window tests: a person, a real VS Code and the packaged extension. One window at a time is what two cores can carry.
export default defineConfig({
  testDir: 'test/e2e',
  testMatch: '**/*.spec.ts',
  globalSetup: './test/e2e/globalSetup.ts',
  outputDir: 'test-results',
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: { actionTimeout: 15_000, screenshot: 'only-on-failure' },
});
