import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { enginesDirectory } from '../../src/state/paths.ts';
import { testRun } from './cleanup.ts';
import { findProgram } from './requires.ts';

/** What of ours a machine holds: one line a thing, by kind. */
export interface Holdings {
  mounts: string[];
  links: string[];
  rules: string[];
  cgroups: string[];
  processes: string[];
  files: string[];
  namespaces: string[];
}

/** Bridges of an engine: the default one, those of the test driver, those of the demo and the bench. */
const ourLink = /^(minidock|mdt|mdd|mdb)/;
const ours = /minidock/i;
/** Another test run on this machine at the same time answers for its own. */
const othersRun = new RegExp(`(minidock-test-|mdt|MINIDOCK_TEST_RUN=)(?!${testRun})[0-9a-f]{6}`);

/**
 * Everything on this machine that carries our name, whoever made it. Links are bridges of ours and every veth (ours end
 * with their containers); processes are known by their command line or by MINIDOCK_* in their environment, without the
 * caller, its ancestors and node processes of the checkout.
 */
export function holdings(): Holdings {
  return {
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter(line => ours.test(line)),
    links: readdirSync('/sys/class/net').filter(name => ourLink.test(name) || isVeth(name)),
    rules: ['iptables-save', 'iptables-legacy-save', 'ip6tables-save'].flatMap(rulesOf),
    cgroups: [...walkDirectories('/sys/fs/cgroup', 4)].filter(path => ours.test(path.slice('/sys/fs/cgroup'.length))),
    processes: processes(),
    files: ['/tmp', '/run', '/var/lib', '/var/run/netns', '/dev/shm'].flatMap(folder =>
      list(folder)
        .filter(name => ours.test(name) && join(folder, name) !== enginesDirectory)
        .map(name => join(folder, name)),
    ),
    namespaces: list('/run/netns').filter(name => ours.test(name)),
  };
}

/** What `after` holds and `before` did not, each line with its kind. */
export function newSince(before: Holdings, after: Holdings): string[] {
  return (Object.keys(after) as (keyof Holdings)[]).flatMap(kind => {
    const known = new Set(before[kind]);
    return after[kind].filter(line => !known.has(line) && !othersRun.test(line)).map(line => `${kind}: ${line}`);
  });
}

function rulesOf(command: string): string[] {
  const path = findProgram(command);
  if (!path) return [];
  const result = spawnSync(path, [], { encoding: 'utf8' });
  return (result.stdout ?? '')
    .split('\n')
    .filter(line => !line.startsWith('#') && (ours.test(line) || /\b(mdt|mdd|mdb)\w*/.test(line)))
    .map(line => `${command}: ${line.replace(/ \[\d+:\d+\]$/, '')}`);
}

function isVeth(name: string): boolean {
  try {
    return !readlinkSync(`/sys/class/net/${name}`).includes('/pci') && /^veth/.test(name);
  } catch {
    return false;
  }
}

function processes(): string[] {
  const family = new Set<number>();
  for (let pid = process.pid; pid > 1 && !family.has(pid); pid = parentOf(pid)) family.add(pid);
  return list('/proc')
    .filter(name => /^\d+$/.test(name) && !family.has(Number(name)) && parentOf(Number(name)) !== process.pid)
    .flatMap(name => {
      const command = read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim();
      const comm = read(`/proc/${name}/comm`).trim();
      const environment = read(`/proc/${name}/environ`);
      if (othersRun.test(environment)) return [];
      const inTest = /(^|\0)MINIDOCK_\w+=/.test(environment);
      return ours.test(comm) || ours.test(command) || inTest ? [`${name} ${comm}: ${command.slice(0, 200)}`] : [];
    });
}

function parentOf(pid: number): number {
  return Number(/\) \S+ (\d+)/.exec(read(`/proc/${pid}/stat`))?.[1] ?? 0);
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

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
