import { MinidockError } from '../errors.ts';
import type { CgroupLayout } from '../host/cgroup-layout.ts';
import { mkdir, open, writeFile } from '../syscalls/calls.ts';
import { str } from '../syscalls/data.ts';
import { type Step, slot } from '../syscalls/step.ts';
import { O } from '../syscalls/uapi/flags.ts';
import { deviceProgram } from './devices/attach.ts';
import type { CgroupDriver, CgroupStats } from './driver.ts';
import {
  busy,
  checkGroup,
  eventually,
  isGroup,
  processes,
  readCount,
  readCounts,
  readGroupFile,
  readNumber,
  removeGroup,
  writeGroupFile,
} from './files.ts';
import { type Setting, settingSteps, updateGroup } from './settings/settings.ts';
import { limitsOnV2 } from './settings/v2.ts';
import { thawSteps } from './steps.ts';

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
  const fileOf = (path: string, { controller, name }: Setting) => {
    if (!controllers.includes(controller))
      throw new MinidockError(
        'no-cgroup-controller',
        `this host has no cgroup controller "${controller}" to set ${name}`,
        { fix: 'cgroup.controllers of the mounted group lists what there is; run without that limit' },
      );
    return file(path, name);
  };
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
      ...settingSteps(path, limitsOnV2(resources, layout), setting => fileOf(path, setting)),
      ...deviceProgram(path, `${mountpoint}${path}`, resources.devices),
    ],
    update: (path, resources) => updateGroup(limitsOnV2(resources, layout), setting => fileOf(path, setting)),
    announceKills(path) {
      const counter = slot('memory.events');
      const why = {
        en: 'here the kernel counts the processes that it ends at the memory limit, and wakes us',
        zh: '内核在这里统计因内存限额而结束的进程，并唤醒我们',
      };
      const about = { why, lesson, group: `announce kills in ${path}` };
      return {
        host: [open(file(path, 'memory.events'), O.O_RDONLY, { ...about, save: counter })],
        supervise: { counter, counterWord: str('oom_kill ') },
      };
    },
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
    thawing: path => thawSteps(file(path, 'cgroup.freeze'), '0'),

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

    oomKills(path) {
      const kills = readCount(file(path, 'memory.events'), 'oom_kill');
      return kills === undefined ? undefined : Number(kills);
    },

    stats(path) {
      const usageBytes = readNumber(file(path, 'memory.current'));
      const cpu = readCounts(file(path, 'cpu.stat'));
      const counters = readCounts(file(path, 'memory.stat'));
      const current = readNumber(file(path, 'pids.current'));
      return {
        ...(usageBytes !== undefined && {
          memory: {
            usageBytes,
            limitBytes: readNumber(file(path, 'memory.max')),
            peakBytes: readNumber(file(path, 'memory.peak')),
            inactiveFileBytes: counters.inactive_file ?? 0,
            counters,
          },
        }),
        ...(cpu.usage_usec !== undefined && {
          cpu: {
            usageNanoseconds: BigInt(cpu.usage_usec) * 1000n,
            userNanoseconds: (cpu.user_usec ?? 0) * 1000,
            systemNanoseconds: (cpu.system_usec ?? 0) * 1000,
            throttling: {
              periods: cpu.nr_periods ?? 0,
              throttledPeriods: cpu.nr_throttled ?? 0,
              throttledNanoseconds: (cpu.throttled_usec ?? 0) * 1000,
            },
          },
        }),
        ...(current !== undefined && { pids: { current, limit: readNumber(file(path, 'pids.max')) } }),
        ...block(readGroupFile(file(path, 'io.stat'))),
      };
    },
  };
}

/** Of all disks together: lines like `8:0 rbytes=4096 wbytes=0 …`. */
function block(text: string | undefined): Pick<CgroupStats, 'block'> {
  if (text === undefined) return {};
  const sum = (key: string) =>
    [...text.matchAll(new RegExp(`\\b${key}=(\\d+)`, 'g'))].reduce((all, [, one]) => all + Number(one), 0);
  return { block: { read: sum('rbytes'), written: sum('wbytes') } };
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
