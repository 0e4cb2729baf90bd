import type { Instruction, Raw } from '../dockerfile/instructions.ts';
import { nearest } from '../dockerfile/nearest.ts';
import { type Dockerfile, parseInstruction } from '../dockerfile/parse.ts';
import { mistakeIn } from '../dockerfile/reading.ts';
import { mistake } from '../dockerfile/source.ts';
import { MinidockError } from '../errors.ts';
import type { ImageRecord, ImageStore } from '../image/store.ts';
import type { Platform } from '../oci/manifest.ts';
import { parsePlatform } from '../oci/platform.ts';
import type { PullEvent } from '../registry/progress.ts';
import type { Scope } from '../storage/scope/scope.ts';
import { BuildCache } from './cache.ts';
import type { CacheSources } from './cache-from.ts';
import { contextTree, layersTree, type Tree } from './copy/tree.ts';
import type { Tell } from './events.ts';
import type { BuildHost } from './host.ts';
import type { Ignore } from './ignore.ts';
import type { MountSources, Secret } from './mount/asked.ts';
import { Numbers } from './numbers.ts';
import { type PlannedStage, planStages, sourceStage } from './plan.ts';
import type { Shared } from './shared.ts';
import { StageBuild } from './stage.ts';
import type { StepImage } from './step.ts';
import { Expansions, globalArguments, platformArguments, proxyArguments } from './variables.ts';

/** What a user chooses of a build, besides what is built. */
export interface BuildChoices {
  readonly target?: string;
  readonly noCache?: boolean;
  /** Fetch the images that FROM names, also where they are here. */
  readonly pull?: boolean;
  /** Images whose history may serve as a cache; where some are named, nothing else does. */
  readonly cacheFrom?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `bridge` (the default), `none`, `host`, or the name of a network. */
  readonly network?: string;
  readonly extraHosts: readonly string[];
  readonly platform?: Platform;
  /** Files or texts by the id of a secret. */
  readonly secrets: Readonly<Record<string, Secret>>;
  /** SOURCE_DATE_EPOCH, in seconds since 1970: what is made says this time. */
  readonly epoch?: number;
  /** Tell of each step why it missed the cache, and what it made: events `missed` and `made`. */
  readonly explains?: boolean;
  /** Tell of the syscalls that start the container of a RUN: events `syscall` and `executed`. */
  readonly traces?: boolean;
  readonly abort?: AbortSignal;
}

export interface BuildRequest extends BuildChoices {
  readonly dockerfile: Dockerfile;
  /** The files that COPY takes; none where there is only a Dockerfile. */
  readonly context?: { readonly scope: Scope; readonly directory: string };
  readonly ignore: Ignore;
  /** `--build-arg`; undefined: named without a value, and not set in the caller's environment. */
  readonly args: ReadonlyMap<string, string | undefined>;
  /** Folders for what a step needs for as long as it runs: on the disk of the images, and in memory. */
  readonly folders: Pick<MountSources, 'folder' | 'memory'>;
}

export interface Built {
  readonly image: ImageRecord;
  /** Build arguments that no ARG names. */
  readonly unused: readonly string[];
}

/**
 * Makes an image of a Dockerfile. Stages that the target does not need are left out, those that do not need each other are built side by
 * side. Each step makes an image of its own, on top of the one before: that is also the cache.
 *
 * @throws {MinidockError} `dockerfile`, `build-failed`, `no-such-target`, `no-such-image` and what pulling, running and the disk give
 */
export async function build(store: ImageStore, request: BuildRequest, host: BuildHost, tell: Tell): Promise<Built> {
  const dockerfile = withLabels(request.dockerfile, request.labels, request.target);
  const own: Platform = { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };
  const platform = request.platform ?? own;
  const platforms = platformArguments(own, platform);
  const globals = globalArguments(dockerfile, request.args, platforms);
  const inFrom = new Expansions(dockerfile, { value: name => globals.get(name) ?? platforms[name] });
  const plan = planStages(dockerfile, request.target, inFrom);
  const used = new Set<string>(dockerfile.globals.flatMap(({ args }) => args.map(({ name }) => name)));
  const images = new Map<number, Promise<StepImage | undefined>>();
  const failing = new AbortController();
  const abort = request.abort ? AbortSignal.any([request.abort, failing.signal]) : failing.signal;
  const numbers = new Numbers(dockerfile, plan.wanted);
  const imageOf: ImageOf = index => images.get(index) ?? begin(plan.stages[index]!);
  const layers = layersOf({ dockerfile, store, host, tell }, imageOf);
  const tree = treesOf(request, dockerfile, layers);
  const shared: Shared = {
    dockerfile,
    store,
    cache: new BuildCache(store.root),
    host,
    given: request.args,
    globals,
    platforms,
    platform,
    noCache: request.noCache ?? false,
    ...(request.cacheFrom?.length && { sources: await cacheSources(store, request.cacheFrom) }),
    explains: request.explains ?? false,
    traces: request.traces ?? false,
    fresh: new Set(),
    network: request.network ?? 'bridge',
    extraHosts: request.extraHosts,
    ...(request.epoch !== undefined && { epoch: request.epoch }),
    abort,
    folder: request.folders.folder,
    tell,
    tree,
    mounts: async (run, expand, stage) => {
      if (run.mounts.length === 0) return [];
      const { mountsOf } = await import('./mounts.ts');
      return await mountsOf(run, expand, {
        ...request.folders,
        root: store.root,
        abort,
        context: request.context,
        ignore: request.ignore,
        secrets: request.secrets,
        layers: from => layers(from, stage, run),
      });
    },
    step: (stage, text) => {
      const { name } = dockerfile.stages[stage]!.from;
      tell({ stage, kind: 'step', ...numbers.next(stage), ...(name && { name }), text });
    },
    used: name => void used.add(name),
  };
  function begin(planned: PlannedStage): Promise<StepImage | undefined> {
    numbers.add(planned);
    const work = buildStage(planned, shared, request, imageOf, inFrom);
    work.catch(error => {
      if (!abort.aborted) tell({ stage: planned.index, kind: 'failed' });
      failing.abort(error);
    });
    images.set(planned.index, work);
    return work;
  }
  for (const arg of dockerfile.globals)
    tell({ stage: plan.wanted[0]!.index, kind: 'step', ...numbers.global(), text: `ARG ${arg.statement.text}` });
  plan.wanted.forEach(begin);
  // Those that are begun meanwhile, too.
  for (let ended = 0; ended < images.size; ) {
    ended = images.size;
    await Promise.allSettled(images.values());
  }
  // The first that failed; the others were told to stop because of it.
  if (failing.signal.aborted) throw request.abort?.aborted ? request.abort.reason : failing.signal.reason;
  const image = await imageOf(plan.wanted.at(-1)!.index);
  if (image === undefined)
    throw new MinidockError(
      'dockerfile',
      `${dockerfile.source.name}: no image was made: FROM scratch, and no instruction after it`,
      { fix: 'COPY something into it' },
    );
  const unused = [...request.args.keys()].filter(
    name => !used.has(name) && !proxyArguments.includes(name) && !/^BUILDKIT_/.test(name),
  );
  return { image: store.get(image.id), unused };
}

/** The image that a stage makes; one that is not at work begins. */
type ImageOf = (stage: number) => Promise<StepImage | undefined>;

async function cacheSources(store: ImageStore, references: readonly string[]): Promise<CacheSources> {
  const { CacheSources } = await import('./cache-from.ts');
  return new CacheSources(store, references);
}

async function buildStage(
  { index, stage, base, needs }: PlannedStage,
  shared: Shared,
  request: BuildRequest,
  imageOf: ImageOf,
  inFrom: Expansions,
): Promise<StepImage | undefined> {
  const { from, instructions } = stage;
  // Not before all stages are entered in `images`.
  await Promise.resolve();
  for (const needed of needs) await imageOf(needed);
  shared.abort?.throwIfAborted();
  shared.step(index, `${from.statement.keyword} ${from.statement.text}`);
  const below = await baseImage();
  shared.tell({ stage: index, kind: 'done', image: below?.id.slice(7, 19) ?? '' });
  const building = new StageBuild(shared, index, below);
  const triggers = below?.config.OnBuild ?? [];
  if (triggers.length > 0) shared.tell({ stage: index, kind: 'triggers', count: triggers.length });
  for (const trigger of triggers) await building.perform(parseInstruction('ONBUILD', trigger));
  for (const instruction of instructions) {
    shared.step(index, `${instruction.statement.keyword} ${instruction.statement.text}`);
    await building.perform(instruction);
  }
  shared.tell({ stage: index, kind: 'stage-done' });
  return building.image;

  async function baseImage(): Promise<ImageRecord | undefined> {
    if (typeof base === 'number') {
      const made = await imageOf(base);
      return made && shared.store.get(made.id);
    }
    if (base === 'scratch') return undefined;
    const wanted = from.platform && inFrom.word(from.statement, from.platform);
    const platform = wanted ? platformOf(wanted) : request.platform;
    try {
      const onPull = (event: PullEvent) => shared.tell({ stage: index, kind: 'pull', event });
      return await shared.host.image(base, { ...(platform && { platform }), pull: request.pull ?? false, onPull });
    } catch (error) {
      throw error instanceof MinidockError ? notToBeHad(shared, index, from, from.base, error) : error;
    }
  }

  function platformOf(wanted: string) {
    try {
      return parsePlatform(wanted);
    } catch (error) {
      const at = { offset: from.platform!.offset, length: from.platform!.raw.length };
      throw mistake(shared.dockerfile.source, from.statement.place(at), (error as Error).message, 'write linux/arm64');
    }
  }
}

/** An image that is not to be had may be a slip of the pen for a stage, or for an image that is here. */
function notToBeHad(
  { dockerfile: { stages }, store }: Pick<Shared, 'dockerfile' | 'store'>,
  index: number,
  { statement }: Pick<Instruction, 'statement'>,
  part: Raw | undefined,
  { message, fix }: MinidockError,
): MinidockError {
  const wanted = part?.raw ?? '';
  const names = stages.map(({ from }) => from.name);
  if (names.indexOf(wanted.toLowerCase(), index) >= 0)
    return mistakeIn(statement, part, message, `the stage ${wanted} stands below: only those above can be used`);
  const above = names.slice(0, index).filter(name => name !== undefined);
  const images = store.list(() => {}).flatMap(({ repoTags }) => repoTags);
  const anyTag = `${wanted.replace(/:[^/:]*$/, '')}:`;
  const near =
    nearest(wanted, [...above, ...images, ...images.map(name => name.replace(/:latest$/, ''))]) ??
    images.find(name => name.startsWith(anyTag));
  const guess = near && `did you mean the ${above.includes(near) ? 'stage' : 'image'} ${near}?`;
  return mistakeIn(statement, part, message, [guess, fix].filter(Boolean).join(' ') || undefined);
}

/** Each `--label` is one more instruction at the end of the target. */
function withLabels(
  dockerfile: Dockerfile,
  labels: Readonly<Record<string, string>>,
  target: string | undefined,
): Dockerfile {
  const added = Object.entries(labels).map(([name, value]) =>
    parseInstruction('--label', `LABEL ${quoted(name)}=${quoted(value)}`),
  );
  if (added.length === 0) return dockerfile;
  const named = dockerfile.stages.findLastIndex(({ from }) => from.name === target?.toLowerCase());
  const at = target === undefined ? dockerfile.stages.length - 1 : named >= 0 ? named : Number(target);
  const stages = dockerfile.stages.map((stage, index) =>
    index === at ? { ...stage, instructions: [...stage.instructions, ...added] } : stage,
  );
  return { ...dockerfile, stages };
}

/** As it must be written to be read as it is. */
const quoted = (text: string): string => (/^[\w./:@%+,-]+$/.test(text) ? text : `"${text.replace(/[\\"$]/g, '\\$&')}"`);

/** Directories of the layers that `--from=` or `from=` names: those of a stage, or of an image. */
type LayersOf = (from: string, index: number, instruction: Instruction) => Promise<readonly string[]>;

function layersOf(
  { dockerfile, store, host, tell }: Pick<Shared, 'dockerfile' | 'store' | 'host' | 'tell'>,
  imageOf: ImageOf,
): LayersOf {
  return async (from, index, instruction) => {
    const stage = sourceStage(dockerfile, from, index, instruction);
    if (stage !== undefined) return (await imageOf(stage))?.layers ?? [];
    const onPull = (event: PullEvent) => tell({ stage: index, kind: 'pull', event });
    try {
      return (await host.image(from, { pull: false, onPull })).layers;
    } catch (error) {
      if (!(error instanceof MinidockError)) throw error;
      const part = instruction.kind === 'COPY' ? instruction.from : undefined;
      throw notToBeHad({ dockerfile, store }, index, instruction, part, error);
    }
  };
}

function treesOf(request: BuildRequest, dockerfile: Dockerfile, layers: LayersOf): Shared['tree'] {
  return async (from, index, instruction): Promise<Tree> => {
    if (from === undefined) {
      if (request.context !== undefined) return contextTree(request.context.scope, request.ignore);
      throw mistake(
        instruction.statement.source,
        instruction.statement.place(),
        'there is no build context to copy from',
        'name a directory: minidock build -f Dockerfile .',
      );
    }
    const isStage = sourceStage(dockerfile, from, index, instruction) !== undefined;
    return layersTree(await layers(from, index, instruction), `${isStage ? 'stage' : 'image'} ${JSON.stringify(from)}`);
  };
}
