import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { layersOf } from '../../container/layers.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { bindsFor } from '../../container/rootfs/mount-targets.ts';
import { containerIndex } from '../../network/endpoint.ts';
import type { Spec } from '../../oci/runtime-spec.ts';
import { cgroupParent, containerPaths, enginePaths } from '../../state/paths.ts';
import { byteString } from '../../storage/bytes.ts';
import { resolve } from '../../storage/merged-view.ts';
import { mountsOf } from '../containers/create.ts';
import type { EngineParts } from '../context.ts';
import type { Container } from './compile.ts';
import { pieces } from './pieces.ts';

/** Puts together all that `compile` takes for a container whose bundle is written and whose network is chosen. */
export function containerToCompile(parts: EngineParts, record: ContainerRecord, spec: Spec): Container {
  const paths = containerPaths(parts.roots, record.id);
  const shared = enginePaths(parts.roots);
  const lower = layersOf(parts.roots, record);
  const layers = [...lower, paths.upper];
  return {
    spec,
    overlay: {
      ...(parts.pieces ?? pieces).lowerLayers(shared.layers, paths.links, lower),
      upper: paths.upper,
      work: paths.work,
      target: paths.rootfs,
    },
    binds: bindsFor(layers, mountsOf(parts, record), parts.facts.features.openTree),
    workingDirectory: resolve(layers, byteString(spec.process.cwd)).path,
    network: networkFor(parts, record),
    ports: record.network.ports,
    interactive: record.options.interactive,
    files: { alive: paths.alive, socket: paths.socket, log: paths.log, exit: paths.exit, reserve: paths.starting },
    staging: paths.staging,
    cgroupParent: cgroupParent(parts.roots),
    cgroups: parts.cgroups,
    reaper: { lock: shared.reaperLock, command: reaperCommand(parts) },
  };
}

function networkFor(parts: EngineParts, { id, network }: ContainerRecord): Container['network'] {
  if (network.mode !== 'bridge') return { mode: network.mode };
  return {
    mode: 'bridge',
    generation: containerPaths(parts.roots, id).generation,
    endpoint: {
      bridge: parts.bridge,
      address: network.ipAddress!,
      prefixLength: network.prefixLength!,
      gateway: network.gateway!,
      macAddress: network.macAddress!,
      hostInterface: network.hostInterface!,
      index: containerIndex(fs.readdirSync('/sys/class/net')),
    },
  };
}

/**
 * The command by which a supervisor starts the reaper: the Node that runs now with the engine's reaper, by absolute
 * paths.
 */
function reaperCommand(parts: EngineParts): string[] {
  const { root, execRoot } = parts.roots;
  return [process.execPath, ...reaperModule(), '--root', root, '--exec-root', execRoot, '--bridge', parts.bridge];
}

/** In a bundle the reaper is a file of `dist/`; from the sources it runs through tsx. */
function reaperModule(): string[] {
  const here = path.dirname(fileURLToPath(import.meta.url));
  for (let directory = here; directory !== path.dirname(directory); directory = path.dirname(directory)) {
    const built = path.join(directory, 'dist/reaper.mjs');
    if (fs.existsSync(built)) return [built];
  }
  return ['--import', 'tsx', path.join(here, '../containers/reaper.ts')];
}
