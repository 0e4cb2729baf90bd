import { MinidockError } from '../../errors.ts';
import type { Output } from './output.ts';

/**
 * Does the same with each operand, as `stop`, `rm` and `inspect` do: a failure is printed and the others still have their
 * turn. Returns the exit code.
 */
export async function each(
  names: readonly string[],
  output: Output,
  action: (name: string) => Promise<void>,
): Promise<number> {
  let code = 0;
  for (const name of names) {
    try {
      await action(name);
    } catch (error) {
      if (!(error instanceof MinidockError)) throw error;
      output.err(`minidock: ${error.message}\n${error.fix === undefined ? '' : `  fix: ${error.fix}\n`}`);
      code = 1;
    }
  }
  return code;
}
