import type { Namespace } from '../../oci/runtime-spec.ts';
import { call, close, expect, mount, open } from '../../syscalls/calls.ts';
import { room, str } from '../../syscalls/data.ts';
import type { LessonSlug } from '../../syscalls/lessons.ts';
import { type Slot, type Step, slot } from '../../syscalls/step.ts';
import { CLONE, KEYCTL, MS, O, PR, signals } from '../../syscalls/uapi/flags.ts';

/** The flag of clone(2) for each namespace that is made at clone. The cgroup namespace is made later: see `cgroupNamespace`. */
const cloneFlags: Record<Exclude<Namespace['type'], 'cgroup'>, number> = {
  mount: CLONE.CLONE_NEWNS,
  uts: CLONE.CLONE_NEWUTS,
  ipc: CLONE.CLONE_NEWIPC,
  pid: CLONE.CLONE_NEWPID,
  network: CLONE.CLONE_NEWNET,
  user: CLONE.CLONE_NEWUSER,
};

/** Namespaces that have a name in Chinese; the others are known by their letters. */
const chinese: Partial<Record<Namespace['type'], string>> = { mount: '挂载', network: '网络', user: '用户' };

const lessons: Partial<Record<Namespace['type'], LessonSlug>> = {
  uts: 'uts-namespace',
  pid: 'pid-namespace',
  mount: 'mount-namespace',
};

/** Host section: makes the process that becomes the container, in new namespaces. `child` receives its pid. */
export function cloneProcess(types: readonly Namespace['type'][], child: Slot): Step {
  let flags = 0;
  for (const type of types) if (type !== 'cgroup') flags |= cloneFlags[type];
  const made = types.filter(type => type !== 'cgroup');
  return call('clone', [(flags | signals.SIGCHLD) >>> 0, 0, 0, 0, 0], {
    why:
      made.length === 0
        ? { en: 'create a process in the namespaces of its parent', zh: '创建新进程，与父进程处于同样的命名空间' }
        : {
            en: `create a process with namespaces of its own: ${made.join(', ')}`,
            zh: `创建新进程，有自己的命名空间：${made.map(type => chinese[type] ?? type.toUpperCase()).join('、')}`,
          },
    lesson: (made.length === 1 ? lessons[made[0]!] : undefined) ?? (made.length ? 'pid-namespace' : 'process'),
    save: child,
    forks: true,
  });
}

/**
 * Host section, for a process without a PID namespace of its own: there is no PID 1 of the container that adopts orphans, so
 * the supervisor does, and no zombie stays.
 */
export function adoptOrphans(): Step[] {
  return [
    call('prctl', [PR.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0], {
      why: {
        en: 'become the parent of every orphan below, since the container has no PID 1 of its own',
        zh: '成为下面所有孤儿进程的父进程，因为容器没有自己的 PID 1',
      },
      lesson: 'supervisor',
    }),
  ];
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
  const lesson = 'supervisor';
  const group = 'check the supervisor';
  const commandLine = slot('command line of the supervisor');
  const seen = room(16, '<command line of the supervisor>');
  const name = new TextEncoder().encode('minidock');
  const why = {
    en: 'the kernel kills this process when its supervisor dies',
    zh: '监管进程一旦结束，内核就杀死这个进程',
  };
  const signal = [PR.PR_SET_PDEATHSIG, signals.SIGKILL, 0, 0, 0];
  return {
    host: [
      open('/proc/self/cmdline', O.O_RDONLY, {
        why: {
          en: 'open a file in which the child can see whether its supervisor still lives',
          zh: '打开一个文件，子进程可以从中看出监管进程是否还活着',
        },
        lesson,
        save: commandLine,
      }),
    ],
    parent: [
      close(commandLine, {
        why: {
          en: 'only the child needs the descriptor of the command line',
          zh: '只有子进程需要这个命令行文件的描述符',
        },
        lesson,
      }),
    ],
    first: [call('prctl', signal, { why, lesson })],
    last: [
      call('prctl', signal, {
        why: {
          en: 'set the signal again: the kernel clears it when a process changes its user',
          zh: '再次设置这个信号：进程更换用户时，内核会清除它',
        },
        groupWhy: {
          en: 'the kernel kills this process when its supervisor dies; check that it still lives',
          zh: '监管进程一旦结束，内核就杀死这个进程；并确认监管进程还活着',
        },
        lesson,
        group,
      }),
      call('read', [commandLine, seen, seen.bytes.length], {
        why: {
          en: 'read the command line of the supervisor, to see whether it still lives',
          zh: '读取监管进程的命令行，看它是否还活着',
        },
        lesson,
        group,
      }),
      expect(seen, 0, name, {
        why: {
          en: 'the command line must be there: that of a dead process is empty',
          zh: '命令行必须有内容：进程死后它就是空的',
        },
        lesson,
        group,
      }),
    ],
  };
}

/** Child section, after the cgroup was joined: the group that it is in becomes the root of what it sees. */
export function cgroupNamespace(): Step {
  return call('unshare', [CLONE.CLONE_NEWCGROUP], {
    why: {
      en: 'the cgroup joined above becomes "/"; with clone it would be that of the supervisor',
      zh: '上面加入的 cgroup 成为 /；若在 clone 时创建，就会是监管进程的 cgroup',
    },
    lesson: 'cgroups',
  });
}

/** Child section: its own hostname, in its own UTS namespace. */
export function utsNamespace(hostname: string): Step[] {
  const name = str(hostname);
  return [
    call('sethostname', [name, name.bytes.length - 1], {
      why: {
        en: 'set the name that `hostname` shows; the host keeps its own',
        zh: '设置 `hostname` 显示的名字；宿主机的名字不变',
      },
      lesson: 'uts-namespace',
    }),
  ];
}

/** Child section: a new session, without the terminal, process group and kernel keyring of the caller. */
export function newSession(): Step[] {
  return [
    call('setsid', [], {
      why: {
        en: 'start a session of its own, without the controlling terminal of the caller',
        zh: '建立自己的会话，不再有调用者的控制终端',
      },
      lesson: 'process',
    }),
    call('keyctl', [KEYCTL.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0], {
      why: {
        en: 'join a new session keyring: the keys of the caller stay outside',
        zh: '加入新的会话密钥环：调用者的密钥留在外面',
      },
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
      why: {
        en: 'no mount made from here on reaches the host, nor the other way round',
        zh: '从这里起做的挂载到不了宿主机，宿主机的也到不了这里',
      },
      lesson: 'mount-namespace',
    }),
  ];
}
