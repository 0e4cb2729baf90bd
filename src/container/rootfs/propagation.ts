import { MinidockError } from '../../errors.ts';
import { type Mount, mountsOf } from '../../host/mountinfo.ts';
import { MS } from '../../syscalls/uapi/flags.ts';

/**
 * Whether mounts that are made later below a volume propagate (mount_namespaces(7), "Shared subtrees"): not at all (private),
 * from the host to the container (slave), or both ways (shared). The names are Docker's; without `r` the mounts that exist
 * below the volume already are not included.
 */
export const propagations = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'] as const;
export type Propagation = (typeof propagations)[number];

/** Private and slave also apply to mounts below: otherwise those would go on propagating to the host. */
const flags: Record<Propagation, number> = {
  private: MS.MS_PRIVATE | MS.MS_REC,
  rprivate: MS.MS_PRIVATE | MS.MS_REC,
  slave: MS.MS_SLAVE | MS.MS_REC,
  rslave: MS.MS_SLAVE | MS.MS_REC,
  shared: MS.MS_SHARED,
  rshared: MS.MS_SHARED | MS.MS_REC,
};

/**
 * As mount(2) takes it.
 *
 * @param openTree whether the kernel has open_tree: only what it holds remains a peer of the host's mount
 * @throws {MinidockError} `invalid-volume` where it would not do what it says
 */
export function propagationFlags(
  { source, propagation = 'rprivate' }: { source: string; propagation?: Propagation },
  openTree: boolean,
): number {
  if (propagation.endsWith('private')) return flags[propagation];
  if (!openTree)
    throw new MinidockError(
      'invalid-volume',
      `cannot mount ${source} as ${propagation}: this needs Linux 5.2 or newer`,
      {
        fix: `leave ${propagation} out: mounts that are made later then do not propagate`,
      },
    );
  const { target, propagation: has } = mountOf(source);
  const wanted = /shared$/.test(propagation) ? ['shared'] : ['shared', 'master'];
  if (!wanted.some(word => has.includes(`${word}:`)))
    throw new MinidockError(
      'invalid-volume',
      `path ${source} is mounted on ${target} but it is not a ${wanted.join(' or ').replace('master', 'slave')} mount`,
      { fix: `mount --make-shared ${target}` },
    );
  return flags[propagation];
}

/** The mount that a path of the host, free of links, lies in; of several mounts at one place the last. */
function mountOf(file: string): Mount {
  const holds = ({ target }: Mount) => target === '/' || file === target || file.startsWith(`${target}/`);
  const mounts = mountsOf('self').map(mount => ({ ...mount, target: unescaped(mount.target) }));
  const length = Math.max(...mounts.filter(holds).map(({ target }) => target.length));
  return mounts.findLast(mount => holds(mount) && mount.target.length === length)!;
}

/** proc(5): blanks and backslashes of a path are octal numbers. */
const unescaped = (target: string) =>
  target.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
