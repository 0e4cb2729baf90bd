import { printStep, stepToJson } from './print.ts';
import { type Program, type SectionName, type Step, sectionNames } from './step.ts';

/** A step and its place in its section, from 1 on, as `--dry-run` numbers it. */
export interface Numbered {
  readonly number: number;
  readonly step: Step;
}

/** Steps that both programs have, or what stands in one in place of what stands in the other. */
export type Stretch =
  | { readonly kind: 'same'; readonly count: number }
  | { readonly kind: 'different'; readonly without: readonly Numbered[]; readonly with: readonly Numbered[] };

export interface SectionDifference {
  readonly name: SectionName;
  /** How many steps the section has in either program. */
  readonly counts: readonly [without: number, with_: number];
  readonly stretches: readonly Stretch[];
}

/** Two programs, section by section: the longest common subsequence of steps is what they share. */
export function differenceOf(without: Program, with_: Program): SectionDifference[] {
  return sectionNames
    .filter(name => without[name].length + with_[name].length > 0)
    .map(name => ({
      name,
      counts: [without[name].length, with_[name].length],
      stretches: stretchesOf(without[name], with_[name]),
    }));
}

/** For programs: the steps that differ, as `--dry-run=json` prints them, and how many stand between. */
export function differenceToJson(difference: readonly SectionDifference[]): Record<string, unknown> {
  const steps = (list: readonly Numbered[]) => list.map(({ number, step }) => ({ number, ...stepToJson(step) }));
  return Object.fromEntries(
    difference.map(({ name, stretches }) => [
      name,
      stretches.map(stretch =>
        stretch.kind === 'same'
          ? { same: stretch.count }
          : { without: steps(stretch.without), with: steps(stretch.with) },
      ),
    ]),
  );
}

function stretchesOf(left: readonly Step[], right: readonly Step[]): Stretch[] {
  const out: Stretch[] = [];
  let same = 0;
  let [removed, added]: [Numbered[], Numbered[]] = [[], []];
  const endSame = () => {
    if (same > 0) out.push({ kind: 'same', count: same });
    same = 0;
  };
  const endDifferent = () => {
    if (removed.length + added.length > 0) out.push({ kind: 'different', without: removed, with: added });
    [removed, added] = [[], []];
  };
  const common = commonPairs(left.map(keyOf), right.map(keyOf));
  let [i, j] = [0, 0];
  for (const [nextLeft, nextRight] of [...common, [left.length, right.length] as const]) {
    if (i < nextLeft || j < nextRight) endSame();
    for (; i < nextLeft; i++) removed.push({ number: i + 1, step: left[i]! });
    for (; j < nextRight; j++) added.push({ number: j + 1, step: right[j]! });
    endDifferent();
    if (nextLeft === left.length && nextRight === right.length) break;
    same++;
    i++;
    j++;
  }
  endSame();
  return out;
}

/** Two steps are the same that do the same: the same call, the same arguments, the same errors tolerated. */
function keyOf(step: Step): string {
  const { why: _why, lesson: _lesson, group: _group, ...done } = stepToJson(step);
  return `${printStep(step)} ${JSON.stringify(done)}`;
}

/** Index pairs of a longest common subsequence; what begins and ends alike is paired without a search. */
function commonPairs(left: readonly string[], right: readonly string[]): [number, number][] {
  let start = 0;
  while (start < Math.min(left.length, right.length) && left[start] === right[start]) start++;
  let end = 0;
  const shorter = Math.min(left.length, right.length) - start;
  while (end < shorter && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
  const [rows, columns] = [left.length - start - end, right.length - start - end];
  // longest[i][j]: how much the rests from i and j on have in common.
  const longest = Array.from({ length: rows + 1 }, () => new Uint16Array(columns + 1));
  for (let i = rows - 1; i >= 0; i--)
    for (let j = columns - 1; j >= 0; j--)
      longest[i]![j] =
        left[start + i] === right[start + j]
          ? longest[i + 1]![j + 1]! + 1
          : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!);
  const pairs: [number, number][] = Array.from({ length: start }, (_, i) => [i, i]);
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (left[start + i] === right[start + j]) pairs.push([start + i++, start + j++]);
    else if (longest[i + 1]![j]! >= longest[i]![j + 1]!) i++;
    else j++;
  }
  for (let i = end; i > 0; i--) pairs.push([left.length - i, right.length - i]);
  return pairs;
}
