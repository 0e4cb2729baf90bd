import type { Network } from '../../../engine/nouns/networks.ts';
import { type Value, value } from '../../go/values.ts';
import { networkResource } from './types.ts';

/** A network as Docker's API shows it (GET /networks/{id}). */
export function inspectNetwork(network: Network): Value {
  const { id, name, created, driver, predefined, internal = false, attachable = false } = network;
  const containers = [...network.endpoints].sort((a, b) => (a.container < b.container ? -1 : 1));
  return value(networkResource, {
    Name: name,
    Id: id,
    Created: created,
    Scope: 'local',
    Driver: driver,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: predefined ? null : {}, Config: pools(network) },
    Internal: internal,
    Attachable: attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries(
      containers.map(one => [
        one.container,
        {
          Name: one.name,
          EndpointID: one.endpointId,
          MacAddress: one.macAddress ?? '',
          IPv4Address: one.address ?? '',
          IPv6Address: '',
        },
      ]),
    ),
    Options: network.options ?? {},
    Labels: network.labels ?? {},
  });
}

/** As in Docker what the user said of the pool; the whole of one that was chosen. */
function pools({ subnet, gateway, ipRange, auxAddresses, asked }: Network): object[] {
  if (subnet === undefined) return [];
  const shown = asked ?? { subnet, gateway };
  return [
    {
      Subnet: shown.subnet,
      ...(ipRange && { IPRange: ipRange }),
      ...(shown.gateway && { Gateway: shown.gateway }),
      ...(auxAddresses && { AuxiliaryAddresses: auxAddresses }),
    },
  ];
}
