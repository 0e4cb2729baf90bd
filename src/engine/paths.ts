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
    exit: path.join(bundle, 'exit'),
    run,
    alive: path.join(run, 'alive'),
    socket: path.join(run, 'shim.sock'),
  };
}
