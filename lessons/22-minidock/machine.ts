import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { decodeCreateBody } from '../../src/api/shapes/container/create/body.ts';
import { containerOptionsOf } from '../../src/api/shapes/container/create/options.ts';
import { cgroupDriver } from '../../src/cgroup/choose.ts';
import { eventually } from '../../src/cgroup/files.ts';
import { pieces as enginePieces, type Pieces } from '../../src/engine/compile/pieces.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/local.ts';
import { readCgroupLayout } from '../../src/host/cgroup-layout.ts';
import { systemPath } from '../../src/host/programs.ts';
import { engineId, forgetEngine } from '../../src/state/engines.ts';
import { cgroupParent } from '../../src/state/paths.ts';
import type { StepEvent } from '../../src/syscalls/shim.ts';
import { askIn, doIn, type Place } from '../../src/workshop/network/namespaces.ts';
import { importWeb, serverCommand, type Web } from './web.ts';

/** The wire between the host and its client. */
export const wire = { host: '203.0.113.1', client: '203.0.113.9', interface: 'wan0' } as const;
const bridge = 'minidock22';

/** What a container of this lesson is asked to be. */
export interface Asked {
  readonly name: string;
  /** What it runs, in place of the server. */
  readonly command?: readonly string[];
  /** Address in the container at which the server listens. */
  readonly listen?: string;
  readonly memory?: number;
}

/**
 * The host of this lesson: the network namespace that this process is in, a client beside it, and an engine on directories of the
 * lesson's own.
 */
export class Machine {
  readonly here: Place = '/proc/self/ns/net';
  readonly #roots: { root: string; execRoot: string };
  #engines = new Map<Pieces, Engine>();

  private constructor(
    scratch: string,
    /** Columns that a line may have. */
    readonly width: number,
    readonly client: Place,
    private readonly web: Web,
  ) {
    this.#roots = rootsIn(scratch);
  }

  /** Called once in the process that is the host. */
  static async open(scratch: string, width: number): Promise<Machine> {
    const client = await clientBeside();
    const { root, execRoot } = rootsIn(scratch);
    const web = await importWeb(openEngine({ root, execRoot }, { bridge }), scratch);
    return new Machine(scratch, width, client, web);
  }

  engine(pieces: Pieces = enginePieces): Engine {
    const known = this.#engines.get(pieces);
    if (known !== undefined) return known;
    const engine = openEngine(this.#roots, { bridge, pieces });
    this.#engines.set(pieces, engine);
    return engine;
  }

  /** `run -d -p 8080:80`, by an engine of these pieces; resolves with the id. */
  async run(asked: Asked, pieces?: Pieces, onStep?: (event: StepEvent) => void): Promise<string> {
    const { containers } = this.engine(pieces);
    const { id } = await containers.create(this.options(asked));
    await containers.start(id, { onStep });
    return id;
  }

  private options({ name, command, listen = '0.0.0.0', memory }: Asked) {
    const { image, binds } = this.web;
    const body = {
      Image: image,
      Cmd: command ?? serverCommand(this.web, listen),
      ExposedPorts: { '80/tcp': {} },
      HostConfig: {
        PortBindings: { '80/tcp': [{ HostPort: '8080' }] },
        Binds: binds,
        ...(memory && { Memory: memory }),
      },
    };
    return containerOptionsOf(decodeCreateBody(JSON.stringify(body)), { name });
  }

  /** The process of a container, once its server listens. */
  async listening(id: string): Promise<number> {
    const { record } = await this.engine().containers.inspect(id);
    const { pid } = record.state;
    const table = `/proc/${pid}/net/tcp`;
    const listens = await eventually(20_000, () => / [\dA-F]{8}:0050 00000000:0000 0A /.test(readOr(table, '')));
    if (!listens) throw new Error(`the server does not listen: ${(await this.log(id)).join('\n')}`);
    return pid;
  }

  async log(id: string): Promise<string[]> {
    const lines: string[] = [];
    for await (const entries of this.engine().containers.logs(id, { follow: false }))
      lines.push(...entries.map(({ line }) => line.trimEnd()));
    return lines;
  }

  async remove(id: string): Promise<void> {
    await this.engine().containers.remove(id, { force: true, volumes: true });
  }

  /** Ends everything; the network goes with this process. */
  async close(): Promise<void> {
    const { containers } = await this.engine().containers.list({ all: true });
    for (const { id } of containers) await this.remove(id).catch(() => {});
    const group = cgroupParent(this.#roots);
    const layout = readCgroupLayout(group);
    if (layout.kind !== 'none') {
      const cgroups = cgroupDriver(layout);
      await eventually(10_000, () => cgroups.pids(group).length === 0);
      await cgroups.remove(group);
    }
    if (fs.existsSync(this.#roots.root)) forgetEngine({ id: engineId(this.#roots.root) });
  }
}

const rootsIn = (scratch: string) => ({ root: path.join(scratch, 'e'), execRoot: path.join(scratch, 'r') });

export const readOr = (file: string, otherwise: string): string => {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
};

/** A machine on the host's outer wire: a network namespace that lives as long as a process which ends with this one. */
async function clientBeside(): Promise<Place> {
  const keeper = spawn('unshare', ['--net', 'cat'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: systemPath },
  });
  const place = `/proc/${keeper.pid}/ns/net`;
  const own = fs.readlinkSync('/proc/self/ns/net');
  const link = () => {
    try {
      return fs.readlinkSync(place);
    } catch {
      return own;
    }
  };
  if (!(await eventually(10_000, () => link() !== own))) throw new Error('no network namespace for the client');
  keeper.unref();
  (keeper.stdin as unknown as { unref(): void }).unref();
  const here = '/proc/self/ns/net';
  doIn(
    here,
    `ip link set lo up
    ip link add ${wire.interface} type veth peer name eth0 netns ${keeper.pid}
    ip addr add ${wire.host}/24 dev ${wire.interface}
    ip link set ${wire.interface} up`,
  );
  doIn(place, `ip link set lo up; ip addr add ${wire.client}/24 dev eth0; ip link set eth0 up`);
  return place;
}

/**
 * What an HTTP request from a network gets: the heading of the page, the errno, or `silence`.
 *
 * @param patience milliseconds
 */
export function fetchFrom(place: Place, url: string, patience = 20_000): Promise<string> {
  const script = `require('http').get(${JSON.stringify(url)}, answer => {
    let text = '';
    answer.on('data', part => { text += part; }).on('end', () => console.log((/<h1>(.*)<.h1>/.exec(text) || [, answer.statusCode])[1]));
  }).on('error', error => console.log(error.code)).setTimeout(${patience}, () => { console.log('silence'); process.exit(); });`;
  return new Promise(resolve => {
    const child = spawn('nsenter', [`--net=${place}`, process.execPath, '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: systemPath },
    });
    let text = '';
    child.stdout.on('data', part => {
      text += part;
    });
    child.once('close', () => resolve(text.trim()));
  });
}

/** Packets that the rule of port 8080 has counted. */
export function counted(place: Place): string {
  const line = askIn(place, 'iptables-save -c').find(one => /dport 8080 .*-j DNAT/.test(one)) ?? '';
  return /\[(\d+):\d+\]/.exec(line)?.[1] ?? '–';
}
