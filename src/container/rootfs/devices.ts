import path from 'node:path';
import type { Device } from '../../oci/runtime-spec.ts';
import { pathData } from '../../storage/path-data.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import { call, close } from '../../syscalls/calls.ts';
import { str } from '../../syscalls/data.ts';
import type { Step } from '../../syscalls/step.ts';
import { AT, S } from '../../syscalls/uapi/flags.ts';
import type { Architecture } from '../../syscalls/uapi/numbers.ts';
import { walk } from './mount-point.ts';

/** Nodes that every program expects (OCI config-linux.md, "Default Devices"): name, major, minor. */
const nodes = [
  ['null', 1, 3],
  ['zero', 1, 5],
  ['full', 1, 7],
  ['random', 1, 8],
  ['urandom', 1, 9],
  ['tty', 5, 0],
] as const;

const links = [
  ['/proc/self/fd', 'fd'],
  ['/proc/self/fd/0', 'stdin'],
  ['/proc/self/fd/1', 'stdout'],
  ['/proc/self/fd/2', 'stderr'],
  ['/proc/kcore', 'core'],
  ['pts/ptmx', 'ptmx'],
] as const;

const about = {
  lesson: 'proc-sys-dev' as const,
  group: 'devices',
  groupWhy: {
    en: 'the devices that every program expects, and links to the open files of a process',
    zh: '每个程序都需要的设备，以及指向进程已打开文件的链接',
  },
};

/**
 * Child section, in the container's new /dev: makes the default device nodes. Which of them may be opened, the cgroup decides.
 */
export function deviceNodes(): Step[] {
  return [
    ...nodes.map(([name, major, minor]) =>
      call('mknodat', [AT.AT_FDCWD, str(`/dev/${name}`), S.S_IFCHR | 0o666, (major << 8) | minor], {
        ...about,
        why: {
          en: 'every program expects this device; disks and memory of the host get none',
          zh: '每个程序都需要这个设备；宿主机的磁盘和内存则没有设备节点',
        },
      }),
    ),
    ...links.map(([target, name]) =>
      call('symlinkat', [str(target), AT.AT_FDCWD, str(`/dev/${name}`)], {
        ...about,
        why: {
          en: 'programs expect this link into /proc or to the pseudo-terminals',
          zh: '程序需要这个链接，它指向 /proc 或伪终端',
        },
      }),
    ),
  ];
}

/** A device of `linux.devices`. */
export interface PlacedDevice extends Device {
  /** `path` with the links of the image resolved. */
  target: ByteString;
}

const types = { c: S.S_IFCHR, u: S.S_IFCHR, b: S.S_IFBLK, p: S.S_IFIFO } as const;

/**
 * Child section, in the container's new /dev, before any mount of a user's: makes the nodes that were asked for. A file that is
 * there already (/dev/null, say) is replaced. For a node in another directory each name on the way is opened by itself, and no
 * link is followed.
 */
export function moreDevices(devices: readonly PlacedDevice[], arch: Architecture): Step[] {
  return devices.flatMap(device => {
    const about = {
      lesson: 'proc-sys-dev' as const,
      group: `device ${device.path}`,
      groupWhy: {
        en: 'make a device node that was asked for; whether it may be opened, the cgroup says',
        zh: '创建用户要求的设备节点；能不能打开由 cgroup 决定',
      },
    };
    const { steps, held } = walk({ target: path.posix.dirname(device.target), kind: 'directory' }, about, arch);
    const name = pathData(path.posix.basename(device.target));
    const { uid = 0, gid = 0, fileMode = 0o666 } = device;
    return [
      ...steps,
      call('unlinkat', [held, name, 0], {
        ...about,
        why: { en: 'remove a node of this name, if there is one', zh: '若已有同名的节点，就把它删除' },
        tolerate: ['ENOENT'],
      }),
      call('mknodat', [held, name, types[device.type] | fileMode, deviceNumber(device)], {
        ...about,
        why: {
          en: `make the node of device ${device.major ?? 0}:${device.minor ?? 0}`,
          zh: `创建设备 ${device.major ?? 0}:${device.minor ?? 0} 的节点`,
        },
      }),
      ...(uid === 0 && gid === 0
        ? []
        : [
            call('fchownat', [held, name, uid, gid, AT.AT_SYMLINK_NOFOLLOW], {
              ...about,
              why: { en: 'give the node the owner that it has on the host', zh: '让节点的属主与宿主机上的一样' },
            }),
          ]),
      close(held, {
        ...about,
        why: { en: 'the node is made, so its directory need not be held', zh: '节点已经建好，不必再留住它的目录' },
      }),
    ];
  });
}

/** makedev(3) as mknod(2) takes it: 12 bits of the major number, 20 of the minor one. */
function deviceNumber({ major = 0, minor = 0 }: Device): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}
