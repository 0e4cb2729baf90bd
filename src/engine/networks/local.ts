import type { EngineAccess } from '../access.ts';
import type { LocalContainers } from '../containers/local.ts';
import type {
  Connection,
  Network,
  NetworkCreation,
  NetworkPruneFilter,
  NetworkRepair,
  Networks,
} from '../nouns/networks.ts';

/** The networks under an engine's roots. */
export class LocalNetworks implements Networks {
  constructor(
    private readonly access: EngineAccess,
    private readonly containers: LocalContainers,
  ) {}

  async create(options: NetworkCreation): Promise<{ id: string }> {
    const { createNetwork } = await import('./create.ts');
    return await createNetwork(await this.access.context(), options);
  }

  async list(): Promise<Network[]> {
    const { listNetworks } = await import('./list.ts');
    return await listNetworks(await this.access.context(), await this.#running());
  }

  async inspect(reference: string): Promise<Network> {
    const { findNetwork } = await import('./list.ts');
    return await findNetwork(await this.access.context(), reference, await this.#running());
  }

  async remove(reference: string): Promise<void> {
    const { removeNetwork } = await import('./remove.ts');
    await removeNetwork(await this.access.context(), reference);
  }

  async prune(filter: NetworkPruneFilter = {}): Promise<{ names: readonly string[] }> {
    const { pruneNetworks } = await import('./remove.ts');
    return await pruneNetworks(await this.access.context(), filter);
  }

  async connect(reference: string, container: string, options: Connection = {}): Promise<void> {
    const { connectContainer } = await import('./live/connect.ts');
    await connectContainer(await this.access.context(), reference, await this.containers.find(container), options);
  }

  async disconnect(reference: string, container: string, options: { force?: boolean } = {}): Promise<void> {
    const { disconnectContainer, noSuchEndpoint } = await import('./live/connect.ts');
    const context = await this.access.context();
    const found = await this.containers.find(container).catch(error => {
      throw options.force ? noSuchEndpoint(context, reference, container, error) : error;
    });
    await disconnectContainer(context, reference, found, options);
  }

  async repair(): Promise<readonly NetworkRepair[]> {
    const { repairNetworks } = await import('./repair.ts');
    return await repairNetworks(await this.access.context());
  }

  async #running() {
    const { containers } = await this.containers.list({ all: false });
    return containers.filter(({ state }) => state.status === 'running');
  }
}
