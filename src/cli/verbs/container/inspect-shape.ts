import type { ContainerRecord } from '../../../container/record.ts';
import type { PortMapping } from '../../../network/ports/ports.ts';
import type { containerPaths } from '../../../state/paths.ts';
import { goMap, goSlice } from '../../template/go-values.ts';

/** Go's zero time: Docker's way to say "never". */
const never = '0001-01-01T00:00:00Z';

/**
 * A container in the shape and with the key names of Docker's API (GET /containers/{id}/json). Keys of what minidock
 * does not have are left out, so that nothing here is made up.
 */
export function inspectContainer(record: ContainerRecord, paths: ReturnType<typeof containerPaths>) {
  const { state } = record;
  return {
    Id: record.id,
    Created: record.created,
    Path: record.path,
    Args: record.args,
    State: {
      Status: state.status,
      Running: state.status === 'running',
      Paused: false,
      Restarting: false,
      OOMKilled: state.oomKilled,
      Dead: state.status === 'dead',
      Pid: state.pid,
      ExitCode: state.exitCode,
      Error: state.error,
      StartedAt: state.startedAt ?? never,
      FinishedAt: state.finishedAt ?? never,
    },
    Image: record.imageId,
    ResolvConfPath: paths.resolvConf,
    HostnamePath: paths.hostname,
    HostsPath: paths.hosts,
    LogPath: paths.log,
    Name: `/${record.name}`,
    RestartCount: 0,
    Driver: 'overlay2',
    Platform: 'linux',
    HostConfig: hostConfig(record),
    GraphDriver: {
      Data: goMap({
        // overlayfs takes the topmost layer first.
        LowerDir: [...record.layers].reverse().join(':'),
        MergedDir: paths.rootfs,
        UpperDir: paths.upper,
        WorkDir: paths.work,
      }),
      Name: 'overlay2',
    },
    Mounts: mountPoints(record),
    Config: config(record),
    NetworkSettings: networkSettings(record),
  };
}

function hostConfig({ options }: ContainerRecord) {
  const binds = options.volumes
    .filter(volume => volume.source !== undefined)
    .map(({ source, destination, readonly }) => `${source}:${destination}${readonly ? ':ro' : ''}`);
  return {
    Binds: goSlice(binds.length === 0 ? null : binds),
    NetworkMode: options.network,
    PortBindings: byPort(options.ports, ({ hostIp, hostPort }) => ({
      HostIp: hostIp ?? '',
      HostPort: hostPort === undefined ? '' : String(hostPort),
    })),
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    AutoRemove: options.autoRemove,
    Privileged: false,
    ReadonlyRootfs: false,
    Memory: options.memory ?? 0,
    NanoCpus: Math.round((options.cpus ?? 0) * 1e9),
    PidsLimit: options.pidsLimit ?? null,
  };
}

function mountPoints({ mounts }: ContainerRecord) {
  return mounts.map(({ type, name, source, destination, readonly }) => ({
    Type: type,
    ...(type === 'volume' ? { Name: name } : {}),
    Source: source,
    Destination: destination,
    ...(type === 'volume' ? { Driver: 'local' } : {}),
    Mode: readonly ? 'ro' : '',
    RW: !readonly,
    Propagation: type === 'bind' ? 'rprivate' : '',
  }));
}

function config({ config, options, hostname, image, network }: ContainerRecord) {
  const ports = exposedPorts({ config, network });
  return {
    Hostname: hostname,
    User: config.User ?? '',
    AttachStdin: options.interactive && !options.detach,
    AttachStdout: !options.detach,
    AttachStderr: !options.detach,
    ...(ports.length === 0 ? {} : { ExposedPorts: goMap(Object.fromEntries(ports.map(name => [name, {}]))) }),
    Tty: options.tty,
    OpenStdin: options.interactive,
    StdinOnce: options.interactive && !options.detach,
    Env: config.Env ?? [],
    Cmd: goSlice(config.Cmd),
    Image: image,
    Volumes: goMap(config.Volumes),
    WorkingDir: config.WorkingDir ?? '',
    Entrypoint: goSlice(config.Entrypoint),
    Labels: goMap(config.Labels ?? {}, ''),
    ...(config.StopSignal === undefined ? {} : { StopSignal: config.StopSignal }),
  };
}

/** What the image exposes and what is published: `80/tcp`. */
function exposedPorts({ config, network }: Pick<ContainerRecord, 'config' | 'network'>): string[] {
  const exposed = Object.keys(config.ExposedPorts ?? {}).map(name => (name.includes('/') ? name : `${name}/tcp`));
  return [...new Set([...exposed, ...network.ports.map(portName)])].sort();
}

/** As in Docker a container that does not run has no address and no ports. */
function networkSettings(record: ContainerRecord) {
  const { network, state } = record;
  const running = state.status === 'running';
  const endpoint = {
    Gateway: (running && network.gateway) || '',
    IPAddress: (running && network.ipAddress) || '',
    IPPrefixLen: (running && network.prefixLength) || 0,
    MacAddress: (running && network.macAddress) || '',
  };
  const unpublished = Object.fromEntries(exposedPorts(record).map(name => [name, goSlice(null)]));
  const published = byPort(network.ports, ({ hostIp, hostPort }) => ({ HostIp: hostIp, HostPort: String(hostPort) }));
  return {
    Bridge: '',
    Ports: goMap(running ? { ...unpublished, ...published } : {}),
    ...endpoint,
    Networks: goMap({ [network.mode]: endpoint }),
  };
}

function byPort<P extends PortMapping, T>(ports: readonly P[], show: (port: P) => T): Readonly<Record<string, T[]>> {
  const bindings: Record<string, T[]> = {};
  for (const port of ports) {
    const name = portName(port);
    bindings[name] = [...(bindings[name] ?? []), show(port)];
  }
  return goMap(bindings);
}

const portName = (port: PortMapping): string => `${port.containerPort}/${port.protocol}`;
