import fs from 'node:fs';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import { startTimeOf } from '../../src/host/process.ts';
import type { Mount } from '../../src/oci/runtime-spec.ts';
import { call } from '../../src/syscalls/calls.ts';
import { CLONE } from '../../src/syscalls/uapi/flags.ts';
import { without } from '../../src/workshop/break.ts';
import { type Lesson, lessonProgram } from '../../src/workshop/lesson.ts';
import { compareWithC } from '../../src/workshop/play/compare.ts';
import { type Fact, type Moment, namespaceFacts, said } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';

const proc: Mount = { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] };

/** The engine first removes what an image may have in the place of /proc. Here no image is: /proc is the host's directory. */
const procMount = () => without(pieces.kernelMount(proc, hostFacts()), 'unlinkat(');

/**
 * What it sees of itself, by ps and in /proc. It asks ps for the process that runs the lesson: an ordinary one of the host.
 * A start time tells two processes of the same name apart. Debian's ps looks for its own number in /proc first, and gives up where the host has no
 * process of that number, as in WSL, where numbers have gaps: there the directory is listed in its place.
 */
const inside = `list() { ps -e -o pid= 2>/dev/null || ls /proc | grep -x '[0-9]*'; }
echo "my PID: $$"
echo "processes that ps lists: $(list | wc -l)"
echo "ps lists the host's ${process.pid}: $(list | grep -qw ${process.pid} && echo yes || echo no)"
echo "number one: $(cat /proc/1/comm), started at tick $(sed 's/.*) //' /proc/1/stat | cut -d' ' -f20)"`;

/** Whether `ps` in the container lists the process that runs the lesson. */
function psFact(container: Moment, claim: Fact['claim']): Fact {
  return {
    what: { en: `ps lists ${process.pid}, this lesson`, zh: `ps 列出本课自己的进程 ${process.pid}` },
    host: fs.existsSync(`/proc/${process.pid}`) ? 'yes' : 'no',
    container: said(container, `ps lists the host's ${process.pid}`),
    claim,
  };
}

function procFact(container: Moment, claim: Fact['claim']): Fact {
  return {
    what: { en: 'number one, as /proc has it', zh: '/proc 里的 1 号是谁' },
    host: `${fs.readFileSync('/proc/1/comm', 'utf8').trim()}, started at tick ${startTimeOf(1)}`,
    container: said(container, 'number one'),
    claim,
  };
}

export const lesson: Lesson = {
  id: '04-pid-namespace',
  title: { en: 'PID namespace: being number one', zh: 'PID 命名空间：做第一号进程' },
  about: {
    en: 'one process, two PIDs; and why ps shows the host until /proc is mounted anew',
    zh: '一个进程，两个 PID；以及为什么重新挂载 /proc 之前 ps 看到的是宿主机',
  },
  figure,
  needs: ['root', 'uts', 'pid', 'mnt', 'ps'],
  rootless: true,
  minutes: 20,
  question: {
    ask: {
      en: 'The child is PID 1 of a new PID namespace. It now runs `ps`. What does it see?',
      zh: '子进程是新 PID 命名空间的 1 号进程。它现在运行 `ps`，会看到什么？',
    },
    right: {
      text: { en: 'every process of the host', zh: '宿主机的所有进程' },
      because: {
        en: '`ps` reads `/proc`, and the `/proc` that is mounted belongs to the host’s PID namespace. What `/proc` calls number one is the host’s init, not our child. The process is isolated all the same: it cannot signal any of the PIDs it reads there.',
        zh: '`ps` 读的是 `/proc`，而现在挂载着的 `/proc` 属于宿主机的 PID 命名空间。`/proc` 里的 1 号是宿主机的 init，不是我们的子进程。隔离其实已经生效：它读到的那些 PID，一个也发不了信号。',
      },
    },
    wrong: [
      {
        text: { en: 'itself and ps, nothing else', zh: '只有自己和 ps' },
        because: {
          en: 'That would be so if `ps` asked the kernel for "my processes". No such syscall exists: `ps` reads files, and nobody has exchanged the files yet.',
          zh: '如果 `ps` 能向内核索要“我的进程”，那就是这样。但没有这样的系统调用：`ps` 读的是文件，而文件还没有人换过。',
        },
      },
      {
        text: { en: 'nothing: ps fails', zh: '什么也没有：ps 会失败' },
        because: {
          en: 'Some `ps` do stumble over not finding themselves in `/proc`. But the files are there and can be read: the mount table is still the host’s.',
          zh: '有些 `ps` 在 `/proc` 里找不到自己，确实会出岔子。但文件都在，也读得到：挂载表还是宿主机的那张。',
        },
      },
    ],
  },
  run: {
    program: ({ command }) =>
      lessonProgram({ namespaces: ['uts', 'pid'], child: pieces.utsNamespace('container'), command }),
    inside,
    evidence: (host, container) => ({
      facts: [
        {
          what: { en: 'NSpid in /proc/PID/status', zh: '/proc/PID/status 里的 NSpid' },
          host: host.nsPid,
          container: container.nsPid,
          claim: 'differs',
        },
        {
          what: { en: 'its PID, asked inside ($$)', zh: '在里面问自己的 PID（$$）' },
          host: String(container.pid),
          container: said(container, 'my PID'),
          claim: 'differs',
        },
        psFact(container, 'same'),
        procFact(container, 'same'),
        {
          what: { en: 'hostname', zh: '主机名' },
          host: host.hostname,
          container: container.hostname,
          claim: 'differs',
        },
        ...namespaceFacts(host, container, ['uts', 'pid']),
      ],
    }),
  },
  byHand: {
    caption: {
      en: 'The shell has it as one command. `--fork` is there because `unshare` moves only future children, `--mount-proc` for what the lesson is about.',
      zh: 'shell 里一条命令就够了。要 `--fork`，是因为 `unshare` 只影响以后的子进程；要 `--mount-proc`，正是本课要讲的事。',
    },
    language: 'sh',
    lines: `unshare --pid --fork --mount-proc sh -c 'echo $$; ps ax'`,
  },
  experiments: [
    {
      title: { en: 'The cure: a /proc of its own', zh: '解药：自己的 /proc' },
      before: {
        en: 'A procfs shows the PID namespace of whoever mounts it. So the child mounts one, in a mount namespace of its own (lesson 5), for otherwise the host’s ps would be broken.',
        zh: 'procfs 显示的是挂载者所在的 PID 命名空间。那就让子进程自己挂载一个，而且要在自己的挂载命名空间里（第 5 课），否则坏掉的就是宿主机的 ps。',
      },
      after: {
        en: 'Now /proc’s number one is the child itself and the list is short. This is why an engine never makes a PID namespace without a mount namespace.',
        zh: '现在 /proc 里的 1 号就是子进程自己，名单也变短了。所以引擎建 PID 命名空间时，总会同时建挂载命名空间。',
      },
      program: ({ command }) =>
        lessonProgram({
          namespaces: ['mount', 'uts', 'pid'],
          child: [...pieces.mountNamespace(), ...procMount(), ...pieces.utsNamespace('container')],
          command,
        }),
      inside,
      question: {
        ask: {
          en: 'Who is number one in the `/proc` that the child mounted, and what does the host’s `ps` see now?',
          zh: '在子进程挂载的 `/proc` 里，谁是 1 号？这时宿主机的 `ps` 会看到什么？',
        },
        right: {
          text: {
            en: 'the child; the host’s `ps` sees all of its processes, and the child too',
            zh: '子进程自己；宿主机的 `ps` 照样看到所有进程，也包括这个子进程',
          },
          because: {
            en: 'The new procfs shows the namespace of the one who mounted it. The mount is in the child’s mount namespace only, and the host’s own `/proc` shows the child, for a parent namespace sees what is below.',
            zh: '新的 procfs 显示挂载者所在的命名空间。这个挂载只存在于子进程的挂载命名空间里；宿主机自己的 `/proc` 也显示这个子进程，因为上层命名空间看得见下层。',
          },
        },
        wrong: [
          {
            text: {
              en: 'the child; the host’s `ps` does not see the child any more',
              zh: '子进程自己；宿主机的 `ps` 不再看得到它',
            },
            because: {
              en: 'Nothing hides from above: a process has a PID in every namespace up to the first.',
              zh: '对上层是藏不住的：从自己所在的命名空间一直到最初那个，每一层都给它编了号。',
            },
          },
          {
            text: {
              en: 'the host’s init: there is only one procfs',
              zh: '宿主机的 init：procfs 只有一个',
            },
            because: {
              en: 'There is one procfs for each PID namespace, and as many mounts of it as one likes.',
              zh: '每个 PID 命名空间各有一个 procfs，而且想挂载多少次都行。',
            },
          },
        ],
      },
      evidence: (host, container) => ({
        facts: [
          psFact(container, 'differs'),
          procFact(container, 'differs'),
          ...namespaceFacts(host, container, ['mnt', 'uts', 'pid']),
        ],
      }),
    },
  ],
  breakIt: [
    {
      title: { en: 'Break it: a new /proc, but no new namespace', zh: '拆一步：有新的 /proc，没有新的命名空间' },
      change: {
        en: 'The cure once more, with `CLONE_NEWPID` removed: a mount namespace, a fresh procfs, and the PID namespace of the host.',
        zh: '还是上面的解药，只去掉 `CLONE_NEWPID`：有挂载命名空间，有新挂的 procfs，PID 命名空间仍是宿主机的。',
      },
      program: ({ command }) =>
        lessonProgram({
          namespaces: ['mount', 'uts'],
          child: [...pieces.mountNamespace(), ...procMount(), ...pieces.utsNamespace('container')],
          command,
        }),
      inside,
      question: {
        ask: { en: 'Who is number one in the fresh `/proc`?', zh: '在新挂的 `/proc` 里，谁是 1 号？' },
        right: {
          text: { en: 'the host’s init, as before', zh: '还是宿主机的 init' },
          because: {
            en: 'A fresh mount is not a fresh list. It shows the namespace of the one who mounts it, and that is the host’s.',
            zh: '挂载是新的，名单不是。它显示的是挂载者所在的命名空间，而那就是宿主机的。',
          },
        },
        wrong: [
          {
            text: { en: 'the child: it mounted it', zh: '子进程：是它挂载的' },
            because: {
              en: 'It decides by its namespace what is shown. It has none of its own here.',
              zh: '显示什么取决于它所在的命名空间，而这里它没有自己的。',
            },
          },
          {
            text: { en: 'nobody: the list is empty', zh: '没有谁：名单是空的' },
            because: {
              en: 'Each PID namespace has processes, or it would be gone. This one has all of the host’s.',
              zh: '每个 PID 命名空间里都有进程，否则它早就消失了。这一个里有宿主机的全部进程。',
            },
          },
        ],
      },
      outcome: 'runs',
      needsRoot: {
        en: 'it mounts a procfs for the PID namespace of the host, over which your user namespace has no rights: mount would return EPERM.',
        zh: '它要为宿主机的 PID 命名空间挂载 procfs，而你的用户命名空间对它没有权限：mount 会返回 EPERM。',
      },
      evidence: (_host, container) => ({ facts: [psFact(container, 'same'), procFact(container, 'same')] }),
    },
    {
      title: { en: 'Break it: unshare in place of clone', zh: '换一个：用 unshare 代替 clone' },
      change: {
        en: 'The child is made without the flag and calls `unshare(CLONE_NEWPID)` itself. Then it executes the shell, which starts one more shell.',
        zh: '创建子进程时不带标志，由它自己调用 `unshare(CLONE_NEWPID)`。然后它执行 shell，这个 shell 再启动一个 shell。',
      },
      program: ({ command }) =>
        lessonProgram({
          namespaces: [],
          child: [
            call('unshare', [CLONE.CLONE_NEWPID], {
              why: {
                en: 'a new PID namespace, for the children that come',
                zh: '为以后的子进程准备一个新的 PID 命名空间',
              },
            }),
          ],
          command,
        }),
      inside: `echo "my PID: $$"
sh -c 'echo "my first child: $$"'`,
      question: {
        ask: { en: 'Who is PID 1?', zh: '谁是 1 号？' },
        right: {
          text: {
            en: 'the second shell: the first child after `unshare`',
            zh: '第二个 shell：`unshare` 之后的第一个子进程',
          },
          because: {
            en: 'A PID never changes while a process lives; libraries remember it. So `unshare` and `setns` count for future children only. (With the end of that first child the namespace is closed: the next fork says “Cannot allocate memory”.)',
            zh: '进程活着的时候 PID 不会变，库函数都记着它。所以 `unshare` 和 `setns` 只对以后的子进程起作用。（这第一个子进程一结束，命名空间就关闭了：再 fork 会得到“Cannot allocate memory”。）',
          },
        },
        wrong: [
          {
            text: { en: 'the process that called `unshare`', zh: '调用 `unshare` 的那个进程' },
            because: {
              en: 'That holds for the other namespaces. A process would have to change its PID, and nothing in Unix is prepared for that.',
              zh: '别的命名空间确实如此。但那样进程就得改变自己的 PID，Unix 里没有任何东西能应付这种事。',
            },
          },
          {
            text: { en: 'nobody: without clone there is no init', zh: '没有谁：不用 clone 就没有 init' },
            because: {
              en: 'The first process that is born in the namespace is its init, however the namespace was made.',
              zh: '不管命名空间是怎么建的，在里面出生的第一个进程就是它的 init。',
            },
          },
        ],
      },
      outcome: 'runs',
      evidence: (_host, container) => ({
        columns: [
          { en: 'to itself', zh: '它自己看' },
          { en: 'as the shell says', zh: 'shell 的输出' },
        ],
        facts: [
          {
            what: { en: 'the process that called unshare', zh: '调用 unshare 的进程' },
            host: String(container.pid),
            container: said(container, 'my PID'),
            claim: 'same',
          },
          {
            what: { en: 'it, and its first child', zh: '它，和它的第一个子进程' },
            host: said(container, 'my PID'),
            container: said(container, 'my first child'),
            claim: 'differs',
          },
        ],
      }),
    },
  ],
  compare: (stage, seen) => compareWithC(new URL('ns_pid.c', import.meta.url), stage, seen),
  seen: [
    {
      en: 'one process has a PID in every PID namespace that can see it: `NSpid: … 1`',
      zh: '凡是能看见它的 PID 命名空间，都各给它编了一个号：`NSpid: … 1`',
    },
    {
      en: '`ps` told the truth about the wrong namespace until `/proc` was mounted anew',
      zh: '重新挂载 `/proc` 之前，`ps` 说的都是真话，只不过说的是另一个命名空间',
    },
    {
      en: 'the first process of the namespace is its init; when it ended, the namespace was gone',
      zh: '命名空间里的第一个进程就是它的 init；它一结束，命名空间就消失了',
    },
  ],
  recap: [
    {
      ask: {
        en: '`NSpid: 4711 12 1`. How many PID namespaces can see this process?',
        zh: '`NSpid: 4711 12 1`。有几个 PID 命名空间能看见这个进程？',
      },
      right: {
        text: { en: 'three', zh: '三个' },
        because: {
          en: 'One number for each, from the outermost in which you look to its own.',
          zh: '每个命名空间一个编号，从你所在的那一层一直到它自己的那一层。',
        },
      },
      wrong: [
        {
          text: { en: 'one: it has one PID', zh: '一个：它只有一个 PID' },
          because: {
            en: 'It has one in each namespace that can see it.',
            zh: '凡是能看见它的命名空间，都各给它编了一个号。',
          },
        },
        {
          text: { en: 'all', zh: '所有的' },
          because: {
            en: 'Siblings and namespaces below cannot: one sees oneself and what is below.',
            zh: '同级的和下层的都看不见：只能看见自己这一层和下面的。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'A script is PID 1, and `kill -TERM 1` from inside does nothing. Why?',
        zh: '脚本是 1 号进程，在里面执行 `kill -TERM 1` 没有反应。为什么？',
      },
      right: {
        text: {
          en: 'it has no handler, and the kernel drops such signals for PID 1',
          zh: '它没有注册处理函数，内核就丢弃发给 1 号的这种信号',
        },
        because: {
          en: 'An init that could be killed by accident would take everything along.',
          zh: '如果 init 能被误杀，所有进程都会跟着遭殃。',
        },
      },
      wrong: [
        {
          text: { en: 'PID 1 blocks all signals', zh: '1 号进程屏蔽了所有信号' },
          because: { en: 'A signal for which it has a handler arrives.', zh: '只要注册了处理函数，信号就收得到。' },
        },
        {
          text: { en: 'only the host may signal it', zh: '只有宿主机能给它发信号' },
          because: {
            en: 'From outside SIGTERM is dropped in the same way. SIGKILL and SIGSTOP from outside arrive.',
            zh: '从外面发来的 SIGTERM 同样会被丢弃。从外面来的 SIGKILL 和 SIGSTOP 才有效。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'PID 1 of a container ends while others still run. What happens to them?',
        zh: '容器的 1 号进程结束了，别的进程还在运行。它们会怎样？',
      },
      right: {
        text: { en: 'the kernel kills them', zh: '被内核杀死' },
        because: {
          en: 'A namespace without an init is over; that is how a container ends as a whole.',
          zh: '没有 init 的命名空间就完了；容器就是这样整体结束的。',
        },
      },
      wrong: [
        {
          text: { en: 'they become children of the host’s init', zh: '过继给宿主机的 init' },
          because: {
            en: 'Orphans stay in their namespace: they go to its init, and it is gone.',
            zh: '孤儿不会离开自己的命名空间：收养它们的是本命名空间的 init，而它已经不在了。',
          },
        },
        {
          text: { en: 'they go on', zh: '继续运行' },
          because: {
            en: 'There would be nobody to wait for them, and no number 1.',
            zh: '那样就没有谁等它们，也没有 1 号了。',
          },
        },
      ],
    },
  ],
  glossary: [
    {
      term: { en: 'PID namespace', zh: 'PID 命名空间' },
      means: {
        en: 'A list of processes with numbers of its own, inside the list of its parent.',
        zh: '一份编号自成体系的进程名单，包含在上一层的名单之中。',
      },
    },
    {
      term: { en: 'init', zh: 'init' },
      means: {
        en: 'The first process of a PID namespace: it adopts orphans, and with it everything ends.',
        zh: 'PID 命名空间里的第一个进程：它收养孤儿进程；它一结束，一切都结束。',
      },
    },
    {
      term: { en: 'orphan', zh: '孤儿进程' },
      means: { en: 'A process whose parent has ended.', zh: '父进程已经结束的进程。' },
    },
    {
      term: { en: 'procfs', zh: 'procfs' },
      means: {
        en: 'The file system behind `/proc`; each mount of it shows one PID namespace.',
        zh: '`/proc` 背后的文件系统；每次挂载显示一个 PID 命名空间。',
      },
    },
  ],
  reading: [
    { what: { en: 'the whole of it', zh: '完整说明' }, where: 'pid_namespaces(7)' },
    { what: { en: 'NSpid and its neighbours', zh: 'NSpid 以及它周围的各行' }, where: 'proc_pid_status(5)' },
    { what: { en: 'which signals PID 1 gets', zh: '1 号进程收得到哪些信号' }, where: 'kill(2), NOTES' },
  ],
  sources: ['src/container/process/namespaces.ts', 'src/container/rootfs/mounts.ts'],
  engineCommand: ['minidock', 'run', '--dry-run', '--hostname', 'container', 'busybox', 'true'],
};
