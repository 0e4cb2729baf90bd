import { bool, key, map, omitEmpty, slice, string, stringMap, struct } from '../../go/types.ts';

/** What Docker's API, version 1.41, answers to GET /networks/{id}. */
const ipamConfig = struct('network.IPAMConfig', {
  Subnet: omitEmpty(string),
  IPRange: omitEmpty(string),
  Gateway: omitEmpty(string),
  AuxAddress: omitEmpty(stringMap, 'AuxiliaryAddresses'),
});

const endpoint = struct('types.EndpointResource', {
  Name: string,
  EndpointID: string,
  MacAddress: string,
  IPv4Address: string,
  IPv6Address: string,
});

export const ipam = struct('network.IPAM', { Driver: string, Options: stringMap, Config: slice(ipamConfig) });
export const configReference = struct('network.ConfigReference', { Network: string });

export const networkResource = struct('types.NetworkResource', {
  Name: string,
  ID: key('Id', string),
  Created: string,
  Scope: string,
  Driver: string,
  EnableIPv6: bool,
  IPAM: ipam,
  Internal: bool,
  Attachable: bool,
  Ingress: bool,
  ConfigFrom: configReference,
  ConfigOnly: bool,
  Containers: map(endpoint),
  Options: stringMap,
  Labels: stringMap,
});
