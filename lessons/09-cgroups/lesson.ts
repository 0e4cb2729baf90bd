import fs from 'node:fs';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import { call, close, open, writeFile } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
import { type Program, type Step, slot } from '../../src/syscalls/step.ts';
import { AT, O } from '../../src/syscalls/uapi/flags.ts';
import { without } from '../../src/workshop/break.ts';
import { type Lesson, lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { namespaceFacts, said } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';
import {
  cgroups,
  directoryOf,
  filesOf,
  groupLine,
  groupOf,
  isVersion2,
  limitOf,
  limits,
  namesElsewhere,
  namesHere,
  oomKills,
  parentOf,
  pidsIn,
  refusedForks,
  removeGroups,
  sweep,
} from './groups.ts';

const join = (scratch: string) => pieces.joinCgroup(cgroups(), { cgroupsPath: groupOf(scratch) });
/** Kernels before 4.6 have no cgroup namespaces. */
const ownView = () => (hostFacts().features.cgroupNamespace ? [pieces.cgroupNamespace()] : []);

/** The engine's steps around a process: the group and its limits before clone, the child's own after it. */
function inGroup({ scratch, command }: Stage, child: readonly Step[]): Program {
  const driver = cgroups();
  const composed = lessonProgram({ namespaces: ['pid'], child, command });
  return {
    ...composed,
    host: [
      ...pieces.cgroupParent(driver, parentOf(scratch)),
      ...pieces.cgroupLimits(driver, { cgroupsPath: groupOf(scratch), resources: limits() }),
      ...composed.host,
    ],
  };
}

/** Where v1 does not count swap, nothing else would stop the memory from going there. */
function noSwap(group: string): Step[] {
  const { kind, swap } = cgroups().layout;
  if (kind === 'v2' || swap) return [];
  return writeFile(`${directoryOf('memory', group)}/memory.swappiness`, '0', slot('memory.swappiness'), {
    why: { en: 'keep the memory of this group out of the swap', zh: '不让这个组的内存换出' },
  });
}

const ofShell = (text: string) => text.replace(/^.*?: (\d+: )?/, '');

export const lesson: Lesson = {
  id: '09-cgroups',
  title: { en: 'cgroups: limits are files', zh: 'cgroup：限额就是文件' },
  about: {
    en: 'a directory is a group, a file in it a limit; what it counts, and what happens when it is reached',
    zh: '目录就是组，里面的文件就是限额；它数的是什么，到了上限会怎样',
  },
  minutes: 35,
  needs: ['root', 'pid', 'cgroups'],
  figure,
  question: {
    ask: {
      en: 'The machine has many gigabytes. A process in a group whose memory limit is 64 MB reads `MemTotal` in `/proc/meminfo`, as `free` does. What does it find there?',
      zh: '机器有好多 GB 内存。某个组的内存限额是 64 MB，组里的进程像 `free` 那样读 `/proc/meminfo` 里的 `MemTotal`。它会读到什么？',
    },
    right: {
      text: { en: 'the memory of the whole machine', zh: '整台机器的内存' },
      because: {
        en: 'A cgroup counts and limits; it does not pretend. There is one machine, and /proc/meminfo tells of it. Programs that size themselves by it (older Javas, databases) take too much, and are killed. Who wants to know the limit must read the group’s file.',
        zh: 'cgroup 只计数、只限制，不作假。机器只有一台，/proc/meminfo 讲的就是它。按这个数来决定自己用多少内存的程序（旧版 Java、数据库）会用过头，然后被杀。想知道限额，就得去读组里的文件。',
      },
    },
    wrong: [
      {
        text: { en: '64 MB: that is its machine', zh: '64 MB：这就是它的机器' },
        because: {
          en: 'That would be a virtual machine, or a namespace for memory, which does not exist. (lxcfs imitates it with files of its own, mounted over /proc.)',
          zh: '那是虚拟机，或者“内存命名空间”，而后者并不存在。（lxcfs 用自己的文件盖在 /proc 上，模仿出这个效果。）',
        },
      },
      {
        text: { en: 'EACCES: the group is closed', zh: 'EACCES：组是封闭的' },
        because: {
          en: 'A group forbids no file. It only counts what its processes use together.',
          zh: '组不禁止读任何文件，它只统计组里进程一共用了多少。',
        },
      },
      {
        text: { en: 'what of the 64 MB is left', zh: '64 MB 里还剩下的部分' },
        because: {
          en: 'What is used is in the group’s own files, memory.current or memory.usage_in_bytes, for who looks there.',
          zh: '用了多少写在组自己的文件里：memory.current 或 memory.usage_in_bytes，要到那里去看。',
        },
      },
    ],
  },
  prepare: sweep,
  tidy: removeGroups,
  // The parent group, and the launcher’s own: explained once, then the same in each program.
  hides: step => /cgroup \/[^/]*(\/shims)?$/.test(step.group ?? ''),
  run: {
    program: stage => inGroup(stage, [...join(stage.scratch), ...ownView()]),
    inside: `echo "MemTotal: $(sed -n 's/^MemTotal: *//p' /proc/meminfo)"
echo "group: $(sed 's/^[^/]*//' /proc/self/cgroup | sort -u)"`,
    evidence: (host, container) => {
      const group = groupOf(host.scratch);
      const total = /^MemTotal: *(.*)$/m.exec(fs.readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? '–';
      const seenInside = {
        what: { en: 'its group: from outside, from inside', zh: '它的组：从外面看，从里面看' },
        host: groupLine(container.pid, 'memory'),
        container: said(container, 'group'),
        claim: 'differs',
      } as const;
      return {
        facts: [
          {
            what: { en: 'MemTotal in /proc/meminfo', zh: '/proc/meminfo 里的 MemTotal' },
            host: total,
            container: said(container, 'MemTotal'),
            claim: 'same',
          },
          {
            what: { en: 'bytes that the group may use', zh: '组可以用的字节数' },
            host: limitOf('memory'),
            container: limitOf('memory', group),
            claim: 'differs',
          },
          {
            what: { en: 'processes that it may have', zh: '组可以有的进程数' },
            host: limitOf('pids'),
            container: limitOf('pids', group),
            claim: 'differs',
          },
          {
            what: { en: 'memory group in /proc/PID/cgroup', zh: '/proc/PID/cgroup 里的 memory 组' },
            host: groupLine(host.pid, 'memory'),
            container: groupLine(container.pid, 'memory'),
            claim: 'differs',
          },
          {
            what: { en: 'pid, and the content of cgroup.procs', zh: 'PID，以及 cgroup.procs 的内容' },
            host: String(container.pid),
            container: pidsIn('memory', group).join(' '),
            claim: 'same',
          },
          ...(hostFacts().features.cgroupNamespace ? [seenInside] : []),
          ...namespaceFacts(host, container, hostFacts().features.cgroupNamespace ? ['cgroup', 'pid'] : ['pid']),
        ],
        listings: [{ title: { en: 'the files of its group', zh: '它的组里的文件' }, lines: filesOf(group) }],
      };
    },
  },
  get byHand() {
    const [memory, pids] = [directoryOf('memory'), directoryOf('pids')];
    const two = memory === pids ? '' : ` ${pids}/demo`;
    const [version, versionZh] = isVersion2() ? ['version 2', '第 2 版'] : ['version 1', '第 1 版'];
    return {
      caption: {
        en: `Books show it with mkdir and echo. This host has ${version} (${hostFacts().cgroup.kind}); the text has the commands of the other one too:`,
        zh: `书上用 mkdir 和 echo。这台宿主机是${versionZh}（${hostFacts().cgroup.kind}）；另一版的命令见正文：`,
      },
      language: 'sh' as const,
      lines: `mkdir ${memory}/demo${two}
echo 67108864 > ${memory}/demo/${namesHere().limit}
echo 8 > ${pids}/demo/pids.max
sh -c 'echo $$ > ${memory}/demo/cgroup.procs${memory === pids ? '' : `; echo $$ > ${pids}/demo/cgroup.procs`}; exec sh'
rmdir ${memory}/demo${two}      # when the last process is gone`,
    };
  },
  experiments: [
    {
      title: { en: 'Famous failure: status 137', zh: '著名的坑：退出状态 137' },
      before: {
        en: 'In the group with 64 MB a program wants 256 MB: `tail` of a file without a line end keeps all of it in memory.',
        zh: '在限额 64 MB 的组里，一个程序要 256 MB：`tail` 读没有换行的文件时，会把全部内容留在内存里。',
      },
      question: {
        ask: { en: 'How does `tail` find out?', zh: '`tail` 会怎样得知？' },
        right: {
          text: { en: 'not at all: the kernel kills it with SIGKILL', zh: '无从得知：内核用 SIGKILL 杀死它' },
          because: {
            en: 'Memory is counted when a page is first touched, long after malloc has said yes. At that moment there is no call that could fail. The kernel looks for something to reclaim in the group, finds too little, and kills the process of the group that uses most: 128 + 9 = 137.',
            zh: '内存是在某一页第一次被碰到时才计数的，那时 malloc 早就说了“好”，没有哪个调用可以失败。内核先在组里找可以回收的，不够，就杀死组里用得最多的进程：128 + 9 = 137。',
          },
        },
        wrong: [
          {
            text: { en: '`malloc` returns NULL', zh: '`malloc` 返回 NULL' },
            because: {
              en: 'So it is with ulimit -v (RLIMIT_AS), which limits addresses. A cgroup limits pages that are really used.',
              zh: 'ulimit -v（RLIMIT_AS）才会这样，它限制的是地址空间。cgroup 限制的是真正用到的页。',
            },
          },
          {
            text: { en: 'it waits until memory is free', zh: '它会等到有空闲内存' },
            because: {
              en: 'CPU limits make one wait; memory that nobody gives back cannot be waited for. (v1 can be told to wait: oom_kill_disable.)',
              zh: 'CPU 限额会让人等；没有人归还的内存，等也等不来。（第 1 版可以设成等：oom_kill_disable。）',
            },
          },
        ],
      },
      after: {
        en: 'The shell survived, since it used less. No message reaches the program; evidence is left in the group alone: the count oom_kill. (`dmesg` of the host has it in full.) Where a container’s own PID 1 is the victim, all of it ends: `docker inspect` then shows OOMKilled.',
        zh: 'shell 活了下来，因为它用得少。程序得不到任何消息，证据只留在组里：oom_kill 这个计数。（宿主机的 `dmesg` 里有详情。）被杀的若是容器的 1 号进程，整个容器就结束了：`docker inspect` 会显示 OOMKilled。',
      },
      program: stage => inGroup(stage, [...noSwap(groupOf(stage.scratch)), ...join(stage.scratch)]),
      inside: `head -c 268435456 /dev/zero | tail > "$LESSON/out"; echo "status: $?"`,
      evidence: (_host, container) => ({
        columns: [
          { en: 'as meant', zh: '预期' },
          { en: 'found', zh: '实际' },
        ],
        facts: [
          {
            what: { en: 'exit status', zh: '退出状态' },
            host: '137',
            container: said(container, 'status'),
            claim: 'same',
          },
          ...oomKills(groupOf(container.scratch)).map(kills => ({
            what: { en: 'oom_kill of the group', zh: '组的 oom_kill' },
            host: '1',
            container: kills,
            claim: 'same' as const,
          })),
        ],
        listings: [
          {
            title: { en: 'the files of its group', zh: '它的组里的文件' },
            lines: filesOf(groupOf(container.scratch)),
          },
        ],
      }),
    },
    {
      title: {
        en: 'Famous failure: Resource temporarily unavailable',
        zh: '著名的坑：Resource temporarily unavailable',
      },
      before: {
        en: 'In the group with room for eight processes, a shell starts twenty `sleep` in the background, one after the other: a small fork bomb.',
        zh: '在最多八个进程的组里，shell 一个接一个地在后台启动二十个 `sleep`：一颗小小的 fork 炸弹。',
      },
      question: {
        ask: { en: 'What happens at the limit?', zh: '到了上限会怎样？' },
        right: {
          text: {
            en: '`fork` fails with EAGAIN in the group, and nowhere else',
            zh: '组里的 `fork` 返回 EAGAIN，别处一切正常',
          },
          because: {
            en: 'The kernel counts before it makes a process, so here a call can fail. EAGAIN has the text "Resource temporarily unavailable": the message from which nobody guesses a limit.',
            zh: '内核在创建进程之前先计数，所以这里有调用可以失败。EAGAIN 的文字是“Resource temporarily unavailable”：谁也不会从中猜到是限额。',
          },
        },
        wrong: [
          {
            text: { en: 'the kernel kills the largest process of the group', zh: '内核杀死组里最大的进程' },
            because: {
              en: 'It does so for memory, where no call can fail any more. To refuse is always better than to kill.',
              zh: '那是内存的做法，因为没有调用可以失败。能拒绝就不必杀。',
            },
          },
          {
            text: { en: '`fork` fails with ENOMEM on the whole machine', zh: '整台机器上的 `fork` 都返回 ENOMEM' },
            because: {
              en: 'That is a fork bomb without a limit, or one against the machine’s own limits (pid_max, threads-max).',
              zh: '没有限额的 fork 炸弹才会这样：耗尽整台机器的上限（pid_max、threads-max）。',
            },
          },
        ],
      },
      after: {
        en: 'Threads count too: a Java with `--pids-limit 50` fails at its fifty-first thread, and reports "unable to create native thread", as if memory were short. Look at pids.events.',
        zh: '线程也算在内：`--pids-limit 50` 之下的 Java 会在第五十一个线程上失败，报“unable to create native thread”，好像是内存不够。请看 pids.events。',
      },
      program: stage => inGroup(stage, join(stage.scratch)),
      inside: `( i=0; while [ $i -lt 20 ]; do sleep 5 > /dev/null 2>&1 & i=$((i + 1)); done ) 2> "$LESSON/said"
while read -r line; do echo "the shell says: $line"; break; done < "$LESSON/said"`,
      evidence: (_host, container) => {
        const group = groupOf(container.scratch);
        return {
          columns: [
            { en: 'before', zh: '之前' },
            { en: 'now', zh: '现在' },
          ],
          facts: [
            ...refusedForks(group).map(refused => ({
              what: { en: 'forks refused (pids.events)', zh: '被拒绝的 fork（pids.events）' },
              host: '0',
              container: refused,
              claim: 'differs' as const,
            })),
            {
              what: { en: 'message', zh: '报错' },
              host: '–',
              container: ofShell(said(container, 'the shell says')),
              claim: 'differs',
            },
          ],
          listings: [{ title: { en: 'the files of its group', zh: '它的组里的文件' }, lines: filesOf(group) }],
        };
      },
    },
    {
      title: { en: 'Famous failure: Device or resource busy', zh: '著名的坑：Device or resource busy' },
      before: {
        en: 'A group is removed with `rmdir`. The process tries it with its own group, in which there are a dozen files and one process: itself.',
        zh: '删除组用 `rmdir`。进程对自己所在的组试一次：里面有十几个文件和一个进程，就是它自己。',
      },
      question: {
        ask: { en: 'What does the kernel return?', zh: '内核会返回什么？' },
        right: {
          text: { en: 'EBUSY', zh: 'EBUSY' },
          because: {
            en: 'A group with processes, or with groups below it, cannot go. Also one whose last process has ended and is not yet fully gone: therefore engines try rmdir more than once.',
            zh: '有进程的组，或者下面还有组的组，都删不掉。最后一个进程结束了、但还没有完全消失，也一样：所以引擎会多试几次 rmdir。',
          },
        },
        wrong: [
          {
            text: { en: 'ENOTEMPTY: there are files in it', zh: 'ENOTEMPTY：里面有文件' },
            because: {
              en: 'The files are the kernel’s, and go with the directory; one cannot even remove them singly (rm -r fails with EPERM).',
              zh: '那些文件是内核的，随目录一起消失；单独删反而删不掉（rm -r 返回 EPERM）。',
            },
          },
          {
            text: { en: '0: its processes move up to the parent', zh: '0：进程移到上一级的组' },
            because: {
              en: 'The kernel moves nobody. Who wants that writes the pids into the parent’s cgroup.procs first.',
              zh: '内核不会替人搬家。想这样，就得先把 PID 写进上级的 cgroup.procs。',
            },
          },
        ],
      },
      after: {
        en: 'That is what is behind most "device or resource busy" when a container is removed: a process that is left. cgroup.procs names it.',
        zh: '删除容器时的“device or resource busy”，背后多半是这个：还剩着一个进程。cgroup.procs 里有它的 PID。',
      },
      program: stage =>
        inGroup(stage, [
          ...join(stage.scratch),
          call('unlinkat', [AT.AT_FDCWD, str(directoryOf('memory', groupOf(stage.scratch))), AT.AT_REMOVEDIR], {
            why: {
              en: 'remove the group in which this process is (this is rmdir)',
              zh: '删除自己所在的组（这就是 rmdir）',
            },
          }),
        ]),
      fails: { call: 'unlinkat', errno: 'EBUSY' },
    },
    {
      title: { en: 'Famous failure: a file of the other version', zh: '著名的坑：另一版的文件名' },
      before: {
        en: 'The kernel has had two versions of all this: since 2008 the first, with a tree of directories for each controller; since 2016 the second, with one tree for all. Their files have other names. A script that was written for the one runs on the other.',
        zh: '这一切在内核里有两版：2008 年的第 1 版，每个控制器一棵目录树；2016 年的第 2 版，所有控制器共用一棵。文件名也不同。为一版写的脚本，拿到另一版上运行。',
      },
      question: {
        ask: {
          en: 'It opens the file for the memory limit by the other version’s name. What happens?',
          zh: '它按另一版的名字打开内存限额的文件。会怎样？',
        },
        right: {
          text: { en: 'ENOENT (and `echo >` says EACCES)', zh: 'ENOENT（而 `echo >` 得到 EACCES）' },
          because: {
            en: 'The directory belongs to the kernel: it has the files that its controllers bring, and nobody can make others. `echo 64m > FILE` opens with O_CREAT, and hence the misleading "Permission denied" for root.',
            zh: '目录是内核的：里面只有控制器带来的那些文件，别人建不了新的。`echo 64m > FILE` 用 O_CREAT 打开，于是 root 也会看到误导人的“Permission denied”。',
          },
        },
        wrong: [
          {
            text: { en: 'a new file, and no limit', zh: '建出一个新文件，但没有限额' },
            because: {
              en: 'On a disk it would be so. This is no disk, and that is fortunate: a limit that is silently none is the worst of all.',
              zh: '在磁盘上就会这样。好在这里不是磁盘：限额悄悄失效，才是最糟的。',
            },
          },
          {
            text: { en: 'both names work, for old programs', zh: '为了旧程序，两个名字都能用' },
            because: {
              en: 'They never did. Engines have two drivers: src/cgroup/v1.ts and v2.ts.',
              zh: '从来没有过。引擎得有两套驱动：src/cgroup/v1.ts 和 v2.ts。',
            },
          },
        ],
      },
      after: {
        en: 'Which one a host has: `stat -f -c %T /sys/fs/cgroup` says cgroup2fs for version 2, tmpfs for version 1 or hybrid (version 1 with an empty tree of version 2 beside it, at /sys/fs/cgroup/unified).',
        zh: '怎么看是哪一版：`stat -f -c %T /sys/fs/cgroup` 显示 cgroup2fs 的是第 2 版，显示 tmpfs 的是第 1 版或者混合（第 1 版，旁边 /sys/fs/cgroup/unified 有一棵第 2 版的树）。',
      },
      program: stage => {
        const [file, name] = [slot('limit'), namesElsewhere().limit];
        const directory = directoryOf('memory', groupOf(stage.scratch));
        return inGroup(stage, [
          ...join(stage.scratch),
          open(`${directory}/${name}`, O.O_WRONLY, {
            why: { en: 'open the file that has this name in the other version', zh: '打开另一版里叫这个名字的文件' },
            save: file,
          }),
          close(file, { why: { en: 'the file was there', zh: '文件居然存在' } }),
        ]);
      },
      fails: { call: 'openat', errno: 'ENOENT' },
    },
  ],
  breakIt: [
    {
      title: { en: 'Break it: nobody joins', zh: '拆一步：没有谁加入' },
      change: {
        en: 'The group is made, its limits are set, and the child’s steps that write `0` to the group are left out.',
        zh: '组建好了，限额也设了，只去掉子进程往组里写 `0` 的那几步。',
      },
      program: stage =>
        inGroup(stage, [...without(join(stage.scratch), step => step.group?.startsWith('join') === true)]),
      question: {
        ask: { en: 'What holds for the process?', zh: '这个进程受什么限制？' },
        right: {
          text: { en: 'every step succeeds, and no limit of the group', zh: '每一步都成功，但组的限额都不起作用' },
          because: {
            en: 'Limits hold for who is in the group. The process is where its parent was when it was cloned. Nothing reports it, so an engine has to check, and a test of limits has to reach them.',
            zh: '限额只对组里的进程有效。进程还在 clone 时父进程所在的组里。没有任何报错，所以引擎要检查，而测试限额就得真的碰到上限。',
          },
        },
        wrong: [
          {
            text: { en: 'the limits: it is a child of who made the group', zh: '受限：它的父进程建了这个组' },
            because: {
              en: 'A child is born into the group of its parent, and the parent has made the group without entering it.',
              zh: '子进程生在父进程所在的组里；而父进程只是建了组，自己没有进去。',
            },
          },
          {
            text: { en: 'execve fails: an empty group accepts no program', zh: 'execve 失败：空的组不接受程序' },
            because: {
              en: 'execve does not look at groups. An empty group is nothing unusual: each one begins so.',
              zh: 'execve 不看组。空的组没什么特别，每个组一开始都是空的。',
            },
          },
        ],
      },
      outcome: 'runs',
      evidence: (_host, container) => ({
        columns: [
          { en: 'group', zh: '组' },
          { en: 'process', zh: '进程' },
        ],
        facts: [
          {
            what: { en: 'its path', zh: '路径' },
            host: groupOf(container.scratch),
            container: groupLine(container.pid, 'memory'),
            claim: 'differs',
          },
          {
            what: { en: 'cgroup.procs, and the pid', zh: 'cgroup.procs，以及 PID' },
            host: pidsIn('memory', groupOf(container.scratch)).join(' ') || '–',
            container: String(container.pid),
            claim: 'differs',
          },
        ],
      }),
    },
    {
      title: { en: 'Break it: the namespace before the group', zh: '换个顺序：先建命名空间，再进组' },
      change: {
        en: '`unshare(CLONE_NEWCGROUP)` and the steps that join change places. (Kernels before 4.6 have no such namespace; there only the joining is left.)',
        zh: '`unshare(CLONE_NEWCGROUP)` 和加入组的步骤互换先后。（4.6 之前的内核没有这种命名空间，那里只剩加入组。）',
      },
      program: stage => inGroup(stage, [...ownView(), ...join(stage.scratch)]),
      inside: `echo "group: $(sed -n 's/^[^/]*//p' /proc/self/cgroup | grep box | sort -u)"`,
      question: {
        ask: {
          en: 'What does the process read in its own /proc/self/cgroup?',
          zh: '进程在自己的 /proc/self/cgroup 里读到什么？',
        },
        right: {
          text: { en: '`/../box`', zh: '`/../box`' },
          because: {
            en: 'A cgroup namespace takes the group in which its maker is at that moment as "/". Here that was the launcher’s, `shims`; from there to the own group one has to climb. Programs that look for their limits below /sys/fs/cgroup find nothing at such a path.',
            zh: '新建 cgroup 命名空间时，创建者当时所在的组成为“/”。这里是启动者的组 `shims`，从那里到自己的组得先往上爬。程序在 /sys/fs/cgroup 下按这样的路径找自己的限额，什么也找不到。',
          },
        },
        wrong: [
          {
            text: { en: '`/`, as before', zh: '和之前一样是 `/`' },
            because: {
              en: 'The root of the namespace is fixed when it is made. It does not move along.',
              zh: '命名空间的根在创建时就定了，不会跟着走。',
            },
          },
          {
            text: { en: 'the path that the host sees', zh: '宿主机看到的那个路径' },
            because: {
              en: 'The namespace shortens it, only from the wrong place.',
              zh: '命名空间确实截短了路径，只是起点错了。',
            },
          },
        ],
      },
      outcome: 'runs',
      evidence: (_host, container) => ({
        facts: [
          {
            what: { en: 'its group: from outside, from inside', zh: '它的组：从外面看，从里面看' },
            host: groupLine(container.pid, 'memory'),
            container: said(container, 'group'),
            claim: hostFacts().features.cgroupNamespace ? 'differs' : 'same',
          },
          ...(hostFacts().features.cgroupNamespace
            ? [
                {
                  what: { en: 'as predicted', zh: '与预测相比' },
                  host: '/../box',
                  container: said(container, 'group'),
                  claim: 'same' as const,
                },
              ]
            : []),
        ],
      }),
    },
    {
      title: { en: 'Break it: a group for zero processes', zh: '改一步：最多零个进程的组' },
      change: {
        en: 'One step more, before the process joins: `0` is written into pids.max.',
        zh: '在进程加入之前多一步：往 pids.max 里写 `0`。',
      },
      program: stage => {
        const group = groupOf(stage.scratch);
        return inGroup(stage, [
          ...writeFile(`${directoryOf('pids', group)}/pids.max`, '0', slot('pids.max'), {
            why: { en: 'the group may have no process', zh: '这个组不许有进程' },
          }),
          ...join(stage.scratch),
        ]);
      },
      question: {
        ask: { en: 'What does the kernel say to the process that joins?', zh: '进程加入时，内核会返回什么？' },
        right: {
          text: { en: 'nothing: it may join, but not fork', zh: '没有错误：可以加入，但不能 fork' },
          because: {
            en: 'Limits are looked at when something new is wanted: a page, a process. Moving is not held against them. So pids.current can be above pids.max.',
            zh: '只有要新东西（一页内存、一个进程）时才看限额，搬家不算。所以 pids.current 可以大于 pids.max。',
          },
        },
        wrong: [
          {
            text: { en: 'EAGAIN: there is no room', zh: 'EAGAIN：没有位置了' },
            because: {
              en: 'That is the answer to fork. Writing to cgroup.procs does not fail for a limit.',
              zh: '那是 fork 才会返回的。往 cgroup.procs 里写，不会因为限额而失败。',
            },
          },
          {
            text: { en: 'EINVAL when the 0 is written', zh: '写 0 的时候就返回 EINVAL' },
            because: {
              en: 'The kernel takes any number from 0 on, and the word max. It is engines for which 0 means no limit.',
              zh: '内核接受从 0 开始的任何数，还有 max 这个词。把 0 当作“没有限额”的是引擎。',
            },
          },
        ],
      },
      outcome: 'runs',
      evidence: (_host, container) => {
        const group = groupOf(container.scratch);
        return {
          columns: [
            { en: 'pids.max', zh: 'pids.max' },
            { en: 'processes in it', zh: '里面的进程数' },
          ],
          facts: [
            {
              what: { en: 'the group', zh: '这个组' },
              host: limitOf('pids', group),
              container: String(pidsIn('pids', group).length),
              claim: 'differs',
            },
          ],
        };
      },
    },
  ],
  seen: [
    {
      en: 'a group is a directory, a limit is a file, to join is to write into cgroup.procs',
      zh: '组就是目录，限额就是文件，加入就是往 cgroup.procs 里写',
    },
    {
      en: 'a cgroup hides nothing: the container sees the memory of the whole machine',
      zh: 'cgroup 什么也不隐藏：容器看到的是整台机器的内存',
    },
    {
      en: 'at the limit of memory the kernel kills (137, oom_kill); at that of processes fork fails (EAGAIN)',
      zh: '内存到了上限，内核就杀（137、oom_kill）；进程数到了上限，fork 就失败（EAGAIN）',
    },
    { en: 'a group with a process cannot be removed: EBUSY', zh: '有进程的组删不掉：EBUSY' },
    {
      en: 'the process joins before execve, and its cgroup namespace comes after the joining',
      zh: '进程在 execve 之前加入，而 cgroup 命名空间在加入之后才建',
    },
  ],
  recap: [
    {
      ask: {
        en: 'Why does the child join the group itself, before execve, and not the engine for it, afterwards?',
        zh: '为什么由子进程自己在 execve 之前加入组，而不是引擎事后把它移进去？',
      },
      right: {
        text: {
          en: 'nothing may be used, and no process made, outside the limits',
          zh: '这样就不会有内存或进程是在限额之外用掉的',
        },
        because: {
          en: 'A program that runs for a moment outside can fork in that moment, and what it forks stays outside; memory that was counted elsewhere stays counted there.',
          zh: '程序哪怕在外面跑一瞬间，也能在这一瞬间 fork，而它的子进程就留在外面；已经记在别处的内存，也还记在那里。',
        },
      },
      wrong: [
        {
          text: { en: 'nobody else may write its pid', zh: '别人不能写它的 PID' },
          because: {
            en: 'Root may write any pid into cgroup.procs. That is how systemd-run and old engines did it.',
            zh: 'root 可以把任何 PID 写进 cgroup.procs，systemd-run 和旧引擎就是这么做的。',
          },
        },
        {
          text: { en: 'after execve groups cannot be changed', zh: 'execve 之后就不能换组了' },
          because: {
            en: 'They can, at any time, by who has the right to write to the file.',
            zh: '随时可以，只要有权写那个文件。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'A container ended with status 137. Which file says whether its memory limit was the cause?',
        zh: '容器以 137 结束。哪个文件能说明是不是内存限额造成的？',
      },
      right: {
        text: { en: 'memory.events (v1: memory.oom_control)', zh: 'memory.events（第 1 版是 memory.oom_control）' },
        because: {
          en: '137 is only SIGKILL, from whomever. The count oom_kill is the kernel’s own word, and it lasts as long as the group.',
          zh: '137 只说明是 SIGKILL，谁发的都一样。oom_kill 才是内核自己的说法，组在它就在。',
        },
      },
      wrong: [
        {
          text: { en: 'memory.current', zh: 'memory.current' },
          because: {
            en: 'It says what is used now; when the process is gone, little.',
            zh: '它说的是现在用了多少；进程一死，就没多少了。',
          },
        },
        {
          text: { en: '/proc/meminfo', zh: '/proc/meminfo' },
          because: {
            en: 'That is about the machine, which may have plenty.',
            zh: '那讲的是整台机器，而机器可能还宽裕得很。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'A container with `--cpus 0.5` computes. Is it killed when it wants more?',
        zh: '`--cpus 0.5` 的容器在计算。它想用更多时会被杀吗？',
      },
      right: {
        text: { en: 'no: it waits for the next period', zh: '不会：等下一个周期' },
        because: {
          en: 'Time can be given out later: cpu.max "50000 100000" is 50 ms in each 100 ms (v1: cpu.cfs_quota_us). nr_throttled in cpu.stat counts the waits.',
          zh: '时间可以以后再给：cpu.max 写“50000 100000”，就是每 100 ms 给 50 ms（第 1 版是 cpu.cfs_quota_us）。cpu.stat 里的 nr_throttled 记着等了几次。',
        },
      },
      wrong: [
        {
          text: { en: 'yes, as with memory', zh: '会，和内存一样' },
          because: {
            en: 'Memory is held, time passes by itself. Only what cannot be given out later leads to killing.',
            zh: '内存是占着的，时间自己会过去。只有没法以后再给的东西，才非杀不可。',
          },
        },
        {
          text: { en: 'no: half a CPU is a wish', zh: '不会：半个 CPU 只是愿望' },
          because: {
            en: 'Weights (cpu.weight, cpu.shares) are wishes, and count only under pressure. A quota holds on an idle machine, too.',
            zh: '权重（cpu.weight、cpu.shares）才是愿望，只在抢 CPU 时有效。配额在空闲的机器上也有效。',
          },
        },
      ],
    },
  ],
  glossary: [
    {
      term: { en: 'cgroup', zh: 'cgroup（控制组）' },
      means: {
        en: 'Control group: processes whose use of memory, CPU time, processes … is counted and limited together; a directory in a file system of the kernel’s.',
        zh: 'control group：一组进程，它们用的内存、CPU 时间、进程数等合在一起计数和限制；表现为内核文件系统里的一个目录。',
      },
    },
    {
      term: { en: 'controller', zh: '控制器（controller）' },
      means: {
        en: 'The part of the kernel that counts one kind of thing for groups: memory, cpu, pids, io.',
        zh: '内核里为组统计某一类东西的部分：memory、cpu、pids、io。',
      },
    },
    {
      term: { en: 'hierarchy', zh: '层级（hierarchy）' },
      means: {
        en: 'A tree of groups. Version 1 has one for each controller, or each few; version 2 has one.',
        zh: '组构成的一棵树。第 1 版里每个（或每几个）控制器一棵，第 2 版只有一棵。',
      },
    },
    {
      term: { en: 'hybrid', zh: '混合（hybrid）' },
      means: {
        en: 'A host with the controllers of version 1, and beside them a tree of version 2 in which systemd follows processes.',
        zh: '控制器用第 1 版的宿主机，旁边另有一棵第 2 版的树，systemd 用它来跟踪进程。',
      },
    },
    {
      term: { en: 'OOM kill', zh: 'OOM kill' },
      means: {
        en: 'Out of memory: the kernel ends a process because nothing is left to reclaim, in a group or on the machine.',
        zh: 'out of memory：组里或机器上没有可回收的内存时，内核杀死一个进程。',
      },
    },
    {
      term: { en: 'cgroup namespace', zh: 'cgroup 命名空间' },
      means: {
        en: 'Makes the group in which it is created the "/" of /proc/PID/cgroup and of what is mounted.',
        zh: '把创建它时所在的组当作“/”：在 /proc/PID/cgroup 里如此，在挂载的 cgroup 文件系统里也如此。',
      },
    },
  ],
  reading: [
    { what: { en: 'both versions, and /proc/PID/cgroup', zh: '两个版本，以及 /proc/PID/cgroup' }, where: 'cgroups(7)' },
    {
      what: { en: 'version 2, all files', zh: '第 2 版的所有文件' },
      where: 'Linux: Documentation/admin-guide/cgroup-v2.rst',
    },
    {
      what: { en: 'version 1, a file for each controller', zh: '第 1 版，每个控制器一篇' },
      where: 'Linux: Documentation/admin-guide/cgroup-v1/',
    },
    { what: { en: 'the view of one’s own group', zh: '看到的自己的组' }, where: 'cgroup_namespaces(7)' },
    {
      what: { en: 'limits in a container’s configuration', zh: '容器配置里的限额' },
      where: 'OCI runtime-spec: config-linux.md, “Control groups”',
    },
  ],
  sources: ['src/cgroup/v1.ts', 'src/cgroup/v2.ts', 'src/cgroup/limits.ts', 'src/host/cgroup-layout.ts'],
  engineCommand: ['minidock', 'run', '--dry-run', '--memory', '64m', '--pids-limit', '8', 'busybox', 'true'],
};
