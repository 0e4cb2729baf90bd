import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { busyboxEngine } from './support/busybox.ts';
import { dockerd } from './support/dockerd.ts';
import { requires } from './support/requires.ts';

/** What keeps an exec's command from running, and the exit codes of Docker 20.10 for it. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker');

const prepare = 'mkdir /d; echo text > /text; ln -s /loop /loop; sleep 1000';
const wrong: [string, string[]][] = [
  ['no such command', ['box', 'nosuch']],
  ['an empty command', ['box', '']],
  ['no such path', ['box', '/nosuch']],
  ['a path below a file', ['box', '/text/x']],
  ['a file that is not executable', ['box', '/text']],
  ['a directory', ['box', '/d']],
  ['a link to itself', ['box', '/loop']],
  ['no such directory', ['-w', '/nosuch', 'box', 'true']],
  ['no such user', ['-u', 'nosuch', 'box', 'true']],
  ['another user', ['-u', '1000', 'box', '/text']],
  ['no such container', ['nosuch', 'true']],
];

test('exec of what cannot run has the exit code of Docker 20.10, in the foreground and in the background', async () => {
  const box = await busyboxEngine();
  const daemon = await dockerd();
  daemon.docker(['import', '-', 'bb'], readFileSync((await busyboxImage()).rootfs));
  const start = ['run', '-d', '--name', 'box', '--network', 'none', 'bb', 'sh', '-c', prepare];
  daemon.docker(start);
  await box.ok(start);
  try {
    for (const [what, args] of wrong)
      for (const flags of [[], ['-d']]) {
        const there = daemon.result(['exec', ...flags, ...args]);
        const here = await box.minidock(['exec', ...flags, ...args]);
        assert.is(
          here.exitCode,
          there.status,
          `${what} ${flags}: ${here.stderr}\nDocker: ${there.stdout}${there.stderr}`,
        );
        assert.match(String(here.stderr), /^minidock: /, what);
      }
  } finally {
    daemon.docker(['rm', '-f', 'box']);
  }
});

test.run();
