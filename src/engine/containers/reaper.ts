import fs from 'node:fs';
import { EngineContext } from '../context.ts';
import { reapAll } from './reap.ts';

/**
 * The reaper: a supervisor becomes this process when its container has ended and no client waits for it. Only one runs
 * at a time: the supervisor took the reaper's lock before its execve and left it open as descriptor 3. Supervisors that
 * find the lock held leave their exit record and end. So the reaper handles all records before it releases the lock,
 * and looks once more afterwards for records that were written in between.
 */
const lock = 3;

function argument(name: string): string {
  const at = process.argv.indexOf(name);
  const value = process.argv[at + 1];
  if (at < 0 || value === undefined) throw new Error(`reaper: ${name} is missing`);
  return value;
}

const context = new EngineContext(
  { root: argument('--root'), execRoot: argument('--exec-root') },
  argument('--bridge'),
);
while ((await reapAll(context)) > 0);
fs.closeSync(lock);
await reapAll(context);
