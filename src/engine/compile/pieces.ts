import { announceKills, cgroupLimits } from '../../cgroup/steps.ts';
import { tellKeeper } from '../../container/keeping/start-keeper.ts';
import { rotateLog } from '../../container/logging/rotate.ts';
import { makeWorkingDirectory } from '../../container/process/execute.ts';
import { cgroupNamespace, mountNamespace, utsNamespace } from '../../container/process/namespaces.ts';
import {
  bindStaged,
  dropSources,
  holdBinds,
  insideStagedRoot,
  makeStage,
  openSources,
  placeBinds,
  stageSources,
} from '../../container/rootfs/binds.ts';
import { borrowSharedMemory } from '../../container/rootfs/borrowed-mounts.ts';
import { deviceNodes, moreDevices } from '../../container/rootfs/devices.ts';
import { maskPaths, readonlyPaths } from '../../container/rootfs/hide.ts';
import { keepRoot } from '../../container/rootfs/keep-root.ts';
import { lowerLayers } from '../../container/rootfs/lower-layers.ts';
import { kernelMount } from '../../container/rootfs/mounts.ts';
import { mountNew } from '../../container/rootfs/new-mounts.ts';
import { containerMarker, overlayMount, pivotRoot, settleRoot } from '../../container/rootfs/rootfs.ts';
import { sysctls } from '../../container/sysctls.ts';
import { bridgeProgram } from '../../network/bridge-program.ts';
import { loopbackOnly, vethPair } from '../../network/endpoint.ts';
import { ruleGeneration } from '../../network/firewall/generation.ts';
import { portRules } from '../../network/firewall/port-rules.ts';
import { portMapping, releasePorts } from '../../network/ports/ports.ts';
import { relayPorts } from '../../network/ports/relay.ts';
import { processPieces } from './process-pieces.ts';

/**
 * The parts that a container is made of. The engine reaches every one of them through this object and knows no other way:
 * lessons teach them one by one, and a learner's own version of a piece takes the place of ours. The way in is
 * `openEngine(roots, { pieces: { ...pieces, pivotRoot: mine } })`.
 */
export const pieces = {
  ...processPieces,
  announceKills,
  bindStaged,
  borrowSharedMemory,
  bridgeProgram,
  cgroupLimits,
  cgroupNamespace,
  containerMarker,
  deviceNodes,
  dropSources,
  holdBinds,
  insideStagedRoot,
  keepRoot,
  kernelMount,
  loopbackOnly,
  lowerLayers,
  makeStage,
  makeWorkingDirectory,
  maskPaths,
  moreDevices,
  mountNamespace,
  mountNew,
  openSources,
  overlayMount,
  pivotRoot,
  placeBinds,
  portMapping,
  portRules,
  readonlyPaths,
  relayPorts,
  releasePorts,
  rotateLog,
  ruleGeneration,
  settleRoot,
  stageSources,
  sysctls,
  tellKeeper,
  utsNamespace,
  vethPair,
};

export type Pieces = typeof pieces;
