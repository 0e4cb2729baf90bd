import type {
  Breakage,
  ByHand,
  Experiment,
  GlossaryEntry,
  Lesson,
  Question,
  Reading,
} from '../../src/workshop/lesson.ts';

/** What is said and asked in this lesson; what is done and measured stands in lesson.ts. */
type Said = Pick<Experiment, 'title' | 'before' | 'after' | 'question'>;
type Broken = Pick<Breakage, 'title' | 'change' | 'question'>;

export const all = 'full';

export const question: Question = {
  ask: {
    en: 'User 1000, without any capability, makes a user namespace and maps number 0 in it to itself. Inside, `id -u` says 0, and all capabilities are set. It reads `/etc/shadow`, which belongs to root with mode 0640. What happens?',
    zh: '用户 1000 没有任何权能。它创建一个用户命名空间，把里面的 0 号映射到自己。在里面 `id -u` 显示 0，权能全满。这时读取 `/etc/shadow`（属于 root，权限 0640），会怎样？',
  },
  right: {
    text: { en: 'permission denied', zh: '权限不够' },
    because: {
      en: 'The file belongs to user 0 **of the first namespace**, and to that user no number in here is mapped: seen from inside, the owner is 65534, "nobody in here". For the file the process is user 1000, as it always was. A capability counts only for what belongs to one’s own user namespace.',
      zh: '文件属于**最初那个命名空间**的 0 号用户，而里面没有任何编号映射到它：从里面看，所有者是 65534，意思是“这里没有这个人”。对这个文件来说，进程始终是用户 1000。权能只对属于自己用户命名空间的东西有效。',
    },
  },
  wrong: [
    {
      text: { en: 'it is read: user 0 may read everything', zh: '读得到：0 号用户什么都能读' },
      because: {
        en: 'Then any user could become root of the machine by four lines. The kernel does not ask for the number that `id` prints, but for the one on its own side of the map.',
        zh: '那样的话，谁写四行就能当上这台机器的 root。内核看的不是 `id` 显示的编号，而是映射另一侧的那个。',
      },
    },
    {
      text: { en: 'it is read: CAP_DAC_OVERRIDE is set', zh: '读得到：有 CAP_DAC_OVERRIDE' },
      because: {
        en: 'It is set in this namespace. To override the mode of a file the kernel also wants the owner and group of the file to be mapped into it.',
        zh: '它只在这个命名空间里有效。要越过文件的权限，内核还要求文件的所有者和组都映射在这个命名空间里。',
      },
    },
    {
      text: { en: 'no such file: the root is another one', zh: '没有这个文件：根目录换了' },
      because: {
        en: 'A user namespace changes numbers. It takes no file away.',
        zh: '用户命名空间改变的是编号，不会拿走任何文件。',
      },
    },
  ],
};

export const columns = {
  sides: [
    { en: 'seen from the host', zh: '从宿主机看' },
    { en: 'seen from inside', zh: '从里面看' },
  ],
  maps: [
    { en: 'with the maps', zh: '有映射时' },
    { en: 'without', zh: '没有映射时' },
  ],
} as const;

export const byHand: ByHand = {
  caption: {
    en: 'The same as any user types it. `unshare -r` writes the three files:',
    zh: '普通用户可以这样输入。三个文件由 `unshare -r` 来写：',
  },
  language: 'sh',
  lines: `unshare --user --map-root-user sh     # or: unshare -Ur
cat /proc/self/uid_map                # 0  1000  1
cat /proc/self/setgroups              # deny

unshare --user sh -c 'echo $$; sleep 60' &     # without maps; then, from outside:
echo deny       > /proc/$PID/setgroups
echo '0 1000 1' > /proc/$PID/uid_map
echo '0 1000 1' > /proc/$PID/gid_map`,
};

export const owner: Said = {
  title: { en: 'Root of what?', zh: '是谁的 root？' },
  before: {
    en: 'The same four lines. Then the new root gives the machine another hostname, for which one needs CAP_SYS_ADMIN, and it has that.',
    zh: '同样的四行。然后这个新 root 去改机器的主机名。这需要 CAP_SYS_ADMIN，而它有。',
  },
  question: {
    ask: { en: 'What does sethostname return?', zh: 'sethostname 返回什么？' },
    right: {
      text: { en: 'EPERM', zh: 'EPERM' },
      because: {
        en: 'Each namespace **belongs to** the user namespace in which it was made. The UTS namespace is the host’s, and the kernel asks for the capability *there*.',
        zh: '每个命名空间都**属于**创建它时所在的用户命名空间。这个 UTS 命名空间是宿主机的，内核要的是*那里*的权能。',
      },
    },
    wrong: [
      {
        text: { en: '0: the capability is there', zh: '0：权能是有的' },
        because: {
          en: 'It is, over everything that belongs to the new user namespace. Nothing does yet.',
          zh: '是有，但只管属于新用户命名空间的东西，而现在还没有任何东西属于它。',
        },
      },
      {
        text: { en: 'EACCES', zh: 'EACCES' },
        because: {
          en: 'That is the answer of files whose mode forbids something.',
          zh: '那是文件权限不允许时的返回值。',
        },
      },
    ],
  },
  after: {
    en: 'The same holds for mounts, network interfaces, the clock, modules: what belongs to the first user namespace stays out of reach.',
    zh: '挂载、网络接口、时钟、内核模块都一样：属于最初那个用户命名空间的，一概够不着。',
  },
};

export const owned: Said = {
  title: { en: 'Something to be root of', zh: '给它一些可以管的东西' },
  before: {
    en: 'After the maps a UTS namespace and a mount namespace are made. Then sethostname once more, and a mount of tmpfs on /mnt.',
    zh: '写好映射之后，再创建 UTS 命名空间和挂载命名空间。然后再来一次 sethostname，并在 /mnt 上挂载 tmpfs。',
  },
  question: {
    ask: { en: 'What happens this time?', zh: '这次会怎样？' },
    right: {
      text: { en: 'both succeed, and the host sees nothing of it', zh: '都成功，宿主机什么也看不到' },
      because: {
        en: 'The two namespaces were made in here and belong to this user namespace: in them its root is root. So a container comes about without any right: that is all that “rootless” means.',
        zh: '这两个命名空间是在里面创建的，属于这个用户命名空间，它的 root 在其中就是 root。于是不需要任何权限就有了容器：“rootless”说的就是这个。',
      },
    },
    wrong: [
      {
        text: { en: 'unshare fails: namespaces need the real root', zh: 'unshare 失败：命名空间需要真正的 root' },
        because: {
          en: 'All others need CAP_SYS_ADMIN in one’s own user namespace. The user namespace is the one kind that needs nothing.',
          zh: '其他各种命名空间要的是自己用户命名空间里的 CAP_SYS_ADMIN。只有用户命名空间什么都不需要。',
        },
      },
      {
        text: { en: 'sethostname succeeds, mount fails', zh: 'sethostname 成功，mount 失败' },
        because: {
          en: 'So it is with a disk: ext4 was never written for hostile images. tmpfs, proc, overlayfs (since 5.11) and a few others may be mounted.',
          zh: '挂载磁盘才会这样：ext4 从来不是为恶意镜像设计的。tmpfs、proc、overlayfs（5.11 起）和少数几种可以挂载。',
        },
      },
    ],
  },
  after: {
    en: 'The order matters: first the user namespace, then those that should belong to it. In one clone or unshare with several flags the kernel does it in this order by itself.',
    zh: '次序很重要：先是用户命名空间，再是要属于它的那些。在一次 clone 或 unshare 里给多个标志，内核自己会按这个次序来。',
  },
};

export const others: Said = {
  title: { en: 'An attack: map somebody else', zh: '一次攻击：映射别人' },
  before: {
    en: 'The same user 1000, but the map says `0 0 1`: root in here shall be root out there.',
    zh: '还是用户 1000，但映射写成 `0 0 1`：里面的 root 就是外面的 root。',
  },
  question: {
    ask: { en: 'What does the write return?', zh: 'write 返回什么？' },
    right: {
      text: { en: 'EPERM', zh: 'EPERM' },
      because: {
        en: 'Without a capability in the *parent* user namespace one may map a single number, and only to oneself.',
        zh: '在*父*用户命名空间里没有权能时，只能映射一个编号，而且只能映射到自己。',
      },
    },
    wrong: [
      {
        text: { en: '5, and the process is root of the host', zh: '5，进程就成了宿主机的 root' },
        because: { en: 'That would be the end of all users.', zh: '那样就没有什么用户可言了。' },
      },
      {
        text: { en: 'EINVAL: the line is malformed', zh: 'EINVAL：这一行写错了' },
        because: {
          en: 'It is well-formed; for root it is the map that changes nothing.',
          zh: '写法没错；对 root 来说，这是什么都不改变的映射。',
        },
      },
    ],
  },
  after: {
    en: 'For more numbers a program with that capability writes the map: `newuidmap`, setuid root, which looks into /etc/subuid. There stands for instance `alice:100000:65536`.',
    zh: '要更多编号，得由有这个权能的程序来写映射：`newuidmap` 是 setuid root 的程序，它查看 /etc/subuid，里面写着例如 `alice:100000:65536`。',
  },
};

export const unmapped: Said = {
  title: { en: 'Famous failure: a number that is not mapped', zh: '著名的坑：没有映射的编号' },
  before: {
    en: 'Root of the namespace becomes www-data, user 33, as every web server does. The map has one number, 0.',
    zh: '命名空间里的 root 变成 www-data，即用户 33，网站服务器都这么做。映射里只有一个编号：0。',
  },
  question: {
    ask: { en: 'What does setuid(33) return?', zh: 'setuid(33) 返回什么？' },
    right: {
      text: { en: 'EINVAL', zh: 'EINVAL' },
      because: {
        en: 'It is not forbidden: there is no such user. The kernel keeps its own numbers and finds none for 33.',
        zh: '不是不允许，而是没有这个用户。内核用的是自己的编号，33 在那里没有对应。',
      },
    },
    wrong: [
      {
        text: { en: '0: root may become anybody', zh: '0：root 可以变成任何人' },
        because: { en: 'Anybody who exists. In here there is one user.', zh: '前提是那个人存在。这里只有一个用户。' },
      },
      {
        text: { en: 'EPERM', zh: 'EPERM' },
        because: {
          en: 'So it would be without CAP_SETUID. It has that, in here.',
          zh: '没有 CAP_SETUID 时才是。它在里面是有的。',
        },
      },
    ],
  },
  after: {
    en: '`apt-get` in a container (“setgroups: Invalid argument”), `tar` that cannot chown, images with large uids: “there might not be enough IDs available in the namespace”. The cure is a larger range in /etc/subuid.',
    zh: '容器里的 `apt-get`（“setgroups: Invalid argument”）、没法 chown 的 `tar`、uid 很大的镜像（“there might not be enough IDs available in the namespace”），都是这个原因。解决办法是在 /etc/subuid 里给更大的范围。',
  },
};

export const groups: Broken = {
  title: { en: 'Break it: without “deny” in setgroups', zh: '拆一步：不往 setgroups 写 deny' },
  change: {
    en: 'The step that gives up setgroups is left out. The user is mapped, then the group.',
    zh: '去掉放弃 setgroups 的那一步。先映射用户，再映射组。',
  },
  question: {
    ask: { en: 'Which write fails, if any?', zh: '哪个 write 会失败？' },
    right: {
      text: { en: 'that of gid_map: EPERM', zh: 'gid_map 的那个：EPERM' },
      because: {
        en: 'A file with mode 0604 keeps its *group* out and lets everybody else in. With setgroups a process could drop the group and get in. So who maps a group without a capability must give up setgroups first (Linux 3.19).',
        zh: '权限为 0604 的文件，挡住的是它的*组*，其他人反而能进。有了 setgroups，进程就能丢掉这个组，从而进去。所以没有权能的人要映射组，必须先放弃 setgroups（Linux 3.19 起）。',
      },
    },
    wrong: [
      {
        text: { en: 'that of uid_map: EPERM', zh: 'uid_map 的那个：EPERM' },
        because: {
          en: 'To be another user is never less than to be oneself. Only dropping a group can open a door.',
          zh: '换个用户编号不会多出权限。只有丢掉组才可能打开一扇门。',
        },
      },
      {
        text: { en: 'none: setgroups is for security only', zh: '都不会：setgroups 只是为了安全' },
        because: {
          en: 'It is, and therefore the kernel insists (CVE-2014-8989).',
          zh: '正是为了安全，内核才强制要求（CVE-2014-8989）。',
        },
      },
    ],
  },
};

export const nobody: Broken = {
  title: { en: 'Break it: without any map', zh: '拆一步：不写映射' },
  change: {
    en: 'unshare(CLONE_NEWUSER), and nothing is written.',
    zh: '只有 unshare(CLONE_NEWUSER)，什么都不写。',
  },
  question: {
    ask: {
      en: 'After unshare all capabilities are set. Then execve starts a shell. Who is it, and what may it do?',
      zh: 'unshare 之后权能全满，然后 execve 启动 shell。它是谁？能做什么？',
    },
    right: {
      text: { en: 'user 65534, with no capability', zh: '用户 65534，没有任何权能' },
      because: {
        en: 'No number is mapped, so `id` shows the number for “nobody”. And at execve the rule of lesson 10 holds: who is not user 0 keeps no capability. Without a map nobody is 0.',
        zh: '没有映射任何编号，`id` 就显示代表“没有这个人”的编号。execve 时照第 10 课的规则：不是 0 号用户，就留不住权能。没有映射，谁都不是 0 号。',
      },
    },
    wrong: [
      {
        text: { en: 'user 1000, with all of them', zh: '用户 1000，全部都有' },
        because: {
          en: '1000 is a number of the outer namespace, and nothing in here has it.',
          zh: '1000 是外面的编号，在里面没有任何东西对应它。',
        },
      },
      {
        text: { en: 'user 0: the maker of a namespace is its root', zh: '用户 0：创建者就是它的 root' },
        because: {
          en: 'He owns it, and that is another thing: from outside he may write its maps.',
          zh: '创建者拥有它，但那是另一回事：他可以从外面写它的映射。',
        },
      },
    ],
  },
};

export const seen: Lesson['seen'] = [
  {
    en: 'a map says which number in here is which out there; the kernel checks the one out there',
    zh: '映射说明里面的编号对应外面的哪个；内核检查的是外面的那个',
  },
  {
    en: 'capabilities count for what belongs to the user namespace, and for nothing else',
    zh: '权能只对属于这个用户命名空间的东西有效',
  },
  {
    en: 'an ordinary user may map itself, one number, after giving up setgroups',
    zh: '普通用户只能映射自己这一个编号，还要先放弃 setgroups',
  },
  {
    en: 'what is not mapped is shown as 65534, and no process can become it',
    zh: '没有映射的，显示为 65534，也没法变成它',
  },
];

export const recap: Lesson['recap'] = [
  {
    ask: {
      en: 'In a rootless container with the map `0 1000 1`, `ls -l` on a directory of the host shows “nobody nogroup”. Whose files are they?',
      zh: '在映射为 `0 1000 1` 的 rootless 容器里，宿主机的目录 `ls -l` 显示“nobody nogroup”。这些文件是谁的？',
    },
    right: {
      text: { en: 'of any user but 1000', zh: '是 1000 以外任何用户的' },
      because: {
        en: 'All that is not mapped looks the same. Who really is the owner can be seen outside only.',
        zh: '凡是没有映射的，看起来都一样。真正的所有者只有在外面才看得到。',
      },
    },
    wrong: [
      {
        text: { en: 'of the host’s user nobody', zh: '宿主机上用户 nobody 的' },
        because: {
          en: 'His too, if he has any. 65534 stands for “not in the map”.',
          zh: '也可能有他的。65534 在这里的意思是“不在映射里”。',
        },
      },
      {
        text: { en: 'of nobody: the owner was deleted', zh: '没有人的：所有者被删除了' },
        because: { en: 'Every file has an owner, by number.', zh: '每个文件都有所有者，用编号表示。' },
      },
    ],
  },
  {
    ask: {
      en: 'A container runs as root with the map `0 100000 65536`. Its process breaks out to the host’s file system. As whom?',
      zh: '一个容器以 root 运行，映射是 `0 100000 65536`。它的进程逃到了宿主机的文件系统。它是谁？',
    },
    right: {
      text: { en: 'as user 100000, who owns nothing there', zh: '用户 100000，在那里什么也没有' },
      because: {
        en: 'That is the point of it. Without a user namespace it would be root of the machine.',
        zh: '意义就在这里。没有用户命名空间，它就是这台机器的 root。',
      },
    },
    wrong: [
      {
        text: { en: 'as root: it was user 0', zh: 'root：它本来就是 0 号用户' },
        because: {
          en: 'Inside. A file asks for the number on its own side.',
          zh: '那是在里面。文件看的是自己这一侧的编号。',
        },
      },
      {
        text: { en: 'as user 65534', zh: '用户 65534' },
        because: {
          en: 'So are unmapped users *shown*. 0 is mapped, to 100000.',
          zh: '那是没有映射的用户*显示*的样子。0 是有映射的，对应 100000。',
        },
      },
    ],
  },
  {
    ask: {
      en: 'Why do some distributions forbid user namespaces for ordinary users?',
      zh: '有些发行版为什么不让普通用户创建用户命名空间？',
    },
    right: {
      text: {
        en: 'they open kernel code to everybody that only root could reach before',
        zh: '原来只有 root 碰得到的内核代码，从此人人都碰得到',
      },
      because: {
        en: 'mount, netfilter, network devices: a mistake in them was a matter of root once, and is a way to become root now.',
        zh: 'mount、netfilter、网络设备：里面的漏洞原来只关系到 root，现在却成了变成 root 的途径。',
      },
    },
    wrong: [
      {
        text: { en: 'the maps let users read each other’s files', zh: '映射会让用户互相读文件' },
        because: {
          en: 'A map gives no right over a number that one did not have.',
          zh: '映射不会给出对某个编号本来没有的权限。',
        },
      },
      {
        text: { en: 'they cost too much memory', zh: '太占内存' },
        because: {
          en: 'A few kilobytes, and their number is limited (user.max_user_namespaces).',
          zh: '只有几 KB，而且数目有上限（user.max_user_namespaces）。',
        },
      },
    ],
  },
];

export const glossary: readonly GlossaryEntry[] = [
  {
    term: { en: 'user namespace', zh: '用户命名空间' },
    means: {
      en: 'a set of user and group numbers of its own, and what capabilities in it are for: all namespaces that belong to it',
      zh: '一套自己的用户和组编号；其中的权能管的是属于它的各个命名空间',
    },
  },
  {
    term: { en: 'id map (uid_map, gid_map)', zh: 'id 映射（uid_map、gid_map）' },
    means: {
      en: 'lines INSIDE OUTSIDE COUNT; each of the files can be written once',
      zh: '每行是“里面 外面 个数”；每个文件只能写一次',
    },
  },
  {
    term: { en: 'overflow uid', zh: '溢出 uid（overflow uid）' },
    means: {
      en: '65534: how a user is shown who has no number in this namespace',
      zh: '65534：在这个命名空间里没有编号的用户，就显示成它',
    },
  },
  {
    term: { en: 'rootless', zh: 'rootless' },
    means: {
      en: 'containers made by an ordinary user, as root of a user namespace of their own',
      zh: '普通用户以自己用户命名空间的 root 身份创建的容器',
    },
  },
  {
    term: { en: '/etc/subuid', zh: '/etc/subuid' },
    means: {
      en: 'which ranges of numbers newuidmap may map for whom',
      zh: '规定 newuidmap 可以为谁映射哪些编号',
    },
  },
];

export const reading: readonly Reading[] = [
  {
    what: { en: 'user namespaces, all rules of the maps', zh: '用户命名空间，以及映射的全部规则' },
    where: 'user_namespaces(7)',
  },
  {
    what: { en: 'the files of the maps', zh: '映射的各个文件' },
    where: 'proc(5), “/proc/pid/uid_map”, “/proc/pid/setgroups”',
  },
  { what: { en: 'ranges for ordinary users', zh: '给普通用户的编号范围' }, where: 'newuidmap(1), subuid(5)' },
  {
    what: { en: 'what execve does to capabilities', zh: 'execve 如何改变权能' },
    where: 'capabilities(7), “Capabilities and user namespaces”',
  },
];
