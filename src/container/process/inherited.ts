import type { HostFacts } from '../../host/facts.ts';
import { call, close, open } from '../../syscalls/calls.ts';
import { bytes, lengthOf, struct, text } from '../../syscalls/data.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { IOPRIO, MPOL, O, PER, PR, PRIO, type RlimitName, SCHED } from '../../syscalls/uapi/flags.ts';
import { serviceLimits, setLimit, unlimited } from './rlimits.ts';

const about = {
  lesson: 'process',
  group: 'inherited attributes',
  groupWhy: {
    en: 'give inherited attributes the values of a system service, not those of the caller',
    zh: '把会继承的属性设为系统服务的值，不沿用调用者的',
  },
} as const;

/** Writes a file of this process in /proc/self. */
function setOwn(name: string, value: string, why: Text, tolerate: 'EACCES'[] = []): Step[] {
  const fd = slot(name);
  const data = text(value);
  return [
    open(`/proc/self/${name}`, O.O_WRONLY, { ...about, why, save: fd }),
    call('write', [fd, data, lengthOf(data)], { ...about, why, tolerate }),
    close(fd, { ...about, why }),
  ];
}

/** As large as the kernel's largest mask, 8,192 CPUs; the kernel ignores the CPUs that it does not have. */
const allCpus = bytes(new Uint8Array(1024).fill(0xff), '<all CPUs>');

/**
 * Host section: resets what fork(2) and execve(2) inherit and no other step sets. Docker's containers inherit it from a daemon
 * that the system started; ours would inherit it from whoever typed the command (`nice`, `taskset`, `setarch -R`, `ulimit` …).
 * It is set before clone, so it holds for the supervisor too. What this process may not change stays: a process that lowered
 * its own priority needs CAP_SYS_NICE to raise it again, and an OOM score that root has raised cannot be lowered without
 * CAP_SYS_RESOURCE.
 */
export function resetInherited(facts: Pick<HostFacts, 'limits'>): Step[] {
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
    ...softLimits(facts),
  ];
}

/**
 * The supervisor's own soft limits: those of a service, so that a limit of its caller (`ulimit -f`) does not kill it. Hard
 * limits stay, since the limits of the container (config.json) are set later and could not be raised above them again.
 */
function softLimits({ limits }: Pick<HostFacts, 'limits'>): Step[] {
  return Object.entries(serviceLimits(limits)).map(([key, [soft]]) => {
    const name = key as RlimitName;
    const own = limits.hard[name] ?? unlimited;
    return setLimit(name, Math.min(soft, own), own, about);
  });
}
