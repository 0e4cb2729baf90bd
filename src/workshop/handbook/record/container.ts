import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { settingsFrom } from '../../../cli/context.ts';
import type { ContainerOptions } from '../../../container/record.ts';
import type { Engine } from '../../../engine/engine.ts';
import { openEngine } from '../../../engine/local.ts';
import { hostnameOf } from '../../../host/namespaces.ts';
import { programOnPath } from '../../../host/programs.ts';
import { readIfPresent } from '../../../state/files.ts';
import { type Evidence, type Moment, momentOf, namespaceFacts } from '../../play/evidence.ts';
import { makeScratch, removeScratch } from '../../play/scratch.ts';
import { makeSmallRoot } from '../../play/small-root.ts';
import { READY } from '../../play/stage.ts';
import { Recorder } from './recorder.ts';
import type { Recording } from './recording.ts';

/** What the container runs: it prints, and waits to be ended. `ps` shows the script itself, which must not look as if it were done. */
const script = `echo "I am $(hostname), process $$"; ps; ls /; echo '${READY.slice(0, -3)}' '${READY.slice(-2)}'; exec sleep 3600`;

/**
 * The birth of a container of the user's own engine, as `minidock run` makes it, written down; the container and its image are gone
 * afterwards. Between two steps it is a container like any other: `minidock ps` shows it.
 */
export async function recordContainer(recorder = new Recorder(), abort?: AbortSignal): Promise<Recording> {
  const { root, execRoot, bridge, registries } = settingsFrom({}, process.env);
  const engine = openEngine({ root, execRoot }, { bridge, registries });
  const name = `handbook-${randomBytes(3).toString('hex')}`;
  const scratch = makeScratch();
  try {
    await importRoot(engine, path.join(scratch, 'root'), name);
    abort?.throwIfAborted();
    return await perform(engine, optionsOf(name), recorder, scratch, abort);
  } finally {
    removeScratch(scratch);
    await engine.containers.remove(name, { force: true, volumes: true }).catch(() => {});
    await engine.images.remove([name], { force: true, prune: true }).catch(() => {});
  }
}

function optionsOf(name: string): ContainerOptions {
  return {
    image: name,
    command: ['/bin/sh', '-c', script],
    name,
    env: [],
    tty: false,
    interactive: false,
    attach: { stdin: false, stdout: true, stderr: true },
    autoRemove: true,
    ports: [],
    volumes: [],
    network: programOnPath('iptables') === undefined ? 'none' : 'bridge',
  };
}

/** This machine's own programs as an image. */
async function importRoot(engine: Engine, root: string, name: string): Promise<void> {
  fs.mkdirSync(root);
  makeSmallRoot(root);
  const tar = spawn('tar', ['-C', root, '-cf', '-', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await engine.images.import(tar.stdout, { reference: name, changes: [] });
}

async function perform(
  engine: Engine,
  options: ContainerOptions,
  recorder: Recorder,
  scratch: string,
  abort?: AbortSignal,
): Promise<Recording> {
  const { containers } = engine;
  const { id } = await containers.create(options);
  const attachment = await containers.attach(id, { stdin: false, stdout: true, stderr: true });
  const printed = untilReady(attachment);
  const processes = { parent: 0, child: 0 };
  await containers.start(id, {
    onStep: event => {
      const { step, report } = event;
      if (step.op === 'syscall' && step.forks && report.result > 0) processes.child = report.result;
      recorder.done(event);
    },
    beforeStep: async (event, launcher) => {
      abort?.throwIfAborted();
      // The shim's own sealing is a program too.
      processes.parent = launcher;
      await recorder.before(event, processes);
    },
  });
  recorder.executed();
  const output = await printed;
  await untilExecuted(processes.child, 'sleep');
  await recorder.look(processes);
  const seen = { output, scratch };
  const host = momentOf('self', { hostname: os.hostname(), output: [], scratch });
  const inside = momentOf(processes.child, { ...seen, hostname: await hostnameOf(processes.child) });
  await recorder.runs();
  attachment.detach();
  return { start: recorder.start, steps: recorder.steps, output, evidence: evidenceOf(host, inside) };
}

function evidenceOf(host: Moment, container: Moment): Evidence {
  const differing = Object.keys(host.namespaces).filter(kind => host.namespaces[kind] !== container.namespaces[kind]);
  return {
    facts: [
      { what: { en: 'hostname', zh: '主机名' }, host: host.hostname, container: container.hostname, claim: 'differs' },
      { what: { en: 'its PIDs', zh: '它的 PID' }, host: host.nsPid, container: container.nsPid, claim: 'differs' },
      {
        what: { en: 'mounts', zh: '挂载' },
        host: String(host.mounts.length),
        container: String(container.mounts.length),
        claim: host.mounts.length === container.mounts.length ? 'same' : 'differs',
      },
      ...namespaceFacts(host, container, differing),
    ],
  };
}

/** Waits a second at most: what the picture shows of the process is then the same each time. */
async function untilExecuted(pid: number, program: string): Promise<void> {
  const name = () => readIfPresent(`/proc/${pid}/comm`)?.trim();
  for (let tries = 0; tries < 200 && name() !== program; tries++) await new Promise(resolve => setTimeout(resolve, 5));
}

/** Lines that the container prints up to the one that says it is done, or until it ends. */
function untilReady(attachment: Awaited<ReturnType<Engine['containers']['attach']>>): Promise<string[]> {
  let text = '';
  return new Promise(resolve => {
    const finish = () => resolve(text.split('\n').filter(line => line.trim() !== '' && line !== READY));
    attachment.onOutput((_stream, chunk) => {
      text += chunk.toString('utf8');
      if (text.includes(READY)) finish();
    });
    attachment.exited.then(finish, finish);
  });
}
