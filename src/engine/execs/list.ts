import type { ContainerRecord } from '../../container/record.ts';
import type { Roots } from '../../state/paths.ts';
import type { InspectedExec } from '../nouns/execs.ts';
import { reapExecs } from './reap.ts';
import { type ExecRecord, execsIn, observeExec, readExec } from './record.ts';

/** The execs of a container. Those that a killed command left unfinished are settled first. */
export function listExecs(roots: Roots, record: ContainerRecord): InspectedExec[] {
  if (execsIn(roots, record.id).length === 0) return [];
  reapExecs({ roots }, record);
  return execsIn(roots, record.id).flatMap(id => {
    const exec = readExec(roots, record.id, id);
    return exec === undefined ? [] : [inspectExec(roots, exec)];
  });
}

export function inspectExec(roots: Roots, exec: ExecRecord): InspectedExec {
  const { id, container, options } = exec;
  const seen = observeExec(roots, exec);
  const common = { id, container, options, pid: 0 };
  switch (seen.kind) {
    case 'running':
      return { ...common, status: 'running', pid: seen.running.pid };
    case 'ended':
      return { ...common, status: 'ended', exitCode: seen.exitCode };
    case 'lost':
      return { ...common, status: 'ended', exitCode: 137 };
    default:
      return { ...common, status: 'created' };
  }
}
