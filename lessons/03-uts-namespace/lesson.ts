import { pieces } from '../../src/engine/compile/pieces.ts';
import { call } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
import { type Lesson, lessonProgram } from '../../src/workshop/lesson.ts';
import { compareWithC } from '../../src/workshop/play/compare.ts';
import { namespaceFacts } from '../../src/workshop/play/evidence.ts';

const tooLong = 'x'.repeat(65);

export const lesson: Lesson = {
  id: '03-uts-namespace',
  title: { en: 'UTS namespace: a name of its own', zh: 'UTS 命名空间：属于自己的名字' },
  about: {
    en: 'one flag more in clone, and the child has a hostname that the host never hears of',
    zh: 'clone 多一个标志，子进程就有了宿主机毫不知情的主机名',
  },
  needs: ['root', 'uts'],
  question: {
    ask: {
      en: 'The child is made with `clone(CLONE_NEWUTS|SIGCHLD)` and calls `sethostname("container")`. What does `hostname` say on the host while the child lives?',
      zh: '子进程由 `clone(CLONE_NEWUTS|SIGCHLD)` 创建，然后调用 `sethostname("container")`。它活着的时候，宿主机上的 `hostname` 显示什么？',
    },
    choices: [
      { en: '`container`: a machine has one name', zh: '`container`：一台机器只有一个名字' },
      { en: 'the old name, before, during and after', zh: '一直是原来的名字' },
      { en: '`container` now, the old name when the child is gone', zh: '现在是 `container`，子进程结束后恢复' },
    ],
    right: 1,
    because: {
      en: 'The kernel keeps one hostname per UTS namespace. The child got a namespace of its own, filled with a copy, and changed the copy. Nothing was "hidden" or "restored": there are two names.',
      zh: '内核为每个 UTS 命名空间各存一个主机名。子进程得到自己的命名空间，里面抄了一份旧名字，它改的是这份副本。没有什么被“隐藏”或“恢复”：名字本来就有两个。',
    },
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
            call('sethostname', [str(tooLong), tooLong.length], { why: 'one byte more than the kernel has room for' }),
          ],
          command,
        }),
      fails: { call: 'sethostname', errno: 'EINVAL' },
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
  reasons: [
    ['clone(', '一个新进程，有自己的 UTS 视图'],
    ['sethostname("xxx', '比内核留的位置多一个字节'],
  ],
  sources: ['src/container/process/namespaces.ts'],
  engineCommand: ['minidock', 'run', '--dry-run', '--hostname', 'container', 'busybox', 'true'],
};
