import { call } from '../syscalls/calls.ts';
import { bytes } from '../syscalls/data.ts';
import { program, type Step } from '../syscalls/step.ts';
import { AT, S } from '../syscalls/uapi/flags.ts';
import { readable } from './bytes.ts';
import { pathData } from './path-data.ts';
import type { ByteString, TarEntry } from './tar/header.ts';

/**
 * File operations that Node lacks and the native interpreter performs: device nodes, FIFOs, extended attributes. Each
 * is one step of a program with a host section only.
 */

const lesson = 'overlay-layers' as const;
/** Above this many steps a program is split: it is sent whole. */
const batch = 500;

/** mknod(2) of a device or FIFO, for root alone until its owner and mode are set. */
export function nodeStep(path: ByteString, entry: Pick<TarEntry, 'type' | 'major' | 'minor'>): Step {
  const type = entry.type === 'block' ? S.S_IFBLK : entry.type === 'fifo' ? S.S_IFIFO : S.S_IFCHR;
  const device = entry.type === 'fifo' ? 0 : makeDevice(entry.major, entry.minor);
  return call('mknodat', [AT.AT_FDCWD, pathData(path), type | 0o600, device], {
    why: { en: 'create a device node or FIFO of the image', zh: '创建镜像里的设备节点或 FIFO' },
    group: 'special files',
    lesson,
  });
}

/** overlayfs shows nothing where an upper layer has a character device 0:0 (the kernel's overlayfs.rst, "whiteouts"). */
export function whiteoutStep(path: ByteString): Step {
  return call('mknodat', [AT.AT_FDCWD, pathData(path), S.S_IFCHR, 0], {
    why: {
      en: 'create a whiteout: this layer deletes what lower layers have here',
      zh: '创建 whiteout：这一层删除下面各层在这里的内容',
    },
    group: 'whiteouts',
    lesson,
  });
}

/** overlayfs stops merging at a directory with this attribute. */
export function opaqueStep(path: ByteString): Step {
  return xattr(path, 'trusted.overlay.opaque', Buffer.from('y'), {
    why: {
      en: 'make the directory opaque: what lower layers have in it is hidden',
      zh: '把目录标记为不透明：下面各层在其中的内容被隐藏',
    },
    group: 'whiteouts',
    lesson,
  });
}

/** An attribute of the image's; a filesystem without such attributes goes without, as in Docker. */
export function xattrStep(path: ByteString, name: string, value: Buffer): Step {
  return xattr(path, name, value, {
    why: { en: 'set an extended attribute of the image', zh: '设置镜像里的扩展属性' },
    group: 'extended attributes',
    tolerate: ['ENOTSUP'],
  });
}

function xattr(path: ByteString, name: string, value: Buffer, about: Parameters<typeof call>[2]): Step {
  const content = bytes(value, readable(value.toString('latin1')));
  return call('lsetxattr', [pathData(path), pathData(name), content, value.length, 0], about);
}

/** Runs the steps in the native interpreter. @param enter go before them, also where they are split */
export async function runSteps(steps: readonly Step[], enter: readonly Step[] = []): Promise<void> {
  if (steps.length === 0) return;
  const { runHost } = await import('../syscalls/shim.ts');
  for (let at = 0; at < steps.length; at += batch)
    await runHost(program({ host: [...enter, ...steps.slice(at, at + batch)] }));
}

/** The kernel's 32-bit encoding of a device number: 12 bits of major, 20 of minor (linux/kdev_t.h). */
function makeDevice(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}
