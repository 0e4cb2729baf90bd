import { randomInt } from 'node:crypto';
import type { Random } from '../types.ts';

/** Values out of a source of whole numbers from 0 up to, not including, its argument. */
export function randomFrom(below: (limit: number) => number): Random {
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;
  return {
    word: () => Array.from({ length: 4 }, () => pick([...'bdfgklmnprstvz']) + pick([...'aeiou'])).join(''),
    integer: (least, most) => least + below(most - least + 1),
    pick,
  };
}

/** Values that differ from check to check. */
export const random: Random = randomFrom(limit => randomInt(limit));
