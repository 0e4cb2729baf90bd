import { ExpansionError, expandWord } from '../expand.ts';
import type { Instruction, Raw } from '../instructions.ts';
import { nearest } from '../nearest.ts';

/** The parts of an instruction in which variables are replaced. */
export function expandedParts(one: Instruction): Raw[] {
  switch (one.kind) {
    case 'COPY':
    case 'ADD':
      return [...one.sources.filter(({ heredoc }) => heredoc === undefined), one.destination];
    case 'ENV':
    case 'LABEL':
      return one.pairs.map(({ value }) => value);
    case 'EXPOSE':
    case 'VOLUME':
      return [...one.words];
    case 'WORKDIR':
    case 'USER':
    case 'STOPSIGNAL':
      return [one.value];
    default:
      return [];
  }
}

/** What a variable that is not set may be a slip of the pen for. */
export function meant(name: string, names: Iterable<string>): string {
  const near = nearest(name, [...names]);
  return near === undefined ? '' : `: did you mean $${near}?`;
}

/** Names of the variables in a part that have no value there, nor a default. */
export function unsetIn(raw: Raw, value: (name: string) => string | undefined, escapeChar: string): string[] {
  const unset: string[] = [];
  expanded(raw, value, escapeChar, name => void unset.push(name));
  return unset;
}

/** A part with its variables replaced; undefined where that cannot be done. */
export function expanded(
  { raw }: Raw,
  value: (name: string) => string | undefined,
  escapeChar: string,
  unset: (name: string) => void = () => {},
): string | undefined {
  try {
    return expandWord(raw, { value, unset }, escapeChar);
  } catch (error) {
    if (error instanceof ExpansionError) return undefined;
    throw error;
  }
}
