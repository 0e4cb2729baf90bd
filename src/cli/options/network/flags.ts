import { isIPv4, isIPv6 } from 'node:net';
import type { NetworkOptions } from '../../../container/options/network.ts';
import { isPredefined } from '../../../network/predefined.ts';
import { type FlagTable, many, text, type Values } from '../../grammar/flags.ts';
import { usageError } from '../../grammar/usage.ts';

/** The flags that say which network a container is connected to, and as what. */
export const networkFlags = {
  ip: text('IPv4 address of the container, one of its network’s'),
  ip6: text('IPv6 address of the container: networks here have none'),
  'mac-address': text('MAC address of the container'),
  network: many('network', readAttachment, 'bridge, host, none, container:NAME, or a network (default bridge)', {
    aliases: ['net'],
    completes: 'network modes',
  }),
  'network-alias': many<string>('list', given => given, 'A further name for the container on its network', {
    aliases: ['net-alias'],
  }),
} satisfies FlagTable;

interface Attachment {
  name: string;
  aliases: string[];
  ip?: string;
  ip6?: string;
}

/** What they ask for. @throws {MinidockError} `usage`, in Docker's words */
export function toNetworkOptions(flags: Values<typeof networkFlags>): NetworkOptions {
  const mac = flags['mac-address'];
  const common = mac === undefined ? {} : { macAddress: readMac(mac) };
  const [given, ...more] = flags.network;
  const ip = given?.ip ?? flags.ip;
  if (ip !== undefined && !isIPv4(ip)) throw refused(`invalid IPv4 address: ${ip}`);
  checkIp6(given?.ip6 ?? flags.ip6);
  // As in Docker what else was said is for a network that was named.
  if (given === undefined) return { network: 'bridge', ...common };
  if (more.length > 0) {
    const names = flags.network.map(({ name }) => name).sort();
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) throw refused(`network ${JSON.stringify(twice)} is specified multiple times`);
    throw refused(`Container cannot be connected to network endpoints: ${names.join(', ')}`);
  }
  const aliases = given.aliases.length > 0 ? given.aliases : flags['network-alias'];
  if (aliases.length > 0 && isMode(given.name))
    throw refused('network-scoped aliases are only supported for user-defined networks');
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
    throw new Error('Invalid network mode: invalid container format container:<name|id>');
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

const isMode = (name: string) => isPredefined(name) || name === 'default' || name.startsWith('container:');

function checkIp6(ip6: string | undefined): void {
  if (ip6 === undefined) return;
  if (!isIPv6(ip6)) throw refused(`invalid IPv6 address: ${ip6}`);
  throw refused(
    'user specified IP address is supported only when connecting to networks with user configured subnets, and those here have no IPv6',
  );
}

/** Six bytes, between them `:` or `-`. */
function readMac(given: string): string {
  if (/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(given)) return given.replaceAll('-', ':').toLowerCase();
  throw refused(`${given} is not a valid mac address`);
}

const refused = (message: string) => usageError(message, { exitCode: 125 });
