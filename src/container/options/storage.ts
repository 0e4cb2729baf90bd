import path from 'node:path';
import { MinidockError } from '../../errors.ts';
import type { Mount } from '../../oci/runtime-spec.ts';
import { type Propagation, propagations } from '../rootfs/propagation.ts';
import type { VolumeMount } from '../volumes.ts';

/** The mounts of a container besides `-v`. */
export interface StorageOptions {
  /** `--mount`. */
  mounts?: readonly MountRequest[];
  /** `--tmpfs`: options by destination, as they were typed. */
  tmpfs?: Readonly<Record<string, string>>;
  /** `--volumes-from`: `CONTAINER[:ro]`. */
  volumesFrom?: readonly string[];
  /** `--volume-driver`, for volumes that `-v` names. */
  volumeDriver?: string;
}

/** One `--mount`, in the form of Docker's API. It is as given; `checkMount` finds what makes no sense. */
export interface MountRequest {
  /** `bind`, `volume` or `tmpfs`. */
  type: string;
  source?: string;
  target: string;
  readonly?: boolean;
  consistency?: string;
  propagation?: string;
  nonRecursive?: boolean;
  noCopy?: boolean;
  labels?: Readonly<Record<string, string>>;
  driver?: string;
  driverOptions?: Readonly<Record<string, string>>;
  /** Bytes. */
  tmpfsSize?: number;
  tmpfsMode?: number;
}

/** The volumes of `-v` and `--mount` together, in Docker's order. Throws `invalid-volume`. */
export function volumesAsked(options: StorageOptions & { volumes: readonly VolumeMount[] }): VolumeMount[] {
  const { mounts = [], volumeDriver } = options;
  for (const mount of mounts) checkMount(mount);
  return [
    ...options.volumes.map(volume => (volumeDriver ? { ...volume, driver: volumeDriver } : volume)),
    ...mounts.filter(({ type }) => type !== 'tmpfs').map(asVolume),
  ];
}

function asVolume({ type, source, target, readonly = false, ...more }: MountRequest): VolumeMount {
  const { propagation, nonRecursive, noCopy, labels, driver, driverOptions } = more;
  return {
    // Without a source a volume is anonymous.
    ...(source && { source }),
    destination: target,
    readonly,
    // Docker shows `z`, a volume that containers may share, for every `--mount type=volume`.
    mode: type === 'volume' ? 'z' : '',
    ...(type === 'bind' && { mustExist: true }),
    ...(type === 'volume' && { isVolume: true }),
    ...(propagation && { propagation: propagation as Propagation }),
    ...(nonRecursive && { nonRecursive }),
    ...(noCopy && { noCopy }),
    ...(labels && { labels }),
    ...(driver && { driver }),
    ...(driverOptions && { driverOptions }),
  };
}

/** The file systems in memory that `--tmpfs` and `--mount type=tmpfs` ask for, as they stand in config.json. */
export function tmpfsMounts({ mounts = [], tmpfs = {} }: StorageOptions): Mount[] {
  const made = new Map<string, Mount>();
  const add = (target: string, options: readonly string[]) => {
    const destination = cleanTarget(target);
    made.set(destination, {
      destination,
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'nodev', 'noexec', ...options],
    });
  };
  for (const mount of mounts.filter(({ type }) => type === 'tmpfs')) {
    const destination = cleanTarget(mount.target);
    if (made.has(destination)) throw new MinidockError('invalid-volume', `Duplicate mount point: ${destination}`);
    add(mount.target, tmpfsOptions(mount));
  }
  for (const [target, given] of Object.entries(tmpfs)) add(target, checkTmpfs(target, given));
  return [...made.values()];
}

function tmpfsOptions({ readonly, tmpfsSize, tmpfsMode }: MountRequest): string[] {
  return [
    ...(readonly ? ['ro'] : []),
    ...(tmpfsMode === undefined ? [] : [`mode=${tmpfsMode.toString(8)}`]),
    ...(tmpfsSize === undefined ? [] : [`size=${tmpfsSize}`]),
  ];
}

/** The options of mount(8) that Docker accepts: flags, and those of tmpfs(5). */
const tmpfsWords = new Set(
  (
    'defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync remount mand nomand atime noatime diratime nodiratime ' +
    'relatime norelatime strictatime nostrictatime'
  ).split(' '),
);
/** With what the kernel reads after the sign; `size` may be a part of the memory, too. */
const tmpfsKeys = new Map([
  ['size', /^(0x[\da-f]+|\d+)[kmgtpe]?%?$/i],
  ['mode', /^[0-7]+$/],
  ['uid', /^(0x[\da-f]+|\d+)$/i],
  ['gid', /^(0x[\da-f]+|\d+)$/i],
  ['nr_inodes', /^(0x[\da-f]+|\d+)[kmgtpe]?$/i],
  ['nr_blocks', /^(0x[\da-f]+|\d+)[kmgtpe]?$/i],
  ['mpol', /./],
]);

/** The options of `--tmpfs TARGET:OPTIONS`. Propagation has no meaning for a tmpfs, and is dropped. Throws `invalid-volume`. */
function checkTmpfs(target: string, given: string): string[] {
  checkTarget(target);
  const words = given.split(',').filter(Boolean);
  const hasValue = (word: string) => {
    const [key = '', value] = word.split(/=(.*)/s);
    return value !== undefined && tmpfsKeys.get(key)?.test(value);
  };
  const wrong = words.filter(
    word => !tmpfsWords.has(word) && !propagations.includes(word as Propagation) && !hasValue(word),
  );
  if (wrong.length > 0)
    throw new MinidockError('invalid-volume', `invalid tmpfs option ${JSON.stringify(wrong.slice(0, 1))}`, {
      fix: `options are ${[...tmpfsKeys.keys()].map(key => `${key}=…`).join(', ')}, ro, exec, suid, dev and those of mount(8)`,
    });
  return words.filter(word => !propagations.includes(word as Propagation));
}

/** Docker's own checks of a `--mount`, in its words. Throws `invalid-volume`. */
function checkMount(mount: MountRequest): void {
  const { type, source, target, readonly, propagation } = mount;
  const wrong = (reason: string, fix?: string) =>
    new MinidockError('invalid-volume', `invalid mount config for type "${type}": ${reason}`, fix ? { fix } : {});
  if (!['bind', 'volume', 'tmpfs'].includes(type))
    throw wrong('mount type unknown', 'types are bind, volume and tmpfs');
  try {
    checkTarget(target);
  } catch (error) {
    throw wrong((error as Error).message);
  }
  if (type === 'bind') {
    if (!source) throw wrong('field Source must not be empty');
    if (propagation && !propagations.includes(propagation as Propagation))
      throw wrong(`invalid propagation mode: ${propagation}`, `it is one of ${propagations.join(', ')}`);
    if (!source.startsWith('/')) throw wrong(`invalid mount path: '${source}' mount path must be absolute`);
  }
  if (type === 'volume' && !source && readonly)
    throw wrong(
      'must not set ReadOnly mode when using anonymous volumes',
      'name the volume with source=, or leave readonly out',
    );
  if (type === 'tmpfs' && source) throw wrong('field Source must not be specified');
}

function checkTarget(target: string): void {
  const refused = (reason: string) => new MinidockError('invalid-volume', reason);
  if (!target.startsWith('/')) throw refused(`invalid mount path: '${target}' mount path must be absolute`);
  if (path.posix.normalize(target) === '/') throw refused("invalid specification: destination can't be '/'");
}

const cleanTarget = (target: string) => path.posix.normalize(target).replace(/(?<=.)\/$/, '');
