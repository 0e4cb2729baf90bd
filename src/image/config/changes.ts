import { ExpansionError, expandWord, expandWords } from '../../dockerfile/expand.ts';
import { parseDockerfile } from '../../dockerfile/parse.ts';
import { MinidockError } from '../../errors.ts';
import type { ContainerConfig } from '../../oci/image-config.ts';
import { type ConfigInstruction, configure } from './configure.ts';

/** The instructions that `commit` and `import` take, as Docker's. */
const allowed: readonly ConfigInstruction['kind'][] = [
  'CMD',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'HEALTHCHECK',
  'LABEL',
  'ONBUILD',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
];

/**
 * Applies `--change` instructions (`CMD ["nginx"]`, `ENV A=1`, `EXPOSE 80`) to a config, in order: the Dockerfile
 * instructions that `docker import` and `docker commit` take. Returns a new config; throws `invalid-change`.
 */
export function applyChanges(config: ContainerConfig, changes: readonly string[]): ContainerConfig {
  const instructions = changes.map(change => ({ change, instruction: read(change) }));
  // A new entrypoint takes the inherited command away, unless the changes set one too.
  const hasCommand = instructions.some(({ instruction }) => instruction.kind === 'CMD');
  return instructions.reduce(
    (before, { change, instruction }) => apply(before, change, instruction, hasCommand),
    config,
  );
}

function read(change: string): ConfigInstruction {
  try {
    const [instruction, more] = parseDockerfile('--change', Buffer.from(`FROM image\n${change}\n`)).stages[0]!
      .instructions;
    if (instruction === undefined || more !== undefined) throw invalid(change, 'it is not one instruction');
    const found = allowed.find(kind => kind === instruction.kind);
    if (found === undefined) throw invalid(change, `${instruction.kind} is none of ${allowed.join(', ')}`);
    return instruction as ConfigInstruction;
  } catch (error) {
    if (!(error instanceof MinidockError) || error.code !== 'dockerfile') throw error;
    throw invalid(change, error.message.replace(/^--change:\d+:\d+: /, ''));
  }
}

function apply(
  config: ContainerConfig,
  change: string,
  instruction: ConfigInstruction,
  hasCommand: boolean,
): ContainerConfig {
  const env = new Map((config.Env ?? []).map(one => [one.split('=', 1)[0]!, one.slice(one.indexOf('=') + 1)]));
  const variables = { value: (name: string) => env.get(name) };
  try {
    const expand = {
      word: ({ raw }: { raw: string }) => expandWord(raw, variables, '\\'),
      words: ({ raw }: { raw: string }) => expandWords(raw, variables, '\\'),
      fail: (_: unknown, reason: string) => invalid(change, reason),
    };
    const { config: next } = configure(config, instruction, expand, hasCommand);
    // As in Docker `ENTRYPOINT []` is none: of a container's config that which it has then holds.
    const { Entrypoint, ...rest } = next;
    return instruction.kind === 'ENTRYPOINT' && Entrypoint?.length === 0 ? rest : next;
  } catch (error) {
    throw error instanceof ExpansionError ? invalid(change, error.message) : error;
  }
}

function invalid(change: string, reason: string): MinidockError {
  return new MinidockError('invalid-change', `invalid change ${JSON.stringify(change)}: ${reason}`);
}
