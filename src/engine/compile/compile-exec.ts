import type { CgroupDriver } from '../../cgroup/driver.ts';
import type { SupervisorFiles } from '../../container/supervisor.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Spec } from '../../oci/runtime-spec.ts';
import { type Program, program, type Slot, slot } from '../../syscalls/step.ts';
import type { Container } from './compile.ts';
import { becomeProcess, hasPidNamespace, joinable, returnSteps } from './process.ts';
import type { ProcessPieces } from './process-pieces.ts';

/** A process that joins a running container (`exec`). */
export interface Entrant {
  spec: Spec;
  /** The container's first process, and the inode of each of its namespaces as written down at its start. */
  target: { pid: number; namespaces: Readonly<Record<string, number>> };
  interactive: boolean;
  files: SupervisorFiles;
  cgroupParent: string;
  cgroups: CgroupDriver;
  keeper: Container['keeper'];
}

const setnsOrder = [...joinable, 'mnt'] as const;

/** The program of `exec`: it enters each namespace of the container (setns) in place of making new ones. */
export function compileExec(entrant: Entrant, facts: HostFacts, pieces: ProcessPieces): Program {
  const { spec } = entrant;
  const child = slot('child');
  const files = pieces.supervisorFiles(entrant.files);
  const held = new Map<string, Slot>();
  const { user, terminal } = spec.process;
  const stdio = terminal
    ? pieces.terminal({ facts, console: false, user })
    : pieces.pipes({ interactive: entrant.interactive, user });
  const tether = pieces.dieWithSupervisor();
  const names = ['pid', ...setnsOrder].filter(name => entrant.target.namespaces[name] !== undefined);
  return program({
    host: [
      ...pieces.leaveCaller(facts),
      ...(hasPidNamespace(spec) ? [] : pieces.adoptOrphans()),
      ...pieces.resetInherited(facts),
      ...pieces.cgroupParent(entrant.cgroups, entrant.cgroupParent),
      ...files.host,
      ...names.flatMap(name => {
        const { pid, namespaces } = entrant.target;
        return pieces.holdNamespace(name, { path: `/proc/${pid}/ns/${name}`, inode: namespaces[name] }, held);
      }),
      ...stdio.host,
      ...tether.host,
      ...pieces.enterNamespace('pid', held.get('pid')),
      pieces.cloneProcess([], child),
      ...tether.parent,
      ...stdio.parent,
      ...pieces.dropNamespaces(held),
    ],
    child: [
      ...tether.first,
      ...pieces.joinCgroup(entrant.cgroups, spec.linux),
      ...(spec.process.oomScoreAdj === undefined ? [] : pieces.oomScore(spec.process.oomScoreAdj)),
      ...setnsOrder.flatMap(name => pieces.enterNamespace(name, held.get(name))),
      ...pieces.newSession(),
      ...stdio.child,
      ...becomeProcess(spec, facts, pieces, tether),
    ],
    exec: pieces.execute(spec.process),
    exit: [...files.exit, ...returnSteps(held, pieces)],
    reap: pieces.startKeeper(entrant.keeper.lock, entrant.keeper.command),
    supervise: { child, status: files.status, listen: files.listen, ...files.backlog, ...stdio.supervise },
  });
}
