import { announceKills, cgroupLimits, cgroupParent, joinCgroup } from '../../cgroup/steps.ts';
import { startKeeper, tellKeeper } from '../../container/keeping/start-keeper.ts';
import { rotateLog } from '../../container/logging/rotate.ts';
import { capabilities } from '../../container/process/capabilities.ts';
import { dropNamespaces, enterNamespace, holdNamespace, returnToOwnPids } from '../../container/process/enter.ts';
import {
  enterWorkingDirectory,
  execute,
  fileMask,
  makeWorkingDirectory,
  noNewPrivileges,
  oomScore,
  readyToRun,
} from '../../container/process/execute.ts';
import { resetInherited } from '../../container/process/inherited.ts';
import {
  adoptOrphans,
  cgroupNamespace,
  cloneProcess,
  dieWithSupervisor,
  mountNamespace,
  newSession,
  utsNamespace,
} from '../../container/process/namespaces.ts';
import { rlimits } from '../../container/process/rlimits.ts';
import { pipes } from '../../container/process/stdio.ts';
import { terminal } from '../../container/process/terminal.ts';
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
import { lowerLayers } from '../../container/rootfs/lower-layers.ts';
import { kernelMount } from '../../container/rootfs/mounts.ts';
import { mountNew } from '../../container/rootfs/new-mounts.ts';
import { containerMarker, overlayMount, pivotRoot, settleRoot } from '../../container/rootfs/rootfs.ts';
import { seccomp } from '../../container/seccomp/seccomp.ts';
import { leaveCaller, supervisorFiles } from '../../container/supervisor.ts';
import { sysctls } from '../../container/sysctls.ts';
import { bridgeProgram } from '../../network/bridge-program.ts';
import { loopbackOnly, vethPair } from '../../network/endpoint.ts';
import { ruleGeneration } from '../../network/firewall/generation.ts';
import { portRules } from '../../network/firewall/port-rules.ts';
import { portMapping } from '../../network/ports/ports.ts';
import { relayPorts } from '../../network/ports/relay.ts';

/**
 * The parts that a container is made of. The engine reaches every one of them through this object and knows no other way:
 * lessons teach them one by one, and a learner's own version of a piece takes the place of ours. The way in is
 * `openEngine(roots, { pieces: { ...pieces, pivotRoot: mine } })`.
 */
export const pieces = {
  adoptOrphans,
  announceKills,
  bindStaged,
  borrowSharedMemory,
  bridgeProgram,
  capabilities,
  cgroupLimits,
  cgroupNamespace,
  cgroupParent,
  cloneProcess,
  containerMarker,
  deviceNodes,
  dieWithSupervisor,
  dropNamespaces,
  dropSources,
  enterNamespace,
  enterWorkingDirectory,
  execute,
  fileMask,
  holdBinds,
  holdNamespace,
  insideStagedRoot,
  joinCgroup,
  kernelMount,
  leaveCaller,
  loopbackOnly,
  lowerLayers,
  makeStage,
  makeWorkingDirectory,
  maskPaths,
  moreDevices,
  mountNamespace,
  mountNew,
  newSession,
  noNewPrivileges,
  oomScore,
  openSources,
  overlayMount,
  pipes,
  pivotRoot,
  placeBinds,
  portMapping,
  portRules,
  readonlyPaths,
  readyToRun,
  relayPorts,
  resetInherited,
  returnToOwnPids,
  rlimits,
  rotateLog,
  ruleGeneration,
  seccomp,
  settleRoot,
  stageSources,
  startKeeper,
  supervisorFiles,
  sysctls,
  tellKeeper,
  terminal,
  utsNamespace,
  vethPair,
};

export type Pieces = typeof pieces;
