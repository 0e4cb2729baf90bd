import { childrenOf, isZombie, statusField } from '../../src/host/process.ts';
import { signals } from '../../src/syscalls/uapi/flags.ts';
import { finding, running, same } from '../../src/workshop/lab/kit/finding.ts';
import { ensureContainer, ensureImage, removeAll } from '../../src/workshop/lab/kit/plant.ts';
import { seededRandom } from '../../src/workshop/lab/seed.ts';
import type { Lab, Values } from '../../src/workshop/lab/types.ts';
import { commandOf } from '../../src/xray/collect/processes.ts';

const image = 'lab05';

/** Signals of which one is the victim's, as a shell calls them. */
const heard = ['HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'ALRM'] as const;

/** What the containers run. All four end as a shell or a sleep: their names tell nothing. */
const programs = {
  // Its children's children are orphans, and a sleep waits for none of them.
  'bin/amber': `#!/bin/sh
for i in $(seq $2); do sh -c 'sleep 0.1 &'; done
exec sleep $1
`,
  'bin/birch': `#!/bin/sh
trap 'exit 0' TERM
while :; do sleep $1 & wait $!; done
`,
  'bin/cedar': `#!/bin/sh
while :; do sleep $1 & wait $!; done
`,
  // Its status says which signal it has heard.
  'bin/dune': `#!/bin/sh
trap "exit $((64 + $2))" $2
while :; do sleep $1 & wait $!; done
`,
};

interface Own extends Values {
  readonly one: string;
  readonly two: string;
  readonly three: string;
  readonly mended: string;
  readonly victim: string;
  readonly seconds: number;
}

/** What is to be found out is kept nowhere: it follows from the names. */
function secretsOf({ one, two, three }: Own) {
  const random = seededRandom([one, two, three].join(' '));
  const [amber, birch, cedar] = random.sample([one, two, three], 3);
  return { amber, birch, cedar, zombies: random.integer(3, 9), signal: signals[`SIG${random.pick(heard)}`] };
}

/** The children of a process that have ended and were not waited for. */
const zombiesOf = (pid: number) => childrenOf(pid).filter(isZombie);

/** Whether a process has a handler for a signal: a bit of SigCgt, the lowest being signal 1 (proc_pid_status(5)). */
const catches = (pid: number, signal: number) =>
  ((BigInt(`0x${statusField(pid, 'SigCgt')}`) >> BigInt(signal - 1)) & 1n) === 1n;

const suspects = ({ one, two, three }: Own) => [one, two, three];

const noSuspect = (name: string) =>
  finding(
    false,
    { en: `${name} is one of the three`, zh: `${name} 是三个之一` },
    { en: 'answer with one of their names, and what else is asked for', zh: '请回答其中一个名字，以及另外要求的内容' },
  );

export const lab: Lab<Own> = {
  id: '05-pid-1-detective',
  minutes: 40,
  version: 1,
  needs: ['pid-namespace', 'supervisor'],
  programs: ['busybox', 'ps'],

  values(random) {
    const [one, two, three, mended, victim] = random.words(5);
    return { one, two, three, mended, victim, seconds: random.integer(50_000, 99_999) };
  },

  async plant(place, values) {
    const { amber, birch, cedar, zombies, signal } = secretsOf(values);
    const seconds = String(values.seconds);
    await ensureImage(place, image, programs);
    await ensureContainer(place, amber, '--network', 'none', image, 'amber', seconds, String(zombies));
    await ensureContainer(place, birch, '--network', 'none', image, 'birch', seconds);
    await ensureContainer(place, cedar, '--network', 'none', image, 'cedar', seconds);
    // Once it has ended as it should, it stays ended.
    if (place.container(values.victim)?.exitCode !== 64 + signal)
      await ensureContainer(place, values.victim, '--network', 'none', image, 'dune', seconds, String(signal));
  },

  tasks: [
    {
      points: 15,
      ask: ({ one }) => ({
        en: `The number that PID 1 of \`${one}\` has on the host`,
        zh: `\`${one}\` 的 1 号进程在宿主机上的编号`,
      }),
      answer: { en: 'PID', zh: 'PID' },
      check(place, { one }, answer) {
        const { container, findings } = running(place, one, true);
        if (container === undefined) return findings;
        const numbers = statusField(container.pid, 'NSpid').replaceAll(' ', ', ');
        return [
          finding(
            answer === String(container.pid),
            { en: `${answer} is PID 1 of ${one}`, zh: `${answer} 就是 ${one} 的 1 号进程` },
            answer === '1'
              ? {
                  en: 'that is its number inside; the host has another one for it',
                  zh: '这是它在容器里的编号；宿主机对它另有编号',
                }
              : {
                  en: 'the NSpid line of this number is not that of its PID 1',
                  zh: '这个编号的 NSpid 一行不是它的 1 号进程的',
                },
          ),
          ...(answer === String(container.pid) ? [finding(true, same(`NSpid: ${numbers}`), same(''))] : []),
        ];
      },
      hints: [
        () => ({
          en: 'The host sees every process of every container. `/proc/PID/status` has a line with all the numbers that a process has.',
          zh: '宿主机看得见每个容器的每个进程。`/proc/PID/status` 里有一行列出进程的全部编号。',
        }),
        ({ one }) => ({
          en: `\`minidock exec ${one} readlink /proc/self/ns/pid\` names its PID namespace; which processes of the host are in the same one?`,
          zh: `\`minidock exec ${one} readlink /proc/self/ns/pid\` 给出它的 PID 命名空间；宿主机的哪些进程在同一个里面？`,
        }),
        ({ one }) => ({
          en: `\`minidock top ${one}\` lists its processes with the host’s numbers.`,
          zh: `\`minidock top ${one}\` 用宿主机的编号列出它的进程。`,
        }),
      ],
    },
    {
      points: 20,
      ask: ({ one, two, three }) => ({
        en: `Which of \`${one}\`, \`${two}\`, \`${three}\` has zombies, and how many`,
        zh: `\`${one}\`、\`${two}\`、\`${three}\` 当中，哪一个里有僵尸进程，有几个`,
      }),
      answer: { en: 'NAME COUNT', zh: '名字 个数' },
      check(place, values, answer) {
        const [name = '', count = ''] = answer.split(/[\s,]+/);
        if (!suspects(values).includes(name)) return [noSuspect(name)];
        const { container, findings } = running(place, name, true);
        if (container === undefined) return findings;
        const zombies = zombiesOf(container.pid).length;
        return [
          finding(
            zombies > 0,
            { en: `${name} has zombies`, zh: `${name} 里有僵尸进程` },
            {
              en: `all children of its PID 1 live; look at the State lines`,
              zh: '它的 1 号进程的子进程都活着；看看 State 那一行',
            },
          ),
          ...(zombies === 0
            ? []
            : [
                finding(
                  Number(count) === zombies,
                  { en: `there are ${count || 'no'} zombies`, zh: `僵尸进程有 ${count || '0'} 个` },
                  { en: 'count again: only those whose State is Z', zh: '再数一遍：只数 State 为 Z 的' },
                ),
              ]),
        ];
      },
      hints: [
        () => ({
          en: 'A zombie is a process that has ended and that its parent has not waited for. `ps` writes Z, or `<defunct>`.',
          zh: '僵尸进程已经结束，但父进程还没有等待它。`ps` 标为 Z 或 `<defunct>`。',
        }),
        () => ({
          en: '`ps -o pid,stat,args --ppid N` lists the children of process N of the host.',
          zh: '`ps -o pid,stat,args --ppid N` 列出宿主机上 N 号进程的子进程。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ one, two, three }) => ({
        en: `Which of \`${one}\`, \`${two}\`, \`${three}\` will end at once at \`minidock stop\`; find out without stopping it`,
        zh: `\`${one}\`、\`${two}\`、\`${three}\` 当中，哪一个在 \`minidock stop\` 时会立刻结束；不停止它就查出来`,
      }),
      answer: { en: 'NAME', zh: '名字' },
      check(place, values, answer) {
        if (!suspects(values).includes(answer)) return [noSuspect(answer)];
        const { container, findings } = running(place, answer, true);
        if (container === undefined) return findings;
        const mask = statusField(container.pid, 'SigCgt');
        return [
          finding(
            catches(container.pid, signals.SIGTERM),
            {
              en: `PID 1 of ${answer} has a handler for SIGTERM (SigCgt ${mask})`,
              zh: `${answer} 的 1 号进程有 SIGTERM 的处理函数（SigCgt ${mask}）`,
            },
            {
              en: `SigCgt of its PID 1 is ${mask}: the bit of signal 15 is not set, so that the kernel drops SIGTERM`,
              zh: `它的 1 号进程的 SigCgt 是 ${mask}：15 号信号的那一位没有置 1，内核会丢弃 SIGTERM`,
            },
          ),
        ];
      },
      hints: [
        () => ({
          en: '`minidock stop` sends SIGTERM first. PID 1 hears of a signal only if it has a handler for it.',
          zh: '`minidock stop` 先发 SIGTERM。1 号进程只有装了处理函数才会收到信号。',
        }),
        () => ({
          en: 'The line SigCgt of `/proc/PID/status` is a mask in hexadecimal: the lowest bit is signal 1. SIGTERM is 15, its bit is 0x4000.',
          zh: '`/proc/PID/status` 的 SigCgt 是十六进制掩码：最低位是 1 号信号。SIGTERM 是 15，对应 0x4000。',
        }),
      ],
    },
    {
      points: 25,
      ask: ({ mended }) => ({
        en: `A container \`${mended}\` that runs what the one with the zombies runs, and has none`,
        zh: `容器 \`${mended}\`：运行与有僵尸进程的那个相同的程序，但没有僵尸进程`,
      }),
      check(place, { mended, seconds }) {
        const { container, findings } = running(place, mended);
        if (container === undefined) return findings;
        const { pid } = container;
        const command = `sleep ${seconds}`;
        const first = commandOf(pid);
        const below = childrenOf(pid).map(commandOf);
        const zombies = zombiesOf(pid).length;
        return [
          ...findings,
          finding(
            below.includes(command),
            {
              en: `\`${command}\` runs in it, as a child of PID 1`,
              zh: `其中运行着 \`${command}\`，是 1 号进程的子进程`,
            },
            first === command
              ? { en: 'here it is PID 1 itself, and waits for nobody', zh: '在这里它自己就是 1 号进程，而它谁也不等' }
              : {
                  en: `children of its PID 1: ${below.filter(Boolean).join(', ') || 'none'}; start the same command as there`,
                  zh: `1 号进程的子进程：${below.filter(Boolean).join('、') || '无'}；请启动与那边相同的命令`,
                },
          ),
          finding(
            zombies === 0,
            { en: 'there is no zombie in it', zh: '其中没有僵尸进程' },
            {
              en: `there are ${zombies}: who is PID 1, and does it wait?`,
              zh: `有 ${zombies} 个：谁是 1 号进程？它会等待吗？`,
            },
          ),
        ];
      },
      hints: [
        () => ({
          en: '`minidock ps` shows what the container with the zombies runs. What has to change is not the program but its parent.',
          zh: '`minidock ps` 显示有僵尸进程的容器运行什么。要换的不是程序，而是它的父进程。',
        }),
        () => ({
          en: 'A flag of `minidock run` puts a tiny program in the place of PID 1, which waits for all orphans.',
          zh: '`minidock run` 有一个选项，会把一个等待所有孤儿进程的小程序放在 1 号进程的位置。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ victim }) => ({
        en: `End \`${victim}\` from inside, by the one signal that its PID 1 listens to`,
        zh: `从里面结束 \`${victim}\`：用它的 1 号进程唯一会听的那个信号`,
      }),
      check(place, values) {
        const { signal } = secretsOf(values);
        const seen = place.container(values.victim);
        if (seen === undefined) return running(place, values.victim, true).findings;
        const ended = seen.state === 'exited';
        return [
          finding(
            ended,
            { en: `${values.victim} has ended`, zh: `${values.victim} 已经结束` },
            {
              en: 'it still runs: the kernel drops what it has no handler for',
              zh: '它还在运行：没有处理函数的信号会被内核丢弃',
            },
          ),
          ...(ended
            ? [
                finding(
                  seen.exitCode === 64 + signal,
                  {
                    en: `its status ${seen.exitCode} says that it has heard its signal`,
                    zh: `退出状态 ${seen.exitCode} 说明它听到了那个信号`,
                  },
                  {
                    en: `status ${seen.exitCode} is that of a process that ${seen.exitCode === 137 ? 'SIGKILL has ended' : 'has ended otherwise'}; the lab’s own command starts it again`,
                    zh: `退出状态 ${seen.exitCode} 说明进程${seen.exitCode === 137 ? '是被 SIGKILL 结束的' : '以别的方式结束'}；再执行一次本实验的命令会重新启动它`,
                  },
                ),
              ]
            : []),
        ];
      },
      hints: [
        () => ({
          en: 'Decode SigCgt of its PID 1. One of the bits is SIGCHLD (17, 0x10000): every shell has it.',
          zh: '解读它的 1 号进程的 SigCgt。其中一位是 SIGCHLD（17，0x10000）：每个 shell 都有。',
        }),
        ({ victim }) => ({
          en: `\`minidock exec ${victim} kill -N 1\` sends signal N to its PID 1, from inside.`,
          zh: `\`minidock exec ${victim} kill -N 1\` 从里面给它的 1 号进程发 N 号信号。`,
        }),
      ],
    },
  ],

  clean: (place, { one, two, three, mended, victim }) =>
    removeAll(place, { containers: [one, two, three, mended, victim], images: [image] }),
};
