import fs from 'node:fs';
import path from 'node:path';
import { kernelMounts } from '../../src/container/spec.ts';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import { call } from '../../src/syscalls/calls.ts';
import type { Step } from '../../src/syscalls/step.ts';
import type { Exercise, Finding, Mine, Seen } from '../../src/workshop/exercise/types.ts';
import { lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { makeSmallRoot } from '../../src/workshop/play/small-root.ts';

interface Values {
  /** Which of the kernel's settings is made read-only, and which stays writable. */
  readonly: string;
  writable: string;
}

const settings = ['/proc/sys', '/proc/irq', '/proc/bus', '/proc/fs'];
const nodes = { null: '1:3', zero: '1:5', full: '1:7', random: '1:8', urandom: '1:9', tty: '5:0' } as const;
const links = { fd: '/proc/self/fd', stdin: '/proc/self/fd/0', ptmx: 'pts/ptmx' } as const;

/** Those that this kernel has. */
const present = () => settings.filter(one => hostFacts().hidden[one] !== undefined);

function program(mine: Mine, { scratch, command }: Stage, values: Values) {
  const facts = hostFacts();
  const layers = { lowerBase: scratch, lower: ['image'], upper: 'upper', work: 'work', target: 'rootfs' };
  const steps: Step[] = kernelMounts
    .filter(one => one.destination === '/proc' || one.destination === '/dev' || one.destination === '/dev/pts')
    .flatMap(one => [...pieces.kernelMount(one, facts), ...(one.destination === '/dev' ? mine.deviceNodes() : [])]);
  return lessonProgram({
    namespaces: ['mount', 'pid'],
    child: [
      call('umask', [0], {
        why: { en: 'the mode of a new node is the one that is asked for', zh: '新节点的权限就是所要求的那个' },
      }),
      ...pieces.mountNamespace(),
      ...pieces.overlayMount(layers, facts.overlayOptions),
      ...pieces.pivotRoot('rootfs'),
      ...steps,
      ...mine.readonlyPaths([values.readonly], facts),
    ],
    command,
  });
}

interface Node {
  kind: 'character' | 'block' | 'file' | 'none' | 'other';
  device: string;
  mode: number;
}

function nodeAt(seen: Seen, name: string): Node {
  const stats = fs.lstatSync(`/proc/${seen.process.pid}/root/dev/${name}`, { throwIfNoEntry: false });
  if (stats === undefined) return { kind: 'none', device: '', mode: 0 };
  const kind = stats.isCharacterDevice()
    ? 'character'
    : stats.isBlockDevice()
      ? 'block'
      : stats.isFile()
        ? 'file'
        : 'other';
  return { kind, device: `${stats.rdev >> 8}:${stats.rdev & 0xff}`, mode: stats.mode & 0o777 };
}

function nodeFinding(seen: Seen, name: keyof typeof nodes): Finding {
  const node = nodeAt(seen, name);
  const wanted = nodes[name];
  const [major, minor] = wanted.split(':');
  return {
    ok: node.kind === 'character' && node.device === wanted && node.mode === 0o666,
    what: {
      en: `/dev/${name} is character device ${wanted}, mode 666`,
      zh: `/dev/${name} 是字符设备 ${wanted}，权限 666`,
    },
    hint: nodeHint(node, name, `${minor}:${major}`),
  };
}

function nodeHint(node: Node, name: string, reversed: string): Finding['hint'] {
  if (node.kind === 'none')
    return {
      en: `/dev/${name} does not exist: is each name in \`nodes\` made?`,
      zh: `没有 /dev/${name}：\`nodes\` 里的每个名字都建了吗？`,
    };
  if (node.kind === 'file')
    return {
      en: `/dev/${name} is a regular file: mknod(2) makes one where the mode names no type. Which S_IF… is a character device?`,
      zh: `/dev/${name} 是普通文件：mode 里没写类型，mknod(2) 就建普通文件。字符设备是哪个 S_IF…？`,
    };
  if (node.kind === 'block')
    return { en: `/dev/${name} is a block device, which is for disks`, zh: `/dev/${name} 成了块设备，那是给磁盘用的` };
  if (node.device === reversed)
    return {
      en: `/dev/${name} is device ${node.device}: major and minor are in each other’s places`,
      zh: `/dev/${name} 是设备 ${node.device}：主次号写反了`,
    };
  if (node.mode !== 0o666)
    return {
      en: `/dev/${name} has mode ${node.mode.toString(8)}: a program that is not root must be able to write to it`,
      zh: `/dev/${name} 的权限是 ${node.mode.toString(8)}：不是 root 的程序也要能写`,
    };
  return { en: `/dev/${name} is device ${node.device}`, zh: `/dev/${name} 是设备 ${node.device}` };
}

function linkHint(name: string, target: string): Finding['hint'] {
  if (target === '–')
    return {
      en: `there is no link /dev/${name}: are those in \`links\` made?`,
      zh: `没有链接 /dev/${name}：\`links\` 里的都建了吗？`,
    };
  if (target === name || target === `/dev/${name}`)
    return {
      en: 'symlinkat(2) takes the target first, then where the link is made',
      zh: 'symlinkat(2) 先写目标，再写链接建在哪里',
    };
  return { en: `/dev/${name} leads to ${target}`, zh: `/dev/${name} 通向 ${target}` };
}

function linkFinding(seen: Seen, name: keyof typeof links): Finding {
  const file = `/proc/${seen.process.pid}/root/dev/${name}`;
  const isLink = fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  const target = isLink ? fs.readlinkSync(file) : '–';
  return {
    ok: target === links[name],
    what: { en: `/dev/${name} → ${links[name]}`, zh: `/dev/${name} → ${links[name]}` },
    hint: linkHint(name, target),
  };
}

/** Flags of the topmost mount on `target`, of mountinfo; undefined where nothing is mounted there. */
function flagsOf(seen: Seen, target: string): string[] | undefined {
  const lines = fs.readFileSync(`/proc/${seen.process.pid}/mountinfo`, 'utf8').split('\n');
  return lines
    .findLast(line => line.split(' ')[4] === target)
    ?.split(' ')[5]
    ?.split(',');
}

function readonlyFindings(seen: Seen, { readonly, writable }: Values): Finding[] {
  const flags = flagsOf(seen, readonly);
  const lost = ['nosuid', 'nodev', 'noexec'].filter(flag => !flags?.includes(flag));
  return [
    {
      ok: flags !== undefined,
      what: { en: `${readonly} is a mount of its own`, zh: `${readonly} 是一个独立的挂载` },
      hint: {
        en: `nothing is mounted on ${readonly}: bind the path onto itself first`,
        zh: `${readonly} 上什么也没挂载：先把这个路径绑定到自己身上`,
      },
    },
    {
      ok: flags?.includes('ro') ?? false,
      what: { en: `${readonly} is read-only`, zh: `${readonly} 只读` },
      hint: {
        en: `${readonly} is bound and still writable: at the first mount(2) of a bind the kernel ignores every flag but MS_REC. A second one with MS_REMOUNT sets them`,
        zh: `${readonly} 绑定了，但仍可写：bind 的第一次 mount(2) 除 MS_REC 外忽略所有标志。要用第二次、带 MS_REMOUNT 的来设`,
      },
    },
    {
      ok: flags !== undefined && lost.length === 0,
      what: { en: `${readonly} is still nosuid, nodev, noexec`, zh: `${readonly} 仍是 nosuid、nodev、noexec` },
      hint: {
        en: `${lost.join(', ')} of /proc got lost: a remount sets all flags, those that it does not name are cleared`,
        zh: `/proc 的 ${lost.join('、')} 丢了：重新挂载会设全部标志，没写的就被清掉`,
      },
    },
    {
      ok: !(flagsOf(seen, '/proc')?.includes('ro') ?? false) && flagsOf(seen, writable) === undefined,
      what: { en: `the rest of /proc is as it was`, zh: `/proc 的其余部分保持原样` },
      hint: {
        en: `${writable} changed too: without MS_BIND a remount is for the whole file system`,
        zh: `${writable} 也变了：不带 MS_BIND 的重新挂载针对整个文件系统`,
      },
    },
  ];
}

export const exercise: Exercise<Values> = {
  lesson: 'proc-sys-dev',
  task: {
    en: 'Write `deviceNodes()`: six device nodes and six links in an empty /dev. Write `readonlyPaths(paths, facts)`: afterwards nobody writes below these paths, and the other flags of the mount are as before.',
    zh: '写 `deviceNodes()`：在空的 /dev 里建六个设备节点和六个链接。写 `readonlyPaths(paths, facts)`：之后谁也不能在这些路径下面写，挂载的其他标志保持不变。',
  },
  pieces: ['deviceNodes', 'readonlyPaths'],
  syscalls: ['mknodat', 'symlinkat', 'mount'],
  values: random => {
    const [readonly = '/proc/sys', writable = '/proc/fs'] =
      random.integer(0, 1) === 0 ? present() : present().toReversed();
    return { readonly, writable };
  },
  prepare(scratch) {
    for (const name of ['upper', 'work', 'rootfs']) fs.mkdirSync(path.join(scratch, name), { recursive: true });
    makeSmallRoot(path.join(scratch, 'image'));
  },
  program,
  inside: 'echo hello > /dev/null',
  grade: (seen, values) => [
    ...(Object.keys(nodes) as (keyof typeof nodes)[]).map(name => nodeFinding(seen, name)),
    ...(Object.keys(links) as (keyof typeof links)[]).map(name => linkFinding(seen, name)),
    ...readonlyFindings(seen, values),
  ],
  explain: ({ call, errno, mine }) => {
    if (mine && call === 'mount' && errno === 'EINVAL')
      return {
        en: 'MS_REMOUNT works on a mount only: bind the path onto itself before',
        zh: 'MS_REMOUNT 只对挂载点有效：先把路径绑定到自己身上',
      };
    if (mine && errno === 'EEXIST')
      return { en: 'that name is in /dev already: is it made twice?', zh: '/dev 里已经有这个名字了：是不是建了两次？' };
    return undefined;
  },
  hints: [
    {
      en: 'Both functions return a list of steps: `nodes.map(([name, major, minor]) => call(…))`, then the links; `present.flatMap(path => [ …, … ])`.',
      zh: '两个函数都返回一列步骤：`nodes.map(([name, major, minor]) => call(…))`，然后是链接；`present.flatMap(path => [ …, … ])`。',
    },
    {
      en: 'A device number is one number: minor in the low eight bits, major above them. The mode is a type and the rights: `S.S_IFCHR | 0o666`.',
      zh: '设备号是一个数：次号在低八位，主号在上面。mode 由类型和权限组成：`S.S_IFCHR | 0o666`。',
    },
    {
      en: 'For each path two calls: `mount(path, path, null, MS.MS_BIND | MS.MS_REC, null, …)`, then the same path with MS_BIND, MS_REMOUNT, MS_RDONLY and the flags that /proc has.',
      zh: '每个路径调用两次：`mount(path, path, null, MS.MS_BIND | MS.MS_REC, null, …)`；然后还是这个路径，标志是 MS_BIND、MS_REMOUNT、MS_RDONLY，再加上 /proc 已有的那些。',
    },
  ],
  wrong: [
    {
      name: 'major and minor in each other’s places',
      code: `  return nodes.map(([name, major, minor]) => call('mknodat', [AT.AT_FDCWD, str(\`/dev/\${name}\`), S.S_IFCHR | 0o666, (minor << 8) | major], { why: { en: 'a device', zh: '设备' } }));`,
      hint: /each other’s places/,
    },
    {
      name: 'a mode without a type',
      code: `  return nodes.map(([name, major, minor]) => call('mknodat', [AT.AT_FDCWD, str(\`/dev/\${name}\`), 0o666, (major << 8) | minor], { why: { en: 'a device', zh: '设备' } }));`,
      hint: /is a regular file/,
    },
    {
      name: 'read-only at the first mount',
      code: [
        undefined,
        `  return present.map(path => mount(path, path, null, MS.MS_BIND | MS.MS_REC | MS.MS_RDONLY, null, { why: { en: 'read-only', zh: '只读' }, tolerate: ['ENOENT'] }));`,
      ],
      hint: /bound and still writable/,
    },
    {
      name: 'the flags of /proc forgotten',
      code: [
        undefined,
        `  const why = { en: 'read-only', zh: '只读' };
  return present.flatMap(path => [
    mount(path, path, null, MS.MS_BIND | MS.MS_REC, null, { why, tolerate: ['ENOENT'] }),
    mount(path, path, null, MS.MS_BIND | MS.MS_REMOUNT | MS.MS_RDONLY, null, { why, tolerate: ['ENOENT'] }),
  ]);`,
      ],
      hint: /got lost/,
    },
    {
      name: 'a remount without a bind',
      code: [
        undefined,
        `  return present.map(path => mount(path, path, null, MS.MS_BIND | MS.MS_REMOUNT | MS.MS_RDONLY, null, { why: { en: 'read-only', zh: '只读' }, tolerate: ['ENOENT'] }));`,
      ],
      hint: /works on a mount only/,
    },
  ],
};
