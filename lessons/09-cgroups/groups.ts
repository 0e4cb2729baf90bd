import fs from 'node:fs';
import path from 'node:path';
import { cgroupDriver } from '../../src/cgroup/choose.ts';
import type { CgroupDriver } from '../../src/cgroup/driver.ts';
import { readCount, readGroupFile, readNumber } from '../../src/cgroup/files.ts';
import { resourcesFor } from '../../src/cgroup/limits.ts';
import { type HostFacts, hostFacts } from '../../src/host/facts.ts';
import type { Resources } from '../../src/oci/runtime-spec.ts';

/** What the lesson limits; other controllers would be more of the same. */
const controllers = ['memory', 'pids'] as const;
type Controller = (typeof controllers)[number];

const PREFIX = 'minidock-lesson-';

/** As `minidock run --memory 64m --pids-limit 8`; device rules have a lesson of their own (07). */
export const limits = (): Resources => ({
  ...resourcesFor({ memory: 64 << 20, pidsLimit: 8 }, { cpus: hostFacts().cpus }),
  devices: [],
});

/** The engine's driver for this host, with the hierarchies that the lesson needs. */
export function cgroups(facts: HostFacts = hostFacts()): CgroupDriver {
  const layout = facts.cgroup;
  const hierarchies = layout.hierarchies.filter(
    one => controllers.some(name => one.controllers.includes(name)) || (layout.kind === 'v2' && one.version === 2),
  );
  return cgroupDriver({ ...layout, hierarchies, cpuset: undefined });
}

export const isVersion2 = () => hostFacts().cgroup.kind === 'v2';

/** The parent of all groups of one lesson; named as its directory is, so that two lessons have two. */
export const parentOf = (scratch: string) => `/${path.basename(scratch)}`;
export const groupOf = (scratch: string) => `${parentOf(scratch)}/box`;

/** Where the files of a controller are, for a group; of the root group without one. */
export function directoryOf(controller: Controller, group = ''): string {
  const { hierarchies } = cgroups().layout;
  const found = hierarchies.find(one => one.controllers.includes(controller)) ?? hierarchies[0];
  return `${found?.mountpoint}${group}`;
}

/** The names that each version gives to the same things. */
const names = {
  1: {
    limit: 'memory.limit_in_bytes',
    usage: 'memory.usage_in_bytes',
    peak: 'memory.max_usage_in_bytes',
    events: 'memory.oom_control',
  },
  2: { limit: 'memory.max', usage: 'memory.current', peak: 'memory.peak', events: 'memory.events' },
} as const;

export const namesHere = () => names[isVersion2() ? 2 : 1];
export const namesElsewhere = () => names[isVersion2() ? 1 : 2];

/** `8`, or `none` where the file is missing or says that there is no limit. */
export function limitOf(controller: Controller, group?: string): string {
  const name = controller === 'memory' ? namesHere().limit : 'pids.max';
  return String(readNumber(`${directoryOf(controller, group)}/${name}`) ?? 'none');
}

/** How often the kernel ended a process of the group; empty where it does not count that (before 4.13). */
export const oomKills = (group: string) => counts(`${directoryOf('memory', group)}/${namesHere().events}`, 'oom_kill');

/** How often the kernel refused a fork; empty where it does not count that (before 4.8). */
export const refusedForks = (group: string) => counts(`${directoryOf('pids', group)}/pids.events`, 'max');

function counts(file: string, key: string): string[] {
  const found = readCount(file, key);
  return found === undefined ? [] : [String(found)];
}

export const pidsIn = (controller: Controller, group: string) =>
  (readGroupFile(`${directoryOf(controller, group)}/cgroup.procs`) ?? '').split('\n').filter(Boolean);

/** Path of the group in the line of /proc/PID/cgroup that speaks of this controller. */
export function groupLine(pid: number, controller: Controller): string {
  const lines = fs.readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
  const wanted = isVersion2() ? /^0::(.*)$/ : new RegExp(`^\\d+:(?:[^:]*,)?${controller}(?:,[^:]*)?:(.*)$`);
  return lines.map(line => wanted.exec(line)?.[1]).find(found => found !== undefined) ?? '–';
}

/** The group's files with what is in them. */
export function filesOf(group: string): string[] {
  const { limit, usage, peak } = namesHere();
  const shown = [
    ...[limit, usage, peak].map(name => ['memory', name] as const),
    ...['pids.max', 'pids.current'].map(name => ['pids', name] as const),
  ];
  return shown.flatMap(([controller, name]) => {
    const file = `${directoryOf(controller, group)}/${name}`;
    const content = readGroupFile(file);
    return content === undefined ? [] : [`${file}  ${content}`];
  });
}

/** Ends all that is in a lesson's groups and removes them. */
export async function removeGroups(scratch: string): Promise<void> {
  const driver = cgroups();
  await driver.killAll(parentOf(scratch));
  await driver.remove(parentOf(scratch));
}

/** Removes what lessons left that were killed. */
export async function sweep(): Promise<void> {
  const driver = cgroups();
  const left = new Set(driver.layout.hierarchies.flatMap(({ mountpoint }) => fs.readdirSync(mountpoint)));
  for (const name of left) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !fs.existsSync(`/proc/${pid}`)) await removeGroups(name);
  }
}
