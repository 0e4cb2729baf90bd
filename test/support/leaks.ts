import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isGone, registeredEngines } from '../../src/state/engines.ts';
import { enginesDirectory } from '../../src/state/paths.ts';
import { testRun } from './cleanup.ts';
import { type Owners, owners, parentOf, readProc } from './owners.ts';
import { findProgram } from './requires.ts';

/** What of ours a machine holds: one line a thing, by kind. A line says whose it is, where that is known. */
export interface Holdings {
  mounts: string[];
  links: string[];
  rules: string[];
  cgroups: string[];
  processes: string[];
  files: string[];
  namespaces: string[];
  engines: string[];
}

/** Bridges of an engine: the default one, those of the test driver, those of the demo and the bench. */
const ourLink = /^(minidock|mdt|mdd|mdb)/;
const ours = /minidock/i;

/**
 * Everything on this machine that carries our name, whoever made it. Links are bridges of ours and the veths that are in
 * one of them or in none; processes are known by their command line, by MINIDOCK_* in their environment or by a cgroup of
 * an engine, without the caller, its ancestors and its children.
 */
export function holdings(): Holdings {
  // First, so that what belongs to an engine that appears meanwhile is seen as unowned at worst once.
  const known = owners();
  return {
    mounts: mountsOf('self'),
    links: readdirSync('/sys/class/net').flatMap(linkOfOurs),
    rules: ['iptables-save', 'iptables-legacy-save', 'ip6tables-save'].flatMap(rulesOf),
    cgroups: [...walkDirectories('/sys/fs/cgroup', 4)]
      .filter(path => ours.test(path.slice('/sys/fs/cgroup'.length)))
      .map(path => withOwner(path, known.ofCgroup(path))),
    processes: processes(known),
    files: ['/tmp', '/run', '/var/lib', '/var/run/netns', '/dev/shm'].flatMap(folder =>
      list(folder)
        .filter(name => ours.test(name))
        .map(name => join(folder, name))
        .filter(path => path !== enginesDirectory),
    ),
    namespaces: list('/run/netns').filter(name => ours.test(name)),
    engines: registeredEngines()
      .filter(isGone)
      .map(({ id, root }) => `${id}, root ${root} is gone`),
  };
}

/** Our mounts in the mount namespace of a process. */
export function mountsOf(pid: number | 'self'): string[] {
  return readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .split('\n')
    .filter(line => ours.test(line));
}

/**
 * What `after` holds and `before` did not, each line with its kind, without what is of another test file, run or engine:
 * `own` is the beginning of the ids that count, this file's unless told.
 */
export function newSince(before: Holdings, after: Holdings, own = testRun): string[] {
  return (Object.keys(after) as (keyof Holdings)[]).flatMap(kind => {
    const known = new Set(before[kind]);
    return after[kind]
      .filter(line => !known.has(line) && !line.includes(', of the engine at '))
      .filter(line => idsIn(line).every(id => id.startsWith(own)))
      .map(line => `${kind}: ${line}`);
  });
}

/** The ids of test files in a line of holdings. */
export function idsIn(line: string): string[] {
  return [...line.matchAll(/(?:minidock-test-|mdt|, of run )([0-9a-f]{6})/g)].map(([, id]) => id!);
}

const withOwner = (line: string, owner: string | undefined) => (owner === undefined ? line : `${line}, of ${owner}`);

/** Our rules. The chains that all bridges share count only where no bridge is left in it: else they are theirs. */
function rulesOf(command: string): string[] {
  const path = findProgram(command);
  if (!path) return [];
  const saved = spawnSync(path, [], { encoding: 'utf8' }).stdout ?? '';
  const isShared = /^-A MINIDOCK-FORWARD -j MINIDOCK-(?!USER)/m.test(saved);
  return saved
    .split('\n')
    .filter(line => !line.startsWith('#') && (ours.test(line) || /\b(mdt|mdd|mdb)\w*/.test(line)))
    .filter(
      line =>
        !isShared || !/^:MINIDOCK-(FORWARD|USER) |^-A (MINIDOCK-)?FORWARD .*-j MINIDOCK-(FORWARD|USER)$/.test(line),
    )
    .map(line => `${command}: ${line.replace(/ \[\d+:\d+\]$/, '')}`);
}

function linkOfOurs(name: string): string[] {
  if (ourLink.test(name)) return [name];
  if (!name.startsWith('veth')) return [];
  try {
    const bridge = basename(readlinkSync(`/sys/class/net/${name}/master`));
    return ourLink.test(bridge) ? [`${name} in ${bridge}`] : [];
  } catch {
    return list(`/sys/class/net/${name}`).length > 0 ? [name] : [];
  }
}

function processes(known: Owners): string[] {
  const family = new Set<number>();
  for (let pid = process.pid; pid > 1 && !family.has(pid); pid = parentOf(pid)) family.add(pid);
  return list('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => !family.has(pid) && parentOf(pid) !== process.pid && !isZombie(pid))
    .flatMap(pid => {
      const command = readProc(pid, 'cmdline').replaceAll('\0', ' ').trim();
      const comm = readProc(pid, 'comm').trim();
      const inTest = /(^|\0)MINIDOCK_\w+=/.test(readProc(pid, 'environ'));
      const inContainer = /:\/minidock/.test(readProc(pid, 'cgroup'));
      if (!ours.test(comm) && !ours.test(command) && !inTest && !inContainer) return [];
      return [withOwner(`${pid} ${comm}: ${command.slice(0, 200)}`, known.ofProcess(pid))];
    });
}

/** It is gone but for its exit code, which its parent has not asked for yet. */
function isZombie(pid: number): boolean {
  return /\) Z /.test(readProc(pid, 'stat'));
}

function* walkDirectories(path: string, depth: number): Generator<string> {
  if (depth === 0) return;
  let entries: import('node:fs').Dirent[];
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries)
    if (entry.isDirectory()) {
      yield join(path, entry.name);
      yield* walkDirectories(join(path, entry.name), depth - 1);
    }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
