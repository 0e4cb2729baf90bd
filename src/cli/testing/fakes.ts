import type { ContainerRecord } from '../../container/record.ts';
import { warningsOf } from '../../engine/containers/warnings.ts';
import type { Engine } from '../../engine/engine.ts';
import type { ContainerStats } from '../../engine/nouns/containers.ts';
import type { Images } from '../../engine/nouns/images.ts';
import type { Attachment, Streams } from '../../engine/nouns/streams.ts';
import { MinidockError } from '../../errors.ts';
import { predefined } from '../../network/predefined.ts';
import { containerPaths } from '../../state/paths.ts';
import { main } from '../main.ts';
import { Output } from '../print/output.ts';
import type { ForegroundProcess } from '../terminal/foreground.ts';

/** Parts for unit tests of verbs: an engine that remembers what it was asked, and output that is kept. */

export class KeptOutput extends Output {
  stdout = '';
  stderr = '';
  readonly columns = undefined;
  readonly errColumns = undefined;
  protected readonly isTerminal = false;

  protected write(fd: 1 | 2, content: Uint8Array): void {
    const text = Buffer.from(content).toString();
    if (fd === 1) this.stdout += text;
    else this.stderr += text;
  }
}

export function fakeRecord(changes: Partial<ContainerRecord> = {}): ContainerRecord {
  return {
    format: 2,
    id: 'bdd8674bca38d6d82291fc0fde8e2f46dfc7b3d0121076506db48164861474c2',
    name: 'web',
    created: '2026-11-20T19:14:16.158187464Z',
    image: 'nginx:alpine',
    imageId: `sha256:${'62'.repeat(32)}`,
    path: 'nginx',
    args: ['-g', 'daemon off;'],
    options: {
      image: 'nginx:alpine',
      command: [],
      env: ['A=b'],
      tty: false,
      interactive: false,
      attach: { stdin: false, stdout: false, stderr: false },
      autoRemove: false,
      ports: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
      volumes: [{ source: '/opt', destination: '/data', readonly: true }],
      network: 'bridge',
      memory: 104857600,
      cpus: 1.5,
    },
    hostname: 'bdd8674bca38',
    config: { Env: ['PATH=/bin', 'A=b'], Cmd: ['nginx'], ExposedPorts: { '80/tcp': {}, '443/tcp': {} } },
    mounts: [{ type: 'bind', source: '/opt', destination: '/data', readonly: true }],
    layers: [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`],
    state: {
      status: 'running',
      pid: 23010,
      exitCode: 0,
      error: '',
      oomKilled: false,
      startedAt: '2026-11-20T19:14:16.384952201Z',
    },
    network: {
      mode: 'bridge',
      endpoints: [
        {
          network: 'bridge',
          endpointId: 'e'.repeat(64),
          bridge: 'minidock0',
          interface: 'eth0',
          address: '172.18.0.2',
          prefixLength: 16,
          gateway: '172.18.0.1',
          macAddress: '02:42:ac:12:00:02',
          hostInterface: 'vethbdd8674',
        },
      ],
      ports: [{ hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
    },
    ...changes,
  };
}

/** A container that prints `hello`, echoes its input, and exits as it is told. */
export class FakeContainer implements ForegroundProcess, Attachment {
  readonly calls: unknown[] = [];
  readonly exited: Promise<number>;
  exit: (code: number) => void = () => {};

  constructor() {
    this.exited = new Promise(resolve => {
      this.exit = resolve;
    });
  }

  attach = async () => this;
  wait = () => this.exited;
  start = async () => {};
  onOutput(listener: (stream: 'stdout' | 'stderr', chunk: Buffer) => void): void {
    listener('stdout', Buffer.from('hello\n'));
    listener('stderr', Buffer.from('oops\n'));
  }
  write = async (chunk: Buffer) => void this.calls.push(['write', chunk.toString()]);
  endInput = () => void this.calls.push(['endInput']);
  signal = async (number: number) => void this.calls.push(['signal', number]);
  resize = async (size: object) => void this.calls.push(['resize', size]);
  detach = () => void this.calls.push(['detach']);
}

/** Half of a CPU, since both counters are in nanoseconds. */
function fakeStats({ id, name }: ContainerRecord): ContainerStats {
  const at = process.hrtime.bigint();
  return {
    ...{ id, name, running: true, at, cpuNanoseconds: at / 2n, pids: 3 },
    memory: { usedBytes: 32 << 20, limitBytes: 64 << 20 },
    network: { received: 1450, sent: 0 },
    block: { read: 0, written: 4096 },
  };
}

/** An engine with one container, which exits with `exitCode` as soon as it is started, and the images that a test hands in. */
export function fakeEngine(record: ContainerRecord, exitCode = 0, images: Partial<Images> = {}) {
  const calls: unknown[] = [];
  const find = async (name: string) => {
    if (name === record.name || record.id.startsWith(name)) return record;
    throw new MinidockError('no-such-container', `No such container: ${name}`);
  };
  const container = new FakeContainer();
  const start = async (id: string) => {
    calls.push(['start', id.slice(0, 4)]);
    container.exit(exitCode);
  };
  const attach = async (id: string, { stdin, stdout }: Streams) => {
    calls.push(['attach', id.slice(0, 4), stdin, stdout]);
    return container;
  };
  const common = {
    attach,
    start,
    wait: container.wait,
    signal: (_: string, number: number) => container.signal(number),
    resize: (_: string, size: object) => container.resize(size),
  };
  const engine: Engine = {
    builder: {
      build: async () => Promise.reject(new Error('not here')),
      export: () => {
        throw new Error('not here');
      },
      prune: async () => ({ ids: [], bytes: 0 }),
    },
    containers: {
      ...common,
      plan: async () => Promise.reject(new Error('not here')),
      create: async options => {
        calls.push(['create', options.image, options.command]);
        return { id: record.id, warnings: warningsOf({ ...record, options }, { cpus: 2 }) };
      },
      list: async ({ all }) => {
        calls.push(['list', all]);
        return { containers: [record], broken: [], sizes: {} };
      },
      inspect: async name => ({
        record: await find(name),
        files: containerPaths({ root: '/r', execRoot: '/e' }, record.id),
        layers: ['/r/layers/a/diff', '/r/layers/b/diff'],
        execs: [],
      }),
      stop: async (name, options) => {
        calls.push(['stop', name, options]);
        await find(name);
      },
      restart: async (name, options) => {
        calls.push(['restart', name, options]);
        await find(name);
      },
      kill: async (name, signal) => {
        calls.push(['kill', name, signal]);
        await find(name);
      },
      pause: async name => {
        calls.push(['pause', name]);
        await find(name);
      },
      unpause: async name => {
        calls.push(['unpause', name]);
        await find(name);
      },
      rename: async (name, wanted) => {
        calls.push(['rename', name, wanted]);
        await find(name);
      },
      update: async (name, changes) => {
        calls.push(['update', name, changes]);
        await find(name);
        return [];
      },
      stats: async name => fakeStats(await find(name)),
      top: async name => {
        await find(name);
        return { titles: ['PID', 'CMD'], processes: [['7', 'sleep 1000']] };
      },
      prune: async () => ({ ids: [], bytes: 0 }),
      remove: async (name, options) => {
        calls.push(['remove', name, options]);
        await find(name);
      },
      async *logs(_name, selection) {
        calls.push(['logs', selection]);
        const at = (second: number) => `2026-11-20T18:42:0${second}.5Z`;
        yield [
          { stream: 'stdout', time: at(1), line: 'one\n' },
          { stream: 'stderr', time: at(2), line: 'two\n' },
        ];
        yield [{ stream: 'stdout', time: at(3), line: 'three' }];
      },
    } as Partial<Engine['containers']> as Engine['containers'],
    execs: {
      ...common,
      create: async (name, { command }) => {
        calls.push(['exec', name, command]);
        return { id: record.id };
      },
      remove: async () => {},
    } as Partial<Engine['execs']> as Engine['execs'],
    images: {
      list: async () => [],
      inspect: async name => {
        throw new MinidockError('no-such-image', `No such image: ${name}`);
      },
      ...images,
    } as Images,
    networks: {
      list: async () =>
        (['bridge', 'host', 'none'] as const).map(name => ({
          ...{ id: '', name, created: '', driver: predefined[name], predefined: true, endpoints: [] },
        })),
      inspect: async name => {
        throw new MinidockError('no-such-network', `network ${name} not found`);
      },
    } as Partial<Engine['networks']> as Engine['networks'],
    volumes: {
      inspect: async name => {
        throw new MinidockError('no-such-volume', `No such volume: ${name}`);
      },
      prune: async () => ({ names: [], bytes: 0 }),
    } as Partial<Engine['volumes']> as Engine['volumes'],
    system: {} as Engine['system'],
  };
  return { engine, calls };
}

/** Runs a command line against fakes. */
export async function runLine(args: readonly string[], engine: Engine) {
  const output = new KeptOutput();
  const code = await main(args, output, () => ({
    settings: {
      root: '/r',
      execRoot: '/e',
      bridge: 'b',
      ignored: [],
      logDefaults: {},
      daemon: {},
      registries: { daemonConfig: '/c' },
    },
    env: { HOME: '/root' },
    output,
    engine: async () => engine,
  }));
  return { code, stdout: output.stdout, stderr: output.stderr };
}
