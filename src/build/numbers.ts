import type { Dockerfile } from '../dockerfile/parse.ts';
import type { PlannedStage } from './plan.ts';

/** Numbers of the steps, as they stand in the file; stages that are left out do not count. */
export class Numbers {
  readonly #next = new Map<number, number>();
  readonly #total: number;
  #globals = 0;

  constructor({ globals }: Dockerfile, stages: readonly PlannedStage[]) {
    let number = globals.length + 1;
    for (const { index, stage } of stages) {
      this.#next.set(index, number);
      number += 1 + stage.instructions.length;
    }
    this.#total = number - 1;
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
