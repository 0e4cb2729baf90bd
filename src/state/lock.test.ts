import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withLock } from './lock.ts';

const module = fileURLToPath(new URL('./lock.ts', import.meta.url));

function scratch(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-lock-'));
}

function child(code: string, env: Record<string, string>) {
  const script = `import { withLock } from ${JSON.stringify(module)}; import fs from 'node:fs'; ${code}`;
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test('processes that increment a number under the lock lose no increment', async () => {
  const directory = scratch();
  const counter = path.join(directory, 'counter');
  fs.writeFileSync(counter, '0');
  const code = `for (let i = 0; i < 40; i++) await withLock(process.env.LOCK, async () => {
    const n = Number(fs.readFileSync(process.env.COUNTER, 'utf8'));
    await new Promise(r => setTimeout(r, Math.random() * 2));
    fs.writeFileSync(process.env.COUNTER, String(n + 1)); });`;
  const children = [1, 2, 3].map(() => child(code, { LOCK: path.join(directory, 'lock'), COUNTER: counter }));
  const codes = await Promise.all(children.map(async process => (await once(process, 'exit'))[0]));
  assert.equal(codes, [0, 0, 0]);
  assert.is(fs.readFileSync(counter, 'utf8'), '120');
  fs.rmSync(directory, { recursive: true });
});

test('the lock of a killed process is taken over', async () => {
  const directory = scratch();
  const lock = path.join(directory, 'lock');
  const holder = child(
    `await withLock(process.env.LOCK, () => { console.log('held'); return new Promise(() => setInterval(() => {}, 1000)); });`,
    {
      LOCK: lock,
    },
  );
  await once(holder.stdout!, 'data');
  let error: unknown;
  await withLock(lock, () => {}, { timeoutMs: 30 }).catch(e => {
    error = e;
  });
  assert.match(String(error), new RegExp(`locked by process ${holder.pid}`));
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  assert.is(await withLock(lock, () => 'mine'), 'mine');
  assert.equal(fs.readdirSync(lock), ['free']);
  fs.rmSync(directory, { recursive: true });
});

test.run();
