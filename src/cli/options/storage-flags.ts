import type { MountRequest, StorageOptions } from '../../container/options/storage.ts';
import { type FlagTable, many, text, type Values } from '../grammar/flags.ts';
import { readMount } from './mount.ts';

/** The flags about a container's files, besides `-v`. */
export const storageFlags = {
  mount: many<MountRequest>(
    'mount',
    readMount,
    'Mount a path of the host, a volume or memory: type=bind|volume|tmpfs,source=…,target=…[,readonly,…]',
    { completes: ['type=bind,source=', 'type=volume,source=', 'type=tmpfs,target='] },
  ),
  tmpfs: many<string>('list', given => given, 'Mount a file system in memory: TARGET[:size=64m,mode=1777,exec,…]'),
  'volume-driver': text('Driver of the volumes that -v names: local is the only one', { completes: ['local'] }),
  'volumes-from': many<string>('list', given => given, 'Mount what another container mounts: CONTAINER[:ro]', {
    completes: 'containers',
  }),
} satisfies FlagTable;

/** What they ask for; nothing stands there that was not given. */
export function toStorageOptions(flags: Values<typeof storageFlags>): StorageOptions {
  const tmpfs = flags.tmpfs.map(given => {
    const colon = given.indexOf(':');
    return colon < 0 ? [given, ''] : [given.slice(0, colon), given.slice(colon + 1)];
  });
  return {
    ...(flags.mount.length > 0 && { mounts: [...flags.mount] }),
    ...(tmpfs.length > 0 && { tmpfs: Object.fromEntries(tmpfs) }),
    ...(flags['volumes-from'].length > 0 && { volumesFrom: [...flags['volumes-from']] }),
    ...(flags['volume-driver'] && { volumeDriver: flags['volume-driver'] }),
  };
}
