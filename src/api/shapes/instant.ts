import { MinidockError } from '../../errors.ts';

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * `--since` and `--until`: a length of time before now (`10m`, `1h30m`, Go's notation; `-10m` is to come), an RFC 3339 time with or without
 * its end (`2026-01-02`, `2026-01-02T15:04`, then in local time), or seconds since 1970.
 *
 * @throws {MinidockError} `invalid-argument`
 */
export function readInstant(given: string, now = Date.now()): Date {
  if (/^\d+(\.\d+)?$/.test(given)) return new Date(Number(given) * 1000);
  if (/^[-+]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(given)) {
    let length = 0;
    for (const [, value, unit] of given.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g))
      length += Number(value) * units[unit!]!;
    return new Date(given.startsWith('-') ? now + length : now - length);
  }
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d{1,9})?))?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(given);
  const [, date, hours = '00', minutes = '00', seconds = '00', zone = ''] = match ?? [];
  const time = new Date(`${date}T${hours}:${minutes}:${seconds}${zone}`);
  if (match === null || Number.isNaN(time.getTime()))
    throw new MinidockError('invalid-argument', `failed to parse value as time or duration: "${given}"`, {
      fix: 'write 10m, 1h30m, 2026-01-02, 2026-01-02T15:04:05Z or seconds since 1970',
    });
  return time;
}

/**
 * That a span of time does not end before it begins.
 *
 * @param given the two as they were written
 * @throws {MinidockError} `invalid-argument`, in Docker's words
 */
export function checkOrder(
  since: Date | undefined,
  until: Date | undefined,
  given: readonly (string | undefined)[],
): void {
  if (since !== undefined && until !== undefined && since > until)
    throw new MinidockError(
      'invalid-argument',
      `\`since\` time (${given[0]}) cannot be after \`until\` time (${given[1]})`,
    );
}
