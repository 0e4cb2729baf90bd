/**
 * Bundles the command line into dist/cli/minidock.cjs, and leaves V8's compiled code beside it.
 *
 * One CommonJS file whose modules are evaluated only when a verb asks for them: CommonJS starts 4 ms sooner than ESM on
 * Node 20, and one file keeps `instanceof MinidockError` true everywhere. Packages stay in node_modules; what the hot
 * path needs imports none.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = `${root}dist/cli`;

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
// bin/minidock runs this as CommonJS although the package is of type module.
writeFileSync(`${root}dist/package.json`, '{ "type": "commonjs" }\n');

await build({
  absWorkingDir: root,
  entryPoints: ['src/cli/minidock.ts'],
  outfile: `${out}/minidock.cjs`,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  packages: 'external',
  // import() of a package becomes a lazy require(): cached code cannot call back into Node's ESM loader.
  supported: { 'dynamic-import': false },
  // src/<room>/<file>.ts and dist/cli/minidock.cjs are equally deep, so '../../native' means the same from both.
  define: { 'import.meta.url': '__moduleUrl', 'import.meta.dirname': '__dirname' },
  banner: { js: `const __moduleUrl = require('node:url').pathToFileURL(__filename).href;` },
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  legalComments: 'none',
  logLevel: 'warning',
});
