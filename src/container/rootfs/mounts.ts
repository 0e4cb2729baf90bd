import { type CgroupMount, cgroupMountsFor } from '../../host/cgroup-layout.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Mount, Spec } from '../../oci/runtime-spec.ts';
import { call, expect, mkdir, mount } from '../../syscalls/calls.ts';
import { room, str } from '../../syscalls/data.ts';
import type { Step } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { AT, MS, PROC_SUPER_MAGIC } from '../../syscalls/uapi/flags.ts';
import type { Bind } from './binds.ts';
import { parseOptions } from './mount-options.ts';

const lesson = 'proc-sys-dev' as const;

/** What each of the kernel's file systems is for, in one sentence. */
const reasons: Record<string, Text> = {
  '/dev': {
    en: 'a file system in memory holds the few devices of the container',
    zh: '内存中的文件系统，存放容器仅有的几个设备',
  },
  '/dev/shm': {
    en: 'shared memory (shm_open) that only this container sees',
    zh: '只有这个容器看得见的共享内存（shm_open）',
  },
  proc: {
    en: 'procfs shows the processes of this PID namespace, and no others',
    zh: 'procfs 只显示这个 PID 命名空间里的进程',
  },
  sysfs: { en: "sysfs shows the kernel's devices, read-only", zh: 'sysfs 以只读方式显示内核的设备' },
  tmpfs: { en: 'a file system in memory that only this container sees', zh: '只有这个容器看得见的内存文件系统' },
  devpts: {
    en: 'devpts gives the container pseudo-terminals of its own, numbered from 0',
    zh: 'devpts 为容器提供自己的伪终端，从 0 开始编号',
  },
  mqueue: {
    en: 'mqueue shows the POSIX message queues of this IPC namespace',
    zh: 'mqueue 显示这个 IPC 命名空间的 POSIX 消息队列',
  },
};

const kernelTypes = ['proc', 'sysfs', 'devpts', 'mqueue', 'cgroup', 'cgroup2'];

/**
 * Whether a mount is one of the kernel's file systems or contains them. These are mounted first, on paths of ours. The others
 * go where the image and the user may have put links.
 */
export function isKernelMount({ type, destination }: Pick<Mount, 'type' | 'destination'>): boolean {
  return kernelTypes.includes(type) || (type === 'tmpfs' && ['/dev', '/dev/shm'].includes(destination));
}

/**
 * Child section, after the host is gone: mounts one of the file systems that every container has. The mount point is made where
 * the image lacks it, or has something else there. After proc is mounted, `expect` checks that it is a real procfs, before any
 * path of it is masked (CVE-2019-19921).
 */
export function kernelMount(one: Mount, facts: HostFacts): Step[] {
  if (one.type === 'cgroup') return cgroupMounts(one, facts);
  const { flags, data } = parseOptions(one.options);
  const group = `mount ${one.destination}`;
  const about = {
    why: reasons[one.destination] ??
      reasons[one.type] ?? {
        en: `mount the ${one.type} file system of the configuration`,
        zh: `挂载配置里的 ${one.type} 文件系统`,
      },
    lesson,
    group,
  };
  const steps: Step[] = [
    ...makeDirectory(one.destination, group),
    mount(one.source, one.destination, one.type, flags, data || null, about),
  ];
  return one.type === 'proc' ? [...steps, ...expectProc(one.destination, group)] : steps;
}

/**
 * mkdir -p, one step a component. What lies directly below / is a directory and no link of the image, as in Docker: with /proc
 * elsewhere a volume could be mounted over it, and our own /proc/self/fd/N would lead where that volume says.
 */
function makeDirectory(path: string, group: string): Step[] {
  const parts = path.split('/').filter(Boolean);
  const clear = call('unlinkat', [AT.AT_FDCWD, str(path), 0], {
    why: {
      en: 'remove a link or file that the image has in place of the mount point; a directory stays',
      zh: '镜像在挂载点的位置若放了链接或文件，就把它删除；目录则保留',
    },
    lesson,
    group,
    tolerate: ['EISDIR', 'ENOENT'],
  });
  const make = parts.map((_, i) =>
    mkdir(`/${parts.slice(0, i + 1).join('/')}`, 0o755, {
      why: { en: 'create the mount point, in case the image has none', zh: '创建挂载点，以防镜像里没有' },
      lesson,
      group,
      tolerate: ['EEXIST'],
    }),
  );
  return parts.length === 1 ? [clear, ...make] : make;
}

function expectProc(path: string, group: string): Step[] {
  const statfs = room(128, `<statfs of ${path}>`);
  const magic = new Uint8Array(4);
  new DataView(magic.buffer).setUint32(0, PROC_SUPER_MAGIC, true);
  return [
    call('statfs', [str(`${path}/self`), statfs], {
      why: { en: 'ask which file system is really mounted here', zh: '查询这里实际挂载的是什么文件系统' },
      lesson,
      group,
    }),
    expect(statfs, 0, magic, {
      why: {
        en: '/proc must be a real procfs, since later steps rely on it (CVE-2019-19921)',
        zh: '/proc 必须是真正的 procfs，因为后面的步骤都依赖它（CVE-2019-19921）',
      },
      lesson,
      group,
    }),
  ];
}

/**
 * The binds of the container's own groups, one for each hierarchy, for hosts without cgroup namespaces, where `kernelMount`
 * cannot mount a hierarchy.
 */
export function ownGroups({ mounts, linux }: Spec, facts: HostFacts): Bind[] {
  const one = mounts.find(({ type }) => type === 'cgroup');
  const hasNamespace = linux.namespaces.some(({ type }) => type === 'cgroup');
  if (one === undefined || hasNamespace || !facts.features.openTree) return [];
  const { flags } = parseOptions(one.options);
  return cgroupMountsFor(facts.cgroup).map(({ hostMountpoint, directory }) => {
    const target = directory === '' ? one.destination : `${one.destination}/${directory}`;
    return {
      source: hostMountpoint + linux.cgroupsPath,
      target,
      destination: target,
      kind: 'directory',
      readonly: (flags & MS.MS_RDONLY) !== 0,
      flags: flags & ~MS.MS_RDONLY,
      propagation: MS.MS_PRIVATE | MS.MS_REC,
    };
  });
}

/** A tmpfs with each hierarchy in it, rooted at the container's own group, all read-only. */
function cgroupMounts(one: Mount, facts: HostFacts): Step[] {
  const group = `mount ${one.destination}`;
  const { flags } = parseOptions(one.options);
  const groupWhy = {
    en: 'the container sees its own cgroup as root, read-only: it cannot change its limits',
    zh: '在容器看来，自己的 cgroup 就是根，而且只读：无法修改自己的限额',
  };
  const about = { lesson: 'cgroups' as const, group, groupWhy };
  const root = {
    ...about,
    why: {
      en: "mount the hierarchy with the container's own cgroup as its root",
      zh: '挂载这个层级，以容器自己的 cgroup 为根',
    },
  };
  // Without a cgroup namespace of its own (Linux 4.6) a new mount would show every group of the host: instead the container's own
  // groups are bound, for which open_tree is needed (ownGroups).
  const { cgroupNamespace, openTree } = facts.features;
  const visible = cgroupNamespace || openTree ? cgroupMountsFor(facts.cgroup) : [];
  if (visible[0]?.directory === '')
    return cgroupNamespace
      ? [...makeDirectory(one.destination, group), mount('cgroup2', one.destination, 'cgroup2', flags, null, root)]
      : [];
  const at = (name: string) => `${one.destination}/${name}`;
  return [
    ...makeDirectory(one.destination, group),
    mount('tmpfs', one.destination, 'tmpfs', flags & ~MS.MS_RDONLY, 'mode=755', {
      ...about,
      why: {
        en: 'a file system in memory will hold a mount point for each hierarchy',
        zh: '内存中的文件系统，用来放置各个层级的挂载点',
      },
    }),
    ...visible.flatMap((hierarchy: CgroupMount) => [
      mkdir(at(hierarchy.directory), 0o755, {
        ...about,
        why: { en: 'create the mount point of a cgroup hierarchy', zh: '创建 cgroup 层级的挂载点' },
      }),
      ...(cgroupNamespace
        ? [mount(hierarchy.type, at(hierarchy.directory), hierarchy.type, flags, hierarchy.options || null, root)]
        : []),
      ...hierarchy.links.map(link =>
        call('symlinkat', [str(hierarchy.directory), AT.AT_FDCWD, str(at(link))], {
          ...about,
          why: { en: 'make the controller known by its own name too', zh: '让这个控制器也能用自己的名字找到' },
        }),
      ),
    ]),
    ...((flags & MS.MS_RDONLY) === 0
      ? []
      : [
          mount(null, one.destination, null, flags | MS.MS_REMOUNT, 'mode=755', {
            ...about,
            why: {
              en: 'make the directory of the hierarchies read-only, now that all are mounted',
              zh: '各个层级都已挂载，把存放它们的目录改为只读',
            },
          }),
        ]),
  ];
}
