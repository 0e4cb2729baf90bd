import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import net, { type Socket } from 'node:net';
import path from 'node:path';
import { mountsOf } from '../../../host/mountinfo.ts';
import { childrenOf, isGone, statusField } from '../../../host/process.ts';
import { call, close, mkdir, mount } from '../../../syscalls/calls.ts';
import { bytes, str } from '../../../syscalls/data.ts';
import { launch, Shim, type ShimOptions, shimPath } from '../../../syscalls/shim.ts';
import { type Step, slot } from '../../../syscalls/step.ts';
import type { CapabilityName } from '../../../syscalls/uapi/capabilities.ts';
import { AF, MS, SOCK } from '../../../syscalls/uapi/flags.ts';
import { makeSmallRoot } from '../../play/small-root.ts';
import { boxProgram, maskedProc, type Workbench } from './box.ts';

const MEMORY = 128 << 20;
const PIDS = 64;
/** What the shim inside is given: every right that making a container takes, none over the machine itself. */
const capabilities: readonly CapabilityName[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_NET_ADMIN',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_RESOURCE',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

/** `stage.scratch` of a program that runs in an outer container: a tmpfs that goes with it. */
export const innerScratch = '/tmp/lesson';

/**
 * A throw-away machine for programs that may be wrong: a container whose first process is a shim, which performs them. Its root
 * has a shell and a few small programs, and can be written only in /tmp; all that is mounted in it is shared, as
 * systemd leaves it on a real machine.
 */
export class Outer {
  private readonly started: Started;

  private constructor(
    private readonly bench: Workbench,
    private readonly name: string,
    private readonly container: Shim,
    sockets: readonly [Socket, Socket],
  ) {
    this.started = new Started(container.process, sockets);
  }

  /**
   * @param programs of this machine that its root has besides the usual ones
   * @param calls that are performed in it
   */
  static async open(bench: Workbench, programs: readonly string[], calls: readonly string[]): Promise<Outer> {
    const name = bench.next();
    const folder = path.join(bench.scratch, name);
    const root = path.join(folder, 'root');
    fs.mkdirSync(root, { recursive: true, mode: 0o755 });
    makeSmallRoot(root, programs);
    for (const directory of ['dev', 'sys', 'run']) fs.mkdirSync(path.join(root, directory));
    for (const file of ['dev/null', 'shim']) fs.writeFileSync(path.join(root, file), '');
    const server = net.createServer();
    const address = path.join(folder, 's');
    const program = boxProgram(bench, {
      name,
      memory: MEMORY,
      pids: PIDS,
      root,
      files: [{ source: fs.realpathSync(shimPath()), target: '/shim' }],
      before: [
        ...connections(folder),
        mount('/dev/null', path.join(root, 'dev/null'), null, MS.MS_BIND, null, {
          why: { en: 'give the shell the /dev/null that it needs', zh: '为 shell 提供它需要的 /dev/null' },
        }),
      ],
      inside: [
        ...maskedProc(bench.facts),
        mount('tmpfs', '/tmp', 'tmpfs', MS.MS_NOSUID, 'size=32m,mode=755', {
          why: {
            en: 'mount the only file system of the container that can be written',
            zh: '挂载容器里唯一可写的文件系统',
          },
        }),
        mkdir(innerScratch, 0o755, {
          why: { en: 'create the directory in which exercises work', zh: '创建练习的工作目录' },
        }),
        mount(null, '/', null, MS.MS_REC | MS.MS_SHARED, null, {
          why: {
            en: 'make it shared, as systemd makes everything at boot',
            zh: '设为 shared，就像 systemd 开机时对一切所做的那样',
          },
        }),
      ],
      capabilities,
      allow: [...new Set([...calls, 'pivot_root', 'keyctl'])],
      unprivileged: false,
      command: {
        path: '/bin/sh',
        // A shell, because the connections must become descriptors 3 and 4, where a program of steps has its own.
        argv: ['sh', '-c', 'exec /shim 3<&8 4<&9 8<&- 9<&-'],
        env: [],
      },
    });
    const accepted = acceptTwo(server, address);
    const container = launch(program, { label: 'check', stdio: ['pipe', 'pipe', 'pipe'] });
    try {
      await container.ready;
      await container.supervised;
      const sockets = await accepted;
      container.go();
      await container.executed;
      return new Outer(bench, name, container, sockets);
    } catch (error) {
      container.process.kill('SIGKILL');
      await container.ended;
      await tidy(bench, name);
      throw error;
    } finally {
      server.close();
    }
  }

  /** The pid, on the host, of its first process. */
  get pid(): number {
    return this.container.pid;
  }

  /** A directory of its as it is reached from here. */
  reach(inside: string): string {
    return `/proc/${this.pid}/root${inside}`;
  }

  /** The shim in it, for one program. */
  shim(options: Pick<ShimOptions, 'onStep' | 'beforeStep'>): Shim {
    return new Shim({ ...options, label: 'exercise', started: this.started as unknown as ChildProcess });
  }

  /** The pid on the host of a process that the shim in it knows by `inner`. */
  hostPid(inner: number): number | undefined {
    return childrenOf(this.pid).find(pid => isKnownAs(pid, inner));
  }

  /** Its mount table, as its first process has it. */
  mounts() {
    return mountsOf(this.pid);
  }

  /** Ends all that is in it; resolves when nothing is left. */
  async close(): Promise<void> {
    this.container.process.kill('SIGKILL');
    await this.container.ended;
    for (const socket of this.started.sockets) socket.destroy();
    await tidy(this.bench, this.name);
  }
}

async function tidy(bench: Workbench, name: string): Promise<void> {
  const group = `${bench.parent}/${name}`;
  await bench.cgroups.killAll(group).catch(() => {});
  await bench.cgroups.remove(group).catch(() => {});
  fs.rmSync(path.join(bench.scratch, name), { recursive: true, force: true });
}

/** What stands in for the child process of a shim that runs in the container. */
class Started extends EventEmitter {
  readonly stdio: ChildProcess['stdio'];
  readonly stdin: ChildProcess['stdin'];
  readonly stdout: ChildProcess['stdout'];
  readonly stderr: ChildProcess['stderr'];

  constructor(
    private readonly container: ChildProcess,
    readonly sockets: readonly [Socket, Socket],
  ) {
    super();
    ({ stdin: this.stdin, stdout: this.stdout, stderr: this.stderr } = container);
    this.stdio = [this.stdin, this.stdout, this.stderr, ...sockets] as never;
    container.once('exit', (code, signal) => this.emit('exit', code, signal));
  }

  kill(signal?: NodeJS.Signals): boolean {
    return this.container.kill(signal);
  }

  unref(): void {}
}

/** Two connections to the socket `s` in `folder`, on descriptors 8 and 9, which execve keeps. */
function connections(folder: string): Step[] {
  const address = new Uint8Array(2 + 's'.length + 1);
  new DataView(address.buffer).setUint16(0, AF.AF_UNIX, true);
  address.set(new TextEncoder().encode('s'), 2);
  const where = bytes(address, '"s"');
  const why = {
    en: 'connect the container, for programs to come in and answers to go out',
    zh: '连接容器，让程序进得来，答案出得去',
  };
  return [
    call('chdir', [str(folder)], {
      why: {
        en: 'enter its directory, which makes the name of the socket short',
        zh: '进入套接字所在的目录，它的名字就短了',
      },
    }),
    ...[8, 9].flatMap(fd => {
      const socket = slot(`connection ${fd}`);
      return [
        call('socket', [AF.AF_UNIX, SOCK.SOCK_STREAM | SOCK.SOCK_CLOEXEC, 0], { why, save: socket }),
        call('connect', [socket, where, address.length], { why }),
        call('dup3', [socket, fd, 0], { why }),
        close(socket, { why }),
      ];
    }),
  ];
}

/** The first two connections, in their order. */
function acceptTwo(server: net.Server, address: string): Promise<[Socket, Socket]> {
  const sockets: Socket[] = [];
  const both = new Promise<[Socket, Socket]>((resolve, reject) => {
    server.on('connection', socket => {
      if (sockets.push(socket) === 2) resolve(sockets as [Socket, Socket]);
    });
    server.once('error', reject);
  });
  both.catch(() => {});
  // Listening begins before listen() returns; libuv binds by the path as it is, so a long TMPDIR is an error here.
  server.listen(address);
  return both;
}

function isKnownAs(pid: number, inner: number): boolean {
  try {
    return statusField(pid, 'NSpid').split(' ').includes(String(inner));
  } catch (error) {
    // Another child, which ended meanwhile.
    if (isGone(error)) return false;
    throw error;
  }
}
