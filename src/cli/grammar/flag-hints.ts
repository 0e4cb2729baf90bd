import { dockerFlagsOf, laterFlagsOf, reasonWithout } from './docker-flags.ts';
import type { FlagTable } from './flags.ts';
import { isOneEditAway } from './nearest.ts';
import type { UnknownFlag } from './usage.ts';

/** Hints for a flag that a verb does not have. Read only after that mistake. */

/** What follows Docker's words for an unknown flag of a verb, or of those before it; empty where there is nothing to say. */
export function flagHint({ given, flag }: UnknownFlag, table: FlagTable, verb = ''): string {
  // A flag that Docker has is no typing error: `--gpus` does not stand for `--cpus`.
  const shown = flag.length === 1 ? `-${flag}` : `--${flag}`;
  const reason = reasonWithout(verb, flag);
  const end = reason === undefined ? '.' : `: ${reason}.`;
  if (dockerFlagsOf(verb).includes(flag)) return `\n${shown} is a flag of Docker that minidock does not have${end}`;
  if (laterFlagsOf(verb).includes(flag))
    return `\n${shown} is a flag of later versions of Docker, which minidock does not have${end}`;
  const guess = suggestFlag(table, given);
  return guess === undefined ? '' : `. Did you mean ${guess}?`;
}

/** The flag that was most likely meant: `-name` and `--nmae` are `--name`, `--it` is `-it`. */
function suggestFlag(table: FlagTable, given: string): string | undefined {
  const [, dashes, word = ''] = /^(--?)([^=]*)/.exec(given) ?? [];
  const names = Object.entries(table).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
  if (dashes === '-') return word.length > 1 && names.includes(word) ? `--${word}` : undefined;
  const letters = Object.values(table).flatMap(({ short = [] }) => short);
  if (word.length <= 3 && [...word].every(letter => letters.includes(letter))) return `-${word}`;
  const near = names.filter(name => isOneEditAway(name, word));
  return near.length === 1 ? `--${near[0]}` : undefined;
}
