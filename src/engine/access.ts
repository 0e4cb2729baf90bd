import { ContainerStore } from '../container/store.ts';
import type { Roots } from '../state/paths.ts';
import { secureRoots } from '../state/private.ts';
import type { EngineParts } from './context.ts';

/**
 * An engine's access to its state. Reading needs only the roots and the store. The code for changes is loaded when a
 * change is first asked for, so that `ps` starts sooner. Throws `invalid-root`.
 */
export class EngineAccess {
  readonly store: ContainerStore;
  #parts: Promise<EngineParts> | undefined;

  constructor(
    readonly roots: Roots,
    private readonly options: { bridge?: string; pieces?: EngineParts['pieces'] } = {},
  ) {
    secureRoots(roots);
    this.store = new ContainerStore(roots);
  }

  parts(): Promise<EngineParts> {
    this.#parts ??= import('./context.ts').then(({ EngineParts }) => {
      const parts = new EngineParts(this.roots, this.options.bridge);
      parts.pieces = this.options.pieces;
      return parts;
    });
    return this.#parts;
  }
}
