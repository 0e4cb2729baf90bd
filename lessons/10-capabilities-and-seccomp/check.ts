import { capabilitySets } from '../../src/container/process/capabilities.ts';
import { hostFacts } from '../../src/host/facts.ts';
import { statusField } from '../../src/host/process.ts';
import type { Process } from '../../src/oci/runtime-spec.ts';
import { call } from '../../src/syscalls/calls.ts';
import { struct } from '../../src/syscalls/data.ts';
import type { Step } from '../../src/syscalls/step.ts';
import { type CapabilityName, capabilityNumbers, fromMask, toMask } from '../../src/syscalls/uapi/capabilities.ts';
import { PR } from '../../src/syscalls/uapi/flags.ts';
import type { Exercise, Finding, Seen, Trial } from '../../src/workshop/exercise/types.ts';
import { lessonProgram } from '../../src/workshop/lesson.ts';

interface Values {
  /** What the container may have. */
  kept: string[];
  /** The user of the second program. */
  uid: number;
  gid: number;
  group: number;
}

const PR_CAP_AMBIENT_RAISE = 2;
/** What the throw-away container has to give. */
const pool: CapabilityName[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SYS_CHROOT',
  'CAP_SETFCAP',
];
/** A right that the caller left inheritable and that the container may not have. */
const stray: CapabilityName = 'CAP_NET_ADMIN';
const strayGroup = 4242;

/** A caller that has left rights inheritable and ambient (as Docker did until CVE-2022-24769), and a group of its own. */
function careless(kept: readonly string[]): Step[] {
  const has = hostFacts().capabilities;
  const inheritable = [...kept, stray].filter(name => has.has(name as CapabilityName));
  const held = toMask([...inheritable, 'CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP']);
  const mask = toMask(inheritable);
  const half = (one: bigint, shift: bigint) => ({ u32: Number((one >> shift) & 0xffffffffn) });
  const sets = [0n, 32n].flatMap(shift => [half(held, shift), half(held, shift), half(mask, shift)]);
  const why = {
    en: 'play a caller that has left rights behind',
    zh: '扮演一个遗留了权能的调用者',
  };
  return [
    call('setgroups', [1, struct(`[${strayGroup}]`, { u32: strayGroup })], { why }),
    call(
      'capset',
      [
        struct('{version 3}', { u32: 0x20080522 }, { u32: 0 }),
        struct(`{inheritable=0x${mask.toString(16)}, …}`, ...sets),
      ],
      { why },
    ),
    ...inheritable.map(name =>
      call('prctl', [PR.PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capabilityNumbers[name as CapabilityName], 0, 0], {
        why,
        tolerate: ['EINVAL'],
      }),
    ),
  ];
}

const names = (mask: string) => fromMask(BigInt(`0x${mask || '0'}`)) as string[];
const listed = (of: readonly string[]) => (of.length > 4 ? `${of.slice(0, 3).join(', ')} …` : of.join(', '));

function boundingFinding(bounding: readonly string[], { kept }: Values): Finding {
  const [more, less] = [bounding.filter(name => !kept.includes(name)), kept.filter(name => !bounding.includes(name))];
  return {
    ok: more.length + less.length === 0,
    what: {
      en: `its bounding set holds ${kept.length} rights: ${listed(kept)}`,
      zh: `边界集里有 ${kept.length} 项：${listed(kept)}`,
    },
    hint:
      less.length > 0
        ? {
            en: `too much was dropped: ${listed(less)} should have stayed. Drop what \`sets.bounding\` lacks, not what it has`,
            zh: `去掉得太多：${listed(less)} 应该留下。该去掉的是 \`sets.bounding\` 里没有的，而不是有的`,
          }
        : {
            en: `the bounding set still holds ${listed(more)}: whatever capset says, execve can give them back`,
            zh: `边界集里还有 ${listed(more)}：不管 capset 怎么设，execve 都能把它们还回来`,
          },
  };
}

function effectiveFinding(effective: readonly string[], wanted: readonly string[]): Finding {
  const more = effective.filter(name => !wanted.includes(name));
  return {
    ok: more.length === 0 && wanted.every(name => effective.includes(name)),
    what: {
      en: `after execve ${wanted.length} rights are effective`,
      zh: `execve 之后，有效的权能有 ${wanted.length} 项`,
    },
    hint: more.includes(stray)
      ? {
          en: `${stray} came back at execve, though not from the bounding set alone: root also gets what is inheritable. Which step empties that set?`,
          zh: `${stray} 在 execve 时又回来了，而且不只是边界集的缘故：root 还会得到可继承集里的权能。哪一步清空这个集合？`,
        }
      : {
          en: `effective are ${listed(effective) || 'none'}: execve has computed them from the bounding and the inheritable set`,
          zh: `有效的是 ${listed(effective) || '（无）'}：这是 execve 由边界集和可继承集算出来的`,
        },
  };
}

function grade({ process }: Seen, values: Values, user: Process['user']): Finding[] {
  const field = (name: string) => statusField(process.pid, name);
  const inheritable = names(field('CapInh'));
  const groups = field('Groups').split(' ').filter(Boolean).map(Number);
  const [uids, gids] = [field('Uid'), field('Gid')].map(text => [...new Set(text.split(' ').map(Number))]);
  return [
    boundingFinding(names(field('CapBnd')), values),
    effectiveFinding(names(field('CapEff')), user.uid === 0 ? values.kept : []),
    {
      ok: inheritable.length === 0 && names(field('CapAmb')).length === 0,
      what: { en: 'nothing is inheritable or ambient', zh: '可继承集和环境集都是空的' },
      hint: {
        en: `${listed(inheritable)} of the caller’s stayed inheritable: a program with marks in its file could take it up (CVE-2022-24769). capset sets all three sets at once`,
        zh: `调用者的 ${listed(inheritable)} 还是可继承的：文件上带标记的程序就能捡起来（CVE-2022-24769）。capset 一次设三个集合`,
      },
    },
    {
      ok: uids?.join() === String(user.uid) && gids?.join() === String(user.gid),
      what: { en: `it is user ${user.uid}, group ${user.gid}`, zh: `用户是 ${user.uid}，组是 ${user.gid}` },
      hint: {
        en: `it is user ${uids?.join('/')}, group ${gids?.join('/')}: setgid and setuid take the numbers of \`user\``,
        zh: `现在用户是 ${uids?.join('/')}，组是 ${gids?.join('/')}：setgid 和 setuid 的参数取自 \`user\``,
      },
    },
    {
      ok: groups.join() === user.additionalGids.join(),
      what: {
        en: `its supplementary groups are those of the container: ${user.additionalGids.join(', ') || 'none'}`,
        zh: `附加组是容器自己的：${user.additionalGids.join('、') || '没有'}`,
      },
      hint: groups.includes(strayGroup)
        ? {
            en: `it is still in group ${strayGroup} of whoever started it, and may read that group’s files: setgid does not change supplementary groups`,
            zh: `它还在启动者的 ${strayGroup} 组里，能读那个组的文件：setgid 不会改附加组`,
          }
        : {
            en: `it is in the groups ${groups.join(', ') || '(none)'}: is the count of setgroups right?`,
            zh: `它在这些组里：${groups.join('、') || '（无）'}。setgroups 的个数对吗？`,
          },
    },
  ];
}

const root: Process['user'] = { uid: 0, gid: 0, additionalGids: [] };
const userOf = ({ uid, gid, group }: Values): Process['user'] => ({ uid, gid, additionalGids: [gid, group] });

function trial(user: (values: Values) => Process['user']): Trial<Values> {
  return {
    program: (mine, { command }, values) =>
      lessonProgram({
        namespaces: [],
        child: [
          ...careless(values.kept),
          ...mine.capabilities(capabilitySets(values.kept, user(values).uid), user(values), {
            capabilities: hostFacts().capabilities,
          }),
        ],
        command,
      }),
    inside: 'echo hello',
    grade: (seen, values) => grade(seen, values, user(values)),
    explain: ({ call, errno, mine }) => {
      if (!mine || errno !== 'EPERM') return undefined;
      if (call === 'prctl')
        return {
          en: 'PR_CAPBSET_DROP asks for CAP_SETPCAP, and an earlier step of yours has given it away',
          zh: 'PR_CAPBSET_DROP 要 CAP_SETPCAP，而你前面的某一步已经把它交出去了',
        };
      if (call === 'setgroups' || call === 'setgid')
        return {
          en: `${call} asks for CAP_SETGID, and setuid takes that away: groups before the user`,
          zh: `${call} 要 CAP_SETGID，而 setuid 会把它拿走：先换组，再换用户`,
        };
      if (call === 'setuid')
        return {
          en: 'setuid asks for CAP_SETUID: capset, which leaves only what the container may have, comes after it',
          zh: 'setuid 要 CAP_SETUID：capset 只留下容器该有的，应放在它后面',
        };
      return {
        en: 'capset can only take away: nothing may become permitted that is not so now',
        zh: 'capset 只能做减法：现在不在许可集里的，设不进去',
      };
    },
  };
}

export const exercise: Exercise<Values> = {
  lesson: 'capabilities-and-seccomp',
  task: {
    en: 'Write `capabilities(sets, user, host)`: the steps by which a process that may do everything becomes one that may do what the container may, as its user. Which steps these are is said in the file; their order is up to you.',
    zh: '写出 `capabilities(sets, user, host)`：让一个什么都能做的进程，变成只能做容器该做的事，并换成容器的用户。需要哪些步骤，文件里写了；顺序由你来定。',
  },
  pieces: ['capabilities'],
  syscalls: ['prctl', 'setgroups', 'setgid', 'setuid', 'capset'],
  values: random => {
    const possible = pool.filter(name => hostFacts().capabilities.has(name));
    const kept = possible.filter((_, i) => i === 0 || random.integer(0, 1) === 1);
    return {
      kept,
      uid: random.integer(1000, 60000),
      gid: random.integer(1000, 60000),
      group: random.integer(61000, 64000),
    };
  },
  ...trial(() => root),
  more: [trial(userOf)],
  hints: [
    {
      en: 'Ask of each step which right it needs (capabilities(7)), and which it takes away. PR_CAPBSET_DROP needs CAP_SETPCAP, setgroups and setgid CAP_SETGID, setuid CAP_SETUID.',
      zh: '对每一步都问一问：它需要哪项权能（capabilities(7)），又会拿走哪些？PR_CAPBSET_DROP 要 CAP_SETPCAP，setgroups 和 setgid 要 CAP_SETGID，setuid 要 CAP_SETUID。',
    },
    {
      en: 'setuid to a user other than 0 takes all of them; capset takes what the container may not have. So: bounding set, groups, user, capset.',
      zh: 'setuid 换成非 0 用户会拿走全部；capset 拿走容器不该有的。所以顺序是：边界集、组、用户、capset。',
    },
    {
      en: "`capabilityNames.filter(name => host.capabilities.has(name) && !sets.bounding.includes(name)).map(name => call('prctl', [PR.PR_CAPBSET_DROP, capabilityNumbers[name], 0, 0, 0], { why }))` is the first part.",
      zh: "第一部分是 `capabilityNames.filter(name => host.capabilities.has(name) && !sets.bounding.includes(name)).map(name => call('prctl', [PR.PR_CAPBSET_DROP, capabilityNumbers[name], 0, 0, 0], { why }))`。",
    },
  ],
  wrong: [
    {
      name: 'leaves the bounding set as it is',
      code: `  const why = { en: 'become the user', zh: '换成用户' };
  return [call('setgroups', [user.additionalGids.length, groupList(user.additionalGids)], { why }), call('setgid', [user.gid], { why }), call('setuid', [user.uid], { why }), capset(sets.effective, sets.permitted)];`,
      hint: /execve can give them back/,
    },
    {
      name: 'the user before the groups',
      code: `  const why = { en: 'become the user', zh: '换成用户' };
  return [
    ...capabilityNames.filter(name => host.capabilities.has(name) && !sets.bounding.includes(name)).map(name => call('prctl', [PR.PR_CAPBSET_DROP, capabilityNumbers[name], 0, 0, 0], { why })),
    call('setuid', [user.uid], { why }), call('setgid', [user.gid], { why }),
    call('setgroups', [user.additionalGids.length, groupList(user.additionalGids)], { why }), capset(sets.effective, sets.permitted)];`,
      hint: /groups before the user/,
    },
    {
      name: 'capset first',
      code: `  const why = { en: 'drop', zh: '去掉' };
  return [
    capset(sets.effective, sets.permitted),
    ...capabilityNames.filter(name => host.capabilities.has(name) && !sets.bounding.includes(name)).map(name => call('prctl', [PR.PR_CAPBSET_DROP, capabilityNumbers[name], 0, 0, 0], { why }))];`,
      hint: /asks for CAP_SETPCAP/,
    },
    {
      name: 'no capset: root has it all anyway',
      code: `  const why = { en: 'become the user', zh: '换成用户' };
  return [
    ...capabilityNames.filter(name => host.capabilities.has(name) && !sets.bounding.includes(name)).map(name => call('prctl', [PR.PR_CAPBSET_DROP, capabilityNumbers[name], 0, 0, 0], { why })),
    call('setgroups', [user.additionalGids.length, groupList(user.additionalGids)], { why }), call('setgid', [user.gid], { why }), call('setuid', [user.uid], { why })];`,
      hint: /stayed inheritable/,
    },
    {
      name: 'setgid in place of setgroups',
      code: `  const why = { en: 'become the user', zh: '换成用户' };
  return [
    ...capabilityNames.filter(name => host.capabilities.has(name) && !sets.bounding.includes(name)).map(name => call('prctl', [PR.PR_CAPBSET_DROP, capabilityNumbers[name], 0, 0, 0], { why })),
    call('setgid', [user.gid], { why }), call('setuid', [user.uid], { why }), capset(sets.effective, sets.permitted)];`,
      hint: /does not change supplementary groups/,
    },
  ],
};
