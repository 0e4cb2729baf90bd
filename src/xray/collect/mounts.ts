import { type DetailedMount, unescapeField } from '../../host/mountinfo.ts';
import type { MountSeen } from '../model.ts';

/**
 * The mounts of a container in the kernel's order, each with the place where the host has the same directory.
 *
 * @param host the mounts of our own mount namespace
 */
export function mountsSeen(mounts: readonly DetailedMount[], host: readonly DetailedMount[]): MountSeen[] {
  return mounts.map(mount => {
    const hostPath = onHost(mount, host);
    return {
      id: mount.id,
      parent: mount.parent,
      target: unescapeField(mount.target),
      type: mount.type,
      source: unescapeField(mount.source),
      root: unescapeField(mount.root),
      ...(hostPath !== undefined && { hostPath }),
      options: mount.options,
      propagation: mount.propagation || 'private',
    };
  });
}

/** By device: a mount of the same file system whose root holds the directory; the one whose root is nearest. */
function onHost({ device, root }: DetailedMount, host: readonly DetailedMount[]): string | undefined {
  const wanted = unescapeField(root);
  const holders = host
    .filter(mount => mount.device === device)
    .map(mount => ({ root: unescapeField(mount.root), target: unescapeField(mount.target) }))
    .filter(mount => mount.root === '/' || wanted === mount.root || wanted.startsWith(`${mount.root}/`));
  const best = holders.toSorted((a, b) => b.root.length - a.root.length)[0];
  if (best === undefined) return undefined;
  const below = best.root === '/' ? wanted : wanted.slice(best.root.length);
  return `${best.target === '/' ? '' : best.target}${below === '/' ? '' : below}` || '/';
}
