import type { Seccomp, SeccompRule } from '../../oci/runtime-spec.ts';
import { capabilityNames } from '../../syscalls/uapi/capabilities.ts';

/**
 * Docker's default profile, as facts: which system calls a container may make, under which condition. It is a list of
 * what is allowed; every other call fails with EPERM as if root had been missing.
 *
 * It follows moby's profile of 2025 (Docker 29), which is stricter than 20.10's in a few places: io_uring is gone (its
 * calls went around the filter), and so are the sockets of AF_ALG, AF_VSOCK and of protocols nobody tests. Names of
 * 32-bit interfaces (`chown32`, `_llseek`, `clock_gettime64`) are for 32-bit x86 programs.
 */
const allowed = {
  files: `
    access chdir chmod chown chown32 close close_range creat dup dup2 dup3 faccessat faccessat2 fchdir fchmod fchmodat
    fchmodat2 fchown fchown32 fchownat fcntl fcntl64 flock fstat fstat64 fstatat64 futimesat getcwd getdents getdents64
    ioctl lchown lchown32 link linkat _llseek lseek lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at newfstatat
    open openat openat2 readlink readlinkat rename renameat renameat2 rmdir stat stat64 statx symlink symlinkat umask unlink
    unlinkat utime utimensat utimensat_time64 utimes`,
  fileSystems: `
    fstatfs fstatfs64 listmount statfs statfs64 statmount sync syncfs fanotify_mark inotify_add_watch inotify_init
    inotify_init1 inotify_rm_watch`,
  extendedAttributes: `
    fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr
    lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat`,
  readAndWrite: `
    cachestat copy_file_range fadvise64 fadvise64_64 fallocate fdatasync fsync ftruncate ftruncate64 io_cancel io_destroy
    io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev
    pwritev2 read readahead readv sendfile sendfile64 splice sync_file_range tee truncate truncate64 vmsplice write writev`,
  memory: `
    brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 mprotect
    mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease remap_file_pages`,
  processes: `
    execve execveat exit exit_group fork getpgid getpgrp getpid getppid getsid gettid pidfd_open prctl set_tid_address
    setpgid setsid uretprobe vfork wait4 waitid waitpid`,
  threads: `
    futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake get_robust_list get_thread_area rseq
    set_robust_list set_thread_area`,
  scheduling: `
    getcpu getpriority getrlimit getrusage ioprio_get ioprio_set prlimit64 sched_get_priority_max sched_get_priority_min
    sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64
    sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield setpriority setrlimit ugetrlimit`,
  signals: `
    alarm kill pause pidfd_send_signal restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
    rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack signalfd signalfd4
    sigprocmask sigreturn tgkill tkill`,
  identity: `
    capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32
    getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32
    setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32`,
  time: `
    adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
    clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete timer_getoverrun
    timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64
    timerfd_settime timerfd_settime64 times`,
  waiting: `
    epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2
    _newselect poll ppoll ppoll_time64 pselect6 pselect6_time64 select`,
  sockets: `
    accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 recvmsg
    send sendmmsg sendmsg sendto setsockopt shutdown socketpair`,
  ipc: `
    ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink
    msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget`,
  sandboxing: 'landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp',
  system: 'getrandom riscv_hwprobe sysinfo uname',
};

/** ptrace before 4.8 let a process change its system call after the filter had seen it. */
const sinceKernel4_8 = 'process_vm_readv process_vm_writev ptrace';

const byArchitecture = {
  x64: 'arch_prctl modify_ldt',
  arm64: 'arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2',
};

/** What a capability that `--cap-add` gives opens, besides what the capability itself allows. */
const byCapability: Record<string, string> = {
  CAP_BPF: 'bpf',
  CAP_DAC_READ_SEARCH: 'open_by_handle_at',
  CAP_PERFMON: 'perf_event_open',
  CAP_SYSLOG: 'syslog',
  CAP_SYS_ADMIN: `
    bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules
    lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname
    sethostname setns syslog umount umount2 unshare`,
  CAP_SYS_BOOT: 'reboot',
  CAP_SYS_CHROOT: 'chroot',
  CAP_SYS_MODULE: 'delete_module finit_module init_module',
  CAP_SYS_NICE: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node',
  CAP_SYS_PACCT: 'acct',
  CAP_SYS_PTRACE: 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace',
  CAP_SYS_RAWIO: 'ioperm iopl',
  CAP_SYS_TIME: 'clock_settime clock_settime64 settimeofday stime',
  CAP_SYS_TTY_CONFIG: 'vhangup',
};

/** PER_LINUX, PER_LINUX32, each with UNAME26, and the question which it is (personality(2)). */
const personalities = [0, 8, 0x20000, 0x20008, 0xffffffff];

/**
 * Families from 12 on that socket(2) may make; all below are allowed. Left out are 12 DECnet, 19 ECONET, 20 ATMSVC, 23
 * IRDA, 25 WANPIPE, 34 IUCV, 37 CAIF, 38 ALG (its crypto modules load on demand), 40 VSOCK (reaches the machine's host).
 */
const socketFamilies = [
  ...[13, 14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29, 30, 31, 32, 33, 35, 36, 39],
  ...[41, 42, 43, 44, 45],
];

/**
 * CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. clone3 hides its flags behind a pointer where no filter
 * can look, so it does not exist for the container and libc falls back to clone.
 */
const namespaceFlags = 0x7e020000;

const EPERM = 1;
const ENOSYS = 38;

/**
 * socketcall(2), the one door to all socket calls that 32-bit x86 had before Linux 4.3, takes the family behind a pointer where
 * no filter can look: through it every container had the families left out above. So it does not exist. musl then does
 * nothing, since it has tried the direct calls before; programs for a glibc built for older kernels, Debian's among them, have no
 * sockets (docs/decisions/0007-cgroups-and-rights.md).
 *
 * It must be a rule of its own, before those for `socket`: libseccomp, which runc uses, would else allow it along with them.
 */
const noSocketcall: SeccompRule = { names: ['socketcall'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS };

const words = (text: string) => text.trim().split(/\s+/);
const allow = (name: string, index: number, value: number, op: string, valueTwo?: number): SeccompRule => ({
  names: [name],
  action: 'SCMP_ACT_ALLOW',
  args: [valueTwo === undefined ? { index, value, op } : { index, value, valueTwo, op }],
});

/**
 * The default profile for a process whose bounding set is `capabilities`, as `linux.seccomp` of the runtime spec: runc
 * takes it as well as `compileSeccomp`.
 */
export function defaultSeccomp(
  capabilities: readonly string[],
  host: { arch: 'x64' | 'arm64'; kernel: { version: readonly [number, number] } },
): Seccomp {
  const [major, minor] = host.kernel.version;
  let plain = Object.values(allowed).join(' ');
  if (major > 4 || (major === 4 && minor >= 8)) plain += ` ${sinceKernel4_8}`;
  plain += ` ${byArchitecture[host.arch]}`;
  const names = words(plain);
  // Capabilities share some calls, with each other and with all containers.
  for (const name of capabilityNames)
    if (capabilities.includes(name) && byCapability[name] !== undefined)
      for (const call of words(byCapability[name])) if (!names.includes(call)) names.push(call);
  const syscalls: SeccompRule[] = [{ names, action: 'SCMP_ACT_ALLOW' }];
  if (host.arch === 'x64') syscalls.push(noSocketcall);
  syscalls.push(allow('socket', 0, 12, 'SCMP_CMP_LT'));
  for (let i = 0; i < socketFamilies.length; i++) syscalls.push(allow('socket', 0, socketFamilies[i]!, 'SCMP_CMP_EQ'));
  for (let i = 0; i < personalities.length; i++)
    syscalls.push(allow('personality', 0, personalities[i]!, 'SCMP_CMP_EQ'));
  if (!capabilities.includes('CAP_SYS_ADMIN')) {
    syscalls.push(allow('clone', 0, namespaceFlags, 'SCMP_CMP_MASKED_EQ', 0), {
      names: ['clone3'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: ENOSYS,
    });
  }
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures:
      host.arch === 'x64'
        ? ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']
        : ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
    syscalls,
  };
}
