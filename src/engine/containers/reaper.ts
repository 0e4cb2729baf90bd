import fs from 'node:fs';
import { EngineParts } from '../context.ts';
import { reapAll } from './reap.ts';

/**
 * The cleaner that a supervisor starts when its container has ended and nobody waits for it. Single-flight: the
 * supervisor took the reaper's lock before it became this process and left it open as descriptor 3; supervisors that find
 * it held leave their exit record and go. So all records are drained before the lock is dropped, and looked for once more
 * after: one that was written in between found the lock held.
 */
const lock = 3;

function argument(name: string): string {
  const at = process.argv.indexOf(name);
  const value = process.argv[at + 1];
  if (at < 0 || value === undefined) throw new Error(`reaper: ${name} is missing`);
  return value;
}

const parts = new EngineParts({ root: argument('--root'), execRoot: argument('--exec-root') }, argument('--bridge'));
while ((await reapAll(parts)) > 0);
fs.closeSync(lock);
await reapAll(parts);
