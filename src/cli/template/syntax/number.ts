import { unquote } from '../go/quote.ts';
import type { Constant } from './nodes.ts';

const separated = '(?:_?\\d)*';
const integers: readonly (readonly [RegExp, number])[] = [
  [/^0[xX]((?:_?[\da-fA-F])+)$/, 16],
  [/^0[bB]((?:_?[01])+)$/, 2],
  [/^0[oO]((?:_?[0-7])+)$/, 8],
  [/^0((?:_?[0-7])+)$/, 8],
  [/^(0|[1-9](?:_?\d)*)$/, 10],
];
const decimal = new RegExp(`^(?:\\d${separated})?(?:\\.(?:\\d${separated})?)?(?:[eE][+-]?\\d+)?$`);
const hexadecimal = /^0[xX]([\da-fA-F_]*)(?:\.([\da-fA-F]*))?[pP]([+-]?\d+)$/;

/**
 * Reads a number as Go writes it: 42, -1_000, 0x1F, 1.5e3, 'a'.
 *
 * @throws {Error} the reason, in Go's words
 */
export function readNumber(text: string): Constant {
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[+-]/, '');
  for (const [pattern, base] of integers) {
    const found = pattern.exec(digits)?.[1];
    if (found === undefined) continue;
    const integer = sign * Number.parseInt(found.replaceAll('_', ''), base);
    if (Math.abs(integer) > 2 ** 63) throw overflow(text);
    return { integer, float: integer, ideal: 'int' };
  }
  const float = sign * readReal(digits);
  if (Number.isNaN(float)) throw new Error(`illegal number syntax: ${JSON.stringify(text)}`);
  if (!/[.eEpP]/.test(text)) throw overflow(text);
  return { ...(Number.isInteger(float) && Math.abs(float) < 2 ** 63 ? { integer: float } : {}), float, ideal: 'float' };
}

const overflow = (text: string) => new Error(`integer overflow: ${JSON.stringify(text)}`);

function readReal(digits: string): number {
  const hex = hexadecimal.exec(digits);
  if (hex !== null) {
    const [, whole = '', fraction = '', exponent] = hex;
    return Number.parseInt(whole.replaceAll('_', '') + fraction, 16) * 2 ** (Number(exponent) - 4 * fraction.length);
  }
  return decimal.test(digits) && /\d/.test(digits) ? Number.parseFloat(digits.replaceAll('_', '')) : Number.NaN;
}

/** @throws {Error} for `'ab'` */
export function readCharacter(quoted: string): Constant {
  const character = unquote(quoted);
  if (character === undefined || [...character].length !== 1)
    throw new Error(`malformed character constant: ${quoted}`);
  const integer = character.codePointAt(0)!;
  return { integer, float: integer, ideal: 'int' };
}
