import { resolve } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { MinidockError } from '../errors.ts';
import type { RegistrySettings } from '../registry/daemon-config.ts';
import type { Roots } from '../state/paths.ts';
import type { Images } from './images.ts';
import type { Output } from './print/output.ts';

/** What a verb works with: tests hand in other parts. */
export interface Context {
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: Output;
  /** Loads the engine; needs root. */
  engine(): Promise<Engine>;
  /** Loads the image store; needs root. */
  images(): Promise<Images>;
}

/** Which engine: two with other roots and bridges live side by side. */
export interface Settings extends Roots {
  readonly registries: RegistrySettings;
  /** Name of the bridge device. */
  readonly bridge: string;
}

export interface GlobalFlags {
  readonly root?: string;
  readonly 'exec-root'?: string;
  readonly bridge?: string;
  readonly config?: string;
  readonly 'registry-mirror'?: readonly string[];
  readonly 'insecure-registry'?: readonly string[];
}

/** Flags before environment before defaults. */
export function settingsFrom(flags: GlobalFlags, env: Context['env']): Settings {
  return {
    root: resolve(flags.root ?? env.MINIDOCK_ROOT ?? '/var/lib/minidock'),
    execRoot: resolve(flags['exec-root'] ?? env.MINIDOCK_EXEC_ROOT ?? '/run/minidock'),
    bridge: flags.bridge ?? env.MINIDOCK_BRIDGE ?? 'minidock0',
    registries: {
      daemonConfig: resolve(flags.config ?? env.MINIDOCK_CONFIG ?? '/etc/minidock/daemon.json'),
      registryMirrors: flags['registry-mirror'] ?? [],
      insecureRegistries: flags['insecure-registry'] ?? [],
    },
  };
}

/** @throws {MinidockError} `not-root` */
export function requireRoot(): void {
  if (process.geteuid?.() !== 0) {
    throw new MinidockError('not-root', 'namespaces, mounts and cgroups need root, and this is not root', {
      fix: `sudo minidock ${process.argv.slice(2).join(' ')}`,
    });
  }
}
