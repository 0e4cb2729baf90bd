import { readInstant } from '../../api/shapes/instant.ts';
import { MinidockError } from '../../errors.ts';

/**
 * A time of `logs --since` or `--until`, in RFC 3339 and UTC, to the nanosecond: who goes on where the last line was gives its
 * time. Undefined for the empty text and `0`, which Docker takes for no limit.
 *
 * @throws {MinidockError} `invalid-argument`
 */
export function readLogTime(flag: string, given: string | undefined): string | undefined {
  if (given === undefined || given === '' || given === '0') return undefined;
  const fraction = /^\d+(?:-.*T.*:\d\d)?\.(\d{1,9})\d*(?:Z|[-+]\d\d:\d\d)?$/.exec(given)?.[1];
  try {
    const whole = fraction === undefined ? given : given.replace(/\.\d+/, '');
    const text = readInstant(whole).toISOString();
    return fraction === undefined ? text : `${text.slice(0, 19)}.${fraction}Z`;
  } catch (error) {
    if (error instanceof RangeError) throw outOfRange(flag, given);
    if (!(error instanceof MinidockError)) throw error;
    throw new MinidockError(error.code, `invalid value for "${flag}": ${error.message}`, {
      fix: error.fix,
      cause: error,
    });
  }
}

/** Seconds that no Date has. */
function outOfRange(flag: string, given: string): MinidockError {
  return new MinidockError('invalid-argument', `invalid value for "${flag}": "${given}" is no time of this calendar`);
}
