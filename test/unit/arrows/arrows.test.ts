import { ESLint } from 'eslint';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** The rules that guard the arrows; the others have nothing to say here and would only cost time. */
const guards = [
  'no-restricted-imports',
  'no-restricted-globals',
  'no-restricted-syntax',
  'import-x/no-restricted-paths',
  'import-x/no-cycle',
  '@typescript-eslint/no-require-imports',
  '@typescript-eslint/no-restricted-imports',
];
let linter: ESLint;

beforeAll(async () => {
  linter = new ESLint({ cwd: root, ruleFilter: ({ ruleId }) => guards.includes(ruleId) });
  // The first file loads the types of the whole project.
  await linter.lintText('export {};', { filePath: join(root, 'src/omi/result.ts') });
}, 60_000);

/**
 * Lints lines of code in the place of an existing file: the project knows the file, so every rule runs as it would on
 * the real one. Nothing is written.
 *
 * @returns each line with the rules that refuse it.
 */
async function refusals(filePath: string, lines: readonly string[]): Promise<Record<string, string[]>> {
  const [result] = await linter.lintText(`${lines.join('\n')}\n`, { filePath: join(root, filePath) });
  if (!result) throw new Error(`${filePath} is not linted at all`);
  expect(
    result.messages.filter(({ fatal }) => fatal),
    'the linter could not read the code',
  ).toEqual([]);
  return Object.fromEntries(
    lines.map((line, index) => {
      const rules = result.messages
        .filter((message) => message.line === index + 1)
        .map(({ ruleId }) => ruleId ?? '');
      return [line, [...new Set(rules)].toSorted()];
    }),
  );
}

/** The usual forms of an import. */
const forms = (module: string): string[] => [
  `import '${module}';`,
  `import * as all from '${module}';`,
  `import type * as types from '${module}';`,
  `export * from '${module}';`,
];

/** Expects that this rule refuses every line. */
async function expectRefused(file: string, rule: string, lines: readonly string[]): Promise<void> {
  for (const [line, rules] of Object.entries(await refusals(file, lines)))
    expect(rules, line).toContain(rule);
}

async function expectAllowed(file: string, lines: readonly string[]): Promise<void> {
  expect(await refusals(file, lines)).toEqual(Object.fromEntries(lines.map((line) => [line, []])));
}

describe('vscode is spoken in the editor and the roof alone', () => {
  test.each(['src/omi/errors.ts', 'src/omi/http.ts', 'src/account/vault.ts', 'src/keys/key.ts'])(
    'refused in %s',
    (file) =>
      expectRefused(file, 'no-restricted-imports', [...forms('vscode'), "export { Uri } from 'vscode';"]),
  );

  test.each([
    'src/editor/ids.ts',
    'src/editor/commands/signOut.ts',
    'src/editor/views/keysTree.ts',
    'src/extension.ts',
  ])('allowed in %s', (file) => expectAllowed(file, forms('vscode')));
});

describe('requests leave by src/omi/http.ts alone', () => {
  const outside = [
    'src/omi/keysApi.ts',
    'src/account/sessions.ts',
    'src/keys/keyAccess.ts',
    'src/editor/settings.ts',
    'src/editor/commands/signOut.ts',
    'src/extension.ts',
  ];

  test.each(outside)('node-fetch is refused in %s', (file) =>
    expectRefused(file, 'no-restricted-imports', forms('node-fetch')),
  );

  test('node-fetch is allowed in src/omi/http.ts', () =>
    expectAllowed('src/omi/http.ts', forms('node-fetch')));

  test.each(outside)('there is no other way out of %s', async (file) => {
    const lines = [
      "import { request } from 'node:https';",
      "import * as http from 'node:http';",
      "import { get } from 'https';",
      "export const x = fetch('');",
    ];
    const missed = Object.entries(await refusals(file, lines)).filter(([, rules]) => rules.length === 0);
    expect(missed.map(([line]) => line)).toEqual([]);
  });
});

describe('arrows point down', () => {
  test.each([
    ['src/omi/errors.ts', ['../account/session', '../keys/key', '../editor/ids', '../extension']],
    ['src/account/session.ts', ['../keys/key', '../editor/ids', '../extension']],
    ['src/keys/key.ts', ['../editor/ids', '../editor/views/keysTree', '../extension']],
    ['src/editor/ids.ts', ['../extension']],
    ['src/editor/views/keysTree.ts', ['../../extension']],
  ])('%s may use nothing above it', (file, modules) =>
    expectRefused(file, 'import-x/no-restricted-paths', modules.flatMap(forms)),
  );

  test.each([
    ['src/extension.ts', ['./editor/ids', './keys/keyAccess', './account/sessions', './omi/http']],
    ['src/editor/words.ts', ['../keys/key', '../account/session', '../omi/errors']],
    ['src/editor/commands/signOut.ts', ['../../keys/key', '../../account/sessions', '../../omi/errors']],
    ['src/keys/key.ts', ['../account/session', '../omi/errors']],
    ['src/account/vault.ts', ['../omi/errors']],
    ['src/omi/rawKey.ts', ['./baseUrl']],
  ])('%s may use what is below it', (file, modules) => expectAllowed(file, modules.flatMap(forms)));

  test.each([
    ['src/keys/key.ts', './revokeKeys'],
    ['src/omi/rawKey.ts', './redact'],
  ])('%s makes no circle in its room with %s', async (file, module) => {
    // A circle is named once, so each form stands alone.
    for (const line of [`import * as all from '${module}';`, `export * from '${module}';`]) {
      await expectRefused(file, 'import-x/no-cycle', [line]);
    }
  });
});

describe('the package holds src alone', () => {
  test.each([
    ['src/omi/errors.ts', ['../../sandbox/server', '../../test/unit/keys/chain']],
    ['src/account/vault.ts', ['../../sandbox/accounts']],
    ['src/keys/key.ts', ['../../sandbox/accounts', '../../test/unit/keys/chain']],
    ['src/editor/commands/signOut.ts', ['../../../sandbox/server', '../../../test/hosts/window']],
    ['src/extension.ts', ['../sandbox/server', '../test/hosts/window']],
  ])('%s uses nothing of the sandbox and the tests', (file, modules) =>
    expectRefused(file, 'import-x/no-restricted-paths', modules.flatMap(forms)),
  );
});

describe('no way round by another form of import', () => {
  const roundabout: [string, (module: string) => string][] = [
    ['import()', (module) => `export const x = () => import('${module}');`],
    ['import() of a template', (module) => `export const x = () => import(\`${module}\`);`],
    ['require()', (module) => `export const x: unknown = require('${module}');`],
    ['import = require()', (module) => `import used = require('${module}');`],
    ['the type import()', (module) => `export type X = import('${module}').X;`],
    ['the type typeof import()', (module) => `export type X = typeof import('${module}');`],
  ];
  const forbidden: [string, string[]][] = [
    ['src/omi/http.ts', ['vscode', '../keys/key']],
    ['src/keys/key.ts', ['vscode', 'node-fetch', '../editor/ids', '../../sandbox/server']],
    ['src/editor/settings.ts', ['node-fetch', '../../sandbox/server']],
  ];
  const cases = roundabout.flatMap(([form, write]) =>
    forbidden.map(([file, modules]) => ({ form, file, lines: modules.map(write) })),
  );

  test.each(cases)('$form is refused in $file', async ({ file, lines }) => {
    const missed = Object.entries(await refusals(file, lines)).filter(([, rules]) => rules.length === 0);
    expect(missed.map(([line]) => line)).toEqual([]);
  });
});
