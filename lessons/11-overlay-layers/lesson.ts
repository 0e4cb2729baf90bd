import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import type { Mount } from '../../src/oci/runtime-spec.ts';
import { opaqueStep, runSteps, whiteoutStep } from '../../src/storage/special.ts';
import { call, mkdir, mount } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
import { callLibc } from '../../src/syscalls/ffi.ts';
import type { Program, Step } from '../../src/syscalls/step.ts';
import { AT } from '../../src/syscalls/uapi/flags.ts';
import { without } from '../../src/workshop/break.ts';
import { type Lesson, lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { type Moment, said } from '../../src/workshop/play/evidence.ts';
import { makeSmallRoot } from '../../src/workshop/play/small-root.ts';
import { figure } from './figure.ts';

const id = '11-overlay-layers';
const proc: Mount = { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] };
const megabyte = 1 << 20;
/** So many layers that their full names do not fit into a page. */
const many = 60;
const page = 4096;
/** As long as a chain ID. */
const manyNames = Array.from({ length: many }, (_, i) => createHash('sha256').update(String(i)).digest('hex'));

const layer = (scratch: string, number: number) => path.join(scratch, 'layers', String(number));

/** Each run is a container of its own, with what it changes in `containers/<name>`. */
const containers = ['first', 'second', 'chmod', 'rename', 'reversed', 'short', 'outer', 'elsewhere'] as const;

/** The three layers of the image, as the engine's own function gives them to overlayfs: the topmost first. */
function stack(scratch: string, container: (typeof containers)[number] | 'none' = 'none', target = 'rootfs') {
  const layers = [1, 2, 3].map(number => layer(scratch, number));
  const own = container === 'none' ? '' : `containers/${container}/`;
  const { lowerBase, lower } = pieces.lowerLayers(scratch, path.join(scratch, 'links'), layers);
  return { lowerBase, lower, upper: `${own}upper`, work: `${own}work`, target };
}

/** Full names of sixty layers; no name ends where the kernel cuts them off, else what is left would be a valid mount. */
function fullNames(scratch: string): string[] {
  let base = path.join(scratch, 'many/');
  const beyond = () => (page - 'lowerdir='.length) % (base.length + 64 + 1);
  while (beyond() < base.length || beyond() > base.length + 60) base += '/';
  return manyNames.map(name => base + name);
}

const overlay = (layers: ReturnType<typeof stack>): Step[] => pieces.overlayMount(layers, hostFacts().overlayOptions);

/** The lesson's program with other steps before and after the change of root. */
function inRoot(
  { scratch, command }: Stage,
  container: Parameters<typeof stack>[1],
  after: readonly Step[] = [],
): Program {
  return lessonProgram({
    namespaces: ['mount', 'pid'],
    child: [
      ...pieces.mountNamespace(),
      ...overlay(stack(scratch, container)),
      ...pieces.pivotRoot('rootfs'),
      ...pieces.kernelMount(proc, hostFacts()),
      ...after,
    ],
    command,
  });
}

/** Steps on the host's tree, without another root. */
function outside({ command }: Stage, child: readonly Step[]): Program {
  return lessonProgram({ namespaces: ['mount'], child: [...pieces.mountNamespace(), ...child], command });
}

/** Every file below `directory`: type, name and content in one digest, links not followed. */
function digestOf(directory: string): string {
  const hash = createHash('sha256');
  for (const name of (fs.readdirSync(directory, { recursive: true }) as string[]).sort()) {
    const file = path.join(directory, name);
    const stats = fs.lstatSync(file);
    hash.update(`${name} ${stats.mode} ${stats.rdev} ${stats.mtimeMs}\n`);
    if (stats.isFile()) hash.update(fs.readFileSync(file));
  }
  return hash.digest('hex').slice(0, 12);
}

/** Whether overlayfs stops merging here; getxattr(2) through libc, since Node has no call for it. */
function isOpaque(directory: string): boolean {
  const value = Buffer.alloc(8);
  return (
    callLibc('getxattr', directory, 'trusted.overlay.opaque', value, value.length).value === 1 && value[0] === 0x79
  );
}

/** `c 0:0  etc/motd`: what lies in a directory that overlayfs writes to, told as a learner would read `ls -lR`. */
function contentOf(directory: string): string[] {
  return (fs.readdirSync(directory, { recursive: true }) as string[]).sort().map(name => {
    const file = path.join(directory, name);
    const stats = fs.lstatSync(file);
    if (stats.isCharacterDevice()) return `${name}: character device ${stats.rdev >> 8}:${stats.rdev & 0xff}`;
    if (stats.isDirectory()) return `${name}/${isOpaque(file) ? ': trusted.overlay.opaque=y' : ''}`;
    return `${name}: file, ${stats.size} bytes`;
  });
}

const inLayer = (container: Moment, number: number, name: string) => path.join(layer(container.scratch, number), name);

const inside = `echo "motd: $(cat /etc/motd)"
echo "old: $([ -e /etc/old ] && echo there)"
echo "data: $(echo $(ls /data))"
rm /etc/motd
echo new > /etc/new
rm -r /data
mkdir /data`;

export const lesson: Lesson = {
  id,
  title: { en: 'overlay: layers that nobody changes', zh: 'overlay：谁也不会改动的层' },
  about: {
    en: 'three read-only directories and one writable one, seen as one tree; how deleting works where nothing can be deleted',
    zh: '三个只读目录加一个可写目录，看起来是一棵树；以及在什么也删不掉的地方，“删除”是怎么做到的',
  },
  minutes: 30,
  needs: ['root', 'mnt', 'pid', 'overlay'],
  figure,
  question: {
    ask: {
      en: 'A container of this image runs `rm /etc/motd`. The file lies in a layer that other containers use as well. What is in the container’s own directory, `upper`, afterwards?',
      zh: '这个镜像的容器运行 `rm /etc/motd`。文件所在的层，别的容器也在用。之后这个容器自己的目录 `upper` 里会有什么？',
    },
    right: {
      text: { en: 'a device node called motd, with the number 0:0', zh: '一个叫 motd 的设备节点，设备号是 0:0' },
      because: {
        en: 'The file cannot be deleted where it is, so the deletion itself is written down: a **whiteout**, a name of which overlayfs knows that it hides whatever lower layers have there. No device has the number 0:0, so no other file can be mistaken for one.',
        zh: '文件在原处删不掉，于是把“删除”本身记下来：这就是 **whiteout**，overlayfs 看到这个名字，就把下面各层的同名内容都藏起来。没有任何设备的设备号是 0:0，所以不会与别的文件混淆。',
      },
    },
    wrong: [
      {
        text: { en: 'nothing: the file is gone from the layer', zh: '什么也没有：文件已经从层里删掉了' },
        because: {
          en: 'Then it would be gone for every other container of the image too. overlayfs never writes to a lower directory.',
          zh: '那样的话，这个镜像的其他容器也都没有它了。overlayfs 从不往下面的目录里写。',
        },
      },
      {
        text: { en: 'a file called .wh.motd', zh: '一个叫 .wh.motd 的文件' },
        because: {
          en: 'So a whiteout is called inside the tar file of a layer (lesson 17), because AUFS did it this way and not every system can put a device into a tar. On disk overlayfs has its own form.',
          zh: '在层的 tar 文件里，whiteout 确实叫这个名字（第 17 课），那是 AUFS 的做法，而且不是每个系统都能往 tar 里放设备。在磁盘上，overlayfs 有自己的形式。',
        },
      },
      {
        text: { en: 'an empty file called motd', zh: '一个叫 motd 的空文件' },
        because: {
          en: 'An empty file is a file: `cat /etc/motd` would succeed and print nothing.',
          zh: '空文件也是文件：`cat /etc/motd` 会成功，只是什么也不输出。',
        },
      },
    ],
  },
  async prepare(scratch) {
    makeSmallRoot(layer(scratch, 1));
    const write = (number: number, name: string, content: string) => {
      const file = path.join(layer(scratch, number), name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, content);
    };
    write(1, 'etc/motd', 'from layer 1\n');
    write(1, 'etc/old', 'from layer 1\n');
    write(1, 'data/a', '');
    write(1, 'data/b', '');
    write(1, 'big', 'x'.repeat(8 * megabyte));
    write(2, 'etc/motd', 'from layer 2\n');
    write(3, 'data/c', '');
    // What the engine makes of `.wh.old` and `.wh..wh..opq` when it unpacks a layer.
    await runSteps([
      whiteoutStep(path.join(layer(scratch, 2), 'etc/old')),
      opaqueStep(path.join(layer(scratch, 3), 'data')),
    ]);
    const directories = [
      ...['rootfs', 'second', 'links', 'upper', 'work'],
      ...containers.flatMap(name => [`containers/${name}/upper`, `containers/${name}/work`]),
      ...manyNames.map(name => `many/${name}`),
    ];
    for (const name of directories) fs.mkdirSync(path.join(scratch, name), { recursive: true });
    fs.writeFileSync(path.join(scratch, 'digest'), digestOf(path.join(scratch, 'layers')));
  },
  shell: '/bin/sh',
  run: {
    program: stage => inRoot(stage, 'none'),
    inside,
    evidence: (_host, container) => ({
      columns: [
        { en: 'in layer 1', zh: '在第 1 层里' },
        { en: 'in the container', zh: '在容器里' },
      ],
      facts: [
        {
          what: { en: '/etc/motd (layers 1 and 2 have one)', zh: '/etc/motd（第 1、2 层都有）' },
          host: fs.readFileSync(inLayer(container, 1, 'etc/motd'), 'utf8').trim(),
          container: said(container, 'motd'),
          claim: 'differs',
        },
        {
          what: { en: '/etc/old (layer 2 has a whiteout)', zh: '/etc/old（第 2 层有 whiteout）' },
          host: fs.existsSync(inLayer(container, 1, 'etc/old')) ? 'there' : '–',
          container: said(container, 'old') || '–',
          claim: 'differs',
        },
        {
          what: { en: '/data (opaque in layer 3)', zh: '/data（在第 3 层是不透明的）' },
          host: fs
            .readdirSync(inLayer(container, 1, 'data'))
            .sort()
            .join(' '),
          container: said(container, 'data'),
          claim: 'differs',
        },
        {
          what: { en: 'digest of all layers, before and after', zh: '所有层的摘要，运行前与运行后' },
          host: fs.readFileSync(path.join(container.scratch, 'digest'), 'utf8'),
          container: digestOf(path.join(container.scratch, 'layers')),
          claim: 'same',
        },
      ],
      listings: [
        {
          title: { en: 'layer 2 and layer 3, as the engine unpacked them', zh: '引擎解包出的第 2 层和第 3 层' },
          lines: [2, 3].flatMap(number =>
            contentOf(layer(container.scratch, number)).map(line => `${number}: ${line}`),
          ),
        },
        {
          title: {
            en: 'upper, after rm /etc/motd, echo new > /etc/new, rm -r /data, mkdir /data',
            zh: '运行 rm /etc/motd、echo new > /etc/new、rm -r /data、mkdir /data 之后的 upper',
          },
          lines: contentOf(path.join(container.scratch, 'upper')),
        },
      ],
    }),
  },
  byHand: {
    caption: {
      en: 'The same by hand. Layers are parted by colons, the topmost stands first:',
      zh: '手工做同样的事。各层用冒号分开，最上面的写在最前面：',
    },
    language: 'sh',
    lines: `mknod layers/2/etc/old c 0 0
setfattr -n trusted.overlay.opaque -v y layers/3/data
mkdir upper work rootfs
mount -t overlay overlay -o lowerdir=layers/3:layers/2:layers/1,upperdir=upper,workdir=work rootfs`,
  },
  experiments: [
    {
      title: { en: 'What a chmod costs', zh: '一次 chmod 的代价' },
      before: {
        en: 'The image has a file of 8 MB. The container changes its mode, and not one byte of it.',
        zh: '镜像里有个 8 MB 的文件。容器只改它的权限，内容一个字节都不动。',
      },
      question: {
        ask: { en: 'How much of the disk does this take?', zh: '这会占用多少磁盘？' },
        right: {
          text: { en: '8 MB: the whole file is copied to upper', zh: '8 MB：整个文件被复制到 upper' },
          because: {
            en: 'The unit of overlayfs is the file. The first change to one, be it of its mode or by opening it for writing, copies all of it up. A Dockerfile with `RUN chown -R` makes the image twice as large for this reason.',
            zh: 'overlayfs 以文件为单位。第一次改动，哪怕只改权限，或者只是以写方式打开，都会把整个文件复制上来。Dockerfile 里一句 `RUN chown -R` 就让镜像大了一倍，原因正在于此。',
          },
        },
        wrong: [
          {
            text: { en: 'a few bytes: only the inode is new', zh: '几个字节：只多了一个 inode' },
            because: {
              en: 'The option metacopy does that. Engines turn it off: such an upper directory can be read by overlayfs alone, and an image that somebody prepared could point anywhere with it.',
              zh: '选项 metacopy 可以做到。但引擎都关掉它：这样的 upper 目录只有 overlayfs 自己读得懂，而且别人精心准备的镜像能借它指向任何地方。',
            },
          },
          {
            text: { en: 'one page, 4 KB: copy on write works in pages', zh: '一页，4 KB：写时复制以页为单位' },
            because: {
              en: 'So it is with memory after fork. overlayfs lies above the file systems and knows files only; btrfs and zfs, which work below, share blocks.',
              zh: 'fork 之后的内存是这样。overlayfs 在文件系统之上，只认识文件；btrfs 和 zfs 在下面工作，才能共享数据块。',
            },
          },
        ],
      },
      after: {
        en: 'A database file belongs into a volume: its first write in a container would copy all of it, and every image layer that touches it holds it whole.',
        zh: '所以数据库文件应该放在卷里：容器第一次写它，就要整个复制；而每个碰过它的镜像层，都存着完整的一份。',
      },
      program: stage => inRoot(stage, 'chmod'),
      inside: 'chmod 600 /big\necho "mode: $(stat -c %a /big)"',
      evidence: (_host, { scratch }) => ({
        columns: [
          { en: 'in layer 1', zh: '在第 1 层里' },
          { en: 'in upper', zh: '在 upper 里' },
        ],
        facts: [
          {
            what: { en: 'bytes of big', zh: 'big 的字节数' },
            host: String(fs.statSync(path.join(layer(scratch, 1), 'big')).size),
            container: String(fs.statSync(path.join(scratch, 'containers/chmod/upper/big')).size),
            claim: 'same',
          },
          {
            what: { en: 'its mode', zh: '它的权限' },
            host: (fs.statSync(path.join(layer(scratch, 1), 'big')).mode & 0o777).toString(8),
            container: (fs.statSync(path.join(scratch, 'containers/chmod/upper/big')).mode & 0o777).toString(8),
            claim: 'differs',
          },
        ],
      }),
    },
    {
      title: { en: 'Famous failure: rename of a directory', zh: '著名的坑：给目录改名' },
      before: {
        en: 'The container calls rename(2) on a directory of the image: `/data` shall become `/moved`.',
        zh: '容器对镜像里的目录调用 rename(2)：把 `/data` 改名为 `/moved`。',
      },
      question: {
        ask: { en: 'What does the kernel answer?', zh: '内核会返回什么？' },
        right: {
          text: { en: 'EXDEV, as between two disks', zh: 'EXDEV，就像在两块磁盘之间' },
          because: {
            en: 'What is in the directory lies in the layers, under its old name. overlayfs would have to remember a redirection (the option redirect_dir, which engines turn off) or to copy everything. It leaves that to the caller: `mv` copies and deletes when it meets EXDEV.',
            zh: '目录的内容在各层里，用的是旧名字。overlayfs 要么记住一次重定向（选项 redirect_dir，引擎都关掉了），要么把一切都复制一遍。它把这件事留给调用者：`mv` 遇到 EXDEV 就改为复制再删除。',
          },
        },
        wrong: [
          {
            text: { en: '0: a rename changes a name and nothing else', zh: '0：改名只改名字，别的什么都不动' },
            because: {
              en: 'On one file system it does. For a directory that exists only in `upper` it also does here.',
              zh: '在同一个文件系统里是这样。对只存在于 `upper` 里的目录，在这里也是这样。',
            },
          },
          {
            text: { en: 'EROFS: the layers are read-only', zh: 'EROFS：各层是只读的' },
            because: {
              en: 'They are, but the mount as a whole is writable: what cannot be changed below is changed above.',
              zh: '各层确实只读，但整个挂载是可写的：下面不能改的，就改在上面。',
            },
          },
        ],
      },
      after: {
        en: 'Programs that rename directories and do not expect EXDEV fail in containers only: package managers and build tools had to learn it.',
        zh: '有的程序给目录改名时没想到会遇到 EXDEV，于是只在容器里才出错：包管理器和构建工具都吃过这个亏。',
      },
      program: stage =>
        inRoot(stage, 'rename', [
          call('renameat', [AT.AT_FDCWD, str('/data'), AT.AT_FDCWD, str('/moved')], {
            why: { en: 'a directory of the image gets another name', zh: '给镜像里的一个目录换名字' },
          }),
        ]),
      fails: { call: 'renameat', errno: 'EXDEV' },
    },
    {
      title: { en: 'One image, two containers', zh: '一个镜像，两个容器' },
      before: {
        en: 'The same three layers are mounted twice, each time with an upper directory of its own. The first container writes to /etc/motd.',
        zh: '同样的三层挂载两次，每次都有自己的 upper 目录。第一个容器写 /etc/motd。',
      },
      question: {
        ask: {
          en: 'How many inodes does `/bin/sh` have on the disk, seen from both?',
          zh: '从两个容器看，`/bin/sh` 在磁盘上一共有几个 inode？',
        },
        right: {
          text: { en: 'one: what nobody changed is shared', zh: '一个：没人改过的就共用' },
          because: {
            en: 'Both mounts open the same file of layer 1. So the page cache holds its content once, and a hundred containers of an image start from memory.',
            zh: '两个挂载打开的都是第 1 层里的同一个文件。所以页缓存里也只有一份，同一个镜像的一百个容器都能直接从内存启动。',
          },
        },
        wrong: [
          {
            text: { en: 'two: each container has its own files', zh: '两个：每个容器都有自己的文件' },
            because: {
              en: 'It has its own changes. A container that writes nothing takes no room at all.',
              zh: '每个容器有的只是自己的改动。什么都不写的容器，一点空间也不占。',
            },
          },
          {
            text: { en: 'three: one a layer', zh: '三个：每层一个' },
            because: {
              en: 'Only layer 1 has the file. Layers hold what they change, not a copy of what lies below.',
              zh: '只有第 1 层有这个文件。一层只存它改动的内容，不存下面各层的副本。',
            },
          },
        ],
      },
      after: {
        en: 'Inode and content are the same, the device number is not: each overlay mount has one of its own. The change of the first container is in its upper directory and nowhere else.',
        zh: 'inode 和内容相同，设备号不同：每个 overlay 挂载有自己的设备号。第一个容器的改动只在它自己的 upper 目录里。',
      },
      program: stage =>
        outside(stage, [
          ...overlay(stack(stage.scratch, 'first')),
          ...overlay(stack(stage.scratch, 'second', 'second')),
        ]),
      inside: `cd "$LESSON"
echo changed > rootfs/etc/motd
for one in rootfs second; do
  echo "$one inode: $(stat -L -c %i $one/bin/sh)"
  echo "$one device: $(stat -L -c %d $one/bin/sh)"
  echo "$one motd: $(cat $one/etc/motd)"
done`,
      evidence: (_host, container) => ({
        columns: [
          { en: 'first container', zh: '第一个容器' },
          { en: 'second container', zh: '第二个容器' },
        ],
        facts: [
          {
            what: { en: 'inode of /bin/sh', zh: '/bin/sh 的 inode' },
            host: said(container, 'rootfs inode'),
            container: said(container, 'second inode'),
            claim: 'same',
          },
          {
            what: { en: 'its device', zh: '它的设备号' },
            host: said(container, 'rootfs device'),
            container: said(container, 'second device'),
            claim: 'differs',
          },
          {
            what: { en: '/etc/motd', zh: '/etc/motd' },
            host: said(container, 'rootfs motd'),
            container: said(container, 'second motd'),
            claim: 'differs',
          },
        ],
      }),
    },
    {
      title: { en: 'Famous failure: sixty layers', zh: '著名的坑：六十层' },
      before: {
        en: `An image of ${many} layers. Engines name a layer by 64 hex digits; here all of them stand in \`lowerdir\` with their full paths.`,
        zh: `一个 ${many} 层的镜像。引擎用 64 位十六进制数给层命名；这里把它们的完整路径全部写进 \`lowerdir\`。`,
      },
      question: {
        ask: { en: 'What does mount(2) make of it?', zh: 'mount(2) 会怎么处理？' },
        right: {
          text: { en: 'it refuses: the options are cut off after one page', zh: '拒绝：选项超过一页的部分被截掉' },
          because: {
            en: 'The kernel copies at most a page of 4096 bytes of mount options. What stands behind that, the last layers and `upperdir`, is lost, and the last name is half a name.',
            zh: '挂载选项，内核最多只复制一页，4096 个字节。后面的部分，也就是最后几层和 `upperdir`，全都丢了，最后一个名字也只剩半截。',
          },
        },
        wrong: [
          {
            text: { en: 'it refuses: there may be 42 layers at most', zh: '拒绝：最多 42 层' },
            because: {
              en: 'That was the limit of AUFS, which Docker began with. overlayfs takes 500 lower layers; Docker itself stops at 125.',
              zh: '那是 Docker 最早使用的 AUFS 的限制。overlayfs 最多可以有 500 个下层；Docker 自己限制在 125 层。',
            },
          },
          {
            text: { en: 'it works: only the number of layers counts', zh: '成功：只看层数' },
            because: {
              en: 'The next experiment shows that the number is no trouble. The length of the text is.',
              zh: '下一个实验会看到，层数不是问题，文字的长度才是。',
            },
          },
        ],
      },
      after: {
        en: 'The errno does not say what is wrong: it speaks of the half name. Only `dmesg` or knowing it helps.',
        zh: '返回的 errno 说的是那半截名字，看不出真正的原因。要么去看 `dmesg`，要么事先知道。',
      },
      program: stage => outside(stage, overlay({ ...stack(stage.scratch, 'short'), lower: fullNames(stage.scratch) })),
      fails: { call: 'mount', errno: 'ENOENT' },
    },
    {
      title: { en: 'The cure: short names', zh: '解药：短名字' },
      before: {
        en: 'The engine makes a directory of links called 0, 1, 2 …, goes there by chdir, and names the layers from there.',
        zh: '引擎建一个目录，里面是叫 0、1、2……的链接；用 chdir 走进去，再从那里写各层的名字。',
      },
      question: {
        ask: {
          en: 'The links lead to the same directories. Does overlayfs take them?',
          zh: '这些链接通向同样的目录。overlayfs 接受吗？',
        },
        right: {
          text: { en: 'yes: a path is looked up once, at mount', zh: '接受：路径只在挂载时查找一次' },
          because: {
            en: 'overlayfs keeps the directories, not their names. The links could be deleted now, or the layers renamed.',
            zh: 'overlayfs 记住的是目录，不是名字。这时删掉链接、给层改名都没关系。',
          },
        },
        wrong: [
          {
            text: { en: 'no: it refuses symbolic links', zh: '不接受：它拒绝符号链接' },
            because: {
              en: 'It follows them, as mount(2) follows links in its source. (In a mount point this can be an attack: lesson 8.)',
              zh: '它会跟随链接，就像 mount(2) 跟随源路径里的链接。（在挂载点里跟随链接就可能是攻击：第 8 课。）',
            },
          },
          {
            text: { en: 'no: lower directories must be absolute', zh: '不接受：下层目录必须是绝对路径' },
            because: {
              en: 'A relative one is looked up from the working directory. That is what the chdir before it is for.',
              zh: '相对路径从当前目录开始查找，前面的 chdir 就是为此而做的。',
            },
          },
        ],
      },
      after: {
        en: `${many} layers in fewer than 300 bytes. Since Linux 6.8 the new mount interface takes one layer a call (fsconfig, \`lowerdir+\`) and has no such limit.`,
        zh: `${many} 层，不到 300 个字节。从 Linux 6.8 起，新的挂载接口可以一次调用加一层（fsconfig 的 \`lowerdir+\`），也就没有这个限制了。`,
      },
      program: stage => {
        const links = path.join(stage.scratch, 'links');
        const layers = manyNames.map(name => path.join(stage.scratch, 'many', name));
        const lower = pieces.lowerLayers(path.join(stage.scratch, 'many'), links, layers);
        const { upper, work, target } = stack(stage.scratch, 'short');
        return outside(stage, overlay({ ...lower, upper: `../${upper}`, work: `../${work}`, target: `../${target}` }));
      },
      inside: `echo "layers: $(grep -o 'lowerdir=[^,]*' /proc/self/mountinfo | tail -n 1 | tr ':' '\\n' | wc -l)"`,
      evidence: (_host, container) => ({
        columns: [
          { en: 'wanted', zh: '想要的' },
          { en: 'in the mount table', zh: '挂载表里的' },
        ],
        facts: [
          {
            what: { en: 'layers', zh: '层数' },
            host: String(many),
            container: said(container, 'layers'),
            claim: 'same',
          },
        ],
      }),
    },
    {
      title: { en: 'Famous failure: a container in a container', zh: '著名的坑：容器里的容器' },
      before: {
        en: 'An engine runs inside a container and wants to start one. Its own files lie on the overlay of the outer container, so the new upper directory does too.',
        zh: '引擎运行在容器里，想再启动一个容器。它自己的文件在外层容器的 overlay 上，于是新的 upper 目录也在那上面。',
      },
      question: {
        ask: { en: 'Can an upper directory lie on an overlay?', zh: 'upper 目录可以放在 overlay 上吗？' },
        right: {
          text: { en: 'no: EINVAL', zh: '不可以：EINVAL' },
          because: {
            en: 'overlayfs needs things of the file system under `upper` that it does not offer itself, whiteouts and `trusted.*` attributes above all: they would mean something to the outer overlay already.',
            zh: 'overlayfs 要求 `upper` 所在的文件系统能存放 whiteout 和 `trusted.*` 属性，而它自己给不了：这些东西在外层 overlay 看来已经另有含义。',
          },
        },
        wrong: [
          {
            text: { en: 'yes, two levels deep', zh: '可以，最多两层' },
            because: {
              en: 'Two levels is the rule for _lower_ directories: an overlay may be a layer of another one.',
              zh: '“最多两层”说的是*下层*目录：overlay 可以当另一个 overlay 的层。',
            },
          },
          {
            text: { en: 'no: EBUSY, the directory is in use', zh: '不可以：EBUSY，目录正在使用' },
            because: {
              en: 'An upper directory that another overlay uses already can be EBUSY (with the option index). This one is fresh.',
              zh: 'upper 目录已被另一个 overlay 使用时，才可能是 EBUSY（开着选项 index 的话）。这个目录是新的。',
            },
          },
        ],
      },
      after: {
        en: 'That is why the images of Docker in Docker declare /var/lib/docker as a volume: a volume is a directory of the host’s own file system.',
        zh: '所以“Docker 里的 Docker”镜像都把 /var/lib/docker 声明为卷：卷就是宿主机自己的文件系统里的一个目录。',
      },
      program: stage =>
        outside(stage, [
          ...overlay(stack(stage.scratch, 'outer')),
          mkdir('rootfs/upper', 0o755, {
            why: { en: 'an upper directory, on the overlay itself', zh: 'upper 目录，就在 overlay 上面' },
          }),
          mkdir('rootfs/work', 0o755, { why: { en: 'and its work directory', zh: '以及它的 work 目录' } }),
          ...overlay({ ...stack(stage.scratch), upper: 'rootfs/upper', work: 'rootfs/work', target: 'second' }),
        ]),
      fails: { call: 'mount', errno: 'EINVAL' },
    },
  ],
  breakIt: [
    {
      title: { en: 'Break it: the layers the other way round', zh: '换个顺序：层的次序颠倒' },
      change: {
        en: '`lowerdir` names the lowest layer first, as one would tell it.',
        zh: '`lowerdir` 从最下面的层写起，就像平时讲述的顺序。',
      },
      program: stage => {
        const layers = stack(stage.scratch, 'reversed');
        return outside(stage, overlay({ ...layers, lower: layers.lower.toReversed() }));
      },
      inside: `cd "$LESSON/rootfs"
echo "motd: $(cat etc/motd)"
echo "old: $([ -e etc/old ] && echo there)"
echo "data: $(echo $(ls data))"`,
      question: {
        ask: {
          en: 'What is in `/data`, of which layer 1 has a and b, and layer 3, opaque, has c?',
          zh: '第 1 层的 `/data` 里有 a 和 b，第 3 层的有 c 并且不透明。现在 `/data` 里有什么？',
        },
        right: {
          text: { en: 'a, b and c', zh: 'a、b 和 c' },
          because: {
            en: 'Opaque means: nothing of the layers below me. As the lowest layer there is nothing below it. And `/etc/motd` comes from layer 1, `/etc/old` is back: the image is an older one, and no step has failed.',
            zh: '不透明的意思是：我下面的层一概不看。放到最底下，下面就没有层了。而 `/etc/motd` 来自第 1 层，`/etc/old` 也回来了：镜像变回了旧的样子，却没有一步失败。',
          },
        },
        wrong: [
          {
            text: { en: 'c, as before', zh: '还是 c' },
            because: {
              en: 'That would be so if the attribute hid every other layer. It hides those below.',
              zh: '如果这个属性能藏住所有其他层，就是这样。但它只藏下面的。',
            },
          },
          {
            text: { en: 'a and b: layer 1 is on top', zh: 'a 和 b：第 1 层在最上面' },
            because: {
              en: 'For files the topmost wins. Directories are merged, unless one above is opaque; layer 1’s is not.',
              zh: '文件是最上面的说了算；目录则会合并，除非上面的是不透明的，而第 1 层的不是。',
            },
          },
        ],
      },
      outcome: 'runs',
      evidence: (_host, container) => ({
        columns: [
          { en: 'in the right order', zh: '次序正确时' },
          { en: 'reversed', zh: '颠倒之后' },
        ],
        facts: [
          {
            what: { en: '/etc/motd', zh: '/etc/motd' },
            host: 'from layer 2',
            container: said(container, 'motd'),
            claim: 'differs',
          },
          {
            what: { en: '/etc/old', zh: '/etc/old' },
            host: '–',
            container: said(container, 'old') || '–',
            claim: 'differs',
          },
          { what: { en: '/data', zh: '/data' }, host: 'c', container: said(container, 'data'), claim: 'differs' },
        ],
      }),
    },
    {
      title: { en: 'Break it: without the chdir', zh: '拆一步：没有 chdir' },
      change: {
        en: 'The step before the mount is left out. The options stay as they are.',
        zh: '去掉挂载前的那一步 chdir，选项不变。',
      },
      program: stage => outside(stage, without(overlay(stack(stage.scratch)), 'chdir(')),
      question: {
        ask: { en: 'What does mount(2) return?', zh: 'mount(2) 返回什么？' },
        right: {
          text: { en: 'ENOENT', zh: 'ENOENT' },
          because: {
            en: '`layers/3` is looked up from where the process stands, and that is the shim’s working directory: `/`. Neither `rootfs` nor the layers are there.',
            zh: '`layers/3` 从进程所在的位置开始查找，而那是 shim 的当前目录 `/`。那里既没有 `rootfs`，也没有各层。',
          },
        },
        wrong: [
          {
            text: { en: 'EINVAL: the options are wrong', zh: 'EINVAL：选项有错' },
            because: {
              en: 'Every option is well-formed. What is missing is a directory.',
              zh: '每个选项的写法都没问题，缺的是目录。',
            },
          },
          {
            text: { en: '0: the kernel takes the caller’s directory', zh: '0：内核会用调用者的目录' },
            because: {
              en: 'It does, and the caller is the child of the shim, not your shell.',
              zh: '确实如此，但调用者是 shim 的子进程，不是你的 shell。',
            },
          },
        ],
      },
      outcome: { call: 'mount', errno: 'ENOENT' },
    },
    {
      title: { en: 'Break it: a work directory elsewhere', zh: '换一个：work 目录放在别处' },
      change: {
        en: 'upper stays where it is, and work is put on a tmpfs: it holds nothing that lasts, after all.',
        zh: 'upper 不动，work 放到一个 tmpfs 上：反正里面也没有需要长期保存的东西。',
      },
      program: stage =>
        outside(stage, [
          mount('tmpfs', `${stage.scratch}/second`, 'tmpfs', 0, 'size=1m', {
            why: { en: 'another file system', zh: '另一个文件系统' },
          }),
          mkdir(`${stage.scratch}/second/work`, 0o755, {
            why: { en: 'the work directory on it', zh: '它上面的 work 目录' },
          }),
          ...overlay({ ...stack(stage.scratch, 'elsewhere'), work: 'second/work' }),
        ]),
      question: {
        ask: { en: 'What does the mount of the overlay return?', zh: '挂载 overlay 会返回什么？' },
        right: {
          text: { en: 'EINVAL', zh: 'EINVAL' },
          because: {
            en: 'A file is copied up into work and then renamed into upper, so that nobody ever sees half of it. A rename goes through within one file system only, so the kernel insists on it.',
            zh: '复制上来的文件先写进 work，再改名移进 upper，所以谁也看不到写了一半的文件。而改名只能在同一个文件系统里进行，因此内核强制要求。',
          },
        },
        wrong: [
          {
            text: { en: 'EXDEV', zh: 'EXDEV' },
            because: {
              en: 'It is the reason, and would be the answer of the first copy-up. The kernel checks at mount already.',
              zh: '原因正是它，第一次 copy-up 时得到的就会是它。但内核在挂载时就先检查了。',
            },
          },
          {
            text: { en: '0: work is only a scratch directory', zh: '0：work 只是临时目录' },
            because: {
              en: 'It is one, and its use is to make changes of upper appear at once and whole.',
              zh: '它确实是临时目录，但用处是让 upper 的改动一次完整地出现。',
            },
          },
        ],
      },
      outcome: { call: 'mount', errno: 'EINVAL' },
    },
  ],
  seen: [
    {
      en: 'several directories are seen as one; the topmost file wins, directories are merged',
      zh: '几个目录看起来是一个；文件以最上面的为准，目录合在一起',
    },
    {
      en: 'a deletion is written down: a whiteout for a name, `trusted.overlay.opaque` for a whole directory',
      zh: '删除是记下来的：一个名字用 whiteout，整个目录用 `trusted.overlay.opaque`',
    },
    {
      en: 'the first change of a file copies all of it up; the layers stay as they were, bit by bit',
      zh: '文件第一次改动就整个复制上来；各层一个比特都没有变',
    },
    {
      en: 'the options must fit into a page: chdir and short names are for that',
      zh: '选项必须放进一页：chdir 和短名字就是为此',
    },
  ],
  recap: [
    {
      ask: {
        en: 'A Dockerfile has `RUN wget big.tar` and, two lines further, `RUN rm big.tar`. How large is the image?',
        zh: 'Dockerfile 里有 `RUN wget big.tar`，隔两行又有 `RUN rm big.tar`。镜像有多大？',
      },
      right: {
        text: { en: 'as if the file were there, and a whiteout more', zh: '和文件还在时一样大，另加一个 whiteout' },
        because: {
          en: 'The first layer holds the file for good. Download and delete belong into the same RUN.',
          zh: '前一层永远存着这个文件。下载和删除要写在同一个 RUN 里。',
        },
      },
      wrong: [
        {
          text: { en: 'as if the file had never been there', zh: '就像文件从来没有过' },
          because: {
            en: 'It is not seen any more. But a layer is never changed afterwards; also its secrets stay readable.',
            zh: '只是看不见了。层一旦做好就不再改变；里面的机密信息也一直读得到。',
          },
        },
        {
          text: { en: 'twice the file: deleting copies it up', zh: '两倍：删除时会复制上来' },
          because: {
            en: 'Deleting needs no content, so nothing is copied: the whiteout is a node without data.',
            zh: '删除用不着内容，什么也不会复制：whiteout 是没有数据的节点。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'Layer 2 has a whiteout for `/a`. Layer 3, above it, has a file `/a`. What does a container see?',
        zh: '第 2 层有 `/a` 的 whiteout，上面的第 3 层有文件 `/a`。容器看到什么？',
      },
      right: {
        text: { en: 'the file of layer 3', zh: '第 3 层的文件' },
        because: {
          en: 'The look-up goes from above and ends at the first thing that has the name. The whiteout is not even reached.',
          zh: '查找从上往下，遇到第一个同名的就结束，根本走不到 whiteout。',
        },
      },
      wrong: [
        {
          text: { en: 'nothing: the whiteout hides it', zh: '什么也没有：被 whiteout 藏住了' },
          because: {
            en: 'A whiteout hides what lies below it, never above.',
            zh: 'whiteout 只藏下面的，从不藏上面的。',
          },
        },
        {
          text: { en: 'the file of layer 1', zh: '第 1 层的文件' },
          because: {
            en: 'That one is hidden twice: by the file of layer 3 and by the whiteout.',
            zh: '它被藏了两次：第 3 层的文件藏一次，whiteout 又藏一次。',
          },
        },
      ],
    },
    {
      ask: {
        en: 'A hundred containers of an image of 1 GB run, and none writes anything. How much disk do they take?',
        zh: '一个 1 GB 的镜像运行着一百个容器，谁都没有写东西。它们占多少磁盘？',
      },
      right: {
        text: { en: '1 GB, and a hundred empty directories', zh: '1 GB，外加一百个空目录' },
        because: {
          en: 'All mounts share the layers. `docker ps -s` shows the size of upper, and behind it that of the image as “virtual”.',
          zh: '所有挂载共用各层。`docker ps -s` 显示的是 upper 的大小，后面的“virtual”才算上镜像。',
        },
      },
      wrong: [
        {
          text: { en: '100 GB', zh: '100 GB' },
          because: {
            en: 'So it would be if each container began with a copy of the image; the driver vfs does that.',
            zh: '如果每个容器都从复制镜像开始，就是这样；vfs 驱动就这么做。',
          },
        },
        {
          text: { en: '1 GB per image layer', zh: '每层 1 GB' },
          because: {
            en: '1 GB is all layers together. A layer holds only what it adds.',
            zh: '1 GB 是所有层加在一起。一层只存它增加的内容。',
          },
        },
      ],
    },
  ],
  glossary: [
    {
      term: { en: 'layer', zh: '层（layer）' },
      means: {
        en: 'a directory with the changes that one step of an image made; never changed afterwards',
        zh: '一个目录，存着镜像的某一步所做的改动；做好之后不再改变',
      },
    },
    {
      term: { en: 'lower, upper, work', zh: 'lower、upper、work' },
      means: {
        en: 'the directories of an overlay: read-only layers, the writable one, and a place where changes are prepared',
        zh: 'overlay 的几种目录：只读的层，可写的一层，以及准备改动的地方',
      },
    },
    {
      term: { en: 'whiteout', zh: 'whiteout（删除标记）' },
      means: {
        en: 'a name that hides the same name in the layers below; on disk a character device 0:0, in a tar file `.wh.` before the name',
        zh: '藏住下面各层同名内容的名字；磁盘上是字符设备 0:0，tar 文件里是名字前面加 `.wh.`',
      },
    },
    {
      term: { en: 'opaque directory', zh: '不透明目录（opaque）' },
      means: {
        en: 'a directory that is not merged with those below it; marked by the attribute `trusted.overlay.opaque`',
        zh: '不与下面各层合并的目录，用属性 `trusted.overlay.opaque` 标记',
      },
    },
    {
      term: { en: 'copy-up', zh: 'copy-up（复制上来）' },
      means: {
        en: 'the copy of a file from a lower layer into upper, at its first change',
        zh: '文件第一次改动时，从下面的层复制到 upper',
      },
    },
  ],
  reading: [
    {
      what: { en: 'overlayfs, by those who wrote it', zh: 'overlayfs，由作者自己说明' },
      where: 'Linux: Documentation/filesystems/overlayfs.rst',
    },
    {
      what: { en: 'mount options, and how long they may be', zh: '挂载选项，以及允许的长度' },
      where: 'mount(2), mount(8)',
    },
    {
      what: { en: 'attributes that root alone sees', zh: '只有 root 看得见的属性' },
      where: 'xattr(7), “Trusted extended attributes”',
    },
    {
      what: { en: 'whiteouts in a layer’s tar file', zh: '层的 tar 文件里的 whiteout' },
      where: 'OCI image-spec: layer.md, “Whiteouts”',
    },
    {
      what: { en: 'why the engine unpacks as it does', zh: '引擎为什么这样解包镜像' },
      where: 'docs/decisions/0004-layers.md',
    },
  ],
  sources: [
    'src/container/rootfs/rootfs.ts',
    'src/container/rootfs/lower-layers.ts',
    'src/storage/special.ts',
    'src/storage/merged-view.ts',
  ],
  engineCommand: ['minidock', 'run', '--dry-run', 'busybox', 'true'],
};
