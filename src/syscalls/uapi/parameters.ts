import type { SyscallName } from './numbers.ts';

/**
 * What the kernel takes an argument for. A `string` ends at a NUL, `strings` is a list of them that ends with a null
 * pointer; with `?` null is allowed. `{ bytes: n }` is memory that the kernel reads or writes, n bytes of it; `{ sizeIn: i }`
 * as many as argument i says.
 */
export type Parameter =
  | 'number'
  | 'string'
  | 'string?'
  | 'strings'
  | 'null'
  | { readonly bytes: number }
  | { readonly sizeIn: number };

const n = 'number' as const;
const s = 'string' as const;

/**
 * The parameters of calls whose arguments can be judged before they are made: by their man pages, section 2. Who checks
 * a program of a stranger refuses every other call.
 */
export const parameters: Partial<Record<SyscallName, readonly Parameter[]>> = {
  bind: [n, { sizeIn: 2 }, n],
  capset: [{ bytes: 8 }, { bytes: 24 }],
  chdir: [s],
  chroot: [s],
  clone: [n, 'null', 'null', 'null', 'null'],
  close: [n],
  connect: [n, { sizeIn: 2 }, n],
  dup: [n],
  dup3: [n, n, n],
  execve: [s, 'strings', 'strings'],
  fchdir: [n],
  fchmodat: [n, s, n],
  fchownat: [n, s, n, n, n],
  fstat: [n, { bytes: 144 }],
  fstatfs: [n, { bytes: 120 }],
  getcwd: [{ sizeIn: 1 }, n],
  getegid: [],
  geteuid: [],
  getgid: [],
  getpid: [],
  getppid: [],
  getuid: [],
  keyctl: [n, 'null', n, n, n],
  linkat: [n, s, n, s, n],
  listen: [n, n],
  lseek: [n, n, n],
  lsetxattr: [s, s, { sizeIn: 3 }, n, n],
  mkdirat: [n, s, n],
  mknodat: [n, s, n, n],
  mount: ['string?', s, 'string?', n, 'string?'],
  move_mount: [n, s, n, s, n],
  open_tree: [n, s, n],
  openat: [n, s, n, n],
  pipe2: [{ bytes: 8 }, n],
  pivot_root: [s, s],
  // Of its options only those that take no address: see `vet`.
  prctl: [n, n, n, n, n],
  read: [n, { sizeIn: 2 }, n],
  recvfrom: [n, { sizeIn: 2 }, n, n, 'null', 'null'],
  renameat: [n, s, n, s],
  sendto: [n, { sizeIn: 2 }, n, n, 'null', n],
  sethostname: [{ sizeIn: 1 }, n],
  setgid: [n],
  setgroups: [n, { bytes: 4 }],
  setns: [n, n],
  setsid: [],
  setuid: [n],
  setxattr: [s, s, { sizeIn: 3 }, n, n],
  socket: [n, n, n],
  statfs: [s, { bytes: 120 }],
  symlinkat: [s, n, s],
  umask: [n],
  umount2: [s, n],
  unlinkat: [n, s, n],
  unshare: [n],
  write: [n, { sizeIn: 2 }, n],
};
