import { formatFloat } from './floats.ts';
import { isPrintable, quote } from './quote.ts';

/** How Go's fmt prints numbers and text, verb by verb. Each returns undefined for a verb that its type does not have. */
export interface Flags {
  readonly plus?: boolean;
  readonly minus?: boolean;
  readonly sharp?: boolean;
  readonly space?: boolean;
  readonly zero?: boolean;
  /** Characters. */
  readonly width?: number;
  readonly precision?: number;
}

/** To the width: on the left, or with `-` on the right. */
export function pad(text: string, { width = 0, minus, zero }: Flags): string {
  const missing = Math.max(width - [...text].length, 0);
  return minus ? text + ' '.repeat(missing) : (zero ? '0' : ' ').repeat(missing) + text;
}

export function formatBoolean(value: boolean, verb: string, flags: Flags): string | undefined {
  return verb === 't' || verb === 'v' ? pad(String(value), flags) : undefined;
}

const bases: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

export function formatInteger(value: number, verb: string, flags: Flags): string | undefined {
  if (verb === 'c') return pad(characterOf(value), flags);
  if (verb === 'q') return pad(quote(characterOf(value), "'", flags.plus), flags);
  if (verb === 'U') return pad(unicode(value, flags), { ...flags, zero: false });
  const base = bases[verb];
  return base === undefined ? undefined : inBase(value, base, verb, flags);
}

function inBase(value: number, base: number, verb: string, flags: Flags): string {
  const { precision, width, zero, minus } = flags;
  if (precision === 0 && value === 0) return pad('', { width, minus });
  const sign = signOf(value < 0, flags);
  // Without a precision, zeros fill the width that sign and prefix leave.
  const digitsWanted = precision ?? (zero && !minus && width !== undefined ? width - sign.length : 0);
  let digits = Math.abs(value).toString(base).padStart(digitsWanted, '0');
  if (verb === 'X') digits = digits.toUpperCase();
  return pad(sign + prefixOf(verb, digits, flags) + digits, { width, minus });
}

function prefixOf(verb: string, digits: string, { sharp }: Flags): string {
  if (verb === 'O') return '0o';
  if (!sharp) return '';
  if (verb === 'o') return digits.startsWith('0') ? '' : '0';
  return { b: '0b', x: '0x', X: '0X' }[verb] ?? '';
}

const characterOf = (code: number): string =>
  code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : '\ufffd';

function unicode(code: number, { precision = 4, sharp }: Flags): string {
  const shown = `U+${code.toString(16).toUpperCase().padStart(Math.max(precision, 4), '0')}`;
  const character = characterOf(code);
  return sharp && isPrintable(character) ? `${shown} '${character}'` : shown;
}

const signOf = (negative: boolean, { plus, space }: Flags): string => (negative ? '-' : plus ? '+' : space ? ' ' : '');

export function formatReal(value: number, verb: string, flags: Flags): string | undefined {
  const form = verb === 'v' ? 'g' : verb.toLowerCase();
  if (form !== 'e' && form !== 'f' && form !== 'g') return undefined;
  const precision = flags.precision ?? (form === 'g' ? undefined : 6);
  let digits = formatFloat(Math.abs(value), form, precision).replace(/^\+/, '');
  if (flags.sharp && verb !== 'v') digits = withPoint(digits, form === 'g' ? (flags.precision ?? 6) : 0);
  if (verb === 'E' || verb === 'G') digits = digits.toUpperCase();
  const negative = value < 0 || Object.is(value, -0);
  const sign = value === Number.POSITIVE_INFINITY && !flags.space ? '+' : signOf(negative, flags);
  const fills = flags.zero && !flags.minus && Number.isFinite(value);
  const filled = fills ? digits.padStart((flags.width ?? 0) - sign.length, '0') : digits;
  return pad(sign + filled, { ...flags, zero: false });
}

/** `#`: a point always, and of `%g` the zeros that it leaves out. */
function withPoint(number: string, digitsWanted: number): string {
  const [, mantissa, exponent] = /^([\d.]+)(.*)$/.exec(number) ?? ['', number, ''];
  const pointed = mantissa!.includes('.') ? mantissa! : `${mantissa}.`;
  const missing = digitsWanted - pointed.replace('.', '').replace(/^0+(?=\d)/, '').length;
  return pointed + '0'.repeat(Math.max(missing, 0)) + exponent;
}

export function formatText(value: string, verb: string, flags: Flags): string | undefined {
  const cut = flags.precision === undefined ? value : [...value].slice(0, flags.precision).join('');
  switch (verb) {
    case 'v':
    case 's':
      return pad(cut, flags);
    case 'q':
      if (flags.sharp && !/[`\u0000-\u0008\u000a-\u001f\u007f\ufeff]/.test(cut)) return pad(`\`${cut}\``, flags);
      return pad(quote(cut, '"', flags.plus), flags);
    case 'x':
    case 'X':
      return pad(hexadecimal(Buffer.from(value), verb, flags), flags);
    default:
      return undefined;
  }
}

function hexadecimal(bytes: Buffer, verb: string, { precision, sharp, space }: Flags): string {
  const prefix = sharp ? '0x' : '';
  const pairs = [...bytes.subarray(0, precision)].map(byte => byte.toString(16).padStart(2, '0'));
  const text = pairs.length === 0 ? '' : prefix + pairs.join(space ? ` ${prefix}` : '');
  return verb === 'X' ? text.toUpperCase() : text;
}
