import { checkHealth, type HealthConfig, type HealthOptions } from '../../../container/options/health.ts';
import { byEngine, type FlagTable, integer, single, text, toggle, type Values } from '../../grammar/flags.ts';
import { usageError } from '../../grammar/usage.ts';
import { readDuration } from './duration.ts';

const duration = (member: 'Interval' | 'StartPeriod' | 'Timeout', help: string) =>
  single(
    'duration',
    given => {
      const length = readDuration(given);
      // Less than nothing is refused below, as by Docker's client.
      if (length >= 0) byEngine('invalid-argument', () => checkHealth({ [member]: length }));
      return length;
    },
    help,
  );

export const healthFlags = {
  'health-cmd': text('Command that says whether the container is well: it exits with 0'),
  'health-interval': duration('Interval', 'Time between two checks: 10s, 1m30s (default 30s)'),
  'health-retries': integer('How many checks in a row have to fail (default 3)'),
  'health-start-period': duration('StartPeriod', 'Time in which failing checks do not count (default 0s)'),
  'health-timeout': duration('Timeout', 'Time that a check has (default 30s)'),
  'no-healthcheck': toggle('Do not run the check that the image comes with'),
} satisfies FlagTable;

/** What the flags ask for, in Docker's words where they make no sense. Throws `usage`. */
export function toHealthOptions(flags: Values<typeof healthFlags>): HealthOptions {
  const health: HealthConfig = {
    ...(flags['health-cmd'] && { Test: ['CMD-SHELL', flags['health-cmd']] }),
    ...(flags['health-interval'] && { Interval: flags['health-interval'] }),
    ...(flags['health-timeout'] && { Timeout: flags['health-timeout'] }),
    ...(flags['health-start-period'] && { StartPeriod: flags['health-start-period'] }),
    ...(flags['health-retries'] && { Retries: flags['health-retries'] }),
  };
  const isAsked = Object.keys(health).length > 0;
  if (flags['no-healthcheck']) {
    if (isAsked) throw usageError('--no-healthcheck conflicts with --health-* options', { exitCode: 125 });
    return { health: { Test: ['NONE'] } };
  }
  for (const flag of ['health-interval', 'health-timeout', 'health-retries', 'health-start-period'] as const)
    if ((flags[flag] ?? 0) < 0) throw usageError(`--${flag} cannot be negative`, { exitCode: 125 });
  return isAsked ? { health } : {};
}
