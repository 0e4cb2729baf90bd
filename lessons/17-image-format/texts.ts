import type { Breakage, ByHand, GlossaryEntry, Lesson, Question, Reading } from '../../src/workshop/lesson.ts';

/** What is said and asked in this lesson; what is done and measured stands in lesson.ts. */

export const question: Question = {
  ask: {
    en: 'An image of two layers is stored twice: once its layers are plain tar files, once they are packed with gzip. The files in them are the same. Which names differ between the two?',
    zh: '同一个镜像有两层，存了两份：一份的层是未压缩的 tar，另一份用 gzip 压缩。里面的文件完全相同。两份之间，哪些名字不同？',
  },
  right: {
    text: {
      en: 'the digests of the layers’ blobs and of the manifest; diff IDs, chain IDs and the image ID are the same',
      zh: '层的 blob 摘要和 manifest 的摘要；diff ID、链 ID 和镜像 ID 都相同',
    },
    because: {
      en: 'A blob is named by its bytes, and compressed bytes are other bytes. The manifest lists the blobs, so its bytes differ too. The config lists **diff IDs**, the digests of the layers _unpacked_, and these do not know how somebody packed them: same config, same **image ID**.',
      zh: 'blob 以自己的字节命名，压缩以后字节就变了。manifest 列出这些 blob，所以它的字节也变了。config 列出的是 **diff ID**，即各层*解压之后*的摘要，与怎么压缩无关：config 相同，**镜像 ID** 也就相同。',
    },
  },
  wrong: [
    {
      text: { en: 'all of them: other bytes, other digests', zh: '全都不同：字节不同，摘要就不同' },
      because: {
        en: 'True of whatever contains the packed bytes or their digest. But the config names the layers by what they hold, not by how they travel. Otherwise an image would change its ID each time a registry compresses it anew.',
        zh: '凡是包含压缩后的字节、或者包含其摘要的，确实如此。但 config 是按内容、而不是按传输形式来称呼各层的。否则镜像仓库每压缩一次，镜像的 ID 就变一次。',
      },
    },
    {
      text: { en: 'only the digests of the layers’ blobs', zh: '只有层的 blob 摘要不同' },
      because: {
        en: 'The manifest names these blobs by digest. A text in which a digest has changed is another text, with another digest.',
        zh: 'manifest 用摘要称呼这些 blob。一段文字里有个摘要变了，就是另一段文字，摘要也随之不同。',
      },
    },
    {
      text: { en: 'none: the files are the same', zh: '都相同：文件是一样的' },
      because: {
        en: 'No digest looks into an archive. It is made of bytes, and gzip makes other bytes of them.',
        zh: '摘要不会往归档里面看。它算的是字节，而 gzip 产生的是另一串字节。',
      },
    },
  ],
};

export const byHand: ByHand = {
  caption: {
    en: 'All of it with `tar`, `gzip` and `sha256sum`. `--sort`, `--mtime` and the owner make the archive the same each time; `gzip -n` leaves out when it was packed:',
    zh: '只用 `tar`、`gzip` 和 `sha256sum` 就能做完。`--sort`、`--mtime` 和所有者选项让归档每次都一样；`gzip -n` 不写入压缩的时间：',
  },
  language: 'sh',
  lines: `tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C layer -cf layer.tar .
sha256sum layer.tar                                     # diff ID
gzip -n layer.tar
sha256sum layer.tar.gz                                  # digest of the blob
printf 'sha256:%s sha256:%s' $BELOW $DIFF | sha256sum   # chain ID
sha256sum config.json                                   # image ID
sha256sum manifest.json                                 # what image@sha256:… names`,
};

export const columns = {
  packing: [
    { en: 'plain tar', zh: '未压缩的 tar' },
    { en: 'with gzip', zh: '用 gzip 压缩' },
  ],
  hand: [
    { en: 'sha256sum says', zh: 'sha256sum 的结果' },
    { en: 'the engine says', zh: '引擎的结果' },
  ],
  deleted: [
    { en: 'in the blob of layer 1', zh: '在第 1 层的 blob 里' },
    { en: 'in the container', zh: '在容器里' },
  ],
  order: [
    { en: 'layer 2 above', zh: '第 2 层在上' },
    { en: 'layer 1 above', zh: '第 1 层在上' },
  ],
  unpacker: [
    { en: 'unpacked by the engine', zh: '由引擎解包' },
    { en: 'by tar -x', zh: '用 tar -x 解包' },
  ],
} as const;

type Told = Pick<Lesson['experiments'][number], 'title' | 'before' | 'after' | 'question'>;

export const deleted: Told = {
  title: { en: 'Famous failure: the deleted secret', zh: '著名的坑：删掉的密钥' },
  before: {
    en: 'Layer 1 brings `/etc/secret`. Layer 2 was made by `RUN rm /etc/secret`: in its tar is an empty file `etc/.wh.secret`. Both layers, as the engine unpacked them, become one tree, and a process looks.',
    zh: '第 1 层带来了 `/etc/secret`。第 2 层由 `RUN rm /etc/secret` 产生：它的 tar 里有个空文件 `etc/.wh.secret`。引擎解包出的两层合成一棵树，由一个进程去看。',
  },
  question: {
    ask: { en: 'Who can still read the secret?', zh: '谁还读得到这个密钥？' },
    right: {
      text: { en: 'everybody who can pull the image', zh: '凡是能拉取这个镜像的人' },
      because: {
        en: 'Layers are only added. Layer 1 is a file that everybody downloads, and one `tar -x` away from it is the secret. That a later layer hides it concerns those who look at the merged tree.',
        zh: '层只增不减。第 1 层是人人都会下载的文件，一条 `tar -x` 就能取出密钥。后面的层把它藏起来，只影响看合并结果的人。',
      },
    },
    wrong: [
      {
        text: { en: 'nobody: it is not in the image any more', zh: '谁也读不到：镜像里已经没有它了' },
        because: {
          en: 'It is not in the container’s view any more. The image is all of its layers, and `docker save` shows them.',
          zh: '它只是不在容器的视野里。镜像就是它的所有层，`docker save` 一看便知。',
        },
      },
      {
        text: { en: 'root in the container', zh: '容器里的 root' },
        because: {
          en: 'For a process in the container the name does not exist, whoever it is: the whiteout ends the search, and the layers below are not mounted there by themselves.',
          zh: '对容器里的进程来说，无论是谁，这个名字都不存在：whiteout 让查找到此为止，下面的层也没有单独挂载在那里。',
        },
      },
    ],
  },
  after: {
    en: 'Whoever wants a file not to be in an image must not let it come into any layer: made and deleted in one `RUN`, in an earlier stage of the build, or mounted by `RUN --mount=type=secret`. A key that was in a layer once must be replaced.',
    zh: '不想让一个文件出现在镜像里，就不能让它进入任何一层：在同一个 `RUN` 里产生并删除，放在前面的构建阶段里，或者用 `RUN --mount=type=secret` 挂载。进过某一层的密钥，只能作废换新。',
  },
};

export const flipped: Told = {
  title: { en: 'One flipped bit', zh: '翻转一个比特' },
  before: {
    en: 'On the way somebody changes one bit in the blob of layer 1: `etc/motd` now says “from layer 3”. It is a plain tar, and tar has checksums of its headers only. The engine is told to unpack it as the layer with the diff ID that the config names.',
    zh: '传输途中，有人改了第 1 层 blob 里的一个比特：`etc/motd` 的内容变成“from layer 3”。这是未压缩的 tar，而 tar 只对文件头做校验。现在要引擎把它当作 config 里那个 diff ID 的层来解包。',
  },
  question: {
    ask: { en: 'What is on the disk afterwards?', zh: '之后磁盘上有什么？' },
    right: {
      text: { en: 'nothing of the layer', zh: '这一层的任何内容都没有' },
      because: {
        en: 'The engine hashes while it unpacks, into a directory with a temporary name. The digest is another one than the config promises, so the directory never gets its name: it is removed.',
        zh: '引擎一边解包一边计算摘要，解到临时名字的目录里。算出的摘要与 config 承诺的不同，于是这个目录永远得不到正式的名字，而是被删除。',
      },
    },
    wrong: [
      {
        text: { en: 'the layer with the wrong letters: nobody compares texts', zh: '带着错字的层：没有人比较文字' },
        because: {
          en: 'So it would be with `tar -x`. The digest covers each byte, and one bit changes about half of the digest.',
          zh: '用 `tar -x` 就会这样。摘要覆盖每一个字节，改一个比特，摘要会有大约一半的比特不同。',
        },
      },
      {
        text: { en: 'all files but etc/motd', zh: '除 etc/motd 之外的所有文件' },
        because: {
          en: 'The digest says that something is wrong, not what: nothing of such a layer can be believed.',
          zh: '摘要只说明有地方不对，不说明是哪里：这样的一层，什么都不可信。',
        },
      },
    ],
  },
  after: {
    en: 'A name made of the content makes it unimportant who brings it: a mirror, a cache, a stranger’s disk. Who has the digest can check all the rest.',
    zh: '名字由内容得出，由谁送来就无关紧要了：镜像站、缓存、陌生人的磁盘都可以。手里有摘要，其余一切都能核对。',
  },
};

export const header: Told = {
  title: { en: 'One byte that changes no file', zh: '不影响任何文件的一个字节' },
  before: {
    en: 'The header of gzip has a byte that says on which system something was packed. In the blob of layer 1 it is changed. `gzip -dc` gives the same tar as before, to the last bit. The image is put into an archive and loaded, as by `minidock load`.',
    zh: 'gzip 的文件头有一个字节，说明是在什么系统上压缩的。这里改了第 1 层 blob 里的这个字节。`gzip -dc` 得到的 tar 和原来一模一样。把镜像放进归档再载入，就像 `minidock load` 那样。',
  },
  question: {
    ask: { en: 'Which check notices it?', zh: '哪一项检查会发现？' },
    right: {
      text: { en: 'the digest of the blob, which the manifest names', zh: 'manifest 里写的 blob 摘要' },
      because: {
        en: 'It is the only one of all names that is made of the packed bytes. It is checked first, before anything is unpacked: a decompressor should not have to deal with bytes that nobody vouches for.',
        zh: '所有名字里，只有它是由压缩后的字节算出来的。它最先检查，此时什么都还没解压：没有人担保的字节，不该交给解压程序去处理。',
      },
    },
    wrong: [
      {
        text: { en: 'the diff ID, which the config names', zh: 'config 里写的 diff ID' },
        because: {
          en: 'It is made of the tar, and the tar is the same.',
          zh: '它由 tar 算出，而 tar 没有变。',
        },
      },
      {
        text: { en: 'the checksum at the end of gzip', zh: 'gzip 末尾的校验和' },
        because: {
          en: 'A CRC-32 of the content, not of the header. It would not stop an attacker anyway: who changes the content changes the CRC as well.',
          zh: '那是内容的 CRC-32，不包括文件头。它也挡不住攻击者：能改内容，就能顺手改掉 CRC。',
        },
      },
      {
        text: { en: 'none: the files are the same', zh: '没有：文件是一样的' },
        because: {
          en: 'A name stands for bytes. If two blobs could have one name, nobody could say which of them a registry has.',
          zh: '名字代表的是字节。如果两个 blob 可以用同一个名字，就没有人说得清仓库里的是哪一个。',
        },
      },
    ],
  },
  after: {
    en: 'So each layer is checked twice, by two names: packed, as the manifest says (that is what came), and unpacked, as the config says (that is what it means). The first protects the way, the second the image.',
    zh: '所以每一层用两个名字检查两次：压缩的，对照 manifest（送来的是不是它）；解压后的，对照 config（内容是不是它）。前者保护传输，后者保护镜像。',
  },
};

export const platforms: Told = {
  title: { en: 'Famous failure: no image for this machine', zh: '著名的坑：没有适合这台机器的镜像' },
  before: {
    en: 'A second config says `arm64`, or `amd64` on a machine of the former kind, and its manifest names the same layers. An **index** names both manifests with their platforms. A machine of the type s390x asks.',
    zh: '再写一份 config，架构是 `arm64`（如果这台机器就是 arm64，则是 `amd64`），它的 manifest 列出同样的层。一个 **index** 列出两份 manifest 和各自的平台。现在来问的是一台 s390x 机器。',
  },
  question: {
    ask: { en: 'What does the engine choose for it?', zh: '引擎会为它选哪一个？' },
    right: {
      text: { en: 'nothing: it says what is offered', zh: '哪个都不选：它会说明有哪些可选' },
      because: {
        en: 'The index says of each manifest for which platform it is, so this is known before anything is downloaded. Docker’s words: “no matching manifest for linux/s390x”.',
        zh: 'index 写明了每份 manifest 对应的平台，所以什么都不用下载就知道结果。Docker 的说法是“no matching manifest for linux/s390x”。',
      },
    },
    wrong: [
      {
        text: {
          en: 'the first one, and execve says ENOEXEC: “exec format error”',
          zh: '第一个，然后 execve 返回 ENOEXEC：“exec format error”',
        },
        because: {
          en: 'That happens with an image that has no index: a name leads directly to one manifest, and nobody has asked for a platform. minidock and Docker then only warn.',
          zh: '镜像没有 index 时才会这样：名字直接指向一份 manifest，谁也没问过平台。这时 minidock 和 Docker 都只是警告。',
        },
      },
      {
        text: { en: 'the larger one', zh: '较大的那个' },
        because: {
          en: 'Sizes say nothing about the processor. Code of another architecture cannot be executed without an emulator.',
          zh: '大小和处理器无关。没有模拟器，别的架构的代码根本无法执行。',
        },
      },
    ],
  },
  after: {
    en: 'One name, `nginx:alpine`, means other bytes on each architecture, and `nginx@sha256:…` pins the index. Layers without programs may be shared by all platforms: their digests are the same.',
    zh: '同一个名字 `nginx:alpine`，在每种架构上是不同的字节，而 `nginx@sha256:…` 固定的是 index。不含程序的层可以由各平台共用：它们的摘要相同。',
  },
};

type Broken = Pick<Breakage, 'title' | 'change' | 'question'>;

export const order: Broken = {
  title: { en: 'Break it: the layers in the wrong order', zh: '换个顺序：层的顺序反了' },
  change: {
    en: 'The same two layers, but config and manifest name layer 2 first: it becomes the lowest.',
    zh: '还是那两层，但 config 和 manifest 把第 2 层写在前面：它成了最下面的一层。',
  },
  question: {
    ask: { en: 'What does the engine say, and what does a container see?', zh: '引擎怎么说？容器看到什么？' },
    right: {
      text: {
        en: 'nothing is wrong to the engine; other chain IDs, another image ID, and the secret is back',
        zh: '引擎认为没有问题；链 ID 和镜像 ID 都变了，密钥又出现了',
      },
      because: {
        en: 'Each layer is what its diff ID says, so all checks pass. A whiteout deletes what lies below it, and below there is nothing now. That the order matters is why a stack has a name of its own: the **chain ID** of a layer is the digest of the chain ID below, a space and its diff ID.',
        zh: '每一层都符合自己的 diff ID，所有检查都会通过。whiteout 删除的是它下面的内容，而现在下面什么都没有。正因为顺序有意义，一叠层才有自己的名字：一层的**链 ID** 是“下面的链 ID、一个空格、自己的 diff ID”的摘要。',
      },
    },
    wrong: [
      {
        text: {
          en: 'the diff IDs do not fit: digest mismatch',
          zh: 'diff ID 对不上：摘要不匹配',
        },
        because: {
          en: 'It would be so if only one of config and manifest were turned: then the first blob would unpack to the second diff ID.',
          zh: '只有 config 和 manifest 中的一个被颠倒时才会这样：第一个 blob 解包后得到的是第二个 diff ID。',
        },
      },
      {
        text: {
          en: 'the same image: layers are a set',
          zh: '还是同一个镜像：层是一个集合',
        },
        because: {
          en: 'Then names would have to be unique over all layers. Here both have an etc/motd, and the upper one is seen.',
          zh: '那样的话，名字在所有层里都不能重复。这里两层都有 etc/motd，看到的是上面那层的。',
        },
      },
    ],
  },
};

export const ignored: Broken = {
  title: { en: 'Break it: a whiteout ignored', zh: '换一个：忽略 whiteout' },
  change: {
    en: 'Layer 2 is unpacked by `tar -x`, as by somebody who knows that a layer is a tar file and has not read on.',
    zh: '第 2 层用 `tar -x` 解包：有人只知道层是 tar 文件，没有继续读下去。',
  },
  question: {
    ask: { en: 'What is in /etc of the container?', zh: '容器的 /etc 里有什么？' },
    right: {
      text: { en: '.wh.secret, motd and secret', zh: '.wh.secret、motd 和 secret' },
      because: {
        en: 'For tar it is an empty file with an odd name. On disk overlayfs wants a character device 0:0 called `secret`; `.wh.` is only the form in which the deletion travels.',
        zh: '对 tar 来说，那只是个名字古怪的空文件。在磁盘上，overlayfs 要的是一个叫 `secret` 的 0:0 字符设备；`.wh.` 只是删除在传输时的写法。',
      },
    },
    wrong: [
      {
        text: { en: 'motd: overlayfs knows .wh. files', zh: 'motd：overlayfs 认识 .wh. 文件' },
        because: {
          en: 'AUFS did, from which the OCI has the form. overlayfs has its own, which cannot be in a tar that every system shall unpack.',
          zh: '认识它的是 AUFS，OCI 的写法就来自那里。overlayfs 有自己的形式，但那种形式放不进要让所有系统都能解包的 tar。',
        },
      },
      {
        text: { en: '.wh.secret and motd', zh: '.wh.secret 和 motd' },
        because: {
          en: 'Nothing hides the secret of layer 1: no name in layer 2 is `secret`.',
          zh: '没有什么能藏住第 1 层的 secret：第 2 层里没有叫 `secret` 的东西。',
        },
      },
    ],
  },
};

export const seen: Lesson['seen'] = [
  {
    en: 'Packed with gzip or not: other blob digests and another manifest, but the same diff IDs, chain IDs and image ID.',
    zh: '压缩与否：blob 摘要和 manifest 不同，diff ID、链 ID、镜像 ID 相同。',
  },
  {
    en: 'Every name is a `sha256sum` that one can compute by hand.',
    zh: '每个名字都是可以手工算出来的 `sha256sum`。',
  },
  {
    en: 'One changed bit, in a file or in a header of gzip, and the engine refuses the layer; nothing of it is left.',
    zh: '改动一个比特，不论在文件里还是在 gzip 的文件头里，引擎都拒绝这一层，而且什么都不留下。',
  },
  {
    en: 'A deletion travels as an empty file `.wh.NAME` and becomes a device 0:0; what it deletes is still in the layer below.',
    zh: '删除以空文件 `.wh.名字` 的形式传输，解包后成为 0:0 设备；被删的内容仍在下面的层里。',
  },
  {
    en: 'The order of the layers is part of the image: it is in the chain IDs.',
    zh: '层的顺序是镜像的一部分：它体现在链 ID 里。',
  },
];

export const recap: readonly Question[] = [
  {
    ask: {
      en: 'A registry packs all layers of an image anew, with a better compression. What must be written again?',
      zh: '镜像仓库用更好的压缩方式重新压缩了镜像的所有层。什么要重写？',
    },
    right: {
      text: { en: 'the manifest, and the index that names it', zh: 'manifest，以及列出它的 index' },
      because: {
        en: 'Both hold digests of packed bytes, directly or by the manifest. The config does not, and `docker images` shows the same ID as before.',
        zh: '它们直接或通过 manifest 包含压缩后字节的摘要。config 不包含，所以 `docker images` 显示的 ID 不变。',
      },
    },
    wrong: [
      {
        text: { en: 'the config', zh: 'config' },
        because: { en: 'It names the layers unpacked.', zh: '它按解压后的内容称呼各层。' },
      },
      {
        text: { en: 'nothing: digests are stable', zh: '什么都不用：摘要是稳定的' },
        because: {
          en: 'A digest is as stable as its bytes, and those have changed.',
          zh: '字节不变，摘要才不变；而字节已经变了。',
        },
      },
    ],
  },
  {
    ask: {
      en: 'Two images have the same second layer (one diff ID), on different first layers. Does the engine unpack it once or twice?',
      zh: '两个镜像的第二层相同（diff ID 一样），第一层不同。引擎把它解包一次还是两次？',
    },
    right: {
      text: { en: 'twice: the chain IDs differ', zh: '两次：链 ID 不同' },
      because: {
        en: 'Unpacked layers are named by chain ID. A layer that holds files in a directory that it does not describe takes over the mode and the owner of that directory from below, so what is unpacked depends on what lies below. Downloaded and stored as a blob it is once.',
        zh: '解包后的层以链 ID 命名。如果一层里有某个目录下的文件、却没有描述这个目录，目录的权限和所有者就沿用下面的，所以解包的结果取决于下面有什么。但下载和存为 blob 只有一次。',
      },
    },
    wrong: [
      {
        text: { en: 'once: the diff ID is the same', zh: '一次：diff ID 相同' },
        because: {
          en: 'The diff ID names the tar by itself, without what it is put on.',
          zh: 'diff ID 只是 tar 自己的名字，不管它叠在什么上面。',
        },
      },
      {
        text: { en: 'once for each container', zh: '每个容器一次' },
        because: {
          en: 'Containers share the unpacked layers and never write to them (lesson 11).',
          zh: '容器共用解包后的层，从不写入（第 11 课）。',
        },
      },
    ],
  },
  {
    ask: { en: 'What does the image ID of `docker images` name?', zh: '`docker images` 里的镜像 ID 是什么的名字？' },
    right: {
      text: {
        en: 'the config: the file that says how to run it and lists the diff IDs',
        zh: 'config：说明如何运行并列出 diff ID 的文件',
      },
      because: {
        en: 'Its sha256 is the ID. By the diff IDs it stands for all content of the image. (Docker’s newer containerd store shows the digest of the manifest or index there.)',
        zh: '它的 sha256 就是 ID。通过 diff ID，它代表了镜像的全部内容。（Docker 较新的 containerd 存储在这里显示 manifest 或 index 的摘要。）',
      },
    },
    wrong: [
      {
        text: { en: 'the manifest', zh: 'manifest' },
        because: {
          en: 'That is what `image@sha256:…` and `docker images --digests` name: it changes when somebody packs the layers in another way.',
          zh: '那是 `镜像@sha256:…` 和 `docker images --digests` 里的名字：换一种压缩方式，它就变了。',
        },
      },
      {
        text: { en: 'the topmost layer', zh: '最上面的一层' },
        because: {
          en: 'Two images with the same layers may have different commands: they are two images.',
          zh: '层相同的两个镜像，可以有不同的命令：它们是两个镜像。',
        },
      },
    ],
  },
];

export const glossary: readonly GlossaryEntry[] = [
  {
    term: { en: 'digest', zh: '摘要（digest）' },
    means: {
      en: '`sha256:` and 64 hexadecimal digits: the name of bytes, computed from them.',
      zh: '`sha256:` 加 64 位十六进制数字：由字节算出的、这些字节的名字。',
    },
  },
  {
    term: { en: 'blob', zh: 'blob' },
    means: {
      en: 'Bytes that are stored under their digest: a layer, a config, a manifest.',
      zh: '以自己的摘要为名存放的一串字节：层、config 或 manifest。',
    },
  },
  {
    term: { en: 'diff ID', zh: 'diff ID' },
    means: { en: 'Digest of a layer’s tar, not compressed.', zh: '一层的 tar 在未压缩时的摘要。' },
  },
  {
    term: { en: 'chain ID', zh: '链 ID（chain ID）' },
    means: {
      en: 'Name of a layer together with all that lie below it, in their order.',
      zh: '一层连同它下面所有层（按顺序）的名字。',
    },
  },
  {
    term: { en: 'config, image ID', zh: 'config、镜像 ID' },
    means: {
      en: 'The file that says how an image runs and lists its diff IDs; its digest is the image’s ID.',
      zh: '说明镜像如何运行、并列出 diff ID 的文件；它的摘要就是镜像 ID。',
    },
  },
  {
    term: { en: 'manifest', zh: 'manifest' },
    means: {
      en: 'The file that lists the blobs of an image: its config and its layers, each with digest, size and media type.',
      zh: '列出镜像各个 blob 的文件：config 和各层，每个都有摘要、大小和媒体类型。',
    },
  },
  {
    term: { en: 'index', zh: 'index' },
    means: {
      en: 'The file that lists manifests of one image for several platforms. Docker calls it a manifest list.',
      zh: '为多个平台列出同一镜像的各份 manifest 的文件。Docker 称之为 manifest list。',
    },
  },
];

export const reading: readonly Reading[] = [
  {
    what: { en: 'OCI image-spec: layers and whiteouts', zh: 'OCI image-spec：层与 whiteout' },
    where: 'image-spec layer.md',
  },
  {
    what: { en: 'OCI image-spec: config, diff IDs, chain IDs', zh: 'OCI image-spec：config、diff ID、链 ID' },
    where: 'image-spec config.md, "Layer DiffID", "Layer ChainID"',
  },
  {
    what: { en: 'OCI image-spec: manifest, index, layout', zh: 'OCI image-spec：manifest、index、layout' },
    where: 'image-spec manifest.md, image-index.md, image-layout.md',
  },
  { what: { en: 'gzip, its header and its CRC', zh: 'gzip 的文件头与 CRC' }, where: 'RFC 1952, 2.3' },
  { what: { en: 'sha256 on the command line', zh: '命令行里的 sha256' }, where: 'sha256sum(1), tar(1), gzip(1)' },
];
