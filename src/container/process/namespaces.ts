import type { Namespace } from '../../oci/runtime-spec.ts';
import { call, mount } from '../../syscalls/calls.ts';
import { str } from '../../syscalls/data.ts';
import type { LessonSlug } from '../../syscalls/lessons.ts';
import type { Slot, Step } from '../../syscalls/step.ts';
import { CLONE, KEYCTL, MS, PR, signals } from '../../syscalls/uapi/flags.ts';

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

/**
 * Child section, first: the kernel ends the process when the supervisor dies, because nobody else would notice the end
 * of the process.
 */
export function dieWithSupervisor(): Step {
  return call('prctl', [PR.PR_SET_PDEATHSIG, signals.SIGKILL, 0, 0, 0], {
    why: 'when the supervisor dies, the kernel ends this process too',
    lesson: 'process',
  });
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
