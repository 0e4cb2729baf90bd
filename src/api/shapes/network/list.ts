import type { Network } from '../../../engine/nouns/networks.ts';
import { key, slice, string, strings, struct } from '../../go/types.ts';
import { type Value, value } from '../../go/values.ts';
import { inspectNetwork } from './inspect.ts';
import { networkResource } from './types.ts';

/** As in Docker a list does not say who is connected, but to clients of API versions before 1.28. */
export const networkList = (networks: readonly Network[], version: number): Value =>
  value(
    slice(networkResource),
    networks.map(network => inspectNetwork(version < 28 ? network : { ...network, endpoints: [] }).data),
  );

const created = struct('types.NetworkCreateResponse', { ID: key('Id', string), Warning: string });

export const createdNetwork = ({ id }: { readonly id: string }): Value => value(created, { Id: id, Warning: '' });

const pruned = struct('types.NetworksPruneReport', { NetworksDeleted: strings });

export const prunedNetworks = ({ names }: { readonly names: readonly string[] }): Value =>
  value(pruned, { NetworksDeleted: names.length > 0 ? names : null });
