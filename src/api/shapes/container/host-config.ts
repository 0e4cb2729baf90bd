import {
  array,
  bool,
  embedded,
  type GoType,
  int,
  int64,
  key,
  map,
  named,
  omitEmpty,
  pointer,
  type Scalar,
  slice,
  string,
  stringMap,
  strings,
  struct,
  uint,
  uint16,
  uint64,
} from '../../go/types.ts';
import { commandLine, port } from '../config.ts';

/** The type of `HostConfig` in Docker's API, version 1.41: what a container gets of its host. */

const method = (result: GoType, call: (data: never) => unknown) => ({ parameters: [], result, call });

const isOwn = (mode: string) => !['bridge', 'default', 'host', 'none'].includes(mode) && !mode.startsWith('container:');
const networkMode: Scalar = named('container.NetworkMode', string, {
  methods: {
    IsBridge: method(bool, (mode: string) => mode === 'bridge'),
    IsContainer: method(bool, (mode: string) => mode.startsWith('container:')),
    IsDefault: method(bool, (mode: string) => mode === 'default'),
    IsHost: method(bool, (mode: string) => mode === 'host'),
    IsNone: method(bool, (mode: string) => mode === 'none'),
    IsPrivate: method(bool, (mode: string) => mode !== 'host' && !mode.startsWith('container:')),
    IsUserDefined: method(bool, isOwn),
    NetworkName: method(string, (mode: string) => (mode.startsWith('container:') ? 'container' : mode)),
  },
});

export const restartPolicy = struct(
  'container.RestartPolicy',
  { Name: string, MaximumRetryCount: int },
  {
    methods: {
      IsNone: method(bool, ({ Name = '' }: { Name?: string }) => Name === 'no' || Name === ''),
      IsAlways: method(bool, ({ Name }: { Name?: string }) => Name === 'always'),
      IsOnFailure: method(bool, ({ Name }: { Name?: string }) => Name === 'on-failure'),
      IsUnlessStopped: method(bool, ({ Name }: { Name?: string }) => Name === 'unless-stopped'),
    },
  },
);

const portBinding = struct('nat.PortBinding', { HostIP: key('HostIp', string), HostPort: string });
export const portMap = map(slice(portBinding), port, 'nat.PortMap');

const weightDevice = struct('blkiodev.WeightDevice', { Path: string, Weight: uint16 });
const throttleDevice = struct('blkiodev.ThrottleDevice', { Path: string, Rate: uint64 });
const throttles = slice(pointer(throttleDevice));
const deviceMapping = struct('container.DeviceMapping', {
  PathOnHost: string,
  PathInContainer: string,
  CgroupPermissions: string,
});
const deviceRequest = struct('container.DeviceRequest', {
  Driver: string,
  Count: int,
  DeviceIDs: strings,
  Capabilities: slice(strings),
  Options: stringMap,
});
export const ulimit = struct('units.Ulimit', { Name: string, Hard: int64, Soft: int64 });

export const resources = struct('container.Resources', {
  CPUShares: key('CpuShares', int64),
  Memory: int64,
  NanoCPUs: key('NanoCpus', int64),
  CgroupParent: string,
  BlkioWeight: uint16,
  BlkioWeightDevice: slice(pointer(weightDevice)),
  BlkioDeviceReadBps: throttles,
  BlkioDeviceWriteBps: throttles,
  BlkioDeviceReadIOps: throttles,
  BlkioDeviceWriteIOps: throttles,
  CPUPeriod: key('CpuPeriod', int64),
  CPUQuota: key('CpuQuota', int64),
  CPURealtimePeriod: key('CpuRealtimePeriod', int64),
  CPURealtimeRuntime: key('CpuRealtimeRuntime', int64),
  CpusetCpus: string,
  CpusetMems: string,
  Devices: slice(deviceMapping),
  DeviceCgroupRules: strings,
  DeviceRequests: slice(deviceRequest),
  KernelMemory: int64,
  KernelMemoryTCP: int64,
  MemoryReservation: int64,
  MemorySwap: int64,
  MemorySwappiness: pointer(int64),
  OomKillDisable: pointer(bool),
  PidsLimit: pointer(int64),
  Ulimits: slice(pointer(ulimit)),
  CPUCount: key('CpuCount', int64),
  CPUPercent: key('CpuPercent', int64),
  IOMaximumIOps: uint64,
  IOMaximumBandwidth: uint64,
});

const mount = struct('mount.Mount', {
  Type: omitEmpty(named('mount.Type', string)),
  Source: omitEmpty(string),
  Target: omitEmpty(string),
  ReadOnly: omitEmpty(bool),
  Consistency: omitEmpty(named('mount.Consistency', string)),
  BindOptions: omitEmpty(
    pointer(
      struct('mount.BindOptions', {
        Propagation: omitEmpty(named('mount.Propagation', string)),
        NonRecursive: omitEmpty(bool),
      }),
    ),
  ),
  VolumeOptions: omitEmpty(
    pointer(
      struct('mount.VolumeOptions', {
        NoCopy: omitEmpty(bool),
        Labels: omitEmpty(stringMap),
        DriverConfig: omitEmpty(
          pointer(struct('mount.Driver', { Name: omitEmpty(string), Options: omitEmpty(stringMap) })),
        ),
      }),
    ),
  ),
  TmpfsOptions: omitEmpty(
    pointer(struct('mount.TmpfsOptions', { SizeBytes: omitEmpty(int64), Mode: omitEmpty(uint) })),
  ),
});

export const hostConfig = struct('container.HostConfig', {
  Binds: strings,
  ContainerIDFile: string,
  LogConfig: struct('container.LogConfig', { Type: string, Config: stringMap }),
  NetworkMode: networkMode,
  PortBindings: portMap,
  RestartPolicy: restartPolicy,
  AutoRemove: bool,
  VolumeDriver: string,
  VolumesFrom: strings,
  CapAdd: commandLine,
  CapDrop: commandLine,
  CgroupnsMode: named('container.CgroupnsMode', string),
  DNS: key('Dns', strings),
  DNSOptions: key('DnsOptions', strings),
  DNSSearch: key('DnsSearch', strings),
  ExtraHosts: strings,
  GroupAdd: strings,
  IpcMode: named('container.IpcMode', string),
  Cgroup: named('container.CgroupSpec', string),
  Links: strings,
  OomScoreAdj: int,
  PidMode: named('container.PidMode', string),
  Privileged: bool,
  PublishAllPorts: bool,
  ReadonlyRootfs: bool,
  SecurityOpt: strings,
  StorageOpt: omitEmpty(stringMap),
  Tmpfs: omitEmpty(stringMap),
  UTSMode: named('container.UTSMode', string),
  UsernsMode: named('container.UsernsMode', string),
  ShmSize: int64,
  Sysctls: omitEmpty(stringMap),
  Runtime: omitEmpty(string),
  ConsoleSize: array(2, uint),
  Isolation: named('container.Isolation', string),
  Resources: embedded(resources),
  Mounts: omitEmpty(slice(mount)),
  MaskedPaths: strings,
  ReadonlyPaths: strings,
  Init: omitEmpty(pointer(bool)),
});
