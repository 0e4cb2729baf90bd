import type { ContainerOptions } from '../../../container/record.ts';
import { MinidockError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { type FlagTable, single, text, toggle, type Values } from '../../grammar/flags.ts';
import { CidFile } from '../../options/cid-file.ts';

/** What `run` and `create` have in common beside the container's own flags: where its image comes from, who is told its id. */
export const creationFlags = {
  cidfile: text('Write the id of the container to this file', { completes: 'files' }),
  pull: single('string', readPull, 'When to pull the image: missing, always, never (default missing)', {
    completes: ['missing', 'always', 'never'],
  }),
  quiet: toggle('Pull without printing how far it is', { short: 'q' }),
} satisfies FlagTable;

export type CreationFlags = Values<typeof creationFlags>;

/** Creates a container, pulls its image where that is wanted, and prints what was asked for and is not done. Returns its id. */
export async function createContainer(
  context: Context,
  flags: CreationFlags,
  options: ContainerOptions,
): Promise<string> {
  const { containers } = await context.engine();
  const cidFile = flags.cidfile ? new CidFile(flags.cidfile) : undefined;
  const local = options.dns?.find(address => /^127\.|^::1$/.test(address));
  if (local !== undefined)
    context.output.err(`WARNING: Localhost DNS setting (--dns=${local}) may fail in containers.\n`);
  let id: string | undefined;
  try {
    const created = await withImage(context, flags, options, () =>
      containers.create({ ...options, ...(flags.cidfile && { cidFile: flags.cidfile }) }),
    );
    id = created.id;
    cidFile?.write(id);
    for (const warning of created.warnings) context.output.err(`WARNING: ${warning}\n`);
    return id;
  } catch (error) {
    cidFile?.discard();
    if (id !== undefined) await containers.remove(id, { force: true, volumes: true });
    throw error;
  }
}

type Wanted = Pick<ContainerOptions, 'image' | 'platform'>;

/** Pulls the image first where that is asked for, or where it turns out to be missing. */
export async function withImage<T>(
  context: Context,
  flags: CreationFlags,
  wanted: Wanted,
  action: () => Promise<T>,
): Promise<T> {
  if (flags.pull === 'always') await pull(context, wanted, flags.quiet);
  try {
    return await action();
  } catch (error) {
    if (flags.pull === 'never' || !(error instanceof MinidockError) || error.code !== 'no-such-image') throw error;
    await pullMissing(context, wanted, flags.quiet);
    return action();
  }
}

async function pullMissing(context: Context, wanted: Wanted, quiet: boolean): Promise<void> {
  const { familiar, parseReference } = await import('../../../oci/reference.ts');
  context.output.err(`Unable to find image '${familiar(parseReference(wanted.image))}' locally\n`);
  await pull(context, wanted, quiet);
}

async function pull(context: Context, { image, platform }: Wanted, quiet: boolean): Promise<void> {
  const { pullImage } = await import('../../progress/pull-image.ts');
  // Standard output is the container's.
  await pullImage((await context.engine()).images, image, { quiet, platform, fd: 2, print: context.output.err });
}

function readPull(given: string): 'missing' | 'always' | 'never' {
  if (given === '') return 'missing';
  if (given === 'missing' || given === 'always' || given === 'never') return given;
  throw new Error(`invalid pull option: '${given}': must be one of "always", "missing" or "never"`);
}
