import type { Breakage, Experiment, Lesson, Question } from '../../src/workshop/lesson.ts';

/** What is said and asked in this lesson; what is done and measured stands in lesson.ts. */

export const columns = [
  { en: 'host of this lesson', zh: '本课的主机' },
  { en: 'container', zh: '容器' },
] as const;
export const joinedColumns = [
  { en: 'first container', zh: '第一个容器' },
  { en: 'second container', zh: '第二个容器' },
] as const;
export const downColumns = [
  { en: 'lo up', zh: 'lo 已启用' },
  { en: 'lo down', zh: 'lo 没有启用' },
] as const;
export const firstContainer = {
  en: 'a first container: a network namespace with a database on its 127.0.0.1:5432',
  zh: '第一个容器：一个网络命名空间，它的 127.0.0.1:5432 上有个数据库',
};

export const question: Question = {
  ask: {
    en: 'On the host a program listens on 127.0.0.1:9000. A container runs with `--network none` and connects to 127.0.0.1:9000. What does it get?',
    zh: '宿主机上有个程序监听 127.0.0.1:9000。一个容器用 `--network none` 运行，连接 127.0.0.1:9000，会得到什么？',
  },
  right: {
    text: {
      en: '`ECONNREFUSED`: it has a 127.0.0.1 of its own, where nobody listens',
      zh: '`ECONNREFUSED`：它有自己的 127.0.0.1，那里没有人监听',
    },
    because: {
      en: '“None” means a new network namespace in which only the loopback is switched on. 127.0.0.1 is an address of that loopback, not of the machine. The connection goes through, to the container itself, and is refused there.',
      zh: '“none”的意思是：一个新的网络命名空间，里面只启用了回环接口。127.0.0.1 是这个回环接口的地址，不是整台机器的。连接是走得通的，走到容器自己，然后被拒绝。',
    },
  },
  wrong: [
    {
      text: { en: 'a connection: 127.0.0.1 is always the machine itself', zh: '连上了：127.0.0.1 永远是机器自己' },
      because: {
        en: 'It is always the network namespace itself. So it would be with `--network host`, which is the next run. This is why a program in a container cannot reach a database on the host’s localhost.',
        zh: '它永远是网络命名空间自己。用 `--network host` 才会连上，下一个实验就是。容器里的程序访问不到宿主机 localhost 上的数据库，就是这个缘故。',
      },
    },
    {
      text: { en: '`ENETUNREACH`: there is no network at all', zh: '`ENETUNREACH`：根本没有网络' },
      because: {
        en: 'So it is in a namespace as the kernel makes it, with lo down: you will see that in “break it”. The engine sends one message more.',
        zh: '内核刚建好的命名空间确实如此，lo 没有启用：后面去掉一步时会看到。引擎比这多发一条消息。',
      },
    },
  ],
};

export const byHand = {
  en: 'With util-linux. There is no command for “host”: it is what happens if nothing is done. For “bridge” see lesson 13.',
  zh: '用 util-linux 来做。“host”不需要命令：什么都不做就是它。“bridge”见第 13 课。',
};

type Told = Pick<Experiment, 'title' | 'before' | 'after' | 'question'>;

export const host: Told = {
  title: { en: 'host: the flag that is not there', zh: 'host：少掉的那个标志' },
  before: {
    en: 'The same command with `--network host`. It gets another hostname, so that it is isolated in something.',
    zh: '同样的命令，换成 `--network host`。给它另一个主机名，好歹有点隔离。',
  },
  question: {
    ask: {
      en: 'What does an engine do to give a container the host’s network?',
      zh: '要让容器用宿主机的网络，引擎得做什么？',
    },
    right: {
      text: {
        en: 'less: it leaves out `CLONE_NEWNET`, and all that would follow',
        zh: '少做一点：去掉 `CLONE_NEWNET`，后面的也都省了',
      },
      because: {
        en: 'A child inherits its parent’s namespaces; to share one costs nothing. So there is no published port in this mode, no address of its own, and no setting of its own either: all three belong to a namespace.',
        zh: '子进程继承父进程的命名空间，共用一个不费任何力气。所以这种模式下没有发布端口，没有自己的地址，也没有自己的设置：这三样都属于命名空间。',
      },
    },
    wrong: [
      {
        text: {
          en: 'it copies the host’s interfaces and addresses into the container',
          zh: '把宿主机的接口和地址复制进容器',
        },
        because: {
          en: 'An interface is in one namespace at a time. There is nothing to copy: the inode of ns/net is the same.',
          zh: '一个接口同一时刻只在一个命名空间里。没有什么可复制的：ns/net 的 inode 是同一个。',
        },
      },
      {
        text: { en: 'it publishes all ports', zh: '把所有端口都发布出来' },
        because: {
          en: 'Published ports translate between two networks. Here is one: the program binds the host’s port itself, and fails with EADDRINUSE where somebody has it.',
          zh: '发布端口是在两个网络之间转换地址。这里只有一个网络：程序直接绑定宿主机的端口，如果已被占用就返回 EADDRINUSE。',
        },
      },
    ],
  },
  after: {
    en: 'The container reaches everything that listens on the host’s 127.0.0.1, sees all its traffic as root, and can take its ports. It is the fastest mode and no boundary at all.',
    zh: '容器访问得到宿主机 127.0.0.1 上监听的一切，作为 root 能看到全部流量，还能占用它的端口。这是最快的模式，也完全没有边界。',
  },
};

export const joined: Told = {
  title: { en: 'container:X: into somebody else’s', zh: 'container:X：进别人的命名空间' },
  before: {
    en: 'A first container has its own network, and a database that listens on 127.0.0.1:5432 there. The second one is cloned without CLONE_NEWNET and calls `setns` with a descriptor of the first one’s namespace.',
    zh: '第一个容器有自己的网络，里面有个数据库监听 127.0.0.1:5432。第二个容器 clone 时不带 CLONE_NEWNET，再用第一个容器的命名空间的描述符调用 `setns`。',
  },
  question: {
    ask: { en: 'What do the two have in common then?', zh: '这样一来，两者共用什么？' },
    right: {
      text: {
        en: 'interfaces, addresses and ports, 127.0.0.1 included; not files, not processes',
        zh: '接口、地址和端口，包括 127.0.0.1；文件和进程不共用',
      },
      because: {
        en: 'Exactly what a network namespace holds. They talk over localhost and must not want the same port. This is what a Kubernetes pod is: one container that does nothing holds the namespace, the others join it.',
        zh: '正是网络命名空间所包含的那些。它们通过 localhost 通信，也不能要同一个端口。Kubernetes 的 pod 就是这样：一个什么都不做的容器占着命名空间，其余的加入进来。',
      },
    },
    wrong: [
      {
        text: { en: 'everything: the second is in the first container', zh: '全部：第二个就在第一个容器里' },
        because: {
          en: '`setns` enters one namespace at a time, and here only one was entered. The hostname, for instance, is the second one’s own.',
          zh: '`setns` 每次只进入一个命名空间，这里只进了一个。比如主机名就还是第二个自己的。',
        },
      },
      {
        text: { en: 'the address; ports are their own', zh: '只有地址，端口各有各的' },
        because: {
          en: 'Ports belong to addresses of a namespace. The second to bind 5432 gets EADDRINUSE.',
          zh: '端口属于命名空间里的地址。第二个去绑定 5432 的会得到 EADDRINUSE。',
        },
      },
    ],
  },
  after: {
    en: 'Both are at the same inode. The namespace lives as long as somebody is in it or holds it open, so the first container may end and the second keeps the network.',
    zh: '两者的 inode 相同。只要有人在里面，或者有人开着它，命名空间就一直存在，所以第一个容器结束之后，第二个的网络还在。',
  },
};

export const pings: Told = {
  title: { en: 'Settings that come with it: ping without a right', zh: '附带的设置：没有权能也能 ping' },
  before: {
    en: 'Some settings in /proc/sys/net count for one network namespace. In a new one `ping_group_range` is “1 0”, a range with nobody in it. The engine sets two of them, then the process becomes the user nobody and asks for the socket that ping uses.',
    zh: '/proc/sys/net 里有些设置只对一个网络命名空间有效。新建的命名空间里 `ping_group_range` 是“1 0”，一个空的范围。引擎设好其中两个，然后进程变成 nobody 用户，去申请 ping 所用的套接字。',
  },
  question: {
    ask: {
      en: 'The engine lets every user in the container ping and listen on port 80. Why is that no danger to the host?',
      zh: '引擎让容器里的每个用户都能 ping、能监听 80 端口。为什么这对宿主机没有危险？',
    },
    right: {
      text: {
        en: 'these are the ports and sockets of the container’s own network',
        zh: '这些是容器自己网络里的端口和套接字',
      },
      because: {
        en: 'Ports below 1024 were kept for root, so that on a machine of many users none could pose as its mail server. In a network that belongs to one container nobody is there to be fooled.',
        zh: '1024 以下的端口留给 root，是为了在多用户的机器上不让谁冒充邮件服务器。在只属于一个容器的网络里，没有人可骗。',
      },
    },
    wrong: [
      {
        text: { en: 'the firewall drops what they send', zh: '防火墙会丢掉它们发的包' },
        because: {
          en: 'It does not, and need not: echo requests are harmless. What was dangerous is the older way, raw sockets by CAP_NET_RAW, which can forge any packet.',
          zh: '不会，也没必要：回显请求并无害处。危险的是老办法：靠 CAP_NET_RAW 得到的原始套接字，什么包都能伪造。',
        },
      },
      {
        text: { en: 'the user nobody is another user on the host', zh: '容器里的 nobody 在宿主机上是另一个用户' },
        because: {
          en: 'Without a user namespace it is the very same user. What differs is the network that its sockets are in.',
          zh: '没有用户命名空间时就是同一个用户。不同的是套接字所在的网络。',
        },
      },
    ],
  },
  after: {
    en: 'The socket is granted to a user without any capability. With `--network host` the engine may not touch these settings: they would be the host’s.',
    zh: '没有任何权能的用户也拿到了套接字。用 `--network host` 时，引擎不得改动这些设置：那会改到宿主机的。',
  },
};

type Broken = Pick<Breakage, 'title' | 'change' | 'question'>;

export const down: Broken = {
  title: { en: 'Break it: the loopback stays down', zh: '拆一步：回环接口没有启用' },
  change: { en: 'The message `link set lo up` is left out.', zh: '去掉 `link set lo up` 这条消息。' },
  question: {
    ask: {
      en: 'The container connects to 127.0.0.1:9000 once more. What does it get now?',
      zh: '容器再连一次 127.0.0.1:9000，这回得到什么？',
    },
    right: {
      text: { en: '`ENETUNREACH`', zh: '`ENETUNREACH`' },
      because: {
        en: 'An interface that is down has no addresses that count and no routes: there is no way to 127.0.0.1. A test suite that starts a server on localhost fails here with “Network is unreachable”, which nobody expects of localhost.',
        zh: '没有启用的接口，地址不算数，也没有路由：去 127.0.0.1 无路可走。在 localhost 上起服务器的测试会在这里失败，报“Network is unreachable”，谁也想不到 localhost 会这样。',
      },
    },
    wrong: [
      {
        text: { en: '`ECONNREFUSED`, as before', zh: '`ECONNREFUSED`，和之前一样' },
        because: {
          en: 'To refuse, the packet would have to arrive. There is no route on which it could leave.',
          zh: '要拒绝，包得先到。可现在没有路由能让它出发。',
        },
      },
      {
        text: { en: 'silence, until it gives up', zh: '没有动静，直到放弃' },
        because: {
          en: 'Silence is what one gets from far away. That no route exists, the kernel knows at once.',
          zh: '没有动静是远方才有的。没有路由这件事，内核当场就知道。',
        },
      },
    ],
  },
};

export const unset: Broken = {
  title: { en: 'Break it: ping without the setting', zh: '拆一步：不设置就 ping' },
  change: {
    en: 'The settings are left out: `ping_group_range` is what the kernel gives to a new namespace, “1 0”.',
    zh: '去掉那些设置：`ping_group_range` 是内核给新命名空间的“1 0”。',
  },
  question: {
    ask: { en: 'What does `socket` say to the user nobody?', zh: 'nobody 用户调用 `socket`，会返回什么？' },
    right: {
      text: { en: '`EACCES`', zh: '`EACCES`' },
      because: {
        en: 'The kind of socket exists, but no group is in the range. This is why `ping` used to be a setuid program, or one with the file capability cap_net_raw, and why it fails in images that lost that bit.',
        zh: '这种套接字是有的，但没有哪个组在范围里。所以 `ping` 从前是 setuid 程序，或者带有文件权能 cap_net_raw；镜像里丢了这一位，它就会失败。',
      },
    },
    wrong: [
      {
        text: { en: '`EPERM`: a capability is missing', zh: '`EPERM`：缺少权能' },
        because: {
          en: 'That is the answer for SOCK_RAW, which asks for CAP_NET_RAW. This kind of socket asks for a group.',
          zh: 'SOCK_RAW 才返回它，它要求 CAP_NET_RAW。这种套接字要求的是组。',
        },
      },
      {
        text: { en: '`EPROTONOSUPPORT`: there is no such socket', zh: '`EPROTONOSUPPORT`：没有这种套接字' },
        because: {
          en: 'The kernel has it since 3.0. Whether one may have it is another question.',
          zh: '内核从 3.0 起就有。给不给你是另一回事。',
        },
      },
    ],
  },
};

export const seen: Lesson['seen'] = [
  {
    en: 'a network mode says whose network namespace a container is in: a new one, the host’s, or that of another container',
    zh: '网络模式说的是容器在谁的网络命名空间里：新建的、宿主机的，或者另一个容器的',
  },
  {
    en: '127.0.0.1 is the namespace itself: another one in each',
    zh: '127.0.0.1 就是命名空间自己：每个命名空间各有一个',
  },
  {
    en: '`host` is no feature but a flag left out; `container:X` is one setns',
    zh: '`host` 不是功能，只是少了一个标志；`container:X` 是一次 setns',
  },
  {
    en: 'kernel settings below /proc/sys/net belong to the namespace too, so a container may have easier ones than its host',
    zh: '/proc/sys/net 下的设置也属于命名空间，所以容器可以比宿主机宽松',
  },
];

export const recap: Lesson['recap'] = [
  {
    ask: {
      en: 'A web server in a container listens on 127.0.0.1:80, in the mode bridge. Who reaches it?',
      zh: '容器里的 Web 服务器监听 127.0.0.1:80，模式是 bridge。谁访问得到它？',
    },
    right: {
      text: { en: 'only processes in that network namespace', zh: '只有这个网络命名空间里的进程' },
      because: {
        en: 'Not the host, and no published port either: what comes through a published port is addressed to eth0’s address.',
        zh: '宿主机不行，发布端口也不行：经发布端口进来的包，目的地是 eth0 的地址。',
      },
    },
    wrong: [
      {
        text: { en: 'the host, at its own 127.0.0.1', zh: '宿主机，用它自己的 127.0.0.1' },
        because: { en: 'That is another loopback.', zh: '那是另一个回环接口。' },
      },
      {
        text: { en: 'all containers on the bridge', zh: '网桥上的所有容器' },
        because: { en: 'They reach 172.18.0.2, where nobody listens.', zh: '它们能到 172.18.0.2，可那里没有人监听。' },
      },
    ],
  },
  {
    ask: {
      en: 'Two containers run with `--network host` and both want port 80. What happens?',
      zh: '两个容器都用 `--network host`，都要 80 端口。会怎样？',
    },
    right: {
      text: { en: 'the second server gets EADDRINUSE', zh: '第二个服务器得到 EADDRINUSE' },
      because: {
        en: 'One namespace, one port 80. It is the server that fails, inside, not the engine.',
        zh: '一个命名空间只有一个 80 端口。失败的是里面的服务器，不是引擎。',
      },
    },
    wrong: [
      {
        text: { en: 'the engine refuses to start it', zh: '引擎拒绝启动它' },
        because: {
          en: 'It knows of published ports only. What a program binds is the program’s affair.',
          zh: '引擎只知道发布的端口。程序绑定什么是程序自己的事。',
        },
      },
      {
        text: { en: 'both run, each in its own network', zh: '两个都能运行，各在自己的网络里' },
        because: { en: 'That is what bridge gives them.', zh: 'bridge 模式才是这样。' },
      },
    ],
  },
  {
    ask: { en: 'How do you find out which containers share a network?', zh: '怎样查出哪些容器共用一个网络？' },
    right: {
      text: { en: 'compare the inodes of /proc/PID/ns/net', zh: '比较 /proc/PID/ns/net 的 inode' },
      because: {
        en: 'The same number at the same moment is the same namespace; nothing else is a proof.',
        zh: '同一时刻编号相同就是同一个命名空间；别的都不算证据。',
      },
    },
    wrong: [
      {
        text: { en: 'compare their IP addresses', zh: '比较它们的 IP 地址' },
        because: {
          en: 'Addresses may be the same in many namespaces: 127.0.0.1 is in all of them.',
          zh: '许多命名空间可以有相同的地址：127.0.0.1 就每个都有。',
        },
      },
      {
        text: { en: 'ping one from the other', zh: '从一个 ping 另一个' },
        because: {
          en: 'That shows that there is a way between them, not that they are in one place.',
          zh: '那只说明两者之间有路可走，不说明它们在同一处。',
        },
      },
    ],
  },
];

export const glossary: Lesson['glossary'] = [
  {
    term: { en: 'loopback', zh: '回环接口' },
    means: {
      en: 'the interface lo, by which a network namespace talks to itself: 127.0.0.0/8',
      zh: '接口 lo，网络命名空间经由它和自己通信：127.0.0.0/8',
    },
  },
  {
    term: { en: 'setns', zh: 'setns' },
    means: {
      en: 'the syscall that moves a process into an existing namespace, given a descriptor of it',
      zh: '把进程移进一个已有命名空间的系统调用，参数是它的描述符',
    },
  },
  {
    term: { en: 'pod', zh: 'pod' },
    means: {
      en: 'containers that share a network namespace (and often IPC and hostname), held by one that only waits',
      zh: '共用一个网络命名空间（通常还有 IPC 和主机名）的一组容器，由一个只管等待的容器占着',
    },
  },
  {
    term: { en: 'sysctl', zh: 'sysctl' },
    means: {
      en: 'a kernel setting, as a file below /proc/sys; many below net/ count for one network namespace',
      zh: '内核参数，表现为 /proc/sys 下的文件；net/ 下的许多只对一个网络命名空间有效',
    },
  },
  {
    term: { en: 'ping_group_range', zh: 'ping_group_range' },
    means: {
      en: 'the groups that may open ICMP sockets without CAP_NET_RAW',
      zh: '哪些组不需要 CAP_NET_RAW 就能打开 ICMP 套接字',
    },
  },
];

export const reading: Lesson['reading'] = [
  { what: { en: 'what a network namespace holds', zh: '网络命名空间里有什么' }, where: 'network_namespaces(7)' },
  { what: { en: 'entering a namespace', zh: '进入命名空间' }, where: 'setns(2), nsenter(1)' },
  { what: { en: 'sockets that can only ping', zh: '只能 ping 的套接字' }, where: 'icmp(7)' },
  {
    what: { en: 'ip_unprivileged_port_start, ping_group_range', zh: 'ip_unprivileged_port_start、ping_group_range' },
    where: 'Linux kernel documentation: networking/ip-sysctl',
  },
  {
    what: { en: 'linux.namespaces and linux.sysctl', zh: 'linux.namespaces 与 linux.sysctl' },
    where: 'OCI Runtime Specification, config-linux',
  },
];
