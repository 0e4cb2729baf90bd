import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { busyboxEngine } from './support/busybox.ts';
import { dockerd } from './support/dockerd.ts';
import { eventually } from './support/eventually.ts';
import { findProgram, requires } from './support/requires.ts';

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
  ['no such group', ['-u', 'root:nosuch', 'box', 'true']],
  ['a user id out of range', ['-u', '99999999999', 'box', 'true']],
  ['a name of 300 bytes', ['box', 'a'.repeat(300)]],
  ['a path of 300 bytes', ['box', `/${'a'.repeat(300)}`]],
  ['a device', ['box', '/dev/null']],
  ['a PATH without it', ['-e', 'PATH=/nowhere', 'box', 'true']],
  ['another user', ['-u', '1000', 'box', '/text']],
  ['no such container', ['nosuch', 'true']],
];
/** What runs has its own code, whichever it is. */
const codes: [string, number][] = [
  ['exit 126', 126],
  ['exit 127', 127],
  ['nosuch', 127],
  ['/text', 126],
  ['kill -9 $$', 137],
  ['kill $$', 143],
  // What is left in the background prints for ever, and is waited for a moment.
  ['while echo x; do usleep 20000; done & exit 3', 3],
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
    for (const [script, code] of codes) {
      const command = ['exec', 'box', 'sh', '-c', script];
      assert.equal([(await box.minidock(command)).exitCode, daemon.result(command).status], [code, code], script);
    }
  } finally {
    daemon.docker(['rm', '-f', 'box']);
  }
});

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGKILL'] as const)
  requires(
    'root',
    'busybox',
    'overlayfs',
  )(`an exec whose client is ended by ${signal} goes on, with its input closed`, async () => {
    const box = await busyboxEngine();
    const id = await box.start('sleep 1000');
    const script = 'echo $$ > /pid; cat; echo over > /over; exec sleep 1000';
    const client = box.minidock(['exec', '-i', id, 'sh', '-c', script], { stdin: 'pipe' });
    const pid = await eventually(async () => (await box.inside(id, 'cat /pid')) || false);
    client.kill(signal);
    const { exitCode, signal: ended } = await client;
    if (signal === 'SIGKILL') assert.is(ended, signal);
    else assert.is(exitCode, 128 + constants.signals[signal]);
    await eventually(async () => assert.is(await box.inside(id, 'cat /over'), 'over'));
    assert.is(await box.inside(id, `tr '\\0' ' ' < /proc/${pid}/cmdline`), 'sleep 1000 ');
    await box.ok(['rm', '-f', id]);
  });

requires(
  'root',
  'dockerd',
  'docker',
  'busybox',
)('so does one of Docker 20.10', async () => {
  const daemon = await dockerd();
  daemon.docker(['import', '-', 'bb'], readFileSync((await busyboxImage()).rootfs));
  daemon.docker(['run', '-d', '--name', 'box', '--network', 'none', 'bb', 'sleep', '1000']);
  try {
    for (const [i, signal] of (['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGKILL'] as const).entries()) {
      const args = ['-H', daemon.host, 'exec', 'box', 'sleep', String(2000 + i)];
      const client = spawn(findProgram('docker')!, args, { stdio: 'ignore' });
      const ended = once(client, 'exit');
      const lists = () => daemon.docker(['top', 'box', '-o', 'pid,args']).includes(`sleep ${2000 + i}`);
      await eventually(lists);
      client.kill(signal);
      await ended;
      assert.ok(lists(), signal);
    }
  } finally {
    daemon.docker(['rm', '-f', 'box']);
  }
});

test.run();
