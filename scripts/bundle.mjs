/**
 * Bundles the command line into dist/cli/minidock.cjs and the engine's reaper into dist/reaper.mjs.
 *
 * The command line is one CommonJS file whose modules are evaluated only when a verb asks for them: CommonJS starts 4 ms
 * sooner than ESM on Node 20, and one file keeps `instanceof MinidockError` true everywhere. Packages stay in
 * node_modules; the hot path imports none (scripts/architecture.mjs).
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
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
};

rmSync(`${root}dist`, { recursive: true, force: true });
mkdirSync(`${root}dist/cli`, { recursive: true });
// The package is of type module; what bin/minidock requires is not.
writeFileSync(`${root}dist/package.json`, '{ "type": "commonjs" }\n');

await Promise.all([
  build({
    ...common,
    entryPoints: ['src/cli/minidock.ts'],
    outfile: 'dist/cli/minidock.cjs',
    format: 'cjs',
    // import() of a package becomes a lazy require(), which spares the start of Node's ESM loader.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__moduleUrl' },
    banner: { js: `const __moduleUrl = require('node:url').pathToFileURL(__filename).href;` },
  }),
  build({ ...common, entryPoints: ['src/engine/reaper.ts'], outfile: 'dist/reaper.mjs', format: 'esm' }),
]);
