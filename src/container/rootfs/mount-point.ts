import { MinidockError } from '../../errors.ts';
import { textOf } from '../../storage/bytes.ts';
import { pathData } from '../../storage/path-data.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import { call, close, expect, open, store } from '../../syscalls/calls.ts';
import { type Data, room } from '../../syscalls/data.ts';
import type { StepError } from '../../syscalls/failure.ts';
import { type Reason, type Slot, type Step, slot } from '../../syscalls/step.ts';
import { AT, O, openFlags, S } from '../../syscalls/uapi/flags.ts';
import type { Architecture } from '../../syscalls/uapi/numbers.ts';

/** Where something is to be mounted. */
export interface MountTarget {
  /** Free of links: links of the image and of other volumes are resolved already (mount-targets.ts). */
  target: ByteString;
  /** As the user gave it. */
  destination: string;
  kind: 'file' | 'directory';
  /** f_type of statfs(2) that the mount point must have; undefined on the kernel's own file systems. */
  filesystem?: number;
}

/** The descriptor of a mount point, and its name in /proc. */
export interface MountPoint {
  steps: Step[];
  held: Slot;
  path: Data;
}

const lesson = 'volumes' as const;

export const groupOf = ({ target }: Pick<MountTarget, 'target'>) => `volume ${textOf(target)}`;

/**
 * Child section, after the host is gone: the mount point, made where it is missing, and held. Each name on the way is opened by
 * itself and followed by nothing: it may lie in a volume where another container puts links, at this very moment too, and
 * /proc would lead such a link to our own descriptors. What is held at the end is looked at once more and is what is mounted on.
 */
export function mountPoint(bind: MountTarget, arch: Architecture): MountPoint {
  const about = { lesson, group: groupOf(bind) };
  const { steps, held } = walk(bind, about, arch);
  const path = descriptorPath(held);
  steps.push(
    nameDescriptor(held, path, {
      ...about,
      why: {
        en: 'write the descriptor number of the mount point into a path below /proc/self/fd',
        zh: '把挂载点的描述符编号写进 /proc/self/fd 下的路径',
      },
    }),
    ...expectFilesystem(bind, path),
  );
  return { steps, held, path };
}

/** Opens a path free of links, and makes it where it is missing, name by name as `mountPoint` describes. */
export function walk(
  { target, kind }: Pick<MountTarget, 'target' | 'kind'>,
  about: Omit<Reason, 'why'>,
  arch: Architecture,
): { steps: Step[]; held: Slot } {
  const names = target.split('/').filter(Boolean);
  const flags = O.O_PATH | openFlags(arch).O_NOFOLLOW;
  const steps: Step[] = [];
  let above: Slot | undefined;
  if (names.length === 0) {
    above = slot('/');
    steps.push(open('/', flags, { ...about, why: openWhy, save: above }));
  }
  for (const [i, name] of names.entries()) {
    const here = slot(textOf(`/${names.slice(0, i + 1).join('/')}`));
    const [directory, path] = above === undefined ? [AT.AT_FDCWD, pathData(`/${name}`)] : [above, pathData(name)];
    steps.push(
      i === names.length - 1 && kind === 'file'
        ? call('mknodat', [directory, path, S.S_IFREG | 0o644, 0], { ...about, why: fileWhy, tolerate: ['EEXIST'] })
        : call('mkdirat', [directory, path, 0o755], { ...about, why: directoryWhy, tolerate: ['EEXIST'] }),
      call('openat', [directory, path, flags | O.O_CLOEXEC, 0], { ...about, why: openWhy, save: here }),
    );
    if (above !== undefined)
      steps.push(
        close(above, {
          ...about,
          why: {
            en: 'the next component of the path is held, so this one need not be',
            zh: '路径的下一级已经打开，这一级不必再留着',
          },
        }),
      );
    above = here;
  }
  return { steps, held: above! };
}

// O_PATH does not open the file itself: opening a fifo would block.
const fileWhy = {
  en: 'create an empty file as mount point, in case there is none',
  zh: '创建空文件作为挂载点，以防没有',
};
const directoryWhy = {
  en: 'create the mount point, or a directory on the way to it, in case there is none',
  zh: '创建挂载点或通往它的目录，以防没有',
};
const openWhy = {
  en: 'hold this name and follow no link: another container may have put one into a volume',
  zh: '打开这个名字但不跟随链接：另一个容器可能在卷里放了链接',
};

/** `/proc/self/fd/<n>`, once `nameDescriptor` has written the number. */
export function descriptorPath(held: Slot): Data {
  const path = room(32, JSON.stringify(`/proc/self/fd/<${held.name}>`));
  path.bytes.set(new TextEncoder().encode('/proc/self/fd/'));
  return path;
}

export const nameDescriptor = (held: Slot, path: Data, about: Parameters<typeof store>[4]): Step =>
  store(held, path, '/proc/self/fd/'.length, 'decimal', about);

/** By the name in /proc: fstatfs(2) of a descriptor that is a mere path takes Linux 3.12. */
function expectFilesystem(bind: MountTarget, path: Data): Step[] {
  if (bind.filesystem === undefined) return [];
  const about = { lesson, group: groupOf(bind) };
  const answer = room(128, `<statfs of ${textOf(bind.target)}>`);
  const magic = new Uint8Array(4);
  new DataView(magic.buffer).setUint32(0, bind.filesystem, true);
  return [
    call('statfs', [path, answer], {
      ...about,
      why: { en: 'ask which file system the mount point really lies on', zh: '查询挂载点实际位于哪个文件系统' },
    }),
    expect(answer, 0, magic, {
      ...about,
      why: {
        en: 'the mount point must lie on the expected file system, not on /proc, /sys or a mask',
        zh: '挂载点必须在预期的文件系统上，而不在 /proc、/sys 或遮盖它们的挂载上',
      },
    }),
  ];
}

const obstacles: Record<string, string> = {
  ENOTDIR: 'a part of the path is not a directory, or has become a symbolic link since the container was started',
  ELOOP: 'a part of the path has become a symbolic link since the container was started',
  ENOENT: 'it does not exist, and cannot be made there',
  EPERM: 'it does not exist, and cannot be made there',
  EROFS: 'it does not exist, and the directory for it is read-only',
  ENAMETOOLONG: 'a part of the path is longer than a file name may be',
  unexpected: 'it lies on another file system than it should',
};

/** The user's error where the mount point of one of `binds` could not be made; undefined for other steps. */
export function mountPointError(
  binds: readonly MountTarget[],
  { step, errno }: Pick<StepError, 'step' | 'errno'>,
): MinidockError | undefined {
  const bind = binds.find(one => groupOf(one) === step.group);
  const isOurs =
    step.op === 'expect' || (step.op === 'syscall' && ['mkdirat', 'mknodat', 'openat'].includes(step.name));
  const reason = obstacles[errno];
  if (bind === undefined || !isOurs || reason === undefined) return undefined;
  return new MinidockError('invalid-volume', `invalid mount path ${JSON.stringify(bind.destination)}: ${reason}`, {
    fix: errno === 'EROFS' ? 'create it before, or mount the volume that should hold it without :ro' : undefined,
  });
}
