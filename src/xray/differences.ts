import type { ContainerRecord } from '../container/record.ts';
import { endpointsOf, gatewayEndpoint } from '../network/attachment.ts';
import type { Difference, SettingName, Xray } from './model.ts';

/**
 * Where what the kernel holds is not what minidock wrote down: somebody else changed it, or minidock has a defect. Only parts that
 * were looked at are compared.
 *
 * @param namespaces as they were written down at the start, inode by kind
 */
export function differencesBetween(
  seen: Omit<Xray, 'differences' | 'rules'> & { readonly rules: Xray['rules'] | undefined },
  record: ContainerRecord,
  namespaces: Readonly<Record<string, number>>,
): Difference[] {
  const found: Difference[] = [];
  const compare = (what: string, kernel: string | number | undefined, recorded: string | number | undefined) => {
    if (recorded !== undefined && String(kernel ?? '–') !== String(recorded))
      found.push({ what, kernel: String(kernel ?? '–'), record: String(recorded) });
  };
  for (const { type, inode } of seen.namespaces ?? []) compare(`${type} namespace`, inode, namespaces[type]);
  if (seen.cgroups !== undefined) compareLimits(seen.cgroups, record, compare);
  if (seen.layers?.type === 'overlay' && seen.layers.lower.every(layer => layer.chainId !== undefined))
    compare('layers', seen.layers.lower.map(layer => layer.chainId).join(' '), record.layers.toReversed().join(' '));
  if (seen.mounts !== undefined)
    for (const { destination, source } of record.mounts) {
      const mount = seen.mounts.findLast(({ target }) => target === destination);
      compare(
        `mount on ${destination}`,
        mount && (mount.hostPath === undefined ? source : destination),
        mount ? undefined : source,
      );
    }
  if (seen.network !== undefined) compareNetwork(seen, record, compare);
  if (seen.sockets !== undefined && seen.rules !== undefined && seen.rules.unreadable === undefined)
    comparePorts(seen, record, compare);
  return found;
}

type Compare = (what: string, kernel: string | number | undefined, recorded: string | number | undefined) => void;

function compareLimits(groups: NonNullable<Xray['cgroups']>, { options }: ContainerRecord, compare: Compare): void {
  const amountOf = (name: SettingName) =>
    groups.flatMap(({ settings }) => settings).find(({ what, kind }) => what === name && kind === 'limit')?.amount;
  const positive = (value: number | undefined) => (value !== undefined && value > 0 ? value : undefined);
  // The kernel limits whole pages.
  const pages = (bytes: number | undefined) => bytes && Math.floor(bytes / 4096) * 4096;
  compare('memory limit', amountOf('memory'), pages(positive(options.memory)));
  compare('limit of processes', amountOf('processes'), positive(options.pidsLimit));
  compare('CPU limit', amountOf('cpu time'), positive(options.cpus));
}

function compareNetwork({ network }: Pick<Xray, 'network'>, record: ContainerRecord, compare: Compare): void {
  if (record.network.mode === 'host') compare('network', network!.host ? 'host' : 'its own', 'host');
  for (const wire of endpointsOf(record)) {
    const { interface: name, address, macAddress, hostInterface, bridge } = wire;
    const end = network!.interfaces.find(one => one.name === name);
    const addresses = end?.addresses.map(one => one.replace(/\/.*/, '')) ?? [];
    compare(`${name} address`, addresses.includes(address) ? address : addresses[0], address);
    compare(`${name} MAC`, end?.mac, macAddress);
    compare(`host end of ${name}`, end?.peer?.name, hostInterface);
    compare(`bridge of ${name}`, end?.peer?.bridge, bridge);
  }
}

/** A container on no network that leads out has its ports held, and no rules for them. */
function comparePorts({ sockets }: Pick<Xray, 'sockets'>, { network }: ContainerRecord, compare: Compare): void {
  const isLedTo = gatewayEndpoint(endpointsOf({ network })) !== undefined;
  for (const { hostIp, hostPort, containerPort, protocol } of network.ports) {
    const port = `${hostIp.includes(':') ? `[${hostIp}]` : hostIp}:${hostPort}->${containerPort}/${protocol}`;
    if (hostIp.includes(':')) {
      const held = sockets!.held.some(one => one.protocol === `${protocol}6` && one.port === hostPort);
      compare(`socket of port ${hostPort}/${protocol}`, held ? port : undefined, port);
      continue;
    }
    if (!isLedTo) continue;
    const rule = sockets!.published.find(
      one => one.protocol === protocol && one.hostPort === hostPort && one.port === containerPort,
    );
    compare(`rule of port ${hostPort}/${protocol}`, rule && port, port);
  }
}
