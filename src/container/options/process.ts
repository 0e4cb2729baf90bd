/** How the container's first process is run. */
export interface ProcessOptions {
  /** PID 1 is an init that starts the command, hands signals on and reaps orphans. */
  init?: boolean;
}

/** The path of the init inside a container, which is Docker's. */
export const initInside = '/sbin/docker-init';
