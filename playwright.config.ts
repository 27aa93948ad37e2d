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
  reporter: [['./test/e2e/support/coverSecrets.ts'], ['list']],
  // Pictures of windows in which a test failed are taken by test/e2e/support/stage.ts, which covers keys first.
  use: { actionTimeout: 15_000, screenshot: 'off' },
});
