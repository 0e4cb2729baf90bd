import { type CgroupMount, cgroupMountsFor } from '../../host/cgroup-layout.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Mount } from '../../oci/runtime-spec.ts';
import { call, expect, mkdir, mount } from '../../syscalls/calls.ts';
import { room, str } from '../../syscalls/data.ts';
import type { Step } from '../../syscalls/step.ts';
import { AT, MS, PROC_SUPER_MAGIC } from '../../syscalls/uapi/flags.ts';
import { parseOptions } from './mount-options.ts';

const lesson = 'proc-sys-dev' as const;

/** What each of the kernel's file systems is for, in one sentence. */
const reasons: Record<string, string> = {
  '/dev': 'a directory in memory, for a few devices of its own',
  '/dev/shm': 'shared memory (shm_open) of this container alone',
  proc: 'the processes of this PID namespace, and no others',
  sysfs: "the kernel's devices, read-only",
  tmpfs: 'memory that only this container sees',
  devpts: 'pseudo-terminals of its own, numbered from 0',
  mqueue: 'POSIX message queues of this IPC namespace',
};

/**
 * Child section, after the host is gone: one of the file systems that every container has. Its mount point is made where
 * the image lacks it; one that is a link in the image leads somewhere in the image, where it does no harm, and for proc
 * `expect` sees to it that /proc is a real one before any mask is put on it (CVE-2019-19921).
 */
export function kernelMount(one: Mount, facts: HostFacts): Step[] {
  if (one.type === 'cgroup') return cgroupMounts(one, facts);
  const { flags, data } = parseOptions(one.options);
  const group = `mount ${one.destination}`;
  const about = { why: reasons[one.destination] ?? reasons[one.type] ?? `a ${one.type} file system`, lesson, group };
  const steps: Step[] = [
    ...makeDirectory(one.destination, group),
    mount(one.source, one.destination, one.type, flags, data || null, about),
  ];
  return one.type === 'proc' ? [...steps, ...expectProc(one.destination, group)] : steps;
}

/** mkdir -p, one step a component. Resolved in the container's own root: a link leads to another place in it. */
function makeDirectory(path: string, group: string): Step[] {
  const parts = path.split('/').filter(Boolean);
  return parts.map((_, i) =>
    mkdir(`/${parts.slice(0, i + 1).join('/')}`, 0o755, {
      why: 'the mount point, where the image has none',
      lesson,
      group,
      tolerate: ['EEXIST'],
    }),
  );
}

function expectProc(path: string, group: string): Step[] {
  const statfs = room(128, `<statfs of ${path}>`);
  const magic = new Uint8Array(4);
  new DataView(magic.buffer).setUint32(0, PROC_SUPER_MAGIC, true);
  return [
    call('statfs', [str(`${path}/self`), statfs], { why: 'what is mounted there really?', lesson, group }),
    expect(statfs, 0, magic, { why: 'it must be the real procfs: masks and ids are read through it', lesson, group }),
  ];
}

/** A tmpfs with each hierarchy in it, rooted at the container's own group, all read-only. */
function cgroupMounts(one: Mount, facts: HostFacts): Step[] {
  const group = `mount ${one.destination}`;
  const { flags } = parseOptions(one.options);
  const why = "the container's own cgroup as root, read-only: it sees its limits and cannot change them";
  const about = { why, lesson: 'cgroups' as const, group };
  // Without cgroup namespaces (before 4.6) a fresh mount would show every group of the host: better none.
  const visible = facts.features.cgroupNamespace ? cgroupMountsFor(facts.cgroup) : [];
  if (visible[0]?.directory === '')
    return [...makeDirectory(one.destination, group), mount('cgroup2', one.destination, 'cgroup2', flags, null, about)];
  const at = (name: string) => `${one.destination}/${name}`;
  return [
    ...makeDirectory(one.destination, group),
    mount('tmpfs', one.destination, 'tmpfs', flags & ~MS.MS_RDONLY, 'mode=755', about),
    ...visible.flatMap((hierarchy: CgroupMount) => [
      mkdir(at(hierarchy.directory), 0o755, about),
      mount(hierarchy.type, at(hierarchy.directory), hierarchy.type, flags, hierarchy.options || null, about),
      ...hierarchy.links.map(link => call('symlinkat', [str(hierarchy.directory), AT.AT_FDCWD, str(at(link))], about)),
    ]),
    mount(null, one.destination, null, flags | MS.MS_REMOUNT | MS.MS_RDONLY, 'mode=755', about),
  ];
}
