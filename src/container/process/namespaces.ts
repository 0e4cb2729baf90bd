import type { Namespace } from '../../oci/runtime-spec.ts';
import { call, close, expect, mount, open } from '../../syscalls/calls.ts';
import { room, str } from '../../syscalls/data.ts';
import type { LessonSlug } from '../../syscalls/lessons.ts';
import { type Slot, type Step, slot } from '../../syscalls/step.ts';
import { CLONE, KEYCTL, MS, O, PR, signals } from '../../syscalls/uapi/flags.ts';

/** clone(2)'s flag for each namespace that is made anew at clone. The cgroup namespace is not: see `cgroupNamespace`. */
const cloneFlags: Record<Exclude<Namespace['type'], 'cgroup'>, number> = {
  mount: CLONE.CLONE_NEWNS,
  uts: CLONE.CLONE_NEWUTS,
  ipc: CLONE.CLONE_NEWIPC,
  pid: CLONE.CLONE_NEWPID,
  network: CLONE.CLONE_NEWNET,
  user: CLONE.CLONE_NEWUSER,
};

const lessons: Partial<Record<Namespace['type'], LessonSlug>> = {
  uts: 'uts-namespace',
  pid: 'pid-namespace',
  mount: 'mount-namespace',
};

/** Host section: the process that becomes the container, in namespaces of its own. `child` gets its pid. */
export function cloneProcess(types: readonly Namespace['type'][], child: Slot): Step {
  let flags = 0;
  for (const type of types) if (type !== 'cgroup') flags |= cloneFlags[type];
  const made = types.filter(type => type !== 'cgroup');
  return call('clone', [(flags | signals.SIGCHLD) >>> 0, 0, 0, 0, 0], {
    why:
      made.length === 0
        ? 'a new process in the namespaces of its parent'
        : `a new process with its own view of: ${made.join(', ')}`,
    lesson: (made.length === 1 ? lessons[made[0]!] : undefined) ?? (made.length ? 'pid-namespace' : 'process'),
    save: child,
    forks: true,
  });
}

/** The steps that make a process end with its supervisor, by the place where each belongs. */
export interface Tether {
  host: Step[];
  /** In the supervisor, after clone. */
  parent: Step[];
  /** In the child, before anything else. */
  first: Step[];
  /** In the child, after the last change of rights. */
  last: Step[];
}

/**
 * The kernel ends the process when the supervisor dies, because nobody else would notice the end of the process.
 *
 * The kernel clears PR_SET_PDEATHSIG when a process becomes another user or gains a right (prctl(2)), so it is set again
 * after the last change of rights. If the supervisor died before that, no signal comes any more. Therefore the child then
 * reads the supervisor's command line through a descriptor that was opened before clone: for a dead process it is empty.
 * getppid(2) does not help: in a new PID namespace it returns 0 whether or not the parent lives.
 */
export function dieWithSupervisor(): Tether {
  const lesson = 'process';
  const group = 'check the supervisor';
  const commandLine = slot('command line of the supervisor');
  const seen = room(16, '<command line of the supervisor>');
  const name = new TextEncoder().encode('minidock');
  const why = 'when the supervisor dies, the kernel ends this process too';
  const signal = [PR.PR_SET_PDEATHSIG, signals.SIGKILL, 0, 0, 0];
  return {
    host: [
      open('/proc/self/cmdline', O.O_RDONLY, {
        why: 'through this the child sees whether its supervisor still lives',
        lesson,
        save: commandLine,
      }),
    ],
    parent: [close(commandLine, { why: 'only the child needs it', lesson })],
    first: [call('prctl', signal, { why, lesson })],
    last: [
      call('prctl', signal, {
        why: 'set again: the kernel cleared it when this process became another user',
        groupWhy: 'the kernel ends this process when the supervisor dies, and the supervisor still lives',
        lesson,
        group,
      }),
      call('read', [commandLine, seen, seen.bytes.length], { why: 'is the supervisor still alive?', lesson, group }),
      expect(seen, 0, name, { why: 'the command line of a dead process is empty', lesson, group }),
    ],
  };
}

/** Child section, after the cgroup was joined: the group it is in now becomes "/" of its view. */
export function cgroupNamespace(): Step {
  return call('unshare', [CLONE.CLONE_NEWCGROUP], {
    why: 'the cgroup joined above becomes "/"; as a flag of clone it would be the supervisor\'s',
    lesson: 'cgroups',
  });
}

/** Child section: its own hostname, in its own UTS namespace. */
export function utsNamespace(hostname: string): Step[] {
  const name = str(hostname);
  return [
    call('sethostname', [name, name.bytes.length - 1], {
      why: 'the name that `hostname` shows; the host keeps its own',
      lesson: 'uts-namespace',
    }),
  ];
}

/** Child section: no terminal, no process group, no kernel keys of whoever started it. */
export function newSession(): Step[] {
  return [
    call('setsid', [], { why: 'a session of its own: no controlling terminal of the caller', lesson: 'process' }),
    call('keyctl', [KEYCTL.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0], {
      why: "a session keyring of its own: the caller's keys stay outside",
      lesson: 'capabilities-and-seccomp',
      tolerate: ['ENOSYS'],
    }),
  ];
}

/**
 * Child section: mounts made from here on stay in this namespace. On systemd hosts "/" is shared, and a copy of a shared
 * mount is in the same peer group: without this each mount of the container would appear on the host (mount_namespaces(7)).
 */
export function mountNamespace(): Step[] {
  return [
    mount(null, '/', null, MS.MS_REC | MS.MS_PRIVATE, null, {
      why: 'nothing mounted below reaches the host, nor the other way round',
      lesson: 'mount-namespace',
    }),
  ];
}
