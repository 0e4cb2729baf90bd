import type { ContainerRecord } from '../../../container/record.ts';
import { endpointsOf, gatewayEndpoint } from '../../../network/attachment.ts';

/** A port of a running container, as `ps` knows it: published where it has a port of the host. */
export interface ListedPort {
  readonly containerPort: number;
  readonly protocol: string;
  readonly hostIp?: string;
  readonly hostPort?: number;
}

/** What a container exposes and what of it is published; none where it does not run, or is on no network that leads out. */
export function portsOf({ config, network, state }: ContainerRecord): ListedPort[] {
  if (state.status !== 'running' || gatewayEndpoint(endpointsOf({ network })) === undefined) return [];
  const published = new Set(network.ports.map(port => `${port.containerPort}/${port.protocol}`));
  const exposed = Object.keys(config.ExposedPorts ?? {})
    .map(name => (name.includes('/') ? name : `${name}/tcp`))
    .filter(name => !published.has(name));
  const unpublished = exposed.map(name => {
    const [port = '', protocol = 'tcp'] = name.split('/');
    return { containerPort: Number(port), protocol };
  });
  return [...network.ports, ...unpublished];
}
