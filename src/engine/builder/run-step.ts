import type { Ran, RunRequest } from '../../build/host.ts';
import type { ContainerOptions } from '../../container/record.ts';
import { ImageStore } from '../../image/store.ts';
import { byteString } from '../../storage/bytes.ts';
import { resolve } from '../../storage/merged-view.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import type { EngineContext } from '../context.ts';
import { layerOf } from '../files/commit.ts';
import type { BuildOptions } from '../nouns/builder.ts';
import type { Containers } from '../nouns/containers.ts';
import { type BuildWork, buildLabel } from './leftovers.ts';

export interface StepOptions {
  /** The build: its name is the container's label. */
  readonly work: BuildWork;
  /** The container stays once its command has ended. */
  readonly keeps: boolean;
  readonly limits?: BuildOptions['limits'];
}

/** A step of a build is an ordinary container of the engine: same limits, filter, network, and the learner's pieces. */
export async function runStep(
  context: EngineContext,
  containers: Containers,
  request: RunRequest,
  { work, keeps, limits = {} }: StepOptions,
): Promise<Ran> {
  const { id } = await containers.create({ ...optionsOf(request), ...limits, labels: { [buildLabel]: work.name } });
  const remove = async () => {
    try {
      await containers.remove(id, { force: true, volumes: true });
    } catch (error) {
      work.owesRemoval();
      throw error;
    }
  };
  const end = () => void containers.kill(id).catch(() => {});
  try {
    request.abort?.throwIfAborted();
    request.abort?.addEventListener('abort', end);
    request.onStart(id);
    const attachment = await containers.attach(id, { stdin: false, stdout: true, stderr: true });
    attachment.onOutput(request.onOutput);
    const ended = containers.wait(id, { condition: 'next-exit' });
    ended.catch(() => {});
    await containers.start(id, { ...(request.onStep && { onStep: request.onStep }) });
    request.onExecuted?.();
    // Aborted before it ran, there was nothing to kill.
    if (request.abort?.aborted) end();
    const exitCode = await ended;
    request.abort?.throwIfAborted();
    return {
      id,
      exitCode,
      layer: latest =>
        layerOf(context, context.store.read(id)!, { pause: false, stubs: stubsOf(context, request), latest }),
      async remove() {
        if (!keeps) await remove();
        return !keeps;
      },
    };
  } catch (error) {
    // Why the step failed matters more than that its container is still there.
    await remove().catch(() => {});
    throw error;
  } finally {
    request.abort?.removeEventListener('abort', end);
  }
}

function optionsOf({ image, command, env, network, extraHosts, mounts }: RunRequest): ContainerOptions {
  const memory = mounts.filter(({ source }) => source === undefined);
  return {
    image,
    entrypoint: '',
    command: [...command],
    env: [...env],
    tty: false,
    interactive: false,
    attach: { stdin: false, stdout: true, stderr: true },
    autoRemove: false,
    ports: [],
    volumes: [],
    mounts: mounts.flatMap(({ source, destination, readonly }) =>
      source === undefined ? [] : [{ type: 'bind', source, target: destination, readonly }],
    ),
    ...(memory.length > 0 && {
      tmpfs: Object.fromEntries(memory.map(({ destination, size }) => [destination, size ? `size=${size}` : ''])),
    }),
    network,
    ...(extraHosts.length > 0 && { extraHosts: [...extraHosts] }),
    health: { Test: ['NONE'] },
    logging: { driver: 'none', options: {} },
  };
}

/** Mount points, and directories on the way to them, that the image lacks: they are made for the step alone. */
function stubsOf({ roots }: EngineContext, { image, mounts }: RunRequest): Set<ByteString> {
  const { layers } = new ImageStore(roots.root).get(image);
  const paths = mounts.flatMap(({ destination }) => {
    const names = byteString(destination).split('/').filter(Boolean);
    return names.map((_, end) => `/${names.slice(0, end + 1).join('/')}`);
  });
  return new Set(paths.filter(path => resolve(layers, path).kind === 'missing'));
}
