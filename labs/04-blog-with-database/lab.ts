import fs from 'node:fs';
import path from 'node:path';
import { ContainerStore } from '../../src/container/store.ts';
import { parseMounts } from '../../src/host/mountinfo.ts';
import { readProc } from '../../src/host/proc.ts';
import { enginePaths } from '../../src/state/paths.ts';
import type { Finding } from '../../src/workshop/exercise/types.ts';
import { finding, running } from '../../src/workshop/lab/kit/finding.ts';
import { containerNetwork } from '../../src/workshop/lab/kit/network.ts';
import { ensureImage, removeAll } from '../../src/workshop/lab/kit/plant.ts';
import type { Lab, Place, Values } from '../../src/workshop/lab/types.ts';
import { files } from './image.ts';
import { pageHas } from './page.ts';

const image = 'lab04';
const folder = '/var/lib/store';
const ports = { store: 3306, blog: 8002 };

interface Own extends Values {
  readonly net: string;
  readonly db: string;
  readonly web: string;
  readonly data: string;
  readonly password: string;
  readonly post: string;
  readonly port: number;
  readonly door: number;
}

/** The bridge at the other end of its cable is that of the network. */
async function isOn(place: Place, name: string, net: string): Promise<Finding> {
  const { bridges } = await containerNetwork(place, name);
  const seen = bridges.map(one => `${one.name} (${one.network})`);
  return finding(
    bridges.some(({ network }) => network === net),
    {
      en: `the cable of ${name} ends at the bridge ${seen.join(', ') || 'none'}`,
      zh: `${name} 的网线接在网桥 ${seen.join('、') || '（无）'} 上`,
    },
    { en: `that is not the bridge of the network ${net}`, zh: `那不是网络 ${net} 的网桥` },
  );
}

/** What a first process was given at its execve (proc_pid_environ(5)). */
function hasVariable(pid: number, name: string, value: string): Finding {
  const given = (readProc(`/proc/${pid}/environ`) ?? '').split('\0').find(one => one.startsWith(`${name}=`));
  return finding(
    given === `${name}=${value}`,
    { en: `${given ?? `no ${name}`} in its environment`, zh: `环境里${given ? `有 ${given}` : `没有 ${name}`}` },
    { en: `it should be ${value}`, zh: `应当是 ${value}` },
  );
}

/** The files in which the store keeps a post, as the host sees them through the container's root; the oldest first. */
function filesOf(pid: number, post: string): fs.Stats[] {
  const inside = `/proc/${pid}/root${folder}`;
  if (!fs.existsSync(inside)) return [];
  const names = fs.readdirSync(inside, { withFileTypes: true }).filter(entry => entry.isFile());
  const files = names.map(({ name }) => path.join(inside, name)).filter(file => readProc(file)?.trim() === post);
  return files.map(file => fs.statSync(file)).sort((a, b) => a.mtimeMs - b.mtimeMs);
}

const isSameFile = (a: fs.Stats | undefined, b: fs.Stats | undefined) =>
  a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;

export const lab: Lab<Own> = {
  id: '04-blog-with-database',
  minutes: 45,
  version: 1,
  needs: ['volumes', 'overlay-layers', 'network-modes', 'published-ports'],
  programs: ['busybox', 'curl'],

  values(random) {
    const [net, db, web, data, password, post] = random.words(6);
    const port = random.port();
    return { net, db, web, data, password, post, port, door: port + random.integer(1, 90) };
  },

  plant: place => ensureImage(place, image, files),

  tasks: [
    {
      points: 25,
      ask: ({ db, net }) => ({
        en: `\`${db}\` runs the store, with its password, on a network \`${net}\`; its port is not published`,
        zh: `\`${db}\` 运行 store，设有密码，在网络 \`${net}\` 上；端口没有发布`,
      }),
      async check(place, { db, net, password }) {
        const { container, findings } = running(place, db);
        if (container === undefined) return findings;
        const { listening, published } = (await place.xray(db, ['sockets'])).sockets!;
        const open = published.find(({ port }) => port === ports.store);
        return [
          ...findings,
          await isOn(place, db, net),
          hasVariable(container.pid, 'STORE_PASSWORD', password),
          finding(
            listening.some(({ port }) => port === ports.store),
            { en: `somebody listens at port ${ports.store} in it`, zh: `里面有程序在监听 ${ports.store} 端口` },
            { en: 'nobody does: is its command `store`?', zh: '没有：它的命令是 `store` 吗？' },
          ),
          finding(
            open === undefined,
            open === undefined
              ? { en: `no NAT rule leads to its port ${ports.store}`, zh: `没有 NAT 规则转到它的 ${ports.store} 端口` }
              : {
                  en: `a NAT rule leads port ${open.hostPort} of the host to it`,
                  zh: `有一条 NAT 规则把宿主机的 ${open.hostPort} 端口转给它`,
                },
            {
              en: 'whoever reaches the host reaches the store; the blog needs no published port for that',
              zh: '能访问宿主机的人都能访问它；blog 访问它并不需要发布端口',
            },
          ),
        ];
      },
      hints: [
        ({ net }) => ({
          en: `\`minidock network create ${net}\`, then \`minidock run -d --name … --network … -e NAME=VALUE … lab04 store\`.`,
          zh: `先 \`minidock network create ${net}\`，再 \`minidock run -d --name … --network … -e 名=值 … lab04 store\`。`,
        }),
        ({ db }) => ({
          en: `Has it ended? \`minidock logs ${db}\` says which variable its program misses.`,
          zh: `它已经结束了？\`minidock logs ${db}\` 会说明程序缺哪个变量。`,
        }),
      ],
    },
    {
      points: 15,
      ask: ({ db, data }) => ({
        en: `The store of \`${db}\` writes to the volume \`${data}\``,
        zh: `\`${db}\` 里的 store 把数据写进数据卷 \`${data}\``,
      }),
      check(place, { db, data }) {
        const { container, findings } = running(place, db);
        if (container === undefined) return findings;
        const mounts = parseMounts(readProc(`/proc/${container.pid}/mountinfo`) ?? '');
        const mount = mounts.find(({ target }) => target === folder);
        const volume = path.join(enginePaths(place.roots).volumes, data, '_data');
        const [there, here] = [`/proc/${container.pid}/root${folder}`, volume].map(name =>
          fs.statSync(name, { throwIfNoEntry: false }),
        );
        return [
          ...findings,
          finding(
            mount?.options.split(',').includes('rw') === true,
            {
              en: `the mount at ${folder}: ${mount ? `${mount.type}, ${mount.options}` : 'none'}`,
              zh: `${folder} 上的挂载：${mount ? `${mount.type}，${mount.options}` : '无'}`,
            },
            mount
              ? { en: 'it has to be rw', zh: '必须是 rw' }
              : {
                  en: 'what is written there goes to the container’s own layer, and with it',
                  zh: '写到那里的内容进了容器自己的层，也随它一起消失',
                },
          ),
          finding(
            isSameFile(there, here),
            {
              en: `${folder} is inode ${there?.ino ?? 'none'}, the directory of the volume ${data} inode ${here?.ino ?? 'none'}`,
              zh: `${folder} 的 inode 是 ${there?.ino ?? '（无）'}，数据卷 ${data} 的目录的 inode 是 ${here?.ino ?? '（无）'}`,
            },
            mount
              ? { en: `another directory is mounted there: ${mount.root}`, zh: `挂在那里的是另一个目录：${mount.root}` }
              : { en: 'they are two directories', zh: '这是两个目录' },
          ),
        ];
      },
      hints: [
        () => ({
          en: 'A container that is there gets no new mount: remove it, and run it again with all that it had and the volume.',
          zh: '已有的容器不能再加挂载：把它删除，带上原有的全部选项和数据卷再运行一次。',
        }),
        ({ data }) => ({
          en: `\`-v ${data}:${folder}\`, or \`--mount type=volume,source=${data},target=${folder}\`. A name is a volume, a path is a directory of the host.`,
          zh: `\`-v ${data}:${folder}\`，或 \`--mount type=volume,source=${data},target=${folder}\`。写名字是数据卷，写路径是宿主机的目录。`,
        }),
      ],
    },
    {
      points: 25,
      ask: ({ web, db, port, post }) => ({
        en: `\`${web}\` shows at port ${port} of the host what the store in \`${db}\` has: the post \`${post}\``,
        zh: `\`${web}\` 在宿主机的 ${port} 端口显示 \`${db}\` 里 store 的内容：文章 \`${post}\``,
      }),
      async check(place, { web, db, net, port, post }) {
        const { container, findings } = running(place, web);
        if (container === undefined) return findings;
        const connected = await isOn(place, web, net);
        if (!connected.ok) return [...findings, connected];
        const { published } = (await place.xray(web, ['sockets'])).sockets!;
        const rule = published.find(({ hostPort }) => hostPort === port);
        return [
          ...findings,
          connected,
          hasVariable(container.pid, 'STORE_HOST', db),
          finding(
            rule?.port === ports.blog,
            {
              en: `NAT rule for port ${port} of the host: ${rule ? `to ${rule.address}:${rule.port}` : 'none'}`,
              zh: `宿主机 ${port} 端口的 NAT 规则：${rule ? `转到 ${rule.address}:${rule.port}` : '无'}`,
            },
            { en: `the blog listens at ${ports.blog}`, zh: `blog 监听 ${ports.blog}` },
          ),
          await pageHas(port, post),
        ];
      },
      hints: [
        ({ web }) => ({
          en: `\`curl -s http://127.0.0.1:PORT/\` has the blog’s complaint, \`minidock logs ${web}\` that of its start.`,
          zh: `\`curl -s http://127.0.0.1:端口/\` 会显示 blog 的报错，启动时的报错在 \`minidock logs ${web}\` 里。`,
        }),
        ({ db, net }) => ({
          en: `\`--network ${net} -e STORE_HOST=${db} -e STORE_PASSWORD=…\`, and \`-p HOST:${ports.blog}\`. localhost would be the blog itself.`,
          zh: `\`--network ${net} -e STORE_HOST=${db} -e STORE_PASSWORD=…\`，以及 \`-p 宿主机:${ports.blog}\`。写 localhost 就是 blog 自己了。`,
        }),
        ({ post, port }) => ({
          en: `\`curl -d ${post} http://127.0.0.1:${port}/\` writes a post.`,
          zh: `\`curl -d ${post} http://127.0.0.1:${port}/\` 写一篇文章。`,
        }),
      ],
    },
    {
      points: 10,
      ask: ({ post }) => ({
        en: `The file of the host in which the post \`${post}\` is`,
        zh: `文章 \`${post}\` 在宿主机的哪个文件里`,
      }),
      answer: { en: 'FILE', zh: '文件' },
      check(place, { db, post }, answer) {
        const { container, findings } = running(place, db);
        if (container === undefined) return findings;
        const kept = filesOf(container.pid, post);
        const named = answer.startsWith('/') ? fs.statSync(answer, { throwIfNoEntry: false }) : undefined;
        return [
          finding(
            kept.some(one => isSameFile(one, named)),
            {
              en: `${answer} is inode ${named?.ino ?? 'none'}, the post is in inode ${kept[0]?.ino ?? 'none'}`,
              zh: `${answer} 的 inode 是 ${named?.ino ?? '（无）'}，文章所在的 inode 是 ${kept[0]?.ino ?? '（无）'}`,
            },
            answer.startsWith(folder)
              ? { en: 'that is its name in the container', zh: '这是它在容器里的名字' }
              : { en: 'the same file has the same inode', zh: '同一个文件的 inode 相同' },
          ),
        ];
      },
      hints: [
        ({ data }) => ({
          en: `\`minidock volume inspect ${data}\` says where the directory of the volume is.`,
          zh: `\`minidock volume inspect ${data}\` 说明数据卷的目录在哪里。`,
        }),
        ({ db }) => ({
          en: `In the container \`minidock exec ${db} ls ${folder}\` shows the file’s name: the same one.`,
          zh: `在容器里，\`minidock exec ${db} ls ${folder}\` 显示文件的名字：两边相同。`,
        }),
      ],
    },
    {
      points: 25,
      ask: ({ web, db, post }) => ({
        en: `\`${db}\` and \`${web}\` are destroyed and made again, and the page still has \`${post}\``,
        zh: `\`${db}\` 和 \`${web}\` 销毁后重新创建，页面上仍然有 \`${post}\``,
      }),
      async check(place, { web, db, port, post }) {
        for (const name of [db, web]) {
          const { container, findings } = running(place, name);
          if (container === undefined) return findings;
        }
        const page = await pageHas(port, post);
        const [kept] = filesOf(place.container(db)!.pid, post);
        if (!page.ok || kept === undefined) return [page];
        const containers = new ContainerStore(place.roots);
        const made = [db, web].map(name => {
          const { id, created } = containers.read(place.container(name)!.id)!;
          const age = (Date.parse(created) - kept.mtimeMs) / 1000;
          const seconds = Math.abs(age).toFixed(1);
          return finding(
            age > 0,
            {
              en: `${name} is the container ${id.slice(0, 12)}, made ${seconds} s ${age > 0 ? 'after' : 'before'} the post was written`,
              zh: `${name} 是容器 ${id.slice(0, 12)}，创建于文章写下${age > 0 ? '之后' : '之前'} ${seconds} 秒`,
            },
            {
              en: 'it is the one that was there already: started again is not made again',
              zh: '它还是原来那一个：重新启动不等于重新创建',
            },
          );
        });
        return [...made, page];
      },
      hints: [
        ({ web, db }) => ({
          en: `\`minidock rm -f ${web} ${db}\` destroys both; then the two commands of tasks 2 and 3 once more.`,
          zh: `\`minidock rm -f ${web} ${db}\` 销毁两者；然后把任务 2、任务 3 的命令再执行一遍。`,
        }),
        ({ data }) => ({
          en: `The page is empty? Then the store was made without the volume \`${data}\`, which still has the post: make it again.`,
          zh: `页面是空的？那是新的 store 没有挂上数据卷 \`${data}\`，文章还在卷里：再创建一次。`,
        }),
      ],
    },
  ],

  async clean(place, { net, db, web, data }) {
    // Those of the form with Django and MariaDB, too.
    await removeAll(place, { containers: [web, db, `myblog-${web}`, `mysql-${db}`], images: [image] });
    const lines = async (...words: string[]) => (await place.minidock(...words)).split('\n');
    const volumes = await lines('volume', 'ls', '-q');
    for (const name of [data, `posts-${data}`]) if (volumes.includes(name)) await place.minidock('volume', 'rm', name);
    const networks = await lines('network', 'ls', '--format', '{{.Name}}');
    for (const name of [net, `blog-${net}`]) if (networks.includes(name)) await place.minidock('network', 'rm', name);
  },
};
