import { pieces } from '../../src/engine/compile/pieces.ts';
import type { Namespace } from '../../src/oci/runtime-spec.ts';
import { call, mount, sync } from '../../src/syscalls/calls.ts';
import { str, strings } from '../../src/syscalls/data.ts';
import { program, slot } from '../../src/syscalls/step.ts';
import { MS } from '../../src/syscalls/uapi/flags.ts';
import type { Exercise, Finding } from '../../src/workshop/exercise/types.ts';

/** Names under /proc/PID/ns, and the flags of clone that make them. */
const kinds: Record<string, { link: string; flag: string }> = {
  mount: { link: 'mnt', flag: 'CLONE_NEWNS' },
  uts: { link: 'uts', flag: 'CLONE_NEWUTS' },
  ipc: { link: 'ipc', flag: 'CLONE_NEWIPC' },
  pid: { link: 'pid', flag: 'CLONE_NEWPID' },
  network: { link: 'net', flag: 'CLONE_NEWNET' },
  cgroup: { link: 'cgroup', flag: 'CLONE_NEWCGROUP' },
};

export const exercise: Exercise<{ types: Namespace['type'][] }> = {
  lesson: 'pid-namespace',
  task: {
    en: 'Write `cloneProcess(types, child)`: the one step that makes the container’s process, with a namespace of its own for each of `types`. The PID namespace is always among them; the others differ from check to check.',
    zh: '写出 `cloneProcess(types, child)`：造出容器进程的那一个步骤，`types` 里的每种命名空间它都有自己的一份。PID 命名空间总在其中；还有哪些，每次检查都不一样。',
  },
  pieces: ['cloneProcess'],
  syscalls: ['clone'],
  values: random => {
    const others = (['uts', 'ipc', 'network'] as const).filter(() => random.integer(0, 1) === 1);
    return {
      types: [...(['mount', 'pid'] as const), ...others, ...(others.length === 2 ? [] : (['cgroup'] as const))],
    };
  },
  program(mine, { command }, { types }) {
    const child = slot('child');
    return program({
      host: [mine.cloneProcess(types, child)],
      child: [
        ...pieces.mountNamespace(),
        mount('proc', '/proc', 'proc', MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC, null, {
          why: { en: 'mount a /proc of its own namespace', zh: '挂载自己命名空间的 /proc' },
        }),
        sync({ why: { en: 'wait until the launcher says go', zh: '等启动者说“继续”' } }),
      ],
      exec: [
        call('execve', [str(command.path), strings(command.argv), strings(command.env)], {
          why: { en: 'become the shell that looks around', zh: '变成四处查看的 shell' },
        }),
      ],
      supervise: { child, status: slot('status') },
    });
  },
  inside: 'echo "my PID: $$"\necho "processes: $(ls -d /proc/[0-9]* | wc -l)"',
  grade({ process, outer, pids, steps, said, statBefore }, { types }) {
    const [step] = steps;
    const differs = (link: string) => process.namespaces[link] !== outer.namespaces[link];
    const asked: Finding[] = Object.entries(kinds)
      .filter(([type, { link }]) => type !== 'cgroup' && outer.namespaces[link] !== undefined)
      .map(([type, { link, flag }]) => {
        const wanted = types.includes(type as Namespace['type']);
        return {
          ok: differs(link) === wanted,
          what: wanted
            ? { en: `a new ${type} namespace`, zh: `自己的 ${type} 命名空间` }
            : { en: `the ${type} namespace of its parent`, zh: `${type} 命名空间与父进程相同` },
          hint: wanted
            ? {
                en: `ns/${link} is still that of the parent: \`types\` has “${type}”, and ${flag} is not among your flags`,
                zh: `ns/${link} 还是父进程的：\`types\` 里有“${type}”，而你的标志里没有 ${flag}`,
              }
            : {
                en: `ns/${link} is a new one, and nobody asked for it: \`types\` is ${types.join(', ')}`,
                zh: `ns/${link} 是新的，可没有人要它：\`types\` 是 ${types.join('、')}`,
              },
        };
      });
    return [
      ...asked,
      {
        ok: pids.at(-1) === 1 && said('my PID') === '1',
        what: { en: 'it is number one: NSpid says so, and $$', zh: '它是 1 号：NSpid 和 $$ 都这么说' },
        hint: {
          en: `it is number ${pids.at(-1)} in ${pids.length === 1 ? 'the namespace of its parent' : 'its own'}: CLONE_NEWPID makes it the first of a new one`,
          zh: `它在${pids.length === 1 ? '父进程的' : '自己的'}命名空间里是 ${pids.at(-1)} 号：有了 CLONE_NEWPID，它才是新命名空间里的第一个`,
        },
      },
      {
        ok: !differs('cgroup') || outer.namespaces.cgroup === undefined,
        what: { en: 'the cgroup namespace is left for later', zh: 'cgroup 命名空间留到以后' },
        hint: {
          en: 'with CLONE_NEWCGROUP the group that the process is in now becomes "/" of its view: that of its parent, for it has not joined its own yet',
          zh: '用 CLONE_NEWCGROUP 的话，进程此刻所在的组就成了它眼中的“/”：那还是父进程的组，因为它还没有加入自己的组',
        },
      },
      {
        ok: statBefore[38] === '17',
        what: { en: 'its parent gets SIGCHLD when it ends', zh: '它结束时父进程会收到 SIGCHLD' },
        hint: {
          en: `its exit signal is ${statBefore[38]} (/proc/PID/stat, field 38, before execve): without SIGCHLD in the lowest byte of the flags nobody hears of its end`,
          zh: `它的退出信号是 ${statBefore[38]}（execve 之前 /proc/PID/stat 的第 38 项）：标志最低的字节里没有 SIGCHLD，就没有人知道它结束了`,
        },
      },
      {
        ok: step?.op === 'syscall' && step.save?.name === 'child',
        what: { en: 'its pid is kept in `child`', zh: '它的 PID 存进了 `child`' },
        hint: {
          en: 'the supervisor does not know whom it supervises: `save: child` keeps the pid that clone returns to the parent',
          zh: '监管进程不知道自己要监管谁：`save: child` 会保存 clone 返回给父进程的 PID',
        },
      },
    ];
  },
  hints: [
    {
      en: 'man 2 clone, the section on flags. On x86_64 and arm64 the raw call takes five arguments: flags, stack, parent_tid, child_tid and tls in different orders; 0 for all but the first.',
      zh: 'man 2 clone 里讲标志的那一节。在 x86_64 和 arm64 上，原始调用有五个参数：flags、stack、parent_tid、child_tid、tls（顺序不同）；除第一个外都是 0。',
    },
    {
      en: '`CLONE` and `signals` of src/syscalls/uapi/flags.ts hold the numbers. Put them together with `|`: `signals.SIGCHLD | CLONE.CLONE_NEWPID | …`.',
      zh: 'src/syscalls/uapi/flags.ts 里的 `CLONE` 和 `signals` 有这些数字。用 `|` 合起来：`signals.SIGCHLD | CLONE.CLONE_NEWPID | …`。',
    },
    {
      en: 'A table from type to flag, `cgroup: 0` in it, and `types.reduce<number>((all, type) => all | flag[type], signals.SIGCHLD) >>> 0`. (`>>> 0`, because CLONE_NEWNET and others set the highest bits.)',
      zh: '一张从类型到标志的表，其中 `cgroup: 0`，再 `types.reduce<number>((all, type) => all | flag[type], signals.SIGCHLD) >>> 0`。（要 `>>> 0`，因为 CLONE_NEWNET 等用到了最高的几位。）',
    },
  ],
  wrong: [
    {
      name: 'only the PID namespace',
      code: `  return call('clone', [CLONE.CLONE_NEWPID | signals.SIGCHLD, 0, 0, 0, 0], {
    why: { en: '', zh: '' },
    save: child,
    forks: true,
  });`,
      // Without a mount namespace of its own its mounts land in its parent's: where / is shared, nothing else fails first.
      hint: /CLONE_NEWNS is not among your flags|CLONE_NEW\w+ is not among your flags/,
    },
    {
      name: 'forgets the signal',
      code: `  const flag = { mount: CLONE.CLONE_NEWNS, uts: CLONE.CLONE_NEWUTS, ipc: CLONE.CLONE_NEWIPC, pid: CLONE.CLONE_NEWPID, network: CLONE.CLONE_NEWNET, user: 0, cgroup: 0 };
  return call('clone', [types.reduce((all, type) => all | flag[type], 0) >>> 0, 0, 0, 0, 0], {
    why: { en: '', zh: '' },
    save: child,
    forks: true,
  });`,
      hint: /its exit signal is 0/,
    },
    {
      name: 'all at once, cgroup too',
      code: `  const all = CLONE.CLONE_NEWNS | CLONE.CLONE_NEWUTS | CLONE.CLONE_NEWIPC | CLONE.CLONE_NEWPID | CLONE.CLONE_NEWNET | CLONE.CLONE_NEWCGROUP;
  return call('clone', [(all | signals.SIGCHLD) >>> 0, 0, 0, 0, 0], {
    why: { en: '', zh: '' },
    save: child,
    forks: true,
  });`,
      hint: /has not joined its own yet/,
    },
    {
      name: 'does not say that the ways part',
      code: `  return call('clone', [(CLONE.CLONE_NEWPID | signals.SIGCHLD) >>> 0, 0, 0, 0, 0], { why: { en: '', zh: '' }, save: child });`,
      hint: /forks: true/,
    },
    {
      name: 'a list of one',
      code: `  return [call('clone', [signals.SIGCHLD, 0, 0, 0, 0], { why: { en: '', zh: '' }, save: child, forks: true })];`,
      hint: /expected one step, found a list of steps/,
    },
  ],
};
