import fs from 'node:fs';
import path from 'node:path';
import { mount } from '../../src/syscalls/calls.ts';
import type { Exercise } from '../../src/workshop/exercise/types.ts';
import { lessonProgram } from '../../src/workshop/lesson.ts';

export const exercise: Exercise<{ room: string; note: string }> = {
  lesson: 'mount-namespace',
  task: {
    en: 'Write `mountNamespace()`: the step that comes first in a new mount namespace. The outer container plays a host with systemd: everything in it is shared. A tmpfs that is mounted after your step must be seen inside, and nowhere else.',
    zh: '写出 `mountNamespace()`：进入新的挂载命名空间后的第一个步骤。外层容器扮演一台有 systemd 的宿主机：里面的一切都是 shared。在你的步骤之后挂载的 tmpfs，里面要看得见，别处都不能看见。',
  },
  pieces: ['mountNamespace'],
  syscalls: ['mount'],
  values: random => ({ room: random.word(), note: random.word() }),
  prepare: (scratch, { room }) => fs.mkdirSync(path.join(scratch, room)),
  program: (mine, { scratch, command }, { room }) =>
    lessonProgram({
      namespaces: ['mount'],
      child: [
        ...mine.mountNamespace(),
        mount('tmpfs', `${scratch}/${room}`, 'tmpfs', 0, 'size=1m', {
          why: { en: 'mount what only this process is to see', zh: '挂载只让这个进程看见的东西' },
        }),
      ],
      command,
    }),
  inside: ({ room, note }) => `echo ${note} > "$LESSON/${room}/note"; echo "note: $(cat "$LESSON/${room}/note")"`,
  grade({ process, outer, said, scratch, steps }, { room, note }) {
    const on = (mounts: readonly string[], place: string) => mounts.some(line => line.includes(` on ${place} (`));
    const where = `/tmp/lesson/${room}`;
    const leaked = on(outer.mounts, where);
    const connected = process.mounts.filter(line => /\((shared|master):/.test(line));
    const firstConnected = connected[0]?.replace(/^\S+ on (\S+) \((.*)\)$/, '$1 ($2)') ?? '';
    const slave = connected.length > 0 && connected.every(line => line.includes('(master:'));
    return [
      {
        ok: on(process.mounts, where) && said('note') === note,
        what: { en: `a tmpfs is mounted on ${where}`, zh: `${where} 上挂载了 tmpfs` },
        hint: { en: 'it is not there any more', zh: '它不在那里' },
      },
      {
        ok: !leaked && fs.readdirSync(path.join(scratch, room)).length === 0,
        what: { en: 'the host sees an empty directory there', zh: '宿主机在那里只看到空目录' },
        hint:
          steps.length === 0
            ? {
                en: 'the mount is on the host too. A new mount namespace is a copy, and copies of shared mounts stay peers: a step must cut them loose',
                zh: '宿主机上也出现了这个挂载。新的挂载命名空间是副本，而共享挂载的副本之间仍是对等关系：需要一个步骤切断它们',
              }
            : {
                en: `the mount is on the host too: ${firstConnected} is shared still. The tree has more than one mount, and a flag of mount(2) makes it go through all of them`,
                zh: `宿主机上也出现了这个挂载：${firstConnected} 还是 shared。这棵树上不止一个挂载，mount(2) 有一个标志能走遍它们`,
              },
      },
      {
        ok: connected.length === 0,
        what: { en: 'every mount in it is private', zh: '里面的每个挂载都是 private' },
        hint: slave
          ? {
              en: `${firstConnected}: nothing goes out, but mounts of the host still come in. Slaves listen to a master; private mounts to nobody`,
              zh: `${firstConnected}：里面的出不去了，但宿主机的挂载还会进来。slave 听 master 的；private 谁也不听`,
            }
          : {
              en: `${firstConnected} is not private`,
              zh: `${firstConnected} 不是 private`,
            },
      },
    ];
  },
  explain: ({ errno, mine }) =>
    mine && errno === 'EINVAL'
      ? {
          en: 'exactly one of MS_SHARED, MS_PRIVATE, MS_SLAVE, MS_UNBINDABLE may be given, with MS_REC and MS_SILENT at most; and the target must be a mount point',
          zh: 'MS_SHARED、MS_PRIVATE、MS_SLAVE、MS_UNBINDABLE 只能给一个，此外最多再加 MS_REC 和 MS_SILENT；目标还必须是挂载点',
        }
      : undefined,
  hints: [
    {
      en: 'man 2 mount, “Changing the propagation type of an existing mount”. What `mount --make-…` does in a shell.',
      zh: 'man 2 mount 里的“Changing the propagation type of an existing mount”。也就是 shell 里 `mount --make-…` 做的事。',
    },
    {
      en: 'The type that neither sends nor receives is MS_PRIVATE. The flag is for one mount; /proc and /tmp are mounts of their own.',
      zh: '既不发送也不接收的类型是 MS_PRIVATE。这个标志只管一个挂载；而 /proc 和 /tmp 各自是挂载。',
    },
    {
      en: "The whole: `return [mount(null, '/', null, MS.MS_REC | MS.MS_PRIVATE, null, { why: { en: '…', zh: '…' } })];`",
      zh: "完整的答案：`return [mount(null, '/', null, MS.MS_REC | MS.MS_PRIVATE, null, { why: { en: '…', zh: '…' } })];`",
    },
  ],
  wrong: [
    { name: 'no step', code: '  return [];', hint: /copies of shared mounts stay peers/ },
    {
      name: 'only the root',
      code: "  return [mount(null, '/', null, MS.MS_PRIVATE, null, { why: { en: '', zh: '' } })];",
      hint: /makes it go through all of them/,
    },
    {
      name: 'slaves',
      code: "  return [mount(null, '/', null, MS.MS_REC | MS.MS_SLAVE, null, { why: { en: '', zh: '' } })];",
      hint: /mounts of the host still come in/,
    },
    {
      name: 'two kinds at once',
      code: "  return [mount(null, '/', null, MS.MS_PRIVATE | MS.MS_SLAVE, null, { why: { en: '', zh: '' } })];",
      hint: /exactly one of MS_SHARED/,
    },
  ],
};
