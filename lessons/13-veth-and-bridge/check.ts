import type { Endpoint } from '../../src/network/endpoint.ts';
import { hostInterfaceOf } from '../../src/network/endpoint.ts';
import { macOf } from '../../src/network/ipv4.ts';
import { program } from '../../src/syscalls/step.ts';
import type { Exercise, Finding } from '../../src/workshop/exercise/types.ts';
import { lessonProgram } from '../../src/workshop/lesson.ts';
import { bridgeFor } from '../../src/workshop/network/lab.ts';
import { addressesIn, askIn, connect, linksOf, ofContainer, ofHost } from '../../src/workshop/network/namespaces.ts';
import type { Text } from '../../src/workshop/text/language.ts';

type Values = Omit<Endpoint, 'index'>;

/** What a refused message was to do, as the step that checks its answer says: `…: link set eth0 up`. */
const wordsOf = (why: Text) => why.en.replace(/^.*?: /, '');

export const exercise: Exercise<Values> = {
  lesson: 'veth-and-bridge',
  task: {
    en: 'Wire a container. The veth pair, its order and its sockets are given; you write which messages go to the host’s socket (`onTheHost`) and which to the container’s own (`inTheContainer`), so that the gateway answers.',
    zh: '给容器接线。veth 对、次序和套接字都已写好；你来写发给宿主机套接字的消息（`onTheHost`）和发给容器自己的消息（`inTheContainer`），让网关能应答。',
  },
  pieces: ['vethPair'],
  imports: ['network/netlink/'],
  syscalls: ['openat', 'socket', 'sendto', 'recvfrom', 'close'],
  values: random => {
    const subnet = `10.${random.integer(1, 254)}.${random.integer(1, 254)}`;
    const address = `${subnet}.${random.integer(2, 254)}`;
    return {
      bridge: `br-${random.word()}`.slice(0, 15),
      address,
      prefixLength: 24,
      gateway: `${subnet}.1`,
      macAddress: macOf(address),
      hostInterface: hostInterfaceOf(random.word()),
    };
  },
  program: (mine, { command }, values) => {
    const veth = mine.vethPair({ ...values, index: 64 });
    const base = lessonProgram({ namespaces: ['network'], child: veth.child, command });
    return program({ ...base, host: [...bridgeFor(values), ...veth.host, ...base.host, ...veth.parent] });
  },
  inside: 'true',
  grade: ({ process, steps }, values) => {
    const [host, container] = [ofHost(process), ofContainer(process)];
    const loopback = linksOf(container).find(link => link.name === 'lo');
    const inner = linksOf(container).find(link => link.name === 'eth0');
    const port = linksOf(host).find(link => link.name === values.hostInterface);
    const addresses = addressesIn(container, 'eth0');
    const route = askIn(container, 'ip route show default').join('');
    const answer = connect(container, values.gateway, 9);
    const wanted = `${values.address}/${values.prefixLength}`;
    const sent = steps.filter(step => step.op === 'syscall' && step.name === 'sendto').length;
    const findings: Finding[] = [
      {
        ok: port?.master === values.bridge && port.up,
        what: {
          en: `${values.hostInterface} is a port of ${values.bridge}, and up`,
          zh: `${values.hostInterface} 是 ${values.bridge} 的端口，并且已启用`,
        },
        hint:
          port === undefined
            ? { en: 'the end on the host is gone', zh: '宿主机这一端不见了' }
            : {
                en: `the end on the host is ${port.master ? `in ${port.master}` : 'in no bridge'} and ${port.up ? 'up' : 'down'}: which message plugs it in?`,
                zh: `宿主机这一端${port.master ? `在 ${port.master} 里` : '不在任何网桥里'}，${port.up ? '已启用' : '没有启用'}：哪条消息把它插上？`,
              },
      },
      {
        ok: loopback?.up === true,
        what: { en: 'lo is up', zh: 'lo 已启用' },
        hint: {
          en: 'without it no process in the container reaches another by 127.0.0.1',
          zh: '没有它，容器里的进程就不能用 127.0.0.1 互相访问',
        },
      },
      {
        ok: addresses.includes(wanted),
        what: { en: `eth0 has ${wanted}`, zh: `eth0 的地址是 ${wanted}` },
        hint:
          addresses.length === 0
            ? { en: 'eth0 has no address', zh: 'eth0 没有地址' }
            : {
                en: `eth0 has ${addresses.join(', ')}: are address and prefix length those that you were given?`,
                zh: `eth0 的地址是 ${addresses.join('、')}：地址和前缀长度是传给你的那些吗？`,
              },
      },
      {
        ok: inner?.up === true,
        what: { en: 'eth0 is up', zh: 'eth0 已启用' },
        hint: {
          en: 'an interface that is down carries nothing, and has no routes',
          zh: '没有启用的接口什么也传不了，也没有路由',
        },
      },
      {
        ok: route.startsWith(`default via ${values.gateway} `),
        what: { en: `the default route goes by ${values.gateway}`, zh: `默认路由经由 ${values.gateway}` },
        hint:
          route === ''
            ? {
                en: 'there is no default route: nothing outside of the subnet can be reached',
                zh: '没有默认路由：子网之外哪里也到不了',
              }
            : { en: `the kernel says “${route.trim()}”`, zh: `内核说的是“${route.trim()}”` },
      },
      {
        // Nobody listens on port 9: a refusal is the answer of a machine that is there.
        ok: answer === 'ECONNREFUSED',
        what: { en: `${values.gateway} answers the container`, zh: `${values.gateway} 应答容器` },
        hint:
          sent < 3
            ? {
                en: 'hardly any message was sent: both functions return a list of requests',
                zh: '几乎没有发出消息：两个函数都要返回请求的列表',
              }
            : {
                en: `a connection to it ends with ${answer}: frames do not get from eth0 to the bridge`,
                zh: `连接它的结果是 ${answer}：帧到不了网桥`,
              },
      },
    ];
    return findings;
  },
  explain: ({ step }) => {
    const words = wordsOf(step.why);
    if (words.startsWith('route add'))
      return {
        en: 'the gateway is in no network that is directly connected: that takes an address on eth0, and eth0 up, before the route',
        zh: '网关不在任何直连的网络里：加路由之前，eth0 要先有地址，并且已经启用',
      };
    if (/^link set .* master/.test(words))
      return {
        en: 'no such interface there: a socket finds only what is in the namespace that it was opened in, and the index must be that of the bridge',
        zh: '那里没有这个接口：套接字只找得到自己命名空间里的东西；而且编号必须是网桥的',
      };
    if (/^(link|addr) /.test(words))
      return {
        en: 'no such interface in the namespace that this socket talks to: does this message belong to the other function?',
        zh: '这个套接字所在的命名空间里没有这个接口：这条消息是不是该放在另一个函数里？',
      };
    return undefined;
  },
  hints: [
    {
      en: 'On the host: two requests, the question for the bridge’s index and the message that uses it. In the container: four.',
      zh: '宿主机上：两个请求，先问网桥的编号，再用它。容器里：四个。',
    },
    {
      en: 'const found = showLink(bridge); then { message: found.message, … } and { message: setMasterUp(hostInterface, found.index), … }.',
      zh: '先写 const found = showLink(bridge)；然后是 { message: found.message, … } 和 { message: setMasterUp(hostInterface, found.index), … }。',
    },
    {
      en: "In the container: setUp('lo'), replaceAddress('eth0', index, address, prefixLength), setUp('eth0'), and the route last: addDefaultRoute(gateway).",
      zh: "容器里：setUp('lo')，replaceAddress('eth0', index, address, prefixLength)，setUp('eth0')，路由放在最后：addDefaultRoute(gateway)。",
    },
  ],
  wrong: [
    { name: 'nothing on the host', code: ['  return [];'], hint: /in no bridge and down/ },
    {
      name: 'the route before eth0 is up',
      code: [
        undefined,
        `  const why = { en: 'wiring', zh: '接线' };
  return [
    { message: setUp('lo'), why },
    { message: replaceAddress('eth0', index, address, prefixLength), why },
    { message: addDefaultRoute(gateway), why },
    { message: setUp('eth0'), why },
  ];`,
      ],
      hint: /no network that is directly connected/,
    },
    {
      name: 'forgets loopback',
      code: [
        undefined,
        `  const why = { en: 'wiring', zh: '接线' };
  return [
    { message: replaceAddress('eth0', index, address, prefixLength), why },
    { message: setUp('eth0'), why },
    { message: addDefaultRoute(gateway), why },
  ];`,
      ],
      hint: /lo is up/,
    },
    {
      name: 'a prefix of one address',
      code: [
        undefined,
        `  const why = { en: 'wiring', zh: '接线' };
  return [
    { message: setUp('lo'), why },
    { message: replaceAddress('eth0', index, address, 32), why },
    { message: setUp('eth0'), why },
  ];`,
      ],
      hint: /address and prefix length those that you were given/,
    },
    {
      name: 'looks for the host’s end in the container',
      code: [
        '  return [];',
        `  const why = { en: 'wiring', zh: '接线' };
  return [{ message: setUp('lo'), why }, { message: setUp('veth0'), why }, { message: addDefaultRoute(gateway), why }];`,
      ],
      hint: /belong to the other function/,
    },
  ],
};
