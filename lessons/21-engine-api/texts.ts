import type { Breakage, ByHand, GlossaryEntry, Lesson, Question, Reading } from '../../src/workshop/lesson.ts';

/** What is said and asked in this lesson; what is done and measured stands in lesson.ts. */

export const question: Question = {
  ask: {
    en: 'You type `docker run -i busybox sh`. With which request does the client make the shell run?',
    zh: '输入 `docker run -i busybox sh`。客户端用哪个请求让 shell 运行起来？',
  },
  right: {
    text: {
      en: 'with none alone: create, attach, wait and start, in this order',
      zh: '没有哪个单独的请求：依次是 create、attach、wait 和 start',
    },
    because: {
      en: 'There is no “run” in the API. The container is made first, and has no process. Then the client takes its places: one connection for input and output, one that waits for the end. Only then it asks for the start, so that it misses neither the first byte nor the exit status.',
      zh: 'API 里没有“run”。先创建容器，这时还没有进程。然后客户端各就各位：一条连接负责输入输出，一条连接等待结束。最后才请求启动，这样第一个字节和退出状态都不会错过。',
    },
  },
  wrong: [
    {
      text: { en: 'POST /containers/run', zh: 'POST /containers/run' },
      because: {
        en: 'The verb of the command line is not one of the API: a daemon answers “page not found”. `run` is a small program of the client.',
        zh: '命令行里有这个动词，API 里没有：守护进程会返回“page not found”。`run` 是客户端里的一小段程序。',
      },
    },
    {
      text: {
        en: 'create, then start; the output comes as the answer to start',
        zh: '先 create，再 start；输出就是 start 的响应',
      },
      because: {
        en: 'The answer to start is 204, a head without a body, as soon as the program was executed. Who wants output asks for it, before.',
        zh: 'start 的响应是 204，没有正文，程序一执行就返回。想要输出，得事先另外请求。',
      },
    },
    {
      text: { en: 'none: the client itself calls clone and execve', zh: '不用请求：客户端自己调用 clone 和 execve' },
      because: {
        en: 'So does minidock without a daemon, and podman. Docker’s client is an HTTP client, nothing more: it may run on another machine, even on Windows.',
        zh: '没有守护进程的 minidock 和 podman 是这样。Docker 的客户端只是 HTTP 客户端，可以在另一台机器上运行，甚至在 Windows 上。',
      },
    },
  ],
};

export const columns = {
  asked: [
    { en: 'first', zh: '前者' },
    { en: 'second', zh: '后者' },
  ],
  late: [
    { en: 'stream=1', zh: 'stream=1' },
    { en: 'logs=1&stream=1', zh: 'logs=1&stream=1' },
  ],
  half: [
    { en: 'shutdown(fd, SHUT_WR)', zh: 'shutdown(fd, SHUT_WR)' },
    { en: 'close(fd)', zh: 'close(fd)' },
  ],
  socket: [
    { en: 'first', zh: '前者' },
    { en: 'second', zh: '后者' },
  ],
  tty: [
    { en: 'Tty: false', zh: 'Tty: false' },
    { en: 'Tty: true', zh: 'Tty: true' },
  ],
  wait: [
    { en: 'first', zh: '前者' },
    { en: 'second', zh: '后者' },
  ],
  open: [
    { en: 'Unix socket', zh: 'Unix 套接字' },
    { en: 'TCP without TLS', zh: '没有 TLS 的 TCP' },
  ],
} as const;

export const byHand: ByHand = {
  caption: {
    en: 'The same with curl, which can speak HTTP on a Unix socket. It cannot take over a connection, so `logs` stands in place of `attach`.',
    zh: '用 curl 也一样，它能在 Unix 套接字上说 HTTP。它不能接管连接，所以用 `logs` 代替 `attach`。',
  },
  language: 'sh',
  lines: `api() { curl -s --unix-socket /run/docker.sock -X "$@"; }
id=$(api POST http://d/v1.41/containers/create -H 'Content-Type: application/json' \\
       -d '{"Image":"busybox","Cmd":["echo","hello"]}' | jq -r .Id)
api POST "http://d/v1.41/containers/$id/wait?condition=next-exit" & waiting=$!
sleep 1                                         # the wait must be there before the start
api POST "http://d/v1.41/containers/$id/start"
wait $waiting                                   # {"StatusCode":0}
api GET "http://d/v1.41/containers/$id/logs?stdout=1" | xxd`,
};

type Told = Pick<Lesson['experiments'][number], 'title' | 'before' | 'after' | 'question'>;

export const late: Told = {
  title: { en: 'Famous failure: attached too late', zh: '著名的坑：attach 晚了' },
  before: {
    en: 'A client that saves its effort: create, start, and then attach. The container writes “early” at once, and “late” when it gets a line. We attach when “early” is surely written.',
    zh: '一个图省事的客户端：create、start，然后才 attach。容器一启动就写出“early”，收到一行输入后写出“late”。等“early”确实写出之后，我们才 attach。',
  },
  question: {
    ask: { en: 'What comes on the connection?', zh: '连接上会收到什么？' },
    right: {
      text: { en: 'only “late”', zh: '只有“late”' },
      because: {
        en: 'attach is a tap on the stream from now on. What flowed before is in the log, and nowhere else. With `logs=1` the daemon sends the log first.',
        zh: 'attach 只接住从此刻起流过的内容。之前流过的只在日志里。加上 `logs=1`，守护进程会先发送日志。',
      },
    },
    wrong: [
      {
        text: { en: '“early” and “late”: nobody has read it yet', zh: '“early”和“late”：之前没人读过' },
        because: {
          en: 'The supervisor has read it, and written it into the log. If it did not, the pipe would be full after 64 KiB and the container would stand still.',
          zh: '监管进程读过了，并写进了日志。它要是不读，管道满了 64 KiB，容器就会停住。',
        },
      },
      {
        text: { en: 'nothing: one can only attach before the start', zh: '什么也没有：只能在启动之前 attach' },
        because: {
          en: 'One can attach at any time, and as often as one likes; `docker attach` does it to containers that run for weeks.',
          zh: '随时可以 attach，次数也不限；`docker attach` 就用在运行了几周的容器上。',
        },
      },
    ],
  },
  after: {
    en: 'Libraries have this failure: `container.start()` first and `container.attach()` then works on a slow machine, and loses the first lines on a fast one.',
    zh: '用库写程序时常犯这个错误：先 `container.start()`，再 `container.attach()`，在慢的机器上没事，在快的机器上就丢掉开头几行。',
  },
};

export const half: Told = {
  title: { en: 'Famous failure: hanging up in place of “that was all”', zh: '著名的坑：不说“说完了”，直接挂断' },
  before: {
    en: '`echo 12345 | docker run -i busybox wc -c`: the container must learn that its input is over, and only then it answers. Two clients: one ends its half of the connection by shutdown(2), the other closes it.',
    zh: '`echo 12345 | docker run -i busybox wc -c`：容器要得知输入已结束，然后才有输出。两个客户端：一个用 shutdown(2) 结束自己这半边，另一个直接关闭连接。',
  },
  question: {
    ask: { en: 'Which of them hears the answer?', zh: '哪一个能听到结果？' },
    right: {
      text: { en: 'only the first; the container does its work for both', zh: '只有前者；但两次容器都做了工作' },
      because: {
        en: 'A socket has two directions, and each can end alone. After SHUT_WR the daemon reads end of file and closes the container’s input; the other direction stays. After close(2) there is nobody to write to.',
        zh: '套接字有两个方向，可以各自结束。SHUT_WR 之后，守护进程读到文件末尾，于是关闭容器的输入，另一个方向还在。close(2) 之后，就没有人可写了。',
      },
    },
    wrong: [
      {
        text: { en: 'both: what was sent has arrived', zh: '两个都能：发出的都到了' },
        because: {
          en: 'The input has arrived in both cases. But the answer needs somebody who still has the connection open.',
          zh: '两次输入都到了。但结果要送给还开着连接的人。',
        },
      },
      {
        text: {
          en: 'neither: without a byte for the end wc waits for ever',
          zh: '都不能：没有表示结束的字节，wc 会一直等',
        },
        because: {
          en: 'There is no such byte; Ctrl-D is a matter of terminals. The end of a stream is an event of its own: read(2) returns 0.',
          zh: '没有这样的字节，Ctrl-D 是终端的事。流的结束是一个单独的事件：read(2) 返回 0。',
        },
      },
    ],
  },
  after: {
    en: 'A client that does neither, because its HTTP library has no half-close, leaves the container waiting: a pipe into `docker run -i` that never returns.',
    zh: '如果 HTTP 库不支持半关闭，客户端两样都不做，容器就一直等下去：管道接到 `docker run -i`，永远不返回。',
  },
};

export const socket: Told = {
  title: { en: 'Attack: the socket in a container', zh: '攻击：把套接字放进容器' },
  before: {
    en: 'Portainer, CI runners, “docker in docker”: `-v /run/docker.sock:/run/docker.sock`. Here the container has no capability, no network, a read-only root and no-new-privileges; and the socket. On the host lies a file that only root may read.',
    zh: 'Portainer、CI runner、“docker in docker”都会用 `-v /run/docker.sock:/run/docker.sock`。这里的容器没有任何权能，没有网络，根只读，还有 no-new-privileges；但是有这个套接字。宿主机上有一个只有 root 能读的文件。',
  },
  question: {
    ask: { en: 'Can the container read that file?', zh: '容器能读到那个文件吗？' },
    right: {
      text: {
        en: 'yes: it asks for a second container with -v /:/host',
        zh: '能：它请求再创建一个容器，带上 -v /:/host',
      },
      because: {
        en: 'All its limits are those of its own process. The daemon is another process, root and without limits, and does what the socket says. It does not know who asks.',
        zh: '那些限制都只针对它自己的进程。守护进程是另一个进程，是不受限制的 root，套接字上要求什么就做什么。它不知道是谁在要求。',
      },
    },
    wrong: [
      {
        text: { en: 'no: seccomp and the missing capabilities stop it', zh: '不能：seccomp 和缺少的权能挡住了它' },
        because: {
          en: 'They stop mount(2) in this process. But it needs only connect(2) and write(2), which no container can do without.',
          zh: '它们挡住的是本进程的 mount(2)。而它只需要 connect(2) 和 write(2)，哪个容器都少不了这两个。',
        },
      },
      {
        text: { en: 'no, if the socket is mounted with :ro', zh: '不能，只要用 :ro 挂载套接字' },
        because: {
          en: 'Read-only is the file system: nobody may remove or replace the socket’s file. connect(2) asks for the right to write to the socket, and a read-only mount does not take it away.',
          zh: '只读指的是文件系统：不能删除或替换套接字文件。connect(2) 检查的是对套接字的写权限，只读挂载并不收回它。',
        },
      },
    ],
  },
  after: {
    en: 'Whoever may write to the socket is root on the host, and so is everybody in the group `docker`. A tool that needs only `GET /containers/json` gets a filtering proxy, or nothing.',
    zh: '谁能写这个套接字，谁就是宿主机上的 root，`docker` 组的每个成员也一样。只需要 `GET /containers/json` 的工具，要么给它一个过滤代理，要么不给。',
  },
};

export const tcp: Told = {
  title: { en: 'Famous failure: port 2375', zh: '著名的坑：2375 端口' },
  before: {
    en: '“Expose daemon on tcp://localhost:2375 without TLS” stands in a thousand tutorials: a tool on Windows or in an IDE wants it. We ask the daemon for that.',
    zh: '“Expose daemon on tcp://localhost:2375 without TLS”写在无数教程里：Windows 上的工具或 IDE 想要它。我们也这样要求守护进程。',
  },
  question: {
    ask: { en: 'What does minidock’s daemon do?', zh: 'minidock 的守护进程会怎么做？' },
    right: {
      text: { en: 'it does not start, and says why', zh: '不启动，并说明原因' },
      because: {
        en: 'A TCP port has no owner and no mode: whoever reaches it is let in. What may be asked there is everything. With `--tlsverify` only clients with a certificate of the right authority get in.',
        zh: 'TCP 端口没有属主，也没有权限位：谁连得上就放谁进来，而在那里什么都可以要求。加上 `--tlsverify`，只有证书由指定机构签发的客户端才能进来。',
      },
    },
    wrong: [
      {
        text: { en: 'it listens, since loopback is safe', zh: '开始监听，反正回环地址是安全的' },
        because: {
          en: 'Every user and every program of the machine reaches loopback, a web page in your browser by DNS rebinding, too; and a container on the host’s network.',
          zh: '本机的每个用户、每个程序都能连到回环地址，浏览器里的网页借助 DNS 重绑定也可以，使用宿主机网络的容器也可以。',
        },
      },
      {
        text: { en: 'it listens and asks for a password', zh: '开始监听，并要求密码' },
        because: {
          en: 'Docker’s API has no passwords for clients. There are the socket’s mode, certificates of TLS, and nothing.',
          zh: 'Docker 的 API 没有客户端密码。只有套接字的权限、TLS 证书，或者什么都没有。',
        },
      },
    ],
  },
  after: {
    en: 'Scanners look for open ports 2375 day and night, and what they find mines for somebody else. Over the network `ssh` is the simplest safe way: `DOCKER_HOST=ssh://host` brings the Unix socket here.',
    zh: '扫描器日夜不停地寻找开放的 2375 端口，找到的机器就去替别人挖矿。跨网络时，最简单的安全办法是 `ssh`：`DOCKER_HOST=ssh://host` 把 Unix 套接字接到这边。',
  },
};

type Broken = Pick<Breakage, 'title' | 'change' | 'question'>;

export const tty: Broken = {
  title: { en: 'Break it: Tty: true', zh: '换一个：Tty: true' },
  change: {
    en: 'Two containers run `echo hello`. The JSON of the second one says `"Tty": true`, as `docker run -t` does; the client attaches in the same way.',
    zh: '两个容器都运行 `echo hello`。第二个的 JSON 里写着 `"Tty": true`，和 `docker run -t` 一样；客户端以同样的方式 attach。',
  },
  question: {
    ask: { en: 'What does the frame of “hello” look like in the second?', zh: '第二个容器里，“hello”的帧是什么样？' },
    right: {
      text: { en: 'there is none: the bytes come as they are', zh: '没有帧：字节原样传送' },
      because: {
        en: 'A terminal has one output: stdout and stderr are the same device (lesson 12), so there is nothing to tell apart. The 0d before 0a was put there by the terminal (ONLCR).',
        zh: '终端只有一路输出：stdout 和 stderr 是同一个设备（第 12 课），不需要区分。0a 前面的 0d 是终端加上的（ONLCR）。',
      },
    },
    wrong: [
      {
        text: { en: 'the same, with another number of the stream', zh: '一样，只是流的编号不同' },
        because: {
          en: 'Docker has the numbers 0, 1 and 2, and none for terminals. `Content-Type` says which of the two it is: raw-stream or multiplexed-stream.',
          zh: 'Docker 只有编号 0、1 和 2，没有终端的编号。由 `Content-Type` 说明是哪一种：raw-stream 还是 multiplexed-stream。',
        },
      },
      {
        text: { en: 'the same, and the client removes the header', zh: '一样，由客户端去掉帧头' },
        because: {
          en: 'A client that expects frames takes “hello” and the next bytes for a header, and waits for 1.9 gigabytes: a library that does not look at `Tty` hangs.',
          zh: '期待帧的客户端会把“hello”和后面的字节当成帧头，然后等 1.9 GB 的内容：不看 `Tty` 的库就会卡住。',
        },
      },
    ],
  },
};

export const wait: Broken = {
  title: { en: 'Break it: wait too late', zh: '换一个：wait 晚了' },
  change: {
    en: 'The container ends with 3 in its first run, and with 5 in each later one. We start it and let it end. Only then we ask `POST …/wait?condition=next-exit`, which `docker run` asks before the start.',
    zh: '容器第一次运行以 3 结束，以后每次都以 5 结束。我们启动它，等它结束，然后才请求 `POST …/wait?condition=next-exit`；`docker run` 是在启动之前请求的。',
  },
  question: {
    ask: { en: 'What does it answer?', zh: '它返回什么？' },
    right: {
      text: {
        en: 'nothing, until the container runs and ends once more: 5',
        zh: '没有结果，直到容器再次运行并结束：5',
      },
      because: {
        en: '“next” is meant as it says: an end that is to come. A client that sends start first would wait for ever where the container is faster than its second request.',
        zh: '“next”就是字面意思：将来的那次结束。如果客户端先发 start，而容器比它的第二个请求更快，就会一直等下去。',
      },
    },
    wrong: [
      {
        text: { en: '3 at once: the container does not run', zh: '立刻返回 3：容器没有在运行' },
        because: {
          en: 'That is the condition not-running, the default. It cannot be used before the start: a container that was not started yet does not run either, and would be said to have ended with 0.',
          zh: '那是默认的条件 not-running。它不能用在启动之前：还没启动的容器也是“没有在运行”，会得到“以 0 结束”。',
        },
      },
      {
        text: { en: '409: the container has ended', zh: '409：容器已经结束' },
        because: {
          en: 'Nothing is wrong with the question. A container that has ended can be started again.',
          zh: '这个请求没有错。结束了的容器可以再次启动。',
        },
      },
    ],
  },
};

export const open: Broken = {
  title: { en: 'Break it: --insecure-tcp', zh: '换一个：--insecure-tcp' },
  change: {
    en: 'The daemon listens on the Unix socket and, as we insist, on TCP without TLS. (Of its requests only `/_ping` is answered there: this is your machine.) Then user 65534, nobody, to whom nothing belongs, asks at both.',
    zh: '守护进程监听 Unix 套接字，并且在我们的坚持下，也监听没有 TLS 的 TCP。（那里只响应 `/_ping` 这一个请求：毕竟这是你的机器。）然后由 65534 号用户 nobody 到两处去请求，他名下什么都没有。',
  },
  question: {
    ask: { en: 'What does nobody get?', zh: 'nobody 得到什么？' },
    right: {
      text: { en: 'EACCES at the socket, 200 at the port', zh: '套接字上是 EACCES，端口上是 200' },
      because: {
        en: 'The socket is a file, root:docker and 0660, and connect(2) asks for the right to write to it. A port has nothing of the kind. Had we not left out the rest, nobody would be root now.',
        zh: '套接字是一个文件，属于 root:docker，权限 0660，connect(2) 要求有写权限。端口没有这些。要不是我们去掉了其余的请求，nobody 现在就是 root 了。',
      },
    },
    wrong: [
      {
        text: { en: '200 at both: the daemon does not ask who it is', zh: '两处都是 200：守护进程不问是谁' },
        because: {
          en: 'The daemon does not. But before it hears anything the kernel has asked, for a Unix socket.',
          zh: '守护进程确实不问。但对 Unix 套接字，内核在它听到之前就已经问过了。',
        },
      },
      {
        text: { en: 'EACCES at both: who is not root has no rights', zh: '两处都是 EACCES：不是 root 就没有权限' },
        because: {
          en: 'Connecting to a TCP port is a right of everybody.',
          zh: '谁都可以连接 TCP 端口。',
        },
      },
    ],
  },
};

export const seen: Lesson['seen'] = [
  {
    en: '`docker run` is four requests: create, attach, wait, start; the last makes the kernel do the program that `--dry-run` prints.',
    zh: '`docker run` 是四个请求：create、attach、wait、start；最后一个让内核执行 `--dry-run` 打印的那个程序。',
  },
  {
    en: 'After 101 a connection is no HTTP any more: frames of eight bytes of header and so many of content, and each direction ends alone.',
    zh: '101 之后，连接就不再是 HTTP：每帧八个字节的帧头，后面是内容，两个方向各自结束。',
  },
  {
    en: 'Output that nobody was attached for is in the log; an end that nobody waited for is in the record.',
    zh: '没人 attach 时的输出在日志里，没人等待的结束在记录里。',
  },
  {
    en: 'The process belongs to its supervisor, not to the daemon, which only asked for it.',
    zh: '进程属于它的监管进程，而不属于守护进程，后者只是提出了请求。',
  },
  {
    en: 'The right to write to the socket is root on the host.',
    zh: '能写这个套接字，就是宿主机上的 root。',
  },
];

export const recap: readonly Question[] = [
  {
    ask: {
      en: 'On an attached connection come `02 00 00 00 00 00 01 00` and then 256 bytes. What is it?',
      zh: '在 attach 的连接上收到 `02 00 00 00 00 00 01 00`，后面是 256 个字节。这是什么？',
    },
    right: {
      text: { en: '256 bytes that the process wrote to stderr', zh: '进程写到 stderr 的 256 个字节' },
      because: {
        en: 'The first byte is the stream, three are nothing, and four are the length in big-endian: 0x00000100.',
        zh: '第一个字节是流，三个字节没有含义，后四个是大端序的长度：0x00000100。',
      },
    },
    wrong: [
      {
        text: { en: 'two lines of stdout', zh: 'stdout 的两行' },
        because: {
          en: 'A frame knows nothing of lines: it is what one read(2) of the pipe returned, be it half a line.',
          zh: '帧与行无关：它就是从管道 read(2) 一次得到的内容，可能只有半行。',
        },
      },
      {
        text: { en: '65536 bytes, of which the rest is still to come', zh: '共 65536 字节，其余还没到' },
        because: {
          en: 'That would be the length read in little-endian, as x86 keeps numbers in memory: 0x00010000. On the wire it is the other way round.',
          zh: '那是按小端序读出的长度，x86 在内存里这样存放数字：0x00010000。在线路上正好相反。',
        },
      },
    ],
  },
  {
    ask: {
      en: 'The daemon is killed by SIGKILL while `docker run` shows a container’s output. What becomes of minidock’s container?',
      zh: '`docker run` 正显示容器的输出时，守护进程被 SIGKILL 杀死。minidock 的容器会怎样？',
    },
    right: {
      text: { en: 'it runs on, and its output goes into the log', zh: '继续运行，输出写进日志' },
      because: {
        en: 'Its parent is the supervisor, which serves its pipes. The client loses its connection and can attach to the next daemon. With Docker that takes `live-restore`, and without it a daemon that starts ends what it finds.',
        zh: '它的父进程是监管进程，管道由它负责。客户端的连接断了，可以向下一个守护进程重新 attach。Docker 要有 `live-restore` 才能这样，否则守护进程启动时会结束遗留的容器。',
      },
    },
    wrong: [
      {
        text: { en: 'it dies with the daemon', zh: '与守护进程一起死去' },
        because: {
          en: 'PR_SET_PDEATHSIG ties it to its supervisor (lesson 12), and that is not the daemon.',
          zh: 'PR_SET_PDEATHSIG 把它和监管进程绑在一起（第 12 课），而那不是守护进程。',
        },
      },
      {
        text: { en: 'it gets SIGPIPE at its next line', zh: '写下一行时收到 SIGPIPE' },
        because: {
          en: 'The other end of its pipe is the supervisor’s, and is open.',
          zh: '管道的另一端在监管进程手里，还开着。',
        },
      },
    ],
  },
  {
    ask: {
      en: 'A colleague wants to list containers without being root, and asks to be put into the group `docker`. What do you give away?',
      zh: '同事想在不是 root 的情况下列出容器，请你把他加进 `docker` 组。你交出了什么？',
    },
    right: {
      text: {
        en: 'root on this machine, without a password and without a line in sudo’s log',
        zh: '这台机器的 root，不用密码，sudo 日志里也没有一行记录',
      },
      because: {
        en: 'The group may write to the socket, and the API has no request that is less powerful than another: `docker run -v /:/host` is one line.',
        zh: '这个组可以写套接字，而 API 并不区分请求的权力大小：`docker run -v /:/host` 只要一行。',
      },
    },
    wrong: [
      {
        text: { en: 'the right to list containers', zh: '列出容器的权利' },
        because: {
          en: 'It cannot be had alone: the daemon does not look at who asks for what.',
          zh: '没法只给这一项：守护进程不看是谁在要求什么。',
        },
      },
      {
        text: { en: 'root, but in containers only', zh: '只在容器里是 root' },
        because: {
          en: 'What a container may see of the host is decided by its options, and whoever creates it chooses them.',
          zh: '容器能看到宿主机的什么，由选项决定，而选项由创建者来选。',
        },
      },
    ],
  },
];

export const glossary: readonly GlossaryEntry[] = [
  {
    term: { en: 'daemon', zh: '守护进程（daemon）' },
    means: {
      en: 'A process without a terminal that serves requests. dockerd is one; minidock needs none, and has one for Docker’s clients.',
      zh: '没有终端、为请求提供服务的进程。dockerd 就是一个；minidock 不需要它，但为 Docker 的客户端准备了一个。',
    },
  },
  {
    term: { en: 'Unix socket', zh: 'Unix 套接字' },
    means: {
      en: 'A socket whose address is a file. Its owner and mode say who may connect.',
      zh: '以文件为地址的套接字。由文件的属主和权限决定谁可以连接。',
    },
  },
  {
    term: { en: 'hijacked connection', zh: '接管的连接（hijack）' },
    means: {
      en: 'A connection that began as HTTP and is used in both directions for something else after the head of the answer.',
      zh: '以 HTTP 开始的连接，在响应头之后双向用于别的内容。',
    },
  },
  {
    term: { en: 'multiplexed stream', zh: '多路复用的流' },
    means: {
      en: 'Several streams on one connection, in frames that say to which they belong.',
      zh: '一条连接上的多路数据，以帧传送，每帧说明属于哪一路。',
    },
  },
  {
    term: { en: 'half-close', zh: '半关闭' },
    means: {
      en: 'The end of one direction of a connection, while the other goes on: shutdown(2) with SHUT_WR.',
      zh: '连接的一个方向结束，另一个方向继续：带 SHUT_WR 的 shutdown(2)。',
    },
  },
];

export const reading: readonly Reading[] = [
  {
    what: { en: 'every request, and the format of the stream', zh: '所有请求，以及流的格式' },
    where: 'Docker Engine API v1.41, "Container", "Attach to a container"',
  },
  {
    what: { en: 'sockets that are files, and who may connect', zh: '作为文件的套接字，以及谁可以连接' },
    where: 'unix(7)',
  },
  { what: { en: 'the end of one direction', zh: '一个方向的结束' }, where: 'shutdown(2)' },
  { what: { en: 'messages, chunks, lengths', zh: '报文、分块、长度' }, where: 'RFC 9112, 6 and 7' },
  { what: { en: '101 and Upgrade', zh: '101 与 Upgrade' }, where: 'RFC 9110, 7.8 and 15.2.2' },
];
