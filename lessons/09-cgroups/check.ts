import { readGroupFile } from '../../src/cgroup/files.ts';
import { hostFacts } from '../../src/host/facts.ts';
import { mkdir, mount, writeFile } from '../../src/syscalls/calls.ts';
import { type Step, slot } from '../../src/syscalls/step.ts';
import { MS } from '../../src/syscalls/uapi/flags.ts';
import type { Exercise, Finding, Seen } from '../../src/workshop/exercise/types.ts';
import { lessonProgram } from '../../src/workshop/lesson.ts';
import type { Group } from './solution.ts';

interface Values {
  name: string;
  /** Whole megabytes: the kernel rounds to pages. */
  megabytes: number;
  processes: number;
}

const version = () => (hostFacts().cgroup.kind === 'v2' ? 2 : 1);
const optionsOf = (controller: string) =>
  hostFacts().cgroup.hierarchies.find(one => one.controllers.includes(controller))?.options ?? controller;

function groupIn(scratch: string, { name, megabytes, processes }: Values): Group {
  const [memory, pids] =
    version() === 1 ? [`${scratch}/memory`, `${scratch}/pids`] : [`${scratch}/cgroup`, `${scratch}/cgroup`];
  return {
    version: version(),
    memory: `${memory}/${name}`,
    pids: `${pids}/${name}`,
    bytes: megabytes << 20,
    processes,
  };
}

/**
 * The trees of the box, in which its own group is the root. On version 2 a group that hands controllers down may hold no
 * process, so whoever performs the steps goes into a group below it first, and with it the first process of the box.
 */
function trees(scratch: string): Step[] {
  const why = { en: 'mount the tree of groups of this box', zh: '挂载这个盒子的 cgroup 树' };
  const flags = MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC;
  if (version() === 1)
    return ['memory', 'pids'].flatMap(name => [
      mkdir(`${scratch}/${name}`, 0o755, { why }),
      mount('cgroup', `${scratch}/${name}`, 'cgroup', flags, optionsOf(name), { why }),
    ]);
  const root = `${scratch}/cgroup`;
  return [
    mkdir(root, 0o755, { why }),
    mount('cgroup2', root, 'cgroup2', flags, null, { why }),
    mkdir(`${root}/rest`, 0o755, { why }),
    ...writeFile(`${root}/rest/cgroup.procs`, '1', slot('first'), { why }),
    ...writeFile(`${root}/rest/cgroup.procs`, '0', slot('rest'), { why }),
    ...writeFile(`${root}/cgroup.subtree_control`, '+memory +pids', slot('subtree_control'), { why }),
  ];
}

/** Where a controller says that the process is; the end of its path, since above lie the groups of the box. */
function placeOf(pid: number, controller: string): string {
  const lines = (readGroupFile(`/proc/${pid}/cgroup`) ?? '').split('\n').map(line => line.split(':'));
  const line = lines.find(([, names]) => (version() === 1 ? names?.split(',').includes(controller) : names === ''));
  return line?.[2] ?? '';
}

const fileOf = (seen: Seen, path: string) => readGroupFile(`/proc/${seen.process.pid}/root${path}`);

function grade(seen: Seen, values: Values): Finding[] {
  const { pid } = seen.process;
  const group = groupIn('/tmp/lesson', values);
  const limitName = group.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
  const [bytes, processes] = [fileOf(seen, `${group.memory}/${limitName}`), fileOf(seen, `${group.pids}/pids.max`)];
  const places = ['memory', 'pids'].map(controller => ({
    controller,
    inside: placeOf(pid, controller).endsWith(`/${values.name}`),
  }));
  const outside = places.filter(({ inside }) => !inside).map(({ controller }) => controller);
  return [
    {
      ok: bytes === String(group.bytes),
      what: { en: `the group may use ${group.bytes} bytes`, zh: `组可以用 ${group.bytes} 字节` },
      hint:
        bytes === undefined
          ? { en: `there is no group ${group.memory}`, zh: `没有组 ${group.memory}` }
          : {
              en: `the limit is ${bytes}, which is ${Number(bytes) > 2 ** 60 || bytes === 'max' ? 'none' : 'another one'}: the kernel wants bytes, in ${limitName}`,
              zh: `限额是 ${bytes}，${Number(bytes) > 2 ** 60 || bytes === 'max' ? '也就是没有限额' : '不是要求的那个'}：往 ${limitName} 里写字节数`,
            },
    },
    {
      ok: processes === String(values.processes),
      what: { en: `it may have ${values.processes} processes`, zh: `最多 ${values.processes} 个进程` },
      hint: {
        en: `pids.max is ${processes ?? 'not there'}: nobody has set a limit of processes, or another one`,
        zh: `pids.max 是 ${processes ?? '（没有）'}：没有设进程数限额，或者设成了别的`,
      },
    },
    {
      ok: outside.length === 0,
      what: { en: 'the process is in the group, for both controllers', zh: '对两个控制器来说，进程都在组里' },
      hint: {
        en: `for ${outside.join(' and ')} the process is not in the group: the limit counts nobody. /proc/PID/cgroup says ${placeOf(pid, outside[0] ?? 'memory')}`,
        zh: `对 ${outside.join('、')} 来说，进程不在组里：限额管不到任何人。/proc/PID/cgroup 里是 ${placeOf(pid, outside[0] ?? 'memory')}`,
      },
    },
  ];
}

export const exercise: Exercise<Values> = {
  lesson: 'cgroups',
  task: {
    en: 'Write `limitGroup(group)`: a group with a limit of memory and one of processes. Write `joinGroup(group)`: the process that performs these steps moves into it. Your host’s version of cgroups is in `group.version`; both versions are to be right.',
    zh: '写 `limitGroup(group)`：建立一个组，限制内存和进程数。写 `joinGroup(group)`：执行这些步骤的进程自己搬进去。宿主机的 cgroup 是第几版在 `group.version` 里；两版都要写对。',
  },
  pieces: ['limitGroup', 'joinGroup'],
  syscalls: ['mkdirat', 'openat', 'write', 'close'],
  values: random => ({
    name: random.word(),
    megabytes: random.integer(16, 48),
    processes: random.integer(5, 20),
  }),
  program: (mine, { scratch, command }, values) => {
    const group = groupIn(scratch, values);
    const child = [...trees(scratch), ...mine.limitGroup!(group), ...mine.joinGroup!(group)];
    return lessonProgram({ namespaces: ['mount'], child, command });
  },
  inside: 'echo hello',
  grade,
  explain: ({ call, errno, mine, step }, values) => {
    if (!mine || errno !== 'ENOENT' || call !== 'openat' || step.op !== 'syscall') return undefined;
    const other = version() === 1 ? 'memory.max' : 'memory.limit_in_bytes';
    const asked = step.args.map(arg => (typeof arg === 'object' && arg.kind === 'data' ? arg.text : '')).join('');
    if (asked.includes(other))
      return {
        en: `${other} is the name in version ${version() === 1 ? 2 : 1}, and this host has version ${version()}`,
        zh: `${other} 是第 ${version() === 1 ? 2 : 1} 版的文件名，而这台宿主机是第 ${version()} 版`,
      };
    return {
      en: `there is no such file: is the directory ${values.name} made for each controller?`,
      zh: `没有这个文件：每个控制器下的目录 ${values.name} 都建了吗？`,
    };
  },
  hints: [
    {
      en: 'Three things: the directories (mkdir), the limits (writeFile), and cgroup.procs (writeFile). On version 1 there are two directories, and each has a cgroup.procs of its own.',
      zh: '三件事：目录（mkdir）、限额（writeFile）、cgroup.procs（writeFile）。第 1 版有两个目录，每个都有自己的 cgroup.procs。',
    },
    {
      en: 'Numbers are written as text: `String(group.bytes)`. The file is `memory.limit_in_bytes` on version 1 and `memory.max` on version 2.',
      zh: '数字要写成文本：`String(group.bytes)`。文件名在第 1 版是 `memory.limit_in_bytes`，第 2 版是 `memory.max`。',
    },
    {
      en: "joinGroup is `directoriesOf(group).flatMap(directory => writeFile(directory + '/cgroup.procs', '0', slot('cgroup.procs'), { why }))`.",
      zh: "joinGroup 就是 `directoriesOf(group).flatMap(directory => writeFile(directory + '/cgroup.procs', '0', slot('cgroup.procs'), { why }))`。",
    },
  ],
  wrong: [
    {
      name: 'nobody joins',
      code: [undefined, '  return [];'],
      hint: /the limit counts nobody/,
    },
    {
      name: 'writes without making the directories',
      code: [
        `  return writeFile(\`\${group.pids}/pids.max\`, String(group.processes), slot('pids'), { why: { en: 'limit', zh: '限额' } });`,
        undefined,
      ],
      hint: /is the directory .* made/,
    },
    {
      name: 'the names of the other version',
      code: [
        `  const why = { en: 'limit', zh: '限额' };
  const limit = group.version === 2 ? 'memory.limit_in_bytes' : 'memory.max';
  return [
    ...directoriesOf(group).map(directory => mkdir(directory, 0o755, { why })),
    ...writeFile(\`\${group.memory}/\${limit}\`, String(group.bytes), slot('limit'), { why }),
  ];`,
        undefined,
      ],
      hint: /is the name in version \d, and this host has version/,
    },
    {
      name: 'forgets the processes',
      code: [
        `  const why = { en: 'limit', zh: '限额' };
  const limit = group.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
  return [
    ...directoriesOf(group).map(directory => mkdir(directory, 0o755, { why })),
    ...writeFile(\`\${group.memory}/\${limit}\`, String(group.bytes), slot('limit'), { why }),
  ];`,
        undefined,
      ],
      hint: /pids\.max is max/,
    },
    {
      name: 'megabytes where bytes are wanted',
      code: [
        `  const why = { en: 'limit', zh: '限额' };
  const limit = group.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
  return [
    ...directoriesOf(group).map(directory => mkdir(directory, 0o755, { why })),
    ...writeFile(\`\${group.memory}/\${limit}\`, \`\${group.bytes >> 20}G\`, slot('limit'), { why }),
    ...writeFile(\`\${group.pids}/pids.max\`, String(group.processes), slot('pids'), { why }),
  ];`,
        undefined,
      ],
      hint: /the kernel wants bytes/,
    },
  ],
};
