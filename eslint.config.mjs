// The arrows of the house, and type-aware rules.
import { defineConfig, globalIgnores } from 'eslint/config';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';

/** Rooms from the roof down: a room may use those after it, never one before. */
const rooms = ['editor', 'leaks', 'keys', 'account', 'omi'];

const upward = rooms.map((room, index) => ({
  target: `./src/${room}`,
  from: ['./src/extension.ts', ...rooms.slice(0, index).map((above) => `./src/${above}`)],
  message: 'Arrows point down only: extension → editor → leaks → keys → account → omi.',
}));

const vscodeBan = { name: 'vscode', message: 'Only src/editor and src/extension.ts speak vscode.' };
const onlyHttp = 'Only src/omi/http.ts sends requests.';
const requests = ['http', 'https', 'http2', 'node:http', 'node:https', 'node:http2'];
const fetchBans = [
  { name: 'node-fetch', message: onlyHttp },
  { name: 'undici', message: onlyHttp },
  // A server on loopback may be opened elsewhere; a request may not be sent.
  ...requests.map((name) => ({
    name,
    importNames: ['request', 'get', 'connect', 'default'],
    message: onlyHttp,
  })),
];
const globalBans = ['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource'].map((name) => ({
  name,
  message: onlyHttp,
}));

export default defineConfig(
  globalIgnores(['dist', 'out', '.cache', 'node_modules', 'test-results', 'playwright-report']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { 'import-x': importX },
    settings: {
      // Without these the plugin does not look into .ts files, and sees no circles.
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [createTypeScriptImportResolver({ project: './tsconfig.json' })],
    },
    rules: {
      'import-x/no-cycle': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Arrow functions that call a void function read well in event wiring.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: import.meta.dirname,
          zones: [
            ...upward,
            {
              target: './src',
              from: ['./sandbox', './test', './scripts', './bench'],
              message: 'The package holds src alone.',
            },
          ],
        },
      ],
      'no-restricted-imports': ['error', { paths: [vscodeBan, ...fetchBans] }],
      'no-restricted-globals': ['error', ...globalBans],
      'no-restricted-syntax': [
        'error',
        ...['ImportExpression', 'TSImportType'].map((selector) => ({
          selector,
          message: 'Import at the top of the file: the arrows are checked there.',
        })),
      ],
    },
  },
  {
    files: ['src/editor/**/*.ts', 'src/extension.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: fetchBans }] },
  },
  {
    // Code that is loaded when it is first used, or a while after the start; where the arrows lead is checked here too.
    files: ['commands/index', 'leaks/watch', 'leaks/githubPattern'].map((name) => `src/editor/${name}.ts`),
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ImportExpression:not([source.value=/^\\.\\u002f\\w+$/])',
          message: 'Code is loaded from a file beside this one.',
        },
      ],
    },
  },
  {
    files: ['src/omi/http.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: [vscodeBan] }] },
  },
  {
    // Programs that talk to a terminal.
    files: ['scripts/**', 'sandbox/main.ts', 'test/hosts/**', 'bench/**', '**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        fetch: 'readonly',
      },
    },
    rules: { 'no-console': 'off' },
  },
);
