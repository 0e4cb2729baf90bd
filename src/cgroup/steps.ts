import type { Linux } from '../oci/runtime-spec.ts';
import { writeFile } from '../syscalls/calls.ts';
import { type Step, type Supervise, slot } from '../syscalls/step.ts';
import type { CgroupDriver } from './driver.ts';

/** Host section: the engine's own group, and the shim out of the caller's. */
export function cgroupParent(driver: CgroupDriver, parent: string): Step[] {
  return driver.prepare(parent);
}

/** Host section: the container's group, with its limits, before any process is in it. */
export function cgroupLimits(driver: CgroupDriver, linux: Pick<Linux, 'cgroupsPath' | 'resources'>): Step[] {
  return driver.create(linux.cgroupsPath, linux.resources);
}

/** Host section: the supervisor is told at once when the kernel ends a process at the memory limit; later only the group's count shows it. */
export function announceKills(
  driver: CgroupDriver,
  { cgroupsPath }: Pick<Linux, 'cgroupsPath'>,
): { host: Step[]; supervise: Pick<Supervise, 'bell' | 'counter' | 'counterWord'> } {
  return driver.announceKills(cgroupsPath);
}

/** Child section: the new process moves into the container's group. */
export function joinCgroup(driver: CgroupDriver, linux: Pick<Linux, 'cgroupsPath'>): Step[] {
  return driver.join(linux.cgroupsPath);
}

/** Writes into the kernel's file of a freezer what lets the processes of the group go on. */
export const thawSteps = (file: string, word: string): Step[] =>
  writeFile(file, word, slot('freezer'), {
    why: {
      en: 'let the processes of the group go on, whoever stopped them',
      zh: '让组里的进程继续运行，不论是谁停下的',
    },
    lesson: 'cgroups',
    group: 'thaw',
  });
