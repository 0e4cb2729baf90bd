import { cgroupParent, joinCgroup } from '../../cgroup/steps.ts';
import { startKeeper } from '../../container/keeping/start-keeper.ts';
import { capabilities } from '../../container/process/capabilities.ts';
import { dropNamespaces, enterNamespace, holdNamespace, returnToOwnPids } from '../../container/process/enter.ts';
import {
  enterWorkingDirectory,
  execute,
  fileMask,
  noNewPrivileges,
  oomScore,
  readyToRun,
} from '../../container/process/execute.ts';
import { resetInherited } from '../../container/process/inherited.ts';
import { adoptOrphans, cloneProcess, dieWithSupervisor, newSession } from '../../container/process/namespaces.ts';
import { rlimits } from '../../container/process/rlimits.ts';
import { pipes } from '../../container/process/stdio.ts';
import { terminal } from '../../container/process/terminal.ts';
import { seccomp } from '../../container/seccomp/seccomp.ts';
import { leaveCaller, supervisorFiles } from '../../container/supervisor.ts';

/**
 * The pieces of any process in a container, its first one or one that joins it. They stand by themselves for `exec`, which is
 * not to load what makes root file systems and networks.
 */
export const processPieces = {
  adoptOrphans,
  capabilities,
  cgroupParent,
  cloneProcess,
  dieWithSupervisor,
  dropNamespaces,
  enterNamespace,
  enterWorkingDirectory,
  execute,
  fileMask,
  holdNamespace,
  joinCgroup,
  leaveCaller,
  newSession,
  noNewPrivileges,
  oomScore,
  pipes,
  readyToRun,
  resetInherited,
  returnToOwnPids,
  rlimits,
  seccomp,
  startKeeper,
  supervisorFiles,
  terminal,
};

export type ProcessPieces = typeof processPieces;
