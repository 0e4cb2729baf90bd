import { cgroupDriver } from '../cgroup/choose.ts';
import type { CgroupDriver } from '../cgroup/driver.ts';
import { freshName } from '../container/fresh-names.ts';
import type { LogDefaults } from '../container/logging/config.ts';
import { ContainerStore } from '../container/store.ts';
import { readCgroupLayout } from '../host/cgroup-layout.ts';
import { type HostFacts, hostFacts } from '../host/facts.ts';
import { checkBridgeName, defaultBridge } from '../network/network.ts';
import { cgroupParent, type Roots } from '../state/paths.ts';
import { secureRoots } from '../state/private.ts';
import type { Pieces } from './compile/pieces.ts';

/**
 * What the engine works with. Each part is made when it is first used, because `ps` needs few of them. The roots
 * are made, or closed to everybody but root, at once: throws `invalid-root`, `invalid-bridge`.
 */
export class EngineContext {
  readonly store: ContainerStore;
  /** Replaces the engine's own pieces: by a learner's, or by those of a test. */
  pieces: Pieces | undefined;
  #facts: HostFacts | undefined;
  #cgroups: CgroupDriver | undefined;

  constructor(
    readonly roots: Roots,
    readonly bridge: string = defaultBridge,
    /** The log driver and its options for containers that name none. */
    readonly logDefaults: LogDefaults = {},
  ) {
    checkBridgeName(bridge);
    secureRoots(roots);
    this.store = new ContainerStore(roots);
  }

  get facts(): HostFacts {
    this.#facts ??= hostFacts(cgroupParent(this.roots));
    return this.#facts;
  }

  get cgroups(): CgroupDriver {
    // Where nothing is started its other facts are not asked for: they are a millisecond of small reads.
    this.#cgroups ??= cgroupDriver(this.#facts?.cgroup ?? readCgroupLayout(cgroupParent(this.roots)));
    return this.#cgroups;
  }

  freshName(taken: (name: string) => boolean): string {
    return freshName(taken);
  }
}
