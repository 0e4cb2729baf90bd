import { readProc } from '../../host/proc.ts';
import { statusOf } from '../../host/process.ts';
import { fromMask } from '../../syscalls/uapi/capabilities.ts';
import type { ProcessLimit, Rights } from '../model.ts';

/** What the first process may do, by /proc/PID/status and the files beside it. */
export function rightsOf(pid: number): Rights {
  const label = (labelOf(pid) ?? '').replace(/[\0\n]+$/, '');
  return {
    ...rightsIn(statusOf(pid)),
    uidMap: (readProc(`/proc/${pid}/uid_map`) ?? '')
      .split('\n')
      .filter(Boolean)
      .map(line => line.trim().replace(/\s+/g, ' ')),
    oomScoreAdj: Number(readProc(`/proc/${pid}/oom_score_adj`) ?? 0),
    ...(label !== '' && { label }),
  };
}

/** The part that /proc/PID/status tells. */
export function rightsIn(status: ReadonlyMap<string, string>): Omit<Rights, 'uidMap' | 'oomScoreAdj' | 'label'> {
  const numbers = (field: string) => (status.get(field) ?? '').split(' ').filter(Boolean).map(Number);
  const names = (field: string) => fromMask(BigInt(`0x${status.get(field) || '0'}`));
  const filters = status.get('Seccomp_filters');
  return {
    uid: numbers('Uid'),
    gid: numbers('Gid'),
    groups: numbers('Groups'),
    capabilities: {
      effective: names('CapEff'),
      permitted: names('CapPrm'),
      bounding: names('CapBnd'),
      inheritable: names('CapInh'),
      ambient: names('CapAmb'),
    },
    seccomp: (['off', 'strict', 'filter'] as const)[Number(status.get('Seccomp') ?? 0)] ?? 'off',
    ...(filters !== undefined && { filters: Number(filters) }),
    noNewPrivs: status.get('NoNewPrivs') === '1',
  };
}

/** The rows of /proc/PID/limits (proc_pid_limits(5)). */
export function limitsOf(pid: number): ProcessLimit[] {
  return limitsIn(readProc(`/proc/${pid}/limits`) ?? '');
}

export function limitsIn(text: string): ProcessLimit[] {
  return [...text.matchAll(/^Max (\S.*?) {2,}(\S+) +(\S+) *(\S*) *$/gm)].map(([, name, soft, hard, unit]) => ({
    name: name!,
    soft: soft!,
    hard: hard!,
    unit: unit!,
  }));
}

/** Without a security module that names processes, reading is EINVAL. */
function labelOf(pid: number): string | undefined {
  try {
    return readProc(`/proc/${pid}/attr/current`);
  } catch {
    return undefined;
  }
}
