import { MinidockError } from '../errors.ts';
import type { CgroupLayout } from '../host/cgroup-layout.ts';
import type { CgroupDriver } from './driver.ts';
import { cgroup1 } from './v1.ts';
import { cgroup2 } from './v2.ts';

/** The driver for the cgroup version that the host has mounted. Throws `MinidockError` where none is mounted. */
export function cgroupDriver(layout: CgroupLayout): CgroupDriver {
  if (layout.kind === 'none') {
    throw new MinidockError(
      'no-cgroups',
      'no cgroup hierarchy is mounted on this host, so that containers cannot be limited',
      {
        fix: 'mount -t cgroup2 cgroup2 /sys/fs/cgroup; for version 1 the package cgroupfs-mount does it',
      },
    );
  }
  return layout.kind === 'v2' ? cgroup2(layout) : cgroup1(layout);
}
