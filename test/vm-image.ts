/**
 * The machine of `npm run vm`, built if it is not there, booted, and used as a student would: `npm run test:image`. Debian is installed from
 * its packages, which takes minutes and the network, so it is no part of the gate. Nothing that is done in the machine is kept.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { endProcesses, onExit } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { freePort } from './support/registry.ts';
import { checkout, requires } from './support/requires.ts';

const test = requires('root', 'x64', 'qemu-system-x86_64');
const image = process.env.MINIDOCK_VM_IMAGE ?? join(checkout, '.cache/vm/minidock.qcow2');
const program = join(checkout, 'scripts/vm.mjs');
const prompt = /root@minidock:\S+# $/;

/** Loop devices with a file behind them, and mounts: what a build must not leave. */
const held = () => [
  ...readdirSync('/sys/block').filter(name => existsSync(`/sys/block/${name}/loop`)),
  ...readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(line => line.includes('.qcow2-')),
];

test('it is built, boots, runs containers, serves a published port outside, and ends by poweroff', async () => {
  const before = held();
  if (!existsSync(image)) {
    const build = spawn(process.execPath, [program, '--build-only', '--image', image], { stdio: 'inherit' });
    assert.is(await new Promise(resolve => build.once('exit', resolve)), 0);
  }
  assert.equal(held(), before);

  const port = await freePort();
  const forwards = ['--forward', `${port}:8080`];
  const machine = spawn(
    'setpriv',
    ['--pdeathsig', 'TERM', process.execPath, program, '--image', image, '--snapshot', ...forwards],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  onExit(() => endProcesses([machine.pid ?? 0]));
  const ended = new Promise(resolve => machine.once('exit', resolve));
  let screen = '';
  machine.stdout.on('data', chunk => {
    screen = (screen + chunk).slice(-100_000);
  });
  // What a terminal understands as colour or as a question about itself.
  const text = () => screen.replace(/\u001b(\[[\d;?]*[A-Za-z]|\][^\u0007]*(\u0007|\u001b\\))/g, '');
  await eventually(() => prompt.test(text()), 400);
  /** Types a command; what it prints, and that it exits with 0. */
  const type = async (command: string): Promise<string> => {
    screen = '';
    machine.stdin.write(`${command}; echo "ended: $?"\n`);
    await eventually(() => /^ended: \d+\r?$/m.test(text()), 200);
    assert.match(text(), /^ended: 0\r?$/m, command);
    return text();
  };

  assert.match(await type('minidock doctor'), /Containers can run here\./);
  assert.match(await type('minidock run --rm busybox echo hello $((40 + 2))'), /^hello 42\r?$/m);
  await type('minidock run -d --name web -p 8080:80 nginx:alpine');
  const page = await eventually(
    async () =>
      (
        await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5000) }).then(
          answer => answer.text(),
          () => '',
        )
      ).includes('Welcome to nginx!'),
    60,
  );
  assert.ok(page);
  await type('cd /opt/minidock && npm run -s lesson </dev/null | head -n 5');
  assert.match(
    await type('for i in node npm tcpdump tshark iptables brctl nginx strace; do command -v $i || echo missing; done'),
    /brctl/,
  );
  assert.not.match(text(), /^missing/m);
  machine.stdin.write('poweroff\n');
  assert.is(await ended, 0);
});

test.run();
