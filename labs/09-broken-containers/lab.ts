import { parseMounts } from '../../src/host/mountinfo.ts';
import { readProc } from '../../src/host/proc.ts';
import type { Finding } from '../../src/workshop/exercise/types.ts';
import { finding, running } from '../../src/workshop/lab/kit/finding.ts';
import { containerNetwork } from '../../src/workshop/lab/kit/network.ts';
import { ensureContainer, ensureImage, removeAll } from '../../src/workshop/lab/kit/plant.ts';
import type { Lab, Place, Values } from '../../src/workshop/lab/types.ts';
import { commandOf } from '../../src/xray/collect/processes.ts';

const image = 'lab09';
const MiB = 1 << 20;
const mostMemory = 128 * MiB;

const files = {
  'www/index.html': 'it works\n',
  'bin/fill': `#!/bin/sh
dd if=/dev/zero of=/dev/null bs=$1M count=1 || exit
exec sleep 1000000
`,
  'bin/keep': `#!/bin/sh
echo started >> /data/notes || exit 1
exec sleep 1000000
`,
  'bin/wait-for': `#!/bin/sh
until nslookup $1 2> /dev/null | grep -q '^Name:'; do sleep 0.2; done
exec sleep 1000000
`,
};

interface Own extends Values {
  readonly web: string;
  readonly port: number;
  readonly shop: string;
  readonly door: number;
  readonly inner: number;
  readonly cache: string;
  readonly need: number;
  readonly notes: string;
  readonly data: string;
  readonly word: string;
  readonly app: string;
  readonly db: string;
  readonly net: string;
}

/** Runs it where there is none of this name. Broken ones end at once, and stay as they are. */
async function plantBroken(place: Place, name: string, ...words: readonly string[]): Promise<void> {
  if (place.container(name) === undefined) await place.minidock('run', '-d', '--name', name, ...words);
}

/** Somebody listens in the container, and packets to the host's port are led there. */
async function serves(place: Place, name: string, hostPort: number): Promise<Finding[]> {
  const { container, findings } = running(place, name);
  if (container === undefined) return findings;
  const { listening, published } = (await place.xray(name, ['sockets'])).sockets!;
  const ports = listening.filter(({ protocol }) => protocol.startsWith('tcp')).map(({ port }) => port);
  const rule = published.find(one => one.hostPort === hostPort);
  return [
    ...findings,
    finding(
      rule !== undefined,
      {
        en: `a NAT rule leads port ${hostPort} of the host to ${rule?.address}:${rule?.port}`,
        zh: `有一条 NAT 规则把宿主机的 ${hostPort} 端口转到 ${rule?.address}:${rule?.port}`,
      },
      { en: `no NAT rule for port ${hostPort} leads to it`, zh: `没有把 ${hostPort} 端口转给它的 NAT 规则` },
    ),
    finding(
      rule !== undefined && ports.includes(rule.port),
      {
        en: `somebody listens there: ${ports.join(', ') || 'nobody does anywhere'}`,
        zh: `那里有程序在监听：${ports.join('、') || '哪里都没有'}`,
      },
      { en: 'port and listener do not agree', zh: '端口与监听者不一致' },
    ),
  ];
}

export const lab: Lab<Own> = {
  id: '09-broken-containers',
  minutes: 50,
  version: 1,
  needs: ['volumes', 'cgroups', 'supervisor', 'network-modes', 'published-ports'],
  programs: ['busybox', 'curl'],

  values(random) {
    const [web, shop, cache, notes, data, word, app, db, net] = random.words(9);
    const port = random.port();
    const door = port + random.integer(1, 90);
    const [inner, need] = [random.integer(3000, 9999), random.integer(40, 60)];
    return { web, port, shop, door, inner, cache, need, notes, data, word, app, db, net };
  },

  async plant(place, { web, port, shop, door, inner, cache, need, notes, data, word, app, db, net }) {
    await ensureImage(place, image, files);
    await plantBroken(place, web, '-p', `${port}:80`, image, 'httpd', '-h', '/www');
    await plantBroken(place, shop, '-p', `${door}:80`, image, 'httpd', '-f', '-p', String(inner), '-h', '/www');
    await plantBroken(place, cache, '--network', 'none', '-m', '16m', image, 'fill', String(need));
    if (place.container(notes) === undefined) {
      await place.minidock(
        'run',
        '--rm',
        '--network',
        'none',
        '-v',
        `${data}:/data`,
        image,
        'sh',
        '-c',
        `[ -e /data/notes ] || echo ${word} > /data/notes`,
      );
      await plantBroken(place, notes, '--network', 'none', '-v', `${data}:/data:ro`, image, 'keep');
    }
    const networks = await place.minidock('network', 'ls', '--format', '{{.Name}}');
    if (!networks.split('\n').includes(net)) await place.minidock('network', 'create', net);
    await ensureContainer(place, db, '--network', net, image, 'httpd', '-f', '-h', '/www');
    await plantBroken(place, app, image, 'wait-for', db);
  },

  tasks: [
    {
      points: 20,
      ask: ({ web, port }) => ({
        en: `\`${web}\` runs and answers at port ${port} of the host`,
        zh: `\`${web}\` 在运行，并在宿主机的 ${port} 端口应答`,
      }),
      check: (place, { web, port }) => serves(place, web, port),
      hints: [
        ({ web }) => ({
          en: `\`minidock ps -a\`: with what status did ${web} end? What does \`inspect\` say of its command?`,
          zh: `\`minidock ps -a\`：${web} 以什么状态结束？\`inspect\` 说它的命令是什么？`,
        }),
        () => ({
          en: '`httpd` goes into the background: its first process ends, and with it the container. `httpd --help` knows a flag.',
          zh: '`httpd` 会转入后台：第一个进程结束，容器也就结束了。`httpd --help` 里有一个选项。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ shop, door }) => ({
        en: `\`${shop}\` answers at port ${door} of the host`,
        zh: `\`${shop}\` 在宿主机的 ${door} 端口应答`,
      }),
      check: (place, { shop, door }) => serves(place, shop, door),
      hints: [
        ({ shop }) => ({
          en: `\`minidock xray ${shop}\`: who listens where, and what do the NAT rules say?`,
          zh: `\`minidock xray ${shop}\`：谁在哪里监听？NAT 规则又怎么说？`,
        }),
        () => ({
          en: '`-p HOST:CONTAINER`: the second one is the port at which the program listens.',
          zh: '`-p 宿主机:容器`：后一个是程序监听的端口。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ cache }) => ({
        en: `\`${cache}\` runs, with a memory limit of 128 MiB at most`,
        zh: `\`${cache}\` 在运行，内存限额不超过 128 MiB`,
      }),
      async check(place, { cache, need }) {
        const { container, findings } = running(place, cache);
        if (container === undefined) return findings;
        const { cgroups = [] } = await place.xray(cache, ['cgroups']);
        const limit = cgroups.flatMap(({ settings }) => settings).find(({ what }) => what === 'memory')?.amount;
        const [, command] = [container.pid, commandOf(container.pid)];
        return [
          ...findings,
          finding(
            limit !== undefined && limit <= mostMemory,
            {
              en: `its memory limit is ${limit === undefined ? 'none' : `${limit / MiB} MiB`}`,
              zh: `它的内存限额是 ${limit === undefined ? '无' : `${limit / MiB} MiB`}`,
            },
            {
              en: 'it should be 128 MiB at most: the others live here, too',
              zh: '应当不超过 128 MiB：这里还有别的容器',
            },
          ),
          finding(
            command === 'sleep 1000000',
            { en: `it has had its ${need} MB and goes on`, zh: `它用过了 ${need} MB，继续运行` },
            {
              en: `it runs ${command}: the same command as before is wanted`,
              zh: `它运行的是 ${command}：应当是与原来相同的命令`,
            },
          ),
        ];
      },
      hints: [
        ({ cache }) => ({
          en: `\`minidock inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}}' ${cache}\``,
          zh: `\`minidock inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}}' ${cache}\``,
        }),
        () => ({
          en: '137 is 128 and SIGKILL. `minidock update -m …` changes the limit of a container that is there; then `start`.',
          zh: '137 就是 128 加 SIGKILL。`minidock update -m …` 修改已有容器的限额，然后 `start`。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ notes, data }) => ({
        en: `\`${notes}\` runs and writes to the volume \`${data}\`, whose first line is still there`,
        zh: `\`${notes}\` 在运行，并写入数据卷 \`${data}\`；卷里的第一行还在`,
      }),
      check(place, { notes, word }) {
        const { container, findings } = running(place, notes);
        if (container === undefined) return findings;
        const mount = parseMounts(readProc(`/proc/${container.pid}/mountinfo`) ?? '').find(
          ({ target }) => target === '/data',
        );
        const lines = (readProc(`/proc/${container.pid}/root/data/notes`) ?? '').split('\n').filter(Boolean);
        return [
          ...findings,
          finding(
            mount?.options.split(',').includes('rw') === true,
            { en: `the mount at /data: ${mount?.options ?? 'none'}`, zh: `/data 的挂载：${mount?.options ?? '无'}` },
            { en: 'it has to be there, and to be rw', zh: '必须有这个挂载，并且是 rw' },
          ),
          finding(
            lines[0] === word,
            {
              en: `the first line of /data/notes is ${lines[0] ?? 'missing'}`,
              zh: `/data/notes 的第一行是 ${lines[0] ?? '（无）'}`,
            },
            {
              en: `it should be ${word}: this is another volume, or a new one`,
              zh: `应当是 ${word}：这是另一个卷，或者是新建的`,
            },
          ),
          finding(
            lines.includes('started'),
            { en: 'the program has written its own line', zh: '程序写下了自己的一行' },
            { en: 'it has not: is the command the same?', zh: '没有：命令还是原来的吗？' },
          ),
        ];
      },
      hints: [
        ({ notes }) => ({
          en: `\`minidock logs ${notes}\` has the error of its program.`,
          zh: `\`minidock logs ${notes}\` 里有程序的报错。`,
        }),
        () => ({
          en: 'A volume outlives its containers: remove the container, run it again with the same volume and without `:ro`.',
          zh: '数据卷比容器长寿：删除容器，用同一个卷、去掉 `:ro` 再运行一次。',
        }),
      ],
    },
    {
      points: 20,
      ask: ({ app, db }) => ({
        en: `\`${app}\` has found \`${db}\` by its name`,
        zh: `\`${app}\` 用名字找到了 \`${db}\``,
      }),
      async check(place, { app, db }) {
        for (const [name, planted] of [
          [app, false],
          [db, true],
        ] as const) {
          const { container, findings } = running(place, name, planted);
          if (container === undefined) return findings;
        }
        const bridges = async (name: string) =>
          (await containerNetwork(place, name)).bridges.map(bridge => bridge.name);
        const [mine, theirs] = [await bridges(app), await bridges(db)];
        const command = commandOf(place.container(app)!.pid);
        return [
          finding(
            mine.some(name => theirs.includes(name)),
            {
              en: `bridges of ${app}: ${mine.join(', ')}; of ${db}: ${theirs.join(', ')}`,
              zh: `${app} 的网桥：${mine.join('、')}；${db} 的：${theirs.join('、')}`,
            },
            { en: 'they have none in common', zh: '没有共同的网桥' },
          ),
          finding(
            command === 'sleep 1000000',
            { en: `it has found what it waited for, and runs ${command}`, zh: `它等到了要找的，现在运行 ${command}` },
            { en: `it still waits: ${command}`, zh: `它还在等：${command}` },
          ),
        ];
      },
      hints: [
        ({ app }) => ({
          en: `\`minidock logs ${app}\`, \`minidock network ls\`, and the networks of both in \`minidock inspect\`.`,
          zh: `\`minidock logs ${app}\`、\`minidock network ls\`，以及两者在 \`minidock inspect\` 里的网络。`,
        }),
        () => ({
          en: 'Names are answered on networks that somebody has created, and only for who is on the same one.',
          zh: '名字只在自己创建的网络上有人回答，而且只对同一网络上的容器。',
        }),
      ],
    },
  ],

  async clean(place, { web, shop, cache, notes, data, app, db, net }) {
    await removeAll(place, { containers: [web, shop, cache, notes, app, db], images: [image] });
    const volumes = await place.minidock('volume', 'ls', '-q');
    if (volumes.split('\n').includes(data)) await place.minidock('volume', 'rm', data);
    const networks = await place.minidock('network', 'ls', '--format', '{{.Name}}');
    if (networks.split('\n').includes(net)) await place.minidock('network', 'rm', net);
  },
};
