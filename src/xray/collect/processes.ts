import fs from 'node:fs';
import { readProc } from '../../host/proc.ts';
import { statusOf } from '../../host/process.ts';
import type { Process } from '../model.ts';

/**
 * The processes of a container, parents before their children, each with those of the host that started some of them: the
 * supervisors. One that ends meanwhile is left out.
 *
 * @param init the container's first process
 * @param members pids of its cgroups and of its PID namespace
 */
export function processesOf(init: number, members: Iterable<number>): Process[] {
  const depth = pidsOf(statusOf(init)).length - 1;
  const inside = [...new Set(members)].flatMap(pid => look(pid, depth) ?? []);
  const known = new Set(inside.map(({ pid }) => pid));
  const starters = [...new Set(inside.map(({ parent }) => parent))].filter(pid => pid !== 0 && !known.has(pid));
  const outside = starters.flatMap(pid => {
    const found = look(pid, Number.POSITIVE_INFINITY);
    return found === undefined ? [] : { ...found, role: 'outside' as const };
  });
  return inTree([...outside, ...inside]);
}

function look(pid: number, depth: number): Process | undefined {
  let status: Map<string, string>;
  try {
    status = statusOf(pid);
  } catch {
    return undefined;
  }
  const inside = pidsOf(status)[depth];
  return {
    pid,
    ...(inside !== undefined && { inside }),
    parent: Number(status.get('PPid')),
    uid: Number(status.get('Uid')?.split(' ')[1]),
    state: status.get('State')?.[0] ?? '?',
    command: commandOf(pid) || `[${status.get('Name') ?? '?'}]`,
    threads: Number(status.get('Threads') ?? 1),
    role: 'container',
  };
}

/** A process's pid in each PID namespace from ours inwards; before Linux 4.1 the kernel does not tell. */
const pidsOf = (status: Map<string, string>) => (status.get('NSpid') ?? '').split(' ').filter(Boolean).map(Number);

/** The arguments, as ps(1) prints them; empty for a zombie. */
export function commandOf(pid: number): string {
  return (readProc(`/proc/${pid}/cmdline`) ?? '').replace(/\0+$/, '').replaceAll('\0', ' ');
}

/** Parents before children, siblings by pid. */
export function inTree(processes: readonly Process[]): Process[] {
  const pids = new Set(processes.map(({ pid }) => pid));
  const childrenOf = (parent: number) => sorted(processes.filter(one => one.parent === parent && one.pid !== parent));
  const withChildren = (one: Process): Process[] => [one, ...childrenOf(one.pid).flatMap(withChildren)];
  return sorted(processes.filter(({ parent }) => !pids.has(parent))).flatMap(withChildren);
}

const sorted = (processes: readonly Process[]) => processes.toSorted((a, b) => a.pid - b.pid);

/** The pids in `cgroup.procs` of a group and of those below it. */
export function pidsIn(directory: string): number[] {
  const procs = readProc(`${directory}/cgroup.procs`);
  if (procs === undefined) return [];
  const below = fs.readdirSync(directory, { withFileTypes: true }).filter(entry => entry.isDirectory());
  return [
    ...procs.split('\n').filter(Boolean).map(Number),
    ...below.flatMap(({ name }) => pidsIn(`${directory}/${name}`)),
  ];
}
