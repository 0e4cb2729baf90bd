/** How the container's first process is run. */
export interface ProcessOptions {
  /** PID 1 is an init that starts the command, hands signals on and reaps orphans. */
  init?: boolean;
}

/** Where Docker's `--init` puts it. */
export const initInside = '/sbin/docker-init';
