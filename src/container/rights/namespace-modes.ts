import { MinidockError } from '../../errors.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Namespace } from '../../oci/runtime-spec.ts';
import type { NamespaceOptions } from '../options/namespaces.ts';

const words = {
  pid: { known: ['host'], wrong: () => '--pid: invalid PID mode' },
  ipc: { known: ['private', 'shareable', 'none', 'host'], wrong: (mode: string) => `Invalid IPC mode: ${mode}` },
  uts: { known: ['host'], wrong: () => '--uts: invalid UTS mode' },
  userns: { known: ['host'], wrong: () => '--userns: invalid USER mode' },
  cgroupns: { known: ['host', 'private'], wrong: () => '--cgroupns: invalid CGROUP mode' },
} as const;

/**
 * A mode of `--pid`, `--ipc`, `--uts`, `--userns` or `--cgroupns`. The empty one is the default.
 *
 * @throws {Error} in Docker's words
 */
export function readMode(kind: keyof typeof words, given: string): string | undefined {
  const { known, wrong } = words[kind];
  if (given === '') return undefined;
  if ((known as readonly string[]).includes(given)) return given;
  if ((kind === 'pid' || kind === 'ipc') && donorOf(given)) return given;
  throw new Error(wrong(given));
}

/** The container of `container:NAME`. */
function donorOf(mode: string | undefined): string | undefined {
  return mode?.startsWith('container:') ? mode.slice('container:'.length) || undefined : undefined;
}

/** The kinds of namespaces that can be another container's. */
export type Joinable = 'pid' | 'ipc' | 'network';

/** What /proc/PID/ns calls them. */
export const joinableFiles: Readonly<Record<Joinable, string>> = { pid: 'pid', ipc: 'ipc', network: 'net' };

/** The containers whose namespaces are joined, by kind. */
export function donorsOf({
  pidMode,
  ipcMode,
  network,
}: NamespaceOptions & { network: string }): { type: Joinable; donor: string }[] {
  const modes = { pid: pidMode, ipc: ipcMode, network } as const;
  return (Object.keys(modes) as Joinable[]).flatMap(type => {
    const donor = donorOf(modes[type]);
    return donor === undefined ? [] : [{ type, donor }];
  });
}

/** @throws {MinidockError} `invalid-namespace` for options that exclude each other */
export function checkModes(options: NamespaceOptions & { hostname?: string }, facts: HostFacts): void {
  if (donorOf(options.ipcMode) && !facts.features.openTree)
    throw new MinidockError('invalid-namespace', `--ipc ${options.ipcMode} needs Linux 5.2 or newer`, {
      fix: 'share a volume in place of /dev/shm, or use --ipc host',
    });
  if (options.hostname && options.utsMode === 'host')
    throw new MinidockError('invalid-namespace', 'conflicting options: hostname and the UTS mode', {
      fix: "with --uts host the container has the host's name",
    });
}

/**
 * The namespaces for the spec. One that is shared with the host is left out, one of another container is named by its path.
 *
 * @param joined the first processes of those containers
 */
export function namespacesFor(
  { pidMode, ipcMode, utsMode, cgroupnsMode }: NamespaceOptions,
  network: string,
  facts: HostFacts,
  joined: Readonly<Partial<Record<Joinable, { pid: number }>>>,
): Namespace[] {
  const own: Namespace['type'][] = ['mount'];
  if (utsMode !== 'host') own.push('uts');
  if (ipcMode !== 'host') own.push('ipc');
  if (pidMode !== 'host') own.push('pid');
  if (network !== 'host') own.push('network');
  if (facts.features.cgroupNamespace && cgroupnsMode !== 'host') own.push('cgroup');
  return own.map(type => {
    if (type !== 'pid' && type !== 'ipc' && type !== 'network') return { type };
    const other = joined[type];
    return other === undefined ? { type } : { type, path: `/proc/${other.pid}/ns/${joinableFiles[type]}` };
  });
}
