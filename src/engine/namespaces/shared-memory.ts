import type { ContainerOptions } from '../../container/record.ts';
import type { WantedMount } from '../../container/rootfs/mount-targets.ts';
import type { Donors } from './donors.ts';

/**
 * /dev/shm of the host, or of the container whose IPC namespace is joined: POSIX shared memory lives there and not in the
 * namespace.
 */
export function sharedMemory(
  { ipc }: Donors,
  { ipcMode }: ContainerOptions,
  mounts: readonly { destination: string }[],
): WantedMount[] {
  const destination = '/dev/shm';
  const source = ipcMode === 'host' ? destination : ipc && `/proc/${ipc.pid}/root${destination}`;
  if (source === undefined || mounts.some(mount => mount.destination === destination)) return [];
  const within = ipc && { path: `/proc/${ipc.pid}/ns/mnt`, inode: ipc.namespaces.mnt };
  return [
    {
      destination,
      type: 'bind',
      source,
      options: ['rbind', 'rprivate', 'rw'],
      kind: 'directory',
      ...(within && { within }),
    },
  ];
}
