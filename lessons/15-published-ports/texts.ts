import type { Lesson, Question } from '../../src/workshop/lesson.ts';

/** What is said and asked in this lesson; what is done and measured stands in lesson.ts. */

export const question: Question = {
  ask: {
    en: 'A server runs in a container with `-p 8080:80`. A client, 203.0.113.9, connects to the host, 203.0.113.1:8080. Which address does the server see as its client’s?',
    zh: '容器里有个服务器，用了 `-p 8080:80`。客户机 203.0.113.9 连接宿主机的 203.0.113.1:8080。服务器看到的客户端地址是哪个？',
  },
  right: {
    text: { en: '203.0.113.9, the client itself', zh: '203.0.113.9，客户机自己' },
    because: {
      en: 'One rule rewrites where the packet goes, nothing else: 203.0.113.1:8080 becomes 172.18.0.2:80. Where it comes from stays. No program on the host takes the connection and makes a second one; the kernel passes each packet on and notes the translation, so that it can undo it in the answers.',
      zh: '有一条规则改写包的去向，仅此而已：203.0.113.1:8080 变成 172.18.0.2:80。来处不变。宿主机上没有程序接下这个连接再另建一个；内核转发每个包，并记下这次改写，好在应答里改回来。',
    },
  },
  wrong: [
    {
      text: { en: '172.18.0.1, the bridge', zh: '172.18.0.1，网桥' },
      because: {
        en: 'That is what it sees of connections from the host’s own 127.0.0.1 and from its own container, which have to be given another sender (below). Where a program relays (a proxy), it is so for everybody; but here nothing relays.',
        zh: '宿主机自己的 127.0.0.1 发起的连接，以及容器自己发起的连接，它看到的才是这个：那些包必须换掉源地址（见下文）。如果有程序中转（代理），则对谁都如此；但这里没有中转。',
      },
    },
    {
      text: { en: '203.0.113.1, the host', zh: '203.0.113.1，宿主机' },
      because: {
        en: 'The host rewrites senders on the way out of its subnet (MASQUERADE), for packets that containers send. This packet goes in.',
        zh: '宿主机会改写源地址（MASQUERADE），但那是在出子网的路上，针对容器发出的包。这个包是进来的。',
      },
    },
  ],
};

export const byHand = {
  en: 'What it takes by hand, on the host of a container that has its bridge. The engine writes the same into chains of its own, all of them in one `iptables-restore --noflush`.',
  zh: '手工写是这些，前提是容器和网桥已经有了。引擎把同样的规则写进自己的链，全部放在一次 `iptables-restore --noflush` 里。',
};

type Told = Pick<Lesson['experiments'][number], 'title' | 'before' | 'after' | 'question'>;

export const forwarding: Told = {
  title: { en: 'Famous failure: forgotten ip_forward', zh: '著名的坑：忘了 ip_forward' },
  before: {
    en: 'All rules are right. Then somebody sets `net.ipv4.ip_forward` to 0: a hardening script, a reload of sysctl settings.',
    zh: '规则全都正确。然后有人把 `net.ipv4.ip_forward` 设成 0：加固脚本，或者重新加载 sysctl 配置。',
  },
  question: {
    ask: { en: 'Who still reaches the container by port 8080?', zh: '谁还能通过 8080 端口访问到容器？' },
    right: {
      text: { en: 'only the host itself', zh: '只有宿主机自己' },
      because: {
        en: 'What the host itself sends is not forwarded: it is the sender. What comes in on one interface and has to leave by another is the work of a router, and that was switched off. The rule still counts: translation comes before routing.',
        zh: '宿主机自己发出的包不算转发：它就是发送者。从一个接口进来、要从另一个接口出去，才是路由器的工作，而这个被关掉了。规则照样计数：地址转换在路由之前。',
      },
    },
    wrong: [
      {
        text: { en: 'nobody', zh: '谁也不行' },
        because: {
          en: 'That would be easy to find. The trap is that `curl localhost:8080`, the first thing everybody tries on the host, still works.',
          zh: '那倒好找了。陷阱在于：大家在宿主机上首先会试的 `curl localhost:8080` 仍然正常。',
        },
      },
      {
        text: {
          en: 'everybody: connections to a port of the host are not forwarded',
          zh: '谁都可以：连的是宿主机的端口，不算转发',
        },
        because: {
          en: 'They were addressed to the host, but the DNAT rule has made 172.18.0.2 of that before the kernel asks “is this for me?”.',
          zh: '目的地本来是宿主机，但在内核问“这是给我的吗？”之前，DNAT 规则已经把它改成了 172.18.0.2。',
        },
      },
    ],
  },
  after: {
    en: 'The evidence tells where to look: the DNAT counter grows, so the packet came in and was translated; nothing answers, so it was lost behind that. The engine looks at ip_forward at each start of a container and switches it on.',
    zh: '证据指明了该查哪里：DNAT 的计数在增加，说明包进来了，也改写了；没有应答，说明是在那之后丢的。引擎每次启动容器都会检查 ip_forward，并把它打开。',
  },
};

export const policy: Told = {
  title: { en: 'Famous failure: FORWARD is DROP', zh: '著名的坑：FORWARD 默认 DROP' },
  before: {
    en: 'A Docker on the same machine sets the policy of FORWARD to DROP: what no rule accepts is dropped. First with our chain in front, then without it.',
    zh: '同一台机器上有个 Docker，把 FORWARD 的默认策略设成 DROP：没有规则放行的一律丢弃。先是我们的链排在前面，然后把它去掉。',
  },
  question: {
    ask: {
      en: 'Without our chain, the client tries once more. Which counters grow?',
      zh: '没有我们的链时，客户机再试一次。哪些计数会增加？',
    },
    right: {
      text: { en: 'that of the DNAT rule, and that of FORWARD’s policy', zh: 'DNAT 规则的，以及 FORWARD 默认策略的' },
      because: {
        en: 'The packet comes in, is translated, and is then dropped on its way through the host. Counters along the way are a trace: the last that grew is the place where to look.',
        zh: '包进来了，被改写了，然后在穿过宿主机的路上被丢掉。沿途的计数就是足迹：最后一个增加的地方，就是该查的地方。',
      },
    },
    wrong: [
      {
        text: {
          en: 'only that of the policy: what is dropped was never translated',
          zh: '只有默认策略的：被丢掉的包没有改写过',
        },
        because: {
          en: 'PREROUTING comes first. Without the translation the packet would be for the host itself and would never see FORWARD.',
          zh: '先经过 PREROUTING。如果没有改写，这个包就是给宿主机自己的，根本不会到 FORWARD。',
        },
      },
      {
        text: { en: 'that of INPUT: port 8080 is the host’s', zh: 'INPUT 的：8080 是宿主机的端口' },
        because: {
          en: 'So it was until DNAT. Rules in INPUT never see what goes to a published port, which is why a firewall there does not stop anybody.',
          zh: '在 DNAT 之前是这样。去往发布端口的包，INPUT 里的规则看不到，所以在那里设防火墙挡不住任何人。',
        },
      },
    ],
  },
  after: {
    en: 'The policy’s own counter is the evidence. The rules of an engine must stand before the policy says no, so MINIDOCK-FORWARD is inserted in front. For the same reason a network made by hand is dead on a machine with Docker, though each of its commands succeeded.',
    zh: '策略自带的计数器就是证据。引擎的规则必须在策略拒绝之前放行，所以 MINIDOCK-FORWARD 插在最前面。也因为这样，在装了 Docker 的机器上手工搭的网络往往不通，尽管每条命令都成功了。',
  },
};

export const policyColumns = [
  { en: 'DROP, our chain first', zh: 'DROP，我们的链在前' },
  { en: 'DROP, without it', zh: 'DROP，没有我们的链' },
] as const;

export const hairpin: Told = {
  title: { en: 'Hairpin: out and in again by the same door', zh: 'Hairpin：从同一扇门出去又进来' },
  before: {
    en: 'The container connects to its own published port at the host’s address, as a program does that knows only its public name. And the host connects to 127.0.0.1:8080. Then the MASQUERADE rules are flushed.',
    zh: '容器通过宿主机的地址访问自己发布的端口，只知道自己公开名字的程序就会这样。另外宿主机自己连 127.0.0.1:8080。然后清空 MASQUERADE 规则。',
  },
  question: {
    ask: {
      en: 'With all rules in place: which sender does the server see when the container calls its own published port?',
      zh: '规则齐全时，容器访问自己发布的端口，服务器看到的源地址是哪个？',
    },
    right: {
      text: { en: '172.18.0.1, the bridge', zh: '172.18.0.1，网桥' },
      because: {
        en: 'The packet goes to the host, is translated, and comes back by the port where it went in (that is what “hairpin” on a bridge port allows). With its own address as the sender it would be a packet from 172.18.0.2 to 172.18.0.2, which no kernel believes. MASQUERADE makes the host the sender, so the answer goes back through the host as well.',
        zh: '包先到宿主机，被改写，再从进来的那个端口回去（网桥端口上的 hairpin 允许的正是这个）。如果源地址还是它自己的，就成了从 172.18.0.2 到 172.18.0.2 的包，没有哪个内核会信。MASQUERADE 把源地址换成宿主机的，于是应答也经过宿主机。',
      },
    },
    wrong: [
      {
        text: { en: '172.18.0.2, its own address', zh: '172.18.0.2，它自己的地址' },
        because: {
          en: 'Then a packet would arrive from outside that claims to come from oneself: it is dropped as a martian.',
          zh: '那样的话，就会有一个自称来自本机的包从外面进来：它会被当作“火星包”（martian）丢掉。',
        },
      },
      {
        text: {
          en: '127.0.0.1: the kernel sees that it is the same container',
          zh: '127.0.0.1：内核看得出是同一个容器',
        },
        because: {
          en: 'The container’s kernel does not know that 203.0.113.1:8080 leads back to it. Only the host’s rules know.',
          zh: '容器这边并不知道 203.0.113.1:8080 会绕回自己。只有宿主机的规则知道。',
        },
      },
    ],
  },
  after: {
    en: 'Both connections need their sender changed, and for the same reason: the answer has to come by the place where the translation is noted. 127.0.0.1 as the sender would send the container’s answer to itself.',
    zh: '这两种连接都必须换掉源地址，理由相同：应答必须经过记着改写的那个地方。如果源地址是 127.0.0.1，容器的应答就发给它自己了。',
  },
};

export const masqueradeColumns = [
  { en: 'with MASQUERADE', zh: '有 MASQUERADE' },
  { en: 'flushed', zh: '清空之后' },
] as const;

export const spoofed: Told = {
  title: { en: 'An attack: 127.0.0.1 from outside', zh: '一种攻击：从外面来的 127.0.0.1' },
  before: {
    en: 'So that localhost:8080 works, the bridge has `route_localnet`: packets with addresses of 127.0.0.0/8 may pass it. On the host something listens on 127.0.0.1:9000, for the host alone. The container now sends packets for 127.0.0.1 to its gateway. Then the rules of the table raw are flushed, and it tries once more.',
    zh: '为了让 localhost:8080 可用，网桥打开了 `route_localnet`：地址属于 127.0.0.0/8 的包可以经过它。宿主机上有个程序监听 127.0.0.1:9000，只给宿主机自己用。现在容器把发往 127.0.0.1 的包送给网关。然后清空 raw 表的规则，再试一次。',
  },
  question: {
    ask: {
      en: 'Without the rules in raw: what does the container get of the host’s 127.0.0.1:9000?',
      zh: '没有 raw 里的规则时，容器能从宿主机的 127.0.0.1:9000 得到什么？',
    },
    right: {
      text: { en: 'a connection', zh: '连上了' },
      because: {
        en: 'This was CVE-2020-8558 in Kubernetes: whatever listened “only locally” was open to every container and to the neighbours on the wire. The cure drops all that claims to come from or go to 127.0.0.0/8 and does not come by lo, before anything else looks at it.',
        zh: '这就是 Kubernetes 的 CVE-2020-8558：凡是“只在本地”监听的服务，对每个容器、对同一网段的邻居都敞开着。解药是：凡自称来自或去往 127.0.0.0/8，却不是从 lo 进来的，在任何规则看到它之前就丢掉。',
      },
    },
    wrong: [
      {
        text: { en: 'nothing: 127.0.0.1 never leaves a machine', zh: '什么也没有：127.0.0.1 从不离开本机' },
        because: {
          en: 'That is a promise which the kernel keeps by default, and route_localnet is the switch that takes it back.',
          zh: '这是内核默认遵守的承诺，而 route_localnet 正是收回这个承诺的开关。',
        },
      },
      {
        text: { en: 'ECONNREFUSED: the program listens on lo only', zh: 'ECONNREFUSED：程序只在 lo 上监听' },
        because: {
          en: 'It listens on an address, not on an interface. A packet for that address is for it, wherever it came in.',
          zh: '它监听的是地址，不是接口。发往这个地址的包就是给它的，不管从哪里进来。',
        },
      },
    ],
  },
  after: {
    en: 'One setting that makes localhost convenient opens every local service, and one rule closes it again. Who sets the first without the second has the hole; and `iptables -F -t raw` opens it in a running system, which is why the engine looks at its rules each time a container starts.',
    zh: '为了 localhost 方便而打开的一个设置，会让所有本地服务敞开；再用一条规则关上。只做前者不做后者，就留下漏洞；在运行着的系统上敲 `iptables -F -t raw` 也会打开它，所以每次启动容器，引擎都要检查自己的规则。',
  },
};

export const spoofedColumns = [
  { en: 'with the rules in raw', zh: '有 raw 里的规则' },
  { en: 'flushed', zh: '清空之后' },
] as const;

type Broken = Pick<NonNullable<Lesson['breakIt']>[number], 'title' | 'change' | 'question'>;

export const twice: Broken = {
  title: { en: 'Break it: the same port twice', zh: '换一个：同一个端口占两次' },
  change: {
    en: 'A second container asks for port 8080 as well: the same four steps once more, in the same program.',
    zh: '又有一个容器要 8080 端口：同一个程序里，把那四步再做一遍。',
  },
  question: {
    ask: { en: 'Which step fails, and how?', zh: '哪一步失败，怎么失败？' },
    right: {
      text: { en: '`bind`, with `EADDRINUSE`', zh: '`bind`，返回 `EADDRINUSE`' },
      because: {
        en: 'The first socket listens there. SO_REUSEADDR forgives connections that are dying (TIME_WAIT), not a listener that lives. This is the whole reason for the held port: the error comes at a named step, before there is a container.',
        zh: '第一个套接字正在那里监听。SO_REUSEADDR 放过的是正在关闭的连接（TIME_WAIT），不是活着的监听者。占住端口正是为了这个：错误出现在一个明确的步骤，而且在容器存在之前。',
      },
    },
    wrong: [
      {
        text: { en: '`listen`, with `EADDRINUSE`', zh: '`listen`，返回 `EADDRINUSE`' },
        because: {
          en: 'So it would be if neither listened yet: two sockets with SO_REUSEADDR may be bound to one port, and only one of them can listen. The first listens already.',
          zh: '如果两个都还没有监听，就会是这样：两个带 SO_REUSEADDR 的套接字可以绑定同一个端口，但只有一个能监听。而第一个已经在监听了。',
        },
      },
      {
        text: { en: 'none: the second rule simply never matches', zh: '都不失败：只是第二条规则永远匹配不到' },
        because: {
          en: 'So it is with the rules alone: iptables takes both without a word, and the first one wins. That is why the port is held by a socket too.',
          zh: '只有规则时确实如此：iptables 一声不吭地收下两条，先匹配的生效。所以才要再用套接字把端口占住。',
        },
      },
    ],
  },
};

export const unheard: Broken = {
  title: { en: 'Break it: the same port twice, without listen', zh: '拆一步：同一个端口占两次，但不 listen' },
  change: {
    en: 'As before, but without the step `listen`: the sockets are bound and nothing more.',
    zh: '同上，但去掉 `listen` 这一步：套接字只是绑定而已。',
  },
  question: {
    ask: { en: 'And now?', zh: '这回呢？' },
    right: {
      text: { en: 'every step succeeds, and nobody holds the port', zh: '每一步都成功，而端口其实没有人占住' },
      because: {
        en: 'Both have SO_REUSEADDR, and neither listens, so the kernel lets them share the address. A server that comes later takes the port. That is what the step `listen` is for, though no connection is ever accepted.',
        zh: '两个都带 SO_REUSEADDR，又都没有监听，内核就让它们共用这个地址。后来的服务器会把端口拿走。虽然从不接受连接，`listen` 这一步就是为了防这个。',
      },
    },
    wrong: [
      {
        text: { en: '`bind` fails with `EADDRINUSE` all the same', zh: '`bind` 照样返回 `EADDRINUSE`' },
        because: {
          en: 'Without SO_REUSEADDR it would. With it, only a listener keeps others away.',
          zh: '没有 SO_REUSEADDR 时会。有了它，只有监听者才能把别人挡在外面。',
        },
      },
      {
        text: { en: '`bind` succeeds, and the first socket loses the port', zh: '`bind` 成功，第一个套接字失去端口' },
        because: {
          en: 'Nobody loses anything: both are bound, and the kernel decides when one of them listens.',
          zh: '谁也没有失去什么：两个都绑定着，等其中一个监听时内核再作决定。',
        },
      },
    ],
  },
};

export const seen: Lesson['seen'] = [
  {
    en: 'a published port is one DNAT rule: it rewrites the destination of the first packet, and the kernel does the same to all that follow',
    zh: '发布端口就是一条 DNAT 规则：它改写第一个包的目的地，之后的包由内核照样改写',
  },
  {
    en: 'the server sees the client’s own address; only localhost and hairpin need another sender',
    zh: '服务器看到的是客户机自己的地址；只有 localhost 和 hairpin 需要换源地址',
  },
  {
    en: 'counters tell where a packet got lost: counted by DNAT and not answered means lost behind it',
    zh: '计数器告诉你包丢在哪里：DNAT 数到了却没有应答，就是丢在那之后',
  },
  {
    en: 'ip_forward and the policy of FORWARD stop strangers and not the host: “it works on localhost” proves nothing',
    zh: 'ip_forward 和 FORWARD 的策略挡住的是外人，不是宿主机自己：“localhost 能通”什么也证明不了',
  },
];

export const recap: Lesson['recap'] = [
  {
    ask: {
      en: 'A download of 1 GB runs through a published port. By how much does the counter of the DNAT rule grow?',
      zh: '通过发布的端口下载了 1 GB。DNAT 规则的计数增加多少？',
    },
    right: {
      text: { en: 'by 1 packet', zh: '1 个包' },
      because: {
        en: 'The table nat is asked for the first packet of a connection only. The connection’s entry says how all others are translated.',
        zh: '只有连接的第一个包才会查 nat 表。其余的包怎么改写，由连接的记录决定。',
      },
    },
    wrong: [
      {
        text: { en: 'by some 700,000 packets', zh: '大约 700,000 个包' },
        because: { en: 'So it is in FORWARD, which sees every packet.', zh: 'FORWARD 才是这样，它看到每一个包。' },
      },
      {
        text: { en: 'by 2: one in each direction', zh: '2 个：两个方向各一个' },
        because: {
          en: 'The answer belongs to a known connection; no rule of nat is asked about it.',
          zh: '应答属于已知的连接，不再查 nat 的规则。',
        },
      },
    ],
  },
  {
    ask: {
      en: 'On the host `curl localhost:8080` works, from another machine it hangs. What do you look at first?',
      zh: '宿主机上 `curl localhost:8080` 正常，别的机器访问却一直卡住。先看什么？',
    },
    right: {
      text: {
        en: 'ip_forward, and the counters of DNAT and FORWARD while the other machine tries',
        zh: 'ip_forward，以及别的机器尝试时 DNAT 和 FORWARD 的计数',
      },
      because: {
        en: 'The container and its server are well, as localhost shows. What the stranger needs in addition is forwarding and permission in FORWARD.',
        zh: 'localhost 能通，说明容器和服务器没问题。外人额外需要的是转发，以及 FORWARD 放行。',
      },
    },
    wrong: [
      {
        text: { en: 'whether the server listens on 0.0.0.0 in the container', zh: '服务器在容器里是不是监听 0.0.0.0' },
        because: {
          en: 'A good question where nothing works. Here the localhost connection arrives at the same address, 172.18.0.2:80.',
          zh: '谁都不通时该问这个。但这里 localhost 的连接到的也是同一个地址，172.18.0.2:80。',
        },
      },
      {
        text: { en: 'whether the port is free: `ss -ltn`', zh: '端口是否空闲：`ss -ltn`' },
        because: {
          en: 'It is taken, by the engine, and should be. Packets never get there.',
          zh: '它被引擎占着，而且应该占着。包根本到不了那里。',
        },
      },
    ],
  },
  {
    ask: {
      en: 'Why does the rule in raw say `! -i lo`, and not simply drop all of 127.0.0.0/8?',
      zh: 'raw 里的规则为什么写 `! -i lo`，而不是把 127.0.0.0/8 全部丢掉？',
    },
    right: {
      text: { en: 'every machine talks to itself by lo', zh: '每台机器都要经 lo 和自己通信' },
      because: {
        en: 'PREROUTING sees those packets too. Only what comes in elsewhere and claims such an address lies.',
        zh: 'PREROUTING 也看得到这些包。只有从别处进来却自称这种地址的才是说谎。',
      },
    },
    wrong: [
      {
        text: { en: 'for speed: lo has much traffic', zh: '为了速度：lo 流量大' },
        because: {
          en: 'It would be fast, and the machine’s own services would be dead.',
          zh: '快是快了，本机的服务也全断了。',
        },
      },
      {
        text: { en: 'so that localhost:8080 reaches the container', zh: '好让 localhost:8080 到达容器' },
        because: {
          en: 'That goes through OUTPUT and never comes in anywhere on the host.',
          zh: '那是走 OUTPUT 出去的，在宿主机上并没有从哪里进来。',
        },
      },
    ],
  },
];

export const glossary: Lesson['glossary'] = [
  {
    term: { en: 'DNAT', zh: 'DNAT' },
    means: {
      en: 'rewriting the destination of a connection’s packets, before routing',
      zh: '在路由之前改写连接的目的地址',
    },
  },
  {
    term: { en: 'MASQUERADE', zh: 'MASQUERADE' },
    means: {
      en: 'rewriting the sender to the address of the interface by which the packet leaves; SNAT without a fixed address',
      zh: '把源地址改成包离开时所经接口的地址；不写死地址的 SNAT',
    },
  },
  {
    term: { en: 'connection tracking (conntrack)', zh: '连接跟踪（conntrack）' },
    means: {
      en: 'the kernel’s list of connections: what came in, what answers look like, how both are rewritten',
      zh: '内核的连接表：进来的是什么样，应答是什么样，两边怎样改写',
    },
  },
  {
    term: { en: 'chain and policy', zh: '链与默认策略' },
    means: {
      en: 'rules that are asked in order at one place of a packet’s way; the policy decides where none did',
      zh: '包经过某一处时依次匹配的规则；都没有作出决定时，由默认策略决定',
    },
  },
  {
    term: { en: 'ip_forward', zh: 'ip_forward' },
    means: { en: 'whether this network namespace is a router', zh: '这个网络命名空间是不是路由器' },
  },
  {
    term: { en: 'route_localnet', zh: 'route_localnet' },
    means: {
      en: 'whether an interface may carry addresses of 127.0.0.0/8; normally such packets are dropped as martians',
      zh: '接口上能不能出现 127.0.0.0/8 的地址；通常这样的包被当作“火星包”丢掉',
    },
  },
  {
    term: { en: 'hairpin', zh: 'hairpin' },
    means: {
      en: 'a packet that leaves a bridge by the port where it came in, or a NAT to the network where it came from',
      zh: '包从网桥的哪个端口进来又从哪个端口出去；或者经 NAT 回到来时的网络',
    },
  },
];

export const reading: Lesson['reading'] = [
  { what: { en: 'tables, chains, policies', zh: '表、链、默认策略' }, where: 'iptables(8)' },
  {
    what: { en: 'DNAT, MASQUERADE, addrtype, conntrack', zh: 'DNAT、MASQUERADE、addrtype、conntrack' },
    where: 'iptables-extensions(8)',
  },
  {
    what: { en: 'ip_forward, route_localnet', zh: 'ip_forward、route_localnet' },
    where: 'Linux kernel documentation: networking/ip-sysctl',
  },
  { what: { en: 'SO_REUSEADDR and listeners', zh: 'SO_REUSEADDR 与监听者' }, where: 'socket(7)' },
  { what: { en: 'what a NAT must do for hairpins', zh: 'NAT 对 hairpin 应有的行为' }, where: 'RFC 4787, section 6' },
  { what: { en: 'the words and their limits', zh: '术语及其局限' }, where: 'RFC 2663, RFC 3022' },
];
