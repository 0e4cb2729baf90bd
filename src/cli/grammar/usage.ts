import { MinidockError } from '../../errors.ts';
import { CommandLineError } from '../exit-codes.ts';
import type { Verb } from './verb.ts';

/** A mistake in how the command was written. Its message is printed without `minidock:`, as Docker does. */
export function usageError(message: string, options: { exitCode?: number; see?: string } = {}): CommandLineError {
  return new CommandLineError('usage', message, { exitCode: options.exitCode ?? 125, fix: options.see });
}

/**
 * Where a flag was taken for the command because it stands after the image or the container: says so.
 *
 * @param before `minidock run [OPTIONS] IMAGE`
 */
export function explainFlagAsCommand(error: unknown, [first = '']: readonly string[], before: string): unknown {
  const isNotFound = error instanceof MinidockError && error.code === 'command-not-found';
  if (!isNotFound || !first.startsWith('-')) return error;
  const fix = `flags stand before it: ${before} COMMAND`;
  return new MinidockError(error.code, error.message, { fix, cause: error });
}

/** A flag that the table does not have. */
export class UnknownFlag extends CommandLineError {
  /**
   * @param given the argument: `--nmae=web`, `-itP`
   * @param flag the part of it that nobody knows: `nmae`, `P`
   */
  constructor(
    message: string,
    readonly given: string,
    readonly flag: string,
  ) {
    super('usage', message, { exitCode: 125 });
  }
}

/**
 * Docker's words for a wrong number of operands, exit code 1.
 *
 * @param path the verb as it was typed: `image pull`
 * @param about the verb's line of help
 */
export function wrongCount(
  path: string,
  { synopsis, operands: [least, most] }: Pick<Verb, 'synopsis' | 'operands'>,
  about: string,
): CommandLineError {
  return usageError(`"minidock ${path}" ${demand(least, most)}.`, {
    exitCode: 1,
    see: `See 'minidock ${path} --help'.\n\nUsage:  minidock ${path} ${synopsis}\n\n${about}`,
  });
}

function demand(least: number, most: number): string {
  const count = (n: number) => `${n} argument${n === 1 ? '' : 's'}`;
  if (most === 0) return 'accepts no arguments';
  if (least === most) return `requires exactly ${count(least)}`;
  if (least === 0) return `requires at most ${count(most)}`;
  return most === Number.POSITIVE_INFINITY
    ? `requires at least ${count(least)}`
    : `requires at least ${least} and at most ${count(most)}`;
}
