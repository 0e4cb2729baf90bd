import type { Healthcheck, Raw } from './instructions.ts';
import type { Reading } from './reading.ts';

/** `HEALTHCHECK NONE`, or `HEALTHCHECK [--interval=30s …] CMD command`. */
export function readHealthcheck(reading: Reading): Healthcheck {
  const flags = reading.flags({ interval: 'one', timeout: 'one', 'start-period': 'one', retries: 'one' });
  const [kind] = reading.words();
  const word = kind!.raw.toUpperCase();
  if (word !== 'NONE' && word !== 'CMD')
    throw reading.fail(kind, `unknown type ${JSON.stringify(kind!.raw)} of HEALTHCHECK`, 'write CMD or NONE');
  const text = reading.rest.slice(kind!.raw.length).trim();
  if (word === 'NONE') {
    if (text !== '') throw reading.fail(reading.all(), 'HEALTHCHECK NONE takes no arguments');
    return { kind: 'HEALTHCHECK', statement: reading.statement, test: ['NONE'], times: {} };
  }
  if (text === '') throw reading.fail(kind, 'HEALTHCHECK CMD has no command', 'write HEALTHCHECK CMD command');
  const offset = reading.all().offset + reading.rest.length - text.length;
  const words = reading.list({ raw: text, offset });
  const [interval, timeout, start] = (['interval', 'timeout', 'start-period'] as const).map(name =>
    duration(reading, flags.get(name)?.[0]),
  );
  const retries = retriesOf(reading, flags.get('retries')?.[0]);
  return {
    kind: 'HEALTHCHECK',
    statement: reading.statement,
    test: words === undefined ? ['CMD-SHELL', text] : ['CMD', ...words],
    times: {
      ...(interval && { Interval: interval }),
      ...(timeout && { Timeout: timeout }),
      ...(start && { StartPeriod: start }),
    },
    ...(retries && { retries }),
  };
}

const units: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** `1m30s`, as Go writes it, in nanoseconds; 0 is Docker's default. */
function duration(reading: Reading, value: Raw | undefined): number {
  if (value === undefined || value.raw === '0') return 0;
  const parts = [...value.raw.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== value.raw)
    throw reading.fail(value, `invalid duration ${JSON.stringify(value.raw)}`, 'write 30s, 1m30s, 500ms');
  const nanoseconds = parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit!]!, 0);
  if (nanoseconds !== 0 && nanoseconds < 1e6)
    throw reading.fail(value, `${value.raw} is less than the shortest time, one millisecond`);
  return nanoseconds;
}

function retriesOf(reading: Reading, value: Raw | undefined): number {
  if (value === undefined) return 0;
  const number = Number(value.raw);
  if (!/^\d+$/.test(value.raw) || number < 1)
    throw reading.fail(value, `--retries must be a number from 1 on, and not ${JSON.stringify(value.raw)}`);
  return number;
}
