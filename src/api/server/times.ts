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

/**
 * A time of `logs`, in RFC 3339 and UTC, to the nanosecond; undefined where it is not given or is 0.
 *
 * @throws {MinidockError} `invalid-argument`
 */
export function readLogInstant(name: string, text: string): string | undefined {
  const time = readTimestamp(name, text);
  if (time === undefined || /^0*(\.0*)?$/.test(text)) return undefined;
  const fraction = (text.split('.')[1] ?? '').padEnd(9, '0');
  return `${new Date(Math.floor(Number(text.split('.')[0]) * 1000)).toISOString().slice(0, 19)}.${fraction}Z`;
}
