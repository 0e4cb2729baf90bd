import { type Observation, observe } from '../../container/observe.ts';
import { flocks } from '../../host/locks.ts';
import { cgroupParent } from '../../state/paths.ts';
import { sync } from '../../syscalls/calls.ts';
import { Shim } from '../../syscalls/shim.ts';
import { program, slot } from '../../syscalls/step.ts';
import { pieces } from '../compile/pieces.ts';
import type { EngineContext } from '../context.ts';

/**
 * Freezes a container that runs and is not paused; returns what thaws it. Where this process is killed, a supervisor of its own
 * thaws it: its child waits for us and dies with us, and the `exit` section of the program thaws. It belongs to no session or
 * control group of ours.
 */
export async function standStill(context: EngineContext, id: string): Promise<() => Promise<void>> {
  if (!isMoving(observe(context.roots, id, flocks))) return async () => {};
  const { cgroups, facts, roots } = context;
  const parent = cgroupParent(roots);
  const group = `${parent}/${id}`;
  const own = context.pieces ?? pieces;
  const tether = own.dieWithSupervisor();
  const child = slot('child');
  const why = { en: 'wait until the command is done, or killed', zh: '等待命令完成，或者被杀死' };
  const shim = new Shim({ label: `${id.slice(0, 12)} pause`, memfd: facts.features.memfd });
  const resume = async () => {
    await shim.abort();
    // For the case that the shim itself was killed, and its exit section did not run.
    await cgroups.thaw(group);
  };
  try {
    shim.run(
      program({
        host: [
          ...own.leaveCaller(facts),
          ...own.resetInherited(facts),
          ...own.cgroupParent(cgroups, parent),
          ...tether.host,
          own.cloneProcess([], child),
          ...tether.parent,
        ],
        child: [...tether.first, sync({ why, lesson: 'supervisor' })],
        exit: cgroups.thawing(group),
        supervise: { child },
      }),
    );
    await shim.ready;
    await cgroups.freeze(group);
    return resume;
  } catch (error) {
    await resume();
    throw error;
  }
}

const isMoving = (seen: Observation) => seen.kind === 'running' && !seen.paused;
