import fs from 'node:fs';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import { startTimeOf } from '../../src/host/process.ts';
import type { Mount } from '../../src/oci/runtime-spec.ts';
import { type Lesson, lessonProgram } from '../../src/workshop/lesson.ts';
import { compareWithC } from '../../src/workshop/play/compare.ts';
import { type Fact, type Moment, namespaceFacts, said } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';

const proc: Mount = { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] };

/** What it sees of itself and of /proc. A start time tells two processes of the same name apart. */
const inside = `echo "my PID: $$"
echo "processes in /proc: $(ls -d /proc/[0-9]* | wc -l)"
echo "number one: $(cat /proc/1/comm), started at tick $(sed 's/.*) //' /proc/1/stat | cut -d' ' -f20)"`;

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
  needs: ['root', 'uts', 'pid', 'mnt'],
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
          what: { en: 'its PID, asked inside ($$)', zh: '在里面问自己的 PID($$)' },
          host: String(container.pid),
          container: said(container, 'my PID'),
          claim: 'differs',
        },
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
          child: [
            ...pieces.mountNamespace(),
            ...pieces.kernelMount(proc, hostFacts()),
            ...pieces.utsNamespace('container'),
          ],
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
        facts: [procFact(container, 'differs'), ...namespaceFacts(host, container, ['mnt', 'uts', 'pid'])],
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
  sources: ['src/container/process/namespaces.ts', 'src/container/rootfs/mounts.ts'],
  engineCommand: ['minidock', 'run', '--dry-run', '--hostname', 'container', 'busybox', 'true'],
};
