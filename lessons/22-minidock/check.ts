import fs from 'node:fs';
import path from 'node:path';
import { capabilitySets } from '../../src/container/process/capabilities.ts';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import { statusField } from '../../src/host/process.ts';
import { hostInterfaceOf } from '../../src/network/endpoint.ts';
import { macOf } from '../../src/network/ipv4.ts';
import type { Mount } from '../../src/oci/runtime-spec.ts';
import { program } from '../../src/syscalls/step.ts';
import type { Exercise } from '../../src/workshop/exercise/types.ts';
import { lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { bridgeFor } from '../../src/workshop/network/lab.ts';
import { addressesIn, linksOf, ofContainer, ofHost } from '../../src/workshop/network/namespaces.ts';
import { makeSmallRoot } from '../../src/workshop/play/small-root.ts';

interface Values {
  readonly hostname: string;
  readonly marker: string;
  readonly root: string;
  readonly uid: number;
  readonly endpoint: Parameters<typeof bridgeFor>[0];
}

const proc: Mount = { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] };

/** What the learner puts in order, and the frame around it. */
function partsOf({ scratch, command }: Stage, { hostname, root, uid, endpoint }: Values) {
  const target = `${scratch}/${root}`;
  const frame = lessonProgram({ namespaces: ['mount', 'uts', 'pid', 'network'], child: [], command });
  const facts = hostFacts();
  const layers = { lowerBase: scratch, lower: ['image'], upper: 'upper', work: 'work', target };
  const user = { uid, gid: uid, additionalGids: [uid] };
  return {
    frame,
    parts: {
      clone: frame.host,
      privateMounts: pieces.mountNamespace(),
      overlay: pieces.overlayMount(layers, facts.overlayOptions),
      pivot: pieces.pivotRoot(target),
      proc: pieces.kernelMount(proc, facts),
      hostname: pieces.utsNamespace(hostname),
      cable: pieces.vethPair({ ...endpoint, index: 64 }),
      rights: pieces.capabilities(capabilitySets([], uid), user, { capabilities: new Set() }),
    },
  };
}

export const exercise: Exercise<Values> = {
  lesson: 'minidock',
  task: {
    en: 'Write `compile(parts)`: the order. You are given all that a container is made of, as lists of steps, and return what the host does and what the new process does. Each part is right; in a wrong order they are an error, or a hole.',
    zh: '写 `compile(parts)`：也就是顺序。做一个容器所需的全部都给你了，每样是一个步骤列表；返回宿主机做什么、新进程做什么。每一部分都是对的；顺序错了，就会出错，或者留下漏洞。',
  },
  pieces: ['compile'],
  syscalls: [
    'clone',
    'openat',
    'socket',
    'sendto',
    'recvfrom',
    'close',
    'mount',
    'umount2',
    'chdir',
    'mkdirat',
    'unlinkat',
    'statfs',
    'pivot_root',
    'sethostname',
    'prctl',
    'capset',
    'setgroups',
    'setgid',
    'setuid',
  ],
  values: random => {
    const subnet = `10.${random.integer(1, 254)}.${random.integer(1, 254)}`;
    const address = `${subnet}.${random.integer(2, 254)}`;
    return {
      hostname: random.word(),
      marker: random.word(),
      root: random.word(),
      uid: random.integer(1000, 60_000),
      endpoint: {
        bridge: `br-${random.word()}`.slice(0, 15),
        address,
        prefixLength: 24,
        gateway: `${subnet}.1`,
        macAddress: macOf(address),
        hostInterface: hostInterfaceOf(random.word()),
      },
    };
  },
  prepare(scratch, { root, marker }) {
    for (const name of ['upper', 'work', root]) fs.mkdirSync(path.join(scratch, name));
    makeSmallRoot(path.join(scratch, 'image'));
    fs.writeFileSync(path.join(scratch, 'image', marker), '');
  },
  program: (mine, stage, values) => {
    const { frame, parts } = partsOf(stage, values);
    const { host, child } = mine.compile!(parts);
    return program({
      ...frame,
      host: [...bridgeFor(values.endpoint), ...host],
      child: [...child, ...frame.child],
    });
  },
  inside: ({ marker }) => `[ -e /${marker} ] && echo "marker: there"
[ -e /proc/1/comm ] && echo "proc: $(cat /proc/1/comm)"; true`,
  grade({ process, outer, pids, said }, { hostname, uid, endpoint }) {
    const container = ofContainer(process);
    const old = process.mounts.find(line => !/^(overlay on \/|proc on \/proc) /.test(line));
    const leaked = outer.mounts.find(line => line.startsWith('overlay on /tmp/lesson'));
    const user = statusField(process.pid, 'Uid').split(/\s+/)[0];
    const effective = statusField(process.pid, 'CapEff');
    const addresses = addressesIn(container, 'eth0');
    const port = linksOf(ofHost(process)).find(link => link.name === endpoint.hostInterface);
    return [
      {
        ok: said('marker') === 'there' && old === undefined,
        what: {
          en: 'its root is the image, and nothing of the host is left in it',
          zh: '它的根是镜像，里面没有宿主机的任何东西',
        },
        hint:
          said('marker') === 'there'
            ? { en: `it still has “${old}”`, zh: `里面还有“${old}”` }
            : {
                en: 'it is still in the host’s tree: which two parts make another root?',
                zh: '它还在宿主机的目录树里：哪两部分换掉根？',
              },
      },
      {
        ok: leaked === undefined,
        what: { en: 'the host sees none of its mounts', zh: '宿主机看不到它的任何挂载' },
        hint: {
          en: `the host now has “${leaked}”: a mount that is made while mounts are shared is everybody’s. What must come before the first mount?`,
          zh: `宿主机上现在有“${leaked}”：挂载还在共享时做的挂载，人人都有一份。第一个挂载之前必须先做什么？`,
        },
      },
      {
        ok: pids.length === 2 && pids[1] === 1 && said('proc') !== '',
        what: { en: 'it is number 1, and its /proc says so', zh: '它是 1 号进程，它的 /proc 也这样说' },
        hint: {
          en: 'there is nothing in /proc: was a procfs mounted in the new root?',
          zh: '/proc 里什么都没有：在新的根里挂载 procfs 了吗？',
        },
      },
      {
        ok: process.hostname === hostname,
        what: { en: `it is called ${hostname}`, zh: `它的名字是 ${hostname}` },
        hint: { en: `it is called ${process.hostname}`, zh: `它的名字是 ${process.hostname}` },
      },
      {
        ok: addresses.includes(`${endpoint.address}/24`) && port?.master === endpoint.bridge,
        what: {
          en: `eth0 has ${endpoint.address}, and its cable is plugged in`,
          zh: `eth0 的地址是 ${endpoint.address}，网线已插好`,
        },
        hint: {
          en: `eth0 has ${addresses.join(', ') || 'no address'}, and the host’s end is ${port?.master === undefined ? 'in no bridge' : `in ${port.master}`}: the cable has three parts`,
          zh: `eth0 的地址是 ${addresses.join('、') || '空'}，宿主机这一端${port?.master === undefined ? '不在任何网桥里' : `在 ${port.master} 里`}：网线有三部分`,
        },
      },
      {
        ok: user === String(uid) && /^0+$/.test(effective),
        what: { en: `it is user ${uid} and has no capability`, zh: `它是用户 ${uid}，没有任何权能` },
        hint: {
          en: `it is user ${user} with CapEff ${effective}: the last part has to be there, too`,
          zh: `它是用户 ${user}，CapEff 为 ${effective}：最后一部分也不能少`,
        },
      },
    ];
  },
  explain: ({ call, errno }) => {
    if (errno === 'EPERM' || errno === 'EACCES')
      return {
        en: `${call} needs a right that the process has given away before: what must be last?`,
        zh: `${call} 需要的权限，进程之前已经交出去了：哪一部分必须放在最后？`,
      };
    if (call === 'pivot_root')
      return {
        en: 'pivot_root wants a mount of its own that is shared with nobody: what makes one, and what makes it private?',
        zh: 'pivot_root 要求一个独立的、不与别人共享的挂载：什么产生挂载，什么让它私有？',
      };
    if (call === 'unlinkat' || call === 'mkdirat')
      return {
        en: 'this is still /proc of the host, which nobody may touch: the root has not changed yet',
        zh: '这还是宿主机的 /proc，谁也不能动它：根还没有换',
      };
    return undefined;
  },
  hints: [
    {
      en: 'Ask of each part what it needs: rights? the host’s tree? the new root? a second namespace? Then put before it what gives that, and behind it what takes it away.',
      zh: '对每一部分问一问它需要什么：权限？宿主机的目录树？新的根？第二个命名空间？把提供它的放在前面，把拿走它的放在后面。',
    },
    {
      en: 'On the host: what the cable needs before, clone, what it does with its end. In the child: private mounts first, rights last; overlay, pivot, proc in this order.',
      zh: '宿主机上：网线事先需要的、clone、处理自己那一端。子进程里：最先是挂载私有，最后是权限；overlay、pivot、proc 依次进行。',
    },
    {
      en: '`host: [...cable.host, ...clone, ...cable.parent]`; `child` begins with `...privateMounts, ...overlay, ...pivot, ...proc` and ends with `...rights`.',
      zh: '`host: [...cable.host, ...clone, ...cable.parent]`；`child` 以 `...privateMounts, ...overlay, ...pivot, ...proc` 开头，以 `...rights` 结尾。',
    },
  ],
  wrong: [
    {
      name: 'rights are given away first, to be safe',
      code: `  const { clone, privateMounts, overlay, pivot, proc, hostname, cable, rights } = parts;
  return {
    host: [...cable.host, ...clone, ...cable.parent],
    child: [...rights, ...privateMounts, ...overlay, ...pivot, ...proc, ...hostname, ...cable.child],
  };`,
      hint: /a right that the process has given away before/,
    },
    {
      name: 'the name after the rights',
      code: `  const { clone, privateMounts, overlay, pivot, proc, hostname, cable, rights } = parts;
  return {
    host: [...cable.host, ...clone, ...cable.parent],
    child: [...privateMounts, ...overlay, ...pivot, ...proc, ...cable.child, ...rights, ...hostname],
  };`,
      hint: /sethostname needs a right/,
    },
    {
      name: 'mounts are made private too late',
      code: `  const { clone, privateMounts, overlay, pivot, proc, hostname, cable, rights } = parts;
  return {
    host: [...cable.host, ...clone, ...cable.parent],
    child: [...overlay, ...privateMounts, ...pivot, ...proc, ...hostname, ...cable.child, ...rights],
  };`,
      hint: /a mount that is made while mounts are shared is everybody’s/,
    },
    {
      name: 'proc before the root changes',
      code: `  const { clone, privateMounts, overlay, pivot, proc, hostname, cable, rights } = parts;
  return {
    host: [...cable.host, ...clone, ...cable.parent],
    child: [...privateMounts, ...proc, ...overlay, ...pivot, ...hostname, ...cable.child, ...rights],
  };`,
      hint: /this is still \/proc of the host/,
    },
    {
      name: 'all but the rights',
      code: `  const { clone, privateMounts, overlay, pivot, proc, hostname, cable } = parts;
  return {
    host: [...cable.host, ...clone, ...cable.parent],
    child: [...privateMounts, ...overlay, ...pivot, ...proc, ...hostname, ...cable.child],
  };`,
      hint: /the last part has to be there/,
    },
  ],
};
