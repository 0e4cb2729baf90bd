import { capabilities } from '../../container/process/capabilities.ts';
import { dropNamespaces, enterNamespace, holdNamespace } from '../../container/process/enter.ts';
import {
  enterWorkingDirectory,
  execute,
  makeWorkingDirectory,
  noNewPrivileges,
  readyToRun,
} from '../../container/process/execute.ts';
import {
  cgroupNamespace,
  cloneProcess,
  dieWithSupervisor,
  mountNamespace,
  newSession,
  utsNamespace,
} from '../../container/process/namespaces.ts';
import { pipes, terminal } from '../../container/process/stdio.ts';
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
import { deviceNodes } from '../../container/rootfs/devices.ts';
import { maskPaths, readonlyPaths } from '../../container/rootfs/hide.ts';
import { kernelMount } from '../../container/rootfs/mounts.ts';
import { containerMarker, overlayMount, pivotRoot } from '../../container/rootfs/rootfs.ts';
import { seccomp } from '../../container/seccomp/seccomp.ts';
import { leaveCaller, startReaper, supervisorFiles } from '../../container/supervisor.ts';
import { sysctls } from '../../container/sysctls.ts';
import { loopbackOnly, vethPair } from '../../network/endpoint.ts';
import { ruleGeneration } from '../../network/firewall/generation.ts';
import { portMapping } from '../../network/ports/ports.ts';

/**
 * The parts that a container is made of. The compiler reaches every one of them through this object and knows no other
 * way: lessons teach them one by one, and a learner's own version of a piece takes the place of ours.
 */
export const pieces = {
  bindStaged,
  capabilities,
  cgroupNamespace,
  cloneProcess,
  containerMarker,
  deviceNodes,
  dieWithSupervisor,
  dropNamespaces,
  dropSources,
  enterNamespace,
  enterWorkingDirectory,
  execute,
  holdBinds,
  holdNamespace,
  insideStagedRoot,
  kernelMount,
  leaveCaller,
  loopbackOnly,
  makeStage,
  makeWorkingDirectory,
  maskPaths,
  mountNamespace,
  newSession,
  noNewPrivileges,
  openSources,
  overlayMount,
  pipes,
  pivotRoot,
  placeBinds,
  portMapping,
  readonlyPaths,
  readyToRun,
  ruleGeneration,
  seccomp,
  stageSources,
  startReaper,
  supervisorFiles,
  sysctls,
  terminal,
  utsNamespace,
  vethPair,
};

export type Pieces = typeof pieces;
