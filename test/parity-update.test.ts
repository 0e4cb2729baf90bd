// @mounts-nothing its subject is what limits say and do
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { cgroupParent } from '../src/state/paths.ts';
import { type Both, both } from './support/both.ts';
import { requires } from './support/requires.ts';

/** update, stats and top, on Docker 20.10 and here. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10', 'cgroup1');
let two: Both;
let ids: { there: string; here: string };

const running = ['run', '-d', '--name', 'one', '--network', 'none', 'bb', 'sleep', '1000'];

test.before(async () => {
  two = await both();
  const { there, here } = await two.ask(running);
  ids = { there: there.stdout.trim(), here: here.stdout.trim() };
  await two.ask(['create', '--name', 'two', '--network', 'none', 'bb', 'true']);
});
test.after(async () => {
  await two.ask(['rm', '-f', 'one', 'two']);
});

const files = ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes', 'memory.soft_limit_in_bytes'];
files.push('cpu.shares', 'cpu.cfs_quota_us', 'cpu.cfs_period_us', 'cpuset.cpus', 'pids.max');

function kernel(parent: string, id: string): string[] {
  return files.map(file => {
    const [controller] = file.split('.');
    return `${file} ${readFileSync(`/sys/fs/cgroup/${controller}${parent}/${id}/${file}`, 'utf8').trim()}`;
  });
}

const shown =
  '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.MemoryReservation}} {{.HostConfig.CPUShares}} {{.HostConfig.NanoCPUs}} {{.HostConfig.CPUPeriod}} {{.HostConfig.CPUQuota}} {{.HostConfig.CpusetCpus}} {{.HostConfig.RestartPolicy}}';

/** In this order: each builds on those before. */
const changes: string[][] = [
  [],
  ['-m', '64m'],
  ['-m', '5m'],
  ['-m', 'garbage'],
  ['-m', '64m', '--memory-swap', '96m'],
  ['-m', '32m'],
  ['-m', '100m'],
  ['--memory-swap', '128m'],
  ['-m', '200m', '--memory-swap', '300m'],
  ['--memory-reservation', '16m'],
  ['--cpus', '1'],
  ['--cpus', '99'],
  ['--cpus', '0'],
  ['--cpu-quota', '50000'],
  ['--cpu-period', '100'],
  ['--cpu-shares', '100'],
  ['--cpuset-cpus', '0'],
  ['--cpuset-cpus', '99'],
  ['--cpuset-cpus', 'x'],
  ['--pids-limit', '20'],
  ['--pids-limit', '-1'],
  ['--restart', 'on-failure:3'],
  ['--restart', ''],
  ['--restart', 'no'],
];

test('update says and does the same, to the kernel and in inspect', async () => {
  for (const flags of changes) {
    await two.same(['update', ...flags, 'one']);
    assert.equal(kernel(cgroupParent(two.box), ids.here), kernel('/docker', ids.there), flags.join(' '));
    await two.same(['inspect', '-f', shown, 'one']);
  }
  // Docker 20.10 writes it down, and does not tell the kernel.
  await two.same(['update', '--memory-swap', '-1', 'one']);
  await two.same(['inspect', '-f', shown, 'one']);
  const [, swap] = kernel(cgroupParent(two.box), ids.here);
  assert.ok(Number(swap!.split(' ')[1]) > 2 ** 60, swap);
});

test('update of one that does not run, of none, of several', async () => {
  await two.same(['update', '-m', '64m', '--memory-swap', '64m', 'two']);
  await two.same(['inspect', '-f', shown, 'two']);
  await two.same(['update', '--cpu-quota', '20000', 'two']);
  await two.same(['update', '--cpus', '1', 'two']);
  await two.same(['update', '-m', '64m', 'nosuch']);
  await two.same(['update', '--cpu-shares', '50', 'one', 'nosuch', 'two']);
  // The kernel may lack it. Docker's warning is output.
  await two.same(['update', '--blkio-weight', '500', 'one']);
});

/** Some are refused by Docker's client, others by its daemon, with another exit code; the words may be ours. */
const refused: string[][] = [
  ...['sometimes', 'always:3', 'on-failure:-1'].map(policy => ['create', '--restart', policy, 'bb']),
  ['update', '--restart', 'sometimes', 'one'],
  ['create', '-w', 'relative', 'bb'],
  ['exec', '-w', 'relative', 'one', 'true'],
  ['exec', '--detach-keys', 'ctrl-', 'one', 'true'],
  ['create', '--cap-add', 'NOSUCH', 'bb'],
  ['create', '--cap-drop', '', 'bb'],
  ...['relative/path:/x', '/a:/b:zz', '/a:b', '/a:', '/tmp:/'].map(volume => ['create', '-v', volume, 'bb']),
  ...['container:', ''].map(network => ['create', '--network', network, 'bb']),
  ['create', '--platform', 'x/y/z/w', 'bb'],
  ...['1us', '-1s', 'x'].map(time => ['create', '--health-cmd', 'true', '--health-interval', time, 'bb']),
  ...['', '=x'].map(label => ['create', '--label', label, 'bb']),
  ['volume', 'create', '--label', '', 'made'],
  ['inspect', '--type', 'nosuch', 'one'],
  ['unpause', 'one'],
  ['unpause', 'two'],
  ['cp', 'one:', '/tmp/none'],
  ['cp', 'one:/no/such', '/tmp/none'],
];

test('who refuses a value that makes no sense is who does at Docker: the exit codes say so', async () => {
  for (const words of refused) {
    const { there, here } = await two.ask(words);
    assert.is(here.code, there.code, `${words.join(' ')}\n${there.stderr}\n${here.stderr}`);
    assert.ok(here.code !== 0, words.join(' '));
    assert.not.match(here.stderr, /looks like a defect/);
  }
  const fixOf = async (...words: string[]) => (await two.ours(words)).stderr.split('\n')[1];
  assert.is(await fixOf('unpause', 'two'), '  fix: it does not run: minidock start two');
  assert.is(await fixOf('unpause', 'one'), '  fix: it runs: nothing is to be done');
  assert.match((await two.ours(['cp', 'one:/no/such', '/tmp/none'])).stderr, 'No such container:path: one:/no/such\n');
});

/** Without pids and times of day. */
const normal = (text: string) => text.replace(/\b\d+(:\d\d)*\b/g, 'N').replace(/ +/g, ' ');

test('top prints the same columns, with the options of ps', async () => {
  for (const options of [[], ['-o', 'pid,args'], ['-eo', 'ppid,pid,user'], ['-ef'], ['-o', 'cmd,pid']]) {
    const { there, here } = await two.ask(['top', 'one', ...options]);
    assert.is(here.code, there.code, here.stderr);
    assert.is(normal(here.stdout), normal(there.stdout), options.join(' '));
    assert.is(here.stdout.split('\n')[0], there.stdout.split('\n')[0], 'the same widths');
  }
  for (const words of [['one', '-o', 'args'], ['one', '-o', 'nosuch'], ['two'], ['nosuch']])
    await two.same(['top', ...words]);
});

test('stats prints the same table, and templates', async () => {
  const { there, here } = await two.ask(['stats', '--no-stream', 'one']);
  assert.is(here.code, 0, here.stderr);
  const [heading, line] = here.stdout.split('\n');
  assert.is(heading, there.stdout.split('\n')[0]);
  assert.match(line!, /^[0-9a-f]{12} {3}one +\d+\.\d\d% +[\d.]+[KM]iB \/ 200MiB +\d+\.\d\d% +0B \/ 0B +\S+ \/ \S+ +1$/);
  assert.match(there.stdout.split('\n')[1]!, / \/ 200MiB /);
  await two.same([
    'stats',
    '--no-stream',
    '--format',
    '{{.Container}} {{.Name}} {{.CPUPerc}} {{.NetIO}} {{.PIDs}}',
    'one',
  ]);
  await two.same(['stats', '--no-stream', '--format', 'table {{.Name}}\t{{.CPUPerc}}', 'two']);
  await two.same(['stats', '--no-stream', 'nosuch']);
  const all = await two.box.ok(['stats', '--no-stream', '--all', '--no-trunc', '--format', '{{.ID}} {{.MemUsage}}']);
  assert.match(all, new RegExp(`^${ids.here} \\d`, 'm'));
  assert.match(all, /^[0-9a-f]{64} 0B \/ 0B$/m);
});

test.run();
