import { checkEndpoint, type NetworkOptions, readMac } from '../../../../container/options/network.ts';
import { readLinkFlag } from '../../../../container/options/resolver.ts';
import { MinidockError } from '../../../../errors.ts';
import type { PortMapping } from '../../../../network/ports/ports.ts';
import { readPublish } from '../../../../network/ports/read-publish.ts';
import { reading } from '../../reading.ts';
import type { CreateBody, HostBody } from './body.ts';

/** The network of a container, and what it is there. @throws {MinidockError} `invalid-argument`, in Docker's words */
export function networkOf(body: CreateBody): NetworkOptions {
  const { HostConfig, NetworkingConfig, NetworkDisabled, MacAddress } = body;
  const endpoints = Object.entries(NetworkingConfig?.EndpointsConfig ?? {});
  if (endpoints.length > 1)
    throw new MinidockError(
      'invalid-argument',
      `Container cannot be connected to network endpoints: ${endpoints
        .map(([name]) => name)
        .sort()
        .join(', ')}`,
    );
  const [name, endpoint] = endpoints[0] ?? [];
  const mode = HostConfig?.NetworkMode || 'default';
  if (/^container(:|$)/.test(mode) && !/^container:./.test(mode))
    throw new MinidockError('invalid-argument', 'Invalid network mode: invalid container format container:<name|id>');
  const network = NetworkDisabled ? 'none' : mode === 'default' ? (name ?? 'bridge') : mode;
  const { IPAMConfig, Aliases, MacAddress: ofEndpoint } = endpoint ?? {};
  const asked = { ip: IPAMConfig?.IPv4Address || undefined, ip6: IPAMConfig?.IPv6Address || undefined };
  const mac = MacAddress || ofEndpoint;
  // Docker's client says them twice.
  const links = [...new Set([...(HostConfig?.Links ?? []), ...(endpoint?.Links ?? [])])];
  return reading(() => {
    checkEndpoint(network, { ...asked, aliases: Aliases ?? [] });
    return {
      network: network === 'default' ? 'bridge' : network,
      ...(asked.ip !== undefined && { ip: asked.ip }),
      ...(Aliases && Aliases.length > 0 && { networkAliases: Aliases }),
      ...(mac && { macAddress: readMac(mac) }),
      ...(links.length > 0 && { links: links.map(readLinkFlag) }),
    };
  });
}

/** `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`. @throws {MinidockError} `invalid-argument`, in Docker's words */
export function portsOf({ PortBindings }: HostBody): PortMapping[] {
  return reading(() =>
    Object.entries(PortBindings ?? {}).flatMap(([port, bindings]) =>
      (bindings && bindings.length > 0 ? bindings : [{}]).flatMap(({ HostIp = '', HostPort = '' }) => {
        const address = HostIp.includes(':') ? `[${HostIp}]` : HostIp;
        return readPublish(`${address}:${HostPort}:${port}`);
      }),
    ),
  );
}
