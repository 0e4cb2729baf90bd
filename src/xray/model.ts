import type { Digest } from '../oci/digest.ts';
import type { NetworkSeen, Rules, Sockets } from './network-model.ts';

/**
 * What the kernel holds for a container. It is what `--json` prints, and what both other views are made of: plain data, whose
 * fields are added to and never renamed (docs/xray.md). A part is missing where it was not asked for, or where the container does not run.
 */
export interface Xray {
  readonly format: 1;
  readonly container: Subject;
  readonly processes?: readonly Process[];
  readonly namespaces?: readonly Namespace[];
  readonly cgroups?: readonly Group[];
  readonly rights?: Rights;
  readonly limits?: readonly ProcessLimit[];
  readonly layers?: Layers;
  readonly mounts?: readonly MountSeen[];
  readonly network?: NetworkSeen;
  readonly rules?: Rules;
  readonly sockets?: Sockets;
  /** Where the kernel and minidock's own records disagree. */
  readonly differences: readonly Difference[];
}

/** Which container it is: the only part that comes from the records. */
export interface Subject {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** `lost`: its supervisor was killed, and no command has cleaned up after it. */
  readonly state: 'running' | 'paused' | 'starting' | 'created' | 'exited' | 'dead' | 'lost' | 'restarting';
  /** Of its first process, where it runs. */
  readonly pid?: number;
  readonly exitCode?: number;
}

export interface Process {
  readonly pid: number;
  /** In the container's PID namespace; missing for processes that are not in it. */
  readonly inside?: number;
  readonly parent: number;
  /** Of the effective user, as the host counts. */
  readonly uid: number;
  /** `S`, `R`, `D`, `Z`, `T` … (proc_pid_stat(5)). */
  readonly state: string;
  readonly command: string;
  readonly threads: number;
  /** `outside`: of the host, the parent of some process of the container. */
  readonly role: 'container' | 'outside';
}

export interface Namespace {
  /** `net`, `pid`, `mnt` … */
  readonly type: string;
  readonly inode: number;
  /** Whether it is the one that minidock itself is in. */
  readonly host: boolean;
  /** Who else is in it; nobody is looked for in the host's. */
  readonly sharedWith: readonly Sharer[];
}

export interface Sharer {
  /** Id of a container, as the path of the process's cgroup has it. */
  readonly container?: string;
  /** Its name, where it is one of this engine. */
  readonly name?: string;
  readonly pids: readonly number[];
  /** Of the first of them. */
  readonly command: string;
}

/** The container's place in one hierarchy of cgroups. */
export interface Group {
  readonly version: 1 | 2;
  /** As the kernel lists them; empty for the unified hierarchy beside version 1. */
  readonly controllers: readonly string[];
  /** From the hierarchy's top: `/minidock/<id>`. */
  readonly path: string;
  /** The same as a directory of the host. */
  readonly directory: string;
  readonly settings: readonly Setting[];
}

/** One file of a cgroup. */
export interface Setting {
  readonly what: SettingName;
  readonly file: string;
  /** Content of the file, without the last newline. */
  readonly value: string;
  /** A number out of it, where there is one: bytes, CPUs, processes, a weight. Missing where nothing is limited. */
  readonly amount?: number;
  /** What is used is no limit. */
  readonly kind: 'limit' | 'used' | 'state';
}

export type SettingName =
  | 'memory'
  | 'memory and swap'
  | 'swap'
  | 'memory reservation'
  | 'memory used'
  | 'cpu time'
  | 'cpu weight'
  | 'cpus'
  | 'memory nodes'
  | 'processes'
  | 'processes now'
  | 'block weight'
  | 'frozen'
  | 'devices';

export interface Rights {
  /** Real, effective, saved, of the file system. */
  readonly uid: readonly number[];
  readonly gid: readonly number[];
  readonly groups: readonly number[];
  /** Names, lowest number first. */
  readonly capabilities: {
    readonly effective: readonly string[];
    readonly permitted: readonly string[];
    readonly bounding: readonly string[];
    readonly inheritable: readonly string[];
    readonly ambient: readonly string[];
  };
  readonly seccomp: 'off' | 'strict' | 'filter';
  readonly filters?: number;
  readonly noNewPrivs: boolean;
  /** `inside outside count`, a line each; the first user namespace maps all to itself. */
  readonly uidMap: readonly string[];
  readonly oomScoreAdj: number;
  /** What a security module says: AppArmor's profile, SELinux's context. */
  readonly label?: string;
}

export interface ProcessLimit {
  readonly name: string;
  readonly soft: string;
  readonly hard: string;
  readonly unit: string;
}

export interface Layers {
  /** `overlay` where it is one that minidock made; another type otherwise. */
  readonly type: string;
  /** The topmost first, as overlayfs looks through them. */
  readonly lower: readonly Layer[];
  readonly upper?: { readonly directory: string; readonly bytes: number };
  readonly work?: { readonly directory: string };
}

export interface Layer {
  readonly directory: string;
  /** Digest of the layer's tar archive. */
  readonly diffId?: Digest;
  /** Of this layer on those below it: its directory is named by it. */
  readonly chainId?: Digest;
  /** As it was unpacked: the sum of its regular files. */
  readonly bytes?: number;
}

export interface MountSeen {
  readonly id: string;
  readonly parent: string;
  readonly target: string;
  readonly type: string;
  readonly source: string;
  /** Directory of the file system that is its root: `/` but for bind mounts. */
  readonly root: string;
  /** Where that directory is on the host; only for mounts of a file system that the host has mounted, too. */
  readonly hostPath?: string;
  readonly options: string;
  /** `private`, `shared:12`, `master:3`. */
  readonly propagation: string;
}

export interface Difference {
  /** `eth0 address`, `memory limit`. */
  readonly what: string;
  readonly kernel: string;
  readonly record: string;
}

/** The parts, in the order in which they are shown. */
export const sections = [
  'processes',
  'namespaces',
  'cgroups',
  'rights',
  'limits',
  'layers',
  'mounts',
  'network',
  'rules',
  'sockets',
] as const;

export type SectionName = (typeof sections)[number];
