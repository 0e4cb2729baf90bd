import { type Lesson, lessonProgram } from '../../src/workshop/lesson.ts';
import { namespaceFacts } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';

export const lesson: Lesson = {
  id: '01-process',
  title: { en: 'A process is what the kernel lists', zh: '进程，就是内核名单上的一行' },
  about: {
    en: 'clone, execve, wait: how a process is born and where the kernel keeps the list',
    zh: 'clone、execve、wait：进程怎么诞生，内核把它登记在哪里',
  },
  figure,
  needs: ['root'],
  question: {
    ask: {
      en: 'A program starts another one in the ordinary way, with `clone(SIGCHLD)` and `execve`. How many of its namespaces will the child share with its parent?',
      zh: '一个程序用普通的方式启动另一个程序：`clone(SIGCHLD)` 加 `execve`。子进程会与父进程共享多少个命名空间？',
    },
    right: {
      text: { en: 'All of them', zh: '全部共享' },
      because: {
        en: 'Every inode under `/proc/PID/ns` is the same on both sides. A new PID is a new line in the same list, not a new list. Isolation is never a side effect: each namespace has a flag, and we gave none.',
        zh: '`/proc/PID/ns` 下的每个 inode 两边都一样。新的 PID 只是同一份名单上的新的一行，而不是一份新名单。隔离从不会附带发生：每个命名空间各有一个标志，而我们一个也没给。',
      },
    },
    wrong: [
      {
        text: { en: 'None: every process has its own', zh: '一个也不共享：每个进程都有自己的' },
        because: {
          en: 'What every process has of its own is memory and a PID. Namespaces are inherited: after boot all processes of a machine are in the same ones, and most still are.',
          zh: '每个进程自己的只有内存和 PID。命名空间是继承来的：开机之后，整台机器的进程都在同一批命名空间里，多数至今如此。',
        },
      },
      {
        text: {
          en: 'All but the PID namespace: after all it has another PID',
          zh: '除了 PID 命名空间都共享：它的 PID 毕竟不同',
        },
        because: {
          en: 'A PID namespace is the list, not the number. Both processes stand in the same list, on two lines.',
          zh: 'PID 命名空间是那份名单，而不是编号。两个进程在同一份名单上，只是占了两行。',
        },
      },
    ],
  },
  run: {
    program: ({ command }) => lessonProgram({ namespaces: [], child: [], command }),
    inside: 'echo "I am $$, my parent is $PPID"',
    evidence: (host, container) => ({
      facts: [
        { what: { en: 'PID', zh: 'PID' }, host: String(host.pid), container: String(container.pid), claim: 'differs' },
        {
          what: { en: 'name in /proc/PID/status', zh: '/proc/PID/status 里的名字' },
          host: host.name,
          container: container.name,
          claim: 'differs',
        },
        { what: { en: 'hostname', zh: '主机名' }, host: host.hostname, container: container.hostname, claim: 'same' },
        ...namespaceFacts(host, container, []),
      ],
    }),
  },
  experiments: [
    {
      title: { en: 'A program that is not there', zh: '一个不存在的程序' },
      before: {
        en: 'The same birth, but the child asks `execve` for a file that does not exist. The process is there already; only its new program is missing.',
        zh: '同样的诞生过程，但子进程让 `execve` 执行一个不存在的文件。进程已经有了，缺的只是新程序。',
      },
      after: {
        en: 'ENOENT. The child still runs our own code and can say so; a shell would print "not found" here, Docker exits with 127.',
        zh: 'ENOENT。子进程运行的仍是我们自己的代码，所以还能报告错误；换作 shell 会打印 `not found`，Docker 的退出码则是 127。',
      },
      program: ({ command }) =>
        lessonProgram({ namespaces: [], child: [], command: { ...command, path: '/no/such/program' } }),
      fails: { call: 'execve', errno: 'ENOENT' },
      question: {
        ask: { en: 'Who learns of it, and how?', zh: '谁会知道这件事？怎么知道的？' },
        right: {
          text: {
            en: 'the child: `execve` returns ENOENT to the code that called it',
            zh: '子进程：`execve` 向调用它的代码返回 ENOENT',
          },
          because: {
            en: 'An `execve` that fails returns like any other syscall, and the old program goes on. Only one that succeeds never returns.',
            zh: '失败的 `execve` 和别的系统调用一样会返回，旧程序接着运行。只有成功的那次才不返回。',
          },
        },
        wrong: [
          {
            text: { en: 'nobody: `execve` never returns', zh: '没有谁：`execve` 从不返回' },
            because: {
              en: 'It does not return when it succeeds: there is nobody left to return to. Here the old program is still there.',
              zh: '成功时确实不返回，因为已经没有可以返回的程序了。而这里旧程序还在。',
            },
          },
          {
            text: { en: 'the parent: its `clone` fails', zh: '父进程：它的 `clone` 会失败' },
            because: {
              en: '`clone` was done long before, and knows nothing of programs. The parent only hears of it if the child tells, or by the exit status 127.',
              zh: '`clone` 早就完成了，而且它根本不知道程序的事。父进程要么听子进程报告，要么看到退出状态 127 才知道。',
            },
          },
        ],
      },
    },
  ],
  seen: [
    {
      en: '`clone` made the process, `execve` gave it its program; the PID stayed the same in between',
      zh: '`clone` 造出进程，`execve` 给它程序；这期间 PID 没有变',
    },
    {
      en: 'whatever happens between the two is inherited: that is where a container is made',
      zh: '两者之间做的事都会被继承：容器就是在那里造出来的',
    },
    { en: 'a plain child shares **every** namespace with its parent', zh: '普通子进程与父进程共享**所有**命名空间' },
    {
      en: 'after `wait4` the kernel has forgotten the PID: `/proc/PID` is gone',
      zh: '`wait4` 之后内核就忘掉了这个 PID：`/proc/PID` 不见了',
    },
  ],
  sources: ['src/container/process/namespaces.ts'],
  engineCommand: ['minidock', 'run', '--dry-run', 'busybox', 'true'],
};
