import { checkHealth } from '../../../../container/options/health.ts';
import type { LifeOptions } from '../../../../container/options/life.ts';
import { loggingOf } from '../../../../container/options/logging.ts';
import { readAddress, readDomain, readExtraHost } from '../../../../container/options/resolver.ts';
import { type RestartOptions, restartPolicy } from '../../../../container/options/restart.ts';
import type { ContainerOptions } from '../../../../container/record.ts';
import { MinidockError } from '../../../../errors.ts';
import { readExpose } from '../../../../network/ports/read-publish.ts';
import { parsePlatform } from '../../../../oci/platform.ts';
import { reading } from '../../reading.ts';
import type { ConfigBody, CreateBody, HostBody, RestartBody } from './body.ts';
import { networkOf, portsOf } from './network.ts';
import { resourcesOf } from './resources.ts';
import { namespacesOf, securityOf } from './rights.ts';
import { storageOf, volumesOf } from './storage.ts';

/** What the query of a request says beside its body. */
export interface CreateQuery {
  readonly name?: string;
  /** `linux/arm64` */
  readonly platform?: string;
}

/**
 * What a request to create a container asks for, as flags say it.
 *
 * @throws {MinidockError} of kind `usage`, in Docker's words
 */
export function containerOptionsOf(body: CreateBody, query: CreateQuery = {}): ContainerOptions {
  const { HostConfig, NetworkingConfig: _, ...config } = body;
  if (Object.keys(config).length === 0)
    throw new MinidockError('invalid-argument', 'Config cannot be empty in order to create a container');
  const host = HostConfig ?? {};
  checkWords(host);
  const { Entrypoint: entrypoint } = config;
  return {
    image: config.Image ?? '',
    command: [...(config.Cmd ?? [])],
    ...(query.name && { name: query.name }),
    ...(config.Hostname && { hostname: config.Hostname }),
    // Docker's client sends `--entrypoint ''` as a list of one empty text.
    ...(entrypoint && { entrypoint: entrypoint.length === 1 && entrypoint[0] === '' ? '' : entrypoint }),
    env: variablesOf(config),
    ...(config.WorkingDir && { workdir: config.WorkingDir }),
    ...(config.User && { user: config.User }),
    tty: config.Tty ?? false,
    interactive: config.OpenStdin ?? false,
    attach: {
      stdin: config.AttachStdin ?? false,
      stdout: config.AttachStdout ?? false,
      stderr: config.AttachStderr ?? false,
    },
    autoRemove: host.AutoRemove ?? false,
    ...restartOf(host.RestartPolicy ?? {}, host.AutoRemove),
    ...lifeOf(config, host, query),
    ...healthOf(config),
    ports: portsOf(host),
    ...(host.PublishAllPorts && { publishAll: true }),
    volumes: volumesOf(config, host),
    ...storageOf(host),
    ...networkOf(body),
    ...loggingOf(host.LogConfig?.Type ?? '', host.LogConfig?.Config ?? {}),
    ...(typeof host.Init === 'boolean' && { init: host.Init }),
    ...namespacesOf(host, config.Domainname),
    ...securityOf(host),
    ...resourcesOf(host),
  };
}

/** What there is only one of here, or on Windows alone. */
function checkWords({ Runtime = '', Isolation = '', IOMaximumIOps, IOMaximumBandwidth }: HostBody): void {
  const ofWindows = IOMaximumBandwidth ? 'bandwidth' : IOMaximumIOps ? 'IOPs' : undefined;
  if (ofWindows !== undefined)
    throw new MinidockError(
      'invalid-argument',
      `Invalid QoS settings: linux does not support configuration of maximum ${ofWindows}`,
    );
  if (Runtime !== '' && Runtime !== 'minidock')
    throw new MinidockError('invalid-argument', `Unknown runtime specified ${Runtime}`, { fix: 'leave Runtime out' });
  if (Isolation !== '' && Isolation !== 'default')
    throw new MinidockError('invalid-argument', `Invalid isolation: ${JSON.stringify(Isolation)} on linux`);
}

/** @throws {MinidockError} `invalid-argument` for one without a name */
function variablesOf({ Env }: ConfigBody): string[] {
  for (const variable of Env ?? [])
    if (variable === '' || variable.startsWith('='))
      throw new MinidockError('invalid-argument', `invalid environment variable: ${variable}`);
  return [...(Env ?? [])];
}

/** @throws {MinidockError} `invalid-argument`, `conflict` */
export function restartOf({ Name = '', MaximumRetryCount }: RestartBody, autoRemove = false): RestartOptions {
  const restart = reading(() => restartPolicy(Name, MaximumRetryCount || undefined));
  if (restart.name === 'no') return {};
  if (autoRemove)
    throw new MinidockError('conflict', "can't create 'AutoRemove' container with restart policy", {
      fix: 'leave one of AutoRemove and RestartPolicy out',
    });
  return { restart };
}

function healthOf({ Healthcheck }: ConfigBody) {
  if (!Healthcheck) return {};
  reading(() => checkHealth(Healthcheck));
  return Object.keys(Healthcheck).length > 0 ? { health: Healthcheck } : {};
}

function lifeOf(config: ConfigBody, host: HostBody, { platform }: CreateQuery): LifeOptions {
  // Docker's client exposes what it publishes; of what is published that goes without saying.
  const exposed = Object.keys(config.ExposedPorts ?? {}).filter(port => !Object.hasOwn(host.PortBindings ?? {}, port));
  const some = <K extends string, T>(name: K, list: readonly T[]) => (list.length > 0 ? { [name]: list } : {});
  return reading(() => ({
    ...(config.Labels && Object.keys(config.Labels).length > 0 && { labels: config.Labels }),
    ...(config.StopSignal && { stopSignal: config.StopSignal }),
    ...(typeof config.StopTimeout === 'number' && { stopTimeout: config.StopTimeout }),
    ...(host.ContainerIDFile && { cidFile: host.ContainerIDFile }),
    ...(platform && { platform: parsePlatform(platform) }),
    ...some('exposed', exposed.flatMap(readExpose)),
    ...some('extraHosts', (host.ExtraHosts ?? []).map(readExtraHost)),
    ...some('dns', (host.Dns ?? []).map(readAddress)),
    ...some('dnsSearch', (host.DnsSearch ?? []).map(readDomain)),
    ...some('dnsOptions', host.DnsOptions ?? []),
  }));
}
