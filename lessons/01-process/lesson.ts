import fs from 'node:fs';
import path from 'node:path';
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
  rootless: true,
  minutes: 15,
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
  prepare: scratch => fs.writeFileSync(path.join(scratch, 'greeting'), 'echo hello\n', { mode: 0o755 }),
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
  byHand: {
    caption: {
      en: 'Every book on Unix has these lines. `fork` of libc is the syscall `clone(SIGCHLD)`, `waitpid` is `wait4`.',
      zh: '每本讲 Unix 的书上都有这几行。libc 的 `fork` 就是系统调用 `clone(SIGCHLD)`，`waitpid` 就是 `wait4`。',
    },
    language: 'c',
    lines: `pid_t pid = fork();
if (pid == 0) {
  execlp("sleep", "sleep", "5", NULL);
  _exit(127);                  /* only reached if execlp failed */
}
int status;
waitpid(pid, &status, 0);`,
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
        zh: 'ENOENT。子进程运行的仍是我们自己的代码，所以还能报告错误；换作 shell 会打印 `not found`，Docker 的退出状态则是 127。',
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
  breakIt: [
    {
      title: { en: 'Break it: a script without its first line', zh: '拆一步：少了第一行的脚本' },
      change: {
        en: '`execve` gets a file that is there and executable: a shell script, `echo hello`. Its first line, `#!/bin/sh`, was removed.',
        zh: '交给 `execve` 的文件存在，也有执行权限：是个 shell 脚本，内容是 `echo hello`。只是去掉了第一行 `#!/bin/sh`。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({ namespaces: [], child: [], command: { ...command, path: `${scratch}/greeting` } }),
      question: {
        ask: { en: 'What does `execve` return?', zh: '`execve` 会返回什么？' },
        right: {
          text: { en: 'ENOEXEC', zh: 'ENOEXEC' },
          because: {
            en: 'The kernel looks at the first bytes: neither ELF nor `#!`, so it knows no way to run this. That such scripts do run from a shell is the shell’s kindness: on ENOEXEC it reads them itself.',
            zh: '内核只看开头几个字节：既不是 ELF，也不是 `#!`，它就不知道该怎么运行。这种脚本在 shell 里能跑，是 shell 帮了忙：遇到 ENOEXEC，它就自己来读这个文件。',
          },
        },
        wrong: [
          {
            text: { en: '0: a shell runs it', zh: '0：由 shell 来运行' },
            because: {
              en: 'The kernel starts a shell only where `#!` names one. Your shell would have started itself, after ENOEXEC.',
              zh: '只有 `#!` 点了名，内核才会启动 shell。平时是你的 shell 在收到 ENOEXEC 之后自己动手的。',
            },
          },
          {
            text: { en: 'ENOENT: the interpreter is missing', zh: 'ENOENT：缺少解释器' },
            because: {
              en: 'So it is where `#!` names a program that is not there. Here no interpreter is named at all.',
              zh: '如果 `#!` 指的程序不存在，才是这样。这里根本没有指定解释器。',
            },
          },
        ],
      },
      outcome: { call: 'execve', errno: 'ENOEXEC' },
    },
    {
      title: { en: 'Break it: a directory in place of a program', zh: '换一个：程序换成了目录' },
      change: {
        en: 'Directories have an `x` bit, too. Now `execve` gets the path of one.',
        zh: '目录也有 `x` 权限位。这回把一个目录的路径交给 `execve`。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({ namespaces: [], child: [], command: { ...command, path: scratch } }),
      question: {
        ask: { en: 'What does `execve` return?', zh: '`execve` 会返回什么？' },
        right: {
          text: { en: 'EACCES', zh: 'EACCES' },
          because: {
            en: 'Only regular files can be executed, and the kernel says of all others that access is denied. The `x` of a directory means: one may look up names in it.',
            zh: '只有普通文件才能执行，对别的文件，内核一律返回“拒绝访问”。目录的 `x` 另有含义：允许在里面按名字查找。',
          },
        },
        wrong: [
          {
            text: { en: 'EISDIR', zh: 'EISDIR' },
            because: {
              en: 'The errno exists, for `open` with O_WRONLY for instance. `execve` checks the kind of file together with the right to execute it.',
              zh: '这个错误号确实有，比如用 O_WRONLY 去 `open` 一个目录。而 `execve` 把文件类型和执行权限放在一起检查。',
            },
          },
          {
            text: { en: 'ENOEXEC', zh: 'ENOEXEC' },
            because: { en: 'It does not come so far as to look at the content.', zh: '还没走到看内容那一步。' },
          },
        ],
      },
      outcome: { call: 'execve', errno: 'EACCES' },
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
  recap: [
    {
      ask: {
        en: 'Between `clone` and `execve`, which program does the child run?',
        zh: '在 `clone` 和 `execve` 之间，子进程运行的是哪个程序？',
      },
      right: {
        text: { en: 'the parent’s, at the same place', zh: '父进程的程序，而且在同一个位置' },
        because: {
          en: 'That is the gap in which a container is made: our code, in a process of its own.',
          zh: '容器就是在这个空隙里造出来的：运行的是我们的代码，却在一个独立的进程里。',
        },
      },
      wrong: [
        {
          text: { en: 'none: it waits for `execve`', zh: '没有：它在等 `execve`' },
          because: {
            en: 'Nobody else would call `execve` for it. The child calls it itself, so it runs.',
            zh: '没有谁替它调用 `execve`。是子进程自己调用的，所以它一直在运行。',
          },
        },
        {
          text: { en: 'the new one, but stopped', zh: '新程序，只是停着' },
          because: {
            en: 'The new program is loaded by `execve`, not before.',
            zh: '新程序是 `execve` 才装入的，之前还没有。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'A child has ended, and its parent does nothing. What is left of it?',
        zh: '子进程已经结束，父进程什么也不做。它还剩下什么？',
      },
      right: {
        text: { en: 'a line in the list, with its exit status: a zombie', zh: '名单上的一行，记着退出状态：僵尸进程' },
        because: {
          en: 'Memory and files are gone at once. The line stays until the parent asks with `wait4`, or ends itself.',
          zh: '内存和文件立刻就释放了，这一行要等父进程用 `wait4` 来取，或者等父进程自己也结束。',
        },
      },
      wrong: [
        {
          text: { en: 'nothing', zh: '什么也不剩' },
          because: { en: 'Then nobody could learn its exit status.', zh: '那样就没有谁能知道它的退出状态了。' },
        },
        {
          text: { en: 'its memory, until the parent calls `wait4`', zh: '它的内存，直到父进程调用 `wait4`' },
          because: {
            en: 'Memory is freed when a process ends. What waits is a few hundred bytes of bookkeeping.',
            zh: '进程一结束，内存就释放了。还留着的只是几百字节的登记信息。',
          },
        },
      ],
    },
    {
      ask: {
        en: '`execve` returns ENOENT, and `ls` shows the file. What is likely?',
        zh: '`execve` 返回 ENOENT，而 `ls` 明明看得到这个文件。最可能的原因是？',
      },
      right: {
        text: { en: 'its loader or interpreter is missing', zh: '缺少它的动态链接器或解释器' },
        because: {
          en: 'The kernel opens what the file names, `/lib64/ld-linux-x86-64.so.2` or `#!/bin/bash`, and passes on that errno.',
          zh: '内核要打开文件里点名的那个程序，比如 `/lib64/ld-linux-x86-64.so.2` 或 `#!/bin/bash`，返回的是那一次的错误号。',
        },
      },
      wrong: [
        {
          text: { en: 'it has no execute bit', zh: '没有执行权限' },
          because: { en: 'That is EACCES.', zh: '那样会返回 EACCES。' },
        },
        {
          text: { en: 'it is for another processor', zh: '它是给另一种处理器的' },
          because: { en: 'That is ENOEXEC: “exec format error”.', zh: '那样会返回 ENOEXEC：“exec format error”。' },
        },
      ],
    },
  ],
  glossary: [
    {
      term: { en: 'process', zh: '进程' },
      means: {
        en: 'A running program with a memory and a number of its own; in the kernel a line in a list.',
        zh: '正在运行的程序，有自己的内存和编号；在内核里，它是名单上的一行。',
      },
    },
    {
      term: { en: 'PID', zh: 'PID' },
      means: { en: 'The number of a process in that list.', zh: '进程在名单上的编号。' },
    },
    {
      term: { en: 'clone, fork', zh: 'clone、fork' },
      means: {
        en: 'Make a copy of the process that calls. `fork` is the old name, `clone` the one that takes flags.',
        zh: '复制调用它的进程。`fork` 是老名字，`clone` 则可以带标志。',
      },
    },
    {
      term: { en: 'execve', zh: 'execve' },
      means: { en: 'Loads another program into the same process.', zh: '把另一个程序装进同一个进程。' },
    },
    {
      term: { en: 'zombie', zh: '僵尸进程' },
      means: {
        en: 'A process that has ended and whose exit status nobody has taken yet.',
        zh: '已经结束、但退出状态还没有人取走的进程。',
      },
    },
  ],
  reading: [
    { what: { en: 'making processes', zh: '创建进程' }, where: 'clone(2), fork(2)' },
    {
      what: { en: 'loading programs, and all that can go wrong', zh: '装入程序，以及所有可能的错误' },
      where: 'execve(2)',
    },
    { what: { en: 'what /proc tells of a process', zh: '/proc 里关于进程的一切' }, where: 'proc(5)' },
  ],
  sources: ['src/container/process/namespaces.ts'],
  engineCommand: ['minidock', 'run', '--dry-run', 'busybox', 'true'],
};
