import { readProc } from '../../src/host/proc.ts';
import { childrenOf, isZombie } from '../../src/host/process.ts';
import type { Finding } from '../../src/workshop/exercise/types.ts';
import { finding, running, same } from '../../src/workshop/lab/kit/finding.ts';
import { ensureContainer, ensureImage, removeAll } from '../../src/workshop/lab/kit/plant.ts';
import { seededRandom } from '../../src/workshop/lab/seed.ts';
import type { Lab, Place, Values } from '../../src/workshop/lab/types.ts';
import { commandOf, pidsIn } from '../../src/xray/collect/processes.ts';
import type { Setting, SettingName } from '../../src/xray/model.ts';

const image = 'lab08';
const MiB = 1 << 20;
const mostMemory = 128 * MiB;
const idle = 'sleep 1000000';

/** What the containers run. Names and numbers tell nothing: how a worker ended is known to the kernel alone. */
const programs = {
  // WORKER NUMBER MEBIBYTES: some attempts, then one more at each SIGHUP, until the worker ends well.
  'bin/foreman': `#!/bin/sh
worker=$1 size=$3
work() { "$worker" "$size" && exec ${idle}; echo "worker: status $?"; }
trap work HUP
for i in $(seq $(($2 % 4 + 2))); do work; done
while :; do ${idle} & wait $!; done
`,
  'bin/amber': `#!/bin/sh
exec dd if=/dev/zero of=/dev/null bs="$1"M count=1 2> /dev/null
`,
  'bin/birch': `#!/bin/sh
kill -KILL $$
`,
  'bin/cedar': `#!/bin/sh
exit 137
`,
  // NUMBER: computes without an end if it is even, sleeps most of the time if it is odd.
  'bin/mill': `#!/bin/sh
while [ $(($1 % 2)) = 0 ]; do :; done
while :; do sleep 1; done
`,
  // NUMBER of orphans that nobody waits for. Two live: this one, and a child of it.
  'bin/crowd': `#!/bin/sh
sh -c 'for i in $(seq "$1"); do sleep 0.5 & done' sh "$1"
${idle} &
exec ${idle}
`,
};

interface Own extends Values {
  readonly box: string;
  readonly mb: number;
  readonly percent: number;
  readonly pids: number;
  readonly late: string;
  readonly one: string;
  readonly two: string;
  readonly three: string;
  readonly worker: string;
  readonly need: number;
  readonly left: string;
  readonly right: string;
  readonly crowd: string;
  readonly seconds: number;
}

/** What is to be found out is kept nowhere: it follows from the names. */
function secretsOf({ one, two, three, left, right, crowd }: Own) {
  const random = seededRandom([one, two, three, left, right, crowd].join(' '));
  const [amber, birch, cedar] = random.sample([one, two, three], 3);
  const [slow, calm] = random.sample([left, right], 2);
  const number = () => String(random.integer(1000, 9999));
  return {
    workers: { [amber]: 'amber', [birch]: 'birch', [cedar]: 'cedar' },
    numbers: { [amber]: number(), [birch]: number(), [cedar]: number() },
    slow: { name: slow, percent: random.integer(5, 9), number: String(2 * random.integer(1000, 4000)) },
    calm: { name: calm, percent: random.integer(60, 90), number: String(2 * random.integer(1000, 4000) + 1) },
    zombies: random.integer(6, 14),
  };
}

/** Waits for a planted container to have done what it does first. */
async function settled(place: Place, name: string, isSettled: (pid: number) => boolean): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const { state, pid } = place.container(name) ?? {};
    if (state !== 'running' || isSettled(pid!)) return;
    await pause(50);
  }
}

const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));

/** It waits for a signal, or has had its way. */
const waits = (pid: number) => [pid, ...childrenOf(pid)].some(one => commandOf(one) === idle);

/** The children of a process that have ended and were not waited for. */
const zombiesOf = (pid: number) => childrenOf(pid).filter(isZombie).length;

/** The groups of a running container, as the kernel has them. */
async function groupsOf(place: Place, name: string) {
  const { cgroups = [] } = await place.xray(name, ['cgroups']);
  const groupOf = (controller: string) =>
    // Of version 2 there is one for all.
    cgroups.find(one => one.controllers.includes(controller)) ?? cgroups.find(({ version }) => version === 2);
  return {
    directoryOf: (controller: string) => groupOf(controller)?.directory ?? '',
    setting: (what: SettingName): Setting | undefined =>
      cgroups.flatMap(({ settings }) => settings).find(one => one.what === what),
    /** A line `NAME NUMBER` of one of these files; undefined where none is there, or none has it. */
    count: (controller: string, files: readonly string[], counted: string) => {
      const lines = files.flatMap(file => (readProc(`${groupOf(controller)?.directory}/${file}`) ?? '').split('\n'));
      const found = lines.find(line => line.startsWith(`${counted} `));
      return found === undefined ? undefined : Number(found.split(' ')[1]);
    },
  };
}

type Groups = Awaited<ReturnType<typeof groupsOf>>;

/** How many processes of the group the kernel has ended at the memory limit. Before Linux 4.13 it does not count them. */
const killsIn = ({ count }: Groups) => count('memory', ['memory.events', 'memory.oom_control'], 'oom_kill');

/** A limit, and what its file says instead. */
function limited(groups: Groups, what: SettingName, wanted: number, words: { en: string; zh: string }): Finding {
  const setting = groups.setting(what);
  const file = setting?.file.split('/').at(-1) ?? '';
  return finding(
    setting?.amount !== undefined && Math.abs(setting.amount - wanted) < 1e-6,
    words,
    setting === undefined
      ? { en: 'no file of its group says so', zh: '它的组里没有这样的文件' }
      : setting.amount === undefined
        ? { en: `${file} says ${setting.value}: no limit`, zh: `${file} 的内容是 ${setting.value}：没有限额` }
        : { en: `${file} says ${setting.value}`, zh: `${file} 的内容是 ${setting.value}` },
  );
}

export const lab: Lab<Own> = {
  id: '08-resource-limits',
  minutes: 45,
  version: 1,
  needs: ['cgroups', 'supervisor'],
  programs: ['busybox', 'ps'],

  values(random) {
    const [box, late, one, two, three, worker, left, right, crowd] = random.words(9);
    return {
      box,
      mb: random.integer(33, 95),
      percent: random.integer(15, 85),
      pids: random.integer(11, 40),
      late,
      one,
      two,
      three,
      worker,
      need: random.integer(40, 60),
      left,
      right,
      crowd,
      seconds: random.integer(50_000, 99_999),
    };
  },

  async plant(place, values) {
    const { late, one, two, three, worker, need, crowd } = values;
    const { workers, numbers, slow, calm, zombies } = secretsOf(values);
    const small = ['--network', 'none', '-m', '16m'];
    await ensureImage(place, image, programs);
    if (place.container(late) === undefined) {
      await place.minidock('run', '-d', '--name', late, ...small, image, 'amber', String(need));
      await place.minidock('wait', late);
    }
    for (const name of [one, two, three])
      await ensureContainer(place, name, ...small, image, 'foreman', workers[name]!, numbers[name]!, String(need));
    await ensureContainer(place, worker, ...small, image, 'foreman', 'amber', '4', String(need));
    for (const { name, percent, number } of [slow, calm])
      await ensureContainer(place, name, '--network', 'none', '--cpus', String(percent / 100), image, 'mill', number);
    const places = ['--pids-limit', String(zombies + 2)];
    await ensureContainer(place, crowd, '--network', 'none', ...places, image, 'crowd', String(zombies));
    for (const name of [one, two, three, worker]) await settled(place, name, waits);
    await settled(place, crowd, pid => zombiesOf(pid) >= zombies);
  },

  tasks: [
    {
      points: 15,
      ask: ({ box, mb, percent, pids }) => ({
        en: `A container \`${box}\` with ${mb} MiB of memory, ${percent} % of a CPU and room for ${pids} processes`,
        zh: `容器 \`${box}\`：内存 ${mb} MiB，CPU 为一个的 ${percent}%，最多 ${pids} 个进程`,
      }),
      async check(place, { box, mb, percent, pids }) {
        const { container, findings } = running(place, box);
        if (container === undefined) return findings;
        const groups = await groupsOf(place, box);
        return [
          ...findings,
          limited(groups, 'memory', mb * MiB, {
            en: `its memory is limited to ${mb} MiB`,
            zh: `它的内存限额是 ${mb} MiB`,
          }),
          limited(groups, 'cpu time', percent / 100, {
            en: `its CPU time is limited to ${percent} % of one CPU`,
            zh: `它的 CPU 时间限额是一个 CPU 的 ${percent}%`,
          }),
          limited(groups, 'processes', pids, {
            en: `there may be ${pids} processes in it`,
            zh: `其中最多可以有 ${pids} 个进程`,
          }),
        ];
      },
      hints: [
        () => ({
          en: 'Three flags of `minidock run`; `minidock run --help` has a word on each.',
          zh: '`minidock run` 的三个选项；`minidock run --help` 对每个都有一句说明。',
        }),
        ({ percent, pids }) => ({
          en: `\`-m\`, \`--cpus 0.${percent}\`, \`--pids-limit ${pids}\`. Without a unit \`-m\` counts bytes.`,
          zh: `\`-m\`、\`--cpus 0.${percent}\`、\`--pids-limit ${pids}\`。\`-m\` 不带单位时以字节计。`,
        }),
      ],
    },
    {
      points: 20,
      ask: ({ one, two, three }) => ({
        en: `In which of \`${one}\`, \`${two}\`, \`${three}\` the kernel has ended processes for want of memory, and how many`,
        zh: `\`${one}\`、\`${two}\`、\`${three}\` 当中，内核因内存不足在哪一个里结束了进程，一共几个`,
      }),
      answer: { en: 'NAME COUNT', zh: '名字 个数' },
      async check(place, { one, two, three }, answer) {
        const [name = '', count = ''] = answer.split(/[\s,]+/);
        if (![one, two, three].includes(name))
          return [
            finding(
              false,
              { en: `${name} is one of the three`, zh: `${name} 是三个之一` },
              { en: 'answer with one of their names, and a number', zh: '请回答其中一个名字，以及个数' },
            ),
          ];
        const { container, findings } = running(place, name, true);
        if (container === undefined) return findings;
        const groups = await groupsOf(place, name);
        const kills = killsIn(groups);
        // Where the kernel does not count what it ends, it has counted how often the limit was hit.
        const hits = Number(readProc(`${groups.directoryOf('memory')}/memory.failcnt`) ?? 0);
        const isKilled = kills === undefined ? hits > 0 : kills > 0;
        return [
          finding(
            isKilled,
            {
              en: `the memory limit of ${name} has cost a process its life`,
              zh: `${name} 的内存限额让进程送了命`,
            },
            {
              en: 'its group has counted none: somebody else has sent that SIGKILL, or the status is only a number',
              zh: '它的组一个也没有数到：SIGKILL 是别人发的，或者这个状态只是一个数字',
            },
          ),
          ...(isKilled && kills !== undefined
            ? [
                finding(
                  Number(count) === kills,
                  { en: `it was ${count || 'no number of'} processes`, zh: `一共是 ${count || '（没有个数）'} 个进程` },
                  { en: 'the kernel has counted another number', zh: '内核数到的是另一个数' },
                ),
              ]
            : []),
        ];
      },
      hints: [
        () => ({
          en: '137 is 128 and 9: a process was ended by SIGKILL, or says so. By whom, the group knows.',
          zh: '137 就是 128 加 9：进程是被 SIGKILL 结束的，或者它自称如此。是谁干的，组里有记录。',
        }),
        () => ({
          en: 'The line `oom_kill` of `memory.oom_control` (version 1) or `memory.events` (version 2) in the group of each.',
          zh: '看每个组里 `memory.oom_control`（第 1 版）或 `memory.events`（第 2 版）的 `oom_kill` 一行。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ worker }) => ({
        en: `\`${worker}\`, without a restart, gets by with at most 128 MiB`,
        zh: `\`${worker}\` 不重新启动，内存够用，且不超过 128 MiB`,
      }),
      async check(place, { worker, need }) {
        const { container, findings } = running(place, worker, true);
        if (container === undefined) return findings;
        const groups = await groupsOf(place, worker);
        const limit = groups.setting('memory')?.amount;
        const size = limit === undefined ? undefined : Math.floor(limit / MiB);
        return [
          ...findings,
          finding(
            killsIn(groups) !== 0,
            {
              en: 'it is the same run: its group has counted what was ended before',
              zh: '还是同一次运行：它的组数到了先前被结束的进程',
            },
            {
              en: 'this is another run, whose group has counted none; `minidock rm -f` it, and the lab’s own command plants it again',
              zh: '这是另一次运行，它的组一个也没有数到；请 `minidock rm -f`，再执行一次本实验的命令重新布置',
            },
          ),
          finding(
            limit !== undefined && limit > need * MiB && limit <= mostMemory,
            {
              en: `its memory limit is ${size === undefined ? 'none' : `${size} MiB`}`,
              zh: `它的内存限额是 ${size === undefined ? '无' : `${size} MiB`}`,
            },
            {
              en: `its worker takes ${need} MiB at a time; 128 MiB is the most`,
              zh: `它的工作程序一次要用 ${need} MiB；最多 128 MiB`,
            },
          ),
          finding(
            commandOf(container.pid) === idle,
            { en: 'its worker has ended well', zh: '它的工作程序已正常结束' },
            {
              en: 'it has not been tried again since: SIGHUP asks for it',
              zh: '之后还没有再试过：用 SIGHUP 让它再试',
            },
          ),
        ];
      },
      hints: [
        () => ({
          en: '`minidock update` writes the files of a group whose processes go on.',
          zh: '`minidock update` 写的是组里的文件，进程照常运行。',
        }),
        () => ({
          en: '`-m 16m` has set a second limit: memory and swap together, 32 MiB. The first may not be above the second: give `--memory-swap`, too.',
          zh: '`-m 16m` 还设了第二个限额：内存加交换空间共 32 MiB。前者不能高于后者：`--memory-swap` 也要给。',
        }),
        ({ worker }) => ({
          en: `Then \`minidock kill -s HUP ${worker}\`.`,
          zh: `然后 \`minidock kill -s HUP ${worker}\`。`,
        }),
      ],
    },
    {
      points: 20,
      ask: ({ left, right }) => ({
        en: `Which of \`${left}\`, \`${right}\` is throttled, and how many microseconds it gets of each 100,000`,
        zh: `\`${left}\`、\`${right}\` 哪一个受到节流，每 100000 微秒它能用多少微秒`,
      }),
      answer: { en: 'NAME MICROSECONDS', zh: '名字 微秒数' },
      async check(place, { left, right }, answer) {
        const [name = '', quota = ''] = answer.split(/\s+/);
        if (![left, right].includes(name))
          return [
            finding(
              false,
              { en: `${name} is one of the two`, zh: `${name} 是两个之一` },
              { en: 'answer with one of their names, and a number', zh: '请回答其中一个名字，以及微秒数' },
            ),
          ];
        const { container, findings } = running(place, name, true);
        if (container === undefined) return findings;
        const groups = await groupsOf(place, name);
        const throttled = () => groups.count('cpu', ['cpu.stat'], 'nr_throttled') ?? 0;
        const before = throttled();
        for (let tries = 0; tries < 40 && throttled() === before; tries++) await pause(50);
        const now = throttled();
        const has = Math.round((groups.setting('cpu time')?.amount ?? 0) * 100_000);
        return [
          finding(
            now > before,
            {
              en: `${name} has been throttled in ${now} periods so far, and it goes on`,
              zh: `到目前为止，${name} 在 ${now} 个周期里受到节流，而且还在继续`,
            },
            {
              en: `nr_throttled of its cpu.stat stays at ${now}: it does not use what it may`,
              zh: `它的 cpu.stat 里 nr_throttled 一直是 ${now}：它连能用的都没有用完`,
            },
          ),
          ...(now > before
            ? [
                finding(
                  Number(quota.replaceAll(',', '')) === has,
                  {
                    en: `it gets ${quota || 'no number of'} µs of each period`,
                    zh: `每个周期它能用 ${quota || '（没有数）'} 微秒`,
                  },
                  { en: 'its group has another number', zh: '它的组里是另一个数' },
                ),
              ]
            : []),
        ];
      },
      hints: [
        () => ({
          en: 'Both have a limit. Throttled is who reaches it: look at `cpu.stat` of each twice.',
          zh: '两个都有限额。受到节流的是用到上限的那个：把各自的 `cpu.stat` 看两遍。',
        }),
        () => ({
          en: 'The quota is `cpu.cfs_quota_us` (version 1), or the first number in `cpu.max` (version 2).',
          zh: '配额是 `cpu.cfs_quota_us`（第 1 版），或 `cpu.max` 里的第一个数（第 2 版）。',
        }),
      ],
    },
    {
      points: 25,
      ask: ({ crowd, seconds }) => ({
        en: `\`sleep ${seconds}\` runs in \`${crowd}\`, which has room for exactly as many processes as it has`,
        zh: `\`${crowd}\` 里运行着 \`sleep ${seconds}\`，它的进程数上限恰好等于现有的进程数`,
      }),
      async check(place, { crowd, seconds }) {
        const { container, findings } = running(place, crowd, true);
        if (container === undefined) return findings;
        const groups = await groupsOf(place, crowd);
        const [limit, now] = [groups.setting('processes'), groups.setting('processes now')];
        const zombies = zombiesOf(container.pid);
        const alive = pidsIn(groups.directoryOf('pids')).map(commandOf).filter(Boolean);
        const command = `sleep ${seconds}`;
        return [
          ...findings,
          finding(
            zombies > 0,
            { en: `${zombies} zombies are in it`, zh: `其中有 ${zombies} 个僵尸进程` },
            {
              en: 'there were some: this is not the container that was planted',
              zh: '原先是有的：这不是预先布置的那个容器',
            },
          ),
          finding(alive.includes(command), same(command), {
            en: `what lives in it: ${alive.join(', ')}`,
            zh: `其中活着的：${alive.join('、')}`,
          }),
          finding(
            limit?.amount !== undefined && limit.amount === now?.amount,
            {
              en: `pids.max is ${limit?.value ?? 'missing'}, pids.current ${now?.value ?? 'missing'}`,
              zh: `pids.max 是 ${limit?.value ?? '（无）'}，pids.current 是 ${now?.value ?? '（无）'}`,
            },
            limit?.amount === undefined
              ? { en: 'that is room for any number', zh: '这样就没有上限了' }
              : {
                  en: 'they should be equal; a zombie has its place until somebody waits for it',
                  zh: '两者应当相等；僵尸进程在有人等待它之前一直占着位置',
                },
          ),
        ];
      },
      hints: [
        () => ({
          en: '`pids.current` counts what `cgroup.procs` does not list.',
          zh: '`pids.current` 会数到 `cgroup.procs` 不列出的进程。',
        }),
        ({ crowd, seconds }) => ({
          en: `\`echo NUMBER > …/pids.max\`, one more than \`pids.current\`; then \`minidock exec -d ${crowd} sleep ${seconds}\`.`,
          zh: `\`echo 数 > …/pids.max\`，比 \`pids.current\` 多一；然后 \`minidock exec -d ${crowd} sleep ${seconds}\`。`,
        }),
      ],
    },
  ],

  clean: (place, { box, late, one, two, three, worker, left, right, crowd }) =>
    removeAll(place, { containers: [box, late, one, two, three, worker, left, right, crowd], images: [image] }),
};
