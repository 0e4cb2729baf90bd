import { MinidockError } from '../errors.ts';
import type { Verb } from './verb.ts';

/** A mistake in how the command was written. Its message is printed without `minidock:`, as Docker does. */
export function usageError(message: string, options: { exitCode?: number; see?: string } = {}): MinidockError {
  return new MinidockError('usage', message, { exitCode: options.exitCode ?? 125, fix: options.see });
}

/**
 * Docker's words for a wrong number of operands, exit code 1.
 *
 * @param path the verb as it was typed: `image pull`
 * @param about the verb's line of help
 */
export function checkCount(
  path: string,
  { synopsis, operands: [least, most] }: Pick<Verb, 'synopsis' | 'operands'>,
  about: string,
  given: number,
): void {
  if (given >= least && given <= most) return;
  throw usageError(`"minidock ${path}" ${demand(least, most, given)}.`, {
    exitCode: 1,
    see: `See 'minidock ${path} --help'.\n\nUsage:  minidock ${path} ${synopsis}\n\n${about}`,
  });
}

function demand(least: number, most: number, given: number): string {
  const count = (n: number) => `${n} argument${n === 1 ? '' : 's'}`;
  if (most === 0) return 'accepts no arguments';
  if (least === most) return `requires exactly ${count(least)}`;
  return given < least ? `requires at least ${count(least)}` : `requires at most ${count(most)}`;
}
