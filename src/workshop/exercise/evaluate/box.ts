import { randomBytes, randomInt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { cgroupDriver } from '../../../cgroup/choose.ts';
import type { CgroupDriver } from '../../../cgroup/driver.ts';
import { defaultDeviceRules } from '../../../cgroup/limits.ts';
import { defaultSeccomp } from '../../../container/seccomp/profile.ts';
import { pieces } from '../../../engine/compile/pieces.ts';
import { type HostFacts, hostFacts } from '../../../host/facts.ts';
import { maskedPaths, readonlyPaths } from '../../../host/hidden-paths.ts';
import type { Namespace } from '../../../oci/runtime-spec.ts';
import { call, mount } from '../../../syscalls/calls.ts';
import { str, strings, struct } from '../../../syscalls/data.ts';
import { type Program, program, type Step, slot } from '../../../syscalls/step.ts';
import { MS, PR, RLIMIT, signals } from '../../../syscalls/uapi/flags.ts';
import { makeScratch, removeScratch } from '../../play/scratch.ts';

const PREFIX = 'minidock-check-';
/** What a checker may be delegated of a v1 host; every further hierarchy costs a directory each time. */
const controllers = ['memory', 'pids', 'devices', 'cpu'];

/**
 * What one process that checks exercises needs of the machine: a directory, a parent for its cgroups, what the kernel can
 * do. `close` leaves nothing; what a killed checker left is removed by the next one.
 */
export class Workbench {
  readonly facts: HostFacts = hostFacts(`/${PREFIX}${process.pid}`);
  readonly scratch = makeScratch();
  readonly cgroups: CgroupDriver;
  /** How long an answer, or a process that is to stand still, may take on a busy machine; milliseconds. */
  readonly patience: number;
  /** Processor time that a learner's code may use. */
  readonly cpuSeconds: number;
  readonly parent = `/${PREFIX}${process.pid}-${randomBytes(3).toString('hex')}`;
  private boxes = 0;

  constructor({ patience = 20_000, cpuSeconds = 3 }: Partial<Pick<Workbench, 'patience' | 'cpuSeconds'>> = {}) {
    this.patience = patience;
    this.cpuSeconds = cpuSeconds;
    const layout = this.facts.cgroup;
    const hierarchies = layout.hierarchies.filter(
      one => one.version === 2 || one.controllers.some(name => controllers.includes(name)),
    );
    this.cgroups = cgroupDriver({ ...layout, hierarchies, cpuset: undefined });
    this.sweep();
  }

  /** A fresh name for a box: of its folder below `scratch`, and of its cgroup. */
  next(): string {
    return `box${++this.boxes}`;
  }

  async close(): Promise<void> {
    await this.cgroups.killAll(this.parent).catch(() => {});
    await this.cgroups.remove(this.parent).catch(() => {});
    removeScratch(this.scratch);
  }

  /** Groups of checkers that were killed. */
  private sweep(): void {
    for (const { mountpoint } of this.cgroups.layout.hierarchies)
      for (const name of fs.readdirSync(mountpoint)) {
        const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
        if (pid !== undefined && !fs.existsSync(`/proc/${pid}`)) void this.cgroups.remove(`/${name}`).catch(() => {});
      }
  }
}

export interface BoxOptions {
  /** Its folder below the workbench's scratch and its cgroup's name. */
  readonly name: string;
  /** What it may use: bytes, processes and threads. */
  readonly memory: number;
  readonly pids: number;
  /** The directory that becomes its root, read-only. */
  readonly root: string;
  /** Files of the host that are seen in it, read-only, at paths that exist in `root`. */
  readonly files: readonly { readonly source: string; readonly target: string }[];
  /** Steps before the root changes, while the host's files are there. */
  readonly before: readonly Step[];
  /** Steps in the new root, while all rights are there. */
  readonly inside: readonly Step[];
  readonly capabilities: readonly string[];
  /** Calls that its filter lets through besides those of Docker's profile for these capabilities. */
  readonly allow: readonly string[];
  /** Nobody's: a user to whom nothing on the host belongs. */
  readonly unprivileged: boolean;
  /** Processor time in seconds. */
  readonly cpuSeconds?: number;
  readonly command: { readonly path: string; readonly argv: readonly string[]; readonly env: readonly string[] };
}

const namespaces: readonly Namespace['type'][] = ['mount', 'pid', 'uts', 'ipc', 'network'];

/**
 * A container out of the engine's own pieces, whose root is a folder made for it: nothing of the host is seen or reached in
 * it. It ends with the process that started it, however that one ends: the kernel kills the shim with its parent, the
 * container's first process with the shim, and all others with that one.
 */
export function boxProgram(bench: Workbench, options: BoxOptions): Program {
  const { facts, cgroups, parent } = bench;
  const child = slot('child');
  const linux = {
    cgroupsPath: `${parent}/${options.name}`,
    resources: {
      devices: defaultDeviceRules,
      memory: { limit: options.memory, swap: options.memory },
      pids: { limit: options.pids },
    },
  };
  const uid = options.unprivileged ? 1_000_000_000 + randomInt(1 << 28) : 0;
  const user = { uid, gid: uid, additionalGids: [] };
  const allowed = options.capabilities.filter(name => facts.capabilities.has(name as never));
  const sets = { bounding: allowed, effective: allowed, permitted: allowed };
  const profile = defaultSeccomp(allowed, facts);
  const more = { names: [...options.allow], action: 'SCMP_ACT_ALLOW' as const };
  const filter = { ...profile, syscalls: [...profile.syscalls, ...(options.allow.length > 0 ? [more] : [])] };
  return program({
    host: [
      endWithParent,
      ...pieces.leaveCaller(facts),
      ...pieces.cgroupParent(cgroups, parent),
      ...pieces.cgroupLimits(cgroups, linux),
      pieces.cloneProcess(namespaces, child),
    ],
    child: [
      endWithParent,
      ...pieces.joinCgroup(cgroups, linux),
      ...(facts.features.cgroupNamespace ? [pieces.cgroupNamespace()] : []),
      ...pieces.newSession(),
      ...pieces.mountNamespace(),
      ...readOnly(options.root, options.root),
      ...options.files.flatMap(({ source, target }) => readOnly(source, path.join(options.root, target))),
      ...options.before,
      ...pieces.pivotRoot(options.root),
      ...options.inside,
      ...(options.cpuSeconds === undefined ? [] : limits(options.cpuSeconds)),
      ...pieces.noNewPrivileges(),
      ...pieces.seccomp(filter, facts),
      ...pieces.capabilities(sets, user, facts),
      // A change of user clears it.
      endWithParent,
      ...pieces.readyToRun(),
    ],
    exec: [
      call('execve', [str(options.command.path), strings(options.command.argv), strings(options.command.env)], {
        why: { en: 'execute the program for which the box was made', zh: '执行这个盒子要运行的程序' },
      }),
    ],
    supervise: { child, status: slot('status') },
  });
}

const endWithParent = call('prctl', [PR.PR_SET_PDEATHSIG, signals.SIGKILL, 0, 0, 0], {
  why: {
    en: 'the kernel kills this process when the one that started it ends',
    zh: '启动它的进程一旦结束，内核就杀死这个进程',
  },
});

/** A bind mount that cannot be written; its flags take a second call. */
function readOnly(source: string, target: string): Step[] {
  const why = { en: 'show the file in the box, where it cannot be changed', zh: '让盒子里看得见这个文件，但不能修改' };
  const flags = MS.MS_REMOUNT | MS.MS_BIND | MS.MS_RDONLY | MS.MS_NOSUID | MS.MS_NODEV;
  return [mount(source, target, null, MS.MS_BIND, null, { why }), mount(null, target, null, flags, null, { why })];
}

/** The steps that mount a proc as containers have it: what tells or changes too much is covered. */
export function maskedProc(facts: HostFacts): Step[] {
  const inProc = (paths: readonly string[]) => paths.filter(one => one.startsWith('/proc/'));
  return [
    mount('proc', '/proc', 'proc', MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC, null, {
      why: { en: 'procfs shows the processes of the box, and no others', zh: 'procfs 只显示盒子里的进程' },
    }),
    ...pieces.maskPaths(inProc(maskedPaths), facts),
    ...pieces.readonlyPaths(inProc(readonlyPaths), facts),
  ];
}

/** A program whose process has no rights left when it stops for its last time before execve. */
export function withoutRights(composed: Program, facts: HostFacts): Program {
  const last = composed.child.findLastIndex(step => step.op === 'sync');
  const at = last < 0 ? composed.child.length : last;
  const none = { bounding: [], effective: [], permitted: [] };
  const steps = [
    ...pieces.noNewPrivileges(),
    ...pieces.seccomp(defaultSeccomp([], facts), facts),
    ...pieces.capabilities(none, { uid: 0, gid: 0, additionalGids: [] }, facts),
  ];
  return { ...composed, child: [...composed.child.slice(0, at), ...steps, ...composed.child.slice(at)] };
}

/**
 * No core dumps, no files, so much processor time. Its hard limit says so too: SIGXCPU, which the soft one sends, does not reach the
 * first process of a PID namespace.
 */
function limits(seconds: number): Step[] {
  const limit = (name: keyof typeof RLIMIT, most: number) =>
    call('prlimit64', [0, RLIMIT[name], struct(`{${most}, ${most}}`, { u64: most }, { u64: most }), 0], {
      why: { en: 'limit what the code of a stranger may use', zh: '限制外来代码能用多少资源' },
    });
  return [
    limit('RLIMIT_CPU', seconds),
    limit('RLIMIT_CORE', 0),
    limit('RLIMIT_FSIZE', 0),
    limit('RLIMIT_NOFILE', 128),
    limit('RLIMIT_MEMLOCK', 0),
  ];
}
