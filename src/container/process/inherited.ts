import type { HostFacts } from '../../host/facts.ts';
import { call, close, open } from '../../syscalls/calls.ts';
import { bytes, struct, text } from '../../syscalls/data.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { IOPRIO, MPOL, O, PER, PR, PRIO, RLIMIT, type RlimitName, SCHED } from '../../syscalls/uapi/flags.ts';

const about = {
  lesson: 'process',
  group: 'inherited attributes',
  groupWhy: {
    en: 'give inherited attributes the values of a system service, not those of the caller',
    zh: '把会继承的属性设为系统服务的值，不沿用调用者的',
  },
} as const;

/** A file of this process's own in /proc. */
function setOwn(name: string, value: string, why: Text, tolerate: 'EACCES'[] = []): Step[] {
  const fd = slot(name);
  const data = text(value);
  return [
    open(`/proc/self/${name}`, O.O_WRONLY, { ...about, why, save: fd }),
    call('write', [fd, data, data.bytes.length], { ...about, why, tolerate }),
    close(fd, { ...about, why }),
  ];
}

/** As large as the kernel's largest mask, 8,192 CPUs; it takes of it what it knows. */
const allCpus = bytes(new Uint8Array(1024).fill(0xff), '<all CPUs>');

/**
 * Host section: what fork(2) and execve(2) hand on and no other step sets. Docker's containers have it from a daemon that the
 * system started; ours would have it from whoever typed the command (`nice`, `taskset`, `setarch -R`, `ulimit` …). Set before
 * clone, so it holds for the supervisor too. Where a right for it is missing here it stays as it is: what lowers its own priority
 * needs CAP_SYS_NICE to undo that, and an OOM score that root has set cannot be lowered without CAP_SYS_RESOURCE.
 */
export function resetInherited(facts: Pick<HostFacts, 'capabilities' | 'limits'>): Step[] {
  return [
    ...setOwn(
      'oom_score_adj',
      '0',
      {
        en: 'when memory runs short, the kernel weighs this process by its size alone',
        zh: '内存不足时，内核只按占用大小来权衡这个进程',
      },
      ['EACCES'],
    ),
    // core(5): the kernel's own default.
    ...setOwn('coredump_filter', '0x33', {
      en: 'a core dump holds the kinds of memory that the kernel chooses by default',
      zh: '核心转储包含内核默认选择的那几类内存',
    }),
    call('sched_setscheduler', [0, SCHED.SCHED_OTHER, struct('{0}', { u32: 0 })], {
      ...about,
      why: {
        en: 'use the default scheduling policy, neither real-time nor idle',
        zh: '使用默认的调度策略，既非实时也非空闲',
      },
      tolerate: ['EPERM'],
    }),
    call('setpriority', [PRIO.PRIO_PROCESS, 0, 0], {
      ...about,
      why: { en: 'use the default CPU priority, niceness 0', zh: '使用默认的 CPU 优先级，即 nice 值 0' },
      tolerate: ['EACCES', 'EPERM'],
    }),
    call('sched_setaffinity', [0, allCpus.bytes.length, allCpus], {
      ...about,
      why: { en: 'run on every CPU that the cgroup allows', zh: '可以在 cgroup 允许的每个 CPU 上运行' },
    }),
    call('ioprio_set', [IOPRIO.IOPRIO_WHO_PROCESS, 0, 0], {
      ...about,
      why: {
        en: 'derive the disk priority from the niceness, which is the default',
        zh: '磁盘优先级由 nice 值决定，这是默认做法',
      },
      tolerate: ['ENOSYS'],
    }),
    call('set_mempolicy', [MPOL.MPOL_DEFAULT, 0, 0], {
      ...about,
      why: {
        en: 'allocate memory on the NUMA node of the running CPU, which is the default',
        zh: '在所用 CPU 的 NUMA 节点上分配内存，这是默认做法',
      },
      tolerate: ['ENOSYS'],
    }),
    call('personality', [PER.PER_LINUX], {
      ...about,
      why: {
        en: 'randomise addresses again, even if the caller ran under `setarch -R`',
        zh: '重新启用地址随机化，即使调用者是在 `setarch -R` 下运行的',
      },
    }),
    call('prctl', [PR.PR_SET_TIMERSLACK, 50_000, 0, 0, 0], {
      ...about,
      why: {
        en: 'timers may be 50 microseconds late, the default of the kernel',
        zh: '定时器最多可以晚 50 微秒，这是内核的默认值',
      },
    }),
    call('prctl', [PR.PR_SET_THP_DISABLE, 0, 0, 0, 0], {
      ...about,
      why: {
        en: 'use huge pages as the system does; kernels before 3.15 answer EINVAL',
        zh: '按系统设置使用大页；3.15 之前的内核返回 EINVAL',
      },
      tolerate: ['EINVAL'],
    }),
    ...limits(facts),
  ];
}

const unlimited = Number.POSITIVE_INFINITY;

/** Soft and hard limits of a service of Debian 12: the kernel's and systemd's, with those of docker.service. */
function serviceLimits({ nrOpen, threadsMax }: HostFacts['limits']): Record<RlimitName, readonly [number, number]> {
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

/** What may not be raised here stays at its hard limit. */
function limits(facts: Pick<HostFacts, 'capabilities' | 'limits'>): Step[] {
  const mayRaise = facts.capabilities.has('CAP_SYS_RESOURCE');
  return Object.entries(serviceLimits(facts.limits)).map(([key, [soft, hard]]) => {
    const name = key as RlimitName;
    const own = facts.limits.hard[name] ?? unlimited;
    const highest = mayRaise ? hard : Math.min(hard, own);
    const current = Math.min(soft, highest);
    const shown = [current, highest].map(value => (value === unlimited ? 'unlimited' : value)).join(', ');
    return call('prlimit64', [0, RLIMIT[name], struct(`{${shown}}`, field(current), field(highest)), 0], {
      ...about,
      why: reasons[name],
      // In a user namespace the right is there and does not count.
      ...(highest > own && { tolerate: ['EPERM'] }),
    });
  });
}

const field = (value: number) => ({ u64: value === unlimited ? 0xffff_ffff_ffff_ffffn : value });

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
