import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { temporaryFolder } from './support/cleanup.ts';
import { checkout, requires } from './support/requires.ts';

/** What is to be done about parts that are not built: a checkout can build them, a package cannot. */
const test = requires('root');

/** A copy of the command line without a shim; `files` are further ones. */
function withoutShim(files: readonly string[]): string {
  const folder = temporaryFolder('no-shim');
  for (const part of ['bin', 'dist']) cpSync(join(checkout, part), join(folder, part), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'native'));
  for (const file of files) writeFileSync(join(folder, file), '');
  return folder;
}

const run = (folder: string, ...words: string[]) =>
  execa(join(folder, 'bin/minidock'), words, { cwd: '/', reject: false, env: { NO_COLOR: '1' } });

test('in a checkout without a shim the fix is its set-up, from wherever it is typed', async () => {
  const folder = withoutShim(['native/Makefile']);
  const { stdout } = await run(folder, 'doctor');
  assert.match(String(stdout).replace(/\s+/g, ' '), `npm --prefix ${folder} run setup`);
});

test('in a package without a shim the fix is another package: there is nothing to build', async () => {
  const { stdout } = await run(withoutShim(['native/main.c']), 'doctor');
  assert.match(String(stdout).replace(/\s+/g, ' '), 'install the package of minidock anew');
  assert.not.match(String(stdout), 'setup');
});

test('a checkout that was never built says so with the same fix', async () => {
  const folder = withoutShim(['native/Makefile']);
  rmSync(join(folder, 'dist'), { recursive: true });
  const { exitCode, stderr } = await run(folder, 'ps');
  assert.is(exitCode, 125);
  assert.is(stderr, `minidock: this checkout is not built yet\n  fix: npm --prefix ${folder} run setup`);
});

test.run();
