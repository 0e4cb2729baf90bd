import type { RegistrySettings } from '../registry/daemon-config.ts';
import type { Roots } from '../state/paths.ts';
import { EngineAccess } from './access.ts';
import { LocalBuilder } from './builder/local.ts';
import { LocalContainers } from './containers/local.ts';
import type { EngineContext } from './context.ts';
import type { Engine } from './engine.ts';
import { LocalExecs } from './execs/local.ts';
import { LocalImages } from './images/local.ts';
import { LocalNetworks } from './networks/local.ts';
import { LocalSystem } from './system/local.ts';
import { LocalVolumes } from './volumes/local.ts';

export interface EngineOptions {
  /** Name of the bridge device. */
  readonly bridge?: string;
  readonly registries?: RegistrySettings;
  /** The log driver and its options for containers that name none. */
  readonly logDefaults?: EngineContext['logDefaults'];
  /** Replaces the engine's own pieces: by a learner's, or by those of a test. */
  readonly pieces?: EngineContext['pieces'];
}

/**
 * Opens the engine that runs in this process, on the state under `roots`. Nothing is read before it is needed, and each noun
 * loads its code when it is asked for something.
 */
export function openEngine(roots: Roots, options: EngineOptions = {}): Engine {
  const access = new EngineAccess(roots, options);
  const containers = new LocalContainers(access);
  const registries = options.registries ?? {};
  const images = new LocalImages(roots, containers, registries);
  return {
    containers,
    execs: new LocalExecs(access, containers),
    images,
    builder: new LocalBuilder(access, containers, images),
    networks: new LocalNetworks(access, containers),
    volumes: new LocalVolumes(access),
    system: new LocalSystem(access, containers, registries),
  };
}
