// @both-mounts one of those that the gate runs where / may be private: what is mounted over what an image holds
import { mkdirSync, readdirSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { EngineContext } from '../src/engine/context.ts';
import { type BusyboxEngine, busyboxEngine, sharedFolder } from './support/busybox.ts';
import { OldKernel } from './support/old-kernel.ts';
import { requires } from './support/requires.ts';
import { runWith } from './support/run-options.ts';

/**
 * A container leaves links in a volume; a later one has that volume and another one below it. Wherever the links lead, they
 * must not put the other volume over what the kernel tells or takes, nor write through a descriptor of the start itself.
 */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());

const links: Record<string, string> = {
  proc: '/proc',
  twice: 'proc/../proc',
  up: '../../../../../../proc',
  fds: '/proc/self/fd',
  root: '/proc/1/root/proc',
  sys: '/sys',
  dev: '/dev',
  core: '/dev/core',
  real: 'folder',
  dangling: 'not-yet',
  climbing: '../../../../../../etc',
};

/** A volume with those links, made by the container of an attacker. */
async function hostileVolume(): Promise<string> {
  const volume = `links${Math.random().toString(36).slice(2)}`;
  const make = Object.entries(links).map(([name, target]) => `ln -s ${target} /data/${name}`);
  await box.sh(['mkdir -p /data/folder/deep', ...make].join('; '), '-v', `${volume}:/data`);
  return volume;
}

interface Volume {
  source: string;
  destination: string;
  readonly?: boolean;
}

function run(Parts: typeof EngineContext, script: string, volumes: Volume[], image = 'bb') {
  const all = volumes.map(volume => ({ readonly: false, ...volume }));
  const command = ['sh', '-c', script];
  return runWith(new Parts(box, box.bridge), { image, network: 'none', command, volumes: all });
}

for (const [kernel, Parts] of [
  ['this kernel', EngineContext],
  ['3.10', OldKernel],
] as const) {
  for (const [place, kind] of [
    ['proc', 'directory'],
    ['proc/sys', 'directory'],
    ['proc/scsi', 'directory'],
    ['proc/kcore', 'file'],
    ['proc/self/fd/5/made', 'directory'],
    ['twice/sys', 'directory'],
    ['up/sys', 'directory'],
    ['fds/7/made', 'directory'],
    ['root/sys', 'directory'],
    ['sys', 'directory'],
    ['sys/kernel', 'directory'],
    ['sys/firmware', 'directory'],
    ['dev', 'directory'],
    ['dev/shm', 'directory'],
    ['dev/ptmx', 'file'],
    ['core', 'file'],
  ] as const)
    test(`${kernel}: a link in a volume leads to ${place}`, async () => {
      const volume = await hostileVolume();
      const inner = sharedFolder();
      writeFileSync(join(inner, 'file'), 'of the other volume');
      const { code, refusal, output } = await run(Parts, 'cat /proc/self/mountinfo', [
        { source: volume, destination: '/data' },
        { source: kind === 'file' ? join(inner, 'file') : inner, destination: `/data/${place}`, readonly: true },
      ]);
      assert.equal([code, output], [125, '']);
      assert.match(refusal!, /^invalid mount path "\/data\/.*": a link in a volume leads it to \/(proc|sys|dev)/);
      assert.equal(readdirSync(inner), ['file'], 'nothing was made in the other volume');
    });

  test(`${kernel}: benign: links inside a volume and into the image work, as in Docker`, async () => {
    const volume = await hostileVolume();
    const inner = sharedFolder();
    writeFileSync(join(inner, 'file'), 'of the other volume');
    for (const [place, real] of [
      ['real', '/data/folder'],
      ['real/deep', '/data/folder/deep'],
      ['real/new/er', '/data/folder/new/er'],
      ['dangling', '/data/not-yet'],
      ['dangling/below', '/data/not-yet/below'],
      ['climbing', '/etc'],
      ['climbing/new', '/etc/new'],
      ['process', '/data/process'],
    ] as const) {
      const { output, code, refusal } = await run(Parts, `cat ${real}/file; touch ${real}/x || echo readonly`, [
        { source: volume, destination: '/data' },
        { source: inner, destination: `/data/${place}`, readonly: true },
      ]);
      assert.equal([code, refusal], [0, undefined], place);
      for (const line of [/of the other volume/, /Read-only file system/, /readonly/])
        assert.match(output, line, place);
    }
  });

  test(`${kernel}: where an image says /proc is elsewhere, it is not: no volume gets over it, nor forges its links`, async () => {
    await box.build('elsewhere', [
      { name: 'proc', type: 'symlink', linkname: 'srv/inner' },
      { name: 'srv', type: 'directory' },
      { name: 'srv/inner', type: 'directory' },
    ]);
    const [forged, kept] = [sharedFolder(), sharedFolder()];
    // What the engine's own paths, /proc/self/fd/N, would lead to: places where a mount succeeds and does nothing.
    mkdirSync(join(forged, 'inner/self/fd'), { recursive: true });
    for (let fd = 0; fd < 64; fd++) symlinkSync('/', join(forged, 'inner/self/fd', String(fd)));
    const script = 'exec 2>&1; stat -c %F /proc; cat /proc/sys/kernel/ostype; touch /a/b/kept/new || echo refused';
    for (const destination of ['/srv', '/srv/inner', '/srv/inner/sys']) {
      const { code, refusal, output } = await run(
        Parts,
        script,
        [
          { source: forged, destination },
          { source: kept, destination: '/a/b/kept', readonly: true },
        ],
        'elsewhere',
      );
      assert.equal([code, refusal], [0, undefined], destination);
      assert.match(output, /^directory\nLinux\n.*Read-only file system\nrefused/, destination);
      assert.equal(readdirSync(kept), [], 'read-only stayed read-only');
    }
  });
}

test('what a user names himself is his: /dev and /sys, and /proc of the host at another place', async () => {
  const folder = sharedFolder();
  mkdirSync(join(folder, 'a'));
  symlinkSync('a', join(folder, 'b'));
  assert.is(await box.sh('ls /dev/shm', '-v', `${folder}:/dev/shm`), 'a\nb');
  assert.is(await box.sh('ls /dev/mine; test -c /dev/null && echo null', '-v', `${folder}:/dev/mine`), 'a\nb\nnull');
  assert.is(await box.sh('ls /sys/kernel/debug', '-v', `${folder}:/sys/kernel/debug`), 'a\nb');
  assert.is(await box.sh('cat /host/proc/sys/kernel/ostype', '-v', '/:/host:ro', '-v', '/proc:/host/proc:ro'), 'Linux');
  assert.is(
    await box.sh('ls /dev/shm/b', '-v', `${folder}:/dev/shm`, '-v', `${folder}:/dev/shm/a`),
    'a\nb',
    'below a volume that a user put into /dev',
  );
});

test('the program says so itself: what a mount goes onto is checked by its descriptor', async () => {
  const inner = sharedFolder();
  const volumes = ['-v', `${inner}:/data`, '-v', `${inner}:/data/inner`];
  const program = await box.ok(['run', '--dry-run=full', ...volumes, 'bb', 'true']);
  assert.match(program, /openat\(AT_FDCWD, "\/data", O_RDONLY\|O_CLOEXEC\|O_PATH\|O_NOFOLLOW, 00\) → \/data/);
  assert.match(program, /move_mount\(source\d+, "", \/data, "", MOVE_MOUNT_F_EMPTY_PATH\|MOVE_MOUNT_T_EMPTY_PATH\)/);
  assert.match(program, /expect 0x794c7630 in <statfs of \/data>/);
  const around = statfsSync(inner).type.toString(16);
  assert.match(program, new RegExp(`expect 0x${around} in <statfs of /data/inner>`), 'in a volume that of the volume');
});

test.run();
