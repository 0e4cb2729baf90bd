import type { Copy, Instruction, Run, Stage } from '../dockerfile/instructions.ts';
import { nearest } from '../dockerfile/nearest.ts';
import type { Dockerfile } from '../dockerfile/parse.ts';
import { mistake } from '../dockerfile/source.ts';
import { MinidockError } from '../errors.ts';
import type { Expansions } from './variables.ts';

/** A stage that is built, and what it builds on. */
export interface PlannedStage {
  readonly index: number;
  readonly stage: Stage;
  /** The stage that FROM names, or an image's name. */
  readonly base: number | string;
  /** All stages that must be there first. */
  readonly needs: ReadonlySet<number>;
}

/** All stages of a Dockerfile, by their index, and those that the target needs. */
export interface Plan {
  readonly stages: readonly PlannedStage[];
  readonly wanted: readonly PlannedStage[];
}

/**
 * Which stages the target needs, in the order of the file, as far as that can be read in it: a trigger of an image, or a variable, may
 * name another one. FROM names an earlier stage or an image; COPY --from and RUN --mount=from= an
 * earlier stage by name or number, or an image. Throws `dockerfile`, `no-such-target`.
 */
export function planStages(dockerfile: Dockerfile, target: string | undefined, globals: Expansions): Plan {
  const planned = dockerfile.stages.map((stage, index): PlannedStage => {
    const { base, statement } = stage.from;
    const name = globals.word(statement, base);
    if (name === '') {
      const at = { offset: base.offset, length: base.raw.length };
      throw mistake(
        dockerfile.source,
        statement.place(at),
        'FROM names no image once its variables are replaced',
        'set a default: ARG NAME=VALUE before the first FROM',
      );
    }
    const below = stageNamed(dockerfile, name, index);
    const needs = new Set(stage.instructions.flatMap(one => usedBy(dockerfile, one, index)));
    if (below !== undefined) needs.add(below);
    return { index, stage, base: below ?? name, needs };
  });
  const wanted = new Set<number>();
  const want = (index: number): void => {
    if (wanted.has(index)) return;
    wanted.add(index);
    planned[index]!.needs.forEach(want);
  };
  want(target === undefined ? planned.length - 1 : targetIndex(dockerfile, target));
  return { stages: planned, wanted: planned.filter(({ index }) => wanted.has(index)) };
}

/** A stage before `index` with this name; the last of several. */
function stageNamed({ stages }: Pick<Dockerfile, 'stages'>, name: string, index: number): number | undefined {
  const found = stages.findLastIndex(({ from }, other) => other < index && from.name === name.toLowerCase());
  return found < 0 ? undefined : found;
}

/** What `--from=` names: a stage before this one, by name or number; undefined for an image. */
export function sourceStage(
  dockerfile: Dockerfile,
  from: string,
  index: number,
  instruction: Instruction,
): number | undefined {
  const named = stageNamed(dockerfile, from, index);
  if (named !== undefined) return named;
  const own = dockerfile.stages[index]!.from.name === from.toLowerCase();
  const later = dockerfile.stages.findIndex(({ from: other }, at) => at >= index && other.name === from.toLowerCase());
  const number = /^\d+$/.test(from) ? Number(from) : undefined;
  if (!own && later < 0 && number === undefined) return undefined;
  if (number !== undefined && number < index) return number;
  const reason =
    own || number === index
      ? 'a stage cannot copy from itself'
      : `the stage ${JSON.stringify(from)} is not built yet here`;
  throw mistake(
    instruction.statement.source,
    instruction.statement.place(),
    reason,
    'name a stage that stands before this one, or an image',
  );
}

function usedBy(dockerfile: Dockerfile, instruction: Instruction, index: number): number[] {
  const names =
    instruction.kind === 'COPY' || instruction.kind === 'ADD'
      ? [(instruction as Copy).from?.raw]
      : instruction.kind === 'RUN'
        ? (instruction as Run).mounts.map(({ options }) => options.get('from'))
        : [];
  return names.flatMap(name => (name === undefined ? [] : (sourceStage(dockerfile, name, index, instruction) ?? [])));
}

function targetIndex({ stages, source }: Dockerfile, target: string): number {
  const index = stages.findLastIndex(({ from }) => from.name === target.toLowerCase());
  if (index >= 0) return index;
  if (/^\d+$/.test(target) && Number(target) < stages.length) return Number(target);
  const names = stages.flatMap(({ from }) => from.name ?? []);
  const near = nearest(target, names);
  throw new MinidockError('no-such-target', `${source.name}: no stage is called ${JSON.stringify(target)}`, {
    fix:
      near !== undefined
        ? `did you mean ${near}?`
        : names.length > 0
          ? `stages are ${names.join(', ')}`
          : 'name one: FROM IMAGE AS NAME',
  });
}
