import { randomInt } from 'node:crypto';
import type { Random } from '../types.ts';

const pick = <T>(from: readonly T[]): T => from[randomInt(from.length)]!;

/** Values that differ from check to check. */
export const random: Random = {
  word: () => Array.from({ length: 4 }, () => pick([...'bdfgklmnprstvz']) + pick([...'aeiou'])).join(''),
  integer: (least, most) => randomInt(least, most + 1),
  pick,
};
