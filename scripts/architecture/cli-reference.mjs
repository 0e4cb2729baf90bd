import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build } from 'esbuild';

/** docs/cli.md is what the flag tables say; with `write` it is brought up to date. */
export async function cliReference(root, write) {
  // As a bundle, like bin/minidock: yargs wraps lines otherwise where it is loaded as ESM.
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/grammar/reference.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'undefined' },
    logLevel: 'error',
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', outputFiles[0].text)(
    module,
    module.exports,
    createRequire(`${root}src/`),
  );
  const expected = await module.exports.cliReference();
  const path = `${root}docs/cli.md`;
  if (write) writeFileSync(path, expected);
  const isSame = existsSync(path) && readFileSync(path, 'utf8') === expected;
  return isSame ? [] : ['docs/cli.md is not what the flag tables say: node scripts/architecture.mjs --write'];
}
