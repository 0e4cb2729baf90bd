import fs from 'node:fs';
import { checkLimits, withoutDiscarded } from '../../cgroup/check-limits.ts';
import { resourcesFor } from '../../cgroup/limits.ts';
import { mergeHealth } from '../../container/keeping/health.ts';
import { layersOf } from '../../container/layers.ts';
import { attributesOf } from '../../container/logging/attributes.ts';
import { completeLogConfig, isDefaultLog } from '../../container/logging/config.ts';
import { jsonFileForms } from '../../container/logging/form.ts';
import { readName } from '../../container/names.ts';
import { initInside } from '../../container/options/process.ts';
import { tmpfsMounts, volumesAsked } from '../../container/options/storage.ts';
import {
  commandLine,
  configuredEnvironment,
  entrypointOf,
  environment,
  workingDirectory,
} from '../../container/process/command.ts';
import { userOf } from '../../container/process/image-user.ts';
import { checkOomScore } from '../../container/process/oom-score.ts';
import { type ContainerOptions, type ContainerRecord, recordFormat } from '../../container/record.ts';
import { checkRights } from '../../container/rights/check.ts';
import { hostnameFor } from '../../container/rootfs/etc-files.ts';
import { outerFirst } from '../../container/rootfs/mount-places.ts';
import type { WantedMount } from '../../container/rootfs/mount-targets.ts';
import { ociSpec } from '../../container/spec.ts';
import { prepareVolumes, type VolumeRecord } from '../../container/volumes.ts';
import { timestamp } from '../../host/clock.ts';
import { diskNumber } from '../../host/device-number.ts';
import { randomHex } from '../../host/random.ts';
import { type ImageRecord, noSuchImage } from '../../image/store.ts';
import { modeOf } from '../../network/attachment.ts';
import { anonymousVolumes } from '../../oci/annotations.ts';
import { type Mount, printSpec, type Spec } from '../../oci/runtime-spec.ts';
import { ensureDirectory } from '../../state/files.ts';
import { withLock } from '../../state/lock.ts';
import { cgroupParent, containerPaths, enginePaths } from '../../state/paths.ts';
import { privateDirectory } from '../../state/private.ts';
import { removeTrees } from '../../state/remove-tree.ts';
import { chainIds } from '../../storage/chain.ts';
import { initPath } from '../../syscalls/shim.ts';
import type { EngineContext } from '../context.ts';
import { donorsFor, networkOwner, withDonorIds } from '../namespaces/donors.ts';
import { sharedMemory } from '../namespaces/shared-memory.ts';
import { endpointsAsked } from '../networks/attach.ts';
import { linksFor, withLinkIds } from '../networks/links.ts';
import { mappingsOf } from '../networks/mappings.ts';
import { writeResolverFiles } from '../networks/resolver-files.ts';
import { tellVolume } from '../volumes/events.ts';
import { anonymousVolumesOf } from '../volumes/in-use.ts';
import { volumesFrom } from '../volumes/inherit.ts';
import { imageFor, ownConfig } from './own-config.ts';

/**
 * Makes a container's record and the directories of its bundle, and starts nothing. Where it throws it leaves nothing
 * behind.
 */
export async function createContainer(
  context: EngineContext,
  wanted: ContainerOptions,
  image = imageFor(context, wanted),
): Promise<ContainerRecord> {
  const options = withLinkIds(context, withDonorIds(context, wanted));
  const id = randomHex(32);
  checkLimits(options, context.facts);
  checkOomScore(options.oomScoreAdj);
  checkRights(options, context.facts);
  const name = wantedName(context, options);
  for (;;) {
    const record = await recordFor(context, withoutDiscarded(options, context.facts), image, id);
    if (await enter(context, record, image, name)) return record;
    removeTrees(anonymousVolumesOf(context, record.mounts));
  }
}

/**
 * Makes the container visible to all commands. Returns false where one of its volumes was pruned since it was prepared: then
 * the caller prepares new ones.
 */
async function enter(
  context: EngineContext,
  record: ContainerRecord,
  image: ImageRecord,
  name: string | undefined,
): Promise<boolean> {
  try {
    // Name and bundle are made under one lock: of two containers with the same name only the first is made.
    return await withLock(enginePaths(context.roots).allocation, () => {
      // Unused layers and volumes are removed under the same lock (image/collect.ts, ../volumes/remove.ts). From the
      // moment its record exists a container counts as their user.
      if (!image.layers.every(layer => fs.existsSync(layer))) throw noSuchImage(record.image);
      if (!record.mounts.every(({ type, source }) => type !== 'volume' || fs.existsSync(source))) return false;
      if (name !== undefined) context.store.checkFree(name);
      record.name = name ?? context.freshName(taken => context.store.named(taken) !== undefined);
      makeBundle(context, record, image.layers.at(-1));
      return true;
    });
  } catch (error) {
    removeTrees(anonymousVolumesOf(context, record.mounts));
    throw error;
  }
}

function makeBundle(context: EngineContext, record: ContainerRecord, topLayer: string | undefined): void {
  try {
    // The name is taken first: if this process is killed in between, a dangling link is left, and that counts as a free
    // name.
    context.store.takeName(record.name, record.id);
    context.store.create(record, directory => {
      for (const name of ['upper', 'work', 'rootfs']) fs.mkdirSync(`${directory}/${name}`, { mode: 0o755 });
      likeRoot(`${directory}/upper`, topLayer);
    });
  } catch (error) {
    context.store.takeAway(record);
    throw error;
  }
}

/** Overlayfs shows the writable layer's owner and mode as those of "/": they must be the image's. */
function likeRoot(upper: string, layer: string | undefined): void {
  if (layer === undefined) return;
  const { mode, uid, gid } = fs.statSync(layer);
  fs.chownSync(upper, uid, gid);
  fs.chmodSync(upper, mode & 0o7777);
}

/** The name that `--name` asks for, checked to be valid and free. */
export function wantedName(context: EngineContext, options: Pick<ContainerOptions, 'name'>): string | undefined {
  if (!options.name) return undefined;
  const name = readName(options.name);
  context.store.checkFree(name);
  return name;
}

/**
 * The record of a container that is to be made, without its name. With `make` false nothing is made on disk: for `--dry-run`.
 */
export async function recordFor(
  context: EngineContext,
  options: ContainerOptions,
  image: ImageRecord,
  id: string,
  make = true,
): Promise<ContainerRecord> {
  const args = commandLine(image.config, options);
  const entrypoint = entrypointOf(options.entrypoint);
  const hostname = hostnameOf(context, options, id);
  const healthcheck = mergeHealth(image.config.Healthcheck, options.health);
  const config = {
    ...image.config,
    Env: configuredEnvironment(image.config.Env ?? [], options.env),
    WorkingDir: workingDirectory(image.config.WorkingDir, options.workdir),
    User: options.user || image.config.User || '',
    ...(healthcheck && { Healthcheck: healthcheck }),
    ...(options.command.length > 0 && { Cmd: options.command }),
    ...(entrypoint !== undefined && { Entrypoint: entrypoint.length > 0 ? entrypoint : undefined }),
    ...ownConfig(image.config, options),
  };
  const { volumes } = enginePaths(context.roots);
  if (make) privateDirectory(volumes);
  const implied = Object.keys(image.config.Volumes ?? {});
  const asked = volumesAsked(options);
  const tmpfs = tmpfsMounts(options).map(({ destination }) => destination);
  const inherited = volumesFrom(context, options.volumesFrom);
  const found = (name: string) => tellVolume(context.roots, 'create', name);
  const mounts = await prepareVolumes(volumes, image.layers, asked, implied, { make, inherited, tmpfs, found });
  const logging = completeLogConfig(options.logging, context.logDefaults);
  const record: ContainerRecord = {
    format: recordFormat,
    id,
    name: '',
    created: timestamp(),
    image: options.image,
    imageId: image.id,
    path: args[0]!,
    args: args.slice(1),
    options: isDefaultLog(logging) ? options : { ...options, logging },
    hostname,
    config,
    mounts,
    layers: chainIds(image.diffIds),
    state: { status: 'created', pid: 0, exitCode: 0, error: '', oomKilled: false },
    network: { mode: modeOf(options.network), endpoints: await endpointsAsked(context, options), ports: [] },
  };
  jsonFileForms(attributesOf(record, logging.options));
  mappingsOf(record);
  return record;
}

/** As in Docker a container has the name of the one whose network it shares. */
function hostnameOf(context: EngineContext, options: ContainerOptions, id: string): string {
  const owner = networkOwner(context, id, options);
  return owner === id ? hostnameFor(options, id) : (context.store.read(owner)?.hostname ?? '');
}

/**
 * The files and directories of the host that the container sees, in the order in which they are mounted. Its hosts,
 * hostname and resolv.conf are mounted like volumes: under a volume on /etc, and not at all where a volume has the same
 * destination.
 */
export function mountsOf(
  context: EngineContext,
  { id, mounts, options }: Pick<ContainerRecord, 'id' | 'mounts' | 'options'>,
): WantedMount[] {
  const paths = containerPaths(context.roots, networkOwner(context, id, options));
  const files = [
    { source: paths.resolvConf, destination: '/etc/resolv.conf' },
    { source: paths.hostname, destination: '/etc/hostname' },
    { source: paths.hosts, destination: '/etc/hosts' },
  ].filter(file => !mounts.some(({ destination }) => destination === file.destination));
  const readonly = options.readonlyRootfs ?? false;
  const init = { source: options.init ? initPath() : '', destination: initInside, readonly: true };
  return outerFirst([
    ...(options.init ? [{ ...bindMount(init), kind: 'file' as const }] : []),
    ...sharedMemory(donorsFor(context, options), options, mounts),
    ...files.map(file => ({ ...bindMount({ ...file, readonly }), kind: 'file' as const })),
    ...mounts.map(one => ({ ...bindMount(one), name: one.name })),
    ...tmpfsMounts(options),
  ]);
}

function bindMount({
  source,
  destination,
  readonly,
  nonRecursive,
  propagation = 'rprivate',
}: Pick<VolumeRecord, 'source' | 'destination' | 'readonly' | 'nonRecursive' | 'propagation'>): Mount {
  const bind = nonRecursive ? 'bind' : 'rbind';
  return { destination, type: 'bind', source, options: [bind, propagation, readonly ? 'ro' : 'rw'] };
}

/**
 * Writes config.json and the files that are mounted over the image's. This is done again at each start, because the
 * address may have changed.
 */
export function writeBundle(context: EngineContext, record: ContainerRecord): Spec {
  const paths = containerPaths(context.roots, record.id);
  if (!context.facts.features.openTree) ensureDirectory(paths.staging, 0o755);
  const links = linksFor(context, record);
  if (record.network.mode !== 'container') writeResolverFiles(context, record, links.hosts);
  const spec = specFor(context, record, links.variables);
  fs.writeFileSync(paths.config, printSpec(spec));
  return spec;
}

/** The container as an OCI spec. */
export function specFor(context: EngineContext, record: ContainerRecord, linked: readonly string[] = []): Spec {
  const { facts } = context;
  const mounts = mountsOf(context, record).map(({ name, kind, within, ...mount }): Mount => mount);
  const { hostname, options } = record;
  const user = userOf(options, { layers: layersOf(context.roots, record), config: record.config });
  const configured = record.config.Env ?? [];
  const env = environment({ linked, configured, hostname, tty: options.tty, home: user.home });
  const spec = ociSpec(
    {
      args: [...(options.init ? [initInside, '--'] : []), record.path, ...record.args],
      env,
      cwd: record.config.WorkingDir ?? '/',
      user,
      hostname,
      tty: options.tty,
      network: record.network.mode,
      options,
      mounts,
      cgroupsPath: `${cgroupParent(context.roots)}/${record.id}`,
      resources: resourcesFor(options, facts, diskNumber),
      rootfs: containerPaths(context.roots, record.id).rootfs,
      joined: donorsFor(context, options),
    },
    facts,
  );
  const anonymous = record.mounts.filter(mount => mount.anonymous).map(mount => mount.name);
  if (anonymous.length > 0) spec.annotations = { [anonymousVolumes]: anonymous.join(' ') };
  return spec;
}
