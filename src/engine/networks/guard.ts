import fs from 'node:fs';
import { observe } from '../../container/observe.ts';
import { isBroken } from '../../container/store.ts';
import { errnoOf } from '../../errors.ts';
import { flocks } from '../../host/locks.ts';
import { endpointsOf, gatewayEndpoint } from '../../network/attachment.ts';
import { checkFirewall } from '../../network/firewall/firewall.ts';
import { parseGeneration } from '../../network/firewall/generation.ts';
import { type Published, toPublish } from '../../network/firewall/port-rules.ts';
import { rememberRules, rulesAreAsSeen } from '../../network/firewall/rules-seen.ts';
import type { Network } from '../../network/network.ts';
import { removePorts } from '../../network/ports/publish.ts';
import type { EngineContext } from '../context.ts';

/** As `guardNetwork`, one network after the other: they share chains. */
export async function guardNetworks(
  context: EngineContext,
  networks: readonly Network[],
  answer: string,
): Promise<void> {
  for (const network of networks) await guardNetwork(context, network, answer);
}

/**
 * Checks the firewall rules that isolate the bridge. Where they were flushed it restores them, and with them the
 * published ports of all running containers. `answer` is the file that `ruleGeneration` left: mostly it shows that no
 * rule was changed since the last check, and then no process is started to read them.
 */
async function guardNetwork(context: EngineContext, network: Network, answer: string): Promise<void> {
  const generation = generationIn(answer);
  if (rulesAreAsSeen(network, generation)) return;
  let restored: Published[] = [];
  const { mended, counted } = await checkFirewall(network, undefined, () => {
    restored = publishedBy(context, network);
    return restored;
  });
  if (counted && !mended && generation !== undefined) rememberRules(network, generation);
  // A container that ended meanwhile removed its rules, perhaps before they were restored here: remove them again.
  for (const one of restored) if (!isRunning(context, one.shortId)) await removePorts(network, one.shortId, one);
}

/** Undefined where the kernel does not count changes of rules: then the program did not ask for the number. */
function generationIn(file: string): number | undefined {
  try {
    return parseGeneration(fs.readFileSync(file));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What running containers have published on a network. */
export function publishedBy(context: EngineContext, network: Network): Published[] {
  return context.store
    .ids()
    .filter(id => isRunning(context, id))
    .flatMap(id => {
      const published = toPublishOf(context, id, network);
      return published !== undefined && published.ports.length > 0 ? [published] : [];
    });
}

function toPublishOf(context: EngineContext, id: string, { bridge }: Network): Published | undefined {
  try {
    const record = context.store.read(id);
    return record && gatewayEndpoint(endpointsOf(record))?.bridge === bridge ? toPublish(record) : undefined;
  } catch (error) {
    // Its ports are not known. They are published again at its next start.
    if (isBroken(error)) return undefined;
    throw error;
  }
}

export const isRunning = (context: EngineContext, id: string) => observe(context.roots, id, flocks).kind === 'running';
