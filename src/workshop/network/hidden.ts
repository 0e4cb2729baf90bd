import type { Step, Syscall } from '../../syscalls/step.ts';
import { isAnswer } from './messages.ts';

/** The group of steps that only prepare a lesson. */
export const labGroup = 'lab';

/**
 * For `Lesson.hides`: the preparation, and of each routing message all but the sendto. A learner sees one line a message
 * then.
 */
export function hidesExchange(step: Step): boolean {
  if (step.group === labGroup || step.op === 'store' || isAnswer(step)) return true;
  return step.group !== undefined && step.op === 'syscall' && (step.name === 'close' || opensSetting(step));
}

/** The write that follows names the setting as well. */
function opensSetting({ name, args: [, path] }: Syscall): boolean {
  return name === 'openat' && typeof path === 'object' && path.kind === 'data' && path.text.startsWith('"/proc/sys/');
}

/** Steps that were shown before, as a part of the preparation. */
export function asPreparation(steps: readonly Step[]): Step[] {
  return steps.map(step => (step.group === labGroup ? step : { ...step, group: labGroup, groupWhy: undefined }));
}
