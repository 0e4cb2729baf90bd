import type { LifeOptions } from '../../container/options/life.ts';
import { readAddress, readDomain, readExtraHost } from '../../container/options/resolver.ts';
import { readExpose } from '../../network/ports/read-publish.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { byEngine, type FlagTable, integer, many, single, text, type Values } from '../grammar/flags.ts';
import { readLabelFile } from './environment.ts';
import { pairsOf, readLabel } from './pairs.ts';
import { platforms } from './platforms.ts';

const platform = (given: string) =>
  given === '' ? undefined : byEngine('invalid-argument', () => parsePlatform(given));

/** The flags about how a container is known, how it ends, and which names it knows others by. */
export const lifeFlags = {
  'add-host': many<string>(
    'list',
    readExtraHost,
    'Give a host a name inside: NAME:ADDRESS, or NAME:host-gateway for this one',
  ),
  dns: many<string>('list', readAddress, 'Address of a name server, in place of the host’s'),
  'dns-option': many<string>('list', given => given, 'Option of the resolver: ndots:2', { aliases: ['dns-opt'] }),
  'dns-search': many<string>('list', readDomain, 'Domain that names without one are looked up in; . for none'),
  expose: many<readonly string[]>('list', readExpose, 'Say that a port is served: PORT[/udp], or a range of ports'),
  label: many<string>('list', readLabel, 'Set a label: KEY=VALUE, or KEY', { short: 'l' }),
  'label-file': many<string>('list', given => given, 'Read labels from a file, one a line', { completes: 'files' }),
  platform: single('string', platform, 'Which image of several: linux/arm64, linux/arm/v7', {
    completes: platforms,
  }),
  'stop-signal': text('Signal that stop sends first (default that of the image, or SIGTERM)', { completes: 'signals' }),
  'stop-timeout': integer('Seconds that stop waits before SIGKILL (default 10)'),
} satisfies FlagTable;

/** What they ask for; nothing stands there that was not given. */
export function toLifeOptions(flags: Values<typeof lifeFlags>): LifeOptions {
  const labels = [...flags['label-file'].flatMap(readLabelFile), ...flags.label];
  const exposed = flags.expose.flat();
  const { platform } = flags;
  return {
    ...(labels.length > 0 && { labels: pairsOf(labels) }),
    ...(flags['stop-signal'] && { stopSignal: flags['stop-signal'] }),
    ...(flags['stop-timeout'] !== undefined && { stopTimeout: flags['stop-timeout'] }),
    ...(platform && { platform }),
    ...(exposed.length > 0 && { exposed }),
    ...(flags['add-host'].length > 0 && { extraHosts: flags['add-host'] }),
    ...(flags.dns.length > 0 && { dns: flags.dns }),
    ...(flags['dns-search'].length > 0 && { dnsSearch: flags['dns-search'] }),
    ...(flags['dns-option'].length > 0 && { dnsOptions: flags['dns-option'] }),
  };
}
