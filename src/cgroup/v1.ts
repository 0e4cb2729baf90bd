import { type CgroupLayout, isJoined } from '../host/cgroup-layout.ts';
import { mkdir, writeFile } from '../syscalls/calls.ts';
import { type Step, slot } from '../syscalls/step.ts';
import type { CgroupDriver, CgroupStats } from './driver.ts';
import {
  busy,
  checkGroup,
  eventually,
  processes,
  readCount,
  readCounts,
  readGroupFile,
  readNumber,
  removeGroup,
  writeGroupFile,
} from './files.ts';
import { missing, mounting } from './missing.ts';
import { type Setting, settingSteps, updateGroup } from './settings/settings.ts';
import { limitsOnV1 } from './settings/v1.ts';
import { thawSteps } from './steps.ts';
import { deviceRules } from './v1-devices.ts';
import { announceOnEventfd } from './v1-kills.ts';

const lesson = 'cgroups' as const;

/** Nanoseconds of what cpuacct.stat counts in: USER_HZ is 100 on every architecture that is supported. */
const tick = 1e7;

/**
 * Version 1: a group is a directory of the same name in every hierarchy, and each controller limits in its own.
 * See Documentation/admin-guide/cgroup-v1 in the kernel's source.
 */
export function cgroup1(layout: CgroupLayout): CgroupDriver {
  const hierarchies = layout.hierarchies.filter(one => isJoined(layout, one));
  const at = (controller: string) => hierarchies.find(one => one.controllers.includes(controller))?.mountpoint;
  const file = (controller: string, group: string, name: string) => `${at(controller)}${group}/${name}`;

  const fileOf = (path: string, { controller, name }: Setting) => {
    if (at(controller) === undefined)
      throw missing(controller, `set ${name}`, `${mounting(controller)}, or run without that limit`);
    return file(controller, path, name);
  };

  const make = (path: string): Step[] => {
    const group = `make cgroup ${checkGroup(path)}`;
    const why = {
      en: 'create the group as a directory of this hierarchy; one that exists is used',
      zh: '在这个层级里创建组，也就是一个目录；已有的直接使用',
    };
    const groupWhy = {
      en: 'a group is a directory in each hierarchy; a new cpuset gets its CPUs and memory, too',
      zh: '组在每个层级里都是一个目录；新的 cpuset 还要分到 CPU 和内存节点',
    };
    const steps: Step[] = hierarchies.map(({ mountpoint }) =>
      mkdir(`${mountpoint}${path}`, 0o755, { why, lesson, group, groupWhy, tolerate: ['EEXIST'] }),
    );
    if (layout.cpuset === undefined) return steps;
    for (const [name, value] of Object.entries(layout.cpuset)) {
      steps.push(
        ...writeFile(file('cpuset', path, `cpuset.${name}`), value, slot(`cpuset.${name}`), {
          why: {
            en: 'a new cpuset accepts no process until it is given CPUs and memory nodes',
            zh: '新的 cpuset 要先分到 CPU 和内存节点，才接受进程',
          },
          lesson,
          group,
        }),
      );
    }
    return steps;
  };

  const join = (path: string): Step[] => {
    checkGroup(path);
    return hierarchies.flatMap(hierarchy =>
      // `tasks` moves one thread and `cgroup.procs` a whole process, for which the kernel first stops every fork and
      // exit on the machine: 7–17 ms for an RCU grace period, against 0.03. A process with one thread may choose (5.5).
      writeFile(
        `${hierarchy.mountpoint}${path}/${hierarchy.version === 1 ? 'tasks' : 'cgroup.procs'}`,
        '0',
        slot(`tasks of ${hierarchy.controllers.join(',') || 'unified'}`),
        {
          why: {
            en: 'move this process into the group: 0 stands for the one that writes',
            zh: '把当前进程移进组：0 表示写入者自己',
          },
          lesson,
          group: `join cgroup ${path}`,
          groupWhy: {
            en: 'this process moves itself into the group in every hierarchy',
            zh: '当前进程把自己移进每个层级里的组',
          },
        },
      ),
    );
  };

  const freezer = (path: string) =>
    checkGroup(path) && at('freezer') ? file('freezer', path, 'freezer.state') : undefined;
  const setState = (path: string, state: 'FROZEN' | 'THAWED') => {
    const states = file('freezer', path, 'freezer.state');
    // Written each time: what a fork adds while the kernel freezes the others is caught by the next try.
    return eventually(5000, () => !writeGroupFile(states, state) || readGroupFile(states) === state);
  };
  const pids = (path: string) => processes(`${hierarchies[0]?.mountpoint}${checkGroup(path)}`);
  const cpuOf = (path: string) => {
    const { user = 0, system = 0 } = readCounts(file('cpuacct', path, 'cpuacct.stat'));
    const held = readCounts(file('cpu', path, 'cpu.stat'));
    const each = readGroupFile(file('cpuacct', path, 'cpuacct.usage_percpu')) ?? '';
    return {
      userNanoseconds: user * tick,
      systemNanoseconds: system * tick,
      perCpuNanoseconds: each.split(/\s+/).filter(Boolean).map(Number),
      throttling: {
        periods: held.nr_periods ?? 0,
        throttledPeriods: held.nr_throttled ?? 0,
        throttledNanoseconds: held.throttled_time ?? 0,
      },
    };
  };

  return {
    layout,
    prepare: parent => [
      ...ancestors(checkGroup(parent)).flatMap(make),
      ...make(`${parent}/shims`),
      ...join(`${parent}/shims`),
    ],
    create: (path, resources) => [
      ...make(path),
      ...settingSteps(path, limitsOnV1(resources, layout), setting => fileOf(path, setting)),
      ...deviceRules(path, resources.devices, at('devices')),
    ],
    update: (path, resources) =>
      updateGroup(limitsOnV1(resources, layout), setting => fileOf(checkGroup(path), setting)),
    announceKills: path => announceOnEventfd(`${at('memory')}${checkGroup(path)}`),
    join,
    beside: path => path,
    pids,

    freezer,
    async freeze(path) {
      if (freezer(path) === undefined) throw missing('freezer', 'pause a container', mounting('freezer'));
      if (!(await setState(path, 'FROZEN'))) {
        await setState(path, 'THAWED');
        throw busy(path, pids(path));
      }
    },

    async thaw(path) {
      if (freezer(path) !== undefined) await setState(path, 'THAWED');
    },

    thawing: path => (freezer(path) === undefined ? [] : thawSteps(freezer(path)!, 'THAWED')),

    async killAll(path) {
      const states = freezer(path);
      const empty = await eventually(5000, () => {
        // While frozen nothing forks, and no pid that was read can be freed and given to another process.
        if (states) writeGroupFile(states, 'FROZEN');
        const members = pids(path);
        for (const pid of members) kill(pid);
        if (states) writeGroupFile(states, 'THAWED');
        return members.length === 0;
      });
      if (!empty) throw busy(path, pids(path));
    },

    remove: path =>
      removeGroup(
        checkGroup(path),
        hierarchies.map(one => `${one.mountpoint}${path}`),
      ),

    oomKills(path) {
      const kills = readCount(file('memory', checkGroup(path), 'memory.oom_control'), 'oom_kill');
      return kills === undefined ? undefined : Number(kills);
    },

    stats(path) {
      checkGroup(path);
      const usageBytes = readNumber(file('memory', path, 'memory.usage_in_bytes'));
      const nanoseconds = readGroupFile(file('cpuacct', path, 'cpuacct.usage'));
      const current = readNumber(file('pids', path, 'pids.current'));
      const counters = readCounts(file('memory', path, 'memory.stat'));
      return {
        ...(usageBytes !== undefined && {
          memory: {
            usageBytes,
            peakBytes: readNumber(file('memory', path, 'memory.max_usage_in_bytes')),
            limitBytes: readNumber(file('memory', path, 'memory.limit_in_bytes')),
            inactiveFileBytes: counters.total_inactive_file ?? 0,
            counters,
          },
        }),
        ...(nanoseconds !== undefined && { cpu: { usageNanoseconds: BigInt(nanoseconds), ...cpuOf(path) } }),
        ...(current !== undefined && { pids: { current, limit: readNumber(file('pids', path, 'pids.max')) } }),
        ...block(readGroupFile(file('blkio', path, 'blkio.throttle.io_service_bytes_recursive'))),
      };
    },
  };
}

/** Of all disks together: lines like `8:0 Read 4096`. */
function block(text: string | undefined): Pick<CgroupStats, 'block'> {
  if (text === undefined) return {};
  const sum = (what: string) =>
    [...text.matchAll(new RegExp(`^\\d+:\\d+ ${what} (\\d+)$`, 'gm'))].reduce((all, [, one]) => all + Number(one), 0);
  return { block: { read: sum('Read'), written: sum('Write') } };
}

/** `/a/b` → `/a`, `/a/b`. */
function ancestors(path: string): string[] {
  const names = path.split('/').slice(1);
  return names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process ended by itself: killAll looks at the group again.
  }
}
