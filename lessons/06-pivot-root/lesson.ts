import fs from 'node:fs';
import path from 'node:path';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import type { Mount } from '../../src/oci/runtime-spec.ts';
import { call, close, mkdir, mount, open } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
import { type Step, type Syscall, slot } from '../../src/syscalls/step.ts';
import { MS, O } from '../../src/syscalls/uapi/flags.ts';
import { changed, without } from '../../src/workshop/break.ts';
import { type Lesson, lessonProgram } from '../../src/workshop/lesson.ts';
import { type Moment, namespaceFacts, said } from '../../src/workshop/play/evidence.ts';
import { makeSmallRoot } from '../../src/workshop/play/small-root.ts';
import { figure } from './figure.ts';

const id = '06-pivot-root';
const proc: Mount = { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] };

/** The image below, what this container changes above, both as one tree on rootfs/. */
function overlay(scratch: string): Step[] {
  const layers = { lowerBase: scratch, lower: ['image'], upper: 'upper', work: 'work', target: 'rootfs' };
  return pieces.overlayMount(layers, hostFacts().overlayOptions);
}

/** Of all mounts the old root alone is shared: the overlay's own and the one above it, on which it is mounted, are not. */
function onlyOldRootShared(scratch: string): Step[] {
  return [
    ...pieces.mountNamespace(),
    mount(scratch, scratch, null, MS.MS_BIND, null, {
      why: {
        en: 'bind the directory onto itself: now the mount above the new root is this one, not the old root',
        zh: '把目录 bind 到自己身上：这样新根的上一级挂载就是它，而不是旧的根',
      },
    }),
    ...overlay(scratch),
    mount(null, '/', null, MS.MS_SHARED, null, {
      why: {
        en: 'make the old root shared: this one mount, without MS_REC',
        zh: '只把旧的根设为 shared：仅此一个挂载，不带 MS_REC',
      },
    }),
    ...pieces.pivotRoot('rootfs'),
  ];
}

/** pivot_root before and after: can a path of the new root still reach a file of the host? */
function throughTheHole(scratch: string): Step[] {
  const secret = `/..${scratch}/secret`;
  const found = slot('found');
  const [enter, pivot, detach, home] = pieces.pivotRoot('rootfs') as [Step, Step, Step, Step];
  return [
    ...pieces.mountNamespace(),
    ...overlay(scratch),
    enter,
    pivot,
    open(secret, O.O_RDONLY, {
      why: {
        en: 'go up from "/": the old root lies on top, and this file is the host’s',
        zh: '从 / 往上走：旧的根还压在上面，这就是宿主机的文件',
      },
      save: found,
    }),
    close(found, { why: { en: 'the file could be opened: the host is in reach', zh: '文件打开了：宿主机就在手边' } }),
    detach,
    open(secret, O.O_RDONLY, {
      why: {
        en: 'open the same path once more, now that the old root is gone',
        zh: '旧的根已经不在，再打开同一个路径',
      },
      save: found,
      tolerate: ['ENOENT'],
    }),
    home,
  ];
}

function rootOf(pid: number | 'self'): string {
  const { dev, ino } = fs.statSync(`/proc/${pid}/root/`);
  return `dev ${dev} inode ${ino}`;
}

/** A few names of many. */
function firstOf(names: string[]): string {
  const plain = names.filter(name => !name.startsWith('.')).sort();
  return plain.length > 5 ? `${plain.slice(0, 5).join(' ')} …` : plain.join(' ');
}

function filesIn(moment: Moment, name: string): string {
  return `${name}/: ${fs.readdirSync(path.join(moment.scratch, name)).sort().join(' ')}`;
}

export const lesson: Lesson = {
  id,
  title: { en: 'pivot_root: another root', zh: 'pivot_root：换一个根' },
  about: {
    en: 'overlay, pivot_root, umount: an unpacked image becomes /, and the host’s tree is gone',
    zh: 'overlay、pivot_root、umount：解包的镜像变成 /，宿主机的树不见了',
  },
  figure,
  needs: ['root', 'mnt', 'pid', 'uts', 'overlay'],
  minutes: 25,
  question: {
    ask: {
      en: 'After `pivot_root(".", ".")` the process is in its new root. A symbolic link in the image says `evil → /../../etc/shadow`. When can it no longer reach the host’s file?',
      zh: '`pivot_root(".", ".")` 之后，进程已经在新的根里。镜像里有个符号链接 `evil → /../../etc/shadow`。从什么时候起它再也够不到宿主机的文件？',
    },
    right: {
      text: { en: 'only after `umount2(".", MNT_DETACH)`', zh: '直到 `umount2(".", MNT_DETACH)` 之后' },
      because: {
        en: '`pivot_root(".", ".")` stacks the old root on top of the new one, at the same place. `..` at `/` crosses to what is mounted on top: the host. Below you will see the same path opened before the detach and ENOENT after it.',
        zh: '`pivot_root(".", ".")` 把旧的根叠在新的根上面，就在同一个位置。在 `/` 处走 `..`，会跨到压在上面的那个挂载：宿主机。下面会看到同一个路径在摘下之前能打开，摘下之后是 ENOENT。',
      },
    },
    wrong: [
      {
        text: { en: 'from `pivot_root` on: `/..` is `/`', zh: '从 `pivot_root` 起：`/..` 就是 `/`' },
        because: {
          en: 'So it is where nothing lies on top of the root. But here the old root does, and a walk through `..` at the root ends in the topmost mount at this place.',
          zh: '如果根上面什么也没压着，确实如此。但这里旧的根正压在上面，而在根处走 `..`，最后落到的是这个位置最上面的那个挂载。',
        },
      },
      {
        text: { en: 'never: root can always climb out', zh: '永远够得到：root 总能爬出去' },
        because: {
          en: 'That is true of `chroot`, which leaves the old tree mounted. After the detach there is no tree left to climb to.',
          zh: '对 `chroot` 来说是真的，因为旧的树还挂载着。摘下之后，已经没有树可以爬了。',
        },
      },
    ],
  },
  prepare(scratch) {
    for (const name of ['upper', 'work', 'rootfs']) fs.mkdirSync(path.join(scratch, name), { recursive: true });
    makeSmallRoot(path.join(scratch, 'image'));
    fs.writeFileSync(path.join(scratch, 'secret'), 'of the host\n');
  },
  shell: '/bin/sh',
  run: {
    program: ({ scratch, command }) =>
      lessonProgram({
        namespaces: ['mount', 'uts', 'pid'],
        child: [
          ...pieces.mountNamespace(),
          ...overlay(scratch),
          ...pieces.pivotRoot('rootfs'),
          ...pieces.kernelMount(proc, hostFacts()),
          ...pieces.utsNamespace('container'),
        ],
        command,
      }),
    inside: `echo hello > /written
echo "ls /: $(echo $(ls /))"
echo "processes: $(echo $(ls /proc | grep '^[0-9]'))"`,
    evidence: (host, container) => ({
      facts: [
        {
          what: { en: 'the root directory', zh: '根目录' },
          host: rootOf('self'),
          container: rootOf(container.pid),
          claim: 'differs',
        },
        {
          what: { en: 'ls /', zh: 'ls /' },
          host: firstOf(fs.readdirSync('/')),
          container: said(container, 'ls /'),
          claim: 'differs',
        },
        { what: { en: 'NSpid', zh: 'NSpid' }, host: host.nsPid, container: container.nsPid, claim: 'differs' },
        {
          what: { en: 'hostname', zh: '主机名' },
          host: host.hostname,
          container: container.hostname,
          claim: 'differs',
        },
        ...namespaceFacts(host, container, ['mnt', 'uts', 'pid']),
      ],
      listings: [
        { title: { en: 'its whole mount table', zh: '它的整张挂载表' }, lines: container.mounts },
        {
          title: { en: 'where the file it wrote went', zh: '它写的文件落到了哪里' },
          lines: [filesIn(container, 'image'), filesIn(container, 'upper')],
        },
      ],
    }),
  },
  byHand: {
    caption: {
      en: 'The same in the shell, as scripts of other courses have it. `umount -l` is `umount2` with MNT_DETACH.',
      zh: 'shell 里的写法，别的课程的脚本就是这样。`umount -l` 就是带 MNT_DETACH 的 `umount2`。',
    },
    language: 'sh',
    lines: `unshare --mount --uts --pid --fork sh -c '
  mount -t overlay overlay -o lowerdir=image,upperdir=upper,workdir=work rootfs
  cd rootfs
  pivot_root . .
  umount -l .
  mount -t proc proc /proc
  exec /bin/sh'`,
  },
  experiments: [
    {
      title: { en: 'The old root, before and after the detach', zh: '旧的根：摘下之前与之后' },
      before: {
        en: 'The same steps, with two questions in between: the path `/..` and then the name of a file of the host (secret, in the scratch directory).',
        zh: '同样的步骤，中间插入两次提问：路径是 `/..` 再加上宿主机一个文件的名字（临时目录里的 secret）。',
      },
      after: {
        en: 'First a file descriptor, then ENOENT. An engine that looks up a path of the image between the two hands it the host. minidock first detaches, then resolves.',
        zh: '先是一个文件描述符，后来是 ENOENT。引擎如果在两者之间解析镜像里的路径，就等于把宿主机交了出去。minidock 先摘下，再解析。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({ namespaces: ['mount'], child: throughTheHole(scratch), command }),
      question: {
        ask: { en: 'What do the two `openat` return?', zh: '两次 `openat` 各返回什么？' },
        right: {
          text: { en: 'first a file descriptor, then ENOENT', zh: '第一次是文件描述符，第二次是 ENOENT' },
          because: {
            en: 'Between the two only `umount2` happened: it is the step that makes a container’s root a border.',
            zh: '两次之间只发生了 `umount2`：正是这一步让容器的根成为边界。',
          },
        },
        wrong: [
          {
            text: { en: 'twice ENOENT', zh: '两次都是 ENOENT' },
            because: {
              en: 'That would need a root with nothing on top of it from the first moment on.',
              zh: '那就要求从一开始根上面就没有压着任何东西。',
            },
          },
          {
            text: { en: 'first EACCES, then ENOENT', zh: '第一次是 EACCES，第二次是 ENOENT' },
            because: {
              en: 'The file’s mode has not changed, and root reads it anyway. It is reachable or it is not.',
              zh: '文件的权限位没有变，何况 root 本来就读得了。要么够得到，要么够不到。',
            },
          },
        ],
      },
      inside: `[ -e "/..$LESSON/secret" ] && echo "secret: in reach" || echo "secret: gone"`,
      evidence: (host, container) => ({
        facts: [
          {
            what: { en: 'the file secret', zh: 'secret 文件' },
            host: fs.existsSync(path.join(host.scratch, 'secret')) ? 'in reach' : 'gone',
            container: said(container, 'secret'),
            claim: 'differs',
          },
        ],
      }),
    },
    {
      title: { en: 'Famous failure: not a mount point', zh: '著名的坑：不是挂载点' },
      before: {
        en: 'The new root is an ordinary directory on a tmpfs, without a mount of its own.',
        zh: '新的根只是 tmpfs 上的一个普通目录，自己不是挂载。',
      },
      after: {
        en: 'pivot_root exchanges mounts, not directories. Bind the directory onto itself, or mount an overlay, and it works.',
        zh: 'pivot_root 交换的是挂载，不是目录。把目录 bind 到自己身上，或者挂一个 overlay，就行了。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({
          namespaces: ['mount'],
          child: [
            ...pieces.mountNamespace(),
            mount('tmpfs', `${scratch}/rootfs`, 'tmpfs', 0, null, {
              why: { en: 'mount a file system whose root is a mount point', zh: '挂载一个文件系统，它的根是挂载点' },
            }),
            mkdir(`${scratch}/rootfs/plain`, 0o755, {
              why: {
                en: 'create an ordinary directory in it, which is no mount point',
                zh: '在里面创建一个普通目录，它不是挂载点',
              },
            }),
            ...pieces.pivotRoot(`${scratch}/rootfs/plain`),
          ],
          command,
        }),
      fails: { call: 'pivot_root', errno: 'EINVAL' },
      question: {
        ask: { en: 'What does `pivot_root` return?', zh: '`pivot_root` 会返回什么？' },
        right: {
          text: { en: 'EINVAL', zh: 'EINVAL' },
          because: {
            en: 'The new root must be the root of a mount. This directory is in the middle of one.',
            zh: '新的根必须是某个挂载的根，而这个目录在一个挂载的中间。',
          },
        },
        wrong: [
          {
            text: { en: 'ENOTDIR', zh: 'ENOTDIR' },
            because: { en: 'It is a directory. It is no mount point.', zh: '它是目录，只是不是挂载点。' },
          },
          {
            text: { en: '0: a directory is enough, as for `chroot`', zh: '0：和 `chroot` 一样，有个目录就够了' },
            because: {
              en: '`chroot` changes one process’s starting point. pivot_root moves a mount, so there must be one.',
              zh: '`chroot` 只改一个进程的起点；pivot_root 移动的是挂载，所以得先有一个挂载。',
            },
          },
        ],
      },
    },
    {
      title: { en: 'Famous failure: shared propagation', zh: '著名的坑：共享传播' },
      before: {
        en: 'Now a real mount point, but the tree is shared as on a systemd host whose engine forgot MS_PRIVATE.',
        zh: '这回是真正的挂载点，但整棵树是 shared，就像 systemd 宿主机上忘了 MS_PRIVATE 的引擎。',
      },
      after: {
        en: 'A pivot on a shared tree would have to be repeated in all peers: other namespaces would lose their root. So the kernel refuses.',
        zh: '共享的树一旦换根，就得在所有对等挂载里重演：别的命名空间会丢掉自己的根。所以内核拒绝。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({
          namespaces: ['mount'],
          child: [
            ...pieces.mountNamespace(),
            ...overlay(scratch),
            mount(null, '/', null, MS.MS_REC | MS.MS_SHARED, null, {
              why: {
                en: 'make everything shared again, on purpose, within this namespace',
                zh: '故意的：在这个命名空间里把一切重新设为 shared',
              },
            }),
            call('chdir', [str(scratch)], {
              why: { en: 'enter the directory in which rootfs/ lies', zh: '进入 rootfs/ 所在的目录' },
            }),
            ...pieces.pivotRoot('rootfs'),
          ],
          command,
        }),
      fails: { call: 'pivot_root', errno: 'EINVAL' },
      question: {
        ask: { en: 'What does `pivot_root` return?', zh: '`pivot_root` 会返回什么？' },
        right: {
          text: { en: 'EINVAL', zh: 'EINVAL' },
          because: {
            en: 'The new root’s mount must not be shared, and neither must the mount above it. That the old root is shared would not matter by itself.',
            zh: '新的根所在的挂载不能是 shared，它的上一级挂载也不能。至于旧的根是不是 shared，本身并不要紧。',
          },
        },
        wrong: [
          {
            text: { en: 'EPERM', zh: 'EPERM' },
            because: {
              en: 'No right is missing. The kernel refuses the same to everybody.',
              zh: '并不缺少什么权能，换谁来内核都会拒绝。',
            },
          },
          {
            text: { en: '0, and the host’s root changes too', zh: '0，而且宿主机的根也跟着变' },
            because: {
              en: 'That is what would have to happen, and why the kernel refuses.',
              zh: '按道理就得这样，所以内核才拒绝。',
            },
          },
        ],
      },
    },
  ],
  breakIt: [
    {
      title: { en: 'Break it: nobody takes the old root away', zh: '拆一步：没有人拿走旧的根' },
      change: {
        en: 'All steps but `umount2(".", MNT_DETACH)`. Then the shell looks for the host’s file.',
        zh: '去掉 `umount2(".", MNT_DETACH)`，其余照旧。然后让 shell 去找宿主机的那个文件。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({
          namespaces: ['mount'],
          child: [...pieces.mountNamespace(), ...overlay(scratch), ...without(pieces.pivotRoot('rootfs'), 'umount2(')],
          command,
        }),
      inside: `[ -e "/..$LESSON/secret" ] && echo "secret: in reach" || echo "secret: gone"`,
      question: {
        ask: { en: 'What does the shell see?', zh: 'shell 会看到什么？' },
        right: {
          text: {
            en: 'its new root, and through `/..` the host’s file',
            zh: '新的根，以及穿过 `/..` 够到的宿主机文件',
          },
          because: {
            en: 'Everything looks right: `ls /` shows the image. One forgotten line, and each path with `..` in front is a way out.',
            zh: '看上去一切正常：`ls /` 显示的是镜像。可是忘了这一行，任何以 `..` 开头的路径都是出口。',
          },
        },
        wrong: [
          {
            text: { en: 'the host’s root: it lies on top', zh: '宿主机的根：它压在上面' },
            because: {
              en: 'The process’s root is the new one, and a lookup begins there. Only `..` leads up to what lies on top.',
              zh: '进程的根是新的那个，查找从它开始。只有走 `..` 才会落到上面那一层。',
            },
          },
          {
            text: { en: 'nothing: `execve` fails', zh: '什么也看不到：`execve` 会失败' },
            because: {
              en: '`/bin/sh` is looked up in the new root, and it is there.',
              zh: '`/bin/sh` 是在新的根里查找的，它就在那里。',
            },
          },
        ],
      },
      outcome: 'runs',
      evidence: (_host, container) => ({
        columns: [
          { en: 'with the step', zh: '有这一步' },
          { en: 'without it', zh: '没有这一步' },
        ],
        facts: [
          {
            what: { en: 'the file secret', zh: 'secret 文件' },
            host: 'gone',
            container: said(container, 'secret'),
            claim: 'differs',
          },
        ],
      }),
    },
    {
      title: { en: 'Break it: an unmount that is not lazy', zh: '换一个：不用惰性卸载' },
      change: {
        en: '`umount2(".", 0)` in place of `umount2(".", MNT_DETACH)`.',
        zh: '用 `umount2(".", 0)` 代替 `umount2(".", MNT_DETACH)`。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({
          namespaces: ['mount'],
          child: [
            ...pieces.mountNamespace(),
            ...overlay(scratch),
            ...changed(pieces.pivotRoot('rootfs'), 'umount2(', step => ({ ...(step as Syscall), args: [str('.'), 0] })),
          ],
          command,
        }),
      question: {
        ask: { en: 'What does `umount2` return?', zh: '`umount2` 会返回什么？' },
        right: {
          text: { en: 'EBUSY', zh: 'EBUSY' },
          because: {
            en: 'The host’s tree is full of mounts of its own, `/proc` and `/dev` among them, and a mount with others below it is busy. MNT_DETACH takes it out of the tree with all that hangs on it.',
            zh: '宿主机的那棵树上还挂着许多别的挂载，`/proc`、`/dev` 都在其中；下面还有挂载的挂载就是“忙”的。MNT_DETACH 会把它连同挂在上面的一切一起摘下来。',
          },
        },
        wrong: [
          {
            text: { en: '0: nobody in the container uses the old root', zh: '0：容器里没有谁在用旧的根' },
            because: {
              en: 'No process does, and yet its other mounts hang on it.',
              zh: '确实没有进程在用，可是别的挂载还挂在它上面。',
            },
          },
          {
            text: { en: 'EINVAL: `.` is no mount point', zh: 'EINVAL：`.` 不是挂载点' },
            because: {
              en: 'It is one twice over: the new root, and on top of it the old one.',
              zh: '它不但是，而且有两层：新的根，上面压着旧的根。',
            },
          },
        ],
      },
      outcome: { call: 'umount2', errno: 'EBUSY' },
    },
    {
      title: { en: 'Break it: only the old root is shared', zh: '换一个：只有旧的根是 shared' },
      change: {
        en: 'Above, everything was shared. Now it is one mount alone, the old root itself. The new root’s mount is private, and so is the one above it: the directory, bound onto itself.',
        zh: '前面是一切都设为 shared。这次只有一个挂载是 shared，就是旧的根自己。新的根所在的挂载是 private，它的上一级挂载也是：那个目录事先 bind 到了自己身上。',
      },
      program: ({ scratch, command }) =>
        lessonProgram({ namespaces: ['mount'], child: onlyOldRootShared(scratch), command }),
      inside: 'echo "ls /: $(echo $(ls /))"',
      question: {
        ask: { en: 'What does `pivot_root` return?', zh: '`pivot_root` 会返回什么？' },
        right: {
          text: { en: '0: it works', zh: '0：成功' },
          because: {
            en: 'The kernel asks two mounts only: the new root, and the one on which it is mounted. On most hosts that second one happens to be the old root, which is why so many texts say that the old root must not be shared.',
            zh: '内核只看两个挂载：新的根，以及它挂在哪个挂载上面。在多数宿主机上，后者恰好就是旧的根，所以很多资料才说“旧的根不能是 shared”。',
          },
        },
        wrong: [
          {
            text: { en: 'EINVAL: a shared root is refused', zh: 'EINVAL：根是 shared 就会被拒绝' },
            because: {
              en: 'So it looks where the new root is mounted directly on the old one. It is the mount above that counts, not the root as such.',
              zh: '新的根直接挂在旧的根上面时，看起来是这样。起作用的是“上一级挂载”，而不是“根”这个身份。',
            },
          },
          {
            text: { en: 'EBUSY: the old root is in use', zh: 'EBUSY：旧的根正在使用' },
            because: {
              en: 'It always is, by everybody. EBUSY says that the new root lies on the very mount that is the old one.',
              zh: '旧的根总是有人在用。EBUSY 的意思是：新的根就在旧的根那个挂载上。',
            },
          },
        ],
      },
      outcome: 'runs',
      evidence: (_host, container) => ({
        facts: [
          {
            what: { en: 'ls /', zh: 'ls /' },
            host: firstOf(fs.readdirSync('/')),
            container: said(container, 'ls /'),
            claim: 'differs',
          },
        ],
      }),
    },
  ],
  seen: [
    {
      en: 'a directory of binaries became `/`; the host’s tree is in no mount table of this namespace',
      zh: '一个装着程序的目录变成了 `/`；这个命名空间的挂载表里再也没有宿主机的树',
    },
    { en: 'what was written lies in `upper`, the image is untouched', zh: '写入的内容在 `upper` 里，镜像原封不动' },
    {
      en: 'between `pivot_root` and the detach the host is one `..` away',
      zh: '在 `pivot_root` 和摘下之间，宿主机只隔着一个 `..`',
    },
    {
      en: '`EINVAL` from pivot_root means: not a mount point, or shared',
      zh: 'pivot_root 的 `EINVAL` 意味着：不是挂载点，或者是 shared',
    },
  ],
  recap: [
    {
      ask: { en: 'What does `pivot_root` do that `chroot` does not?', zh: '`pivot_root` 做了什么 `chroot` 没做的事？' },
      right: {
        text: { en: 'the old tree can be unmounted afterwards', zh: '之后可以把旧的树卸载掉' },
        because: {
          en: '`chroot` changes where one process begins to look; the old tree stays, and root climbs out.',
          zh: '`chroot` 只改变一个进程从哪里开始查找，旧的树还在，root 能爬出去。',
        },
      },
      wrong: [
        {
          text: { en: 'it copies the files', zh: '复制文件' },
          because: { en: 'It moves mounts. Not a byte is copied.', zh: '它移动的是挂载，一个字节也不复制。' },
        },
        {
          text: { en: 'it needs no rights', zh: '不需要权限' },
          because: {
            en: 'Both need a capability: CAP_SYS_CHROOT the one, CAP_SYS_ADMIN the other.',
            zh: '两个都需要权能：`chroot` 要 CAP_SYS_CHROOT，`pivot_root` 要 CAP_SYS_ADMIN。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'A container deletes `/bin/sh`, which is in its image. What happens to the image?',
        zh: '容器删除了镜像里的 `/bin/sh`。镜像会怎样？',
      },
      right: {
        text: { en: 'nothing: a mark in `upper` hides the file', zh: '没有变化：`upper` 里的一个标记把文件遮住了' },
        because: { en: 'The mark is called a whiteout: lesson 11.', zh: '这个标记叫 whiteout：见第 11 课。' },
      },
      wrong: [
        {
          text: { en: 'the file is gone for all containers', zh: '所有容器都没有这个文件了' },
          because: { en: 'Then one container could break all others.', zh: '那样一个容器就能毁掉其他所有容器。' },
        },
        {
          text: { en: 'the deletion fails', zh: '删除会失败' },
          because: {
            en: '`lower` is read-only, but overlay takes the change in `upper`.',
            zh: '`lower` 是只读的，但 overlay 会把改动记在 `upper` 里。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'Why does an engine look up no path of the image before the detach?',
        zh: '在摘下旧的根之前，引擎为什么不解析镜像里的任何路径？',
      },
      right: {
        text: { en: 'a symbolic link with `..` would lead to the host', zh: '带 `..` 的符号链接会通到宿主机' },
        because: {
          en: 'An image is somebody else’s work. Between the two steps its links are resolved with the host in reach.',
          zh: '镜像是别人做的。在这两步之间解析它的链接，宿主机就在手边。',
        },
      },
      wrong: [
        {
          text: { en: 'paths are slow', zh: '解析路径太慢' },
          because: { en: 'They are not, and it would be no reason.', zh: '并不慢，而且这也不成理由。' },
        },
        {
          text: { en: 'there is no `/proc` yet', zh: '还没有 `/proc`' },
          because: { en: 'Looking up a path does not need it.', zh: '解析路径用不着它。' },
        },
      ],
    },
  ],
  glossary: [
    {
      term: { en: 'root directory', zh: '根目录' },
      means: {
        en: 'Where the lookup of a path with `/` in front begins; each process has one.',
        zh: '以 `/` 开头的路径从哪里开始查找；每个进程都有自己的根目录。',
      },
    },
    {
      term: { en: 'chroot', zh: 'chroot' },
      means: {
        en: 'Changes the root directory of one process. The old tree stays mounted.',
        zh: '改变一个进程的根目录。旧的树仍然挂载着。',
      },
    },
    {
      term: { en: 'pivot_root', zh: 'pivot_root' },
      means: {
        en: 'Puts a mount in the place of the root of a mount namespace.',
        zh: '让一个挂载取代挂载命名空间的根。',
      },
    },
    {
      term: { en: 'lazy unmount, MNT_DETACH', zh: '惰性卸载（MNT_DETACH）' },
      means: {
        en: 'Takes a mount out of the tree at once and frees it when its last user is gone.',
        zh: '立刻把挂载从树上摘下，等最后一个使用者离开再释放。',
      },
    },
  ],
  reading: [
    {
      what: { en: 'pivot_root(".", "."), and why', zh: 'pivot_root(".", ".") 及其原因' },
      where: 'pivot_root(2), NOTES',
    },
    { what: { en: 'overlay', zh: 'overlay' }, where: 'Documentation/filesystems/overlayfs.rst' },
    {
      what: { en: 'the root in a container’s configuration', zh: '容器配置里的根' },
      where: 'OCI runtime-spec, config.md, Root',
    },
  ],
  sources: ['src/container/rootfs/rootfs.ts', 'src/container/rootfs/mounts.ts'],
  engineCommand: ['minidock', 'run', '--dry-run', '--hostname', 'container', 'busybox', 'true'],
};
