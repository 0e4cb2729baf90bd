import { observe, type Running } from '../../../container/observe.ts';
import type { ContainerRecord } from '../../../container/record.ts';
import { MinidockError } from '../../../errors.ts';
import { flocks } from '../../../host/locks.ts';
import { checkWanted } from '../../../network/addresses.ts';
import type { NetworkEndpoint } from '../../../network/attachment.ts';
import { findDefinition, networkFrom, noSuchNetwork, onlyNamedSubnets } from '../../../network/definition.ts';
import { predefinedCalled } from '../../../network/predefined.ts';
import { noSuchContainer, unlessGone, withContainerLock } from '../../containers/lock.ts';
import type { EngineContext } from '../../context.ts';
import type { Connection } from '../../nouns/networks.ts';
import { tellConnection } from '../events.ts';
import { plug, unplug } from './plug.ts';

type Named = Pick<ContainerRecord, 'id' | 'name'>;

/** Connects a container, at once where it runs. */
export async function connectContainer(
  context: EngineContext,
  reference: string,
  container: Named,
  options: Connection,
): Promise<void> {
  await changing(context, container, async (record, running) => {
    const endpoint = wanted(context, record, reference, options);
    const there = record.network.endpoints.findIndex(one => isSame(one, endpoint));
    if (there >= 0 && running !== undefined)
      throw new MinidockError(
        'already-connected',
        `endpoint with name ${record.name} already exists in network ${endpoint.network}`,
        { fix: `minidock network disconnect ${endpoint.network} ${record.name}` },
      );
    checkAddress(context, endpoint);
    if (running !== undefined) {
      await plug(context, record, endpoint, running);
      tellConnection(context, record.id, endpoint, 'connect');
      return;
    }
    const others = record.network.endpoints.filter((_, at) => at !== there);
    context.store.write({ ...record, network: { ...record.network, endpoints: [...others, endpoint] } });
  });
}

/**
 * Disconnects a container from a network. From a network that was removed only where the container does not run, or with
 * `force`.
 */
export async function disconnectContainer(
  context: EngineContext,
  reference: string,
  container: Named,
  { force = false }: { force?: boolean } = {},
): Promise<void> {
  await changing(context, container, async (record, running) => {
    // As in Docker the name alone decides where nothing has to be unplugged: the network may be gone, or another one of that
    // name.
    const byName = force || running === undefined;
    const named = namedOrGone(context, reference, !byName);
    if (named.network === 'host' && record.network.mode === 'host') throw hostNetwork();
    const { endpoints } = record.network;
    const endpoint =
      endpoints.find(one => isSame(one, named)) ??
      (byName ? endpoints.find(one => [one.network, one.networkId].includes(named.network)) : undefined);
    const isNone = named.network === 'none' && record.network.mode === 'none';
    if (endpoint === undefined && !isNone)
      throw new MinidockError(
        'not-connected',
        `container ${record.id} is not connected to ${byName ? 'the ' : ''}network ${named.network}`,
        { fix: `minidock inspect ${record.name} shows its networks` },
      );
    if (endpoint !== undefined && running !== undefined) await unplug(context, record, endpoint, running);
    else {
      const others = endpoints.filter(one => one !== endpoint);
      // As in Docker a container of `--network none` can be connected to networks after this.
      context.store.write({ ...record, network: { ...record.network, mode: 'bridge', endpoints: others } });
    }
    tellConnection(context, record.id, endpoint ?? named, 'disconnect');
  });
}

/** The error for `disconnect --force` of a container that does not exist: as in Docker it names the endpoint. */
export function noSuchEndpoint(context: EngineContext, reference: string, container: string, error: unknown): unknown {
  if (!(error instanceof MinidockError) || error.code !== 'no-such-container') return error;
  nameOf(context, reference);
  return new MinidockError('not-connected', `endpoint ${container} not found`, {
    fix: `minidock network inspect ${reference} lists its containers`,
  });
}

/** Removes what a killed `connect` or `disconnect` left half-done. */
export async function settleConnections(context: EngineContext, id: string): Promise<void> {
  await changing(context, { id }, async () => {}).catch(unlessGone);
}

/** Runs `action` under the container's lock, after connections that were left half-done are removed. */
async function changing(
  context: EngineContext,
  { id }: Pick<Named, 'id'>,
  action: (record: ContainerRecord, running: Running | undefined) => Promise<void>,
): Promise<void> {
  await withContainerLock(context, id, async () => {
    const read = () => {
      const record = context.store.read(id);
      if (record === undefined) throw noSuchContainer(id);
      return record;
    };
    const seen = observe(context.roots, id, flocks);
    const running = seen.kind === 'running' ? seen.running : undefined;
    if (running !== undefined)
      for (const endpoint of read().network.endpoints.filter(({ unfinished }) => unfinished))
        await unplug(context, read(), endpoint, running);
    await action(read(), running);
  });
}

/**
 * The endpoint that `connect` asks for.
 *
 * @throws {MinidockError} in Docker's words
 */
function wanted(
  context: EngineContext,
  { network }: ContainerRecord,
  reference: string,
  { ip, aliases = [], links = [] }: Connection,
): NetworkEndpoint {
  const named = nameOf(context, reference);
  if (named.network === 'host') throw hostNetwork();
  if (network.mode === 'host' || network.mode === 'container')
    throw conflict(
      'container sharing network namespace with another container or host cannot be connected to any other network',
      'run it again with --network',
    );
  if (named.network === 'none' || network.mode === 'none')
    throw conflict(
      'container cannot be connected to multiple networks with one of the networks in private (none) mode',
      'minidock network disconnect none CONTAINER, where it has none',
    );
  if (named.networkId === undefined) {
    if (ip !== undefined) throw conflict('user specified IP address is supported on user defined networks only');
    if (aliases.length > 0)
      throw conflict('network-scoped alias is supported only for containers in user defined networks');
  }
  return {
    ...named,
    ...(ip !== undefined && { ip }),
    ...(aliases.length > 0 && { aliases }),
    ...(links.length > 0 && { links }),
  };
}

function checkAddress({ roots }: EngineContext, { networkId, network, ip }: NetworkEndpoint): void {
  if (ip === undefined || networkId === undefined) return;
  const definition = findDefinition(roots, networkId);
  if (definition === undefined) throw noSuchNetwork(network);
  if (definition.isChosen) throw onlyNamedSubnets();
  checkWanted(networkFrom(roots, definition), ip);
}

/** The name of a network. Where there is none such, what the user gave, unless it `mustExist`. */
function namedOrGone(context: EngineContext, reference: string, mustExist: boolean): ReturnType<typeof nameOf> {
  try {
    return nameOf(context, reference);
  } catch (error) {
    const isGone = error instanceof MinidockError && error.code === 'no-such-network';
    if (mustExist || !isGone) throw error;
    return { network: reference };
  }
}

function nameOf(context: EngineContext, reference: string): Pick<NetworkEndpoint, 'network' | 'networkId'> {
  const own = predefinedCalled(context.roots, reference);
  if (own !== undefined) return { network: own };
  const definition = findDefinition(context.roots, reference);
  if (definition === undefined) throw noSuchNetwork(reference);
  return { network: definition.name, networkId: definition.id };
}

/** A container that was never started knows a network by its name alone. */
const isSame = (one: NetworkEndpoint, other: NetworkEndpoint) =>
  one.network === other.network && (one.networkId === undefined || one.networkId === other.networkId);

const hostNetwork = () =>
  conflict('container cannot be disconnected from host network or connected to host network', 'use --network host');

const conflict = (message: string, fix?: string) =>
  new MinidockError('invalid-network', message, fix === undefined ? {} : { fix });
