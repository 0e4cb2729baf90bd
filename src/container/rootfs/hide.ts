import type { HostFacts } from '../../host/facts.ts';
import { call, expect, mount, open } from '../../syscalls/calls.ts';
import { room } from '../../syscalls/data.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import { MS, O } from '../../syscalls/uapi/flags.ts';

const lesson = 'capabilities-and-seccomp' as const;

/**
 * Child section: masks paths of /proc and /sys that reveal or change too much: files by /dev/null, directories by an empty
 * tmpfs.
 */
export function maskPaths(paths: readonly string[], facts: HostFacts): Step[] {
  const present = paths.filter(path => facts.hidden[path] !== undefined);
  if (present.length === 0) return [];
  return [...expectNull(facts), ...present.map(path => mask(path, facts.hidden[path]!))];
}

const masks = {
  lesson,
  group: 'mask paths',
  groupWhy: {
    en: 'empty files and directories cover paths that would tell about the host',
    zh: '用空文件和空目录盖住会透露宿主机信息的路径',
  },
};

function mask(path: string, kind: 'file' | 'directory'): Step {
  // A path of the host may be missing in the container's namespaces.
  const about = {
    ...masks,
    why: kind === 'file' ? fileWhy : directoryWhy,
    tolerate: ['ENOENT'] as const,
  };
  return kind === 'file'
    ? mount('/dev/null', path, null, MS.MS_BIND, null, about)
    : mount('tmpfs', path, 'tmpfs', MS.MS_RDONLY | MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC, 'size=0', about);
}

const fileWhy = {
  en: 'cover a file that would tell about the host with /dev/null',
  zh: '用 /dev/null 盖住会透露宿主机信息的文件',
};
const directoryWhy = {
  en: 'cover a directory that would tell about the host with an empty one',
  zh: '用空目录盖住会透露宿主机信息的目录',
};

/** A mask is only as good as the file it is made of: it must be the null device (CVE-2025-31133). */
function expectNull(facts: HostFacts): Step[] {
  const nullFd = slot('null');
  const stat = room(144, '<fstat of /dev/null>');
  const device = new Uint8Array(8);
  device.set([3, 1]);
  return [
    open('/dev/null', O.O_PATH, {
      ...masks,
      why: { en: 'open /dev/null, which will cover other files', zh: '打开 /dev/null，接下来用它盖住其他文件' },
      save: nullFd,
    }),
    call('fstat', [nullFd, stat], {
      ...masks,
      why: { en: 'ask which device /dev/null really is', zh: '查询 /dev/null 实际上是哪个设备' },
    }),
    // st_rdev follows three 64-bit and four 32-bit fields on x86_64, two and four on arm64 (asm/stat.h).
    expect(stat, facts.arch === 'x64' ? 40 : 32, device, {
      ...masks,
      why: {
        en: '/dev/null must be device 1:3, or the masks would show another file (CVE-2025-31133)',
        zh: '/dev/null 必须是设备 1:3，否则遮盖之处会露出别的文件（CVE-2025-31133）',
      },
    }),
    call('close', [nullFd], {
      ...masks,
      why: {
        en: '/dev/null is checked, so its descriptor is not needed',
        zh: '/dev/null 已经检查过，不再需要它的描述符',
      },
    }),
  ];
}

/** Child section: makes paths of /proc read-only, also for root. */
export function readonlyPaths(paths: readonly string[], facts: HostFacts): Step[] {
  const about = {
    lesson,
    group: 'read-only paths',
    groupWhy: {
      en: 'settings of the whole kernel can be read here, but not changed',
      zh: '整个内核的参数：可以读，不可以改',
    },
    tolerate: ['ENOENT'] as const,
  };
  return paths
    .filter(path => facts.hidden[path] !== undefined)
    .flatMap(path => [
      mount(path, path, null, MS.MS_BIND | MS.MS_REC, null, {
        ...about,
        why: {
          en: 'bind the path onto itself, so that it can have mount flags of its own',
          zh: '把路径绑定挂载到自身，好给它单独的挂载标志',
        },
      }),
      // A remount sets all flags anew: those of /proc must be named again.
      mount(
        path,
        path,
        null,
        MS.MS_BIND | MS.MS_REMOUNT | MS.MS_RDONLY | MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC,
        null,
        {
          ...about,
          why: {
            en: 'make this mount read-only: its settings belong to the whole kernel',
            zh: '把这个挂载改为只读：其中的参数属于整个内核',
          },
        },
      ),
    ]);
}
