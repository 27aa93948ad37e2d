// Builds the extension into one CommonJS file: dist/extension.js, its source map beside it.
import esbuild from 'esbuild';

const watch = process.argv.includes('--watch');

/**
 * node-fetch brings its own Blob, File and FormData for a Node without them, and a parser of multipart answers, which
 * Omi never sends. Together they would be a tenth of the bundle.
 *
 * @type {import('esbuild').Plugin}
 */
const nodesOwnForms = {
  name: "Node's own Blob, File and FormData",
  setup({ onResolve, onLoad }) {
    const ponyfills = /^(fetch-blob(\/from\.js)?|formdata-polyfill\/esm\.min\.js)$|\/multipart-parser\.js$/;
    onResolve({ filter: ponyfills }, ({ path }) => ({ path, namespace: 'node-forms' }));
    onLoad({ filter: /.*/, namespace: 'node-forms' }, () => ({
      contents: `
        const { Blob, File, FormData } = globalThis;
        const leftOut = () => { throw new TypeError('Multipart bodies are left out of this bundle.'); };
        export { Blob as default, Blob, File, FormData };
        export { leftOut as formDataToBlob, leftOut as toFormData, leftOut as blobFrom, leftOut as blobFromSync,
          leftOut as fileFrom, leftOut as fileFromSync };`,
    }));
  },
};

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
  plugins: [nodesOwnForms],
  charset: 'utf8',
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
