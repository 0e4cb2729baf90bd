import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { judge } from './runner/judge.ts';
import { canaryTree } from './support/canary.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { holdings, newSince } from './support/leaks.ts';
import { push, registry } from './support/registry.ts';
import { checkout, requires } from './support/requires.ts';
import { callsIn } from './support/strace.ts';

const test = requires();

test('a file is judged by the lines uvu ends with', () => {
  const closing = (total: number, passed: number, skipped: number) =>
    `\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   ${skipped}\n  Duration:  1ms\n`;
  const counts = (output: string, code: number | string) => {
    const { passed, failed, skipped } = judge(output, code);
    return [passed, failed, skipped.length];
  };
  assert.equal(counts(closing(3, 3, 0), 0), [3, 0, 0]);
  assert.equal(counts(closing(3, 2, 0), 1), [2, 1, 0]);
  assert.equal(counts(closing(3, 3, 0), 1), [3, 1, 0], 'passed, and then ended badly');
  assert.equal(counts('', 0), [0, 1, 0], 'ended before its tests did');
  assert.equal(counts(closing(3, 3, 0).slice(0, 20), 'SIGKILL'), [0, 1, 0]);
  assert.equal(counts(closing(0, 0, 0), 0), [0, 1, 0], 'no test at all');
  assert.equal(counts(`  skipped: x (no y)\n${closing(1, 1, 1)}`, 0), [1, 0, 1]);
  assert.equal(
    counts(closing(3, 3, 0) + closing(2, 1, 0), 1),
    [1, 1, 0],
    'what it showed of another run does not count',
  );
  assert.equal(judge(`  skipped: x (no y)\n${closing(0, 0, 1)}`, 0).skipped, ['x (no y)']);
});

test('an unknown requirement fails', () => {
  assert.throws(() => requires('a-kernel-of-corn'), /unknown requirement "a-kernel-of-corn"/);
});

test('a missing requirement skips with its reason', () => {
  const folder = temporaryFolder('skip');
  const file = join(folder, 'skip.ts');
  const support = join(checkout, 'test/support/requires.ts');
  const source = `import { requires } from ${JSON.stringify(support)};
    const test = requires('kernel>=99.0');
    test('never', () => { throw new Error('it ran') });
    test.run();`;
  writeFileSync(file, source);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const result = spawnSync(process.execPath, ['--import', 'tsx', file], { cwd: checkout, encoding: 'utf8' });
  assert.match(result.stdout, /^ {2}skipped: never \(kernel /m);
  assert.is(result.status, 0);
});

test('a canary tree tells of every touch', () => {
  const canary = canaryTree();
  canary.check();
  writeFileSync(join(canary.path, 'etc/passwd'), 'other');
  assert.throws(() => canary.check(), /canary/);
});

test('a call that the kernel makes again by itself counts once', () => {
  const again = 'write(3, "\\x31", 1)                     = ? ERESTARTNOINTR (To be restarted)';
  const lines = [
    again,
    again,
    'write(3, "\\x31", 1)                     = 1',
    'close(3)                            = 0',
  ];
  const calls = callsIn(lines.join('\n'));
  assert.equal(
    calls.map(({ name, result }) => [name, result]),
    [
      ['write', 1n],
      ['close', 0n],
    ],
  );
});

test('a folder of ours that is left is seen', () => {
  const before = holdings();
  const folder = temporaryFolder('leak');
  assert.ok(newSince(before, holdings()).includes(`files: ${folder}`));
});

requires(
  'root',
  'unshare',
  'ip',
  'iptables',
)('whatever of ours is left is seen, by its kind', () => {
  const support = (name: string) => JSON.stringify(join(checkout, `test/support/${name}.ts`));
  const folder = temporaryFolder('kinds');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(folder, 'child.ts'),
    `import { spawnSync } from 'node:child_process';
     import { mkdirSync, rmdirSync } from 'node:fs';
     import { onExit, processesWith, testRun, endProcesses } from ${support('cleanup')};
     import { holdings, newSince } from ${support('leaks')};
     const sh = script => spawnSync('sh', ['-ec', script], { stdio: ['ignore', 'ignore', 'inherit'] });
     const group = '/sys/fs/cgroup/' + process.argv[2] + '/minidock-test-' + testRun;
     // What is mounted there shows the links of the network namespace that we left.
     sh('mount -t sysfs sysfs /mnt; mount --bind /mnt/class/net /sys/class/net; umount -l /mnt');
     const before = holdings();
     onExit(() => rmdirSync(group));
     onExit(() => endProcesses(processesWith('MINIDOCK_OF=' + testRun)));
     mkdirSync(group);
     sh('mount -t tmpfs minidock-test-' + testRun + ' /mnt');
     sh('ip link add mdt' + testRun + ' type bridge');
     sh('iptables -N MDT' + testRun + '; iptables -A MDT' + testRun + ' -i mdt' + testRun + ' -j DROP');
     sh('mkdir -p /run/netns; mount -t tmpfs none /run/netns; touch /run/netns/minidock-test-' + testRun);
     sh('MINIDOCK_OF=' + testRun + ' setsid sleep 100 >/dev/null 2>&1 &');
     while (processesWith('MINIDOCK_OF=' + testRun).length === 0);
     console.log(JSON.stringify(newSince(before, holdings())));`,
  );
  const hierarchy = existsSync('/sys/fs/cgroup/cgroup.controllers') ? '.' : 'pids';
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['--mount', '--net', process.execPath, '--import', 'tsx', join(folder, 'child.ts'), hierarchy],
    { cwd: checkout, encoding: 'utf8' },
  );
  const kinds = new Set((JSON.parse(stdout || '[]') as string[]).map(line => line.split(':')[0]));
  for (const kind of ['mounts', 'links', 'rules', 'cgroups', 'processes', 'files', 'namespaces'])
    assert.ok(kinds.has(kind), `${kind}: ${stdout}${stderr}`);
});

requires('root', 'unshare')('folders with mounts inside are removed on SIGTERM', () => {
  const folder = temporaryFolder('signal');
  writeFileSync(
    join(folder, 'child.ts'),
    `import { temporaryFolder } from ${JSON.stringify(join(checkout, 'test/support/cleanup.ts'))};
     import { spawnSync } from 'node:child_process';
     const path = temporaryFolder('mounted');
     spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', path]);
     console.log(path);
     process.kill(process.pid, 'SIGTERM');
     setInterval(() => {}, 1000);`,
  );
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const result = spawnSync(process.execPath, ['--import', 'tsx', join(folder, 'child.ts')], {
    cwd: checkout,
    encoding: 'utf8',
  });
  assert.is(result.status, 143, result.stderr);
  assert.match(result.stdout, /minidock-test-/);
  assert.not(existsSync(result.stdout.trim()));
});

requires('docker-registry', 'skopeo')('a real registry takes an image and forgets it', async () => {
  const server = await registry();
  const folder = temporaryFolder('layout');
  mkdirSync(join(folder, 'empty'));
  const response = await fetch(`${server.url}/v2/_catalog`);
  assert.equal(await response.json(), { repositories: [] });
  assert.throws(() => push(`oci:${folder}/empty:latest`, server, 'x:1'), /skopeo copy/);
  server.stop();
  assert.not(existsSync(`/proc/${server.pid}/root`));
});

test.run();
