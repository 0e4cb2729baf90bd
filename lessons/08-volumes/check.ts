import fs from 'node:fs';
import path from 'node:path';
import { type Bind, holdBinds } from '../../src/container/rootfs/binds.ts';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import type { Mount } from '../../src/oci/runtime-spec.ts';
import { mount } from '../../src/syscalls/calls.ts';
import type { Step } from '../../src/syscalls/step.ts';
import { MS, OVERLAYFS_SUPER_MAGIC } from '../../src/syscalls/uapi/flags.ts';
import type { Exercise, Finding, Mine, Seen } from '../../src/workshop/exercise/types.ts';
import { lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { makeSmallRoot } from '../../src/workshop/play/small-root.ts';

interface Values {
  /** Names of the places in the container. */
  data: string;
  readonly: string;
  /** A file in both sources. */
  file: string;
}

const proc: Mount = { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] };
const why = { en: 'a disk below the first source', zh: '第一个源下面的一块磁盘' };

function bindsOf(scratch: string, { data, readonly }: Values): Bind[] {
  const common = {
    kind: 'directory' as const,
    propagation: MS.MS_PRIVATE | MS.MS_REC,
    filesystem: OVERLAYFS_SUPER_MAGIC,
  };
  const place = (name: string) => ({ target: `/${name}`, destination: `/${name}` });
  return [
    { ...common, ...place(data), source: path.join(scratch, 'volume'), readonly: false },
    { ...common, ...place(readonly), source: path.join(scratch, 'settings'), readonly: true },
  ];
}

function program(mine: Mine, { scratch, command }: Stage, values: Values) {
  const facts = hostFacts();
  const binds = holdBinds(bindsOf(scratch, values));
  const layers = { lowerBase: scratch, lower: ['image'], upper: 'upper', work: 'work', target: 'rootfs' };
  const parts = lessonProgram({
    namespaces: ['mount', 'pid'],
    child: [
      ...pieces.mountNamespace(),
      ...pieces.overlayMount(layers, facts.overlayOptions),
      ...pieces.pivotRoot('rootfs'),
      ...pieces.kernelMount(proc, facts),
      ...mine.placeBinds(binds, facts.arch),
    ],
    command,
  });
  const disk = mount('tmpfs', path.join(scratch, 'volume/disk'), 'tmpfs', 0, 'size=1m', { why });
  return { ...parts, host: [disk, ...mine.openSources(binds), ...parts.host, ...pieces.dropSources(binds)] };
}

const inside = ({ data, readonly, file }: Values) => `echo "data: $(cat /${data}/${file})"
echo "settings: $(cat /${readonly}/${file})"
(echo hello > /${data}/written) && echo "wrote: data"
(echo hello > /${readonly}/written) && echo "changed: settings"
true`;

interface Line {
  flags: string[];
  propagation: string[];
}

/** The topmost mount on a place of the process, of mountinfo. */
function mountedOn(seen: Seen, target: string): Line | undefined {
  const lines = fs.readFileSync(`/proc/${seen.process.pid}/mountinfo`, 'utf8').split('\n');
  const line = lines.findLast(one => one.split(' ')[4] === target);
  const fields = line?.split(' - ').at(0)?.split(' ');
  return fields && { flags: fields[5]!.split(','), propagation: fields.slice(6) };
}

function placeFindings(seen: Seen, values: Values): Finding[] {
  const places = [
    [values.data, 'data'],
    [values.readonly, 'settings'],
  ] as const;
  return places.map(([name, label]) => ({
    ok: mountedOn(seen, `/${name}`) !== undefined && seen.said(label) === `in ${label}`,
    what: { en: `its source is seen in /${name}`, zh: `/${name} 里看得到它的源` },
    hint:
      mountedOn(seen, `/${name}`) === undefined
        ? {
            en: `nothing is mounted on /${name}: does placeBinds return a move_mount for every bind?`,
            zh: `/${name} 上什么也没挂载：placeBinds 为每个 bind 都返回 move_mount 了吗？`,
          }
        : { en: `another directory is mounted on /${name}`, zh: `/${name} 上挂的是别的目录` },
  }));
}

function settingsOf(seen: Seen, { data, readonly }: Values): Finding[] {
  const open = mountedOn(seen, `/${data}`);
  const closed = mountedOn(seen, `/${readonly}`);
  const peers = [open, closed].flatMap(one => one?.propagation ?? []);
  return [
    {
      ok: mountedOn(seen, `/${data}/disk`) !== undefined,
      what: { en: `the disk below the source is seen in /${data}/disk`, zh: `/${data}/disk 里看得到源下面的那块磁盘` },
      hint: {
        en: `it is not: without AT_RECURSIVE open_tree copies one mount, not those below`,
        zh: '看不到：没有 AT_RECURSIVE，open_tree 只复制一个挂载，不带下面的',
      },
    },
    {
      ok: peers.length === 0,
      what: {
        en: 'what the container mounts in there does not show on the host',
        zh: '容器在里面挂载的东西不会出现在宿主机上',
      },
      hint: {
        en: `the mounts are still peers of the host’s (${peers.join(', ')}): a copy stays connected until its propagation is set, which is bind.propagation`,
        zh: `这些挂载与宿主机的仍是对等关系（${peers.join('、')}）：副本一直连着，直到设置传播类型，也就是 bind.propagation`,
      },
    },
    {
      ok: closed?.flags.includes('ro') === true && seen.said('changed') === '',
      what: { en: `nobody can write to /${readonly}`, zh: `谁也不能写 /${readonly}` },
      hint: {
        en: `/${readonly} is ${closed?.flags.join(',') ?? 'not there'}: :ro is a mount(2) of its own, with MS_REMOUNT, MS_BIND and MS_RDONLY`,
        zh: `/${readonly} 是 ${closed?.flags.join(',') ?? '没有的'}：:ro 要单独一次 mount(2)，带上 MS_REMOUNT、MS_BIND、MS_RDONLY`,
      },
    },
    {
      ok: open?.flags.includes('rw') === true && fs.existsSync(path.join(seen.scratch, 'volume/written')),
      what: { en: `what is written to /${data} is in the volume`, zh: `写进 /${data} 的内容在卷里` },
      hint: {
        en: `it is not: is :ro set only where bind.readonly says so?`,
        zh: '不在：是不是只在 bind.readonly 为真时才设 :ro？',
      },
    },
  ];
}

/** The flags of a mount(2). */
const flagsOf = (step: Step) => (step.op === 'syscall' ? Number(step.args[3]) : 0);

export const exercise: Exercise<Values> = {
  lesson: 'volumes',
  task: {
    en: 'Write `openSources(binds)`, which holds every source before the container’s root changes, and `placeBinds(binds, arch)`, which gives each its place in the container, its propagation and its `:ro`. The way to the mount point is given.',
    zh: '写 `openSources(binds)`，在容器换根之前持有每个源；再写 `placeBinds(binds, arch)`，给每个源在容器里安排位置，设置传播类型和 `:ro`。通往挂载点的部分已经给出。',
  },
  pieces: ['openSources', 'placeBinds'],
  imports: ['container/rootfs/mount-point'],
  syscalls: ['open_tree', 'mkdirat', 'mknodat', 'openat', 'close', 'statfs', 'move_mount', 'mount'],
  values: random => ({ data: random.word(), readonly: random.word(), file: random.word() }),
  prepare(scratch, { file }) {
    for (const name of ['upper', 'work', 'rootfs', 'volume/disk', 'settings'])
      fs.mkdirSync(path.join(scratch, name), { recursive: true });
    makeSmallRoot(path.join(scratch, 'image'));
    fs.writeFileSync(path.join(scratch, 'volume', file), 'in data\n');
    fs.writeFileSync(path.join(scratch, 'settings', file), 'in settings\n');
  },
  program,
  inside,
  grade: (seen, values) => {
    const places = placeFindings(seen, values);
    // What is not there has no settings.
    return places.every(({ ok }) => ok) ? [...places, ...settingsOf(seen, values)] : places;
  },
  explain: ({ call, errno, mine, step }) => {
    if (!mine) return undefined;
    if (call === 'move_mount' && errno === 'EINVAL')
      return {
        en: 'only a mount that is in no tree can be attached here: without OPEN_TREE_CLONE you hold the host’s own mount, not a copy',
        zh: '这里只能接上不在任何树里的挂载：没有 OPEN_TREE_CLONE，你持有的是宿主机自己的挂载，不是副本',
      };
    if (call === 'move_mount' && errno === 'ENOENT')
      return {
        en: 'the two paths are empty, which takes a flag for each side: MOVE_MOUNT_F_EMPTY_PATH and MOVE_MOUNT_T_EMPTY_PATH',
        zh: '两个路径都是空的，两边各要一个标志：MOVE_MOUNT_F_EMPTY_PATH 和 MOVE_MOUNT_T_EMPTY_PATH',
      };
    if (call === 'mount' && errno === 'EINVAL' && (flagsOf(step) & MS.MS_REMOUNT) === 0)
      return {
        en: 'MS_BIND alone asks for a new bind, and of what? To change the flags of a mount that is there takes MS_REMOUNT beside it',
        zh: '只有 MS_BIND 是要求新的绑定，可是绑定什么呢？要改已有挂载的标志，得同时带上 MS_REMOUNT',
      };
    if (call === 'mount' && errno === 'EINVAL')
      return {
        en: 'flags can be set on a mount that has its place: move_mount comes first',
        zh: '已有位置的挂载才能设标志：先做 move_mount',
      };
    if (call === 'mount' && errno === 'ENOENT')
      return {
        en: 'the path /proc/self/fd/N has no number yet: the step `name` writes it',
        zh: '路径 /proc/self/fd/N 里还没有编号：由步骤 `name` 写入',
      };
    return undefined;
  },
  hints: [
    {
      en: 'Section “The syscalls” has all calls in their order; those of the mount point are in `point.steps` already.',
      zh: '“用到的系统调用”一节按顺序列出了所有调用；其中挂载点的那些已经在 `point.steps` 里了。',
    },
    {
      en: '`OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.AT_RECURSIVE | OPEN_TREE.OPEN_TREE_CLOEXEC`, and `save: bind.held` beside the `why`.',
      zh: '`OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.AT_RECURSIVE | OPEN_TREE.OPEN_TREE_CLOEXEC`，`save: bind.held` 与 `why` 写在一起。',
    },
    {
      en: "`[...point.steps, call('move_mount', …), close(point.held, …), name, mount(null, path, null, bind.propagation, null, …), ...(bind.readonly ? [mount(…)] : [])]`",
      zh: "`[...point.steps, call('move_mount', …), close(point.held, …), name, mount(null, path, null, bind.propagation, null, …), ...(bind.readonly ? [mount(…)] : [])]`，顺序就是这样。",
    },
  ],
  wrong: [
    {
      name: 'the host’s own mount',
      code: [
        `  return binds.map(bind => call('open_tree', [AT.AT_FDCWD, str(bind.source), OPEN_TREE.OPEN_TREE_CLOEXEC], { why: 'hold it', save: bind.held }));`,
      ],
      hint: /not a copy/,
    },
    {
      name: 'without the mounts below',
      code: [
        `  return binds.map(bind => call('open_tree', [AT.AT_FDCWD, str(bind.source), OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.OPEN_TREE_CLOEXEC], { why: 'hold it', save: bind.held }));`,
      ],
      hint: /without AT_RECURSIVE/,
    },
    {
      name: 'attached, and left as it is',
      code: [
        undefined,
        `    const flags = MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT.MOVE_MOUNT_T_EMPTY_PATH;
    return [...point.steps, call('move_mount', [bind.held, str(''), point.held, str(''), flags], { why: 'its place' }), close(point.held, { why: 'done' }), name];`,
      ],
      hint: /still peers of the host’s[\s\S]*:ro is a mount\(2\) of its own/,
    },
    {
      name: 'read-only together with the propagation',
      code: [
        undefined,
        `    const flags = MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT.MOVE_MOUNT_T_EMPTY_PATH;
    return [
      ...point.steps,
      call('move_mount', [bind.held, str(''), point.held, str(''), flags], { why: 'its place' }),
      close(point.held, { why: 'done' }),
      name,
      mount(null, path, null, bind.propagation, null, { why: 'propagation' }),
      ...(bind.readonly ? [mount(null, path, null, MS.MS_BIND | MS.MS_RDONLY, null, { why: 'read-only' })] : []),
    ];`,
      ],
      hint: /MS_REMOUNT/,
    },
    {
      name: 'flags before it has a place',
      code: [
        undefined,
        `    const flags = MOVE_MOUNT.MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT.MOVE_MOUNT_T_EMPTY_PATH;
    return [
      ...point.steps,
      name,
      mount(null, path, null, MS.MS_REMOUNT | MS.MS_BIND | MS.MS_RDONLY, null, { why: 'read-only' }),
      call('move_mount', [bind.held, str(''), point.held, str(''), flags], { why: 'its place' }),
      close(point.held, { why: 'done' }),
    ];`,
      ],
      hint: /move_mount comes first/,
    },
  ],
};
