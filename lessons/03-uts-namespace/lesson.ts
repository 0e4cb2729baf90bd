import { pieces } from '../../src/engine/compile/pieces.ts';
import { call, close, open } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
import { type Step, slot } from '../../src/syscalls/step.ts';
import { CLONE, O } from '../../src/syscalls/uapi/flags.ts';
import { without } from '../../src/workshop/break.ts';
import { type Lesson, lessonProgram } from '../../src/workshop/lesson.ts';
import { compareWithC } from '../../src/workshop/play/compare.ts';
import { namespaceFacts, said } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';

const tooLong = 'x'.repeat(65);

/** Two namespaces made one from the other, so that not the host but the first of them is renamed where a step is missing. */
function twoNames(): Step[] {
  const first = slot('first');
  return [
    ...pieces.utsNamespace('first'),
    open('/proc/self/ns/uts', O.O_RDONLY, {
      why: { en: 'hold the first namespace, to come back later', zh: '留住第一个命名空间，以便稍后回来' },
      save: first,
    }),
    call('unshare', [CLONE.CLONE_NEWUTS], {
      why: {
        en: 'create the second namespace: it begins as a copy of the first',
        zh: '创建第二个命名空间：一开始是第一个的副本',
      },
    }),
    ...pieces.utsNamespace('second'),
    call('setns', [first, CLONE.CLONE_NEWUTS], {
      why: { en: 'go back to the first namespace, to look', zh: '回到第一个命名空间去看' },
    }),
    close(first, {
      why: {
        en: 'the process is back in the first namespace, so its descriptor is not needed',
        zh: '已经回到第一个命名空间，不再需要它的描述符',
      },
    }),
  ];
}

export const lesson: Lesson = {
  id: '03-uts-namespace',
  title: { en: 'UTS namespace: a name of its own', zh: 'UTS 命名空间：属于自己的名字' },
  about: {
    en: 'one flag more in clone, and the child has a hostname that the host never hears of',
    zh: 'clone 多一个标志，子进程就有了宿主机毫不知情的主机名',
  },
  figure,
  needs: ['root', 'uts'],
  rootless: true,
  minutes: 15,
  question: {
    ask: {
      en: 'The child is made with `clone(CLONE_NEWUTS|SIGCHLD)` and calls `sethostname("container")`. What does `hostname` say on the host while the child lives?',
      zh: '子进程由 `clone(CLONE_NEWUTS|SIGCHLD)` 创建，然后调用 `sethostname("container")`。它活着的时候，宿主机上的 `hostname` 显示什么？',
    },
    right: {
      text: { en: 'the old name, before, during and after', zh: '一直是原来的名字' },
      because: {
        en: 'The kernel keeps one hostname per UTS namespace. The child got a namespace of its own, filled with a copy, and changed the copy. Nothing was "hidden" or "restored": there are two names.',
        zh: '内核为每个 UTS 命名空间各存一个主机名。子进程得到自己的命名空间，里面抄了一份旧名字，它改的是这份副本。没有什么被“隐藏”或“恢复”：名字本来就有两个。',
      },
    },
    wrong: [
      {
        text: { en: '`container`: a machine has one name', zh: '`container`：一台机器只有一个名字' },
        because: {
          en: 'So it was until Linux 2.6.19, and so it would be without the flag: the same `sethostname` without `CLONE_NEWUTS` renames the host.',
          zh: '在 Linux 2.6.19 之前确实如此；现在如果不带这个标志，也还是如此：同样的 `sethostname`，少了 `CLONE_NEWUTS`，改的就是宿主机的名字。',
        },
      },
      {
        text: {
          en: '`container` now, the old name when the child is gone',
          zh: '现在是 `container`，子进程结束后恢复',
        },
        because: {
          en: 'That would be one name, changed and changed back by somebody. Nobody does that: a namespace that dies takes its name along, and the host’s was never touched.',
          zh: '那意味着名字只有一个，有人改过去又改回来。没有谁会做这件事：命名空间消失时，它的名字随之消失；宿主机的名字从来没被碰过。',
        },
      },
    ],
  },
  run: {
    program: ({ command }) => lessonProgram({ namespaces: ['uts'], child: pieces.utsNamespace('container'), command }),
    inside: 'echo "hostname: $(uname -n)"',
    evidence: (host, container) => ({
      facts: [
        {
          what: { en: 'hostname', zh: '主机名' },
          host: host.hostname,
          container: container.hostname,
          claim: 'differs',
        },
        ...namespaceFacts(host, container, ['uts']),
      ],
    }),
  },
  byHand: {
    caption: {
      en: 'Books show it in C. util-linux has it as a command: `unshare --uts hostname container`.',
      zh: '书上用 C 来写。util-linux 里有现成的命令：`unshare --uts hostname container`。',
    },
    language: 'c',
    lines: `static int child(void *arguments) {
  sethostname("container", 9);
  return execvp("sh", (char *[]){"sh", NULL});
}

pid_t pid = clone(child, stack + sizeof stack, CLONE_NEWUTS | SIGCHLD, NULL);
waitpid(pid, &status, 0);`,
  },
  experiments: [
    {
      title: { en: 'Famous failure: a name that is too long', zh: '著名的坑：名字太长' },
      before: {
        en: '`struct utsname` has 65 bytes for the name, one of them for the NUL. Here are 65 letters.',
        zh: '`struct utsname` 为名字留了 65 个字节，其中一个给结尾的 NUL。这里给它 65 个字母。',
      },
      after: {
        en: 'EINVAL says no more than "invalid argument". Engines check the length before, so that the message can name it.',
        zh: 'EINVAL 只说“参数无效”，别的什么也不说。所以引擎会事先检查长度，好在报错里讲清楚。',
      },
      program: ({ command }) =>
        lessonProgram({
          namespaces: ['uts'],
          child: [
            call('sethostname', [str(tooLong), tooLong.length], {
              why: {
                en: 'set a name that has one byte more than the kernel has room for',
                zh: '设置的名字比内核留的位置多一个字节',
              },
            }),
          ],
          command,
        }),
      fails: { call: 'sethostname', errno: 'EINVAL' },
      question: {
        ask: { en: 'What does `sethostname` return?', zh: '`sethostname` 会返回什么？' },
        right: {
          text: { en: 'EINVAL', zh: 'EINVAL' },
          because: {
            en: 'The length is an argument, and it is out of range (`__NEW_UTS_LEN` is 64). The name itself is not even looked at.',
            zh: '长度是参数之一，它超出了范围（`__NEW_UTS_LEN` 是 64）。名字本身，内核连看都没看。',
          },
        },
        wrong: [
          {
            text: { en: 'ENAMETOOLONG', zh: 'ENAMETOOLONG' },
            because: {
              en: 'A good name for it, but this errno is for paths. (`gethostname` of libc returns it where the buffer is too small.)',
              zh: '名字倒很贴切，但这个错误号是给路径用的。（libc 的 `gethostname` 在缓冲区太小时才返回它。）',
            },
          },
          {
            text: { en: '0: the name is cut after 64 bytes', zh: '0：名字被截到 64 个字节' },
            because: {
              en: 'The kernel cuts nothing on its own here: a name that is not the one asked for would be worse than none.',
              zh: '内核在这里不会自作主张地截断：得到一个不是自己要的名字，比得不到更糟。',
            },
          },
        ],
      },
    },
  ],
  breakIt: [
    {
      title: { en: 'Break it: without the new namespace', zh: '拆一步：不建新的命名空间' },
      change: {
        en: 'The whole program names one namespace `first`, leaves it with `unshare(CLONE_NEWUTS)`, names the new one `second`, and goes back with `setns`. We remove the `unshare`, and nothing else. (Your host is safe: the first namespace is not the host’s.)',
        zh: '完整的程序先把一个命名空间命名为 `first`，再用 `unshare(CLONE_NEWUTS)` 离开它，把新的命名为 `second`，最后用 `setns` 回去。现在只去掉 `unshare`。（宿主机不受影响：第一个命名空间不是宿主机的。）',
      },
      program: ({ command }) => lessonProgram({ namespaces: ['uts'], child: without(twoNames(), 'unshare('), command }),
      inside: 'echo "hostname: $(uname -n)"',
      question: {
        ask: { en: 'What happens?', zh: '会怎样？' },
        right: {
          text: {
            en: 'every step succeeds, and the first namespace is called `second`',
            zh: '每一步都成功，第一个命名空间的名字变成 `second`',
          },
          because: {
            en: '`sethostname` renames the namespace in which its caller is. It cannot know that another one was meant. In the place of our first namespace stands, in an engine with this defect, the host.',
            zh: '`sethostname` 改的是调用者所在的命名空间的名字，它不可能知道你指的是另一个。引擎如果有这个缺陷，站在“第一个命名空间”位置上的就是宿主机。',
          },
        },
        wrong: [
          {
            text: { en: '`setns` fails: we never left', zh: '`setns` 失败：我们根本没有离开过' },
            because: {
              en: 'Entering the UTS namespace in which one already is, is allowed and changes nothing.',
              zh: '进入自己已经所在的 UTS 命名空间是允许的，什么也不会改变。',
            },
          },
          {
            text: {
              en: 'the second `sethostname` fails: the namespace has a name already',
              zh: '第二次 `sethostname` 失败：这个命名空间已经有名字了',
            },
            because: {
              en: 'A hostname may be set as often as one likes, by whoever has CAP_SYS_ADMIN over the namespace.',
              zh: '只要对这个命名空间有 CAP_SYS_ADMIN，主机名想改几次都行。',
            },
          },
        ],
      },
      outcome: 'runs',
      evidence: (_host, container) => ({
        columns: [
          { en: 'was called', zh: '原来的名字' },
          { en: 'is called', zh: '现在的名字' },
        ],
        facts: [
          {
            what: { en: 'the first namespace', zh: '第一个命名空间' },
            host: 'first',
            container: said(container, 'hostname'),
            claim: 'differs',
          },
        ],
      }),
    },
    {
      title: { en: 'Break it: rights dropped one step too early', zh: '换个顺序：权限放弃得早了一步' },
      change: {
        en: 'Engines give up root’s rights before `execve`. Here that step, `setresuid` to user 65534, stands before `sethostname` in place of after it.',
        zh: '引擎会在 `execve` 之前放弃 root 的权限。这里把这一步（`setresuid` 换成用户 65534）放到了 `sethostname` 之前，而不是之后。',
      },
      program: ({ command }) =>
        lessonProgram({
          namespaces: ['uts'],
          child: [
            call('setresuid', [65534, 65534, 65534], {
              why: { en: 'become another user, without the rights of root', zh: '换成另一个用户，不再有 root 的权限' },
            }),
            ...pieces.utsNamespace('container'),
          ],
          command,
        }),
      question: {
        ask: { en: 'What does `sethostname` return?', zh: '`sethostname` 会返回什么？' },
        right: {
          text: { en: 'EPERM', zh: 'EPERM' },
          because: {
            en: 'It asks for CAP_SYS_ADMIN over the UTS namespace, and the change of user took that away. Who made the namespace does not count.',
            zh: '它要求对这个 UTS 命名空间有 CAP_SYS_ADMIN，而换用户时这项权能已经没了。命名空间是谁建的，并不算数。',
          },
        },
        wrong: [
          {
            text: { en: 'EACCES', zh: 'EACCES' },
            because: {
              en: 'EACCES speaks of a file’s mode. A missing capability is EPERM.',
              zh: 'EACCES 说的是文件权限位；缺少权能（capability）返回的是 EPERM。',
            },
          },
          {
            text: { en: '0: it is its own namespace', zh: '0：命名空间是它自己的' },
            because: {
              en: 'A namespace belongs to a user namespace, not to the process that made it; and in that one user 65534 has no rights.',
              zh: '命名空间归某个用户命名空间所有，而不归创建它的进程；在那个用户命名空间里，用户 65534 没有任何权限。',
            },
          },
        ],
      },
      outcome: { call: 'sethostname', errno: 'EPERM' },
      needsRoot: {
        en: 'it changes to user 65534, and your user namespace knows one user only.',
        zh: '它要换成 65534 号用户，而你的用户命名空间里只有一个用户。',
      },
    },
  ],
  compare: (stage, seen) => compareWithC(new URL('ns_uts.c', import.meta.url), stage, seen),
  seen: [
    {
      en: 'one flag, `CLONE_NEWUTS`, and one inode differs: `uts`',
      zh: '一个标志 `CLONE_NEWUTS`，一个 inode 不同：`uts`',
    },
    { en: 'the hostname belongs to the namespace, not to the machine', zh: '主机名属于命名空间，而不属于机器' },
    { en: 'isolation is proved on the outside: the host kept its name', zh: '隔离要在外面验证：宿主机的名字没有变' },
  ],
  recap: [
    {
      ask: {
        en: 'Two processes show the same number behind `uts:` in `/proc/PID/ns`. What follows?',
        zh: '两个进程在 `/proc/PID/ns` 里的 `uts:` 后面是同一个号码。这说明什么？',
      },
      right: {
        text: { en: 'at this moment they share one hostname', zh: '此刻它们共用同一个主机名' },
        because: {
          en: 'Compared at one moment, equal numbers mean the same namespace. Once a namespace is gone its number may be given to a new one.',
          zh: '在同一时刻比较，号码相等就是同一个命名空间。命名空间消失之后，它的号码可能会分给新的。',
        },
      },
      wrong: [
        {
          text: { en: 'they are in the same container', zh: '它们在同一个容器里' },
          because: {
            en: 'The kernel has no containers. Containers of one pod share a UTS namespace, and `--uts host` shares the host’s.',
            zh: '内核里没有容器这种东西。同一个 pod 的几个容器就共用一个 UTS 命名空间；`--uts host` 则用宿主机的。',
          },
        },
        {
          text: { en: 'one is the other’s parent', zh: '一个是另一个的父进程' },
          because: {
            en: 'A child inherits the namespace, but anyone with the right may enter it with `setns`.',
            zh: '子进程会继承命名空间，但有权限的进程都可以用 `setns` 进来。',
          },
        },
      ],
    },
    {
      ask: { en: 'When does a UTS namespace end?', zh: 'UTS 命名空间什么时候消失？' },
      right: {
        text: {
          en: 'when no process is in it and nobody holds it open',
          zh: '里面没有进程，也没有人打开着它的时候',
        },
        because: {
          en: 'An open `/proc/PID/ns/uts`, or a bind mount of it, keeps it alive without a single process: that is how `ip netns` keeps network namespaces.',
          zh: '打开着的 `/proc/PID/ns/uts`，或者它的 bind 挂载，都能让它在没有任何进程的情况下活下去：`ip netns` 就是这样保存网络命名空间的。',
        },
      },
      wrong: [
        {
          text: { en: 'when the process that made it ends', zh: '创建它的进程结束时' },
          because: {
            en: 'Its children are in it as well. (A PID namespace does end with its first process: lesson 4.)',
            zh: '它的子进程也在里面。（PID 命名空间倒确实随第一个进程结束：第 4 课。）',
          },
        },
        {
          text: { en: 'when the engine removes it', zh: '引擎删除它的时候' },
          because: {
            en: 'There is no syscall that removes a namespace; one can only let go of it.',
            zh: '没有哪个系统调用能删除命名空间，只能放手。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'You test whether your engine isolates the hostname. Which observation is a proof?',
        zh: '你要检验自己的引擎是否隔离了主机名。哪个观察结果算得上证明？',
      },
      right: {
        text: { en: '`hostname` on the host says what it said before', zh: '宿主机上的 `hostname` 和之前一样' },
        because: {
          en: 'Isolation is about what did not change outside.',
          zh: '隔离与否，要看外面有没有变。',
        },
      },
      wrong: [
        {
          text: { en: '`hostname` inside says `container`', zh: '里面的 `hostname` 显示 `container`' },
          because: {
            en: 'That is so without a namespace as well: then the host has this name too.',
            zh: '没有命名空间也会这样显示：只不过宿主机也叫这个名字了。',
          },
        },
        {
          text: { en: '`sethostname` returned 0', zh: '`sethostname` 返回了 0' },
          because: {
            en: 'It returns 0 wherever the name was set, on the host too.',
            zh: '只要名字设上了它就返回 0，在宿主机上也一样。',
          },
        },
      ],
    },
  ],
  glossary: [
    {
      term: { en: 'namespace', zh: '命名空间（namespace）' },
      means: {
        en: 'One of several instances of a thing that the kernel used to have once: hostname, process numbers, mount table. Each process points to one of each kind.',
        zh: '内核里原本只有一份的东西（主机名、进程编号、挂载表），如今可以有多份，每一份就是一个命名空间。每个进程在每一类里各指向其中一个。',
      },
    },
    {
      term: { en: 'UTS namespace', zh: 'UTS 命名空间' },
      means: {
        en: 'Holds the hostname and the NIS domain name. UTS: Unix Time-sharing System, after `struct utsname`.',
        zh: '保存主机名和 NIS 域名。UTS 是 Unix Time-sharing System 的缩写，来自 `struct utsname`。',
      },
    },
    {
      term: { en: 'unshare, setns', zh: 'unshare、setns' },
      means: {
        en: 'Two syscalls with which a running process leaves for a new namespace, or enters one that is there.',
        zh: '两个系统调用：前者让运行中的进程搬进一个新的命名空间，后者让它进入一个已有的。',
      },
    },
  ],
  reading: [
    { what: { en: 'UTS namespaces', zh: 'UTS 命名空间' }, where: 'uts_namespaces(7)' },
    {
      what: { en: 'what namespaces are, and /proc/PID/ns', zh: '命名空间总览，以及 /proc/PID/ns' },
      where: 'namespaces(7)',
    },
    { what: { en: 'the call and its errors', zh: '这个调用和它的错误' }, where: 'sethostname(2)' },
    {
      what: { en: '`hostname` in a container’s configuration', zh: '容器配置里的 `hostname`' },
      where: 'OCI runtime-spec, config.md, Hostname',
    },
  ],
  sources: ['src/container/process/namespaces.ts'],
  engineCommand: ['minidock', 'run', '--dry-run', '--hostname', 'container', 'busybox', 'true'],
};
