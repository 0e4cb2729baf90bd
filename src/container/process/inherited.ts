import type { HostFacts } from '../../host/facts.ts';
import { call, close, open } from '../../syscalls/calls.ts';
import { bytes, struct, text } from '../../syscalls/data.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import { IOPRIO, MPOL, O, PER, PR, PRIO, RLIMIT, type RlimitName, SCHED } from '../../syscalls/uapi/flags.ts';

const about = {
  lesson: 'process',
  group: 'inherited attributes',
  groupWhy: 'what a process hands on to its children, set to what a service of the system has: nothing is the caller’s',
} as const;

/** A file of this process's own in /proc. */
function setOwn(name: string, value: string, why: string, tolerate: 'EACCES'[] = []): Step[] {
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
    ...setOwn('oom_score_adj', '0', 'when memory is short it is weighed by its size alone', ['EACCES']),
    // core(5): the kernel's own default.
    ...setOwn('coredump_filter', '0x33', 'what a core dump holds'),
    call('sched_setscheduler', [0, SCHED.SCHED_OTHER, struct('{0}', { u32: 0 })], {
      ...about,
      why: 'the usual share of the CPU: neither real-time nor idle',
      tolerate: ['EPERM'],
    }),
    call('setpriority', [PRIO.PRIO_PROCESS, 0, 0], {
      ...about,
      why: 'niceness 0',
      tolerate: ['EACCES', 'EPERM'],
    }),
    call('sched_setaffinity', [0, allCpus.bytes.length, allCpus], {
      ...about,
      why: 'on every CPU that its cgroup allows',
    }),
    call('ioprio_set', [IOPRIO.IOPRIO_WHO_PROCESS, 0, 0], {
      ...about,
      why: 'the share of the disks that goes with its niceness',
      tolerate: ['ENOSYS'],
    }),
    call('set_mempolicy', [MPOL.MPOL_DEFAULT, 0, 0], {
      ...about,
      why: 'memory of the node that it runs on',
      tolerate: ['ENOSYS'],
    }),
    call('personality', [PER.PER_LINUX], { ...about, why: 'addresses are random again, also below `setarch -R`' }),
    call('prctl', [PR.PR_SET_TIMERSLACK, 50_000, 0, 0, 0], {
      ...about,
      why: 'timers may be 50 microseconds late, which is the kernel’s default',
    }),
    call('prctl', [PR.PR_SET_THP_DISABLE, 0, 0, 0, 0], {
      ...about,
      why: 'huge pages where the system has them; kernels before 3.15 know no such switch and answer EINVAL',
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

const reasons: Record<RlimitName, string> = {
  RLIMIT_CPU: 'processor time',
  RLIMIT_FSIZE: 'size of a file that it writes',
  RLIMIT_DATA: 'data segment',
  RLIMIT_STACK: 'stack; a fourth of it is room for arguments and environment',
  RLIMIT_CORE: 'core dumps are written where the host wants them',
  RLIMIT_RSS: 'resident memory; the kernel ignores it, cgroups limit memory',
  RLIMIT_NPROC: 'processes of its user on the whole host; the pids cgroup limits those of the container',
  RLIMIT_NOFILE: 'open files',
  RLIMIT_MEMLOCK: 'memory that may not be swapped out',
  RLIMIT_AS: 'address space',
  RLIMIT_LOCKS: 'file locks; Linux ignores it',
  RLIMIT_SIGPENDING: 'signals that wait, of its user on the whole host',
  RLIMIT_MSGQUEUE: 'POSIX message queues',
  RLIMIT_NICE: 'how far it may raise its priority without a right',
  RLIMIT_RTPRIO: 'real-time priority that it may have without a right',
  RLIMIT_RTTIME: 'processor time of a real-time process without a pause',
};
