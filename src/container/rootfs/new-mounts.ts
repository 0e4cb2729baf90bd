import { textOf } from '../../storage/bytes.ts';
import { close, mount } from '../../syscalls/calls.ts';
import type { Step } from '../../syscalls/step.ts';
import type { Architecture } from '../../syscalls/uapi/numbers.ts';
import { groupOf, type MountTarget, mountPoint } from './mount-point.ts';

/**
 * A file system in memory that is made for the container, at a path where the image or a user may have put links: `--tmpfs`.
 */
export interface NewMount extends MountTarget {
  type: string;
  source: string;
  /** Of mount(2). */
  flags: number;
  /** Options of the file system: `size=64m`. */
  data: string;
}

/** Child section, after the host is gone and with /proc mounted: the mount point is held, so that no link is followed. */
export function mountNew(one: NewMount, arch: Architecture): Step[] {
  const about = { lesson: 'volumes' as const, group: groupOf(one) };
  const place = mountPoint(one, arch);
  return [
    ...place.steps,
    mount(one.source, place.path, one.type, one.flags, one.data || null, {
      ...about,
      why: {
        en: `mount a new ${one.type} at ${textOf(one.target)}, which only this container sees`,
        zh: `在 ${textOf(one.target)} 挂载新的 ${one.type}，只有这个容器看得见`,
      },
    }),
    close(place.held, {
      ...about,
      why: { en: 'the mount is in place, so its mount point need not be held', zh: '挂载已经就位，不必再留住挂载点' },
    }),
  ];
}
