import fs from 'node:fs';
import path from 'node:path';
import { call, close, open } from '../../src/syscalls/calls.ts';
import { type Step, slot } from '../../src/syscalls/step.ts';
import { O } from '../../src/syscalls/uapi/flags.ts';
import { changed, without } from '../../src/workshop/break.ts';
import { type Lesson, lessonProgram } from '../../src/workshop/lesson.ts';
import type { Moment } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';

const WRITE = O.O_WRONLY | O.O_CREAT | O.O_TRUNC;

/** What a shell does for `2> FILE`. */
function redirect(file: string, flags = WRITE): Step[] {
  const opened = slot('complaints');
  return [
    open(
      file,
      flags,
      {
        why: { en: 'open the file named behind `2>`, or make it', zh: '打开 `2>` 后面的文件，没有就新建' },
        save: opened,
      },
      0o644,
    ),
    call('dup3', [opened, 2, 0], {
      why: {
        en: 'give it the number 2: what is written to 2 goes there from now on',
        zh: '给它编号 2：从此写到 2 的东西都去那里',
      },
    }),
    close(opened, {
      why: { en: 'let go of the first number: the file stays open as 2', zh: '放掉原来的编号：文件作为 2 仍然开着' },
    }),
  ];
}

const complaintsIn = (scratch: string) => path.join(scratch, 'complaints');
const inside = `ls /nowhere
echo "I am process $$, and my parent is $PPID"`;

/** Where a file descriptor of a process leads. */
const leadsTo = (moment: Moment, fd: number) => fs.readlinkSync(`/proc/${moment.pid}/fd/${fd}`);

function sizeOf(file: string): string {
  return fs.statSync(file).size === 0 ? 'empty' : 'not empty';
}

export const lesson: Lesson = {
  id: '00-shell-and-proc',
  title: { en: 'Shell, /proc and man: the tools of this course', zh: 'shell、/proc 和 man：本课程的工具' },
  about: {
    en: 'what a shell does with a line, and where the kernel tells what became of it',
    zh: 'shell 怎么处理一行命令，内核又在哪里告诉你结果',
  },
  figure,
  needs: [],
  minutes: 20,
  question: {
    ask: {
      en: 'You type `ls /nowhere 2> complaints`. Who opens the file `complaints`?',
      zh: '你输入 `ls /nowhere 2> complaints`。是谁打开了 `complaints` 文件？',
    },
    right: {
      text: { en: 'the shell’s copy, before it becomes `ls`', zh: 'shell 的副本，在它变成 `ls` 之前' },
      because: {
        en: 'It opens the file, gives it the number 2, and then executes `ls`. Open files survive `execve`; `ls` writes to 2 as it always does.',
        zh: '它打开文件，给它编号 2，然后才执行 `ls`。打开的文件不受 `execve` 影响；`ls` 照常往 2 里写。',
      },
    },
    wrong: [
      {
        text: { en: '`ls`: it finds `2>` among its arguments', zh: '`ls`：它在参数里看到了 `2>`' },
        because: {
          en: 'Then each program would have to know how. `ls` gets one argument, `/nowhere`: its line in `/proc` will show it.',
          zh: '那样每个程序都得会处理它。`ls` 只得到一个参数 `/nowhere`：它在 `/proc` 里的那一行会证明。',
        },
      },
      {
        text: { en: 'the shell itself, after `ls` has ended', zh: 'shell 自己，在 `ls` 结束之后' },
        because: {
          en: 'By then the complaint would be on the terminal. The file has to be in place before the first byte.',
          zh: '那时错误信息早就上了终端。第一个字节写出之前，文件就得准备好。',
        },
      },
    ],
  },
  run: {
    program: ({ scratch, command }) =>
      lessonProgram({ namespaces: [], child: redirect(complaintsIn(scratch)), command }),
    inside,
    evidence: (host, container) => ({
      columns: [
        { en: 'we', zh: '我们' },
        { en: 'the process', zh: '这个进程' },
      ],
      facts: [
        {
          what: { en: 'Name in /proc/PID/status', zh: '/proc/PID/status 里的 Name' },
          host: host.name,
          container: container.name,
          claim: 'differs',
        },
        { what: { en: 'PID', zh: 'PID' }, host: String(host.pid), container: String(container.pid), claim: 'differs' },
        {
          what: { en: 'where /proc/PID/fd/2 leads', zh: '/proc/PID/fd/2 指向哪里' },
          host: leadsTo(host, 2),
          container: path.basename(leadsTo(container, 2)),
          claim: 'differs',
        },
      ],
      listings: [
        {
          title: {
            en: 'the beginning of /proc/PID/cmdline: no `2>` in it',
            zh: '/proc/PID/cmdline 的开头：里面没有 `2>`',
          },
          lines: [fs.readFileSync(`/proc/${container.pid}/cmdline`, 'utf8').replaceAll('\0', ' ').split('\n')[0]!],
        },
        {
          title: { en: 'what complaints holds', zh: 'complaints 里的内容' },
          lines: fs.readFileSync(complaintsIn(container.scratch), 'utf8').trim().split('\n'),
        },
      ],
    }),
  },
  byHand: {
    caption: {
      en: 'In C it is what every shell has in its source, in this order.',
      zh: '用 C 写就是这样，每个 shell 的源码里都有这几行，顺序也一样。',
    },
    language: 'c',
    lines: `if (fork() == 0) {
  int fd = open("complaints", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  dup2(fd, 2);
  close(fd);
  execlp("ls", "ls", "/nowhere", NULL);
  _exit(127);
}
wait(&status);`,
  },
  experiments: [
    {
      title: { en: 'Famous failure: a folder that is not there', zh: '著名的坑：目录不存在' },
      before: {
        en: 'The same line, but the file is to lie in a folder that does not exist: `2> missing/complaints`.',
        zh: '同样的命令，只是文件要放进一个不存在的目录：`2> missing/complaints`。',
      },
      after: {
        en: 'The command never ran: the shell’s copy stops at the redirection. That is why a typing error behind `>` does no harm, and why nothing was done.',
        zh: '命令根本没有运行：shell 的副本停在了重定向这一步。所以 `>` 后面打错字不会造成破坏，但也什么都没做。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({ namespaces: [], child: redirect(path.join(scratch, 'missing/complaints')), command }),
      fails: { call: 'openat', errno: 'ENOENT' },
      question: {
        ask: { en: 'What becomes of `ls`?', zh: '`ls` 会怎样？' },
        right: {
          text: { en: 'it is never executed', zh: '根本不会被执行' },
          because: {
            en: 'The file is opened before `execve`. Where that fails the shell’s copy says so, and ends.',
            zh: '文件在 `execve` 之前就要打开。打不开，shell 的副本就报错并结束。',
          },
        },
        wrong: [
          {
            text: { en: 'it runs, and its complaints are lost', zh: '它照常运行，错误信息丢失' },
            because: {
              en: 'That would be `2> /dev/null`, or a shell that goes on after an error.',
              zh: '那是 `2> /dev/null` 的效果，或者要有一个出错了还继续的 shell。',
            },
          },
          {
            text: { en: 'it runs and prints to the terminal', zh: '它照常运行，输出到终端' },
            because: {
              en: 'So it would be if the shell ignored the error. It does not.',
              zh: '如果 shell 无视错误，就会这样。但它不会。',
            },
          },
        ],
      },
    },
  ],
  breakIt: [
    {
      title: { en: 'Break it: opened, but not renumbered', zh: '拆一步：打开了，却没有改编号' },
      change: {
        en: 'The step `dup3` is removed. The file is opened and closed again.',
        zh: '去掉 `dup3` 这一步。文件打开之后又关上了。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({ namespaces: [], child: without(redirect(complaintsIn(scratch)), 'dup3('), command }),
      inside,
      question: {
        ask: { en: 'Where does the complaint of `ls` go?', zh: '`ls` 的错误信息去了哪里？' },
        right: {
          text: { en: 'where 2 led before, and the file is empty', zh: '2 原来指向的地方；文件是空的' },
          because: {
            en: '`ls` writes to the number 2, whatever it stands for. The file was made, and that is all.',
            zh: '`ls` 只管往 2 里写，不管它代表什么。文件建出来了，仅此而已。',
          },
        },
        wrong: [
          {
            text: { en: 'into the file: it is the last one that was opened', zh: '进了文件：它是最后打开的' },
            because: {
              en: 'Programs write to numbers, not to the file that was opened last.',
              zh: '程序是往编号里写，而不是往最后打开的文件里写。',
            },
          },
          {
            text: { en: 'nowhere: `ls` fails to write', zh: '哪儿也没去：`ls` 写入失败' },
            because: { en: 'The number 2 was open all the time.', zh: '编号 2 一直是打开的。' },
          },
        ],
      },
      outcome: 'runs',
      evidence: (_host, container) => ({
        columns: [
          { en: 'with dup3', zh: '有 dup3' },
          { en: 'without', zh: '没有' },
        ],
        facts: [
          {
            what: { en: 'the file complaints', zh: 'complaints 文件' },
            host: 'not empty',
            container: sizeOf(complaintsIn(container.scratch)),
            claim: 'differs',
          },
        ],
      }),
    },
    {
      title: { en: 'Break it: a file that nobody may make', zh: '拆一步：不许新建文件' },
      change: {
        en: '`O_CREAT` is taken out of the flags of `openat`, and the file is not there yet.',
        zh: '从 `openat` 的标志里去掉 `O_CREAT`，而文件还不存在。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({
          namespaces: [],
          child: changed(
            redirect(complaintsIn(scratch)),
            'openat(',
            () => redirect(path.join(scratch, 'new'), O.O_WRONLY)[0]!,
          ),
          command,
        }),
      question: {
        ask: { en: 'What does `openat` return?', zh: '`openat` 会返回什么？' },
        right: {
          text: { en: 'ENOENT', zh: 'ENOENT' },
          because: {
            en: 'To make a file has to be asked for. `>>` and `>` of the shell do ask; `<` does not, and has this errno for it.',
            zh: '新建文件需要明说。shell 的 `>` 和 `>>` 会说，`<` 不会，所以 `<` 常常得到这个错误。',
          },
        },
        wrong: [
          {
            text: { en: '0', zh: '0' },
            because: {
              en: '0 would be a number of a file, and one that is taken: by the input.',
              zh: '0 也是文件的编号，而且已经被占用了：它是输入。',
            },
          },
          {
            text: { en: 'EACCES', zh: 'EACCES' },
            because: {
              en: 'That is for a file or folder that is there and whose mode says no.',
              zh: '文件或目录存在、但权限位不允许时，才是它。',
            },
          },
        ],
      },
      outcome: { call: 'openat', errno: 'ENOENT' },
    },
  ],
  seen: [
    {
      en: 'a redirection is three steps of the shell’s copy, before `execve`',
      zh: '重定向就是 shell 的副本在 `execve` 之前做的三步',
    },
    {
      en: 'what a process has open, runs and was told stands in `/proc/PID`: `fd`, `exe`, `cmdline`',
      zh: '进程打开了什么、运行什么、收到什么参数，都写在 `/proc/PID` 里：`fd`、`exe`、`cmdline`',
    },
    {
      en: 'what is done between `clone` and `execve` stays: that is how containers are made, too',
      zh: '`clone` 与 `execve` 之间做的事会留下来：容器也是这样造出来的',
    },
  ],
  recap: [
    {
      ask: {
        en: 'Which manual page tells when the syscall `mount` returns EBUSY?',
        zh: '哪一页手册说明系统调用 `mount` 什么时候返回 EBUSY？',
      },
      right: {
        text: { en: 'mount(2), ERRORS', zh: 'mount(2) 的 ERRORS 一节' },
        because: { en: 'Section 2 is syscalls. `man 2 mount`.', zh: '第 2 节是系统调用。输入 `man 2 mount`。' },
      },
      wrong: [
        {
          text: { en: 'mount(8)', zh: 'mount(8)' },
          because: {
            en: 'That is the command for administrators, which makes this syscall among others.',
            zh: '那是给管理员用的命令，它会发出这个系统调用，还有别的。',
          },
        },
        {
          text: { en: 'proc(5)', zh: 'proc(5)' },
          because: { en: 'Section 5 is files and formats.', zh: '第 5 节是文件和格式。' },
        },
      ],
    },
    {
      ask: { en: 'Where can one see which directory a process works in?', zh: '在哪里能看到进程的工作目录？' },
      right: {
        text: { en: '/proc/PID/cwd', zh: '/proc/PID/cwd' },
        because: {
          en: 'A link that the kernel makes up while you read it.',
          zh: '一个链接，内核在你读它的那一刻生成。',
        },
      },
      wrong: [
        {
          text: { en: 'in the shell that started it', zh: '在启动它的 shell 里' },
          because: {
            en: 'It may have changed it since, and the shell would not know.',
            zh: '它之后可能换过目录，而 shell 并不知道。',
          },
        },
        {
          text: { en: 'nowhere: only the process knows', zh: '哪里都看不到：只有进程自己知道' },
          because: {
            en: 'The kernel resolves each of its relative paths, so the kernel knows.',
            zh: '它的每个相对路径都由内核来解析，所以内核知道。',
          },
        },
      ],
    },
    {
      ask: {
        en: '`make > log 2>&1` and `make 2>&1 > log`: what is the difference?',
        zh: '`make > log 2>&1` 和 `make 2>&1 > log` 有什么区别？',
      },
      right: {
        text: { en: 'the second leaves complaints on the terminal', zh: '后者把错误信息留在终端上' },
        because: {
          en: 'Redirections are done from left to right: `2>&1` copies what 1 is at that moment.',
          zh: '重定向从左到右依次执行：`2>&1` 复制的是 1 在那一刻的去处。',
        },
      },
      wrong: [
        {
          text: { en: 'none', zh: '没有区别' },
          because: {
            en: 'Each is a `dup` of what is there when its turn comes.',
            zh: '每一个都是 `dup`，复制的是轮到它时的状态。',
          },
        },
        {
          text: { en: 'the second writes complaints only', zh: '后者只写错误信息' },
          because: { en: 'The output goes to the log in both.', zh: '两种写法里，输出都进 log。' },
        },
      ],
    },
  ],
  glossary: [
    {
      term: { en: 'shell', zh: 'shell' },
      means: {
        en: 'The program that reads command lines and starts what they name.',
        zh: '读命令行、并启动其中程序的程序。',
      },
    },
    {
      term: { en: 'exit status', zh: '退出状态' },
      means: { en: 'The number with which a process ends; 0 means success.', zh: '进程结束时交出的数；0 表示成功。' },
    },
    {
      term: { en: 'file descriptor', zh: '文件描述符' },
      means: {
        en: 'The number under which a process knows an open file. 0 input, 1 output, 2 complaints.',
        zh: '进程用来指代已打开文件的编号。0 是输入，1 是输出，2 是错误信息。',
      },
    },
    {
      term: { en: 'redirection', zh: '重定向' },
      means: {
        en: 'Giving one of these numbers another file before the program starts.',
        zh: '在程序启动之前，让这些编号指向别的文件。',
      },
    },
    {
      term: { en: '/proc', zh: '/proc' },
      means: {
        en: 'The kernel’s report on itself and each process, as files made while they are read.',
        zh: '内核关于自己和每个进程的报告，以文件的形式给出，读取时即时生成。',
      },
    },
    {
      term: { en: 'manual section', zh: '手册的节' },
      means: {
        en: 'The number in mount(2): 1 commands, 2 syscalls, 3 functions, 5 files, 7 overviews, 8 administration.',
        zh: 'mount(2) 里的数字：1 命令，2 系统调用，3 函数，5 文件，7 概述，8 系统管理。',
      },
    },
  ],
  reading: [
    { what: { en: 'redirections, in full', zh: '重定向的完整说明' }, where: 'bash(1), REDIRECTION' },
    { what: { en: 'all of /proc', zh: '/proc 的全部' }, where: 'proc(5)' },
    { what: { en: 'how manual pages are built', zh: '手册页的结构' }, where: 'man-pages(7)' },
  ],
  sources: ['src/container/process/stdio.ts'],
};
