import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../errors.ts';
import { removeTree } from '../state/remove-tree.ts';
import { copyUp } from '../storage/copy-up.ts';
import { resolve } from '../storage/merged-view.ts';
import { MS } from '../syscalls/uapi/flags.ts';
import type { Bind } from './rootfs/binds.ts';

/** `-v source:destination:options`. A source without a slash names a volume, a missing one makes an anonymous volume. */
export interface VolumeMount {
  source?: string;
  destination: string;
  readonly: boolean;
}

/** A mount of a container, as it is written down: where it comes from on the host, and what it is called. */
export interface VolumeRecord {
  /** `bind` is a path of the user's, `volume` a directory that minidock keeps. */
  type: 'bind' | 'volume';
  /** The volume's name. */
  name?: string;
  /** Of a volume: it was made for this container, which nobody gave a name for, and goes with it. */
  anonymous?: boolean;
  source: string;
  destination: string;
  readonly: boolean;
}

/**
 * Finds or makes the sources: a missing path of the host becomes a directory, as `docker run -v` does; a named volume is
 * made at first use with what the image has there; a destination without a source (`-v /data`, VOLUME in the image) is
 * a new volume.
 */
export async function prepareVolumes(
  directory: string,
  layers: readonly string[],
  asked: readonly VolumeMount[],
  imageVolumes: readonly string[],
  options: { make: boolean } = { make: true },
): Promise<VolumeRecord[]> {
  const taken = new Set<string>();
  for (const { destination } of asked) {
    const clean = checkDestination(destination);
    if (taken.has(clean))
      throw new MinidockError('invalid-volume', `Duplicate mount point: ${clean}`, { exitCode: 125 });
    taken.add(clean);
  }
  const implied = imageVolumes.filter(one => !taken.has(checkDestination(one)));
  const all = [...asked, ...implied.map(destination => ({ destination, readonly: false }) as VolumeMount)];
  const records: VolumeRecord[] = [];
  for (const one of all) records.push(await prepare(directory, layers, one, options.make));
  // Outer before inner: /data before /data/cache.
  return records.sort((a, b) => depth(a.destination) - depth(b.destination));
}

const depth = (destination: string) => destination.split('/').filter(Boolean).length;

async function prepare(
  directory: string,
  layers: readonly string[],
  one: VolumeMount,
  make: boolean,
): Promise<VolumeRecord> {
  const destination = checkDestination(one.destination);
  if (one.source?.startsWith('/')) {
    if (make && !fs.existsSync(one.source)) fs.mkdirSync(one.source, { recursive: true });
    const source = fs.existsSync(one.source) ? fs.realpathSync(one.source) : one.source;
    return { type: 'bind', source, destination, readonly: one.readonly };
  }
  const name = one.source ?? randomBytes(32).toString('hex');
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name))
    throw new MinidockError(
      'invalid-volume',
      `"${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
      { exitCode: 125, fix: 'if you meant a directory of the host, give its absolute path' },
    );
  if (make) await ensureVolume(directory, name, layers, destination);
  return {
    type: 'volume',
    name,
    anonymous: one.source === undefined,
    source: path.join(directory, name, '_data'),
    destination,
    readonly: one.readonly,
  };
}

function checkDestination(destination: string): string {
  const clean = path.posix.normalize(destination);
  if (!clean.startsWith('/')) throw refuse(destination, 'it must be absolute');
  checkPlace(clean, destination);
  return clean.replace(/\/$/, '');
}

/**
 * Where nothing may be mounted: on the root itself, in /proc (CVE-2019-16884), and through the links of /dev that lead
 * there: behind /proc/self/fd are the sources of volumes, writable until they have their places.
 */
function checkPlace(place: string, destination: string): void {
  if (place === '/') throw refuse(destination, "destination can't be '/'");
  if (/^\/(proc|dev\/(fd|stdin|stdout|stderr|core))(\/|$)/.test(place))
    throw refuse(destination, 'it is inside /proc, which is how the kernel and the container know each other');
}

const refuse = (destination: string, reason: string) =>
  new MinidockError('invalid-volume', `invalid mount path "${destination}": ${reason}`, { exitCode: 125 });

/** The volume's data directory, filled beside and renamed: two containers that start at once see it whole. */
async function ensureVolume(
  directory: string,
  name: string,
  layers: readonly string[],
  destination: string,
): Promise<void> {
  const volume = path.join(directory, name);
  const data = path.join(volume, '_data');
  if (fs.existsSync(data)) return;
  const fresh = path.join(directory, `.new-${randomBytes(6).toString('hex')}`);
  fs.mkdirSync(fresh, { mode: 0o710 });
  fs.mkdirSync(path.join(fresh, '_data'));
  // Whatever the caller's umask is: users of the container come here.
  fs.chmodSync(path.join(fresh, '_data'), 0o755);
  await copyUp(layers, destination, path.join(fresh, '_data'));
  try {
    fs.renameSync(fresh, volume);
  } catch (error) {
    removeTree(fresh);
    if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error;
  }
}

/**
 * As steps will mount it: the destination with the image's own links resolved, the kind of the source. Throws
 * `invalid-volume` where those links lead to a place that is none.
 */
export function bindFor(
  layers: readonly string[],
  one: Pick<VolumeRecord, 'source' | 'destination' | 'readonly'>,
): Bind {
  const target = resolve(layers, one.destination).path;
  checkPlace(target, one.destination);
  return {
    source: one.source,
    target,
    kind: fs.statSync(one.source, { throwIfNoEntry: false })?.isFile() ? 'file' : 'directory',
    readonly: one.readonly,
    propagation: MS.MS_REC | MS.MS_PRIVATE,
  };
}
