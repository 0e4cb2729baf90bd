import { MinidockError } from '../../errors.ts';

/**
 * Docker's restart policies: `no`, `always`, `unless-stopped`, `on-failure[:TIMES]`. Undefined for the one that minidock
 * keeps, which is `no`.
 */
export function readRestart(given: string): string | undefined {
  if (given === 'no' || given === '') return undefined;
  const [, name = '', times] = /^([^:]*)(?::(.*))?$/s.exec(given) ?? [];
  if (!['always', 'unless-stopped', 'on-failure'].includes(name)) {
    throw new Error(`invalid restart policy '${name}': it is no, always, unless-stopped or on-failure[:TIMES]`);
  }
  if (times !== undefined && name !== 'on-failure') {
    throw new Error(`maximum retry count cannot be used with restart policy '${name}'`);
  }
  if (times !== undefined && !/^\d+$/.test(times)) throw new Error('maximum retry count must be an integer');
  return given;
}

/**
 * What to say of a policy that was asked for and is not kept: commands written for Docker work, and nobody is misled.
 *
 * @throws {MinidockError} `conflict` with `--rm`, in Docker's words
 */
export function restartWarning(policy: string, autoRemove: boolean): string {
  if (autoRemove) throw new MinidockError('conflict', 'Conflicting options: --restart and --rm');
  return (
    `WARNING: --restart ${policy} has no effect: minidock does not start containers again. ` +
    `When this one has ended, 'minidock run' makes a new one.\n`
  );
}
