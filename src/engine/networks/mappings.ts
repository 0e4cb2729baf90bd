import type { ContainerRecord } from '../../container/record.ts';
import { checkPort, type PortMapping } from '../../network/ports/ports.ts';

/**
 * All that a container publishes: what `-p` says, and with `-P` every port that it or its image exposes and `-p` does not
 * name. Throws `invalid-port` for one that cannot be published.
 */
export function mappingsOf({ options, config }: Pick<ContainerRecord, 'options' | 'config'>): readonly PortMapping[] {
  for (const port of options.ports) checkPort(port);
  if (!options.publishAll) return options.ports;
  const named = new Set(options.ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`));
  const exposed = Object.keys(config.ExposedPorts ?? {}).map(readExposed);
  for (const port of exposed) checkPort(port);
  const others = exposed.filter(({ containerPort, protocol }) => !named.has(`${containerPort}/${protocol}`));
  return [...options.ports, ...others.sort((a, b) => a.containerPort - b.containerPort)];
}

/** `80`, `53/udp` */
function readExposed(name: string): PortMapping {
  const [port, protocol = 'tcp'] = name.split('/');
  return { containerPort: Number(port), protocol: protocol as PortMapping['protocol'] };
}
