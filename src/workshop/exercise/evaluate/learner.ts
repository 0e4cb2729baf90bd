import { type Pieces, pieces } from '../../../engine/compile/pieces.ts';
import { WireError } from '../../../syscalls/foreign/check-step.ts';
import { fromWire, slotsIn, toWire } from '../../../syscalls/foreign/wire.ts';
import type { Step } from '../../../syscalls/step.ts';
import type { Mine } from '../types.ts';
import type { Cage, NoAnswer } from './cage.ts';

/** What a learner's function did in place of returning a value of the language. */
export interface Failure {
  readonly name: string;
  readonly reason:
    | NoAnswer
    | { readonly kind: 'not-a-value'; readonly message: string }
    | { readonly kind: 'other-shape'; readonly expected: Shape; readonly found: Shape };
}

/** What a value of the language is, in a word: as a learner thinks of what a function returns. */
export type Shape = 'step' | 'steps' | 'nothing' | 'other' | { readonly fields: readonly string[] };

/** Thrown where the answer of a learner's function is not known yet: it comes from another process. */
class Waiting extends Error {}

/** Thrown by `settle`: there is no use in going on. */
export class LearnerFailed extends Error {
  constructor(readonly failure: Failure) {
    super(`${failure.name}: ${failure.reason.kind}`);
  }
}

/**
 * The learner's functions for code that calls them as if they were here. Each call is made once, in the cage; its value is read anew
 * for each caller, so that slots in it are the caller's own.
 */
export class Learner {
  /** Steps that came from the learner in the last run of `settle`. */
  readonly steps = new Set<Step>();
  private readonly answers = new Map<string, string>();
  private wanted: { name: string; args: string; key: string } | undefined;
  private failure: Failure | undefined;

  constructor(
    private readonly cage: Cage,
    private readonly names: readonly string[],
  ) {}

  /** Runs `action` again and again until every call of `mine` that it makes has been answered. */
  async settle<T>(action: (mine: Mine) => T): Promise<T> {
    const mine = this.mine();
    for (;;) {
      this.steps.clear();
      this.wanted = undefined;
      this.failure = undefined;
      let outcome: { value: T } | { error: unknown };
      try {
        outcome = { value: action(mine) };
      } catch (error) {
        outcome = { error };
      }
      // Looked at first: whoever composes may have caught what we threw.
      const failure = this.failure as Failure | undefined;
      if (failure) throw new LearnerFailed(failure);
      const wanted = this.wanted as typeof this.wanted | { name: string; args: string; key: string };
      if (wanted === undefined) {
        if ('error' in outcome) throw outcome.error;
        return outcome.value;
      }
      const answer = await this.cage.ask(wanted);
      if (answer.kind !== 'value') throw new LearnerFailed({ name: wanted.name, reason: answer });
      this.answers.set(wanted.key, answer.value);
    }
  }

  private mine(): Mine {
    const own = Object.fromEntries(
      this.names.map(name => [name, (...args: unknown[]) => this.call(name, args)] as const),
    );
    return { ...pieces, ...own } as unknown as Mine;
  }

  private call(name: string, given: readonly unknown[]): unknown {
    const args = toWire(given);
    const key = `${name} ${args}`;
    const answer = this.answers.get(key);
    if (answer === undefined) {
      this.wanted ??= { name, args, key };
      throw new Waiting(name);
    }
    const value = this.read(name, answer, given);
    this.check(name, value, given);
    for (const step of stepsIn(value)) this.steps.add(step);
    return value;
  }

  private read(name: string, answer: string, given: readonly unknown[]): unknown {
    try {
      return fromWire(answer, slotsIn(given));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return this.fail({ name, reason: { kind: 'not-a-value', message: error.message } });
    }
  }

  /** A learner's piece returns what the engine's own does: a step, steps, or a record of them. */
  private check(name: string, value: unknown, given: readonly unknown[]): void {
    if (!Object.hasOwn(pieces, name)) return;
    const ours = (pieces[name as keyof Pieces] as (...args: readonly unknown[]) => unknown)(...given);
    const [expected, found] = [shapeOf(ours), shapeOf(value)];
    const fits =
      typeof expected === 'object'
        ? typeof found === 'object' && expected.fields.every(field => found.fields.includes(field))
        : expected === found;
    if (!fits) this.fail({ name, reason: { kind: 'other-shape', expected, found } });
  }

  private fail(failure: Failure): never {
    this.failure ??= failure;
    throw new LearnerFailed(failure);
  }
}

/** Which kind of thing a function returned. */
function shapeOf(value: unknown): Shape {
  if (value === undefined || value === null) return 'nothing';
  if (isStep(value)) return 'step';
  if (Array.isArray(value)) return value.every(isStep) ? 'steps' : 'other';
  if (typeof value !== 'object' || value instanceof Uint8Array || 'kind' in value) return 'other';
  return { fields: Object.keys(value) };
}

const isStep = (value: unknown): value is Step => typeof value === 'object' && value !== null && 'op' in value;

/** All steps in a value, in their order. */
function stepsIn(value: unknown): Step[] {
  if (isStep(value)) return [value];
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  return Object.values(value).flatMap(stepsIn);
}
