import { ContainerStore } from '../container/store.ts';
import { isNeglected } from '../state/kept.ts';
import type { Roots } from '../state/paths.ts';
import { secureRoots } from '../state/private.ts';
import type { EngineContext } from './context.ts';

/**
 * An engine's access to its state. Reading needs only the roots and the store. The code for changes is loaded when a
 * change is first asked for, so that `ps` starts sooner. Throws `invalid-root`.
 */
export class EngineAccess {
  readonly store: ContainerStore;
  #context: Promise<EngineContext> | undefined;

  constructor(
    readonly roots: Roots,
    private readonly options: {
      bridge?: string;
      pieces?: EngineContext['pieces'];
      logDefaults?: EngineContext['logDefaults'];
    } = {},
  ) {
    secureRoots(roots);
    this.store = new ContainerStore(roots);
  }

  /**
   * Starts the keeper again where it was killed while containers need it. A failure is ignored: the caller's command does not
   * depend on it.
   */
  async attend(): Promise<void> {
    if (!isNeglected(this.roots)) return;
    const { callKeeper } = await import('./keeping/call.ts');
    await callKeeper(await this.context()).catch(() => {});
  }

  context(): Promise<EngineContext> {
    this.#context ??= import('./context.ts').then(({ EngineContext }) => {
      const context = new EngineContext(this.roots, this.options.bridge, this.options.logDefaults);
      context.pieces = this.options.pieces;
      return context;
    });
    return this.#context;
  }
}
