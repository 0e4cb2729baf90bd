import { call, mount } from '../../syscalls/calls.ts';
import { str } from '../../syscalls/data.ts';
import type { Step } from '../../syscalls/step.ts';
import { AT, MNT } from '../../syscalls/uapi/flags.ts';

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
      why: 'the layers are named from here: all options together must fit into 4096 bytes',
      lesson,
    }),
    mount('overlay', overlay.target, 'overlay', 0, data, {
      why: `read-only layers shared with other containers (${overlay.lower.length} here), one writable layer on top`,
      lesson,
    }),
  ];
}

/** Colons part layers and commas options. */
function escapeOption(path: string): string {
  return path.replace(/[\\:,]/g, '\\$&');
}

/**
 * Child section: `root` (a mount point) becomes "/", and the host's file system is no longer there at all. Between
 * pivot_root and umount2 the old root lies on top of the new one, and a symlink of the image could still lead there;
 * no path of the image is looked up before it is gone.
 */
export function pivotRoot(root: string): Step[] {
  return [
    call('chdir', [str(root)], { why: 'the new root, about to be "."', lesson: 'pivot-root' }),
    call('pivot_root', [str('.'), str('.')], {
      why: 'the new root becomes "/"; the old one is stacked upon it',
      lesson: 'pivot-root',
    }),
    call('umount2', [str('.'), MNT.MNT_DETACH], {
      why: "the host's file system leaves this namespace: no path leads back",
      lesson: 'pivot-root',
    }),
    call('chdir', [str('/')], { why: 'into the new root', lesson: 'pivot-root' }),
  ];
}

/** Child section, in the new root: /.dockerenv, the empty file by which programs recognise a Docker container. */
export function containerMarker(): Step[] {
  return [
    call('mknodat', [AT.AT_FDCWD, str('/.dockerenv'), 0o100755, 0], {
      why: 'programs look for this file to see whether they run in a container',
      lesson: 'overlay-layers',
      tolerate: ['EEXIST'],
    }),
  ];
}
