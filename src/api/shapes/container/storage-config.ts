import type { MountRequest, StorageOptions } from '../../../container/options/storage.ts';

/** The part of `HostConfig` that says which files a container was asked to have, besides `-v`. */
export function storageConfig({ mounts = [], tmpfs, volumesFrom, volumeDriver }: StorageOptions) {
  return {
    ...(mounts.length > 0 && { Mounts: mounts.map(mountConfig) }),
    ...(tmpfs && { Tmpfs: tmpfs }),
    ...(volumesFrom && { VolumesFrom: volumesFrom }),
    ...(volumeDriver && { VolumeDriver: volumeDriver }),
  };
}

/** Docker's client fills in the options of the kind that a key of `--mount` belongs to. */
function mountConfig({ type, source, target, readonly, consistency, ...more }: MountRequest) {
  const { propagation, nonRecursive, noCopy, labels, driver, driverOptions, tmpfsSize, tmpfsMode } = more;
  const ofVolume = noCopy !== undefined || labels || driver !== undefined || driverOptions;
  return {
    Type: type,
    Source: source,
    Target: target,
    ReadOnly: readonly,
    Consistency: consistency,
    ...((propagation || nonRecursive) && { BindOptions: { Propagation: propagation, NonRecursive: nonRecursive } }),
    ...(ofVolume && {
      VolumeOptions: { NoCopy: noCopy, Labels: labels, DriverConfig: { Name: driver, Options: driverOptions } },
    }),
    ...((tmpfsSize !== undefined || tmpfsMode !== undefined) && {
      TmpfsOptions: { SizeBytes: tmpfsSize, Mode: tmpfsMode },
    }),
  };
}

/** What `--mount type=tmpfs` adds to `Mounts`; `--tmpfs` adds nothing there. */
export function tmpfsPoints({ mounts = [] }: StorageOptions) {
  return mounts
    .filter(({ type }) => type === 'tmpfs')
    .map(({ target, readonly = false }) => ({
      Type: 'tmpfs',
      Source: '',
      Destination: target,
      Mode: '',
      RW: !readonly,
      Propagation: '',
    }));
}
