import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../../errors.ts';
import type { Mount } from '../../oci/runtime-spec.ts';
import { byteString, pathOf } from '../../storage/bytes.ts';
import { type Found, type Mounts, resolve } from '../../storage/merged-view.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import { MS, OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC } from '../../syscalls/uapi/flags.ts';
import type { Bind } from './binds.ts';
import { parseOptions } from './mount-options.ts';
import { checkLinks, checkPlace, isKernels } from './mount-places.ts';
import type { NewMount } from './new-mounts.ts';
import { propagationFlags, propagations } from './propagation.ts';

/** A mount of config.json, with what is known of its source. */
export interface WantedMount extends Mount {
  /** The name of a volume. */
  name?: string;
  /** What the source is, where it need not exist yet. */
  kind?: Bind['kind'];
  within?: Bind['within'];
}

/** A mount as steps will make it. */
export type PlacedMount = Bind | NewMount;

export const isBind = (one: PlacedMount): one is Bind => !('type' in one);

/**
 * Mounts as steps will make them, in their order: each destination with the links of the image and of the volumes before it
 * resolved, in the container's own scope. What a volume's links say may change before the steps are done; then they fail, for
 * they follow none (mount-point.ts).
 *
 * @param layers with the writable one, bottom first  @param openTree whether the kernel has open_tree
 * @throws {MinidockError} `invalid-volume`, `too-many-links`
 */
export function placeMounts(
  layers: readonly string[],
  wanted: readonly WantedMount[],
  openTree: boolean,
): PlacedMount[] {
  const mounts = new Map<ByteString, ByteString>();
  return wanted.map(one => {
    const place = placeFor(layers, mounts, one.destination);
    const { flags, data } = parseOptions(one.options);
    const isNew = (flags & MS.MS_BIND) === 0;
    const kind = isNew ? 'directory' : (one.kind ?? kindOf(one.source));
    if (place.filesystem !== undefined) checkKinds(one, kind, place.kind);
    mounts.set(place.path, isNew ? newDirectory(one) : byteString(one.source));
    const target = {
      target: place.path,
      destination: one.destination,
      kind,
      ...(place.filesystem !== undefined && { filesystem: place.filesystem }),
    };
    if (isNew)
      return { ...target, type: one.type, source: one.source, flags, data: withMode(one, data, place.covered) };
    const others = flags & ~(MS.MS_BIND | MS.MS_REC | MS.MS_RDONLY);
    return {
      ...target,
      source: one.source,
      readonly: (flags & MS.MS_RDONLY) !== 0,
      ...(one.within && { within: one.within }),
      ...((flags & MS.MS_REC) === 0 && { recursive: false as const }),
      ...(others !== 0 && { flags: others }),
      propagation: propagationFlags({ source: one.source, propagation: propagationOf(one) }, openTree),
    };
  });
}

const propagationOf = ({ options }: Mount) => propagations.findLast(word => options.includes(word));

/** The root of a file system that is to be made, and is empty. No file of the host has such a name. */
const newDirectory = ({ type }: Pick<Mount, 'type'>): ByteString => byteString(`/proc/self/new ${type}`);
const newFilesystems: Readonly<Record<string, number>> = { [newDirectory({ type: 'tmpfs' })]: TMPFS_MAGIC };

/** `filesystem` is undefined where the kernel's own lie. */
function placeFor(layers: readonly string[], mounts: Mounts, destination: string) {
  const named = byteString(destination);
  const found = resolve(layers, named, { mounts });
  if (found.throughMount && found.path !== resolve(layers, named).path) checkLinks(found.path, destination);
  checkPlace(found.path, destination);
  const { path, kind, mounted } = found;
  if (mounted?.startsWith('/proc/self/new '))
    return { path, kind, covered: undefined, filesystem: newFilesystems[mounted] };
  const common = { path, kind, covered: kind === 'directory' ? found.hostPath : undefined };
  if (mounted !== undefined) return { ...common, filesystem: filesystemOf(mounted) };
  return { ...common, filesystem: isKernels(path) ? undefined : OVERLAYFS_SUPER_MAGIC };
}

/** As with runc a tmpfs gets the mode of the directory that it covers, unless its options set one. */
function withMode({ type }: Pick<Mount, 'type'>, data: string, covered: ByteString | undefined): string {
  if (type !== 'tmpfs' || covered === undefined || /(^|,)mode=/.test(data)) return data;
  const mode = modeOf(covered);
  return mode === undefined ? data : `mode=${mode.toString(8)}${data && `,${data}`}`;
}

/** Undefined where a container has removed the directory meanwhile, or put a link on the way. */
function modeOf(directory: ByteString): number | undefined {
  try {
    return fs.lstatSync(pathOf(directory)).mode & 0o7777;
  } catch (error) {
    if (!['ELOOP', 'ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
    return undefined;
  }
}

/** f_type of statfs(2); of a path that does not exist yet, that of its nearest parent. */
function filesystemOf(file: ByteString): number {
  try {
    return fs.statfsSync(pathOf(file)).type;
  } catch (error) {
    if (!['ELOOP', 'ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '') || file === '/') throw error;
    return filesystemOf(path.dirname(file));
  }
}

/** A socket, a device, a fifo is mounted as a file is. */
function kindOf(source: string): Bind['kind'] {
  return fs.statSync(source, { throwIfNoEntry: false })?.isDirectory() === false ? 'file' : 'directory';
}

/** A mount of a file on a directory, or the reverse: for both the kernel says ENOTDIR. */
function checkKinds(one: WantedMount, kind: Bind['kind'], there: Found['kind']): void {
  if (there === 'missing' || (kind === 'directory') === (there === 'directory')) return;
  const onto = kind === 'file' ? 'a directory' : 'a file';
  const { what, fix } = mismatch(one, kind);
  throw new MinidockError(
    'invalid-volume',
    `cannot mount ${what} on ${one.destination}, which is ${onto} in the container`,
    { fix },
  );
}

function mismatch(
  { name, type, source, destination, options }: WantedMount,
  kind: Bind['kind'],
): { what: string; fix: string } {
  if ((parseOptions(options).flags & MS.MS_BIND) === 0)
    return { what: `a ${type}`, fix: 'a file system is mounted on a directory: name another place for it' };
  if (kind === 'file')
    return {
      what: `the file ${source}`,
      fix: `name the file in it: ${path.posix.join(destination, path.basename(source))}`,
    };
  if (name !== undefined)
    return { what: `the volume ${name}`, fix: 'a volume is a directory: name another place for it' };
  return {
    what: `the directory ${source}`,
    fix: 'see whether the source is what you meant: one that does not exist is created, as a directory',
  };
}
