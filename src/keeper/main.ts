import fs from 'node:fs';
import { EngineContext } from '../engine/context.ts';
import { callKeeper } from '../engine/keeping/call.ts';
import { identityOf } from '../host/process.ts';
import { keptIds, type NamesAnswered } from '../state/kept.ts';
import { enginePaths } from '../state/paths.ts';
import { Bell } from './bell.ts';
import { Names } from './dns.ts';
import { keep } from './keep.ts';
import { reapAll } from './reap.ts';

/**
 * The keeper: the one process beside the containers of an engine. A supervisor becomes it when its container has ended
 * and no client cleans up; a command starts it where a container needs it. Only one runs at a time: whoever becomes it
 * took its lock before the execve and left it open as descriptor 3. Supervisors that find the lock held wake the keeper
 * by the same step and end. It stays while containers need it (state/kept.ts), asleep on timers and on its lock file.
 *
 * It may be killed at any moment. All that it works from is on disk, and the next supervisor or command that needs it
 * starts another.
 */
const lock = 3;

function argument(name: string): string {
  const at = process.argv.indexOf(name);
  const value = process.argv[at + 1];
  if (at < 0 || value === undefined) throw new Error(`keeper: ${name} is missing`);
  return value;
}

const roots = { root: argument('--root'), execRoot: argument('--exec-root') };
const { keeper, keeperLock } = enginePaths(roots);
// Where the engine was removed while this process began there is nothing to keep, and nothing is made anew.
if (!fs.existsSync(keeperLock)) process.exit();
const context = new EngineContext(roots, argument('--bridge'));
const bell = new Bell(keeperLock);
/** One keeper runs at a time, so it may overwrite what a killed one left half written. */
function say(names: NamesAnswered): void {
  const temporary = `${keeper}.tmp`;
  fs.writeFileSync(temporary, JSON.stringify({ ...identityOf(process.pid), names }), { mode: 0o600 });
  fs.renameSync(temporary, keeper);
}
say({});
const names = new Names(context, bell, say);
// Not awaited, and it takes no lock of a container: a command that holds one may be waiting for the names.
void names.follow();

const kept = new Set<string>();
for (;;) {
  const { count } = bell;
  while ((await reapAll(context)) > 0);
  for (const id of keptIds(context.roots)) {
    if (kept.has(id)) continue;
    kept.add(id);
    void keep(context, id, bell).finally(() => {
      kept.delete(id);
      bell.ring();
    });
  }
  if (kept.size === 0 && bell.count === count) break;
  await bell.after(count);
}
names.close();
bell.close();
fs.rmSync(keeper, { force: true });
fs.closeSync(lock);
// Supervisors that came between the last look and the release found the lock held, so look once more. A start that waits for
// names holds its container's lock: the next keeper is called first, and before that this one waits for no lock.
const isNeeded = () => keptIds(context.roots).length > 0;
if (!isNeeded()) await reapAll(context);
if (isNeeded()) await callKeeper(context);
process.exit();
