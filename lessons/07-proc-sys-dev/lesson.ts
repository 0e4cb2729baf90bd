import fs from 'node:fs';
import path from 'node:path';
import { kernelMounts } from '../../src/container/spec.ts';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import type { Mount, Namespace } from '../../src/oci/runtime-spec.ts';
import { call, close, mount, open } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
import { type Program, type Step, slot } from '../../src/syscalls/step.ts';
import { AT, CLONE, MS, O, S } from '../../src/syscalls/uapi/flags.ts';
import { without } from '../../src/workshop/break.ts';
import { type Lesson, lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { type Fact, type Moment, namespaceFacts, said } from '../../src/workshop/play/evidence.ts';
import { makeSmallRoot } from '../../src/workshop/play/small-root.ts';
import { figure } from './figure.ts';

const id = '07-proc-sys-dev';
const namespaces: readonly Namespace['type'][] = ['mount', 'ipc', 'pid', 'network'];
/** A file and directories that are on every machine, of the dozen that the engine covers. */
const masked = ['/proc/interrupts', '/proc/keys', '/sys/firmware'];
const readonly = ['/proc/sys'];
/** The host's kernel log, /dev/kmsg (Documentation/admin-guide/devices.txt). */
const kernelLog = { major: 1, minor: 11 };

/** The engine's own list; cgroups have a lesson of their own. */
const mounts = (): Mount[] => kernelMounts.filter(one => one.type !== 'cgroup');

const isAt = (destination: string) => (one: Mount) => one.destination === destination;

/** The steps of lesson 6: an image as root, the host gone. */
function emptyRoot(scratch: string): Step[] {
  const layers = { lowerBase: scratch, lower: ['image'], upper: 'upper', work: 'work', target: 'rootfs' };
  return [
    ...pieces.mountNamespace(),
    ...pieces.overlayMount(layers, hostFacts().overlayOptions),
    ...pieces.pivotRoot('rootfs'),
  ];
}

function kernelFiles(order = mounts()): Step[] {
  const facts = hostFacts();
  return order.flatMap(one => [
    ...pieces.kernelMount(one, facts),
    ...(one.destination === '/dev' ? pieces.deviceNodes() : []),
  ]);
}

function hide(): Step[] {
  const facts = hostFacts();
  return [...pieces.maskPaths(masked, facts), ...pieces.readonlyPaths(readonly, facts)];
}

/** The lesson's program with other steps after the change of root. */
function inRoot({ scratch, command }: Stage, steps: readonly Step[]): Program {
  return lessonProgram({ namespaces, child: [...emptyRoot(scratch), ...steps], command });
}

const tryCorePattern = 'echo "core_pattern: $( (: >> /proc/sys/kernel/core_pattern) 2>&1 && echo opened for writing)"';

const inside = `echo "names in /dev: $(echo $(ls /dev))"
echo "terminals: $(echo $(ls /dev/pts))"
echo "interfaces: $(echo $(ls /sys/class/net))"
echo "interrupts: $(wc -c < /proc/interrupts | tr -d ' ') bytes"
echo hello > /dev/shm/minidock-note
${tryCorePattern}`;

/** What an open for writing says; nothing is written. */
function corePatternHere(): string {
  try {
    fs.closeSync(fs.openSync('/proc/sys/kernel/core_pattern', 'r+'));
    return 'opened for writing';
  } catch (error) {
    return (error as Error).message;
  }
}

function corePattern(container: Moment, claim: Fact['claim']): Fact {
  return {
    what: { en: 'core_pattern, asked for writing', zh: '以写方式打开 core_pattern' },
    host: corePatternHere(),
    container: said(container, 'core_pattern').replace(/^.*: /, ''),
    claim,
  };
}

function deviceAt(file: string): string {
  const stats = fs.statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return '–';
  return `${stats.rdev >> 8}:${stats.rdev & 0xff}`;
}

const listed = (directory: string) => {
  const names = fs.existsSync(directory) ? fs.readdirSync(directory).sort() : [];
  return names.length > 8 ? `${names.length} names` : names.join(' ') || '–';
};

const shm = mounts().find(isAt('/dev/shm'))!;
const mqueue = mounts().find(isAt('/dev/mqueue'))!;

/** One directory of message queues mounted before the IPC namespace is left, one after. */
function twoWindows(scratch: string): Step[] {
  const letter = slot('letter');
  const flags = MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC;
  return [
    ...pieces.mountNamespace(),
    mount(mqueue.source, `${scratch}/before`, mqueue.type, flags, null, {
      why: {
        en: 'the message queues of the IPC namespace in which this is done',
        zh: '此刻所在 IPC 命名空间的消息队列',
      },
    }),
    open(
      `${scratch}/before/letter`,
      O.O_CREAT | O.O_RDWR,
      {
        why: {
          en: 'a new file here is a new queue (mq_open does the same)',
          zh: '在这里新建文件就是新建队列，mq_open 做的也是这件事',
        },
        save: letter,
      },
      0o600,
    ),
    close(letter, { why: { en: 'the queue stays without anybody who has it open', zh: '没有人打开它，队列也还在' } }),
    call('unshare', [CLONE.CLONE_NEWIPC], {
      why: { en: 'from here on in another IPC namespace', zh: '从这里起，进程在另一个 IPC 命名空间里' },
    }),
    mount(mqueue.source, `${scratch}/after`, mqueue.type, flags, null, {
      why: {
        en: 'the same mount(2) once more, by a process that has moved',
        zh: '同样的 mount(2) 再来一次，只是进程已经换了地方',
      },
    }),
  ];
}

function hostLog(file: string): Step[] {
  const log = slot('log');
  return [
    call('mknodat', [AT.AT_FDCWD, str(file), S.S_IFCHR | 0o600, (kernelLog.major << 8) | kernelLog.minor], {
      why: {
        en: 'a name for character device 1:11, the log of the kernel',
        zh: '给字符设备 1:11（内核日志）起一个名字',
      },
    }),
    open(file, O.O_RDONLY | O.O_NONBLOCK, {
      why: { en: 'does the name open the device?', zh: '凭这个名字能打开设备吗？' },
      save: log,
    }),
    close(log, { why: { en: 'it could be opened', zh: '打开成功了' } }),
  ];
}

export const lesson: Lesson = {
  id,
  title: { en: '/proc, /sys, /dev: windows into the kernel', zh: '/proc、/sys、/dev：通向内核的窗口' },
  about: {
    en: 'file systems without a disk: each shows the namespaces of whoever mounts it; what a container must not see or write',
    zh: '没有磁盘的文件系统：谁挂载，就显示谁的命名空间；以及容器不该看到、不该写的东西',
  },
  minutes: 30,
  needs: ['root', 'mnt', 'pid', 'ipc', 'net', 'overlay'],
  figure,
  question: {
    ask: {
      en: 'The mode of `/proc/sys/kernel/core_pattern` is `rw-r--r-- root`. A process that is root in the finished container opens it for writing. What does the kernel answer?',
      zh: '`/proc/sys/kernel/core_pattern` 的权限是 `rw-r--r-- root`。容器做好之后，里面的 root 进程以写方式打开它。内核会返回什么？',
    },
    right: {
      text: { en: 'EROFS: the file system is read-only', zh: 'EROFS：文件系统只读' },
      because: {
        en: 'The setting belongs to the whole kernel: there is no namespace for it, and root in the container is root. So the engine has bound `/proc/sys` onto itself and made that mount read-only. A read-only mount refuses everybody, whatever the mode of the file and the rights of the process.',
        zh: '这个设置属于整个内核，没有哪个命名空间能把它隔开，而容器里的 root 就是 root。所以引擎把 `/proc/sys` 绑定到自己身上，再把这个挂载设为只读。只读挂载对谁都一样拒绝，文件权限和进程权限都不管用。',
      },
    },
    wrong: [
      {
        text: { en: 'it opens; what is written changes only the container', zh: '能打开；写进去的内容只影响容器' },
        because: {
          en: 'That holds for settings which a namespace owns, such as the hostname or those below `/proc/sys/net`. `core_pattern` has no namespace: written in a container, it would change the host.',
          zh: '命名空间自己的设置确实如此，比如主机名和 `/proc/sys/net` 下面的那些。但 `core_pattern` 不属于任何命名空间：在容器里写，改的就是宿主机。',
        },
      },
      {
        text: { en: 'EPERM: a capability is missing', zh: 'EPERM：缺少某项权能' },
        because: {
          en: 'Nothing has been dropped in this program, and the kernel would not ask: for files of `/proc/sys` the owner and the mode decide, and the owner is root.',
          zh: '本课的程序一项权能都没有去掉。况且内核也不会问：`/proc/sys` 下的文件只看所有者和权限位，而所有者就是 root。',
        },
      },
      {
        text: { en: 'ENOENT: a container has no such file', zh: 'ENOENT：容器里没有这个文件' },
        because: {
          en: 'The procfs of the container is complete. What should stay unseen is covered file by file; `/proc/sys` is not covered, because programs read from it.',
          zh: '容器的 procfs 是完整的。不该看见的内容要逐个文件遮住，而 `/proc/sys` 没有遮，因为程序要读它。',
        },
      },
    ],
  },
  prepare(scratch) {
    for (const name of ['upper', 'work', 'rootfs', 'before', 'after'])
      fs.mkdirSync(path.join(scratch, name), { recursive: true });
    makeSmallRoot(path.join(scratch, 'image'));
  },
  shell: '/bin/sh',
  run: {
    program: stage => inRoot(stage, [...kernelFiles(), ...hide()]),
    inside,
    evidence: (host, container) => ({
      facts: [
        {
          what: { en: 'names in /dev', zh: '/dev 里的名字' },
          host: String(fs.readdirSync('/dev').length),
          container: String(said(container, 'names in /dev').split(' ').length),
          claim: 'differs',
        },
        {
          what: { en: 'the device behind /dev/null', zh: '/dev/null 背后的设备' },
          host: deviceAt('/dev/null'),
          container: deviceAt(`/proc/${container.pid}/root/dev/null`),
          claim: 'same',
        },
        {
          what: { en: 'terminals in /dev/pts', zh: '/dev/pts 里的终端' },
          host: fs.existsSync('/dev/pts') ? `dev ${fs.statSync('/dev/pts').dev}: ${listed('/dev/pts')}` : '–',
          container: `dev ${fs.statSync(`/proc/${container.pid}/root/dev/pts`).dev}: ${said(container, 'terminals')}`,
          claim: 'differs',
        },
        {
          what: { en: '/dev/shm/minidock-note', zh: '/dev/shm/minidock-note' },
          host: fs.existsSync('/dev/shm/minidock-note') ? 'there' : '–',
          container: fs.existsSync(`/proc/${container.pid}/root/dev/shm/minidock-note`) ? 'there' : '–',
          claim: 'differs',
        },
        {
          what: { en: 'interfaces in /sys/class/net', zh: '/sys/class/net 里的接口' },
          host: listed('/sys/class/net'),
          container: said(container, 'interfaces'),
          claim: 'differs',
        },
        {
          what: { en: 'bytes in /proc/interrupts', zh: '/proc/interrupts 的字节数' },
          host: `${fs.readFileSync('/proc/interrupts').length} bytes`,
          container: said(container, 'interrupts'),
          claim: 'differs',
        },
        corePattern(container, 'differs'),
        ...namespaceFacts(host, container, ['mnt', 'pid', 'ipc', 'net']),
      ],
      listings: [
        {
          title: { en: 'all that is in its /dev', zh: '它的 /dev 里的全部内容' },
          lines: [said(container, 'names in /dev')],
        },
        { title: { en: 'its whole mount table', zh: '它的整张挂载表' }, lines: container.mounts },
      ],
    }),
  },
  byHand: {
    caption: {
      en: 'The same with the commands of util-linux, as books show it (in a directory that holds an image as root/):',
      zh: '书上常见的写法：用 util-linux 的命令做同样的事（当前目录里的 root/ 是一个镜像）：',
    },
    language: 'sh',
    lines: `unshare --mount --ipc --pid --net --fork sh -c '
  mount -t proc proc root/proc
  mount -t tmpfs -o nosuid,mode=755 tmpfs root/dev
  mknod -m 666 root/dev/null c 1 3
  mkdir root/dev/pts root/dev/mqueue root/dev/shm
  mount -t devpts -o newinstance,ptmxmode=666 devpts root/dev/pts
  mount -t sysfs -o ro sysfs root/sys
  mount -t mqueue mqueue root/dev/mqueue
  mount -t tmpfs -o mode=1777 shm root/dev/shm
  mount --bind /dev/null root/proc/interrupts
  mount --bind root/proc/sys root/proc/sys
  mount -o remount,bind,ro root/proc/sys
  exec chroot root sh'`,
  },
  experiments: [
    {
      title: { en: 'Whose are the message queues?', zh: '消息队列是谁的？' },
      before: {
        en: 'POSIX message queues are seen in a file system, mqueue. A process mounts one and makes a queue called `letter`. Then it moves into a new IPC namespace and mounts mqueue again, on another directory. It looks into both.',
        zh: 'POSIX 消息队列可以在一个文件系统里看到，它叫 mqueue。进程挂载一个，新建队列 `letter`。然后它搬进新的 IPC 命名空间，在另一个目录再挂载一次 mqueue，再查看两个目录。',
      },
      question: {
        ask: { en: 'In which of the two directories is the letter?', zh: 'letter 在哪个目录里？' },
        right: {
          text: {
            en: 'only in the first, which was mounted before the move',
            zh: '只在第一个里，就是搬家之前挂载的那个',
          },
          because: {
            en: 'A mount keeps the namespace of the process that made it. The first one goes on showing the old queues, even to a process that has left; the second shows the new, empty namespace.',
            zh: '挂载会记住挂载者当时所在的命名空间。第一个继续显示旧的队列，哪怕看它的进程已经离开；第二个显示新的、空的命名空间。',
          },
        },
        wrong: [
          {
            text: { en: 'in both: it is the same file system', zh: '两个里都有：是同一个文件系统' },
            because: {
              en: 'It is the same type. Of mqueue there is one instance per IPC namespace, and the two mounts show two instances.',
              zh: '相同的只是类型。每个 IPC 命名空间有自己的一个 mqueue 实例，两次挂载显示的是两个实例。',
            },
          },
          {
            text: {
              en: 'in neither: the process has left the namespace',
              zh: '两个里都没有：进程已经离开了那个命名空间',
            },
            because: {
              en: 'What a mount shows does not depend on who looks. The first mount holds on to the old namespace.',
              zh: '挂载显示什么，与谁来看无关。第一个挂载一直持有旧的命名空间。',
            },
          },
        ],
      },
      after: {
        en: 'It is lesson 4 once more: a procfs shows the PID namespace of whoever mounted it, an mqueue the IPC namespace, a sysfs the network namespace. Therefore a new namespace always comes with a new mount.',
        zh: '这就是第 4 课的道理：procfs 显示挂载者的 PID 命名空间，mqueue 显示 IPC 命名空间，sysfs 显示网络命名空间。所以新的命名空间总要配一次新的挂载。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({ namespaces: ['mount', 'ipc'], child: twoWindows(scratch), command }),
      inside: 'echo "before: $(ls "$LESSON/before")"\necho "after: $(ls "$LESSON/after")"',
      evidence: (_host, container) => ({
        columns: [
          { en: 'mounted before', zh: '之前挂载的' },
          { en: 'mounted after', zh: '之后挂载的' },
        ],
        facts: [
          {
            what: { en: 'queues', zh: '队列' },
            host: said(container, 'before') || '–',
            container: said(container, 'after') || '–',
            claim: 'differs',
          },
        ],
      }),
    },
    {
      title: { en: 'Whose is the shared memory?', zh: '共享内存是谁的？' },
      before: {
        en: 'Now a program without an IPC namespace: it gets a mount namespace, and a tmpfs on `/dev/shm`. Then it makes a piece of shared memory as `shm_open("note")` does.',
        zh: '这次的程序没有新的 IPC 命名空间，只有新的挂载命名空间，以及挂在 `/dev/shm` 上的 tmpfs。然后它像 `shm_open("note")` 那样建一块共享内存。',
      },
      question: {
        ask: {
          en: 'Can a process of the host open that shared memory by its name?',
          zh: '宿主机上的进程能按名字打开这块共享内存吗？',
        },
        right: {
          text: { en: 'no: the mount namespace keeps them apart', zh: '不能：挂载命名空间已经把它们隔开' },
          because: {
            en: '`shm_open` is a function of libc that opens a file in `/dev/shm`. Who has another file system there has other shared memory. The IPC namespace is for System V (`shmget`) and for POSIX message queues.',
            zh: '`shm_open` 是 libc 的函数，做的就是打开 `/dev/shm` 里的一个文件。那里的文件系统不同，共享内存就不同。IPC 命名空间管的是 System V（`shmget`）和 POSIX 消息队列。',
          },
        },
        wrong: [
          {
            text: { en: 'yes: both are in the same IPC namespace', zh: '能：两边在同一个 IPC 命名空间里' },
            because: {
              en: 'The namespace has the right name, but POSIX shared memory is not in it. It consists of files, and files are a matter of mounts.',
              zh: '这个命名空间的名字很像，但 POSIX 共享内存不归它管。它就是文件，而文件由挂载决定。',
            },
          },
          {
            text: { en: 'yes: memory is shared by the whole machine', zh: '能：内存是整台机器共用的' },
            because: {
              en: 'Memory is reached through a name or a descriptor. Here the name leads to another tmpfs.',
              zh: '要用到内存，得有名字或者描述符。这里同一个名字通向另一个 tmpfs。',
            },
          },
        ],
      },
      after: {
        en: 'That is why `--shm-size` is the size of a mount, and why two containers that shall share memory (`--ipc container:…`) must share both: the namespace and the mount.',
        zh: '所以 `--shm-size` 设的是一个挂载的大小；两个容器要共享内存（`--ipc container:…`），命名空间和挂载都得共用。',
      },
      program: ({ command }) =>
        lessonProgram({
          namespaces: ['mount'],
          child: [
            ...pieces.mountNamespace(),
            // By itself: the piece would take away what stands in the mount point's place, and this is the host's tree.
            mount(
              shm.source,
              shm.destination,
              shm.type,
              MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC,
              'mode=1777,size=1m',
              {
                why: {
                  en: 'a tmpfs of its own where shm_open looks for its files',
                  zh: '在 shm_open 找文件的地方挂一个自己的 tmpfs',
                },
              },
            ),
          ],
          command,
        }),
      inside: 'echo hello > /dev/shm/minidock-note\necho "shared memory: $(ls /dev/shm)"',
      evidence: (host, container) => ({
        facts: [
          {
            what: { en: '/dev/shm/minidock-note', zh: '/dev/shm/minidock-note' },
            host: fs.existsSync('/dev/shm/minidock-note') ? 'minidock-note' : '–',
            container: said(container, 'shared memory'),
            claim: 'differs',
          },
          ...namespaceFacts(host, container, ['mnt']),
        ],
      }),
    },
    {
      title: { en: 'A device is a number', zh: '设备只是一个号码' },
      before: {
        en: 'The container’s `/dev` has no name for the kernel’s log. Its root makes one: `mknod /host-log c 1 11`, and opens it. Docker leaves the right for it, CAP_MKNOD, to every container.',
        zh: '容器的 `/dev` 里没有内核日志这个名字。里面的 root 自己建一个：`mknod /host-log c 1 11`，再打开它。Docker 给每个容器都留着所需的权能：CAP_MKNOD。',
      },
      question: {
        ask: { en: 'Both steps are done by root. Which succeed here?', zh: '两步都由 root 来做。在这里哪些会成功？' },
        right: {
          text: { en: 'both: it reads the log of the host', zh: '都成功：它能读宿主机的日志' },
          because: {
            en: 'There is no namespace for devices. A node is a name for a number, and the number means the same everywhere. Leaving names out of `/dev` protects nothing.',
            zh: '设备没有命名空间。设备节点只是给号码起的名字，而号码在哪里都是同一个意思。`/dev` 里少几个名字，什么也保护不了。',
          },
        },
        wrong: [
          {
            text: {
              en: 'mknod, but not open: 1:11 is not in its /dev',
              zh: 'mknod 成功，打开失败：它的 /dev 里没有 1:11',
            },
            because: {
              en: 'In a container of Docker’s you would be right, yet not because of `/dev`: two other guards can refuse, and neither is in this program. The next experiment has one.',
              zh: '在 Docker 的容器里结果确实如此，但原因不是 `/dev`：另有两道关卡可以拒绝，而这个程序里一道都没有。下一个实验就有一道。',
            },
          },
          {
            text: { en: 'neither: a mount namespace has no devices', zh: '都失败：挂载命名空间里没有设备' },
            because: {
              en: 'A mount namespace holds mounts. Devices belong to the kernel, of which there is one.',
              zh: '挂载命名空间里只有挂载。设备属于内核，而内核只有一个。',
            },
          },
        ],
      },
      after: {
        en: 'So something must refuse the open. The next experiment shows the guard that a mount brings along. Containers have another one, the device rules of their cgroup (lesson 9).',
        zh: '所以必须有人拒绝这次打开。下一个实验是挂载自带的那道关卡。容器还有另一道：cgroup 的设备规则（第 9 课）。',
      },
      program: stage => inRoot(stage, [...kernelFiles(), ...hostLog('/host-log')]),
      evidence: (_host, container) => ({
        facts: [
          {
            what: { en: 'the device behind the name', zh: '名字背后的设备' },
            host: `${kernelLog.major}:${kernelLog.minor}`,
            container: deviceAt(`/proc/${container.pid}/root/host-log`),
            claim: 'same',
          },
        ],
      }),
    },
    {
      title: { en: 'mknod is allowed, open is not', zh: 'mknod 可以，打开不行' },
      before: {
        en: 'The same two steps, on a tmpfs that is mounted with MS_NODEV.',
        zh: '还是这两步，只是放在一个带 MS_NODEV 挂载的 tmpfs 上。',
      },
      question: {
        ask: { en: 'What does the kernel refuse, and how?', zh: '内核会拒绝哪一步，返回什么？' },
        right: {
          text: { en: 'the open, with EACCES', zh: '打开，返回 EACCES' },
          because: {
            en: 'MS_NODEV says that no device is reached through this mount. Making a name reaches none; opening it would.',
            zh: 'MS_NODEV 的意思是：不能通过这个挂载使用设备。起个名字并没有使用设备，打开才算。',
          },
        },
        wrong: [
          {
            text: { en: 'mknod, with EPERM', zh: 'mknod，返回 EPERM' },
            because: {
              en: 'mknod(2) says EPERM to who lacks CAP_MKNOD, and on file systems that cannot hold nodes. Neither is the case.',
              zh: '没有 CAP_MKNOD，或者文件系统存不了设备节点，mknod(2) 才返回 EPERM。这两种情况都不是。',
            },
          },
          {
            text: { en: 'nothing: root is exempt from MS_NODEV', zh: '都不拒绝：root 不受 MS_NODEV 限制' },
            because: {
              en: 'Mount flags hold for everybody, as with MS_RDONLY. Root could only remount, which in a container takes a right that it does not have.',
              zh: '挂载标志对谁都有效，MS_RDONLY 也是这样。root 只能重新挂载，而容器里没有这个权限。',
            },
          },
        ],
      },
      after: {
        en: 'Volumes on foreign disks and `/proc` are mounted so. The container’s own root and its `/dev` are not, since `/dev/null` must work: there the cgroup’s rules refuse, with EPERM. Try it below.',
        zh: '`/proc` 就是这样挂载的，外来磁盘上的卷也常常这样。容器自己的根和 `/dev` 却不能，因为 `/dev/null` 得能用：在那里由 cgroup 的规则来拒绝，返回 EPERM。请看后面的“自己动手”。',
      },
      program: stage =>
        inRoot(stage, [
          mount('tmpfs', '/tmp', 'tmpfs', MS.MS_NODEV, 'size=1m', {
            why: {
              en: 'a directory in memory through which no device is reached',
              zh: '内存里的目录，不能通过它使用设备',
            },
          }),
          ...hostLog('/tmp/host-log'),
        ]),
      fails: { call: 'openat', errno: 'EACCES' },
    },
  ],
  breakIt: [
    {
      title: { en: 'Break it: without the mount of /proc', zh: '拆一步：不挂载 /proc' },
      change: {
        en: 'The step `mount("proc", "/proc", …)` is left out. The directory is there.',
        zh: '去掉 `mount("proc", "/proc", …)` 这一步。目录还在。',
      },
      program: stage => inRoot(stage, [...without(kernelFiles(), 'mount("proc"'), ...hide()]),
      question: {
        ask: { en: 'Which step notices it?', zh: '哪一步会发现？' },
        right: {
          text: {
            en: 'the very next: `statfs("/proc/self")` = ENOENT',
            zh: '紧接着的那一步：`statfs("/proc/self")` = ENOENT',
          },
          because: {
            en: 'The engine never believes that a mount is what it should be. It asks for a name that only a procfs has, then compares the magic number. Later steps write through this path, so a wrong `/proc` would be a way out of the container.',
            zh: '引擎从不轻信一个挂载就是它该是的东西。它先查一个只有 procfs 才有的名字，再比对魔数。后面的步骤都要经过这个路径，假的 `/proc` 会成为逃出容器的路。',
          },
        },
        wrong: [
          {
            text: { en: 'none: `/proc` is simply empty', zh: '都不会：`/proc` 只是空的' },
            because: {
              en: 'A program would notice sooner or later. An engine must before it puts masks there: CVE-2019-19921 was an image with a `/proc` of its own.',
              zh: '程序迟早会发现，而引擎必须在放置遮盖之前就发现：CVE-2019-19921 就是一个自带 `/proc` 的镜像。',
            },
          },
          {
            text: {
              en: 'the masks: `mount("/dev/null", "/proc/interrupts")` = ENOENT',
              zh: '遮盖的那几步：`mount("/dev/null", "/proc/interrupts")` = ENOENT',
            },
            because: {
              en: 'They would be the next, and they tolerate ENOENT: not every kernel has each of these files. So they would have passed without a word.',
              zh: '它们在后面，而且容忍 ENOENT：不是每个内核都有这些文件。所以它们会一声不响地通过。',
            },
          },
        ],
      },
      outcome: { call: 'statfs', errno: 'ENOENT' },
    },
    {
      title: { en: 'Break it: without device nodes', zh: '拆一步：不建设备节点' },
      change: {
        en: 'The steps of `deviceNodes` are left out: `/dev` stays empty.',
        zh: '去掉 `deviceNodes` 的所有步骤：`/dev` 是空的。',
      },
      program: stage => inRoot(stage, [...without(kernelFiles(), step => step.group === 'devices'), ...hide()]),
      question: {
        ask: { en: 'What fails first?', zh: '最先失败的是什么？' },
        right: {
          text: { en: 'the masks: `openat("/dev/null")` = ENOENT', zh: '遮盖：`openat("/dev/null")` = ENOENT' },
          because: {
            en: 'A file is covered by another file, and the engine takes the container’s own `/dev/null` for it. Before that it makes sure that this is device 1:3: a link in its place once turned the mask into a way to the host’s files (CVE-2025-31133).',
            zh: '遮住一个文件要用另一个文件，引擎用的是容器自己的 `/dev/null`。用之前先确认它真的是设备 1:3：曾经有人在那里放了个链接，遮盖反而变成通往宿主机文件的路（CVE-2025-31133）。',
          },
        },
        wrong: [
          {
            text: { en: 'the mount of `/dev/pts` = ENOENT', zh: '挂载 `/dev/pts` = ENOENT' },
            because: {
              en: 'Its directory is made by a step of its own just before; it needs no device.',
              zh: '它的目录由前一步建好，用不着任何设备。',
            },
          },
          {
            text: { en: '`execve` = ENOENT: a shell needs /dev/null', zh: '`execve` = ENOENT：shell 需要 /dev/null' },
            because: {
              en: 'execve asks for the program and its loader only. A shell without `/dev/null` starts, and fails at the first `> /dev/null`.',
              zh: 'execve 只要程序和它的加载器。没有 `/dev/null` 的 shell 能启动，到第一个 `> /dev/null` 才出错。',
            },
          },
        ],
      },
      outcome: { call: 'openat', errno: 'ENOENT' },
    },
    {
      title: { en: 'Break it: /dev/pts before /dev', zh: '换个顺序：先挂 /dev/pts，再挂 /dev' },
      change: { en: 'The mounts of `/dev` and `/dev/pts` change places.', zh: '`/dev` 和 `/dev/pts` 的挂载互换先后。' },
      program: stage => {
        const [dev, pts] = [mounts().find(isAt('/dev'))!, mounts().find(isAt('/dev/pts'))!];
        const order = mounts().map(one => (one === dev ? pts : one === pts ? dev : one));
        return inRoot(stage, [...kernelFiles(order), ...hide()]);
      },
      inside: 'echo "terminals: $(ls /dev/pts 2>&1)"',
      question: {
        ask: { en: 'What does the container see in `/dev/pts`?', zh: '容器会在 `/dev/pts` 里看到什么？' },
        right: {
          text: { en: 'nothing: `/dev/pts` does not exist', zh: '什么也没有：`/dev/pts` 不存在' },
          because: {
            en: 'The mounts all succeed. The tmpfs on `/dev` covers what was there, the mounted devpts included. It is still in the mount table, and no path leads to it. Outer before inner: every engine sorts its mounts so.',
            zh: '挂载全都成功。挂在 `/dev` 上的 tmpfs 盖住了原来的一切，包括已经挂好的 devpts。它还在挂载表里，却没有路径通向它。先外后内：所有引擎都这样排列挂载。',
          },
        },
        wrong: [
          {
            text: { en: '`ptmx`, as before: mounts do not depend on their order', zh: '还是 `ptmx`：挂载与先后无关' },
            because: {
              en: 'They do where one place lies inside the other. A mount covers everything that was at its place.',
              zh: '一个位置在另一个里面时，先后就有关系。挂载会盖住那个位置原有的一切。',
            },
          },
          {
            text: { en: 'the program fails: EBUSY', zh: '程序失败：EBUSY' },
            because: {
              en: 'The kernel lets mounts be stacked. It says EBUSY to umount and to mounting the same block device with other flags.',
              zh: '内核允许挂载叠在一起。EBUSY 出现在卸载时，或者用不同标志挂载同一个块设备时。',
            },
          },
        ],
      },
      outcome: 'runs',
      evidence: (_host, container) => ({
        facts: [
          {
            what: { en: 'devpts in the mount table', zh: '挂载表里的 devpts' },
            host: '1',
            container: String(container.mounts.filter(line => line.startsWith('devpts on /dev/pts')).length),
            claim: 'same',
          },
          {
            what: { en: 'ls /dev/pts', zh: 'ls /dev/pts' },
            host: listed('/dev/pts'),
            container: said(container, 'terminals').replace(/^.*: /, ''),
            claim: 'differs',
          },
        ],
      }),
    },
    {
      title: { en: 'Break it: without the read-only /proc/sys', zh: '拆一步：不把 /proc/sys 设为只读' },
      change: { en: 'The two steps of `readonlyPaths` are left out.', zh: '去掉 `readonlyPaths` 的两步。' },
      program: stage => inRoot(stage, [...kernelFiles(), ...pieces.maskPaths(masked, hostFacts())]),
      inside: tryCorePattern,
      question: {
        ask: {
          en: '`core_pattern` may hold `|/program`: the kernel runs it when a process crashes. Who could a container then make run a program of its choice, and where?',
          zh: '`core_pattern` 里可以写 `|/program`：进程崩溃时内核会运行它。那么容器能让谁、在哪里运行它选的程序？',
        },
        right: {
          text: {
            en: 'the kernel, as root of the host, outside of every container',
            zh: '内核，以宿主机 root 的身份，在所有容器之外',
          },
          because: {
            en: 'The kernel starts the helper in the host’s own namespaces. One line written here would end the isolation. The lesson only opens the file, and closes it again.',
            zh: '内核在宿主机自己的命名空间里启动这个程序。在这里写一行，隔离就到头了。本课只打开文件，随即关闭。',
          },
        },
        wrong: [
          {
            text: { en: 'its own PID 1, inside the container', zh: '它自己的 1 号进程，在容器里' },
            because: {
              en: 'The kernel has no notion of a container: the setting is one for the machine, and the program of a pipe is started from the machine’s root.',
              zh: '内核没有“容器”这个概念：整台机器只有一个设置，管道程序从机器的根启动。',
            },
          },
          {
            text: { en: 'nobody: the file cannot be opened', zh: '谁也不能：文件打不开' },
            because: {
              en: 'Only the read-only mount prevented that, and it is gone in this run.',
              zh: '拦住它的只有那个只读挂载，而这次没有了。',
            },
          },
        ],
      },
      outcome: 'runs',
      evidence: (_host, container) => ({ facts: [corePattern(container, 'same')] }),
    },
  ],
  seen: [
    {
      en: 'a file system of the kernel’s shows the namespaces of the process that mounted it',
      zh: '内核的文件系统显示的，是挂载它的那个进程所在的命名空间',
    },
    {
      en: '`/dev` is a tmpfs with six nodes; a node is a name, the number behind it is the host’s',
      zh: '`/dev` 就是一个 tmpfs 加六个节点；节点只是名字，背后的号码和宿主机的一样',
    },
    {
      en: 'mknod makes a name; whether it may be opened is decided by MS_NODEV and by the cgroup',
      zh: 'mknod 只是起名字；能不能打开，由 MS_NODEV 和 cgroup 决定',
    },
    {
      en: 'what has no namespace is covered (a file by /dev/null, a directory by an empty tmpfs) or made read-only',
      zh: '没有命名空间可隔的内容，要么遮住（文件用 /dev/null，目录用空的 tmpfs），要么设为只读',
    },
  ],
  recap: [
    {
      ask: {
        en: 'A process enters a network namespace with `setns`. `/sys` stays as it was mounted. Whose interfaces does `ls /sys/class/net` show?',
        zh: '一个进程用 `setns` 进入某个网络命名空间，`/sys` 还是原来挂载的那个。`ls /sys/class/net` 显示谁的网络接口？',
      },
      right: {
        text: { en: 'those of the namespace in which `/sys` was mounted', zh: '挂载 `/sys` 时所在的那个命名空间的' },
        because: {
          en: 'The mount remembers. `ip netns exec` mounts a new `/sys` for this reason.',
          zh: '挂载会记住。`ip netns exec` 正因为如此才重新挂载 `/sys`。',
        },
      },
      wrong: [
        {
          text: { en: 'those of the namespace that it has entered', zh: '它刚进入的那个命名空间的' },
          because: {
            en: 'The files in `/proc/net` follow the process that reads them; sysfs does not.',
            zh: '`/proc/net` 里的文件确实跟着读它的进程走，sysfs 不是。',
          },
        },
        {
          text: { en: 'those of the host, always', zh: '永远是宿主机的' },
          because: {
            en: 'Only where the host mounted it. The container in this lesson saw `lo` alone.',
            zh: '宿主机挂载的才是。本课的容器只看到了 `lo`。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'Why is `/proc/interrupts` covered by `/dev/null` and `/sys/firmware` by a tmpfs?',
        zh: '为什么遮住 `/proc/interrupts` 用 `/dev/null`，遮住 `/sys/firmware` 用 tmpfs？',
      },
      right: {
        text: {
          en: 'a file can only be mounted on a file, a directory on a directory',
          zh: '文件只能挂在文件上，目录只能挂在目录上',
        },
        because: {
          en: 'mount(2) answers ENOTDIR otherwise. /dev/null is the file that is always empty; a tmpfs is the directory that is.',
          zh: '否则 mount(2) 返回 ENOTDIR。永远为空的文件是 /dev/null，空的目录就用 tmpfs。',
        },
      },
      wrong: [
        {
          text: { en: 'the first must not be written, the second must', zh: '前者不能写，后者要能写' },
          because: {
            en: 'Both may stay unwritten: the tmpfs is read-only and has no room at all.',
            zh: '两者都不需要写：那个 tmpfs 是只读的，大小为 0。',
          },
        },
        {
          text: { en: 'sysfs refuses to be covered by devices', zh: 'sysfs 不让设备遮住它' },
          because: {
            en: 'The kernel does not look at the file system below a mount. Files of sysfs are covered by /dev/null too.',
            zh: '内核不看挂载点下面是什么文件系统。sysfs 里的文件一样可以用 /dev/null 遮住。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'A container’s `/dev` has no disk in it. Is the host’s disk therefore safe from its root?',
        zh: '容器的 `/dev` 里没有磁盘。宿主机的磁盘因此就安全了吗？',
      },
      right: {
        text: {
          en: 'no: mknod makes the name; the refusal must come at open',
          zh: '不：名字可以用 mknod 造；必须在打开时拒绝',
        },
        because: {
          en: 'The device rules of the cgroup answer EPERM at open. `--privileged` takes them away, and with them this protection.',
          zh: 'cgroup 的设备规则在打开时返回 EPERM。`--privileged` 会去掉这些规则，这层保护也就没了。',
        },
      },
      wrong: [
        {
          text: { en: 'yes: without a node there is no way to a device', zh: '是的：没有节点就没有通向设备的路' },
          because: {
            en: 'True, and root makes the node itself: CAP_MKNOD is one of the rights that Docker leaves.',
            zh: '话没错，但 root 会自己造节点：CAP_MKNOD 正是 Docker 留下的权能之一。',
          },
        },
        {
          text: { en: 'yes: device numbers are private to a namespace', zh: '是的：设备号在命名空间里是私有的' },
          because: {
            en: 'There is no namespace for devices: 1:3 was the same null device on both sides.',
            zh: '设备没有命名空间：1:3 在两边是同一个 null 设备。',
          },
        },
      ],
    },
  ],
  glossary: [
    {
      term: { en: 'procfs, sysfs, mqueue, devpts', zh: 'procfs、sysfs、mqueue、devpts' },
      means: {
        en: 'file systems without a disk: what is read and written there are structures of the kernel',
        zh: '没有磁盘的文件系统：在里面读写的是内核自己的数据结构',
      },
    },
    {
      term: { en: 'device node', zh: '设备节点' },
      means: {
        en: 'a name in a file system for a device number; made by mknod(2)',
        zh: '文件系统里给设备号起的名字，由 mknod(2) 建立',
      },
    },
    {
      term: { en: 'device number (major:minor)', zh: '设备号（主:次）' },
      means: {
        en: 'what the kernel knows a device by: 1:3 is null, 5:0 the terminal of the process, on every machine',
        zh: '内核用来辨认设备的号码：1:3 是 null，5:0 是进程自己的终端，每台机器都一样',
      },
    },
    {
      term: { en: 'IPC namespace', zh: 'IPC 命名空间' },
      means: {
        en: 'System V shared memory, semaphores and message queues, and POSIX message queues of its own; not POSIX shared memory',
        zh: '自己的 System V 共享内存、信号量、消息队列，以及 POSIX 消息队列；不包括 POSIX 共享内存',
      },
    },
    {
      term: { en: 'masked path', zh: '遮盖路径（masked path）' },
      means: {
        en: 'a file of the kernel’s that is covered by an empty one, because no namespace limits what it tells',
        zh: '内核的某个文件，因为没有命名空间能限制它透露的内容，所以用空文件盖住',
      },
    },
    {
      term: { en: 'magic number of a file system', zh: '文件系统的魔数' },
      means: {
        en: 'the type in the answer of statfs(2); 0x9fa0 is procfs, and nobody else can pretend to be',
        zh: 'statfs(2) 返回的类型；0x9fa0 是 procfs，别的文件系统冒充不了',
      },
    },
  ],
  reading: [
    { what: { en: 'what is in /proc', zh: '/proc 里有什么' }, where: 'proc(5)' },
    { what: { en: 'what an IPC namespace holds', zh: 'IPC 命名空间包括什么' }, where: 'ipc_namespaces(7)' },
    { what: { en: 'message queues and their file system', zh: '消息队列和它的文件系统' }, where: 'mq_overview(7)' },
    { what: { en: 'POSIX shared memory', zh: 'POSIX 共享内存' }, where: 'shm_overview(7)' },
    { what: { en: 'nodes, and who may make them', zh: '设备节点，以及谁能建立' }, where: 'mknod(2)' },
    {
      what: { en: 'the numbers of all devices', zh: '所有设备的设备号' },
      where: 'Linux: Documentation/admin-guide/devices.txt',
    },
    {
      what: { en: 'what a container’s /proc, /sys and /dev must hold', zh: '容器的 /proc、/sys、/dev 必须有什么' },
      where: 'OCI runtime-spec: config-linux.md, “Default Filesystems”, “Default Devices”, “Masked Paths”',
    },
    { what: { en: 'programs that get core dumps', zh: '接收核心转储的程序' }, where: 'core(5)' },
  ],
  sources: [
    'src/container/spec.ts',
    'src/container/rootfs/mounts.ts',
    'src/container/rootfs/devices.ts',
    'src/container/rootfs/hide.ts',
  ],
  engineCommand: ['minidock', 'run', '--dry-run', 'busybox', 'true'],
};
