import fs from 'node:fs';
import path from 'node:path';
import { capabilitySets, defaultCapabilities } from '../../src/container/process/capabilities.ts';
import { compileSeccomp } from '../../src/container/seccomp/compile.ts';
import { defaultSeccomp } from '../../src/container/seccomp/profile.ts';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import { statusField } from '../../src/host/process.ts';
import { systemProgram } from '../../src/host/programs.ts';
import type { Process, Seccomp } from '../../src/oci/runtime-spec.ts';
import { call, close, mount, open } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
import { type Step, slot } from '../../src/syscalls/step.ts';
import { capabilityNumbers, fromMask } from '../../src/syscalls/uapi/capabilities.ts';
import { AF, AT, MS, O, SOCK } from '../../src/syscalls/uapi/flags.ts';
import { swapped, without } from '../../src/workshop/break.ts';
import { type Lesson, lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { type Fact, type Moment, namespaceFacts, said } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';
import { walk } from './walk.ts';

const root: Process['user'] = { uid: 0, gid: 0, additionalGids: [0] };
/** On every machine the number of a user to whom nothing belongs. */
const nobody: Process['user'] = { uid: 65534, gid: 65534, additionalGids: [] };
const IPPROTO_ICMP = 1;

const profile = () => defaultSeccomp(defaultCapabilities, hostFacts());
const filter = (which: Seccomp = profile()) => pieces.seccomp(which, hostFacts());
const rights = (user = root, allowed: readonly string[] = defaultCapabilities) =>
  pieces.capabilities(capabilitySets(allowed, user.uid), user, hostFacts());

/** The lesson's program, with the steps that take rights away. */
const restricted = ({ command }: Stage, steps: readonly Step[]) =>
  lessonProgram({ namespaces: ['uts'], child: [...pieces.utsNamespace('container'), ...steps], command });

/** The default profile as it was before clone3 got a rule of its own: its answer is that of every call not named. */
function profileOf2020(): Seccomp {
  const now = profile();
  return { ...now, syscalls: now.syscalls.filter(({ names }) => !names.includes('clone3')) };
}

/** A name that the kernel gives to no more than a mask of rights: how many there are in it. */
const count = (mask: string) => `${fromMask(BigInt(`0x${mask || '0'}`)).length} (0x${mask.replace(/^0+(?=.)/, '')})`;

function maskFact(host: Moment, container: Moment, field: string, claim: Fact['claim']): Fact {
  const of = (pid: number) => count(statusField(pid, field));
  return { what: { en: field, zh: field }, host: of(host.pid), container: of(container.pid), claim };
}

/** How many filters the kernel asks before each call; kernels before 5.9 say only whether there is one (2) or not (0). */
const filters = (pid: number) => statusField(pid, 'Seccomp_filters') || statusField(pid, 'Seccomp');

/** A copy of `cat` that belongs to root and has the set-uid bit, on a tmpfs that only this mount namespace has. */
function setUidCat(): Step[] {
  const [from, to] = [slot('cat'), slot('copy')];
  const program = fs.realpathSync(systemProgram('cat') ?? '/bin/cat');
  const about = {
    group: 'a set-uid program',
    groupWhy: {
      en: 'put a copy of `cat` that belongs to root and has the set-uid bit (mode 4755) on a new tmpfs',
      zh: '在新的 tmpfs 上放一份 `cat`：所有者是 root，带 set-uid 位（权限 4755）',
    },
    why: { en: 'make the copy of `cat`', zh: '制作 `cat` 的副本' },
  };
  return [
    ...pieces.mountNamespace(),
    mount('tmpfs', '/mnt', 'tmpfs', MS.MS_NODEV, 'size=32m,mode=755', about),
    open(program, O.O_RDONLY, { ...about, save: from }),
    open('/mnt/cat', O.O_WRONLY | O.O_CREAT, { ...about, save: to }, 0o755),
    call('sendfile', [to, from, 0, 1 << 25], about),
    call('fchmodat', [AT.AT_FDCWD, str('/mnt/cat'), 0o4755], about),
    close(to, about),
    close(from, about),
  ];
}

/** As nobody: what is the process that `cat` runs in, without and with the set-uid bit? */
const compareCats = `for one in cat /mnt/cat; do
  $one /proc/self/status | sed -n "s|^Uid:.[0-9]*.\\([0-9]*\\).*|$one runs as: \\1|p; s|^CapEff:.|$one has: |p"
done`;

const catFacts = (container: Moment, claim: Fact['claim']): Fact[] => [
  {
    what: { en: 'effective user', zh: '有效用户' },
    host: said(container, 'cat runs as'),
    container: said(container, '/mnt/cat runs as'),
    claim,
  },
  {
    what: { en: 'CapEff', zh: 'CapEff' },
    host: count(said(container, 'cat has')),
    container: count(said(container, '/mnt/cat has')),
    claim,
  },
];
const catColumns = [
  { en: 'cat', zh: 'cat' },
  { en: 'cat, set-uid root', zh: 'set-uid 的 cat' },
] as const;

/** Starts a program with threads, which needs clone; glibc from 2.34 on asks for clone3 first. */
const startThreads = `ulimit -c 0
if "${process.execPath}" -e 0 >/dev/null 2>"$LESSON/said"; then echo "threads: could be started"; else
echo "threads: could not be started"; grep -m 1 -i 'assert\\|not permitted\\|fail' "$LESSON/said"; fi`;

/** Whether the C library of this machine asks for clone3 at all. */
function asksForClone3(): boolean {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const [major = 0, minor = 0] = (header?.glibcVersionRuntime ?? '0').split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 34);
}

const seccompCall = () => (hostFacts().features.seccomp ? 'seccomp' : 'prctl');

export const lesson: Lesson = {
  id: '10-capabilities-and-seccomp',
  title: { en: 'Capabilities and seccomp: root, but less', zh: '权能与 seccomp：打了折扣的 root' },
  about: {
    en: 'uid 0 is a number; what root may do are 41 rights, and a filter in the kernel answers before them',
    zh: 'uid 0 只是一个数字；root 的本事是 41 项权能，而在它们之前还有内核里的一道过滤器',
  },
  minutes: 35,
  needs: ['root', 'uts', 'mnt', 'net'],
  figure,
  question: {
    ask: {
      en: 'A process in a finished container has uid 0. It gives a file of its own to user 1234 (`chown`). It also has a UTS namespace of its own, and calls `sethostname` in it. What does the kernel say?',
      zh: '在做好的容器里，一个进程的 uid 是 0。它把自己的一个文件送给用户 1234（`chown`）；它还有自己的 UTS 命名空间，并在里面调用 `sethostname`。结果如何？',
    },
    right: {
      text: { en: 'chown succeeds, sethostname is EPERM', zh: 'chown 成功，sethostname 返回 EPERM' },
      because: {
        en: 'The kernel asks for the number 0 in neither call. `chown` asks for CAP_CHOWN, which is among the fourteen rights that Docker leaves; `sethostname` asks for CAP_SYS_ADMIN, which is not. And before either is asked, a filter has looked at the number of the call and refused the second.',
        zh: '这两个调用都不看“是不是 0 号用户”。`chown` 要 CAP_CHOWN，它在 Docker 留下的十四项里；`sethostname` 要 CAP_SYS_ADMIN，不在其中。而且在查权能之前，过滤器已经看过调用号，拒绝了第二个。',
      },
    },
    wrong: [
      {
        text: { en: 'both succeed: uid 0 is root', zh: '都成功：uid 0 就是 root' },
        because: {
          en: 'So it was until Linux 2.2. Since then root’s power has been cut into single rights; a process of uid 0 that lacks one is refused like anybody else.',
          zh: 'Linux 2.2 之前是这样。此后 root 的本事被切成一项一项的权能；uid 为 0 的进程缺了哪一项，就和普通用户一样被拒绝。',
        },
      },
      {
        text: { en: 'both are EPERM: in a container root is nobody', zh: '都返回 EPERM：容器里的 root 什么也不是' },
        because: {
          en: 'That would be a user namespace without rights. Here uid 0 is the host’s uid 0, with some of its rights: enough for `apt install`, which must chown.',
          zh: '那是没有权能的用户命名空间。这里的 uid 0 就是宿主机的 uid 0，只留了一部分权能：要够 `apt install` 用，而它必须能 chown。',
        },
      },
      {
        text: {
          en: 'both succeed: it changes only its own namespace',
          zh: '都成功：它改的只是自己的命名空间',
        },
        because: {
          en: 'That the namespace is its own does not count (lesson 3): the right is asked for in the user namespace that owns it, which is the host’s.',
          zh: '命名空间是自己的并不算数（第 3 课）：权能是在拥有它的那个用户命名空间里查的，也就是宿主机的。',
        },
      },
    ],
  },
  prepare(scratch) {
    fs.writeFileSync(path.join(scratch, 'file'), '');
    fs.writeFileSync(path.join(scratch, 'mine'), '');
  },
  // Of the drops one stands for all.
  hides: step =>
    step.group === 'a set-uid program' ||
    (step.group?.startsWith('drop capabilities') === true &&
      !(step.op === 'syscall' && step.args[1] === capabilityNumbers.CAP_SYS_ADMIN)),
  run: {
    program: stage => restricted(stage, [...filter(), ...rights()]),
    inside: `echo "user: $(id -u)"
chown 1234 "$LESSON/file" && echo "chown: $(stat -c %u "$LESSON/file")"
echo "sethostname: $(hostname other 2>&1 || true)"
echo "name: $(uname -n)"
${startThreads}`,
    evidence: (host, container) => {
      fs.chownSync(path.join(host.scratch, 'mine'), 1234, -1);
      return {
        facts: [
          {
            what: { en: 'effective user', zh: '有效用户' },
            host: statusField(host.pid, 'Uid').split(' ')[1]!,
            container: statusField(container.pid, 'Uid').split(' ')[1]!,
            claim: 'same',
          },
          maskFact(host, container, 'CapBnd', 'differs'),
          maskFact(host, container, 'CapPrm', 'differs'),
          maskFact(host, container, 'CapEff', 'differs'),
          {
            what: { en: 'seccomp filters', zh: 'seccomp 过滤器' },
            host: filters(host.pid),
            container: filters(container.pid),
            claim: 'differs',
          },
          {
            what: { en: 'owner after chown 1234', zh: 'chown 1234 之后的所有者' },
            host: String(fs.statSync(path.join(host.scratch, 'mine')).uid),
            container: said(container, 'chown'),
            claim: 'same',
          },
          {
            what: { en: 'sethostname("other")', zh: 'sethostname("other")' },
            host: fromMask(BigInt(`0x${statusField(host.pid, 'CapEff')}`)).includes('CAP_SYS_ADMIN') ? '0' : 'EPERM',
            container: said(container, 'name') === 'container' ? 'EPERM' : '0',
            claim: 'differs',
          },
          ...namespaceFacts(host, container, ['uts']),
        ],
        listings: [
          {
            title: { en: 'what its bounding set holds', zh: '它的边界集里有什么' },
            lines: [
              fromMask(BigInt(`0x${statusField(container.pid, 'CapBnd')}`))
                .map(name => name.slice(4).toLowerCase())
                .join(' '),
            ],
          },
          {
            title: {
              en: `the way of sethostname through the filter (${compileSeccomp(profile(), hostFacts().arch).length / 8} instructions)`,
              zh: `sethostname 在过滤器里走过的路（全长 ${compileSeccomp(profile(), hostFacts().arch).length / 8} 条指令）`,
            },
            lines: walk(profile(), 'sethostname', hostFacts().arch),
          },
        ],
      };
    },
  },
  byHand: {
    caption: {
      en: 'Books show a filter in C: four instructions that refuse one call. (setpriv and capsh have the rest as options.)',
      zh: '书上用 C 写过滤器：四条指令，拒绝一个调用。（其余的事，setpriv 和 capsh 有现成的选项。）',
    },
    language: 'c',
    lines: `struct sock_filter code[] = {
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_sethostname, 0, 1),
  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
struct sock_fprog program = { 4, code };
prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0);`,
  },
  experiments: [
    {
      title: { en: 'Which of the two said no?', zh: '是谁说的“不行”？' },
      before: {
        en: 'Now only the filter, without the steps that take rights away. The process has all the rights that you have, and calls `sethostname` in its own namespace.',
        zh: '这次只装过滤器，不去掉任何权能。进程拥有你的全部权能，在自己的命名空间里调用 `sethostname`。',
      },
      question: {
        ask: { en: 'What does `sethostname` return?', zh: '`sethostname` 会返回什么？' },
        right: {
          text: { en: 'EPERM', zh: 'EPERM' },
          because: {
            en: 'The filter runs at the entrance to the kernel, before the code of the call. It knows numbers, not rights: no capability passes it by.',
            zh: '过滤器在内核的入口处运行，比调用本身的代码还早。它只认编号，不认权能：什么权能都绕不过它。',
          },
        },
        wrong: [
          {
            text: { en: '0: CAP_SYS_ADMIN is there', zh: '0：CAP_SYS_ADMIN 还在' },
            because: {
              en: 'The code that would ask for CAP_SYS_ADMIN is not reached. Engines therefore change both together: `docker run --cap-add SYS_ADMIN` also opens calls in the filter.',
              zh: '检查 CAP_SYS_ADMIN 的代码根本没有执行到。所以引擎总是两处一起改：`docker run --cap-add SYS_ADMIN` 也会在过滤器里放行一批调用。',
            },
          },
          {
            text: { en: 'ENOSYS: the call is not there', zh: 'ENOSYS：没有这个调用' },
            because: {
              en: 'A filter may choose that errno, and for some calls it must, as you will see. For this one it says EPERM.',
              zh: '过滤器可以选这个错误号，对有些调用还非选它不可，稍后会看到。但对这一个，它说的是 EPERM。',
            },
          },
        ],
      },
      after: {
        en: 'The errno does not tell which guard it was. When a program in a container says "Operation not permitted" and the right is there, look at the filter: `Seccomp: 2` in /proc/PID/status.',
        zh: '光看错误号，分不清是哪一道关卡。容器里的程序报“Operation not permitted”而权能明明在，就去看过滤器：/proc/PID/status 里的 `Seccomp: 2`。',
      },
      program: ({ command }) =>
        lessonProgram({ namespaces: ['uts'], child: [...filter(), ...pieces.utsNamespace('container')], command }),
      fails: { call: 'sethostname', errno: 'EPERM' },
    },
    {
      title: { en: 'Famous failure: EPERM where ENOSYS was expected', zh: '著名的坑：该说 ENOSYS，却说了 EPERM' },
      before: {
        en: 'In 2021 images with a new glibc, 2.34, would not start in older Dockers. That glibc makes threads with a new call, `clone3`, and falls back to `clone` if the kernel has none. The filter of then did not know `clone3`. We install that filter and start a program with threads (node). Above, with today’s filter, it could.',
        zh: '2021 年，带新 glibc（2.34）的镜像在旧版 Docker 里起不来。这个 glibc 用新的调用 `clone3` 创建线程，内核没有时就退回 `clone`。而当时的过滤器不认识 `clone3`。我们装上那时的过滤器，再启动一个有线程的程序（node）。前面用今天的过滤器时，它启动成功了。',
      },
      question: {
        ask: {
          en: 'The filter refuses every call that it does not know, with EPERM. What becomes of a glibc that asks for clone3 first?',
          zh: '过滤器对不认识的调用一律返回 EPERM。先用 clone3 的 glibc 会怎样？',
        },
        right: {
          text: { en: 'it gives up: no thread can be made', zh: '放弃：一个线程也建不了' },
          because: {
            en: 'EPERM says: the kernel has this call, and you may not use it. A library that went on by another way would go around a rule. Only ENOSYS says: there is no such call, use the old one.',
            zh: 'EPERM 的意思是：内核有这个调用，但你不能用。库如果换条路继续走，就是在绕过规则。只有 ENOSYS 才是说：没有这个调用，用旧的吧。',
          },
        },
        wrong: [
          {
            text: { en: 'it tries `clone`, which the filter allows', zh: '改用 `clone`，过滤器允许它' },
            because: {
              en: 'It would with ENOSYS, and that is the whole cure: one rule in the filter that answers ENOSYS for clone3.',
              zh: '换成 ENOSYS 就会这样，而解药也仅此而已：在过滤器里加一条规则，对 clone3 返回 ENOSYS。',
            },
          },
          {
            text: { en: 'the kernel kills the process', zh: '内核杀死这个进程' },
            because: {
              en: 'Other filters do that (SECCOMP_RET_KILL_PROCESS), as those of browsers. Docker’s answers with an errno.',
              zh: '有的过滤器会（SECCOMP_RET_KILL_PROCESS），比如浏览器的。Docker 的只返回错误号。',
            },
          },
        ],
      },
      after: {
        en: 'Two cures came of it: clone3 is answered with ENOSYS (it must be: its flags lie behind a pointer, where no filter can look), and so is every call that is newer than the profile. (A glibc before 2.34 does not ask for clone3, so there nothing fails.)',
        zh: '由此有了两项改进：对 clone3 返回 ENOSYS（也只能如此：它的标志藏在指针后面，过滤器看不到）；凡是比配置出现得晚的调用，也一律返回 ENOSYS。（2.34 之前的 glibc 不用 clone3，在那样的机器上什么也不会出错。）',
      },
      program: stage => restricted(stage, [...filter(profileOf2020()), ...rights()]),
      inside: startThreads,
      evidence: (_host, container) => ({
        columns: [
          { en: 'clone3: ENOSYS', zh: 'clone3 返回 ENOSYS' },
          { en: 'clone3: EPERM', zh: 'clone3 返回 EPERM' },
        ],
        facts: [
          {
            what: { en: 'verdict on clone3', zh: '对 clone3 的裁决' },
            host: walk(profile(), 'clone3', hostFacts().arch)
              .at(-1)!
              .trim()
              .replace(/^\d+ +/, ''),
            container: walk(profileOf2020(), 'clone3', hostFacts().arch)
              .at(-1)!
              .trim()
              .replace(/^\d+ +/, ''),
            claim: 'differs',
          },
          {
            what: { en: 'threads', zh: '线程' },
            host: 'could be started',
            container: said(container, 'threads'),
            claim: asksForClone3() ? 'differs' : 'same',
          },
        ],
      }),
    },
    {
      title: { en: 'Famous failure: ping without CAP_NET_RAW', zh: '著名的坑：没有 CAP_NET_RAW 的 ping' },
      before: {
        en: 'Hardened hosts leave one of Docker’s fourteen rights away: CAP_NET_RAW, with which a container can forge packets. The classic `ping` makes its packets itself, on a raw socket. Thirteen rights, then that socket:',
        zh: '加固过的宿主机会再去掉 Docker 十四项里的一项：CAP_NET_RAW，有了它，容器就能伪造数据包。而经典的 `ping` 用原始套接字（raw socket）自己拼数据包。现在只留十三项，再建这个套接字：',
      },
      question: {
        ask: {
          en: 'The process is root in its own network namespace. What does `socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)` return?',
          zh: '进程在自己的网络命名空间里是 root。`socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)` 会返回什么？',
        },
        right: {
          text: { en: 'EPERM', zh: 'EPERM' },
          because: {
            en: 'A raw socket asks for CAP_NET_RAW; neither uid 0 nor the new namespace replaces it. So `ping` says "Operation not permitted" to a root who can do almost everything else.',
            zh: '原始套接字要求 CAP_NET_RAW，uid 0 和新的命名空间都代替不了它。所以几乎什么都能做的 root，ping 一下却得到“Operation not permitted”。',
          },
        },
        wrong: [
          {
            text: { en: 'a descriptor: it is its own network', zh: '一个描述符：网络是它自己的' },
            because: {
              en: 'Its own, yes, but owned by the host’s user namespace, in which the right is asked for.',
              zh: '是它自己的，但归宿主机的用户命名空间所有，权能是在那里查的。',
            },
          },
          {
            text: { en: 'EACCES', zh: 'EACCES' },
            because: {
              en: 'socket(2) names EACCES for types that may not be made; the code of IPv4 answers a missing right with EPERM.',
              zh: 'socket(2) 手册里确实写着 EACCES；但 IPv4 的代码对缺少权能返回的是 EPERM。',
            },
          },
        ],
      },
      after: {
        en: 'The cure is another socket: `SOCK_DGRAM` with IPPROTO_ICMP, for which the kernel makes the packets. Who may open it is said by `net.ipv4.ping_group_range` of the network namespace; Docker, and minidock, set it to everybody. New versions of ping try this first.',
        zh: '解药是换一种套接字：`SOCK_DGRAM` 加 IPPROTO_ICMP，由内核来拼数据包。谁能打开它，由网络命名空间的 `net.ipv4.ping_group_range` 决定；Docker 和 minidock 都设成所有人。新版的 ping 会先试这种。',
      },
      program: ({ command }) =>
        lessonProgram({
          namespaces: ['network'],
          child: [
            ...rights(
              root,
              defaultCapabilities.filter(name => name !== 'CAP_NET_RAW'),
            ),
            call('socket', [AF.AF_INET, SOCK.SOCK_RAW | SOCK.SOCK_CLOEXEC, IPPROTO_ICMP], {
              why: { en: 'open a socket for packets of one’s own making', zh: '打开自己拼数据包用的套接字' },
            }),
          ],
          command,
        }),
      fails: { call: 'socket', errno: 'EPERM' },
    },
    {
      title: { en: 'What a set-uid program gains', zh: 'set-uid 程序能得到什么' },
      before: {
        en: 'The same fourteen rights as bound, but the process becomes user 65534, to whom nothing belongs. Then it starts two copies of `cat` that print who they are: the usual one, and one that belongs to root and has the set-uid bit, as `sudo`, `su` and `mount` have.',
        zh: '边界还是那十四项，但进程变成用户 65534，什么都不属于他。然后他启动两个 `cat`，让它们说出自己是谁：一个是普通的；另一个属于 root，带 set-uid 位，就像 `sudo`、`su`、`mount` 那样。',
      },
      question: {
        ask: { en: 'Which rights has the set-uid copy?', zh: 'set-uid 的那个有哪些权能？' },
        right: {
          text: { en: 'uid 0 and exactly the fourteen', zh: 'uid 0，并且恰好是那十四项' },
          because: {
            en: 'execve computes rights anew. For a program of root’s it gives all rights, cut by the bounding set. That is what the bounding set is for: not what one has, but what one can ever get.',
            zh: 'execve 会重新计算权能。属于 root 的 set-uid 程序得到全部权能，再用边界集截一刀。边界集管的正是这个：不是现在有什么，而是将来最多能得到什么。',
          },
        },
        wrong: [
          {
            text: { en: 'uid 0 and all 41: it is root’s program', zh: 'uid 0 和全部 41 项：这是 root 的程序' },
            because: {
              en: 'It would be so if the bounding set were full. Then any set-uid program in an image would be a way out.',
              zh: '边界集如果是满的，确实会这样。那么镜像里随便一个 set-uid 程序都是逃出容器的路。',
            },
          },
          {
            text: { en: 'none: user 65534 has given all up', zh: '一项也没有：用户 65534 已经全部放弃了' },
            because: {
              en: 'The process had none until execve. Permitted and effective sets are of the moment; execve makes new ones.',
              zh: '执行 execve 之前确实没有。但许可集和有效集只管眼前，execve 会给出新的。',
            },
          },
        ],
      },
      after: {
        en: 'So `su` works in a container, and gives no more than the container has. Who wants none of it sets no_new_privs: break it, below.',
        zh: '所以 `su` 在容器里能用，但给不出容器没有的东西。如果连这也不想要，就设 no_new_privs：见下面的“换一步”。',
      },
      program: ({ command }) =>
        lessonProgram({ namespaces: ['mount'], child: [...setUidCat(), ...rights(nobody)], command }),
      inside: compareCats,
      evidence: (_host, container) => ({ columns: catColumns, facts: catFacts(container, 'differs') }),
    },
  ],
  breakIt: [
    {
      title: { en: 'Break it: without the bounding set', zh: '拆一步：不收窄边界集' },
      change: {
        en: 'The steps `prctl(PR_CAPBSET_DROP, …)` are left out. `capset` still sets the fourteen rights and no more. Then, as always, `execve`.',
        zh: '去掉所有 `prctl(PR_CAPBSET_DROP, …)`。`capset` 照样只设那十四项。然后和往常一样 `execve`。',
      },
      program: stage => restricted(stage, [...filter(), ...without(rights(), 'prctl(PR_CAPBSET_DROP')]),
      question: {
        ask: {
          en: 'Which rights has the shell that the process executes?',
          zh: '进程执行的 shell 有哪些权能？',
        },
        right: {
          text: { en: 'all that the host’s root has', zh: '宿主机 root 有的全部' },
          because: {
            en: 'At execve the kernel gives a process of uid 0 every right in its bounding set: "root gets everything back". What capset took away had been gone for one call. For root the bounding set is the only lasting limit.',
            zh: 'execve 时，uid 为 0 的进程会得到边界集里的每一项：“root 把一切拿回来了”。capset 去掉的东西，只少了一个调用的工夫。对 root 来说，真正持久的限制只有边界集。',
          },
        },
        wrong: [
          {
            text: { en: 'the fourteen: capset has set them', zh: '十四项：capset 已经设好了' },
            because: {
              en: 'capset decides until the next execve, where a new set is computed: (inheritable & file’s) | (bounding & file’s), and for root the file’s sets count as full.',
              zh: 'capset 只管到下一次 execve。那时重新计算：（可继承集 & 文件的）|（边界集 & 文件的），而对 root，文件的集合按全满算。',
            },
          },
          {
            text: { en: 'none: execve clears what is not inheritable', zh: '一项也没有：不可继承的都被 execve 清掉' },
            because: {
              en: 'That holds for users other than root, and is the reason for the ambient set.',
              zh: '对 root 以外的用户确实如此，环境集（ambient）就是为此而设的。',
            },
          },
        ],
      },
      outcome: 'runs',
      evidence: (host, container) => ({
        facts: [maskFact(host, container, 'CapEff', 'same'), maskFact(host, container, 'CapBnd', 'same')],
      }),
    },
    {
      title: { en: 'Break it: the filter after the rights', zh: '换个顺序：先去权能，再装过滤器' },
      change: {
        en: 'The engine installs the filter first and drops the rights afterwards. Here it is the other way round.',
        zh: '引擎先装过滤器，后去权能。这里反过来。',
      },
      program: stage => restricted(stage, [...rights(), ...filter()]),
      question: {
        ask: { en: 'What does the kernel say to the filter?', zh: '内核怎么对待这个过滤器？' },
        right: {
          text: { en: 'EACCES', zh: 'EACCES' },
          because: {
            en: 'A filter can lie: one that answers 0 to setuid would make a set-uid program believe that it has given up root. So the kernel takes filters only from who has CAP_SYS_ADMIN, or has renounced set-uid programs with no_new_privs.',
            zh: '过滤器可以骗人：对 setuid 一律返回 0 的过滤器，会让 set-uid 程序以为自己已经放弃了 root。所以内核只接受两种人的过滤器：有 CAP_SYS_ADMIN 的，或者用 no_new_privs 声明不再用 set-uid 程序的。',
          },
        },
        wrong: [
          {
            text: { en: '0: anybody may restrict himself', zh: '0：谁都可以限制自己' },
            because: {
              en: 'With no_new_privs it would be so, and that is how browsers do it. Docker leaves that flag off, so that `su` works; therefore its order is filter first.',
              zh: '设了 no_new_privs 就是这样，浏览器正是这么做的。Docker 不设这个标志，好让 `su` 能用，因此必须先装过滤器。',
            },
          },
          {
            text: { en: 'EPERM', zh: 'EPERM' },
            because: {
              en: 'Nearly: this call, unlike most, answers a missing right with EACCES (seccomp(2)).',
              zh: '差一点：这个调用与众不同，缺少权能时返回的是 EACCES（见 seccomp(2)）。',
            },
          },
        ],
      },
      get outcome() {
        return { call: seccompCall(), errno: 'EACCES' };
      },
    },
    {
      title: { en: 'Break it: the user before the groups', zh: '换个顺序：先换用户，再换组' },
      change: {
        en: 'The process becomes user 65534. `setuid` and `setgroups` change places.',
        zh: '进程要变成用户 65534。`setuid` 和 `setgroups` 互换位置。',
      },
      program: stage => restricted(stage, swapped(rights(nobody), 'setgroups(', 'setuid(')),
      question: {
        ask: { en: 'What happens?', zh: '会怎样？' },
        right: {
          text: { en: '`setgid` = EPERM', zh: '`setgid` 返回 EPERM' },
          because: {
            en: 'setuid to another user clears permitted and effective sets, CAP_SETGID with them. The call after it is the first to notice. An engine that ignored this error would leave root’s groups to the container.',
            zh: 'setuid 换成别的用户，就清空了许可集和有效集，CAP_SETGID 也在内。紧跟着的调用最先撞上。引擎若忽略这个错误，就会把 root 的组留给容器。',
          },
        },
        wrong: [
          {
            text: { en: 'nothing: order does not matter', zh: '没事：顺序无所谓' },
            because: {
              en: 'It matters wherever a step gives away a right that a later one needs. Therefore the engine has a fixed order.',
              zh: '只要某一步交出了后面要用的权能，顺序就有关系。所以引擎的顺序是固定的。',
            },
          },
          {
            text: { en: '`capset` = EPERM', zh: '`capset` 返回 EPERM' },
            because: {
              en: 'It comes later, and would pass: it asks for an empty set, and less is always allowed.',
              zh: '它在更后面，而且会成功：要的是空集，而减少永远是允许的。',
            },
          },
        ],
      },
      outcome: { call: 'setgid', errno: 'EPERM' },
    },
    {
      title: { en: 'Break it: set-uid under no_new_privs', zh: '换一步：no_new_privs 之下的 set-uid' },
      change: {
        en: 'The run with the two copies of `cat` again, with one step more: `prctl(PR_SET_NO_NEW_PRIVS, 1)`, which nothing can take back.',
        zh: '还是那两个 `cat`，只多一步：`prctl(PR_SET_NO_NEW_PRIVS, 1)`。设了就再也收不回去。',
      },
      program: ({ command }) =>
        lessonProgram({
          namespaces: ['mount'],
          child: [...setUidCat(), ...pieces.noNewPrivileges(), ...rights(nobody)],
          command,
        }),
      inside: compareCats,
      question: {
        ask: { en: 'What does the set-uid copy do?', zh: 'set-uid 的那个会怎样？' },
        right: {
          text: { en: 'it runs, as user 65534 and without rights', zh: '照常运行，用户仍是 65534，没有权能' },
          because: {
            en: 'execve ignores the bit. Nothing fails, so a program like `sudo` has to notice by itself that it is not root.',
            zh: 'execve 当作没看见这个位。什么也不报错，所以 `sudo` 这样的程序得自己发现它并不是 root。',
          },
        },
        wrong: [
          {
            text: { en: 'execve fails with EPERM', zh: 'execve 返回 EPERM' },
            because: {
              en: 'The manual promises only that execve grants no right; the program itself may run.',
              zh: '手册承诺的只是 execve 不授予权能，程序本身仍可运行。',
            },
          },
          {
            text: { en: 'uid 0, but without a right', zh: 'uid 是 0，但没有权能' },
            because: {
              en: 'Neither: files of root’s could be written with uid 0 alone, so the user does not change either.',
              zh: '两样都不给：单凭 uid 0 就能写 root 的文件，所以用户也不会变。',
            },
          },
        ],
      },
      outcome: 'runs',
      evidence: (_host, container) => ({ columns: catColumns, facts: catFacts(container, 'same') }),
    },
  ],
  seen: [
    {
      en: 'uid 0 in the container is uid 0 of the host, with 14 rights of 41',
      zh: '容器里的 uid 0 就是宿主机的 uid 0，只是 41 项权能剩了 14 项',
    },
    {
      en: 'execve computes rights anew: for root only the bounding set limits them for good',
      zh: 'execve 会重新计算权能：对 root 来说，只有边界集能长久地限制它们',
    },
    {
      en: 'the filter is a program that sees the number of the call before the kernel’s code for it runs',
      zh: '过滤器是一段程序，在调用的内核代码运行之前看到调用号',
    },
    {
      en: 'ENOSYS and EPERM are two answers: a libc falls back only after the first',
      zh: 'ENOSYS 和 EPERM 的意思不同：只有前者会让 libc 退回旧调用',
    },
    {
      en: 'each step must come before the one that gives its right away: filter, bounding set, groups, user, capset',
      zh: '每一步都要赶在交出它所需权能的那一步之前：过滤器、边界集、组、用户、capset',
    },
  ],
  recap: [
    {
      ask: { en: 'Which set says what a process can do at this moment?', zh: '哪个集合决定进程此刻能做什么？' },
      right: {
        text: { en: 'the effective set', zh: '有效集' },
        because: {
          en: 'Only it is asked. The permitted set says what may be put into it, the bounding set what execve may give.',
          zh: '内核只查它。许可集决定什么可以放进来，边界集决定 execve 能给什么。',
        },
      },
      wrong: [
        {
          text: { en: 'the permitted set', zh: '许可集' },
          because: {
            en: 'A careful program keeps a right there and makes it effective only for the moment of use.',
            zh: '谨慎的程序把权能放在这里，要用的那一刻才放进有效集。',
          },
        },
        {
          text: { en: 'the bounding set', zh: '边界集' },
          because: {
            en: 'It is a limit for later execves. A process can hold a right that is no longer in it.',
            zh: '它限制的是以后的 execve。进程手里可以有一项已经不在边界集里的权能。',
          },
        },
        {
          text: { en: 'the ambient set', zh: '环境集' },
          because: {
            en: 'It carries rights through execve for users other than root. In containers it is empty.',
            zh: '它让 root 以外的用户把权能带过 execve。容器里它是空的。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'A filter may look at the number and the six arguments of a call. Why can it not allow `open` for one directory only?',
        zh: '过滤器能看到调用号和六个参数。为什么它不能只允许 `open` 某一个目录？',
      },
      right: {
        text: { en: 'the path lies behind a pointer', zh: '路径藏在指针后面' },
        because: {
          en: 'BPF reads the registers, not memory; and another thread could change the memory after the look. It is the same with the flags of clone3.',
          zh: 'BPF 只读寄存器，不读内存；就算读了，别的线程也能在检查之后改掉。clone3 的标志也是这个问题。',
        },
      },
      wrong: [
        {
          text: { en: 'a filter has no room for so many rules', zh: '过滤器装不下那么多规则' },
          because: {
            en: 'It has room for 4096 instructions; the default profile takes a few hundred.',
            zh: '它能有 4096 条指令，默认配置只用了几百条。',
          },
        },
        {
          text: { en: 'that is what capabilities are for', zh: '那是权能管的事' },
          because: {
            en: 'Capabilities know no paths either. For paths there are mounts, and Landlock.',
            zh: '权能同样不认路径。管路径的是挂载，还有 Landlock。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'A process of user 1000 in a container has CapEff 0 and CapBnd 0xa80425fb. An attacker has taken it over. What worries you?',
        zh: '容器里用户 1000 的进程，CapEff 是 0，CapBnd 是 0xa80425fb。它被攻破了。你担心什么？',
      },
      right: {
        text: { en: 'a set-uid program in the image', zh: '镜像里的 set-uid 程序' },
        because: {
          en: 'It can give what is in the bounding set: fourteen rights, and uid 0. no_new_privs, or an empty bounding set, ends that.',
          zh: '它能给出边界集里的一切：十四项权能，外加 uid 0。no_new_privs 或者空的边界集可以堵住它。',
        },
      },
      wrong: [
        {
          text: { en: 'capset: it can raise its own rights', zh: 'capset：它能提升自己的权能' },
          because: {
            en: 'capset can only take from the permitted set, which is empty as well.',
            zh: 'capset 只能从许可集里取，而许可集也是空的。',
          },
        },
        {
          text: { en: 'nothing: it has no rights', zh: '不担心：它没有权能' },
          because: {
            en: 'It has none now. The bounding set says what it can have after the next execve.',
            zh: '现在没有。边界集说的是下一次 execve 之后可能有什么。',
          },
        },
      ],
    },
  ],
  glossary: [
    {
      term: { en: 'capability', zh: '权能（capability）' },
      means: {
        en: 'One of the 41 rights into which root’s power is cut: CAP_CHOWN, CAP_NET_RAW … The kernel asks for one of them, never for uid 0.',
        zh: 'root 的本事切成的 41 项之一：CAP_CHOWN、CAP_NET_RAW 等。内核查的是其中某一项，而不是 uid 是否为 0。',
      },
    },
    {
      term: {
        en: 'effective, permitted, inheritable, bounding, ambient',
        zh: '有效集、许可集、可继承集、边界集、环境集',
      },
      means: {
        en: 'The five sets of each process: what is asked; what may be made effective; what a file with matching marks keeps at execve; what execve can give at most; what it keeps for users other than root.',
        zh: '每个进程的五个集合：内核查哪些；哪些可以变为有效；遇到带相应标记的文件时 execve 保留哪些；execve 最多能给哪些；root 以外的用户经过 execve 保留哪些。',
      },
    },
    {
      term: { en: 'set-uid', zh: 'set-uid' },
      means: {
        en: 'A mode bit of a program: execve makes its owner the effective user.',
        zh: '程序文件的一个权限位：execve 会把文件的所有者设为有效用户。',
      },
    },
    {
      term: { en: 'no_new_privs', zh: 'no_new_privs' },
      means: {
        en: 'A flag of a process and all its descendants: execve grants nothing any more. It cannot be cleared.',
        zh: '进程及其所有后代的一个标志：execve 不再授予任何权能。设了就清除不掉。',
      },
    },
    {
      term: { en: 'seccomp', zh: 'seccomp' },
      means: {
        en: 'Secure computing: a filter, attached to a process for good and inherited by its children, that judges every system call.',
        zh: 'secure computing 的缩写：永久附在进程上、由子进程继承的过滤器，对每个系统调用作出裁决。',
      },
    },
    {
      term: { en: 'BPF', zh: 'BPF' },
      means: {
        en: 'The small instruction set of such filters: load, compare, jump forward, return. It has no loops, so every filter ends.',
        zh: '这种过滤器用的小指令集：取数、比较、向前跳、返回。没有循环，所以每个过滤器都会结束。',
      },
    },
  ],
  reading: [
    {
      what: { en: 'the rights, the sets, what execve makes of them', zh: '各项权能、各个集合，以及 execve 如何计算' },
      where: 'capabilities(7)',
    },
    { what: { en: 'filters and their answers', zh: '过滤器和它的裁决' }, where: 'seccomp(2)' },
    {
      what: { en: 'the instructions of a filter', zh: '过滤器的指令' },
      where: 'Linux: Documentation/userspace-api/seccomp_filter.rst',
    },
    {
      what: { en: 'no_new_privs and why filters want it', zh: 'no_new_privs，以及过滤器为什么需要它' },
      where: 'Linux: Documentation/userspace-api/no_new_privs.rst',
    },
    { what: { en: 'PR_CAPBSET_DROP, PR_CAP_AMBIENT', zh: 'PR_CAPBSET_DROP、PR_CAP_AMBIENT' }, where: 'prctl(2)' },
    {
      what: { en: 'sockets for ping without a right', zh: '不需要权能的 ping 套接字' },
      where: 'icmp(7), ping_group_range',
    },
    {
      what: { en: 'rights and filter in a container’s configuration', zh: '容器配置里的权能和过滤器' },
      where: 'OCI runtime-spec: config.md “capabilities”, “noNewPrivileges”; config-linux.md “Seccomp”',
    },
  ],
  sources: [
    'src/container/process/capabilities.ts',
    'src/container/seccomp/profile.ts',
    'src/container/seccomp/compile.ts',
    'src/container/seccomp/bpf.ts',
  ],
  engineCommand: ['minidock', 'run', '--dry-run', '--hostname', 'container', 'busybox', 'true'],
};
