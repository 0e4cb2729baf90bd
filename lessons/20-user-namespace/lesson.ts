import fs from 'node:fs';
import { statusField } from '../../src/host/process.ts';
import { call, mount, writeFile } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
import { type Program, type Step, slot } from '../../src/syscalls/step.ts';
import { CLONE, PR } from '../../src/syscalls/uapi/flags.ts';
import { type Lesson, lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { type Fact, type Moment, said } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';
import * as texts from './texts.ts';

const about = { lesson: 'user-namespace' } as const;
/** An ordinary user of the host; nobody need have an account with this number. */
const ordinary = 1000;
const none = '0000000000000000';

/** The group of steps that only prepare. */
const preparation = 'an ordinary user';

/** root of the host gives itself away, and is then what any user is who has logged in. */
const becomeOrdinary: readonly Step[] = [
  call('setgroups', [0, 0], {
    ...about,
    group: preparation,
    groupWhy: {
      en: `become user ${ordinary}, who has no capability: all that follows any user may do`,
      zh: `变成用户 ${ordinary}，没有任何权能：下面的一切，普通用户都能做`,
    },
    why: { en: 'no further groups', zh: '没有附加组' },
  }),
  call('setgid', [ordinary], { ...about, group: preparation, why: { en: 'an ordinary group', zh: '普通的组' } }),
  call('setuid', [ordinary], { ...about, group: preparation, why: { en: 'an ordinary user', zh: '普通用户' } }),
  call('prctl', [PR.PR_SET_DUMPABLE, 1, 0, 0, 0], {
    ...about,
    group: preparation,
    why: {
      en: 'own your files in /proc again, as after a login',
      zh: '重新拥有自己在 /proc 里的文件，就像刚登录时那样',
    },
  }),
];

const unshareUser = call('unshare', [CLONE.CLONE_NEWUSER], {
  ...about,
  why: {
    en: 'a user namespace of its own, with all capabilities in it; no user has a number there yet',
    zh: '自己的用户命名空间，在里面拥有全部权能；里面还没有任何用户编号',
  },
});

const denySetgroups = writeFile('/proc/self/setgroups', 'deny', slot('setgroups'), {
  ...about,
  why: {
    en: 'promise never to call setgroups: only then may an ordinary user map a group',
    zh: '保证不再调用 setgroups：这样普通用户才可以映射组',
  },
});

const mapUser = (line: string) =>
  writeFile('/proc/self/uid_map', line, slot('uid_map'), {
    ...about,
    why: {
      en: 'INSIDE OUTSIDE COUNT: from which number on, which it is out there, how many',
      zh: '里面 外面 个数：从哪个编号起，对应外面的哪个，共多少个',
    },
  });

const mapGroup = (line: string) =>
  writeFile('/proc/self/gid_map', line, slot('gid_map'), {
    ...about,
    why: { en: 'the same for groups', zh: '组也一样' },
  });

/** The three files, and the namespace that they are for. */
const becomeRoot: readonly Step[] = [
  unshareUser,
  ...denySetgroups,
  ...mapUser(`0 ${ordinary} 1`),
  ...mapGroup(`0 ${ordinary} 1`),
];

function asOrdinary({ command }: Stage, child: readonly Step[]): Program {
  return lessonProgram({ namespaces: [], child: [...becomeOrdinary, ...child], command });
}

const look = `echo "user: $(id -u)"
echo "capabilities: $(sed -n 's/^CapEff:.//p' /proc/self/status)"
echo "map: $(cat /proc/self/uid_map)"
echo "owner of /etc/passwd: $(stat -c %u /etc/passwd)"
echo "own process: $(stat -c %u /proc/$$)"
echo "shadow: $(head -c 1 /etc/shadow > /dev/null 2>&1 && echo read || echo refused)"`;

const userOf = ({ pid }: Moment) => statusField(pid, 'Uid').split(/\s+/)[0]!;
const namespaceOf = ({ namespaces }: Moment) => namespaces.user ?? '';

const fact = (en: string, zh: string, host: string, container: string, claim: Fact['claim']): Fact => ({
  what: { en, zh },
  host,
  container,
  claim,
});

export const lesson: Lesson = {
  id: '20-user-namespace',
  title: { en: 'User namespace: root, but only here', zh: '用户命名空间：只在这里是 root' },
  about: {
    en: 'an ordinary user becomes root by four lines, and what that root may do; id maps, setgroups, and why a file belongs to 65534',
    zh: '普通用户写四行就成了 root，以及这个 root 能做什么；id 映射、setgroups，以及文件为什么属于 65534',
  },
  needs: ['root', 'user', 'uts', 'mnt'],
  minutes: 30,
  figure,
  question: texts.question,
  // Of three calls a file only the write has something to say.
  hides: step => step.group === preparation || (step.op === 'syscall' && /^(openat|close)$/.test(step.name)),
  run: {
    program: stage => asOrdinary(stage, becomeRoot),
    inside: look,
    evidence: (host, inside) => ({
      columns: texts.columns.sides,
      facts: [
        fact('the user of the process', '进程的用户', userOf(inside), said(inside, 'user'), 'differs'),
        fact(
          'owner of its /proc directory',
          '它的 /proc 目录的所有者',
          String(fs.statSync(`/proc/${inside.pid}`).uid),
          said(inside, 'own process'),
          'differs',
        ),
        fact(
          'owner of /etc/passwd',
          '/etc/passwd 的所有者',
          String(fs.statSync('/etc/passwd').uid),
          said(inside, 'owner of /etc/passwd'),
          'differs',
        ),
        fact('user namespace', '用户命名空间', namespaceOf(host), namespaceOf(inside), 'differs'),
        fact(
          'CapEff: before unshare, and now',
          'CapEff：unshare 之前，和现在',
          none,
          said(inside, 'capabilities'),
          'differs',
        ),
        fact('reading /etc/shadow', '读取 /etc/shadow', 'read', said(inside, 'shadow'), 'differs'),
      ],
    }),
  },
  byHand: texts.byHand,
  experiments: [
    {
      ...texts.owner,
      program: stage =>
        asOrdinary(stage, [
          ...becomeRoot,
          call('sethostname', [str('from-inside'), 11], {
            lesson: 'uts-namespace',
            why: { en: 'root may do that, may it not?', zh: 'root 不是可以这么做吗？' },
          }),
        ]),
      fails: { call: 'sethostname', errno: 'EPERM' },
    },
    {
      ...texts.owned,
      program: stage =>
        asOrdinary(stage, [
          ...becomeRoot,
          call('unshare', [CLONE.CLONE_NEWUTS | CLONE.CLONE_NEWNS], {
            lesson: 'uts-namespace',
            why: {
              en: 'namespaces that belong to this user namespace',
              zh: '属于这个用户命名空间的命名空间',
            },
          }),
          call('sethostname', [str('from-inside'), 11], {
            lesson: 'uts-namespace',
            why: { en: 'the name of our own namespace', zh: '自己的命名空间的名字' },
          }),
          mount('lesson-20', '/mnt', 'tmpfs', 0, 'size=64k', {
            lesson: 'mount-namespace',
            why: { en: 'a mount in our own tree', zh: '在自己的挂载树里挂载' },
          }),
        ]),
      inside: `echo "hostname: $(uname -n)"
echo "mounted: $(grep -c '^lesson-20 ' /proc/self/mounts)"`,
      evidence: (host, inside) => ({
        facts: [
          fact('hostname', '主机名', host.hostname, said(inside, 'hostname'), 'differs'),
          fact(
            'a tmpfs on /mnt',
            '/mnt 上的 tmpfs',
            String(host.mounts.filter(one => one.includes('lesson-20')).length),
            said(inside, 'mounted'),
            'differs',
          ),
        ],
      }),
    },
    {
      ...texts.others,
      program: stage => asOrdinary(stage, [unshareUser, ...denySetgroups, ...mapUser('0 0 1')]),
      fails: { call: 'write', errno: 'EPERM' },
    },
    {
      ...texts.unmapped,
      program: stage =>
        asOrdinary(stage, [
          ...becomeRoot,
          call('setuid', [33], {
            ...about,
            why: { en: 'become www-data, as a web server does', zh: '变成 www-data，网站服务器都这么做' },
          }),
        ]),
      fails: { call: 'setuid', errno: 'EINVAL' },
    },
  ],
  breakIt: [
    {
      ...texts.groups,
      program: stage => asOrdinary(stage, [unshareUser, ...mapUser(`0 ${ordinary} 1`), ...mapGroup(`0 ${ordinary} 1`)]),
      outcome: { call: 'write', errno: 'EPERM' },
    },
    {
      ...texts.nobody,
      program: stage => asOrdinary(stage, [unshareUser]),
      inside: look,
      outcome: 'runs',
      evidence: (_host, inside) => ({
        columns: texts.columns.maps,
        facts: [
          fact('the user of the process', '进程的用户', '0', said(inside, 'user'), 'differs'),
          fact(
            'CapEff after execve',
            'execve 之后的 CapEff',
            texts.all,
            said(inside, 'capabilities') === none ? none : texts.all,
            'differs',
          ),
        ],
      }),
    },
  ],
  seen: texts.seen,
  recap: texts.recap,
  glossary: texts.glossary,
  reading: texts.reading,
  sources: ['src/workshop/rootless/rootless.ts', 'src/container/process/capabilities.ts'],
};
