import { program } from '../../src/syscalls/step.ts';
import type { Exercise } from '../../src/workshop/exercise/types.ts';
import { lessonProgram } from '../../src/workshop/lesson.ts';
import { connect, linksOf, ofContainer, ofHost } from '../../src/workshop/network/namespaces.ts';
import type { Text } from '../../src/workshop/text/language.ts';

const refused: Text = {
  en: 'the kernel’s answer is not the one that was expected: does this namespace have an interface of that name? A new one has `lo` and nothing else',
  zh: '内核的应答与预期不符：这个命名空间里有叫这个名字的接口吗？新建的里面只有 `lo`',
};

export const exercise: Exercise<{ port: number }> = {
  lesson: 'network-modes',
  task: {
    en: 'Write `loopbackOnly()`, the steps of `--network none`: after them lo is up in the container, and nowhere else.',
    zh: '写出 `loopbackOnly()`，也就是 `--network none` 的步骤：做完之后，容器里的 lo 启用了，别处则没有变。',
  },
  pieces: ['loopbackOnly'],
  imports: ['network/netlink/'],
  syscalls: ['socket', 'sendto', 'recvfrom', 'close'],
  values: random => ({ port: random.integer(20_000, 60_000) }),
  program: (mine, { command }) => {
    const { host, parent, child } = mine.loopbackOnly();
    const base = lessonProgram({ namespaces: ['network'], child, command });
    return program({ ...base, host: [...host, ...base.host, ...parent] });
  },
  inside: 'true',
  grade: ({ process, steps }, { port }) => {
    const [outer, own] = [ofHost(process), ofContainer(process)];
    const up = (place: string) => linksOf(place).find(link => link.name === 'lo')?.up === true;
    const answer = connect(own, '127.0.0.1', port, { until: 'connect', patience: 2000 });
    return [
      {
        ok: !up(outer),
        what: { en: 'nothing has changed outside of the container', zh: '容器外面什么也没有变' },
        hint: {
          en: 'the loopback outside was switched on: a netlink socket talks to the namespace in which it was opened, so where is yours opened?',
          zh: '外面的回环接口被启用了：netlink 套接字属于打开它时所在的命名空间，你的是在哪里打开的？',
        },
      },
      {
        ok: up(own),
        what: { en: 'lo is up in the container', zh: '容器里的 lo 已启用' },
        hint:
          steps.length === 0
            ? { en: 'there is no step at all: a new loopback is down', zh: '一个步骤也没有：新的回环接口是没有启用的' }
            : {
                en: 'it is down: was the message sent, and on a socket of the new namespace?',
                zh: '它没有启用：消息发出去了吗？用的是新命名空间的套接字吗？',
              },
      },
      {
        // Nobody listens there: a refusal is the container's own answer.
        ok: answer === 'ECONNREFUSED',
        what: {
          en: `127.0.0.1:${port} answers with a refusal, as a port does where nobody listens`,
          zh: `127.0.0.1:${port} 拒绝连接，没有人监听的端口就该这样`,
        },
        hint: {
          en: `it answers with ${answer}: there is no way to 127.0.0.1`,
          zh: `连接的结果是 ${answer}：去 127.0.0.1 无路可走`,
        },
      },
    ];
  },
  explain: ({ step }) => (step.op === 'expect' ? refused : undefined),
  hints: [
    {
      en: 'Three things in their order: open a socket, send one message, close the socket. All three belong to one section.',
      zh: '按顺序三件事：打开套接字，发一条消息，关掉套接字。三件都在同一个部分。',
    },
    {
      en: 'The child is in the new namespace from its first step on. What is opened before clone belongs to the host’s.',
      zh: '子进程从第一步起就在新的命名空间里。clone 之前打开的属于宿主机。',
    },
    {
      en: "`{ host: [], parent: [], child: [openNetlink(netlink, { why }), ...exchange(netlink, [{ message: setUp('lo'), why }]), close(netlink, { why })] }`",
      zh: "答案就是 `{ host: [], parent: [], child: [openNetlink(netlink, { why }), ...exchange(netlink, [{ message: setUp('lo'), why }]), close(netlink, { why })] }`",
    },
  ],
  wrong: [
    {
      name: 'opens the socket before clone',
      code: `  return {
    host: [openNetlink(netlink, { why })],
    parent: [close(netlink, { why })],
    child: [...exchange(netlink, [{ message: setUp('lo'), why }]), close(netlink, { why })],
  };`,
      hint: /where is yours opened/,
    },
    { name: 'does nothing', code: '  return { host: [], parent: [], child: [] };', hint: /no step at all/ },
    {
      name: 'opens and closes, and says nothing',
      code: '  return { host: [], parent: [], child: [openNetlink(netlink, { why }), close(netlink, { why })] };',
      hint: /was the message sent/,
    },
    {
      name: 'an interface that is not there',
      code: `  return {
    host: [],
    parent: [],
    child: [openNetlink(netlink, { why }), ...exchange(netlink, [{ message: setUp('eth0'), why }]), close(netlink, { why })],
  };`,
      hint: /has `lo` and nothing else/,
    },
  ],
};
