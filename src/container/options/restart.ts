/** What is to happen when a container has ended. */
export interface RestartOptions {
  /** Absent: it is not started again. */
  restart?: RestartPolicy;
}

/** Docker's restart policies, with its names. */
export interface RestartPolicy {
  name: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  /** For `on-failure`: how many times it is started again; 0 means any number. */
  maximumRetryCount: number;
}

/**
 * A restart policy by its name.
 *
 * @param times undefined where no number was given
 * @throws {Error} the reason, in Docker's words
 */
export function restartPolicy(name: string, times?: number): RestartPolicy {
  if (name === '' || (name === 'no' && !times)) return { name: 'no', maximumRetryCount: 0 };
  if (name !== 'no' && name !== 'always' && name !== 'unless-stopped' && name !== 'on-failure')
    throw new Error(`invalid restart policy '${name}': it is no, always, unless-stopped or on-failure[:TIMES]`);
  if (times && name !== 'on-failure')
    throw new Error(`maximum retry count cannot be used with restart policy '${name}'`);
  if ((times ?? 0) < 0) throw new Error('maximum retry count cannot be negative');
  return { name, maximumRetryCount: times ?? 0 };
}
