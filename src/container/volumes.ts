import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../errors.ts';
import { randomHex } from '../host/random.ts';
import { ensureDirectory } from '../state/files.ts';
import { removeTrees } from '../state/remove-tree.ts';
import { byteString } from '../storage/bytes.ts';
import { checkPlace, invalidPlace, outerFirst } from './rootfs/mount-places.ts';
import type { Propagation } from './rootfs/propagation.ts';
import { ensureVolume } from './volume-content.ts';
import { checkDriver, checkDriverOptions } from './volume-driver.ts';

/** `-v source:destination:options`. A source without a slash names a volume, a missing one makes an anonymous volume. */
export interface VolumeMount {
  source?: string;
  destination: string;
  readonly: boolean;
  /** As it was typed: `ro,z`. */
  mode?: string;
  /** rprivate where nothing is said. */
  propagation?: Propagation;
  /** A new volume stays empty, whatever the image has there. */
  noCopy?: boolean;
  /** For `--mount type=bind`: a missing source is refused. */
  mustExist?: boolean;
  /** For `--mount type=volume`: the source is a name, even where it looks like a path. */
  isVolume?: boolean;
  /** Mounts below the source are not taken along. */
  nonRecursive?: boolean;
  /** For a volume that this mount creates. */
  labels?: Readonly<Record<string, string>>;
  driver?: string;
  driverOptions?: Readonly<Record<string, string>>;
}

/** A mount of a container, as its record holds it: the source on the host, and the name of the volume. */
export interface VolumeRecord {
  /** `bind` is a path of the user's, `volume` a directory that minidock keeps. */
  type: 'bind' | 'volume';
  /** The volume's name. */
  name?: string;
  /** The volume was made for this container and has no name of a user's; it is removed with the container. */
  anonymous?: boolean;
  source: string;
  destination: string;
  readonly: boolean;
  mode?: string;
  propagation?: Propagation;
  nonRecursive?: boolean;
}

/**
 * Finds or makes the sources: a missing path of the host becomes a directory, as `docker run -v` does; a named volume is
 * made at first use with what the image has there; a destination without a source (`-v /data`, VOLUME in the image) is
 * a new volume.
 *
 * @param found is told the name of each volume that was found or made
 * @param inherited what other containers mount (`--volumes-from`): it gives way to what this one asks for
 * @param tmpfs places of file systems in memory
 */
export async function prepareVolumes(
  directory: string,
  layers: readonly string[],
  asked: readonly VolumeMount[],
  imageVolumes: readonly string[],
  {
    make = true,
    inherited = [],
    tmpfs = [],
    found = () => {},
  }: {
    make?: boolean;
    inherited?: readonly VolumeRecord[];
    tmpfs?: readonly string[];
    found?: (name: string) => void;
  } = {},
): Promise<VolumeRecord[]> {
  const isExact = ({ source, isVolume = false }: VolumeMount) => source !== undefined || isVolume;
  const named = asked.filter(isExact);
  const taken = new Set(tmpfs);
  for (const { destination } of named) {
    const clean = checkDestination(destination);
    if (taken.has(clean)) throw new MinidockError('invalid-volume', `Duplicate mount point: ${clean}`);
    taken.add(clean);
  }
  // An anonymous volume of `-v`, as one of the image, gives way to a named mount at the same place.
  const nameless = asked.filter(one => !isExact(one)).map(({ destination }) => destination);
  const implied = new Set([...nameless, ...imageVolumes].map(checkDestination).filter(place => !taken.has(place)));
  const kept = inherited.filter(({ destination }) => !taken.has(destination));
  for (const { destination } of kept) implied.delete(destination);
  const all = [...named, ...[...implied].map(destination => ({ destination, readonly: false }) as VolumeMount)];
  const records: VolumeRecord[] = [];
  try {
    for (const one of all) records.push(await prepare(directory, layers, one, make, found));
  } catch (error) {
    // No other container can use them: nobody knows their names.
    const made = records.filter(({ anonymous }) => anonymous).map(({ source }) => path.dirname(source));
    removeTrees(make ? made : []);
    throw error;
  }
  return outerFirst([...kept, ...records]);
}

async function prepare(
  directory: string,
  layers: readonly string[],
  one: VolumeMount,
  make: boolean,
  found: (name: string) => void,
): Promise<VolumeRecord> {
  const destination = checkDestination(one.destination);
  if (one.source?.startsWith('/') && !one.isVolume) {
    const wanted = path.resolve(one.source);
    const isThere = fs.existsSync(wanted);
    if (one.mustExist && !isThere) throw noSource(wanted);
    if (make && !isThere) makeSource(wanted);
    const source = fs.existsSync(wanted) ? fs.realpathSync(wanted) : wanted;
    return { type: 'bind', source, destination, readonly: one.readonly, ...asTyped(one) };
  }
  const name = one.source ?? randomHex(32);
  const { driver, labels, driverOptions = {} } = one;
  // As in Docker the driver of a volume without a name is not checked.
  if (one.source !== undefined || one.isVolume) checkDriver(driver, name);
  checkVolumeName(name);
  checkDriverOptions(driverOptions, name);
  const content = { layers: one.noCopy ? [] : layers, source: destination };
  if (make) await ensureVolume(directory, name, content, labels && { labels });
  if (make) found(name);
  return {
    type: 'volume',
    name,
    anonymous: one.source === undefined,
    source: path.join(directory, name, '_data'),
    destination,
    readonly: one.readonly,
    // Of a volume nothing is said by nothing after its colon.
    ...asTyped(one.mode === '' ? { ...one, mode: undefined } : one),
  };
}

/**
 * Docker's rule and words.
 *
 * @throws {MinidockError} `invalid-volume`
 */
export function checkVolumeName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/.test(name)) return;
  const refused = (reason: string, fix?: string) =>
    new MinidockError('invalid-volume', `create ${name}: ${reason}`, fix === undefined ? {} : { fix });
  if (name.length === 1)
    throw refused('volume name is too short, names should be at least two alphanumeric characters');
  if (name.length > 255) throw refused('volume name is too long', 'a directory has its name: 255 characters at most');
  throw refused(
    `"${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
    'if you meant a directory of the host, give its absolute path',
  );
}

/**
 * Independent of the caller's umask: users of the container must get in.
 *
 * @throws {MinidockError} `invalid-volume`; errors of the disk as they are
 */
function makeSource(directory: string): void {
  try {
    ensureDirectory(directory, 0o777);
    fs.chmodSync(directory, 0o755);
  } catch (cause) {
    const reason = obstacle(directory, errnoOf(cause));
    if (reason === undefined) throw cause;
    throw new MinidockError('invalid-volume', `error while creating mount source path '${directory}': ${reason}`, {
      cause,
    });
  }
}

function obstacle(directory: string, errno: string | undefined): string | undefined {
  switch (errno) {
    case 'ENOTDIR':
      return 'a part of the path is not a directory';
    case 'ENAMETOOLONG':
      return 'a part of the path is longer than a file name may be';
    case 'EROFS':
      return 'the file system there is read-only';
    case 'EACCES':
    case 'EEXIST':
    case 'ELOOP':
    case 'ENOENT':
    case 'EPERM':
      return fs.lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink()
        ? 'it is a symbolic link that leads nowhere'
        : 'it does not exist, and cannot be made there';
  }
  return undefined;
}

const asTyped = ({ mode, propagation, nonRecursive }: VolumeMount) => ({
  ...(mode !== undefined && { mode }),
  ...(propagation !== undefined && { propagation }),
  ...(nonRecursive && { nonRecursive }),
});

const noSource = (source: string) =>
  new MinidockError(
    'invalid-volume',
    `invalid mount config for type "bind": bind source path does not exist: ${source}`,
    { fix: 'create it first, or use -v, which creates a directory' },
  );

function checkDestination(destination: string): string {
  const clean = path.posix.normalize(destination);
  if (!clean.startsWith('/')) throw invalidPlace(destination, 'it must be absolute');
  checkPlace(byteString(clean), destination);
  return clean.replace(/\/$/, '');
}
