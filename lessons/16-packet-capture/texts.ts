import type { Breakage, Experiment, GlossaryEntry, Lesson, Question, Reading } from '../../src/workshop/lesson.ts';
import { tcpPort } from './listening.ts';

/** What is said and asked in this lesson; what is done and measured stands in lesson.ts and listening.ts. */
type Said = Pick<Experiment, 'title' | 'before' | 'after' | 'question'>;
type Broken = Pick<Breakage, 'title' | 'change' | 'question'>;

export const question: Question = {
  ask: {
    en: 'A client, 203.0.113.9, connects to 203.0.113.1:8080, where a container’s port 80 is published. Somebody listens at the host’s outer interface wan0, at the bridge, and in the container. To which address does the client’s first packet go, as each of them sees it?',
    zh: '客户机 203.0.113.9 连接 203.0.113.1:8080，那里发布着一个容器的 80 端口。有人在宿主机的外部接口 wan0、网桥和容器里各抓一份包。三处看到的第一个包，分别发往哪个地址？',
  },
  right: {
    text: {
      en: 'wan0: 203.0.113.1:8080; bridge and container: 172.18.0.2:80',
      zh: 'wan0：203.0.113.1:8080；网桥和容器：172.18.0.2:80',
    },
    because: {
      en: 'A packet socket hears what comes in **before** any rule, so at wan0 the packet is as the client sent it. Then PREROUTING rewrites the destination (DNAT), and what leaves by the bridge is heard **after** the rules. The source stays 203.0.113.9 everywhere.',
      zh: '进来的包，抓包套接字在任何规则**之前**就收到，所以 wan0 上的包和客户机发出时一样。随后 PREROUTING 改写目的地址（DNAT）；从网桥出去的包，则是在规则**之后**收到的。源地址在各处都是 203.0.113.9。',
    },
  },
  wrong: [
    {
      text: { en: '172.18.0.2:80 at all three', zh: '三处都是 172.18.0.2:80' },
      because: {
        en: 'If a capture stood behind the rules also for what comes in, one could never see what a client really sent.',
        zh: '如果进来的包也在规则之后才抓，就永远看不到客户机真正发出的是什么。',
      },
    },
    {
      text: {
        en: 'wan0 and bridge: 203.0.113.1:8080; container: 172.18.0.2:80',
        zh: 'wan0 和网桥：203.0.113.1:8080；容器：172.18.0.2:80',
      },
      because: {
        en: 'To come to the bridge at all, the packet must already be for an address behind it: routing has sent it there because of its new destination.',
        zh: '包要能到达网桥，目的地址必须已经是网桥后面的：正是因为目的地址改了，路由才把它送到那里。',
      },
    },
    {
      text: { en: '203.0.113.1:8080 at all three', zh: '三处都是 203.0.113.1:8080' },
      because: {
        en: 'The container has no such address. Its kernel would throw the packet away.',
        zh: '容器没有这个地址，它的内核会把包丢掉。',
      },
    },
  ],
};

export const columns = {
  points: [
    { en: 'at wan0', zh: '在 wan0' },
    { en: 'in the container', zh: '在容器里' },
  ],
  outwards: [
    { en: 'in the container', zh: '在容器里' },
    { en: 'at wan0', zh: '在 wan0' },
  ],
  bridge: [
    { en: 'at wan0', zh: '在 wan0' },
    { en: 'at the bridge', zh: '在网桥' },
  ],
  written: [
    { en: 'written', zh: '写入的' },
    { en: 'in the file', zh: '文件里的' },
  ],
  change: [
    { en: 'as it should be', zh: '正常时' },
    { en: 'now', zh: '现在' },
  ],
} as const;

export const wholeWay = {
  en: 'the whole way, put together by the engine’s Follower',
  zh: '完整的路径，由引擎的 Follower 拼起来',
};

export const byHand = {
  en: 'What tcpdump is underneath. `tcpdump -d tcp port 80` prints the filter’s instructions:',
  zh: 'tcpdump 底层做的就是这些。`tcpdump -d tcp port 80` 会打印过滤器的指令：',
};

export const outwards: Said = {
  title: { en: 'The other direction: SNAT', zh: '另一个方向：SNAT' },
  before: {
    en: 'Now the container connects to the client, port 7777, where nobody listens. The client knows no way to 172.18.0.2.',
    zh: '现在由容器去连接客户机的 7777 端口，那里没有人监听。客户机不知道怎么到达 172.18.0.2。',
  },
  question: {
    ask: {
      en: 'What is the source of the packet at wan0, and where is the change to be seen first?',
      zh: '在 wan0 上，这个包的源地址是什么？最先在哪里能看到这个变化？',
    },
    right: {
      text: {
        en: '203.0.113.1; only at wan0: the bridge still has 172.18.0.2',
        zh: '203.0.113.1；只在 wan0：网桥上还是 172.18.0.2',
      },
      because: {
        en: 'MASQUERADE is done at POSTROUTING, the last place before the packet leaves. At the bridge it came *in*, before all rules. The answer is translated back as soon as it arrives, by the kernel’s note of the connection.',
        zh: 'MASQUERADE 在 POSTROUTING 进行，那是包离开前的最后一站。在网桥上它是*进来*的，在所有规则之前。应答一到，内核就根据连接的记录改回来。',
      },
    },
    wrong: [
      {
        text: { en: '172.18.0.2: sources stay as they are', zh: '172.18.0.2：源地址不变' },
        because: {
          en: 'Inwards they do. Outwards an answer must find its way back to somebody.',
          zh: '往里是这样。往外的包，应答得能找到回来的路。',
        },
      },
      {
        text: { en: '203.0.113.1, already at the bridge', zh: '203.0.113.1，在网桥上就已经是了' },
        because: {
          en: 'At the bridge nothing is decided yet, not even by which interface the packet will leave, and MASQUERADE takes that interface’s address.',
          zh: '在网桥上什么都还没决定，连从哪个接口出去都不知道，而 MASQUERADE 用的正是那个接口的地址。',
        },
      },
    ],
  },
  after: {
    en: 'DNAT: destination, first thing on the way in. SNAT and MASQUERADE: source, last thing on the way out. Who looks at two points sees which of them it was.',
    zh: 'DNAT 改目的地址，是进来后的第一件事。SNAT 和 MASQUERADE 改源地址，是出去前的最后一件事。在两个地方对照着看，就知道是哪一种。',
  },
};

export const blockNames: Readonly<Record<number, string>> = {
  168627466: 'section header',
  1: 'interface description',
  6: 'enhanced packet',
};

export const written: Said = {
  title: { en: 'The file: pcapng', zh: '文件：pcapng' },
  before: {
    en: 'The frames of the last experiment are written by the engine’s own functions, as `minidock capture -w` does, and read again.',
    zh: '上一个实验的帧，用引擎自己的函数写成文件（`minidock capture -w` 就是这么做的），再读出来。',
  },
  question: {
    ask: {
      en: 'The old format, pcap, has one header and then packets. What of our capture could it not say?',
      zh: '旧的 pcap 格式只有一个文件头，后面全是包。我们这次抓包，有什么是它表达不了的？',
    },
    right: {
      text: { en: 'at which interface each packet was seen', zh: '每个包是在哪个接口上看到的' },
      because: {
        en: 'A pcap has one link type for all and no names. In pcapng each interface has a block, each packet the number of one, and any block may have a comment: there the walk is written down.',
        zh: 'pcap 里所有包共用一个链路类型，也没有接口名字。pcapng 里每个接口有一个块，每个包带着接口的编号，而且每个块都可以有注释：包的路径就写在那里。',
      },
    },
    wrong: [
      {
        text: { en: 'when each packet was seen', zh: '每个包是什么时候看到的' },
        because: {
          en: 'Each packet of a pcap has its time, in micro- or nanoseconds.',
          zh: 'pcap 里每个包都有时间，精确到微秒或纳秒。',
        },
      },
      {
        text: { en: 'how long a packet was that was cut off', zh: '被截断的包原来有多长' },
        because: {
          en: 'Both formats keep two lengths: of what is there, and of what was on the wire.',
          zh: '两种格式都记两个长度：存下来的，和线路上实际的。',
        },
      },
    ],
  },
  after: {
    en: 'Wireshark opens such a file as it is: the interfaces stand in a column, and the comments beside the packets.',
    zh: '这样的文件 Wireshark 直接能打开：接口有单独的一列，注释就在包的旁边。',
  },
};

const mnemonics: Readonly<Record<number, string>> = {
  40: 'ldh  [K]',
  48: 'ldb  [K]',
  21: 'jeq  #K',
  177: 'ldxb 4*([K]&0xf)',
  72: 'ldh  [x + K]',
  6: 'ret  #K',
};

export const filterText = {
  en: 'the filter as the kernel has it: load a half-word, compare it, go on at the line named',
  zh: '内核里的过滤器：取一个半字，比较，再跳到写明的那一行',
};
export const filterLines = tcpPort(80).map(([code, yes, no, value], i) => {
  const words = mnemonics[code]!.replace('K', code === 0x15 && value > 80 ? `0x${value.toString(16)}` : String(value));
  const jump = code === 0x15 ? `yes: ${i + 1 + yes}, no: ${i + 1 + no}` : '';
  return `(${String(i).padStart(3, '0')}) ${words.padEnd(20)} ${jump}`.trimEnd();
});

export const filtered: Said = {
  title: { en: 'Famous failure: the right filter at the wrong place', zh: '著名的坑：过滤器没错，地方错了' },
  before: {
    en: 'The web server listens at port 80, so somebody captures `tcp port 80`, at wan0 and in the container. Each socket gets the filter as a program of eleven instructions, which the kernel runs for each frame. The client connects as before.',
    zh: '网站服务器监听 80 端口，于是有人在 wan0 和容器里都用 `tcp port 80` 抓包。每个套接字都装上过滤器，那是十一条指令的小程序，内核对每个帧都运行一遍。客户机照旧连接。',
  },
  question: {
    ask: { en: 'Where does the filter take something?', zh: '哪里的过滤器会收到东西？' },
    right: {
      text: { en: 'in the container only', zh: '只有容器里' },
      because: {
        en: 'At wan0 the packet goes to port 8080, and the answer comes from 8080. There is no 80 in it, neither before nor after: the rules stand between the two places.',
        zh: '在 wan0 上，包发往 8080 端口，应答也来自 8080。里面根本没有 80：规则夹在这两个地方之间。',
      },
    },
    wrong: [
      {
        text: { en: 'at both: it is one connection', zh: '两处都有：这是同一个连接' },
        because: {
          en: 'To people it is. A filter compares bytes of a frame, and these differ.',
          zh: '对人来说是。过滤器比较的是帧里的字节，而这些字节不同。',
        },
      },
      {
        text: { en: 'at wan0 only: there the packet comes first', zh: '只有 wan0：包最先到那里' },
        because: {
          en: 'First, yes, and still with the port that the client has typed.',
          zh: '确实最先到，但那时的端口还是客户机填的那个。',
        },
      },
    ],
  },
  after: {
    en: '`minidock capture --port 80` knows the published ports and asks for both, 80 and 8080, at every point.',
    zh: '`minidock capture --port 80` 认识发布的端口，在每个地方都同时过滤 80 和 8080。',
  },
};

export const dropped: Said = {
  title: {
    en: 'Famous failure: “tcpdump shows it, so it is not the firewall”',
    zh: '著名的坑：“tcpdump 看得到，所以不是防火墙的问题”',
  },
  before: {
    en: 'A rule in FORWARD drops everything. The client connects, and hears nothing.',
    zh: 'FORWARD 里有一条规则丢弃一切。客户机去连接，什么回音也没有。',
  },
  question: {
    ask: { en: 'Where is the client’s SYN to be seen?', zh: '客户机的 SYN 在哪里看得到？' },
    right: {
      text: { en: 'at wan0, and not at the bridge', zh: '在 wan0 看得到，在网桥看不到' },
      because: {
        en: 'At wan0 the packet socket has it before netfilter is asked. That it is seen there says that it came, and nothing of whether it was let through.',
        zh: '在 wan0，抓包套接字先于 netfilter 拿到它。看得到只说明包来了，不说明它被放行。',
      },
    },
    wrong: [
      {
        text: { en: 'nowhere: it is dropped', zh: '哪里都看不到：它被丢弃了' },
        because: {
          en: 'It is dropped in FORWARD, and that is later.',
          zh: '丢弃发生在 FORWARD，那是后面的事。',
        },
      },
      {
        text: { en: 'at wan0 and at the bridge, not in the container', zh: '在 wan0 和网桥看得到，容器里看不到' },
        because: {
          en: 'FORWARD stands between two interfaces. What it drops never leaves by the second.',
          zh: 'FORWARD 夹在两个接口之间。它丢弃的包不会从第二个接口出去。',
        },
      },
    ],
  },
  after: {
    en: 'So look at two places: in at one and not out at the other, and what lost it lies between them. For what leaves it is the other way round: a packet that OUTPUT drops is seen nowhere.',
    zh: '所以要看两个地方：一处进得来，另一处出不去，丢包的原因就在两者之间。出去的包正好相反：被 OUTPUT 丢弃的，哪里也看不到。',
  },
};

export const refused: Said = {
  title: { en: 'Who may listen', zh: '谁可以抓包' },
  before: {
    en: 'A process in a network namespace of its own becomes user 65534, nobody, and asks for a packet socket.',
    zh: '一个进程在自己的网络命名空间里变成用户 65534（nobody），然后要一个抓包套接字。',
  },
  question: {
    ask: { en: 'What does socket(2) return?', zh: 'socket(2) 返回什么？' },
    right: {
      text: { en: 'EPERM', zh: 'EPERM' },
      because: {
        en: 'It needs `CAP_NET_RAW`. And what it hears is that of its own network namespace, however mighty it is.',
        zh: '需要 `CAP_NET_RAW`。而且不管权限多大，听到的也只是自己那个网络命名空间里的。',
      },
    },
    wrong: [
      {
        text: { en: 'EACCES', zh: 'EACCES' },
        because: {
          en: 'That is for permissions of files. Capabilities answer EPERM.',
          zh: '那是文件权限的错误。缺少权能返回的是 EPERM。',
        },
      },
      {
        text: { en: 'a socket: it is its own network', zh: '一个套接字：这是它自己的网络' },
        because: {
          en: 'Being in a namespace gives no right in it. The namespace belongs to the user namespace in which it was made, and there nobody has no capability.',
          zh: '身在命名空间里，并不因此有权限。命名空间属于创建它时所在的用户命名空间，nobody 在那里没有任何权能。',
        },
      },
    ],
  },
  after: {
    en: 'Docker gives containers CAP_NET_RAW: on a bridge a container can listen to its own eth0, and forge frames on it. `--cap-drop NET_RAW` takes that away, and with it old versions of `ping`.',
    zh: 'Docker 默认给容器 CAP_NET_RAW：容器可以在自己的 eth0 上抓包，也可以伪造帧。`--cap-drop NET_RAW` 收走它，老版本的 `ping` 也就用不了了。',
  },
};

export const unswapped: Broken = {
  title: { en: 'Break it: without htons', zh: '改一步：不用 htons' },
  change: {
    en: 'The protocol is given as it stands in the header file: ETH_P_ALL, 3.',
    zh: '协议直接写头文件里的值：ETH_P_ALL，即 3。',
  },
  question: {
    ask: { en: 'What happens?', zh: '会怎样？' },
    right: {
      text: { en: 'no call fails, and no frame is ever heard', zh: '没有调用失败，也收不到任何帧' },
      because: {
        en: 'The kernel reads the two bytes in the order of the network: 0x0300. That is a protocol that nobody speaks, and a socket for it is perfectly valid. It waits.',
        zh: '内核按网络字节序读这两个字节：0x0300。没有人使用这个协议，但为它开套接字完全合法，于是就一直等着。',
      },
    },
    wrong: [
      {
        text: { en: 'socket returns EPROTONOSUPPORT', zh: 'socket 返回 EPROTONOSUPPORT' },
        because: {
          en: 'The kernel has no list of protocols that may stand in a frame: a new one could be invented tomorrow.',
          zh: '内核没有“帧里可以出现哪些协议”的清单：明天就可能有人发明一个新的。',
        },
      },
      {
        text: { en: 'nothing changes: 3 is 3', zh: '没有变化：3 就是 3' },
        because: {
          en: 'On a big-endian machine. On x86-64 and arm64 the bytes are 03 00, and in a frame that is 0x0300.',
          zh: '在大端机器上是这样。x86-64 和 arm64 上，字节是 03 00，在帧里就是 0x0300。',
        },
      },
    ],
  },
};

export const unbound: Broken = {
  title: { en: 'Break it: without bind', zh: '拆一步：没有 bind' },
  change: {
    en: 'The sockets are opened and bound to no interface.',
    zh: '套接字打开后，不绑定任何接口。',
  },
  question: {
    ask: {
      en: 'How often does the first socket on the host hear the client’s one SYN?',
      zh: '宿主机上的第一个套接字，会收到几次客户机的那一个 SYN？',
    },
    right: {
      text: { en: 'three times: wan0, bridge, veth', zh: '三次：wan0、网桥、veth' },
      because: {
        en: 'Such a socket hears every interface of its network namespace: it is what `tcpdump -i any` shows. The packet comes in at wan0, goes out by the bridge, and out by the bridge’s port. eth0 of the container is in another namespace.',
        zh: '这样的套接字会听到自己网络命名空间的所有接口：`tcpdump -i any` 就是这样。包从 wan0 进来，从网桥出去，再从网桥的端口出去。容器的 eth0 在另一个命名空间里。',
      },
    },
    wrong: [
      {
        text: { en: 'never: it has no interface', zh: '零次：它没有接口' },
        because: {
          en: 'No interface means any. bind takes away.',
          zh: '不指定接口，意思是“任何接口”。bind 是在缩小范围。',
        },
      },
      {
        text: { en: 'once: it is one packet', zh: '一次：就一个包' },
        because: {
          en: 'A packet socket hears frames. One packet is another frame at each interface.',
          zh: '抓包套接字收到的是帧。同一个包在每个接口上都是另一个帧。',
        },
      },
    ],
  },
};

export const seen: Lesson['seen'] = [
  {
    en: 'a packet socket hears what comes in before the rules, and what goes out after them',
    zh: '抓包套接字在规则之前收到进来的包，在规则之后收到出去的包',
  },
  {
    en: 'DNAT changes the destination at PREROUTING, SNAT the source at POSTROUTING; answers get the reverse',
    zh: 'DNAT 在 PREROUTING 改目的地址，SNAT 在 POSTROUTING 改源地址；应答则反过来改',
  },
  {
    en: 'a packet is known again by what no translation touches: IP id, sequence number, content',
    zh: '靠地址转换碰不到的东西认出同一个包：IP id、序列号、内容',
  },
  {
    en: 'a filter is a program in the kernel, and compares the bytes that are at that place',
    zh: '过滤器是内核里的一段程序，比较的是那个地方的字节',
  },
];

export const recap: Lesson['recap'] = [
  {
    ask: {
      en: 'At the bridge you see 172.18.0.2 → 198.51.100.7, at the outer interface nothing of it. Where do you look next?',
      zh: '在网桥上看到 172.18.0.2 → 198.51.100.7，在外部接口上却没有。接下来看哪里？',
    },
    right: {
      text: { en: 'ip_forward, routes, the rules of FORWARD', zh: 'ip_forward、路由、FORWARD 的规则' },
      because: {
        en: 'They stand between the two points. MASQUERADE comes last, and changes an address, but drops nothing.',
        zh: '它们就在两个地方之间。MASQUERADE 在最后，只改地址，不丢包。',
      },
    },
    wrong: [
      {
        text: { en: 'the container’s own firewall', zh: '容器自己的防火墙' },
        because: {
          en: 'The packet has left the container: it is at the bridge.',
          zh: '包已经离开容器，到了网桥上。',
        },
      },
      {
        text: { en: 'the server 198.51.100.7', zh: '服务器 198.51.100.7' },
        because: { en: 'It has never got anything.', zh: '它什么也没有收到过。' },
      },
    ],
  },
  {
    ask: {
      en: 'At wan0 a packet has ttl 64, at the bridge one with the same content has 63. What does that say?',
      zh: '同样内容的包，在 wan0 上 TTL 是 64，在网桥上是 63。这说明什么？',
    },
    right: {
      text: { en: 'it was routed between the two', zh: '它在两处之间经过了路由' },
      because: {
        en: 'Each router takes one, and this host is one. A bridge alone leaves it.',
        zh: '每个路由器减一，这台宿主机就是一个。只经过网桥不会变。',
      },
    },
    wrong: [
      {
        text: { en: 'they are two packets', zh: '这是两个包' },
        because: {
          en: 'Then IP id or sequence number would differ.',
          zh: '那样的话，IP id 或序列号会不同。',
        },
      },
      {
        text: { en: 'DNAT takes one from it', zh: 'DNAT 减了一' },
        because: {
          en: 'DNAT changes addresses and ports, and the checksums with them.',
          zh: 'DNAT 只改地址和端口，以及相应的校验和。',
        },
      },
    ],
  },
  {
    ask: {
      en: 'A capture in the container shows “bad checksum” for everything that it sends. Why?',
      zh: '在容器里抓包，它发出的包全都显示“校验和错误”。为什么？',
    },
    right: {
      text: {
        en: 'the checksum is left to the card, and a veth pair needs none',
        zh: '校验和留给网卡去算，而 veth 用不着',
      },
      because: {
        en: 'The packet socket gets the frame before a card would fill it in. Between two ends in one memory nothing can be damaged.',
        zh: '抓包套接字拿到帧的时候，网卡还没有把它填上。同一块内存里的两端之间，数据不会出错。',
      },
    },
    wrong: [
      {
        text: { en: 'DNAT has damaged it', zh: '被 DNAT 弄坏了' },
        because: {
          en: 'Whoever rewrites an address corrects the checksum too. And these packets have not been rewritten yet.',
          zh: '改写地址时会一并修正校验和。何况这些包还没有被改写。',
        },
      },
      {
        text: { en: 'the filter has cut the frame', zh: '过滤器截断了帧' },
        because: {
          en: 'It may cut the end. The checksum is in the header.',
          zh: '它可能截掉末尾，而校验和在头部。',
        },
      },
    ],
  },
];

export const glossary: readonly GlossaryEntry[] = [
  {
    term: { en: 'packet socket (AF_PACKET)', zh: '抓包套接字（AF_PACKET）' },
    means: {
      en: 'a socket that gets and sends whole frames of an interface, below IP',
      zh: '在 IP 之下收发接口上整个帧的套接字',
    },
  },
  {
    term: { en: 'BPF filter', zh: 'BPF 过滤器' },
    means: {
      en: 'a small program that the kernel runs for each frame; its result is how many bytes are kept',
      zh: '内核对每个帧运行的小程序，结果是要保留多少字节',
    },
  },
  {
    term: { en: 'SNAT', zh: 'SNAT' },
    means: {
      en: 'rewriting the source of a connection’s packets, last thing before they leave',
      zh: '改写一个连接的包的源地址，是包离开前的最后一步',
    },
  },
  {
    term: { en: 'TTL', zh: 'TTL' },
    means: {
      en: 'how many routers a packet may still pass; each takes one',
      zh: '一个包还能经过多少个路由器；每经过一个减一',
    },
  },
  {
    term: { en: 'pcapng', zh: 'pcapng' },
    means: {
      en: 'a file of captured packets as blocks: interfaces, packets, comments',
      zh: '抓包文件的一种格式，由块组成：接口、包、注释',
    },
  },
];

export const reading: readonly Reading[] = [
  { what: { en: 'packet sockets', zh: '抓包套接字' }, where: 'packet(7), socket(7)' },
  {
    what: { en: 'classic BPF, instruction by instruction', zh: '经典 BPF 的每条指令' },
    where: 'Linux: Documentation/networking/filter.rst',
  },
  { what: { en: 'what one may write as a filter', zh: '过滤表达式的写法' }, where: 'pcap-filter(7), tcpdump(8)' },
  { what: { en: 'what is in an IP header', zh: 'IP 头部的内容' }, where: 'RFC 791, section 3.1' },
  { what: { en: 'the file format', zh: '文件格式' }, where: 'IETF draft-ietf-opsawg-pcapng' },
];
