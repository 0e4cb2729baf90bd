import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flocks } from '../host/locks.ts';
import { identityOf } from '../host/process.ts';
import { containerPaths } from '../state/paths.ts';
import { observe, stateOf, whoStopped } from './observe.ts';

const id = 'c'.repeat(64);
const recorded = { status: 'created' as const, pid: 0, exitCode: 0, error: '', oomKilled: false };
const supervisor = identityOf(process.pid);
const running = { pid: 7, supervisor, startedAt: '2026-01-01T00:00:00Z', namespaces: {} };

async function inScratch(action: (roots: { root: string; execRoot: string }) => Promise<void> | void): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-state-'));
  const roots = { root: path.join(directory, 'root'), execRoot: path.join(directory, 'run') };
  try {
    fs.mkdirSync(containerPaths(roots, id).run, { recursive: true });
    await action(roots);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

const write = (file: string, value: unknown) => fs.writeFileSync(file, JSON.stringify(value));

test('a container without a run directory rests', () =>
  inScratch(roots => {
    fs.rmdirSync(containerPaths(roots, id).run);
    assert.is(observe(roots, id, flocks).kind, 'settled');
  }));

test('written down it runs as long as its supervisor lives, and is lost after', () =>
  inScratch(roots => {
    const paths = containerPaths(roots, id);
    write(paths.running, running);
    assert.is(observe(roots, id, flocks).kind, 'running');
    assert.is(stateOf(recorded, observe(roots, id, flocks)).pid, 7);
    // The same pid, started at another time: somebody else.
    write(paths.running, { ...running, supervisor: { ...supervisor, startTime: '1' } });
    assert.is(observe(roots, id, flocks).kind, 'lost');
    assert.is(stateOf(recorded, observe(roots, id, flocks)).exitCode, 137);
  }));

test('not written down yet, the lock on its file says whether a supervisor is there', () =>
  inScratch(async roots => {
    const paths = containerPaths(roots, id);
    fs.writeFileSync(paths.alive, '');
    assert.is(observe(roots, id, flocks).kind, 'abandoned');
    const holder = spawn('flock', [paths.alive, 'sh', '-c', 'echo held; read x'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const seen = observe(roots, id, flocks);
    holder.stdin.end();
    await once(holder, 'exit');
    assert.is(seen.kind, 'starting');
  }));

test('an exit record goes before everything else', () =>
  inScratch(roots => {
    const paths = containerPaths(roots, id);
    write(paths.running, running);
    fs.symlinkSync('143', paths.exit);
    const seen = observe(roots, id, flocks);
    assert.is(seen.kind, 'ended');
    assert.equal([stateOf(recorded, seen).status, stateOf(recorded, seen).exitCode], ['exited', 143]);
  }));

test('who is starting it decides: alive is starting, gone is abandoned', () =>
  inScratch(roots => {
    const paths = containerPaths(roots, id);
    const before = { ...recorded, status: 'exited' as const, pid: 0, exitCode: 3 };
    write(paths.starting, { by: identityOf(process.pid), before });
    assert.is(observe(roots, id, flocks).kind, 'starting');
    write(paths.starting, { by: { ...identityOf(process.pid), startTime: '1' }, before });
    const seen = observe(roots, id, flocks);
    assert.is(seen.kind, 'abandoned');
    // It may have been recorded as running already: it is what it was before.
    assert.equal(stateOf({ ...recorded, status: 'running', pid: 7 }, seen), before);
    fs.rmSync(paths.starting);
    assert.is(observe(roots, id, flocks).kind, 'abandoned');
  }));

test('who asks for the end counts once the signal is sent, and before while the process lives that sends it', () =>
  inScratch(roots => {
    const { stopping, stopped } = containerPaths(roots, id);
    assert.is(whoStopped(roots, id), undefined);
    write(stopping, { by: 'machine', process: supervisor });
    assert.is(whoStopped(roots, id), 'machine');
    write(stopping, { by: 'machine', process: { ...supervisor, startTime: '1' } });
    assert.is(whoStopped(roots, id), undefined);
    write(stopped, { by: 'user', process: { ...supervisor, startTime: '1' } });
    assert.is(whoStopped(roots, id), 'user');
    fs.writeFileSync(stopping, '');
    assert.is(whoStopped(roots, id), 'user');
  }));

test.run();
