import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { containerPaths } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/** `--init`: PID 1 is ours and the command its child. */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());

const run = (...args: string[]) => box.minidock(['run', '--rm', '--init', '--network', 'none', 'bb', ...args]);

test('PID 1 is the init, read-only at /sbin/docker-init, and the command is its child', async () => {
  const script = 'tr "\\0" " " </proc/1/cmdline; echo; echo $PPID; touch /sbin/docker-init';
  const { exitCode, stdout, stderr } = await run('sh', '-c', script);
  const [commandLine, parent] = String(stdout).split('\n');
  assert.match(commandLine!, /^\/sbin\/docker-init -- sh -c tr /);
  assert.is(parent, '1');
  assert.match(String(stderr), /Read-only file system/);
  assert.is(exitCode, 1);
});

for (const [what, script, code] of [
  ['status', 'exit 3', 3],
  ['signal', 'kill -9 $$', 137],
] as const)
  test(`the command's ${what} is the container's`, async () => {
    assert.is((await run('sh', '-c', script)).exitCode, code);
  });

test('a command that is not there, or cannot be executed', async () => {
  for (const [name, code] of [
    ['nosuch', 127],
    ['/nosuch', 127],
    ['/etc/passwd', 126],
  ] as const) {
    const { exitCode, stderr } = await run(name);
    assert.is(exitCode, code, name);
    assert.match(String(stderr), `docker-init: cannot execute ${name}: `);
  }
});

test('a signal reaches a command that PID 1 would not get, and orphans leave no zombies', async () => {
  const id = await box.start('(sleep 0.1 & sleep 0.1 & sleep 0.1 &); exec sleep 1000', '--init');
  const states = () => box.inside(id, 'cat /proc/[0-9]*/stat');
  await eventually(async () => assert.is((await states()).match(/\(sleep\)/g)?.length, 1));
  assert.not.match(await states(), /\) Z /);
  // As PID 1 of its namespace `sleep` would ignore it.
  await box.ok(['stop', '-t', '20', id]);
  assert.is(await box.inspect(id, '{{.State.ExitCode}} {{.Path}} {{.HostConfig.Init}}'), '143 sh true');
  const spec = JSON.parse(readFileSync(containerPaths(box, id).config, 'utf8'));
  assert.equal(spec.process.args.slice(0, 3), ['/sbin/docker-init', '--', 'sh']);
});

test('with a terminal Ctrl-C is for the command', async () => {
  const id = await box.start('trap "exit 5" INT; while :; do sleep 0.1; done', '--init', '-t');
  // proc(5): pid, command, state, parent, group, session, terminal, the terminal's foreground group.
  const processes = (await box.inside(id, 'cat /proc/[0-9]*/stat')).split('\n').map(line => line.split(' '));
  const command = processes.find(fields => fields[3] === '1')!;
  assert.equal([command[1], command[4]], ['(sh)', command[7]]);
});

test.run();
