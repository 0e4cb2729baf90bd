import os from 'node:os';
import path from 'node:path';
import { type ContainerRecord, isUp } from '../../container/record.ts';
import { readCgroupLayout } from '../../host/cgroup-layout.ts';
import { mountsOf } from '../../host/mountinfo.ts';
import { ImageStore } from '../../image/store.ts';
import { type RegistrySettings, readDaemonConfig } from '../../registry/daemon-config.ts';
import { readIfPresent } from '../../state/files.ts';
import { cgroupParent, type Roots } from '../../state/paths.ts';
import type { SystemInfo } from '../nouns/system.ts';

/** What there is, and what machine it is on. @throws {MinidockError} `invalid-config`: what is said of registries */
export function systemInfo(
  roots: Roots,
  containers: readonly ContainerRecord[],
  settings: { readonly logDriver: string; readonly registries: RegistrySettings },
): SystemInfo {
  const { registryMirrors, insecureRegistries } = readDaemonConfig(settings.registries);
  const paused = containers.filter(({ state }) => state.paused).length;
  const up = containers.filter(isUp).length;
  const { kind } = readCgroupLayout(cgroupParent(roots));
  const release = osRelease();
  return {
    id: (readIfPresent(path.join(roots.root, 'engine-id')) ?? '').trim(),
    containers: { running: up - paused, paused, stopped: containers.length - up },
    images: new ImageStore(roots.root).list().length,
    root: roots.root,
    logDriver: settings.logDriver,
    fileSystem: fileSystemOf(roots.root),
    cgroupVersion: kind === 'none' ? undefined : kind === 'v2' ? 2 : 1,
    operatingSystem: release.PRETTY_NAME ?? 'Linux',
    osVersion: release.VERSION_ID ?? '',
    kernel: os.release(),
    cpus: os.cpus().length,
    memory: os.totalmem(),
    hostname: os.hostname(),
    registries: { mirrors: registryMirrors.map(({ href }) => href.replace(/\/*$/, '/')), insecure: insecureRegistries },
  };
}

/** os-release(5): `KEY=value`, `KEY="value"`. */
function osRelease(): Record<string, string> {
  const text = readIfPresent('/etc/os-release') ?? readIfPresent('/usr/lib/os-release') ?? '';
  const lines = [...text.matchAll(/^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(.*))$/gm)];
  return Object.fromEntries(lines.map(([, key, double, single, plain]) => [key, double ?? single ?? plain]));
}

/** The type of the file system that a directory is on: of the mounts whose place begins its path, the last of the longest. */
function fileSystemOf(directory: string): string {
  const holds = (target: string) => target === '/' || directory === target || directory.startsWith(`${target}/`);
  const mounts = mountsOf('self').filter(({ target }) => holds(target));
  const longest = Math.max(...mounts.map(({ target }) => target.length));
  return mounts.findLast(({ target }) => target.length === longest)?.type ?? 'unknown';
}
