/** What a value of daemon.json is. */
export type ValueType = 'text' | 'path' | 'number' | 'boolean' | 'texts' | 'list' | 'map' | 'pairs' | 'any';

export interface DaemonKey {
  readonly type: ValueType;
  /** Why it has no effect; missing where it has. */
  readonly why?: string;
  /** Values that ask for what is done in any case. Empty ones and false always do, unless true is here. */
  readonly anyway?: readonly unknown[];
}

/** Log drivers that containers can have here. */
export const logDrivers = ['json-file', 'local', 'syslog', 'none'] as const;
export type LogDriver = (typeof logDrivers)[number];

const defaults = "containers get Docker's defaults";
const hostGateway = 'host-gateway is the address of the bridge';
const itsOwn = 'the bridge chooses its own';
const noDaemon = "minidock's daemon has none";
const noIpv6 = 'there is no IPv6';
const noSwarm = 'there is no swarm';
const oneLine = 'pull and push decide themselves';
const overlay = 'layers are always overlayfs';
const ownRuntime = 'minidock is its own runtime';
const proxies = 'proxies come from the environment';
const resolvConf = "containers get the host's resolv.conf";
const rules = 'its rules are always set';

/**
 * Every key of Docker's daemon.json: those of 20.10, and those that came later and went earlier. Made when it is asked for:
 * most machines have no such file, and every command looks for it.
 */
export const daemonKeys = (): Readonly<Record<string, DaemonKey>> => ({
  'data-root': { type: 'path' },
  'exec-root': { type: 'path' },
  bridge: { type: 'text' },
  'registry-mirrors': { type: 'texts' },
  'insecure-registries': { type: 'texts' },

  graph: { type: 'path', why: 'its name is data-root' },

  // The daemon and its API.
  'api-cors-header': { type: 'text', why: noDaemon },
  'authorization-plugins': { type: 'texts', why: noDaemon },
  builder: { type: 'map', why: noDaemon },
  containerd: { type: 'text', why: noDaemon },
  'containerd-namespace': { type: 'text', why: noDaemon },
  'containerd-plugin-namespace': { type: 'text', why: noDaemon },
  'containerd-plugins-namespace': { type: 'text', why: noDaemon },
  debug: { type: 'boolean' },
  experimental: { type: 'boolean', why: noDaemon },
  features: { type: 'map', why: noDaemon },
  group: { type: 'text' },
  hosts: { type: 'texts' },
  labels: { type: 'texts', why: noDaemon },
  'live-restore': { type: 'boolean', anyway: [true, false], why: noDaemon },
  'log-format': { type: 'text', why: noDaemon },
  'log-level': { type: 'text', why: noDaemon },
  'metrics-addr': { type: 'text', why: noDaemon },
  'oom-score-adjust': { type: 'number', why: noDaemon },
  pidfile: { type: 'path' },
  'raw-logs': { type: 'boolean', why: noDaemon },
  rootless: { type: 'boolean', why: 'minidock is run by root' },
  'shutdown-timeout': { type: 'number', why: noDaemon },
  tls: { type: 'boolean' },
  tlscacert: { type: 'path' },
  tlscert: { type: 'path' },
  tlskey: { type: 'path' },
  tlsverify: { type: 'boolean' },

  // Swarm and clusters.
  'cluster-advertise': { type: 'text', why: noSwarm },
  'cluster-store': { type: 'text', why: noSwarm },
  'cluster-store-opts': { type: 'map', why: noSwarm },
  'network-control-plane-mtu': { type: 'number', why: noSwarm },
  'network-diagnostic-port': { type: 'number', why: noSwarm },
  'node-generic-resources': { type: 'texts', why: noSwarm },
  'swarm-default-advertise-addr': { type: 'text', why: noSwarm },

  // Containers.
  'apparmor-profile': { type: 'text', why: defaults },
  'cdi-spec-dirs': { type: 'texts', why: 'there are no devices by CDI' },
  'cgroup-parent': { type: 'text', why: 'each data-root has a cgroup of its own' },
  'cpu-rt-period': { type: 'number', why: defaults },
  'cpu-rt-runtime': { type: 'number', why: defaults },
  'default-cgroupns-mode': { type: 'text', anyway: ['private'], why: defaults },
  'default-init': { type: 'boolean', why: defaults },
  'default-ipc-mode': { type: 'text', anyway: ['private'], why: defaults },
  'default-runtime': { type: 'text', anyway: ['runc'], why: ownRuntime },
  'default-shm-size': { type: 'any', anyway: ['64M', '64m', '64MiB', '67108864', 67108864], why: defaults },
  'default-ulimits': { type: 'map', why: defaults },
  'exec-opts': { type: 'texts', why: 'cgroups are made without systemd' },
  init: { type: 'boolean', why: defaults },
  'init-path': { type: 'text', why: defaults },
  'no-new-privileges': { type: 'boolean', why: defaults },
  'nri-opts': { type: 'map', why: ownRuntime },
  runtimes: { type: 'map', why: ownRuntime },
  'seccomp-profile': { type: 'text', anyway: ['builtin'], why: defaults },
  'selinux-enabled': { type: 'boolean', why: defaults },
  'userns-remap': { type: 'text', why: defaults },

  // Logs, layers, registries.
  'log-driver': { type: 'text', anyway: logDrivers, why: 'minidock does not have this driver' },
  'log-opts': { type: 'pairs' },
  'storage-driver': { type: 'text', anyway: ['overlay2', 'overlay'], why: overlay },
  'storage-opts': { type: 'texts', why: overlay },
  'allow-nondistributable-artifacts': { type: 'texts', why: oneLine },
  'deprecated-key-path': { type: 'text', why: noDaemon },
  'disable-legacy-registry': { type: 'boolean', anyway: [true, false], why: oneLine },
  'max-concurrent-downloads': { type: 'number', why: oneLine },
  'max-concurrent-uploads': { type: 'number', why: oneLine },
  'max-download-attempts': { type: 'number', why: oneLine },
  'http-proxy': { type: 'text', why: proxies },
  'https-proxy': { type: 'text', why: proxies },
  'no-proxy': { type: 'text', why: proxies },
  proxies: { type: 'map', why: proxies },

  // The network.
  'allow-direct-routing': { type: 'boolean', why: rules },
  bip: { type: 'text', why: itsOwn },
  bip6: { type: 'text', why: noIpv6 },
  'bridge-accept-fwmark': { type: 'text', why: rules },
  'default-address-pools': { type: 'list', why: itsOwn },
  'default-gateway': { type: 'text', why: itsOwn },
  'default-gateway-v6': { type: 'text', why: noIpv6 },
  'default-network-opts': { type: 'map', why: itsOwn },
  dns: { type: 'texts', why: resolvConf },
  'dns-opts': { type: 'texts', why: resolvConf },
  'dns-search': { type: 'texts', why: resolvConf },
  'firewall-backend': { type: 'text', anyway: ['iptables'], why: rules },
  'fixed-cidr': { type: 'text', why: itsOwn },
  'fixed-cidr-v6': { type: 'text', why: noIpv6 },
  'host-gateway-ip': { type: 'any', why: hostGateway },
  'host-gateway-ips': { type: 'any', why: hostGateway },
  icc: { type: 'boolean', anyway: [true], why: 'containers on the bridge reach each other' },
  ip: { type: 'text', anyway: ['0.0.0.0'], why: '-p names the address' },
  'ip-forward': { type: 'boolean', anyway: [true], why: rules },
  'ip-forward-no-drop': { type: 'boolean', why: rules },
  'ip-masq': { type: 'boolean', anyway: [true], why: rules },
  ip6tables: { type: 'boolean', why: noIpv6 },
  iptables: { type: 'boolean', anyway: [true], why: rules },
  ipv6: { type: 'boolean', why: noIpv6 },
  mtu: { type: 'number', anyway: [1500], why: "the bridge has the kernel's" },
  'userland-proxy': { type: 'boolean', why: 'the kernel alone forwards published ports' },
  'userland-proxy-path': { type: 'text', why: 'the kernel alone forwards published ports' },
});
