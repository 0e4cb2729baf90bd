// @mounts-nothing its engines are in a mount namespace of its own
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import * as assert from 'uvu/assert';
import { endProcesses, onExit } from './support/cleanup.ts';
import { checkout, requires } from './support/requires.ts';

const test = requires('root', 'overlayfs', 'busybox', 'hyperfine', 'docker-registry', 'skopeo', 'unshare');

test('Ctrl-C ends the bench: no job more, no table, nothing left', async () => {
  const args = ['--import', 'tsx', 'bench/main.ts', '--only', 'ps -a', '--runs', '1'];
  // A group of its own, as a shell makes one for each job.
  const bench = spawn(process.execPath, args, { cwd: checkout, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const pid = bench.pid!;
  onExit(() => endProcesses([pid]));
  const printed = text(bench.stdout);
  let told = '';
  bench.stderr.setEncoding('utf8').on('data', (some: string) => {
    if (told === '') process.kill(-pid, 'SIGINT');
    told += some;
  });
  const code = await new Promise(resolve => bench.once('exit', resolve));
  assert.is(code, 130, told);
  assert.is(await printed, '');
  assert.match(told, /^ {2}minidock: ps -a[^:]*$/);
});

test.run();
