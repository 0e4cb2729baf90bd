import type { CgroupDriver } from '../../cgroup/driver.ts';
import type { Stdio } from '../../container/process/stdio.ts';
import { type HeldBind, stagedRoot } from '../../container/rootfs/binds.ts';
import type { PlacedDevice } from '../../container/rootfs/devices.ts';
import { mountPropagation } from '../../container/rootfs/mount-options.ts';
import { isBind, type PlacedMount } from '../../container/rootfs/mount-targets.ts';
import { isKernelMount } from '../../container/rootfs/mounts.ts';
import type { OverlayMount } from '../../container/rootfs/rootfs.ts';
import type { SupervisorFiles, SupervisorSteps } from '../../container/supervisor.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Endpoint, NetworkSteps } from '../../network/endpoint.ts';
import { isIpv6, listeningSockets, type Port } from '../../network/ports/ports.ts';
import type { Relay } from '../../network/ports/relay.ts';
import type { Namespace, Spec } from '../../oci/runtime-spec.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import { type Program, program, type Slot, type Step, sequence, slot } from '../../syscalls/step.ts';
import { MS } from '../../syscalls/uapi/flags.ts';
import type { Pieces } from './pieces.ts';
import { becomeProcess, hasPidNamespace, joinable, returnSteps } from './process.ts';
import { refuseUnsupported } from './unsupported.ts';

/** A container, ready to be compiled: its spec, what follows from it and from the image, and what it has no words for. */
export interface Container {
  spec: Spec;
  overlay: OverlayMount;
  /** The mounts of the spec that are not the kernel's own file systems, in its order. */
  mounts: readonly PlacedMount[];
  /** `linux.devices`. */
  devices: readonly PlacedDevice[];
  /** For namespaces that the spec joins by path: the inode numbers recorded when they were made, by type. */
  inodes: Readonly<Partial<Record<Namespace['type'], number>>>;
  /** Where the working directory is to be made: `cwd` with the links of the image resolved. */
  workingDirectory: ByteString;
  /** `generation` is where the kernel's answer is left: see `ruleGeneration`. */
  network:
    | { mode: 'host' | 'none' | 'container' }
    | { mode: 'bridge'; endpoints: readonly Endpoint[]; generation: string };
  ports: readonly Port[];
  relay: Relay;
  /** Standard input is kept open. */
  interactive: boolean;
  files: SupervisorFiles;
  /** An empty directory for the tmpfs that kernels before 5.2 need for volumes. */
  staging: string;
  /** The group that holds all of this engine's containers. */
  cgroupParent: string;
  cgroups: CgroupDriver;
  /** What the supervisor starts when the container has ended and no client cleans up. */
  keeper: { lock: string; command: readonly string[] };
  /** The file that says that the kernel ended one of its processes at the memory limit: see state/paths.ts. */
  killed: string;
}

/**
 * The program that makes this container: pure, so that it can be printed, compared with a golden file, and asked for
 * a machine that is not here.
 */
export function compile(container: Container, facts: HostFacts, pieces: Pieces): Program {
  const { spec } = container;
  refuseUnsupported(spec);
  const child = slot('child');
  const files = pieces.supervisorFiles(container.files);
  const stdio = stdioOf(container, facts, pieces);
  const network = networkOf(container, facts, pieces);
  const ipv4 = container.ports.filter(port => !isIpv6(port));
  const ports = pieces.portMapping(ipv4);
  const relay = pieces.relayPorts(container.ports.filter(isIpv6), container.relay, listeningSockets(ports, ipv4));
  const binds = pieces.holdBinds(container.mounts.filter(isBind));
  const own = binds.filter(bind => bind.within === undefined);
  const made = spec.linux.namespaces.filter(({ path }) => path === undefined).map(({ type }) => type);
  const joined = spec.linux.namespaces.flatMap(({ type, path }) => (path === undefined ? [] : [{ type, path }]));
  const held = new Map<string, Slot>();
  const borrowed = binds.filter(bind => bind.within !== undefined);
  const tether = pieces.dieWithSupervisor();
  const kept = pieces.keepRoot();
  // In another container's PID namespace the supervisor's helpers would be processes of that container: there kills are
  // reported at the end only.
  const announced = joined.every(({ type }) => type !== 'pid') && announcesKills(spec.linux);
  const kills = announced ? pieces.announceKills(container.cgroups, spec.linux) : { host: [], supervise: {} };

  return program({
    host: sequence(
      pieces.leaveCaller(facts),
      hasPidNamespace(spec) ? [] : pieces.adoptOrphans(),
      pieces.resetInherited(facts),
      pieces.cgroupParent(container.cgroups, container.cgroupParent),
      pieces.cgroupLimits(container.cgroups, spec.linux),
      kills.host,
      files.host,
      ports,
      relay.host,
      stdio.host,
      facts.features.openTree ? pieces.openSources(own) : [],
      network.host,
      joined.flatMap(({ type, path }) =>
        pieces.holdNamespace(namespaceFiles[type], { path, inode: container.inodes[type] }, held),
      ),
      borrowed.flatMap(({ within }) => pieces.holdNamespace('mnt', within!, held)),
      kept.host,
      tether.host,
      pieces.enterNamespace('pid', held.get('pid')),
      [pieces.cloneProcess(made, child)],
      kept.parent,
      tether.parent,
      stdio.parent,
      facts.features.openTree ? pieces.dropSources(own) : [],
      pieces.dropNamespaces(held),
      network.parent,
    ),
    child: sequence(
      tether.first,
      pieces.joinCgroup(container.cgroups, spec.linux),
      joinable.flatMap(name => pieces.enterNamespace(name, held.get(name))),
      made.includes('cgroup') ? [pieces.cgroupNamespace()] : [],
      pieces.newSession(),
      spec.process.oomScoreAdj === undefined ? [] : pieces.oomScore(spec.process.oomScoreAdj),
      pieces.mountNamespace(),
      borrowed.flatMap(bind => pieces.borrowSharedMemory(bind, held.get('mnt')!, facts.arch)),
      rootSteps(container, facts, pieces, binds),
      kept.child,
      network.child,
      spec.hostname === undefined ? [] : pieces.utsNamespace(spec.hostname),
      stdio.child,
      pieces.makeWorkingDirectory(container.workingDirectory),
      settleRoot(spec, pieces),
      becomeProcess(spec, facts, pieces, tether),
    ),
    exec: pieces.execute(spec.process),
    exit: [...files.exit, ...pieces.releasePorts([...ports, ...relay.host]), ...returnSteps(held, pieces)],
    ...rotationOf(container.files, files, pieces),
    relay: relay.relay,
    reap: pieces.startKeeper(container.keeper.lock, container.keeper.command),
    notice: announced ? pieces.tellKeeper(container.killed, container.keeper) : [],
    supervise: {
      child,
      status: files.status,
      listen: files.listen,
      ...files.log,
      ...files.backlog,
      ...kills.supervise,
      ...stdio.supervise,
      ...relay.supervise,
    },
  });
}

/** Without a memory limit, or with the OOM killer off, the kernel kills nobody for it. */
function announcesKills({ resources }: Spec['linux']): boolean {
  const { limit, disableOOMKiller = false } = resources.memory ?? {};
  return limit !== undefined && limit > 0 && !disableOOMKiller;
}

function rotationOf({ log, rotation }: SupervisorFiles, files: SupervisorSteps, pieces: Pieces): Partial<Program> {
  if (log === undefined || rotation === undefined || files.log.log === undefined) return {};
  return pieces.rotateLog(log, files.log.log, rotation);
}

function stdioOf({ spec, interactive }: Container, facts: HostFacts, pieces: Pieces): Stdio {
  const { user, terminal } = spec.process;
  return terminal ? pieces.terminal({ facts, console: true, user }) : pieces.pipes({ interactive, user });
}

/** A network namespace of the host or of another container needs no steps. */
function networkOf({ network, spec }: Container, facts: HostFacts, pieces: Pieces): NetworkSteps {
  const isNew = spec.linux.namespaces.some(({ type, path }) => type === 'network' && path === undefined);
  if (!isNew) return { host: [], parent: [], child: [] };
  if (network.mode === 'bridge') {
    const pairs = network.endpoints.map(endpoint => pieces.vethPair(endpoint));
    return {
      host: [
        ...(facts.features.nfTables ? pieces.ruleGeneration(network.generation) : []),
        ...pairs.flatMap(({ host }) => host),
      ],
      parent: pairs.flatMap(({ parent }) => parent),
      child: pairs.flatMap(({ child }) => child),
    };
  }
  if (network.mode === 'none') return pieces.loopbackOnly();
  return { host: [], parent: [], child: [] };
}

/** The root file system and everything mounted in it, the host gone before any path of the image is looked up. */
export function rootSteps(container: Container, facts: HostFacts, pieces: Pieces, binds: readonly HeldBind[]): Step[] {
  const { spec, overlay } = container;
  const hasGroups = spec.linux.namespaces.some(({ type }) => type === 'cgroup');
  const view = hasGroups ? facts : { ...facts, features: { ...facts.features, cgroupNamespace: false } };
  const devices = container.devices.length === 0 ? [] : pieces.moreDevices(container.devices, facts.arch);
  const inside = sequence(
    spec.mounts
      .filter(isKernelMount)
      .flatMap(one => [
        ...pieces.kernelMount(one, view),
        ...(one.destination === '/dev' ? [...pieces.deviceNodes(), ...devices] : []),
      ]),
    pieces.containerMarker(),
    pieces.sysctls(spec.linux.sysctl),
    pieces.maskPaths(spec.linux.maskedPaths, facts),
    pieces.readonlyPaths(spec.linux.readonlyPaths, facts),
  );
  if (facts.features.openTree || binds.length === 0)
    return sequence(
      pieces.overlayMount(overlay, facts.overlayOptions),
      pieces.pivotRoot(overlay.target),
      inside,
      placed(container.mounts, binds, facts, pieces, pieces.placeBinds),
    );
  const { staging } = container;
  return [
    ...pieces.makeStage(staging),
    ...pieces.overlayMount({ ...overlay, target: staging + stagedRoot }, facts.overlayOptions),
    ...pieces.stageSources(binds, staging),
    ...pieces.pivotRoot(staging),
    ...pieces.insideStagedRoot([...inside, ...placed(container.mounts, binds, facts, pieces, pieces.bindStaged)]),
    ...pieces.pivotRoot(stagedRoot),
  ];
}

/** The mounts in their order: what is bound by `bind`, as many at once as follow each other, what is new by itself. */
function placed(
  mounts: readonly PlacedMount[],
  binds: readonly HeldBind[],
  facts: HostFacts,
  pieces: Pieces,
  bind: Pieces['placeBinds'],
): Step[] {
  const steps: Step[] = [];
  const left = [...binds];
  let run: HeldBind[] = [];
  for (const one of mounts) {
    if (isBind(one)) {
      run.push(left.shift()!);
      continue;
    }
    steps.push(...bind(run, facts.arch), ...pieces.mountNew(one, facts.arch));
    run = [];
  }
  return [...steps, ...bind(run, facts.arch)];
}

function settleRoot({ root, linux }: Spec, pieces: Pieces): Step[] {
  const propagation = mountPropagation.get(linux.rootfsPropagation ?? '') ?? 0;
  return root.readonly || propagation !== 0 ? pieces.settleRoot(root.readonly, propagation & ~MS.MS_REC) : [];
}

/** What /proc/PID/ns calls them. */
const namespaceFiles: Readonly<Record<Namespace['type'], string>> = {
  cgroup: 'cgroup',
  ipc: 'ipc',
  mount: 'mnt',
  network: 'net',
  pid: 'pid',
  user: 'user',
  uts: 'uts',
};
