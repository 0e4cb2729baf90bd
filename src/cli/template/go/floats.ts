/** Floating-point numbers as Go prints them (strconv.FormatFloat): exact, a tie rounded to the even digit. */

interface Decimal {
  /** Without leading zeros; empty of zero. */
  readonly digits: string;
  /** How many of them stand before the point: 0.0012 is 12 and -2. */
  readonly point: number;
}

/**
 * @param form `e`: 1.5e+00, `f`: 1.5, `g`: the one that is shorter for large and small numbers
 * @param precision digits after the point, of `g` digits; as many as it takes to read the number back where undefined
 */
export function formatFloat(number: number, form: 'e' | 'f' | 'g', precision?: number): string {
  if (Number.isNaN(number)) return 'NaN';
  if (!Number.isFinite(number)) return number < 0 ? '-Inf' : '+Inf';
  const sign = number < 0 || Object.is(number, -0) ? '-' : '';
  const magnitude = Math.abs(number);
  return sign + (form === 'g' ? general(magnitude, precision) : fixedOrScientific(magnitude, form, precision));
}

function fixedOrScientific(magnitude: number, form: 'e' | 'f', precision?: number): string {
  if (precision === undefined) {
    const decimal = shortest(magnitude);
    return form === 'e'
      ? scientific(decimal, decimal.digits.length - 1)
      : plain(decimal, decimal.digits.length - decimal.point);
  }
  const decimal = exact(magnitude);
  if (form === 'e') return scientific(rounded(decimal, precision + 1), precision);
  return plain(rounded(decimal, decimal.point + precision), precision);
}

function general(magnitude: number, precision?: number): string {
  const wanted = precision === undefined ? undefined : Math.max(precision, 1);
  const decimal = wanted === undefined ? shortest(magnitude) : rounded(exact(magnitude), wanted);
  const { digits, point } = decimal;
  const exponent = digits === '' ? 0 : point - 1;
  const isInteger = digits.length >= point;
  const limit = wanted === undefined ? 6 : wanted > digits.length && isInteger ? digits.length : wanted;
  if (exponent < -4 || exponent >= Math.max(limit, 1)) return scientific(decimal, digits.length - 1);
  return plain(decimal, digits.length - point);
}

function scientific({ digits, point }: Decimal, fraction: number): string {
  const padded = digits.padEnd(Math.max(fraction, 0) + 1, '0');
  const exponent = digits === '' ? 0 : point - 1;
  const rest = fraction > 0 ? `.${padded.slice(1)}` : '';
  return `${padded[0]}${rest}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function plain({ digits, point }: Decimal, fraction: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (fraction <= 0) return whole;
  const after = '0'.repeat(Math.max(-point, 0)) + digits.slice(Math.max(point, 0));
  return `${whole}.${after.slice(0, fraction).padEnd(fraction, '0')}`;
}

/** The fewest digits that are read back as the same number, which JavaScript prints as well. */
function shortest(magnitude: number): Decimal {
  if (magnitude === 0) return { digits: '', point: 0 };
  const [mantissa, exponent] = magnitude.toExponential().split('e');
  return { digits: mantissa!.replace('.', ''), point: Number(exponent) + 1 };
}

/** All digits of the binary fraction: m / 2^k is m × 5^k / 10^k. */
function exact(magnitude: number): Decimal {
  if (magnitude === 0) return { digits: '', point: 0 };
  let [mantissa, shift] = [magnitude, 0];
  while (!Number.isSafeInteger(mantissa) && mantissa < 2 ** 53) {
    mantissa *= 2;
    shift++;
  }
  const digits = String(BigInt(mantissa) * 5n ** BigInt(shift));
  return { digits: digits.replace(/0+$/, ''), point: digits.length - shift };
}

function rounded({ digits, point }: Decimal, count: number): Decimal {
  if (count >= digits.length) return { digits, point };
  if (count < 0) return { digits: '', point: 0 };
  const [kept, rest] = [digits.slice(0, count), digits.slice(count)];
  const isOdd = Number(kept.at(-1) ?? 0) % 2 === 1;
  const up = rest > '5' || (rest === '5' && isOdd);
  if (!up) return { digits: kept.replace(/0+$/, ''), point: kept === '' ? 0 : point };
  const next = String(BigInt(`0${kept}`) + 1n).padStart(count, '0');
  return { digits: next.replace(/0+$/, ''), point: point + next.length - count };
}
