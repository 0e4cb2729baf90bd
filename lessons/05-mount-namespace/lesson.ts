import fs from 'node:fs';
import path from 'node:path';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { call, close, mkdir, mount, open } from '../../src/syscalls/calls.ts';
import { type Step, slot } from '../../src/syscalls/step.ts';
import type { Text } from '../../src/syscalls/text/language.ts';
import { CLONE, MS, O } from '../../src/syscalls/uapi/flags.ts';
import { without } from '../../src/workshop/break.ts';
import { type Lesson, lessonProgram, type ProgramTrial } from '../../src/workshop/lesson.ts';
import { mountDifference, namespaceFacts, said } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';

const id = '05-mount-namespace';

function tmpfs(target: string, why: Text): Step {
  return mount('tmpfs', target, 'tmpfs', MS.MS_NOSUID | MS.MS_NODEV, 'size=1m', { why, lesson: 'mount-namespace' });
}

/**
 * Two mount namespaces made one from the other, both away from the host: a mount in the second, and a look into the
 * first. `mended` makes the second private before.
 */
function twoNamespaces(scratch: string, mended: boolean): Step[] {
  const first = slot('first');
  const shared = `${scratch}/shared`;
  return [
    ...pieces.mountNamespace(),
    tmpfs(shared, {
      en: 'mount a small tree of our own in the first namespace',
      zh: '在第一个命名空间里挂载一棵自己的小目录树',
    }),
    mount(null, shared, null, MS.MS_SHARED, null, {
      why: {
        en: 'make it shared, as systemd makes everything at boot',
        zh: '设为 shared，就像 systemd 开机时对一切所做的那样',
      },
    }),
    mkdir(`${shared}/inner`, 0o755, {
      why: { en: 'create a mount point in the shared tree', zh: '在共享的目录树里创建一个挂载点' },
    }),
    open('/proc/self/ns/mnt', O.O_RDONLY, {
      why: { en: 'hold the first namespace, to come back later', zh: '留住第一个命名空间，以便稍后回来' },
      save: first,
    }),
    call('unshare', [CLONE.CLONE_NEWNS], {
      why: {
        en: 'create the second namespace: a copy of the first, still connected to it',
        zh: '创建第二个命名空间：第一个的副本，彼此还连着',
      },
    }),
    ...(mended ? pieces.mountNamespace() : []),
    tmpfs(`${shared}/inner`, {
      en: 'mount in the second namespace: does it stay there?',
      zh: '在第二个命名空间里挂载：会只留在那里吗？',
    }),
    call('setns', [first, CLONE.CLONE_NEWNS], {
      why: { en: 'go back to the first namespace, to look', zh: '回到第一个命名空间去看' },
    }),
    close(first, {
      why: {
        en: 'the process is back in the first namespace, so its descriptor is not needed',
        zh: '已经回到第一个命名空间，不再需要它的描述符',
      },
    }),
  ];
}

const countInner = 'echo "mounts on inner: $(grep -c /shared/inner /proc/self/mountinfo)"';

function leak(mended: boolean): Pick<ProgramTrial, 'program' | 'inside' | 'evidence'> {
  return {
    program: ({ scratch, command }) =>
      lessonProgram({ namespaces: ['mount'], child: twoNamespaces(scratch, mended), command }),
    inside: countInner,
    evidence: (host, container) => ({
      columns: [
        { en: 'host', zh: '宿主机' },
        { en: 'first namespace', zh: '第一个命名空间' },
      ],
      facts: [
        {
          what: { en: 'mounts on shared/inner', zh: 'shared/inner 上的挂载数' },
          host: String(host.mounts.filter(line => line.includes('/shared/inner')).length),
          container: said(container, 'mounts on inner'),
          claim: mended ? 'same' : 'differs',
        },
      ],
    }),
  };
}

export const lesson: Lesson = {
  id,
  title: { en: 'Mount namespace: your own view of the tree', zh: '挂载命名空间：自己的一棵目录树' },
  about: {
    en: 'a mount that only the child sees, and the step without which the host sees it too',
    zh: '只有子进程看得见的挂载，以及少了哪一步宿主机也会看见',
  },
  figure,
  needs: ['root', 'mnt'],
  rootless: true,
  minutes: 20,
  question: {
    ask: {
      en: 'On a systemd machine `/` is shared. A child made with `CLONE_NEWNS` mounts a tmpfs, and does nothing else. Who sees the files in it?',
      zh: '在使用 systemd 的机器上，`/` 是 shared。带 `CLONE_NEWNS` 的子进程挂载了一个 tmpfs，别的什么都没做。谁能看见里面的文件？',
    },
    right: {
      text: { en: 'the child and the host', zh: '子进程和宿主机都能看见' },
      because: {
        en: 'The table of mounts was copied, but copies of a shared mount stay peers and repeat each other’s mounts. Our program therefore made everything private first; below, the same without that step.',
        zh: '挂载表是复制了，但共享挂载的副本之间仍是对等关系，会互相重演挂载。所以我们的程序先把一切设为 private；下面再看看不做这一步会怎样。',
      },
    },
    wrong: [
      {
        text: { en: 'only the child: it has its own mount namespace', zh: '只有子进程：它有自己的挂载命名空间' },
        because: {
          en: 'So it would be if `/` were private, as the kernel makes it. systemd makes it shared at boot, and a namespace of one’s own does not cut that connection.',
          zh: '如果 `/` 是 private（内核的默认值），确实如此。但 systemd 开机时把它设成了 shared，而有了自己的命名空间并不会切断这种联系。',
        },
      },
      {
        text: { en: 'nobody: mounting fails', zh: '谁也看不见：挂载会失败' },
        because: {
          en: 'Mounting asks for CAP_SYS_ADMIN, and root has it, here as there. Sharing never makes a mount fail, it multiplies it.',
          zh: '挂载要的是 CAP_SYS_ADMIN，root 在哪边都有。共享不会让挂载失败，只会让它变多。',
        },
      },
    ],
  },
  prepare(scratch) {
    for (const name of ['room', 'shared']) fs.mkdirSync(path.join(scratch, name), { recursive: true });
  },
  run: {
    program: ({ scratch, command }) =>
      lessonProgram({
        namespaces: ['mount'],
        child: [
          ...pieces.mountNamespace(),
          tmpfs(`${scratch}/room`, {
            en: 'mount files in memory, where the host sees an empty directory',
            zh: '挂载内存里的文件系统；宿主机在这里看到的是空目录',
          }),
        ],
        command,
      }),
    inside: 'echo hello > "$LESSON/room/note"\necho "files in room: $(ls "$LESSON/room")"',
    evidence: (host, container) => ({
      facts: [
        {
          what: { en: 'files in room/', zh: 'room/ 里的文件' },
          host: fs.readdirSync(path.join(host.scratch, 'room')).join(' ') || '–',
          container: said(container, 'files in room'),
          claim: 'differs',
        },
        {
          what: { en: 'entries in the mount table', zh: '挂载表的行数' },
          host: String(host.mounts.length),
          container: String(container.mounts.length),
          claim: 'differs',
        },
        ...namespaceFacts(host, container, ['mnt']),
      ],
      listings: [mountDifference(host, container)],
    }),
  },
  byHand: {
    caption: {
      en: 'In the shell. `unshare` of util-linux does the second line by itself, so often was it forgotten; `--propagation unchanged` keeps it from doing so.',
      zh: 'shell 里的写法。第二行 util-linux 的 `unshare` 会自动做，因为忘记的人实在太多；加上 `--propagation unchanged` 它才不做。',
    },
    language: 'sh',
    lines: `unshare --mount --propagation unchanged sh -c '
  mount --make-rprivate /
  mount -t tmpfs -o size=1m none /mnt
  touch /mnt/note; ls /mnt'
ls /mnt                       # nothing: the note is not here`,
  },
  experiments: [
    {
      title: { en: 'Famous failure: the mount leaks', zh: '著名的坑：挂载泄漏' },
      before: {
        en: 'Two namespaces, the second a copy of the first, on a shared tree (both are kept away from your host). A tmpfs is mounted in the second. Then we go back to the first and look.',
        zh: '两个命名空间，第二个是第一个的副本，目录树是 shared（两个都与你的宿主机隔开）。在第二个里挂载 tmpfs，然后回到第一个里查看。',
      },
      after: {
        en: 'It is there: the mount made in the second namespace appeared in the first. With your host in its place, every mount of a container would land on the host.',
        zh: '它果然在：在第二个命名空间里做的挂载，出现在了第一个里。如果第一个换成宿主机，容器的每个挂载都会落到宿主机上。',
      },
      question: {
        ask: {
          en: 'How many mounts on `inner` does the first namespace have afterwards?',
          zh: '之后，第一个命名空间在 `inner` 上有几个挂载？',
        },
        right: {
          text: { en: 'one: it was repeated there', zh: '一个：它在那里被重演了' },
          because: {
            en: 'The directory above `inner` is a shared mount, and its copy in the second namespace is a peer: what is mounted below one appears below the other.',
            zh: '`inner` 所在的是共享挂载，第二个命名空间里的那份副本是它的对等挂载：在一个下面挂载的，另一个下面也会出现。',
          },
        },
        wrong: [
          {
            text: { en: 'none: the mount was made in the second one', zh: '没有：挂载是在第二个里做的' },
            because: {
              en: 'Where a mount is made is only half of it; to whom it is told is the other half.',
              zh: '挂载做在哪里只是一半，还要看它会传给谁。',
            },
          },
          {
            text: { en: 'none any more: it went with `setns`', zh: '已经没有了：`setns` 之后就不见了' },
            because: {
              en: '`setns` changes what the process looks at. It unmounts nothing.',
              zh: '`setns` 改变的是进程看哪里，它什么也不会卸载。',
            },
          },
        ],
      },
      ...leak(false),
    },
    {
      title: { en: 'The same with MS_REC|MS_PRIVATE', zh: '加上 MS_REC|MS_PRIVATE 再来一次' },
      before: {
        en: 'One step more: after unshare the whole tree of the second namespace is made private.',
        zh: '只多一步：unshare 之后，把第二个命名空间的整棵树设为 private。',
      },
      after: {
        en: 'Nothing arrives. This one line is the difference between a container and a machine slowly filling with mounts.',
        zh: '什么也没有传过来。容器与一台慢慢被挂载塞满的机器，差别就在这一行。',
      },
      question: {
        ask: { en: 'And now?', zh: '现在呢？' },
        right: {
          text: { en: 'none: the copies are peers no longer', zh: '没有：两份副本不再是对等关系' },
          because: {
            en: 'MS_PRIVATE takes each mount of this namespace out of its peer group; MS_REC does it for the whole tree.',
            zh: 'MS_PRIVATE 让这个命名空间里的挂载退出各自的对等组；MS_REC 则对整棵树都这样做。',
          },
        },
        wrong: [
          {
            text: {
              en: 'one still: the first namespace is shared as before',
              zh: '还是一个：第一个命名空间仍然是 shared',
            },
            because: {
              en: 'It is, but it is alone in its peer group now. Shared with nobody is as good as private.',
              zh: '它确实还是 shared，但对等组里只剩它自己了。没有人可以共享，就和 private 一样。',
            },
          },
          {
            text: {
              en: 'none, and the first namespace became private too',
              zh: '没有，而且第一个命名空间也变成了 private',
            },
            because: {
              en: 'The propagation type belongs to each copy of the mount. The first namespace’s copy keeps its own.',
              zh: '传播类型属于挂载的每一份副本。第一个命名空间的那份不会变。',
            },
          },
        ],
      },
      ...leak(true),
    },
  ],
  breakIt: [
    {
      title: { en: 'Break it: private, but in the same namespace', zh: '拆一步：设了 private，却在同一个命名空间里' },
      change: {
        en: 'The program that did not leak, with `unshare(CLONE_NEWNS)` removed. `MS_REC|MS_PRIVATE` stays.',
        zh: '就是刚才没有泄漏的那段程序，只去掉 `unshare(CLONE_NEWNS)`。`MS_REC|MS_PRIVATE` 还在。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({
          namespaces: ['mount'],
          child: without(twoNamespaces(scratch, true), 'unshare('),
          command,
        }),
      inside: countInner,
      question: {
        ask: {
          en: 'How many mounts on `inner` does the first namespace have afterwards?',
          zh: '之后，第一个命名空间在 `inner` 上有几个挂载？',
        },
        right: {
          text: { en: 'one', zh: '一个' },
          because: {
            en: 'Private or not: the mount is made in the table of the caller’s namespace, and there is only one here.',
            zh: '不管是不是 private，挂载都做在调用者所在命名空间的那张表里，而这里只有一张表。',
          },
        },
        wrong: [
          {
            text: { en: 'none: it is private', zh: '没有：它是 private' },
            because: {
              en: 'MS_PRIVATE keeps events from others. It does not hide a mount in its own table.',
              zh: 'MS_PRIVATE 只是不把事件传给别人，并不会把挂载从自己的表里藏起来。',
            },
          },
          {
            text: { en: 'none: `setns` fails', zh: '没有：`setns` 会失败' },
            because: {
              en: 'Entering the mount namespace in which one is already, is allowed.',
              zh: '进入自己已经所在的挂载命名空间是允许的。',
            },
          },
        ],
      },
      outcome: 'runs',
      evidence: leak(false).evidence!,
    },
    {
      title: { en: 'Break it: no mount point', zh: '拆一步：没有挂载点' },
      change: {
        en: 'Now the step `mkdirat` is removed: `inner` does not exist.',
        zh: '这回去掉 `mkdirat` 这一步：`inner` 不存在。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({
          namespaces: ['mount'],
          child: without(twoNamespaces(scratch, true), 'mkdirat('),
          command,
        }),
      question: {
        ask: { en: 'What does `mount` return?', zh: '`mount` 会返回什么？' },
        right: {
          text: { en: 'ENOENT', zh: 'ENOENT' },
          because: {
            en: 'A mount covers something that is there. It makes no directory, not even for root.',
            zh: '挂载是盖在已有的东西上面的。它不会替你建目录，对 root 也一样。',
          },
        },
        wrong: [
          {
            text: { en: '0: it makes the directory', zh: '0：它会把目录建出来' },
            because: {
              en: 'Engines do that before they mount (`-v` of Docker is known for it). The kernel does not.',
              zh: '那是引擎在挂载之前做的（Docker 的 `-v` 就以此出名），内核不会。',
            },
          },
          {
            text: { en: 'ENOTDIR', zh: 'ENOTDIR' },
            because: {
              en: 'That is what a file in the place of a directory gives.',
              zh: '如果那里是文件而不是目录，才会返回这个。',
            },
          },
        ],
      },
      outcome: { call: 'mount', errno: 'ENOENT' },
    },
  ],
  seen: [
    { en: 'the mount table was copied, the files were not', zh: '复制的是挂载表，不是文件' },
    {
      en: 'a tmpfs full of files inside, an empty directory outside',
      zh: '同一个目录，里面是装着文件的 tmpfs，外面空空如也',
    },
    {
      en: 'shared mounts forward what happens to them, also into other namespaces; `MS_REC|MS_PRIVATE` ends that',
      zh: '共享挂载会转发发生在自己身上的事，也会传到别的命名空间；`MS_REC|MS_PRIVATE` 让它停下',
    },
  ],
  recap: [
    {
      ask: { en: 'What does a new mount namespace begin with?', zh: '新的挂载命名空间一开始里面有什么？' },
      right: {
        text: { en: 'a copy of the mount table', zh: '挂载表的一份副本' },
        because: {
          en: 'The files are the same; only where things are mounted is separate from now on.',
          zh: '文件还是同样的文件，从此分开的只是什么挂载在哪里。',
        },
      },
      wrong: [
        {
          text: { en: 'an empty tree', zh: '一棵空树' },
          because: { en: 'Then not even `/bin/sh` would be there.', zh: '那样连 `/bin/sh` 都没有。' },
        },
        {
          text: { en: 'a copy of the files', zh: '文件的一份副本' },
          because: {
            en: 'Copying a disk for each container? That is what overlay spares us (lesson 6).',
            zh: '为每个容器复制一遍磁盘？省掉这件事的正是 overlay（第 6 课）。',
          },
        },
      ],
    },
    {
      ask: {
        en: '`mount -t tmpfs none /mnt` inside, and `/mnt` on the host shows it, too. What was forgotten?',
        zh: '在里面执行 `mount -t tmpfs none /mnt`，宿主机的 `/mnt` 也变了。忘了什么？',
      },
      right: {
        text: { en: 'to end the propagation: MS_REC|MS_PRIVATE', zh: '切断传播：MS_REC|MS_PRIVATE' },
        because: {
          en: 'The copy of a shared mount is a peer of the original.',
          zh: 'shared 挂载的副本，和原来那个是对等关系。',
        },
      },
      wrong: [
        {
          text: { en: 'CLONE_NEWPID', zh: 'CLONE_NEWPID' },
          because: { en: 'PID namespaces have nothing to do with mounts.', zh: 'PID 命名空间和挂载没有关系。' },
        },
        {
          text: { en: '`umount /mnt` at the end', zh: '最后的 `umount /mnt`' },
          because: {
            en: 'The mount goes with its namespace; it should not have been on the host in the first place.',
            zh: '挂载会随命名空间一起消失；问题在于它本来就不该出现在宿主机上。',
          },
        },
      ],
    },
    {
      ask: { en: 'What does MS_SLAVE do?', zh: 'MS_SLAVE 起什么作用？' },
      right: {
        text: { en: 'events come in, and none go out', zh: '事件传得进来，传不出去' },
        because: {
          en: 'A stick that is plugged in appears in the container, and nothing of the container on the host.',
          zh: '宿主机插上 U 盘，容器里也看得到；容器里的挂载则到不了宿主机。',
        },
      },
      wrong: [
        {
          text: { en: 'events go out, and none come in', zh: '事件传得出去，传不进来' },
          because: {
            en: 'There is no such type: it would be the leak without the use.',
            zh: '没有这种类型：那就只剩泄漏，没有用处了。',
          },
        },
        {
          text: { en: 'the mount is read-only', zh: '挂载变成只读' },
          because: {
            en: 'That is MS_RDONLY, and has nothing to do with propagation.',
            zh: '那是 MS_RDONLY，和传播没有关系。',
          },
        },
      ],
    },
  ],
  glossary: [
    {
      term: { en: 'mount', zh: '挂载' },
      means: {
        en: 'A file system made visible at a directory; a line in a mount table.',
        zh: '让一个文件系统出现在某个目录上；它是挂载表里的一行。',
      },
    },
    {
      term: { en: 'mount namespace', zh: '挂载命名空间' },
      means: { en: 'A mount table of its own.', zh: '一张独立的挂载表。' },
    },
    {
      term: { en: 'propagation', zh: '传播' },
      means: {
        en: 'Whether what happens to a mount is repeated elsewhere: shared, slave, private.',
        zh: '挂载上发生的事是否在别处重演：shared、slave、private。',
      },
    },
    {
      term: { en: 'peer group', zh: '对等组' },
      means: {
        en: 'Copies of a shared mount that repeat each other’s events.',
        zh: '同一个 shared 挂载的各份副本，它们互相重演事件。',
      },
    },
    { term: { en: 'tmpfs', zh: 'tmpfs' }, means: { en: 'A file system in memory.', zh: '放在内存里的文件系统。' } },
  ],
  reading: [
    { what: { en: 'mount tables and propagation', zh: '挂载表与传播' }, where: 'mount_namespaces(7)' },
    { what: { en: 'all flags', zh: '所有标志' }, where: 'mount(2)' },
    {
      what: { en: 'what each propagation type means', zh: '每种传播类型的含义' },
      where: 'Documentation/filesystems/sharedsubtree.rst',
    },
  ],
  sources: ['src/container/process/namespaces.ts'],
  engineCommand: ['minidock', 'run', '--dry-run', 'busybox', 'true'],
};
