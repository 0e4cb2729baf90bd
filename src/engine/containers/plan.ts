import { randomBytes } from 'node:crypto';
import { resourcesFor } from '../../cgroup/limits.ts';
import type { ContainerOptions, ContainerRecord } from '../../container/record.ts';
import { ImageStore } from '../../image/store.ts';
import { freeAddress } from '../../network/addresses.ts';
import { plannedNetwork } from '../../network/bridge.ts';
import { hostInterfaceOf } from '../../network/endpoint.ts';
import { macOf } from '../../network/ipv4.ts';
import { anyAddress, checkPort } from '../../network/ports/ports.ts';
import type { Program } from '../../syscalls/step.ts';
import { compile } from '../compile/compile.ts';
import { containerToCompile } from '../compile/compile-input.ts';
import { pieces } from '../compile/pieces.ts';
import type { EngineParts } from '../context.ts';
import { recordFor, specFor, wantedName } from './create.ts';

/**
 * The program that `run` would execute at this moment: a random id, the address that is free now, and nothing made,
 * taken or written.
 */
export async function planContainer(parts: EngineParts, options: ContainerOptions): Promise<Program> {
  const image = new ImageStore(parts.roots.root).get(options.image);
  for (const port of options.ports) checkPort(port);
  resourcesFor(options, parts.facts);
  wantedName(parts, options);
  const id = randomBytes(32).toString('hex');
  const record = await recordFor(parts, options, image, id, false);
  record.network = plannedAttachment(parts, record);
  const container = containerToCompile(parts, record, specFor(parts, record));
  return compile(container, parts.facts, parts.pieces ?? pieces);
}

function plannedAttachment(parts: EngineParts, record: ContainerRecord): ContainerRecord['network'] {
  if (record.options.network !== 'bridge') return { mode: record.options.network, ports: [] };
  const network = plannedNetwork(parts.roots, parts.bridge);
  const ipAddress = freeAddress(network);
  return {
    mode: 'bridge',
    ipAddress,
    prefixLength: network.subnet.prefixLength,
    gateway: network.gateway,
    macAddress: macOf(ipAddress),
    hostInterface: hostInterfaceOf(record.id),
    ports: record.options.ports.map(port => ({ hostIp: anyAddress, hostPort: 0, ...port })),
  };
}
