import { MinidockError } from '../../errors.ts';
import { explainTrouble } from '../../host/trouble.ts';
import { printError } from './diagnostics.ts';
import type { Output } from './output.ts';

/**
 * Does the same with each operand, as `stop`, `rm` and `inspect` do: with many at once, so that none waits for another. `done`
 * is called in the order of the operands; failures are printed after that. Returns the exit code.
 *
 * @param atOnce how many are in hand at any time; Docker's client has 50
 */
export async function each<T>(
  names: readonly string[],
  output: Output,
  action: (name: string) => Promise<T>,
  done: (name: string, result: T) => void,
  atOnce = 50,
): Promise<number> {
  const failures: unknown[] = [];
  const results = inParallel(names, action, atOnce);
  for (const [at, name] of names.entries()) {
    try {
      done(name, await results[at]!);
    } catch (error) {
      failures.push(error);
    }
  }
  for (const failure of failures.map(explainTrouble)) {
    if (!(failure instanceof MinidockError)) throw failure;
    printError(output, failure);
  }
  return failures.length > 0 ? 1 : 0;
}

function inParallel<T>(names: readonly string[], action: (name: string) => Promise<T>, atOnce: number): Promise<T>[] {
  let free = atOnce;
  const queue: (() => void)[] = [];
  const inTurn = async (name: string) => {
    if (free > 0) free--;
    else await new Promise<void>(resolve => queue.push(resolve));
    try {
      return await action(name);
    } finally {
      const next = queue.shift();
      if (next === undefined) free++;
      else next();
    }
  };
  return names.map(name => {
    const result = inTurn(name);
    // Results are awaited in the order of the operands, so this rejection is handled later.
    result.catch(() => {});
    return result;
  });
}
