import { type Observation, observe, stateOf } from '../container/observe.ts';
import type { ContainerRecord } from '../container/record.ts';
import { ContainerStore } from '../container/store.ts';
import { errnoOf, MinidockError } from '../errors.ts';
import { flocks } from '../host/locks.ts';
import { parseMounts } from '../host/mountinfo.ts';
import { namespacesOf } from '../host/namespaces.ts';
import { readProc } from '../host/proc.ts';
import { findIdentity } from '../host/process.ts';
import { endpointsOf } from '../network/attachment.ts';
import { cgroupParent, type Roots } from '../state/paths.ts';
import { StepError } from '../syscalls/failure.ts';
import { groupsNamed, groupsOf } from './collect/cgroups.ts';
import { layersOf, layersOnDisk } from './collect/layers.ts';
import { mountsSeen } from './collect/mounts.ts';
import { containerIn, inhabitants, namespacesSeen, ownNamespaces } from './collect/namespaces.ts';
import { askNetwork, networkSeen } from './collect/network.ts';
import { pidsIn, processesOf } from './collect/processes.ts';
import { limitsOf, rightsOf } from './collect/rights.ts';
import { type Concern, publishedIn, rulesSeen, type Saved, saveRules } from './collect/rules.ts';
import { listeningSockets } from './collect/sockets.ts';
import { differencesBetween } from './differences.ts';
import { type SectionName, type Subject, sections, type Xray } from './model.ts';
import type { NetworkSeen } from './network-model.ts';

/**
 * Looks at a container: asks the kernel for everything that it holds for it, and changes nothing. The records only tell where to look.
 *
 * @throws {MinidockError} `no-such-container`, `ambiguous-container`, `broken-record`
 */
export async function xray(roots: Roots, reference: string, wanted: readonly SectionName[] = sections): Promise<Xray> {
  const store = new ContainerStore(roots);
  const id = store.resolve(reference);
  for (let attempt = 1; ; attempt++) {
    const record = store.read(id);
    if (record === undefined) throw gone(reference);
    const seen = observe(roots, id, flocks);
    if (seen.kind !== 'running') return await atRest(roots, record, seen, wanted);
    // Of a process that ends meanwhile the kernel shows a part, or nothing: then it is looked at again, once its supervisor has
    // said that it has ended.
    const { pid } = seen.running;
    try {
      const whole = await running(roots, store, record, seen, wanted);
      if (findIdentity(pid) !== undefined) return whole;
    } catch (error) {
      if (!isEnding(error) || attempt === patience) throw error;
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

/** Tries, 20 ms apart. */
const patience = 100;

/** What the kernel answers of a process that gives up its namespaces and mounts, or has: it is a zombie only after that. */
const isEnding = (error: unknown) =>
  ['ENOENT', 'ESRCH', 'EINVAL'].includes((error instanceof StepError ? error.errno : errnoOf(error)) ?? '');

const gone = (reference: string) =>
  new MinidockError('no-such-container', `No such container: ${reference}`, { fix: '`minidock ps -a` lists them' });

type Running = Extract<Observation, { kind: 'running' }>;

async function running(
  roots: Roots,
  store: ContainerStore,
  record: ContainerRecord,
  seen: Running,
  sections: readonly SectionName[],
): Promise<Xray> {
  const { pid } = seen.running;
  const wants = (...names: SectionName[]) => names.some(name => sections.includes(name));
  const network = namespacesOf(pid).net!;
  const isHost = network === namespacesOf('self').net;
  // Other processes answer these two, while we read the rest; rules are the container's by its addresses and bridges.
  const asked = wants('network', 'rules', 'sockets') ? askNetwork(pid, isHost) : undefined;
  const saving = wants('rules', 'sockets') ? saveRules() : undefined;
  asked?.answers.catch(() => {});

  const cgroups = groupsOf(pid);
  const own = ownNamespaces(pid);
  const there = wants('processes', 'namespaces', 'sockets')
    ? inhabitants(own, new Set([asked?.pid, process.pid]))
    : new Map<string, number[]>();
  const pidNamespace = own.find(namespace => namespace.startsWith('pid:'));
  // Processes may leave its groups, and other containers may be in its PID namespace.
  const neighbours = (there.get(pidNamespace ?? '') ?? []).filter(other =>
    [record.id, undefined].includes(containerIn(readProc(`/proc/${other}/cgroup`) ?? '')),
  );
  const members = new Set([pid, ...pidsIn(cgroups[0]?.directory ?? ''), ...neighbours]);
  const mounts = wants('layers', 'mounts') ? parseMounts(readProc(`/proc/${pid}/mountinfo`) ?? '') : [];
  const parts: Omit<Xray, 'differences' | 'network' | 'rules' | 'sockets'> = {
    format: 1,
    container: subjectOf(record, seen),
    ...(wants('processes') && { processes: processesOf(pid, members) }),
    ...(wants('namespaces') && {
      namespaces: namespacesSeen(pid, members, there, container => nameOf(store, container)),
    }),
    ...(wants('cgroups') && { cgroups }),
    ...(wants('rights') && { rights: rightsOf(pid) }),
    ...(wants('limits') && { limits: limitsOf(pid) }),
    ...(wants('layers') && {
      layers: layersOf(
        roots,
        record.id,
        mounts.findLast(({ target }) => target === '/'),
      ),
    }),
    ...(wants('mounts') && { mounts: mountsSeen(mounts, parseMounts(readProc('/proc/self/mountinfo') ?? '')) }),
  };
  const starters = wants('sockets') ? processesOf(pid, members).filter(({ role }) => role === 'outside') : [];
  const listening = wants('sockets') ? listeningSockets(pid, [...members], isHost) : [];
  const held = listeningSockets(
    'self',
    starters.map(starter => starter.pid),
    true,
  );
  const wired = asked && named(networkSeen(await asked.answers, network, isHost), record);
  const rules = saving && wired && rulesSeen(await saving, concernOf(wired));
  const whole = {
    ...parts,
    ...(wants('network') && { network: wired! }),
    ...(wants('rules') && { rules: rules! }),
    ...(wants('sockets') && { sockets: { listening, published: publishedIn(rules!.rules), held } }),
  };
  return { ...whole, differences: differencesBetween({ ...whole, rules }, record, seen.running.namespaces) };
}

/** With the names of networks, which the kernel does not know. */
function named(network: NetworkSeen, record: ContainerRecord): NetworkSeen {
  const names = new Map(endpointsOf(record).map(wire => [wire.bridge, wire.network]));
  const bridges = network.bridges.map(bridge => {
    const name = names.get(bridge.name);
    return name === undefined ? bridge : { ...bridge, network: name };
  });
  return { ...network, bridges };
}

/** The host's own rules are not the container's, though it lives by them. */
function concernOf({ host, interfaces, bridges }: NetworkSeen): Concern {
  if (host) return { addresses: [], bridges: [] };
  const bare = (address: string) => address.replace(/\/.*/, '');
  return {
    addresses: interfaces.filter(({ name }) => name !== 'lo').flatMap(({ addresses }) => addresses.map(bare)),
    bridges: bridges.map(({ name }) => name),
  };
}

/** What is there of a container that does not run: its files, and whatever was not taken away. */
async function atRest(
  roots: Roots,
  record: ContainerRecord,
  seen: Observation,
  sections: readonly SectionName[],
): Promise<Xray> {
  const saved: Saved | undefined = sections.includes('rules') ? await saveRules() : undefined;
  const comment = `minidock:${record.id.slice(0, 12)}`;
  return {
    format: 1,
    container: subjectOf(record, seen),
    ...(sections.includes('cgroups') && { cgroups: groupsNamed(`${cgroupParent(roots)}/${record.id}`) }),
    ...(sections.includes('layers') && { layers: layersOnDisk(roots, record) }),
    ...(saved && { rules: rulesSeen(saved, { addresses: [], bridges: [], comment }) }),
    differences: [],
  };
}

function subjectOf(record: ContainerRecord, seen: Observation): Subject {
  const { status, paused, pid, exitCode } = stateOf(record.state, seen);
  const state = seen.kind === 'lost' || seen.kind === 'starting' ? seen.kind : paused ? 'paused' : status;
  return {
    id: record.id,
    name: record.name,
    image: record.image,
    state,
    ...(pid > 0 && { pid }),
    ...(['exited', 'dead', 'lost'].includes(state) && { exitCode }),
  };
}

/** Of a container of this engine; another engine's is known by its id alone. */
function nameOf(store: ContainerStore, id: string): string | undefined {
  try {
    return store.read(id)?.name;
  } catch {
    return undefined;
  }
}
