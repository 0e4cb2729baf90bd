import { MinidockError } from '../errors.ts';
import type { Arg, Instruction, Stage } from './instructions.ts';
import { readInstruction } from './read.ts';
import { Reading } from './reading.ts';
import { readSource, type Source } from './source.ts';
import { type Directives, readStatements } from './statements.ts';

/** A Dockerfile, read and checked word by word; nothing of it is expanded or looked up yet. */
export interface Dockerfile {
  readonly source: Source;
  readonly directives: Directives;
  /** ARG before the first FROM: known in FROM, and to stages that name them again. */
  readonly globals: readonly Arg[];
  readonly stages: readonly Stage[];
  /** Lines that are empty in the middle of an instruction, for the linter. */
  readonly emptyContinuations: readonly number[];
}

/**
 * Reads a Dockerfile (docs.docker.com/reference/dockerfile). `name` is what errors call it.
 *
 * @throws {MinidockError} `dockerfile`, with the line and a mark under what is wrong
 */
export function parseDockerfile(name: string, content: Uint8Array): Dockerfile {
  const source = readSource(name, content);
  const { directives, statements, emptyContinuations } = readStatements(source);
  const globals: Arg[] = [];
  const stages: { from: Stage['from']; instructions: Stage['instructions'][number][] }[] = [];
  for (const statement of statements) {
    const reading = new Reading(source, directives.escape, statement);
    const instruction = readInstruction(reading);
    const stage = stages.at(-1);
    if (instruction.kind === 'FROM') stages.push({ from: instruction, instructions: [] });
    else if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.kind === 'ARG') globals.push(instruction);
    else
      throw reading.fail(
        undefined,
        `${instruction.kind} stands before the first FROM`,
        'begin with FROM IMAGE: only ARG and comments may come before it',
      );
  }
  if (statements.length === 0)
    throw new MinidockError('dockerfile', `${name}: it has no instruction`, { fix: 'begin it with FROM IMAGE' });
  if (stages.length === 0)
    throw new MinidockError('dockerfile', `${name}: it has no FROM`, {
      fix: 'begin it with FROM IMAGE; FROM scratch is an image without files',
    });
  return { source, directives, globals, stages, emptyContinuations };
}

/** Reads one instruction that stands in no file; `name` is what errors call the place. Throws `dockerfile`. */
export function parseInstruction(name: string, text: string): Instruction {
  const source = readSource(name, Buffer.from(text));
  const { directives, statements } = readStatements(source);
  return readInstruction(new Reading(source, directives.escape, statements[0]!)) as Instruction;
}
