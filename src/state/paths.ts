import { createHash } from 'node:crypto';
import path from 'node:path';

/**
 * Where an engine keeps what it knows. Two engines with other roots and bridges live side by side and beside a Docker.
 */
export interface Roots {
  /** What survives a reboot: images, layers, containers, volumes. Mode 0710. */
  root: string;
  /** What does not: sockets, locks of living processes, markers. */
  execRoot: string;
}

export const defaultRoots: Roots = { root: '/var/lib/minidock', execRoot: '/run/minidock' };

/** The directories and files of one container, by its full id. */
export function containerPaths(roots: Roots, id: string) {
  const bundle = path.join(roots.root, 'containers', id);
  // Unix socket paths end at 108 bytes: the short id is enough there.
  const run = path.join(roots.execRoot, id.slice(0, 12));
  return {
    bundle,
    config: path.join(bundle, 'config.json'),
    record: path.join(bundle, 'container.json'),
    log: path.join(bundle, 'log'),
    rootfs: path.join(bundle, 'rootfs'),
    upper: path.join(bundle, 'upper'),
    work: path.join(bundle, 'work'),
    hostname: path.join(bundle, 'hostname'),
    hosts: path.join(bundle, 'hosts'),
    resolvConf: path.join(bundle, 'resolv.conf'),
    exit: path.join(run, 'exit'),
    lock: path.join(bundle, 'lock'),
    links: path.join(bundle, 'l'),
    staging: path.join(bundle, 'staging'),
    run,
    running: path.join(run, 'running.json'),
    starting: path.join(run, 'starting.json'),
    alive: path.join(run, 'alive'),
    socket: path.join(run, 'shim.sock'),
  };
}

/** Locks and places that all containers of an engine share. */
export function enginePaths(roots: Roots) {
  return {
    containers: path.join(roots.root, 'containers'),
    names: path.join(roots.root, 'names'),
    volumes: path.join(roots.root, 'volumes'),
    layers: path.join(roots.root, 'layers'),
    /** Names and addresses are taken under this lock, held for about a millisecond. */
    allocation: path.join(roots.root, 'allocation.lock'),
    reaperLock: path.join(roots.execRoot, 'reaper.lock'),
  };
}

/** The cgroup that holds an engine's containers: `/minidock`, or one of its own for an engine with another root. */
export function cgroupParent(roots: Roots): string {
  if (roots.root === defaultRoots.root) return '/minidock';
  return `/minidock-${createHash('sha256').update(roots.root).digest('hex').slice(0, 8)}`;
}
