import { type Data, lengthOf, str, text } from './data.ts';
import type { Arg, Expect, Reason, Slot, Step, Store, Sync, Syscall, Word } from './step.ts';
import { AT, O } from './uapi/flags.ts';
import type { SyscallName } from './uapi/numbers.ts';

/** What a step says besides the call itself. */
export type About = Reason & Pick<Syscall, 'tolerate' | 'save' | 'forks'>;

let watcher: ((step: Step) => void) | undefined;

/** Tells `watch` of each step while `compose` makes steps. The engine never does: it pays one comparison a step. */
export function whileWatched<T>(watch: (step: Step) => void, compose: () => T): T {
  const before = watcher;
  watcher = watch;
  try {
    return compose();
  } finally {
    watcher = before;
  }
}

function made<S extends Step>(step: S): S {
  watcher?.(step);
  return step;
}

/** Any syscall by its name. The helpers below are for those that many pieces use. */
export function call(name: SyscallName, args: readonly Arg[], about: About): Syscall {
  return made({ op: 'syscall', name, args, ...about });
}

const path = (value: string | Data): Data => (typeof value === 'string' ? str(value) : value);

/** mount(2). A null source, type or data is the kernel's NULL. */
export function mount(
  source: string | Data | null,
  target: string | Data,
  type: string | null,
  flags: number,
  data: string | null,
  about: About,
): Syscall {
  return call(
    'mount',
    [
      source === null ? 0 : path(source),
      path(target),
      type === null ? 0 : str(type),
      flags,
      data === null ? 0 : str(data),
    ],
    about,
  );
}

/** mkdirat(2) from the working directory. */
export function mkdir(directory: string, mode: number, about: About): Syscall {
  return call('mkdirat', [AT.AT_FDCWD, str(directory), mode], about);
}

/** openat(2) from the working directory; always close-on-exec. */
export function open(file: string | Data, flags: number, about: About & { save: Slot }, mode = 0): Syscall {
  return call('openat', [AT.AT_FDCWD, path(file), flags | O.O_CLOEXEC, mode], about);
}

/** close(2). */
export function close(fd: Slot | Word | number, about: About): Syscall {
  return call('close', [fd], about);
}

/**
 * Opens a file of the kernel's, writes `content` in one write(2) and closes it: three steps, as cgroup files and
 * sysctls want it.
 */
export function writeFile(file: string, content: string, fd: Slot, about: About): Step[] {
  const data = text(content);
  return [
    open(file, O.O_WRONLY, { ...about, save: fd }),
    call('write', [fd, data, lengthOf(data)], about),
    close(fd, about),
  ];
}

/** Writes a saved result into data. */
export function store(from: Slot | Word, into: Data, at: number, as: Store['as'], about: Reason): Store {
  return made({ op: 'store', from, into, at, as, ...about });
}

/** Dies unless the bytes at `at` are `value` where `mask` has ones. */
export function expect(data: Data, at: number, value: Uint8Array, about: Reason, mask?: Uint8Array): Expect {
  return made({ op: 'expect', data, at, value, mask: mask ?? new Uint8Array(value.length).fill(0xff), ...about });
}

/** Stops until the other side says go on. */
export function sync(about: Reason): Sync {
  return made({ op: 'sync', ...about });
}
