import type { ContainerRecord } from './record.ts';

/**
 * A container that another one links to on the default network. As in Docker this older kind of link works by files and
 * variables, and not by DNS.
 */
export interface Linked {
  readonly alias: string;
  readonly address: string;
  readonly target: Pick<ContainerRecord, 'name' | 'hostname' | 'config'> & {
    readonly options: Pick<ContainerRecord['options'], 'ports' | 'domainname'>;
  };
}

/** `CONTAINER:ALIAS`; without an alias the container's name is the alias. */
export function readLink(text: string): { name: string; alias: string } {
  const [name = '', alias] = text.split(':');
  return { name, alias: alias || name };
}

/** A line of /etc/hosts: the alias, the hostname, and the name where that is another. */
export function hostsLine({ alias, address, target }: Linked): string {
  const host = target.options.domainname ? `${target.hostname}.${target.options.domainname}` : target.hostname;
  return `${address}\t${[alias, host, ...(alias === target.name ? [] : [target.name])].join(' ')}`;
}

/**
 * The environment variables that the container `name` gets for one that it is linked to: its ports, its name, and its own
 * variables.
 */
export function linkVariables(name: string, { alias, address, target }: Linked): string[] {
  const prefix = alias.toUpperCase().replaceAll('-', '_');
  const ports = portsOf(target);
  const url = ({ number, protocol }: Port) => `${protocol}://${address}:${number}`;
  const variable = ({ number, protocol }: Port) => `${prefix}_PORT_${number}_${protocol.toUpperCase()}`;
  return [
    ...ports.slice(0, 1).map(port => `${prefix}_PORT=${url(port)}`),
    ...runsOf(ports).flatMap(([first, last]) => [
      `${variable(first)}_START=${url(first)}`,
      `${variable(first)}_PORT_START=${first.number}`,
      `${variable(first)}_END=${url(last)}`,
      `${variable(first)}_PORT_END=${last.number}`,
    ]),
    ...ports.flatMap(port => [
      `${variable(port)}=${url(port)}`,
      `${variable(port)}_ADDR=${address}`,
      `${variable(port)}_PORT=${port.number}`,
      `${variable(port)}_PROTO=${port.protocol}`,
    ]),
    `${prefix}_NAME=/${name}/${alias}`,
    ...(target.config.Env ?? [])
      .filter(one => one.includes('=') && !/^(HOME|PATH)=/.test(one))
      .map(one => `${prefix}_ENV_${one}`),
  ];
}

interface Port {
  readonly number: number;
  readonly protocol: string;
}

/** The ports that a container exposes or publishes, by number; where TCP and UDP have the same number TCP comes first. */
function portsOf({ config, options }: Linked['target']): Port[] {
  const published = options.ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`);
  const exposed = Object.keys(config.ExposedPorts ?? {}).map(one => (one.includes('/') ? one : `${one}/tcp`));
  return [...new Set([...exposed, ...published])]
    .map(one => one.split('/'))
    .map(([number, protocol]) => ({ number: Number(number), protocol: protocol! }))
    .sort((a, b) => a.number - b.number || (a.protocol < b.protocol ? -1 : 1));
}

/** The first and last port of each row of three or more consecutive ones. */
function runsOf(ports: readonly Port[]): [Port, Port][] {
  const runs: Port[][] = [];
  for (const port of ports) {
    const last = runs.at(-1)?.at(-1);
    if (last !== undefined && port.number <= last.number + 1) runs.at(-1)!.push(port);
    else runs.push([port]);
  }
  return runs.filter(run => run.length > 2).map(run => [run[0]!, run.at(-1)!]);
}
