import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { Interrupted } from './say.mjs';

let interruptedBy;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interruptedBy ??= signal;
    child?.(signal);
  });
}
let child;

/** Throws `Interrupted` when a signal came. */
export function checkpoint() {
  if (interruptedBy) throw new Interrupted(interruptedBy);
}

/**
 * Runs a command to its end and resolves with its exit code and the last 64 KiB of what it printed (also shown, where
 * `show` is set). Standard input is empty, so that no command waits for an answer.
 *
 * `shielded` commands are not disturbed by Ctrl-C (dpkg stopped half-way leaves packages half-configured): they get a
 * session of their own, and the signal is answered when they are done.
 */
export async function run(command, args, { cwd, env, show = false, shielded = false } = {}) {
  checkpoint();
  const result = await new Promise(resolve => {
    const process_ = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: shielded });
    let output = '';
    const collect = stream => chunk => {
      if (show) stream.write(chunk);
      output = (output + chunk).slice(-65536);
    };
    process_.stdout.on('data', collect(process.stdout));
    process_.stderr.on('data', collect(process.stderr));
    process_.on('error', error => resolve({ code: 127, output: error.message }));
    process_.on('close', (code, signal) => resolve({ code: code ?? 1, output, signal }));
    child = signal => {
      if (shielded) process.stdout.write(`\nfinishing ${command}, then stopping\n`);
      else process_.kill(signal);
    };
  });
  child = undefined;
  checkpoint();
  return result;
}

/** Where a program is, by PATH and then the sbin folders that a non-login root may lack; undefined if it is nowhere. */
export function which(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    if (folder === '') continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {}
  }
  return undefined;
}
