import { MinidockError } from '../errors.ts';
import { printStep } from '../syscalls/print.ts';
import type { Step } from '../syscalls/step.ts';

/** Which step is meant: the beginning of the step as it is printed, `mount("proc"`, or a test. */
export type Match = string | ((step: Step) => boolean);

/** The steps without those that `match`. Throws where none does: a breakage that breaks nothing teaches nothing. */
export function without(steps: readonly Step[], match: Match): Step[] {
  placeOf(steps, match);
  return steps.filter(step => !matches(step, match));
}

/** The steps with the first that matches `a` and the first that matches `b` in each other's places. */
export function swapped(steps: readonly Step[], a: Match, b: Match): Step[] {
  const [first, second] = [placeOf(steps, a), placeOf(steps, b)];
  const out = [...steps];
  [out[first], out[second]] = [steps[second]!, steps[first]!];
  return out;
}

/** The steps with the first that matches replaced by what `change` makes of it. */
export function changed(steps: readonly Step[], match: Match, change: (step: Step) => Step): Step[] {
  const place = placeOf(steps, match);
  return steps.map((step, i) => (i === place ? change(step) : step));
}

function placeOf(steps: readonly Step[], match: Match): number {
  const place = steps.findIndex(step => matches(step, match));
  if (place < 0)
    throw new MinidockError('defect', `no step ${String(match)} in: ${steps.map(step => printStep(step)).join('; ')}`);
  return place;
}

function matches(step: Step, match: Match): boolean {
  return typeof match === 'function' ? match(step) : printStep(step).startsWith(match);
}
