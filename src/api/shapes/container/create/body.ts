import type { HealthConfig } from '../../../../container/options/health.ts';
import { decodeJson } from '../../../go/decode.ts';
import { embedded, key, map, pointer, struct } from '../../../go/types.ts';
import { newest } from '../../../server/version.ts';
import { containerConfig } from '../../config.ts';
import { hostConfig } from '../host-config.ts';
import { endpointSettings } from '../types.ts';

/** What POST /containers/create is asked, in the fields of Docker's API, version 1.41, as far as minidock reads them. */
export interface CreateBody extends ConfigBody {
  readonly HostConfig?: HostBody | null;
  readonly NetworkingConfig?: { readonly EndpointsConfig?: Map<EndpointBody | null> } | null;
}

type Map<T> = Readonly<Record<string, T>> | null;
type List<T> = readonly T[] | null;

export interface ConfigBody {
  readonly Hostname?: string;
  readonly Domainname?: string;
  readonly User?: string;
  readonly AttachStdin?: boolean;
  readonly AttachStdout?: boolean;
  readonly AttachStderr?: boolean;
  readonly ExposedPorts?: Map<unknown>;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  readonly Env?: List<string>;
  readonly Cmd?: List<string>;
  readonly Healthcheck?: HealthConfig | null;
  readonly Image?: string;
  readonly Volumes?: Map<unknown>;
  readonly WorkingDir?: string;
  readonly Entrypoint?: List<string>;
  readonly NetworkDisabled?: boolean;
  readonly MacAddress?: string;
  readonly Labels?: Map<string>;
  readonly StopSignal?: string;
  readonly StopTimeout?: number | null;
}

export interface HostBody extends ResourcesBody, StorageBody, RightsBody {
  readonly ContainerIDFile?: string;
  readonly LogConfig?: { readonly Type?: string; readonly Config?: Map<string> };
  readonly NetworkMode?: string;
  readonly PortBindings?: Map<List<{ readonly HostIp?: string; readonly HostPort?: string }>>;
  readonly RestartPolicy?: RestartBody;
  readonly AutoRemove?: boolean;
  readonly Dns?: List<string>;
  readonly DnsOptions?: List<string>;
  readonly DnsSearch?: List<string>;
  readonly ExtraHosts?: List<string>;
  readonly Links?: List<string>;
  readonly PublishAllPorts?: boolean;
  readonly Runtime?: string;
  readonly Isolation?: string;
  readonly Init?: boolean | null;
  readonly IOMaximumIOps?: number;
  readonly IOMaximumBandwidth?: number;
}

export interface RestartBody {
  readonly Name?: string;
  readonly MaximumRetryCount?: number;
}

export interface StorageBody {
  readonly Binds?: List<string>;
  readonly Mounts?: List<MountBody>;
  readonly Tmpfs?: Map<string>;
  readonly VolumeDriver?: string;
  readonly VolumesFrom?: List<string>;
  readonly StorageOpt?: Map<string>;
}

export interface MountBody {
  readonly Type?: string;
  readonly Source?: string;
  readonly Target?: string;
  readonly ReadOnly?: boolean;
  readonly Consistency?: string;
  readonly BindOptions?: { readonly Propagation?: string; readonly NonRecursive?: boolean } | null;
  readonly VolumeOptions?: {
    readonly NoCopy?: boolean;
    readonly Labels?: Map<string>;
    readonly DriverConfig?: { readonly Name?: string; readonly Options?: Map<string> } | null;
  } | null;
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number } | null;
}

export interface RightsBody {
  readonly CapAdd?: List<string>;
  readonly CapDrop?: List<string>;
  readonly CgroupnsMode?: string;
  readonly DeviceCgroupRules?: List<string>;
  readonly Devices?: List<{
    readonly PathOnHost?: string;
    readonly PathInContainer?: string;
    readonly CgroupPermissions?: string;
  }>;
  readonly DeviceRequests?: List<unknown>;
  readonly GroupAdd?: List<string>;
  readonly IpcMode?: string;
  readonly MaskedPaths?: List<string>;
  readonly PidMode?: string;
  readonly Privileged?: boolean;
  readonly ReadonlyPaths?: List<string>;
  readonly ReadonlyRootfs?: boolean;
  readonly SecurityOpt?: List<string>;
  readonly Sysctls?: Map<string>;
  readonly UTSMode?: string;
  readonly UsernsMode?: string;
}

type Rates = List<{ readonly Path?: string; readonly Rate?: number } | null>;

export interface ResourcesBody {
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly MemoryReservation?: number;
  readonly MemorySwappiness?: number | null;
  readonly KernelMemory?: number;
  readonly NanoCpus?: number;
  readonly CpuShares?: number;
  readonly CpuPeriod?: number;
  readonly CpuQuota?: number;
  readonly CpuRealtimePeriod?: number;
  readonly CpuRealtimeRuntime?: number;
  readonly CpusetCpus?: string;
  readonly CpusetMems?: string;
  readonly CgroupParent?: string;
  readonly BlkioWeight?: number;
  readonly BlkioWeightDevice?: List<{ readonly Path?: string; readonly Weight?: number } | null>;
  readonly BlkioDeviceReadBps?: Rates;
  readonly BlkioDeviceWriteBps?: Rates;
  readonly BlkioDeviceReadIOps?: Rates;
  readonly BlkioDeviceWriteIOps?: Rates;
  readonly OomKillDisable?: boolean | null;
  readonly OomScoreAdj?: number;
  readonly PidsLimit?: number | null;
  readonly ShmSize?: number;
  readonly Ulimits?: List<{ readonly Name?: string; readonly Soft?: number; readonly Hard?: number } | null>;
}

/** A container's endpoint on a network, at its creation or when it is connected. */
export interface EndpointBody {
  readonly IPAMConfig?: { readonly IPv4Address?: string; readonly IPv6Address?: string } | null;
  readonly Links?: List<string>;
  readonly Aliases?: List<string>;
  readonly MacAddress?: string;
}

const type = struct('runconfig.ContainerConfigWrapper', {
  Config: embedded(pointer(containerConfig)),
  InnerHostConfig: key('HostConfig', pointer(hostConfig)),
  NetworkingConfig: pointer(struct('network.NetworkingConfig', { EndpointsConfig: map(pointer(endpointSettings)) })),
});

/** @throws {MinidockError} `invalid-argument`, in Go's words */
export function decodeCreateBody(json: string, version = newest): CreateBody {
  const body = decodeJson<CreateBody | undefined>(type, json) ?? {};
  // As in Docker: clients of 1.24 remove their containers themselves.
  return version < 25 && body.HostConfig ? { ...body, HostConfig: { ...body.HostConfig, AutoRemove: false } } : body;
}
