import {
  bool,
  embedded,
  int,
  int64,
  key,
  map,
  named,
  omitEmpty,
  pointer,
  slice,
  string,
  stringMap,
  strings,
  struct,
} from '../../go/types.ts';
import { containerConfig, graphDriver } from '../config.ts';
import { hostConfig, portMap } from './host-config.ts';

/** What Docker's API, version 1.41, answers to GET /containers/{id}/json. */

const result = struct('types.HealthcheckResult', { Start: string, End: string, ExitCode: int, Output: string });
const health = struct('types.Health', { Status: string, FailingStreak: int, Log: slice(pointer(result)) });

const state = struct('types.ContainerState', {
  Status: string,
  Running: bool,
  Paused: bool,
  Restarting: bool,
  OOMKilled: bool,
  Dead: bool,
  Pid: int,
  ExitCode: int,
  Error: string,
  StartedAt: string,
  FinishedAt: string,
  Health: omitEmpty(pointer(health)),
});

/** Of a Swarm that is long gone. */
const node = struct('types.ContainerNode', {
  ID: string,
  IPAddress: key('IP', string),
  Addr: string,
  Name: string,
  Cpus: int,
  Memory: int64,
  Labels: stringMap,
});

const base = struct('types.ContainerJSONBase', {
  ID: key('Id', string),
  Created: string,
  Path: string,
  Args: strings,
  State: pointer(state),
  Image: string,
  ResolvConfPath: string,
  HostnamePath: string,
  HostsPath: string,
  LogPath: string,
  Node: omitEmpty(pointer(node)),
  Name: string,
  RestartCount: int,
  Driver: string,
  Platform: string,
  MountLabel: string,
  ProcessLabel: string,
  AppArmorProfile: string,
  ExecIDs: strings,
  HostConfig: pointer(hostConfig),
  GraphDriver: graphDriver,
  SizeRw: omitEmpty(pointer(int64)),
  SizeRootFs: omitEmpty(pointer(int64)),
});

export const mountPoint = struct('types.MountPoint', {
  Type: omitEmpty(named('mount.Type', string)),
  Name: omitEmpty(string),
  Source: string,
  Destination: string,
  Driver: omitEmpty(string),
  Mode: string,
  RW: bool,
  Propagation: named('mount.Propagation', string),
});

const address = struct('network.Address', { Addr: string, PrefixLen: int });
const ipamConfig = struct('network.EndpointIPAMConfig', {
  IPv4Address: omitEmpty(string),
  IPv6Address: omitEmpty(string),
  LinkLocalIPs: omitEmpty(strings),
});

export const endpointSettings = struct('network.EndpointSettings', {
  IPAMConfig: pointer(ipamConfig),
  Links: strings,
  Aliases: strings,
  NetworkID: string,
  EndpointID: string,
  Gateway: string,
  IPAddress: string,
  IPPrefixLen: int,
  IPv6Gateway: string,
  GlobalIPv6Address: string,
  GlobalIPv6PrefixLen: int,
  MacAddress: string,
  DriverOpts: stringMap,
});

const networkSettings = struct('types.NetworkSettings', {
  NetworkSettingsBase: embedded(
    struct('types.NetworkSettingsBase', {
      Bridge: string,
      SandboxID: string,
      HairpinMode: bool,
      LinkLocalIPv6Address: string,
      LinkLocalIPv6PrefixLen: int,
      Ports: portMap,
      SandboxKey: string,
      SecondaryIPAddresses: slice(address),
      SecondaryIPv6Addresses: slice(address),
    }),
  ),
  DefaultNetworkSettings: embedded(
    struct('types.DefaultNetworkSettings', {
      EndpointID: string,
      Gateway: string,
      GlobalIPv6Address: string,
      GlobalIPv6PrefixLen: int,
      IPAddress: string,
      IPPrefixLen: int,
      IPv6Gateway: string,
      MacAddress: string,
    }),
  ),
  Networks: map(pointer(endpointSettings)),
});

export const containerJson = struct('types.ContainerJSON', {
  ContainerJSONBase: embedded(pointer(base)),
  Mounts: slice(mountPoint),
  Config: pointer(containerConfig),
  NetworkSettings: pointer(networkSettings),
});
