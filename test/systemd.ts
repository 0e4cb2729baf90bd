/**
 * A server that loses its power, and one that boots again in order: `npm run test:systemd`. Debian's own systemd is the first process of
 * a virtual machine, the unit of contrib/ is enabled as its first lines say, and the machine boots three times from one disk. It takes
 * minutes, the first time some more for debootstrap, and so is no part of the gate.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { makeInitramfs } from '../scripts/vm/disk.ts';
import { guestKernel } from '../scripts/vm/kernel.ts';
import { Machine, type MachineParts } from '../scripts/vm/machine.ts';
import { makeSystemdDisk } from '../scripts/vm/systemd-disk.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { freePort } from './support/registry.ts';
import { findProgram, requires } from './support/requires.ts';

const test = requires('root', 'x64', 'qemu-system-x86_64', 'vm-kernel', 'mkfs.ext4', 'busybox', 'debootstrap');

let parts: MachineParts;
let port: number;
let machine: Machine;

test.before(async () => {
  const [folder, kernel, busybox] = [temporaryFolder('systemd'), guestKernel()!, findProgram('busybox')!];
  const at = (name: string) => join(folder, name);
  for (const name of ['initramfs.d', 'disk.d']) mkdirSync(at(name));
  makeInitramfs(at('initramfs'), at('initramfs.d'), kernel, busybox);
  const { rootfs } = await busyboxImage();
  makeSystemdDisk(at('disk'), at('disk.d'), kernel, busybox, { '/opt/bb.tar': rootfs });
  for (const name of ['initramfs.d', 'disk.d']) rmSync(at(name), { recursive: true });
  port = await freePort();
  parts = { folder, kernel, forwards: { [port]: 8080 } };
  await boot();
});
test.after(() => machine?.stop());

async function boot(): Promise<void> {
  const began = Date.now();
  machine = await Machine.start(parts);
  const { stdout } = await machine.run('systemctl is-system-running --wait; systemctl --failed --no-legend', 600);
  console.log(`  booted in ${Math.round((Date.now() - began) / 1000)} s: ${stdout.trim().replaceAll('\n', ' ')}`);
}

async function ok(script: string): Promise<string> {
  const { code, stdout, stderr } = await machine.run(script);
  assert.is(code, 0, `${script}\n${stdout}${stderr}`);
  return stdout.trimEnd();
}

const states = async () =>
  Object.fromEntries(
    (await ok("minidock inspect -f '{{.Name}} {{.State.Status}} {{.State.ExitCode}}' $(minidock ps -aq)"))
      .split('\n')
      .map(line => [line.split(' ')[0]!.slice(1), line.split(' ').slice(1).join(' ')]),
  );

/** What each is after a boot, whatever ended the one before. */
const afterBoot = {
  web: 'running 0',
  always: 'running 0',
  'always, stopped': 'running 0',
  'unless-stopped': 'running 0',
  'unless-stopped, stopped': 'exited 137',
  'on-failure': 'running 0',
  'on-failure, done': 'exited 0',
  created: 'created 0',
};
const named = (states: Record<string, string>) =>
  Object.fromEntries(Object.entries(states).map(([name, state]) => [name.replaceAll(', ', '-'), state]));

test('the unit is enabled as its first lines say', async () => {
  const install = await ok('grep -o "cp contrib/minidock.service.*" /opt/minidock/contrib/minidock.service');
  await ok(`cd /opt/minidock && ${install}`);
  assert.is(await ok('systemctl is-active minidock; systemctl is-enabled minidock'), 'active\nenabled');
  await ok('minidock import -c \'CMD ["sleep", "100000"]\' /opt/bb.tar bb');
  const run = 'minidock run -d --network none';
  await ok(
    [
      'set -e',
      'minidock run -d --name web --restart always -m 64m -p 8080:80 bb sh -c "mkdir -p /www; echo hello >/www/index.html; exec httpd -f -h /www"',
      `${run} --name always --restart always bb`,
      `${run} --name always-stopped --restart always bb`,
      `${run} --name unless-stopped --restart unless-stopped bb`,
      `${run} --name unless-stopped-stopped --restart unless-stopped bb`,
      `${run} --name on-failure --restart on-failure:5 bb`,
      `${run} --name on-failure-done --restart on-failure bb true`,
      `${run} --name no bb`,
      'minidock create --name created --network none --restart always bb',
      'minidock stop -t 0 always-stopped unless-stopped-stopped',
      // What a command has told to be done and what the disk has are two things, for five seconds.
      'sync',
    ].join('\n'),
  );
});

const reachable = () =>
  eventually(async () => {
    const page = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(10_000) });
    assert.is(await page.text(), 'hello\n');
  }, 60);

test('after a power cut those run again that were to, and the others say why not', async () => {
  await reachable();
  await machine.stop();
  await boot();
  assert.is(await ok('systemctl is-active minidock'), 'active');
  assert.equal(await states(), { ...named(afterBoot), no: 'exited 255' });
  await reachable();
  assert.match(await ok("minidock inspect -f '{{.State.Error}}' no"), /^the machine went down while it ran$/);
});

test('limits hold when systemd reads its units again; the end of the unit is that of all containers, until its start', async () => {
  const limit = 'cat /sys/fs/cgroup/minidock/$(minidock ps -q --no-trunc -f name=web)/memory.max';
  assert.is(await ok(limit), String(64 << 20));
  await ok('systemctl daemon-reload && systemctl daemon-reexec');
  assert.is(await ok(limit), String(64 << 20));
  assert.equal(await states(), { ...named(afterBoot), no: 'exited 255' });
  await ok('systemctl stop minidock');
  assert.is(await ok('minidock ps -q'), '');
  await ok('systemctl start minidock');
  assert.equal(await states(), { ...named(afterBoot), no: 'exited 255' });
});

test('a machine that goes down in order is not held up, and comes back the same', async () => {
  await ok('minidock start no');
  const began = Date.now();
  // What is said at once may not arrive any more.
  await ok('(sleep 2; systemctl reboot) >/dev/null 2>&1 &');
  await machine.ended();
  console.log(`  went down in ${Math.round((Date.now() - began) / 1000)} s`);
  assert.ok(Date.now() - began < 60_000, 'systemd waits 90 seconds for what does not end');
  await boot();
  const after = await states();
  assert.match(after.no!, /^exited (137|255)$/);
  assert.equal(after, { ...named(afterBoot), no: after.no });
  await reachable();
});

test.run();
