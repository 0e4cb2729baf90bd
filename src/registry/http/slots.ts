/** Limits how many tasks run at once; the others wait in the order in which they ask. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take(onWait: () => void): Promise<void> {
    if (this.#free-- > 0) return;
    onWait();
    await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  give(): void {
    this.#free++;
    this.#waiting.shift()?.();
  }
}
