import { defaultLog } from '../../../container/logging/config.ts';
import { type ContainerRecord, type Health, isUp } from '../../../container/record.ts';
import type { InspectedContainer } from '../../../engine/nouns/containers.ts';
import { endpointsOf, gatewayEndpoint } from '../../../network/attachment.ts';
import type { PortMapping } from '../../../network/ports/ports.ts';
import { conform } from '../../go/conform.ts';
import { type Value, value } from '../../go/values.ts';
import { containerConfig } from '../config.ts';
import { lifeConfig } from './life.ts';
import { shownResources } from './resources.ts';
import { rightsOf } from './rights.ts';
import { statusName } from './status.ts';
import { storageConfig, tmpfsPoints } from './storage-config.ts';
import { containerJson } from './types.ts';

/** Go's zero time: Docker's way to say "never". */
const never = '0001-01-01T00:00:00Z';

/**
 * A container as Docker's API shows it (GET /containers/{id}/json). What minidock does not have, or does not know, is
 * left out here and stands in the JSON as the zero value of its type.
 */
export function inspectContainer(inspected: InspectedContainer): Value {
  const { record, files: paths, layers, size, execs, links } = inspected;
  const { state } = record;
  const logging = record.options.logging ?? defaultLog;
  return value(containerJson, {
    Id: record.id,
    Created: record.created,
    Path: record.path,
    Args: record.args,
    State: {
      Status: statusName(state),
      Running: isUp(record),
      Paused: state.paused === true,
      Restarting: state.status === 'restarting',
      OOMKilled: state.oomKilled,
      Dead: state.status === 'dead',
      Pid: state.pid,
      ExitCode: state.exitCode,
      Error: state.error,
      StartedAt: state.startedAt ?? never,
      FinishedAt: state.finishedAt ?? never,
      ...(state.health && { Health: healthOf(state.health) }),
    },
    Image: record.imageId,
    AppArmorProfile: record.options.securityOpt?.some(one => /^apparmor[=:]unconfined$/.test(one)) ? 'unconfined' : '',
    ResolvConfPath: paths.resolvConf,
    HostnamePath: paths.hostname,
    HostsPath: paths.hosts,
    // Docker names the file once it is there, and only one that others may read.
    LogPath: state.startedAt !== undefined && logging.driver === 'json-file' ? paths.log : '',
    Name: `/${record.name}`,
    RestartCount: state.restarts?.count ?? 0,
    Driver: 'overlay2',
    Platform: 'linux',
    ExecIDs: execs.length === 0 ? null : execs,
    HostConfig: hostConfig(record, links),
    GraphDriver: {
      Data: {
        // overlayfs takes the topmost layer first.
        LowerDir: [...layers].reverse().join(':'),
        MergedDir: paths.rootfs,
        UpperDir: paths.upper,
        WorkDir: paths.work,
      },
      Name: 'overlay2',
    },
    ...(size && { SizeRw: size.written, SizeRootFs: size.written + (size.image ?? 0) }),
    Mounts: mountsOf(record),
    Config: config(record),
    NetworkSettings: networkSettings(inspected),
  });
}

function hostConfig({ options }: ContainerRecord, links: readonly string[] | undefined) {
  const binds = options.volumes
    .filter(volume => volume.source !== undefined)
    .map(volume => [volume.source, volume.destination, modeOf(volume)].filter(part => part !== undefined).join(':'));
  const logging = options.logging ?? defaultLog;
  return {
    Binds: binds.length === 0 ? null : binds,
    ...lifeConfig(options),
    ...(links !== undefined && links.length > 0 && { Links: links }),
    ...storageConfig(options),
    LogConfig: { Type: logging.driver, Config: logging.options },
    NetworkMode: options.network,
    PortBindings: byPort(options.ports, ({ hostIp, hostPort, lastHostPort }) => ({
      HostIp: hostIp ?? '',
      HostPort: [hostPort, lastHostPort].filter(port => port !== undefined).join('-'),
    })),
    PublishAllPorts: options.publishAll ?? false,
    RestartPolicy: restartPolicy(options),
    AutoRemove: options.autoRemove,
    ...rightsOf(options),
    ...(options.init !== undefined && { Init: options.init }),
    Runtime: 'minidock',
    ConsoleSize: [0, 0],
    ...shownResources(options),
  };
}

const healthOf = ({ status, failingStreak, log }: Health) => ({
  Status: status,
  FailingStreak: failingStreak,
  Log: log.map(({ start, end, exitCode, output }) => ({ Start: start, End: end, ExitCode: exitCode, Output: output })),
});

const restartPolicy = ({ restart }: ContainerRecord['options']) => ({
  Name: restart?.name ?? 'no',
  MaximumRetryCount: restart?.maximumRetryCount ?? 0,
});

/** Binds, volumes, and what `--mount` asks for in memory. */
export const mountsOf = (record: ContainerRecord) => [...mountPoints(record), ...tmpfsPoints(record.options)];

function mountPoints({ mounts }: ContainerRecord) {
  return mounts.map(mount => ({
    Type: mount.type,
    Name: mount.name,
    Source: mount.source,
    Destination: mount.destination,
    Driver: mount.type === 'volume' ? 'local' : '',
    // Docker's word for a named volume of which nothing was said: shared.
    Mode: mount.mode ?? (modeOf(mount) || (mount.type === 'volume' && !mount.anonymous ? 'z' : '')),
    RW: !mount.readonly,
    Propagation: mount.type === 'bind' ? (mount.propagation ?? 'rprivate') : '',
  }));
}

/** The options as they were typed, which older records do not hold. */
const modeOf = ({ mode, readonly }: { mode?: string; readonly: boolean }) => mode ?? (readonly ? 'ro' : undefined);

function config({ config, options, hostname, image, network }: ContainerRecord) {
  const anonymous = options.volumes.filter(volume => volume.source === undefined).map(volume => volume.destination);
  const volumes = [...Object.keys(config.Volumes ?? {}), ...anonymous];
  return {
    ...(conform(containerConfig, config) as object),
    // That of the image is for builds.
    Shell: null,
    Hostname: hostname,
    Domainname: options.domainname ?? '',
    AttachStdin: options.attach.stdin,
    AttachStdout: options.attach.stdout,
    AttachStderr: options.attach.stderr,
    ExposedPorts: keysOrNil(exposedPorts({ config, network, options })),
    Tty: options.tty,
    OpenStdin: options.interactive,
    StdinOnce: options.interactive && options.attach.stdin,
    Env: config.Env ?? [],
    Image: image,
    Volumes: keysOrNil(volumes),
    StopTimeout: options.stopTimeout,
    Labels: config.Labels ?? {},
  };
}

/** A set as Go has it in JSON. */
const keysOrNil = (keys: readonly string[]) =>
  keys.length === 0 ? null : Object.fromEntries(keys.map(key => [key, {}]));

/** What the image exposes and what is published, or to be published at the start: `80/tcp`. */
function exposedPorts({ config, network, options }: Pick<ContainerRecord, 'config' | 'network' | 'options'>): string[] {
  const exposed = Object.keys(config.ExposedPorts ?? {}).map(name => (name.includes('/') ? name : `${name}/tcp`));
  return [...new Set([...exposed, ...[...network.ports, ...options.ports].map(portName)])].sort();
}

/** As in Docker a container that does not run has no address and no ports. */
function networkSettings({ record, predefinedNetwork }: InspectedContainer) {
  const { network, state } = record;
  const running = state.status === 'running';
  const unpublished = Object.fromEntries(exposedPorts(record).map(name => [name, null]));
  const published = byPort(network.ports, ({ hostIp, hostPort }) => ({ HostIp: hostIp, HostPort: String(hostPort) }));
  const networks = networksOf(record, predefinedNetwork);
  const { NetworkID: _, IPAMConfig: __, Links: ___, Aliases: ____, ...own } = networks.bridge ?? {};
  return {
    Ports: running && gatewayEndpoint(endpointsOf(record)) ? { ...unpublished, ...published } : {},
    SandboxKey: running ? `/proc/${state.pid}/ns/net` : '',
    ...own,
    Networks: networks,
  };
}

/** The container's endpoints by the names of their networks. */
export function networksOf(
  { id, network, state }: ContainerRecord,
  known: InspectedContainer['predefinedNetwork'],
): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const running = state.status === 'running';
  const { mode } = network;
  if (mode === 'container') return {};
  if (mode !== 'bridge') return { [mode]: { NetworkID: known?.id, EndpointID: running ? known?.endpointId : '' } };
  const shown = network.endpoints.filter(({ unfinished }) => !unfinished);
  return Object.fromEntries(
    shown.map(({ aliases, links, ip, ...endpoint }) => {
      const isDefault = endpoint.network === 'bridge';
      const wired = running && endpoint.interface !== undefined;
      return [
        endpoint.network,
        {
          IPAMConfig: ip === undefined ? null : { IPv4Address: ip },
          Links: links ?? null,
          // As in Docker its short id is one on networks that users made, from the first start on.
          Aliases: isDefault ? null : state.startedAt ? [...(aliases ?? []), id.slice(0, 12)] : (aliases ?? null),
          NetworkID: isDefault ? known?.id : endpoint.networkId,
          ...(wired && {
            EndpointID: endpoint.endpointId,
            Gateway: endpoint.gateway,
            IPAddress: endpoint.address,
            IPPrefixLen: endpoint.prefixLength,
            MacAddress: endpoint.macAddress,
          }),
        },
      ];
    }),
  );
}

function byPort<P extends PortMapping, T>(ports: readonly P[], show: (port: P) => T): Readonly<Record<string, T[]>> {
  const bindings: Record<string, T[]> = {};
  for (const port of ports) {
    const name = portName(port);
    bindings[name] = [...(bindings[name] ?? []), show(port)];
  }
  return bindings;
}

const portName = (port: PortMapping): string => `${port.containerPort}/${port.protocol}`;
