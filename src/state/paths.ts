/**
 * Where an engine keeps what it knows. Two engines with other roots and bridges live side by side and beside a Docker.
 */
export interface Roots {
  /** What survives a reboot: images, layers, containers, volumes. Mode 0710. */
  root: string;
  /** What does not survive a reboot: sockets, locks of living processes, markers. */
  execRoot: string;
}

/**
 * The directory in which the engines of this machine register. It does not survive a reboot, nor does what it
 * describes.
 */
export const enginesDirectory = '/run/minidock-engines';

/** Chains are shared by all engines, and are mended by one at a time. */
export const firewallLock = `${enginesDirectory}/firewall.lock`;

export const defaultRoots: Roots = { root: '/var/lib/minidock', execRoot: '/run/minidock' };

/** The directories and files of one container, by its full id. Those asked for last are kept: a command asks for the same dozens of times. */
export function containerPaths(roots: Roots, id: string): ContainerFiles {
  if (latest === undefined || latest.id !== id || latest.root !== roots.root || latest.execRoot !== roots.execRoot)
    latest = { id, root: roots.root, execRoot: roots.execRoot, paths: joinPaths(roots, id) };
  return latest.paths;
}

let latest: (Roots & { id: string; paths: ContainerFiles }) | undefined;

export type ContainerFiles = Readonly<ReturnType<typeof joinPaths>>;

/** Without path.join: `ps` asks for the files of each container. */
function joinPaths(roots: Roots, id: string) {
  const bundle = `${roots.root}/containers/${id}`;
  // Unix socket paths end at 108 bytes: the short id is enough there.
  const run = `${roots.execRoot}/${id.slice(0, 12)}`;
  return {
    bundle,
    config: `${bundle}/config.json`,
    record: `${bundle}/container.json`,
    /** Docker's `LogPath`; rotated ones beside it, `.1` and so on. */
    log: `${bundle}/${id}-json.log`,
    /** How far the log was sent elsewhere. */
    sent: `${bundle}/sent.json`,
    rootfs: `${bundle}/rootfs`,
    upper: `${bundle}/upper`,
    work: `${bundle}/work`,
    hostname: `${bundle}/hostname`,
    hosts: `${bundle}/hosts`,
    resolvConf: `${bundle}/resolv.conf`,
    exit: `${run}/exit`,
    lock: `${bundle}/lock`,
    links: `${bundle}/l`,
    staging: `${bundle}/staging`,
    backlog: `${bundle}/backlog`,
    run,
    running: `${run}/running.json`,
    starting: `${run}/starting.json`,
    /** What its health check says. */
    health: `${run}/health.json`,
    /** Present once somebody has asked for the container's end: then its restart policy does not start it again. */
    stopped: `${run}/stopped.json`,
    /** As `stopped`, before the signal is sent: it counts for as long as the process lives that is about to send it. */
    stopping: `${run}/stopping.json`,
    /** Present where the supervisor was told of a process that the kernel ended at the memory limit, and the keeper was not yet. */
    killed: `${run}/killed`,
    /** How many of those there is an event for; none where it is missing. */
    killsTold: `${run}/kills-told`,
    /** Present where the events tell that the container has ended and cleaning up failed thereafter: it is tried again, and told once. */
    endTold: `${run}/end-told`,
    /** Present once another container has joined its network namespace, which then outlives it. */
    sharedNetwork: `${run}/shared-network`,
    alive: `${run}/alive`,
    socket: `${run}/shim.sock`,
    /** The kernel's answer to `ruleGeneration`, from just before the container started. */
    generation: `${run}/generation`,
    /** Where the relay finds the container, once that is not where it was at its start. */
    relayAddress: `${run}/relay-address`,
    /** Its execs, a directory each; missing where there was none. */
    execs: `${run}/x`,
  };
}

/** The files of one exec, by the ids of its container and its own. They end with the container's run. */
export function execPaths(roots: Roots, container: string, id: string) {
  const { bundle, execs } = containerPaths(roots, container);
  const short = id.slice(0, 12);
  const folder = `${execs}/${short}`;
  return {
    folder,
    /** What was asked for. */
    asked: `${folder}/exec.json`,
    starting: `${folder}/starting.json`,
    running: `${folder}/running.json`,
    socket: `${folder}/s`,
    exit: `${folder}/exit`,
    backlog: `${bundle}/backlog.${short}`,
  };
}

/** Locks and places that all containers of an engine share. */
export function enginePaths(roots: Roots) {
  return {
    containers: `${roots.root}/containers`,
    names: `${roots.root}/names`,
    volumes: `${roots.root}/volumes`,
    layers: `${roots.root}/layers`,
    /** Names and addresses are taken under this lock, held for about a millisecond. */
    allocation: `${roots.root}/allocation.lock`,
    /** Held by the keeper as long as it lives (flock). */
    keeperLock: `${roots.execRoot}/keeper.lock`,
    /** Which process the keeper is. */
    keeper: `${roots.execRoot}/keeper.json`,
    /** The containers that need the keeper, an empty file each; missing where none does. */
    kept: `${roots.execRoot}/kept`,
    /** What happened, a line an event. */
    journal: `${roots.execRoot}/events.jsonl`,
    /** Where the daemon listens, unless it is told otherwise. */
    api: `${roots.execRoot}/minidock.sock`,
    apiLock: `${roots.execRoot}/minidock.sock.lock`,
  };
}

/** The cgroup that holds an engine's containers: `/minidock`, or one of its own for an engine with another root. */
export function cgroupParent(roots: Roots): string {
  if (roots.root === defaultRoots.root) return '/minidock';
  return `/minidock-${fingerprint(roots.root)}`;
}

/** Eight digits that tell texts apart (FNV-1a, 32 bits): for a name, where SHA-256 would cost each command 2 ms to load. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
