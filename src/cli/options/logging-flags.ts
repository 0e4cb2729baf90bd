import { type LoggingOptions, loggingOf } from '../../container/options/logging.ts';
import { type FlagTable, many, text, type Values } from '../grammar/flags.ts';
import { pairsOf } from './pairs.ts';

export const loggingFlags = {
  'log-driver': text('What keeps the container’s output: json-file, local, syslog or none (default json-file)', {
    completes: ['json-file', 'local', 'syslog', 'none'],
  }),
  'log-opt': many(
    'list',
    (given: string) => given,
    'Options of the log driver: max-size=10m, max-file=3, tag={{.Name}}',
    {
      completes: [
        'compress=',
        'env=',
        'env-regex=',
        'labels=',
        'labels-regex=',
        'max-file=',
        'max-size=',
        'mode=',
        'syslog-address=',
        'syslog-facility=',
        'syslog-format=',
        'tag=',
      ],
    },
  ),
} satisfies FlagTable;

/** @throws {MinidockError} `invalid-argument`, in Docker's words */
export const toLoggingOptions = (flags: Values<typeof loggingFlags>): LoggingOptions =>
  loggingOf(flags['log-driver'] ?? '', pairsOf(flags['log-opt']));
