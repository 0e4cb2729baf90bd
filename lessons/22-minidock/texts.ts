import type { Breakage, ByHand, GlossaryEntry, Lesson, Question, Reading } from '../../src/workshop/lesson.ts';

/** What is said and asked in this lesson; what is done and measured stands in trials.ts. */

export const question: Question = {
  ask: {
    en: '`minidock run -d -m 64m -p 8080:80 nginx`: about how many steps does the kernel do until nginx is executed?',
    zh: '`minidock run -d -m 64m -p 8080:80 nginx`：到 nginx 开始执行为止，内核大约做了多少步？',
  },
  right: {
    text: { en: 'some hundreds', zh: '几百步' },
    because: {
      en: 'And you know all of them: the lines above name the lesson that explains them. A ✓ stands before what your own pieces did.',
      zh: '而且你全都认识：上面各行注明了由哪一课讲解。前面有 ✓ 的，是你自己写的函数做的。',
    },
  },
  wrong: [
    {
      text: { en: 'one: a call that creates containers', zh: '一步：一个创建容器的调用' },
      because: {
        en: 'There is no such call, and no container in the kernel. There are namespaces, groups, mounts and rights, each with calls of its own.',
        zh: '没有这样的调用，内核里也没有“容器”。有的是命名空间、控制组、挂载和权限，各有各的调用。',
      },
    },
    {
      text: { en: 'about ten: one for each lesson', zh: '十来步：每课一步' },
      because: {
        en: 'The ideas are about ten. But each protected file of /proc is a mount, each routing message an exchange, each file of a cgroup an open, a write and a close.',
        zh: '要点是有十来个。但 /proc 下每个受保护的文件都是一次挂载，每条路由消息都是一问一答，控制组的每个文件都要打开、写入、关闭。',
      },
    },
    {
      text: { en: 'tens of thousands: a machine is booted', zh: '几万步：要启动一台机器' },
      because: {
        en: 'No machine is booted: it is the same kernel, and a process of it. That is why it takes a tenth of a second.',
        zh: '没有启动什么机器：内核还是那一个，多了一个进程而已。所以只要十分之一秒。',
      },
    },
  ],
};

export const byHand: ByHand = {
  caption: {
    en: 'What the books’ last page shows: a container by hand. Lessons 03 to 15 are the difference between this and something that one may let strangers use.',
    zh: '书的最后一页给出的样子：手工做一个容器。从它到可以放心让外人使用，中间差的就是第 3 至 15 课。',
  },
  language: 'sh',
  lines: `mkdir -p image upper work rootfs && tar -C image -xf nginx.tar
mount -t overlay -o lowerdir=image,upperdir=upper,workdir=work none rootfs
mkdir /sys/fs/cgroup/web && echo 64M > /sys/fs/cgroup/web/memory.max
ip netns add web && ip link add veth0 type veth peer name eth0 netns web
ip addr add 172.18.0.1/16 dev veth0 && ip link set veth0 up
ip -n web addr add 172.18.0.2/16 dev eth0 && ip -n web link set eth0 up
ip -n web route add default via 172.18.0.1
nsenter --net=/run/netns/web \\
  unshare --mount --uts --ipc --pid --fork sh -c '
  echo 0 > /sys/fs/cgroup/web/cgroup.procs; hostname web
  mount --make-rprivate / && cd rootfs && mkdir old && pivot_root . old
  umount -l /old && mount -t proc proc /proc
  exec nginx -g "daemon off;"' &
sysctl -w net.ipv4.ip_forward=1
iptables -t nat -A PREROUTING -p tcp --dport 8080 \\
  -j DNAT --to-destination 172.18.0.2:80`,
};

type Told = Pick<Lesson['experiments'][number], 'title' | 'before' | 'after' | 'question'>;

export const loopback: Told = {
  title: { en: 'Famous failure: it runs, and nobody reaches it', zh: '著名的坑：它在运行，却谁也连不上' },
  before: {
    en: 'Two containers, one after the other, both with `-p 8080:80`. The second server listens on 127.0.0.1, as many do by default “for safety”: Node tools, Jupyter, databases.',
    zh: '先后两个容器，都带 `-p 8080:80`。第二个的服务器监听 127.0.0.1，许多程序“为了安全”默认就是这样：Node 工具、Jupyter、数据库。',
  },
  question: {
    ask: {
      en: 'What does the client get from host:8080 in the second case?',
      zh: '第二种情况下，客户机访问宿主机的 8080 会得到什么？',
    },
    right: {
      text: { en: 'connection refused; inside all is well', zh: '连接被拒绝；在容器里一切正常' },
      because: {
        en: 'The DNAT rule rewrites the destination to 172.18.0.2. There nobody listens on that address: 127.0.0.1 is the loopback of the container’s own namespace, which only its own processes reach.',
        zh: 'DNAT 规则把目的地改成 172.18.0.2。而那里没有人监听这个地址：127.0.0.1 是容器自己命名空间里的回环地址，只有里面的进程到得了。',
      },
    },
    wrong: [
      {
        text: { en: 'the page: published is published', zh: '页面：发布了就是发布了' },
        because: {
          en: 'Publishing is a rule on the host. It knows nothing of sockets in the container, and `minidock ps` shows the port in both cases.',
          zh: '发布只是宿主机上的一条规则。它不知道容器里的套接字，两种情况下 `minidock ps` 都显示那个端口。',
        },
      },
      {
        text: { en: 'silence: the packets are dropped', zh: '没有回应：数据包被丢弃' },
        because: {
          en: 'They arrive. The kernel answers in the name of the container: no such port, RST.',
          zh: '数据包到了。内核以容器的名义回答：没有这个端口，RST。',
        },
      },
    ],
  },
  after: {
    en: 'In a container the network namespace is the fence. So its server listens on 0.0.0.0, and the host decides by `-p 127.0.0.1:8080:80` who gets in.',
    zh: '在容器里，围栏是网络命名空间。所以服务器要监听 0.0.0.0，由宿主机用 `-p 127.0.0.1:8080:80` 决定谁能进来。',
  },
};

export const background: Told = {
  title: { en: 'Famous failure: it exits at once', zh: '著名的坑：一启动就退出' },
  before: {
    en: '`CMD service nginx start`, or here a shell that starts its work in the background and is done. For comparison one that becomes its work by `exec`.',
    zh: '`CMD service nginx start`，或者像这里，一个 shell 把工作放到后台，自己就结束了。作为对照，另一个用 `exec` 变成那个工作。',
  },
  question: {
    ask: { en: 'What becomes of the sleep in the background?', zh: '后台的 sleep 会怎样？' },
    right: {
      text: {
        en: 'it is killed with the shell; the container has exited (0)',
        zh: '随 shell 一起被杀死；容器的状态是 exited (0)',
      },
      because: {
        en: 'The shell is PID 1. When it ends the kernel kills everything in its PID namespace (lesson 4), and the status is that of PID 1: a success.',
        zh: 'shell 是 1 号进程。它一结束，内核就杀死它的 PID 命名空间里的一切（第 4 课），而退出状态是 1 号进程的：成功。',
      },
    },
    wrong: [
      {
        text: { en: 'it is adopted by the host’s init and goes on', zh: '被宿主机的 init 收养，继续运行' },
        because: {
          en: 'Orphans go to the first process of their own PID namespace, and that is what has just ended.',
          zh: '孤儿归自己 PID 命名空间的第一个进程，而刚刚结束的就是它。',
        },
      },
      {
        text: { en: 'it keeps the container alive', zh: '它让容器继续活着' },
        because: {
          en: 'A container lives as long as its PID 1, whatever else runs in it.',
          zh: '容器和它的 1 号进程共存亡，不管里面还有什么在运行。',
        },
      },
    ],
  },
  after: {
    en: 'Hence `daemon off;` in nginx’s images, and `exec` at the end of every entrypoint script.',
    zh: '所以 nginx 的镜像里要写 `daemon off;`，每个 entrypoint 脚本最后都要 `exec`。',
  },
};

export const taken: Told = {
  title: { en: 'Famous failure: the port is taken', zh: '著名的坑：端口被占用' },
  before: {
    en: 'Two containers, both with `-p 8080:80`, at the same time.',
    zh: '两个容器，都带 `-p 8080:80`，同时运行。',
  },
  question: {
    ask: { en: 'What happens to the second?', zh: '第二个会怎样？' },
    right: {
      text: { en: 'its start fails, before any process of it exists', zh: '启动失败，那时它还没有任何进程' },
      because: {
        en: 'A rule of iptables would be accepted twice, and the first would win without a word. So the engine looks who has the port, and holds it by a socket of its own: whoever binds it as well gets EADDRINUSE.',
        zh: 'iptables 的规则可以写两遍，前一条生效，谁也不会提醒你。所以引擎先查端口在谁手里，再用自己的套接字占住它：别人再 bind(2)，就会得到 EADDRINUSE。',
      },
    },
    wrong: [
      {
        text: { en: 'it runs, and gets every second request', zh: '照常运行，两个轮流得到请求' },
        because: {
          en: 'That would be load balancing, which somebody has to do. A chain of iptables takes the first rule that matches.',
          zh: '那是负载均衡，得有人来做。iptables 的链只取第一条匹配的规则。',
        },
      },
      {
        text: { en: 'it takes the port from the first', zh: '把端口从第一个那里抢走' },
        because: {
          en: 'No running container loses what it has because another wants it.',
          zh: '正在运行的容器，不会因为别人想要就失去已有的东西。',
        },
      },
    ],
  },
  after: {
    en: 'The container is still there, created and not started: `minidock rm` it, or stop the first and `minidock start` it.',
    zh: '容器还在，已创建而未启动：可以 `minidock rm`，也可以停掉第一个，再 `minidock start`。',
  },
};

type Broken = Pick<Breakage, 'title' | 'change' | 'question'>;

export const withoutRights: Broken = {
  title: { en: 'Break it: without `capabilities`', zh: '拆一步：去掉 `capabilities`' },
  change: {
    en: 'One of the pieces returns an empty list: the one that drops capabilities (lesson 10). All others are as they were.',
    zh: '有一个函数返回空列表：放弃权能的那一个（第 10 课）。其他的都不变。',
  },
  question: {
    ask: { en: 'How does one notice, from outside?', zh: '从外面怎么看得出来？' },
    right: {
      text: { en: 'not at all: the page is served as before', zh: '看不出来：页面照常' },
      because: {
        en: 'What protects is not needed by what works. nginx now has every right of root; what still holds it is the next wall, the seccomp filter. Only who asks the kernel sees it: `minidock xray`, `/proc/PID/status`.',
        zh: '起保护作用的东西，正常工作时用不到。nginx 现在拥有 root 的全部权限，还挡着它的只有下一道墙：seccomp 过滤器。只有去问内核才看得到：`minidock xray`、`/proc/PID/status`。',
      },
    },
    wrong: [
      {
        text: {
          en: 'nginx does not start: it needs the default capabilities',
          zh: 'nginx 启动不了：它需要那些默认的权能',
        },
        because: { en: 'It has them, and all others as well.', zh: '它有，而且其他的也全有。' },
      },
      {
        text: { en: 'the kernel refuses execve', zh: '内核拒绝 execve' },
        because: {
          en: 'The kernel does not know that this is to be a container. A process of root with all rights is what it has had since 1991.',
          zh: '内核不知道这该是一个容器。拥有全部权限的 root 进程，从 1991 年起就是这样。',
        },
      },
    ],
  },
};

export const withoutGroup: Broken = {
  title: { en: 'Break it: without `joinCgroup`', zh: '拆一步：去掉 `joinCgroup`' },
  change: {
    en: 'The group is made and its limit of 64 MiB written (lesson 9). Only the new process is not moved into it.',
    zh: '控制组照样创建，64 MiB 的上限照样写入（第 9 课），只是没有把新进程移进去。',
  },
  question: {
    ask: { en: 'What limits the container’s memory?', zh: '容器的内存受什么限制？' },
    right: {
      text: { en: 'nothing', zh: '什么也没有' },
      because: {
        en: 'A limit is a property of a group, and it is for those who are in it. An empty group limits nobody, however strict it is.',
        zh: '上限是控制组的属性，只对组里的进程有效。组里没有进程，再严格也管不到谁。',
      },
    },
    wrong: [
      {
        text: { en: 'the 64 MiB: they were written', zh: '64 MiB：已经写进去了' },
        because: {
          en: 'Into a file of a group. That the container’s name stands in the path is for people.',
          zh: '写进的是控制组的一个文件。路径里有容器的名字，那是给人看的。',
        },
      },
      {
        text: { en: 'the start fails: the group is empty', zh: '启动失败：组是空的' },
        because: { en: 'Empty groups are allowed, and common.', zh: '空的控制组是允许的，也很常见。' },
      },
    ],
  },
};

export const withoutRule: Broken = {
  title: { en: 'Break it: without `portRules`', zh: '拆一步：去掉 `portRules`' },
  change: {
    en: 'Everything as before, but the rules of the published port are missing (lesson 15).',
    zh: '一切照旧，只缺发布端口的那些规则（第 15 课）。',
  },
  question: {
    ask: { en: 'What does the client get from host:8080?', zh: '客户机访问宿主机的 8080 会得到什么？' },
    right: {
      text: { en: 'a connection, and no page', zh: '连上了，却没有页面' },
      because: {
        en: 'The socket by which the engine holds the port is there, and the host’s kernel accepts for it. Nobody answers: silence, or a reset. With the rule no packet comes so far: the destination is another one before.',
        zh: '引擎用来占住端口的套接字还在，宿主机的内核替它接受了连接，却没有人回答：要么没有回应，要么连接被重置。有规则时，数据包根本到不了这里：目的地早就改了。',
      },
    },
    wrong: [
      {
        text: { en: 'connection refused', zh: '连接被拒绝' },
        because: {
          en: 'That would be so if nobody held the port. But then another program could take it, and would be shadowed by the rule.',
          zh: '没有人占着端口才会这样。可那样的话，别的程序就能拿走端口，然后被规则遮住。',
        },
      },
      {
        text: { en: 'the page, by way of the bridge', zh: '页面，经由网桥' },
        because: {
          en: 'The bridge has 172.18.0.1 and the container 172.18.0.2. Nothing leads from 203.0.113.1:8080 there but the rule.',
          zh: '网桥是 172.18.0.1，容器是 172.18.0.2。从 203.0.113.1:8080 到那里，只有规则这一条路。',
        },
      },
    ],
  },
};

export const seen: Lesson['seen'] = [
  {
    en: 'A container is a list of steps. You can read every line of it, and a part of it is yours.',
    zh: '容器就是一个步骤列表。每一行你都读得懂，其中一部分出自你手。',
  },
  {
    en: 'The order is half of the program: rights last, private mounts first, the cable before, between and after.',
    zh: '顺序就是程序的一半：权限放在最后，挂载私有放在最前，网线在前、在中、在后各有一段。',
  },
  {
    en: 'A packet to port 8080 passes four places and is rewritten once; its answer is rewritten back.',
    zh: '发往 8080 端口的数据包经过四个地点，改写一次；它的响应再改写回来。',
  },
  {
    en: 'What makes a container work is easily tested. What makes it safe is only seen by who asks the kernel.',
    zh: '容器能不能用，一试便知；安全不安全，只有去问内核才知道。',
  },
];

export const recap: readonly Question[] = [
  {
    ask: { en: 'Which single thing makes a process a container?', zh: '使一个进程成为容器的，是哪一样东西？' },
    right: {
      text: { en: 'none: it is what we call a process with enough of them', zh: '没有哪一样：凑够了，我们就叫它容器' },
      because: {
        en: 'Leave one out and it still runs, as you have seen. Engines, runtimes and OCI agree on a set of them; the kernel knows only the parts.',
        zh: '少一样它照样运行，你已经看到了。引擎、运行时和 OCI 约定了一整套，内核只认识各个部分。',
      },
    },
    wrong: [
      {
        text: { en: 'the PID namespace', zh: 'PID 命名空间' },
        because: {
          en: '`--pid host` is a container without one, and browsers use them without containers.',
          zh: '`--pid host` 的容器就没有；浏览器用了它，却不是容器。',
        },
      },
      {
        text: { en: 'the image', zh: '镜像' },
        because: {
          en: 'An image is files. A chroot has files, too.',
          zh: '镜像是文件，chroot 也有文件。',
        },
      },
    ],
  },
  {
    ask: {
      en: 'A host has been compromised through a container. Which question do you ask first?',
      zh: '有人通过容器攻破了宿主机。你最先问哪个问题？',
    },
    right: {
      text: {
        en: 'what was it given: privileged, the socket, a mount, a capability?',
        zh: '给过它什么：privileged、套接字、挂载、权能？',
      },
      because: {
        en: 'Most escapes are a door that somebody opened (lessons 8, 10 and 21). Holes of the kernel come after.',
        zh: '大多数逃逸走的是有人打开的门（第 8、10 和 21 课）。内核漏洞排在后面。',
      },
    },
    wrong: [
      {
        text: { en: 'which hole of the kernel was used?', zh: '用了哪个内核漏洞？' },
        because: {
          en: 'There are such, and all containers of a host share one kernel. But they are the rarer way.',
          zh: '确实有这样的漏洞，而一台宿主机上所有容器共用一个内核。但这种情况更少见。',
        },
      },
      {
        text: { en: 'which image was it?', zh: '是哪个镜像？' },
        because: {
          en: 'A bad image explains how somebody got in, not how they got out.',
          zh: '坏镜像说明了怎么进来的，而不是怎么出去的。',
        },
      },
    ],
  },
  {
    ask: {
      en: 'Your host:8080 does not answer. The container runs. In which order do you look?',
      zh: '宿主机的 8080 没有响应，容器在运行。按什么顺序查？',
    },
    right: {
      text: {
        en: 'from inside outwards: does it listen, on which address; then bridge, rule, firewall',
        zh: '从里往外：有没有监听，监听哪个地址；然后是网桥、规则、防火墙',
      },
      because: {
        en: 'Each step has one command: `minidock exec`, `xray`, `capture`. Refused, silence and no route are three different places.',
        zh: '每一步都有一条命令：`minidock exec`、`xray`、`capture`。拒绝、没有回应、没有路由，指向三个不同的地方。',
      },
    },
    wrong: [
      {
        text: { en: 'restart the engine, then the machine', zh: '先重启引擎，再重启机器' },
        because: {
          en: 'It may even help, and then nobody knows what it was.',
          zh: '也许真会好，但谁也不知道原因是什么。',
        },
      },
      {
        text: { en: 'the firewall first: it is always the firewall', zh: '先看防火墙：总是防火墙的问题' },
        because: {
          en: 'Often, and then packets vanish. A refusal comes from somebody who was reached.',
          zh: '常常是，但那样数据包会消失。被拒绝，说明已经有人收到了。',
        },
      },
    ],
  },
];

export const glossary: readonly GlossaryEntry[] = [
  {
    term: { en: 'container engine', zh: '容器引擎' },
    means: {
      en: 'A program that makes containers of images, keeps them, and gives them networks and volumes: minidock, Docker, podman.',
      zh: '用镜像创建容器、管理容器，并为它们提供网络和卷的程序：minidock、Docker、podman。',
    },
  },
  {
    term: { en: 'runtime', zh: '运行时（runtime）' },
    means: {
      en: 'The part that turns a prepared root and a config.json into processes: runc, crun, here the shim and its program.',
      zh: '把准备好的根目录和 config.json 变成进程的那一部分：runc、crun，在这里是 shim 和它的程序。',
    },
  },
  {
    term: { en: 'packet walk', zh: '数据包的行程' },
    means: {
      en: 'The places that one packet passes, with its addresses at each of them.',
      zh: '一个数据包经过的各个地点，以及它在每个地点的地址。',
    },
  },
];

export const reading: readonly Reading[] = [
  {
    what: { en: 'namespaces, cgroups, capabilities: the overviews', zh: '命名空间、控制组、权能：总览' },
    where: 'namespaces(7), cgroups(7), capabilities(7)',
  },
  {
    what: { en: 'what a runtime has to do', zh: '运行时必须做什么' },
    where: 'OCI runtime-spec, config.md and config-linux.md',
  },
  {
    what: { en: 'the way of a packet through the tables', zh: '数据包在各个表里的路线' },
    where: 'iptables(8), iptables-extensions(8)',
  },
];
