import { readLink } from '../../container/links.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { MinidockError } from '../../errors.ts';
import { steadyNow } from '../../host/clock.ts';
import { endpointsOf, hasNames, type WiredEndpoint } from '../../network/attachment.ts';
import { listDefinitions } from '../../network/definition.ts';
import type { Asker } from '../../network/dns/answer.ts';
import type { NamedContainer, NamedEndpoint, NamedNetwork } from '../../network/dns/directory.ts';
import { namesPort } from '../../network/dns/port.ts';
import { hostResolvers, isLoopback } from '../../network/dns/resolvers.ts';
import { overlaps, parseAddress } from '../../network/ipv4.ts';
import { namesAnswered } from '../../state/kept.ts';
import type { EngineContext } from '../context.ts';
import { callKeeper } from '../keeping/call.ts';

/** The networks on which names are answered. */
export function namedNetworks({ roots }: Pick<EngineContext, 'roots'>): NamedNetwork[] {
  return listDefinitions(roots).map(({ id, name, gateway }) => ({ network: id, networkName: name, gateway }));
}

/**
 * The names by which others know a container, and those that it knows itself. Undefined where it does not run, or is on no
 * network with names.
 */
export function namedContainer(record: ContainerRecord): NamedContainer | undefined {
  const { id, name, hostname, options, state } = record;
  const endpoints = endpointsOf(record);
  const named = endpoints.filter(hasNames);
  if (state.status !== 'running' || named.length === 0) return undefined;
  return {
    id,
    name,
    hostname,
    endpoints: named.map(
      (one): NamedEndpoint => ({
        network: one.networkId ?? '',
        networkName: one.network,
        address: one.address,
        aliases: one.aliases ?? [],
        links: linksOf(one),
      }),
    ),
    resolvers: resolversFor(options.dns, endpoints),
    keepsShortNames: options.dnsOptions?.some(option => /^ndots:[1-9]/.test(option)) ?? false,
  };
}

/** `NAME` or `NAME:ALIAS`, as a map from alias to name, in lower case. */
function linksOf({ links = [] }: WiredEndpoint): Record<string, string> {
  return Object.fromEntries(links.map(readLink).map(({ name, alias }) => [alias.toLowerCase(), name.toLowerCase()]));
}

/**
 * The name servers for a container's questions about names that are not containers': those of `--dns`, or the host's. A server
 * on the container's own loopback cannot be reached from the host. A container on internal networks alone must not reach
 * anything outside, and a name server would be a way out: only servers of `--dns` on these networks are asked.
 */
function resolversFor(dns: readonly string[] | undefined, endpoints: readonly WiredEndpoint[]): Asker['resolvers'] {
  const isShut = endpoints.every(({ internal }) => internal);
  const isNear = (address: string) =>
    endpoints.some(({ gateway, prefixLength }) => {
      const [asked, host] = [parseAddress(address), parseAddress(gateway)!];
      return asked !== undefined && overlaps({ base: asked, prefixLength }, { base: host, prefixLength });
    });
  const own = dns?.filter(address => !isLoopback(address) && (!isShut || isNear(address)));
  if (own !== undefined) return () => own;
  return isShut ? () => [] : hostResolvers;
}

/** How long a start waits for the keeper, in milliseconds. */
const PATIENCE_MS = 10_000;

/** After so long without an answer the keeper is called again, in milliseconds: the one that was called may have been killed. */
const AGAIN_MS = 1000;

/**
 * Resolves once the keeper answers names on the networks of these endpoints, and calls the keeper where it does not yet. The
 * caller has marked the container as one that needs it.
 *
 * @throws {MinidockError} `names-refused`: another program has the port, or the keeper does not come
 */
export async function namesAnswer(context: EngineContext, endpoints: readonly WiredEndpoint[]): Promise<void> {
  const gateways = endpoints.filter(hasNames).map(({ gateway }) => gateway);
  const missing = () => {
    const names = namesAnswered(context.roots);
    const refused = gateways.find(address => (names[address] ?? 'answers') !== 'answers');
    if (refused !== undefined) throw namesRefused(refused, names[refused]!);
    return gateways.find(address => names[address] === undefined);
  };
  const began = steadyNow();
  let called = Number.NEGATIVE_INFINITY;
  for (let address = missing(); address !== undefined; address = missing()) {
    const now = steadyNow();
    if (now - began > PATIENCE_MS) throw namesRefused(address, 'ETIMEDOUT');
    if (now - called > AGAIN_MS) {
      await callKeeper(context);
      called = now;
    }
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

const namesRefused = (address: string, reason: string) =>
  new MinidockError('names-refused', `names cannot be answered at ${address}, port ${namesPort}: ${reason}`, {
    fix:
      reason === 'EADDRINUSE'
        ? `another program has the port (\`ss -lnp sport = :${namesPort}\`): let it listen at addresses of its own alone, not at 0.0.0.0`
        : '`minidock doctor` shows what this machine lacks',
  });
