import type { Dockerfile } from '../dockerfile/parse.ts';
import type { PlannedStage } from './plan.ts';

/** Numbers of the steps, as they stand in the file; stages that are left out do not count. */
export class Numbers {
  readonly #next = new Map<number, number>();
  #total: number;
  #globals = 0;

  constructor({ globals }: Dockerfile, stages: readonly PlannedStage[]) {
    this.#total = globals.length;
    for (const stage of stages) this.add(stage);
  }

  /** The steps of one more stage. */
  add({ index, stage }: PlannedStage): void {
    if (this.#next.has(index)) return;
    this.#next.set(index, this.#total + 1);
    this.#total += 1 + stage.instructions.length;
  }

  global(): { number: number; total: number } {
    return { number: ++this.#globals, total: this.#total };
  }

  next(stage: number): { number: number; total: number } {
    const number = this.#next.get(stage)!;
    this.#next.set(stage, Math.min(number + 1, this.#total));
    return { number, total: this.#total };
  }
}
