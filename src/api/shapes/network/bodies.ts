import { checkEndpoint } from '../../../container/options/network.ts';
import type { Connection, NetworkCreation } from '../../../engine/nouns/networks.ts';
import { MinidockError } from '../../../errors.ts';
import { bool, embedded, pointer, string, stringMap, struct } from '../../go/types.ts';
import { decodeBody } from '../body.ts';
import type { EndpointBody } from '../container/create/body.ts';
import { endpointSettings } from '../container/types.ts';
import { configReference, ipam } from './types.ts';

const creation = struct('types.NetworkCreateRequest', {
  NetworkCreate: embedded(
    struct('types.NetworkCreate', {
      CheckDuplicate: bool,
      Driver: string,
      Scope: string,
      EnableIPv6: bool,
      IPAM: pointer(ipam),
      Internal: bool,
      Attachable: bool,
      Ingress: bool,
      ConfigOnly: bool,
      ConfigFrom: pointer(configReference),
      Options: stringMap,
      Labels: stringMap,
    }),
  ),
  Name: string,
});

interface PoolBody {
  readonly Subnet?: string;
  readonly IPRange?: string;
  readonly Gateway?: string;
  readonly AuxiliaryAddresses?: Readonly<Record<string, string>> | null;
}

interface CreationBody {
  readonly Name?: string;
  readonly Driver?: string;
  readonly Scope?: string;
  readonly EnableIPv6?: boolean;
  readonly IPAM?: { readonly Driver?: string; readonly Config?: readonly PoolBody[] | null } | null;
  readonly Internal?: boolean;
  readonly Attachable?: boolean;
  readonly Ingress?: boolean;
  readonly ConfigOnly?: boolean;
  readonly Options?: Readonly<Record<string, string>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

const refused = (message: string, fix: string) => new MinidockError('invalid-network', message, { fix });

/** The body of POST /networks/create. @throws {MinidockError} `invalid-network` for what no network here can be */
export function decodeCreation(json: string): NetworkCreation {
  const body = decodeBody<CreationBody>(creation, json);
  if (body.EnableIPv6) throw refused('networks here have no IPv6', 'leave EnableIPv6 out');
  if (body.Ingress || body.ConfigOnly || (body.Scope && body.Scope !== 'local'))
    throw refused('networks of a Swarm there are none here', 'leave Ingress, ConfigOnly and Scope out');
  const { Driver = '', Config } = body.IPAM ?? {};
  if (Driver !== '' && Driver !== 'default')
    throw refused(`IPAM driver ${Driver}: the default is the only one`, 'leave it out');
  const [pool = {}, ...more] = Config ?? [];
  if (more.length > 0) throw refused("bridge driver doesn't support multiple subnets", 'name one Subnet');
  return {
    name: body.Name ?? '',
    ...(body.Driver && { driver: body.Driver }),
    ...(pool.Subnet && { subnet: pool.Subnet }),
    ...(pool.Gateway && { gateway: pool.Gateway }),
    ...(pool.IPRange && { ipRange: pool.IPRange }),
    ...(pool.AuxiliaryAddresses && { auxAddresses: pool.AuxiliaryAddresses }),
    internal: body.Internal ?? false,
    attachable: body.Attachable ?? false,
    labels: body.Labels ?? {},
    options: body.Options ?? {},
  };
}

const connection = struct('types.NetworkConnect', { Container: string, EndpointConfig: pointer(endpointSettings) });

/** The body of POST /networks/{id}/connect. @throws {Error} the reason, in Docker's words */
export function decodeConnection(json: string): { container: string; connection: Connection } {
  const body = decodeBody<{ Container?: string; EndpointConfig?: EndpointBody | null }>(connection, json);
  const { IPAMConfig, Aliases, Links } = body.EndpointConfig ?? {};
  const ip = IPAMConfig?.IPv4Address || undefined;
  checkEndpoint('', { ip, ip6: IPAMConfig?.IPv6Address || undefined });
  return {
    container: body.Container ?? '',
    connection: {
      ...(ip !== undefined && { ip }),
      ...(Aliases && Aliases.length > 0 && { aliases: Aliases }),
      ...(Links && Links.length > 0 && { links: Links }),
    },
  };
}

const disconnection = struct('types.NetworkDisconnect', { Container: string, Force: bool });

/** What POST /networks/{id}/disconnect asks for. */
export function decodeDisconnection(json: string): { container: string; force: boolean } {
  const { Container = '', Force = false } = decodeBody<{ Container?: string; Force?: boolean }>(disconnection, json);
  return { container: Container, force: Force };
}
