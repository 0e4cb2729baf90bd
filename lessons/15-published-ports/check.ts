import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostInterfaceOf } from '../../src/network/endpoint.ts';
import { missingRules } from '../../src/network/firewall/firewall.ts';
import { rulesOf } from '../../src/network/firewall/port-rules.ts';
import { macOf, parseSubnet } from '../../src/network/ipv4.ts';
import { networkOf } from '../../src/network/network.ts';
import { formatPort, type Port } from '../../src/network/ports/ports.ts';
import { program, type Step } from '../../src/syscalls/step.ts';
import { SOCK } from '../../src/syscalls/uapi/flags.ts';
import type { Exercise, Finding } from '../../src/workshop/exercise/types.ts';
import { lessonProgram } from '../../src/workshop/lesson.ts';
import { bareHost, bridgeFor, hostWithClient, outside } from '../../src/workshop/network/lab.ts';
import {
  askIn,
  connect,
  doIn,
  ofContainer,
  ofHost,
  ofOther,
  type Place,
  sendDatagram,
  waitingDatagrams,
} from '../../src/workshop/network/namespaces.ts';
import { briefly } from './asking.ts';

interface Values {
  readonly bridge: string;
  readonly shortId: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly address: string;
  /** One of every address, one of UDP, one of one address alone. */
  readonly ports: readonly [Port, Port, Port];
}

const endpointOf = ({ bridge, address, gateway, shortId }: Values) => ({
  bridge,
  address,
  gateway,
  prefixLength: 16,
  macAddress: macOf(address),
  hostInterface: hostInterfaceOf(shortId),
  index: 64,
});

/** Sockets of the container that listen, and stay open for the program that is executed. */
function servers(ports: readonly Port[]): Step[] {
  const inside = ports.map(({ containerPort, protocol }) => ({
    hostIp: '0.0.0.0',
    hostPort: containerPort,
    containerPort,
    protocol,
  }));
  return pieces
    .portMapping(inside)
    .map(step =>
      step.op === 'syscall' && step.name === 'socket'
        ? { ...step, args: [step.args[0]!, (step.args[1] as number) & ~SOCK.SOCK_CLOEXEC, 0] }
        : step,
    );
}

/** What iptables-restore says against the rules; undefined where it takes them. */
function refusal(host: Place, rules: readonly string[]): string | undefined {
  if (!rules.every(rule => /^[\w .:/,!-]{1,400}$/.test(rule))) return 'a rule is one line of plain characters';
  const text = `*nat\n${rules.map(rule => `-I ${rule}`).join('\n')}\nCOMMIT\n`;
  const [complaint] = askIn(host, 'iptables-restore --noflush --wait=10 || echo refused', text).filter(
    line => !/--wait/.test(line),
  );
  return complaint;
}

export const exercise: Exercise<Values> = {
  lesson: 'published-ports',
  task: {
    en: 'Write `portRules`: from a container’s address and its ports to the lines that iptables-restore gets. They are restored on a host of their own, and a client tries each port.',
    zh: '写出 `portRules`：从容器的地址和端口，得出交给 iptables-restore 的那些行。它们会写进一台单独的主机，再由客户机逐个端口去试。',
  },
  pieces: ['portRules'],
  imports: ['network/firewall/chains.ts'],
  syscalls: [],
  values: random => {
    const net = `10.${random.integer(1, 254)}`;
    const host = random.integer(10, 50) * 1000;
    const inner = random.integer(20, 60) * 100;
    const port = (n: number, parts: Partial<Port>): Port => ({
      hostIp: '0.0.0.0',
      hostPort: host + n,
      containerPort: inner + n * 7,
      protocol: 'tcp',
      ...parts,
    });
    return {
      bridge: `br-${random.word()}`.slice(0, 15),
      shortId: Array.from({ length: 12 }, () => random.integer(0, 15).toString(16)).join(''),
      subnet: `${net}.0.0/16`,
      gateway: `${net}.0.1`,
      address: `${net}.0.${random.integer(2, 254)}`,
      ports: [port(1, {}), port(2, { protocol: 'udp' }), port(3, { hostIp: outside.host })],
    };
  },
  program: (mine, { command }, values) => {
    const { bridge, shortId, address, ports } = values;
    const rules: readonly unknown[] = mine.portRules(bridge, { shortId, address, ports });
    const veth = pieces.vethPair(endpointOf(values));
    const base = lessonProgram({
      namespaces: ['network'],
      child: [...veth.child, ...servers(ports)],
      command: { ...command, env: [...command.env, `RULES=${rules.map(String).join('\n')}`] },
    });
    const lab = hostWithClient(['tunl0'], bareHost(), bridgeFor(endpointOf(values)));
    return program({ ...base, host: [...lab, ...veth.host, ...base.host, ...veth.parent] });
  },
  inside: 'printf "%s\\n" "$RULES"',
  grade: ({ process }, { bridge, shortId, subnet, gateway, address, ports }) => {
    const [host, client, container] = [ofHost(process), ofOther(process), ofContainer(process)];
    const network = networkOf({ root: '/nowhere', execRoot: '/nowhere' }, bridge, parseSubnet(subnet));
    doIn(host, 'cd /proc/sys/net/ipv4; echo 1 > ip_forward');
    doIn(host, 'iptables-restore --noflush --wait=10', missingRules(network, ''));
    const rules = process.output;
    const complaint = refusal(host, rules);
    const taken: Finding = {
      ok: complaint === undefined,
      what: {
        en: `iptables-restore takes the ${rules.length} rules`,
        zh: `iptables-restore 接受这 ${rules.length} 条规则`,
      },
      hint: {
        en: `it says: ${complaint}; the first rule is: ${rules[0]}`,
        zh: `它说：${complaint}；第一条规则是：${rules[0]}`,
      },
    };
    if (!taken.ok) return [taken];
    const [everywhere, datagrams, single] = ports;
    const answer = connect(client, outside.host, everywhere.hostPort, { until: 'connect', ...briefly });
    sendDatagram(client, outside.host, datagrams.hostPort);
    const arrived = waitingDatagrams(process.pid, datagrams.containerPort);
    const there = connect(client, outside.host, single.hostPort, { until: 'connect', ...briefly });
    const elsewhere = connect(container, gateway, single.hostPort, { until: 'connect', ...briefly });
    const found = rulesOf(askIn(host, 'iptables-save -t nat').join('\n'), bridge, shortId);
    return [
      taken,
      {
        ok: answer === 'connected',
        what: {
          en: `${formatPort(everywhere)}: the client gets to the container`,
          zh: `${formatPort(everywhere)}：客户机到得了容器`,
        },
        hint:
          answer === 'ECONNREFUSED'
            ? {
                en: `refused: either no rule matches port ${everywhere.hostPort}, or it leads to a port of ${address} where nobody listens`,
                zh: `被拒绝：要么没有规则匹配 ${everywhere.hostPort} 端口，要么它通向 ${address} 上没有人监听的端口`,
              }
            : {
                en: `the connection ends with ${answer}: where does the rule lead to?`,
                zh: `连接的结果是 ${answer}：规则通向哪里？`,
              },
      },
      {
        ok: arrived > 0,
        what: {
          en: `${formatPort(datagrams)}: a datagram gets to the container`,
          zh: `${formatPort(datagrams)}：数据报到得了容器`,
        },
        hint: {
          en: 'none came: is the protocol the one of the mapping, in -p and in -m?',
          zh: '没有收到：-p 和 -m 里写的是这个映射的协议吗？',
        },
      },
      {
        ok: there === 'connected' && elsewhere !== 'connected',
        what: {
          en: `${formatPort(single)}: that address alone leads there`,
          zh: `${formatPort(single)}：只有这个地址通向容器`,
        },
        hint:
          there === 'connected'
            ? {
                en: `${gateway}:${single.hostPort} leads there too: the rule says nothing of the address`,
                zh: `${gateway}:${single.hostPort} 也通向那里：规则里没有写地址`,
              }
            : {
                en: `at ${outside.host}:${single.hostPort} the client gets ${there}`,
                zh: `在 ${outside.host}:${single.hostPort}，客户机得到的是 ${there}`,
              },
      },
      {
        ok: found.length === ports.length,
        what: {
          en: `${ports.length} rules carry minidock:${shortId}`,
          zh: `${ports.length} 条规则带着 minidock:${shortId}`,
        },
        hint: {
          en: `${found.length} do: after a crash nobody could tell whose the others are`,
          zh: `只有 ${found.length} 条带着：崩溃之后，谁也说不清其余的是谁的`,
        },
      },
    ];
  },
  hints: [
    {
      en: 'The lines of the lesson’s evidence are such rules: one DNAT, and what stands before it says which packets.',
      zh: '课文的证据里就有这样的规则：最后是 DNAT，前面说明是哪些包。',
    },
    {
      en: 'Only one part is not always there: `-d hostIp/32`. Everything else is the same for every port, with other numbers.',
      zh: '只有一个部分不是每次都有：`-d hostIp/32`。其余部分每个端口都一样，只是数字不同。',
    },
    {
      en: 'CHAIN, then `-d HOSTIP/32` or nothing, then `-p PROTOCOL -m PROTOCOL --dport HOSTPORT`, COMMENT, `-j DNAT --to-destination ADDRESS:CONTAINERPORT`, with a space between the parts.',
      zh: '链，然后是 `-d HOSTIP/32` 或者什么也不写，然后是 `-p PROTOCOL -m PROTOCOL --dport HOSTPORT`、注释、`-j DNAT --to-destination ADDRESS:CONTAINERPORT`，各部分之间一个空格。',
    },
  ],
  wrong: [
    {
      name: 'the port stays the host’s',
      code: `  return ports.map(({ hostPort, protocol }) =>
    \`\${chain} -p \${protocol} -m \${protocol} --dport \${hostPort} \${comment} -j DNAT --to-destination \${address}\`);`,
      hint: /a port of \S+ where nobody listens/,
    },
    {
      name: 'every address',
      code: `  return ports.map(({ hostPort, containerPort, protocol }) =>
    \`\${chain} -p \${protocol} -m \${protocol} --dport \${hostPort} \${comment} -j DNAT --to-destination \${address}:\${containerPort}\`);`,
      hint: /says nothing of the address/,
    },
    {
      name: 'always TCP',
      code: `  return ports.map(({ hostIp, hostPort, containerPort }) => {
    const only = hostIp === '0.0.0.0' ? '' : \` -d \${hostIp}/32\`;
    return \`\${chain}\${only} -p tcp -m tcp --dport \${hostPort} \${comment} -j DNAT --to-destination \${address}:\${containerPort}\`;
  });`,
      hint: /is the protocol the one of the mapping/,
    },
    {
      name: 'no comment',
      code: `  return ports.map(({ hostIp, hostPort, containerPort, protocol }) => {
    const only = hostIp === '0.0.0.0' ? '' : \` -d \${hostIp}/32\`;
    return \`\${chain}\${only} -p \${protocol} -m \${protocol} --dport \${hostPort} -j DNAT --to-destination \${address}:\${containerPort}\`;
  });`,
      hint: /nobody could tell whose/,
    },
    {
      name: 'a target that there is not',
      code: `  return ports.map(({ hostPort, containerPort, protocol }) =>
    \`\${chain} -p \${protocol} --dport \${hostPort} -j FORWARD --to \${address}:\${containerPort}\`);`,
      hint: /it says: /,
    },
  ],
};
