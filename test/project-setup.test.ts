import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { temporaryFolder } from './support/cleanup.ts';
import { checkout, findProgram, requires } from './support/requires.ts';

const test = requires('root');
const script = join(checkout, 'scripts/setup.mjs');

function setup(args: string[], env: NodeJS.ProcessEnv = {}) {
  const result = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

/** One message, perhaps its remedy, and no stack trace. */
function refused(result: ReturnType<typeof setup>, pattern: RegExp): void {
  assert.is(result.code, 1, result.err);
  assert.match(result.err, pattern);
  assert.not.match(result.err, /\n\s+at /);
}

test('with everything in place it does nothing and says nothing', () => {
  setup(['--for', 'demo']);
  const began = performance.now();
  const again = setup(['--for', 'demo'], { NODE_EXTRA_CA_CERTS: undefined });
  assert.equal(again, { code: 0, out: '', err: '' });
  assert.ok(performance.now() - began < 1000);
});

test('an unknown purpose names the known ones', () => {
  refused(
    setup(['--for', 'tea']),
    /^setup: setup takes --for and one of build, lesson, lab, demo, images, test, vm, image, systemd, gate, bench, not "--for tea"$/m,
  );
});

test('a missing compiler and no package manager is one message', () => {
  const result = setup(['--for', 'build'], { PATH: '/nonexistent' });
  refused(result, /^setup: .*\bgcc\b.*: not found, and neither apt-get nor dnf nor yum is here to install it$/m);
});

test('a package whose program is gone is to be installed once more', () => {
  const folder = temporaryFolder('programs');
  writeFileSync(join(folder, 'apt-get'), '#!/bin/sh\n# it is the newest version already\n', { mode: 0o755 });
  const result = setup(['--for', 'build'], { PATH: folder });
  refused(result, /^setup: gcc, make: still not found after the installation$/m);
  assert.match(result.err, /^ {2}fix: apt-get install --reinstall gcc make$/m);
});

requires('root', 'user-namespaces')('without root the command that mends it is named', () => {
  // Read as root and handed over: another user may have no way into the folders above a checkout.
  const [program = '', ...rest] = ['unshare', '--user', process.execPath, script, '--for', 'demo'];
  const result = spawnSync(findProgram(program) ?? program, rest, { encoding: 'utf8' });
  refused({ code: result.status, out: result.stdout, err: result.stderr }, /^setup: npm run demo needs root: /m);
  assert.match(result.stderr, /fix: sudo env "PATH=\$PATH" npm run demo/);
});

test('no stamp is half-written', () => {
  const stamps = readdirSync(join(checkout, '.cache/setup'));
  assert.equal(stamps.sort(), ['bundle', 'native']);
});

test.run();
