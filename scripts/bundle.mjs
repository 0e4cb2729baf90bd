/**
 * Bundles the command line into dist/cli/minidock.cjs (with V8's compiled code beside it) and the engine's reaper into
 * dist/reaper.mjs.
 *
 * The command line is one CommonJS file whose modules are evaluated only when a verb asks for them: CommonJS starts 4 ms
 * sooner than ESM on Node 20, and one file keeps `instanceof MinidockError` true everywhere. Packages stay in
 * node_modules; the hot path imports none (scripts/architecture.mjs).
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  packages: 'external',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
};

const results = await Promise.all([
  build({
    ...common,
    entryPoints: ['src/cli/minidock.ts'],
    outfile: 'dist/cli/minidock.cjs',
    format: 'cjs',
    // import() of a package becomes a lazy require(), which spares the start of Node's ESM loader.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__moduleUrl' },
    // A function of what bin/minidock hands in, so that it can be run from V8's compiled code.
    banner: {
      js: `(function (require, __filename, __dirname) { const module = {}; const __moduleUrl = require('node:url').pathToFileURL(__filename).href;`,
    },
    footer: { js: '})' },
  }),
  build({ ...common, entryPoints: ['src/engine/reaper.ts'], outfile: 'dist/reaper.mjs', format: 'esm' }),
]);

mkdirSync(`${root}dist/cli`, { recursive: true });
// The package is of type module; what bin/minidock requires is not.
put(`${root}dist/package.json`, '{ "type": "commonjs" }\n');
for (const { outputFiles } of results)
  for (const { path, contents } of outputFiles) {
    put(path, contents);
    if (path.endsWith('.cjs'))
      put(`${path}.v8`, new Script(Buffer.from(contents).toString(), { filename: path }).createCachedData());
  }

/** Whoever runs minidock meanwhile has the old file or the new one. */
function put(path, content) {
  writeFileSync(`${path}.${process.pid}`, content);
  renameSync(`${path}.${process.pid}`, path);
}
