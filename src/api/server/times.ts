import { MinidockError } from '../../errors.ts';

/**
 * A time as Docker's clients send it: seconds since 1970, with a fraction to the nanosecond. Undefined where it is not given.
 *
 * @throws {MinidockError} `invalid-argument`
 */
export function readTimestamp(name: string, text: string): Date | undefined {
  if (text === '') return undefined;
  const [, seconds, fraction = ''] = /^(-?\d{1,13})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (seconds === undefined)
    throw new MinidockError(
      'invalid-argument',
      `invalid value for "${name}": strconv.ParseInt: parsing "${text}": invalid syntax`,
    );
  return new Date(Number(seconds) * 1000 + Number(fraction.padEnd(9, '0')) / 1e6);
}
