import type { RestartOptions, RestartPolicy } from '../../../container/options/restart.ts';
import { MinidockError } from '../../../errors.ts';
import { type FlagTable, single, type Values } from '../../grammar/flags.ts';

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
  if (restart === undefined || restart.name === 'no') return {};
  if (rm) throw new MinidockError('conflict', 'Conflicting options: --restart and --rm');
  return { restart };
}

/** Docker's restart policies: `no`, `always`, `unless-stopped`, `on-failure[:TIMES]`. */
function readRestart(given: string): RestartPolicy {
  if (given === 'no' || given === '') return { name: 'no', maximumRetryCount: 0 };
  const [, name = '', times] = /^([^:]*)(?::(.*))?$/s.exec(given) ?? [];
  if (name !== 'always' && name !== 'unless-stopped' && name !== 'on-failure')
    throw new Error(`invalid restart policy '${name}': it is no, always, unless-stopped or on-failure[:TIMES]`);
  if (times !== undefined && name !== 'on-failure')
    throw new Error(`maximum retry count cannot be used with restart policy '${name}'`);
  if (times !== undefined && !/^\+?\d+$/.test(times)) throw new Error('maximum retry count must be an integer');
  return { name, maximumRetryCount: Number(times ?? 0) };
}
