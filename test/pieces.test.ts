// @mounts-nothing each piece is broken in the same way
import { readFileSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { ContainerOptions } from '../src/container/record.ts';
import { isBind } from '../src/container/rootfs/mount-targets.ts';
import { compile } from '../src/engine/compile/compile.ts';
import { containerToCompile } from '../src/engine/compile/compile-input.ts';
import { type Pieces, pieces } from '../src/engine/compile/pieces.ts';
import { createContainer, recordFor, specFor } from '../src/engine/containers/create.ts';
import { startContainer } from '../src/engine/containers/start.ts';
import { EngineContext } from '../src/engine/context.ts';
import { execInContainer } from '../src/engine/execs/exec.ts';
import { ImageStore } from '../src/image/store.ts';
import { removeNetwork } from '../src/network/bridge.ts';
import { containerPaths } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine, containersOf } from './support/busybox.ts';
import { OldKernel } from './support/old-kernel.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';
import { runOptions, wantedExec } from './support/run-options.ts';

/**
 * Everything that makes a container goes through `Pieces`: with one of them broken, starting a container (or a command in
 * one) fails there. What none of these ways reaches is not a piece.
 */
const test = requires('root', 'overlayfs', 'busybox', 'iptables');

let box: BusyboxEngine;
test.before(async () => {
  box = await busyboxEngine();
});

const streams = { stdin: false, stdout: true, stderr: true };

/** Ways to make a container that together need every piece. */
const ways: Record<string, (broken: Pieces) => Promise<unknown>> = {
  'on the bridge, with a port and a volume': broken => start(new EngineContext(box, box.bridge), broken, bridged()),
  'without a network, on a terminal, with a log that is rotated': broken =>
    start(new EngineContext(box, box.bridge), broken, { network: 'none', tty: true, logging: rotated }),
  'on Linux 3.10, with a volume': broken =>
    start(new OldKernel(box, box.bridge), broken, { network: 'none', volumes: [volume] }),
  'of a spec that says what no flag does': broken => specified(broken),
  'a command in a running container': broken => exec(broken),
};
const rotated = { driver: 'json-file', options: { 'max-size': '1m' } };
const volume = { source: 'kept', destination: '/kept', readonly: false };

function bridged(): Partial<ContainerOptions> {
  return {
    network: 'bridge',
    memory: 64 << 20,
    workdir: '/made/by/us',
    ports: [{ hostPort: port, containerPort: 80, protocol: 'tcp' }],
    volumes: [volume],
  };
}

async function start(parts: EngineContext, broken: Pieces, wanted: Partial<ContainerOptions>): Promise<void> {
  parts.pieces = broken;
  const record = await createContainer(parts, runOptions({ image: 'bb', command: ['true'], ...wanted }));
  const process = await startContainer(parts, record, { streams });
  await process.exited;
}

/** Only compiled. */
async function specified(broken: Pieces): Promise<void> {
  const parts = new EngineContext(box, box.bridge);
  parts.pieces = broken;
  const wanted = runOptions({ image: 'bb', command: ['true'], network: 'none', readonlyRootfs: true });
  const record = await recordFor(parts, wanted, new ImageStore(box.root).get('bb'), 'f'.repeat(64), false);
  const spec = specFor(parts, record);
  spec.mounts.push({ destination: '/run/one', type: 'tmpfs', source: 'tmpfs', options: ['size=1m'] });
  spec.linux.devices = [{ path: '/dev/net/tun', type: 'c', major: 10, minor: 200 }];
  spec.process.oomScoreAdj = 500;
  spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== 'pid');
  const container = containerToCompile(parts, record, spec);
  const [bound] = container.mounts.filter(isBind);
  const borrowed = { ...bound!, target: '/dev/shm', within: { path: '/proc/1/ns/mnt' } };
  compile({ ...container, mounts: [...container.mounts, borrowed] }, parts.facts, broken);
}

async function exec(broken: Pieces): Promise<void> {
  const parts = new EngineContext(box, box.bridge);
  parts.pieces = broken;
  const record = parts.store.read(running);
  const exec = wantedExec(box, record!, { command: ['true'] });
  await (await execInContainer(parts, record!, exec, { streams })).exited;
}

let running: string;
let port: number;

test('each piece in turn, broken: the container fails there and nothing is left of it', async () => {
  running = (await box.start('sleep 1000')).trim();
  // No flag asks for it yet; the compiler goes by the spec.
  const { config } = containerPaths(box, running);
  const spec = JSON.parse(readFileSync(config, 'utf8'));
  spec.process.noNewPrivileges = true;
  writeFileSync(config, JSON.stringify(spec));
  port = await freePort();
  const used = new Map<string, ReadonlySet<string>>();
  for (const [way, act] of Object.entries(ways)) {
    const { watched, names } = watch();
    // A bridge that is there is not made again.
    await removeNetwork(box, box.bridge);
    assert.is(await outcome(() => act(watched)), 'no failure', way);
    used.set(way, names);
  }
  const [before, listed] = [containersOf(box), await box.ok(['ps', '-aq'])];
  for (const name of Object.keys(pieces) as (keyof Pieces)[]) {
    const broken = {
      ...pieces,
      [name]: () => {
        throw new Error(`the piece ${name} is broken`);
      },
    } as Pieces;
    const reached: string[] = [];
    for (const [way, act] of Object.entries(ways)) {
      // Without it the container would be made as it was before.
      if (!used.get(way)!.has(name)) continue;
      if (name === 'bridgeProgram') await removeNetwork(box, box.bridge);
      if ((await outcome(() => act(broken))) === `the piece ${name} is broken`) reached.push(way);
    }
    assert.ok(reached.length > 0, `no way of making a container goes through ${name}`);
    assert.equal(containersOf(box), before, `${name} left a container`);
  }
  assert.is(await box.ok(['ps', '-aq']), listed);
});

/** The pieces, and the names of those that have been called. */
function watch(): { watched: Pieces; names: Set<string> } {
  const names = new Set<string>();
  const watched = Object.entries(pieces).map(([name, piece]) => [
    name,
    (...args: never[]) => {
      names.add(name);
      return (piece as (...args: never[]) => unknown)(...args);
    },
  ]);
  return { watched: Object.fromEntries(watched) as Pieces, names };
}

async function outcome(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
    return 'no failure';
  } catch (error) {
    return (error as Error).message;
  }
}

test.run();
