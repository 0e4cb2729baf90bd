import { pieces } from '../../src/engine/compile/pieces.ts';
import { call } from '../../src/syscalls/calls.ts';
import { room, str, text } from '../../src/syscalls/data.ts';
import type { Program } from '../../src/syscalls/step.ts';
import { AT, O } from '../../src/syscalls/uapi/flags.ts';
import { type Lesson, lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { namespaceFacts } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';
import { underStrace } from './strace.ts';

const hello = text('hello from a syscall\n');

/** Five calls that one can see, each by what it answers. */
function five({ command }: Stage): Program {
  return lessonProgram({
    namespaces: ['uts'],
    child: [
      call('getpid', [], {
        why: {
          en: 'ask for the PID of this process: no argument, no failure, one number',
          zh: '询问自己的 PID：没有参数，不会失败，一个数',
        },
      }),
      call('uname', [room(390, '<utsname>')], {
        why: {
          en: 'the kernel writes six names of 65 bytes each into our memory',
          zh: '六个名字，每个 65 字节，由内核写进我们的内存',
        },
      }),
      call('openat', [AT.AT_FDCWD, str('/no/such/file'), O.O_RDONLY, 0], {
        why: {
          en: 'open a file that is not there: this step may fail with ENOENT, and only so',
          zh: '打开一个不存在的文件：这一步可以这样失败，也只可以这样失败',
        },
        tolerate: ['ENOENT'],
      }),
      call('write', [1, hello, hello.bytes.length], {
        why: { en: 'output: here to the standard output', zh: '输出：这里写到标准输出' },
      }),
      ...pieces.utsNamespace('program'),
    ],
    command,
  });
}

export const lesson: Lesson = {
  id: '02-syscalls',
  title: { en: 'A syscall is the only door', zh: '系统调用：唯一的门' },
  about: {
    en: 'libc from TypeScript, the same under strace, and calls as a list that can be printed and performed',
    zh: '从 TypeScript 调用 libc，用 strace 对照，再把调用写成可以打印、可以执行的一列步骤',
  },
  figure,
  needs: ['root', 'uts'],
  rootless: true,
  minutes: 20,
  question: {
    ask: {
      en: 'A process is root (user 0) and then calls `seteuid(65534)`. Now it calls `sethostname("nobody")`. What does the kernel return?',
      zh: '一个进程本来是 root（用户 0），随后调用 `seteuid(65534)`。这时它再调用 `sethostname("nobody")`，内核会返回什么？',
    },
    right: {
      text: { en: '−1, and errno is EPERM', zh: '−1，errno 是 EPERM' },
      because: {
        en: '`sethostname` asks for the capability CAP_SYS_ADMIN, not for a user. But with its effective user 0 a process loses its effective capabilities. Further on, libc and strace both say so.',
        zh: '`sethostname` 要的是 CAP_SYS_ADMIN 这项权能（capability），而不是某个用户。但进程的有效用户一旦不再是 0，有效权能也随之失去。后面 libc 和 strace 都会这么说。',
      },
    },
    wrong: [
      {
        text: { en: '0: the process was started by root', zh: '0：进程是 root 启动的' },
        because: {
          en: 'The kernel asks what a process may do now. It could still go back to user 0, for its real and saved user are 0; but it has not.',
          zh: '内核只看进程此刻能做什么。它的真实用户和保存的用户都还是 0，随时可以变回去；但它还没有变回去。',
        },
      },
      {
        text: { en: '−1, and errno is EACCES', zh: '−1，errno 是 EACCES' },
        because: {
          en: 'EACCES is what a file’s mode says. A hostname has no mode; what is missing is a right, and that is EPERM.',
          zh: 'EACCES 说的是文件的权限位。主机名没有权限位；缺的是一项权能，所以是 EPERM。',
        },
      },
    ],
  },
  run: {
    program: five,
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
      en: 'libc hides the number and the registers. Without it a syscall is one instruction: here `getpid` on x86-64, with the number in `rax`.',
      zh: 'libc 把编号和寄存器都藏了起来。不用 libc，系统调用就是一条指令：下面是 x86-64 上的 `getpid`，编号放在 `rax` 里。',
    },
    language: 'c',
    lines: `long pid;
__asm__ volatile("syscall"
                 : "=a"(pid)            /* the answer comes back in rax */
                 : "a"(39)              /* the number of getpid */
                 : "rcx", "r11", "memory");`,
  },
  experiments: [],
  breakIt: [
    {
      title: { en: 'Break it: no room for the answer', zh: '拆一步：不给放结果的地方' },
      change: {
        en: '`uname` gets the address 0 in place of our buffer.',
        zh: '不再把缓冲区交给 `uname`，而是给它地址 0。',
      },
      program: ({ command }) =>
        lessonProgram({
          namespaces: ['uts'],
          child: [call('uname', [0], { why: { en: 'ask the kernel to write to address 0', zh: '让内核往地址 0 写' } })],
          command,
        }),
      question: {
        ask: { en: 'What happens?', zh: '会怎样？' },
        right: {
          text: { en: '`uname` returns EFAULT, and the process goes on', zh: '`uname` 返回 EFAULT，进程接着运行' },
          because: {
            en: 'The kernel checks each address before it writes for us, and an address that is not ours is an ordinary error.',
            zh: '内核替我们写之前会检查每个地址；地址不是我们的，就是一个普通的错误。',
          },
        },
        wrong: [
          {
            text: { en: 'the process dies of SIGSEGV', zh: '进程收到 SIGSEGV 死掉' },
            because: {
              en: 'So it would if the process itself wrote there. Here the kernel does the writing, and it asks first.',
              zh: '如果是进程自己往那里写，确实如此。但这里是内核来写，它会先检查。',
            },
          },
          {
            text: { en: 'the kernel crashes', zh: '内核崩溃' },
            because: {
              en: 'A kernel that believed its callers’ addresses would be no border at all. (There were such bugs.)',
              zh: '如果内核会轻信调用者给的地址，就谈不上什么边界了。（这种漏洞确实出现过。）',
            },
          },
        ],
      },
      outcome: { call: 'uname', errno: 'EFAULT' },
    },
    {
      title: { en: 'Break it: nobody tolerates the error', zh: '拆一步：谁也不容忍这个错误' },
      change: {
        en: 'In the lesson’s program the step `openat` says that ENOENT is all right. We remove that word, and nothing else.',
        zh: '本课的程序里，`openat` 这一步写明了可以容忍 ENOENT。现在只去掉这个声明。',
      },
      program: ({ command }) =>
        lessonProgram({
          namespaces: ['uts'],
          child: [
            call('openat', [AT.AT_FDCWD, str('/no/such/file'), O.O_RDONLY, 0], {
              why: { en: 'open a file that is not there', zh: '打开一个不存在的文件' },
            }),
            ...pieces.utsNamespace('program'),
          ],
          command,
        }),
      question: {
        ask: { en: 'What happens to the steps behind it?', zh: '它后面的步骤会怎样？' },
        right: {
          text: { en: 'none of them is done: the program ends here', zh: '一步也不做：程序到此为止' },
          because: {
            en: 'A list of steps has no `if`. A step whose error is not expected ends the program, so that no container starts half made.',
            zh: '一列步骤里没有 `if`。出现意料之外的错误，程序就结束：绝不让造了一半的容器启动。',
          },
        },
        wrong: [
          {
            text: { en: 'they are done: the kernel only reports errors', zh: '照做：内核只是报告错误' },
            because: {
              en: 'The kernel would let us go on. It is our interpreter that stops, and it has to.',
              zh: '内核倒是允许我们继续。停下来的是我们的解释器，而且它必须停。',
            },
          },
          {
            text: { en: 'they are undone', zh: '已做的会被撤销' },
            because: {
              en: 'There is no undo for syscalls. What was made goes away because the process and its namespaces do.',
              zh: '系统调用没有撤销。做过的之所以消失，是因为进程和它的命名空间消失了。',
            },
          },
        ],
      },
      outcome: { call: 'openat', errno: 'ENOENT' },
    },
  ],
  compare: stage => underStrace(five(stage), stage),
  comparisonNeedsRoot: {
    en: 'it changes to user 65534, and your user namespace knows one user only.',
    zh: '它要换成 65534 号用户，而你的用户命名空间里只有一个用户。',
  },
  seen: [
    {
      en: 'a syscall is a name, up to six machine words and one as its result; errors are small negative numbers',
      zh: '系统调用就是一个名字、最多六个机器字的参数和一个机器字的返回值；错误是绝对值很小的负数',
    },
    {
      en: '`gethostname` of libc is the syscall `uname`; `seteuid` is `setresuid`: names of functions are not names of syscalls',
      zh: 'libc 的 `gethostname` 其实是系统调用 `uname`，`seteuid` 其实是 `setresuid`：函数名不等于系统调用名',
    },
    {
      en: 'a list of steps is a program: it was printed and performed, and strace saw the same calls in the same order',
      zh: '一列步骤就是一段程序：打印过，也执行过，而 strace 看到的正是同样的调用、同样的顺序',
    },
  ],
  recap: [
    {
      ask: {
        en: 'A syscall returned −13 in its machine word. What is that?',
        zh: '一个系统调用返回的机器字是 −13。这是什么？',
      },
      right: {
        text: { en: 'the errno 13, EACCES', zh: '错误号 13，即 EACCES' },
        because: {
          en: 'From −4095 to −1 it is an error number. libc makes −1 and `errno` of it.',
          zh: '从 −4095 到 −1 都是错误号。libc 把它变成 −1 和 `errno`。',
        },
      },
      wrong: [
        {
          text: { en: 'a file descriptor', zh: '一个文件描述符' },
          because: { en: 'Descriptors are never negative.', zh: '描述符不会是负数。' },
        },
        {
          text: { en: 'a result like any other', zh: '和别的结果没有区别' },
          because: {
            en: 'For no syscall: this range is reserved for errors.',
            zh: '任何系统调用都不是：这个范围留给了错误。',
          },
        },
      ],
    },
    {
      ask: {
        en: '`strace` shows no line for `printf("hello")`. Why?',
        zh: '`strace` 里找不到 `printf("hello")` 对应的行。为什么？',
      },
      right: {
        text: { en: 'libc keeps the text in a buffer and writes later', zh: 'libc 把文字留在缓冲区，稍后才写' },
        because: {
          en: 'One `write` for many `printf`: a syscall costs more than a function call.',
          zh: '多次 `printf` 合成一次 `write`：系统调用比函数调用贵得多。',
        },
      },
      wrong: [
        {
          text: { en: '`printf` is faster than strace', zh: '`printf` 太快，strace 来不及看' },
          because: {
            en: 'strace stops the process at every syscall; it misses none.',
            zh: 'strace 在每个系统调用处都会让进程停下，一个也不会漏。',
          },
        },
        {
          text: { en: 'output is no syscall', zh: '输出不是系统调用' },
          because: { en: 'How else should it leave the process?', zh: '不然它怎么离开这个进程呢？' },
        },
      ],
    },
    {
      ask: {
        en: 'What does EPERM from `sethostname` say about the file `/etc/hostname`?',
        zh: '`sethostname` 返回 EPERM，这和 `/etc/hostname` 文件有什么关系？',
      },
      right: {
        text: { en: 'nothing', zh: '没有关系' },
        because: {
          en: 'The kernel’s hostname is no file, and EPERM speaks of a missing right.',
          zh: '内核里的主机名不是文件，EPERM 说的是缺少权能。',
        },
      },
      wrong: [
        {
          text: { en: 'it is not writable', zh: '说明它不可写' },
          because: { en: 'The syscall never looks at that file.', zh: '这个系统调用根本不看那个文件。' },
        },
        {
          text: { en: 'it does not exist', zh: '说明它不存在' },
          because: {
            en: 'Then a reader would get ENOENT. `sethostname` reads nothing.',
            zh: '那样读它的人会得到 ENOENT。`sethostname` 什么也不读。',
          },
        },
      ],
    },
  ],
  glossary: [
    {
      term: { en: 'syscall', zh: '系统调用' },
      means: {
        en: 'A request to the kernel: a number and up to six machine words in, one word back.',
        zh: '向内核提出的请求：交出一个编号和最多六个机器字，拿回一个机器字。',
      },
    },
    {
      term: { en: 'libc', zh: 'libc' },
      means: {
        en: 'The library with the C functions around the syscalls: glibc, musl.',
        zh: '包在系统调用外面的 C 函数库：glibc、musl。',
      },
    },
    {
      term: { en: 'errno', zh: 'errno（错误号）' },
      means: {
        en: 'The number by which the kernel says why it refused, and the variable where libc keeps it.',
        zh: '内核用来说明拒绝原因的数字，也是 libc 存放它的变量名。',
      },
    },
    {
      term: { en: 'strace', zh: 'strace' },
      means: { en: 'A program that shows every syscall of another one.', zh: '显示另一个程序所有系统调用的工具。' },
    },
  ],
  reading: [
    { what: { en: 'what a syscall is', zh: '什么是系统调用' }, where: 'intro(2), syscall(2)' },
    { what: { en: 'the list', zh: '完整清单' }, where: 'syscalls(2)' },
    { what: { en: 'the errors', zh: '错误一览' }, where: 'errno(3)' },
  ],
  sources: ['src/syscalls/step.ts', 'src/syscalls/calls.ts', 'src/syscalls/ffi.ts', 'native/interpret.c'],
};
