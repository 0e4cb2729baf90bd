/** What a container asks to happen when it has ended. */
export interface RestartOptions {
  /** Absent: it is not started again. */
  restart?: RestartPolicy;
}

/** Docker's restart policies, with its names. */
export interface RestartPolicy {
  name: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  /** Of `on-failure`: how many times it is started again; 0 for any number. */
  maximumRetryCount: number;
}
