import type {
  Breakage,
  ByHand,
  Experiment,
  GlossaryEntry,
  Lesson,
  Question,
  Reading,
} from '../../src/workshop/lesson.ts';

/** What is said and asked in this lesson; what is done and measured stands in lesson.ts and trials.ts. */
type Said = Pick<Experiment, 'title' | 'before' | 'after' | 'question'>;
type Broken = Pick<Breakage, 'title' | 'change' | 'question'>;

export const question: Question = {
  ask: {
    en: 'A `RUN` goes to `/srv`, exports `COLOUR=green`, starts a daemon in the background, writes `note` there and removes `/etc/motd`. Then its shell ends. What of all that is in the image?',
    zh: '一条 `RUN` 进入 `/srv`，导出 `COLOUR=green`，在后台启动一个守护进程，在那里写下 `note`，又删掉 `/etc/motd`，然后它的 shell 结束。这一切有哪些进了镜像？',
  },
  right: {
    text: {
      en: '`/srv/note`, and a mark that `/etc/motd` is gone',
      zh: '`/srv/note`，以及一个表示 `/etc/motd` 已删除的标记',
    },
    because: {
      en: 'The command ran in a **container** like any other. What outlives a container is the directory that overlayfs wrote to, `upper`, and that becomes the **layer**. A working directory, a variable, a process belong to processes, and all of these are gone.',
      zh: '这条命令是在一个普普通通的**容器**里运行的。容器结束后留下的，只有 overlayfs 写入的 `upper` 目录，它就成了新的**层**。当前目录、变量、进程都属于进程，而进程已经不在了。',
    },
  },
  wrong: [
    {
      text: {
        en: 'the note, the deletion and COLOUR=green; the daemon ends',
        zh: 'note、删除，还有 COLOUR=green；守护进程会结束',
      },
      because: {
        en: '`export` changes the environment of one shell. An image does have an environment, in its config, but no shell can write there: `ENV` does.',
        zh: '`export` 改的只是一个 shell 的环境变量。镜像的 config 里确实也有环境变量，但 shell 写不到那里，要用 `ENV`。',
      },
    },
    {
      text: {
        en: 'all of it: the image is a snapshot of the container',
        zh: '全部：镜像是容器的快照',
      },
      because: {
        en: 'A snapshot of a virtual machine holds its memory. An image holds files and a JSON document, and neither has a place for a process.',
        zh: '虚拟机的快照包含内存。镜像里只有文件和一份 JSON，两者都放不下进程。',
      },
    },
    {
      text: {
        en: 'the note alone: what the base has cannot be removed',
        zh: '只有 note：基础镜像里的东西删不掉',
      },
      because: {
        en: 'It stays in the layer below, for good. But the new layer hides it: that is what the whiteout is for (lesson 11).',
        zh: '它确实永远留在下面的层里，但新的层把它藏住了：whiteout 就是干这个的（第 11 课）。',
      },
    },
  ],
};

export const columns = {
  run: [
    { en: 'in the container', zh: '在容器里' },
    { en: 'in its upper directory', zh: '在它的 upper 目录里' },
  ],
  next: [
    { en: 'in the first RUN', zh: '在第一条 RUN 里' },
    { en: 'in the second', zh: '在第二条里' },
  ],
  packed: [
    { en: 'after RUN', zh: 'RUN 之后' },
    { en: 'after ENV', zh: 'ENV 之后' },
  ],
  hashed: [
    { en: 'key before', zh: '之前的键' },
    { en: 'key afterwards', zh: '之后的键' },
  ],
  order: [
    { en: 'COPY . first', zh: '先 COPY .' },
    { en: 'package.json first', zh: '先 package.json' },
  ],
  stale: [
    { en: 'the first build', zh: '第一次构建' },
    { en: 'another one', zh: '后一次构建' },
  ],
  stages: [
    { en: 'the stage build', zh: '阶段 build' },
    { en: 'the image', zh: '最后的镜像' },
  ],
  base: [
    { en: 'what the layer was made from', zh: '生成这一层时所依据的' },
    { en: 'what lies below it', zh: '现在垫在它下面的' },
  ],
} as const;

export const wholeUpper = { en: 'all of upper', zh: 'upper 的全部内容' };

export const byHand: ByHand = {
  caption: {
    en: 'A RUN by hand, and what becomes of it. What `tar` packs is nearly a layer: the whiteouts are still devices, and a layer has them as `.wh.NAME`:',
    zh: '手工执行一条 RUN，再看它变成什么。`tar` 打包出来的已经差不多是一层了，只是 whiteout 还是设备文件，而层里应当写成 `.wh.名字`：',
  },
  language: 'sh',
  lines: `mkdir upper work root
mount -t overlay overlay root \\
      -o lowerdir=$LAYER2:$LAYER1,upperdir=upper,workdir=work
unshare --mount --pid --fork chroot root \\
        /bin/sh -c 'echo hi > /srv/note && rm /etc/motd'
umount root
tar -C upper --numeric-owner -cf layer.tar .
sha256sum layer.tar     # the diff ID: for rootfs.diff_ids of the config`,
};

export const next: Said = {
  title: { en: 'Famous failure: cd and export in a RUN', zh: '著名的坑：在 RUN 里 cd 和 export' },
  before: {
    en: 'The next RUN of the same Dockerfile: `upper` of the first is now the topmost layer, and a new `upper` lies above it. Nothing is packed or copied: to overlayfs a layer is a directory.',
    zh: '同一个 Dockerfile 的下一条 RUN：第一条的 `upper` 现在成了最上面的层，再叠上一个新的 `upper`。没有打包，也没有复制：对 overlayfs 来说，层就是一个目录。',
  },
  question: {
    ask: {
      en: 'Where does it start, and what is `$COLOUR`?',
      zh: '它从哪个目录开始？`$COLOUR` 是什么？',
    },
    right: {
      text: { en: 'in /, and $COLOUR is empty', zh: '从 / 开始，$COLOUR 为空' },
      because: {
        en: 'It is another container, made from an image. Directory and environment come from the image’s **config**, `WorkingDir` and `Env`, and the first RUN has changed neither.',
        zh: '这是另一个由镜像创建的容器。目录和环境变量来自镜像的 **config**，即 `WorkingDir` 和 `Env`，而第一条 RUN 一个也没有改。',
      },
    },
    wrong: [
      {
        text: { en: 'in /srv, and $COLOUR is green', zh: '从 /srv 开始，$COLOUR 是 green' },
        because: {
          en: 'So it would be if the lines of a Dockerfile were one script. Each is a program of its own; that is why people join them with `&&`.',
          zh: '如果 Dockerfile 的各行是同一个脚本，就是这样。但每行都是单独的程序，所以大家才用 `&&` 把命令连起来。',
        },
      },
      {
        text: { en: 'in /srv, and $COLOUR is empty', zh: '从 /srv 开始，$COLOUR 为空' },
        because: {
          en: 'A working directory is as much a property of a process as its environment; neither is written down anywhere.',
          zh: '当前目录和环境变量一样，都是进程的属性，哪里也没有记下来。',
        },
      },
    ],
  },
  after: {
    en: 'The cures are instructions that write the config: `WORKDIR /srv`, `ENV COLOUR=green`. And a daemon belongs in `CMD`: `RUN service mysql start` starts one that is killed as soon as the step is over.',
    zh: '解决办法是用改写 config 的指令：`WORKDIR /srv`、`ENV COLOUR=green`。守护进程则应写进 `CMD`：`RUN service mysql start` 启动的服务，这一步一结束就被杀掉了。',
  },
};

export const packed: Said = {
  title: { en: 'From upper to an image', zh: '从 upper 到镜像' },
  before: {
    en: 'Now the engine’s own functions: `packUpper` makes a tar of the first container’s `upper`, `deriveImage` an image of the base with that layer on top. Then one more image, for the instruction `ENV COLOUR=green`.',
    zh: '下面调用引擎自己的函数：`packUpper` 把第一个容器的 `upper` 打包成 tar，`deriveImage` 在基础镜像上加上这一层，得到新镜像。然后再为指令 `ENV COLOUR=green` 生成一个镜像。',
  },
  question: {
    ask: { en: 'Which of the two images has more layers?', zh: '这两个镜像，哪个的层更多？' },
    right: {
      text: { en: 'neither: ENV makes no layer', zh: '一样多：ENV 不产生层' },
      because: {
        en: 'It changes a line of the config. The layers are the same, down to the last bit. But the config is another text, so the **image ID** is another, and in the history there is one more entry, marked as empty.',
        zh: '它改的是 config 里的一行，各层一个比特都没有变。但 config 成了另一段文本，**镜像 ID** 就变了；history 里也多出一项，标着“空”。',
      },
    },
    wrong: [
      {
        text: { en: 'that of ENV: each instruction makes a layer', zh: 'ENV 那个：每条指令产生一层' },
        because: {
          en: 'Each instruction makes an image, and a line in `history`. A layer comes only of `RUN`, `COPY`, `ADD`, and of a `WORKDIR` that is not there yet.',
          zh: '每条指令都产生一个镜像，在 `history` 里占一行。但只有 `RUN`、`COPY`、`ADD`，以及目录还不存在的 `WORKDIR`，才产生层。',
        },
      },
      {
        text: { en: 'that of RUN: ENV merges them', zh: 'RUN 那个：ENV 会把层合并' },
        because: {
          en: 'Nothing merges layers but a squash, which somebody must ask for. A layer is never changed afterwards.',
          zh: '除了专门要求的 squash，没有什么会合并层。层做好以后就不再改变。',
        },
      },
    ],
  },
  after: {
    en: 'That is the whole of a build: a chain of images, each of which is the one below plus a layer, or plus a line of JSON.',
    zh: '构建的全部内容就是这些：一串镜像，每个都是下面的那个再加一层，或者再加一行 JSON。',
  },
};

export const hashed: Said = {
  title: { en: 'What COPY looks at', zh: 'COPY 看的是什么' },
  before: {
    en: 'Each step has a **key**: a digest of the image below, of its words, and of what it works with. If the cache has an image under this key, nothing is done. `COPY . /app` is built again and again, and before each build one thing is changed.',
    zh: '每一步都有一个**键**：由下面的镜像、这条指令的文字、以及它用到的东西算出的摘要。缓存里这个键下面有镜像，就什么也不用做。下面反复构建 `COPY . /app`，每次之前改动一处。',
  },
  question: {
    ask: {
      en: 'A fresh `git clone` on another machine: same files, all with today’s time. Is `COPY . /app` in the cache?',
      zh: '在另一台机器上重新 `git clone`：文件相同，时间全是今天。`COPY . /app` 能用上缓存吗？',
    },
    right: {
      text: { en: 'yes: times are not asked', zh: '能：不看时间' },
      because: {
        en: 'Names, types, modes, owners and contents go into the digest. Times are left out on purpose: a checkout sets them anew, and every CI run would start from nothing.',
        zh: '算进摘要的是名字、类型、权限、所有者和内容。时间是故意不算的：检出代码时它们会全部更新，否则每次 CI 都得从零开始。',
      },
    },
    wrong: [
      {
        text: { en: 'no: the files are newer', zh: '不能：文件更新了' },
        because: {
          en: 'So make(1) decides. A build cache that did so would be of no use to anybody who clones.',
          zh: 'make(1) 是这样判断的。如果构建缓存也这样，凡是克隆代码的人都用不上它。',
        },
      },
      {
        text: { en: 'yes: COPY is known by its words', zh: '能：COPY 只看指令的文字' },
        because: {
          en: 'That is how `RUN` is known. With COPY one would get yesterday’s program for ever.',
          zh: '`RUN` 才是这样。COPY 要是这样，永远得到的都是昨天的程序。',
        },
      },
    ],
  },
  after: {
    en: 'One byte or one mode bit is enough to miss. What `.dockerignore` leaves out is not even looked at: without it `.git` changes with each commit, and so does the key.',
    zh: '一个字节或者一个权限位不同，就用不上缓存。`.dockerignore` 排除的东西根本不看：没有它，每次提交 `.git` 都会变，键也就跟着变。',
  },
};

export const order: Said = {
  title: { en: 'Famous failure: one letter, and all is installed anew', zh: '著名的坑：改一个字母，全部重新安装' },
  before: {
    en: 'Two Dockerfiles for the same image. One copies everything and then installs what `package.json` names; the other copies `package.json`, installs, and then copies the rest. Both are built. Then README.md gets one more line, and both are built again.',
    zh: '两个 Dockerfile 做的是同一个镜像。一个先复制全部文件，再安装 `package.json` 里写的依赖；另一个先只复制 `package.json`，安装，再复制其余的。两个都构建好，然后给 README.md 加一行，再各构建一次。',
  },
  question: {
    ask: { en: 'Which of them installs again?', zh: '哪一个会重新安装？' },
    right: {
      text: { en: 'only the one that copies everything first', zh: '只有先复制全部文件的那个' },
      because: {
        en: 'The image below is a part of every key. Where `COPY .` made another image, everything that stands after it has another key, whether it reads README.md or not.',
        zh: '每个键都包含下面的镜像。`COPY .` 得出了另一个镜像，排在它后面的每一步，键就都变了，不管它读不读 README.md。',
      },
    },
    wrong: [
      {
        text: { en: 'neither: installing does not read README.md', zh: '都不会：安装用不到 README.md' },
        because: {
          en: 'The builder does not know what a command reads. It would have to trace each system call; it trusts the order of your lines instead.',
          zh: '构建器不知道命令读了什么，那得跟踪每一次系统调用。它只依据各行的先后顺序。',
        },
      },
      {
        text: { en: 'both: the context has changed', zh: '两个都会：构建上下文变了' },
        because: {
          en: 'The context as such is in no key. A COPY is known by the files that it names.',
          zh: '键里并没有整个构建上下文。COPY 只看它自己所指的那些文件。',
        },
      },
    ],
  },
  after: {
    en: 'What seldom changes goes to the top. Most slow builds need no more than one line moved.',
    zh: '很少改动的放前面。大多数构建慢的问题，挪动一行就好了。',
  },
};

export const stale: Said = {
  title: { en: 'Famous failure: a RUN that is never run again', zh: '著名的坑：再也不会执行的 RUN' },
  before: {
    en: 'A command whose result is another one each time: `RUN cat /proc/sys/kernel/random/uuid > /built`. It stands for `apt-get update`, `git clone`, `curl`. It is built twice, and a third time with `--no-cache`.',
    zh: '一条每次结果都不同的命令：`RUN cat /proc/sys/kernel/random/uuid > /built`。它代表 `apt-get update`、`git clone`、`curl`。构建两次，第三次加上 `--no-cache`。',
  },
  question: {
    ask: { en: 'Is `/built` of the second build another one?', zh: '第二次构建得到的 `/built` 会不同吗？' },
    right: {
      text: { en: 'no: the words are the same, so it does not run', zh: '不会：文字相同，所以根本不执行' },
      because: {
        en: 'The key of a RUN is its words, its arguments and the image below. Of the network, the clock and chance nothing is in it.',
        zh: 'RUN 的键由命令的文字、参数和下面的镜像组成，不含网络、时钟和随机性。',
      },
    },
    wrong: [
      {
        text: { en: 'yes: each build runs its commands', zh: '会：每次构建都执行命令' },
        because: {
          en: 'Then there would be no cache. It runs only where the key is a new one, or with --no-cache.',
          zh: '那就没有缓存可言了。只有键是新的，或者加了 --no-cache，才会执行。',
        },
      },
      {
        text: { en: 'yes: the engine sees that the result differs', zh: '会：引擎看到结果不一样' },
        because: {
          en: 'To see the result it would have to run the command, and then the cache has saved nothing.',
          zh: '要看结果，就得先执行命令，缓存也就什么都没有省下。',
        },
      },
    ],
  },
  after: {
    en: 'This is why `RUN apt-get update` on a line of its own fails weeks later: the list of packages is old, and the `apt-get install` below asks for files that the mirror no longer has. Both belong in one RUN. And two machines that build the same Dockerfile get different layers: a Dockerfile is a recipe, only the digest is a promise.',
    zh: '所以单独一行的 `RUN apt-get update` 过几个星期就会出错：软件包列表是旧的，下面的 `apt-get install` 要的文件镜像站上已经没有了。两者要写进同一条 RUN。还有，两台机器构建同一个 Dockerfile，得到的层并不相同：Dockerfile 只是配方，摘要才是承诺。',
  },
};

export const stages: Said = {
  title: { en: 'Two stages: what is left behind', zh: '两个阶段：留在后面的东西' },
  before: {
    en: 'The first stage copies a token, builds `/app/program` with it, and removes the token. The second begins with the base again and takes one file from the first: `COPY --from=build`.',
    zh: '第一个阶段复制一个令牌，用它构建出 `/app/program`，再删掉令牌。第二个阶段重新从基础镜像开始，只从第一个阶段拿一个文件：`COPY --from=build`。',
  },
  question: {
    ask: { en: 'In which layers is the token?', zh: '令牌在哪些层里？' },
    right: {
      text: { en: 'in one of the stage build, in none of the image', zh: '在阶段 build 的一层里，不在最后的镜像里' },
      because: {
        en: '`rm` hides it and takes nothing away: the layer of `COPY token` holds it. But the image that is made in the end is a chain of its own, from its own FROM. Of the other chain it has the one file, in a layer of its own.',
        zh: '`rm` 只是把它藏住，什么也没有拿走：`COPY token` 的那一层里还有它。但最后得到的镜像自成一串，从自己的 FROM 开始；另一串里它只拿了一个文件，放在自己的层里。',
      },
    },
    wrong: [
      {
        text: { en: 'in none: it was removed', zh: '哪层都没有：已经删掉了' },
        because: {
          en: 'Removed for those who look from above. Whoever unpacks the layer of COPY reads it.',
          zh: '只是从上面看不到。谁把 COPY 那一层解开，谁就能读到。',
        },
      },
      {
        text: { en: 'in the image too: it is built on the stage', zh: '镜像里也有：它是在那个阶段上构建的' },
        because: {
          en: 'It would be with `FROM build`. `COPY --from` reads files of the stage, as it reads those of the context.',
          zh: '写 `FROM build` 才是这样。`COPY --from` 只是读那个阶段的文件，和读构建上下文一样。',
        },
      },
    ],
  },
  after: {
    en: 'The stage stays in the store as part of the cache; what is pushed is the image alone. For a secret that not even the cache should hold there is `RUN --mount=type=secret`: it is mounted while the command runs, and a mount is in no upper directory.',
    zh: '那个阶段作为缓存留在本机，推送出去的只有最后的镜像。如果连缓存里也不该有秘密，就用 `RUN --mount=type=secret`：只在命令运行时挂载，而挂载的东西不会进 upper。',
  },
};

export const volume: Broken = {
  title: { en: 'Break it: a mount on /srv', zh: '改一步：在 /srv 上挂载' },
  change: {
    en: 'Before the change of root a tmpfs is mounted on `/srv`, as a volume would be. The script is the same.',
    zh: '切换根目录之前，在 `/srv` 上挂载一个 tmpfs，就像那里有个卷。脚本不变。',
  },
  question: {
    ask: {
      en: 'The script writes `/srv/note` and reads it back. What is in `upper` afterwards?',
      zh: '脚本写了 `/srv/note`，又读了出来。之后 `upper` 里有什么？',
    },
    right: {
      text: { en: 'the whiteout for /etc/motd, and no note', zh: '有 /etc/motd 的 whiteout，没有 note' },
      because: {
        en: 'The write never came to overlayfs: it went to the file system on top. In a layer there is what was written to the root itself.',
        zh: '这次写入没有到达 overlayfs，而是进了盖在上面的文件系统。只有写进根文件系统本身的，才会进层。',
      },
    },
    wrong: [
      {
        text: { en: 'both: the container saw the note', zh: '两样都有：容器看到了 note' },
        because: {
          en: 'It saw it in its tree of mounts. overlayfs is only one of the file systems in that tree.',
          zh: '它是在自己的挂载树里看到的。overlayfs 只是这棵树上的一个文件系统。',
        },
      },
      {
        text: { en: 'nothing: the write fails with EROFS', zh: '什么也没有：写入失败，EROFS' },
        because: {
          en: 'A tmpfs is writable. It is only that nobody keeps it.',
          zh: 'tmpfs 是可写的，只是没有人保存它。',
        },
      },
    ],
  },
};

export const forgotten: Broken = {
  title: { en: 'Break it: a key that forgets the image below', zh: '改一个：忘了下面的镜像的键' },
  change: {
    en: 'The base gets a new `/etc/release`, 2. The RUN has the same words, so the layer of before is put on it: that is what a key made of words alone would do.',
    zh: '基础镜像的 `/etc/release` 更新成了 2。RUN 的文字没有变，于是把原来的层直接放上去：只由文字组成的键就会这样做。',
  },
  question: {
    ask: {
      en: 'The RUN had copied `/etc/release` to `/srv/release`. What does the container find in the two files?',
      zh: '那条 RUN 曾把 `/etc/release` 复制到 `/srv/release`。容器在这两个文件里看到什么？',
    },
    right: {
      text: { en: '2 and 1: nothing fails, and they do not fit', zh: '2 和 1：没有报错，但两者不一致' },
      because: {
        en: 'A layer fits on anything; overlayfs asks no questions. Programs built for one library would lie above another. Therefore the image below is the first thing in every key.',
        zh: '层叠在什么上面都行，overlayfs 不会过问。于是，为旧库编译的程序会叠在新库上面。所以每个键里的第一样东西，就是下面的镜像。',
      },
    },
    wrong: [
      {
        text: { en: '2 and 2: the RUN is done again', zh: '2 和 2：RUN 重新执行' },
        because: {
          en: 'It would be with the right key. Here it was found under the wrong one.',
          zh: '键正确时才会重新执行。这里是用错误的键找到了旧结果。',
        },
      },
      {
        text: { en: '1 and 1: the layer brings its base along', zh: '1 和 1：层带着自己的基础镜像' },
        because: {
          en: 'A layer has only what was changed. `/etc/release` was read, not written, and so it is not in it.',
          zh: '层里只有改动过的东西。`/etc/release` 只是被读取，没有写，所以不在里面。',
        },
      },
    ],
  },
};

export const seen: Lesson['seen'] = [
  {
    en: 'a RUN is a container; its `upper` directory is the layer, and nothing else of it stays',
    zh: 'RUN 就是一个容器；它的 `upper` 目录就是层，别的什么都不会留下',
  },
  {
    en: '`ENV`, `WORKDIR`, `CMD` change the config: another image ID, and the same layers',
    zh: '`ENV`、`WORKDIR`、`CMD` 改的是 config：镜像 ID 变了，层不变',
  },
  {
    en: 'a key is made of the image below, the words, and the contents that COPY names; of no time and no network',
    zh: '键由下面的镜像、指令的文字和 COPY 所指文件的内容组成，不含时间，也不含网络',
  },
  {
    en: 'after the first step that misses, all others miss; another stage is another chain',
    zh: '有一步没用上缓存，后面的就全都用不上；另一个阶段是另一串镜像',
  },
];

export const recap: Lesson['recap'] = [
  {
    ask: {
      en: '`RUN cd /app` and on the next line `RUN make`: “no makefile found”. What is the best cure?',
      zh: '一行 `RUN cd /app`，下一行 `RUN make`，结果是“no makefile found”。最好怎么改？',
    },
    right: {
      text: { en: 'WORKDIR /app', zh: 'WORKDIR /app' },
      because: {
        en: 'It is written into the config, from which every later container takes its directory, also that of `docker run`.',
        zh: '它写进 config，之后的每个容器都从那里取得当前目录，包括 `docker run` 的容器。',
      },
    },
    wrong: [
      {
        text: { en: 'RUN export PWD=/app', zh: 'RUN export PWD=/app' },
        because: {
          en: 'The variable is lost with its shell, and a variable does not move a process anyway.',
          zh: '变量随 shell 一起消失，何况改变量也不会改变进程所在的目录。',
        },
      },
      {
        text: { en: 'building with --no-cache', zh: '构建时加上 --no-cache' },
        because: {
          en: 'The step did run. What it changed was its own process.',
          zh: '这一步确实执行了，只是它改变的是自己的进程。',
        },
      },
    ],
  },
  {
    ask: {
      en: '`chmod -R g+w .` in the context. Which instructions are done again?',
      zh: '在构建上下文里运行了 `chmod -R g+w .`。哪些指令会重做？',
    },
    right: {
      text: { en: '`COPY .` and all that stand after it', zh: '`COPY .` 和排在它后面的全部指令' },
      because: {
        en: 'Modes are in the digest, since they are in the layer. All later keys contain the image that COPY makes.',
        zh: '权限会进层，所以也算进摘要。后面各步的键都包含 COPY 得到的镜像。',
      },
    },
    wrong: [
      {
        text: { en: 'none: no content has changed', zh: '都不会：内容没有变' },
        because: {
          en: 'A layer that lacks an execute bit is another layer. Content is not all that a file is.',
          zh: '少了可执行位的层就是另一层。文件不只有内容。',
        },
      },
      {
        text: { en: 'COPY . alone', zh: '只有 COPY .' },
        because: {
          en: 'Then the steps after it would lie on an image from which they were not made.',
          zh: '那样后面各步的层就会叠在一个并非它们来源的镜像上。',
        },
      },
    ],
  },
  {
    ask: {
      en: '`ARG TOKEN` and `RUN curl -H "$TOKEN" …`. Nothing is written to a file. Is the token safe?',
      zh: '`ARG TOKEN`，然后 `RUN curl -H "$TOKEN" …`，没有写进任何文件。令牌安全吗？',
    },
    right: {
      text: { en: 'no: `history` shows the arguments of a RUN', zh: '不安全：`history` 会显示 RUN 的参数' },
      because: {
        en: 'The config keeps for each step how it was made, with `|1 TOKEN=…`: it is a part of the key. Who pulls the image reads it.',
        zh: 'config 记下每一步是怎么来的，包括 `|1 TOKEN=…`：它是键的一部分。谁拉取镜像，谁就能看到。',
      },
    },
    wrong: [
      {
        text: { en: 'yes: an ARG is no ENV', zh: '安全：ARG 不是 ENV' },
        because: {
          en: 'It is not in the environment of a container, that is true. But the config has other places.',
          zh: '它确实不在容器的环境变量里，但 config 里还有别的地方。',
        },
      },
      {
        text: { en: 'yes: the layer of that RUN is empty', zh: '安全：那条 RUN 的层是空的' },
        because: {
          en: 'An image is layers and a config. The history stands in the config, also for empty layers.',
          zh: '镜像由层和 config 组成。history 在 config 里，空层也有记录。',
        },
      },
    ],
  },
];

export const glossary: readonly GlossaryEntry[] = [
  {
    term: { en: 'build context', zh: '构建上下文（build context）' },
    means: {
      en: 'the directory whose files COPY may take, without what .dockerignore leaves out',
      zh: 'COPY 可以取用文件的那个目录，不含 .dockerignore 排除的部分',
    },
  },
  {
    term: { en: 'build cache', zh: '构建缓存' },
    means: {
      en: 'a table from keys to images: what a step made the last time that everything was the same',
      zh: '从键到镜像的表：一切条件都相同的上一次，这一步得到了什么',
    },
  },
  {
    term: { en: 'cache key', zh: '缓存键' },
    means: {
      en: 'digest of all on which a step’s result depends, as far as the builder knows',
      zh: '就构建器所知，一步的结果所依赖的一切，合起来算出的摘要',
    },
  },
  {
    term: { en: 'stage', zh: '阶段（stage）' },
    means: {
      en: 'what stands between one FROM and the next: a chain of images of its own',
      zh: '一个 FROM 到下一个 FROM 之间的部分：自成一串的镜像',
    },
  },
];

export const reading: readonly Reading[] = [
  {
    what: { en: 'every instruction, by Docker', zh: '每条指令，Docker 的说明' },
    where: 'docs.docker.com, “Dockerfile reference”',
  },
  {
    what: { en: 'history, rootfs and empty_layer of a config', zh: 'config 里的 history、rootfs 和 empty_layer' },
    where: 'OCI image-spec: config.md, “Properties”',
  },
  {
    what: { en: 'what a layer says of deletions', zh: '层里如何表示删除' },
    where: 'OCI image-spec: layer.md, “Whiteouts”',
  },
  {
    what: { en: 'how builds agree to the byte', zh: '怎样让构建结果逐字节相同' },
    where: 'reproducible-builds.org, “SOURCE_DATE_EPOCH”',
  },
  {
    what: { en: 'why the engine builds as it does', zh: '引擎为什么这样构建' },
    where: 'docs/decisions/0021-build.md',
  },
];
