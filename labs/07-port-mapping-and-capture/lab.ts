import net from 'node:net';
import { readCapture } from '../../src/capture/read.ts';
import { MinidockError } from '../../src/errors.ts';
import type { Finding } from '../../src/workshop/exercise/types.ts';
import { finding, running, same } from '../../src/workshop/lab/kit/finding.ts';
import { containerNetwork, ipv4Of } from '../../src/workshop/lab/kit/network.ts';
import { ensureContainer, ensureImage, removeAll } from '../../src/workshop/lab/kit/plant.ts';
import { seededRandom } from '../../src/workshop/lab/seed.ts';
import type { Lab, Place, Values } from '../../src/workshop/lab/types.ts';
import { listeningSockets } from '../../src/xray/collect/sockets.ts';

const image = 'lab07';
const file = 'walk.pcapng';

interface Own extends Values {
  readonly web: string;
  readonly port: number;
  readonly inner: number;
  readonly shop: string;
  readonly first: number;
  readonly second: number;
  readonly third: number;
  readonly shy: string;
  readonly door: number;
  readonly inside: number;
  readonly client: string;
  readonly word: string;
}

/** What is to be found out is kept nowhere: it follows from the names. */
function visitsOf({ shop, first, second, third }: Own) {
  const random = seededRandom([shop, first, second, third].join(' '));
  return { port: random.pick([first, second, third]), times: random.integer(4, 9) };
}

/** TCP sockets that wait in the network of a process: address and port. */
const listenersOf = (pid: number) =>
  listeningSockets(pid, [], false).filter(({ protocol }) => protocol.startsWith('tcp'));

/** Waits until the program of a container listens somewhere. */
async function listens(place: Place, name: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const { state, pid } = place.container(name) ?? {};
    if (state !== 'running' || listenersOf(pid!).length > 0) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

/** One connection to a port of this host, which ends at once. */
const visit = (port: number) =>
  new Promise<void>((resolve, reject) => {
    const socket = net.connect({ host: '127.0.0.1', port }, () => socket.end());
    socket
      .on('error', reject)
      .on('close', () => resolve())
      .resume();
  });

/** What the NAT rules say of a container, with their counters. */
async function publishedOf(place: Place, name: string) {
  return (await place.xray(name, ['sockets'])).sockets!.published.filter(({ protocol }) => protocol === 'tcp');
}

/** A rule leads from the host's port to one at which somebody can be reached. */
async function serves(place: Place, name: string, hostPort: number): Promise<Finding[]> {
  const { container, findings } = running(place, name);
  if (container === undefined) return findings;
  const rule = (await publishedOf(place, name)).find(one => one.hostPort === hostPort);
  if (rule === undefined)
    return [
      ...findings,
      finding(
        false,
        {
          en: `a NAT rule leads port ${hostPort} of the host to it`,
          zh: `有一条 NAT 规则把宿主机的 ${hostPort} 端口转给它`,
        },
        { en: 'there is none; `-p HOST:CONTAINER`', zh: '没有；`-p 宿主机:容器`' },
      ),
    ];
  const there = listenersOf(container.pid);
  const atPort = there.filter(({ port }) => port === rule.port);
  const reached = atPort.some(({ address }) => !address.startsWith('127.') && address !== '::1');
  const where = there.map(({ address, port }) => `${address}:${port}`).join(', ');
  return [
    ...findings,
    finding(
      reached,
      {
        en: `somebody can be reached at ${rule.address}:${rule.port}, where the rule leads`,
        zh: `规则转到 ${rule.address}:${rule.port}，那里联系得上`,
      },
      atPort.length > 0
        ? {
            en: `its program listens at ${where}: that is the lo of its own network, where no packet with the destination ${rule.address} comes`,
            zh: `它的程序监听 ${where}：那是它自己网络里的 lo，目的地是 ${rule.address} 的包到不了那里`,
          }
        : {
            en: `nobody listens there; listening: ${where || 'none'}`,
            zh: `那里没有程序在监听；监听的有：${where || '无'}`,
          },
    ),
  ];
}

/** The packet that asks for the word, at the client's end and at the server's; a text where there is no such file. */
function askedIn(path: string, { client, web, word }: Own) {
  try {
    const { points, walks } = readCapture(path);
    const asks = `GET /?${word} `;
    const seen = walks
      .flatMap(({ visits }) => visits)
      .filter(({ packet }) => Buffer.from(packet.payload).includes(asks))
      .map(({ frame, packet }) => ({ point: points[frame.point]!, packet }));
    if (seen.length === 0) return 'unasked';
    const at = (name: string) =>
      seen.find(({ point }) => point.role === 'container' && point.container === name)?.packet;
    return { before: at(client), after: at(web), points: [...new Set(seen.map(({ point }) => point.name))] };
  } catch (error) {
    if (error instanceof MinidockError) return error.message;
    throw error;
  }
}

/** `172.18.0.2:80` */
const end = (address: string | undefined, port: number | undefined) => `${address ?? '?'}:${port ?? '?'}`;

export const lab: Lab<Own> = {
  id: '07-port-mapping-and-capture',
  minutes: 50,
  version: 1,
  needs: ['published-ports', 'packet-capture'],
  programs: ['busybox', 'curl', 'ip', 'iptables', 'tcpdump'],

  values(random) {
    const [web, shop, shy, client, word] = random.words(5);
    const port = random.port();
    const above = (least: number) => port + random.integer(least, least + 29);
    const [door, first, second, third] = [above(1), above(31), above(61), above(91)];
    const [inner, inside] = [random.integer(3000, 5999), random.integer(6000, 9999)];
    return { web, port, inner, shop, first, second, third, shy, door, inside, client, word };
  },

  async plant(place, values) {
    const { shop, first, second, third, shy, door, inside, client } = values;
    await ensureImage(place, image, { 'www/index.html': 'it works\n' });
    const ports = [first, second, third].flatMap(one => ['-p', `127.0.0.1:${one}:80`]);
    await ensureContainer(place, shop, ...ports, image, 'httpd', '-f', '-h', '/www');
    const hidden = `127.0.0.1:${inside}`;
    await ensureContainer(place, shy, '-p', `${door}:${inside}`, image, 'httpd', '-f', '-p', hidden, '-h', '/www');
    await ensureContainer(place, client, image, 'sleep', '1000000');
    for (const name of [shop, shy]) await listens(place, name);
    const isVisited = (await publishedOf(place, shop)).some(({ packets }) => packets > 0);
    const { port, times } = visitsOf(values);
    for (let done = isVisited ? times : 0; done < times; done++) await visit(port);
  },

  tasks: [
    {
      points: 15,
      ask: ({ web, port, inner }) => ({
        en: `A container \`${web}\` whose web server listens at port ${inner} and is published at port ${port}`,
        zh: `容器 \`${web}\`：网页服务器监听 ${inner} 端口，发布在宿主机的 ${port} 端口`,
      }),
      async check(place, { web, port, inner }) {
        const findings = await serves(place, web, port);
        if (!findings.every(({ ok }) => ok)) return findings;
        const rule = (await publishedOf(place, web)).find(({ hostPort }) => hostPort === port);
        return [
          ...findings,
          finding(
            rule?.port === inner && rule.hostAddress === '0.0.0.0',
            {
              en: `the rule is for every address of the host, and leads to port ${inner}`,
              zh: `规则对宿主机的每个地址有效，并转到 ${inner} 端口`,
            },
            {
              en: `it is for ${rule?.hostAddress}, and leads to port ${rule?.port}`,
              zh: `它只对 ${rule?.hostAddress} 有效，并转到 ${rule?.port} 端口`,
            },
          ),
        ];
      },
      hints: [
        () => ({
          en: '`minidock run -d --name … -p HOST:CONTAINER lab07 httpd -f -p PORT -h /www`',
          zh: '`minidock run -d --name … -p 宿主机:容器 lab07 httpd -f -p 端口 -h /www`',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ shop }) => ({
        en: `The port of the host by which somebody has come to \`${shop}\`, and how many connections that were`,
        zh: `有人是从宿主机的哪个端口来到 \`${shop}\` 的，一共多少个连接`,
      }),
      answer: { en: 'PORT COUNT', zh: '端口 个数' },
      async check(place, { shop }, answer) {
        const { container, findings } = running(place, shop, true);
        if (container === undefined) return findings;
        const [port = '', count = ''] = answer.split(/[\s,]+/);
        const rule = (await publishedOf(place, shop)).find(({ hostPort }) => String(hostPort) === port);
        if (rule === undefined)
          return [
            finding(
              false,
              { en: `${port} is a published port of ${shop}`, zh: `${port} 是 ${shop} 发布的端口` },
              { en: 'no NAT rule that leads to it has this port', zh: '转给它的 NAT 规则里没有这个端口' },
            ),
          ];
        return [
          finding(
            rule.packets > 0,
            { en: `the rule for port ${port} has been met`, zh: `${port} 端口的规则匹配到过` },
            { en: 'its counter is 0: nobody has come this way', zh: '它的计数是 0：没有人从这里来过' },
          ),
          ...(rule.packets > 0
            ? [
                finding(
                  Number(count) === rule.packets,
                  { en: `there were ${count || 'no'} connections`, zh: `一共 ${count || '0'} 个连接` },
                  {
                    en: `its counter says otherwise; the rule is asked once a connection, and the first number counts packets, the second bytes`,
                    zh: '它的计数不是这个数；规则每个连接只查一次，第一个数是包数，第二个是字节数',
                  },
                ),
              ]
            : []),
        ];
      },
      hints: [
        () => ({
          en: '`iptables-save -c -t nat` prints each rule with its two counters in front.',
          zh: '`iptables-save -c -t nat` 在每条规则前面打印它的两个计数。',
        }),
        ({ shop }) => ({
          en: `The rules of a container bear its id in a comment; \`minidock xray ${shop}\` shows them, too.`,
          zh: `容器的规则在注释里带着它的 id；\`minidock xray ${shop}\` 也会显示。`,
        }),
      ],
    },
    {
      points: 20,
      ask: ({ shy, door }) => ({
        en: `\`${shy}\` answers at port ${door} of the host`,
        zh: `\`${shy}\` 在宿主机的 ${door} 端口应答`,
      }),
      check: (place, { shy, door }) => serves(place, shy, door),
      hints: [
        () => ({
          en: 'A published port gives a packet the address of eth0 as its destination. Who listens at 127.0.0.1 gets none of these.',
          zh: '发布端口会把包的目的地改成 eth0 的地址。监听 127.0.0.1 的程序收不到这样的包。',
        }),
        ({ shy }) => ({
          en: `It is the program that has to listen at all addresses: run \`${shy}\` again, with \`httpd -p PORT\` in the place of \`-p 127.0.0.1:PORT\`.`,
          zh: `要让程序监听所有地址：重新运行 \`${shy}\`，用 \`httpd -p 端口\` 代替 \`-p 127.0.0.1:端口\`。`,
        }),
      ],
    },
    {
      points: 25,
      ask: ({ client, web, port, word }) => ({
        en: `A capture \`${file}\`, in which \`${client}\` asks \`${web}\` for \`/?${word}\` by way of port ${port} of the host`,
        zh: `抓包文件 \`${file}\`：\`${client}\` 经过宿主机的 ${port} 端口向 \`${web}\` 请求 \`/?${word}\``,
      }),
      async check(place, values) {
        const { web, port, inner, client, word } = values;
        const { container, findings } = running(place, web);
        if (container === undefined) return findings;
        const asked = askedIn(`${place.folder}/${file}`, values);
        const readable = { en: `${file} is a capture of minidock’s`, zh: `${file} 是 minidock 的抓包文件` };
        if (typeof asked === 'string' && asked !== 'unasked') return [finding(false, readable, same(asked))];
        const found = {
          en: `a packet in it asks for /?${word}`,
          zh: `其中有一个包请求 /?${word}`,
        };
        if (typeof asked === 'string')
          return [
            finding(true, readable, same('')),
            finding(false, found, {
              en: 'none does: begin to capture, wait for “capturing at”, then ask',
              zh: '没有：先开始抓包，等到出现“capturing at”，再去请求',
            }),
          ];
        const { before, after, points } = asked;
        const address = ipv4Of(
          (await containerNetwork(place, web)).interfaces.find(({ name }) => name === 'eth0'),
        )[0]?.replace(/\/.*/, '');
        return [
          finding(true, found, same('')),
          finding(
            before !== undefined && after !== undefined,
            {
              en: `it was seen at ${client} and at ${web}`,
              zh: `它在 ${client} 和 ${web} 两边都看到了`,
            },
            {
              en: `it was seen at ${points.join(', ')}: not at ${[before ? [] : client, after ? [] : web].flat().join(' and not at ')}`,
              zh: `看到它的地方：${points.join('、')}；没有在 ${[before ? [] : client, after ? [] : web].flat().join('、')} 看到`,
            },
          ),
          ...(before && after
            ? [
                finding(
                  before.destinationPort === port && after.destinationPort === inner && after.destination === address,
                  {
                    en: `it was sent to ${end(before.destination, before.destinationPort)} and came to ${end(after.destination, after.destinationPort)}`,
                    zh: `它发往 ${end(before.destination, before.destinationPort)}，到达 ${end(after.destination, after.destinationPort)}`,
                  },
                  {
                    en: `sent to port ${port} of the host it would have come to ${end(address, inner)}`,
                    zh: `如果发往宿主机的 ${port} 端口，就会到达 ${end(address, inner)}`,
                  },
                ),
              ]
            : []),
        ];
      },
      hints: [
        ({ client, web }) => ({
          en: `\`minidock capture ${client} ${web} -w FILE\` listens at both until Ctrl-C; ask from a second terminal.`,
          zh: `\`minidock capture ${client} ${web} -w 文件\` 在两边同时抓，直到按 Ctrl-C；从另一个终端去请求。`,
        }),
        ({ client, port, word }) => ({
          en: `\`minidock exec ${client} wget -q -O - http://ADDRESS:${port}/?${word}\`; ADDRESS is that of its default route: the host, as it sees it.`,
          zh: `\`minidock exec ${client} wget -q -O - http://地址:${port}/?${word}\`；地址是它的默认路由：它眼里的宿主机。`,
        }),
      ],
    },
    {
      points: 20,
      ask: ({ web }) => ({
        en: `The address from which this packet came to \`${web}\`, and the chain whose rule has written it there`,
        zh: `这个包到达 \`${web}\` 时的源地址，以及写上它的规则所在的链`,
      }),
      answer: { en: 'ADDRESS CHAIN', zh: '地址 链' },
      async check(place, { web }, answer) {
        const { container, findings } = running(place, web);
        if (container === undefined) return findings;
        const [address = '', chain = ''] = answer.split(/[\s,]+/);
        const { bridges } = await containerNetwork(place, web);
        const own = bridges.flatMap(({ addresses }) => addresses.map(one => one.replace(/\/.*/, '')));
        const rules = (await place.xray(web, ['rules'])).rules!.rules.filter(
          ({ table, rule }) => table === 'nat' && rule.includes('--ctstate DNAT') && rule.endsWith('-j MASQUERADE'),
        );
        const met = rules.filter(({ packets }) => packets > 0);
        return [
          finding(
            own.includes(address),
            {
              en: `${address} is the host’s own address at the bridge, by which the packet left it`,
              zh: `${address} 是宿主机在网桥上的地址，包就是从那里出去的`,
            },
            {
              en: 'MASQUERADE takes the address of the interface by which the packet goes out; look at the packet at the eth0 of the server',
              zh: 'MASQUERADE 用的是包出去的那个接口的地址；看看服务器 eth0 上的这个包',
            },
          ),
          finding(
            met.some(one => one.chain === chain),
            {
              en: `a rule of ${chain || 'no chain'} has met it: ${met[0]?.rule ?? 'none yet'}`,
              zh: `${chain || '（没有链）'} 里有规则匹配到它：${met[0]?.rule ?? '（还没有）'}`,
            },
            {
              en: 'source addresses are changed on the way out: what does POSTROUTING jump to, and which MASQUERADE there is for connections with the state DNAT?',
              zh: '源地址是在出去的时候改的：POSTROUTING 跳到哪里？那里哪一条 MASQUERADE 针对状态为 DNAT 的连接？',
            },
          ),
        ];
      },
      hints: [
        () => ({
          en: `\`minidock capture -r …/${file}\` tells the walk again, with the rules.`,
          zh: `\`minidock capture -r …/${file}\` 会重新讲一遍包走过的路，并给出规则。`,
        }),
        () => ({
          en: '`iptables-save -c -t nat | grep MASQUERADE`: the bridge of this engine, a counter that is not 0, and `--ctstate DNAT`.',
          zh: '`iptables-save -c -t nat | grep MASQUERADE`：本引擎的网桥、不为 0 的计数、`--ctstate DNAT`。',
        }),
      ],
    },
  ],

  clean: (place, { web, shop, shy, client }) =>
    removeAll(place, { containers: [web, shop, shy, client], images: [image] }),
};
