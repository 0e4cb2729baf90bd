// @mounts-nothing it makes a host with a shared / itself
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { minidockPath, type Sandbox, sandbox } from './support/minidock.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';

/**
 * systemd makes "/" shared: a mount that a container makes in its copy of the mount tree would then show on the host. Many
 * hosts of tests (this one too, perhaps) have it private and would never tell, so the engine runs in a mount namespace
 * whose "/" is shared, which is the host here.
 */
const test = requires('root', 'overlayfs', 'unshare', 'script', 'busybox', 'iptables');

let box: Sandbox;
let volume: string;

test.before(async () => {
  box = sandbox();
  await box.ok(['import', (await busyboxImage()).rootfs, 'busybox']);
  volume = temporaryFolder('volume');
  mkdirSync(join(volume, 'later'));
  writeFileSync(join(volume, 'file'), 'of the host\n');
});

/** A shell on that host, with `minidock`; `$mounts` prints its mount table without what changes by itself. */
async function onSharedHost(script: string): Promise<string> {
  const prelude = `mount --make-rshared /
minidock() { '${minidockPath}' "$@"; }
mounts() { cut -d ' ' -f 3- /proc/self/mountinfo | sort; }
volume='${volume}'
port=${await freePort()}
`;
  // Private first: of a mount that is shared here already, the copy would show what this host mounts below it meanwhile.
  const command = ['-m', '--propagation', 'private', 'sh', '-ec', prelude + script];
  const { exitCode, all } = await execa('unshare', command, {
    reject: false,
    all: true,
    env: { ...box.env, NODE_EXTRA_CA_CERTS: '' },
    stdin: 'ignore',
    timeout: 60_000,
  });
  assert.is(exitCode, 0, String(all));
  return String(all).replaceAll('\r', '');
}

const shapes: Record<string, { start: string; prints: RegExp }> = {
  'volumes and a port': {
    start: `minidock run -d --name one -p "$port:80" -v "$volume:/data" -v named:/www -v "$volume/file:/one:ro" busybox sleep 600`,
    prints: /^of the host$/m,
  },
  'no network, a terminal': {
    start: `minidock run -d -t --name one --network none -v "$volume:/data" busybox sleep 600`,
    prints: /^of the host$/m,
  },
};

for (const [name, { start, prints }] of Object.entries(shapes))
  test(`no mount of a container shows on the host: ${name}`, async () => {
    const output = await onSharedHost(`
mounts > "$volume/before"
${start} > /dev/null
mounts > "$volume/during"
minidock exec one cat /data/file /proc/self/mountinfo > "$volume/inside"
minidock exec one mount -t tmpfs tmpfs /data/later 2>&1 | grep -o 'permission denied'
script -qec "'${minidockPath}' exec -t one tty" /dev/null
mount -t tmpfs tmpfs "$volume/later"
minidock exec one grep -c /data/later /proc/self/mountinfo || true
umount "$volume/later"
minidock rm -f one > /dev/null
mounts > "$volume/after"
grep -c ' / .* shared:' "$volume/before"
diff "$volume/before" "$volume/during"
diff "$volume/before" "$volume/after"
grep -cE ' (shared|master|propagate_from):' "$volume/inside" || true
head -n 1 "$volume/inside"`);
    assert.match(output, prints);
    assert.match(output, /^permission denied$/m);
    assert.match(output, /^\/dev\/pts\/\d+$/m, 'exec -t');
    const [laterInside, shared, sharedInside] = output
      .split('\n')
      .filter(line => /^\d+$/.test(line))
      .map(Number);
    assert.is(laterInside, 0, 'nor does a later mount of the host show in the container');
    assert.ok(shared! >= 1, '"/" is shared here, or this test says nothing');
    assert.is(sharedInside, 0, 'the container hears of no mount and tells of none');
  });

test('this host would tell of a mount that leaked', async () => {
  const output = await onSharedHost(`
mkdir "$volume/leak"
mounts > "$volume/before"
unshare -m --propagation unchanged mount -t tmpfs tmpfs "$volume/leak"
mounts > "$volume/after"
diff "$volume/before" "$volume/after" || true
umount "$volume/leak"`);
  assert.match(output, /^> .*\/leak /m);
});

test.run();
