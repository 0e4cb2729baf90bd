import { readVolume } from '../../container/options/bind.ts';
import { readLinkFlag } from '../../container/options/resolver.ts';
import type { ContainerOptions } from '../../container/record.ts';
import type { VolumeMount } from '../../container/volumes.ts';
import type { PortMapping } from '../../network/ports/ports.ts';
import { readPublish } from '../../network/ports/read-publish.ts';
import { byEngine, type Flag, type FlagTable, many, single, text, toggle, type Values } from '../grammar/flags.ts';
import { attachFlags, toStreams } from './attach.ts';
import { collectEnvironment } from './environment.ts';
import { healthFlags, toHealthOptions } from './keeping/health-flags.ts';
import { restartFlags, toRestartOptions } from './keeping/restart-flags.ts';
import { lifeFlags, toLifeOptions } from './life-flags.ts';
import { loggingFlags, toLoggingOptions } from './logging-flags.ts';
import { networkFlags, toNetworkOptions } from './network/flags.ts';
import { resourceFlags, toResourceOptions } from './resources/flags.ts';
import { namespaceFlags, securityFlags, toNamespaceOptions, toSecurityOptions } from './security-flags.ts';
import { storageFlags, toStorageOptions } from './storage-flags.ts';
import { readVariable } from './variable.ts';
import { readWorkdir } from './workdir.ts';

type GivenVolume = readonly [given: string, volume: VolumeMount];
const volume = (given: string): GivenVolume => [given, byEngine('invalid-volume', () => readVolume(given))];

/** The flags that describe a container. */
export const containerFlags = {
  ...resourceFlags,
  ...attachFlags,
  entrypoint: text('Program to run in place of the image’s ENTRYPOINT'),
  env: many('list', readVariable, 'Set an environment variable: NAME=value, or NAME to hand on our own', {
    short: 'e',
    completes: 'variables',
  }),
  'env-file': many('list', (path: string) => path, 'Read environment variables from a file', { completes: 'files' }),
  ...healthFlags,
  hostname: text('Host name inside (default: the short id)', { short: 'h' }),
  interactive: toggle('Keep standard input open', { short: 'i' }),
  link: many<string>('list', readLinkFlag, 'Give another container a name inside: CONTAINER[:ALIAS]', {
    completes: 'containers',
  }),
  name: text('Name of the container (default: a made-up one)'),
  ...networkFlags,
  ...namespaceFlags,
  publish: many<readonly PortMapping[]>(
    'list',
    readPublish,
    'Publish a port: [[HOST-IP:][HOST-PORT]:]PORT[/udp], or ranges of ports',
    { short: 'p' },
  ),
  'publish-all': toggle('Publish every exposed port on a free port of the host', { short: 'P' }),
  ...lifeFlags,
  ...loggingFlags,
  // Docker writes down whether it was said at all.
  init: {
    ...toggle('Make an init PID 1, which hands signals on and reaps what is orphaned'),
    initial: undefined,
  } as Flag<boolean | undefined>,
  ...securityFlags,
  ...restartFlags,
  rm: toggle('Remove the container when it has exited'),
  tty: toggle('Give it a terminal', { short: 't' }),
  user: text('User to run as: NAME or UID, and optionally :GROUP or :GID', { short: 'u' }),
  volume: many<GivenVolume>('list', volume, 'Mount a host path or a volume: [SOURCE:]TARGET[:ro,z,nocopy,…]', {
    short: 'v',
    completes: 'volumes',
  }),
  workdir: single('string', readWorkdir, 'Working directory inside', { short: 'w' }),
  ...storageFlags,
} satisfies FlagTable;

/** What the flags ask for, in the engine's words. @param own our environment, for `-e NAME` */
export function toRunOptions(
  flags: Values<typeof containerFlags>,
  [image, ...command]: readonly string[],
  own: Readonly<Record<string, string | undefined>>,
  detach: boolean,
): ContainerOptions {
  return {
    image: image!,
    command,
    name: flags.name,
    hostname: flags.hostname,
    entrypoint: flags.entrypoint,
    env: collectEnvironment(flags['env-file'], flags.env, own),
    workdir: flags.workdir,
    user: flags.user,
    tty: flags.tty,
    interactive: flags.interactive,
    attach: toStreams(flags, detach),
    autoRemove: flags.rm,
    ...toRestartOptions(flags),
    ...toLifeOptions(flags),
    ...toHealthOptions(flags),
    ports: flags.publish.flat(),
    ...(flags['publish-all'] && { publishAll: true }),
    // To Docker what is asked twice in the same words is asked once.
    volumes: [...new Map(flags.volume).values()],
    ...toStorageOptions(flags),
    ...toNetworkOptions(flags),
    ...(flags.link.length > 0 && { links: flags.link }),
    ...toLoggingOptions(flags),
    ...(flags.init !== undefined && { init: flags.init }),
    ...toNamespaceOptions(flags),
    ...toSecurityOptions(flags),
    ...toResourceOptions(flags),
  };
}
