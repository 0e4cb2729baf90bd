import type { Breakage, Experiment, Lesson, Question } from '../../src/workshop/lesson.ts';

/** What is said and asked in this lesson; what is done and measured stands in lesson.ts. */

export const question: Question = {
  ask: {
    en: 'Two containers hang on the same bridge, 172.18.0.2 and 172.18.0.3; the bridge itself is 172.18.0.1, the gateway. 172.18.0.2 pings 172.18.0.3. To which MAC address does it send the frame?',
    zh: '两个容器接在同一个网桥上：172.18.0.2 和 172.18.0.3；网桥自己是 172.18.0.1，也就是网关。172.18.0.2 ping 172.18.0.3，这个以太网帧发往哪个 MAC 地址？',
  },
  right: {
    text: { en: 'that of eth0 in the other container', zh: '另一个容器里 eth0 的 MAC' },
    because: {
      en: 'Both are in 172.18.0.0/16, so the route says: directly, by eth0. The container asks by ARP who has 172.18.0.3, the bridge carries the question to all ports, and the neighbour answers with its own MAC. A switch passes frames on and changes nothing in them. The host’s own address has no part in it.',
      zh: '两边都在 172.18.0.0/16 里，路由表说：直连，走 eth0。容器用 ARP 问谁有 172.18.0.3，网桥把这句话送到所有端口，邻居用自己的 MAC 应答。交换机只转发帧，不改动帧。宿主机自己的地址没有参与。',
    },
  },
  wrong: [
    {
      text: { en: 'that of the bridge: it is the gateway', zh: '网桥的 MAC：它是网关' },
      because: {
        en: 'That is so for addresses outside the subnet: those packets need a router, and their frames go to the gateway’s MAC. Within the subnet nobody routes. Below, compare what ARP told the container for .1 and for .3.',
        zh: '发往子网之外的地址时才是这样：那些包需要路由器，帧就发给网关的 MAC。子网之内不需要路由。下面比较一下 ARP 对 .1 和 .3 给容器的应答。',
      },
    },
    {
      text: { en: 'that of its own cable’s other end on the host', zh: '自己那根网线在宿主机那一端的 MAC' },
      because: {
        en: 'The end on the host has a MAC, and the bridge’s table lists it (“permanent”). But a port of a switch is not talked to: it is the hole that the frame goes through. No frame of the container is addressed to it.',
        zh: '宿主机那一端确实有 MAC，网桥的表里也列着它（permanent）。但交换机的端口不是通信的对象，只是帧穿过的口子。容器发出的帧没有一个以它为目的地。',
      },
    },
  ],
};

type Told = Pick<Experiment, 'title' | 'before' | 'after' | 'question'>;

export const lie: Told = {
  title: { en: 'A famous lie: /sys/class/net', zh: '著名的谎言：/sys/class/net' },
  before: {
    en: 'The same container. Now it looks into /sys/class/net, where scripts, brctl and old tools look for interfaces. It has a network namespace of its own, but no mount namespace.',
    zh: '还是同一个容器。这回它去看 /sys/class/net：脚本、brctl 和老工具都在那里找网络接口。它有自己的网络命名空间，但没有自己的挂载命名空间。',
  },
  question: {
    ask: { en: 'Whose interfaces does `ls /sys/class/net` list?', zh: '`ls /sys/class/net` 列出的是谁的接口？' },
    right: {
      text: { en: 'those of the machine you sit at', zh: '你眼前这台机器的' },
      because: {
        en: 'A sysfs shows the network namespace of whoever mounted it, as a procfs shows a PID namespace (lesson 4). This one was mounted when the machine booted.',
        zh: 'sysfs 显示的是挂载者所在的网络命名空间，正如 procfs 显示挂载者的 PID 命名空间（第 4 课）。眼前这个是开机时挂载的。',
      },
    },
    wrong: [
      {
        text: { en: 'its own: eth0 and lo', zh: '它自己的：eth0 和 lo' },
        because: {
          en: 'That is what `ip link` says, which asks by netlink, and a netlink socket belongs to the namespace in which it was opened. A file system belongs to whoever mounted it.',
          zh: '`ip link` 会这么说，因为它用 netlink 提问，而 netlink 套接字属于打开它时所在的命名空间。文件系统则属于挂载它的人。',
        },
      },
      {
        text: { en: 'none: the directory is empty', zh: '一个也没有：目录是空的' },
        because: {
          en: 'The mount is still there and still shows what it always showed. Nothing was taken away: that would need a mount namespace.',
          zh: '那个挂载还在，显示的还是一直以来的内容。什么也没有被拿走：那需要挂载命名空间。',
        },
      },
    ],
  },
  after: {
    en: '`brctl show` in a container that was made by hand lists the host’s bridges for the same reason. The namespace is right, the file system is of another one.',
    zh: '在手工做的容器里运行 `brctl show` 会列出宿主机的网桥，道理相同。命名空间没有错，错的是文件系统属于另一个。',
  },
};

export const cure: Told = {
  title: { en: 'The cure: a /sys of its own', zh: '解药：自己的 /sys' },
  before: {
    en: 'With a mount namespace and a sysfs that is mounted from inside, after the network namespace was made.',
    zh: '加上挂载命名空间，并且在建好网络命名空间之后，从里面挂载一个 sysfs。',
  },
  after: {
    en: 'Now both say the same. An engine mounts /sys anew for every container that has a network of its own, read-only.',
    zh: '现在两边说的一样了。只要容器有自己的网络，引擎就给它重新挂载 /sys，而且只读。',
  },
  question: {
    ask: {
      en: 'The child mounts a sysfs at /sys. What else does it need, so that your own /sys stays as it is?',
      zh: '子进程在 /sys 挂载一个 sysfs。要让你自己的 /sys 保持原样，它还需要什么？',
    },
    right: {
      text: { en: 'a mount namespace', zh: '一个挂载命名空间' },
      because: {
        en: 'The mount table is another namespace than the network. Without one of its own the child would cover /sys for the whole machine, as in lesson 4 with /proc.',
        zh: '挂载表属于另一种命名空间，与网络无关。如果没有自己的挂载命名空间，子进程就会把整台机器的 /sys 盖住，就像第 4 课的 /proc。',
      },
    },
    wrong: [
      {
        text: {
          en: 'nothing: a sysfs belongs to the network namespace anyway',
          zh: '什么也不需要：sysfs 本来就属于网络命名空间',
        },
        because: {
          en: 'What it shows belongs to the network namespace. Where it is mounted is written in the mount table, which the child shares with you until it has its own.',
          zh: '它显示的内容属于网络命名空间。它挂在哪里却写在挂载表里，而子进程在有自己的之前与你共用一张。',
        },
      },
      {
        text: { en: 'another root, as in lesson 6', zh: '另一个根，就像第 6 课' },
        because: {
          en: 'Containers have one, but it is not needed for this: a mount at /sys of the same tree is enough, if nobody else sees it.',
          zh: '容器确实有，但这里不需要：在同一棵树的 /sys 上挂载就够了，只要别人看不到。',
        },
      },
    ],
  },
};

export const sysColumns = [
  { en: 'ip link', zh: 'ip link' },
  { en: '/sys/class/net', zh: '/sys/class/net' },
] as const;

type Broken = Pick<Breakage, 'title' | 'change' | 'question'>;

export const tooEarly: Broken = {
  title: { en: 'Break it: the route before the interface is up', zh: '换个顺序：接口还没启用就加路由' },
  change: {
    en: 'Two messages change places: first `route add default via 172.18.0.1`, then `link set eth0 up`. The address is there already.',
    zh: '两条消息对调：先 `route add default via 172.18.0.1`，再 `link set eth0 up`。地址此时已经有了。',
  },
  question: {
    ask: { en: 'What does the kernel say to the route?', zh: '内核对这条路由返回什么？' },
    right: {
      text: { en: '`ENETUNREACH`: the gateway cannot be reached', zh: '`ENETUNREACH`：到不了网关' },
      because: {
        en: 'A gateway must lie in a network that is directly connected. The route to 172.18.0.0/16 comes with the address, but only when the interface is up. `ip` prints this as “Nexthop has invalid gateway” or “Network is unreachable”.',
        zh: '网关必须在直连的网络里。到 172.18.0.0/16 的路由是随地址一起来的，但要等接口启用才会出现。`ip` 把它打印成“Nexthop has invalid gateway”或“Network is unreachable”。',
      },
    },
    wrong: [
      {
        text: { en: '`ENODEV`: there is no such interface', zh: '`ENODEV`：没有这个接口' },
        because: {
          en: 'The message names no interface: it says “via 172.18.0.1”, and the kernel looks for the interface that leads there.',
          zh: '消息里没有提接口：它只说“经由 172.18.0.1”，由内核去找通向那里的接口。',
        },
      },
      {
        text: { en: 'nothing: the route waits until eth0 is up', zh: '没有错误：路由会等到 eth0 启用' },
        because: {
          en: 'It works the other way round: routes vanish when an interface goes down, and nobody brings them back. The kernel keeps no wishes.',
          zh: '恰恰相反：接口停用时路由会消失，也没有谁把它们加回来。内核不会记着谁想要什么。',
        },
      },
    ],
  },
};

export const unplugged: Broken = {
  title: { en: 'Break it: the cable is not plugged in', zh: '拆一步：网线没有插上' },
  change: {
    en: 'The message `link set vethc0ffee0 master … up` is left out, and the one on its hairpin with it: the end on the host is in no bridge, and is not up.',
    zh: '去掉 `link set vethc0ffee0 master … up` 这条消息，以及关于它的 hairpin 的那一条：宿主机那一端不在任何网桥里，也没有启用。',
  },
  question: {
    ask: { en: 'What happens?', zh: '会发生什么？' },
    right: {
      text: {
        en: 'every step succeeds, and nobody answers',
        zh: '每一步都成功，但没有应答',
      },
      because: {
        en: 'Address and route are facts about this namespace only, and they are right. eth0 is up but has no carrier: its other end is off. Networks fail silently; that is why one looks at tables and counters instead of at exit codes.',
        zh: '地址和路由只是这个命名空间内部的事，而且都对。eth0 启用了，却没有载波：另一端是关着的。网络出错往往无声无息，所以要看表和计数器，而不是退出状态。',
      },
    },
    wrong: [
      {
        text: { en: 'the route is refused with `ENETUNREACH`', zh: '加路由时返回 `ENETUNREACH`' },
        because: {
          en: 'For a route it is enough that eth0 itself is up. Whether anybody hangs at the other end of the cable, the kernel does not ask.',
          zh: '加路由只要求 eth0 自己启用。网线另一端有没有人，内核不问。',
        },
      },
      {
        text: { en: 'only the neighbour is lost; the gateway still answers', zh: '只是够不到邻居，网关仍然应答' },
        because: {
          en: 'The gateway’s address is on the bridge, and the cable to the bridge is what is missing.',
          zh: '网关的地址在网桥上，而缺的正是通到网桥的那根线。',
        },
      },
    ],
  },
};

export const seen: Lesson['seen'] = [
  {
    en: 'a veth pair is one cable with two ends; each end names the other’s number behind `@if`, and that number counts in the other namespace',
    zh: 'veth 是一根有两端的网线；每一端在 `@if` 后面写着对方的编号，这个编号要到对方的命名空间里去查',
  },
  {
    en: 'a bridge is a switch: it learns which MAC is behind which port, and frames between containers pass it unchanged',
    zh: '网桥就是交换机：它记住哪个 MAC 在哪个端口后面，容器之间的帧原样通过',
  },
  {
    en: 'the bridge’s own address is the host’s foot in that network: the gateway, for everything outside the subnet only',
    zh: '网桥自己的地址是宿主机伸进这个网络的一只脚：网关，只管子网以外',
  },
  {
    en: 'no syscall makes an interface: all of it is messages on a netlink socket, and the kernel answers each',
    zh: '没有哪个系统调用能建网络接口：一切都是 netlink 套接字上的消息，内核逐条应答',
  },
];

export const recap: Lesson['recap'] = [
  {
    ask: {
      en: 'The container sends a packet to 8.8.8.8. Which destination MAC has the frame that leaves eth0?',
      zh: '容器向 8.8.8.8 发一个包。离开 eth0 的帧，目的 MAC 是谁的？',
    },
    right: {
      text: { en: 'that of minidock0', zh: 'minidock0 的' },
      because: {
        en: 'The default route says “via 172.18.0.1”, so ARP asks for 172.18.0.1. The IP destination stays 8.8.8.8; only the frame goes to the gateway.',
        zh: '默认路由写着“经由 172.18.0.1”，于是 ARP 去问 172.18.0.1。IP 目的地址仍是 8.8.8.8，只有帧发给网关。',
      },
    },
    wrong: [
      {
        text: { en: 'that of the server 8.8.8.8', zh: '服务器 8.8.8.8 的' },
        because: {
          en: 'MAC addresses count within one network only. No router passes one on.',
          zh: 'MAC 地址只在一个网络内部有效，路由器不会把它带过去。',
        },
      },
      {
        text: { en: 'ff:ff:ff:ff:ff:ff, to everybody', zh: 'ff:ff:ff:ff:ff:ff，发给所有人' },
        because: {
          en: 'Only the ARP question is a broadcast. What follows is addressed to whoever answered it.',
          zh: '只有 ARP 的提问是广播，之后的帧都发给应答的那一个。',
        },
      },
    ],
  },
  {
    ask: {
      en: 'On the host somebody types `ip link delete vethc0ffee0`. What becomes of eth0 in the container?',
      zh: '有人在宿主机上敲了 `ip link delete vethc0ffee0`。容器里的 eth0 会怎样？',
    },
    right: {
      text: { en: 'it is gone as well', zh: '也没有了' },
      because: {
        en: 'The two ends are made together and go together. In the same way the host’s end vanishes when the container’s namespace does: an engine has nothing to clean up there.',
        zh: '两端同生共死。反过来也一样：容器的命名空间消失时，宿主机那一端也跟着消失，引擎无需清理。',
      },
    },
    wrong: [
      {
        text: { en: 'it stays, without a carrier', zh: '还在，只是没有载波' },
        because: {
          en: 'So it is when the other end is only set down, as in “break it”. Deleting one end deletes the pair.',
          zh: '那是对端只被停用时的样子，就像前面“网线没有插上”里那样。删除一端就是删除一对。',
        },
      },
      {
        text: { en: 'nothing: it is in another namespace', zh: '没有影响：它在另一个命名空间里' },
        because: {
          en: 'Namespaces keep names and numbers apart. The pair is one device of the kernel.',
          zh: '命名空间隔开的是名字和编号。这一对在内核里是连在一起的设备。',
        },
      },
    ],
  },
  {
    ask: {
      en: 'Two containers both show `2: eth0@if…`. Their ends on the host both show `@if2`. How do you find the end that belongs to one of them?',
      zh: '两个容器里都是 `2: eth0@if…`，它们在宿主机上的那一端都显示 `@if2`。怎样找到属于其中一个的那一端？',
    },
    right: {
      text: {
        en: 'take the number behind @if in the container, and look for it on the host',
        zh: '取容器里 @if 后面的数，到宿主机上去找这个编号',
      },
      because: {
        en: 'That number counts on the host, where each index exists once. The other direction is ambiguous: nearly every container’s eth0 has the same index.',
        zh: '这个数是宿主机上的编号，在宿主机上不会重复。反过来则有歧义：几乎每个容器的 eth0 编号都一样。',
      },
    },
    wrong: [
      {
        text: { en: 'compare the MAC addresses of both ends', zh: '比较两端的 MAC 地址' },
        because: {
          en: 'The two ends have different MACs: they are two network cards on one cable.',
          zh: '两端的 MAC 不同：它们是同一根线上的两块网卡。',
        },
      },
      {
        text: { en: 'look for the interface that ends in @if2', zh: '找以 @if2 结尾的接口' },
        because: {
          en: 'All of them do. `link-netnsid` in `ip link` would tell them apart, if you know which id is which container.',
          zh: '它们全都以 @if2 结尾。`ip link` 里的 `link-netnsid` 能区分，但还得知道哪个 id 是哪个容器。',
        },
      },
    ],
  },
];

export const glossary: Lesson['glossary'] = [
  {
    term: { en: 'network namespace', zh: '网络命名空间' },
    means: {
      en: 'interfaces, addresses, routes, ARP table, firewall rules, sockets and kernel settings of the network, all of its own; a new one has nothing but a loopback that is down',
      zh: '自成一套的网络接口、地址、路由、ARP 表、防火墙规则、套接字和网络内核参数；新建时只有一个尚未启用的回环接口',
    },
  },
  {
    term: { en: 'veth pair', zh: 'veth 对' },
    means: {
      en: 'two virtual network cards that are connected: what one sends, the other receives',
      zh: '连在一起的两块虚拟网卡：一边发出的，另一边收到',
    },
  },
  {
    term: { en: 'bridge', zh: '网桥' },
    means: {
      en: 'a switch in the kernel that passes frames from port to port by their MAC addresses; its own interface is the host’s port on it',
      zh: '内核里的交换机，按 MAC 地址把帧从一个端口转到另一个端口；它自己的接口是宿主机在这台交换机上的端口',
    },
  },
  {
    term: { en: 'MAC table (fdb)', zh: 'MAC 地址表（fdb）' },
    means: {
      en: 'which MAC address is behind which port of a bridge: learned from the senders of frames, forgotten after 300 seconds',
      zh: '哪个 MAC 地址在网桥的哪个端口后面：从帧的发送者学来，300 秒没有再见到就忘掉',
    },
  },
  {
    term: { en: 'ARP', zh: 'ARP' },
    means: {
      en: 'the question to everybody in one network: “who has this IP address?”, answered with a MAC address',
      zh: '向同一网络里所有人提的问题：“谁有这个 IP 地址？”，应答是一个 MAC 地址',
    },
  },
  {
    term: { en: 'gateway', zh: '网关' },
    means: {
      en: 'the neighbour that takes packets for other networks; for containers it is the host, by the bridge’s address',
      zh: '负责接收发往其他网络的包的那个邻居；对容器来说就是宿主机，地址在网桥上',
    },
  },
  {
    term: { en: 'netlink', zh: 'netlink' },
    means: {
      en: 'sockets on which programs and the kernel send each other messages about links, addresses, routes; `ip` and `bridge` speak it',
      zh: '程序与内核互发消息的套接字，谈的是接口、地址和路由；`ip` 和 `bridge` 说的就是它',
    },
  },
  {
    term: { en: 'ifindex and iflink', zh: 'ifindex 与 iflink' },
    means: {
      en: 'an interface’s number in its own namespace, and the number of the interface it is connected to, in that one’s namespace',
      zh: '接口在自己命名空间里的编号；以及与它相连的接口在对方命名空间里的编号',
    },
  },
];

export const reading: Lesson['reading'] = [
  {
    what: { en: 'veth: the pair, and how to find the other end', zh: 'veth：成对的设备，怎样找到另一端' },
    where: 'veth(4)',
  },
  { what: { en: 'what a network namespace holds', zh: '网络命名空间里有什么' }, where: 'network_namespaces(7)' },
  { what: { en: 'the messages of this lesson', zh: '本课的消息' }, where: 'rtnetlink(7), netlink(7)' },
  { what: { en: 'ARP', zh: 'ARP' }, where: 'arp(7), RFC 826' },
  { what: { en: 'ports, tables, hairpin', zh: '端口、表、hairpin' }, where: 'bridge(8), ip-link(8)' },
];
