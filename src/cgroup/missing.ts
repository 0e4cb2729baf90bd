import { MinidockError } from '../errors.ts';

/** A limit of which the controller is not there: it is never silently left out. */
export function missing(controller: string, purpose: string, fix: string): MinidockError {
  return new MinidockError(
    'no-cgroup-controller',
    `this host has no cgroup controller "${controller}" that can ${purpose}`,
    {
      fix,
    },
  );
}

export const mounting = (controller: string) =>
  `mount it: mkdir -p /sys/fs/cgroup/${controller} && mount -t cgroup -o ${controller} cgroup /sys/fs/cgroup/${controller}`;
