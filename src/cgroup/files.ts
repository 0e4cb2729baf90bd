import { readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { errnoOf, MinidockError } from '../errors.ts';
import { steadyNow } from '../host/clock.ts';

/** The path of a group as it is. Throws `MinidockError` for anything else. */
export function checkGroup(group: string): string {
  if (!isGroup(group)) {
    throw new MinidockError(
      'bad-cgroup',
      `invalid cgroup path ${JSON.stringify(group)}: it must be like "/minidock/name"`,
    );
  }
  return group;
}

/** `/minidock/<id>`: absolute, without dots, so that it stays below the mountpoint. */
export const isGroup = (path: string): boolean => /^(\/[A-Za-z0-9_][\w.:-]*)+$/.test(path);

/** The content without its last newline, or undefined where the group or the file does not exist. */
export function readGroupFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch (error) {
    // ENODEV: the group went away between open and read.
    if (['ENOENT', 'ENODEV'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** False where the group or the file is not there. */
export function writeGroupFile(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: 'r+' });
    return true;
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

/** The number in `file`; undefined for none, `max`, and v1's "no limit" (the largest page-aligned number). */
export function readNumber(file: string): number | undefined {
  const content = readGroupFile(file);
  if (content === undefined || !/^\d+$/.test(content)) return undefined;
  const number = Number(content);
  return number >= 0x7fff_ffff_ffff_f000 ? undefined : number;
}

/** The count after `key` in a file of lines `key count`. */
export function readCount(file: string, key: string): bigint | undefined {
  const found = new RegExp(`^${key} (\\d+)$`, 'm').exec(readGroupFile(file) ?? '')?.[1];
  return found === undefined ? undefined : BigInt(found);
}

/** The lines `KEY NUMBER` of a file; empty where the file is not there. */
export function readCounts(file: string): Readonly<Record<string, number>> {
  const lines = (readGroupFile(file) ?? '').matchAll(/^(\w+) (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, key, count]) => [key, Number(count)]));
}

/** A group's directory and those below it, deepest first. */
function tree(directory: string): string[] {
  let entries: string[];
  try {
    // Of a directory of cgroups two links are its own; each other one is from a group below it.
    if (statSync(directory).nlink === 2) return [directory];
    entries = readdirSync(directory, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
  return [...entries.flatMap(name => tree(`${directory}/${name}`)), directory];
}

/** Processes in a group and below it. 0 stands for a process in a pid namespace that the caller cannot see. */
export function processes(directory: string): number[] {
  const found = new Set<number>();
  for (const group of tree(directory)) {
    for (const line of (readGroupFile(`${group}/cgroup.procs`) ?? '').split('\n')) {
      if (Number(line) > 0) found.add(Number(line));
    }
  }
  return [...found];
}

/** Asks again after 1, 2, 4 … at most 50 ms until it says yes or `milliseconds` are over; the last answer. */
export async function eventually(milliseconds: number, answer: () => boolean): Promise<boolean> {
  const end = steadyNow() + milliseconds;
  for (let pause = 1; ; pause = Math.min(2 * pause, 50)) {
    if (answer()) return true;
    if (steadyNow() >= end) return false;
    await new Promise(resolve => setTimeout(resolve, pause));
  }
}

/**
 * True once nothing of the group is left. EBUSY means that the group has processes, or that its last one is still
 * exiting.
 */
const tryRemove = (directory: string): boolean => tryRemoveOne(directory) || tree(directory).every(tryRemoveOne);

function tryRemoveOne(directory: string): boolean {
  try {
    rmdirSync(directory);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EBUSY' || errno === 'ENOTEMPTY') return false;
    if (errno !== 'ENOENT') throw error;
  }
  return true;
}

/** How long a group is waited for that still has processes, and one whose last process has ended, in milliseconds. */
const HELD_MS = 2000;
const LEAVING_MS = 10_000;

/**
 * Removes the directories of one group, in all hierarchies at once. A process that has ended, and is listed no more, holds its group
 * until it has run for the last time: on a busy machine, or in a group that has used up its share of the CPU, seconds later.
 */
export async function removeGroup(group: string, directories: readonly string[]): Promise<void> {
  const left = new Set(directories);
  const isGone = () => {
    for (const directory of left) if (tryRemove(directory)) left.delete(directory);
    return left.size === 0;
  };
  const holders = () => [...left].flatMap(processes);
  if (await eventually(HELD_MS, isGone)) return;
  if (holders().length === 0 && (await eventually(LEAVING_MS - HELD_MS, isGone))) return;
  throw busy(group, holders());
}

export function busy(group: string, pids: readonly number[]): MinidockError {
  const who = pids.length > 0 ? `still holds the processes ${[...new Set(pids)].join(', ')}` : 'is still in use';
  return new MinidockError('cgroup-busy', `cgroup ${JSON.stringify(group)} ${who}`, {
    fix: 'a process in state D (ps -o pid,stat,wchan) cannot be ended until its device or network file system answers',
  });
}
