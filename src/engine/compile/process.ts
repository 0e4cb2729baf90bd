import type { Tether } from '../../container/process/namespaces.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Spec } from '../../oci/runtime-spec.ts';
import type { Slot, Step } from '../../syscalls/step.ts';
import type { ProcessPieces } from './process-pieces.ts';

/**
 * Gives up the last rights in an order in which each step still has the right it needs: limits, filter, directory,
 * capabilities and user. Limits come this late because they would hold for the steps before as well.
 */
export function becomeProcess(
  { process, linux }: Spec,
  facts: HostFacts,
  pieces: ProcessPieces,
  tether: Tether,
): Step[] {
  return [
    ...pieces.rlimits(process.rlimits),
    pieces.fileMask(),
    ...(process.noNewPrivileges ? pieces.noNewPrivileges() : []),
    ...(linux.seccomp ? pieces.seccomp(linux.seccomp, facts) : []),
    ...pieces.enterWorkingDirectory(process.cwd),
    ...pieces.capabilities(process.capabilities, process.user, facts),
    ...tether.last,
    ...pieces.readyToRun(),
  ];
}

/** So that what a supervisor starts from then on, or becomes, is no process of the container. */
export function returnSteps(held: ReadonlyMap<string, Slot>, pieces: ProcessPieces): Step[] {
  return held.has('pid') ? pieces.returnToOwnPids() : [];
}

export const hasPidNamespace = ({ linux }: Spec) => linux.namespaces.some(({ type }) => type === 'pid');

/** The namespaces that are entered by `setns` at the same place; those for mounts and processes have places of their own. */
export const joinable = ['ipc', 'uts', 'net', 'cgroup'] as const;
