import type { Process } from '../../oci/runtime-spec.ts';
import { call } from '../../syscalls/calls.ts';
import { struct } from '../../syscalls/data.ts';
import type { Step } from '../../syscalls/step.ts';
import { type CapabilityName, capabilityNames, capabilityNumbers, toMask } from '../../syscalls/uapi/capabilities.ts';
import { PR } from '../../syscalls/uapi/flags.ts';

/** The capabilities of root in a container by default: Docker's fourteen. */
export const defaultCapabilities: readonly CapabilityName[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

/**
 * What config.json says for a process that may have `allowed`. A user other than root gets none of them at first, as
 * after an execve that drops root (capabilities(7)); a set-uid binary can still gain what is in the bounding set.
 * Inheritable and ambient stay empty (CVE-2022-24769).
 */
export function capabilitySets(allowed: readonly string[], uid: number): Process['capabilities'] {
  const held = uid === 0 ? [...allowed] : [];
  return { bounding: [...allowed], effective: held, permitted: [...held] };
}

const lesson = 'capabilities-and-seccomp' as const;
/** linux/capability.h: the header of the 64-bit layout. */
const CAPABILITY_VERSION_3 = 0x20080522;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;

/**
 * Gives up what the container may not have and becomes its user: bounding set, groups and ids, then the sets
 * themselves. The order is fixed by the kernel: CAPBSET_DROP needs CAP_SETPCAP, setgroups needs CAP_SETGID, setuid takes
 * away all that capset has not yet had, so each must come before the step that gives its right away.
 *
 * `host` is the bounding set that minidock itself runs with: what is not in it needs no drop (numbers above the
 * kernel's last would fail) and cannot be given (capset answers EPERM).
 */
export function capabilities(
  sets: Process['capabilities'],
  user: Process['user'],
  host: { capabilities: ReadonlySet<string> },
): Step[] {
  const has = (name: string) => host.capabilities.has(name);
  const permitted = sets.permitted.filter(has);
  return [
    ...dropBounding(sets.bounding, host.capabilities),
    // Without a capability to keep, setuid clears them all, as intended.
    ...(user.uid !== 0 && permitted.length > 0 ? [keepCapabilities] : []),
    ...becomeUser(user),
    ...setCapabilities(sets.effective.filter(has), permitted),
  ];
}

const groupWhy = {
  en: 'nothing in the container can ever gain these capabilities, not even a set-uid binary',
  zh: '容器里的进程再也得不到这些权能，借助 set-uid 程序也不行',
};

/** One prctl for each capability of the host's that `allowed` lacks. */
function dropBounding(allowed: readonly string[], host: ReadonlySet<string>): Step[] {
  return capabilityNames
    .filter(name => host.has(name) && !allowed.includes(name))
    .map(name =>
      call('prctl', [PR.PR_CAPBSET_DROP, capabilityNumbers[name], 0, 0, 0], {
        why: {
          en: `nothing in the container can ever gain ${name}, not even a set-uid binary`,
          zh: `容器里的进程再也得不到 ${name}，借助 set-uid 程序也不行`,
        },
        lesson,
        group: 'drop capabilities from the bounding set',
        groupWhy,
      }),
    );
}

const keepCapabilities = call('prctl', [PR.PR_SET_KEEPCAPS, 1, 0, 0, 0], {
  why: {
    en: 'setuid would clear the permitted set; instead, capset below decides what stays',
    zh: 'setuid 会清空许可集；保留它，由后面的 capset 决定留下什么',
  },
  lesson,
});

/** Groups before the user: setgroups and setgid need rights that setuid takes away. */
function becomeUser({ uid, gid, additionalGids }: Process['user']): Step[] {
  const about = {
    lesson,
    group: 'become the user',
    groupWhy: {
      en: 'set groups, then the user, while the rights to do so last; this cannot be undone',
      zh: '趁还有权能，先设置组，再设置用户；此后无法恢复',
    },
  };
  const groups = struct(
    `[${additionalGids.join(', ')}]`,
    ...(additionalGids.length > 0 ? additionalGids.map(id => ({ u32: id })) : [{ pad: 4 }]),
  );
  return [
    call('setgroups', [additionalGids.length, groups], {
      ...about,
      why: {
        en: "the container's supplementary groups replace those of the caller",
        zh: '用容器的附加组替换调用者的附加组',
      },
    }),
    call('setgid', [gid], {
      ...about,
      why: {
        en: 'set the real, effective, saved and file-system group IDs',
        zh: '设置实际、有效、保存的组 ID 和文件系统组 ID',
      },
    }),
    call('setuid', [uid], {
      ...about,
      why: {
        en: 'set the real, effective, saved and file-system user IDs; this cannot be undone',
        zh: '设置实际、有效、保存的用户 ID 和文件系统用户 ID；此后无法恢复',
      },
    }),
  ];
}

function setCapabilities(effective: readonly string[], permitted: readonly string[]): Step[] {
  const e = toMask(effective);
  const p = toMask(permitted);
  const low = (mask: bigint) => ({ u32: Number(mask & 0xffffffffn) });
  const high = (mask: bigint) => ({ u32: Number(mask >> 32n) });
  const none = { u32: 0 };
  const header = struct('{version=_LINUX_CAPABILITY_VERSION_3, pid=0}', { u32: CAPABILITY_VERSION_3 }, { u32: 0 });
  const hex = (mask: bigint) => `0x${mask.toString(16)}`;
  const sets = struct(
    `{effective=${hex(e)}, permitted=${hex(p)}, inheritable=0}`,
    ...[low(e), low(p), none, high(e), high(p), none],
  );
  return [
    call('capset', [header, sets], {
      why: {
        en: 'set the capabilities; none is inheritable, so that execve adds none (CVE-2022-24769)',
        zh: '设置进程的权能；没有一项可继承，所以 execve 不会增加权能（CVE-2022-24769）',
      },
      lesson,
    }),
    call('prctl', [PR.PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0], {
      why: {
        en: 'clear the ambient set, which would survive execve; kernels before 4.3 answer EINVAL',
        zh: '清空环境集（ambient），否则它会保留到 execve 之后；4.3 之前的内核返回 EINVAL',
      },
      lesson,
      tolerate: ['EINVAL'],
    }),
  ];
}
