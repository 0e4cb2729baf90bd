import fs from 'node:fs';
import path from 'node:path';
import { layersOf } from '../../container/layers.ts';
import { attributesOf } from '../../container/logging/attributes.ts';
import { defaultLog, planOf } from '../../container/logging/config.ts';
import { jsonFileForms } from '../../container/logging/form.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { type Joinable, joinableFiles } from '../../container/rights/namespace-modes.ts';
import type { PlacedDevice } from '../../container/rootfs/devices.ts';
import { checkDevicePlace, isKernels } from '../../container/rootfs/mount-places.ts';
import { type PlacedMount, placeMounts } from '../../container/rootfs/mount-targets.ts';
import { isKernelMount, ownGroups } from '../../container/rootfs/mounts.ts';
import type { SupervisorFiles } from '../../container/supervisor.ts';
import { endpointsOf, gatewayEndpoint } from '../../network/attachment.ts';
import { containerIndex } from '../../network/endpoint.ts';
import type { Spec } from '../../oci/runtime-spec.ts';
import { type ContainerFiles, cgroupParent, containerPaths, enginePaths } from '../../state/paths.ts';
import { byteString } from '../../storage/bytes.ts';
import { resolve } from '../../storage/merged-view.ts';
import { relayPath } from '../../syscalls/shim.ts';
import { mountsOf } from '../containers/create.ts';
import type { EngineContext } from '../context.ts';
import { keeperCommand, packerCommand } from '../keeping/command.ts';
import { type Donors, donorsFor } from '../namespaces/donors.ts';
import type { Container } from './compile.ts';
import { pieces } from './pieces.ts';

/** Puts together all that `compile` takes for a container whose bundle is written and whose network is chosen. */
export function containerToCompile(context: EngineContext, record: ContainerRecord, spec: Spec): Container {
  const paths = containerPaths(context.roots, record.id);
  const shared = enginePaths(context.roots);
  const lower = layersOf(context.roots, record);
  const layers = [...lower, paths.upper];
  return {
    spec,
    overlay: {
      ...(context.pieces ?? pieces).lowerLayers(shared.layers, paths.links, lower),
      upper: paths.upper,
      work: paths.work,
      target: paths.rootfs,
    },
    mounts: mountsFor(context, record, spec, layers),
    devices: devicesFor(spec, layers),
    inodes: inodesFor(donorsFor(context, record.options)),
    workingDirectory: resolve(layers, byteString(spec.process.cwd)).path,
    network: networkFor(context, record),
    ports: record.network.ports,
    relay: relayFor(record, paths),
    interactive: record.options.interactive,
    files: {
      alive: paths.alive,
      socket: paths.socket,
      backlog: paths.backlog,
      exit: paths.exit,
      reserve: paths.starting,
      ...logFor(paths, record),
    },
    staging: paths.staging,
    cgroupParent: cgroupParent(context.roots),
    cgroups: context.cgroups,
    killed: paths.killed,
    keeper: { lock: shared.keeperLock, command: keeperCommand(context) },
  };
}

function logFor(paths: ContainerFiles, record: ContainerRecord): Pick<SupervisorFiles, 'log' | 'forms' | 'rotation'> {
  const config = record.options.logging ?? defaultLog;
  const { kept, rotation } = planOf(config);
  if (!kept) return {};
  const forms = jsonFileForms(attributesOf(record, config.options));
  return { log: paths.log, forms, ...(rotation && { rotation: { ...rotation, packer: packerCommand() } }) };
}

/** The program is looked up only where ports are published. */
function relayFor(record: ContainerRecord, { relayAddress }: ContainerFiles): Container['relay'] {
  const address = gatewayEndpoint(endpointsOf(record))?.address;
  return { address, addressFile: relayAddress, program: record.network.ports.length > 0 ? relayPath() : '' };
}

/** The spec's mounts, with what only the record knows: the names of volumes, and that our own files are files. */
function mountsFor(
  context: EngineContext,
  record: ContainerRecord,
  spec: Spec,
  layers: readonly string[],
): PlacedMount[] {
  const known = new Map(mountsOf(context, record).map(one => [one.destination, one]));
  const wanted = spec.mounts.filter(one => !isKernelMount(one)).map(one => ({ ...known.get(one.destination), ...one }));
  return [...ownGroups(spec, context.facts), ...placeMounts(layers, wanted, context.facts.features.openTree)];
}

const inodesFor = (donors: Donors): Container['inodes'] =>
  Object.fromEntries(
    Object.entries(donors).map(([type, { namespaces }]) => [type, namespaces[joinableFiles[type as Joinable]]]),
  );

/** /dev is a file system of the container's own, in which the image has no links. */
function devicesFor({ linux }: Spec, layers: readonly string[]): PlacedDevice[] {
  return (linux.devices ?? []).map(device => {
    const named = byteString(path.posix.normalize(device.path));
    const target = isKernels(named) ? named : resolve(layers, named, { followLast: false }).path;
    checkDevicePlace(target, device);
    return { ...device, target };
  });
}

function networkFor(context: EngineContext, record: ContainerRecord): Container['network'] {
  const { mode } = record.network;
  const endpoints = endpointsOf(record);
  if (mode !== 'bridge' || endpoints.length === 0) return { mode: mode === 'bridge' ? 'none' : mode };
  const first = containerIndex(fs.readdirSync('/sys/class/net'));
  const gateway = gatewayEndpoint(endpoints);
  return {
    mode,
    generation: containerPaths(context.roots, record.id).generation,
    endpoints: endpoints.map((endpoint, at) => ({
      ...endpoint,
      index: first + at,
      ...(endpoint !== gateway && { route: 'none' }),
    })),
  };
}
