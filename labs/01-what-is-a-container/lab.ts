import fs from 'node:fs';
import path from 'node:path';
import { hostnameOf, namespacesOf } from '../../src/host/namespaces.ts';
import { statusField } from '../../src/host/process.ts';
import { finding, running, same } from '../../src/workshop/lab/kit/finding.ts';
import { ensureContainer, ensureImage, removeAll } from '../../src/workshop/lab/kit/plant.ts';
import { seededRandom } from '../../src/workshop/lab/seed.ts';
import type { Lab, Values } from '../../src/workshop/lab/types.ts';
import { commandOf } from '../../src/xray/collect/processes.ts';

const image = 'lab01';

/** Walls that a container may be without, and the flag for each. */
const shareable = ['--ipc', '--pid', '--uts', '--network'] as const;

interface Own extends Values {
  readonly tree: string;
  readonly box: string;
  readonly student: string;
  readonly odd: string;
  readonly seconds: number;
  readonly more: number;
  readonly word: string;
}

/** Which walls `odd` is without is kept nowhere: it follows from its name. */
const missingWalls = ({ odd }: Own) => seededRandom(odd).sample(shareable, 2);

/** Kinds of namespaces in which a process is together with us. */
function sharedWith(pid: number): string[] {
  const ours = namespacesOf('self');
  return Object.entries(namespacesOf(pid)).flatMap(([kind, namespace]) => (ours[kind] === namespace ? kind : []));
}

/** Processes of the host that run this command, by their arguments. */
const processesNamed = (command: string) =>
  fs
    .readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => commandOf(pid) === command);

export const lab: Lab<Own> = {
  id: '01-what-is-a-container',
  minutes: 45,
  version: 1,
  needs: ['process', 'uts-namespace', 'pid-namespace', 'mount-namespace', 'pivot-root'],
  programs: ['busybox', 'ps'],

  values(random) {
    const [tree, box, student, odd, word] = random.words(5);
    const seconds = random.integer(50_000, 74_999);
    return { tree, box, student, odd, word, seconds, more: seconds + random.integer(1, 20_000) };
  },

  async plant(place, values) {
    await ensureImage(place, image);
    const flags = missingWalls(values).flatMap(flag => [flag, 'host']);
    await ensureContainer(place, values.odd, ...flags, image, 'sleep', '1000000');
  },

  tasks: [
    {
      points: 20,
      ask: ({ box, tree, student, seconds }) => ({
        en: `A container \`${box}\` of \`${tree}:1\`, whose host name is \`${student}\` and whose first process is \`sleep ${seconds}\``,
        zh: `容器 \`${box}\`：镜像为 \`${tree}:1\`，主机名为 \`${student}\`，第一个进程是 \`sleep ${seconds}\``,
      }),
      async check(place, { box, student, seconds }) {
        const { container, findings } = running(place, box);
        if (container === undefined) return findings;
        const command = commandOf(container.pid);
        const hostname = await hostnameOf(container.pid);
        return [
          ...findings,
          finding(
            command === `sleep ${seconds}`,
            { en: `its first process is ${command}`, zh: `它的第一个进程是 ${command}` },
            { en: `it should be sleep ${seconds}`, zh: `应当是 sleep ${seconds}` },
          ),
          finding(
            hostname === student,
            {
              en: `in its UTS namespace the host is called ${hostname}`,
              zh: `在它的 UTS 命名空间里，主机名是 ${hostname}`,
            },
            { en: `it should be ${student}: a flag of \`run\``, zh: `应当是 ${student}：用 \`run\` 的一个选项` },
          ),
        ];
      },
      hints: [
        () => ({ en: '`minidock run --help | grep -i name`', zh: '`minidock run --help | grep -i name`' }),
        () => ({
          en: '`minidock run -d --name NAME --hostname NAME IMAGE COMMAND`; `minidock rm -f NAME` to try again.',
          zh: '`minidock run -d --name 名字 --hostname 主机名 镜像 命令`；`minidock rm -f 名字` 之后可以重来。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ box }) => ({
        en: `The process of the host that is the parent of PID 1 of \`${box}\``,
        zh: `宿主机上的哪个进程是 \`${box}\` 的 1 号进程的父进程`,
      }),
      answer: { en: 'PID', zh: 'PID' },
      check(place, { box }, answer) {
        const { container, findings } = running(place, box);
        if (container === undefined) return findings;
        const parent = statusField(container.pid, 'PPid');
        return [
          finding(
            answer === parent,
            {
              en: `${answer} is the parent of process ${container.pid}`,
              zh: `${answer} 是进程 ${container.pid} 的父进程`,
            },
            answer === String(container.pid)
              ? { en: 'this is PID 1 of the container itself', zh: '这是容器的 1 号进程自己' }
              : {
                  en: `the line PPid of process ${container.pid} says something else`,
                  zh: `进程 ${container.pid} 的 PPid 一行不是这样说的`,
                },
          ),
          ...(answer === parent
            ? [finding(true, same(`PPid: ${parent} (${statusField(Number(parent), 'Name')})`), same(''))]
            : []),
        ];
      },
      hints: [
        ({ seconds }) => ({
          en: `\`ps -eo pid,ppid,args | grep "sleep ${seconds}"\``,
          zh: `\`ps -eo pid,ppid,args | grep "sleep ${seconds}"\``,
        }),
      ],
    },
    {
      points: 20,
      ask: ({ odd }) => ({
        en: `The namespaces that \`${odd}\` shares with the host`,
        zh: `\`${odd}\` 与宿主机共享哪些命名空间`,
      }),
      answer: { en: 'KIND KIND …', zh: '种类 种类 …' },
      check(place, { odd }, answer) {
        const { container, findings } = running(place, odd, true);
        if (container === undefined) return findings;
        const shared = sharedWith(container.pid);
        const named = [
          ...new Set(
            answer
              .toLowerCase()
              .split(/[\s,，、]+/)
              .filter(Boolean),
          ),
        ];
        const wrong = named.filter(kind => !shared.includes(kind));
        const lacking = shared.filter(kind => !named.includes(kind));
        return [
          finding(
            wrong.length === 0,
            { en: `what you name is shared: ${named.join(' ')}`, zh: `你所列的都是共享的：${named.join(' ')}` },
            { en: `its own: ${wrong.join(' ')}`, zh: `其中这些是它自己的：${wrong.join(' ')}` },
          ),
          finding(
            lacking.length === 0,
            { en: 'these are all', zh: '没有遗漏' },
            {
              en: `${lacking.length} more of them have the host’s number`,
              zh: `还有 ${lacking.length} 个的号码与宿主机相同`,
            },
          ),
        ];
      },
      hints: [
        () => ({
          en: '`readlink /proc/PID/ns/uts` names a namespace; the host’s own are in `/proc/self/ns`.',
          zh: '`readlink /proc/PID/ns/uts` 给出命名空间；宿主机自己的在 `/proc/self/ns`。',
        }),
        () => ({
          en: 'The directory has entries that end in `_for_children` as well: they are about future children and do not count.',
          zh: '目录里还有以 `_for_children` 结尾的项：它们说的是将来的子进程，不算。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ box, more }) => ({
        en: `A second process, \`sleep ${more}\`, in all namespaces of \`${box}\``,
        zh: `第二个进程 \`sleep ${more}\`，处在 \`${box}\` 的全部命名空间里`,
      }),
      check(place, { box, more }) {
        const { container, findings } = running(place, box);
        if (container === undefined) return findings;
        const [pid] = processesNamed(`sleep ${more}`);
        const runs = finding(
          pid !== undefined,
          { en: `\`sleep ${more}\` runs`, zh: `\`sleep ${more}\` 在运行` },
          { en: 'no process of the host has these arguments', zh: '宿主机上没有这样的进程' },
        );
        if (pid === undefined) return [runs];
        const [own, its] = [namespacesOf(pid), namespacesOf(container.pid)];
        const other = Object.keys(its).filter(kind => own[kind] !== its[kind]);
        return [
          runs,
          finding(
            other.length === 0,
            {
              en: `process ${pid} is in every namespace of PID 1 (${Object.keys(its).length} of them)`,
              zh: `进程 ${pid} 处在 1 号进程的每个命名空间里（共 ${Object.keys(its).length} 个）`,
            },
            { en: `it is in others: ${other.join(', ')}`, zh: `这些不同：${other.join('、')}` },
          ),
        ];
      },
      hints: [
        () => ({
          en: 'A verb of `minidock` runs one more command in a container; `-d` leaves it in the background.',
          zh: '`minidock` 有一个动词，可以在容器里再运行一个命令；`-d` 让它在后台。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ box, word }) => ({
        en: `\`/evidence\` in \`${box}\` holds the word \`${word}\`; where does this file lie on the host?`,
        zh: `\`${box}\` 里的 \`/evidence\` 内容为 \`${word}\`；这个文件在宿主机的什么位置？`,
      }),
      answer: { en: 'PATH', zh: '路径' },
      async check(place, { box, word }, answer) {
        const { container, findings } = running(place, box);
        if (container === undefined) return findings;
        const { upper } = (await place.xray(box, ['layers'])).layers!;
        const content = read(`/proc/${container.pid}/root/evidence`);
        return [
          finding(
            content?.trim() === word,
            {
              en: `/evidence in ${box} holds ${content?.trim() ?? 'nothing'}`,
              zh: `${box} 里的 /evidence 内容为 ${content?.trim() ?? '（无）'}`,
            },
            content === undefined
              ? { en: 'there is no such file in the container', zh: '容器里没有这个文件' }
              : { en: `it should hold ${word}`, zh: `应当是 ${word}` },
          ),
          finding(
            upper !== undefined &&
              path.normalize(answer) === path.join(upper.directory, 'evidence') &&
              read(answer) === content,
            { en: `it lies at ${answer}`, zh: `它位于 ${answer}` },
            read(answer) === undefined
              ? { en: 'there is no file at this path', zh: '这个路径没有文件' }
              : {
                  en: 'this is not in the directory upperdir of its mountinfo',
                  zh: '它不在 mountinfo 的 upperdir 目录里',
                },
          ),
        ];
      },
      hints: [
        () => ({
          en: 'What a container writes goes to the upper directory of its overlay (lesson 6).',
          zh: '容器写的东西都进了 overlay 的 upper 目录（第 6 课）。',
        }),
        ({ box }) => ({
          en: `The line for \`/\` in \`/proc/PID/mountinfo\` of \`${box}\` says upperdir=…`,
          zh: `\`${box}\` 的 \`/proc/PID/mountinfo\` 中 \`/\` 那一行写着 upperdir=…`,
        }),
      ],
    },
  ],

  clean: (place, { box, odd, tree }) => removeAll(place, { containers: [box, odd], images: [image, `${tree}:1`] }),
};

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
