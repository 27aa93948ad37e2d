// Builds the extension: dist/extension.js, which is loaded when it is activated, beside it what is loaded when it is first
// used (`import()` in src/editor/commands/index.ts), and dist/sieveWorker.js, which runs in threads. Source maps are
// beside them.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import esbuild from 'esbuild';

const watch = process.argv.includes('--watch');

/**
 * What node-fetch brings for a Node that lacks it, or for requests that Omi never gets: a Blob, File and FormData of its
 * own, a parser of multipart answers, `data:` addresses, and the reckoning of a referrer, which is never sent. Together
 * they would be an eighth of the bundle.
 *
 * @type {import('esbuild').Plugin}
 */
const leanFetch = {
  name: 'lean node-fetch',
  setup({ onResolve, onLoad }) {
    const leftOut =
      /^(fetch-blob(\/from\.js)?|formdata-polyfill\/esm\.min\.js|data-uri-to-buffer)$|\/(multipart-parser|referrer)\.js$/;
    onResolve({ filter: leftOut }, ({ path }) => ({ path, namespace: 'lean-fetch' }));
    onLoad({ filter: /.*/, namespace: 'lean-fetch' }, ({ path }) => {
      if (path.endsWith('/referrer.js')) {
        return {
          contents: `
            export const DEFAULT_REFERRER_POLICY = 'no-referrer';
            export const validateReferrerPolicy = (policy) => policy;
            export const determineRequestsReferrer = () => 'no-referrer';
            export const parseReferrerPolicyFromHeader = () => '';`,
        };
      }
      return {
        contents: `
          const { Blob, File, FormData } = globalThis;
          const leftOut = () => { throw new TypeError('This is left out of the bundle.'); };
          export { Blob, File, FormData, leftOut as default };
          export { leftOut as formDataToBlob, leftOut as toFormData, leftOut as blobFrom, leftOut as blobFromSync,
            leftOut as fileFrom, leftOut as fileFromSync };`.replace(
          'leftOut as default',
          path.startsWith('fetch-blob') ? 'Blob as default' : 'leftOut as default',
        ),
      };
    });
  },
};

/**
 * One `require('vscode')` for all files, and its parts as plain names: else each file has its own, and each use of
 * `window` or `l10n` the way to it.
 *
 * @type {import('esbuild').Plugin}
 */
const oneVSCode = {
  name: 'one vscode',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^vscode$/ }, ({ namespace }) =>
      namespace === 'one-vscode'
        ? { path: 'vscode', external: true }
        : { path: 'vscode', namespace: 'one-vscode', sideEffects: false },
    );
    onLoad({ filter: /.*/, namespace: 'one-vscode' }, () => {
      const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.ts'),
      );
      const names = files.flatMap((name) =>
        Array.from(
          readFileSync(join('src', name), 'utf8').matchAll(/import \{([^}]*)\} from 'vscode';/g),
          ([, list]) => list.split(',').map((one) => one.trim()),
        ).flat(),
      );
      const values = [...new Set(names)].filter((name) => name !== '' && !name.startsWith('type '));
      return {
        contents: `import all from 'vscode'; export const { ${values.join(', ')} } = all;`,
        resolveDir: '.',
      };
    });
  },
};

/**
 * VS Code loads CommonJS, and esbuild splits ECMAScript modules alone: each part is turned into CommonJS when it is
 * written. Also notes which parts activation loads, for the budget that the package is held against.
 *
 * @type {import('esbuild').Plugin}
 */
const asCommonJS = {
  name: 'as CommonJS',
  setup({ onEnd, initialOptions }) {
    initialOptions.write = false;
    initialOptions.metafile = true;
    onEnd(async ({ outputFiles = [], metafile, errors }) => {
      if (errors.length > 0 || !metafile) return;
      mkdirSync('dist', { recursive: true });
      const old = readdirSync('dist').filter((name) => name.startsWith('part-'));
      old.forEach((name) => rmSync(join('dist', name)));
      for (const { path, text } of outputFiles) {
        const file = join('dist', basename(path));
        if (!path.endsWith('.js')) {
          writeFileSync(file, text);
          continue;
        }
        const { code } = await esbuild.transform(text, {
          format: 'cjs',
          platform: 'node',
          target: 'node22',
          charset: 'utf8',
          minify: initialOptions.minify ?? false,
          supported: { 'dynamic-import': false },
        });
        writeFileSync(file, code);
      }
      const loaded = partsLoadedBy('dist/extension.js', metafile);
      writeFileSync('dist/activation.json', JSON.stringify(loaded.map((path) => basename(path))));
    });
  },
};

/**
 * @param {string} path
 * @param {import('esbuild').Metafile} metafile
 * @returns {string[]} the part itself and all that it imports at once, directly or not.
 */
function partsLoadedBy(path, { outputs }) {
  const found = new Set([path]);
  for (const one of found) {
    for (const { path: next, kind, external } of outputs[one]?.imports ?? []) {
      if (kind === 'import-statement' && !external) found.add(next);
    }
  }
  return [...found];
}

/** @satisfies {import('esbuild').BuildOptions} */
const common = {
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  // VS Code 1.105, the oldest supported, runs extensions on Node 22.
  target: 'node22',
  charset: 'utf8',
  minify: !watch,
  sourcemap: watch ? 'inline' : 'external',
  legalComments: 'none',
  logLevel: watch ? 'info' : 'warning',
};

/** @type {import('esbuild').BuildOptions} */
const extension = {
  ...common,
  entryPoints: ['src/extension.ts'],
  format: 'esm',
  splitting: true,
  chunkNames: 'part-[hash]',
  mainFields: ['module', 'main'],
  // node-fetch brings a polyfill of 60 KB for a Node without web streams, which no supported VS Code runs on.
  alias: { 'web-streams-polyfill/dist/ponyfill.es2018.js': 'node:stream/web' },
  plugins: [leanFetch, oneVSCode, asCommonJS],
};

/**
 * By itself: a thread would load whatever it shares with the extension, too.
 *
 * @type {import('esbuild').BuildOptions}
 */
const worker = { ...common, entryPoints: ['src/leaks/sieveWorker.ts'], format: 'cjs' };

for (const options of [extension, worker]) {
  if (watch) await (await esbuild.context(options)).watch();
  else await esbuild.build(options);
}
