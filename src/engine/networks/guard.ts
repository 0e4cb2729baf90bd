import fs from 'node:fs';
import { observe } from '../../container/observe.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { isBroken } from '../../container/store.ts';
import { errnoOf } from '../../errors.ts';
import { flocks } from '../../host/locks.ts';
import { checkFirewall } from '../../network/firewall/firewall.ts';
import { parseGeneration } from '../../network/firewall/generation.ts';
import type { Published } from '../../network/firewall/port-rules.ts';
import { rememberRules, rulesAreAsSeen } from '../../network/firewall/rules-seen.ts';
import type { Network } from '../../network/network.ts';
import { removePorts } from '../../network/ports/publish.ts';
import type { EngineParts } from '../context.ts';

/**
 * Sees that the rules are there which keep the bridge apart. Where they were flushed they come back, and with them the
 * published ports of all containers that run. `answer` is the file that `ruleGeneration` left: in the usual case it says
 * that nobody has changed a rule since they were seen last, and nothing is started to look at them.
 */
export async function guardNetwork(parts: EngineParts, network: Network, answer: string): Promise<void> {
  const generation = generationIn(answer);
  if (rulesAreAsSeen(network, generation)) return;
  let restored: Published[] = [];
  const { mended, counted } = await checkFirewall(network, undefined, () => {
    restored = publishedBy(parts);
    return restored;
  });
  if (counted && !mended && generation !== undefined) rememberRules(network, generation);
  // One that has ended meanwhile took its rules away, perhaps before they came back.
  for (const one of restored) if (!isRunning(parts, one.shortId)) await removePorts(network, one.shortId, one);
}

/** Undefined where the kernel's rules are not counted, and the program did not ask. */
function generationIn(file: string): number | undefined {
  try {
    return parseGeneration(fs.readFileSync(file));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What is to be published, once the container's address is known. */
export function toPublish({ id, network }: Pick<ContainerRecord, 'id' | 'network'>): Published | undefined {
  const { ipAddress, ports } = network;
  return ipAddress === undefined ? undefined : { shortId: id.slice(0, 12), address: ipAddress, ports };
}

function publishedBy(parts: EngineParts): Published[] {
  return parts.store
    .ids()
    .filter(id => isRunning(parts, id))
    .flatMap(id => {
      const published = toPublishOf(parts, id);
      return published !== undefined && published.ports.length > 0 ? [published] : [];
    });
}

function toPublishOf(parts: EngineParts, id: string): Published | undefined {
  try {
    const record = parts.store.read(id);
    return record && toPublish(record);
  } catch (error) {
    // Its ports are not known: they come back when it is started anew.
    if (isBroken(error)) return undefined;
    throw error;
  }
}

const isRunning = (parts: EngineParts, id: string) => observe(parts.roots, id, flocks).kind === 'running';
