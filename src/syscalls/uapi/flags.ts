/**
 * The kernel's constants by name. Every table is used twice: to compile programs and to print them, so that a reader
 * sees `MS_NOSUID|MS_NODEV` where the kernel sees 6. Values are those of Linux's UAPI headers, the same on x86_64 and arm64
 * unless said.
 */
export const AT = { AT_FDCWD: -100, AT_SYMLINK_NOFOLLOW: 0x100, AT_REMOVEDIR: 0x200, AT_EMPTY_PATH: 0x1000 } as const;

/** mount(2). */
export const MS = {
  MS_RDONLY: 1,
  MS_NOSUID: 2,
  MS_NODEV: 4,
  MS_NOEXEC: 8,
  MS_SYNCHRONOUS: 16,
  MS_REMOUNT: 32,
  MS_MANDLOCK: 64,
  MS_DIRSYNC: 128,
  MS_NOATIME: 1024,
  MS_NODIRATIME: 2048,
  MS_BIND: 4096,
  MS_MOVE: 8192,
  MS_REC: 16384,
  MS_SILENT: 32768,
  MS_UNBINDABLE: 1 << 17,
  MS_PRIVATE: 1 << 18,
  MS_SLAVE: 1 << 19,
  MS_SHARED: 1 << 20,
  MS_RELATIME: 1 << 21,
  MS_I_VERSION: 1 << 23,
  MS_STRICTATIME: 1 << 24,
} as const;

/** umount2(2). */
export const MNT = { MNT_FORCE: 1, MNT_DETACH: 2, MNT_EXPIRE: 4, UMOUNT_NOFOLLOW: 8 } as const;

/** clone(2), unshare(2), setns(2). */
export const CLONE = {
  CLONE_NEWTIME: 0x80,
  CLONE_NEWNS: 0x20000,
  CLONE_NEWCGROUP: 0x2000000,
  CLONE_NEWUTS: 0x4000000,
  CLONE_NEWIPC: 0x8000000,
  CLONE_NEWUSER: 0x10000000,
  CLONE_NEWPID: 0x20000000,
  CLONE_NEWNET: 0x40000000,
} as const;

/** open(2). O_DIRECTORY and O_NOFOLLOW differ on arm64: take them from `openFlags(arch)`. */
export const O = {
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  O_CLOEXEC: 0o2000000,
  O_PATH: 0o10000000,
} as const;

/** The two flags of open(2) that x86_64 and arm64 number differently (asm/fcntl.h). */
export function openFlags(arch: 'x64' | 'arm64'): { O_DIRECTORY: number; O_NOFOLLOW: number } {
  return arch === 'x64'
    ? { O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000 }
    : { O_DIRECTORY: 0o40000, O_NOFOLLOW: 0o100000 };
}

/** File types of mknod(2) and stat(2). */
export const S = {
  S_IFIFO: 0o010000,
  S_IFCHR: 0o020000,
  S_IFDIR: 0o040000,
  S_IFBLK: 0o060000,
  S_IFREG: 0o100000,
  S_IFLNK: 0o120000,
  S_IFSOCK: 0o140000,
  S_IFMT: 0o170000,
} as const;

/** prctl(2). */
export const PR = {
  PR_SET_PDEATHSIG: 1,
  PR_GET_PDEATHSIG: 2,
  PR_SET_DUMPABLE: 4,
  PR_SET_KEEPCAPS: 8,
  PR_SET_NAME: 15,
  PR_SET_SECCOMP: 22,
  PR_CAPBSET_DROP: 24,
  PR_SET_TIMERSLACK: 29,
  PR_SET_CHILD_SUBREAPER: 36,
  PR_SET_NO_NEW_PRIVS: 38,
  PR_SET_THP_DISABLE: 41,
  PR_CAP_AMBIENT: 47,
} as const;

/** prlimit(2), in the kernel's order. */
export const RLIMIT = {
  RLIMIT_CPU: 0,
  RLIMIT_FSIZE: 1,
  RLIMIT_DATA: 2,
  RLIMIT_STACK: 3,
  RLIMIT_CORE: 4,
  RLIMIT_RSS: 5,
  RLIMIT_NPROC: 6,
  RLIMIT_NOFILE: 7,
  RLIMIT_MEMLOCK: 8,
  RLIMIT_AS: 9,
  RLIMIT_LOCKS: 10,
  RLIMIT_SIGPENDING: 11,
  RLIMIT_MSGQUEUE: 12,
  RLIMIT_NICE: 13,
  RLIMIT_RTPRIO: 14,
  RLIMIT_RTTIME: 15,
} as const;
export type RlimitName = keyof typeof RLIMIT;

/** setpriority(2), sched(7), ioprio_set(2), set_mempolicy(2), personality(2). */
export const PRIO = { PRIO_PROCESS: 0 } as const;
export const SCHED = { SCHED_OTHER: 0 } as const;
export const IOPRIO = { IOPRIO_WHO_PROCESS: 1 } as const;
export const MPOL = { MPOL_DEFAULT: 0 } as const;
export const PER = { PER_LINUX: 0 } as const;

/** keyctl(2). */
export const KEYCTL = { KEYCTL_JOIN_SESSION_KEYRING: 1 } as const;

/** flock(2). */
export const LOCK = { LOCK_SH: 1, LOCK_EX: 2, LOCK_NB: 4, LOCK_UN: 8 } as const;

/** socket(2), netlink(7), unix(7). */
export const AF = { AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16, AF_PACKET: 17 } as const;
export const SOCK = {
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_RAW: 3,
  SOCK_SEQPACKET: 5,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
} as const;
export const SOL_SOCKET = 1;
/** socket(7). */
export const SO = { SO_REUSEADDR: 2, SO_ATTACH_FILTER: 26 } as const;
/** recv(2). */
export const MSG = { MSG_DONTWAIT: 0x40 } as const;
export const IPPROTO_IPV6 = 41;
/** ipv6(7). */
export const IPV6 = { IPV6_V6ONLY: 26 } as const;
/** epoll_create1(2), epoll_ctl(2). */
export const EPOLL = { EPOLLIN: 1, EPOLL_CTL_ADD: 1, EPOLL_CLOEXEC: 0o2000000 } as const;
export const FD_CLOEXEC = 1;
export const SCM_RIGHTS = 1;

/** memfd_create(2), fcntl(2) sealing. */
export const MFD = { MFD_CLOEXEC: 1, MFD_ALLOW_SEALING: 2, MFD_EXEC: 16 } as const;
export const F = { F_DUPFD: 0, F_SETFD: 2, F_SETFL: 4, F_ADD_SEALS: 1033 } as const;
export const F_SEAL = { F_SEAL_SEAL: 1, F_SEAL_SHRINK: 2, F_SEAL_GROW: 4, F_SEAL_WRITE: 8 } as const;

/** ioctl_tty(2). */
export const TIO = {
  TIOCSCTTY: 0x540e,
  TIOCSWINSZ: 0x5414,
  TIOCGPTN: 0x80045430,
  TIOCSPTLCK: 0x40045431,
  TIOCGPTPEER: 0x5441,
} as const;

/** open_tree(2), move_mount(2), mount_setattr(2). */
export const OPEN_TREE = { OPEN_TREE_CLONE: 1, AT_RECURSIVE: 0x8000, OPEN_TREE_CLOEXEC: 0o2000000 } as const;
export const MOVE_MOUNT = { MOVE_MOUNT_F_EMPTY_PATH: 4, MOVE_MOUNT_T_EMPTY_PATH: 0x40 } as const;

/** seccomp(2). */
export const SECCOMP = { SECCOMP_SET_MODE_FILTER: 1, SECCOMP_MODE_FILTER: 2 } as const;

/** bpf(2): what is done, and the kind of program and of place that device rules are. */
export const BPF_COMMAND = { BPF_PROG_LOAD: 5, BPF_PROG_ATTACH: 8 } as const;
export const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
export const BPF_CGROUP_DEVICE = 6;
export const BPF_F_ALLOW_MULTI = 2;

/** signal(7), the same on x86_64 and arm64. */
export const signals = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

/** lseek(2). */
export const SEEK = { SEEK_SET: 0, SEEK_CUR: 1, SEEK_END: 2, SEEK_DATA: 3, SEEK_HOLE: 4 } as const;

/** Magic numbers of statfs(2). */
export const PROC_SUPER_MAGIC = 0x9fa0;
export const OVERLAYFS_SUPER_MAGIC = 0x794c7630;
export const TMPFS_MAGIC = 0x01021994;
export const DEVPTS_SUPER_MAGIC = 0x1cd1;

/** `MS_NOSUID|MS_NODEV` for 6; a rest without a name stays hexadecimal, zero is "0". */
export function flagNames(table: Record<string, number>, value: number): string {
  const found: string[] = [];
  let rest = value >>> 0;
  for (const [name, bit] of Object.entries(table)) {
    if (bit > 0 && (rest & bit) >>> 0 === bit) {
      found.push(name);
      rest = (rest & ~bit) >>> 0;
    }
  }
  if (rest !== 0) found.push(`0x${rest.toString(16)}`);
  return found.join('|') || '0';
}
