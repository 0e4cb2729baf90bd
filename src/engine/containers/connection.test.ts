import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectSupervisor } from './connection.ts';

test('a supervisor that ends before it accepts a connection is not there', async () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'minidock-connection-'));
  const path = join(folder, 'socket');
  const listens = "require('node:net').createServer().listen(process.argv[1], () => console.log('listens'))";
  const supervisor = spawn(process.execPath, ['-e', listens, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const isStopped = () => /\) T/.test(fs.readFileSync(`/proc/${supervisor.pid}/stat`, 'utf8'));
  const isClosed = () => !fs.readFileSync('/proc/net/unix', 'utf8').includes(path);
  // They hold the thread: nothing may be heard of the connection meanwhile.
  const until = (condition: () => boolean) => {
    const begun = process.uptime();
    while (!condition()) assert.ok(process.uptime() - begun < 20);
  };
  try {
    await once(supervisor.stdout!, 'data');
    supervisor.kill('SIGSTOP');
    until(isStopped);
    const connection = connectSupervisor(path);
    supervisor.kill('SIGKILL');
    until(isClosed);
    assert.is(await connection, undefined);
  } finally {
    supervisor.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true });
  }
});

test.run();
