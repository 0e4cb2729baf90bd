import { MS } from '../../syscalls/uapi/flags.ts';

/** Options of a mount in config.json that are flags of mount(2); mount(8) names them. */
const flags = new Map<string, { set?: number; clear?: number }>([
  ['ro', { set: MS.MS_RDONLY }],
  ['rw', { clear: MS.MS_RDONLY }],
  ['nosuid', { set: MS.MS_NOSUID }],
  ['suid', { clear: MS.MS_NOSUID }],
  ['nodev', { set: MS.MS_NODEV }],
  ['dev', { clear: MS.MS_NODEV }],
  ['noexec', { set: MS.MS_NOEXEC }],
  ['exec', { clear: MS.MS_NOEXEC }],
  ['async', { clear: MS.MS_SYNCHRONOUS }],
  ['sync', { set: MS.MS_SYNCHRONOUS }],
  ['dirsync', { set: MS.MS_DIRSYNC }],
  ['atime', { clear: MS.MS_NOATIME }],
  ['noatime', { set: MS.MS_NOATIME }],
  ['diratime', { clear: MS.MS_NODIRATIME }],
  ['nodiratime', { set: MS.MS_NODIRATIME }],
  ['relatime', { set: MS.MS_RELATIME }],
  ['norelatime', { clear: MS.MS_RELATIME }],
  ['strictatime', { set: MS.MS_STRICTATIME }],
  ['nostrictatime', { clear: MS.MS_STRICTATIME }],
  ['mand', { set: MS.MS_MANDLOCK }],
  ['nomand', { clear: MS.MS_MANDLOCK }],
  ['iversion', { set: MS.MS_I_VERSION }],
  ['noiversion', { clear: MS.MS_I_VERSION }],
  ['silent', { set: MS.MS_SILENT }],
  ['loud', { clear: MS.MS_SILENT }],
  ['remount', { set: MS.MS_REMOUNT }],
  ['defaults', {}],
  ['bind', { set: MS.MS_BIND }],
  ['rbind', { set: MS.MS_BIND | MS.MS_REC }],
]);

/** The values of `linux.rootfsPropagation`, too. */
export const mountPropagation: ReadonlyMap<string, number> = new Map([
  ['private', MS.MS_PRIVATE],
  ['rprivate', MS.MS_PRIVATE | MS.MS_REC],
  ['slave', MS.MS_SLAVE],
  ['rslave', MS.MS_SLAVE | MS.MS_REC],
  ['shared', MS.MS_SHARED],
  ['rshared', MS.MS_SHARED | MS.MS_REC],
  ['unbindable', MS.MS_UNBINDABLE],
  ['runbindable', MS.MS_UNBINDABLE | MS.MS_REC],
]);

export interface MountOptions {
  flags: number;
  /** Set by a second mount(2): propagation cannot be combined with other flags. */
  propagation: number;
  /** The other options, for the file system itself. */
  data: string;
}

/** Splits the options of an OCI mount (config.md, "Mounts") into what mount(2) takes. */
export function parseOptions(options: readonly string[]): MountOptions {
  const parsed: MountOptions = { flags: 0, propagation: 0, data: '' };
  const data: string[] = [];
  for (const option of options) {
    const flag = flags.get(option);
    const propagation = mountPropagation.get(option);
    if (flag !== undefined) parsed.flags = (parsed.flags & ~(flag.clear ?? 0)) | (flag.set ?? 0);
    else if (propagation !== undefined) parsed.propagation = propagation;
    else data.push(option);
  }
  parsed.data = data.join(',');
  return parsed;
}
