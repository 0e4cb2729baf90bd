import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { endProcesses, onExit, temporaryFolder } from '../../test/support/cleanup.ts';
import { eventually } from '../../test/support/eventually.ts';
import { HeldProcess } from './held-process.ts';
import { identityOf } from './process.ts';

const nameOf = (pid: number) => readFileSync(`/proc/${pid}/comm`, 'utf8');
const descriptors = () => readdirSync('/proc/self/fd').length;

test('a process lives until it is gone', async () => {
  const child = spawn('sleep', ['1000']);
  onExit(() => endProcesses([child.pid!]));
  const held = HeldProcess.of(identityOf(child.pid!))!;
  assert.is(held.isAlive(), true);
  child.kill('SIGSTOP');
  assert.is(held.isAlive(), true, 'one that stands still lives');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.is(held.isAlive(), false);
  held.close();
});

test('a zombie does not live, whatever it is called', async () => {
  // Its parent becomes a program that never waits for it.
  const script = 'cp "$(command -v sleep)" "$0/a) S 1" && { "$0/a) S 1" 1000 & echo $!; exec sleep 1000; }';
  const parent = spawn('sh', ['-c', script, temporaryFolder('held')]);
  onExit(() => endProcesses([parent.pid!]));
  const [said] = await once(parent.stdout, 'data');
  const pid = Number(String(said));
  onExit(() => endProcesses([pid]));
  await eventually(() => assert.is(nameOf(pid), 'a) S 1\n'));
  const held = HeldProcess.of(identityOf(pid))!;
  assert.is(held.isAlive(), true);
  process.kill(pid, 'SIGKILL');
  await eventually(() => assert.is(held.isAlive(), false));
  held.close();
  parent.kill('SIGKILL');
  await once(parent, 'exit');
});

test('one that is gone, or was started at another time, cannot be held, and nothing stays open', () => {
  const before = descriptors();
  const now = identityOf(process.pid);
  assert.is(HeldProcess.of({ ...now, startTime: '1' }), undefined);
  assert.is(HeldProcess.of({ ...now, boot: 'another' }), undefined);
  assert.is(HeldProcess.of({ ...now, pid: 2 ** 22 }), undefined);
  HeldProcess.of(now)!.close();
  assert.is(descriptors(), before);
});

test.run();
