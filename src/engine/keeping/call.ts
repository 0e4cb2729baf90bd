import { cgroupParent, enginePaths } from '../../state/paths.ts';
import { close } from '../../syscalls/calls.ts';
import { StepError } from '../../syscalls/failure.ts';
import { Shim } from '../../syscalls/shim.ts';
import { program } from '../../syscalls/step.ts';
import { processPieces as pieces } from '../compile/process-pieces.ts';
import type { EngineContext } from '../context.ts';
import { keeperCommand } from './command.ts';

/** A shim's second socket: `executed` resolves when it is closed. */
const CHILD_SOCKET = 4;

/**
 * Starts the keeper by the same steps by which a supervisor becomes it, or wakes the one that runs. Resolves when either is
 * done. The keeper leaves this process's session and control group, as a supervisor does.
 */
export async function callKeeper(context: EngineContext): Promise<void> {
  const { facts, cgroups, roots } = context;
  const shim = new Shim({ label: 'keeper', memfd: facts.features.memfd });
  const [execve, ...before] = pieces.startKeeper(enginePaths(roots).keeperLock, keeperCommand(context)).reverse();
  try {
    shim.run(
      program({
        host: [
          ...pieces.leaveCaller(facts),
          ...pieces.resetInherited(facts),
          ...pieces.cgroupParent(cgroups, cgroupParent(roots)),
          ...before.reverse(),
          close(CHILD_SOCKET, { why: { en: 'say that all went well', zh: '表示一切顺利' }, lesson: 'supervisor' }),
          execve!,
        ],
      }),
    );
    await shim.executed;
    shim.detach();
  } catch (error) {
    if (error instanceof StepError && error.errno === 'EAGAIN') return;
    throw error;
  }
}
