import { arrow, box, column, type Figure, row } from '../../src/workshop/figure/figure.ts';

export const figure: Figure = {
  title: { en: 'docker run, request by request', zh: 'docker run 的各个请求' },
  summary: {
    en: 'A client and a daemon with a Unix socket between them. Four requests: create writes the container’s JSON and starts nothing; attach answers 101, and its connection carries frames from then on; wait answers with its head at once and with the status at the end; start makes the kernel do the program. The daemon starts a supervisor, which clones the container’s process and forwards its output; both outlive the daemon. Whoever may write to the socket is root on the host.',
    zh: '客户端与守护进程之间是一个 Unix 套接字。四个请求：create 写下容器的 JSON，什么也不启动；attach 返回 101，它的连接从此传送帧；wait 立刻返回响应头，结束时才返回状态；start 让内核执行程序。守护进程启动监管进程，由它 clone 出容器的进程并转发输出；这两者都比守护进程活得久。谁能写这个套接字，谁就是宿主机上的 root。',
  },
  body: column(
    box(
      'plain',
      { en: 'client: `docker run`', zh: '客户端：`docker run`' },
      {
        lines: [
          { cells: ['`POST create`', '201', { en: 'a container, and no process', zh: '有了容器，还没有进程' }] },
          {
            cells: ['`POST attach`', '101', { en: 'no HTTP any more: frames', zh: '不再是 HTTP：帧' }],
            mark: 'changed',
          },
          {
            cells: ['`POST wait`', '200', { en: 'a head now, a status at the end', zh: '先是响应头，结束时才有状态' }],
          },
          { cells: ['`POST start`', '204', { en: 'the program runs', zh: '程序执行' }] },
        ],
        name: 'client',
      },
    ),
    box(
      'host',
      { en: 'daemon: root', zh: '守护进程：root' },
      {
        lines: [
          { en: 'each request is one call of the engine', zh: '每个请求都是引擎的一次调用' },
          { text: { en: '**who may write here is root**', zh: '**谁能写这里，谁就是 root**' }, mark: 'danger' },
        ],
        name: 'daemon',
      },
    ),
    row(
      box(
        'kernel',
        { en: 'supervisor', zh: '监管进程' },
        {
          lines: [
            { en: '`clone`, then forwards the output', zh: '`clone`，然后转发输出' },
            { en: 'keeps the exit status', zh: '保存退出状态' },
          ],
          name: 'supervisor',
        },
      ),
      box(
        'container',
        { en: 'container', zh: '容器' },
        {
          lines: [
            { en: 'PID 1: `sh`', zh: '1 号进程：`sh`' },
            { text: { en: 'knows of no daemon', zh: '不知道有守护进程' }, mark: 'dim' },
          ],
          name: 'container',
        },
      ),
    ),
  ),
  arrows: [
    arrow('client', 'daemon', { en: 'a Unix socket', zh: 'Unix 套接字' }, { ends: 'both' }),
    arrow('daemon', 'supervisor', { en: 'start', zh: '启动' }, { ends: 'both' }),
    arrow('supervisor', 'container', undefined, { ends: 'both' }),
  ],
};
