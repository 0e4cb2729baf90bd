import fs from 'node:fs';
import { statusField } from '../../src/host/process.ts';
import { printStep } from '../../src/syscalls/print.ts';
import { sealProgram } from '../../src/syscalls/seal.ts';
import { program } from '../../src/syscalls/step.ts';
import { swapped } from '../../src/workshop/break.ts';
import { type Lesson, lessonProgram } from '../../src/workshop/lesson.ts';
import { said } from '../../src/workshop/play/evidence.ts';
import { nobody, smallContainer } from './container.ts';
import { figure } from './figure.ts';
import { exitRecord, killedSupervisor, signals, theSeal, zombies } from './trials.ts';
import { pipesOrTerminal } from './typing.ts';

/** The orphan has 30 seconds; it ends with PID 1, which is much sooner. */
const inside = `echo "my PID: $$"
echo "my parent: $PPID"
kill -TERM $$; kill -KILL $$; echo "SIGTERM and SIGKILL to myself: I am still here"
orphan=$(sh -c 'sleep 30 > /dev/null 2>&1 & echo $!')
echo "orphan: $orphan"
echo "parent of the orphan: $(sed -n 's/^PPid:[^0-9]*//p' /proc/$orphan/status)"`;

const nameOf = (pid: string) => `${pid} ${fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim()}`;

export const lesson: Lesson = {
  id: '12-supervisor',
  title: { en: 'The supervisor: who waits for PID 1', zh: '监管进程：谁在等 1 号进程' },
  about: {
    en: 'what PID 1 owes to those inside, and what somebody outside has to do for PID 1: wait, write down, and die together',
    zh: '1 号进程对里面负有什么责任，外面又得有谁为它做什么：等待、记录、同生共死',
  },
  needs: ['root', 'pid', 'mnt'],
  minutes: 40,
  figure,
  question: {
    ask: {
      en: 'A container has a supervisor on the host, which is the parent of its PID 1. In the container a shell starts `sleep` in the background and ends. Who is the parent of `sleep` now?',
      zh: '容器在宿主机上有一个监管进程，它是容器 1 号进程的父进程。容器里有个 shell 在后台启动 `sleep`，然后自己结束了。现在谁是 `sleep` 的父进程？',
    },
    right: {
      text: { en: 'PID 1 of the container, whatever program that is', zh: '容器的 1 号进程，不管它是什么程序' },
      because: {
        en: 'The kernel hands an orphan to the nearest ancestor that has asked to be a “subreaper”, or else to the init of its own PID namespace. It looks no further than that namespace. So an ordinary program that happens to be PID 1 has children that it never made, and is the only one who can wait for them.',
        zh: '内核把孤儿交给祖先里最近的、申请过当“subreaper”的进程；没有的话，就交给它自己那个 PID 命名空间的 init。内核不会找到命名空间外面去。于是，一个碰巧当了 1 号的普通程序，会有一些不是它创建的子进程，而且只有它能等它们。',
      },
    },
    wrong: [
      {
        text: { en: 'the supervisor: that is what it is for', zh: '监管进程：它就是干这个的' },
        because: {
          en: 'A process cannot get a parent outside of its PID namespace by becoming an orphan. The supervisor has one child in there, PID 1, and learns nothing of the others. (Docker’s shim does call itself a subreaper, for another reason: runc ends, and the shim wants to inherit the container’s PID 1 from it. Ours makes PID 1 itself.)',
          zh: '进程成为孤儿之后，不会得到自己 PID 命名空间之外的父进程。监管进程在里面只有一个子进程，就是 1 号，对别的一无所知。（Docker 的 shim 确实把自己设为 subreaper，但那是为了另一件事：runc 会结束，shim 要从它那里接过容器的 1 号进程。我们的 shim 自己造出 1 号，用不着。）',
        },
      },
      {
        text: { en: 'the host’s init, as on any Unix', zh: '宿主机的 init，和任何 Unix 一样' },
        because: {
          en: 'So it is in the first PID namespace. In a namespace of its own an orphan goes to the init of that one.',
          zh: '在最初的 PID 命名空间里是这样。在别的命名空间里，孤儿归那一个的 init。',
        },
      },
    ],
  },
  run: {
    program: ({ command }) => smallContainer({ command }),
    inside,
    evidence: (_host, container) => {
      const orphan = said(container, 'orphan');
      const parent = said(container, 'parent of the orphan');
      return {
        columns: [
          { en: 'it should be', zh: '应该是' },
          { en: 'the kernel says', zh: '内核说' },
        ],
        facts: [
          {
            what: { en: 'the parent of PID 1, seen from the host', zh: '从宿主机看，1 号进程的父进程' },
            host: `${container.parent} minidock-shim`,
            container: nameOf(container.parent),
            claim: 'same',
          },
          {
            what: { en: 'the same, seen from inside: nobody', zh: '从里面看：没有' },
            host: '0',
            container: said(container, 'my parent'),
            claim: 'same',
          },
          {
            what: { en: `the parent of the orphan ${orphan}`, zh: `孤儿 ${orphan} 的父进程` },
            host: said(container, 'my PID'),
            container: parent,
            claim: 'same',
          },
          {
            what: { en: 'the user of PID 1', zh: '1 号进程的用户' },
            host: String(nobody),
            container: statusField(container.pid, 'Uid').split(/\s+/)[0]!,
            claim: 'same',
          },
          {
            what: { en: 'signals that it handles (SigCgt)', zh: '它处理的信号（SigCgt）' },
            host: 'SIGTERM: no',
            container: `SIGTERM: ${handlesTerm(container.pid) ? 'yes' : 'no'}`,
            claim: 'same',
          },
        ],
      };
    },
  },
  byHand: {
    caption: {
      en: 'The heart of every supervisor, in C. The second prctl is what most of them forget.',
      zh: '任何监管进程的核心，用 C 写就是这样。第二次 prctl，多数人都会忘。',
    },
    language: 'c',
    lines: `pid_t pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
if (pid == 0) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setgroups(0, NULL); setgid(65534); setuid(65534);   /* forgets the signal */
  prctl(PR_SET_PDEATHSIG, SIGKILL);                   /* so: once more */
  if (supervisor_is_gone()) _exit(1);                 /* it died in between */
  execve(path, argv, envp);
}
int status;
waitpid(pid, &status, 0);                             /* only the parent can */
int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
char text[4];
snprintf(text, sizeof text, "%d", code);
symlink(text, "exit");                                /* for who asks later */`,
  },
  experiments: [
    {
      title: { en: 'Why `docker stop` takes ten seconds', zh: '为什么 `docker stop` 要等十秒' },
      before: {
        en: 'Two containers whose PID 1 is a shell that waits for input. The second has one line more: `trap "exit 0" TERM`. Each gets SIGTERM from the host, as `stop` sends it. What is still there then gets SIGKILL.',
        zh: '两个容器，1 号进程都是等待输入的 shell。第二个多了一行：`trap "exit 0" TERM`。宿主机给它们各发一个 SIGTERM，就像 `stop` 那样。之后还在的，再发 SIGKILL。',
      },
      question: {
        ask: { en: 'What does SIGTERM do to the first one?', zh: '对第一个容器，SIGTERM 有什么效果？' },
        right: {
          text: { en: 'nothing, and it does not wait anywhere either', zh: '没有效果，也不会留着等以后处理' },
          because: {
            en: 'For the init of a PID namespace the kernel drops every signal that has no handler, at the moment of sending, also from outside; of what comes from outside, only SIGKILL and SIGSTOP get through. `kill` returns 0 all the same. `stop` cannot know, so it waits, ten seconds by default, and sends SIGKILL: exit status 128 + 9.',
            zh: '对 PID 命名空间的 init，凡是没有处理函数的信号，内核在发送的那一刻就丢掉，从外面来的也一样；从外面来的只有 SIGKILL 和 SIGSTOP 能通过。而 `kill` 照样返回 0。`stop` 无从得知，只好等（默认十秒），再发 SIGKILL：退出状态是 128 + 9。',
          },
        },
        wrong: [
          {
            text: {
              en: 'it ends: the default action of SIGTERM is to terminate',
              zh: '它会结束：SIGTERM 的默认动作就是终止',
            },
            because: {
              en: 'For every process but an init. There “no handler” means “not for me”, so that a stray signal does not take a whole system along.',
              zh: '除了 init，别的进程都是这样。对 init 来说，“没有处理函数”就等于“不收”，免得一个误发的信号毁掉整个系统。',
            },
          },
          {
            text: { en: 'it stays pending until the shell looks', zh: '一直挂起，等 shell 去看' },
            because: {
              en: 'Pending is what is blocked. Nothing is blocked here; SigPnd and ShdPnd of /proc/PID/status are zero.',
              zh: '被屏蔽的信号才会挂起。这里什么都没有屏蔽，/proc/PID/status 里的 SigPnd 和 ShdPnd 都是零。',
            },
          },
        ],
      },
      after: {
        en: 'Two cures: a program that handles SIGTERM, as servers do; or `exec` in the start script, so that the server is PID 1 and not the shell above it. (`docker run --init` is the third: a small init that passes signals on to a child, for which they have their ordinary meaning.)',
        zh: '解药有两种：换一个会处理 SIGTERM 的程序，服务器程序一般都会；或者在启动脚本里用 `exec`，让服务器自己当 1 号，而不是它上面的 shell。（第三种是 `docker run --init`：由一个小小的 init 把信号转发给子进程，对子进程来说信号就是平常的含义。）',
      },
      show: signals,
    },
    {
      title: { en: 'A PID 1 that never waits', zh: '从不等待的 1 号进程' },
      before: {
        en: 'Two containers once more. In each, three processes are orphaned and end a moment later. In the first container PID 1 is `cat`. In the second it is a shell that runs one `sleep` after the other.',
        zh: '又是两个容器。每个容器里都有三个进程成为孤儿，稍后结束。第一个容器的 1 号进程是 `cat`，第二个的是一个 shell，它一个接一个地运行 `sleep`。',
      },
      question: {
        ask: { en: 'How many zombies are there in each?', zh: '两个容器里各有多少僵尸？' },
        right: {
          text: { en: 'three under `cat`, none under the shell', zh: '`cat` 下面三个，shell 下面没有' },
          because: {
            en: '`cat` has no children, as far as it knows, and never calls `wait4`. The shell calls it for its `sleep`, with -1: any child will do, and so the orphans are collected along the way.',
            zh: '`cat` 不知道自己有子进程，从不调用 `wait4`。shell 为了等它的 `sleep` 会调用，参数是 -1，任何一个子进程都行，于是孤儿也就顺带回收了。',
          },
        },
        wrong: [
          {
            text: { en: 'none: the kernel collects orphans', zh: '都没有：孤儿由内核回收' },
            because: {
              en: 'The kernel only finds them a new parent. It collects where a parent has said that it does not care, by ignoring SIGCHLD, and `cat` has said nothing.',
              zh: '内核只是给它们换一个父进程。只有父进程用“忽略 SIGCHLD”表明自己不关心时，内核才会代为回收，而 `cat` 什么也没表示。',
            },
          },
          {
            text: { en: 'none: the supervisor collects them', zh: '都没有：由监管进程回收' },
            because: {
              en: '`wait4` is for one’s own children. The supervisor has one, and that one is alive.',
              zh: '`wait4` 只能等自己的子进程。监管进程只有一个子进程，而那个还活着。',
            },
          },
        ],
      },
      after: {
        en: 'A zombie has no memory and no files, but it keeps its number and counts as a process. With a limit of processes (lesson 9) enough of them mean `fork: Resource temporarily unavailable`, weeks after the start.',
        zh: '僵尸没有内存，也没有打开的文件，但它占着编号，也算一个进程。若限制了进程数（第 9 课），僵尸攒够了就会出现 `fork: Resource temporarily unavailable`，那可能是启动几个星期之后的事了。',
      },
      show: zombies,
    },
    {
      title: { en: 'Three pipes, or a terminal', zh: '三条管道，还是一个终端' },
      before: {
        en: 'The same shell twice: once its supervisor holds the other ends of three pipes, as with `run -i`, once the master of a pseudo-terminal, as with `run -it`. A client sets the window to 40 rows of 100 columns and types Ctrl-C, which is the byte 3.',
        zh: '同样的 shell 运行两次：一次由监管进程握着三条管道的另一端，如同 `run -i`；一次握着伪终端的主端，如同 `run -it`。客户端把窗口设为 40 行 100 列，然后按下 Ctrl-C，也就是字节 3。',
      },
      question: {
        ask: { en: 'With `-it`, who makes a SIGINT of that byte?', zh: '用 `-it` 时，是谁把这个字节变成 SIGINT？' },
        right: {
          text: { en: 'the kernel, in the pseudo-terminal', zh: '内核，在伪终端里' },
          because: {
            en: 'Client and supervisor pass the byte on like any other. The line discipline of the terminal knows it (`stty -a`: intr = ^C) and sends SIGINT to the foreground process group of the session whose controlling terminal this is. That is why the child calls setsid and TIOCSCTTY.',
            zh: '客户端和监管进程对它一视同仁，原样转交。认得它的是终端的行规程（`stty -a`：intr = ^C），由它向会话的前台进程组发 SIGINT，这个会话的控制终端就是它。所以子进程要调用 setsid 和 TIOCSCTTY。',
          },
        },
        wrong: [
          {
            text: { en: 'the command `run`: it gets SIGINT and passes it on', zh: '`run` 命令：它收到 SIGINT 再转发' },
            because: {
              en: 'So it is without `-t`, where your own terminal makes the signal. With `-t` the command sets your terminal to raw, and Ctrl-C is a byte that it reads.',
              zh: '不加 `-t` 时是这样，信号由你自己的终端产生。加了 `-t`，这个命令会把你的终端设成 raw 模式，Ctrl-C 就只是它读到的一个字节。',
            },
          },
          {
            text: { en: 'the supervisor: it sees the byte and calls kill', zh: '监管进程：它看到这个字节就调用 kill' },
            because: {
              en: 'It does not look into what it copies. An editor in the container may want the byte itself, and tells its terminal so.',
              zh: '它不看自己转交的内容。容器里的编辑器也许就要这个字节本身，它会告诉自己的终端。',
            },
          },
        ],
      },
      after: {
        en: 'Pipes are better for programs: nothing is changed on the way, and errors stay apart. A terminal is better for people. The child makes it in its own devpts and sends the master to the supervisor through a socket (SCM_RIGHTS), so that nobody outside has to open a path in the container.',
        zh: '给程序用，管道更好：中途什么也不改，错误输出也是分开的。给人用，终端更好。伪终端由子进程在自己的 devpts 里创建，主端通过套接字交给监管进程（SCM_RIGHTS），这样外面谁也不必打开容器里的路径。',
      },
      show: pipesOrTerminal,
    },
    {
      title: { en: 'The command hangs up', zh: '命令先走了' },
      before: {
        en: 'A container with all that a supervisor keeps: a lock, a log, a socket, an exit record. The command that started it attaches, reads a line and hangs up, as after Ctrl-P Ctrl-Q. Then another one connects to the socket. PID 1 ends with status 7.',
        zh: '这个容器具备监管进程要保管的全部东西：锁、日志、套接字、退出记录。启动它的命令连接上来，读了一行就断开，好比按了 Ctrl-P Ctrl-Q。然后另一个命令连到那个套接字。1 号进程以状态 7 结束。',
      },
      question: {
        ask: {
          en: 'An hour later `ps -a` prints “Exited (7)”. Where does it have the 7 from?',
          zh: '一小时之后 `ps -a` 打印“Exited (7)”。这个 7 从哪里来？',
        },
        right: {
          text: {
            en: 'from the target of a symbolic link that the supervisor made',
            zh: '从监管进程建的一个符号链接里，链接的目标就是它',
          },
          because: {
            en: 'The kernel tells a status once, to the parent. The supervisor is the parent, so it must write it down before it ends itself. `symlinkat` does it in one step that no crash can split: all of it is there or nothing.',
            zh: '退出状态内核只说一次，而且只告诉父进程。父进程就是监管进程，所以它必须先写下来，自己才能结束。用 `symlinkat` 一步就写完，崩溃也拆不开：要么全有，要么全无。',
          },
        },
        wrong: [
          {
            text: { en: 'it asks the kernel: wait4 with the PID', zh: '问内核：用这个 PID 调用 wait4' },
            because: {
              en: 'ECHILD: it is not the parent. And the number may belong to somebody else by now.',
              zh: 'ECHILD：它不是父进程。而且这个编号现在可能已经是别人的了。',
            },
          },
          {
            text: { en: 'from /proc/PID/stat', zh: '从 /proc/PID/stat' },
            because: {
              en: 'There the status stands only as long as the process is a zombie. Whoever waits for it makes it go away.',
              zh: '只有进程还是僵尸的时候，那里才有退出状态。一等到它，它就没了。',
            },
          },
        ],
      },
      after: {
        en: 'The lock is the other half. A pid in a file says nothing after a crash; a lock is released by the kernel, however its holder ends. So “locked” means: there is a supervisor, and it will write. “Not locked, no record” means: it was killed.',
        zh: '锁是另一半。崩溃之后，文件里的 PID 说明不了什么；而锁，不管持有者怎么结束，内核都会释放。所以“锁着”表示：监管进程还在，它会写。“没锁，也没有记录”表示：它是被杀死的。',
      },
      show: exitRecord,
    },
    {
      title: { en: 'Kill the supervisor', zh: '杀死监管进程' },
      before: {
        en: 'The container of the beginning: PID 1 is a shell, its user is 65534. Now the supervisor gets SIGKILL, which nobody can catch.',
        zh: '回到最初的容器：1 号进程是 shell，用户是 65534。现在给监管进程发 SIGKILL，这是谁也挡不住的。',
      },
      question: {
        ask: { en: 'What becomes of the container?', zh: '容器会怎样？' },
        right: {
          text: { en: 'the kernel kills PID 1, and so all of it', zh: '内核杀死 1 号进程，整个容器随之结束' },
          because: {
            en: 'Because PID 1 has asked for it: prctl(PR_SET_PDEATHSIG, SIGKILL), “kill me when my parent dies”. Without a parent that waits, its output would go nowhere and its exit status to somebody who does not care.',
            zh: '因为 1 号进程自己要求过：prctl(PR_SET_PDEATHSIG, SIGKILL)，“父进程死了就杀我”。没有父进程在等，它的输出无处可去，退出状态也只会交给一个不关心的进程。',
          },
        },
        wrong: [
          {
            text: { en: 'it lives on as a child of the host’s init', zh: '继续活着，成为宿主机 init 的子进程' },
            because: {
              en: 'That is what the death of a parent means in general: nothing but a new parent. You will see it in a moment, with one step less.',
              zh: '父进程死亡通常就只意味着换一个父进程。少一个步骤就会这样，你马上会看到。',
            },
          },
          {
            text: { en: 'it hangs, since nobody reads its output', zh: '卡住，因为没有人读它的输出' },
            because: {
              en: 'A pipe without a reader does not block: writing to it means SIGPIPE or EPIPE. It hangs where the reader is there and does not read.',
              zh: '没有读者的管道不会让人卡住：往里写会得到 SIGPIPE 或 EPIPE。读者还在、却不读，才会卡住。',
            },
          },
        ],
      },
      after: {
        en: 'There is no exit record: who should have written it? The next command finds neither lock nor record, ends what is left in the cgroup, and says 137. Other engines decide otherwise: under Docker’s `live-restore` the container survives the daemon, but its shim has to live.',
        zh: '没有退出记录：谁来写呢？下一个命令既没看到锁，也没看到记录，就把 cgroup 里剩下的都结束掉，报告 137。别的引擎另有做法：用了 Docker 的 `live-restore`，守护进程死了容器还在，但它的 shim 必须活着。',
      },
      show: (scratch, tell) => killedSupervisor(scratch, tell, { tie: tether => tether, survives: false }),
    },
    {
      title: { en: 'The supervisor’s own seal', zh: '监管进程自己的封印' },
      before: {
        en: 'A supervisor runs on the host as root, and for a moment its program is what `/proc/self/exe` of the new process leads to. An attacker in the container opens that link for reading, waits until the program has ended, and then opens the descriptor anew for writing: CVE-2019-5736. Here it is done to a copy of the shim that runs from a file, and to a shim as the engine starts it.',
        zh: '监管进程以 root 身份运行在宿主机上，有那么一刻，新进程的 `/proc/self/exe` 指向的就是它的程序。容器里的攻击者以只读方式打开这个链接，等程序结束，再通过手里的描述符以写方式重新打开：这就是 CVE-2019-5736。下面用两个对象来试：一个是从文件运行的 shim 副本，一个是引擎启动的 shim。',
      },
      question: {
        ask: {
          en: 'The engine’s shim runs from a copy in memory with the seal F_SEAL_WRITE. What does the attacker get?',
          zh: '引擎的 shim 运行的是内存里的副本，带 F_SEAL_WRITE 封印。攻击者会得到什么？',
        },
        right: {
          text: { en: 'it opens for writing, and write returns EPERM', zh: '能以写方式打开，但 write 返回 EPERM' },
          because: {
            en: 'Opening asks for the mode of the file, and root may. But the seal belongs to the file itself: no descriptor, old or new, can change a byte, and no seal can be removed.',
            zh: '打开时看的是文件权限，root 当然可以。但封印属于文件本身：不管新旧描述符，一个字节也改不了，封印也去不掉。',
          },
        },
        wrong: [
          {
            text: { en: 'ETXTBSY: the program runs', zh: 'ETXTBSY：程序正在运行' },
            because: {
              en: 'While it runs, yes, with and without a seal. That is why the attacker waits until it has ended.',
              zh: '运行的时候确实如此，有没有封印都一样。所以攻击者要等它结束。',
            },
          },
          {
            text: { en: 'write succeeds, but only the copy changes', zh: '能写进去，但只写进副本' },
            because: {
              en: 'So it was in the first repairs, which executed an unlinked file: harmless to the host’s disk. (On kernels before 3.19 the engine still does that.) With a seal the attempt itself fails.',
              zh: '最早的修补办法就是这样：执行一个已删除名字的文件，对宿主机的磁盘无害。（在 3.19 之前的内核上引擎仍是这么做的。）有了封印，写入这一步就会失败。',
            },
          },
        ],
      },
      after: {
        en: 'The seal is the first of several steps by which the shim gives up what it does not need: `close_range` (no descriptor of the caller gets into a container), `setsid` (no terminal), PR_SET_DUMPABLE 0 (nobody in a container may trace it). What is left is a poll loop of a few hundred lines that never allocates memory.',
        zh: '封印只是第一步，shim 还要放弃其他用不着的东西：`close_range`（调用者的描述符一个也不会进入容器）、`setsid`（不要终端）、PR_SET_DUMPABLE 0（容器里谁也不能跟踪它）。剩下的只是几百行代码的 poll 循环，从不分配内存。',
      },
      show: theSeal,
    },
  ],
  breakIt: [
    {
      title: { en: 'Break it: armed once, before the user changes', zh: '拆一步：只设一次，而且在更换用户之前' },
      change: {
        en: 'PR_SET_PDEATHSIG right after clone stays. Removed is the second one, after `setuid`, with the look at the supervisor that belongs to it. Then the supervisor is killed.',
        zh: '保留 clone 之后立刻设置的 PR_SET_PDEATHSIG，去掉 `setuid` 之后的第二次，以及随后对监管进程的确认。然后杀死监管进程。',
      },
      question: {
        ask: { en: 'What becomes of the container now?', zh: '这次容器会怎样？' },
        right: {
          text: { en: 'it lives on, with a new parent', zh: '继续活着，换了一个父进程' },
          because: {
            en: 'Where a process becomes another user or gains a right, the kernel forgets the signal: it was a promise of the process that was. The engine would believe the container to be gone, and its port and files would still be in use.',
            zh: '进程更换用户或得到新权能时，内核会忘掉这个信号：那是从前那个进程的约定。引擎以为容器没了，它的端口和文件却还被占着。',
          },
        },
        wrong: [
          {
            text: { en: 'the kernel kills it, as before', zh: '和刚才一样，被内核杀死' },
            because: {
              en: 'For a container that runs as root it would: nothing changed there. That is why the defect is found late.',
              zh: '以 root 运行的容器确实如此，因为什么都没变。所以这个缺陷总是很晚才被发现。',
            },
          },
          {
            text: { en: 'it gets SIGHUP: its session leader is gone', zh: '收到 SIGHUP：会话首进程没了' },
            because: {
              en: 'SIGHUP comes with the loss of a controlling terminal, and there is none. As PID 1 without a handler it would not get it anyway.',
              zh: '失去控制终端时才有 SIGHUP，这里没有终端。再说它是没有处理函数的 1 号，本来也收不到。',
            },
          },
        ],
      },
      show: (scratch, tell) =>
        killedSupervisor(scratch, tell, { tie: tether => ({ ...tether, last: [] }), survives: true }),
    },
    {
      title: { en: 'Break it: sealed before it is written', zh: '换个顺序：先加封印，再写' },
      change: {
        en: 'The shim’s first program makes the copy, writes it and seals it. Here the seal comes before the write.',
        zh: 'shim 的第一个程序先建副本，再写入，再加封印。这里把封印放到写入之前。',
      },
      question: {
        ask: {
          en: 'What does `write` return, to root, for a file it has just made?',
          zh: '刚建好的文件，root 自己去写，`write` 会返回什么？',
        },
        right: {
          text: { en: 'EPERM', zh: 'EPERM' },
          because: {
            en: 'A seal knows no owner and no root. That is what makes it worth more than a mode or a read-only mount: there is nobody who could take it back.',
            zh: '封印不认所有者，也不认 root。这正是它比权限位、只读挂载更可靠的地方：没有谁能撤销。',
          },
        },
        wrong: [
          {
            text: { en: 'EROFS', zh: 'EROFS' },
            because: {
              en: 'That is what a read-only mount or file system answers. Here one file is sealed, not a file system.',
              zh: '只读的挂载或文件系统才这样返回。这里封的是一个文件，不是文件系统。',
            },
          },
          {
            text: {
              en: 'the number of bytes: the descriptor was opened for writing',
              zh: '字节数：描述符是以可写方式打开的',
            },
            because: {
              en: 'For most files the right is checked at open and never again. The seal is checked at each write.',
              zh: '大多数文件只在打开时检查一次权限。封印则是每次写入都检查。',
            },
          },
        ],
      },
      program: ({ command }) => {
        const seal = sealProgram(new TextEncoder().encode('#!/bin/true\n'), '', true, '/').host.filter(
          step => !printStep(step).startsWith('execveat('),
        );
        const base = lessonProgram({ namespaces: [], child: [], command });
        return program({ ...base, host: [...swapped(seal, 'write(', 'fcntl('), ...base.host] });
      },
      outcome: { call: 'write', errno: 'EPERM' },
    },
  ],
  seen: [
    {
      en: 'an orphan goes to PID 1 of its own namespace, and to nobody outside',
      zh: '孤儿归本命名空间的 1 号进程，不归外面的任何进程',
    },
    {
      en: 'a signal without a handler is dropped for PID 1, and `kill` says nothing of it',
      zh: '发给 1 号进程的信号，没有处理函数就被丢弃，`kill` 也不会提示',
    },
    {
      en: 'a terminal is in the kernel, between two descriptors: it makes the signal of a byte, and one stream of two',
      zh: '终端在内核里，夹在两个描述符之间：它把一个字节变成信号，把两个流并成一个',
    },
    {
      en: 'the exit status is told once, to the parent: the supervisor waits and writes it down',
      zh: '退出状态只告诉父进程一次：监管进程等到它，再写下来',
    },
    {
      en: 'PR_SET_PDEATHSIG is forgotten with a change of the user, so it is set again after the last one',
      zh: '更换用户之后 PR_SET_PDEATHSIG 就被忘掉，所以最后一次更换之后要再设一次',
    },
    {
      en: 'the shim runs from a sealed copy that not even root can change',
      zh: 'shim 运行的是封好的副本，root 也改不了',
    },
  ],
  recap: [
    {
      ask: {
        en: '`docker stop web` takes ten seconds, every time, and then the status is 137. The image’s last line is `CMD ./start.sh`, and start.sh ends with `nginx -g "daemon off;"`. What is the smallest change that helps?',
        zh: '`docker stop web` 每次都要十秒，之后状态是 137。镜像最后一行是 `CMD ./start.sh`，而 start.sh 最后一行是 `nginx -g "daemon off;"`。最小的改动是什么？',
      },
      right: {
        text: { en: '`exec nginx …` in start.sh', zh: '在 start.sh 里写 `exec nginx …`' },
        because: {
          en: 'Then nginx itself is PID 1, and it has a handler for SIGTERM. Before, the shell was, and its child never heard of the signal.',
          zh: '这样 1 号就是 nginx 自己，它有 SIGTERM 的处理函数。之前当 1 号的是 shell，它的子进程根本没听说过那个信号。',
        },
      },
      wrong: [
        {
          text: { en: '`docker stop -t 60`', zh: '`docker stop -t 60`' },
          because: { en: 'Then it takes sixty.', zh: '那就要六十秒。' },
        },
        {
          text: { en: 'run it with `--init`', zh: '加上 `--init`' },
          because: {
            en: 'The shell is then an ordinary process and ends at once. But nginx is its child: it gets nothing but SIGKILL when the init has ended.',
            zh: '这样 shell 成了普通进程，会马上结束。但 nginx 是它的子进程：init 一结束，nginx 得到的还是 SIGKILL。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'After PR_SET_PDEATHSIG the child looks whether its supervisor still lives. Why not with `getppid() == 1`, as books say?',
        zh: '设好 PR_SET_PDEATHSIG 之后，子进程要看监管进程是否还活着。为什么不用书上的 `getppid() == 1`？',
      },
      right: {
        text: { en: 'in a new PID namespace getppid is 0 in either case', zh: '在新的 PID 命名空间里，getppid 总是 0' },
        because: {
          en: 'Neither the old parent nor the new one has a number in there. So the child reads a file of /proc that was opened before clone: of a dead process the command line is empty.',
          zh: '新旧父进程在里面都没有编号。所以子进程去读一个 clone 之前打开的 /proc 文件：进程死后，命令行是空的。',
        },
      },
      wrong: [
        {
          text: { en: 'getppid is slow', zh: 'getppid 太慢' },
          because: { en: 'It is one of the cheapest calls there are.', zh: '它是最便宜的系统调用之一。' },
        },
        {
          text: { en: 'the look is not needed: the signal comes anyway', zh: '不必看：信号总会来' },
          because: {
            en: 'It comes when the parent dies. Of one that died before prctl, none comes any more.',
            zh: '父进程死的时候才发。要是它死在 prctl 之前，就再也不会来了。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'Why does the lock file, and not a file with a pid, say whether a container runs?',
        zh: '为什么用锁文件，而不是记着 PID 的文件，来表明容器在运行？',
      },
      right: {
        text: { en: 'the kernel releases a lock in every way of ending', zh: '不管怎么结束，内核都会释放锁' },
        because: {
          en: 'After SIGKILL or a crash nobody removes a pid file, and the number goes to another process one day.',
          zh: 'SIGKILL 或崩溃之后没有谁去删 PID 文件，而那个编号总有一天会给别的进程。',
        },
      },
      wrong: [
        {
          text: { en: 'a lock is faster to read', zh: '锁读起来更快' },
          because: {
            en: 'It is slower: the engine asks /proc/locks only where pid, start time and boot do not settle it.',
            zh: '反而更慢：只有凭 PID、启动时间和本次开机的标识还确定不了时，引擎才去查 /proc/locks。',
          },
        },
        {
          text: { en: 'pids may not be written to disk', zh: 'PID 不能写到磁盘上' },
          because: {
            en: 'They may, and are: with the start time, so that they can be checked.',
            zh: '可以写，也确实写了：连同启动时间一起，便于核对。',
          },
        },
      ],
    },
  ],
  glossary: [
    {
      term: { en: 'supervisor, shim', zh: '监管进程、shim' },
      means: {
        en: 'The process outside that is the parent of a container’s PID 1, carries its output and keeps its exit status.',
        zh: '容器外面的进程：它是容器 1 号进程的父进程，传送输出，保管退出状态。',
      },
    },
    {
      term: { en: 'signal disposition', zh: '信号的处理方式' },
      means: {
        en: 'What a process does on a signal: default action, ignore, or a handler; SigIgn and SigCgt in /proc/PID/status.',
        zh: '进程收到信号时怎么办：默认动作、忽略，或调用处理函数；见 /proc/PID/status 的 SigIgn 和 SigCgt。',
      },
    },
    {
      term: { en: 'parent-death signal', zh: '父进程死亡信号' },
      means: {
        en: 'What the kernel sends a process when its parent ends (PR_SET_PDEATHSIG); not inherited by children, forgotten when the user changes.',
        zh: '父进程结束时内核发给进程的信号（PR_SET_PDEATHSIG）；子进程不继承，更换用户时会被忘掉。',
      },
    },
    {
      term: { en: 'subreaper', zh: 'subreaper' },
      means: {
        en: 'A process that has asked to adopt the orphans among its descendants, within its PID namespace.',
        zh: '申请收养自己后代中孤儿的进程，只在本 PID 命名空间内有效。',
      },
    },
    {
      term: { en: 'pseudo-terminal (pty)', zh: '伪终端（pty）' },
      means: {
        en: 'Two ends: the slave is a terminal for a program, the master what another program reads and types there.',
        zh: '有两端：从端对程序来说就是一个终端，另一个程序在主端读取屏幕内容、输入按键。',
      },
    },
    {
      term: { en: 'exit record', zh: '退出记录' },
      means: {
        en: 'Where a supervisor leaves the status for those who ask later; ours is a symbolic link.',
        zh: '监管进程把退出状态留在那里，供以后查询；我们用的是一个符号链接。',
      },
    },
    {
      term: { en: 'seal', zh: '封印（seal）' },
      means: {
        en: 'A promise of the kernel about a file in memory that nobody can take back: never written, grown or shrunk again.',
        zh: '内核对一个内存文件作出的承诺，谁也不能撤销：不再写入、变大或变小。',
      },
    },
  ],
  reading: [
    {
      what: {
        en: 'PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_DUMPABLE',
        zh: 'PR_SET_PDEATHSIG、PR_SET_CHILD_SUBREAPER、PR_SET_DUMPABLE',
      },
      where: 'prctl(2)',
    },
    {
      what: { en: 'signals for an init, orphans', zh: '发给 init 的信号，孤儿进程' },
      where: 'pid_namespaces(7), kill(2)',
    },
    { what: { en: 'waiting, and zombies', zh: '等待，以及僵尸进程' }, where: 'wait(2)' },
    { what: { en: 'pseudo-terminals', zh: '伪终端' }, where: 'pty(7)' },
    { what: { en: 'files in memory and their seals', zh: '内存文件和封印' }, where: 'memfd_create(2), fcntl(2)' },
    { what: { en: 'locks that end with their holder', zh: '随持有者结束而释放的锁' }, where: 'flock(2)' },
  ],
  sources: [
    'src/container/supervisor.ts',
    'src/container/process/namespaces.ts',
    'src/container/process/stdio.ts',
    'src/container/process/terminal.ts',
    'src/syscalls/seal.ts',
    'native/supervise.c',
    'docs/decisions/0003-supervisor.md',
  ],
  engineCommand: ['minidock', 'run', '--dry-run', '-u', `${nobody}:${nobody}`, 'busybox', 'true'],
};

/** Whether a process has a handler for SIGTERM. */
function handlesTerm(pid: number): boolean {
  return (BigInt(`0x${statusField(pid, 'SigCgt')}`) & (1n << 14n)) !== 0n;
}
