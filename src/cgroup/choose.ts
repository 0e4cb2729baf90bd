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
      'no cgroup hierarchy is mounted on this host, so containers cannot be limited',
      {
        fix: 'mount them: systemd does at boot; elsewhere install cgroupfs-mount, or mount -t cgroup2 cgroup2 /sys/fs/cgroup',
      },
    );
  }
  return layout.kind === 'v2' ? cgroup2(layout) : cgroup1(layout);
}
