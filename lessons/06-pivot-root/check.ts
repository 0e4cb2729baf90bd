import fs from 'node:fs';
import path from 'node:path';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import type { Mount } from '../../src/oci/runtime-spec.ts';
import type { Exercise } from '../../src/workshop/exercise/types.ts';
import { lessonProgram } from '../../src/workshop/lesson.ts';
import { makeSmallRoot } from '../../src/workshop/play/small-root.ts';

const proc: Mount = { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] };

export const exercise: Exercise<{ root: string; marker: string }> = {
  lesson: 'pivot-root',
  task: {
    en: 'Write `pivotRoot(root)`: the steps after which an overlay that is mounted on `root` is “/”, and no path leads back to the tree that was there before.',
    zh: '写出 `pivotRoot(root)`：做完这些步骤之后，挂载在 `root` 上的 overlay 就是“/”，没有任何路径能回到原来的目录树。',
  },
  pieces: ['pivotRoot'],
  syscalls: ['chdir', 'pivot_root', 'umount2', 'chroot'],
  values: random => ({ root: random.word(), marker: random.word() }),
  prepare(scratch, { root, marker }) {
    for (const name of ['upper', 'work', root]) fs.mkdirSync(path.join(scratch, name));
    makeSmallRoot(path.join(scratch, 'image'));
    fs.writeFileSync(path.join(scratch, 'image', marker), '');
  },
  program: (mine, { scratch, command }, { root }) =>
    lessonProgram({
      namespaces: ['mount', 'uts', 'pid'],
      child: [
        ...pieces.mountNamespace(),
        ...pieces.overlayMount(
          { lowerBase: scratch, lower: ['image'], upper: 'upper', work: 'work', target: `${scratch}/${root}` },
          hostFacts().overlayOptions,
        ),
        ...mine.pivotRoot(`${scratch}/${root}`),
        ...pieces.kernelMount(proc, hostFacts()),
      ],
      command,
    }),
  inside: ({ marker }) => `[ -e /${marker} ] && echo "marker: there"; echo "here: $(pwd -P)"`,
  grade({ process, outer, said, steps }, { root }) {
    const rootOf = (pid: number) => {
      const { dev, ino } = fs.statSync(`/proc/${pid}/root/`);
      return `${dev}:${ino}`;
    };
    const link = (name: string) => fs.readlinkSync(`/proc/${process.pid}/${name}`);
    const here = link('cwd');
    const old = process.mounts.find(line => !/^(overlay on \/|proc on \/proc) /.test(line));
    return [
      {
        ok: rootOf(process.pid) !== rootOf(outer.pid) && said('marker') === 'there',
        what: { en: `“/” is what was mounted on ${root}`, zh: `“/”就是原来挂载在 ${root} 上的东西` },
        hint:
          steps.length === 0
            ? { en: 'no step at all: “/” is still the old one', zh: '一个步骤也没有：“/”还是原来的' }
            : { en: `“/” of the process is still “${process.mounts[0]}”`, zh: `进程的“/”还是“${process.mounts[0]}”` },
      },
      {
        ok: link('root') === '/',
        what: { en: '“/” is the root of its whole mount namespace', zh: '“/”是它整个挂载命名空间的根' },
        hint: {
          en: `/proc/PID/root says “${link('root')}”: chroot only changes where paths begin. The old tree is still above, and root can climb out`,
          zh: `/proc/PID/root 显示“${link('root')}”：chroot 只改变路径从哪里算起。旧的目录树还在上面，root 能爬出去`,
        },
      },
      {
        ok: old === undefined,
        what: { en: 'nothing of the old tree is in its mount table', zh: '它的挂载表里没有旧目录树的任何东西' },
        hint: {
          en: `its mount table has ${process.mounts.length} lines, among them “${old}”: the old root is still mounted on top of the new one. Which call takes away a mount that is in use?`,
          zh: `它的挂载表里有 ${process.mounts.length} 行，其中有“${old}”：旧的根还叠在新的根上面。哪个调用能卸下正在使用的挂载？`,
        },
      },
      {
        ok: here === '/' && said('here') === '/',
        what: { en: 'its working directory is the new “/”', zh: '它的工作目录是新的“/”' },
        hint: {
          en: `its working directory is “${here}”: a directory of the tree that has gone. “.” is a way back as long as somebody stands there`,
          zh: `它的工作目录是“${here}”：那是已经离开的目录树里的目录。只要还站在那里，“.”就是一条回去的路`,
        },
      },
    ];
  },
  explain: ({ call, errno }) =>
    call === 'pivot_root' && errno === 'EINVAL'
      ? {
          en: 'EINVAL: the new root must be a mount point (are you in it, and does “.” mean it?), and the old root must go to a place at or below it',
          zh: 'EINVAL：新的根必须是挂载点（你在它里面吗，“.”指的是它吗？），旧的根要放到它所在之处或它的下面',
        }
      : call === 'pivot_root' && errno === 'EBUSY'
        ? {
            en: 'EBUSY: the new root or the place for the old one lies on the root that you have now',
            zh: 'EBUSY：新的根，或者放旧根的位置，就在你现在的根上',
          }
        : call === 'umount2' && errno === 'EBUSY'
          ? {
              en: 'EBUSY: the mount is in use, if only by this process itself. MNT_DETACH takes it out of the tree now and lets it go when nobody uses it',
              zh: 'EBUSY：这个挂载正在使用，哪怕只是这个进程自己。MNT_DETACH 会立刻把它从树上摘下，等没有人用时再放手',
            }
          : call === 'umount2' && errno === 'EINVAL'
            ? {
                en: 'EINVAL: what you name is no mount point. After the pivot the old root lies on top, and “.” is still in it',
                zh: 'EINVAL：你指的不是挂载点。换根之后旧的根叠在上面，而“.”还在它里面',
              }
            : undefined,
  hints: [
    {
      en: 'man 2 pivot_root has the whole trick near its end. Draw it: after `pivot_root(".", ".")` two mounts lie at “/”, one on the other.',
      zh: 'man 2 pivot_root 靠近末尾处讲了整个技巧。画一画：`pivot_root(".", ".")` 之后，“/”处叠着两个挂载。',
    },
    {
      en: 'chdir into `root`, so that “.” is the new root. After the pivot “.” is what lies on top: the old one. `umount2(".", MNT_DETACH)` takes it away.',
      zh: '先 chdir 到 `root`，这样“.”就是新的根。换根之后“.”指的是压在上面的那个：旧的根。`umount2(".", MNT_DETACH)` 把它摘下。',
    },
    {
      en: "The whole: `call('chdir', [str(root)], …)`, `call('pivot_root', [str('.'), str('.')], …)`, `call('umount2', [str('.'), MNT.MNT_DETACH], …)`, `call('chdir', [str('/')], …)`.",
      zh: "完整的答案：`call('chdir', [str(root)], …)`、`call('pivot_root', [str('.'), str('.')], …)`、`call('umount2', [str('.'), MNT.MNT_DETACH], …)`、`call('chdir', [str('/')], …)`。",
    },
  ],
  wrong: [
    {
      name: 'leaves the old root where it is',
      code: `  return [
    call('chdir', [str(root)], { why: { en: '', zh: '' } }),
    call('pivot_root', [str('.'), str('.')], { why: { en: '', zh: '' } }),
    call('chdir', [str('/')], { why: { en: '', zh: '' } }),
  ];`,
      hint: /the old root is still mounted on top of the new one|still/,
    },
    {
      name: 'chroot',
      code: `  return [
    call('chroot', [str(root)], { why: { en: '', zh: '' } }),
    call('chdir', [str('/')], { why: { en: '', zh: '' } }),
  ];`,
      hint: /chroot only changes where paths begin/,
    },
    {
      name: 'an ordinary umount',
      code: `  return [
    call('chdir', [str(root)], { why: { en: '', zh: '' } }),
    call('pivot_root', [str('.'), str('.')], { why: { en: '', zh: '' } }),
    call('umount2', [str('.'), 0], { why: { en: '', zh: '' } }),
    call('chdir', [str('/')], { why: { en: '', zh: '' } }),
  ];`,
      hint: /MNT_DETACH takes it out of the tree now/,
    },
    {
      name: 'is not in the new root',
      code: `  return [
    call('pivot_root', [str('.'), str('.')], { why: { en: '', zh: '' } }),
    call('umount2', [str('.'), MNT.MNT_DETACH], { why: { en: '', zh: '' } }),
    call('chdir', [str('/')], { why: { en: '', zh: '' } }),
  ];`,
      hint: /the new root must be a mount point|EBUSY/,
    },
  ],
};
