import { isatty } from 'node:tty';
import type { Builder } from '../../engine/nouns/builder.ts';
import { MinidockError } from '../../errors.ts';
import { ensureDirectory } from '../../state/files.ts';
import type { Output } from '../print/output.ts';

/** `--output`, as BuildKit's users write it. */
export interface BuildOutput {
  readonly type: 'local' | 'tar' | 'oci' | 'docker' | 'image' | 'cacheonly';
  /** A file, or the directory of `local`; `-` for standard output. */
  readonly dest?: string;
  /** Of `name=`. */
  readonly names: readonly string[];
}

const types = ['local', 'tar', 'oci', 'docker', 'image', 'cacheonly'] as const;

/** @throws {Error} the reason */
export function readOutput(given: string): BuildOutput {
  if (given === '-') return { type: 'tar', dest: '-', names: [] };
  if (given !== '' && !given.includes('=')) return { type: 'local', dest: given, names: [] };
  const fields = new Map<string, string>();
  for (const field of given.split(',')) {
    const equals = field.indexOf('=');
    if (equals < 0) throw new Error(`invalid field '${field}' must be a key=value pair`);
    fields.set(field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1));
  }
  const type = types.find(one => one === fields.get('type'));
  if (!fields.has('type')) throw new Error('type is required: type=local|tar|oci|docker');
  if (type === undefined) throw new Error(`unknown type ${JSON.stringify(fields.get('type'))}: ${types.join(', ')}`);
  const known = ['type', 'dest', 'name'];
  for (const key of fields.keys())
    if (!known.includes(key)) throw new Error(`unexpected key '${key}': ${known.join(', ')}`);
  const dest = fields.get('dest');
  if (type === 'local' && !dest) throw new Error('dest is required: the directory that the files go to');
  if (type === 'local' && dest === '-') throw new Error('dest is a directory: for standard output write type=tar');
  return { type, ...(dest && { dest }), names: fields.get('name')?.split(',').filter(Boolean) ?? [] };
}

/** Whether standard output is what the image is written to. */
export const goesToStandardOutput = ({ type, dest }: BuildOutput): boolean =>
  dest === '-' || ((type === 'tar' || type === 'oci') && dest === undefined);

/** Whether the image gets its names in the store. `docker` without a file is Docker's word for that. */
export const isNamedHere = ({ type, dest }: BuildOutput): boolean =>
  type === 'image' || (type === 'docker' && dest === undefined);

/** Before anything is built. @throws {MinidockError} `refused` */
export function checkOutput(output: BuildOutput): void {
  if (goesToStandardOutput(output) && isatty(1))
    throw new MinidockError('refused', `cowardly refusing to write a ${output.type} archive to a terminal`, {
      fix: `name a file: --output type=${output.type},dest=FILE`,
    });
}

/** Writes a built image to where `--output` says. */
export async function writeOutput(
  builder: Builder,
  { id, names }: { id: string; names: readonly string[] },
  wanted: BuildOutput,
  print: Output,
  abort: AbortSignal,
): Promise<void> {
  const { type, dest } = wanted;
  if (type === 'cacheonly' || isNamedHere(wanted)) return;
  if (type === 'local') {
    const { Scope } = await import('../../storage/scope/scope.ts');
    const { unpackArchive } = await import('../../storage/scope/unpack.ts');
    ensureDirectory(dest!, 0o777);
    const scope = new Scope(dest!);
    try {
      const archive = builder.export(id, { form: 'files' });
      await unpackArchive({ scope, at: [], owner: 'caller', followsLinks: false }, archive);
    } finally {
      scope.close();
    }
    return;
  }
  const archive = builder.export(id, type === 'tar' ? { form: 'files' } : { form: 'archive', names });
  const fill = async (write: (chunk: Buffer) => void) => {
    for await (const chunk of archive) {
      abort.throwIfAborted();
      write(chunk);
    }
  };
  if (goesToStandardOutput(wanted)) await fill(chunk => print.out(chunk));
  else await (await import('../files/whole-file.ts')).writeWhole(dest!, 'write the output of the build', fill);
}
