import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { build } from '../../src/build/build.ts';
import type { BuildEvent } from '../../src/build/events.ts';
import type { BuildHost, Ran, RunRequest } from '../../src/build/host.ts';
import { nothingIgnored, readIgnore } from '../../src/build/ignore.ts';
import { parseDockerfile } from '../../src/dockerfile/parse.ts';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { packUpper } from '../../src/engine/files/commit.ts';
import { hostFacts } from '../../src/host/facts.ts';
import { deriveImage } from '../../src/image/commit/derive.ts';
import { type ImageRecord, ImageStore } from '../../src/image/store.ts';
import { hostPlatform } from '../../src/oci/platform.ts';
import type { Mount } from '../../src/oci/runtime-spec.ts';
import { packTree } from '../../src/storage/scope/pack.ts';
import { Scope } from '../../src/storage/scope/scope.ts';
import { launch } from '../../src/syscalls/shim.ts';
import type { Program, Step } from '../../src/syscalls/step.ts';
import { type Command, lessonProgram } from '../../src/workshop/lesson.ts';
import { makeSmallRoot } from '../../src/workshop/play/small-root.ts';
import { PATH } from '../../src/workshop/play/stage.ts';

/** Says what was done: the same in every language. */
export type Tell = (line: string) => void;

const proc: Mount = { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] };
const made = '2023-11-14T22:13:20Z';

export const rootOf = (scratch: string) => path.join(scratch, 'root');
export const storeOf = (scratch: string) => new ImageStore(rootOf(scratch));

/** The upper directory of one of the lesson's containers. */
export const upperOf = (scratch: string, own: string) => path.join(scratch, 'containers', own, 'upper');

/** Makes what a container writes to. */
export function makeContainer(scratch: string, own: string): void {
  for (const name of ['upper', 'work']) fs.mkdirSync(path.join(scratch, 'containers', own, name), { recursive: true });
  fs.mkdirSync(path.join(scratch, 'rootfs'), { recursive: true });
}

/** What a RUN happens in. */
export interface StepContainer {
  readonly scratch: string;
  /** Directories of the layers, bottom first. */
  readonly layers: readonly string[];
  /** Its name. */
  readonly own: string;
  readonly command: Command;
  /** Between the mount of the overlay and the change of root. */
  readonly more?: readonly Step[];
}

/** The container of a RUN: the layers so far, a writable directory on top, a root of its own. */
export function stepContainer({ scratch, layers, own, command, more = [] }: StepContainer): Program {
  const { lowerBase, lower } = pieces.lowerLayers(scratch, path.join(scratch, 'links'), layers);
  const mine = `containers/${own}`;
  const overlay = { lowerBase, lower, upper: `${mine}/upper`, work: `${mine}/work`, target: 'rootfs' };
  return lessonProgram({
    namespaces: ['mount', 'pid'],
    child: [
      ...pieces.mountNamespace(),
      ...pieces.overlayMount(overlay, hostFacts().overlayOptions),
      ...more,
      ...pieces.pivotRoot('rootfs'),
      ...pieces.kernelMount(proc, hostFacts()),
    ],
    command,
  });
}

/** Makes the image that `FROM base` names: one layer, a small root with an /etc/motd. */
export async function makeBase(scratch: string): Promise<void> {
  const tree = path.join(scratch, 'base');
  makeSmallRoot(tree);
  for (const name of ['srv', 'app']) fs.mkdirSync(path.join(tree, name));
  fs.writeFileSync(path.join(tree, 'etc/motd'), 'welcome\n');
  fs.writeFileSync(path.join(tree, 'etc/release'), '1\n');
  const store = storeOf(scratch);
  store.layout.create();
  const scope = new Scope(tree);
  try {
    const derivation = {
      parent: undefined,
      platform: hostPlatform(),
      layer: () => packTree({ scope, names: [], as: '' }),
      config: { Env: [PATH], Cmd: ['sh'] },
      created: made,
      history: { created_by: 'COPY base /' },
      name: { domain: 'docker.io', path: 'library/base', tag: 'latest' },
    };
    await deriveImage(store, derivation, 'building an image');
  } finally {
    scope.close();
  }
}

/** One step of a build, as it went. */
export interface Taken {
  readonly text: string;
  cached: boolean;
  /** What it is known by. */
  key: string;
}

export interface Outcome {
  readonly image: ImageRecord;
  readonly steps: readonly Taken[];
}

export interface Asked {
  readonly dockerfile: string;
  /** Files of the context by name. */
  readonly context?: string;
  readonly ignore?: string;
  readonly noCache?: boolean;
}

/** Builds with the engine’s own builder. Each RUN happens in a container as above. */
export async function buildIn(scratch: string, asked: Asked, tell: Tell): Promise<Outcome> {
  const steps: Taken[] = [];
  const scope = asked.context === undefined ? undefined : new Scope(asked.context);
  const folder = path.join(scratch, 'build');
  fs.mkdirSync(folder, { recursive: true });
  try {
    const { image } = await build(
      storeOf(scratch),
      {
        dockerfile: parseDockerfile('Dockerfile', Buffer.from(asked.dockerfile)),
        ...(scope && { context: { scope, directory: asked.context! } }),
        ignore: asked.ignore === undefined ? nothingIgnored : readIgnore(asked.ignore),
        args: new Map(),
        noCache: asked.noCache ?? false,
        pull: false,
        labels: {},
        network: 'none',
        extraHosts: [],
        secrets: {},
        folders: { folder, memory: () => folder },
        explains: true,
        traces: false,
      },
      hostIn(scratch),
      event => follow(event, steps, tell),
    );
    return { image, steps };
  } finally {
    scope?.close();
  }
}

/** The lines of a build, as `minidock build --explain` has them. */
function follow(event: BuildEvent, steps: Taken[], tell: Tell): void {
  if (event.kind === 'step') {
    tell(`Step ${event.number}/${event.total} : ${event.text}`);
    steps.push({ text: event.text, cached: false, key: '' });
  }
  if (event.kind === 'cached') {
    steps.at(-1)!.cached = true;
    tell(' ---> Using cache');
  }
  if (event.kind === 'missed') tell(` ---> not in the cache: ${event.reason}`);
  if (event.kind === 'made') {
    steps.at(-1)!.key = event.key;
    if (event.layer && !steps.at(-1)!.cached) tell(` ---> layer ${event.layer.name}: ${event.layer.does.join(', ')}`);
  }
}

function hostIn(scratch: string): BuildHost {
  return {
    image: async reference => storeOf(scratch).get(reference),
    run: request => runIn(scratch, request),
  };
}

let containers = 0;

/** Runs a command to its end, in a container of the lesson. */
async function runIn(scratch: string, { image, command, env, onStart, onOutput }: RunRequest): Promise<Ran> {
  const { layers, config } = storeOf(scratch).get(image);
  const own = `run-${containers++}`;
  makeContainer(scratch, own);
  onStart(own);
  const program = stepContainer({
    scratch,
    layers,
    own,
    command: { path: command[0]!, argv: command, env: [...(config.Env ?? []), ...env] },
  });
  const shim = launch(program, { label: 'lesson', stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    const { stdout, stderr } = shim.process;
    stdout!.on('data', chunk => onOutput('stdout', chunk));
    stderr!.on('data', chunk => onOutput('stderr', chunk));
    const closed = [stdout!, stderr!].map(stream => once(stream, 'close'));
    await shim.ready;
    await shim.supervised;
    shim.go();
    await shim.executed;
    const exitCode = await shim.exited;
    await Promise.all([shim.ended, ...closed]);
    return { id: own, exitCode, layer: () => packUpper(upperOf(scratch, own), layers), remove: async () => true };
  } catch (error) {
    await shim.abort();
    await shim.ended;
    throw error;
  }
}
