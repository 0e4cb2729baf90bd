import fs from 'node:fs';
import path from 'node:path';
import { frame } from '../../src/api/frames.ts';
import { listenAt } from '../../src/api/server/hosts.ts';
import { listenTcp } from '../../src/api/server/listen.ts';
import { decodeCreateBody } from '../../src/api/shapes/container/create/body.ts';
import { containerOptionsOf } from '../../src/api/shapes/container/create/options.ts';
import { statusField } from '../../src/host/process.ts';
import { containerPaths } from '../../src/state/paths.ts';
import type { Lesson } from '../../src/workshop/lesson.ts';
import type { Tell } from '../17-image-format/image.ts';
import { type Answer, Client } from './client.ts';
import { endEngine, image, lessonEngine } from './engine.ts';
import { figure } from './figure.ts';
import { askBySocket, pingBoth, withNode } from './inside.ts';
import * as texts from './texts.ts';

/** The body of a request for a container that runs a shell's script. */
const shell = (script: string, config: object = {}, host: object = {}) => ({
  Image: image,
  Cmd: ['sh', '-c', script],
  ...config,
  HostConfig: { NetworkMode: 'none', ...host },
});

/** As `docker run -i` asks for it. */
const interactive = { OpenStdin: true, StdinOnce: true, AttachStdin: true };

/** The daemon of this lesson, and a client that tells of its requests. */
async function daemon(scratch: string, tell: Tell) {
  const served = await lessonEngine(scratch);
  const client = new Client(served.socket, tell);
  const create = async (body: object, by = client): Promise<string> =>
    (await by.ask('POST', '/containers/create', body)).json.Id;
  const start = (id: string, by = client): Promise<Answer> => by.ask('POST', `/containers/${id}/start`);
  const silent = new Client(served.socket);
  /** Waits until the container's log has a text: until its process has come so far. */
  const written = async (id: string, text: string): Promise<void> => {
    const { log } = containerPaths(served.roots, id);
    while (!fs.existsSync(log) || !fs.readFileSync(log, 'utf8').includes(text))
      await new Promise(resolve => setTimeout(resolve, 10));
  };
  /** Removes the container, so that its process ends. */
  const end = (id: string) => silent.ask('DELETE', `/containers/${id}?force=1`);
  return { ...served, client, silent, create, start, written, end };
}

/** A file of the container's log as text, without its JSON. */
function logged(log: string): string {
  return fs
    .readFileSync(log, 'utf8')
    .trimEnd()
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line).log)
    .join('');
}

const shown = (text: string) => (text === '' ? '–' : JSON.stringify(text));

/** Runs a container with input by the API, and how its client ends: half of the connection, or all of it. */
async function count(scratch: string, tell: Tell, end: 'shutdown' | 'close') {
  const { client, silent, create, start, roots } = await daemon(scratch, tell);
  const id = await create(shell('wc -c', interactive), silent);
  const { wire } = await silent.attach(id, 'stream=1&stdin=1&stdout=1&stderr=1');
  const wait = await silent.begin('POST', `/containers/${id}/wait?condition=next-exit`);
  await start(id, silent);
  wire.send('12345\n');
  tell('→ "12345\\n"');
  tell(end === 'shutdown' ? '→ shutdown(fd, SHUT_WR)' : '→ close(fd)');
  await (end === 'shutdown' ? wire.endSending() : wire.close());
  const heard = end === 'shutdown' ? await client.frames(wire) : { stdout: '' };
  const { StatusCode } = (await silent.finish(wait.wire, wait.head)).json;
  await wire.close();
  return { heard: heard.stdout, log: logged(containerPaths(roots, id).log), status: String(StatusCode) };
}

export const lesson: Lesson = {
  id: '21-engine-api',
  title: { en: 'The engine’s API: four requests and a wire', zh: '引擎的 API：四个请求和一条线' },
  about: {
    en: 'what docker run really sends: create, attach, wait, start; a connection that stops being HTTP; and why its socket is root',
    zh: 'docker run 到底发送了什么：create、attach、wait、start；一条不再是 HTTP 的连接；以及为什么它的套接字就是 root',
  },
  minutes: 40,
  needs: ['root', 'mnt', 'pid', 'uts', 'ipc', 'net', 'overlay', 'cgroups'],
  figure,
  question: texts.question,
  tidy: endEngine,
  run: {
    async show(scratch, tell) {
      const { engine, client, silent, create, start, traced } = await daemon(scratch, tell);
      const body = shell('echo hello; read line; echo "got $line" >&2; exit 3', interactive);
      const id = await create(body);
      const { wire } = await client.attach(id, 'stream=1&stdin=1&stdout=1&stderr=1');
      const wait = await client.begin('POST', `/containers/${id}/wait?condition=next-exit`);
      const counts = { child: 0 };
      const stop = traced(tell, ({ section, count: steps }) => {
        if (section === 'child') counts.child += steps;
      });
      await start(id);
      stop();
      const heard = await client.frames(wire, undefined, 'hello');
      const { Pid: pid } = (await silent.ask('GET', `/containers/${id}/json`)).json.State;
      const parent = statusField(pid, 'PPid');
      const inside = statusField(pid, 'NSpid').split(/\s+/).at(-1)!;
      const parentName = statusField(Number(parent), 'Name');
      wire.send('typed\n');
      tell('→ "typed\\n"');
      await wire.endSending();
      tell('→ shutdown(fd, SHUT_WR)');
      await client.frames(wire, heard);
      const { StatusCode } = (await client.finish(wait.wire, wait.head)).json;
      await wire.close();
      const plan = await engine.containers.plan(containerOptionsOf(decodeCreateBody(JSON.stringify(body))));
      const output = heard.stdout + heard.stderr;
      return {
        columns: texts.columns.asked,
        facts: [
          {
            what: {
              en: 'steps of the child: of the JSON, planned · done at start',
              zh: '子进程的步骤：由 JSON 计划 · 启动时执行',
            },
            host: String(plan.child.length),
            container: String(counts.child),
            claim: 'same',
          },
          {
            what: {
              en: 'the container’s process: State.Pid · in its own namespace',
              zh: '容器的进程：State.Pid · 在它自己的命名空间里',
            },
            host: String(pid),
            container: inside,
            claim: 'differs',
          },
          {
            what: { en: 'the daemon · the parent of that process', zh: '守护进程 · 该进程的父进程' },
            host: `${process.pid} node`,
            container: `${parent} ${parentName}`,
            claim: 'differs',
          },
          {
            what: { en: 'bytes on the connection · of output', zh: '连接上的字节数 · 其中的输出' },
            host: String(heard.bytes),
            container: String(Buffer.byteLength(output)),
            claim: 'differs',
          },
          {
            what: { en: 'exit status: of wait · in the container’s record', zh: '退出状态：wait 的响应 · 容器的记录' },
            host: String(StatusCode),
            container: String((await engine.containers.inspect(id)).record.state.exitCode),
            claim: 'same',
          },
        ],
      };
    },
  },
  byHand: texts.byHand,
  experiments: [
    {
      ...texts.late,
      async show(scratch, tell) {
        const { client, silent, create, start, written, roots, end } = await daemon(scratch, tell);
        const listen = async (streams: string): Promise<{ heard: string; log: string }> => {
          const id = await create(shell('echo early; read line; echo late', interactive), silent);
          await start(id);
          await written(id, 'early');
          const { wire } = await client.attach(id, streams);
          wire.send('\n');
          await wire.endSending();
          const heard = await client.frames(wire);
          await wire.close();
          const log = logged(containerPaths(roots, id).log);
          await end(id);
          return { heard: heard.stdout, log };
        };
        const lost = await listen('stream=1&stdin=1&stdout=1');
        const replayed = await listen('logs=1&stream=1&stdin=1&stdout=1');
        return {
          columns: texts.columns.late,
          facts: [
            {
              what: { en: 'heard on the connection', zh: '从连接上听到的' },
              host: shown(lost.heard),
              container: shown(replayed.heard),
              claim: 'differs',
            },
            {
              what: { en: 'in the container’s log', zh: '容器的日志里' },
              host: shown(lost.log),
              container: shown(replayed.log),
              claim: 'same',
            },
          ],
        };
      },
    },
    {
      ...texts.half,
      async show(scratch, tell) {
        const half = await count(scratch, tell, 'shutdown');
        const whole = await count(scratch, tell, 'close');
        const fact = (en: string, zh: string, of: (one: typeof half) => string, claim: 'same' | 'differs') => ({
          what: { en, zh },
          host: of(half),
          container: of(whole),
          claim,
        });
        return {
          columns: texts.columns.half,
          facts: [
            fact('what the client heard', '客户端听到的', ({ heard }) => shown(heard), 'differs'),
            fact('what the container wrote', '容器写出的', ({ log }) => shown(log), 'same'),
            fact('exit status', '退出状态', ({ status }) => status, 'same'),
          ],
        };
      },
    },
    {
      ...texts.socket,
      async show(scratch, tell) {
        const { silent, socket, create, start, roots, end } = await daemon(scratch, tell);
        const secret = path.join(scratch, 'secret');
        fs.writeFileSync(secret, `of root, ${process.pid}\n`, { mode: 0o600 });
        const rights = { CapDrop: ['ALL'], ReadonlyRootfs: true, SecurityOpt: ['no-new-privileges'] };
        const script = askBySocket(image, secret);
        const id = await create(shell(script, {}, { ...rights, ...withNode(socket) }), silent);
        const wait = await silent.begin('POST', `/containers/${id}/wait?condition=next-exit`);
        await start(id, silent);
        await silent.finish(wait.wire, wait.head);
        const lines = logged(containerPaths(roots, id).log).trimEnd().split('\n');
        await end(id);
        for (const line of lines) tell(line);
        const said = (name: string) => lines.find(line => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '–';
        return {
          columns: texts.columns.socket,
          facts: [
            {
              what: { en: 'its capabilities (CapEff)', zh: '它的权能（CapEff）' },
              host: said('CapEff'),
              container: '0000000000000000',
              claim: 'same',
            },
            {
              what: { en: 'the host’s file: for itself · by the socket', zh: '宿主机的文件：自己看 · 经由套接字' },
              host: said('itself'),
              container: said('by the socket'),
              claim: 'differs',
            },
            {
              what: { en: 'the file · what the socket gave', zh: '文件内容 · 经由套接字得到的' },
              host: fs.readFileSync(secret, 'utf8').trim(),
              container: said('by the socket'),
              claim: 'same',
            },
          ],
        };
      },
    },
    {
      ...texts.tcp,
      refused: 'invalid-host',
      async show(scratch, tell) {
        const { serve, roots } = await daemon(scratch, tell);
        const server = serve(() => false);
        tell('minidock daemon -H tcp://127.0.0.1:2375');
        const hosts = { hosts: ['tcp://127.0.0.1:2375'], roots, insecureTcp: false, env: {}, warn: tell };
        const listeners = await listenAt(hosts, server.http);
        for (const listener of listeners) listener.close();
        return { facts: [] };
      },
    },
  ],
  breakIt: [
    {
      ...texts.tty,
      async show(scratch, tell) {
        const { client, silent, create, start, end } = await daemon(scratch, tell);
        const first = async (Tty: boolean): Promise<Buffer> => {
          const id = await create(shell('echo hello', { Tty }), silent);
          const { wire } = await client.attach(id, 'stream=1&stdout=1');
          await start(id, silent);
          const parts: Buffer[] = [];
          for (let some = await wire.some(); some !== undefined; some = await wire.some()) parts.push(some);
          await wire.close();
          await end(id);
          const all = Buffer.concat(parts);
          tell(`← ${all.toString('hex').replace(/(..)(?=.)/g, '$1 ')}`);
          return all;
        };
        const [framed, raw] = [await first(false), await first(true)];
        return {
          columns: texts.columns.tty,
          facts: [
            {
              what: { en: 'bytes for “hello” and the end of its line', zh: '“hello”加行尾，共几个字节' },
              host: String(framed.length),
              container: String(raw.length),
              claim: 'differs',
            },
            {
              what: { en: 'made by src/api/frames.ts · what came first', zh: 'src/api/frames.ts 做出的帧 · 先收到的' },
              host: frame('stdout', 'hello\n').toString('hex'),
              container: framed.toString('hex'),
              claim: 'same',
            },
          ],
        };
      },
    },
    {
      ...texts.wait,
      async show(scratch, tell) {
        const { client, silent, create, start, end } = await daemon(scratch, tell);
        const id = await create(shell('[ -e /been ] && exit 5; touch /been; exit 3'), silent);
        await start(id);
        const over = await client.ask('POST', `/containers/${id}/wait`);
        const late = await client.begin('POST', `/containers/${id}/wait?condition=next-exit`);
        const again = await client.ask('POST', `/containers/${id}/wait?condition=not-running`);
        await start(id);
        const said = await client.finish(late.wire, late.head);
        await end(id);
        return {
          columns: texts.columns.wait,
          facts: [
            {
              what: {
                en: 'status of the first run: asked while it ran · after it',
                zh: '第一次运行的状态：运行时问 · 结束后问',
              },
              host: String(over.json.StatusCode),
              container: String(again.json.StatusCode),
              claim: 'same',
            },
            {
              what: {
                en: 'not-running · next-exit, both asked after the end',
                zh: 'not-running · next-exit，都在结束后问',
              },
              host: String(again.json.StatusCode),
              container: String(said.json.StatusCode),
              claim: 'differs',
            },
          ],
        };
      },
    },
    {
      ...texts.open,
      async show(scratch, tell) {
        const { serve, silent, socket, create, start, roots, end } = await daemon(scratch, tell);
        // Of all requests only one is answered here: on the learner's machine others may be at work.
        const server = serve(({ path: name }) => name === '/_ping');
        const listener = await listenTcp({ name: '127.0.0.1', port: 0 }, server.http);
        try {
          tell(`minidock daemon --insecure-tcp -H ${listener.name}`);
          const port = Number(/:(\d+)$/.exec(listener.name)?.[1]);
          const nobody = { User: '65534:65534' };
          const host = { ...withNode(socket), NetworkMode: 'host' };
          const id = await create(shell(pingBoth(port), nobody, host), silent);
          const wait = await silent.begin('POST', `/containers/${id}/wait?condition=next-exit`);
          await start(id, silent);
          await silent.finish(wait.wire, wait.head);
          const [byUnix = '', byTcp = ''] = logged(containerPaths(roots, id).log).split('\n');
          await end(id);
          return {
            columns: texts.columns.open,
            facts: [
              {
                what: { en: 'user 65534 asks GET /_ping', zh: '用户 65534 请求 GET /_ping' },
                host: byUnix,
                container: byTcp,
                claim: 'differs',
              },
              {
                what: { en: 'by TCP: the answer · that of root', zh: '经由 TCP 的响应 · root 得到的响应' },
                host: byTcp,
                container: `200 ${(await silent.ask('GET', '/_ping')).text}`,
                claim: 'same',
              },
            ],
          };
        } finally {
          listener.close();
          await server.close(0);
        }
      },
    },
  ],
  seen: texts.seen,
  recap: texts.recap,
  glossary: texts.glossary,
  reading: texts.reading,
  sources: [
    'src/api/frames.ts',
    'src/api/server/hosts.ts',
    'src/api/server/hijack.ts',
    'src/api/routes/containers/attach.ts',
    'src/api/routes/containers/life.ts',
    'src/api/routes/containers/wait.ts',
    'src/api/shapes/container/create/options.ts',
    'src/api/trace/fold.ts',
    'docs/decisions/0022-daemon.md',
  ],
};
