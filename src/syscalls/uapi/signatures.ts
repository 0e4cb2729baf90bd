import {
  AF,
  AT,
  BPF_COMMAND,
  CLONE,
  EPOLL,
  F,
  F_SEAL,
  flagNames,
  IOPRIO,
  IPPROTO_IPV6,
  IPV6,
  KEYCTL,
  LOCK,
  MFD,
  MNT,
  MOVE_MOUNT,
  MPOL,
  MS,
  MSG,
  O,
  OPEN_TREE,
  PER,
  PR,
  PRIO,
  RLIMIT,
  S,
  SCHED,
  SEEK,
  SO,
  SOCK,
  SOL_SOCKET,
  signals,
  TIO,
} from './flags.ts';
import type { SyscallName } from './numbers.ts';

/** How an immediate argument reads in a printed program; `args` are all arguments of the call. */
export type Show = (value: number, args: readonly unknown[]) => string;

const one =
  (table: Record<string, number>) =>
  (value: number): string =>
    Object.keys(table).find(name => table[name] === value) ?? String(value);
const flags =
  (table: Record<string, number>): Show =>
  value =>
    flagNames(table, value);
/** Flags of calls that open nothing: there is no access mode among them, and 0 is 0. */
const descriptorFlags = flags({ O_CLOEXEC: O.O_CLOEXEC, O_NONBLOCK: O.O_NONBLOCK });
const octal = (value: number): string => `0${value.toString(8)}`;
const dirfd = one(AT);
/** A pointer that is null. */
const pointer: Show = value => (value === 0 ? 'NULL' : `0x${value.toString(16)}`);
const openFlags: Show = value => {
  const access = ['O_RDONLY', 'O_WRONLY', 'O_RDWR'][value & 3] ?? '';
  const { O_RDONLY, O_WRONLY, O_RDWR, ...rest } = O;
  const others = flagNames({ ...rest, O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000 }, asOnX64(value & ~3));
  return others === '0' ? access : `${access}|${others}`;
};
/** arm64's bits for these two are O_DIRECT and O_LARGEFILE on x86_64, which nobody here uses. */
const asOnX64 = (value: number) => (value & ~0o140000) | ((value & 0o140000) << 2);
const cloneFlags: Show = value => {
  const names = flagNames(CLONE, (value & ~0xff) | (value & CLONE.CLONE_NEWTIME));
  const signal = one(signals)(value & 0x7f);
  return names === '0' ? signal : signal === '0' ? names : `${names}|${signal}`;
};
const nodeMode: Show = value => {
  const type = Object.entries(S).find(([name, bits]) => name !== 'S_IFMT' && (value & S.S_IFMT) === bits)?.[0];
  return type === undefined ? octal(value) : `${type}|${octal(value & 0o7777)}`;
};
const device: Show = value => (value === 0 ? '0' : `makedev(${value >> 8}, ${value & 0xff})`);
const socketType: Show = value => {
  const type = Object.entries(SOCK).find(([, bits]) => bits === (value & 0xf))?.[0] ?? String(value & 0xf);
  const rest = flagNames({ SOCK_CLOEXEC: SOCK.SOCK_CLOEXEC, SOCK_NONBLOCK: SOCK.SOCK_NONBLOCK }, value & ~0xf);
  return rest === '0' ? type : `${type}|${rest}`;
};

const epollFlags = flags({ EPOLL_CLOEXEC: EPOLL.EPOLL_CLOEXEC });
const eventFlags = flags({ EFD_CLOEXEC: O.O_CLOEXEC, EFD_NONBLOCK: O.O_NONBLOCK });
/** The same number is another option at another level. */
const optionsAt = new Map<unknown, Record<string, number>>([
  [SOL_SOCKET, SO],
  [IPPROTO_IPV6, IPV6],
]);
const socketOption: Show = (value, args) => one(optionsAt.get(args[1]) ?? {})(value);

type Signatures = Partial<Record<SyscallName, readonly (Show | null)[]>>;

let signatures: Signatures | undefined;

/** For each argument of a call how its immediates read; what is not named here is a plain number. */
export function signatureOf(name: SyscallName): readonly (Show | null)[] {
  signatures ??= makeSignatures();
  return signatures[name] ?? [];
}

/** Not before something is printed: most commands run their programs and print none. */
const makeSignatures = (): Signatures => ({
  clone: [cloneFlags, pointer, pointer, pointer, pointer],
  unshare: [flags(CLONE)],
  setns: [null, flags(CLONE)],
  mount: [pointer, pointer, pointer, flags(MS), pointer],
  umount2: [null, flags(MNT)],
  open_tree: [dirfd, null, flags({ ...OPEN_TREE, AT_EMPTY_PATH: AT.AT_EMPTY_PATH })],
  move_mount: [dirfd, null, dirfd, null, flags(MOVE_MOUNT)],
  openat: [dirfd, null, openFlags, octal],
  mkdirat: [dirfd, null, octal],
  mknodat: [dirfd, null, nodeMode, device],
  symlinkat: [null, dirfd, null],
  unlinkat: [dirfd, null, flags({ AT_REMOVEDIR: AT.AT_REMOVEDIR })],
  renameat: [dirfd, null, dirfd, null],
  lseek: [null, null, one(SEEK)],
  fchmodat: [dirfd, null, octal],
  fchownat: [dirfd, null, null, null, flags({ AT_SYMLINK_NOFOLLOW: AT.AT_SYMLINK_NOFOLLOW })],
  prctl: [one(PR)],
  prlimit64: [null, one(RLIMIT), null, pointer],
  setpriority: [one(PRIO)],
  sched_setscheduler: [null, one(SCHED)],
  ioprio_set: [one(IOPRIO)],
  set_mempolicy: [one(MPOL), pointer],
  personality: [one(PER)],
  keyctl: [one(KEYCTL), pointer],
  flock: [null, flags(LOCK)],
  socket: [one(AF), socketType],
  socketpair: [one(AF), socketType],
  setsockopt: [null, one({ SOL_SOCKET, IPPROTO_IPV6 }), socketOption],
  recvfrom: [null, null, null, flags(MSG)],
  epoll_create1: [epollFlags],
  epoll_ctl: [null, one({ EPOLL_CTL_ADD: EPOLL.EPOLL_CTL_ADD })],
  eventfd2: [null, eventFlags],
  pipe2: [null, descriptorFlags],
  dup3: [null, null, descriptorFlags],
  memfd_create: [null, flags(MFD)],
  fcntl: [null, one(F), flags(F_SEAL)],
  ioctl: [null, one(TIO)],
  execveat: [dirfd, null, null, null, flags({ AT_EMPTY_PATH: AT.AT_EMPTY_PATH })],
  umask: [octal],
  bpf: [one(BPF_COMMAND)],
  kill: [null, one(signals)],
});
