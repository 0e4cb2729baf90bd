import { bool, int, int64, key, map, omitEmpty, pointer, slice, string, strings, struct } from '../../go/types.ts';

/** What Docker's API, version 1.41, answers to GET /info. Of what is not here its zero value is answered: a Swarm, containerd. */
const runtime = struct('types.Runtime', { path: omitEmpty(string), runtimeArgs: omitEmpty(strings) });

const commit = struct('types.Commit', { ID: string, Expected: string });
const index = struct('registry.IndexInfo', { Name: string, Mirrors: strings, Secure: bool, Official: bool });
const registries = struct('registry.ServiceConfig', {
  AllowNondistributableArtifactsCIDRs: strings,
  AllowNondistributableArtifactsHostnames: strings,
  InsecureRegistryCIDRs: strings,
  IndexConfigs: map(pointer(index)),
  Mirrors: strings,
});
const swarm = struct('swarm.Info', {
  NodeID: string,
  NodeAddr: string,
  LocalNodeState: string,
  ControlAvailable: bool,
  Error: string,
  RemoteManagers: strings,
});

const fields = {
  ID: string,
  Containers: int,
  ContainersRunning: int,
  ContainersPaused: int,
  ContainersStopped: int,
  Images: int,
  Driver: string,
  DriverStatus: slice(slice(string)),
  Plugins: struct('types.PluginsInfo', { Volume: strings, Network: strings, Authorization: strings, Log: strings }),
  MemoryLimit: bool,
  SwapLimit: bool,
  KernelMemory: bool,
  KernelMemoryTCP: key('KernelMemoryTCP', bool),
  CPUCfsPeriod: key('CpuCfsPeriod', bool),
  CPUCfsQuota: key('CpuCfsQuota', bool),
  CPUShares: bool,
  CPUSet: bool,
  PidsLimit: bool,
  IPv4Forwarding: bool,
  BridgeNfIptables: bool,
  BridgeNfIP6tables: key('BridgeNfIp6tables', bool),
  Debug: bool,
  NFd: int,
  OomKillDisable: bool,
  NGoroutines: int,
  SystemTime: string,
  LoggingDriver: string,
  CgroupDriver: string,
  CgroupVersion: omitEmpty(string),
  NEventsListener: int,
  KernelVersion: string,
  OperatingSystem: string,
  OSVersion: string,
  OSType: string,
  Architecture: string,
  IndexServerAddress: string,
  RegistryConfig: pointer(registries),
  NCPU: int,
  MemTotal: int64,
  GenericResources: strings,
  DockerRootDir: string,
  HTTPProxy: key('HttpProxy', string),
  HTTPSProxy: key('HttpsProxy', string),
  NoProxy: string,
  Name: string,
  Labels: strings,
  ExperimentalBuild: bool,
  ServerVersion: string,
  Runtimes: map(runtime),
  DefaultRuntime: string,
  Swarm: swarm,
  LiveRestoreEnabled: bool,
  Isolation: string,
  InitBinary: string,
  ContainerdCommit: commit,
  RuncCommit: commit,
  InitCommit: commit,
  SecurityOptions: strings,
  ProductLicense: omitEmpty(string),
  Warnings: strings,
};

/** GET /info */
export const serverInfo = struct('types.Info', fields);

/** What the command line shows: beside it what it knows of itself. */
export const info = struct('system.info', {
  ...fields,
  ServerErrors: omitEmpty(strings),
  ClientErrors: omitEmpty(strings),
  ClientInfo: pointer(
    struct('system.clientInfo', { Debug: bool, Context: string, Plugins: slice(string), Warnings: strings }),
  ),
});
