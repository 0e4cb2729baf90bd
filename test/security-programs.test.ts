// @mounts-nothing its subject is which programs of the host are started
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { minidockPath, sandbox } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/** Programs of the host that the engine starts as root, while the current directory is full of their namesakes. */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'zstd');

const helpers = [
  'iptables-restore',
  'iptables-save',
  'iptables',
  'chattr',
  'modprobe',
  'xfs_info',
  'zstd',
  'xz',
  'bzip2',
];
const credentialHelper = 'docker-credential-trap';

const traps = temporaryFolder('traps');
const log = join(traps, 'ran');
const packed = join(traps, 'image.tar.zst');

test.before(async () => {
  const { rootfs } = await busyboxImage();
  const { status } = spawnSync('zstd', ['-q', rootfs, '-o', packed]);
  assert.is(status, 0);
  mkdirSync(join(traps, 'config'));
  writeFileSync(join(traps, 'config/config.json'), JSON.stringify({ credsStore: 'trap' }));
  for (const name of [...helpers, credentialHelper])
    writeFileSync(join(traps, name), `#!/bin/sh\necho "${name} $*" >> ${log}\nexit 1\n`, { mode: 0o755 });
});

for (const path of [undefined, '', ':', '.', './', '..:']) {
  const shown = path === undefined ? 'without PATH' : `with PATH="${path}"`;
  test(`${shown} none of them comes from the current directory`, () => {
    const box = sandbox();
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [minidockPath, ...args], {
        cwd: traps,
        encoding: 'utf8',
        timeout: 60_000,
        input: '',
        env: {
          ...box.env,
          MINIDOCK_TEST_RUN: process.env.MINIDOCK_TEST_RUN,
          DOCKER_CONFIG: join(traps, 'config'),
          ...(path !== undefined && { PATH: path }),
        },
      });
    const ok = (...args: string[]) => {
      const { status, stdout, stderr } = run(...args);
      assert.is(status, 0, `${args.join(' ')}: ${stderr}`);
      return stdout;
    };
    ok('import', packed, 'bb');
    assert.is(ok('run', '--rm', '-p', '127.0.0.1::80', 'bb', '/bin/busybox', 'echo', 'fine'), 'fine\n');
    // This one is cleaned up by the keeper, which a supervisor starts without any environment, in "/".
    ok('run', '-d', '--rm', '-p', '127.0.0.1::80', 'bb', '/bin/busybox', 'true');
    ok('doctor');
    assert.match(
      run('logout', 'registry.example').stderr,
      /"docker-credential-trap": executable file not found in \$PATH/,
    );
    assert.is(existsSync(log) ? readFileSync(log, 'utf8') : '', '');
    box.close();
  });
}

test.run();
