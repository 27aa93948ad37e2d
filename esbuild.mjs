// Builds the extension into one CommonJS file: dist/extension.js, its source map beside it.
import esbuild from 'esbuild';

const watch = process.argv.includes('--watch');

/** @type {import('esbuild').BuildOptions} */
const options = {
  entryPoints: ['src/extension.ts'],
  outfile: 'dist/extension.js',
  bundle: true,
  format: 'cjs',
  platform: 'node',
  // VS Code 1.105, the oldest supported, runs extensions on Node 22.
  target: 'node22',
  external: ['vscode'],
  mainFields: ['module', 'main'],
  // node-fetch brings a polyfill of 60 KB for a Node without web streams, which no supported VS Code runs on.
  alias: { 'web-streams-polyfill/dist/ponyfill.es2018.js': 'node:stream/web' },
  minify: true,
  sourcemap: 'external',
  legalComments: 'none',
  logLevel: 'warning',
};

if (watch) {
  const context = await esbuild.context({ ...options, logLevel: 'info', sourcemap: 'linked', minify: false });
  await context.watch();
} else {
  await esbuild.build(options);
}
