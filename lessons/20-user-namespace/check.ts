import { call } from '../../src/syscalls/calls.ts';
import type { Step } from '../../src/syscalls/step.ts';
import { CLONE, PR } from '../../src/syscalls/uapi/flags.ts';
import type { Exercise, Refusal } from '../../src/workshop/exercise/types.ts';
import { lessonProgram } from '../../src/workshop/lesson.ts';
import type { Text } from '../../src/workshop/text/language.ts';

interface Values {
  readonly uid: number;
  readonly gid: number;
}

const why = { en: 'become an ordinary user', zh: '变成普通用户' };

/** root of the throw-away container gives itself away, and has a user namespace in which nobody has a number. */
const becomeOrdinary = ({ uid, gid }: Values): Step[] => [
  call('setgroups', [0, 0], { why }),
  call('setgid', [gid], { why }),
  call('setuid', [uid], { why }),
  call('prctl', [PR.PR_SET_DUMPABLE, 1, 0, 0, 0], { why }),
  call('unshare', [CLONE.CLONE_NEWUSER], { why: { en: 'a user namespace', zh: '用户命名空间' } }),
];

/** What a step writes; undefined for another call. */
function written({ step }: Refusal): string | undefined {
  const data = step.op === 'syscall' && step.name === 'write' ? step.args[1] : undefined;
  return typeof data === 'object' && data.kind === 'data' ? Buffer.from(data.bytes).toString().trim() : undefined;
}

/** Why the kernel does not take what was written to a map. */
function explain(refusal: Refusal, { uid, gid }: Values): Text | undefined {
  const content = written(refusal);
  if (content === undefined) return undefined;
  const [inside, outside, count] = content.split(/\s+/).map(Number);
  if (content === 'deny')
    return {
      en: 'once groups are mapped it is too late to give up setgroups: the file comes before gid_map',
      zh: '组映射好之后，再放弃 setgroups 就晚了：要在 gid_map 之前写',
    };
  if (inside === 0 && outside === gid && count === 1)
    return {
      en: 'the line is right, and the kernel wants a promise first: “deny” in /proc/self/setgroups, before gid_map',
      zh: '这一行没错，但内核要求先做保证：写 gid_map 之前，往 /proc/self/setgroups 写“deny”',
    };
  if (inside === uid || inside === gid)
    return {
      en: 'the other way round: INSIDE OUTSIDE COUNT. 0 is the number in here, yours the one out there',
      zh: '反了：次序是“里面 外面 个数”。0 是里面的编号，你自己的是外面的',
    };
  if (count !== 1)
    return {
      en: 'without a capability out there you may map one number only: the count is 1',
      zh: '在外面没有权能，就只能映射一个编号：个数是 1',
    };
  if (outside === uid)
    return {
      en: 'that is the number of the user: gid_map wants the one of the group',
      zh: '这是用户的编号：gid_map 里要写组的编号',
    };
  return {
    en: `you may map nobody but yourself: user ${uid}, group ${gid}`,
    zh: `你只能映射自己：用户 ${uid}，组 ${gid}`,
  };
}

const words = (text: string) => text.trim().replace(/\s+/g, ' ');

export const exercise: Exercise<Values> = {
  lesson: 'user-namespace',
  task: {
    en: 'An ordinary user, without any capability, has just made a user namespace. Write `mapIds(uid, gid)`: the steps by which it becomes root in it. The kernel is asked afterwards who the process is, inside and outside.',
    zh: '没有任何权能的普通用户刚刚创建了用户命名空间。写 `mapIds(uid, gid)`：通过哪些步骤，它成为里面的 root。之后会问内核，这个进程在里面和外面各是谁。',
  },
  pieces: ['mapIds'],
  syscalls: ['openat', 'write', 'close'],
  values: random => ({ uid: random.integer(2000, 30000), gid: random.integer(30001, 60000) }),
  program: (mine, { command }, values) =>
    lessonProgram({
      namespaces: [],
      child: [...becomeOrdinary(values), ...(mine.mapIds!(values.uid, values.gid) as Step[])],
      command,
    }),
  inside: `echo "user: $(id -u)"
echo "group: $(id -g)"
echo "users: $(cat /proc/self/uid_map)"
echo "groups: $(cat /proc/self/gid_map)"
echo "setgroups: $(cat /proc/self/setgroups)"`,
  grade: ({ said, steps }, { uid, gid }) => [
    {
      ok: said('user') === '0',
      what: { en: 'it is user 0 inside', zh: '在里面它是用户 0' },
      hint:
        steps.length === 0
          ? { en: 'your function returned no step', zh: '你的函数没有返回任何步骤' }
          : {
              en: `id -u says ${said('user')}: 65534 means that no line of uid_map holds for it`,
              zh: `id -u 显示 ${said('user')}：65534 表示 uid_map 里没有适用于它的行`,
            },
    },
    {
      ok: words(said('users')) === `0 ${uid} 1`,
      what: { en: `and user ${uid} outside`, zh: `在外面是用户 ${uid}` },
      hint: { en: `uid_map is “${words(said('users'))}”`, zh: `uid_map 是“${words(said('users'))}”` },
    },
    {
      ok: said('group') === '0' && words(said('groups')) === `0 ${gid} 1`,
      what: { en: `its group is 0 inside and ${gid} outside`, zh: `它的组在里面是 0，在外面是 ${gid}` },
      hint: {
        en: `id -g says ${said('group')}, gid_map is “${words(said('groups'))}”: groups have a map of their own`,
        zh: `id -g 显示 ${said('group')}，gid_map 是“${words(said('groups'))}”：组有自己的映射`,
      },
    },
    {
      ok: said('setgroups') === 'deny',
      what: { en: 'setgroups is given up', zh: '放弃了 setgroups' },
      hint: {
        en: `/proc/self/setgroups says ${said('setgroups')}`,
        zh: `/proc/self/setgroups 是 ${said('setgroups')}`,
      },
    },
  ],
  explain,
  hints: [
    {
      en: 'Three files of /proc/self, in this order: setgroups, uid_map, gid_map.',
      zh: '/proc/self 下的三个文件，次序是：setgroups、uid_map、gid_map。',
    },
    {
      en: "`writeFile('/proc/self/setgroups', 'deny', slot('fd'), { why })` gives three steps: spread them with `...` into your list.",
      zh: "`writeFile('/proc/self/setgroups', 'deny', slot('fd'), { why })` 给出三个步骤：用 `...` 展开到列表里。",
    },
    {
      en: 'The line for users has three numbers: 0, `uid`, 1. That for groups has `gid` in the middle.',
      zh: '用户的那一行有三个数：0、`uid`、1。组的那一行，中间是 `gid`。',
    },
  ],
  wrong: [
    { name: 'no step at all', code: '  return [];', hint: /returned no step/ },
    {
      name: 'only the promise',
      code: "  return writeFile('/proc/self/setgroups', 'deny', slot('fd'), { why: { en: 'deny', zh: '放弃' } });",
      hint: /no line of uid_map holds for it/,
    },
    {
      name: 'forgets setgroups',
      code: `  const why = { en: 'map', zh: '映射' };
  return [
    ...writeFile('/proc/self/uid_map', \`0 \${uid} 1\`, slot('uid_map'), { why }),
    ...writeFile('/proc/self/gid_map', \`0 \${gid} 1\`, slot('gid_map'), { why }),
  ];`,
      hint: /the kernel wants a promise first/,
    },
    {
      name: 'inside and outside the other way round',
      code: `  const why = { en: 'map', zh: '映射' };
  return [
    ...writeFile('/proc/self/uid_map', \`\${uid} 0 1\`, slot('uid_map'), { why }),
  ];`,
      hint: /the other way round/,
    },
    {
      name: 'more numbers than one',
      code: `  const why = { en: 'map', zh: '映射' };
  return [
    ...writeFile('/proc/self/uid_map', \`0 \${uid} 65536\`, slot('uid_map'), { why }),
  ];`,
      hint: /the count is 1/,
    },
    {
      name: 'the user for the group',
      code: `  const why = { en: 'map', zh: '映射' };
  return [
    ...writeFile('/proc/self/setgroups', 'deny', slot('setgroups'), { why }),
    ...writeFile('/proc/self/uid_map', \`0 \${uid} 1\`, slot('uid_map'), { why }),
    ...writeFile('/proc/self/gid_map', \`0 \${uid} 1\`, slot('gid_map'), { why }),
  ];`,
      hint: /gid_map wants the one of the group/,
    },
  ],
};
