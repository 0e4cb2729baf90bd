import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bundled } from '../../test/support/bundled.ts';
import type { MinidockError } from '../errors.ts';
import { withLock } from './lock.ts';

const module = new URL('./lock.ts', import.meta.url);
const script = bundled(module);

const folders: string[] = [];
const threads: Worker[] = [];
test.after.each(async () => {
  for (const worker of threads.splice(0)) await worker.terminate();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-lock-'));
  folders.push(folder);
  return folder;
}

function child(code: string, env: Record<string, string>) {
  const text = `import { withLock } from ${JSON.stringify(script)}; import fs from 'node:fs'; ${code}`;
  return spawn(process.execPath, ['--input-type=module', '-e', text], {
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
});

/** A second copy of the module in this thread: what two bundles in one process have. */
const { withLock: withLockToo } = (await import(`${module.href}?again`)) as typeof import('./lock.ts');

const increments = (lock: string, counter: string, hold: typeof withLock) =>
  hold(lock, async () => {
    const n = Number(fs.readFileSync(counter, 'utf8'));
    await new Promise(resolve => setTimeout(resolve, Math.random() * 2));
    fs.writeFileSync(counter, String(n + 1));
  });

test('calls in one process exclude each other, also through two copies of the module', async () => {
  const directory = scratch();
  const [lock, counter] = [path.join(directory, 'lock'), path.join(directory, 'counter')];
  fs.writeFileSync(counter, '0');
  await Promise.all(Array.from({ length: 40 }, (_, i) => increments(lock, counter, i % 2 ? withLock : withLockToo)));
  assert.is(fs.readFileSync(counter, 'utf8'), '40');
});

/** A thread that runs `code` with `withLock`, `fs` and `workerData`. */
function thread(code: string, workerData: Record<string, string>): Worker {
  const text = `
    const { workerData, parentPort } = require('node:worker_threads'); const fs = require('node:fs');
    import(${JSON.stringify(script)}).then(async ({ withLock }) => { ${code} });`;
  const worker = new Worker(text, { eval: true, execArgv: [], workerData });
  threads.push(worker);
  return worker;
}

test('threads that increment a number under the lock lose no increment', async () => {
  const directory = scratch();
  const [lock, counter] = [path.join(directory, 'lock'), path.join(directory, 'counter')];
  fs.writeFileSync(counter, '0');
  const code = `for (let i = 0; i < 40; i++) await withLock(workerData.lock, async () => {
    const n = Number(fs.readFileSync(workerData.counter, 'utf8'));
    await new Promise(r => setTimeout(r, Math.random() * 2));
    fs.writeFileSync(workerData.counter, String(n + 1)); });`;
  const ends = [1, 2].map(async () => (await once(thread(code, { lock, counter }), 'exit'))[0]);
  for (let i = 0; i < 40; i++) await increments(lock, counter, withLock);
  assert.equal(await Promise.all(ends), [0, 0]);
  assert.is(fs.readFileSync(counter, 'utf8'), '120');
});

test('a lock that a thread holds is held; that of a killed thread is taken over', async () => {
  const directory = scratch();
  const lock = path.join(directory, 'lock');
  const holder = thread(
    `await withLock(workerData.lock, () => { parentPort.postMessage('held'); return new Promise(() => setInterval(() => {}, 1000)); });`,
    { lock },
  );
  await once(holder, 'message');
  const refused = await withLock(lock, () => undefined, { timeoutMs: 30 }).catch((error: MinidockError) => error);
  assert.match(String(refused), new RegExp(`is locked by thread \\d+ of process ${process.pid}`));
  await holder.terminate();
  assert.is(await withLock(lock, () => 'mine'), 'mine');
  assert.equal(fs.readdirSync(lock), ['free']);
});

/** Gives a lock back while these calls fail with EIO; what that throws. */
async function whileBroken(names: readonly ('renameSync' | 'unlinkSync')[], lock: string): Promise<unknown> {
  const before = names.map(name => [name, fs[name]] as const);
  try {
    return await withLock(lock, () => {
      for (const name of names)
        fs[name] = () => {
          throw Object.assign(new Error('EIO'), { code: 'EIO' });
        };
    }).catch((error: Error) => error.message);
  } finally {
    for (const [name, call] of before) Object.assign(fs, { [name]: call });
  }
}

test('a lock whose name cannot be changed back is free to everybody', async () => {
  const lock = path.join(scratch(), 'lock');
  assert.is(await whileBroken(['renameSync'], lock), undefined);
  const other = thread(`await withLock(workerData.lock, () => parentPort.postMessage('held'), { timeoutMs: 1000 });`, {
    lock,
  });
  assert.is((await once(other, 'message'))[0], 'held');
});

test('a lock that could not be given back is free to whoever held it', async () => {
  const lock = path.join(scratch(), 'lock');
  assert.is(await whileBroken(['renameSync', 'unlinkSync'], lock), 'EIO');
  assert.is(await withLock(lock, () => 'mine', { timeoutMs: 30 }), 'mine');
});

test.run();
