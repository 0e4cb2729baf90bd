import fs from 'node:fs';
import path from 'node:path';
import type { Mount, Raw, Run } from '../dockerfile/instructions.ts';
import type { Dockerfile } from '../dockerfile/parse.ts';
import { mistake } from '../dockerfile/source.ts';
import { ensureDirectory } from '../state/files.ts';
import { byteString, textOf } from '../storage/bytes.ts';
import type { Scope } from '../storage/scope/scope.ts';
import { keyOf } from './cache.ts';
import { digestOf, membersOf } from './copy/members.ts';
import { contextTree } from './copy/tree.ts';
import type { RunMount } from './host.ts';
import { nothingIgnored } from './ignore.ts';

interface Sources {
  readonly root: string;
  readonly context: { readonly scope: Scope; readonly directory: string } | undefined;
  readonly secrets: Readonly<Record<string, string>>;
  readonly dockerfile: Dockerfile;
}

/** What `RUN --mount` lets a step see, of the host: a directory of the context, a cache, a secret, memory. */
export async function mountsOf(run: Run, expand: (part: Raw) => string, sources: Sources): Promise<RunMount[]> {
  const mounts: RunMount[] = [];
  for (const mount of run.mounts) {
    const made = await mountOf(run, mount, expand, sources);
    if (made !== undefined) mounts.push(made);
  }
  return mounts;
}

async function mountOf(
  run: Run,
  { type, options, at }: Mount,
  expand: (part: Raw) => string,
  { root, context, secrets, dockerfile }: Sources,
): Promise<RunMount | undefined> {
  const option = (name: string) => {
    const raw = options.get(name);
    return raw === undefined ? undefined : expand({ raw, offset: at.offset });
  };
  const fail = (reason: string, fix?: string) =>
    mistake(dockerfile.source, run.statement.place({ offset: at.offset, length: at.raw.length }), reason, fix);
  const readonly = options.get('readonly') === 'true';
  switch (type) {
    case 'tmpfs':
      return { destination: option('target')!, readonly: false };
    case 'cache': {
      const id = option('id') ?? option('target')!;
      return {
        source: ensureDirectory(path.join(root, 'build', 'mounts', keyOf([id])), 0o755),
        destination: option('target')!,
        readonly,
      };
    }
    case 'secret': {
      const id = option('id') ?? path.posix.basename(option('target')!);
      const file = Object.hasOwn(secrets, id) ? secrets[id] : undefined;
      if (file !== undefined)
        return { source: file, destination: option('target') ?? `/run/secrets/${id}`, readonly: true };
      if (options.get('required') !== 'true') return undefined;
      throw fail(`the secret ${JSON.stringify(id)} was not given`, `minidock build --secret id=${id},src=FILE`);
    }
    case 'ssh':
      throw fail('a mount of type ssh is not done here', 'give the key as a secret: --mount=type=secret');
    case 'bind': {
      if (options.has('from'))
        throw fail('a bind mount from a stage or an image is not done here', 'COPY --from= it into this stage');
      // What a step writes there would stay in the user's own folder.
      if (options.get('readwrite') === 'true' || options.get('readonly') === 'false')
        throw fail('a bind mount that can be written to is not done here', 'COPY it into the image, or use a cache');
      if (context === undefined) throw fail('there is no build context to mount', 'name a directory: minidock build .');
      const { names, stats } = context.scope.locate(byteString(option('source') ?? '.'), { followLast: true });
      if (stats === undefined) throw fail(`${JSON.stringify(option('source'))} is not in the build context`);
      const source = path.join(fs.realpathSync(context.directory), ...names.map(name => textOf(name)));
      const { digest } = digestOf(membersOf(contextTree(context.scope, nothingIgnored), names, '', {}));
      return { source, destination: option('target')!, readonly: true, digest };
    }
  }
}
