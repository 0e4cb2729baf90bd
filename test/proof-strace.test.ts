// @mounts-nothing what a program is decoded to is the same
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { sectionNames } from '../src/syscalls/step.ts';
import { architecture } from '../src/syscalls/uapi/architecture.ts';
import { type Followed, follow, shimsIn } from './support/follow.ts';
import { minidockPath, type Sandbox, sandbox } from './support/minidock.ts';
import type { DecodedProgram } from './support/program.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';
import { strace, type View } from './support/strace.ts';

/**
 * What `--dry-run` prints is what the kernel sees: under strace every shim's calls, from its own execve to the container's,
 * are the steps of the program that it read, in order, with the same registers and the same bytes behind them; the few
 * others are on a list with their reasons (test/support/follow.ts).
 */
const test = requires('root', 'overlayfs', 'strace', 'busybox', 'iptables');
const views: readonly View[] = ['numbers', 'strings'];

let box: Sandbox;
let volume: string;

test.before(async () => {
  box = sandbox();
  await box.ok(['import', (await busyboxImage()).rootfs, 'busybox']);
  volume = mkdtempSync(join(box.folder, 'volume-'));
  writeFileSync(join(volume, 'file'), 'of the host\n');
});

interface Shape {
  flags: string[];
  command?: string[];
  stdout: string;
  code?: number;
}

const shapes: Record<string, Shape> = {
  'a bridge, published ports and volumes': {
    flags: ['-p', '127.0.0.1:PORT:80', '-p', 'PORT:53/udp', '-v', 'HOST:/data:ro', '-v', 'named:/www'],
    command: ['cat', '/data/file'],
    stdout: 'of the host',
  },
  'no network, another user, another directory, limits': {
    flags: ['--network', 'none', '-u', '1000:1000', '-w', '/srv/deep', '-m', '64m', '--pids-limit', '20'],
    command: ['sh', '-c', 'pwd; id -u; exit 3'],
    stdout: '/srv/deep\n1000',
    code: 3,
  },
  'a terminal, the host’s network': {
    flags: ['-t', '--network', 'host', '-h', 'named'],
    command: ['tty'],
    stdout: '/dev/pts/0',
  },
  'a command that is not there': {
    flags: ['--network', 'none'],
    command: ['nowhere-to-be-found'],
    stdout: '',
    code: 127,
  },
};

for (const [name, { flags, command = [], stdout, code = 0 }] of Object.entries(shapes))
  for (const view of views)
    test(`run with ${name}: ${view}`, async () => {
      const port = String(await freePort());
      const given = flags.map(flag => flag.replace('HOST', volume).replace('PORT', port));
      const words = [...given, 'busybox', ...command];
      const printed = JSON.parse(await box.ok(['run', '--rm', '--dry-run=json', ...words])) as Printed;
      const traced = await strace(view, [minidockPath, 'run', '--rm', ...words], { env: box.env, stdin: 'ignore' });
      assert.is(traced.exitCode, code, traced.stderr);
      assert.is(traced.stdout.replaceAll('\r', ''), stdout);
      const container = followAll(traced);
      assert.is(container.ended, 'exit');
      if (view === 'numbers') assert.equal(outline(container.programs[1]!), outlinePrinted(printed));
    });

for (const view of views)
  test(`run -d, whose supervisor starts the keeper: ${view}`, async () => {
    const command = [minidockPath, 'run', '-d', '--network', 'none', 'busybox', 'true'];
    const traced = await strace(view, command, { env: box.env, stdin: 'ignore' });
    assert.is(traced.exitCode, 0, traced.stderr);
    assert.is(followAll(traced).ended, 'keeper');
    const container = traced.stdout.trim();
    const state = JSON.parse(await box.ok(['inspect', container]))[0].State;
    assert.equal([state.Status, state.ExitCode], ['exited', 0]);
    await box.ok(['rm', container]);
  });

for (const view of views)
  test(`exec, with and without a terminal: ${view}`, async () => {
    const id = await box.ok(['run', '-d', '-p', `${await freePort()}:80`, 'busybox', 'sleep', '600']);
    for (const [flags, stdout] of [
      [['-u', '5:6', '-w', '/etc'], 'of no terminal'],
      [['-t'], '/dev/pts/0'],
    ] as const) {
      const inside = ['sh', '-c', 'tty || echo of no terminal'];
      const command = [minidockPath, 'exec', ...flags, id, ...inside];
      const traced = await strace(view, command, { env: box.env, stdin: 'ignore' });
      assert.is(traced.exitCode, 0, traced.stderr);
      assert.is(traced.stdout.replaceAll('\r', '').replace('not a tty\n', ''), stdout);
      assert.is(followAll(traced).ended, 'exit');
    }
    await box.ok(['rm', '-f', id]);
  });

/** Follows every shim of a command and gives back the one that had a child. */
function followAll(traced: Awaited<ReturnType<typeof strace>>): Followed {
  const all = shimsIn(traced).map(pid => follow(traced, pid, architecture()));
  const containers = all.filter(one => one.childPid !== undefined);
  assert.is(containers.length, 1, 'one shim makes the container; others only set up the bridge or device nodes');
  return containers[0]!;
}

type Printed = Record<string, { call?: string; op?: string; tolerate?: string[] }[]>;

/** A line a step: enough to say that the printed program is the executed one, without ids and addresses. */
function outline(program: DecodedProgram): string[] {
  return sectionNames.flatMap(section =>
    program.sections[section].map(
      step => `${section} ${step.name ?? step.op}${step.tolerate.length ? ` tolerates ${step.tolerate}` : ''}`,
    ),
  );
}

function outlinePrinted(printed: Printed): string[] {
  return sectionNames.flatMap(section =>
    (printed[section] ?? []).map(
      step => `${section} ${step.call ?? step.op}${step.tolerate?.length ? ` tolerates ${step.tolerate}` : ''}`,
    ),
  );
}

test.run();
