import type { Step } from './step.ts';

/** A fix for this step's errno, where one is known. */
export function hintFor(step: Step, errno: string): string | undefined {
  const name = step.op === 'syscall' ? step.name : step.op;
  const hints = makeHints();
  return hints[name]?.[errno] ?? hints['*']?.[errno];
}

/**
 * What a misleading errno means here. mount(2) says EINVAL for a dozen reasons and pivot_root EBUSY for its own: the hint
 * says which it is in a program like ours and what to do.
 */
const makeHints = (): Record<string, Record<string, string>> => ({
  '*': {
    EPERM: 'run as root with CAP_SYS_ADMIN; `minidock doctor` shows what is missing',
    ENOSPC: 'the disk or a kernel limit is full: see `df -h`, `df -i`, /proc/sys/user/max_*_namespaces',
    ENOSYS: 'this kernel lacks the call: `minidock doctor` says from which version on it is there',
    EMFILE: 'too many open files: raise `ulimit -n`',
    ENOMEM: 'the kernel is out of memory for this, or a cgroup limit is reached',
  },
  mount: {
    EINVAL:
      'see the last line of `dmesg`; for overlay: a lower directory is missing, on a file system it cannot use, or the options exceed 4096 bytes',
    ENODEV: 'this kernel lacks the file system (/proc/filesystems lists those it has): try `modprobe overlay`',
    EBUSY: 'the target is in use, or already mounted',
    ENOTDIR: 'one of source and target is a directory and the other is not',
    ENOENT: 'the source or the mount point does not exist',
    ELOOP: 'the target is a symbolic link in the image',
    EPERM: 'a mount with locked flags, or missing CAP_SYS_ADMIN',
    ENOSPC: 'the limit of mounts in a namespace is reached: /proc/sys/fs/mount-max',
  },
  move_mount: {
    EINVAL: 'the source is inside an unbindable or shared mount',
    ENOENT: 'the mount point does not exist',
  },
  open_tree: { ENOENT: 'the source of the volume does not exist on the host' },
  pivot_root: {
    EINVAL:
      'the new root must be a mount point, and neither it nor the mount above it may be shared: make / private first',
    EBUSY: 'the new root is on the current root: it must be a mount of its own',
  },
  clone: {
    ENOSPC:
      'a limit of namespaces is reached: /proc/sys/user/max_*_namespaces (CentOS 7 starts with max_user_namespaces=0)',
    EAGAIN: 'the limit of processes is reached: `ulimit -u`, pids cgroup, /proc/sys/kernel/pid_max',
    EINVAL: 'this kernel is built without one of the namespaces',
    EPERM: 'making namespaces needs CAP_SYS_ADMIN',
  },
  flock: { EAGAIN: 'another process holds the lock: is this container running already?' },
  bind: {
    // Of a control socket: ports have errors of their own (src/network/ports/ports.ts).
    EADDRINUSE: 'the socket is there already: is this container running?',
  },
  sethostname: {
    EPERM: 'the process is not in a UTS namespace of its own user',
    EINVAL: 'a hostname has at most 64 bytes',
  },
  mknodat: { EPERM: 'making device nodes needs CAP_MKNOD on the host' },
  write: {
    // Only cgroup.subtree_control and cgroup.procs of version 2 answer so: "no internal processes", cgroup-v2.rst.
    EBUSY:
      'a group of cgroup v2 holds processes or hands controllers down, not both: move its processes into a group below it first',
  },
  bpf: {
    EPERM: 'device rules on cgroup v2 need CAP_SYS_ADMIN (or CAP_BPF) and CAP_NET_ADMIN on the host',
    ENOSYS:
      'this kernel has no bpf(2) (CONFIG_BPF_SYSCALL): boot with systemd.unified_cgroup_hierarchy=0 for cgroup v1',
    EINVAL:
      'this kernel has no device programs for cgroups (Linux 4.15, CONFIG_CGROUP_BPF): boot with systemd.unified_cgroup_hierarchy=0 for cgroup v1',
  },
  seccomp: { EINVAL: 'this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)' },
});
