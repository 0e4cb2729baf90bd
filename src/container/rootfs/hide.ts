import type { HostFacts } from '../../host/facts.ts';
import { call, expect, mount, open } from '../../syscalls/calls.ts';
import { room } from '../../syscalls/data.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import { MS, O } from '../../syscalls/uapi/flags.ts';

const lesson = 'capabilities-and-seccomp' as const;

/** Child section: covers paths of /proc and /sys that tell or change too much: files by /dev/null, directories by nothing. */
export function maskPaths(paths: readonly string[], facts: HostFacts): Step[] {
  const present = paths.filter(path => facts.hidden[path] !== undefined);
  if (present.length === 0) return [];
  return [...expectNull(facts), ...present.map(path => mask(path, facts.hidden[path]!))];
}

const masks = {
  lesson,
  group: 'mask paths',
  groupWhy: 'what the kernel would tell about the host stays hidden: an empty file or directory lies upon it',
};

function mask(path: string, kind: 'file' | 'directory'): Step {
  // A path of the host may be missing in the container's namespaces.
  const about = {
    ...masks,
    why: 'what the kernel would tell about the host stays hidden',
    tolerate: ['ENOENT'] as const,
  };
  return kind === 'file'
    ? mount('/dev/null', path, null, MS.MS_BIND, null, about)
    : mount('tmpfs', path, 'tmpfs', MS.MS_RDONLY | MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC, 'size=0', about);
}

/** A mask is only as good as the file it is made of: it must be the null device (CVE-2025-31133). */
function expectNull(facts: HostFacts): Step[] {
  const nullFd = slot('null');
  const stat = room(144, '<fstat of /dev/null>');
  const device = new Uint8Array(8);
  device.set([3, 1]);
  return [
    open('/dev/null', O.O_PATH, { ...masks, why: 'the file that will cover others', save: nullFd }),
    call('fstat', [nullFd, stat], { ...masks, why: 'which device is it?' }),
    // st_rdev follows three 64-bit and four 32-bit fields on x86_64, two and four on arm64 (asm/stat.h).
    expect(stat, facts.arch === 'x64' ? 40 : 32, device, { ...masks, why: 'it must be the null device, 1:3' }),
    call('close', [nullFd], { ...masks, why: 'done with it' }),
  ];
}

/** Child section: parts of /proc that root may read and not write. */
export function readonlyPaths(paths: readonly string[], facts: HostFacts): Step[] {
  const about = {
    why: 'settings of the whole kernel: to be read, not changed',
    lesson,
    group: 'read-only paths',
    tolerate: ['ENOENT'] as const,
  };
  return paths
    .filter(path => facts.hidden[path] !== undefined)
    .flatMap(path => [
      mount(path, path, null, MS.MS_BIND | MS.MS_REC, null, about),
      // A remount sets all flags anew: those of /proc must be named again.
      mount(
        path,
        path,
        null,
        MS.MS_BIND | MS.MS_REMOUNT | MS.MS_RDONLY | MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC,
        null,
        about,
      ),
    ]);
}
