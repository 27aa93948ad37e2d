import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';

/** Runs every suite beside this file in the extension host. Rejects when a test failed. */
export async function run(): Promise<void> {
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 90_000,
    color: false,
    forbidOnly: true,
    forbidPending: true,
  });
  const suites = readdirSync(__dirname).filter((file) => file.endsWith('.test.js'));
  suites.sort((a, b) => turn(a) - turn(b) || a.localeCompare(b));
  suites.forEach((file) => mocha.addFile(join(__dirname, file)));
  const failures = await new Promise<number>((resolve) => {
    mocha.run(resolve);
  });
  if (failures > 0) throw new Error(`${String(failures)} tests failed`);
}

/** The first suite sees the extension before it is activated; the last looks back on all that was shown. */
function turn(file: string): number {
  if (file === 'activation.test.js') return 0;
  return file === 'secrets.test.js' ? 2 : 1;
}
