import { closeSync, cpSync, mkdirSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { sandbox } from './support/minidock.ts';
import { checkout, requires } from './support/requires.ts';

/** What is to be done about parts that are not built or cannot be executed: a checkout can build them, a package cannot. */
const test = requires('root');

function copyOf(parts: readonly string[]): string {
  const folder = temporaryFolder('no-shim');
  for (const part of parts) cpSync(join(checkout, part), join(folder, part), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** A copy of the command line without a shim; `files` are further ones. */
function withoutShim(files: readonly string[]): string {
  const folder = copyOf(['bin', 'dist']);
  mkdirSync(join(folder, 'native'));
  for (const file of files) writeFileSync(join(folder, file), '');
  return folder;
}

const run = (folder: string, words: readonly string[], env = {}) =>
  execa(join(folder, 'bin/minidock'), words, { cwd: '/', reject: false, env: { NO_COLOR: '1', ...env } });

test('in a checkout without a shim the fix is its set-up, from wherever it is typed', async () => {
  const folder = withoutShim(['native/Makefile']);
  const { stdout } = await run(folder, ['doctor']);
  assert.match(String(stdout).replace(/\s+/g, ' '), `npm --prefix ${folder} run setup`);
});

test('in a package without a shim the fix is another package: there is nothing to build', async () => {
  const { stdout } = await run(withoutShim(['native/main.c']), ['doctor']);
  assert.match(String(stdout).replace(/\s+/g, ' '), 'install the package of minidock anew');
  assert.not.match(String(stdout), 'setup');
});

test('a checkout that was never built says so with the same fix', async () => {
  const folder = withoutShim(['native/Makefile']);
  rmSync(join(folder, 'dist'), { recursive: true });
  const { exitCode, stderr } = await run(folder, ['ps']);
  assert.is(exitCode, 125);
  assert.is(stderr, `minidock: this checkout is not built yet\n  fix: npm --prefix ${folder} run setup`);
});

requires(
  'root',
  'busybox',
  'overlayfs',
)('a shim that is being written is named, whoever starts it', async () => {
  const folder = copyOf(['bin', 'dist', 'native/build']);
  const box = sandbox();
  await box.ok(['import', (await busyboxImage()).rootfs, 'bb']);
  for (const name of ['one', 'two']) await box.ok(['create', '--name', name, '--network', 'none', 'bb', 'true']);
  const shim = join(folder, `native/build/${process.arch}/minidock-shim`);
  const writer = openSync(shim, 'r+');
  // The first container takes the shim that bin/minidock starts before Node, the second one that Node starts.
  const { exitCode, stderr } = await run(folder, ['start', 'one', 'two'], box.env);
  closeSync(writer);
  assert.is(exitCode, 1);
  assert.match(
    stderr,
    new RegExp(`^minidock: cannot start ${shim}: [^\\n]+\\n {2}fix: try again[^\\n]+
minidock: cannot start ${shim}: ETXTBSY\\n {2}fix: something writes this file[^\\n]+
minidock: failed to start containers: one, two$`),
  );
  assert.is((await run(folder, ['start', 'one', 'two'], box.env)).exitCode, 0);
});

test.run();
