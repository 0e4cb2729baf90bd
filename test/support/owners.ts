import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isGone, registeredEngines } from '../../src/state/engines.ts';
import { cgroupParent } from '../../src/state/paths.ts';

/**
 * Whose a thing is whose name does not say so: `run ID` (see `testRun`), or `the engine at ROOT` where it belongs to an
 * engine that no test made and that is still there. Undefined where nobody is known, as with what a test left.
 */
export interface Owners {
  ofCgroup(path: string): string | undefined;
  /** By its environment, its cgroup, or whoever started it. */
  ofProcess(pid: number): string | undefined;
}

/** As the machine is at this moment. */
export function owners(): Owners {
  const roots = [...rootsOfTests(), ...rootsOfProcesses(), ...rootsOfEngines()];
  const engines = new Map(roots.map(root => [basename(cgroupParent({ root, execRoot: '' })), ownerOf(root)]));
  const ofCgroup = (path: string) =>
    path
      .split('/')
      .map(part => engines.get(part))
      .find(owner => owner !== undefined);
  const ofProcess = (pid: number): string | undefined => {
    if (pid <= 1) return undefined;
    const environment = readProc(pid, 'environ');
    const id = /(?:^|\0)MINIDOCK_TEST_RUN=([0-9a-f]{6})/.exec(environment)?.[1];
    if (id) return `run ${id}`;
    const root = /(?:^|\0)MINIDOCK_ROOT=([^\0]+)/.exec(environment)?.[1];
    if (root) return ownerOf(root);
    return ofCgroup(readProc(pid, 'cgroup').replaceAll('\n', '/')) ?? ofProcess(parentOf(pid));
  };
  return { ofCgroup, ofProcess };
}

function ownerOf(root: string): string | undefined {
  const id = /\/minidock-test-([0-9a-f]{6})-/.exec(root)?.[1];
  if (id) return `run ${id}`;
  return root.includes('minidock-demo') ? undefined : `the engine at ${root}`;
}

function rootsOfTests(): string[] {
  return readdirSync(tmpdir())
    .filter(name => /^minidock-test-[0-9a-f]{6}-(\w+-)*engine-/.test(name))
    .map(name => join(tmpdir(), name, 'root'));
}

/** Engines with a network enter themselves in a list of the machine. */
function rootsOfEngines(): string[] {
  return registeredEngines()
    .filter(engine => !isGone(engine))
    .map(engine => engine.root);
}

/** A supervisor holds its container's log open, which stands below its engine's root; a client may be told the root. */
function rootsOfProcesses(): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .flatMap(pid => {
      if (readProc(pid, 'comm') !== 'minidock-shim\n')
        return /(?:^|\0)MINIDOCK_ROOT=([^\0]+)/.exec(readProc(pid, 'environ'))?.[1] ?? [];
      const links = linksIn(`/proc/${pid}/fd`);
      return links.flatMap(
        target => /^(\/.*)\/containers\/[0-9a-f]{64}\/[0-9a-f]{64}-json\.log$/.exec(target)?.[1] ?? [],
      );
    });
}

function linksIn(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap(name => {
      try {
        return readlinkSync(join(folder, name));
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

export function parentOf(pid: number): number {
  return Number(/\) \S+ (\d+)/.exec(readProc(pid, 'stat'))?.[1] ?? 0);
}

/** A file of /proc/PID; empty where the process, or the right to read, is gone. */
export function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
