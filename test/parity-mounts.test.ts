import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Both, both } from './support/both.ts';
import { sharedFolder } from './support/busybox.ts';
import { requires } from './support/requires.ts';

/** `--mount`, `--tmpfs` and `--volumes-from`, beside Docker 20.10: what the kernel says inside, what `inspect` says, what is refused. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');
let pair: Both;
const folder = sharedFolder();

test.before(async () => {
  mkdirSync(join(folder, 'below'));
  writeFileSync(join(folder, 'file'), 'of the host');
  pair = await both();
});
test.after(async () => {
  await pair.ask(['rm', '-f', 'one', 'two']);
});

const run = ['run', '--rm', '--network', 'none'];
/** Flags of the mounts below /m, and what is there. */
const look =
  'cut -d" " -f5,6 /proc/self/mountinfo | grep " */m" | sed s/master:.*//; stat -c "%n %a %u %F" /m /m/* /tmp';

const mounted: [what: string, ...flags: string[]][] = [
  ['a bind', '--mount', `type=bind,source=${folder},target=/m`],
  ['a bind, read-only', '--mount', `type=bind,src=${folder},dst=/m,readonly`],
  ['a bind in capitals', '--mount', `TYPE=bind,SRC=${folder},Destination=/m,RO=1`],
  ['a file', '--mount', `type=bind,source=${folder}/file,target=/m/file,ro=true`],
  ['a volume', '--mount', 'source=named,target=/m,readonly'],
  ['an anonymous volume', '--mount', 'type=volume,target=/m'],
  ['the driver local', '--mount', 'type=volume,source=named,target=/m,volume-driver=local,volume-nocopy'],
  ['memory', '--mount', 'type=tmpfs,target=/m'],
  ['memory with size and mode', '--mount', 'type=tmpfs,target=/m,tmpfs-size=1m,tmpfs-mode=1770'],
  ['memory, read-only', '--mount', 'type=tmpfs,target=/m,readonly'],
  ['--tmpfs', '--tmpfs', '/m'],
  ['--tmpfs with options', '--tmpfs', '/m:exec,mode=700,uid=3,size=64k'],
  ['--tmpfs, the last word counts', '--tmpfs', '/m:ro,rw,suid,rprivate'],
  ['a bind in a --tmpfs', '--tmpfs', '/m', '-v', `${folder}:/m/inner`],
  ['--tmpfs on a directory of the image', '--tmpfs', '/tmp', '--tmpfs', '/m', '--read-only'],
  ['--tmpfs over a bind', '-v', `${folder}:/m`, '--tmpfs', '/m/below'],
];
for (const [what, ...flags] of mounted)
  test(`mounted: ${what}`, async () => {
    await pair.same([...run, ...flags, 'bb', 'sh', '-c', look], { sorted: true });
  });

const refused: string[][] = [
  ['--mount', 'type=bind,source=/nonexist,target=/x'],
  ['--mount', 'type=bind,target=/x'],
  ['--mount', 'type=bind,source=rel,target=/x'],
  ['--mount', 'type=bind,source=/tmp,target=/x,bind-propagation=foo'],
  ['--mount', 'type=foo,target=/x'],
  ['--mount', 'target=x'],
  ['--mount', 'target=/'],
  ['--mount', 'target=/x,foo=1'],
  ['--mount', 'type=bind,source=/tmp,target=/x,tmpfs-size=1m'],
  ['--mount', 'source=a/b,target=/x'],
  ['--mount', 'source=/abs,target=/x'],
  ['--mount', 'target=/x,readonly'],
  ['--mount', 'type=tmpfs,source=/x,target=/y'],
  ['--mount', 'source=q1,target=/y,volume-opt=foo=x'],
  ['-v', '/tmp:/y', '--mount', 'target=/y'],
  ['-v', '/tmp:/y', '--tmpfs', '/y'],
  ['--tmpfs', 'y'],
  ['--tmpfs', '/'],
  ['--tmpfs', '/y:foo'],
  ['--volumes-from', 'nope'],
  ['--volumes-from', ''],
];
for (const flags of refused)
  test(`refused: ${flags.join(' ')}`, async () => {
    await pair.same([...run, ...flags, 'bb', 'true']);
  });

test('--volumes-from: what is mounted, read-only where asked for, and its own mounts go before', async () => {
  const own = [
    '-v',
    `${folder}:/m/b`,
    '-v',
    'shared:/m/n:ro',
    '-v',
    '/m/a',
    '--mount',
    `type=bind,source=${folder}/below,target=/m/t`,
  ];
  const inspect = '{{range .Mounts}}{{.Type}} {{.Destination}} {{.Mode}} {{.RW}} {{.Propagation}}\n{{end}}';
  const config = '{{json .HostConfig.VolumesFrom}} {{json .HostConfig.Mounts}}';
  await pair.same(['run', '--name', 'one', '--network', 'none', ...own, 'bb', 'true']);
  for (const more of [[], [':ro'], [':z,rw'], [':foo']])
    await pair.same([...run, '--volumes-from', `one${more}`, 'bb', 'sh', '-c', look.replace('/m/* /tmp', '')], {
      sorted: true,
    });
  const flags = ['--volumes-from', 'one:ro', '-v', '/opt:/m/b'];
  await pair.same(['run', '--name', 'two', '--network', 'none', ...flags, 'bb', 'true']);
  for (const name of ['one', 'two']) {
    // Docker shows the propagation of its data root's mount where nothing was asked for.
    await pair.same(['inspect', '-f', inspect.replace(' {{.Propagation}}', ''), name], { sorted: true });
    await pair.same(['inspect', '-f', config, name]);
  }
});

test('inspect shows --mount and --tmpfs as they were asked for', async () => {
  const flags = [
    ['--mount', 'type=tmpfs,target=/y,tmpfs-size=1m,tmpfs-mode=1770'],
    ['--mount', 'type=volume,target=/v,volume-label=l=1'],
    ['--mount', 'source=nn,target=/n,readonly,volume-nocopy'],
    [
      '--mount',
      `type=bind,source=${folder},target=/b,ro,bind-propagation=private,bind-nonrecursive,consistency=cached`,
    ],
    ['--tmpfs', '/z:size=5m'],
  ].flat();
  await pair.ask(['rm', '-f', 'one']);
  await pair.same(['run', '--name', 'one', '--network', 'none', ...flags, 'bb', 'true']);
  for (const format of [
    '{{json .HostConfig.Mounts}}',
    '{{json .HostConfig.Tmpfs}}',
    '{{json .HostConfig.Binds}}',
    '{{range .Mounts}}{{.Type}} {{.Destination}} {{.Mode}} {{.RW}} {{.Propagation}}\n{{end}}',
  ])
    await pair.same(['inspect', '-f', format, 'one'], { sorted: true });
});

test.run();
