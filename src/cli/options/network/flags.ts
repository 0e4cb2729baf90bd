import { checkEndpoint, type NetworkOptions, readMac } from '../../../container/options/network.ts';
import { byEngine, type FlagTable, many, RefusedValue, single, text, type Values } from '../../grammar/flags.ts';
import { usageError } from '../../grammar/usage.ts';

/** The flags that say which network a container is connected to, and as what. */
export const networkFlags = {
  ip: single('string', address('ip'), 'IPv4 address of the container, one of its network’s'),
  ip6: single('string', address('ip6'), 'IPv6 address of the container: networks here have none'),
  'mac-address': text('MAC address of the container'),
  network: many('network', readAttachment, 'bridge, host, none, container:NAME, or a network (default bridge)', {
    aliases: ['net'],
    completes: 'network modes',
  }),
  'network-alias': many<string>('list', given => given, 'A further name for the container on its network', {
    aliases: ['net-alias'],
  }),
} satisfies FlagTable;

/** The empty one is none. */
function address(kind: 'ip' | 'ip6') {
  return (given: string) => {
    if (given === '') return undefined;
    byEngine('invalid-network', () => checkEndpoint('', { [kind]: given }));
    return given;
  };
}

interface Attachment {
  name: string;
  aliases: string[];
  ip?: string;
  ip6?: string;
}

type Given = Values<typeof networkFlags> & { readonly link: readonly string[] };

/** What they ask for. @throws {MinidockError} `usage`, in Docker's words */
export function toNetworkOptions(flags: Given): NetworkOptions {
  try {
    return asked(flags);
  } catch (error) {
    throw usageError((error as Error).message, { exitCode: 125 });
  }
}

function asked(flags: Given): NetworkOptions {
  const mac = flags['mac-address'];
  const common = !mac ? {} : { macAddress: readMac(mac) };
  const [given, ...more] = flags.network;
  const ip = given?.ip ?? flags.ip;
  const ip6 = given?.ip6 ?? flags.ip6;
  checkEndpoint('', { ip, ip6 });
  // As in Docker what else was said is for a network that was named.
  if (given === undefined) return { network: 'bridge', ...common };
  if (more.length > 0) {
    const names = flags.network.map(({ name }) => name).sort();
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) throw new Error(`network ${JSON.stringify(twice)} is specified multiple times`);
    throw new Error(`Container cannot be connected to network endpoints: ${names.join(', ')}`);
  }
  const aliases = given.aliases.length > 0 ? given.aliases : flags['network-alias'];
  checkEndpoint(given.name, { aliases, links: flags.link });
  return {
    network: given.name === 'default' ? 'bridge' : given.name,
    ...(ip !== undefined && { ip }),
    ...(aliases.length > 0 && { networkAliases: aliases }),
    ...common,
  };
}

/** `NAME`, or `name=NAME,alias=…,ip=…`. @throws {Error} in Docker's words */
function readAttachment(given: string): Attachment {
  const found: Attachment = { name: '', aliases: [] };
  if (!/^[a-z0-9-]+=/i.test(given)) found.name = given;
  else for (const pair of given.split(',')) readPair(pair, found);
  if (found.name.trim() === '') throw new Error('no name set for network');
  if (/^container(:|$)/.test(found.name) && !/^container:./.test(found.name))
    throw new RefusedValue('invalid-network', 'Invalid network mode: invalid container format container:<name|id>');
  return found;
}

function readPair(pair: string, found: Attachment): void {
  const equals = pair.indexOf('=');
  const [key, value] = [pair.slice(0, Math.max(equals, 0)).trim().toLowerCase(), pair.slice(equals + 1).trim()];
  if (equals < 0) throw new Error(`invalid field ${pair}`);
  if (key === 'name') found.name = value;
  else if (key === 'alias') found.aliases.push(value);
  else if (key === 'ip') found.ip = value;
  else if (key === 'ip6') found.ip6 = value;
  else throw new Error(`invalid field key ${key}`);
}
