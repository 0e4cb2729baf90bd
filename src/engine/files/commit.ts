import type { Stats } from 'node:fs';
import { layersOf } from '../../container/layers.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { commitImage } from '../../image/commit/commit.ts';
import { applyChanges } from '../../image/config/changes.ts';
import { mergeConfig } from '../../image/config/merge.ts';
import { type ImageRecord, ImageStore } from '../../image/store.ts';
import type { ContainerConfig } from '../../oci/image-config.ts';
import { familiar, parseName } from '../../oci/reference.ts';
import { containerPaths } from '../../state/paths.ts';
import { packTree } from '../../storage/scope/pack.ts';
import { pathIn } from '../../storage/scope/scope.ts';
import type { ByteString, TarEntry } from '../../storage/tar/header.ts';
import { tell } from '../containers/events.ts';
import type { EngineContext } from '../context.ts';
import { tellImage } from '../images/events.ts';
import type { CommitOptions } from '../nouns/containers.ts';
import { isForUsAlone, isOurs, isWhiteout } from './changes.ts';
import { standStill } from './standstill.ts';
import { openUpper, type Upper } from './upper.ts';

/** Makes an image of what a container changed. */
export async function commitContainer(
  context: EngineContext,
  record: ContainerRecord,
  { reference, author, message, config, changes = [], pause = true }: CommitOptions,
): Promise<ImageRecord> {
  const own = configOf(record);
  const store = new ImageStore(context.roots.root);
  const image = await commitImage(store, {
    parent: store.get(record.imageId),
    layer: () => layerOf(context, record, { pause }),
    config: mergeConfig(applyChanges(config ?? own, changes), own),
    command: own.Cmd ?? [],
    container: record.id,
    reference,
    author,
    message,
  });
  // As in Docker a name is told as it was given, without the tag that goes without saying.
  const imageRef = reference === undefined ? '' : familiar(parseName(reference));
  if (reference !== undefined) tellImage(context.roots, 'tag', image, imageRef);
  tell(context, record, 'commit', { comment: message ?? '', imageID: image.id, imageRef });
  return image;
}

/** A container's config as Docker writes it into an image: the image's, with what flags added. */
function configOf({ config, options, hostname, image }: ContainerRecord): ContainerConfig {
  const ports = options.ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`);
  const places = options.volumes.filter(({ source }) => source === undefined).map(({ destination }) => destination);
  const withKeys = (old: Record<string, object> | undefined, added: readonly string[]) =>
    added.length === 0 ? old : { ...old, ...Object.fromEntries(added.map(key => [key, {}])) };
  const written = {
    Hostname: hostname,
    ...(options.domainname && { Domainname: options.domainname }),
    Image: image,
    ...(options.stopTimeout !== undefined && { StopTimeout: options.stopTimeout }),
    ...config,
    ExposedPorts: withKeys(config.ExposedPorts, ports),
    Volumes: withKeys(config.Volumes, places),
  };
  return written;
}

export interface Packing {
  /** Paths to leave out: mount points that were made for this container. */
  readonly stubs?: ReadonlySet<ByteString>;
  /** Later times are cut to this one, in seconds since 1970. */
  readonly latest?: number | undefined;
}

/** The container's writable layer as the tar of a layer. It stands still meanwhile, unless it is not to be paused. */
export async function* layerOf(
  context: EngineContext,
  record: ContainerRecord,
  { pause, ...packing }: Packing & { readonly pause: boolean },
): AsyncGenerator<Buffer> {
  const resume = pause ? await standStill(context, record.id) : undefined;
  try {
    yield* packUpper(containerPaths(context.roots, record.id).upper, layersOf(context.roots, record), packing);
  } finally {
    await resume?.();
  }
}

/**
 * What overlayfs wrote to an upper directory, as the tar of a layer. What starting a container makes in each root is left out.
 *
 * @param layers directories of the layers below, bottom first
 */
export async function* packUpper(
  directory: string,
  layers: readonly string[],
  { stubs = new Set(), latest = Number.POSITIVE_INFINITY }: Packing = {},
): AsyncGenerator<Buffer> {
  const upper = await openUpper(directory);
  try {
    const { scope, enter, isOpaque } = upper;
    const isMadeByUs = (path: ByteString, stats: Stats) => stubs.has(path) || isOurs(path, stats);
    const isNoChange = (names: readonly ByteString[]) =>
      !isOpaque(pathIn(names)) && isForUsAlone(scope, layers, names, isMadeByUs);
    yield* packTree({
      scope,
      names: [],
      as: '',
      enter,
      change: (entry, stats, names) =>
        isMadeByUs(pathIn(names), stats) || isNoChange(names)
          ? []
          : layerMembers(upper, { ...entry, mtime: Math.min(entry.mtime, latest) }, stats, pathIn(names)),
    });
  } finally {
    upper.scope.close();
  }
}

/** As the OCI's layer.md has deletions: a whiteout is an empty file `.wh.NAME`, an opaque directory holds `.wh..wh..opq`. */
function layerMembers({ isOpaque }: Upper, entry: TarEntry, stats: Stats, path: ByteString): TarEntry[] {
  if (isWhiteout(stats))
    return [
      marker(
        entry,
        entry.name.replace(/[^/]*$/, name => `.wh.${name}`),
      ),
    ];
  if (!stats.isDirectory() || !isOpaque(path)) return [entry];
  return [entry, marker(entry, `${entry.name}/.wh..wh..opq`)];
}

function marker(entry: TarEntry, name: ByteString): TarEntry {
  const empty = { type: 'file' as const, target: '', size: 0, major: 0, minor: 0, xattrs: new Map<string, Buffer>() };
  return { ...entry, ...empty, name, mode: 0 };
}
