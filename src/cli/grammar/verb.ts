import type { Context } from '../context.ts';
import type { FailureCodes } from '../exit-codes.ts';
import type { Candidates, FlagTable, Values } from './flags.ts';

/** One word of the command line: a flag table, and what it does with the parsed flags. */
export interface Verb<F extends FlagTable = FlagTable> {
  /** What follows the verb in the help: `[OPTIONS] CONTAINER [CONTAINER...]`. */
  readonly synopsis: string;
  readonly flags: F;
  /** Fewest and most operands. */
  readonly operands: readonly [number, number];
  /** Fewest operands where the flags say otherwise. */
  least?(flags: Values<F>): number;
  /** What each operand may be, for the shell's completion; `given` are the flags before it, as typed. */
  readonly completes?: readonly (Candidates | ((given: ReadonlyMap<string, string>) => Candidates))[];
  /** The first operand ends the flags: `run`, `exec`. */
  readonly stopAtOperand?: boolean;
  /** Why it cannot be asked of a daemon: it has to do with the machine that it runs on. */
  readonly local?: string;
  /** Exit codes where the engine fails; 1 by default. */
  readonly failure?: FailureCodes;
  /** Returns the exit code. `beforeDashes`: how many of the operands stand before `--`, where there is one. */
  run(context: Context, flags: Values<F>, operands: readonly string[], beforeDashes?: number): Promise<number>;
}

/** A verb, its handler typed by its own flag table. */
export function defineVerb<F extends FlagTable>(verb: Verb<F>): Verb {
  return verb as unknown as Verb;
}
