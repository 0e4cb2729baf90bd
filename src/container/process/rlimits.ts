import { MinidockError } from '../../errors.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Rlimit } from '../../oci/runtime-spec.ts';
import { call } from '../../syscalls/calls.ts';
import { struct } from '../../syscalls/data.ts';
import type { Step } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { RLIMIT, type RlimitName } from '../../syscalls/uapi/flags.ts';
import type { Ulimit } from '../options/resources.ts';

/** Infinity is the kernel's RLIM_INFINITY, 2⁶⁴ − 1. */
export const unlimited = Number.POSITIVE_INFINITY;
const infinity = 2 ** 64;

/** Soft and hard limits of a service of Debian 12: the kernel's and systemd's, with those of docker.service. */
export function serviceLimits({
  nrOpen,
  threadsMax,
}: Pick<HostFacts['limits'], 'nrOpen' | 'threadsMax'>): Record<RlimitName, readonly [number, number]> {
  const both = (value: number) => [value, value] as const;
  return {
    RLIMIT_CPU: both(unlimited),
    RLIMIT_FSIZE: both(unlimited),
    RLIMIT_DATA: both(unlimited),
    RLIMIT_STACK: [8 << 20, unlimited],
    RLIMIT_CORE: both(unlimited),
    RLIMIT_RSS: both(unlimited),
    RLIMIT_NPROC: both(unlimited),
    RLIMIT_NOFILE: both(Math.min(1048576, nrOpen)),
    RLIMIT_MEMLOCK: both(8 << 20),
    RLIMIT_AS: both(unlimited),
    RLIMIT_LOCKS: both(unlimited),
    RLIMIT_SIGPENDING: both(Math.floor(threadsMax / 2)),
    RLIMIT_MSGQUEUE: both(819_200),
    RLIMIT_NICE: both(0),
    RLIMIT_RTPRIO: both(0),
    RLIMIT_RTTIME: both(unlimited),
  };
}

/**
 * The rlimits for config.json: those of a service as far as they may be raised here, overridden by `--ulimit`. Throws
 * `bad-limit` for one that this machine cannot give.
 */
export function rlimitsFor(ulimits: readonly Ulimit[], limits: HostFacts['limits']): Rlimit[] {
  const service = serviceLimits(limits);
  const rlimits: Rlimit[] = [];
  for (const key in service) rlimits.push(rlimitFor(key as RlimitName, service, ulimits, limits));
  return rlimits;
}

function rlimitFor(
  name: RlimitName,
  service: ReturnType<typeof serviceLimits>,
  ulimits: readonly Ulimit[],
  limits: HostFacts['limits'],
): Rlimit {
  const own = limits.hard[name] ?? unlimited;
  const asked = ulimits.find(one => rlimitOf(one.name) === name);
  if (asked !== undefined) return askedFor(asked, name, own, limits);
  const [soft, hard] = service[name];
  const highest = limits.mayRaise ? hard : Math.min(hard, own);
  return inJson(name, Math.min(soft, highest), highest);
}

const rlimitOf = (ulimit: string) => `RLIMIT_${ulimit.toUpperCase()}`;

function askedFor(asked: Ulimit, name: RlimitName, own: number, { mayRaise, nrOpen }: HostFacts['limits']): Rlimit {
  const [soft, hard] = [asked.soft, asked.hard].map(value => (value < 0 ? unlimited : value)) as [number, number];
  const text = (value: number) => (value === unlimited ? 'unlimited' : String(value));
  if (name === 'RLIMIT_NOFILE' && hard > nrOpen)
    throw new MinidockError(
      'bad-limit',
      `error setting rlimit ${asked.name} to ${text(hard)}: the kernel allows a process at most ${nrOpen} open files`,
      { fix: 'sysctl fs.nr_open is that limit' },
    );
  if (hard > own && !mayRaise)
    throw new MinidockError(
      'bad-limit',
      `error setting rlimit ${asked.name} to ${text(hard)}: operation not permitted: minidock itself is held to ${text(own)}, and without CAP_SYS_RESOURCE nobody raises a hard limit`,
      { fix: `--ulimit ${asked.name}=${text(own) === 'unlimited' ? -1 : own} is the most` },
    );
  return inJson(name, soft, hard);
}

const inJson = (type: string, soft: number, hard: number): Rlimit => ({
  type,
  soft: Math.min(soft, infinity),
  hard: Math.min(hard, infinity),
});

const groupWhy = {
  en: 'limit what each process may use by itself; hard limits it can lower and never raise',
  zh: '限制每个进程自身的用量；进程可以调低这些限额，但不能调高硬限额',
};

/** Child section, before the capabilities are dropped, one of which it takes to raise a hard limit. */
export function rlimits(limits: readonly Rlimit[] = []): Step[] {
  return limits.map(({ type, soft, hard }) =>
    setLimit(type as RlimitName, soft, hard, { lesson: 'process', group: 'resource limits', groupWhy }),
  );
}

/** prlimit(2) of the calling process. */
export function setLimit(
  name: RlimitName,
  soft: number,
  hard: number,
  about: { lesson: 'process'; group: string; groupWhy: Text },
): Step {
  const limit = struct(`{${shown(soft)}, ${shown(hard)}}`, field(soft), field(hard));
  return call('prlimit64', [0, RLIMIT[name], limit, 0], { ...about, why: reasons[name] });
}

const shown = (value: number) => (value >= infinity ? 'unlimited' : value);
const field = (value: number) => ({ u64: value >= infinity ? 0xffff_ffff_ffff_ffffn : value });

const reasons: Record<RlimitName, Text> = {
  RLIMIT_CPU: { en: 'set the limit on processor time', zh: '设置处理器时间的上限' },
  RLIMIT_FSIZE: { en: 'set the limit on the size of a file', zh: '设置单个文件大小的上限' },
  RLIMIT_DATA: { en: 'set the limit on the data segment', zh: '设置数据段的上限' },
  RLIMIT_STACK: {
    en: 'set the limit on the stack; a quarter of it may hold arguments and environment',
    zh: '设置栈的上限；其中四分之一可以存放参数和环境变量',
  },
  RLIMIT_CORE: {
    en: 'set the limit on core dumps; the host decides where they are written',
    zh: '设置核心转储的上限；写到哪里由宿主机决定',
  },
  RLIMIT_RSS: {
    en: 'set the limit on resident memory, which Linux ignores: cgroups limit memory',
    zh: '设置常驻内存的上限；Linux 忽略它，限制内存靠的是 cgroup',
  },
  RLIMIT_NPROC: {
    en: 'set the limit on processes of the user, host-wide; the pids cgroup limits the container',
    zh: '设置该用户在整个宿主机上的进程数上限；容器的进程数由 pids cgroup 限制',
  },
  RLIMIT_NOFILE: { en: 'set the limit on open files', zh: '设置打开文件数的上限' },
  RLIMIT_MEMLOCK: {
    en: 'set the limit on locked memory, which is never swapped out',
    zh: '设置锁定内存的上限，锁定的内存不会被换出',
  },
  RLIMIT_AS: { en: 'set the limit on the address space', zh: '设置地址空间的上限' },
  RLIMIT_LOCKS: { en: 'set the limit on file locks, which Linux ignores', zh: '设置文件锁的上限；Linux 忽略它' },
  RLIMIT_SIGPENDING: {
    en: 'set the limit on queued signals of the user, on the whole host',
    zh: '设置该用户在整个宿主机上排队信号数的上限',
  },
  RLIMIT_MSGQUEUE: { en: 'set the limit on bytes in POSIX message queues', zh: '设置 POSIX 消息队列字节数的上限' },
  RLIMIT_NICE: {
    en: 'set how far the process may raise its priority without CAP_SYS_NICE',
    zh: '设置没有 CAP_SYS_NICE 的进程可以把优先级提高多少',
  },
  RLIMIT_RTPRIO: {
    en: 'set the real-time priority that a process may take without CAP_SYS_NICE',
    zh: '设置没有 CAP_SYS_NICE 的进程可以使用的实时优先级',
  },
  RLIMIT_RTTIME: {
    en: 'set the limit on the time that a real-time process runs without a pause',
    zh: '设置实时进程不间断运行的时间上限',
  },
};
