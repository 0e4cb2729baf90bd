import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { type Dockerd, dockerd } from './support/dockerd.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker');
let box: BusyboxEngine;
let real: Dockerd;

/** One running container with a volume, one that has ended and wrote 5000 bytes, one that never started; a volume of nobody's. */
test.before(async () => {
  box = await busyboxEngine();
  real = await dockerd();
  real.docker(['import', '-c', 'CMD ["sh"]', (await busyboxImage()).rootfs, 'bb']);
  const run = ['run', '-d', '--network', 'none'];
  for (const args of [
    [...run, '--name', 'on', '-v', 'vol:/v', 'bb', 'sh', '-c', 'head -c 3000 /dev/zero > /v/file; sleep 1000'],
    [...run, '--name', 'off', 'bb', 'sh', '-c', 'head -c 5000 /dev/zero > /file'],
    ['create', '--network', 'none', '--name', 'new', 'bb', 'true'],
    ['volume', 'create', 'nobodys'],
  ]) {
    await box.ok(args);
    real.docker(args);
  }
  const ended = '{{.State.Status}}';
  await eventually(async () => assert.is(await box.inspect('off', ended), 'exited'), 20);
  await eventually(() => assert.is(real.docker(['inspect', '--format', ended, 'off']), 'exited'), 20);
  const written = ['exec', 'on', 'sh', '-c', 'test "$(wc -c < /v/file)" = 3000'];
  await eventually(() => box.ok(written), 20);
  await eventually(() => real.docker(written), 20);
});

test.after(() => box.removeAll());

const counts = '{{.Containers}} {{.ContainersRunning}} {{.ContainersPaused}} {{.ContainersStopped}} {{.Images}}';
const machine =
  '{{.NCPU}} {{.MemTotal}} {{.KernelVersion}} {{.OperatingSystem}} {{.OSVersion}} {{.OSType}} {{.Architecture}} {{.Name}}';
for (const args of [
  ['system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Active}}'],
  // An image's size is that of its files, which each engine counts in its own way.
  ['system', 'df', '--format', '{{if ne .Type "Images"}}{{.Type}} {{.Size}} {{.Reclaimable}}{{end}}'],
  ['system', 'df', '--format', 'table {{.Type}}\t{{.Active}}'],
  [
    ...['system', 'df', '-v', '--format'],
    '{{len .Images}}{{range .Containers}} {{.Names}}: {{.Size}} {{.LocalVolumes}} {{.Mounts}}{{end}} {{json .BuildCache}}',
  ],
  // Docker lists volumes in any order.
  ['system', 'df', '-v', '--format', '{{range .Volumes}}{{if eq .Name "vol"}}{{.Links}} {{.Size}}{{end}}{{end}}'],
  ['version', '--format', '{{.Client.Context}} {{.Server.Os}} {{.Server.Experimental}}'],
  ['info', '--format', counts],
  ['info', '--format', machine],
  ['info', '--format', '{{.Driver}} {{.LoggingDriver}} {{.CgroupDriver}} {{.CgroupVersion}} {{json .Plugins.Volume}}'],
  ['system', 'info', '--format', '{{json .Swarm.LocalNodeState}} {{.IndexServerAddress}} {{.LiveRestoreEnabled}}'],
])
  test(args.join(' '), async () => assert.is(await box.ok(args), real.docker(args)));

test('system df: the table, but for the sizes of images', async () => {
  const blank = (text: string) =>
    text.split('\n').map(line => (line.startsWith('Images') ? line.split(/ +/).slice(0, 3) : line.split(/ {2,}/)));
  assert.equal(blank(await box.ok(['system', 'df'])), blank(real.docker(['system', 'df'])));
});

test('system df -v: its headings, and what containers and volumes take', async () => {
  const parts = (text: string) => {
    const lines = text.split('\n').map(line => line.trimEnd().split(/ {2,}/));
    const headings = lines.filter(([first = '']) => /^[A-Z][A-Z ]+$|usage/.test(first));
    const volumes = lines.filter(([name]) => name === 'vol' || name === 'nobodys');
    const sizes = lines.filter(([, image]) => image === 'bb').map(cells => [cells.at(-1), cells[3], cells[4]]);
    return { headings, volumes: volumes.sort(), sizes: sizes.sort() };
  };
  assert.equal(parts(await box.ok(['system', 'df', '-v'])), parts(real.docker(['system', 'df', '-v'])));
});

test('info: Docker’s lines that both have say the same of the machine', async () => {
  const lines = (text: string) => new Map(text.split('\n').map(line => [line.split(':')[0]!, line]));
  const [mine, its] = [lines(await box.ok(['info'])), lines(real.docker(['info']))];
  for (const key of ['Kernel Version', 'Operating System', 'OSType', 'Architecture', 'CPUs', 'Total Memory', 'Name'])
    assert.is(mine.get(` ${key}`), its.get(` ${key}`));
  for (const key of [
    ' Containers',
    '  Running',
    '  Paused',
    '  Stopped',
    ' Images',
    ' Cgroup Version',
    ' Insecure Registries',
    '  127.0.0.0/8',
  ])
    assert.is(mine.get(key), its.get(key));
});

for (const [args, gist] of [
  [['info', '--format', '{{'], /unclosed action/],
  [['info', 'operand'], /accepts no arguments/],
  [['system', 'df', '--format', '{{'], /unclosed action/],
  [
    ['system', 'df', '-v', '--format', '{{.Nosuch}}'],
    /can't evaluate field Nosuch in type \*formatter.diskUsageContext/,
  ],
  [['system', 'df', 'operand'], /accepts no arguments/],
] as [string[], RegExp][])
  test(`refused: ${args.join(' ')}`, async () => {
    const mine = await box.minidock(args);
    const its = real.result(args);
    assert.match(String(mine.stderr), gist);
    assert.match(its.stderr, gist);
    assert.is(mine.exitCode, its.status);
  });

test.run();
