import { MinidockError } from '../errors.ts';
import type { CgroupLayout } from '../host/cgroup-layout.ts';
import type { Resources } from '../oci/runtime-spec.ts';
import { mkdir, writeFile } from '../syscalls/calls.ts';
import { type Step, slot } from '../syscalls/step.ts';
import type { Text } from '../syscalls/text/language.ts';
import { deviceProgram } from './devices/attach.ts';
import type { CgroupDriver } from './driver.ts';
import {
  busy,
  checkGroup,
  eventually,
  isGroup,
  processes,
  readCount,
  readGroupFile,
  readNumber,
  removeGroup,
  writeGroupFile,
} from './files.ts';

const lesson = 'cgroups' as const;

/** The controllers that limits need, where the host offers them. */
const wanted = ['cpu', 'cpuset', 'io', 'memory', 'pids'];

/**
 * Version 2: one hierarchy; a group has the controllers that its parent's cgroup.subtree_control gives it, and only
 * groups without children of their own hold processes. See Documentation/admin-guide/cgroup-v2.rst in the kernel's source.
 * Devices are limited by a program here and not by a file: see devices/.
 */
export function cgroup2(layout: CgroupLayout): CgroupDriver {
  const { mountpoint, controllers } = layout.hierarchies.find(one => one.version === 2)!;
  const file = (path: string, name: string) => `${mountpoint}${checkGroup(path)}/${name}`;
  const make = (path: string): Step =>
    mkdir(`${mountpoint}${checkGroup(path)}`, 0o755, {
      why: {
        en: 'create the group as a directory; one that exists is used',
        zh: '创建组，也就是一个目录；已有的直接使用',
      },
      groupWhy: {
        en: 'a group is a directory; it hands controllers to the groups below it',
        zh: '组是一个目录；它把控制器交给下级的组',
      },
      lesson,
      group: `make cgroup ${path}`,
      tolerate: ['EEXIST'],
    });
  const handDown = (path: string): Step[] => {
    const names = wanted.filter(name => controllers.includes(name));
    if (names.length === 0) return [];
    return writeFile(
      `${mountpoint}${path}/cgroup.subtree_control`,
      names.map(name => `+${name}`).join(' '),
      slot('cgroup.subtree_control'),
      {
        why: { en: 'give these controllers to the groups below this one', zh: '让下级的组可以使用这些控制器' },
        lesson,
        group: `make cgroup ${path || '/'}`,
      },
    );
  };
  const join = (path: string): Step[] =>
    writeFile(file(path, 'cgroup.procs'), '0', slot('cgroup.procs'), {
      why: {
        en: 'move this process into the group: 0 stands for the one that writes',
        zh: '把当前进程移进组：0 表示写入者自己',
      },
      groupWhy: { en: 'this process moves itself into the group', zh: '当前进程把自己移进组' },
      lesson,
      group: `join cgroup ${path}`,
    });
  const pids = (path: string) => processes(`${mountpoint}${checkGroup(path)}`);
  const freeze = (path: string, frozen: 0 | 1) => {
    if (!writeGroupFile(file(path, 'cgroup.freeze'), String(frozen))) return true;
    return eventually(
      5000,
      () => (readCount(file(path, 'cgroup.events'), 'frozen') ?? BigInt(frozen)) === BigInt(frozen),
    );
  };

  return {
    layout,
    prepare: parent => {
      const names = checkGroup(parent).split('/').slice(1);
      const above = names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`);
      return [
        ...handDown(''),
        ...above.flatMap(path => [make(path), ...handDown(path)]),
        make(`${parent}/shims`),
        ...join(`${parent}/shims`),
      ];
    },
    create: (path, resources) => [
      make(path),
      ...limits(path, resources, controllers, file),
      ...deviceProgram(path, `${mountpoint}${path}`, resources.devices),
    ],
    join,
    beside(path, pid) {
      const [, own = ''] = /^0::(.*)$/m.exec(readGroupFile(`/proc/${pid}/cgroup`) ?? '') ?? [];
      // The container named it. Of a name that we do not write the kernel's refusal of `path` tells.
      return own.startsWith(`${checkGroup(path)}/`) && isGroup(own) ? own : path;
    },
    pids,

    freezer: path => file(path, 'cgroup.freeze'),

    async freeze(path) {
      if (await freeze(path, 1)) return;
      await freeze(path, 0);
      throw busy(path, pids(path));
    },
    async thaw(path) {
      await freeze(path, 0);
    },

    async killAll(path) {
      // cgroup.kill (5.14) ends all at once, forks included.
      const atOnce = writeGroupFile(file(path, 'cgroup.kill'), '1');
      const empty = await eventually(5000, () => {
        const members = pids(path);
        if (!atOnce && members.length > 0) killFrozen(file(path, 'cgroup.freeze'), () => pids(path));
        return members.length === 0;
      });
      if (!empty) throw busy(path, pids(path));
    },

    remove: path => removeGroup(checkGroup(path), [`${mountpoint}${path}`]),

    oomKilled(path) {
      const kills = readCount(file(path, 'memory.events'), 'oom_kill');
      return kills === undefined ? undefined : kills > 0n;
    },

    stats(path) {
      const usageBytes = readNumber(file(path, 'memory.current'));
      const microseconds = readCount(file(path, 'cpu.stat'), 'usage_usec');
      const current = readNumber(file(path, 'pids.current'));
      return {
        ...(usageBytes !== undefined && { memory: { usageBytes, limitBytes: readNumber(file(path, 'memory.max')) } }),
        ...(microseconds !== undefined && { cpu: { usageNanoseconds: microseconds * 1000n } }),
        ...(current !== undefined && { pids: { current, limit: readNumber(file(path, 'pids.max')) } }),
      };
    },
  };
}

/** While frozen nothing forks; a frozen process of v2 does end by SIGKILL, so each pid is read just before. */
function killFrozen(freezeFile: string, members: () => number[]): void {
  writeGroupFile(freezeFile, '1');
  for (const pid of members()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process ended by itself: killAll looks at the group again.
    }
  }
  writeGroupFile(freezeFile, '0');
}

function limits(
  path: string,
  { memory, cpu, pids }: Resources,
  controllers: readonly string[],
  file: (path: string, name: string) => string,
): Step[] {
  const steps: Step[] = [];
  const set = (controller: string, name: string, value: string | number, why: Text) => {
    if (!controllers.includes(controller)) {
      throw new MinidockError(
        'no-cgroup-controller',
        `this host has no cgroup controller "${controller}" to set ${name}`,
        { fix: 'cgroup.controllers of the mounted group lists what there is; run without that limit' },
      );
    }
    const groupWhy = {
      en: 'limit what all processes of the container use together, one file for each limit',
      zh: '限制容器里所有进程合计的用量，每项限额一个文件',
    };
    const about = { why, lesson, group: `limit cgroup ${path}`, groupWhy };
    steps.push(...writeFile(file(path, name), String(value), slot(name), about));
  };
  if (memory?.limit)
    set('memory', 'memory.max', memory.limit, {
      en: 'limit the memory in bytes, page cache included',
      zh: '限制内存的字节数，页缓存也算在内',
    });
  if (memory?.reservation)
    set('memory', 'memory.low', memory.reservation, {
      en: 'protect this many bytes of memory from being reclaimed first',
      zh: '回收内存时，先不动这么多字节',
    });
  if (memory?.swap)
    set('memory', 'memory.swap.max', memory.swap < 0 ? 'max' : memory.swap - (memory.limit ?? 0), {
      en: 'limit swap in bytes: v2 counts it apart, so the memory limit is subtracted',
      zh: '限制交换空间的字节数：v2 单独计算，所以要减去内存限额',
    });
  if (cpu?.quota || cpu?.period)
    set('cpu', 'cpu.max', `${cpu.quota && cpu.quota > 0 ? cpu.quota : 'max'} ${cpu.period ?? 100_000}`, {
      en: 'limit the CPU time of each period, both in microseconds',
      zh: '限制每个周期里的 CPU 时间，两个数的单位都是微秒',
    });
  if (cpu?.shares)
    set('cpu', 'cpu.weight', weight(cpu.shares), {
      en: 'weigh the group against others when CPUs are short',
      zh: '设置 CPU 紧张时这个组相对其他组的权重',
    });
  if (cpu?.cpus)
    set('cpuset', 'cpuset.cpus', cpu.cpus, {
      en: 'limit the CPUs that the processes of the group may run on',
      zh: '限制组里的进程可以在哪些 CPU 上运行',
    });
  if (pids)
    set('pids', 'pids.max', pids.limit > 0 ? pids.limit : 'max', {
      en: 'limit processes and threads, so that a fork bomb stays in the group',
      zh: '限制进程和线程的数量，让 fork 炸弹出不了这个组',
    });
  return steps;
}

/** v1's 2–262144 onto v2's 1–10000, as runc and crun map it. */
function weight(shares: number): number {
  return Math.floor(1 + ((shares - 2) * 9999) / 262142);
}
