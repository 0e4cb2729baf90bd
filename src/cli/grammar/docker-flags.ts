/**
 * The flags of Docker 20.10 by command, with their letters: what its help lists, and the older names that it still takes
 * (test/parity-flags.test.ts asks its client). Read only after a flag was not found.
 */
const create = `
  add-host attach,a blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns cidfile cpu-period
  cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares,c cpus cpuset-cpus cpuset-mems device device-cgroup-rule
  device-read-bps device-read-iops device-write-bps device-write-iops disable-content-trust dns dns-option
  dns-search domainname entrypoint env,e env-file expose gpus group-add health-cmd health-interval health-retries
  health-start-period health-timeout hostname,h init interactive,i ip ip6 ipc isolation kernel-memory label,l
  label-file link link-local-ip log-driver log-opt mac-address memory,m memory-reservation memory-swap
  memory-swappiness mount name network network-alias no-healthcheck oom-kill-disable oom-score-adj pid pids-limit
  platform privileged publish,p publish-all,P pull read-only restart rm runtime security-opt shm-size stop-signal
  stop-timeout storage-opt sysctl tmpfs tty,t ulimit user,u userns uts volume,v volume-driver volumes-from
  workdir,w
  cpu-count cpu-percent dns-opt io-maxbandwidth io-maxiops net net-alias`;

const build = `
  add-host build-arg cache-from cgroup-parent compress cpu-period cpu-quota cpu-shares,c cpuset-cpus cpuset-mems
  disable-content-trust file,f force-rm iidfile isolation label memory,m memory-swap network no-cache output,o
  platform progress pull quiet,q rm secret security-opt shm-size squash ssh stream tag,t target ulimit`;

/** By the name of our verb; '' are those before the verb. */
export const dockerFlags: Readonly<Record<string, string>> = {
  '': 'config context,c debug,D host,H log-level,l tls tlscacert tlscert tlskey tlsverify version,v',
  attach: 'detach-keys no-stdin sig-proxy',
  build,
  'builder prune': 'all,a filter force,f keep-storage',
  commit: 'author,a change,c message,m pause,p',
  'container prune': 'filter force,f',
  cp: 'archive,a follow-link,L',
  create,
  events: 'filter,f format since until',
  exec: 'detach,d detach-keys env,e env-file interactive,i privileged tty,t user,u workdir,w',
  export: 'output,o',
  history: 'format human,H no-trunc quiet,q',
  'image prune': 'all,a filter force,f',
  images: 'all,a digests filter,f format no-trunc quiet,q',
  import: 'change,c message,m platform',
  info: 'format,f',
  inspect: 'format,f size,s type',
  kill: 'signal,s',
  load: 'input,i quiet,q',
  login: 'password,p password-stdin username,u',
  logs: 'details follow,f since tail,n timestamps,t until',
  'manifest annotate': 'arch os os-features os-version variant',
  'manifest create': 'amend,a insecure',
  'manifest inspect': 'insecure verbose,v',
  'manifest push': 'insecure purge,p',
  'network connect': 'alias driver-opt ip ip6 link link-local-ip',
  'network create':
    'attachable aux-address config-from config-only driver,d gateway ingress internal ip-range ipam-driver ipam-opt ipv6 label opt,o scope subnet',
  'network disconnect': 'force,f',
  'network inspect': 'format,f verbose,v',
  'network ls': 'filter,f format no-trunc quiet,q',
  'network prune': 'filter force,f',
  ps: 'all,a filter,f format last,n latest,l no-trunc quiet,q size,s',
  pull: 'all-tags,a disable-content-trust platform quiet,q',
  push: 'all-tags,a disable-content-trust quiet,q',
  restart: 'time,t',
  rm: 'force,f link,l volumes,v',
  rmi: 'force,f no-prune',
  run: `${create} detach,d detach-keys sig-proxy`,
  save: 'output,o',
  search: 'filter,f format limit no-trunc',
  start: 'attach,a detach-keys interactive,i',
  stats: 'all,a format no-stream no-trunc',
  stop: 'time,t',
  'system df': 'format verbose,v',
  'system prune': 'all,a filter force,f volumes',
  update:
    'blkio-weight cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares,c cpus cpuset-cpus cpuset-mems kernel-memory memory,m memory-reservation memory-swap pids-limit restart',
  version: 'format,f kubeconfig',
  'volume create': 'driver,d label opt,o',
  'volume inspect': 'format,f',
  'volume ls': 'filter,f format quiet,q',
  'volume prune': 'filter force,f',
  'volume rm': 'force,f',
};

/** What Docker 28 has beside them. */
const laterFlags: Readonly<Record<string, string>> = {
  build: `
    allow annotation attest build-context builder cache-to call debug,D load metadata-file no-cache-filter policy provenance
    push sbom`,
  create: 'annotation health-start-interval use-api-socket',
  history: 'platform',
  images: 'tree',
  load: 'platform',
  'network connect': 'gw-priority',
  'network create': 'ipv4',
  push: 'platform',
  restart: 'signal,s',
  rmi: 'platform',
  run: 'annotation health-start-interval use-api-socket',
  save: 'platform',
  'volume create': 'availability group limit-bytes required-bytes scope secret sharing type',
  'volume ls': 'cluster',
  'volume prune': 'all,a',
};

/** Why flags of Docker are not here, and what does the same. */
const reasons: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  build: {
    'cgroup-parent': 'all containers of a data root have one cgroup',
    squash: 'what one RUN does, or one COPY --from of another stage, is one layer',
    ssh: 'RUN --mount=type=secret sees the key that --secret names',
    stream: 'nothing is sent anywhere',
    load: 'the image is here once it is built',
    push: 'minidock push does it',
  },
};

/** Why a verb of ours lacks a flag of Docker's; undefined where there is nothing to say. */
export const reasonWithout = (verb: string, flag: string): string | undefined => reasons[verb]?.[flag];

const wordsOf = (flags: Readonly<Record<string, string>>, verb: string): readonly string[] =>
  Object.hasOwn(flags, verb) ? flags[verb]!.split(/[\s,]+/).filter(Boolean) : [];

/** Names and letters of Docker's flags for a verb of ours. */
export const dockerFlagsOf = (verb: string): readonly string[] => wordsOf(dockerFlags, verb);

/** Of those that Docker has got since. */
export const laterFlagsOf = (verb: string): readonly string[] => wordsOf(laterFlags, verb);
