import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Bind, type HeldBind, holdBinds, stagedRoot } from '../../src/container/rootfs/binds.ts';
import { ensureVolume } from '../../src/container/volume-content.ts';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { featuresOf, hostFacts } from '../../src/host/facts.ts';
import type { Mount } from '../../src/oci/runtime-spec.ts';
import { call, mkdir, mount } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
import { kernelVersion } from '../../src/syscalls/kernel-version.ts';
import type { Program, Step } from '../../src/syscalls/step.ts';
import { AT, MS, OVERLAYFS_SUPER_MAGIC } from '../../src/syscalls/uapi/flags.ts';
import { without } from '../../src/workshop/break.ts';
import { type Breakage, type Lesson, lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { namespaceFacts, said } from '../../src/workshop/play/evidence.ts';
import { makeSmallRoot } from '../../src/workshop/play/small-root.ts';
import { figure } from './figure.ts';

const id = '08-volumes';
const proc: Mount = { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] };
/** open_tree and move_mount, Linux 5.2; the engine does without them on older kernels. */
const { openTree } = featuresOf(kernelVersion(os.release()));

const volumeOf = (scratch: string, name: string) => path.join(scratch, 'volumes', name, '_data');

function bind(source: string, target: string, options: Partial<Bind> = {}): Bind {
  return {
    source,
    target,
    destination: target,
    kind: 'directory',
    readonly: false,
    propagation: MS.MS_PRIVATE | MS.MS_REC,
    filesystem: OVERLAYFS_SUPER_MAGIC,
    ...options,
  };
}

/** `-v vol:/data -v …/srv:/srv:ro`. */
const wanted = (scratch: string) => [
  bind(volumeOf(scratch, 'vol'), '/data'),
  bind(path.join(scratch, 'srv'), '/srv', { readonly: true }),
];

function overlay(scratch: string, target: string): Step[] {
  const layers = { lowerBase: scratch, lower: ['image'], upper: 'upper', work: 'work', target };
  return pieces.overlayMount(layers, hostFacts().overlayOptions);
}

const place = (binds: readonly HeldBind[]): Step[] => pieces.placeBinds(binds, hostFacts().arch);

/** The program of an engine that has open_tree: sources are held in the parent, and get their places when the host is gone. */
function held({ scratch, command }: Stage, binds: readonly HeldBind[], inside: readonly Step[]): Program {
  const parts = lessonProgram({
    namespaces: ['mount', 'pid'],
    child: [...pieces.mountNamespace(), ...overlay(scratch, 'rootfs'), ...pieces.pivotRoot('rootfs'), ...inside],
    command,
  });
  return {
    ...parts,
    host: [...pieces.openSources(binds), ...parts.host, ...pieces.dropSources(binds)],
  };
}

/** The same on older kernels, by a stage: see `insideStagedRoot`. */
function staged({ scratch, command }: Stage, binds: readonly HeldBind[]): Program {
  const facts = hostFacts();
  const staging = path.join(scratch, 'stage');
  return lessonProgram({
    namespaces: ['mount', 'pid'],
    child: [
      ...pieces.mountNamespace(),
      ...pieces.makeStage(staging),
      ...overlay(scratch, staging + stagedRoot),
      ...pieces.stageSources(binds, staging),
      ...pieces.pivotRoot(staging),
      ...pieces.insideStagedRoot([...pieces.kernelMount(proc, facts), ...pieces.bindStaged(binds, facts.arch)]),
      ...pieces.pivotRoot(stagedRoot),
    ],
    command,
  });
}

/** The lesson's program, with these binds. */
function withVolumes(stage: Stage, wantedBinds: readonly Bind[]): Program {
  const binds = holdBinds(wantedBinds);
  if (!openTree) return staged(stage, binds);
  return held(stage, binds, [...pieces.kernelMount(proc, hostFacts()), ...place(binds)]);
}

/** Steps in a mount namespace that still has the host's tree. */
function outside({ command }: Stage, child: readonly Step[]): Program {
  return lessonProgram({ namespaces: ['mount'], child: [...pieces.mountNamespace(), ...child], command });
}

function attributesOf(file: string): string {
  const { mode, uid, gid, size } = fs.statSync(file);
  return `${(mode & 0o7777).toString(8)} ${uid}:${gid}, ${size} bytes`;
}

const listed = (directory: string) =>
  (fs.existsSync(directory) ? fs.readdirSync(directory).sort().join(' ') : '') || '–';

/** What only kernels with open_tree can show. */
const breakWithOpenTree: Breakage[] = [
  {
    title: { en: 'Break it: the source is opened too late', zh: '换个顺序：源打开得太晚' },
    change: {
      en: '`open_tree` stands where the source is needed: after the change of root, just before `move_mount`.',
      zh: '把 `open_tree` 挪到用得着的地方：换根之后，`move_mount` 之前。',
    },
    program: stage => {
      const binds = holdBinds(wanted(stage.scratch));
      const late = [...pieces.kernelMount(proc, hostFacts()), ...pieces.openSources(binds), ...place(binds)];
      return held(stage, [], late);
    },
    question: {
      ask: { en: 'What does `open_tree` return?', zh: '`open_tree` 返回什么？' },
      right: {
        text: { en: 'ENOENT', zh: 'ENOENT' },
        because: {
          en: 'The path is one of the host, and in this namespace no path leads to the host any more. That is the point of pivot_root; so whatever is wanted of the host must be in one’s hand before.',
          zh: '这是宿主机的路径，而在这个命名空间里，已经没有任何路径通向宿主机。pivot_root 要的就是这个效果；所以凡是要用的宿主机文件，都得事先拿在手里。',
        },
      },
      wrong: [
        {
          text: { en: '0: the process is still root of the host', zh: '0：进程仍然是宿主机的 root' },
          because: {
            en: 'Its user is the same, its tree is another. Rights open no file that cannot be named.',
            zh: '用户没变，树变了。再大的权限，也打不开叫不出名字的文件。',
          },
        },
        {
          text: { en: 'EPERM', zh: 'EPERM' },
          because: {
            en: 'It still has every right. The look-up fails first.',
            zh: '权限一样不少，是查找路径先失败了。',
          },
        },
      ],
    },
    outcome: { call: 'open_tree', errno: 'ENOENT' },
  },
  {
    title: { en: 'Break it: read-only before it has a place', zh: '换个顺序：还没接上就设只读' },
    change: {
      en: 'The flags of the mount are set while it is still held by its descriptor only; then it is attached.',
      zh: '挂载还只由描述符持有、没有接到任何位置时，先设它的标志，然后再接上。',
    },
    program: stage => {
      const [, srv] = holdBinds(wanted(stage.scratch)) as [HeldBind, HeldBind];
      const attaches = (step: Step) => step.op === 'syscall' && step.name === 'move_mount';
      // Its propagation can be set without a place on some kernels; this is about the flags.
      const spreads = (step: Step) => step.op === 'syscall' && step.args[3] === srv.propagation;
      const steps = without(place([srv]), spreads);
      const late = [...steps.filter(step => !attaches(step)), ...steps.filter(attaches)];
      return held(stage, [srv], [...pieces.kernelMount(proc, hostFacts()), ...late]);
    },
    question: {
      ask: {
        en: 'mount(2) is asked to make a mount without a place read-only. What does it return?',
        zh: '要求 mount(2) 把还没有位置的挂载设为只读，它返回什么？',
      },
      right: {
        text: { en: 'EINVAL', zh: 'EINVAL' },
        because: {
          en: 'mount(2) changes mounts of the caller’s namespace, and this one is in none yet. (Since Linux 5.12 mount_setattr(2) can do it.)',
          zh: 'mount(2) 只能改调用者命名空间里的挂载，而这一个还不在任何命名空间里。（Linux 5.12 起，mount_setattr(2) 可以做到。）',
        },
      },
      wrong: [
        {
          text: { en: '0: the descriptor leads to it', zh: '0：描述符通向它' },
          because: {
            en: 'The path is found. Afterwards the kernel asks whose mount it is.',
            zh: '路径是找到了，但接着内核要问：这是谁的挂载？',
          },
        },
        {
          text: { en: 'EBADF', zh: 'EBADF' },
          because: {
            en: 'The descriptor is open and good; mount(2) gets a path, /proc/self/fd/N, and no descriptor.',
            zh: '描述符开着，没有问题；而且 mount(2) 拿到的是路径 /proc/self/fd/N，不是描述符。',
          },
        },
      ],
    },
    outcome: { call: 'mount', errno: 'EINVAL' },
  },
];

export const lesson: Lesson = {
  id,
  title: { en: 'Volumes: a piece of the host in the container', zh: '卷：宿主机的一角，放进容器' },
  about: {
    en: 'bind mounts held by a descriptor, what a new volume begins with, who sees later mounts, and why a link in a volume is an attack',
    zh: '用描述符持有的 bind 挂载，新卷里最初有什么，以后的挂载谁看得见，以及卷里的链接为什么是攻击',
  },
  minutes: 35,
  needs: ['root', 'mnt', 'pid', 'overlay'],
  figure,
  question: {
    ask: {
      en: 'The image has a file `welcome` in `/data` and another in `/srv`. The container starts with `-v vol:/data`, a new volume, and `-v EMPTY-DIRECTORY-OF-THE-HOST:/srv`. Where does it find a `welcome`?',
      zh: '镜像的 `/data` 和 `/srv` 里各有一个文件 `welcome`。容器带着 `-v vol:/data`（新的卷）和 `-v 宿主机的空目录:/srv` 启动。它在哪里能找到 `welcome`？',
    },
    right: {
      text: { en: 'only in /data', zh: '只在 /data 里' },
      because: {
        en: 'To the kernel both are the same: a directory of the host, bound over a directory of the image, which it hides. But a _new volume_ is filled before, by the engine, with what the image has at that place. A directory of yours is left alone.',
        zh: '对内核来说两者一样：把宿主机的一个目录绑定到镜像的目录上，盖住它。不同的是，*新的卷*在此之前由引擎填好，内容就是镜像在那个位置的文件。而你自己的目录，引擎不会动。',
      },
    },
    wrong: [
      {
        text: { en: 'in neither: a mount hides what lies below', zh: '哪里都没有：挂载会盖住下面的内容' },
        because: {
          en: 'Quite so for /srv. On /data it hides the file of the image as well; what is seen there is a copy.',
          zh: '/srv 正是如此。/data 里镜像的那个文件也被盖住了；看到的是一份副本。',
        },
      },
      {
        text: { en: 'in both: the directories are merged', zh: '两处都有：目录会合并' },
        because: {
          en: 'An overlay merges (lesson 11). A bind shows one directory, and nothing else.',
          zh: 'overlay 才会合并（第 11 课）。bind 只显示一个目录，别的都不显示。',
        },
      },
      {
        text: { en: 'only in /srv, which is empty', zh: '只在 /srv 里，因为宿主机的目录是空的' },
        because: {
          en: 'It is the other way round: nothing is ever copied into a directory that you named by its path, empty or not.',
          zh: '正好相反：用路径指定的目录，不管空不空，都不会有东西复制进去。',
        },
      },
    ],
  },
  async prepare(scratch) {
    const directories = ['upper', 'work', 'rootfs', 'stage', 'srv', 'config', 'plain', 'private', 'slave', 'outside'];
    for (const name of [...directories, 'image/data', 'image/srv', 'source'])
      fs.mkdirSync(path.join(scratch, name), { recursive: true });
    makeSmallRoot(path.join(scratch, 'image'));
    for (const name of ['data', 'srv'])
      fs.writeFileSync(path.join(scratch, 'image', name, 'welcome'), 'of the image\n');
    const welcome = path.join(scratch, 'image/data/welcome');
    fs.chownSync(welcome, 1000, 1000);
    fs.chmodSync(welcome, 0o640);
    fs.writeFileSync(path.join(scratch, 'config/bound'), '');
    fs.writeFileSync(path.join(scratch, 'config/app.conf'), 'old\n');
    fs.writeFileSync(path.join(scratch, 'config/app.conf.new'), 'new\n');
    const volumes = path.join(scratch, 'volumes');
    fs.mkdirSync(volumes);
    await ensureVolume(volumes, 'vol', { layers: [path.join(scratch, 'image')], source: '/data' });
    await ensureVolume(volumes, 'trap', { layers: [], source: '/data' });
    // As a container left it there that had this volume before.
    fs.symlinkSync(path.join(scratch, 'outside'), path.join(volumeOf(scratch, 'trap'), 'p'));
  },
  shell: '/bin/sh',
  run: {
    program: stage => withVolumes(stage, wanted(stage.scratch)),
    inside: `echo "data: $(echo $(ls /data))"
echo "srv: $(echo $(ls /srv))"
echo hello > /data/written
echo "writing to srv: $( (echo hello > /srv/written) 2>&1 && echo done)"`,
    evidence: (host, container) => {
      const { scratch } = container;
      return {
        facts: [
          {
            what: { en: 'in /data, of the image and in the container', zh: '/data 里：镜像的，容器看到的' },
            host: listed(path.join(scratch, 'image/data')),
            container: said(container, 'data'),
            claim: 'same',
          },
          {
            what: { en: 'in /srv, of the image and in the container', zh: '/srv 里：镜像的，容器看到的' },
            host: listed(path.join(scratch, 'image/srv')),
            container: said(container, 'srv') || '–',
            claim: 'differs',
          },
          {
            what: { en: 'welcome of the image, and of the volume', zh: 'welcome：镜像里的，卷里的' },
            host: attributesOf(path.join(scratch, 'image/data/welcome')),
            container: attributesOf(path.join(volumeOf(scratch, 'vol'), 'welcome')),
            claim: 'same',
          },
          {
            what: { en: 'written in /data: the same inode', zh: '写进 /data 的文件：同一个 inode' },
            host: String(fs.statSync(path.join(volumeOf(scratch, 'vol'), 'written')).ino),
            container: String(fs.statSync(`/proc/${container.pid}/root/data/written`).ino),
            claim: 'same',
          },
          {
            what: { en: 'writing to /srv', zh: '写 /srv' },
            host: 'done',
            container: said(container, 'writing to srv').replace(/^.*: /, ''),
            claim: 'differs',
          },
          ...namespaceFacts(host, container, ['mnt', 'pid']),
        ],
        listings: [
          { title: { en: 'its whole mount table', zh: '它的整张挂载表' }, lines: container.mounts },
          {
            title: {
              en: 'upper: none of it is in the container’s own layer',
              zh: 'upper：这些都不在容器自己的那一层里',
            },
            lines: [listed(path.join(scratch, 'upper'))],
          },
        ],
      };
    },
  },
  byHand: {
    caption: {
      en: 'As books show it: everything is mounted into the image before the change of root. It is shorter, and the fourth experiment shows what is wrong with it.',
      zh: '书上的写法：换根之前，就把一切都挂到镜像里。这样更短，第四个实验会看到问题出在哪里。',
    },
    language: 'sh',
    lines: `unshare --mount --pid --fork sh -c '
  mount --bind rootfs rootfs
  mount --bind /srv/data rootfs/data
  mount --bind /etc/app rootfs/srv
  mount -o remount,bind,ro rootfs/srv
  cd rootfs && pivot_root . . && umount -l . && exec sh'`,
  },
  experiments: [
    {
      title: { en: 'Famous failure: the edited file', zh: '著名的坑：改过的文件' },
      before: {
        en: 'One file of the host is bound: `-v …/app.conf:/etc/app.conf`. Then somebody changes it on the host as most editors and `sed -i` do: the new content goes into a new file, which is renamed to `app.conf`.',
        zh: '只绑定宿主机的一个文件：`-v …/app.conf:/etc/app.conf`。然后有人在宿主机上修改它，用的是大多数编辑器和 `sed -i` 的办法：新内容写进新文件，再把新文件改名为 `app.conf`。',
      },
      question: {
        ask: { en: 'What does the container read in `/etc/app.conf`?', zh: '容器在 `/etc/app.conf` 里读到什么？' },
        right: {
          text: { en: 'the old content', zh: '旧内容' },
          because: {
            en: 'A mount holds a file, not a name. The name now belongs to another file; the old one lives on, in the container only, until the mount goes.',
            zh: '挂载持有的是文件，不是名字。名字现在归了另一个文件；旧文件还活着，只有容器看得见，直到挂载消失。',
          },
        },
        wrong: [
          {
            text: { en: 'the new content', zh: '新内容' },
            because: {
              en: 'So it would be if the file had been written in place (`echo new > app.conf`), or if its directory had been bound.',
              zh: '如果是原地写入（`echo new > app.conf`），或者绑定的是它所在的目录，就是这样。',
            },
          },
          {
            text: { en: 'nothing: the file is gone', zh: '读不到：文件没了' },
            because: {
              en: 'Deleting a name does not delete a file that is in use, and a mount is a use.',
              zh: '删掉名字，并不会删掉还在使用的文件，而挂载就是一种使用。',
            },
          },
        ],
      },
      after: {
        en: 'For the same reason it does not matter to a container when its source directory is renamed. Bind the directory if you want to see edits; `docker restart` helps because it mounts anew.',
        zh: '同样的道理，源目录改了名，对容器也毫无影响。想看到修改，就绑定目录；`docker restart` 管用，是因为它会重新挂载。',
      },
      program: stage => {
        const config = path.join(stage.scratch, 'config/app.conf');
        return outside(stage, [
          mount(config, `${stage.scratch}/config/bound`, null, MS.MS_BIND, null, {
            why: { en: 'the file, bound to where the container has it', zh: '把文件绑定到容器里的位置' },
          }),
          call('renameat', [AT.AT_FDCWD, str(`${config}.new`), AT.AT_FDCWD, str(config)], {
            why: { en: 'on the host: what an editor does when it saves', zh: '在宿主机上：编辑器保存时做的事' },
          }),
        ]);
      },
      inside: 'echo "app.conf: $(cat "$LESSON/config/bound")"',
      evidence: (_host, container) => ({
        facts: [
          {
            what: { en: 'app.conf', zh: 'app.conf' },
            host: fs.readFileSync(path.join(container.scratch, 'config/app.conf'), 'utf8').trim(),
            container: said(container, 'app.conf'),
            claim: 'differs',
          },
        ],
      }),
    },
    {
      title: { en: 'Famous failure: read-only that is not', zh: '著名的坑：不只读的“只读”' },
      before: {
        en: 'A directory is bound by one mount(2) with `MS_BIND|MS_RDONLY`.',
        zh: '用一次带 `MS_BIND|MS_RDONLY` 的 mount(2) 绑定一个目录。',
      },
      question: {
        ask: { en: 'A process then writes there. What happens?', zh: '随后有进程往里面写，会怎样？' },
        right: {
          text: { en: 'it is written: the flag was ignored', zh: '写进去了：那个标志被忽略了' },
          because: {
            en: 'A new bind takes the flags of the mount that it is made of. mount(2) looks at MS_REC and no other, and reports no error. The flag takes a second call, with MS_REMOUNT.',
            zh: '新的 bind 沿用源挂载的标志。mount(2) 只看 MS_REC，其他一概不理，也不报错。要设这个标志，得再调用一次，带上 MS_REMOUNT。',
          },
        },
        wrong: [
          {
            text: { en: 'EROFS', zh: 'EROFS' },
            because: {
              en: 'That is what `mount --bind -o ro` gives you: the command makes two calls of it. An engine makes its own calls.',
              zh: '`mount --bind -o ro` 确实如此：这条命令会替你调用两次。引擎得自己调用。',
            },
          },
          {
            text: { en: 'mount(2) itself fails: EINVAL', zh: 'mount(2) 自己就失败：EINVAL' },
            because: {
              en: 'That would be kinder. The two flags together were accepted before they meant anything, and still are.',
              zh: '要是那样倒好。这两个标志放在一起从来都被接受，只是没有作用。',
            },
          },
        ],
      },
      after: {
        en: 'Nobody notices until somebody writes. A test of an engine has to write, and to look for EROFS.',
        zh: '在有人写之前，谁也发现不了。检验引擎时必须真的去写，看它是不是 EROFS。',
      },
      program: stage =>
        outside(stage, [
          mount(`${stage.scratch}/source`, `${stage.scratch}/plain`, null, MS.MS_BIND | MS.MS_RDONLY, null, {
            why: { en: 'bound, and read-only? in one call', zh: '一次调用，既绑定又只读？' },
          }),
        ]),
      inside: 'echo "writing: $( (echo hello > "$LESSON/plain/written") 2>&1 && echo done)"',
      evidence: (_host, container) => ({
        columns: [
          { en: 'wanted', zh: '想要的' },
          { en: 'the kernel', zh: '内核给的' },
        ],
        facts: [
          {
            what: { en: 'writing to the bind', zh: '往 bind 里写' },
            host: 'Read-only file system',
            container: said(container, 'writing'),
            claim: 'differs',
          },
        ],
      }),
    },
    {
      title: { en: 'A disk that is mounted later', zh: '后来才挂上的磁盘' },
      before: {
        en: 'Two containers have the same directory of the host, one with `rprivate`, Docker’s default, one with `rslave`. Then the host mounts a disk below that directory (here: a tmpfs; host and containers are played by mounts in one namespace).',
        zh: '两个容器用着宿主机的同一个目录，一个是 `rprivate`（Docker 的默认），一个是 `rslave`。然后宿主机在这个目录下面挂上一块磁盘（这里用 tmpfs；宿主机和两个容器由同一个命名空间里的几个挂载来扮演）。',
      },
      question: {
        ask: { en: 'Which container sees the disk?', zh: '哪个容器看得见这块磁盘？' },
        right: {
          text: { en: 'the one with rslave', zh: '带 rslave 的那个' },
          because: {
            en: 'A slave mount repeats what happens at its master, and tells it nothing. A private one was cut off when the container started: what is mounted later stays outside.',
            zh: 'slave 挂载会重演 master 上发生的事，自己的事却不告诉它。private 的在容器启动时就已经断开：以后挂上的都留在外面。',
          },
        },
        wrong: [
          {
            text: { en: 'both: they show the same directory', zh: '两个都能：它们显示的是同一个目录' },
            because: {
              en: 'Files, yes. A mount is not a file in the directory, it is an entry in a mount table.',
              zh: '文件是这样。但挂载不是目录里的文件，而是挂载表里的一行。',
            },
          },
          {
            text: { en: 'neither: a container keeps what it had at the start', zh: '都不能：容器只有启动时的内容' },
            because: {
              en: 'That is what private means, and it is only the default.',
              zh: '这是 private 的意思，而它只是默认值。',
            },
          },
        ],
      },
      after: {
        en: '`:rshared` goes both ways: what the container mounts appears on the host. Kubernetes calls this Bidirectional, and only storage drivers get it.',
        zh: '`:rshared` 是双向的：容器里挂载的，宿主机上也会出现。Kubernetes 管它叫 Bidirectional，只给存储驱动用。',
      },
      program: stage => {
        const { scratch } = stage;
        const source = `${scratch}/source`;
        const bound = (name: string, propagation: number, en: string, zh: string): Step[] => [
          mount(source, `${scratch}/${name}`, null, MS.MS_BIND | MS.MS_REC, null, {
            why: { en: `a container’s volume: ${name}`, zh: `一个容器的卷：${name}` },
          }),
          mount(null, `${scratch}/${name}`, null, propagation | MS.MS_REC, null, { why: { en, zh } }),
        ];
        return outside(stage, [
          mount('tmpfs', source, 'tmpfs', 0, 'size=1m', {
            why: { en: 'a directory of the host, on a mount of its own', zh: '宿主机的一个目录，自己是一个挂载' },
          }),
          mount(null, source, null, MS.MS_SHARED, null, {
            why: {
              en: 'shared, as systemd makes everything at boot',
              zh: '设为 shared，就像 systemd 开机时对一切所做的那样',
            },
          }),
          mkdir(`${source}/later`, 0o755, { why: { en: 'where the disk will be', zh: '磁盘将要挂在这里' } }),
          ...bound('private', MS.MS_PRIVATE, 'cut off from the host’s mount', '与宿主机的挂载断开'),
          ...bound(
            'slave',
            MS.MS_SLAVE,
            'follows the host’s mount, and tells it nothing',
            '跟随宿主机的挂载，自己的事不告诉它',
          ),
          mount('tmpfs', `${source}/later`, 'tmpfs', 0, 'size=1m', {
            why: { en: 'on the host, afterwards: the disk', zh: '后来，宿主机挂上了磁盘' },
          }),
        ]);
      },
      inside: `touch "$LESSON/source/later/disk"
for one in private slave; do echo "$one: $(ls "$LESSON/$one/later")"; done`,
      evidence: (_host, container) => ({
        columns: [
          { en: 'rprivate', zh: 'rprivate' },
          { en: 'rslave', zh: 'rslave' },
        ],
        facts: [
          {
            what: { en: 'files in later/', zh: 'later/ 里的文件' },
            host: said(container, 'private') || '–',
            container: said(container, 'slave') || '–',
            claim: 'differs',
          },
        ],
      }),
    },
    {
      title: { en: 'The attack: a link in a volume', zh: '攻击：卷里的链接' },
      before: {
        en: 'Two volumes: `-v trap:/data -v other:/data/p/new`. A container that had `trap` before left a link in it: `p` → a directory of the host. An engine that mounts before the change of root, as the books show, first makes the missing mount point: mkdir `rootfs/data/p/new`.',
        zh: '两个卷：`-v trap:/data -v other:/data/p/new`。以前用过 `trap` 的容器在里面留了一个链接：`p` → 宿主机的某个目录。如果引擎像书上那样在换根之前挂载，它会先建缺少的挂载点：mkdir `rootfs/data/p/new`。',
      },
      question: {
        ask: { en: 'Where is `new` made?', zh: '`new` 建在了哪里？' },
        right: {
          text: { en: 'on the host, where the link leads', zh: '在宿主机上，链接指向的地方' },
          because: {
            en: 'The link is absolute, and `/` is still the host’s root for this process. The engine, as root, has made a directory of the attacker’s choice on the host. With a mount in place of a mkdir, and a link that is swapped at the right moment, runc was led to mount the host’s root into a container: CVE-2021-30465.',
            zh: '这是绝对链接，而对这个进程来说 `/` 还是宿主机的根。引擎以 root 身份，在宿主机上由攻击者选定的位置建了一个目录。如果把 mkdir 换成挂载，再在恰当的时刻调换链接，runc 就曾被诱使把宿主机的根挂进了容器：CVE-2021-30465。',
          },
        },
        wrong: [
          {
            text: { en: 'in the volume, below a directory p', zh: '在卷里，目录 p 的下面' },
            because: {
              en: 'There is no directory p, there is a link. mkdir(2) follows links on its way; it stops at the last name only.',
              zh: '没有目录 p，只有链接。mkdir(2) 会跟随途中的链接，只有最后一个名字除外。',
            },
          },
          {
            text: { en: 'in the image, at the same path', zh: '在镜像里，同样的路径下' },
            because: {
              en: 'So it is meant in the container. But a link is only text; what `/` means, the reader of the link decides.',
              zh: '在容器里本该如此。但链接只是文字，`/` 是哪里，由读链接的人决定。',
            },
          },
        ],
      },
      after: {
        en: 'Whoever can write to a volume decides about its links. So an engine may look up no path in it while the host is in reach, and must not trust that a name is still what it was a moment ago.',
        zh: '谁能写卷，谁就决定里面的链接。所以只要宿主机还够得着，引擎就不能解析卷里的任何路径，也不能相信一个名字现在还是片刻之前的那个东西。',
      },
      program: stage =>
        outside(stage, [
          ...overlay(stage.scratch, 'rootfs'),
          mount(volumeOf(stage.scratch, 'trap'), 'rootfs/data', null, MS.MS_BIND, null, {
            why: { en: 'the first volume, with the host still there', zh: '第一个卷，此时宿主机还在' },
          }),
          mkdir('rootfs/data/p/new', 0o755, {
            why: { en: 'the mount point of the second volume', zh: '第二个卷的挂载点' },
          }),
        ]),
      evidence: (host, _container) => ({
        columns: [
          { en: 'wanted', zh: '想要的' },
          { en: 'what happened', zh: '实际结果' },
        ],
        facts: [
          {
            what: { en: 'in the directory of the host', zh: '宿主机的那个目录里' },
            host: '–',
            container: listed(path.join(host.scratch, 'outside')),
            claim: 'differs',
          },
        ],
      }),
    },
    {
      title: { en: 'The cure: hold every name', zh: '解药：逐个打开，逐个持有' },
      before: {
        en: 'The engine’s own steps with the same two volumes. The host is gone first. Then each name of the path is opened by itself, from the descriptor of the one before, with `O_PATH|O_NOFOLLOW`.',
        zh: '同样的两个卷，换成引擎自己的步骤。先让宿主机消失。然后逐个打开路径里的名字，每次都从前一个名字的描述符出发，带上 `O_PATH|O_NOFOLLOW`。',
      },
      question: {
        ask: { en: 'Which call stumbles over the link `p`?', zh: '哪个调用会被链接 `p` 绊住？' },
        right: {
          text: { en: '`mkdirat(p, "new")` = ENOTDIR', zh: '`mkdirat(p, "new")` = ENOTDIR' },
          because: {
            en: 'With O_PATH and O_NOFOLLOW `openat` gives a descriptor of the link itself (open(2) says so). A link is no directory, so nothing can be made in it: whoever swaps names meanwhile gains nothing.',
            zh: 'O_PATH 加 O_NOFOLLOW 时，`openat` 给出的是链接本身的描述符（open(2) 里写着）。链接不是目录，里面什么也建不了：即使有人在中间调换名字，也得不到任何好处。',
          },
        },
        wrong: [
          {
            text: { en: '`openat("p")` = ELOOP', zh: '`openat("p")` = ELOOP' },
            because: {
              en: 'That is the answer of O_NOFOLLOW alone, without O_PATH.',
              zh: '只有 O_NOFOLLOW、没有 O_PATH 时才是这样。',
            },
          },
          {
            text: { en: '`move_mount` = EINVAL', zh: '`move_mount` = EINVAL' },
            because: {
              en: 'The program does not come that far.',
              zh: '程序走不到那一步。',
            },
          },
        ],
      },
      after: {
        en: 'Links that were there before are another matter: the engine resolves them itself, within the container’s tree, before it composes these steps. Only one that appears afterwards meets them.',
        zh: '事先就有的链接另当别论：引擎在编排这些步骤之前，自己在容器的树里把它们解析掉。只有后来才出现的链接会碰上这些步骤。',
      },
      program: stage => {
        const { scratch } = stage;
        const binds = [
          bind(volumeOf(scratch, 'trap'), '/data'),
          bind(path.join(scratch, 'srv'), '/data/p/new', { filesystem: undefined }),
        ];
        return withVolumes(stage, binds);
      },
      fails: { call: 'mkdirat', errno: 'ENOTDIR' },
    },
  ],
  breakIt: [
    ...(openTree ? breakWithOpenTree : []),
    {
      title: { en: 'Break it: without /proc', zh: '拆一步：不挂载 /proc' },
      change: {
        en: 'The steps of `/proc` are left out; the volumes come as before.',
        zh: '去掉挂载 `/proc` 的步骤，卷还照旧。',
      },
      program: stage => {
        const program = withVolumes(stage, wanted(stage.scratch));
        return { ...program, child: without(program.child, isProc) };
      },
      question: {
        ask: { en: 'What do volumes need it for?', zh: '卷要 /proc 做什么？' },
        right: {
          text: {
            en: 'for names of descriptors: `statfs("/proc/self/fd/N")` = ENOENT',
            zh: '给描述符当名字：`statfs("/proc/self/fd/N")` = ENOENT',
          },
          because: {
            en: 'mount(2) and statfs(2) take paths. What is held by a descriptor has one path only, `/proc/self/fd/N`, and that is a file of the procfs.',
            zh: 'mount(2) 和 statfs(2) 要的是路径。由描述符持有的东西只有一个路径 `/proc/self/fd/N`，而那是 procfs 里的文件。',
          },
        },
        wrong: [
          {
            text: { en: 'for nothing: all steps succeed', zh: '什么也不需要：所有步骤都成功' },
            because: {
              en: 'With the new calls alone (`mount_setattr`, `fstatfs`) it could be done. Those of older kernels want paths.',
              zh: '如果全用新的调用（`mount_setattr`、`fstatfs`），确实可以。老内核的调用都要路径。',
            },
          },
          {
            text: { en: 'for the mount table: `move_mount` = EINVAL', zh: '要读挂载表：`move_mount` = EINVAL' },
            because: {
              en: 'The kernel has its mount table without any procfs. Only programs read it there.',
              zh: '没有 procfs，内核照样有自己的挂载表。去那里读的只是程序。',
            },
          },
        ],
      },
      outcome: { call: 'statfs', errno: 'ENOENT' },
    },
  ],
  seen: [
    {
      en: 'a volume is a bind mount: the same files, with the same inodes, in two trees',
      zh: '卷就是 bind 挂载：同样的文件、同样的 inode，出现在两棵树里',
    },
    {
      en: 'what a new volume has at the beginning was copied by the engine; a bind gets nothing',
      zh: '新卷最初的内容是引擎复制进去的；bind 什么也得不到',
    },
    {
      en: 'a mount holds the file and not its name; a source is held by a descriptor before the host goes',
      zh: '挂载持有的是文件，不是名字；宿主机消失之前，源要用描述符拿在手里',
    },
    {
      en: 'read-only and propagation each take a call of their own, after the bind',
      zh: '只读和传播类型都要在绑定之后各调用一次',
    },
    {
      en: 'who writes to a volume decides about its links: no path in it may be followed',
      zh: '能写卷的人决定里面的链接：卷里的路径一概不能跟随',
    },
  ],
  recap: [
    {
      ask: {
        en: 'The container is removed. What happens to `/data` (`-v vol:/data`) and to `/tmp` (no volume)?',
        zh: '容器被删除。`/data`（`-v vol:/data`）和 `/tmp`（没有卷）会怎样？',
      },
      right: {
        text: { en: '/data stays, /tmp is gone', zh: '/data 还在，/tmp 没了' },
        because: {
          en: 'What is written to a volume lies in its own directory. /tmp lay in upper, which belongs to the container.',
          zh: '写进卷的内容在卷自己的目录里。/tmp 在 upper 里，属于容器。',
        },
      },
      wrong: [
        {
          text: { en: 'both are gone', zh: '都没了' },
          because: {
            en: 'So it is with anonymous volumes and `docker rm -v`. A volume with a name stays until somebody removes it: `system prune --volumes`.',
            zh: '匿名卷加上 `docker rm -v` 才是这样。有名字的卷一直留着，直到有人删除：`system prune --volumes`。',
          },
        },
        {
          text: { en: 'both stay until prune', zh: '都留到 prune 为止' },
          because: {
            en: 'The writable layer goes with its container, at once.',
            zh: '可写层会立刻随容器一起删除。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'Why are the sources opened before clone and not just before they are mounted?',
        zh: '为什么要在 clone 之前打开源，而不是在挂载之前？',
      },
      right: {
        text: {
          en: 'because targets are looked up when the host is gone, and then no path leads to a source',
          zh: '因为查找目标时宿主机必须已经不在，而那时没有路径通向源',
        },
        because: {
          en: 'The two halves need different worlds: the source that of the host, the target that of the container. The descriptor carries one into the other.',
          zh: '两头需要的是两个不同的世界：源在宿主机，目标在容器。描述符把前者带进后者。',
        },
      },
      wrong: [
        {
          text: { en: 'because only the parent has the rights', zh: '因为只有父进程有权限' },
          because: {
            en: 'The child has the same rights until just before execve.',
            zh: '直到 execve 之前，子进程的权限都一样。',
          },
        },
        {
          text: { en: 'to save time', zh: '为了节省时间' },
          because: {
            en: 'It takes the same time in both places, a few microseconds.',
            zh: '放在哪里都是几微秒，一样的。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'You bind `/srv/site` with `:ro`. Below it a disk is mounted on `/srv/site/media`. Can the container write to `media`?',
        zh: '你用 `:ro` 绑定 `/srv/site`，而 `/srv/site/media` 上挂着一块磁盘。容器能写 `media` 吗？',
      },
      right: {
        text: { en: 'yes: the flag is one of a single mount', zh: '能：这个标志只属于一个挂载' },
        because: {
          en: 'The bind took the mounts below along (AT_RECURSIVE), and the remount changed the topmost one. Docker 25 and later make all of them read-only; 20.10 and minidock do not.',
          zh: '绑定时把下面的挂载也带上了（AT_RECURSIVE），而重新挂载只改了最上面的那个。Docker 25 起会把它们全部设为只读；20.10 和 minidock 不会。',
        },
      },
      wrong: [
        {
          text: { en: 'no: read-only holds for everything below', zh: '不能：只读对下面的一切都有效' },
          because: {
            en: 'One would think so. Each mount has flags of its own; mount_setattr(2) with AT_RECURSIVE, since 5.12, sets them all.',
            zh: '看起来理应如此。但每个挂载都有自己的标志；5.12 起，mount_setattr(2) 带 AT_RECURSIVE 才能一次全设。',
          },
        },
        {
          text: { en: 'no: the disk is not in the container', zh: '不能：磁盘不在容器里' },
          because: {
            en: 'It was mounted before the container started, and the bind is recursive: it is there.',
            zh: '磁盘在容器启动前就挂上了，而绑定是递归的：它就在里面。',
          },
        },
      ],
    },
  ],
  glossary: [
    {
      term: { en: 'bind mount', zh: 'bind 挂载（绑定挂载）' },
      means: {
        en: 'a mount that shows a file or directory which is already in a tree at another place',
        zh: '把已经在某棵树里的文件或目录，再显示在另一个位置的挂载',
      },
    },
    {
      term: { en: 'volume', zh: '卷（volume）' },
      means: {
        en: 'a directory that the engine keeps, by name, longer than any container; it is bound into containers',
        zh: '由引擎按名字保管的目录，比任何容器都活得久；使用时绑定进容器',
      },
    },
    {
      term: { en: 'mount point', zh: '挂载点' },
      means: { en: 'the directory or file that a mount covers', zh: '被挂载盖住的那个目录或文件' },
    },
    {
      term: { en: 'detached mount', zh: '未接入的挂载（detached mount）' },
      means: {
        en: 'a mount that is in no tree and lives by a descriptor, from open_tree(2) until move_mount(2) gives it a place',
        zh: '不在任何树里、靠描述符存在的挂载：由 open_tree(2) 得到，直到 move_mount(2) 把它接到某个位置',
      },
    },
    {
      term: { en: 'O_PATH', zh: 'O_PATH' },
      means: {
        en: 'opens a name without opening the file: the descriptor is good for looking up from there and for being mounted on',
        zh: '只打开名字、不打开文件：得到的描述符可以当查找的起点，也可以在上面挂载',
      },
    },
    {
      term: { en: 'private, slave, shared', zh: 'private、slave、shared' },
      means: {
        en: 'whether mounts made later below a mount show on the other side: not at all, only coming in, both ways',
        zh: '以后在某个挂载下面做的挂载，另一边看不看得见：都看不见，只进不出，双向可见',
      },
    },
  ],
  reading: [
    {
      what: { en: 'binds, remounts and their flags', zh: '绑定、重新挂载，以及它们的标志' },
      where: 'mount(2), “Creating a bind mount”',
    },
    { what: { en: 'propagation', zh: '传播' }, where: 'mount_namespaces(7), “Shared subtrees”' },
    { what: { en: 'O_PATH and O_NOFOLLOW', zh: 'O_PATH 与 O_NOFOLLOW' }, where: 'open(2)' },
    {
      what: { en: 'how the kernel walks along a path', zh: '内核怎样沿着路径走' },
      where: 'path_resolution(7), openat2(2)',
    },
    {
      what: { en: 'mounts in an OCI bundle', zh: 'OCI bundle 里的挂载' },
      where: 'OCI runtime-spec: config.md, “Mounts”',
    },
    {
      what: { en: 'how the engine does it, and why', zh: '引擎怎么做，为什么' },
      where: 'docs/decisions/0009-volumes.md',
    },
  ],
  sources: [
    'src/container/rootfs/binds.ts',
    'src/container/rootfs/mount-point.ts',
    'src/container/rootfs/mount-targets.ts',
    'src/container/volume-content.ts',
  ],
  engineCommand: ['minidock', 'run', '--dry-run', '-v', 'vol:/data', '-v', '/usr:/srv:ro', 'busybox', 'true'],
};

/** The steps of the mount of /proc: it, its mount point, and the look whether it is one. */
function isProc(step: Step): boolean {
  return step.group === 'mount /proc';
}
