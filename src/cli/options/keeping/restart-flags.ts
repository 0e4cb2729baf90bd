import { type RestartOptions, type RestartPolicy, restartPolicy } from '../../../container/options/restart.ts';
import { MinidockError } from '../../../errors.ts';
import { byEngine, type FlagTable, RefusedValue, single, type Values } from '../../grammar/flags.ts';

export const restartFlags = {
  restart: single(
    'string',
    readRestart,
    'When to start it again after it has ended: no, on-failure[:TIMES], always, unless-stopped (default no)',
    { completes: ['always', 'no', 'on-failure', 'unless-stopped'] },
  ),
} satisfies FlagTable;

/**
 * @param flags with `rm`, which it conflicts with
 * @throws {MinidockError} `conflict` with `--rm`, in Docker's words
 */
export function toRestartOptions({ restart, rm }: Values<typeof restartFlags> & { rm: boolean }): RestartOptions {
  if (!restart || restart.name === 'no') return {};
  if (rm) throw new MinidockError('conflict', 'Conflicting options: --restart and --rm');
  return { restart };
}

/** Docker's restart policies: `no`, `always`, `unless-stopped`, `on-failure[:TIMES]`. The empty text is none: `update` then changes nothing. */
function readRestart(given: string): RestartPolicy | '' {
  if (given === '') return '';
  const [, name = '', times] = /^([^:]*)(?::(.*))?$/s.exec(given) ?? [];
  const isNumber = times === undefined || /^[+-]?\d+$/.test(times);
  // What is wrong with the name is said first.
  const count = times === undefined ? undefined : isNumber ? Number(times) : 0;
  const policy = byEngine('invalid-argument', () => restartPolicy(name, count));
  // Not read by Docker's flag but after it: the exit code is the verb's.
  if (!isNumber) throw new RefusedValue('usage', 'maximum retry count must be an integer');
  return policy;
}
