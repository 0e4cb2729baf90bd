import { MinidockError } from '../errors.ts';
import { listIfPresent, readIfPresent } from '../state/files.ts';
import type { Roots } from '../state/paths.ts';
import { parseAddress, parseSubnet, type Subnet } from './ipv4.ts';
import { type Network, networkDirectory, networksDirectory } from './network.ts';

/** A network that a user made, as `networks/<id>/network.json` keeps it. */
export interface NetworkDefinition {
  /** 64 digits, random. */
  readonly id: string;
  readonly name: string;
  /** RFC 3339, UTC. */
  readonly created: string;
  readonly bridge: string;
  readonly subnet: string;
  readonly gateway: string;
  /** The user named no subnet: it was chosen by us. */
  readonly isChosen?: boolean;
  /** Subnet and gateway as the user wrote them, which Docker shows. */
  readonly asked?: { readonly subnet: string; readonly gateway?: string };
  readonly ipRange?: string;
  readonly auxAddresses?: Readonly<Record<string, string>>;
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  /** Options of the driver as they were given: `com.docker.network.bridge.name` and the like. */
  readonly options?: Readonly<Record<string, string>>;
}

/** The options of the driver that have an effect here, without `com.docker.network.`. */
export const driverOptions = {
  name: 'com.docker.network.bridge.name',
  icc: 'com.docker.network.bridge.enable_icc',
  masquerade: 'com.docker.network.bridge.enable_ip_masquerade',
  mtu: 'com.docker.network.driver.mtu',
} as const;

/** A definition as the network that containers are connected to. */
export function networkFrom(roots: Roots, definition: NetworkDefinition): Network {
  const { id, name, bridge, subnet, gateway, ipRange, auxAddresses, internal, options = {} } = definition;
  const mtu = Number(options[driverOptions.mtu] ?? 0);
  return {
    bridge,
    subnet: parseSubnet(subnet),
    gateway,
    directory: networkDirectory(roots, id),
    name,
    ...(ipRange !== undefined && { range: parseRange(ipRange) }),
    ...(auxAddresses && { reserved: Object.values(auxAddresses) }),
    names: true,
    ...(internal && { internal }),
    ...(isNo(options[driverOptions.icc]) && { icc: false }),
    ...(isNo(options[driverOptions.masquerade]) && { masquerade: false }),
    ...(mtu > 0 && { mtu }),
  };
}

/** `--ip-range`, a part of the subnet, which may be a single address. */
function parseRange(text: string): Subnet {
  const [address = '', prefix] = text.split('/');
  return { base: parseAddress(address)!, prefixLength: Number(prefix) };
}

/** As Go's ParseBool reads it. */
const isNo = (text: string | undefined) => text !== undefined && /^(0|f|F|FALSE|false|False)$/.test(text);

function definitionFile(roots: Pick<Roots, 'root'>, id: string): string {
  return `${networkDirectory(roots, id)}/network.json`;
}

/** The definition by its full id; undefined where it is gone, or the file is not readable as one. */
export function readDefinition(roots: Pick<Roots, 'root'>, id: string): NetworkDefinition | undefined {
  try {
    const definition = JSON.parse(readIfPresent(definitionFile(roots, id)) ?? 'null') as NetworkDefinition | null;
    return definition?.id === id ? definition : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** All networks that users made, sorted by name. */
export function listDefinitions(roots: Pick<Roots, 'root'>): NetworkDefinition[] {
  return listIfPresent(networksDirectory(roots))
    .filter(key => /^[0-9a-f]{64}$/.test(key))
    .flatMap(id => readDefinition(roots, id) ?? [])
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The network that is meant: by full id, name, or the unique beginning of an id, in this order, as Docker has it.
 *
 * @throws {MinidockError} `ambiguous-network`
 */
export function findDefinition(roots: Pick<Roots, 'root'>, reference: string): NetworkDefinition | undefined {
  const all = listDefinitions(roots);
  const exact = all.find(({ id }) => id === reference) ?? all.find(({ name }) => name === reference);
  if (exact !== undefined || reference === '') return exact;
  const begin = all.filter(({ id }) => id.startsWith(reference));
  if (begin.length > 1)
    throw new MinidockError(
      'ambiguous-network',
      `network ${reference} is ambiguous (${begin.length} matches found based on ID prefix)`,
      { fix: 'give more digits of the id' },
    );
  return begin[0];
}

export const noSuchNetwork = (reference: string) =>
  new MinidockError('no-such-network', `network ${reference} not found`, { fix: '`minidock network ls` lists them' });

export const onlyNamedSubnets = () =>
  new MinidockError(
    'invalid-network',
    'user specified IP address is supported only when connecting to networks with user configured subnets',
    { fix: 'make the network with --subnet' },
  );
