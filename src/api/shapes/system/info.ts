import type { SystemInfo } from '../../../engine/nouns/system.ts';
import { version } from '../../../version.ts';

/** Of volumes, networks and logs. */
export const drivers = {
  Volume: ['local'],
  Network: ['bridge', 'host', 'none'],
  Log: ['json-file', 'local', 'none'],
};

/** What an engine is told beside what it finds out. */
export interface InfoSettings {
  readonly root: string;
  readonly logDefaults: { readonly driver?: string };
}

const hub = 'https://index.docker.io/v1/';

/** As Docker sorts them: networks, to which this machine's belongs, and hosts. */
function registries({ mirrors, insecure }: SystemInfo['registries']) {
  const isNetwork = (rule: string) => rule.includes('/');
  const hosts = insecure.filter(rule => !isNetwork(rule));
  return {
    AllowNondistributableArtifactsCIDRs: [],
    AllowNondistributableArtifactsHostnames: [],
    InsecureRegistryCIDRs: [...insecure.filter(isNetwork), '127.0.0.0/8'],
    IndexConfigs: {
      ...Object.fromEntries(hosts.map(Name => [Name, { Name, Mirrors: [], Secure: false, Official: false }])),
      'docker.io': { Name: 'docker.io', Mirrors: mirrors, Secure: true, Official: true },
    },
    Mirrors: mirrors,
  };
}

/** Docker's words for what an engine is; `value(info, …)` of these is what GET /info answers. */
export function infoFields(info: SystemInfo, settings: InfoSettings) {
  const { running, paused, stopped } = info.containers;
  return {
    ID: info.id,
    Containers: running + paused + stopped,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: stopped,
    Images: info.images,
    Driver: 'overlay2',
    DriverStatus: [['Backing Filesystem', info.fileSystem]],
    Plugins: { ...drivers, Authorization: null },
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    IPv4Forwarding: true,
    OomKillDisable: info.cgroupVersion === 1,
    SystemTime: new Date().toISOString(),
    LoggingDriver: settings.logDefaults.driver || 'json-file',
    CgroupDriver: info.cgroupVersion === undefined ? 'none' : 'cgroupfs',
    CgroupVersion: info.cgroupVersion === undefined ? '' : String(info.cgroupVersion),
    KernelVersion: info.kernel,
    OperatingSystem: info.operatingSystem,
    OSVersion: info.osVersion,
    OSType: 'linux',
    Architecture: process.arch === 'x64' ? 'x86_64' : 'aarch64',
    IndexServerAddress: hub,
    RegistryConfig: registries(info.registries),
    NCPU: info.cpus,
    MemTotal: info.memory,
    DockerRootDir: settings.root,
    Name: info.hostname,
    Labels: [],
    ServerVersion: version,
    Runtimes: { minidock: {} },
    DefaultRuntime: 'minidock',
    Swarm: { LocalNodeState: 'inactive' },
    SecurityOptions: ['name=seccomp,profile=default', ...(info.cgroupVersion === 2 ? ['name=cgroupns'] : [])],
    ClientInfo: { Context: 'default', Plugins: [] },
  };
}
