import { readVolume } from '../../../../container/options/bind.ts';
import type { MountRequest, StorageOptions } from '../../../../container/options/storage.ts';
import type { VolumeMount } from '../../../../container/volumes.ts';
import { MinidockError } from '../../../../errors.ts';
import { reading } from '../../reading.ts';
import type { ConfigBody, MountBody, StorageBody } from './body.ts';

/** `Binds`, and the anonymous volumes of the config. @throws {MinidockError} `invalid-argument`, in Docker's words */
export function volumesOf({ Volumes }: ConfigBody, { Binds }: StorageBody): VolumeMount[] {
  return reading(() => {
    const binds = (Binds ?? []).map(readVolume);
    const taken = new Set(binds.map(({ destination }) => destination));
    const anonymous = Object.keys(Volumes ?? {}).map(readVolume);
    return [...binds, ...anonymous.filter(({ destination }) => !taken.has(destination))];
  });
}

/** @throws {MinidockError} `invalid-argument` for options of the file system below, which overlayfs does not have */
export function storageOf(host: StorageBody): StorageOptions {
  if (Object.keys(host.StorageOpt ?? {}).length > 0)
    throw new MinidockError(
      'invalid-argument',
      'StorageOpt: the writable layer of a container has no limit of its own',
      {
        fix: 'leave it out, and mount a tmpfs with a size where files may grow',
      },
    );
  const { Mounts, Tmpfs, VolumesFrom, VolumeDriver } = host;
  return {
    ...(Mounts && Mounts.length > 0 && { mounts: Mounts.map(mountOf) }),
    ...(Tmpfs && Object.keys(Tmpfs).length > 0 && { tmpfs: Tmpfs }),
    ...(VolumesFrom && VolumesFrom.length > 0 && { volumesFrom: VolumesFrom }),
    ...(VolumeDriver && { volumeDriver: VolumeDriver }),
  };
}

function mountOf(mount: MountBody): MountRequest {
  const { BindOptions: bind, VolumeOptions: volume, TmpfsOptions: tmpfs } = mount;
  return {
    type: mount.Type ?? '',
    target: mount.Target ?? '',
    ...(mount.Source && { source: mount.Source }),
    ...(mount.ReadOnly && { readonly: true }),
    ...(mount.Consistency && { consistency: mount.Consistency }),
    ...(bind?.Propagation && { propagation: bind.Propagation }),
    ...(bind?.NonRecursive && { nonRecursive: true }),
    ...(volume?.NoCopy && { noCopy: true }),
    ...(volume?.Labels && { labels: volume.Labels }),
    ...(volume?.DriverConfig?.Name && { driver: volume.DriverConfig.Name }),
    ...(volume?.DriverConfig?.Options && { driverOptions: volume.DriverConfig.Options }),
    ...(tmpfs?.SizeBytes && { tmpfsSize: tmpfs.SizeBytes }),
    ...(tmpfs?.Mode && { tmpfsMode: tmpfs.Mode }),
  };
}
