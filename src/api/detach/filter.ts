/** Watches typed input for the detach keys. What may be their beginning is held back until the next key decides. */
export class DetachFilter {
  readonly #keys: readonly number[];
  #matched = 0;

  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }

  /** What of this input is meant for the container, and whether the keys are complete; then the rest is dropped. */
  feed(chunk: Uint8Array): { readonly pass: Buffer; readonly detach: boolean } {
    const pass: number[] = [];
    for (const byte of chunk) {
      while (this.#matched > 0 && byte !== this.#keys[this.#matched]) this.#giveUpOne(pass);
      if (byte !== this.#keys[this.#matched]) pass.push(byte);
      else if (++this.#matched === this.#keys.length) return { pass: Buffer.from(pass), detach: true };
    }
    return { pass: Buffer.from(pass), detach: false };
  }

  /** The held keys are no beginning any more: lets go of the first ones until the rest may be one again. */
  #giveUpOne(pass: number[]): void {
    const held = this.#keys.slice(0, this.#matched);
    do {
      pass.push(held.shift()!);
    } while (!held.every((key, at) => key === this.#keys[at]));
    this.#matched = held.length;
  }
}
