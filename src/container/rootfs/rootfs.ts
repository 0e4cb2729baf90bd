import { call, mount } from '../../syscalls/calls.ts';
import { str } from '../../syscalls/data.ts';
import type { Step } from '../../syscalls/step.ts';
import { AT, MNT, MS } from '../../syscalls/uapi/flags.ts';

/** The layers of a container's root file system. */
export interface OverlayMount {
  /** Directory that the lower paths are relative to: overlay's options must fit a page of 4 KiB. */
  lowerBase: string;
  /** Read-only layers, topmost first (the kernel's order), relative to `lowerBase`. */
  lower: readonly string[];
  upper: string;
  work: string;
  /** Where it is mounted. */
  target: string;
}

const lesson = 'overlay-layers' as const;

/** Child section: the image's layers and the container's own writable one, seen as one tree (overlayfs). */
export function overlayMount(overlay: OverlayMount, options: readonly string[]): Step[] {
  const data = [
    `lowerdir=${overlay.lower.map(escapeOption).join(':')}`,
    `upperdir=${escapeOption(overlay.upper)}`,
    `workdir=${escapeOption(overlay.work)}`,
    ...options,
  ].join(',');
  return [
    call('chdir', [str(overlay.lowerBase)], {
      why: {
        en: 'name the layers relative to this directory: overlay options must fit in 4096 bytes',
        zh: '各层的路径都从这里算起：overlay 的全部选项必须放进 4096 个字节',
      },
      lesson,
    }),
    mount('overlay', overlay.target, 'overlay', 0, data, {
      why: {
        en: `merge the read-only layers of the image (${overlay.lower.length} here) with one writable layer on top`,
        zh: `把镜像的只读层（这里有 ${overlay.lower.length} 层）与上面的一个可写层合成一棵树`,
      },
      lesson,
    }),
  ];
}

/** Colons part layers and commas options. */
function escapeOption(path: string): string {
  return path.replace(/[\\:,]/g, '\\$&');
}

/**
 * Child section: `root` (a mount point) becomes "/", and the host's file system is unmounted. Between pivot_root and umount2
 * the old root lies on top of the new one, and a symbolic link of the image could lead into it; so no path of the image is
 * resolved before the umount2.
 */
export function pivotRoot(root: string): Step[] {
  return [
    call('chdir', [str(root)], {
      why: {
        en: 'enter the new root, so that pivot_root can name it "."',
        zh: '进入新的根，好让 pivot_root 用 . 指代它',
      },
      lesson: 'pivot-root',
    }),
    call('pivot_root', [str('.'), str('.')], {
      why: {
        en: 'the new root becomes "/"; the old root is stacked on top of it',
        zh: '新的根成为 /；旧的根叠在它上面',
      },
      lesson: 'pivot-root',
    }),
    call('umount2', [str('.'), MNT.MNT_DETACH], {
      why: {
        en: "detach the host's file system: no path of this namespace leads back to it",
        zh: '摘下宿主机的文件系统：这个命名空间里再没有路径通向它',
      },
      lesson: 'pivot-root',
    }),
    call('chdir', [str('/')], {
      why: { en: 'make the new root the working directory', zh: '把新的根设为工作目录' },
      lesson: 'pivot-root',
    }),
  ];
}

/** Child section, in the new root: /.dockerenv, the empty file by which programs recognise a Docker container. */
export function containerMarker(): Step[] {
  return [
    call('mknodat', [AT.AT_FDCWD, str('/.dockerenv'), 0o100755, 0], {
      why: {
        en: 'create the file by which programs recognise that they run in a container',
        zh: '创建这个文件，程序凭它判断自己运行在容器里',
      },
      lesson: 'overlay-layers',
      tolerate: ['EEXIST'],
    }),
  ];
}

/**
 * Child section, once everything in the root is made: applies `root.readonly` and `linux.rootfsPropagation`. The mounts below
 * keep flags of their own.
 */
export function settleRoot(readonly: boolean, propagation: number): Step[] {
  return [
    ...(readonly
      ? [
          mount(null, '/', null, MS.MS_BIND | MS.MS_REMOUNT | MS.MS_RDONLY, null, {
            why: {
              en: 'make the root file system read-only; mounts below it keep their own flags',
              zh: '把根文件系统改为只读；它下面的挂载保持各自的标志',
            },
            lesson,
          }),
        ]
      : []),
    ...(propagation === 0
      ? []
      : [
          mount(null, '/', null, propagation, null, {
            why: {
              en: 'set whether mounts propagate between this root and copies of it made inside',
              zh: '设置挂载是否在这个根与容器里对它的副本之间传播',
            },
            lesson: 'mount-namespace',
          }),
        ]),
  ];
}
