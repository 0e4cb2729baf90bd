import fs from 'node:fs';
import path from 'node:path';
import type { Mount, Raw, Run } from '../dockerfile/instructions.ts';
import { mistake } from '../dockerfile/source.ts';
import { byteString, textOf } from '../storage/bytes.ts';
import { digestOf, membersOf } from './copy/members.ts';
import { contextTree } from './copy/tree.ts';
import type { RunMount } from './host.ts';
import { nothingIgnored } from './ignore.ts';
import type { After, Asked, MountSources } from './mount/asked.ts';
import { cacheFolder } from './mount/cache.ts';
import { contextCopy, imageFiles } from './mount/files.ts';
import { secretFile } from './mount/secret.ts';

/** A mount of a RUN: what it depends on is known, nothing is made for it yet. */
export interface PlannedMount {
  /** As it stands in the Dockerfile. */
  readonly written: string;
  /** What the step depends on in it, for the cache. */
  readonly digest?: string;
  /** Makes what is to be mounted. A text is a variable, `NAME=value`; undefined: a secret that nobody gave. */
  open(after: After): Promise<RunMount | string | undefined>;
}

/** What `RUN --mount` lets a step see: files of the context, of a stage or an image, a cache, a secret, memory. */
export async function mountsOf(
  run: Run,
  expand: (part: Raw) => string,
  sources: MountSources,
): Promise<readonly PlannedMount[]> {
  const planned: PlannedMount[] = [];
  for (const mount of run.mounts)
    planned.push({ written: mount.at.raw, ...(await plan(ask(run, mount, expand), sources)) });
  return planned;
}

/** Makes all that is to be mounted; `close` gives back locks and copies. */
export async function openMounts(planned: readonly PlannedMount[]) {
  const mounts: RunMount[] = [];
  const env: string[] = [];
  const ends: (() => void)[] = [];
  const close = () => {
    for (const end of ends.splice(0)) end();
  };
  try {
    for (const one of planned) {
      const made = await one.open(action => void ends.push(action));
      if (typeof made === 'string') env.push(made);
      else if (made !== undefined) mounts.push(made);
    }
    return { mounts, env, close };
  } catch (error) {
    close();
    throw error;
  }
}

function ask(run: Run, mount: Mount, expand: (part: Raw) => string): Asked {
  const { options, at } = mount;
  const place = run.statement.place({ offset: at.offset, length: at.raw.length });
  return {
    mount,
    option(name) {
      const raw = options.get(name);
      return raw === undefined ? undefined : expand({ raw, offset: at.offset });
    },
    isOn: name => /^(true|1)$/.test(options.get(name) ?? ''),
    fail: (reason, fix) => mistake(run.statement.source, place, reason, fix),
  };
}

type Plan = Omit<PlannedMount, 'written'>;

async function plan(asked: Asked, sources: MountSources): Promise<Plan> {
  const { mount, option, isOn, fail } = asked;
  const destination = option('target') ?? '';
  switch (mount.type) {
    case 'tmpfs': {
      const size = option('size');
      return { open: async () => ({ destination, readonly: false, ...(size && { size }) }) };
    }
    case 'cache': {
      const readonly = isOn('readonly');
      return { open: async after => ({ source: await cacheFolder(asked, sources, after), destination, readonly }) };
    }
    case 'secret':
      return { open: async after => secretFile(asked, sources, after) };
    case 'ssh':
      throw fail('a mount of type ssh is not done here', 'give the key as a secret: --mount=type=secret');
    case 'bind': {
      // What is written there is gone after the step: a copy is mounted, and no file of the user's changes.
      const canWrite = isOn('readwrite') || mount.options.get('readonly') === 'false';
      const of = mount.options.has('from') ? ofImage : ofContext;
      const { digest, find } = await of(asked, sources, canWrite);
      return { digest, open: async after => ({ source: await find(after), destination, readonly: !canWrite }) };
    }
  }
}

interface Files {
  readonly digest: string;
  /** A path of the host for them. */
  find(after: After): Promise<string>;
}

async function ofContext(
  { option, fail }: Asked,
  { context, ignore, folder }: MountSources,
  canWrite: boolean,
): Promise<Files> {
  if (context === undefined) throw fail('there is no build context to mount', 'name a directory: minidock build .');
  const written = option('source') ?? '.';
  const { names, stats } = context.scope.locate(byteString(written), { followLast: true });
  const tree = contextTree(context.scope, ignore);
  if (stats === undefined || tree.look(names) === undefined)
    throw fail(`${JSON.stringify(written)} is not in the build context`);
  const isAsItIs = !canWrite && ignore === nothingIgnored;
  return {
    digest: digestOf(membersOf(tree, names, '', {})).digest,
    find: async after =>
      isAsItIs
        ? path.join(fs.realpathSync(context.directory), ...names.map(name => textOf(name)))
        : await contextCopy(tree, names, folder, after),
  };
}

async function ofImage({ option, fail }: Asked, sources: MountSources, canWrite: boolean): Promise<Files> {
  const from = option('from')!;
  const source = option('source') ?? '/';
  const layers = await sources.layers(from);
  return {
    // Layers are named by their content.
    digest: layers.map(layer => path.basename(path.dirname(layer))).join(),
    async find(after) {
      const found = await imageFiles(layers, source, canWrite ? 'copy' : 'look', sources.folder, after);
      if (found === undefined) throw fail(`${JSON.stringify(source)} is not in ${JSON.stringify(from)}`);
      return found;
    },
  };
}
