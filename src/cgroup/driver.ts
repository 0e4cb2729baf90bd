import type { CgroupLayout } from '../host/cgroup-layout.ts';
import type { Resources } from '../oci/runtime-spec.ts';
import type { Step, Supervise } from '../syscalls/step.ts';

/**
 * Groups of processes with limits, on either version of the kernel's interface.
 *
 * A group is named by its path from the top of what is mounted, as `linux.cgroupsPath` of config.json is:
 * `/minidock/<id>`. It is not below the group that minidock itself was started in: that group belongs to a login
 * session or a service and ends with it, while containers stay. Each engine has a parent (`/minidock`) of its own, so
 * that two engines can run side by side.
 *
 * The first half gives steps and touches nothing. The second half acts, and may be called at any time: a group that is
 * not there is an empty one.
 */
export interface CgroupDriver {
  readonly layout: CgroupLayout;

  /**
   * Host section: makes the parent, and puts the calling process (the shim: single-threaded) into `${parent}/shims`: out
   * of the caller's session, and out of the containers' groups, so that neither pause nor a memory limit reaches it. Safe
   * to run by any number of engines at once.
   */
  prepare(parent: string): Step[];

  /**
   * Host section: makes the group (its parent must exist) and sets its limits, all before any process is in it. Throws
   * `MinidockError` for a limit that this host's cgroups cannot keep; a limit is never silently left out.
   */
  create(group: string, resources: Resources): Step[];

  /**
   * Changes limits of a group that is there; what `resources` leaves out stays. Throws `MinidockError` where the kernel refuses
   * one: those before it hold then.
   */
  update(group: string, resources: Limits): void;

  /**
   * Host section, before anything else is opened: how the supervisor is told at once of a process that the kernel ends at the group's
   * memory limit. The group is there.
   */
  announceKills(group: string): { host: Step[]; supervise: Pick<Supervise, 'bell' | 'counter' | 'counterWord'> };

  /** Child section: the calling process (single-threaded) moves into the group. Before pivot_root, unshare(NEWCGROUP), and the user's change. */
  join(group: string): Step[];

  /**
   * The group that a process joins beside `pid`, the first one of `group`. It is `group`, but where a container with its own
   * cgroups to write (systemd, another engine) has moved into a group below and hands controllers down: version 2 takes
   * no process then in `group` itself.
   */
  beside(group: string, pid: number): string;

  /** Processes in the group and below it, as seen from the caller's pid namespace, unordered. */
  pids(group: string): number[];

  /** The file whose content is `FROZEN` or `FREEZING` (version 1), `1` (version 2) while the group is frozen; undefined without a freezer. */
  freezer(group: string): string | undefined;
  /** Stops every process in the group where it is; resolves once all are stopped. */
  freeze(group: string): Promise<void>;
  /** Lets the stopped processes go on. */
  thaw(group: string): Promise<void>;
  /** Exit section: the same. */
  thawing(group: string): Step[];

  /**
   * Ends every process in the group, frozen ones and ones that fork meanwhile too; resolves once the group is empty, rejects
   * with `cgroup-busy` after five seconds. Pids are read from the kernel while they cannot be reused, never from a file.
   */
  killAll(group: string): Promise<void>;

  /**
   * Removes the group and those below it; rejects with `cgroup-busy` where it has processes for two seconds, or the last one
   * takes ten to leave.
   */
  remove(group: string): Promise<void>;

  /**
   * How many processes of the group the kernel has ended because memory ran out; undefined where the kernel does not count
   * them (before 4.13).
   */
  oomKills(group: string): number | undefined;

  stats(group: string): CgroupStats;
}

/** Resources without the rules for devices. */
export type Limits = Omit<Resources, 'devices'>;

/** How often a limit of processor time held the group back. */
export interface CpuThrottling {
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledNanoseconds: number;
}

/** What the kernel counts; a field is missing where its controller is. */
export interface CgroupStats {
  /** `inactiveFileBytes`: page cache that was not used lately. `counters`: memory.stat as the kernel writes it. */
  memory?: {
    usageBytes: number;
    peakBytes?: number;
    limitBytes?: number;
    inactiveFileBytes?: number;
    counters?: Readonly<Record<string, number>>;
  };
  cpu?: {
    usageNanoseconds: bigint;
    userNanoseconds?: number;
    systemNanoseconds?: number;
    /** Of each processor; the kernel tells it in version 1 alone. */
    perCpuNanoseconds?: readonly number[];
    throttling?: CpuThrottling;
  };
  pids?: { current: number; limit?: number };
  /** Bytes read from disks and written to them. */
  block?: { read: number; written: number };
}
